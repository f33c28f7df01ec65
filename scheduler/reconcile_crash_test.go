package scheduler_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

var errCrash = errors.New("the process died")

// dying is a store whose process dies at its n-th write, before or after the write has its effect.
type dying struct {
	scheduler.Store

	mutex sync.Mutex
	n, at int
	after bool
	dead  bool
}

func (d *dying) step(do func() error) error {
	d.mutex.Lock()
	d.n++
	hit, dead := d.n == d.at, d.dead
	d.dead = d.dead || hit
	d.mutex.Unlock()

	if dead || hit && !d.after {
		return errCrash
	}

	if err := do(); err != nil || !hit {
		return err
	}

	return errCrash
}

// from counts the writes from now on, and dies at one of them; 0: at none.
func (d *dying) from(at int, after bool) {
	d.mutex.Lock()
	defer d.mutex.Unlock()

	d.n, d.at, d.after, d.dead = 0, at, after, false
}

func (d *dying) AskRun(ctx context.Context, r scheduler.Run, e scheduler.Effects) (active scheduler.Run, fresh bool, err error) {
	err = d.step(func() error {
		active, fresh, err = d.Store.AskRun(ctx, r, e)

		return err
	})

	return active, fresh, err
}

func (d *dying) SaveRun(ctx context.Context, r scheduler.Run, f []scheduler.FindingChange, e scheduler.Effects) error {
	return d.step(func() error { return d.Store.SaveRun(ctx, r, f, e) })
}

func (d *dying) SaveFinding(ctx context.Context, before, after care.Finding, e scheduler.Effects) error {
	return d.step(func() error { return d.Store.SaveFinding(ctx, before, after, e) })
}

func (d *dying) UpdateVisit(ctx context.Context, id care.VisitID, do scheduler.ChangeVisit) error {
	return d.step(func() error { return d.Store.UpdateVisit(ctx, id, do) })
}

// apart makes three differences that are repaired by rule, lets the process die at a write, starts it
// anew, and tells how things are in the end.
func apart(t *testing.T, at int, after bool) (string, int) {
	t.Helper()

	var end strings.Builder

	d := &dying{}
	r := newTown(t, 2, func(s *setup) {
		s.stored = func(own *store.Store) scheduler.Store { d.Store = own; return d }
		for _, k := range []care.DriftKind{care.DriftMoved, care.DriftEmployee, care.DriftRoomGone} {
			s.set.Reconcile.Rules[k] = care.DriftAuto
		}
	})

	must(t, r.nexus.Move(r.refs[0], on(10, 30), on(10, 45)))
	must(t, r.nexus.Assign(r.refs[0], "AHA"))
	must(t, r.other.Close(t.Context(), r.room(r.sources()[1]).Ref))

	d.from(at, after)

	for range 3 {
		if _, err := r.AskRun(t.Context(), planner()); err == nil {
			break
		} else if !errors.Is(err, errCrash) {
			t.Fatal(err)
		}

		d.from(0, false) // the person tries again with another process
	}

	r.until(r.clock.Now().Add(2 * time.Minute))

	writes := d.n
	d.from(0, false)

	r.until(r.clock.Now().Add(time.Hour))
	r.compare()
	r.until(r.clock.Now().Add(2 * time.Minute))

	if run := r.compare(); run.State != scheduler.RunDone || run.Found != 0 {
		t.Errorf("in the end: %+v, %+v", run, drifts(r.differences()))
	}

	for i := range r.refs {
		v := r.at(i)
		fmt.Fprintf(&end, "%s by %s at %s, %d rooms:", v.State, v.Facts.Employee, v.Facts.Planned.Start.Format("15:04"), len(v.Rooms))

		for _, e := range v.Entries {
			fmt.Fprintf(&end, " %s %s %s", e.Kind, e.Means, e.State)
		}

		fmt.Fprintf(&end, "; %d messages\n", len(r.sent(r.sources()[i])))
	}

	settled, err := r.Reconciliation(t.Context(), planner(), scheduler.FindingFilter{Settled: true})
	must(t, err)

	for _, f := range settled.Findings {
		fmt.Fprintf(&end, "%s %s by %s\n", f.Kind, f.State, f.ClosedBy)
	}

	fmt.Fprintf(&end, "%d rooms stand", r.vdx.Counts().RoomsLive)

	return end.String(), writes
}

// TestRepairsSurviveTheProcess: whenever the process dies, before or after any write of a run and its
// repairs, the next one brings it to the same end, with nothing done twice.
func TestRepairsSurviveTheProcess(t *testing.T) {
	t.Parallel()

	want, writes := apart(t, 0, false)
	if writes < 8 {
		t.Fatalf("only %d writes", writes)
	}

	t.Logf("%d writes, in the end:\n%s", writes, want)

	for at := 1; at <= writes; at++ {
		after := at%2 == 0 // a write that died after its effect is the one before that died without

		t.Run(fmt.Sprintf("%d %t", at, after), func(t *testing.T) {
			t.Parallel()

			if got, _ := apart(t, at, after); got != want {
				t.Errorf("in the end (-want +got):\n%s", cmp.Diff(want, got))
			}
		})
	}
}
