package scheduler_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/fhir/fhirsim"
	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/internal/testenv/sqlite"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// TestTheCitizenCallsBack: the physical visit went back on the list by itself, and then the citizen
// calls: somebody has the call again, and it stays that way until they have talked.
func TestTheCitizenCallsBack(t *testing.T) {
	t.Parallel()

	r := missed(t, scheduler.AutomaticFollowUp)
	r.until(r.followed().GoesBackAt().Add(time.Minute))

	if f := r.followed(); f.Stage != care.FollowUpReturning || f.TriedBy != "system" {
		t.Fatalf("%+v", f)
	}

	must(t, r.follow(caregiver("MSK"), scheduler.FollowUpUndo))
	r.work()

	if f := r.followed(); f.Stage != care.FollowUpCalling || f.TakenBy != "MSK" || !r.visit("A-1").ToCall() {
		t.Fatalf("%+v", f)
	}

	must(t, r.follow(caregiver("MSK"), scheduler.FollowUpTalked))
	r.work()

	want := []string{"planned Planlagt skærmbesøg", "planned Telefonisk", "restored Planlagt besøg", "planned Telefonisk", "result Telefonisk"}
	if got := r.recorded("A-1"); !slices.Equal(got, want) {
		t.Errorf("the record has %q", got)
	}
}

// TestGivenUpLate: who gives a follow-up up again after its deadline leaves it on the exception list.
func TestGivenUpLate(t *testing.T) {
	t.Parallel()

	r := missed(t, scheduler.AskFollowUp)
	r.until(r.followed().CallBy.Add(12 * time.Minute))
	r.trouble("A-1", care.FollowUpTrouble)

	must(t, r.follow(caregiver("MSK"), scheduler.FollowUpTake))

	if n := len(r.open("A-1")); n != 0 {
		t.Fatalf("%d exceptions while somebody has it", n)
	}

	must(t, r.follow(caregiver("MSK"), scheduler.FollowUpRelease))
	r.work()
	r.trouble("A-1", care.FollowUpTrouble)
}

// TestAListFromBefore: a list that was exported while the visit stood there as a screen visit is
// imported after the visit is physical again. What stood there at first is what undo puts back.
func TestAListFromBefore(t *testing.T) {
	t.Parallel()

	ours := with(nancy, colType, "Planlagt skærmbesøg")

	for name, wait := range map[string]func(r *rig){
		"before the record is told": func(*rig) {},
		"after it was told":         (*rig).work,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := booked(t, []string{nancy, kaja}, []string{"A-1"})
			must(t, r.MakePhysical(t.Context(), planner(), r.visit("A-1").ID))
			wait(r)
			r.load(list(ours, kaja))
			r.work()
			r.convert("A-1")
			must(t, r.MakePhysical(t.Context(), planner(), r.visit("A-1").ID))
			r.work()

			want := []string{"planned Planlagt skærmbesøg", "restored Planlagt besøg", "planned Planlagt skærmbesøg", "restored Planlagt besøg"}
			if got := r.recorded("A-1"); !slices.Equal(got, want) {
				t.Errorf("the record has %q", got)
			}
		})
	}
}

// TestACallGoneFromTheList: somebody is to call a citizen, and the visit is missing on one list: it is
// not forgotten, and all is as it was when the next list has it again.
func TestACallGoneFromTheList(t *testing.T) {
	t.Parallel()

	r := missed(t, scheduler.AutomaticFollowUp)
	r.work()

	for range 2 { // the same file tells nothing new
		r.load(list(kaja))
		r.work()
	}

	if e := r.trouble("A-1", care.SourceGone); len(r.open("A-1")) != 1 || e.Retry || !r.visit("A-1").ToCall() || r.followed().Stage != care.FollowUpCalling {
		t.Fatalf("gone: %+v %s", r.followed(), r.visit("A-1").State)
	}

	r.load(list(with(nancy, colType, "Telefonisk"), kaja))
	r.work()

	if v := r.visit("A-1"); len(r.open("A-1")) != 0 || v.Facts.Category != "Planlagt besøg" || !v.ToCall() || r.followed().Stage != care.FollowUpCalling {
		t.Fatalf("back: %+v %+v", r.followed(), v.Facts)
	}

	must(t, r.follow(caregiver("MSK"), scheduler.FollowUpNobody))
	r.work()

	if got := r.recorded("A-1"); got[len(got)-1] != "restored Planlagt besøg" {
		t.Errorf("the record has %q", got)
	}
}

