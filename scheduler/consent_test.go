package scheduler_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// only is a contact whom the citizen agreed to within bounds.
func only(cover scheduler.ConsentCover) scheduler.ContactRequest {
	req := relative()
	req.Covers = cover

	return req
}

// TestConsentIsChecked as it was typed.
func TestConsentIsChecked(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy, bruno}, []string{"A-1"})
	today := care.DayOf(r.clock.Now())

	for name, c := range map[string]struct {
		cover scheduler.ConsentCover
		want  care.Kind
	}{
		"no visit":        {scheduler.ConsentCover{Scope: care.OneVisit}, care.Invalid},
		"unknown visit":   {scheduler.ConsentCover{Scope: care.OneVisit, Visit: "nothing"}, care.NotFound},
		"another's visit": {scheduler.ConsentCover{Scope: care.OneVisit, Visit: r.visit("A-2").ID}, care.NotFound},
		"no day":          {scheduler.ConsentCover{Scope: care.UntilDay}, care.Invalid},
		"yesterday":       {scheduler.ConsentCover{Scope: care.UntilDay, Until: today.Add(-1)}, care.Invalid},
		"far ahead":       {scheduler.ConsentCover{Scope: care.UntilDay, Until: today.Add(733)}, care.Invalid},
		"unknown":         {scheduler.ConsentCover{Scope: "all"}, care.Invalid},
		"control":         {scheduler.ConsentCover{About: "a\nb"}, care.Invalid},
		"today":           {scheduler.ConsentCover{Scope: care.UntilDay, Until: today, Visit: r.visit("A-2").ID}, 0},
		"own visit":       {scheduler.ConsentCover{Scope: care.OneVisit, Visit: r.visit("A-1").ID, Until: today}, 0},
	} {
		got, err := r.AddContact(t.Context(), caregiver("MSK"), r.citizen("A-1"), only(c.cover))
		if care.KindOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}

		if err == nil && (got.Consent.Visit != "") == (got.Consent.Until != "") {
			t.Errorf("%s: %+v holds what its scope does not", name, got.Consent)
		}
	}
}

// TestConsentBoundsInvitations: nobody is invited beyond what the citizen agreed to, and a move beyond it
// takes the invitation back.
func TestConsentBoundsInvitations(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy}, []string{"A-1"})
	v := r.visit("A-1")
	day := care.DayOf(v.Facts.Planned.Start)

	elsewhere := r.contact("A-1", only(scheduler.ConsentCover{Scope: care.UntilDay, Until: care.DayOf(r.clock.Now())}))
	if day > care.DayOf(r.clock.Now()) {
		_, err := r.AddParticipant(t.Context(), caregiver("MSK"), v.ID, invite(elsewhere.ID))
		refused(t, err, care.Invalid)
	}

	who := r.join(only(scheduler.ConsentCover{Scope: care.UntilDay, Until: day, About: "medicin"}))
	old := locator(t, r.textsTo("A-1", brunosNumber)[0])

	must(t, r.MoveVisit(t.Context(), planner(), v.ID, care.Interval{Start: on(15, 0), End: on(15, 15)})) // the same day
	r.work()

	if p, _ := r.visit("A-1").ParticipantOf(who); !p.Present() || p.Consent.About != "medicin" {
		t.Fatalf("%+v", p)
	}

	later := care.Interval{Start: on(10, 0).Add(24 * time.Hour), End: on(10, 15).Add(24 * time.Hour)}
	must(t, r.MoveVisit(t.Context(), planner(), v.ID, later))
	r.work()

	after := r.visitByID(v.ID)
	if p, _ := after.ParticipantOf(who); p.Present() || !after.Awaits(care.ChangeTrouble) {
		t.Errorf("%+v, told: %t", p, after.Awaits(care.ChangeTrouble))
	}

	if view, err := r.Landing(t.Context(), old); err != nil || view.Stage != scheduler.StageWrong {
		t.Errorf("the link leads to %s, %v", view.Stage, err)
	}
}

// TestConsentNarrowedOrWithdrawn while somebody waits, and while somebody is inside: the way in ends at
// once, the caregiver is told, and the record says who took it back when.
func TestConsentNarrowedOrWithdrawn(t *testing.T) {
	t.Parallel()

	for name, take := range map[string]func(r *rig, c care.Contact) error{
		"withdrawn": func(r *rig, c care.Contact) error {
			return r.WithdrawConsent(r.tb.Context(), planner(), c.Citizen, c.ID)
		},
		"narrowed": func(r *rig, c care.Contact) error {
			return r.ChangeContact(r.tb.Context(), planner(), c.Citizen, c.ID, only(scheduler.ConsentCover{Scope: care.OneVisit, Visit: r.visit("A-2").ID}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := atTheDoor(t)
			r.load(list(nancy, strings.ReplaceAll(nancy, "A-1", "A-2")))

			c := r.contact("A-1", relative())
			id := r.visit("A-1").ID
			who, err := r.AddParticipant(t.Context(), caregiver("MSK"), id, invite(c.ID))
			must(t, err)
			r.work()

			g := r.participant(who, brunosNumber)
			g.identify()
			g.answer(true)

			if name == "withdrawn" {
				must(t, r.Admit(t.Context(), caregiver("MSK"), id, g.admissionOf(id).ID, true))
			}

			must(t, take(r, c))

			if g.stage() != scheduler.StageEnded {
				t.Errorf("the session is at %s", g.stage())
			}

			refused(t, r.AnswerTerms(t.Context(), g.token, scheduler.TermsRequest{Version: care.TermsNow, Lang: "da", Accepted: true}), care.Gone)
			_, err = r.GuestLink(t.Context(), g.token)
			refused(t, err, care.Gone)

			if told := r.visit("A-1").Awaits(care.PersonTrouble); told != (name == "withdrawn") {
				t.Errorf("somebody inside: %t", told)
			}

			r.recordedEnd(c, name)
		})
	}
}

// recordedEnd checks the record of a consent that ended.
func (r *rig) recordedEnd(c care.Contact, name string) {
	t := r.tb
	t.Helper()

	card, err := r.CitizenCard(t.Context(), caregiver("MSK"), c.Citizen)
	must(t, err)

	end := map[string]care.ConsentEnd{"withdrawn": care.ConsentWithdrawn, "narrowed": care.ConsentReplaced}[name]
	if f := card.Former; len(f) != 1 || f[0].End != end || f[0].EndedBy != "PLAN" || f[0].By != "MSK" || f[0].Contact != c.ID || f[0].ID != c.Consent.ID || f[0].EndedAt.IsZero() {
		t.Errorf("%+v", f)
	}

	must(t, r.WithdrawConsent(t.Context(), planner(), c.Citizen, c.ID)) // the narrow one too, or again

	_, err = r.AddParticipant(t.Context(), caregiver("MSK"), r.visit("A-1").ID, invite(c.ID))
	refused(t, err, care.Invalid)
	refused(t, r.WithdrawConsent(t.Context(), leader(), c.Citizen, c.ID), care.Forbidden)
}
