package scheduler

import (
	"context"
	"slices"

	"github.com/sluse/sluse/scheduler/care"
)

// Troubles returns what needs a person on a local day, the soonest visit first. Needs
// HandleTrouble in the unit.
func (s *Service) Troubles(ctx context.Context, actor care.Actor, day care.Day) ([]TroubleView, error) {
	units, err := s.scope(actor, care.HandleTrouble, "")
	if err != nil {
		return nil, err
	}

	visits, err := s.store.Visits(ctx, VisitQuery{Window: day.Bounds(), Units: ids(units), Troubled: true})
	if err != nil {
		return nil, err
	}

	views, err := s.views(ctx, visits)
	if err != nil {
		return nil, err
	}

	var out []TroubleView

	for _, view := range views {
		for _, e := range view.Visit.Exceptions {
			if e.Open() {
				out = append(out, TroubleView{Exception: e, Visit: view})
			}
		}
	}

	return out, s.shownVisits(ctx, actor, "see_troubles", views)
}

// handled reads a visit whose exceptions the actor may handle.
func (s *Service) handled(ctx context.Context, actor care.Actor, id care.VisitID) (care.Snapshot, error) {
	v, err := s.store.Visit(ctx, id)
	if err != nil {
		return care.Snapshot{}, err
	}

	return v, actor.Must(care.HandleTrouble, v.Facts.Unit)
}

// Retry tries again what an exception is about: the room, the message or the entry.
func (s *Service) Retry(ctx context.Context, actor care.Actor, id care.VisitID, exception care.ExceptionID) error {
	v, err := s.handled(ctx, actor, id)
	if err != nil {
		return err
	}

	channel, err := s.channelOf(ctx, v)
	if err != nil {
		return err
	}

	return s.update(ctx, id, by(actor, "retry"), func(v *care.Visit) error {
		e, ok := v.Snapshot().ExceptionOf(exception)
		switch {
		case !ok || !e.Open():
			return care.NewError(care.Conflict, "Punktet er allerede løst.")
		case !e.Retry:
			return care.NewError(care.Conflict, "Det kan ikke prøves igen. Vælg en af de andre handlinger.")
		}

		return s.retry(v, e, channel, string(actor.Employee))
	})
}

func (s *Service) retry(v *care.Visit, e care.Exception, channel care.Channel, by string) error {
	now := s.now()

	switch e.Kind {
	case care.RoomTrouble:
		return v.RetryRoom(care.RoomRef(e.About), care.RoomRef(randomID()), by, now)
	case care.MessageTrouble:
		if e.About == care.AboutNumber && channel != "" {
			return v.InviteOnNumber(channel, by, now)
		}

		if inv, _ := v.Snapshot().InvitationOf(care.InvitationID(e.About)); inv.To != "" {
			p, _ := v.Snapshot().ParticipantOf(inv.To)
			channel = p.Channel()
		}

		if channel == "" {
			return care.NewError(care.Conflict, "Borgeren har hverken mobilnummer eller e-mail, der virker. Ring i stedet.")
		}

		return v.MessageRetried(care.InvitationID(e.About), channel, by, now)
	case care.EntryTrouble:
		return v.RetryEntry(care.EntryID(e.About), by, now)
	case care.PoolTrouble, care.SourceGone, care.CitizenTrouble, care.OutcomeTrouble, care.PersonTrouble, care.ChangeTrouble, care.FollowUpTrouble:
	}

	return care.NewError(care.Conflict, "Det kan ikke prøves igen. Vælg en af de andre handlinger.")
}

// Settle takes an exception off the list because the planner dealt with it.
func (s *Service) Settle(ctx context.Context, actor care.Actor, id care.VisitID, exception care.ExceptionID) error {
	if _, err := s.handled(ctx, actor, id); err != nil {
		return err
	}

	return s.update(ctx, id, by(actor, "settle"), func(v *care.Visit) error {
		now := v.Snapshot()

		_, live := now.LiveRoom()
		if e, ok := now.ExceptionOf(exception); ok && e.Kind == care.RoomTrouble && now.State.Active() && !live {
			return care.NewError(care.Conflict, "Skærmbesøget har intet rum. Prøv igen, gør besøget fysisk, eller aflys det.")
		}

		return v.Settle(exception, string(actor.Employee), s.now())
	})
}

