package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/measure"
)

// checkLostUpdate lets many writers change one visit through two stores: every change that was
// not refused is there in the end.
func checkLostUpdate(t *testing.T, b Bench) {
	t.Helper()

	const writers, rounds = 8, 6

	id := seed(t, b.Store, 1)[0]
	stores := []scheduler.Store{b.Store, b.Twin}

	var (
		group   sync.WaitGroup
		mutex   sync.Mutex
		applied = map[string]bool{}
	)

	for w := range writers {
		group.Go(func() {
			for r := range rounds {
				about := fmt.Sprintf("%d/%d", w, r)
				err := stores[w%2].UpdateVisit(t.Context(), id, func(v *care.Visit) (scheduler.Effects, error) {
					v.Raise(care.ChangeTrouble, about, "x", false, Now())

					return scheduler.Effects{Jobs: []scheduler.Job{{Kind: scheduler.ConcludeJob, Visit: id, Ref: about}}}, nil
				})

				switch {
				case err == nil:
					mutex.Lock()
					applied[about] = true
					mutex.Unlock()
				case care.KindOf(err) != care.Conflict:
					t.Errorf("writer %d: %v", w, err)
				}
			}
		})
	}

	group.Wait()

	final := read(t, b.Store, id)
	if final.Version != 1+len(applied) || len(final.Exceptions) != len(applied) {
		t.Fatalf("%d changes were accepted; version is %d with %d exceptions", len(applied), final.Version, len(final.Exceptions))
	}

	for _, e := range final.Exceptions {
		if !applied[e.About] {
			t.Errorf("%s was refused but is stored", e.About)
		}
	}

	jobs, err := b.Jobs(t.Context())
	must(t, err)

	if len(jobs) != len(applied) {
		t.Errorf("%d jobs for %d changes", len(jobs), len(applied))
	}
}

// checkTwoWriters lets two writers do what only one may: one wins, the other is told Conflict.
func checkTwoWriters(t *testing.T, b Bench) {
	t.Helper()

	id := seed(t, b.Store, 1)[0]

	var (
		group   sync.WaitGroup
		results [2]error
	)

	for i, s := range []scheduler.Store{b.Store, b.Twin} {
		group.Go(func() {
			results[i] = s.UpdateVisit(t.Context(), id, func(v *care.Visit) (scheduler.Effects, error) {
				return scheduler.Effects{}, v.Choose(care.BatchID(fmt.Sprint("batch-", i)), care.OnListOnly())
			})
		})
	}

	group.Wait()

	winner := 0
	if results[0] != nil {
		winner = 1
	}

	must(t, results[winner])
	wantKind(t, results[1-winner], care.Conflict)
	same(t, "batch", care.BatchID(fmt.Sprint("batch-", winner)), read(t, b.Store, id).Batch)
}

// checkManyAtOnce converts many visits in one go, and lets two conversions of the same visits
// race: every visit belongs to exactly one.
func checkManyAtOnce(t *testing.T, b Bench) {
	t.Helper()

	const n = 450

	ids := seed(t, b.Store, n)

	var (
		group   sync.WaitGroup
		changed [2][]care.VisitID
		errs    [2]error
	)

	for i, s := range []scheduler.Store{b.Store, b.Twin} {
		group.Go(func() {
			batch := care.Batch{ID: care.BatchID(fmt.Sprint("batch-", i)), By: "PLA", ByName: "Pia Planlægger", MadeAt: Now()}
			changed[i], errs[i] = s.UpdateVisits(t.Context(), append(ids, "nobody"), &batch, func(v *care.Visit) (scheduler.Effects, error) {
				if v.State() != care.Listed {
					return scheduler.Effects{}, scheduler.ErrSkip
				}

				ref := care.RoomRef("room-" + string(v.ID()))

				return scheduler.Effects{
					Jobs:  []scheduler.Job{{Kind: scheduler.BookRoomJob, Visit: v.ID(), Ref: string(ref)}},
					Audit: []scheduler.AuditRow{{At: Now(), Actor: "PLA", Action: "convert", Visit: v.ID()}},
				}, errors.Join(v.Choose(batch.ID, care.OnListOnly()), v.StartBooking(ref, Now()))
			})
		})
	}

	group.Wait()
	must(t, errors.Join(errs[0], errs[1]))

	if len(changed[0])+len(changed[1]) != n {
		t.Fatalf("%d and %d visits changed, want %d in all", len(changed[0]), len(changed[1]), n)
	}

	for i := range changed {
		stored, err := b.Store.Batch(t.Context(), care.BatchID(fmt.Sprint("batch-", i)))
		must(t, err)

		found, err := b.Store.Visits(t.Context(), scheduler.VisitQuery{Batch: stored.ID})
		must(t, err)

		if stored.Visits != len(changed[i]) || len(found) != len(changed[i]) {
			t.Errorf("batch %d says %d visits, holds %d, changed %d", i, stored.Visits, len(found), len(changed[i]))
		}

		for _, f := range found {
			if len(f.Rooms) != 1 || f.State != care.BookingRoom {
				t.Fatalf("%s has %d rooms in state %s", f.ID, len(f.Rooms), f.State)
			}
		}
	}

	jobs, err := b.Jobs(t.Context())
	must(t, err)

	if len(jobs) != n {
		t.Errorf("%d jobs, want %d", len(jobs), n)
	}
}

