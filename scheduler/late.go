package scheduler

import (
	"context"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/scheduler/care"
)

// makeAt is when the room of a visit is made, and false on a platform on which that is at once.
// The room is there before the door opens.
func (s *Service) makeAt(v care.Snapshot) (time.Time, bool) {
	late, is := s.video.(video.Late)
	if !is {
		return time.Time{}, false
	}

	return v.Facts.Planned.Start.Add(-max(late.Lead(), s.set.Door)), true
}

// early reports whether it is too early to have the visit's room made.
func (s *Service) early(v care.Snapshot) bool {
	at, late := s.makeAt(v)

	return late && s.now().Before(at)
}

// over is when a visit's room is of no use any more, whatever became of the visit.
func (s *Service) over(v care.Snapshot) time.Time { return s.visitWindow(v).End }

// makeRoom keeps the promise of a late room: the platform gets it with the PINs and seats that
// were promised. That we are about to ask is written down before, so that whoever closes the room
// knows whether something may exist; from then on the room is looked up before it is asked for.
func (s *Service) makeRoom(ctx context.Context, job Job) error {
	ref := care.RoomRef(job.Ref)

	v, err := s.store.Visit(ctx, job.Visit)
	if err != nil {
		return err
	}

	room, ok := v.RoomOf(ref)
	asked, wanted := !room.MakingAt.IsZero(), ok && room.State == care.RoomBooked

	switch {
	case !ok || !room.Late || !room.MadeAt.IsZero():
		return nil
	case !asked && (!wanted || s.early(v)):
		return nil // given up before we ever asked, or moved: the new time has a job of its own
	case asked:
		return s.findMade(ctx, job, v, room, wanted)
	}

	if err := s.update(ctx, job.Visit, nil, func(v *care.Visit) error { return v.Making(ref, s.now()) }); err != nil {
		return err
	}

	return s.makeNow(ctx, job, v, room)
}

// findMade goes on after a try of which nobody knows how it ended.
func (s *Service) findMade(ctx context.Context, job Job, v care.Snapshot, room care.Room, wanted bool) error {
	booking, err := s.video.Find(ctx, room.Ref)

	switch {
	case !wanted && connector.Is(err, connector.NotFound):
		return nil
	case !wanted && (err == nil || connector.Is(err, connector.Conflict)):
		return s.update(ctx, job.Visit, nil, func(v *care.Visit) error { return v.CloseAgain(room.Ref) })
	case err == nil:
		return s.made(ctx, job, room.Ref, booking)
	case connector.Is(err, connector.NotFound) && s.early(v):
		return s.update(ctx, job.Visit, nil, func(v *care.Visit) error { return v.Unmade(room.Ref) })
	case connector.Is(err, connector.NotFound):
		return s.makeNow(ctx, job, v, room)
	case connector.Is(err, connector.Conflict):
		return s.giveUp(ctx, job, err)
	}

	return s.roomTrouble(ctx, job, err, "Rummet kunne ikke laves.")
}

// makeNow asks for the room as it was promised.
func (s *Service) makeNow(ctx context.Context, job Job, v care.Snapshot, room care.Room) error {
	people := s.set.Participants
	if seats := len(room.SeatLinks); seats > 0 {
		people = seats + 1
	}

	booking, err := s.video.Book(ctx, room.Ref, s.spec(v, room.HostPIN, room.GuestPIN, people))

	switch {
	case err == nil:
		return s.made(ctx, job, room.Ref, booking)
	case connector.Is(err, connector.Conflict):
		return s.giveUp(ctx, job, err)
	}

	return s.roomTrouble(ctx, job, err, "Rummet kunne ikke laves.")
}

// made stores what the platform answered; a room that was given up meanwhile is closed.
func (s *Service) made(ctx context.Context, job Job, ref care.RoomRef, b video.Booking) error {
	return s.update(ctx, job.Visit, nil, func(v *care.Visit) error {
		room, _ := v.Snapshot().RoomOf(ref)

		switch {
		case !room.MadeAt.IsZero():
			return nil // another try was first
		case room.State != care.RoomBooked:
			return v.CloseAgain(ref)
		}

		return v.RoomMade(ref, s.answer(answered{Booking: b}), s.now())
	})
}

// unmadeInTime watches a room that is still our promise: nobody is asked, but somebody is told
// when the visit begins without it.
func (s *Service) unmadeInTime(ctx context.Context, job Job, v care.Snapshot) error {
	now := s.now()
	if now.After(v.Facts.Planned.End) {
		return nil
	}

	if now.After(v.Facts.Planned.Start) {
		if err := s.raise(ctx, job, care.RoomTrouble, notReady, true); err != nil {
			return err
		}
	}

	return s.later("watch_room", watchEvery)
}

// lateJobs are what a booked room needs on a platform that makes rooms late or that must be asked
// who is in them. Each looks at the plan again when it runs.
func (s *Service) lateJobs(job Job, old, r care.Room, replanned bool, v care.Snapshot) []Job {
	var jobs []Job

	add := func(kind JobKind, at time.Time) {
		job.Kind, job.At = kind, at
		jobs = append(jobs, job)
	}

	at, late := s.makeAt(v)
	fresh := r.Made() && (!old.Made() || replanned)

	if late && !r.Made() && (replanned || old.State != care.RoomBooked) {
		add(MakeRoomJob, at)
	}

	if late && fresh {
		add(EndRoomJob, s.over(v))
	}

	if poller, is := s.video.(video.Poller); is && fresh && poller.Every() > 0 {
		add(PollRoomJob, v.Facts.Planned.Start.Add(-s.set.Door))
	}

	return jobs
}
