package api_test

import (
	"context"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

func (f *fake) FollowUps(_ context.Context, actor care.Actor) (scheduler.FollowUpList, error) {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	planned := care.Interval{Start: at.Add(-time.Hour), End: at.Add(-45 * time.Minute)}
	open := scheduler.FollowUpView{
		FollowUp: care.FollowUp{ID: "v-1-f1", Stage: care.FollowUpReturning, Cause: care.CitizenAbsent, OpenedAt: at.Add(-30 * time.Minute), VisitBy: at.Add(30 * time.Minute), BackAt: at, TakenBy: "MSK"},
		Visit:    "v-1", Unit: care.Unit{ID: "oest", Name: "Øst"}, Employee: "MSK",
		Card:    scheduler.EscalationCard{Name: "Nancy Ann Berggren", Cause: care.CitizenAbsent, Phone: care.NewPhone("+4520000033"), Risk: care.HighRisk, Planned: planned},
		Actions: []scheduler.FollowUpAction{scheduler.FollowUpTake}, Next: &scheduler.NextStep{Who: "Vagttelefonen", Phone: "89 00 00 01", At: at.Add(time.Hour)},
		Openings: []scheduler.Opening{{Employee: "TKR", ListName: "Øst dag", Gap: planned}},
	}
	ended := open
	ended.Stage, ended.EndedAt, ended.Actions, ended.Next, ended.Openings = care.FollowUpTalked, at, nil, nil, nil

	return scheduler.FollowUpList{Open: []scheduler.FollowUpView{open}, Ended: []scheduler.FollowUpView{ended}, Now: at}, f.note(actor, "FollowUps")
}

func (f *fake) FollowUp(_ context.Context, actor care.Actor, req scheduler.FollowUpRequest) error {
	return f.note(actor, "FollowUp %s %s %s %s", req.Visit, req.FollowUp, req.Action, req.Employee)
}
