package scheduler_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/nexus/nexussim"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// noteRules tell a Nexus of judgements and tablets, in the words of its form.
func noteRules() map[care.NoteTopic]scheduler.CitizenNoteRule {
	return map[care.NoteTopic]scheduler.CitizenNoteRule{
		care.SuitabilityNote: {
			Means: care.ByNote, Name: "Omsorgsnotat", Words: map[string]string{"egnet": "Ja", "ikke_egnet": "Nej"},
			Fields: []ehr.Field{{Label: "Emne", Value: "Vurdering: skærmbesøg"}, {Label: "Egnet til skærmbesøg", Value: "{egnethed}"}, {Label: "Vurderet den", Value: "{dato}"}},
		},
		care.DeviceNote: {
			Means: care.ByNote, Name: "Omsorgsnotat", Words: map[string]string{"assigned": "Kommunens skærm", "returned": "Ingen", "lost": "Ingen", "closed": "Ingen"},
			Fields: []ehr.Field{{Label: "Emne", Value: "Skærm"}, {Label: "Skærm i hjemmet", Value: "{hændelse}"}},
		},
	}
}

// toldOfCitizens makes the rig's record a Nexus that is told of citizens, and of visits nothing.
func toldOfCitizens(p *recordPeer, sim **nexussim.Server) change {
	return func(s *setup) {
		s.set.Notes = noteRules()
		s.set.Record, s.set.RecordElse = nil, scheduler.RecordRule{Recording: care.Recording{Why: "Her skrives kun om borgere."}}
		s.journal = func(tb testing.TB, c *clock) ehr.Journal {
			tb.Helper()

			server, record := p.openNexus(tb, s, c.Now, 1)
			*sim = server

			return record
		}
	}
}

// nancysID is the citizen of visit A-1.
func (r *rig) nancysID() care.CitizenID { return r.visit("A-1").Facts.Citizen }

func (r *rig) notesOf(id care.CitizenID) []care.CitizenNote {
	r.tb.Helper()

	all, err := r.store.CitizenNotes(r.tb.Context(), id)
	must(r.tb, err)
	slices.Reverse(all)

	return all
}

func states(notes []care.CitizenNote) []care.EntryState {
	out := make([]care.EntryState, len(notes))
	for i, n := range notes {
		out[i] = n.State
	}

	return out
}

func yes(why string) scheduler.JudgementRequest {
	return scheduler.JudgementRequest{Verdict: care.Suitable, Why: why}
}

// TestJudgementIsWritten: what was shown before stands in the record, once, in order, and a record that is
// away loses nothing.
func TestJudgementIsWritten(t *testing.T) {
	t.Parallel()

	var sim *nexussim.Server

	peer := &recordPeer{name: "nexus"}
	r := newRig(t, toldOfCitizens(peer, &sim))
	r.load(list(nancy))
	id, ctx := r.nancysID(), t.Context()

	preview, err := r.PreviewJudgement(ctx, caregiver("MSK"), id, yes("Kan selv betjene tavlen"))
	must(t, err)
	peer.set(absent)
	must(t, r.Judge(ctx, caregiver("MSK"), id, yes("Kan selv betjene tavlen")))
	must(t, r.Judge(ctx, planner(), id, scheduler.JudgementRequest{Verdict: care.Unsuitable, Why: "Ser dårligt.", Again: "2027-01-15"}))
	r.until(eve().Add(3 * time.Hour))

	if got := states(r.notesOf(id)); !slices.Equal(got, []care.EntryState{care.EntryDue, care.EntryDue}) || len(sim.Notes("")) != 0 {
		t.Fatalf("while the record is away: %v, %v", got, sim.Notes(""))
	}

	peer.set(fair)
	must(t, sim.SetFaults(nexussim.Faults{ResetAfter: 0.5, ServerErrorAfter: 0.3, MaxInRow: 1}))
	r.until(eve().Add(9 * time.Hour))

	held := sim.Notes("2512489996")
	if len(held) != 2 {
		t.Fatalf("the record holds %+v; ours are %v", held, states(r.notesOf(id)))
	}

	if held[0].Fields["Egnet til skærmbesøg"] != "Ja" || held[1].Fields["Egnet til skærmbesøg"] != "Nej" {
		t.Errorf("order or words: %+v", held)
	}

	if text := held[0].Fields["Notat"]; !strings.HasPrefix(text, preview.Text+"\nSkrevet for "+preview.Author+".") {
		t.Errorf("the record holds %q, shown was %+v", text, preview)
	}

	if !strings.Contains(held[1].Fields["Notat"], "Vurderes igen senest den 15-01-2027.") {
		t.Errorf("no date of reassessment: %q", held[1].Fields["Notat"])
	}
}

