package scheduler_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/holiday"
)

// following is a municipality that follows up: a quarter of an hour to the call, an hour to the
// physical visit back on the list.
func following(mode scheduler.FollowUpMode) change {
	return func(s *setup) {
		days, _ := holiday.New()

		s.set.FollowUp = scheduler.FollowUpSettings{
			Default: scheduler.FollowUpRule{
				Mode: mode, Causes: []care.ReasonCode{care.CitizenAbsent, care.EmployeeAbsent, care.TechnicalFault, care.TooShort},
				CallWithin: 15 * time.Minute, VisitWithin: time.Hour, Tell: []care.Email{care.NewEmail("team@testby.example")},
			},
			Ladders: []scheduler.Ladder{
				{Days: []scheduler.DayKind{scheduler.Holiday}, Steps: []scheduler.EscalationStep{{Who: "Helligdagsvagten", Mail: []care.Email{care.NewEmail("helligdag@testby.example")}}}},
				{Shifts: []care.Shift{care.DayShift}, Steps: []scheduler.EscalationStep{
					{Who: "Teamet"},
					{After: 10 * time.Minute, Who: "Vagttelefonen", Phone: "89 00 00 01", Mail: []care.Email{care.NewEmail("vagt@testby.example"), care.NewEmail("leder@testby.example")}},
				}},
			},
			Travel: 5 * time.Minute, Holiday: days.On,
		}
	}
}

// missed is a morning on which the employee waited for the citizen, at a quarter to ten.
func missed(t *testing.T, mode scheduler.FollowUpMode, changes ...change) *rig {
	t.Helper()

	r := booked(t, []string{nancy, kaja}, []string{"A-1"}, append([]change{following(mode)}, changes...)...)
	r.meet(host(on(9, 0), on(9, 12)))

	for r.clock.Now().Before(on(12, 0)) {
		if _, open := r.visit("A-1").OpenFollowUp(); open {
			return r
		}

		r.until(r.clock.Now().Add(time.Minute))
	}

	t.Fatalf("nothing is followed up: %s\n%s", r.visit("A-1").State, strings.Join(r.jobs.ran, "\n"))

	return nil
}

// followed returns the newest follow-up of the first visit.
func (r *rig) followed() care.FollowUp {
	r.tb.Helper()

	all := r.visit("A-1").FollowUps
	if len(all) == 0 {
		r.tb.Fatal("there is no follow-up")
	}

	return all[len(all)-1]
}

// follow does one thing about the follow-up of the first visit.
func (r *rig) follow(actor care.Actor, action scheduler.FollowUpAction) error {
	r.tb.Helper()

	return r.FollowUp(r.tb.Context(), actor, scheduler.FollowUpRequest{Visit: r.visit("A-1").ID, FollowUp: r.followed().ID, Action: action})
}

// letters are who got a letter about a follow-up, and nothing of whom it is about may stand in it.
func (r *rig) letters() []string {
	r.tb.Helper()

	var to []string

	for _, l := range r.mail.Letters() {
		if !strings.Contains(l.Text, "opfølgning") {
			continue
		}

		if strings.Contains(l.Text+l.Subject, "Nancy") || strings.Contains(l.Text+l.Subject, "2512") || !strings.Contains(l.Text, "https://skaerm.testby.dk/opfoelgning") {
			r.tb.Errorf("the letter says %q %q", l.Subject, l.Text)
		}

		to = append(to, l.Receivers...)
	}

	return to
}

