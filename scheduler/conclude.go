package scheduler

import (
	"context"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/scheduler/care"
)

// stillTalking is how long to wait before looking again at a conversation that goes on.
const stillTalking = time.Minute

// bySystem is who gives an outcome by evidence alone.
const bySystem = "system"

// concludeByEvidence ends a visit after its planned end and the grace, from what the platform
// saw. Nothing is ever called completed without host and citizen together; where the platform
// can't tell, a person is asked. A conversation that goes on is not cut before the hard cap.
func (s *Service) concludeByEvidence(ctx context.Context, job Job) error {
	v, err := s.store.Visit(ctx, job.Visit)
	if err == nil && v.ToCall() {
		return s.askAfterCall(ctx, job, v)
	}

	if err != nil || !mayConclude(v.State) {
		return err
	}

	now, due := s.now(), s.due(v)
	if wait := due.Sub(now); wait > 0 {
		return s.later("conclude", wait)
	}

	legs, seen, err := s.legs(ctx, v)
	if err != nil && passing(err) && now.Before(due.Add(s.set.HardCap)) {
		return err
	}

	known := with(v, legs)
	if talking(known.Witnessed()) && now.Before(due.Add(s.set.HardCap)) {
		return s.later("conclude", stillTalking)
	}

	verdict := s.judge(known, !now.Before(s.settled(v)))

	switch {
	case seen && verdict.Outcome.Kind == care.ResultCompleted:
	case v.State == care.Open && now.Before(due.Add(s.set.HardCap)): // a platform may tell of a conversation only when it has ended
		return s.later("conclude", stillTalking)
	case seen && !verdict.Decided && now.Before(s.settled(v)):
		return s.later("conclude", min(stillTalking, s.settled(v).Sub(now)))
	}

	return s.concludeAs(ctx, job, v, legs, verdict, seen)
}

// concludeAs gives the visit the outcome that the evidence has, or has a person say how it went.
func (s *Service) concludeAs(ctx context.Context, job Job, known care.Snapshot, legs []care.Leg, verdict care.Verdict, seen bool) error {
	o := verdict.Outcome
	o.By, o.At = bySystem, s.now()

	ask := !verdict.Decided || !seen

	var audit *AuditRow
	if !ask {
		audit = &AuditRow{Actor: bySystem, Action: "conclude", Detail: string(o.Kind)}
	}

	citizen, err := s.citizenOf(ctx, known)
	if err != nil {
		return err
	}

	return s.update(ctx, job.Visit, audit, func(v *care.Visit) error {
		if !mayConclude(v.State()) {
			return nil // somebody was first
		}

		v.Witness(legs)

		if seen {
			v.Testify(verdict)
		}

		if !ask && o.Kind == care.ResultCompleted && v.Snapshot().WhyUnknown() != "" {
			audit.Action, audit.Detail = "ask_identity", ""
			v.AskWhoItWas(verdict)

			return nil
		}

		if ask {
			v.Raise(care.OutcomeTrouble, "", "Vi kan ikke se, om besøget blev gennemført. "+verdict.Text()+" Angiv, hvordan det gik.", false, s.now())

			return nil
		}

		return s.concludeOrFollow(v, o, citizen)
	})
}

func mayConclude(state care.VisitState) bool {
	return state == care.RoomIsBooked || state == care.Open
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
		host = host || l.InRoom() && l.Role == care.AsHost
		guest = guest || l.InRoom() && l.Role == care.AsGuest
	}

	return host && guest
}
