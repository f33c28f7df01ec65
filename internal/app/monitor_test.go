package app

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector"
)

// TestTogether: several processes make one line per system, as bad as the worst of them says unless
// another one has had an answer since.
func TestTogether(t *testing.T) {
	t.Parallel()

	at := func(minute int) time.Time { return time.Date(2026, 11, 23, 7, minute, 0, 0, time.UTC) }
	video := connector.Health{Role: connector.VideoRole, System: "vdx"}

	with := func(change func(h *connector.Health)) connector.Health {
		h := video
		change(&h)

		return h
	}

	down := with(func(h *connector.Health) {
		h.State, h.Since, h.NextTry, h.LastSuccess, h.LastError, h.ErrorKind, h.ErrorOp = connector.Down, at(10), at(20), at(9), at(19), connector.Unknown, "book"
		h.InFlight, h.Limit, h.Agreed, h.Calls, h.Failures, h.P50, h.P95 = 1, 1, 4, 10, 6, 100*time.Millisecond, time.Second
	})
	fine := func(answered int) connector.Health {
		return with(func(h *connector.Health) {
			h.State, h.Since, h.LastSuccess = connector.Healthy, at(0), at(answered)
			h.Waiting, h.Limit, h.Agreed, h.Calls, h.P50, h.P95 = 2, 4, 4, 4, 200*time.Millisecond, 300*time.Millisecond
		})
	}
	sum := func(state connector.HealthState, since, next, success time.Time) connector.Health {
		return with(func(h *connector.Health) {
			h.State, h.Since, h.NextTry, h.LastSuccess, h.LastError, h.ErrorKind, h.ErrorOp = state, since, next, success, at(19), connector.Unknown, "book"
			h.InFlight, h.Waiting, h.Limit, h.Agreed, h.Calls, h.Failures, h.P50, h.P95 = 1, 2, 5, 8, 14, 6, 150*time.Millisecond, time.Second
		})
	}
	unused := with(func(h *connector.Health) { h.State = connector.Unused })

	for name, c := range map[string]struct{ known, want []connector.Health }{
		"nobody":             {nil, []connector.Health{}},
		"one":                {[]connector.Health{down}, []connector.Health{down}},
		"the worst":          {[]connector.Health{fine(15), down}, []connector.Health{sum(connector.Down, at(10), at(20), at(15))}},
		"an answer since":    {[]connector.Health{down, fine(21)}, []connector.Health{sum(connector.Healthy, at(21), time.Time{}, at(21))}},
		"one that calls not": {[]connector.Health{unused, down}, []connector.Health{down}},
		"two systems": {
			[]connector.Health{down, {Role: connector.MailRole, System: "mail", State: connector.Unused}},
			[]connector.Health{{Role: connector.MailRole, System: "mail", State: connector.Unused}, down},
		},
	} {
		if diff := cmp.Diff(c.want, together(c.known)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