// TestNobodyCalls: the record has a visit by telephone at once, people are told step by step, and the
// physical visit is back on the list within the hour.
func TestNobodyCalls(t *testing.T) {
	t.Parallel()

	r := missed(t, scheduler.AutomaticFollowUp)
	r.work()

	f := r.followed()
	if f.Stage != care.FollowUpCalling || f.Cause != care.CitizenAbsent || !r.visit("A-1").ToCall() {
		t.Fatalf("%+v, %s", f, r.visit("A-1").State)
	}

	if got, want := r.recorded("A-1"), []string{"planned Planlagt skærmbesøg", "planned Telefonisk"}; !slices.Equal(got, want) {
		t.Errorf("the record has %q", got)
	}

	if n := len(r.sent("A-1")); n != 1 {
		t.Errorf("the citizen got %d messages; somebody calls", n)
	}

	r.until(f.CallBy.Add(time.Minute))

	if e := r.trouble("A-1", care.FollowUpTrouble); !strings.Contains(e.Text, "Teamet") {
		t.Errorf("the planner reads %q", e.Text)
	}

	r.until(f.CallBy.Add(11 * time.Minute))

	if e := r.trouble("A-1", care.FollowUpTrouble); !strings.Contains(e.Text, "Vagttelefonen") {
		t.Errorf("the planner reads %q", e.Text)
	}

	if diff := cmp.Diff([]string{"team@testby.example", "vagt@testby.example", "leder@testby.example"}, r.letters()); diff != "" {
		t.Error(diff)
	}

	r.until(f.VisitBy)

	f, v := r.followed(), r.visit("A-1")
	if f.Stage != care.FollowUpReturning || f.BackAt.IsZero() || f.BackAt.After(f.VisitBy) || v.State != care.Reverted || v.Delivery != care.Physical {
		t.Fatalf("%+v, %s", f, v.State)
	}

	if got := r.recorded("A-1"); got[len(got)-1] != "restored Planlagt besøg" || len(got) != 3 {
		t.Errorf("the record has %q", got)
	}

	must(t, r.follow(caregiver("MSK"), scheduler.FollowUpTake))

	if f := r.followed(); f.Stage != care.FollowUpPlaced || len(r.open("A-1")) != 0 {
		t.Errorf("%+v %+v", f, r.open("A-1"))
	}

	must(t, r.follow(caregiver("MSK"), scheduler.FollowUpRelease))

	if f := r.followed(); f.Stage != care.FollowUpReturning || f.TakenBy != "" {
		t.Errorf("taken back: %+v", f)
	}
}

// TestTalkedInstead: one result stands in the record, that of a visit by telephone.
func TestTalkedInstead(t *testing.T) {
	t.Parallel()

	for _, mode := range []scheduler.FollowUpMode{scheduler.AutomaticFollowUp, scheduler.AskFollowUp} {
		r := missed(t, mode)
		r.work()

		before := []string{"planned Planlagt skærmbesøg", "planned Telefonisk"}
		if mode == scheduler.AskFollowUp {
			before = before[:1]
		}

		if got := r.recorded("A-1"); !slices.Equal(got, before) {
			t.Errorf("%s: the record has %q", mode, got)
		}

		must(t, r.follow(caregiver("MSK"), scheduler.FollowUpTake))
		refused(t, r.follow(planner(), scheduler.FollowUpTake), care.Conflict)
		must(t, r.follow(caregiver("MSK"), scheduler.FollowUpTalked))
		refused(t, r.follow(caregiver("MSK"), scheduler.FollowUpTalked), care.Conflict)
		r.until(on(12, 0))

		v := r.visit("A-1")
		if v.State != care.Completed || v.Delivery != care.ByPhone || r.followed().Stage != care.FollowUpTalked || v.NeedsPerson() {
			t.Errorf("%s: %s %s %+v", mode, v.State, v.Delivery, r.followed())
		}

		if got := r.recorded("A-1"); !slices.Equal(got, append(before, "result Telefonisk")) {
			t.Errorf("%s: the record has %q", mode, got)
		}

		if got := r.letters(); !slices.Equal(got, []string{"team@testby.example"}) {
			t.Errorf("%s: letters to %q", mode, got)
		}
	}
}

// TestAskedFirst: nothing happens by itself, and each answer does what it says.
func TestAskedFirst(t *testing.T) {
	t.Parallel()

	r := missed(t, scheduler.AskFollowUp)
	r.until(on(11, 30))

	f := r.followed()
	if f.Stage != care.FollowUpAsked || !slices.Equal(r.recorded("A-1"), []string{"planned Planlagt skærmbesøg"}) {
		t.Fatalf("%+v %q", f, r.recorded("A-1"))
	}

	r.trouble("A-1", care.FollowUpTrouble)
	must(t, r.follow(planner(), scheduler.FollowUpVisit))
	r.work()

	if got := r.recorded("A-1"); got[len(got)-1] != "restored Planlagt besøg" || len(got) != 2 || len(r.vdx.Rooms()) != 0 && r.vdx.Counts().RoomsLive != 0 {
		t.Errorf("the record has %q", got)
	}

	// It was the wrong button: they call all the same, do not reach anybody, and it goes back again.
	must(t, r.follow(planner(), scheduler.FollowUpUndo))
	r.work()

	if f := r.followed(); f.Stage != care.FollowUpCalling || f.TakenBy != "PLAN" || !r.visit("A-1").ToCall() {
		t.Fatalf("%+v", f)
	}

	must(t, r.follow(planner(), scheduler.FollowUpNobody))
	r.work()

	want := []string{"planned Planlagt skærmbesøg", "restored Planlagt besøg", "planned Telefonisk", "restored Planlagt besøg"}
	if got := r.recorded("A-1"); !slices.Equal(got, want) {
		t.Errorf("the record has %q", got)
	}

	if f := r.followed(); f.TriedBy != "PLAN" || f.TakenBy != "" || f.BackAt.IsZero() {
		t.Errorf("%+v", f)
	}
}

