package storetest

import (
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// checkJudgement: a judgement survives what lists say later, and goes only when another takes its place.
func checkJudgement(t *testing.T, b Bench) {
	t.Helper()
	seed(t, b.Store, 1)

	ctx, id := t.Context(), care.CitizenID("citizen-0")
	want := care.Judgement{Verdict: care.ToBeJudged, Why: "Hører dårligt", Again: "2026-07-01", By: "MSK", At: Now()}

	must(t, b.Store.SetJudgement(ctx, id, want, scheduler.Effects{}))
	wantKind(t, b.Store.SetJudgement(ctx, "nobody", want, scheduler.Effects{}), care.Conflict)

	before, err := b.Twin.Citizens(ctx, []care.CitizenID{id})
	must(t, err)
	same(t, "judgement", want, before[id].Judged)

	listed := before[id]
	listed.Judged, listed.Suitability, listed.Name = care.Judgement{}, care.Unsuitable, "Nyt Navn"
	must(t, b.Twin.SaveImport(ctx, scheduler.Import{Record: scheduler.ListRecord{ID: "later", Kept: "later", At: Now()}, Citizens: []care.Citizen{listed}}))

	after, err := b.Store.Citizens(ctx, []care.CitizenID{id})
	must(t, err)

	if c := after[id]; c.Judged != want || c.Suitability != care.Unsuitable || c.Name != "Nyt Navn" || c.Fit() != care.ToBeJudged || !c.Doubted() {
		t.Errorf("after another list: %+v", c)
	}
}

// checkNotes: notes are numbered in order, each once, and keep what they hold.
func checkNotes(t *testing.T, b Bench) {
	t.Helper()
	seed(t, b.Store, 1)

	ctx, id := t.Context(), care.CitizenID("citizen-0")
	judgement := care.Judgement{Verdict: care.Suitable, Why: "Kan selv", By: "MSK", At: Now()}
	first := care.CitizenNote{
		ID: "n1", Citizen: id, Topic: care.SuitabilityNote, Means: care.ByNote, State: care.EntryDue, Key: "note/n1", Name: "Omsorgsnotat",
		Fields: []care.NoteField{{Label: "Egnet", Value: "Ja"}}, Title: "Egnethed", Text: "Kan selv.", Author: "Mette (MSK)", About: Now(), DueAt: Now(),
	}
	second := first
	second.ID, second.Key, second.Topic = "n2", "note/n2", care.DeviceNote
	job := scheduler.Job{Kind: scheduler.WriteNoteJob, Ref: "n1"}

	must(t, b.Store.SetJudgement(ctx, id, judgement, scheduler.Effects{Notes: []care.CitizenNote{first}, Jobs: []scheduler.Job{job}}))
	must(t, b.Twin.SetJudgement(ctx, id, judgement, scheduler.Effects{Notes: []care.CitizenNote{first, second}}))

	all, err := b.Twin.CitizenNotes(ctx, id)
	must(t, err)

	if len(all) != 2 || all[0].ID != "n2" || all[1].ID != "n1" || all[1].Seq >= all[0].Seq {
		t.Fatalf("notes: %+v", all)
	}

	first.Seq = all[1].Seq
	same(t, "note", first, all[1])

	refused := func(n *care.CitizenNote) (scheduler.Effects, error) {
		n.Refused("Nej.")

		return scheduler.Effects{}, nil
	}
	must(t, b.Store.UpdateCitizenNote(ctx, "n1", refused))
	wantKind(t, b.Store.UpdateCitizenNote(ctx, "n9", refused), care.NotFound)

	_, err = b.Store.CitizenNote(ctx, "n9")
	wantKind(t, err, care.NotFound)

	if n, err := b.Twin.NotesWaiting(ctx); n != 1 || err != nil {
		t.Errorf("waiting: %d, %v", n, err)
	}

	must(t, b.Twin.UpdateCitizenNote(ctx, "n1", func(n *care.CitizenNote) (scheduler.Effects, error) {
		return scheduler.Effects{}, n.Settle("PLA", Now().Add(time.Hour))
	}))

	got, err := b.Store.CitizenNote(ctx, "n1")
	must(t, err)

	first.State, first.Failure, first.SettledBy, first.SettledAt = care.EntryRejected, "Nej.", "PLA", Now().Add(time.Hour)
	same(t, "settled note", first, got)

	if n, err := b.Twin.NotesWaiting(ctx); n != 0 || err != nil {
		t.Errorf("waiting after that: %d, %v", n, err)
	}
}
