package web_test

import (
	"context"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// testStone is what stays of a visit.
func testStone(id care.VisitID) care.Tombstone {
	return care.Tombstone{
		Visit: id, Rule: care.ByReceipt, KeepDays: 30, Unit: "oest", Day: "2026-10-12", Source: care.SourceRef{System: "nexus", ID: "visit/4711", Occurrence: "2026-10-12"},
		Receipts:  []care.Entry{{Kind: care.EntryPlanned, Means: care.OnList, RecordID: "visit/4711", RecordVer: "7"}, {Kind: care.EntryResult, Means: care.OnList, RecordID: "=form/815"}},
		Proof:     "01e2a9b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f80912233",
		DeletedAt: testNow().Add(-48 * time.Hour),
	}
}

// deletion makes the visit "slettet" a deleted one, and holds another back.
func deletion(v scheduler.VisitView, id care.VisitID) scheduler.VisitView {
	v.Deletion = scheduler.DeletionView{On: true, Due: testNow().Add(30 * 24 * time.Hour)}

	switch id {
	case "slettet":
		stone := testStone(id)
		v.Deletion = scheduler.DeletionView{On: true, Tombstone: &stone}
		v.Visit.ID, v.Visit.DeletedAt, v.Citizen.Name = id, stone.DeletedAt, "Slettet borger"
		v.Visit.Facts.Service, v.Visit.Facts.Category, v.Visit.Facts.Comment = "", "", ""
		v.Visit.Participants, v.Visit.Exceptions = nil, nil
	case "beholdt":
		v.Visit.ID = id
		v.Deletion = scheduler.DeletionView{On: true, Hold: care.Hold{By: "LED", At: testNow(), Why: "En pårørende klager over besøget."}}
	}

	return v
}

func (f *fakeUse) HoldDeletion(_ context.Context, _ care.Actor, _ care.VisitID, why string) error {
	if why == "" {
		return care.NewError(care.Invalid, "Skriv en begrundelse på højst 500 tegn.")
	}

	return f.call("HoldDeletion")
}

func (f *fakeUse) ReleaseDeletion(context.Context, care.Actor, care.VisitID) error {
	return f.call("ReleaseDeletion")
}

func (f *fakeUse) Tombstones(_ context.Context, _ care.Actor, q scheduler.TombstoneQuery) (scheduler.TombstonesView, error) {
	out := scheduler.TombstonesView{Query: q, Keep: 30, List: []care.Tombstone{testStone("slettet"), testStone("b02")}, More: q.Skip == 0 && q.Limit < 1000}
	if q.From == "2026-12-24" {
		out = scheduler.TombstonesView{Query: q}
	}

	return out, f.call("Tombstones")
}

func (f *fakeUse) CheckTombstone(_ context.Context, _ care.Actor, id care.VisitID, number, _ string) (bool, error) {
	if id != "slettet" {
		return false, care.NewError(care.NotFound, "Der er ikke slettet noget besøg med det id.")
	}

	return number == "251248-9996", f.call("CheckTombstone")
}

func (f *fakeUse) Course(_ context.Context, _ care.Actor, id care.CitizenID) (scheduler.CourseView, error) {
	out := scheduler.CourseView{Citizen: care.Citizen{ID: id, Name: "Sverre Mosebryggersen"}, Keep: 30}

	switch id {
	case "c2":
		out.Ended = &scheduler.EndedCourse{Citizen: id, Why: "Flyttet fra kommunen.", By: "LED", At: testNow()}
	case "c3":
		out.Blocked = "Borgeren har stadig planlagte besøg. Aflys dem i journalen, og importér kørelisten."
	}

	return out, f.call("Course")
}

func (f *fakeUse) EndCourse(_ context.Context, _ care.Actor, _ care.CitizenID, why string) error {
	if why == "" {
		return care.NewError(care.Invalid, "Skriv en begrundelse på højst 500 tegn.")
	}

	return f.call("EndCourse")
}

func (f *fakeUse) ReopenCourse(context.Context, care.Actor, care.CitizenID) error {
	return f.call("ReopenCourse")
}
