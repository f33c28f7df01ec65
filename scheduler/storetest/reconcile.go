package storetest

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/measure"
)

func aRun(id scheduler.RunID, at time.Time) scheduler.Run {
	return scheduler.Run{
		ID: id, Kind: scheduler.ShiftRun, State: scheduler.RunWanted, By: "system", AskedAt: at,
		Window: care.Interval{Start: at.Add(-time.Hour), End: at.Add(48 * time.Hour)},
	}
}

// checkRuns asks for runs from two processes, follows one to its end, and has old ones removed.
func checkRuns(t *testing.T, b Bench) {
	t.Helper()

	effects := func(id string) scheduler.Effects {
		return scheduler.Effects{Jobs: []scheduler.Job{{Kind: scheduler.ReconcileJob, Ref: id}}}
	}

	var (
		all   sync.WaitGroup
		mutex sync.Mutex
		fresh []scheduler.RunID
	)

	for i, s := range []scheduler.Store{b.Store, b.Twin, b.Store, b.Twin} {
		all.Go(func() {
			id := scheduler.RunID([]string{"r1", "r1", "r2", "r2"}[i]) // of one due time, and of a person
			active, isFresh, err := s.AskRun(t.Context(), aRun(id, Now()), effects(string(id)))

			mutex.Lock()
			defer mutex.Unlock()

			if err != nil || active.ID == "" {
				t.Errorf("asked for a run: %+v, %v", active, err)
			}

			if isFresh {
				fresh = append(fresh, id)
			}
		})
	}

	all.Wait()

	jobs, err := b.Jobs(t.Context())
	must(t, err)

	if len(fresh) != 1 || len(jobs) != 1 || jobs[0].Ref != string(fresh[0]) {
		t.Fatalf("fresh runs %v, jobs %+v", fresh, jobs)
	}

	run, err := b.Twin.Run(t.Context(), fresh[0])
	must(t, err)
	same(t, "wanted run", aRun(fresh[0], Now()), run)

	before := run
	run.State, run.Step, run.Cursor, run.Citizens, run.Looked, run.Visits, run.Refused, run.Found, run.Auto = scheduler.RunIncomplete, 1, "citizen-1", 4, 2, 3, 1, 2, 1
	run.Missing, run.Text, run.Tries = []care.CitizenID{"citizen-0", "citizen-2"}, "Omsorgsjournalen svarer ikke.", 2
	run.Counts = []scheduler.CategoryCount{{Day: "2026-11-23", Unit: "oest", Category: "Planlagt skærmbesøg", Own: 3, Record: 4, Visits: []care.VisitID{"v1"}, Unknown: 1}}
	run.BegunAt, run.NextTry = Now().Add(time.Minute), Now().Add(time.Hour)
	must(t, b.Store.SaveRun(t.Context(), run, nil, scheduler.Effects{}))

	read, err := b.Twin.Run(t.Context(), run.ID)
	must(t, err)
	same(t, "run on its way", run, read)

	before.Step = 1
	wantKind(t, b.Twin.SaveRun(t.Context(), before, nil, scheduler.Effects{}), care.Conflict) // another worker was faster

	run.State, run.Step, run.Missing, run.NextTry, run.DoneAt = scheduler.RunDone, 2, nil, time.Time{}, Now().Add(2*time.Hour)
	must(t, b.Store.SaveRun(t.Context(), run, nil, scheduler.Effects{}))

	if made, isFresh, err := b.Store.AskRun(t.Context(), aRun(run.ID, Now()), effects("again")); err != nil || isFresh || made.State != scheduler.RunDone {
		t.Errorf("a run that was made is asked for again: %+v, %t, %v", made, isFresh, err)
	}

	poll := aRun("r9", Now().Add(3*time.Hour))
	poll.Kind = scheduler.PollRun

	if _, isFresh, err := b.Store.AskRun(t.Context(), poll, scheduler.Effects{}); err != nil || !isFresh {
		t.Errorf("the next run: %t, %v", isFresh, err)
	}

	newest, err := b.Store.RecentRuns(t.Context(), 5)
	must(t, err)
	shifts, err := b.Store.RecentRuns(t.Context(), 5, scheduler.ShiftRun)
	must(t, err)

	if len(newest) != 2 || newest[0].ID != "r9" || len(shifts) != 1 || shifts[0].ID != run.ID {
		t.Errorf("newest %+v, shifts %+v", newest, shifts)
	}

	must(t, b.Store.PurgeRuns(t.Context(), Now().Add(100*time.Hour)))

	_, err = b.Store.Run(t.Context(), run.ID)
	wantKind(t, err, care.NotFound)

	if _, err := b.Store.Run(t.Context(), "r9"); err != nil {
		t.Errorf("an active run was removed: %v", err)
	}
}

