package scheduler_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/connector/video/vdx"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// TestMissedAfterAllHeld: the platform first tells that the citizen did not come, and later that both were
// in the room. The follow-up says so, a person is asked once, and that person's word ends it.
func TestMissedAfterAllHeld(t *testing.T) {
	t.Parallel()

	mette, nancyLeg := leg("h", care.AsHost, on(9, 0), on(9, 12)), leg("g", care.AsGuest, on(9, 1), on(9, 12))

	for name, c := range map[string]struct {
		mode  scheduler.FollowUpMode
		later []care.Leg
		doubt bool
	}{
		"automatic":          {mode: scheduler.AutomaticFollowUp, later: []care.Leg{mette, nancyLeg}, doubt: true},
		"ask":                {mode: scheduler.AskFollowUp, later: []care.Leg{mette, nancyLeg}, doubt: true},
		"nothing new":        {mode: scheduler.AutomaticFollowUp, later: []care.Leg{mette}},
		"the record is gone": {mode: scheduler.AutomaticFollowUp},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := booked(t, []string{nancy}, []string{"A-1"}, following(c.mode), func(s *setup) {
				s.clock = &clock{at: eve()}
				s.wrap = func(p *vdx.Platform) video.Platform {
					return &archive{Platform: p, now: s.clock.Now, told: []telling{{from: early(), legs: []care.Leg{mette}}, {from: on(10, 5), legs: c.later}}}
				}
			})
			r.known("A-1")
			r.until(on(10, 4))

			f := r.followed()
			if f.Cause != care.CitizenAbsent || f.CausedBy != "system" || r.visit("A-1").Doubt() != "" {
				t.Fatalf("%+v, %s: %q", f, r.visit("A-1").State, r.visit("A-1").Doubt())
			}

			r.until(f.OpenedAt.Add(31 * time.Minute))
			r.until(on(10, 40))

			v := r.visit("A-1")
			if (v.Doubt() != "") != c.doubt {
				t.Fatalf("%s, the follow-up says %q; %+v", v.State, v.Doubt(), v.Exceptions)
			}

			if !c.doubt {
				return
			}

			asked := slices.DeleteFunc(slices.Clone(v.Exceptions), func(e care.Exception) bool {
				return e.Kind != care.OutcomeTrouble || !strings.Contains(e.Text, "holdt på skærm")
			})
			if len(asked) != 1 {
				t.Errorf("asked %d times: %+v", len(asked), v.Exceptions)
			}

			views, err := r.FollowUps(t.Context(), leader())
			must(t, err)

			if !slices.ContainsFunc(views.Open, func(f scheduler.FollowUpView) bool { return f.Visit == v.ID && f.Doubt == v.Doubt() }) {
				t.Errorf("people see %+v", views)
			}

			must(t, r.Conclude(t.Context(), leader(), v.ID, scheduler.ConcludeRequest{Kind: care.ResultCompleted, Delivery: care.Screen}))
			r.until(on(12, 0))

			v = r.visit("A-1")
			if _, open := v.OpenFollowUp(); open || v.State != care.Completed || v.Outcome.Delivery != care.Screen || v.Doubt() != "" {
				t.Errorf("in the end %s by %s, %+v", v.State, v.Outcome.Delivery, v.FollowUps)
			}
		})
	}
}
