package api_test

import (
	"context"
	"os"
	"testing"

	"github.com/getkin/kin-openapi/openapi3filter"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

func (f *fake) Evidence(_ context.Context, actor care.Actor, id care.VisitID) (scheduler.EvidenceView, error) {
	return evidence(), f.note(actor, "Evidence %s", id)
}

func (f *fake) EachEvidence(_ context.Context, actor care.Actor, q scheduler.StatisticsQuery, tell func(scheduler.EvidenceView) error) error {
	if err := f.note(actor, "EachEvidence %s %s %s", q.From, q.To, q.Unit); err != nil {
		return err
	}

	if err := tell(evidence()); err != nil {
		return err
	}

	return tell(scheduler.EvidenceView{Visit: "v-2", Unit: "oest", Planned: care.Interval{Start: minutes(100), End: minutes(110)}, State: care.Open})
}

func (f *fake) Correct(_ context.Context, actor care.Actor, id care.VisitID, req scheduler.CorrectRequest) error {
	return f.note(actor, "Correct %s %v %s", id, req.ConcludeRequest, req.Because)
}

// evidence has a value in every field.
func evidence() scheduler.EvidenceView {
	v := fullVisit().Visit
	former := v.Outcome
	former.By = "system"
	v.Outcome.Because = "Det var naboen."

	return scheduler.EvidenceView{
		Visit: v.ID, Unit: "oest", Law: care.SUL138, Shift: care.DayShift, Planned: v.Facts.Planned, State: care.Completed,
		Invited: minutes(1), Opened: minutes(70), Came: minutes(70), LetIn: minutes(76), LetInBy: "MSK", Method: care.ByCode,
		HostIn: minutes(75), HostOut: minutes(90), GuestIn: minutes(76), GuestOut: minutes(90), Ended: minutes(90), Ending: care.EndedForAll,
		Outcome: v.Outcome, Former: []care.Outcome{former},
		Verdicts: []care.Verdict{
			{Outcome: care.Outcome{Grade: care.Missing}, Why: []string{"Platformen har ingen oplysninger om, at nogen var i rummet."}, Rule: 2, At: minutes(91)},
			{Decided: true, Outcome: former, Why: []string{"De var sammen i 14 minutter."}, Rule: 2, Complete: true, At: minutes(96), Alarms: []care.Alarm{care.StrangerInRoom}},
		},
		Legs: []scheduler.LegView{
			{Leg: care.Leg{ID: "leg", Room: "731955", Role: care.AsHost, Joined: minutes(75), Left: minutes(90), Media: care.Video}, Use: care.LegCounted},
			{Leg: care.Leg{ID: "leg-2", Room: "731955", Role: care.AsGuest, Joined: minutes(76), Entered: minutes(77), Left: minutes(90), Seat: 1, Media: care.AudioOnly, Ending: care.EndedForAll, Witness: care.FromBoth, Node: "10.44.0.11", Call: "provider-77"}, Use: care.LegCounted},
			{Leg: care.Leg{ID: "leg-3", Room: "731955"}},
		},
		Present:   []scheduler.SeatView{{Came: true}, {Seat: 1, Kind: care.Relative}},
		Witnesses: []care.Witness{care.FromHistory, care.FromBoth},
	}
}

// TestMain has the validator take a file with semicolons for what it is: it knows commas only.
func TestMain(m *testing.M) {
	openapi3filter.RegisterBodyDecoder("text/csv", openapi3filter.FileBodyDecoder)
	openapi3filter.RegisterBodyDecoder("application/fhir+ndjson", openapi3filter.FileBodyDecoder)
	os.Exit(m.Run())
}