// TestJudgementIsRefused: who may not judge, what is no judgement, and what must never stand in a record.
func TestJudgementIsRefused(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	r.load(list(nancy))
	id := r.nancysID()

	for name, c := range map[string]struct {
		who  care.Actor
		req  scheduler.JudgementRequest
		want care.Kind
	}{
		"desk":        {actor("SD", care.ServiceDesk), yes("Kan selv"), care.Forbidden},
		"elsewhere":   {planner("vest"), yes("Kan selv"), care.Forbidden},
		"no reason":   {planner(), yes(" "), care.Invalid},
		"long":        {planner(), yes(strings.Repeat("x", 501)), care.Invalid},
		"no verdict":  {planner(), scheduler.JudgementRequest{Verdict: "ukendt", Why: "x"}, care.Invalid},
		"past":        {planner(), scheduler.JudgementRequest{Verdict: care.Suitable, Why: "x", Again: "2026-11-21"}, care.Invalid},
		"no day":      {planner(), scheduler.JudgementRequest{Verdict: care.Suitable, Why: "x", Again: "snart"}, care.Invalid},
		"password":    {planner(), yes("Brugernavn: nancy, adgangskode: hemmelig1"), care.Invalid},
		"PIN":         {planner(), yes("Tavlens pin er 4711"), care.Invalid},
		"link":        {planner(), yes("Se https://example.invalid/x"), care.Invalid},
		"number":      {planner(), yes("Ægtefælle til 251248-9996"), care.Invalid},
		"placeholder": {planner(), yes("Se {cpr}"), care.Invalid},
	} {
		if err := r.Judge(t.Context(), c.who, id, c.req); care.KindOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}

		if _, err := r.PreviewJudgement(t.Context(), c.who, id, c.req); care.KindOf(err) != c.want {
			t.Errorf("%s, preview: %v", name, err)
		}
	}

	if card, err := r.CitizenCard(t.Context(), planner(), id); err != nil || card.Citizen.Judged.Given() {
		t.Errorf("judged all the same: %+v, %v", card.Citizen.Judged, err)
	}
}

// TestListDoesNotOverwriteJudgement: a person's judgement counts before a list's hint, which stays beside
// it.
func TestListDoesNotOverwriteJudgement(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	ctx := t.Context()

	r.load(list(nancy))
	id := r.nancysID()
	must(t, r.Judge(ctx, planner(), id, scheduler.JudgementRequest{Verdict: care.Unsuitable, Why: "Ser dårligt."}))
	r.load(list(with(nancy, colFit, "Egnet")))

	card, err := r.CitizenCard(ctx, planner(), id)
	must(t, err)

	if c := card.Citizen; c.Fit() != care.Unsuitable || c.Suitability != care.Suitable || !c.Doubted() || c.Judged.By != "PLAN" {
		t.Errorf("after the list: %+v", c)
	}

	view, err := r.Visit(ctx, planner(), r.visit("A-1").ID)
	must(t, err)

	if view.Assessment.Level != care.Red {
		t.Errorf("the hint counted: %+v", view.Assessment)
	}

	must(t, r.Judge(ctx, planner(), id, scheduler.JudgementRequest{Verdict: care.Suitable, Why: "Har fået briller.", Again: "2026-11-22"}))

	view, err = r.Visit(ctx, planner(), r.visit("A-1").ID)
	must(t, err)

	over := slices.ContainsFunc(view.Assessment.Reasons, func(x care.Reason) bool { return x.Code == "suitability_over" && x.Level == care.Yellow })
	if !over {
		t.Errorf("a judgement that should have been made anew: %+v", view.Assessment)
	}
}