// TestNotNeeded: the visit ends with the outcome that it had.
func TestNotNeeded(t *testing.T) {
	t.Parallel()

	r := missed(t, scheduler.AutomaticFollowUp)
	must(t, r.follow(planner(), scheduler.FollowUpNone))
	r.work()

	v := r.visit("A-1")
	if v.State != care.NotCompleted || v.Outcome.Reason != care.CitizenAbsent || r.followed().Stage != care.FollowUpDropped {
		t.Errorf("%s %+v", v.State, r.followed())
	}

	if got := r.recorded("A-1"); got[len(got)-1] != "result Ikke gennemført skærmbesøg" {
		t.Errorf("the record has %q", got)
	}
}

// TestWordOfTheCaregiver starts the follow-up at once, also where the rule asks; who has no
// telephone gets the physical visit without a call, and other causes need none.
func TestWordOfTheCaregiver(t *testing.T) {
	t.Parallel()

	word := func(r *rig, reason care.ReasonCode) {
		r.until(on(9, 6))
		must(t, r.Conclude(t.Context(), caregiver("MSK"), r.visit("A-1").ID, scheduler.ConcludeRequest{Kind: care.ResultNotCompleted, Delivery: care.Screen, Reason: reason}))
		r.work()
	}

	r := booked(t, []string{nancy}, []string{"A-1"}, following(scheduler.AskFollowUp))
	word(r, care.TechnicalFault)

	if f := r.followed(); f.Stage != care.FollowUpCalling || f.CausedBy != "MSK" || f.Grade != care.Manual {
		t.Errorf("%+v", f)
	}

	word(r, care.CitizenAbsent) // on the visit's own page: not reached by telephone either

	if f := r.followed(); f.Stage != care.FollowUpReturning || f.TriedBy != "MSK" || f.Cause != care.TechnicalFault {
		t.Errorf("%+v", f)
	}

	r = booked(t, []string{nancy}, []string{"A-1"}, following(scheduler.AutomaticFollowUp))
	word(r, care.Hospitalised)

	if v := r.visit("A-1"); v.State != care.NotCompleted || len(v.FollowUps) != 0 {
		t.Errorf("%s %+v", v.State, v.FollowUps)
	}

	bo := with(vester, colID, "A-1")
	r = newRig(t, following(scheduler.AutomaticFollowUp))
	r.load(list(with(with(bo, colStart, "09:00"), colEnd, "09:15")))
	r.convert("A-1")
	word(r, care.CitizenAbsent)

	if f := r.followed(); f.Stage != care.FollowUpReturning || !f.CallBy.IsZero() || f.BackAt.IsZero() {
		t.Errorf("%+v", f)
	}
}

// TestElsewhere: whatever somebody does to the visit on another page, the follow-up follows.
func TestElsewhere(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		mode scheduler.FollowUpMode
		act  func(r *rig, id care.VisitID) error
		want care.FollowUpStage
	}{
		"cancelled": {scheduler.AutomaticFollowUp, func(r *rig, id care.VisitID) error {
			return r.CancelVisit(r.tb.Context(), planner(), id, care.CancelledCitizen)
		}, care.FollowUpDropped},
		"made physical": {scheduler.AutomaticFollowUp, func(r *rig, id care.VisitID) error { return r.MakePhysical(r.tb.Context(), planner(), id) }, care.FollowUpReturning},
		"called":        {scheduler.AskFollowUp, func(r *rig, id care.VisitID) error { return r.CallInstead(r.tb.Context(), planner(), id) }, care.FollowUpCalling},
		"held all the same": {scheduler.AskFollowUp, func(r *rig, id care.VisitID) error {
			r.known("A-1")

			return r.Conclude(r.tb.Context(), planner(), id, scheduler.ConcludeRequest{Kind: care.ResultCompleted, Delivery: care.Screen})
		}, care.FollowUpDropped},
		"gone from the list": {scheduler.AutomaticFollowUp, func(r *rig, id care.VisitID) error {
			if err := r.MakePhysical(r.tb.Context(), planner(), id); err != nil {
				return err
			}

			r.load(list(kaja))

			return nil
		}, care.FollowUpDropped},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := missed(t, c.mode)
			must(t, c.act(r, r.visit("A-1").ID))

			if f := r.followed(); f.Stage != c.want || f.Stage.Open() == !f.EndedAt.IsZero() {
				t.Errorf("%+v", f)
			}
		})
	}
}

