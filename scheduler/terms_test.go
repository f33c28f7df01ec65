package scheduler_test

import (
	"strings"
	"testing"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// answer says yes or no to the terms that count.
func (g *person) answer(yes bool) {
	g.tb.Helper()

	ctx := scheduler.WithOrigin(g.tb.Context(), scheduler.Origin{Address: "192.0.2.7"})
	must(g.tb, g.AnswerTerms(ctx, g.token, scheduler.TermsRequest{Version: care.TermsNow, Lang: "tr", Accepted: yes}))
}

// stage tells which page the session is at.
func (g *person) stage() scheduler.CitizenStage {
	g.tb.Helper()

	view, err := g.Lounge(g.tb.Context(), g.token)
	must(g.tb, err)

	return view.Stage
}

// TestTermsComeBeforeTheWaitingRoom: who has not said yes is not let in and gets no link; a no can be
// thought over; the caregiver is told; an answer to an older wording is none.
func TestTermsComeBeforeTheWaitingRoom(t *testing.T) {
	t.Parallel()

	r := atTheDoor(t)
	id := r.visit("A-1").ID
	who := r.join(other(care.Interpreter, 32))
	g := r.participant(who, "+4520000132")

	early := scheduler.TermsRequest{Version: care.TermsNow, Lang: "da", Accepted: true}
	refused(t, r.AnswerTerms(t.Context(), g.token, early), care.Conflict) // who are they?

	g.identify()

	if g.stage() != scheduler.StageTerms {
		t.Errorf("the session is at %s", g.stage())
	}

	letIn := func() error { return r.Admit(t.Context(), caregiver("MSK"), id, g.admissionOf(id).ID, true) }
	refused(t, letIn(), care.Conflict)
	refused(t, r.AnswerTerms(t.Context(), g.token, scheduler.TermsRequest{Version: care.TermsNow + 1, Lang: "da", Accepted: true}), care.Conflict)

	g.answer(false)
	refused(t, letIn(), care.Conflict)

	if g.stage() != scheduler.StageDeclined || !r.visit("A-1").Awaits(care.CitizenTrouble) {
		t.Errorf("at %s, told: %t", g.stage(), r.visit("A-1").Awaits(care.CitizenTrouble))
	}

	g.answer(true)

	if g.stage() != scheduler.StageWaiting || r.visit("A-1").Awaits(care.CitizenTrouble) {
		t.Errorf("at %s, told: %t", g.stage(), r.visit("A-1").Awaits(care.CitizenTrouble))
	}

	must(t, letIn())

	if _, err := r.GuestLink(t.Context(), g.token); err != nil {
		t.Error(err)
	}

	p, _ := r.visit("A-1").ParticipantOf(who)
	if a := p.Terms; a.Version != care.TermsNow || a.Lang != "tr" || a.Address != "192.0.2.7" || a.At.IsZero() {
		t.Errorf("%+v", a)
	}

	r.anOlderText(g)

	if got := r.audits(); got["accept_terms"] != 1 || got["refuse_terms"] != 1 {
		t.Errorf("%v", got)
	}
}

// anOlderText makes the yes of somebody who was let in one to a wording that counts no more.
func (r *rig) anOlderText(g *person) {
	t := r.tb
	t.Helper()

	_, err := r.db.Writer.ExecContext(t.Context(), "UPDATE participants SET terms_version = terms_version - 1")
	must(t, err)

	if g.stage() != scheduler.StageTerms {
		t.Errorf("after a new wording the session is at %s", g.stage())
	}

	_, err = r.GuestLink(t.Context(), g.token)
	refused(t, err, care.Conflict)
}

// TestCitizensHaveNoTerms to answer.
func TestCitizensHaveNoTerms(t *testing.T) {
	t.Parallel()

	r := atTheDoor(t)
	g := r.enter()
	g.admit()

	refused(t, r.AnswerTerms(t.Context(), g.token, scheduler.TermsRequest{Version: care.TermsNow, Lang: "da"}), care.NotFound)

	if _, err := r.GuestLink(t.Context(), g.token); err != nil {
		t.Error(err)
	}
}

// TestANoAfterAYes ends the way in of who was let in.
func TestANoAfterAYes(t *testing.T) {
	t.Parallel()

	r := atTheDoor(t)
	id := r.visit("A-1").ID
	g := r.participant(r.join(relative()), brunosNumber)
	g.identify()
	g.answer(true)
	must(t, r.Admit(t.Context(), caregiver("MSK"), id, g.admissionOf(id).ID, true))
	g.answer(false)

	_, err := r.GuestLink(t.Context(), g.token)
	refused(t, err, care.Conflict)

	if g.stage() != scheduler.StageDeclined {
		t.Errorf("the session is at %s", g.stage())
	}
}

// TestSecrecyIsWeighed before somebody from another authority is invited, and recorded.
func TestSecrecyIsWeighed(t *testing.T) {
	t.Parallel()

	r := atTheDoor(t)
	id := r.visit("A-1").ID
	doctor := r.contact("A-1", other(care.Authority, 1))

	for name, req := range map[string]scheduler.ParticipantRequest{
		"nothing":      {Contact: doctor.ID},
		"not weighed":  {Contact: doctor.ID, Basis: care.HealthConsent},
		"no rule":      {Contact: doctor.ID, Weighed: true},
		"unknown rule": {Contact: doctor.ID, Weighed: true, Basis: "fordi"},
		"other rule":   {Contact: doctor.ID, Weighed: true, Basis: care.AnotherRule, Note: " "},
		"long":         {Contact: doctor.ID, Weighed: true, Basis: care.AnotherRule, Note: strings.Repeat("å", 201)},
	} {
		if _, err := r.AddParticipant(t.Context(), caregiver("MSK"), id, req); care.KindOf(err) != care.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}

	who, err := r.AddParticipant(t.Context(), caregiver("MSK"), id, scheduler.ParticipantRequest{Contact: doctor.ID, Weighed: true, Basis: care.AnotherRule, Note: "Barnets lov"})
	must(t, err)

	p, _ := r.visit("A-1").ParticipantOf(who)
	if s := p.Secrecy; s.Basis != care.AnotherRule || s.Text() != "Barnets lov" || s.By != "MSK" || s.At.IsZero() {
		t.Errorf("%+v", s)
	}

	// A relative who turns out to be of an authority was never weighed.
	relation := r.contact("A-1", relative())
	_, err = r.AddParticipant(t.Context(), caregiver("MSK"), id, scheduler.ParticipantRequest{Contact: relation.ID})
	must(t, err)

	changed := relative()
	changed.Kind = care.Authority
	must(t, r.ChangeContact(t.Context(), caregiver("MSK"), r.citizen("A-1"), relation.ID, changed))

	if present := r.visit("A-1").Present(); len(present) != 1 || present[0].ID != who {
		t.Errorf("%+v", present)
	}
}
