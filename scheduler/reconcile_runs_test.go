package scheduler_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/connector/video/vdx"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// lookedAt is a record whose looks can be made to fail.
type lookedAt struct {
	ehr.Journal

	mutex sync.Mutex
	looks int
	fails func(look int) error // nil: none fails
}

func (w *lookedAt) set(fails func(look int) error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()

	w.fails = fails
}

func (w *lookedAt) count() int {
	w.mutex.Lock()
	defer w.mutex.Unlock()

	return w.looks
}

func (w *lookedAt) Look(ctx context.Context, citizen care.CitizenKey, glances []ehr.Glance) (ehr.Seen, error) {
	w.mutex.Lock()
	w.looks++
	n, fails := w.looks, w.fails
	w.mutex.Unlock()

	if fails != nil {
		if err := fails(n); err != nil {
			return ehr.Seen{}, err
		}
	}

	return w.Journal.(ehr.Looker).Look(ctx, citizen, glances)
}

func watching(w *lookedAt) change {
	return func(s *setup) {
		open := s.journal
		s.journal = func(tb testing.TB, c *clock) ehr.Journal {
			tb.Helper()

			w.Journal = open(tb, c)

			return w
		}
	}
}

func failing(kind connector.Kind) error {
	return &connector.Error{System: "nexus", Op: "look", Kind: kind}
}

// pass lets time go by as the program does, in steps, with what it does by itself.
func (r *rig) pass(d, step time.Duration) {
	r.tb.Helper()

	for end := r.clock.Now().Add(d); r.clock.Now().Before(end); {
		must(r.tb, r.AutoReconcile(r.tb.Context()))
		r.until(r.clock.Now().Add(step))
	}
}

// TestSilentRecord: a record that is away for four days, slow or broken. Its runs are incomplete and say
// so, they are tried again after growing pauses, nothing is found or closed meanwhile, and when it is
// back one run tells how things are.
func TestSilentRecord(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		kind connector.Kind
		slow time.Duration
	}{
		"away":   {kind: connector.Unavailable},
		"broken": {kind: connector.Unknown},
		"slow":   {kind: connector.Unavailable, slow: 300 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := &lookedAt{}
			r := newTown(t, 5, watching(w), func(s *setup) {
				s.set.Reconcile.Poll, s.set.Reconcile.Days = 5*time.Minute, 7
				s.set.Reconcile.Shifts, s.set.Reconcile.Night = []time.Duration{6*time.Hour + 30*time.Minute}, 3*time.Hour+30*time.Minute
			})

			must(t, r.nexus.Categorise(r.refs[0], "Planlagt telefonopkald"))
			r.compare()

			before := r.only(care.DriftCategory)
			must(t, r.nexus.Categorise(r.refs[0], "Planlagt skærmbesøg")) // nobody can see it now
			must(t, r.nexus.Categorise(r.refs[1], "Planlagt telefonopkald"))

			w.set(func(int) error {
				r.clock.to(r.clock.Now().Add(c.slow))

				if c.slow > 0 { // the next poll is due before the answer has come
					must(t, r.AutoReconcile(t.Context()))
					r.oneRunAtMost()
				}

				return failing(c.kind)
			})

			began := w.count()

			run := r.compare()
			if run.State != scheduler.RunIncomplete || len(run.Missing) == 0 || !run.NextTry.After(r.clock.Now().Add(-time.Minute)) || run.Text == "" || run.Looked != 0 {
				t.Fatalf("with a silent record: %+v", run)
			}

			if n := w.count() - began; n > 3 {
				t.Errorf("%d looks at a silent record", n)
			}

			r.pass(4*24*time.Hour, 20*time.Minute)

			if n := w.count() - began; n < 4*20 || n > 4*24*3*2 {
				t.Errorf("%d looks in four days", n)
			}

			after := r.only(care.DriftCategory)
			if after.Visit.Visit.ID != before.Visit.Visit.ID || after.State != care.FindingOpen || after.LastSeen != before.LastSeen {
				t.Errorf("meanwhile %+v became %+v", before.Finding, after.Finding)
			}

			w.set(nil)

			back := w.count()
			r.pass(90*time.Minute, 10*time.Minute)

			if n := w.count() - back; n == 0 || n > 5*5 {
				t.Errorf("%d looks when it is back", n)
			}

			runs, err := r.store.RecentRuns(t.Context(), 3)
			must(t, err)

			if i := slices.IndexFunc(runs, func(r scheduler.Run) bool { return r.State == scheduler.RunDone }); i < 0 {
				t.Errorf("the record is back, and no run is done: %+v", runs)
			}
		})
	}
}