// checkFindings takes differences through their states, from two processes.
func checkFindings(t *testing.T, b Bench) {
	t.Helper()

	ids := seed(t, b.Store, 2)
	_, _, err := b.Store.AskRun(t.Context(), aRun("r1", Now()), scheduler.Effects{})
	must(t, err)

	open := care.Finding{
		ID: "f1", Drift: care.Drift{Kind: care.DriftMoved, Visit: ids[0], Ours: "23-11 kl. 9.00–9.15", Theirs: "23-11 kl. 10.00–10.15"}, Unit: "oest", Day: "2026-11-23",
		State: care.FindingOpen, FirstSeen: Now(), LastSeen: Now(),
	}
	small := open
	small.ID, small.Kind, small.Visit, small.About, small.Note = "f2", care.DriftRoomOrphan, ids[1], "room-1", "Det kommer igen."

	run := aRun("r1", Now())
	run.Step = 1
	must(t, b.Store.SaveRun(t.Context(), run, []scheduler.FindingChange{{After: small}, {After: open}}, scheduler.Effects{}))

	find := func(q scheduler.FindingQuery) []care.Finding {
		t.Helper()

		all, err := b.Twin.Findings(t.Context(), q)
		must(t, err)

		return all
	}

	same(t, "worst first", []care.Finding{open, small}, find(scheduler.FindingQuery{Live: true}))
	same(t, "of a visit", []care.Finding{small}, find(scheduler.FindingQuery{Visits: ids[1:]}))
	same(t, "by id", []care.Finding{open}, find(scheduler.FindingQuery{IDs: []care.FindingID{"f1", "f0"}}))

	if n := len(find(scheduler.FindingQuery{Units: []care.UnitID{"vest"}})); n != 0 {
		t.Errorf("%d of another unit", n)
	}

	mending := open
	mending.State, mending.MendBy, mending.MendAt = care.FindingMending, "PLA", Now().Add(time.Minute)
	job := scheduler.Effects{Jobs: []scheduler.Job{{Kind: scheduler.MendJob, Ref: "f1"}}}
	must(t, b.Store.SaveFinding(t.Context(), open, mending, job))
	wantKind(t, b.Twin.SaveFinding(t.Context(), open, mending, job), care.Conflict) // a second click elsewhere

	accepted := small
	accepted.State, accepted.Reason, accepted.ClosedBy, accepted.ClosedAt = care.FindingAccepted, "Aftalt med platformen", "PLA", Now().Add(time.Minute)
	must(t, b.Store.SaveFinding(t.Context(), small, accepted, scheduler.Effects{}))

	mended := mending.Gone(Now().Add(2 * time.Minute))
	run.Step = 2
	must(t, b.Store.SaveRun(t.Context(), run, []scheduler.FindingChange{{Before: mending, After: mended}}, scheduler.Effects{}))
	run.Step = 3
	wantKind(t, b.Store.SaveRun(t.Context(), run, []scheduler.FindingChange{{Before: mending, After: mended}}, scheduler.Effects{}), care.Conflict)

	same(t, "standing", []care.Finding{accepted}, find(scheduler.FindingQuery{Live: true}))
	same(t, "with what was closed since", []care.Finding{mended, accepted}, find(scheduler.FindingQuery{Since: Now().Add(time.Minute)}))
	same(t, "what was closed long ago is left out", []care.Finding{accepted}, find(scheduler.FindingQuery{Since: Now().Add(time.Hour)}))

	jobs, err := b.Jobs(t.Context())
	must(t, err)

	if n := len(slices.DeleteFunc(jobs, func(j scheduler.Job) bool { return j.Kind != scheduler.MendJob })); n != 1 {
		t.Errorf("%d repairs", n)
	}

	must(t, b.Store.PurgeRuns(t.Context(), Now().Add(time.Hour)))
	same(t, "after the purge", []care.Finding{accepted}, find(scheduler.FindingQuery{}))
}