// slowJournal has something happen while the first entry that is to be held is on its way.
type slowJournal struct {
	ehr.Journal

	hold      func(ehr.Change) bool
	meanwhile func()
}

func (j *slowJournal) Apply(ctx context.Context, c ehr.Change) (ehr.Receipt, error) {
	if j.hold != nil && j.hold(c) {
		j.hold = nil
		j.meanwhile()
	}

	return j.Journal.Apply(ctx, c)
}

// TestOvertakenOnItsWay: an entry that is on its way when it is overtaken is not the last word in the
// record, however late it arrives.
func TestOvertakenOnItsWay(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		kind care.EntryKind
		act  func(r *rig) error
		then func(r *rig) error
		last string
	}{
		"restored, then called": {
			care.EntryRestored,
			func(r *rig) error { return r.follow(planner(), scheduler.FollowUpVisit) },
			func(r *rig) error { return r.follow(planner(), scheduler.FollowUpUndo) },
			"planned Telefonisk",
		},
		"result, then corrected": {
			care.EntryResult,
			func(r *rig) error { return r.follow(planner(), scheduler.FollowUpNone) },
			func(r *rig) error {
				return r.Correct(r.tb.Context(), planner(), r.visit("A-1").ID, scheduler.CorrectRequest{
					ConcludeRequest: scheduler.ConcludeRequest{Kind: care.ResultCompleted, Delivery: care.ByPhone}, Because: "Vi talte i telefon",
				})
			},
			"result Telefonisk",
		},
	} {
		for _, elsewhere := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, by another process %t", name, elsewhere), func(t *testing.T) {
				t.Parallel()

				slow, path := &slowJournal{}, filepath.Join(t.TempDir(), "sluse.db")
				sqlite.Place(t, path)

				var (
					sim  *fhirsim.Server
					keys *store.Keys
				)

				r := missed(t, scheduler.AskFollowUp, func(s *setup) {
					keys = newKeys(t)
					s.path, s.keys = path, keys
					s.journal = func(tb testing.TB, c *clock) ehr.Journal {
						tb.Helper()

						one := &rig{tb: tb}
						slow.Journal, sim = one.record(tb, c), one.fhir

						return slow
					}
				})
				r.fhir = sim
				r.work()

				second := newRig(t, following(scheduler.AskFollowUp), func(s *setup) {
					s.path, s.keys, s.clock = path, keys, r.clock
					s.journal = func(testing.TB, *clock) ehr.Journal { return slow.Journal }
				})

				slow.hold = func(change ehr.Change) bool { return change.Kind == c.kind }
				slow.meanwhile = func() {
					must(t, c.then(r))

					if elsewhere {
						second.writeWaiting()
					} else {
						r.work()
					}
				}

				must(t, c.act(r))
				r.work()
				r.until(r.clock.Now().Add(time.Minute))

				if got := r.recorded("A-1"); got[len(got)-1] != c.last {
					t.Errorf("the record has %q", got)
				}
			})
		}
	}
}

// writeWaiting tries every entry that waits, once.
func (r *rig) writeWaiting() {
	r.tb.Helper()

	for _, job := range r.jobs.waiting(r.tb) {
		if job.Kind == scheduler.WriteEntryJob {
			job.Attempt = job.attempt()
			must(r.tb, r.Run(r.tb.Context(), job.Job))
		}
	}
}
