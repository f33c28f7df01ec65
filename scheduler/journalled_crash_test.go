package scheduler_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/file"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

var errDies = errors.New("the process dies here")

// mortal is a store whose process dies at one step of a deletion: before it, after it, or, where it is a
// change, when it has been worked out but is not committed.
type mortal struct {
	scheduler.Store

	steps, dies int
	how         string
	dead        bool
}

func (m *mortal) step(do func() error) error {
	m.steps++

	switch {
	case m.dead:
		return errDies
	case m.steps != m.dies:
		return do()
	case m.how == "after":
		m.dead = true

		return errors.Join(do(), errDies)
	case m.how == "before":
		m.dead = true

		return errDies
	}

	return do()
}

func (m *mortal) StandIn(ctx context.Context, citizen care.CitizenID) (id care.CitizenID, err error) {
	err = m.step(func() error { id, err = m.Store.StandIn(ctx, citizen); return err })

	return id, err
}

func (m *mortal) UpdateVisit(ctx context.Context, id care.VisitID, change scheduler.ChangeVisit) error {
	return m.step(func() error {
		return m.Store.UpdateVisit(ctx, id, func(v *care.Visit) (scheduler.Effects, error) {
			effects, err := change(v)
			if m.steps == m.dies && m.how == "within" {
				m.dead = true

				return effects, errDies
			}

			return effects, err
		})
	})
}

func (m *mortal) ForgetList(ctx context.Context, kept care.ListID) error {
	return m.step(func() error { return m.Store.ForgetList(ctx, kept) })
}

func (m *mortal) ForgetRest(ctx context.Context, before time.Time) error {
	return m.step(func() error { return m.Store.ForgetRest(ctx, before) })
}

func (m *mortal) ForgetCitizens(ctx context.Context, before time.Time, limit int) (n int, err error) {
	err = m.step(func() error { n, err = m.Store.ForgetCitizens(ctx, before, limit); return err })

	return n, err
}

// TestForgetCrash: a process that dies between any two steps of the deletion leaves each visit whole or
// deleted with its tombstone, and the next one finishes what is left.
func TestForgetCrash(t *testing.T) {
	t.Parallel()

	for _, how := range []string{"before", "within", "after"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()

			for dies, more := 1, true; more; dies++ {
				if dies > 40 {
					t.Fatal("the deletion has no end")
				}

				more = diesAt(t, dies, how)
			}
		})
	}
}

// diesAt lets a deletion die at a step and another process finish it. False: there is no such step.
func diesAt(t *testing.T, dies int, how string) bool {
	t.Helper()

	var journal *file.Journal

	r := newRig(t, forgetting, intoFile(&journal))
	r.load(list(nancy, bruno))

	visits := []care.Snapshot{r.visit("A-1"), r.visit("A-2")}
	r.clock.to(on(11, 0).AddDate(0, 0, keepDays+2))

	m := &mortal{Store: r.store, dies: dies, how: how}
	settings := r.Settings()

	dying, err := scheduler.New(scheduler.Deps{
		Settings: settings, Store: m, Video: struct{ video.Platform }{}, Files: struct{ ehr.FileSource }{}, Journal: journal,
		Links: care.NewSecret("0123456789abcdef0123456789abcdef"), Now: r.clock.Now,
	})
	must(t, err)

	err = dying.Forget(t.Context())
	if m.dead != (err != nil) {
		t.Fatalf("step %d, %s: dead %t, %v", dies, how, m.dead, err)
	}

	wholeOrGone(r, visits, dies, how)

	r.clock.to(r.clock.Now().Add(time.Hour))
	must(t, r.Forget(t.Context()))

	for _, v := range visits {
		if !r.visitByID(v.ID).Deleted() {
			t.Errorf("step %d, %s: the next process leaves %s", dies, how, v.Source.ID)
		}

		citizens, err := r.store.Citizens(t.Context(), []care.CitizenID{v.Facts.Citizen})
		if len(citizens) != 0 || err != nil {
			t.Errorf("step %d, %s: the citizen of %s is still here, %v", dies, how, v.Source.ID, err)
		}
	}

	wholeOrGone(r, visits, dies, how)

	return m.steps >= dies
}

func wholeOrGone(r *rig, visits []care.Snapshot, dies int, how string) {
	r.tb.Helper()

	for _, before := range visits {
		now := r.visitByID(before.ID)
		_, err := r.store.Tombstone(r.tb.Context(), before.ID)

		switch {
		case now.Deleted() && err != nil:
			r.tb.Errorf("step %d, %s: %s is deleted without a tombstone: %v", dies, how, before.Source.ID, err)
		case !now.Deleted() && care.KindOf(err) != care.NotFound:
			r.tb.Errorf("step %d, %s: %s is here and has a tombstone: %v", dies, how, before.Source.ID, err)
		case !now.Deleted() && (now.Facts.Citizen != before.Facts.Citizen || now.Facts.Service != before.Facts.Service):
			r.tb.Errorf("step %d, %s: %s is neither whole nor deleted", dies, how, before.Source.ID)
		}
	}
}
