package scheduler_test

import (
	"strings"
	"testing"

	"github.com/sluse/sluse/connector/eid/oidc/oidcsim"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/fhir"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// localList is a driving list that has the record's own ids, and says whose address is protected. The
// rows' two last columns are those.
func localList(rows ...string) ehr.File {
	f := list(rows...)
	f.Data = []byte(strings.Replace(string(f.Data), "Egnet\n", "Egnet;Borger-id;Beskyttet adresse\n", 1))

	return f
}

// amina has no CPR number.
const amina = "23-11-2026;09:00;09:15;A-1;MSK;Øst dag;;Amina;20000033;;Medicinadministration;SUL §138;Planlagt besøg;;;B-17;"

// TestCitizenWithoutNumber: somebody without a CPR number is planned, invited, identified, recorded and
// counted like everybody else (C01). Only the login is missing: there is nothing to compare it with.
func TestCitizenWithoutNumber(t *testing.T) {
	t.Parallel()

	l := withLogins(t)
	l.load(localList(with(with(amina, colID, "A-9"), colStart, "09:05")))
	l.convert("A-9")

	if v := l.visit("A-9"); v.State != care.RoomIsBooked {
		t.Fatalf("%s: %v", v.State, v.Exceptions)
	}

	g := l.come("A-9")

	view, err := l.Lounge(t.Context(), g.token)
	if err != nil || len(view.Providers) != 0 || view.CodeLeft == 0 || !strings.HasSuffix(view.PhoneHint, "33") {
		t.Fatalf("the citizen is offered %+v, %v", view, err)
	}

	_, err = l.StartLogin(t.Context(), g.token, "mitid", scheduler.LoginOptions{})
	refused(t, err, care.Forbidden)

	g.ask()
	must(t, g.EnterCode(t.Context(), g.token, g.code()))
	g.admit()
	l.until(on(9, 14))
	must(t, l.Conclude(t.Context(), caregiver("MSK"), l.visit("A-9").ID, scheduler.ConcludeRequest{Kind: care.ResultCompleted, Delivery: care.Screen}))
	l.work()

	if v := l.visit("A-9"); v.State != care.Completed || v.NeedsPerson() {
		t.Errorf("%s: %v", v.State, v.Exceptions)
	}

	got, ok := l.fhir.Visit(fhir.VisitIdentifier(l.visit("A-9").Source))
	if !ok || got.Entries[len(got.Entries)-1].Kind != "result" {
		t.Errorf("the record has %+v", got.Entries)
	}

	figures, err := l.Statistics(t.Context(), leader(), scheduler.StatisticsQuery{From: theDay, To: theDay})
	if err != nil || figures.Value(figures.Total, "listed").Number != 2 || figures.Value(figures.Total, "completed").Number != 1 {
		t.Errorf("counted %+v, %v", figures.Total, err)
	}
}

// TestNumberTurnsUp: a list that brings a number for somebody who stood without one makes neither a new
// citizen nor a numbered one; an employee does.
func TestNumberTurnsUp(t *testing.T) {
	t.Parallel()

	l := withLogins(t)
	row := with(with(amina, colID, "A-9"), colStart, "09:05")
	numbered := with(row, colCPR, "250947-9989") // Bruno's
	l.load(localList(row))
	l.convert("A-9")

	citizen := l.visit("A-9").Facts.Citizen
	p := l.preview(localList(numbered))

	if len(p.List.Problems) == 0 || !strings.Contains(p.List.Problems[len(p.List.Problems)-1].Text, "borgerens kort") || p.Changes[0].Kind != scheduler.ChangeNone {
		t.Errorf("the planner reads %+v, %+v", p.List.Problems, p.Changes)
	}

	if record := l.load(localList(numbered)); record.Problems[len(record.Problems)-1].Line != 2 {
		t.Errorf("the import says %+v", record.Problems)
	}

	same := func(when string) {
		t.Helper()

		if v := l.visit("A-9"); v.Facts.Citizen != citizen || v.State != care.RoomIsBooked || v.NeedsPerson() {
			t.Errorf("%s: %s of %s, %+v", when, v.State, v.Facts.Citizen, v.Exceptions)
		}
	}
	same("a number turned up")

	if outcome := l.asBruno(t); outcome != "refused" {
		t.Errorf("a number that nobody confirmed: %s", outcome)
	}

	give := func(who care.Actor, number, reason string) error {
		return l.GiveNumber(t.Context(), who, citizen, scheduler.NumberRequest{Number: number, Reason: reason})
	}
	refused(t, give(caregiver("MSK"), "250947-9989", "Set i journalen"), care.Forbidden)
	refused(t, give(planner(), "4711", "Set i journalen"), care.Invalid)
	refused(t, give(planner(), "250947-9989", ""), care.Invalid)
	refused(t, give(planner(), "251248-9996", "Set i journalen"), care.Conflict) // Nancy's
	must(t, give(planner(), "250947-9989", "Set i journalen"))
	refused(t, give(planner(), "250947-9989", "Set i journalen"), care.Conflict)

	for _, c := range []struct{ name, list string }{{"either", numbered}, {"the id alone", row}, {"the number alone", with(numbered, 15, "")}} {
		if p := l.preview(localList(c.list)); p.Changes[0].Kind != scheduler.ChangeNone || p.Changes[0].Key.CPR.IsZero() {
			t.Errorf("%s: %+v", c.name, p.Changes)
		}

		l.load(localList(c.list))
		same(c.name)
	}

	if outcome := l.asBruno(t); outcome != string(scheduler.LoginIdentified) {
		t.Errorf("with the number the citizen is %s", outcome)
	}
}

// asBruno comes to the visit and tries to log in as Bruno.
func (l *logins) asBruno(t *testing.T) string {
	t.Helper()

	g := l.come("A-9")

	if _, err := l.StartLogin(t.Context(), g.token, "mitid", scheduler.LoginOptions{}); err != nil {
		return "refused"
	}

	outcome, err := l.login(t, g.token, oidcsim.Login{Person: "bruno"})
	must(t, err)

	return string(outcome)
}

// TestTwoWithoutNumber: the same name and telephone are no reason to be one person.
func TestTwoWithoutNumber(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	other := with(with(with(amina, colID, "A-2"), colStart, "10:00"), colEnd, "10:15")
	r.load(localList(amina, with(other, 15, "B-18")))

	if r.visit("A-1").Facts.Citizen == r.visit("A-2").Facts.Citizen {
		t.Error("two ids are one citizen")
	}

	r.load(localList(amina, with(other, 15, "B-17")))

	if r.visit("A-1").Facts.Citizen != r.visit("A-2").Facts.Citizen {
		t.Error("one id is two citizens")
	}
}

// TestNumberOfSomebodyElse: a number that is known already counts, and the planner is told.
func TestNumberOfSomebodyElse(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	r.load(localList(amina, bruno+";;"))
	was := r.visit("A-1").Facts.Citizen

	numbered := with(amina, colCPR, "250947-9989")

	p := r.preview(localList(numbered, bruno+";;"))
	if text := p.List.Problems[len(p.List.Problems)-1].Text; !strings.Contains(text, "to forskellige borgere") {
		t.Errorf("the planner reads %q", text)
	}

	r.load(localList(numbered, bruno+";;"))

	if now := r.visit("A-1").Facts.Citizen; now == was || now != r.visit("A-2").Facts.Citizen {
		t.Errorf("%s, was %s", now, was)
	}
}

// TestProtectedByList: a list that says so hides the address, and one that says it no longer lifts
// nothing: an employee does, and only while no list says it.
func TestProtectedByList(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	row := func(protected string) string { return nancy + ";;" + protected }
	protected := func() bool {
		t.Helper()

		setting, err := r.CitizenIdentity(t.Context(), planner(), r.visit("A-1").Facts.Citizen)
		must(t, err)

		return setting.Protected
	}

	r.load(localList(row("nej")))

	if protected() {
		t.Error("protected from the start")
	}

	if p := r.preview(localList(row("ja"))); !strings.Contains(strings.Join(p.Changes[0].What, ", "), "adresse er beskyttet") {
		t.Errorf("the planner reads %q", p.Changes[0].What)
	}

	r.load(localList(row("ja")))

	if !protected() {
		t.Error("not protected")
	}

	r.load(localList(row("nej")))
	r.load(list(nancy))

	citizen := r.visit("A-1").Facts.Citizen
	must(t, r.StopAccess(t.Context(), planner(), citizen, scheduler.StopRequest{Reason: "Aftalt"})) // touches the setting

	if !protected() {
		t.Error("the protection was lifted by a list")
	}

	must(t, r.SetIdentity(t.Context(), planner(), citizen, scheduler.IdentityRequest{Reason: "Ophørt i CPR"}))
	r.load(localList(row("")))

	if protected() {
		t.Error("an employee could not lift it")
	}

	// One of the citizen's rows is enough.
	r.load(localList(row(""), with(with(with(nancy, colID, "A-2"), colStart, "10:00"), colEnd, "10:15")+";;1"))

	if !protected() {
		t.Error("the second row did not count")
	}
}
