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

// judgedCard puts onto a card what was judged, and the notes in every state.
func judgedCard(card *scheduler.CitizenCard) {
	card.Can.Judge, card.Can.Notes = true, true
	at := testNow().Add(-26 * time.Hour)

	switch card.Citizen.ID {
	case "c1":
		card.Citizen.Suitability = care.Unsuitable // the list doubts what a person judged
		card.Citizen.Judged = care.Judgement{Verdict: care.Suitable, Why: "Kan selv betjene tavlen.", Again: "2027-02-01", By: "MSK", At: at}
		note := care.CitizenNote{
			ID: "n1", Citizen: "c1", Topic: care.SuitabilityNote, Seq: 1, Means: care.ByNote, State: care.EntryWritten, Name: "Omsorgsnotat",
			Fields: []care.NoteField{{Label: "Egnet til skærmbesøg", Value: "Ja"}}, Text: "Egnethed til skærmbesøg vurderet den 21-11-2026: egnet. Begrundelse: Kan selv betjene tavlen.",
			Author: "Mette Skov (MSK), medarbejder", About: at, DueAt: at, WrittenAt: at.Add(time.Minute), RecordID: "form/17",
		}
		due, bad, no, hand, twice := note, note, note, note, note
		due.ID, due.State, due.WrittenAt, due.Topic, due.Text = "n2", care.EntryDue, time.Time{}, care.DeviceNote, "Tavle til skærmbesøg med serienummer SN-001 er sat op hos borgeren den 21-11-2026."
		bad.ID, bad.State, bad.WrittenAt, bad.Failure = "n3", care.EntryRejected, time.Time{}, "Skemaet »Omsorgsnotat« har intet felt med navnet »Egnet« i Nexus. Bed systemforvalteren om at rette opsætningen."
		no.ID, no.State, no.WrittenAt, no.Failure = "n4", care.EntryOmitted, time.Time{}, "Vores journal har intet felt til egnethed."
		hand.ID, hand.State, hand.SettledBy, hand.SettledAt, hand.WrittenAt, hand.Text = "n5", care.EntryRejected, "PLA", at, time.Time{}, ""
		twice.ID, twice.Failure = "n6", "Notatet står dobbelt i journalen. Slet det ene dér."
		card.Notes = []care.CitizenNote{twice, hand, no, bad, due, note}
	case "c2":
		card.Citizen.Judged = care.Judgement{Verdict: care.ToBeJudged, Why: "Hører dårligt siden indlæggelsen.", By: "PLA", At: at}
	}
}

func (f *fakeUse) Telling() bool { return !f.untold }

func (f *fakeUse) PreviewJudgement(_ context.Context, _ care.Actor, id care.CitizenID, req scheduler.JudgementRequest) (scheduler.NotePreview, error) {
	switch {
	case req.Why == "":
		return scheduler.NotePreview{}, care.NewError(care.Invalid, "Skriv begrundelsen for vurderingen.")
	case id == "c2":
		return scheduler.NotePreview{Impossible: "Vores journal har intet felt til egnethed.", Text: "Egnethed til skærmbesøg vurderet den 22-11-2026: egnet. Begrundelse: Kan selv.", Author: "Mette Skov (MSK), medarbejder"}, nil
	}

	return scheduler.NotePreview{
		Where: "Skemaet »Omsorgsnotat« i omsorgsjournalen", Fields: []care.NoteField{{Label: "Egnet til skærmbesøg", Value: "Ja"}},
		Text: "Egnethed til skærmbesøg vurderet den 22-11-2026: egnet. Begrundelse: Kan selv.", Author: "Mette Skov (MSK), medarbejder",
	}, f.call("PreviewJudgement")
}

func (f *fakeUse) Judge(_ context.Context, _ care.Actor, _ care.CitizenID, req scheduler.JudgementRequest) error {
	if req.Why == "" {
		return care.NewError(care.Invalid, "Skriv begrundelsen for vurderingen.")
	}

	return f.call("Judge")
}

func (f *fakeUse) RetryNote(context.Context, care.Actor, care.CitizenID, care.NoteID) error {
	return f.call("RetryNote")
}

func (f *fakeUse) SettleNote(context.Context, care.Actor, care.CitizenID, care.NoteID) error {
	return f.call("SettleNote")
}

func deviceNote(event string) scheduler.NotePreview {
	return scheduler.NotePreview{
		Where: "Skemaet »Omsorgsnotat« i omsorgsjournalen", Fields: []care.NoteField{{Label: "Skærm i hjemmet", Value: "Ingen"}},
		Text: "Tavle til skærmbesøg med serienummer SN-001 er " + event + " den 22-11-2026.", Author: "ADM",
	}
}

func closings() []scheduler.TabletClosing {
	return []scheduler.TabletClosing{
		{Why: care.DeviceReturned, Note: deviceNote("afleveret")}, {Why: care.DeviceLost, Note: deviceNote("meldt bortkommet")}, {Why: care.DeviceRevoked, Note: deviceNote("lukket")},
	}
}

// TestJudgement walks through the pages of a person's judgement and of notes in the record.
func TestJudgement(t *testing.T) {
	t.Parallel()

	b := setup(t)
	nurse := b.as(t, testby, "MSK", care.Caregiver)

	for path, want := range map[string][]string{
		"/borgere/c1":          {"Egnet til skærmbesøg", "Kan selv betjene tavlen.", "Kørelisten eller journalen siger: ikke egnet", "Notater i journalen", "Ikke muligt", "Skrevet i hånden", "/borgere/c1/notater/n3/proev-igen", "Står dobbelt", "Slet det ene dér.", "Det ene er slettet"},
		"/borgere/c2":          {"Skal vurderes til skærmbesøg", "Hører dårligt"},
		"/borgere/c1/egnethed": {"Se, hvad der bliver skrevet", "Vurdér igen"},
	} {
		body := b.get(t, nurse, path, http.StatusOK)
		for _, text := range want {
			if !strings.Contains(body, text) {
				t.Errorf("%s lacks %q", path, text)
			}
		}
	}

	form := url.Values{"vurdering": {"egnet"}, "begrundelse": {"Kan selv."}, "revurderes": {"2027-02-01"}, "trin": {"se"}}
	if body := b.post(t, nurse, "/borgere/c1/egnethed", form, http.StatusOK).Body.String(); !strings.Contains(body, "Gem, og skriv i journalen") || !strings.Contains(body, "Begrundelse: Kan selv.") {
		t.Error("the preview lacks what will be written")
	}

	if body := b.post(t, nurse, "/borgere/c2/egnethed", form, http.StatusOK).Body.String(); !strings.Contains(body, "Ikke muligt") || strings.Contains(body, "Gem, og skriv") {
		t.Error("the preview promises what the record can't")
	}

	form.Set("trin", "gem")
	b.post(t, nurse, "/borgere/c1/egnethed", form, http.StatusSeeOther)
	b.post(t, nurse, "/borgere/c1/egnethed", url.Values{"trin": {"gem"}}, http.StatusUnprocessableEntity)
	b.post(t, nurse, "/borgere/c1/egnethed", url.Values{"trin": {"se"}}, http.StatusUnprocessableEntity)
	b.post(t, nurse, "/borgere/c1/notater/n3/proev-igen", nil, http.StatusSeeOther)
	b.post(t, nurse, "/borgere/c1/notater/n3/klaret", nil, http.StatusSeeOther)
}

// unwritten are the closings of a tablet that the record knows nothing of.
func unwritten() []scheduler.TabletClosing {
	out := closings()
	for i := range out {
		out[i].Note = scheduler.NotePreview{Off: true}
	}

	return out
}
