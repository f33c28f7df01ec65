package scheduler_test

import (
	"context"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// closedFor is a record that never tells of one citizen.
type closedFor struct {
	lookedAt

	citizen care.CitizenKey
	kind    connector.Kind
}

func (w *closedFor) Look(ctx context.Context, citizen care.CitizenKey, glances []ehr.Glance) (ehr.Seen, error) {
	if citizen == w.citizen {
		return ehr.Seen{}, failing(w.kind)
	}

	return w.lookedAt.Look(ctx, citizen, glances)
}

// TestOneSilentCitizenHoldsNobodyUp: a citizen about whom the record never answers does not keep the run
// before a shift, or the polls, from telling what was moved for the others.
func TestOneSilentCitizenHoldsNobodyUp(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		kind   connector.Kind
		shifts []time.Duration
		poll   time.Duration
	}{
		"broken before a shift":       {kind: connector.Unknown, shifts: []time.Duration{6*time.Hour + 30*time.Minute}},
		"closed to us before a shift": {kind: connector.Unauthorized, shifts: []time.Duration{6*time.Hour + 30*time.Minute}},
		"broken, polled":              {kind: connector.Unknown, poll: 10 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := &closedFor{kind: c.kind}
			r := newTown(t, 5, func(s *setup) {
				open := s.journal
				s.journal = func(tb testing.TB, c *clock) ehr.Journal {
					tb.Helper()

					w.Journal = open(tb, c)

					return w
				}
				s.set.Reconcile.Shifts, s.set.Reconcile.Night, s.set.Reconcile.Poll = c.shifts, 3*time.Hour+30*time.Minute, c.poll
			})

			all, err := r.store.Citizens(t.Context(), []care.CitizenID{r.at(2).Facts.Citizen})
			must(t, err)

			w.citizen = all[r.at(2).Facts.Citizen].Key()

			r.until(on(3, 0))
			r.pass(2*time.Hour, 10*time.Minute)

			must(t, r.nexus.Move(r.refs[0], on(14, 0), on(14, 15)))

			for range 15 {
				r.pass(10*time.Minute, 10*time.Minute)
				r.oneRunAtMost()
			}

			r.only(care.DriftMoved)

			if polls := r.made(scheduler.PollRun); c.poll > 0 && len(polls) < 10 {
				t.Errorf("the record answers, and was only polled so: %v", polls)
			}
		})
	}
}

// TestMovedByDays: a visit that was moved in the record by some days is moved and not deleted.
func TestMovedByDays(t *testing.T) {
	t.Parallel()

	r := newTown(t, 1)

	must(t, r.nexus.Move(r.refs[0], on(10, 0).AddDate(0, 0, 4), on(10, 15).AddDate(0, 0, 4)))
	r.compare()
	r.only(care.DriftMoved)
}
