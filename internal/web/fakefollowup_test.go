package web_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// followUps are one that is late, one whose physical visit waits for somebody, one of a protected
// citizen where a person is asked, and one that ended.
func followUps() scheduler.FollowUpList {
	now := testNow()
	unit := care.Unit{ID: "oest", Name: "Øst"}
	planned := care.Interval{Start: now.Add(-50 * time.Minute), End: now.Add(-35 * time.Minute)}
	view := func(visit care.VisitID, stage care.FollowUpStage, name string, risk care.Risk) scheduler.FollowUpView {
		return scheduler.FollowUpView{
			FollowUp: care.FollowUp{
				ID: care.FollowUpID(visit + "-f1"), Stage: stage, Cause: care.CitizenAbsent, Grade: care.Certain, CausedBy: "system",
				OpenedAt: now.Add(-20 * time.Minute), CallBy: now.Add(-5 * time.Minute), VisitBy: now.Add(40 * time.Minute), Automatic: true,
			},
			Visit: visit, Unit: unit, Employee: "MSK",
			Card: scheduler.EscalationCard{Name: name, Cause: care.CitizenAbsent, Phone: care.NewPhone("+4520000033"), Risk: risk, Planned: planned},
		}
	}

	late := view("a-1", care.FollowUpCalling, "Nancy Ann Berggren", care.HighRisk)
	late.Actions = []scheduler.FollowUpAction{scheduler.FollowUpTake, scheduler.FollowUpTalked, scheduler.FollowUpNobody, scheduler.FollowUpNone}
	late.Next = &scheduler.NextStep{Who: "Vagttelefonen", Phone: "89 00 00 01", At: now.Add(5 * time.Minute)}

	back := view("a-2", care.FollowUpReturning, "Bruno Elmer", "")
	back.BackAt, back.TriedAt, back.TriedBy = now.Add(-time.Minute), now.Add(-2*time.Minute), "MSK"
	back.Actions = []scheduler.FollowUpAction{scheduler.FollowUpTake, scheduler.FollowUpUndo}
	back.Openings = []scheduler.Opening{{Employee: "TKR", ListName: "Øst dag", Gap: care.Interval{Start: now.Add(20 * time.Minute), End: now.Add(65 * time.Minute)}}}

	asked := view("a-3", care.FollowUpAsked, "Kaja Hansen", care.LowRisk)
	asked.Card.Phone, asked.Card.PhoneHidden, asked.Card.Cause, asked.Automatic = care.Phone{}, true, care.TechnicalFault, false
	asked.CallBy, asked.TakenBy, asked.TakenAt = now.Add(12*time.Minute), "LBH", now.Add(-time.Minute)
	asked.Actions = []scheduler.FollowUpAction{scheduler.FollowUpTalked, scheduler.FollowUpVisit, scheduler.FollowUpCall, scheduler.FollowUpNone, scheduler.FollowUpRelease}

	done := view("a-4", care.FollowUpPlaced, "Niels Vendelboe", care.MediumRisk)
	done.TakenBy, done.GivenBy, done.EndedAt, done.Actions = "MSK", "TKR", now.Add(-30*time.Minute), []scheduler.FollowUpAction{scheduler.FollowUpRelease}

	return scheduler.FollowUpList{Open: []scheduler.FollowUpView{late, back, asked}, Ended: []scheduler.FollowUpView{done}, Now: now, Units: []care.Unit{unit}}
}

func (f *fakeUse) SetRisk(_ context.Context, _ care.Actor, _ care.CitizenID, risk care.Risk) error {
	if risk != "" && !risk.Valid() {
		return care.NewError(care.Invalid, "Vælg en risikogruppe.")
	}

	return f.call("SetRisk")
}

func (f *fakeUse) FollowUps(_ context.Context, actor care.Actor) (scheduler.FollowUpList, error) {
	if actor.Employee == "NY" {
		return scheduler.FollowUpList{Now: testNow()}, f.fail
	}

	return followUps(), f.fail
}

func (f *fakeUse) MyFollowUps(_ context.Context, actor care.Actor) ([]scheduler.FollowUpView, error) {
	if actor.Employee != "MSK" {
		return nil, f.fail
	}

	return followUps().Open[:1], f.fail
}

func (f *fakeUse) FollowUp(_ context.Context, _ care.Actor, req scheduler.FollowUpRequest) error {
	switch {
	case req.Action == "":
		return care.NewError(care.Invalid, "Vælg, hvad der skal ske.")
	case req.Visit == "a-9":
		return care.NewError(care.Conflict, "En kollega har taget den. Opdatér siden.")
	}

	return f.call("FollowUp " + string(req.Action) + " " + string(req.Employee))
}

// TestFollowUpPage: what is pressed is done, and who was too late reads it on the list.
func TestFollowUpPage(t *testing.T) {
	t.Parallel()

	b := setup(t)
	staff := b.as(t, testby, "MSK", care.Caregiver)

	page := b.get(t, staff, "/opfoelgning", 200)
	for _, text := range []string{
		"Skulle være sket kl. 08.15, for 5 minutter siden", `href="tel:&#43;4520000033"`, "20 00 00 33", "Vagttelefonen (89 00 00 01)", "På en rute senest kl. 09.00, om 40 minutter",
		"TKR kører", "Beskyttet. Se nummeret i omsorgsjournalen.", "Ikke vurderet", "Taget af LBH", "Talt i telefon",
	} {
		if !strings.Contains(page, text) {
			t.Errorf("the page lacks %q", text)
		}
	}

	if page := b.get(t, b.as(t, testby, "NY", care.Planner), "/opfoelgning", 200); !strings.Contains(page, "Ingen venter på opfølgning") {
		t.Error("nothing is not told")
	}

	for action, notice := range map[string]string{
		"talked": "talt", "nobody": "tilbage-paa-listen", "visit": "tilbage-paa-listen", "call": "ring-op", "undo": "ring-op", "take": "taget", "release": "givet-fri", "no_needs": "afsluttet",
	} {
		w := b.post(t, staff, "/opfoelgning/a-2/a-2-f1", url.Values{"handling": {action}}, 303)
		if got := w.Header().Get("Location"); got != "/opfoelgning?besked="+notice {
			t.Errorf("%s leads to %s", action, got)
		}
	}

	if w := b.post(t, staff, "/opfoelgning/a-2/a-2-f1", nil, 422); !strings.Contains(w.Body.String(), "Vælg, hvad der skal ske.") {
		t.Error("nothing pressed is not told")
	}

	if w := b.post(t, staff, "/opfoelgning/a-9/a-9-f1", url.Values{"handling": {"take"}}, 409); !strings.Contains(w.Body.String(), "En kollega har taget den.") {
		t.Error("who is too late is not told")
	}
}
