package scheduler

import (
	"context"
	"slices"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/scheduler/care"
)

// evidenceWait bounds how long a person waits for the platform's evidence.
const evidenceWait = 3 * time.Second

// hostWait is how long an employee must have waited before a citizen stayed away, when the
// settings say nothing.
const hostWait = 2 * time.Minute

// legs asks the platform who was in the visit's rooms. Seen is false when it can't tell at all.
func (s *Service) legs(ctx context.Context, v care.Snapshot) (legs []care.Leg, seen bool, err error) {
	observer, ok := s.video.(video.Observer)
	if !ok {
		return nil, false, nil
	}

	for _, room := range v.Rooms {
		if room.BookedAt.IsZero() || room.Promised() {
			continue
		}

		found, err := observer.Legs(ctx, s.observed(v, room))
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

// observed names a room of a visit, and the time in which a stay in it may belong to the visit.
func (s *Service) observed(v care.Snapshot, room care.Room) video.Observed {
	window := s.visitWindow(v)
	window.Start, window.End = window.Start.Add(-time.Hour), window.End.Add(time.Hour)

	return video.Observed{Ref: room.Ref, Address: room.Address, Window: window}
}

// visitWindow is when somebody in a visit's room can be there for the visit: from the opening of
// the door to the hard cap.
func (s *Service) visitWindow(v care.Snapshot) care.Interval {
	planned := v.Facts.Planned

	return care.Interval{Start: planned.Start.Add(-s.set.Door), End: planned.End.Add(s.set.Grace + s.set.HardCap)}
}

// judge weighs what is known of a visit: the legs that it carries and what happened at our own
// door. Complete: what the platform does not tell did not happen.
func (s *Service) judge(v care.Snapshot, complete bool) care.Verdict {
	e := care.Evidence{
		Legs: v.Witnessed(), Planned: v.Facts.Planned, Window: s.visitWindow(v), Minimum: s.set.Together,
		Bridge: s.set.Bridge, Wait: hostWait, Skew: s.set.ClockSkew, Complete: complete, LetInAt: v.OpenedAt,
		Seats: otherSeats(v), Now: s.now(),
	}

	if poller, ok := s.video.(video.Poller); ok {
		e.Rough = poller.Every()
	}

	if v.State == care.Cancelled {
		e.Called = v.Outcome.Reason
	}

	for _, a := range v.Admissions {
		if a.Participant == "" && !a.CameAt.IsZero() && (e.CameAt.IsZero() || a.CameAt.Before(e.CameAt)) {
			e.CameAt = a.CameAt
		}
	}

	return care.Judge(e)
}

// otherSeats are the seats, as legs tell them, of everybody but the citizen who was invited. A link
// that was used after its holder was taken off the visit is nobody's.
func otherSeats(v care.Snapshot) []int {
	var seats []int

	for _, p := range v.Participants {
		seat := p.Seat + 1
		after := func(l care.Leg) bool { return l.Seat == seat && l.Joined.After(p.RemovedAt) }

		if p.Present() || !slices.ContainsFunc(v.Legs, after) {
			seats = append(seats, seat)
		}
	}

	return seats
}

// lookAgain returns after which times the platform's record is read once more.
func (s *Service) lookAgain() []time.Duration {
	if arbiter, ok := s.video.(video.Arbiter); ok {
		return arbiter.LookAgain()
	}

	return nil
}

// settled is when the platform's record of a visit is complete, as far as one can know: after the
// last look that a room may be held open for.
func (s *Service) settled(v care.Snapshot) time.Time {
	var longest time.Duration

	for _, wait := range s.lookAgain() {
		if wait <= s.set.HardCap {
			longest = max(longest, wait)
		}
	}

	return s.due(v).Add(longest)
}

// due is when a visit is over and may be judged.
func (s *Service) due(v care.Snapshot) time.Time { return v.Facts.Planned.End.Add(s.set.Grace) }

// verdictSoFar asks the platform, but never keeps a person waiting: without an answer it says so. It
// returns the visit with what the platform told.
func (s *Service) verdictSoFar(ctx context.Context, v care.Snapshot) (care.Snapshot, care.Verdict) {
	ctx, cancel := context.WithTimeout(ctx, evidenceWait)
	defer cancel()

	legs, seen, err := s.legs(ctx, v)
	if err != nil || !seen {
		return v, care.Verdict{Why: []string{"Platformen kan ikke fortælle, hvem der var i rummet."}}
	}

	v = with(v, legs)

	return v, s.judge(v, !s.now().Before(s.settled(v)))
}

// with returns the visit as it is once it knows of more legs.
func with(v care.Snapshot, legs []care.Leg) care.Snapshot {
	visit := care.Restore(v)
	visit.Witness(legs)

	return visit.Snapshot()
}
