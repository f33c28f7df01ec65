package api_test

import (
	"context"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

func comparison() scheduler.Run {
	return scheduler.Run{
		ID: "r-1", Kind: scheduler.ManualRun, State: scheduler.RunIncomplete, Window: care.Interval{Start: now.Add(-24 * time.Hour), End: now.Add(48 * time.Hour)}, By: "MSK",
		AskedAt: now.Add(-10 * time.Minute), BegunAt: now.Add(-9 * time.Minute), NextTry: now.Add(4 * time.Minute), Citizens: 80, Looked: 34, Visits: 51, Found: 2,
		Missing: []care.CitizenID{"0104909989"}, Text: "Omsorgsjournalen svarer ikke. Det, vi ikke har set, er ikke vurderet.", Tries: 1,
	}
}

func (f *fake) Reconciliation(_ context.Context, actor care.Actor, filter scheduler.FindingFilter) (scheduler.ReconcileView, error) {
	done := comparison()
	done.ID, done.Kind, done.State, done.NextTry, done.DoneAt, done.Looked, done.Text = "r-0", scheduler.NightRun, scheduler.RunDone, time.Time{}, now.Add(-4*time.Hour), 80, ""

	of := func(id care.FindingID, kind care.DriftKind, state care.FindingState) scheduler.FindingView {
		return scheduler.FindingView{
			Finding: care.Finding{
				Drift: care.Drift{Kind: kind, Visit: "v-1", About: "record-55", Ours: "Vores", Theirs: "Deres"}, ID: id, Unit: "oest", Day: "2026-11-23", State: state,
				FirstSeen: now.Add(-time.Hour), LastSeen: now,
			},
			Terms: kind.Terms(), Visit: fullVisit(), Unit: care.Unit{ID: "oest", Name: "Øst"},
		}
	}

	moved, accepted, bare := of("f-1", care.DriftMoved, care.FindingOpen), of("f-2", care.DriftCategory, care.FindingAccepted), of("f-3", care.DriftRoomOrphan, care.FindingMending)
	accepted.ClosedBy, accepted.ClosedAt, accepted.Reason = "MSK", now.Add(-time.Minute), "De bytter"
	bare.Bare, bare.Visit, bare.MendBy, bare.MendAt, bare.Note = true, scheduler.VisitView{}, "system", now, "Platformen svarer ikke."

	return scheduler.ReconcileView{
		Can: true, Auto: true, Runs: []scheduler.Run{comparison(), done}, Findings: []scheduler.FindingView{moved, accepted, bare}, All: 60,
		Live: map[care.Gravity]int{care.Pressing: 1, care.Important: 0, care.Small: 2},
	}, f.note(actor, "Reconciliation unit=%s kind=%s gravity=%d visit=%s day=%s settled=%t first=%d", filter.Unit, filter.Kind, filter.Gravity, filter.Visit, filter.Day, filter.Settled, filter.First)
}

func (f *fake) CategoryCounts(_ context.Context, actor care.Actor, unit care.UnitID) ([]scheduler.CategoryCount, scheduler.Run, error) {
	return []scheduler.CategoryCount{
		{Day: "2026-11-23", Unit: "oest", Category: "Planlagt skærmbesøg", Own: 12, Record: 11, Visits: []care.VisitID{"v-1"}},
		{Day: "2026-11-23", Unit: "oest", Category: "Telefonisk", Own: 2, Record: 3, Unknown: 1},
		{Day: "2026-11-23", Unit: "oest", Category: "Gennemført skærmbesøg", Own: 8, Record: 8},
	}, comparison(), f.note(actor, "CategoryCounts %s", unit)
}

func (f *fake) AskRun(_ context.Context, actor care.Actor) (scheduler.Run, error) {
	return comparison(), f.note(actor, "AskRun")
}

func (f *fake) RunOf(_ context.Context, actor care.Actor, id scheduler.RunID) (scheduler.Run, error) {
	return comparison(), f.note(actor, "RunOf %s", id)
}

func (f *fake) MendFinding(_ context.Context, actor care.Actor, id care.FindingID, overwrite bool) error {
	return f.note(actor, "MendFinding %s %v", id, overwrite)
}

func (f *fake) AcceptFinding(_ context.Context, actor care.Actor, id care.FindingID, reason string) error {
	return f.note(actor, "AcceptFinding %s %s", id, reason)
}

func (f *fake) ReopenFinding(_ context.Context, actor care.Actor, id care.FindingID) error {
	return f.note(actor, "ReopenFinding %s", id)
}
