package web_test

import (
	"context"
	"strings"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Evidence plays a visit in which both came, the employee by two tabs; at the visit that was not
// held only the employee came.
func (f *fakeUse) Evidence(_ context.Context, _ care.Actor, id care.VisitID) (scheduler.EvidenceView, error) {
	v, err := f.find(id)
	if err != nil {
		return scheduler.EvidenceView{}, err
	}

	out := scheduler.EvidenceView{Visit: id, Planned: v.Visit.Facts.Planned, State: v.Visit.State, Outcome: v.Visit.Outcome}
	start := v.Visit.Facts.Planned.Start
	leg := func(role care.LegRole, seat int, use care.Use, from, to time.Duration) scheduler.LegView {
		l := care.Leg{ID: from.String(), Role: role, Seat: seat, Joined: start.Add(from), Left: start.Add(to), Media: care.Video, Witness: care.FromBoth}

		return scheduler.LegView{Leg: l, Use: use}
	}

	host := leg(care.AsHost, 0, care.LegCounted, -time.Minute, 14*time.Minute)

	switch v.Status {
	case scheduler.StatusCompleted, scheduler.StatusRunning:
		guest := leg(care.AsGuest, 1, care.LegCounted, 2*time.Minute, 13*time.Minute)
		guest.Joined, guest.Entered = start.Add(-3*time.Minute), start.Add(2*time.Minute)
		out.Legs = []scheduler.LegView{
			guest, host, leg(care.AsHost, 0, care.LegSilent, 3*time.Minute, 4*time.Minute),
			leg(care.AsGuest, 2, care.LegOther, 4*time.Minute, 12*time.Minute), leg(care.AsGuest, 4, care.LegStranger, 5*time.Minute, 6*time.Minute),
		}
		if out.Outcome.Kind != "" {
			out.Outcome.Actual = care.Interval{Start: start.Add(2 * time.Minute), End: start.Add(13 * time.Minute)}
		}

		said := care.Outcome{Kind: care.ResultCompleted, Delivery: care.Screen, Grade: care.Certain}
		out.Verdicts = []care.Verdict{
			{Outcome: care.Outcome{Grade: care.Missing}, Why: []string{"Platformen har ingen oplysninger om, at nogen var i rummet."}, At: start.Add(20 * time.Minute)},
			{Decided: true, Outcome: said, Why: []string{"Medarbejderen var i rummet " + clocks(start, -1, 14) + ".", "Borgeren var i rummet " + clocks(start, 2, 13) + ".", "De var sammen i 11 minutter.", care.StrangerInRoom.Danish()}, Complete: true, At: start.Add(30 * time.Minute)},
		}
	case scheduler.StatusNot:
		host.Left = host.Joined.Add(6 * time.Minute)
		out.Legs = []scheduler.LegView{host}
		out.Former = []care.Outcome{{Kind: care.ResultCompleted, Delivery: care.Screen, Grade: care.Manual, By: "MSK", At: start.Add(15 * time.Minute)}}
		out.Outcome.By, out.Outcome.Grade, out.Outcome.Because = "MSK", care.Probable, "Jeg tog fejl af to besøg."
		out.Verdicts = []care.Verdict{{Decided: true, Outcome: care.Outcome{Kind: care.ResultNotCompleted, Reason: care.TechnicalFault, Delivery: care.Screen, Grade: care.Probable}, Why: []string{"Medarbejderen var i rummet " + clocks(start, -1, 5) + ".", "Borgeren prøvede at komme ind, men det lykkedes ikke."}, At: start.Add(30 * time.Minute)}}
	case scheduler.StatusPhysical, scheduler.StatusToCall, scheduler.StatusBooking, scheduler.StatusPlanned, scheduler.StatusInvited, scheduler.StatusOpened, scheduler.StatusWaiting, scheduler.StatusPhone, scheduler.StatusCancelled, scheduler.StatusTrouble:
	}

	return out, f.call("Evidence")
}

func (f *fakeUse) Correct(_ context.Context, _ care.Actor, _ care.VisitID, req scheduler.CorrectRequest) error {
	if strings.TrimSpace(req.Because) == "" {
		return care.NewError(care.Invalid, "Skriv, hvorfor resultatet rettes, med højst 500 tegn.")
	}

	return f.call("Correct")
}

// clocks is "kl. 08.26–08.41", minutes after a start.
func clocks(start time.Time, from, to int) string {
	at := func(n int) string {
		return start.Add(time.Duration(n) * time.Minute).In(care.Zone()).Format("15.04")
	}

	return "kl. " + at(from) + "–" + at(to)
}
