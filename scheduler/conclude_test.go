package scheduler_test

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
	"github.com/sluse/sluse/ehr/fhir/fhirsim"
	"github.com/sluse/sluse/ehr/file"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// meet plans who is in the first visit's room when.
func (r *rig) meet(people ...vdxsim.Attendance) {
	r.tb.Helper()

	people = slices.Clone(people) // cases that run beside each other share theirs

	for i := range people {
		people[i].Name = string(people[i].Role) + string(rune('a'+i))
	}

	must(r.tb, r.vdx.Schedule(string(r.room("A-1").Ref), people...))
}

// known has an employee be beside the citizens of visits, so that they can be completed.
func (r *rig) known(sources ...string) {
	r.tb.Helper()

	for _, source := range sources {
		must(r.tb, r.store.UpdateVisit(r.tb.Context(), r.visit(source).ID, func(v *care.Visit) (scheduler.Effects, error) {
			proof := care.Proof{Method: care.WithStaff, Check: care.BesidePerson, By: "MSK"}

			return scheduler.Effects{}, v.Attest(care.AdmissionID("known-"+source), "", proof, care.DefaultIdentityPolicy().Default, r.clock.Now())
		}))
	}
}

func host(from, to time.Time) vdxsim.Attendance {
	return vdxsim.Attendance{Role: vdxsim.RoleHost, Join: from, Leave: to}
}

func visitor(from, to time.Time) vdxsim.Attendance {
	return vdxsim.Attendance{Role: vdxsim.RoleGuest, Join: from, Leave: to}
}

// TestConcludedByEvidence after the end and the grace, with nobody's help.
func TestConcludedByEvidence(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		people  []vdxsim.Attendance
		deaf    bool
		state   care.VisitState
		reason  care.ReasonCode
		grade   care.Grade // Certain when empty
		let     bool       // the citizen is let in by us
		known   bool       // an employee is beside the citizen
		entries []string
	}{
		"both, let in":  {let: true, people: []vdxsim.Attendance{host(on(9, 0), on(9, 12)), visitor(on(9, 1), on(9, 12))}, state: care.Completed, entries: []string{"planned Planlagt skærmbesøg", "result Gennemført skærmbesøg"}},
		"both":          {known: true, grade: care.Probable, people: []vdxsim.Attendance{host(on(9, 0), on(9, 12)), visitor(on(9, 1), on(9, 12))}, state: care.Completed, entries: []string{"planned Planlagt skærmbesøg", "result Gennemført skærmbesøg"}},
		"nobody asked":  {people: []vdxsim.Attendance{host(on(9, 0), on(9, 12)), visitor(on(9, 1), on(9, 12))}, state: care.RoomIsBooked, entries: []string{"planned Planlagt skærmbesøg"}},
		"host alone":    {people: []vdxsim.Attendance{host(on(9, 0), on(9, 12))}, state: care.NotCompleted, reason: care.CitizenAbsent, entries: []string{"planned Planlagt skærmbesøg", "result Ikke gennemført skærmbesøg"}},
		"citizen alone": {people: []vdxsim.Attendance{visitor(on(9, 0), on(9, 12))}, state: care.NotCompleted, reason: care.EmployeeAbsent, entries: []string{"planned Planlagt skærmbesøg", "result Ikke gennemført skærmbesøg"}},
		"too short":     {grade: care.Probable, people: []vdxsim.Attendance{host(on(9, 0), on(9, 12)), visitor(on(9, 1), on(9, 1).Add(20*time.Second))}, state: care.NotCompleted, reason: care.TooShort, entries: []string{"planned Planlagt skærmbesøg", "result Ikke gennemført skærmbesøg"}},
		"nobody":        {state: care.RoomIsBooked, entries: []string{"planned Planlagt skærmbesøg"}},
		"not at once":   {people: []vdxsim.Attendance{host(on(9, 0), on(9, 2)), visitor(on(9, 3), on(9, 5))}, state: care.RoomIsBooked, entries: []string{"planned Planlagt skærmbesøg"}},
		"no history":    {deaf: true, people: []vdxsim.Attendance{host(on(9, 0), on(9, 12)), visitor(on(9, 1), on(9, 12))}, state: care.RoomIsBooked, entries: []string{"planned Planlagt skærmbesøg"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := booked(t, []string{nancy}, []string{"A-1"}, func(s *setup) { s.deaf = c.deaf })
			r.meet(c.people...)

			before := care.RoomIsBooked
			if c.let {
				r.until(on(9, 0))
				r.enter().admit()

				before = care.Open
			}

			if c.known {
				r.known("A-1")
			}

			r.until(on(9, 29))

			if v := r.visit("A-1"); v.State != before {
				t.Errorf("%s before the grace is over", v.State)
			}

			r.until(on(11, 0))

			v := r.visit("A-1")
			if v.State != c.state || v.Outcome.Reason != c.reason || !slices.Equal(r.recorded("A-1"), c.entries) {
				t.Errorf("%s %s, record %q", v.State, v.Outcome.Reason, r.recorded("A-1"))
			}

			if c.state == care.RoomIsBooked {
				r.trouble("A-1", care.OutcomeTrouble)

				return
			}

			if v.Outcome.Grade != cmp.Or(c.grade, care.Certain) || v.Outcome.By != "system" || v.NeedsPerson() || r.vdx.Counts().RoomsLive != 0 {
				t.Errorf("%+v, %v", v.Outcome, v.Exceptions)
			}

			if c.state == care.Completed && (v.Outcome.Together != 11*time.Minute || !v.Outcome.Actual.Start.Equal(on(9, 1))) {
				t.Errorf("together %s from %s", v.Outcome.Together, v.Outcome.Actual.Start)
			}
		})
	}
}

