package queue

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/scheduler/care"
)

// next is what happens to a job after a run.
type next int

const (
	done next = iota + 1
	again
	stopped
)

// decision is what the queue makes of a use case's error.
type decision struct {
	next    next
	outcome string        // for metrics and the log
	wait    time.Duration // with again
	counts  bool          // the run counts as a try
	crowd   bool          // many jobs were told the same wait
	level   slog.Level
}

// Waits between tries.
const (
	maxWait     = time.Minute
	maxAsked    = 15 * time.Minute // a peer's RetryAfter beyond this is not believed
	pendingWait = time.Second
)

// judge decides by the kind of an error, after so many failed tries before this one.
func judge(err error, failures int) decision {
	if err == nil {
		return decision{next: done, outcome: "done", level: slog.LevelDebug}
	}

	if outside, ok := errors.AsType[*connector.Error](err); ok {
		return judgeOutside(outside, failures)
	}

	if _, ok := errors.AsType[*panicError](err); ok {
		return retry("panic", time.Second, failures, slog.LevelError)
	}

	if inside, ok := errors.AsType[*care.Error](err); ok {
		return judgeInside(inside.Kind, failures)
	}

	if errors.Is(err, context.DeadlineExceeded) {
		return retry("timeout", time.Second, failures, slog.LevelWarn)
	}

	return retry("internal", time.Second, failures, slog.LevelError)
}

func judgeOutside(e *connector.Error, failures int) decision {
	outcome := e.Kind.String()

	switch e.Kind {
	case connector.Unavailable:
		if e.RetryAfter > 0 {
			return asked(e, outcome) // nothing was tried, or the system told when to come back
		}

		return retry(outcome, 500*time.Millisecond, failures, slog.LevelWarn)
	case connector.Unknown:
		return retry(outcome, 100*time.Millisecond, failures, slog.LevelWarn)
	case connector.Unauthorized:
		return retry(outcome, 5*time.Second, failures, slog.LevelError)
	case connector.RateLimited, connector.Pending:
		return asked(e, outcome)
	case connector.NotFound, connector.Conflict, connector.Rejected, connector.Malformed, connector.Unsupported:
		return decision{next: stopped, outcome: outcome, level: slog.LevelWarn}
	}

	return retry("internal", time.Second, failures, slog.LevelError)
}

// asked waits as long as the error says. That is no try, so an outage uses up none.
func asked(e *connector.Error, outcome string) decision {
	wait := min(e.RetryAfter, maxAsked)
	if wait <= 0 {
		wait = pendingWait
	}

	return decision{next: again, outcome: outcome, wait: wait, crowd: e.Kind != connector.Pending, level: slog.LevelDebug}
}

func judgeInside(kind care.Kind, failures int) decision {
	outcome := "care_" + kind.String()

	switch kind {
	case care.Conflict:
		return retry(outcome, 50*time.Millisecond, failures, slog.LevelInfo)
	case care.Unavailable, care.TooMany:
		return retry(outcome, 500*time.Millisecond, failures, slog.LevelWarn)
	case care.Invalid, care.NotFound, care.Forbidden, care.Unauthenticated, care.Gone:
		return decision{next: stopped, outcome: outcome, level: slog.LevelWarn}
	case care.Internal:
		return retry(outcome, time.Second, failures, slog.LevelError)
	}

	return retry("internal", time.Second, failures, slog.LevelError)
}

// retry waits base after the first failure and twice as long after each further one.
func retry(outcome string, base time.Duration, failures int, level slog.Level) decision {
	wait := base
	for range failures {
		if wait *= 2; wait >= maxWait {
			break
		}
	}

	return decision{next: again, outcome: outcome, wait: min(wait, maxWait), counts: true, level: level}
}

// How far the jobs of a crowd are spread: up to so many times their wait, and no further than this.
const (
	crowdFactor  = 3
	longestCrowd = 3 * time.Minute
)

// spread shifts a wait by up to a tenth, so that jobs that failed together do not all come
// back together. It never shortens what a peer asked for and never exceeds the longest wait. A
// crowd that was held back by an outage is spread over several times its wait: each job looks
// seldom, and when the system is back they come little by little.
func (d decision) spread(id int64) time.Duration {
	if d.crowd {
		return d.wait + min(crowdFactor*d.wait, longestCrowd)*time.Duration(id%97)/97
	}

	shifted := d.wait + d.wait*time.Duration(id%11)/100
	if d.counts {
		return min(shifted, maxWait)
	}

	return shifted
}
