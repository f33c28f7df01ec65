package scheduler_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/connector/video/vdx"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/internal/store"
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

	return w.Journal.(ehr.Looker).Look(ctx, citizen, glances) //nolint:wrapcheck,forcetypeassert // the test's own
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

	return p.Platform.Find(ctx, ref) //nolint:wrapcheck // the test's own
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

// made are the runs of the kinds by the local day and hour at which they were asked for.
func (r *rig) made(kinds ...scheduler.RunKind) []string {
	r.tb.Helper()

	runs, err := r.store.RecentRuns(r.tb.Context(), 1000, kinds...)
	must(r.tb, err)

	out := make([]string, 0, len(runs))
	for _, run := range slices.Backward(runs) {
		out = append(out, fmt.Sprintf("%s %s %s", run.Kind, run.AskedAt.In(care.Zone()).Format("2/1 15:04"), run.State))
	}

	return out
}

// TestRunsByTheClock: one run before each shift and one at night, also in the nights when the clock
// changes; one that was missed while the program was away is made when it is back, unless too late.
func TestRunsByTheClock(t *testing.T) {
	t.Parallel()

	local := func(text string) time.Time {
		at, err := time.ParseInLocation("2006-01-02 15:04", text, care.Zone())
		must(t, err)

		return at.UTC()
	}

	for name, c := range map[string]struct {
		shifts   []time.Duration
		night    time.Duration
		from, to string
		away     [2]string
		want     []string
	}{
		"usual": {
			shifts: []time.Duration{6*time.Hour + 30*time.Minute, 22*time.Hour + 30*time.Minute}, night: 3*time.Hour + 30*time.Minute, from: "2026-12-01 20:00", to: "2026-12-02 23:00",
			want: []string{"shift 1/12 22:30 done", "night 2/12 03:30 done", "shift 2/12 06:30 done", "shift 2/12 22:30 done"},
		},
		"spring": {
			shifts: []time.Duration{2*time.Hour + 30*time.Minute}, night: 3 * time.Hour, from: "2027-03-27 23:00", to: "2027-03-28 12:00",
			want: []string{"night 28/3 03:00 done", "shift 28/3 03:30 done"}, // there is no half past two
		},
		"autumn": {
			shifts: []time.Duration{2*time.Hour + 30*time.Minute}, night: 3 * time.Hour, from: "2027-10-30 23:00", to: "2027-10-31 12:00",
			want: []string{"shift 31/10 02:30 done", "night 31/10 03:00 done"}, // half past two is twice
		},
		"missed at night": {
			shifts: []time.Duration{6 * time.Hour}, night: 3 * time.Hour, from: "2026-12-01 20:00", to: "2026-12-02 12:00", away: [2]string{"2026-12-02 02:00", "2026-12-02 08:00"},
			want: []string{"shift 2/12 08:00 done"}, // it looks at all that the nightly one would have
		},
		"missed, only at night": {
			night: 3 * time.Hour, from: "2026-12-01 20:00", to: "2026-12-02 12:00", away: [2]string{"2026-12-02 02:00", "2026-12-02 08:00"},
			want: []string{"night 2/12 08:00 done"},
		},
		"missed over midnight": {
			shifts: []time.Duration{23 * time.Hour}, from: "2026-12-01 20:00", to: "2026-12-02 12:00", away: [2]string{"2026-12-01 22:00", "2026-12-02 01:00"},
			want: []string{"shift 2/12 01:00 done"},
		},
		"missed for long": {
			shifts: []time.Duration{6 * time.Hour}, from: "2026-12-01 20:00", to: "2026-12-02 14:00", away: [2]string{"2026-12-02 02:00", "2026-12-02 09:30"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := newTown(t, 1, func(s *setup) { s.set.Reconcile.Shifts, s.set.Reconcile.Night = c.shifts, c.night })
			r.until(local(c.from))

			for end := local(c.to); r.clock.Now().Before(end); r.until(r.clock.Now().Truncate(10 * time.Minute).Add(10 * time.Minute)) {
				now := r.clock.Now()
				if c.away[0] != "" && now.After(local(c.away[0])) && now.Before(local(c.away[1])) {
					continue
				}

				must(t, r.AutoReconcile(t.Context()))
			}

			if diff := cmp.Diff(c.want, r.made(scheduler.ShiftRun, scheduler.NightRun)); diff != "" && (len(c.want) > 0 || len(r.made()) > 0) {
				t.Errorf("runs (-want +got):\n%s", diff)
			}
		})
	}
}

// TestManyAskForOneRun: processes and people who ask at one moment get one run.
func TestManyAskForOneRun(t *testing.T) {
	t.Parallel()

	r := newTown(t, 1, func(s *setup) {
		s.set.Reconcile.Shifts, s.set.Reconcile.Poll = []time.Duration{6 * time.Hour}, 5*time.Minute
	})
	r.until(on(6, 1))

	var all sync.WaitGroup

	for i := range 8 {
		all.Go(func() {
			if i%4 == 3 {
				if _, err := r.AskRun(t.Context(), planner()); err != nil {
					t.Error(err)
				}

				return
			}

			if err := r.AutoReconcile(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}

	all.Wait()

	if made := r.made(); len(made) != 1 {
		t.Errorf("runs: %v", made)
	}

	r.work()

	for range 3 { // and when it has ended nobody makes it once more
		must(t, r.AutoReconcile(t.Context()))
	}

	if made := r.made(scheduler.ShiftRun, scheduler.ManualRun); len(made) != 1 {
		t.Errorf("runs: %v", made)
	}
}

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
func apart(t *testing.T, at int, after bool) (end string, writes int) {
	t.Helper()

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

	writes = d.n
	d.from(0, false)

	r.until(r.clock.Now().Add(time.Hour))
	r.compare()
	r.until(r.clock.Now().Add(2 * time.Minute))

	if run := r.compare(); run.State != scheduler.RunDone || run.Found != 0 {
		t.Errorf("in the end: %+v, %+v", run, drifts(r.differences()))
	}

	for i := range r.refs {
		v := r.at(i)
		end += fmt.Sprintf("%s by %s at %s, %d rooms:", v.State, v.Facts.Employee, v.Facts.Planned.Start.Format("15:04"), len(v.Rooms))

		for _, e := range v.Entries {
			end += fmt.Sprintf(" %s %s %s", e.Kind, e.Means, e.State)
		}

		end += fmt.Sprintf("; %d messages\n", len(r.sent(r.sources()[i])))
	}

	settled, err := r.Reconciliation(t.Context(), planner(), scheduler.FindingFilter{Settled: true})
	must(t, err)

	for _, f := range settled.Findings {
		end += fmt.Sprintf("%s %s by %s\n", f.Kind, f.State, f.ClosedBy)
	}

	return end + fmt.Sprintf("%d rooms stand", r.vdx.Counts().RoomsLive), writes
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