// TestTheHistoryFails: what passes is waited for, what does not goes to a person.
func TestTheHistoryFails(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy}, []string{"A-1"})
	r.meet(host(on(9, 0), on(9, 12)), visitor(on(9, 1), on(9, 12)))
	r.known("A-1")
	must(t, r.vdx.Script(vdxsim.Fault{Kind: vdxsim.FaultUnavailable, Op: vdxsim.OpHistoryParticipant, Count: 4}))
	r.until(on(9, 40))

	if v := r.visit("A-1"); v.State != care.Completed {
		t.Errorf("%s, %v", v.State, v.Exceptions)
	}

	r = booked(t, []string{nancy}, []string{"A-1"})
	must(t, r.vdx.Script(vdxsim.Fault{Kind: vdxsim.FaultUnavailable, Op: vdxsim.OpHistoryParticipant, Count: 1000}))
	r.until(on(10, 25))

	if len(r.open("A-1")) != 0 {
		t.Errorf("asked too early: %v", r.open("A-1"))
	}

	r.until(on(10, 40))
	r.trouble("A-1", care.OutcomeTrouble)
}

// TestLetInButNotSeen: the record of the platform and our own do not agree, so a person says.
func TestLetInButNotSeen(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy}, []string{"A-1"})
	r.meet(host(on(9, 0), on(9, 12)))
	r.until(on(9, 1))
	r.enter().admit()
	r.until(on(10, 35))

	if v := r.visit("A-1"); v.State != care.Open {
		t.Errorf("%s", v.State)
	}

	r.trouble("A-1", care.OutcomeTrouble)
}

// TestAConversationThatGoesOn is not cut before the hard cap, and what it was is found out after it.
func TestAConversationThatGoesOn(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy}, []string{"A-1"})
	r.meet(host(on(9, 0), on(9, 50)), visitor(on(9, 1), on(9, 50)))
	r.until(on(9, 1))
	r.enter().admit()
	r.until(on(9, 45))

	if v := r.visit("A-1"); r.vdx.Counts().PeopleInside != 2 || v.State != care.Open || v.NeedsPerson() {
		t.Errorf("%d people, %s, %v", r.vdx.Counts().PeopleInside, v.State, v.Exceptions)
	}

	r.until(on(9, 55))

	if v := r.visit("A-1"); v.State != care.Completed || v.Outcome.Together != 49*time.Minute {
		t.Errorf("%s, %s", v.State, v.Outcome.Together)
	}
}