// TestRefusedNote: a note that the record refuses waits for a person, who has it written again or says
// that it was written by hand.
func TestRefusedNote(t *testing.T) {
	t.Parallel()

	var sim *nexussim.Server

	r := newRig(t, toldOfCitizens(&recordPeer{name: "nexus"}, &sim))
	ctx := t.Context()

	r.load(list(nancy))
	id := r.nancysID()

	must(t, sim.DefineForm("Omsorgsnotat", nexussim.FormField{Label: "Emne", Type: "text"}))
	must(t, r.Judge(ctx, planner(), id, yes("Kan selv.")))
	must(t, r.Judge(ctx, planner(), id, scheduler.JudgementRequest{Verdict: care.ToBeJudged, Why: "Falder om aftenen."}))
	r.until(eve().Add(time.Hour))

	notes := r.notesOf(id)
	if got := states(notes); !slices.Equal(got, []care.EntryState{care.EntryRejected, care.EntryRejected}) || !strings.Contains(notes[0].Failure, "Egnet til skærmbesøg") {
		t.Fatalf("notes: %+v", notes)
	}

	if open, err := r.store.OpenNotices(ctx); err != nil || !slices.ContainsFunc(open, func(n scheduler.Notice) bool { return n.Kind == scheduler.NotesRefused }) {
		t.Errorf("nobody is told: %+v, %v", open, err)
	}

	must(t, sim.DefineForm("Omsorgsnotat", nexussim.FormField{Label: "Emne", Type: "text"}, nexussim.FormField{Label: "Egnet til skærmbesøg", Type: "text"},
		nexussim.FormField{Label: "Vurderet den", Type: "text"}, nexussim.FormField{Label: "Notat", Type: "text"}))

	refused(t, r.RetryNote(ctx, actor("SD", care.ServiceDesk), id, notes[1].ID), care.Forbidden)
	refused(t, r.RetryNote(ctx, planner(), id, "nobody"), care.NotFound)
	must(t, r.RetryNote(ctx, planner(), id, notes[1].ID))
	r.until(eve().Add(2 * time.Hour))
	refused(t, r.RetryNote(ctx, planner(), id, notes[1].ID), care.Conflict)
	refused(t, r.RetryNote(ctx, planner(), id, notes[0].ID), care.Conflict) // the older one would stand as the newest
	must(t, r.SettleNote(ctx, caregiver("MSK"), id, notes[0].ID))
	refused(t, r.SettleNote(ctx, caregiver("MSK"), id, notes[0].ID), care.Conflict)

	notes = r.notesOf(id)
	if notes[1].State != care.EntryWritten || notes[0].SettledBy != "MSK" || len(sim.Notes("2512489996")) != 1 {
		t.Errorf("notes: %+v, held %+v", notes, sim.Notes("2512489996"))
	}

	if open, err := r.store.OpenNotices(ctx); err != nil || slices.ContainsFunc(open, func(n scheduler.Notice) bool { return n.Kind == scheduler.NotesRefused }) {
		t.Errorf("the notice stays: %+v, %v", open, err)
	}
}

// TestNoteIsImpossible: a record that has no means gets nothing, which is told with the text for whoever
// writes it by hand.
func TestNoteIsImpossible(t *testing.T) {
	t.Parallel()

	r := newRig(t, func(s *setup) {
		s.set.Notes = map[care.NoteTopic]scheduler.CitizenNoteRule{care.SuitabilityNote: {Why: "Vores journal har intet felt til det."}, care.DeviceNote: {Means: care.ByNote, Name: "Omsorgsnotat"}}
	})
	r.load(list(nancy))
	id := r.nancysID()

	preview, err := r.PreviewJudgement(t.Context(), planner(), id, yes("Kan selv."))
	must(t, err)
	must(t, r.Judge(t.Context(), planner(), id, yes("Kan selv.")))

	notes := r.notesOf(id)
	if len(notes) != 1 || notes[0].State != care.EntryOmitted || notes[0].Failure != "Vores journal har intet felt til det." || preview.Impossible != notes[0].Failure || notes[0].Text != preview.Text {
		t.Errorf("notes: %+v, preview %+v", notes, preview)
	}
}

// TestTabletIsTold: set up, handed back and lost; a second set-up of the same tablet tells nothing.
func TestTabletIsTold(t *testing.T) {
	t.Parallel()

	var sim *nexussim.Server

	r := newRig(t, toldOfCitizens(&recordPeer{name: "nexus"}, &sim), knownDevices)
	ctx := t.Context()

	r.load(list(nancy))
	refusedSerial := nancysTablet()
	refusedSerial.Serial = "pin 4711"
	_, err := r.RegisterTablet(ctx, administrator(), refusedSerial)
	refused(t, err, care.Invalid)

	first := r.putUp()
	offer, err := r.OfferTablet(ctx, administrator(), first.id)
	must(t, err)
	must(t, first.enrol(offer.Code.Groups()))

	cards, err := r.Tablets(ctx, administrator())
	must(t, err)
	refused(t, r.CloseTablet(ctx, administrator(), first.id, care.DeviceIdle), care.Invalid)
	must(t, r.CloseTablet(ctx, administrator(), first.id, care.DeviceReturned))

	second := r.putUp()
	must(t, r.CloseTablet(ctx, administrator(), second.id, care.DeviceLost))
	r.until(eve().Add(time.Hour))

	var got []string

	held := sim.Notes("2512489996")
	for _, n := range held {
		got = append(got, n.Fields["Skærm i hjemmet"])
	}

	if diff := cmp.Diff([]string{"Kommunens skærm", "Ingen", "Kommunens skærm", "Ingen"}, got); diff != "" {
		t.Fatalf("the record holds (-want +got):\n%s", diff)
	}

	shown := cards[0].Closing[0]
	if shown.Why != care.DeviceReturned || !strings.HasPrefix(held[1].Fields["Notat"], shown.Note.Text) || !strings.Contains(shown.Note.Text, "SN-001 er afleveret den 22-11-2026") {
		t.Errorf("shown was %+v, written %q", shown, held[1].Fields["Notat"])
	}
}
