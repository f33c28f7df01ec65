package web_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

func (f *fakeUse) SendCodes(context.Context, care.Actor, care.CitizenID) error {
	return f.call("SendCodes")
}

func found() scheduler.FoundCitizen {
	cpr := fakeCPR()

	return scheduler.FoundCitizen{
		Citizen: care.Citizen{ID: "c1", CPR: cpr, Name: "Nancy Ann Berggren", Address: "Testvej 1", Suitability: care.Suitable},
		Units:   []care.Unit{{ID: "oest", Name: "Hjemmeplejen Øst"}}, Card: true, Link: true,
	}
}

func (f *fakeUse) FindByName(_ context.Context, _ care.Actor, text string) ([]scheduler.FoundCitizen, bool, error) {
	switch text {
	case "x":
		return nil, false, care.NewError(care.Invalid, "Skriv mindst to bogstaver af navnet.")
	case "ingen":
		return nil, false, f.call("FindByName")
	}

	return []scheduler.FoundCitizen{found()}, true, f.call("FindByName")
}

func (f *fakeUse) FindByNumber(_ context.Context, _ care.Actor, number, _ string) (scheduler.FoundCitizen, error) {
	if number == "" {
		return scheduler.FoundCitizen{}, care.NewError(care.Invalid, "Det er ikke et CPR-nummer. Skriv ti cifre.")
	}

	return found(), f.call("FindByNumber")
}

// waiting is a conversion of a colleague that waits, or the reader's own with id b4.
func waiting(id care.BatchID) care.Batch {
	b := care.Batch{ID: id, By: "PLA", ByName: "Pia Planlægger", Visits: 60, MadeAt: testNow().Add(-time.Hour), ExpiresAt: testNow().Add(time.Hour), Reason: "Vejret"}
	if id == "b5" {
		b.Decision, b.DecidedBy, b.DecidedAt, b.Answer = care.Refused, "LED", testNow(), "Vest har travlt nok"
	}

	return b
}

func (f *fakeUse) Approval(_ context.Context, _ care.Actor, id care.BatchID) (scheduler.Approval, error) {
	a := scheduler.Approval{Batch: waiting(id), State: care.BatchWaiting, MayDecide: id == "b3", MayWithdraw: id == "b4", Why: "Du kan ikke godkende din egen omlægning. Bed en kollega om det."}

	if id == "b5" {
		a.State = care.BatchRefused

		return a, f.call("Approval")
	}

	for _, r := range f.rows[:4] {
		a.Plan.Items = append(a.Plan.Items, scheduler.PlanItem{View: r, Convert: true, Room: "Rum fra kl. 07.55 til 08.10", Channel: care.SMS, Message: "Du får et skærmbesøg"})
	}

	a.Plan.Rooms, a.Plan.SMS, a.Plan.Entries = 4, 4, 4

	return a, f.call("Approval")
}

func (f *fakeUse) Approve(_ context.Context, _ care.Actor, id care.BatchID) (care.Batch, error) {
	return waiting(id), f.call("Approve")
}

func (f *fakeUse) RefuseConversion(_ context.Context, _ care.Actor, _ care.BatchID, reason string) error {
	if reason == "" {
		return care.NewError(care.Invalid, "Skriv hvorfor, med højst 500 tegn.")
	}

	return f.call("RefuseConversion")
}

func (f *fakeUse) WithdrawConversion(context.Context, care.Actor, care.BatchID) error {
	return f.call("WithdrawConversion")
}

// TestRegisterPages: the pages of citizens from files, of the search, of codes for one citizen, and of
// conversions that wait.
func TestRegisterPages(t *testing.T) {
	t.Parallel()

	b := setup(t)
	boss := b.as(t, testby, "SYS", care.Administrator)
	leader := b.as(t, testby, "MSK", care.Leader, care.Planner, care.Caregiver)

	for path, text := range map[string]string{
		"/administration/borgere":                 "Et tomt felt ændrer ikke det, vi ved i forvejen",
		"/administration/filer/citizens-1":        "Tag også 1 borger, som ikke står i filen, ud af deres enhed",
		"/administration/filer/citizens-fejl":     "Filen har fejl. Ret dem i filen",
		"/borgere/find":                           "Du kan finde alle borgere, som kommunen har",
		"/administration/borgere?besked=indlaest": "Filen er indlæst.",
	} {
		if body := b.get(t, boss, path, http.StatusOK); !strings.Contains(body, text) {
			t.Errorf("%s does not say %q", path, text)
		}
	}

	for path, text := range map[string]string{
		"/omlaegninger/b3":                "Godkend, og omlæg 4 besøg",
		"/omlaegninger/b4":                "Træk tilbage",
		"/omlaegninger/b5":                "Vest har travlt nok",
		"/omlaegninger":                   "Venter på godkendelse",
		"/kraever-handling":               "En omlægning venter på godkendelse",
		"/borgere/c1/adgang":              "Kode i stedet for link",
		"/borgere/c1/adgang?besked=koder": "Nye beskeder med kode er på vej",
	} {
		if body := b.get(t, leader, path, http.StatusOK); !strings.Contains(body, text) {
			t.Errorf("%s does not say %q", path, text)
		}
	}

	for _, c := range []struct {
		path, text string
		form       url.Values
		status     int
	}{
		{"/borgere/find", "Nancy Ann Berggren", url.Values{"navn": {"nancy"}}, 200},
		{"/borgere/find", "Ingen borgere med det navn", url.Values{"navn": {"ingen"}}, 200},
		{"/borgere/find", "mindst to bogstaver", url.Values{"navn": {"x"}}, 422},
		{"/borgere/find/cpr", "251248-••••", url.Values{"cpr": {"2512489996"}, "begrundelse": {"Ringer ind"}}, 200},
		{"/borgere/find/cpr", "ikke et CPR-nummer", url.Values{"begrundelse": {"Ringer ind"}}, 422},
		{"/omlaegninger/b3/godkend", "", nil, 303},
		{"/omlaegninger/b3/afvis", "", url.Values{"begrundelse": {"For mange"}}, 303},
		{"/omlaegninger/b3/afvis", "Skriv hvorfor", nil, 422},
		{"/omlaegninger/b4/traek-tilbage", "", nil, 303},
		{"/borgere/c1/koder", "", nil, 303},
	} {
		w := b.post(t, leader, c.path, c.form, c.status)
		if !strings.Contains(w.Body.String(), c.text) || strings.Contains(w.Body.String(), "9996") {
			t.Errorf("POST %s does not say %q, or too much", c.path, c.text)
		}
	}

	b.post(t, boss, "/administration/filer/citizens-1", url.Values{"afslut": {"ja"}}, 303)
}

func fakeCPR() care.CPR {
	cpr, _, _ := care.ParseCPR("251248-9996")

	return cpr
}

func fakeSurrogate() care.SurrogateID {
	id, _ := care.ParseSurrogateID("nexus", "B-17")

	return id
}