// TestTheCaregiverConcludes: their word is weighed against the platform's.
func TestTheCaregiverConcludes(t *testing.T) {
	t.Parallel()

	both := []vdxsim.Attendance{host(on(9, 0), on(9, 5)), visitor(on(9, 1), on(9, 5))}
	alone := both[:1]
	completed := scheduler.ConcludeRequest{Kind: care.ResultCompleted, Delivery: care.Screen, Known: care.StaffWay{Method: care.KnownToStaff, Check: care.KnewByFace}}
	phone := scheduler.ConcludeRequest{Kind: care.ResultCompleted, Delivery: care.ByPhone}
	absent := scheduler.ConcludeRequest{Kind: care.ResultNotCompleted, Reason: care.CitizenAbsent}

	for name, c := range map[string]struct {
		people  []vdxsim.Attendance
		deaf    bool
		request scheduler.ConcludeRequest
		state   care.VisitState
		first   care.Grade // until the platform's record is complete; empty: the same
		grade   care.Grade
		doubt   bool // the platform's full record says otherwise than the caregiver
		entry   string
	}{
		"both agree":              {people: both, request: completed, state: care.Completed, grade: care.Certain, entry: "result Gennemført skærmbesøg"},
		"absent, and so it looks": {people: alone, request: absent, state: care.NotCompleted, first: care.Manual, grade: care.Certain, entry: "result Ikke gennemført skærmbesøg"},
		"the platform disagrees":  {people: alone, request: completed, state: care.Completed, first: care.Manual, grade: care.Probable, doubt: true, entry: "result Gennemført skærmbesøg"},
		"no evidence":             {deaf: true, request: completed, state: care.Completed, grade: care.Manual, entry: "result Gennemført skærmbesøg"},
		"nobody was seen":         {request: absent, state: care.NotCompleted, grade: care.Manual, entry: "result Ikke gennemført skærmbesøg"},
		"by telephone":            {people: alone, request: phone, state: care.Completed, grade: care.Manual, entry: "result Telefonisk"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := booked(t, []string{nancy}, []string{"A-1"}, func(s *setup) { s.deaf = c.deaf })
			r.meet(c.people...)
			r.until(on(9, 10))
			must(t, r.Conclude(t.Context(), caregiver("MSK"), r.visit("A-1").ID, c.request))
			r.work()

			v := r.visit("A-1")
			if v.State != c.state || v.Outcome.Grade != cmp.Or(c.first, c.grade) || v.Outcome.By != "MSK" || v.Delivery != v.Outcome.Delivery {
				t.Errorf("%s, %+v", v.State, v.Outcome)
			}

			if got := r.recorded("A-1"); len(got) != 2 || got[1] != c.entry {
				t.Errorf("record %q", got)
			}

			refused(t, r.Conclude(t.Context(), caregiver("MSK"), v.ID, c.request), care.Conflict)
			r.until(on(11, 0))

			v = r.visit("A-1")
			if v.State != c.state || v.Outcome.Grade != c.grade || len(r.open("A-1")) != 0 != c.doubt || len(v.Former) != 0 {
				t.Errorf("later: %s, %+v, %v", v.State, v.Outcome, r.open("A-1"))
			}
		})
	}
}

// TestConcludeRefuses what makes no sense, and whoever may not.
func TestConcludeRefuses(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy}, []string{"A-1"})
	id := r.visit("A-1").ID
	completed := scheduler.ConcludeRequest{Kind: care.ResultCompleted, Delivery: care.Screen}

	refused(t, r.Conclude(t.Context(), caregiver("MSK"), id, completed), care.Conflict) // not begun
	refused(t, r.Conclude(t.Context(), caregiver("MSK"), id, scheduler.ConcludeRequest{}), care.Invalid)
	refused(t, r.Conclude(t.Context(), caregiver("MSK"), id, scheduler.ConcludeRequest{Kind: care.ResultNotCompleted}), care.Invalid)
	refused(t, r.Conclude(t.Context(), caregiver("MSK"), id, scheduler.ConcludeRequest{Kind: care.ResultNotCompleted, Reason: "fri tekst om borgeren"}), care.Invalid)
	refused(t, r.Conclude(t.Context(), actor("ADMIN", care.Administrator), id, completed), care.Forbidden)
	refused(t, r.Conclude(t.Context(), actor("X", care.Caregiver, "vest"), id, completed), care.Forbidden)
	refused(t, r.Conclude(t.Context(), caregiver("MSK"), "unknown", completed), care.NotFound)
}