// MoveVisit gives a visit a new planned time, UTC. A booked room follows, and the citizen is told.
func (s *Service) MoveVisit(ctx context.Context, actor care.Actor, id care.VisitID, planned care.Interval) error {
	v, err := s.planned(ctx, actor, id)
	if err != nil {
		return err
	}

	if !planned.Valid() || !planned.Start.After(s.now()) {
		return care.NewError(care.Invalid, "Vælg et tidspunkt i fremtiden, og et sluttidspunkt efter starten.")
	}

	channel, err := s.channelOf(ctx, v)
	if err != nil {
		return err
	}

	return s.update(ctx, id, by(actor, "move"), func(v *care.Visit) error {
		moved, err := v.Reschedule(planned)
		if err != nil {
			return err
		}

		s.follow(v, moved, channel)

		return nil
	})
}

// relist takes over what a newer list says of a visit, and does what that needs.
func (s *Service) relist(v *care.Visit, m match) {
	before := v.Snapshot()
	s.follow(v, v.Relist(m.facts, s.now()), m.channel)

	if !v.State().Active() {
		return
	}

	if s.set.Rules.Absent(m.facts.Status) && m.facts.Status != before.Facts.Status {
		v.Raise(care.ChangeTrouble, "status", "Kørelisten siger »"+m.facts.Status+"«. Aflys skærmbesøget, gør det fysisk, eller behold det.", false, s.now())
	}

	switch m.phone {
	case samePhone:
	case newPhone:
		// Whoever has the old number may read the old link: it must not stay the valid one (identity.md §5.1).
		if before.State == care.RoomIsBooked && v.Planned().Equal(before.Facts.Planned) && v.Snapshot().Facts.Citizen == m.facts.Citizen {
			v.Reinvite(m.channel, s.now())
		}
	case lostPhone:
		v.NumberLost(m.channel, s.now())
	case foundPhone:
		v.NumberFound(s.now())
	}
}

// follow does what a new time needs: whoever the citizen's consent does not cover then is out, the
// citizen is told, the record too. The room follows by jobsFor.
func (s *Service) follow(v *care.Visit, moved bool, channel care.Channel) {
	if !moved {
		return
	}

	v.DropUncovered(s.now())

	if v.State() == care.RoomIsBooked {
		v.RecordPlanned(s.now())
		tell(v, channel, s.now())
	}
}

// planned reads a visit that the actor may plan.
func (s *Service) planned(ctx context.Context, actor care.Actor, id care.VisitID) (care.Snapshot, error) {
	v, err := s.store.Visit(ctx, id)
	if err != nil {
		return care.Snapshot{}, err
	}

	return v, actor.Must(care.Convert, v.Facts.Unit)
}

// CancelVisit ends a visit altogether. The citizen is told when invited.
func (s *Service) CancelVisit(ctx context.Context, actor care.Actor, id care.VisitID, reason care.ReasonCode) error {
	v, err := s.planned(ctx, actor, id)
	if err != nil {
		return err
	}

	if !slices.Contains(care.Reasons(), reason) {
		return care.NewError(care.Invalid, "Vælg en årsag.")
	}

	channel, err := s.channelOf(ctx, v)
	if err != nil {
		return err
	}

	return s.update(ctx, id, &AuditRow{Actor: string(actor.Employee), Action: "cancel", Detail: string(reason)}, func(v *care.Visit) error {
		return v.Cancel(reason, string(actor.Employee), channel, s.now())
	})
}

// MakePhysical takes a single visit back to a physical one.
func (s *Service) MakePhysical(ctx context.Context, actor care.Actor, id care.VisitID) error {
	v, err := s.planned(ctx, actor, id)
	if err != nil {
		return err
	}

	return s.makePhysical(ctx, actor, v)
}

func (s *Service) makePhysical(ctx context.Context, actor care.Actor, v care.Snapshot) error {
	channel, err := s.channelOf(ctx, v)
	if err != nil {
		return err
	}

	return s.update(ctx, v.ID, by(actor, "make_physical"), func(v *care.Visit) error {
		return v.Revert(channel, s.now())
	})
}
