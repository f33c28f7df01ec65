package scheduler

import (
	"context"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/scheduler/care"
)

// stillTalking is how long to wait before looking again at a conversation that goes on.
const stillTalking = time.Minute

// concludeByEvidence ends a visit after its planned end and the grace, from what the platform
// saw. Nothing is ever called completed without host and guest together; where the platform can't
// tell, a person is asked. A conversation that goes on is not cut before the hard cap.
func (s *Service) concludeByEvidence(ctx context.Context, job Job) error {
	v, err := s.store.Visit(ctx, job.Visit)
	if err != nil || (v.State != care.RoomIsBooked && v.State != care.Open) {
		return err
	}

	now, due := s.now(), v.Facts.Planned.End.Add(s.set.Grace)
	if wait := due.Sub(now); wait > 0 {
		return s.later("conclude", wait)
	}

	legs, seen, err := s.legs(ctx, v)
	if err != nil && passing(err) && now.Before(due.Add(s.set.HardCap)) {
		return err
	}

	if talking(legs) && now.Before(due.Add(s.set.HardCap)) {
		return s.later("conclude", stillTalking)
	}

	verdict := care.Judge(legs, s.set.Together, now)

	// A platform may tell of a conversation only when it has ended.
	if v.State == care.Open && verdict.Outcome.Kind != care.ResultCompleted && now.Before(due.Add(s.set.HardCap)) {
		return s.later("conclude", stillTalking)
	}

	if v.State == care.Open && verdict.Outcome.Reason == care.CitizenAbsent {
		verdict = care.Verdict{Why: "Borgeren blev lukket ind, men platformen så kun medarbejderen."}
	}

	if !verdict.Decided || !seen {
		return s.askOutcome(ctx, job, legs, verdict.Why)
	}

	return s.update(ctx, job.Visit, &AuditRow{Actor: "system", Action: "conclude", Detail: string(verdict.Outcome.Kind)}, func(v *care.Visit) error {
		if state := v.State(); state != care.RoomIsBooked && state != care.Open {
			return nil // somebody was first
		}

		v.Witness(legs)

		o := verdict.Outcome
		o.By, o.At = "system", now

		return v.Conclude(o)
	})
}

// askOutcome has a person say how the visit went.
func (s *Service) askOutcome(ctx context.Context, job Job, legs []care.Leg, why string) error {
	return s.update(ctx, job.Visit, nil, func(v *care.Visit) error {
		if state := v.State(); state != care.RoomIsBooked && state != care.Open {
			return nil // somebody was first
		}

		v.Witness(legs)
		v.Raise(care.OutcomeTrouble, "", "Vi kan ikke se, om besøget blev gennemført. "+why+" Angiv, hvordan det gik.", false, s.now())

		return nil
	})
}

// passing reports whether a read that failed may succeed later by itself.
func passing(err error) bool {
	switch connector.KindOf(err) {
	case connector.NotFound, connector.Conflict, connector.Rejected, connector.Malformed, connector.Unsupported:
		return false
	case connector.Unavailable, connector.RateLimited, connector.Unknown, connector.Pending, connector.Unauthorized:
	}

	return true
}

// talking reports whether host and guest are in the room now.
func talking(legs []care.Leg) bool {
	host, guest := false, false

	for _, l := range legs {
		host = host || l.Left.IsZero() && l.Role == care.AsHost
		guest = guest || l.Left.IsZero() && l.Role == care.AsGuest
	}

	return host && guest
}

// legs asks the platform who was in the visit's rooms. Seen is false when it can't tell at all.
func (s *Service) legs(ctx context.Context, v care.Snapshot) (legs []care.Leg, seen bool, err error) {
	observer, ok := s.video.(video.Observer)
	if !ok {
		return nil, false, nil
	}

	for _, room := range v.Rooms {
		if room.BookedAt.IsZero() {
			continue
		}

		window := care.Interval{Start: v.Facts.Planned.Start.Add(-s.set.Door - time.Hour), End: v.Facts.Planned.End.Add(s.set.Grace + s.set.HardCap + time.Hour)}

		found, err := observer.Legs(ctx, video.Observed{Ref: room.Ref, Address: room.Address, Window: window})
		if connector.Is(err, connector.Unsupported) {
			return nil, false, nil
		}

		if err != nil {
			return nil, false, err
		}

		legs = append(legs, found...)
	}

	return legs, true, nil
}