// TestTurnedPhysical by the caregiver: the record has its category back.
func TestTurnedPhysical(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy}, []string{"A-1"})
	must(t, r.Conclude(t.Context(), caregiver("MSK"), r.visit("A-1").ID, scheduler.ConcludeRequest{Physical: true}))
	r.work()

	if v := r.visit("A-1"); v.State != care.Reverted || v.Delivery != care.Physical {
		t.Errorf("%s", v.State)
	}

	if got := r.recorded("A-1"); len(got) != 2 || got[1] != "restored Planlagt besøg" {
		t.Errorf("record %q", got)
	}
}

// TestThePlannerAnswersTheQuestion that evidence left open.
func TestThePlannerAnswersTheQuestion(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy}, []string{"A-1"})
	r.until(on(10, 10))
	r.trouble("A-1", care.OutcomeTrouble)
	must(t, r.Conclude(t.Context(), planner(), r.visit("A-1").ID, scheduler.ConcludeRequest{Kind: care.ResultNotCompleted, Reason: care.TechnicalFault}))
	r.work()

	if v := r.visit("A-1"); v.NeedsPerson() || v.State != care.NotCompleted || v.Outcome.Reason != care.TechnicalFault {
		t.Errorf("%s %s, %v", v.State, v.Outcome.Reason, v.Exceptions)
	}
}

// TestCategoriesByLaw: a category, a comment alone, or other words, as the municipality says per law.
func TestCategoriesByLaw(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy, kaja, niels}, []string{"A-1", "A-3", "A-4"}, func(s *setup) { s.deaf = true })
	r.until(on(12, 0))

	for _, s := range []string{"A-1", "A-3", "A-4"} {
		must(t, r.Conclude(t.Context(), planner(), r.visit(s).ID, scheduler.ConcludeRequest{Kind: care.ResultNotCompleted, Reason: care.CitizenAbsent}))
	}

	r.work()

	for source, want := range map[string][]string{
		"A-1": {"planned Planlagt skærmbesøg", "result Ikke gennemført skærmbesøg"},
		"A-3": {"planned ", "result "}, // SEL § 83 by comment alone
		"A-4": {"planned Video", "result Video aflyst"},
	} {
		if got := r.recorded(source); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", source, got, want)
		}
	}
}

// TestARefusedEntry is on the list with a sentence and a retry; later entries wait for nobody, and
// what is overtaken never comes after.
func TestARefusedEntry(t *testing.T) {
	t.Parallel()

	t.Run("retried", func(t *testing.T) {
		t.Parallel()

		r := newRig(t)
		r.load(list(nancy))
		must(t, r.fhir.Reject(fhirsim.Refusal{Text: "nej"}))
		r.convert("A-1")

		e := r.trouble("A-1", care.EntryTrouble)
		if !e.Retry || len(r.recorded("A-1")) != 0 {
			t.Errorf("%+v, %q", e, r.recorded("A-1"))
		}

		r.fhir.Forgive()
		must(t, r.Retry(t.Context(), planner(), r.visit("A-1").ID, e.ID))
		r.work()

		if len(r.open("A-1")) != 0 || !slices.Equal(r.recorded("A-1"), []string{"planned Planlagt skærmbesøg"}) {
			t.Errorf("%v, %q", r.open("A-1"), r.recorded("A-1"))
		}
	})

	t.Run("overtaken by the result", func(t *testing.T) {
		t.Parallel()

		r := newRig(t)
		r.load(list(nancy))
		must(t, r.fhir.Reject(fhirsim.Refusal{Text: "nej", Count: 1}))
		r.convert("A-1")
		e := r.trouble("A-1", care.EntryTrouble)

		must(t, r.Conclude(t.Context(), planner(), r.visit("A-1").ID, scheduler.ConcludeRequest{Kind: care.ResultNotCompleted, Reason: care.Hospitalised}))
		r.work()
		must(t, r.Retry(t.Context(), planner(), r.visit("A-1").ID, e.ID))
		r.work()

		if got := r.recorded("A-1"); !slices.Equal(got, []string{"result Ikke gennemført skærmbesøg"}) || len(r.open("A-1")) != 0 {
			t.Errorf("%q, %v", got, r.open("A-1"))
		}
	})

	t.Run("the result is refused", func(t *testing.T) {
		t.Parallel()

		r := booked(t, []string{nancy}, []string{"A-1"})
		must(t, r.fhir.Reject(fhirsim.Refusal{Text: "nej", Count: 1}))
		must(t, r.Conclude(t.Context(), planner(), r.visit("A-1").ID, scheduler.ConcludeRequest{Kind: care.ResultNotCompleted, Reason: care.Hospitalised}))
		r.work()

		e := r.trouble("A-1", care.EntryTrouble)
		must(t, r.Retry(t.Context(), planner(), r.visit("A-1").ID, e.ID))
		r.work()

		if got := r.recorded("A-1"); len(got) != 2 || got[1] != "result Ikke gennemført skærmbesøg" {
			t.Errorf("%q", got)
		}
	})
}