// checkDiffering has a reconciliation find that the record shows something else, and reads it as a fact.
func checkDiffering(t *testing.T, b Bench) {
	t.Helper()

	ids := seed(t, b.Store, 4)

	for _, id := range ids {
		must(t, b.Store.UpdateVisit(t.Context(), id, func(v *care.Visit) (scheduler.Effects, error) {
			book(t, v)
			v.RecordPlanned(Now())

			for _, e := range v.Snapshot().Entries {
				if e.State == care.EntryDue {
					must(t, v.EntryDone(e.ID, "record-1", "1", Now()))
				}
			}

			return scheduler.Effects{}, nil
		}))
	}

	_, _, err := b.Store.AskRun(t.Context(), aRun("r1", Now()), scheduler.Effects{})
	must(t, err)

	finding := func(id care.FindingID, kind care.DriftKind, visit care.VisitID, state care.FindingState) scheduler.FindingChange {
		return scheduler.FindingChange{After: care.Finding{
			ID: id, Drift: care.Drift{Kind: kind, Visit: visit, Ours: "x", Theirs: "y"}, Unit: "oest", Day: "2026-11-23", State: state, FirstSeen: Now(), LastSeen: Now(), ClosedAt: Now(),
		}}
	}

	run := aRun("r1", Now())
	run.Step = 1
	must(t, b.Store.SaveRun(t.Context(), run, []scheduler.FindingChange{
		finding("f0", care.DriftPlannedMissing, ids[0], care.FindingOpen), finding("f00", care.DriftCategory, ids[0], care.FindingAccepted),
		finding("f1", care.DriftEntryDoubled, ids[1], care.FindingMended), // and repaired
		finding("f2", care.DriftEmployee, ids[2], care.FindingOpen),       // is not about what we wrote
	}, scheduler.Effects{}))

	day := care.DayOf(facts(0).Planned.Start)
	got := make(map[string]measure.RecordState)

	for _, f := range factsIn(t, b, scheduler.FactQuery{Days: measure.Span{From: day, To: day}, Units: []care.UnitID{"oest"}, Own: true}) {
		got[f.ID] = f.Record
	}

	want := map[string]measure.RecordState{string(ids[0]): measure.Differs, string(ids[1]): measure.Confirmed, string(ids[2]): measure.Confirmed, string(ids[3]): measure.Confirmed}
	same(t, "what the record shows", want, got)
}

// checkFollowUps takes a visit that did not take place through its follow-up, and reads it after each step.
func checkFollowUps(t *testing.T, b Bench) {
	t.Helper()

	id := seed(t, b.Store, 1)[0]
	at := facts(0).Planned.Start.Add(20 * time.Minute)

	var follow care.FollowUpID

	for i, step := range []func(v *care.Visit) error{
		func(v *care.Visit) error {
			book(t, v)

			return nil
		},
		func(v *care.Visit) error {
			return v.Miss(care.Outcome{Kind: care.ResultNotCompleted, Reason: care.CitizenAbsent, Delivery: care.Screen, Grade: care.Certain, By: "system", At: at},
				care.FollowUpPlan{CallBy: at.Add(30 * time.Minute), VisitBy: at.Add(2 * time.Hour), Automatic: true})
		},
		func(v *care.Visit) error {
			follow = v.Snapshot().FollowUps[0].ID

			return v.TakeFollowUp(follow, "MSK", "AHA", at.Add(time.Minute))
		},
		func(v *care.Visit) error { return v.FollowInPerson(follow, "MSK", at.Add(2*time.Minute)) },
	} {
		var want care.Snapshot

		must(t, b.Store.UpdateVisit(t.Context(), id, func(v *care.Visit) (scheduler.Effects, error) {
			if err := step(v); err != nil {
				return scheduler.Effects{}, err
			}

			want = v.Snapshot()

			return scheduler.Effects{}, nil
		}))

		got, err := b.Twin.Visit(t.Context(), id)
		must(t, err)
		same(t, "follow-ups", want.FollowUps, got.FollowUps)

		if len(got.FollowUps) != min(i, 1) {
			t.Errorf("step %d: %d follow-ups", i, len(got.FollowUps))
		}
	}
}
