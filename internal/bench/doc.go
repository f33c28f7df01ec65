// Package bench measures the program against the targets in docs/performance.md. It holds
// benchmarks alone: `make bench` runs them and prints one table. A timing never fails anything;
// a wrong count, such as a call too many, is shown beside its limit.
//
// Every ratio is taken against a baseline that ran in the same minute, on the same machine and
// against the same peers, because machines and disks differ more than programs do.
package bench
