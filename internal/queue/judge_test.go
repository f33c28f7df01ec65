package queue

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/scheduler/care"
)

// TestWaits looks at how long a job waits after a first, a third and a hundredth failure.
func TestWaits(t *testing.T) {
	t.Parallel()

	outside := func(kind connector.Kind, after time.Duration) error {
		return fmt.Errorf("wrapped: %w", &connector.Error{Kind: kind, RetryAfter: after, Err: care.NewError(care.Invalid, "x")})
	}

	for name, c := range map[string]struct {
		err    error
		waits  [3]time.Duration
		counts bool
	}{
		"unavailable":     {outside(connector.Unavailable, 0), [3]time.Duration{500 * time.Millisecond, 2 * time.Second, time.Minute}, true},
		"held back":       {outside(connector.Unavailable, 30*time.Second), [3]time.Duration{30 * time.Second, 30 * time.Second, 30 * time.Second}, false},
		"unknown":         {outside(connector.Unknown, 0), [3]time.Duration{100 * time.Millisecond, 400 * time.Millisecond, time.Minute}, true},
		"unauthorized":    {outside(connector.Unauthorized, 0), [3]time.Duration{5 * time.Second, 20 * time.Second, time.Minute}, true},
		"store conflict":  {care.NewError(care.Conflict, "x"), [3]time.Duration{50 * time.Millisecond, 200 * time.Millisecond, time.Minute}, true},
		"store down":      {care.NewError(care.Unavailable, "x"), [3]time.Duration{500 * time.Millisecond, 2 * time.Second, time.Minute}, true},
		"time-out":        {context.DeadlineExceeded, [3]time.Duration{time.Second, 4 * time.Second, time.Minute}, true},
		"panic":           {&panicError{value: 1}, [3]time.Duration{time.Second, 4 * time.Second, time.Minute}, true},
		"anything":        {errors.New("x"), [3]time.Duration{time.Second, 4 * time.Second, time.Minute}, true},
		"pending":         {outside(connector.Pending, 0), [3]time.Duration{time.Second, time.Second, time.Second}, false},
		"pending, told":   {outside(connector.Pending, 7*time.Second), [3]time.Duration{7 * time.Second, 7 * time.Second, 7 * time.Second}, false},
		"limited, told":   {outside(connector.RateLimited, 90*time.Second), [3]time.Duration{90 * time.Second, 90 * time.Second, 90 * time.Second}, false},
		"limited, absurd": {outside(connector.RateLimited, 24*time.Hour), [3]time.Duration{maxAsked, maxAsked, maxAsked}, false},
	} {
		for i, failures := range []int{0, 2, 99} {
			d := judge(c.err, failures)
			if d.next != again || d.wait != c.waits[i] || d.counts != c.counts {
				t.Errorf("%s after %d failures: %+v, want again in %v, counted %v", name, failures, d, c.waits[i], c.counts)
			}

			for id := range int64(30) {
				if spread := d.spread(id); spread < d.wait || spread > d.wait+d.wait/10 && !d.crowd || spread > d.wait+longestCrowd || c.counts && spread > maxWait {
					t.Errorf("%s: job %d waits %v instead of %v", name, id, spread, d.wait)
				}
			}
		}
	}
}

// TestEveryKindIsJudged makes sure that no kind of error falls through to the general case.
func TestEveryKindIsJudged(t *testing.T) {
	t.Parallel()

	for kind := connector.Unavailable; kind <= connector.Unsupported; kind++ {
		if d := judge(&connector.Error{Kind: kind}, 0); d.outcome != kind.String() {
			t.Errorf("%s is judged as %s", kind, d.outcome)
		}
	}

	for kind := care.Invalid; kind <= care.Internal; kind++ {
		if d := judge(care.NewError(kind, "x"), 0); d.outcome != "care_"+kind.String() {
			t.Errorf("%s is judged as %s", kind, d.outcome)
		}
	}

	for _, unknown := range []error{&connector.Error{}, &care.Error{}} {
		if d := judge(unknown, 0); d.next != again || d.outcome != "internal" {
			t.Errorf("an error without a kind is judged as %+v", d)
		}
	}
}
