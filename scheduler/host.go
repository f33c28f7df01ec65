package scheduler

import (
	"context"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

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

	out := DayView{Day: day, Visits: views, All: len(views), Employees: []care.EmployeeID{actor.Employee}}

	return out, s.shownVisits(ctx, actor, "see_my_day", views)
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
	view.Verdict = v.Verdict()

	if room, ok := v.LiveRoom(); ok {
		view.Address = room.Address
	}

	if v.State == care.Open || v.State == care.RoomIsBooked && s.now().After(v.Facts.Planned.Start) {
		v, view.Verdict = s.verdictSoFar(ctx, v)
	}

	view.People = people(v, view.Citizen)

	if view.Ways, err = s.ways(ctx, v); err != nil {
		return VisitView{}, err
	}

	guardian, _, err := s.guardianOf(ctx, v.Facts.Citizen)
	if err != nil {
		return VisitView{}, err
	}

	view.Guardian = guardian.Name

	return view, s.shownVisit(ctx, actor, "see_lobby", v)
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

	if err := s.store.Record(ctx, []AuditRow{row}); err != nil {
		return care.HostLink{}, err
	}

	return room.HostLink, s.ring(ctx, v)
}

// notMade is the answer to whoever would enter a room before it stands.
func notMade() error {
	return care.NewError(care.Unavailable, "Rummet er ikke klar endnu. Prøv igen om lidt.")
}

// clock writes "kl. 09.45" in Danish time.
func clock(t time.Time) string { return "kl. " + t.In(care.Zone()).Format("15.04") }

// Admit lets a waiting person in, the citizen or a participant. The caregiver must have recognised
// them.
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