// oneRunAtMost: a record is never asked by two runs at once.
func (r *rig) oneRunAtMost() {
	r.tb.Helper()

	runs, err := r.store.RecentRuns(r.tb.Context(), 10)
	must(r.tb, err)

	if active := slices.DeleteFunc(runs, func(run scheduler.Run) bool { return !run.Active() }); len(active) > 1 {
		r.tb.Errorf("%d runs at once: %+v", len(active), active)
	}
}

// TestMissedOnesAreLookedAtAgain: one citizen about whom the record is silent does not stop the others,
// and is looked at again, until the run is whole.
func TestMissedOnesAreLookedAtAgain(t *testing.T) {
	t.Parallel()

	w := &lookedAt{}
	r := newTown(t, 5, watching(w))

	w.set(func(look int) error {
		if look == 3 || look == 6 { // the third citizen, and once more at the end of the list
			return failing(connector.Unavailable)
		}

		return nil
	})

	run := r.compare()
	if run.State != scheduler.RunIncomplete || run.Looked != 4 || len(run.Missing) != 1 || run.NextTry.IsZero() || !run.Active() {
		t.Fatalf("%+v", run)
	}

	r.until(r.clock.Now().Add(10 * time.Minute))

	run, err := r.RunOf(t.Context(), planner(), run.ID)
	must(t, err)

	if run.State != scheduler.RunDone || run.Looked != 5 || run.Visits != 5 || len(run.Missing) != 0 || w.count() != 7 {
		t.Errorf("%+v after %d looks", run, w.count())
	}
}

// refusing is a platform that does not tell of rooms.
type refusing struct {
	*vdx.Platform

	mutex sync.Mutex
	kind  connector.Kind
}

func (p *refusing) Find(ctx context.Context, ref care.RoomRef) (video.Booking, error) {
	p.mutex.Lock()
	kind := p.kind
	p.mutex.Unlock()

	if kind != 0 {
		return video.Booking{}, failing(kind)
	}

	return p.Platform.Find(ctx, ref)
}

func (p *refusing) set(kind connector.Kind) {
	p.mutex.Lock()
	defer p.mutex.Unlock()

	p.kind = kind
}

// TestPlatformThatDoesNotTell: what was found about a room stays while the platform refuses to tell of it
// or is silent, and what the record says is taken up all the same.
func TestPlatformThatDoesNotTell(t *testing.T) {
	t.Parallel()

	for _, kind := range []connector.Kind{connector.Rejected, connector.Unsupported, connector.Unauthorized, connector.Unavailable} {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()

			p := &refusing{}
			r := newTown(t, 1, func(s *setup) {
				s.wrap = func(own *vdx.Platform) video.Platform { p.Platform = own; return p }
			})

			_, err := r.other.Move(t.Context(), r.ref(), care.Interval{Start: on(15, 0), End: on(17, 0)})
			must(t, err)
			r.compare()

			f := r.only(care.DriftRoomMoved)

			must(t, r.nexus.Categorise(r.refs[0], "Planlagt telefonopkald"))
			p.set(kind)

			if run := r.compare(); run.State != scheduler.RunIncomplete || run.Text == "" {
				t.Errorf("%+v", run)
			}

			if found := drifts(r.differences()); len(found) != 2 || found[0].Kind != care.DriftRoomMoved || found[1].Kind != care.DriftCategory {
				t.Errorf("found %+v", found)
			}

			// A repair does nothing blindly either.
			must(t, r.MendFinding(t.Context(), planner(), f.ID, true))
			r.work()

			if b, err := r.other.Find(t.Context(), r.ref()); err != nil || !b.Planned.Start.Equal(on(15, 0)) {
				t.Errorf("the room is at %v (%v)", b.Planned, err)
			}

			// Who decided on it is told who refuses; with silence it is tried again.
			f = r.differences()[0]
			if told := strings.HasPrefix(f.Note, "Videoplatformen vil ikke vise"); told != (f.State == care.FindingOpen) {
				t.Errorf("%s: %q", f.State, f.Note)
			}

			p.set(0)
			r.until(r.clock.Now().Add(3 * time.Hour))
			r.compare()

			if b, err := r.other.Find(t.Context(), r.ref()); err != nil || kind == connector.Unavailable && !b.Planned.Start.Equal(on(10, 0)) {
				t.Errorf("the room is at %v (%v)", b.Planned, err)
			}
		})
	}
}

