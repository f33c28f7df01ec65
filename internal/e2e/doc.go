// Package e2e holds the tests that run the program as it runs for real: the sluse binary as a
// process of its own that can be killed, on both databases, before simulated peers. What took
// place is read from the peers' own histories, never from the program's database.
//
// Moments are chosen by what the peers have seen, not by time. Every test prints its seed, and
// SLUSE_SEED repeats one. SLUSE_SEEDS=10 walks the whole main job in every record with as many seeds and with
// faults, which takes minutes:
//
//	SLUSE_SEEDS=10 go test -run TestWalks -timeout 60m ./internal/e2e
package e2e
