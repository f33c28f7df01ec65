package scheduler

import (
	"context"
	"slices"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// evidenceWait bounds how long a page waits for the platform's evidence.
const evidenceWait = 3 * time.Second

// MyDay returns the actor's own visits of a local day. Needs HostVisits somewhere.
func (s *Service) MyDay(ctx context.Context, actor care.Actor, day care.Day) (DayView, error) {
	if !actor.MayAnywhere(care.HostVisits) {
		return DayView{}, actor.Must(care.HostVisits, care.EveryUnit)
	}

	visits, err := s.store.Visits(ctx, VisitQuery{Window: day.Bounds(), Employee: actor.Employee})
	if err != nil {
		return DayView{}, err
	}

	views, err := s.views(ctx, visits)
	if err != nil {
		return DayView{}, err
	}

	return DayView{Day: day, Visits: views, All: len(views), Employees: []care.EmployeeID{actor.Employee}}, nil
}

// hosted reads a visit that the actor may host: in a unit in which they are a caregiver, so that
// a colleague can stand in.
func (s *Service) hosted(ctx context.Context, actor care.Actor, id care.VisitID) (care.Snapshot, error) {
	v, err := s.store.Visit(ctx, id)
	if err != nil {
		return care.Snapshot{}, err
	}

	return v, actor.Must(care.HostVisits, v.Facts.Unit)
}

// Lobby returns one visit with who waits and what the platform has seen so far.
func (s *Service) Lobby(ctx context.Context, actor care.Actor, id care.VisitID) (VisitView, error) {
	v, err := s.hosted(ctx, actor, id)
	if err != nil {
		return VisitView{}, err
	}

	views, err := s.views(ctx, []care.Snapshot{v})
	if err != nil {
		return VisitView{}, err
	}

	view := views[0]
	if v.State == care.Open || v.State == care.RoomIsBooked && s.now().After(v.Facts.Planned.Start) {
		view.Verdict = s.evidence(ctx, v)
	}

	return view, nil
}

// evidence asks the platform, but never keeps a person waiting: without an answer there is none.
func (s *Service) evidence(ctx context.Context, v care.Snapshot) care.Verdict {
	ctx, cancel := context.WithTimeout(ctx, evidenceWait)
	defer cancel()

	legs, seen, err := s.legs(ctx, v)
	if err != nil || !seen {
		return care.Verdict{Why: "Platformen kan ikke fortælle, hvem der var i rummet."}
	}

	return care.Judge(legs, s.set.Together, s.now())
}

// HostLink gives the room's host link to the caregiver. The room must be booked and the time
// near: from the door's opening until the grace after the end.
func (s *Service) HostLink(ctx context.Context, actor care.Actor, id care.VisitID) (care.HostLink, error) {
	v, err := s.hosted(ctx, actor, id)
	if err != nil {
		return care.HostLink{}, err
	}

	room, ok := v.LiveRoom()

	switch now := s.now(); {
	case !v.State.Active():
		return care.HostLink{}, care.NewError(care.Gone, "Skærmbesøget er afsluttet, og rummet er lukket.")
	case now.After(s.over(v)):
		return care.HostLink{}, care.NewError(care.Gone, "Tiden for skærmbesøget er gået.")
	case !ok || room.HostLink.IsZero():
		return care.HostLink{}, care.NewError(care.Unavailable, "Rummet er ikke booket endnu. Prøv igen om lidt.")
	case now.Before(v.Facts.Planned.Start.Add(-s.set.Door)):
		return care.HostLink{}, care.NewError(care.Conflict, "Rummet åbner "+clock(v.Facts.Planned.Start.Add(-s.set.Door))+".")
	case !room.Made():
		return care.HostLink{}, notMade()
	}

	row := *by(actor, "open_host_link")
	row.At, row.Visit, row.Citizen = s.now(), v.ID, v.Facts.Citizen

	return room.HostLink, s.store.Record(ctx, []AuditRow{row})
}

// notMade is the answer to whoever would enter a room before it stands.
func notMade() error {
	return care.NewError(care.Unavailable, "Rummet er ikke klar endnu. Prøv igen om lidt.")
}

// clock writes "kl. 09.45" in Danish time.
func clock(t time.Time) string { return "kl. " + t.In(care.Zone()).Format("15.04") }

// Admit lets a waiting citizen in. The caregiver must have recognised the citizen.
func (s *Service) Admit(ctx context.Context, actor care.Actor, id care.VisitID, admission care.AdmissionID, recognised bool) error {
	if _, err := s.hosted(ctx, actor, id); err != nil {
		return err
	}

	return s.update(ctx, id, by(actor, "admit"), func(v *care.Visit) error {
		if room, ok := v.Snapshot().LiveRoom(); ok && room.Late && !room.Made() {
			return notMade()
		}

		return v.Admit(admission, actor.Employee, recognised, s.now())
	})
}

// Refuse turns a waiting person away.
func (s *Service) Refuse(ctx context.Context, actor care.Actor, id care.VisitID, admission care.AdmissionID) error {
	if _, err := s.hosted(ctx, actor, id); err != nil {
		return err
	}

	return s.update(ctx, id, by(actor, "refuse"), func(v *care.Visit) error {
		return v.Refuse(admission, actor.Employee, s.now())
	})
}

// Conclude ends a visit by the caregiver's word, weighed against the platform's evidence: where
// they agree the outcome is certain, where the platform says otherwise it is probable only, and
// without evidence it stands on the caregiver.
func (s *Service) Conclude(ctx context.Context, actor care.Actor, id care.VisitID, req ConcludeRequest) error {
	v, err := s.hostedOrPlanned(ctx, actor, id)
	if err != nil {
		return err
	}

	if req.Physical {
		return s.makePhysical(ctx, actor, v)
	}

	if req.Kind == care.ResultNotCompleted && !slices.Contains(care.Reasons(), req.Reason) {
		return care.NewError(care.Invalid, "Vælg, hvorfor besøget ikke blev gennemført.")
	}

	if req.Kind == care.ResultCompleted && s.now().Before(v.Facts.Planned.Start.Add(-s.set.Door)) {
		return care.NewError(care.Conflict, "Besøget er ikke begyndt endnu.")
	}

	legsCtx, cancel := context.WithTimeout(ctx, evidenceWait)
	defer cancel()

	legs, seen, err := s.legs(legsCtx, v)
	if err != nil {
		legs, seen = nil, false // the caregiver's word must not wait for the platform
	}

	outcome := s.weigh(req, legs, seen)
	outcome.By, outcome.At = string(actor.Employee), s.now()

	return s.update(ctx, id, &AuditRow{Actor: string(actor.Employee), Action: "conclude", Detail: string(req.Kind)}, func(v *care.Visit) error {
		v.Witness(legs)

		return v.Conclude(outcome)
	})
}

// hostedOrPlanned lets a planner conclude too: an outcome that nobody gave is on their list.
func (s *Service) hostedOrPlanned(ctx context.Context, actor care.Actor, id care.VisitID) (care.Snapshot, error) {
	v, err := s.store.Visit(ctx, id)
	if err != nil {
		return care.Snapshot{}, err
	}

	if actor.May(care.HandleTrouble, v.Facts.Unit) {
		return v, nil
	}

	return v, actor.Must(care.HostVisits, v.Facts.Unit)
}

func (s *Service) weigh(req ConcludeRequest, legs []care.Leg, seen bool) care.Outcome {
	delivery := care.Screen
	if req.Delivery == care.ByPhone && req.Kind == care.ResultCompleted {
		delivery = care.ByPhone
	}

	o := care.Outcome{Kind: req.Kind, Reason: req.Reason, Delivery: delivery, Grade: care.Manual}
	verdict := care.Judge(legs, s.set.Together, s.now())

	switch {
	case !seen || delivery == care.ByPhone:
	case verdict.Decided && verdict.Outcome.Kind == req.Kind:
		o.Grade, o.Actual, o.Together = care.Certain, verdict.Outcome.Actual, verdict.Outcome.Together
	case verdict.Decided:
		o.Grade = care.Probable
	}

	if o.Kind == care.ResultCompleted {
		o.Reason = ""
	}

	return o
}