// checkAllOrNone refuses the last of many visits: nothing of the conversion stays.
func checkAllOrNone(t *testing.T, b Bench) {
	t.Helper()

	ids := seed(t, b.Store, 5)
	refused := care.NewError(care.Invalid, "Nej.")

	_, err := b.Store.UpdateVisits(t.Context(), ids, &care.Batch{ID: "batch-1", MadeAt: Now()}, func(v *care.Visit) (scheduler.Effects, error) {
		if v.ID() == ids[4] {
			return scheduler.Effects{}, refused
		}

		return scheduler.Effects{Jobs: []scheduler.Job{{Kind: scheduler.BookRoomJob, Visit: v.ID()}}}, v.Choose("batch-1", care.OnListOnly())
	})
	if !errors.Is(err, refused) {
		t.Fatalf("error is %v, want the function's own", err)
	}

	unchanged(t, b, ids)

	_, err = b.Store.Batch(t.Context(), "batch-1")
	wantKind(t, err, care.NotFound)
}

func unchanged(t *testing.T, b Bench, ids []care.VisitID) {
	t.Helper()

	for _, id := range ids {
		if s := read(t, b.Store, id); s.Version != 1 || s.State != care.Listed {
			t.Errorf("%s is %s in version %d, want it untouched", id, s.State, s.Version)
		}
	}

	jobs, err := b.Jobs(t.Context())
	must(t, err)

	if len(jobs) != 0 {
		t.Errorf("%d jobs are stored, want none", len(jobs))
	}
}

// checkStateAndJobs fails either half of a change; the other must not stay.
func checkStateAndJobs(t *testing.T, b Bench) {
	t.Helper()

	ids := seed(t, b.Store, 2)
	choose := func(v *care.Visit) (scheduler.Effects, error) {
		return scheduler.Effects{
			Jobs:  []scheduler.Job{{Kind: scheduler.BookRoomJob, Visit: v.ID(), Ref: "r", At: Now().Add(time.Hour)}},
			Audit: []scheduler.AuditRow{{At: Now(), Actor: "PLA", Action: "convert", Visit: v.ID()}},
		}, v.Choose("batch-1", care.OnListOnly())
	}

	b.FailJobs(true)

	if err := b.Store.UpdateVisit(t.Context(), ids[0], choose); err == nil {
		t.Error("a change whose job can't be stored was accepted")
	}

	if _, err := b.Store.UpdateVisits(t.Context(), ids, &care.Batch{ID: "batch-1", MadeAt: Now()}, choose); err == nil {
		t.Error("a conversion whose jobs can't be stored was accepted")
	}

	unchanged(t, b, ids)
	b.FailJobs(false)

	// The jobs are stored, and then the state can't be: the session belongs to another visit.
	ctx, cancel := context.WithCancel(t.Context())
	err := b.Store.UpdateVisit(ctx, ids[0], func(v *care.Visit) (scheduler.Effects, error) {
		cancel()

		return choose(v)
	})
	wantKind(t, err, care.Unavailable)
	unchanged(t, b, ids)

	must(t, b.Store.UpdateVisit(t.Context(), ids[0], choose))

	jobs, err := b.Jobs(t.Context())
	must(t, err)
	same(t, "jobs", []scheduler.Job{{Kind: scheduler.BookRoomJob, Visit: ids[0], Ref: "r", At: Now().Add(time.Hour)}}, jobs)
}

// checkReadsNeverWait keeps a change open: reads and the health check answer all the same.
func checkReadsNeverWait(t *testing.T, b Bench) {
	t.Helper()

	id := seed(t, b.Store, 1)[0]

	release, err := b.Hold(t.Context())
	must(t, err)
	defer release()

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()

	must(t, b.Ping(ctx))

	_, err = b.Store.Visit(ctx, id)
	must(t, err)

	_, err = b.Store.Visits(ctx, scheduler.VisitQuery{})
	must(t, err)

	must(t, b.Store.EachFact(ctx, scheduler.FactQuery{Units: []care.UnitID{"oest"}, Own: true}, func(measure.Fact) error { return nil }))
}
