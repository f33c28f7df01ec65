// Package queue works the jobs that the store writes. River lives here and nowhere else.
//
// A job is stored in the transaction of the change that it belongs to (InsertJobs) and run by
// the use cases some time later, at least once. What a use case returns decides what becomes
// of the job:
//
//	nil                                   done
//	Pending, RateLimited                  again after the peer's wait; not counted as a try
//	Unavailable with a wait               the same: the system is down, and nothing was sent
//	Unknown, care.Conflict                again soon; the use case looks up before it repeats
//	Unavailable, care.Unavailable         again with growing waits, at most a minute
//	Unauthorized                          again slowly, with an alarm in the log
//	Rejected, Conflict, Malformed, …      stopped; the use case has put it on the exception list
//	a panic, any other error              again with growing waits
//
// No job is ever given up by the queue itself. When a process dies, its jobs are taken back
// within seconds: on SQLite by the next process that gets the file lock, on PostgreSQL by any
// process that gets the dead one's advisory lock.
package queue
