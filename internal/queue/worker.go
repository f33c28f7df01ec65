package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// args are what river stores of a job: keys, no personal data.
type args struct {
	kind  scheduler.JobKind
	Visit string `json:"visit,omitempty"`
	Ref   string `json:"ref,omitempty"`
	At    int64  `json:"at,omitempty"` // microseconds since 1970; 0: at once
}

// Kind implements river.JobArgs.
func (a args) Kind() string { return string(a.kind) }

func newArgs(j scheduler.Job) args {
	a := args{kind: j.Kind, Visit: string(j.Visit), Ref: j.Ref}
	if !j.At.IsZero() {
		a.At = j.At.UnixMicro()
	}

	return a
}

// tries is kept with a job between its runs.
type tries struct {
	Failures int `json:"failures"` // runs that count as tries
}

type worker struct {
	river.WorkerDefaults[args]
	queue *Queue
}

// Work runs one job.
func (w *worker) Work(ctx context.Context, job *river.Job[args]) error {
	q := w.queue
	before := history(job.JobRow)
	begun := time.Now() //nolint:forbidigo // a span of real time; the injected clock may stand still or jump

	err := q.safely(connector.WithBulk(ctx, job.Priority > urgent), scheduler.Job{
		Kind: scheduler.JobKind(job.Kind), Visit: care.VisitID(job.Args.Visit), Ref: job.Args.Ref,
		At: at(job.Args.At), Attempt: attempt(job.JobRow, before),
	})

	verdict := judge(err, before.Failures)
	if ctx.Err() != nil && errors.Is(context.Cause(ctx), context.Canceled) && verdict.next != done {
		verdict = decision{next: again, outcome: "cancelled"} // we are stopping; somebody else goes on
	}

	q.options.Observe(Observation{
		Queue: Name(job.Queue), Kind: scheduler.JobKind(job.Kind), Outcome: verdict.outcome,
		Took: time.Since(begun), Waited: max(0, q.now().Sub(job.ScheduledAt)),
	})
	q.tell(ctx, job, verdict, err)

	return q.settle(ctx, job, verdict, before)
}

// safely turns a panic into an error.
func (q *Queue) safely(ctx context.Context, job scheduler.Job) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &panicError{value: value, stack: debug.Stack()}
		}
	}()

	return q.options.Run(ctx, job)
}

type panicError struct {
	value any
	stack []byte
}

// Error does not show the value: it could hold anything.
func (p *panicError) Error() string { return fmt.Sprintf("panic: %T", p.value) }

// settle tells river what becomes of the job.
func (q *Queue) settle(ctx context.Context, job *river.Job[args], d decision, before tries) error {
	switch d.next {
	case done:
		return nil
	case stopped:
		return river.JobCancel(errors.New(d.outcome)) //nolint:wrapcheck // river's own signal
	case again:
	}

	if d.counts {
		if err := river.RecordOutput(ctx, tries{Failures: before.Failures + 1}); err != nil {
			return fmt.Errorf("queue: remember a try: %w", err)
		}
	}

	wait := d.spread(job.ID)
	name := Name(job.Queue)
	time.AfterFunc(wait+cooldown, func() { q.bell.ring(name) })

	// river adds the wait to the real time, whatever the clock. A snooze is not counted as an
	// attempt and leaves no trace in the job's errors, which would grow without end.
	return &rivertype.JobSnoozeError{Duration: wait + time.Until(q.now())}
}

// tell writes what a person should know. Rejections are on the exception list already.
func (q *Queue) tell(ctx context.Context, job *river.Job[args], d decision, err error) {
	if err == nil {
		return
	}

	attrs := []slog.Attr{
		slog.String("kind", job.Kind), slog.String("visit", job.Args.Visit), slog.String("ref", job.Args.Ref),
		slog.String("outcome", d.outcome), slog.Any("error", err),
	}

	if fault, ok := errors.AsType[*panicError](err); ok {
		attrs = append(attrs, slog.String("stack", string(fault.stack)))
	}

	q.options.Logger.LogAttrs(ctx, d.level, "job did not succeed", attrs...)
}

// history reads what earlier runs left.
func history(row *rivertype.JobRow) tries {
	var t tries
	if out := row.Output(); len(out) > 0 {
		_ = json.Unmarshal(out, &t) // what can't be read counts as nothing
	}

	return t
}

// attempt is 1 only when the job certainly never ran before. River counts runs that ended with
// the process; failures are ours. A run that ended in waiting is no try of its own, but what
// comes after it is not the first either.
func attempt(row *rivertype.JobRow, before tries) int {
	n := row.Attempt + before.Failures

	var meta struct {
		Snoozes int `json:"snoozes"`
	}

	if err := json.Unmarshal(row.Metadata, &meta); err == nil && meta.Snoozes > 0 {
		n = max(n, 2)
	}

	return n
}

func at(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}

	return time.UnixMicro(micros).UTC()
}

// visitOf reads the visit from a job's stored arguments.
func visitOf(encoded []byte) care.VisitID {
	var a args
	if err := json.Unmarshal(encoded, &a); err != nil {
		return ""
	}

	return care.VisitID(a.Visit)
}
