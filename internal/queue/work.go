package queue

import (
	"context"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// worker hands river's jobs to the use cases.
type worker struct {
	river.WorkerDefaults[task]

	queue *Queue
}

// Work runs one job.
func (w *worker) Work(ctx context.Context, job *river.Job[task]) error {
	begun := time.Now() //nolint:forbidigo // how long it took in real time, whatever clock the visits live by
	err := w.queue.options.Run(ctx, scheduler.Job{
		Kind: job.Args.Do, Visit: job.Args.Visit, Ref: job.Args.Ref, At: job.ScheduledAt, Attempt: job.Attempt,
	})

	if observe := w.queue.options.Observe; observe != nil {
		observe(job.Args.Do, err, time.Since(begun))
	}

	return w.queue.next(ctx, job, err)
}

// Waits by kind of error.
const (
	pendingWait   = time.Second
	rateLimitWait = 5 * time.Second
	longestWait   = time.Minute
)

// next turns a use case's error into what river does (architecture.md §5): done, again after a
// while without counting, again with back-off, or never again.
func (q *Queue) next(ctx context.Context, job *river.Job[task], err error) error {
	if err == nil {
		return nil
	}

	outside := connector.KindOf(err)

	switch outside {
	case connector.Pending:
		return river.JobSnooze(positive(retryAfter(err), pendingWait))
	case connector.RateLimited:
		return river.JobSnooze(positive(retryAfter(err), rateLimitWait))
	case connector.Rejected, connector.Conflict, connector.Malformed, connector.Unsupported, connector.NotFound:
		q.log(ctx, slog.LevelWarn, "job ends with a refusal", job, err)

		return river.JobCancel(err) // it is on the exception list by now
	case connector.Unavailable, connector.Unknown, connector.Unauthorized:
	}

	level := slog.LevelInfo
	if outside == connector.Unauthorized || outside == 0 && care.KindOf(err) == care.Internal {
		level = slog.LevelError
	}

	q.log(ctx, level, "job is tried again", job, err)

	return err
}

func (q *Queue) log(ctx context.Context, level slog.Level, text string, job *river.Job[task], err error) {
	q.options.Logger.LogAttrs(ctx, level, text,
		slog.String("job", string(job.Args.Do)), slog.Int64("job_id", job.ID), slog.Int("attempt", job.Attempt), slog.String("error", err.Error()))
}

func retryAfter(err error) time.Duration {
	for err != nil {
		if e, ok := err.(*connector.Error); ok { //nolint:errorlint // the loop unwraps
			return e.RetryAfter
		}

		u, ok := err.(interface{ Unwrap() error })
		if !ok {
			break
		}

		err = u.Unwrap()
	}

	return 0
}

func positive(d, otherwise time.Duration) time.Duration {
	if d <= 0 {
		return otherwise
	}

	return d
}

// backoff doubles from half a second to a minute: an outside system that comes back is used
// again soon, and one that is down is not hammered.
type backoff struct{ now func() time.Time }

// NextRetry says when a job that failed is tried again.
func (b backoff) NextRetry(job *rivertype.JobRow) time.Time {
	wait := longestWait
	if job.Attempt < 8 {
		wait = min(longestWait, 500*time.Millisecond<<max(0, job.Attempt-1))
	}

	// A spread by the job's id, so that a thousand jobs do not come back in the same instant.
	wait += wait * time.Duration(job.ID%16) / 64

	return b.now().Add(wait)
}