// TestRulesNeverOverwrite: with every kind repaired by rule, those whose repair would replace what people
// wrote are left to people, and all others are repaired once.
func TestRulesNeverOverwrite(t *testing.T) {
	t.Parallel()

	for _, u := range upsets() {
		if u.kind.Terms().MayAuto() && u.kind != care.DriftPhone && u.kind != care.DriftRoomOrphan && u.kind != care.DriftMoved {
			continue // the repair is the same as a person's
		}

		t.Run(string(u.kind), func(t *testing.T) {
			t.Parallel()

			changes := []change{func(s *setup) {
				for _, k := range care.DriftKinds() {
					s.set.Reconcile.Rules[k] = care.DriftAuto
				}
			}}
			if u.change != nil {
				changes = append(changes, u.change)
			}

			r := newTown(t, 1, changes...)
			u.do(t, r)

			before, err := r.nexus.Visit(r.refs[0])
			if run := r.compare(); run.Found != 1 {
				t.Fatalf("%+v: %+v (%v)", run, drifts(r.differences()), err)
			}

			r.until(r.clock.Now().Add(2 * time.Minute))

			if !u.kind.Terms().MayAuto() {
				if f := r.only(u.kind); f.State != care.FindingOpen || f.MendBy != "" {
					t.Errorf("%+v", f.Finding)
				}

				if after, _ := r.nexus.Visit(r.refs[0]); err == nil && (after.Category != before.Category || after.Comment != before.Comment) {
					t.Errorf("the record had %+v and has %+v", before, after)
				}

				return
			}

			u.mended(t, r)

			settled, err := r.Reconciliation(t.Context(), planner(), scheduler.FindingFilter{Settled: true})
			must(t, err)

			if len(settled.Findings) != 1 || settled.Findings[0].ClosedBy != "system" || len(r.differences()) != 0 {
				t.Errorf("%+v, open %+v", settled.Findings, drifts(r.differences()))
			}
		})
	}
}

// TestManyAtOnceAreAsked: a platform from which all rooms are suddenly gone is not booked full again by
// rule: a run repairs as many as it may, and people decide about the rest.
func TestManyAtOnceAreAsked(t *testing.T) {
	t.Parallel()

	r := newTown(t, 5, func(s *setup) {
		s.set.Reconcile.Rules[care.DriftRoomGone] = care.DriftAuto
		s.set.Reconcile.Most = 2
	})

	for i := range r.refs {
		must(t, r.other.Close(t.Context(), r.room(r.sources()[i]).Ref))
	}

	run := r.compare()
	if run.Found != 5 || run.Auto != 2 {
		t.Fatalf("%+v", run)
	}

	for range 2 { // the next run leaves them alone as well
		found := r.differences()
		if len(found) != 3 {
			t.Fatalf("open: %+v", drifts(found))
		}

		for _, f := range found {
			if f.State != care.FindingOpen || f.Note == "" || f.MendBy != "" {
				t.Errorf("%+v", f.Finding)
			}
		}

		r.until(r.clock.Now().Add(20 * time.Minute))

		if run := r.compare(); run.Auto != 0 {
			t.Errorf("%+v", run)
		}
	}

	for _, f := range r.differences() {
		must(t, r.MendFinding(t.Context(), planner(), f.ID, false))
	}

	r.until(r.clock.Now().Add(2 * time.Minute))

	if n := r.vdx.Counts().RoomsLive; n != 5 {
		t.Errorf("%d rooms stand", n)
	}
}