// TestEntriesGoInOrder: the result waits until the record has answered about the plan.
func TestEntriesGoInOrder(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	r.load(list(nancy))
	must(t, r.fhir.Script(fhirsim.Fault{Kind: fhirsim.FaultUnavailable, Op: fhirsim.OpAny, Count: 20}))
	r.convert("A-1")
	must(t, r.Conclude(t.Context(), planner(), r.visit("A-1").ID, scheduler.ConcludeRequest{Kind: care.ResultNotCompleted, Reason: care.Hospitalised}))
	r.until(r.clock.Now().Add(30 * time.Minute))

	if got := r.recorded("A-1"); !slices.Equal(got, []string{"planned Planlagt skærmbesøg", "result Ikke gennemført skærmbesøg"}) || len(r.open("A-1")) != 0 {
		t.Errorf("%q, %v", got, r.open("A-1"))
	}
}

// TestAnEntryWhoseAnswerIsLost while the visit is undone, converted and undone again: the record
// ends as it began.
func TestAnEntryWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()

	for _, again := range []bool{false, true} {
		r := newRig(t)
		r.load(list(nancy))
		_, err := r.Convert(t.Context(), planner(), scheduler.ConvertRequest{Visits: r.ids("A-1")})
		must(t, err)
		must(t, r.runOne(scheduler.BookRoomJob))
		must(t, r.fhir.Script(fhirsim.Fault{Kind: fhirsim.FaultResetAfter, Op: fhirsim.OpAny, Count: 6}))
		_ = r.runOne(scheduler.WriteEntryJob)
		must(t, r.MakePhysical(t.Context(), planner(), r.visit("A-1").ID))

		if again {
			_, err = r.Convert(t.Context(), planner(), scheduler.ConvertRequest{Visits: r.ids("A-1")})
			must(t, err)
			r.work()
			must(t, r.MakePhysical(t.Context(), planner(), r.visit("A-1").ID))
		}

		r.until(r.clock.Now().Add(10 * time.Minute))

		if got := r.recorded("A-1"); len(got) > 0 && got[len(got)-1] != "restored Planlagt besøg" {
			t.Errorf("converted again %t: record %q\n%s", again, got, strings.Join(r.jobs.ran, "\n"))
		}
	}
}

// TestIntoTheFile: the list comes back with category and comment changed, and with both restored.
func TestIntoTheFile(t *testing.T) {
	t.Parallel()

	var journal *file.Journal

	r := newRig(t, intoFile(&journal))
	original := sample(t, "koreliste-dag.csv")
	record := r.load(original)
	r.convert("KL-1001", "KL-1008")
	must(t, r.MakePhysical(t.Context(), planner(), r.visit("KL-1008").ID))
	r.work()

	out, err := journal.Output(t.Context(), record.Kept)
	must(t, err)

	was, is := bytes.Split(original.Data, []byte("\r\n")), bytes.Split(out.Data, []byte("\r\n"))
	if len(was) != len(is) {
		t.Fatalf("%d lines, were %d", len(is), len(was))
	}

	for i := range was {
		switch changed := !bytes.Equal(was[i], is[i]); {
		case bytes.Contains(was[i], []byte("KL-1001")) != changed:
			t.Errorf("line %d: %s → %s", i+1, was[i], is[i])
		case changed && !bytes.Contains(is[i], []byte("Planlagt skærmbesøg")):
			t.Errorf("line %d: %s", i+1, is[i])
		}
	}

	if again := r.load(original); again.New+again.Moved+again.Changed+again.Gone != 0 {
		t.Errorf("the same list again: %+v", figuresOf(again))
	}
}
