package api_test

import (
	"context"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

func (f *fake) Judge(_ context.Context, actor care.Actor, id care.CitizenID, req scheduler.JudgementRequest) error {
	return f.note(actor, "Judge %s %v", id, req)
}

func (f *fake) PreviewJudgement(_ context.Context, actor care.Actor, id care.CitizenID, req scheduler.JudgementRequest) (scheduler.NotePreview, error) {
	return scheduler.NotePreview{
		Where: "Skemaet »Omsorgsnotat« i omsorgsjournalen", Fields: []care.NoteField{{Label: "Egnet til skærmbesøg", Value: "Ja"}}, Text: "Egnet.", Author: "Mette Skov (MSK), medarbejder",
	}, f.note(actor, "PreviewJudgement %s %v", id, req)
}

func (f *fake) RetryNote(_ context.Context, actor care.Actor, citizen care.CitizenID, id care.NoteID) error {
	return f.note(actor, "RetryNote %s %s", citizen, id)
}

func (f *fake) SettleNote(_ context.Context, actor care.Actor, citizen care.CitizenID, id care.NoteID) error {
	return f.note(actor, "SettleNote %s %s", citizen, id)
}

func (f *fake) Tombstones(_ context.Context, actor care.Actor, q scheduler.TombstoneQuery) (scheduler.TombstonesView, error) {
	return scheduler.TombstonesView{Query: q, List: []care.Tombstone{stone()}}, f.note(actor, "Tombstones %s %s %d %d", q.From, q.To, q.Skip, q.Limit)
}

func (f *fake) Tombstone(_ context.Context, actor care.Actor, id care.VisitID) (care.Tombstone, error) {
	return stone(), f.note(actor, "Tombstone %s", id)
}

func stone() care.Tombstone {
	return care.Tombstone{
		Visit: "v-1", Rule: care.ByReceipt, KeepDays: 30, Unit: "oest", Day: "2026-10-12", Source: care.SourceRef{System: "nexus", ID: "visit/4711", Occurrence: "2026-10-12"},
		Receipts: []care.Entry{{Kind: care.EntryResult, Means: care.OnList, State: care.EntryWritten, RecordID: "visit/4711", RecordVer: "3", WrittenAt: now}}, Proof: "ab12", DeletedAt: now,
	}
}

// judgedNotes are a written and an impossible note.
func judgedNotes() []care.CitizenNote {
	return []care.CitizenNote{
		{ID: "n-2", Topic: care.DeviceNote, State: care.EntryOmitted, Failure: "Det kan journalen ikke.", Text: "Tavle afleveret.", About: now},
		{ID: "n-1", Topic: care.SuitabilityNote, State: care.EntryWritten, Name: "Omsorgsnotat", Fields: []care.NoteField{{Label: "Egnet", Value: "Ja"}}, Text: "Egnet.", Author: "MSK", About: now, WrittenAt: now, RecordID: "form/17"},
	}
}