// TestFollowUpList: whoever may act sees it, with the card's facts and a way to drive.
func TestFollowUpList(t *testing.T) {
	t.Parallel()

	r := missed(t, scheduler.AskFollowUp, func(s *setup) { s.vdx = vdxsim.Options{Calm: true, Strict: true} })
	row := func(id, start, end string) string {
		return with(with(with(with(bruno, colID, id), colStart, start), colEnd, end), colStaff, "TKR")
	}
	r.load(list(nancy, kaja, row("B-1", "09:00", "09:40"), row("B-2", "10:30", "11:00"), row("B-3", "12:00", "12:30")))

	got, err := r.FollowUps(t.Context(), caregiver("MSK"))
	must(t, err)

	if len(got.Open) != 1 || len(got.Ended) != 0 {
		t.Fatalf("%+v", got)
	}

	f := got.Open[0]
	if c := f.Card; c.Name != "Nancy Ann Berggren" || c.Cause != care.CitizenAbsent || c.Phone.IsZero() || c.Risk != "" || !c.Planned.Start.Equal(on(9, 0)) {
		t.Errorf("card %+v", c)
	}

	if f.Next == nil || f.Next.Who != "Teamet" || !f.Next.At.Equal(f.CallBy) || f.Late(got.Now) {
		t.Errorf("next %+v", f.Next)
	}

	if len(f.Openings) != 1 || f.Openings[0].Employee != "TKR" || !f.Openings[0].Gap.End.Equal(on(10, 30)) {
		t.Errorf("openings %+v", f.Openings)
	}

	mine, err := r.MyFollowUps(t.Context(), caregiver("MSK"))
	must(t, err)

	others, err := r.MyFollowUps(t.Context(), caregiver("TKR"))
	must(t, err)

	if len(mine) != 1 || len(others) != 0 {
		t.Errorf("mine %d, others' %d", len(mine), len(others))
	}

	if got, err := r.FollowUps(t.Context(), planner("vest")); err != nil || len(got.Open) != 0 {
		t.Errorf("another unit sees %+v, %v", got.Open, err)
	}

	_, err = r.FollowUps(t.Context(), actor("ADM", care.Administrator))
	refused(t, err, care.Forbidden)
	refused(t, r.follow(planner("vest"), scheduler.FollowUpTake), care.Forbidden)
}

// TestRisk: a list's column sets the group, a planner changes it, and the next list without the
// column leaves it alone.
func TestRisk(t *testing.T) {
	t.Parallel()

	r := missed(t, scheduler.AskFollowUp)
	citizen := r.visit("A-1").Facts.Citizen

	group := func() care.Risk {
		got, err := r.FollowUps(t.Context(), planner())
		must(t, err)

		return got.Open[0].Card.Risk
	}

	must(t, r.SetRisk(t.Context(), planner(), citizen, care.HighRisk))
	r.load(list(with(nancy, colMail, "nancy@borger.example"), kaja))

	if got := group(); got != care.HighRisk {
		t.Errorf("after a list without the column: %q", got)
	}

	f := list(with(nancy, colMail, "ny@borger.example")+"middel", kaja)
	f.Data = []byte(strings.Replace(strings.Replace(string(f.Data), ";Egnet\n", ";Egnet;Risikogruppe\n", 1), "besøg;;middel", "besøg;;;middel", 1))
	r.load(f)

	if got := group(); got != care.MediumRisk {
		t.Errorf("after a list with the column: %q", got)
	}

	refused(t, r.SetRisk(t.Context(), planner(), citizen, "ekstrem"), care.Invalid)
	refused(t, r.SetRisk(t.Context(), caregiver("MSK"), citizen, care.LowRisk), care.Forbidden)
}
