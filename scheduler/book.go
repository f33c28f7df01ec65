package scheduler

import (
	"context"
	"slices"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/scheduler/care"
)

// subject is the neutral subject of every room (K27).
const subject = "Aftale på skærm"

// manyTries is from which try on the planner is told that an outside system does not answer,
// while the work goes on being tried.
const manyTries = 6

// bookRoom makes the platform have the wanted room, exactly once: from the second try on it
// looks the room up by our own key before it asks for it. When nobody wants the room any more
// and it may exist, it is closed again.
func (s *Service) bookRoom(ctx context.Context, job Job) error {
	ref := care.RoomRef(job.Ref)

	v, err := s.store.Visit(ctx, job.Visit)
	if err != nil {
		return err
	}

	room, ok := v.RoomOf(ref)
	if !ok || room.State == care.RoomBooked || room.State == care.RoomProvisioned {
		return nil
	}

	wanted := room.State == care.RoomWanted
	if !wanted && job.Attempt < 2 {
		return nil // it was given up before we ever asked
	}

	if wanted && s.waitsForAnother(v) {
		return s.later("book_room", patience(s.now().Sub(room.WantedAt)))
	}

	booking, err := s.book(ctx, v, ref, job.Attempt, wanted)

	switch {
	case !wanted && connector.Is(err, connector.NotFound):
		return nil
	case wanted && connector.Is(err, connector.Conflict): // it exists, and must not be used
		return s.giveUp(ctx, job, err)
	case !wanted && connector.Is(err, connector.Conflict):
		return s.update(ctx, job.Visit, nil, func(v *care.Visit) error { return v.CloseAgain(ref) })
	case err != nil:
		return s.roomTrouble(ctx, job, err, "Rummet kunne ikke bookes.")
	case !wanted:
		return s.update(ctx, job.Visit, nil, func(v *care.Visit) error { return v.CloseAgain(ref) })
	}

	channel, err := s.channelOf(ctx, v)
	if err != nil {
		return err
	}

	return s.update(ctx, job.Visit, nil, func(v *care.Visit) error { return s.booked(v, ref, booking, channel) })
}

// patience is how long to wait before looking again at something that we have waited for already:
// seconds at first, at most a minute.
func patience(waited time.Duration) time.Duration {
	return min(max(2*time.Second, waited/4), time.Minute)
}

// pressing is how long before its start a visit needs a room whatever stands in the way.
const pressing = 10 * time.Minute

// waitsForAnother reports whether an earlier room of the visit is still to be closed: a visit has
// one room at a time. Shortly before the visit a second room is better than none.
func (s *Service) waitsForAnother(v care.Snapshot) bool {
	return v.Facts.Planned.Start.Sub(s.now()) > pressing &&
		slices.ContainsFunc(v.Rooms, func(r care.Room) bool { return r.State == care.RoomClosing })
}

// giveUp has an unusable room closed and another one booked.
func (s *Service) giveUp(ctx context.Context, job Job, err error) error {
	text := "Rummet kan ikke bruges. " + advice(err, "Videoplatformens opsætning passer ikke; kontakt systemforvalteren. Prøv igen, eller gør besøget fysisk.")

	return s.update(ctx, job.Visit, nil, func(v *care.Visit) error {
		return v.RoomUnusable(care.RoomRef(job.Ref), care.RoomRef(randomID()), text, s.now())
	})
}

func (s *Service) book(ctx context.Context, v care.Snapshot, ref care.RoomRef, attempt int, wanted bool) (video.Booking, error) {
	if attempt >= 2 || !wanted {
		found, err := s.video.Find(ctx, ref)
		if err == nil || !wanted || !connector.Is(err, connector.NotFound) {
			return found, err
		}
	}

	host, guest, err := pins()
	if err != nil {
		return video.Booking{}, err
	}

	return s.video.Book(ctx, ref, video.Spec{
		Planned: s.lasting(v.Facts.Planned), Subject: subject, HostPIN: host, GuestPIN: guest, MaxParticipants: s.set.Participants,
	})
}

// booked stores the booking and, with the first room of a conversion, has the citizen invited
// and the record told.
func (s *Service) booked(v *care.Visit, ref care.RoomRef, b video.Booking, channel care.Channel) error {
	now, before := s.now(), v.Snapshot()

	room, _ := before.RoomOf(ref)
	if room.State != care.RoomWanted {
		return v.CloseAgain(ref) // undone while we were asking
	}

	if err := v.Booked(ref, s.answer(b), now); err != nil {
		return err
	}

	if before.State != care.BookingRoom {
		return nil
	}

	v.RecordPlanned(now)
	tell(v, channel, now)

	return nil
}

// lasting is how long the room of a visit is booked: the platform throws people out when a
// booking ends, so it lasts as long as a conversation may go on. We close it when the visit ends.
func (s *Service) lasting(planned care.Interval) care.Interval {
	planned.End = planned.End.Add(s.set.Grace + s.set.HardCap)

	return planned
}

func (s *Service) answer(b video.Booking) care.BookedRoom {
	b.Planned.End = b.Planned.End.Add(-s.set.Grace - s.set.HardCap)

	return care.BookedRoom{
		Planned: b.Planned, Address: b.Address, HostPIN: b.HostPIN, GuestPIN: b.GuestPIN,
		HostLink: b.HostLink, GuestLink: b.GuestLink, Ready: b.Status == video.Ready,
	}
}

// moveRoom makes the platform's room follow the plan. Where the platform can't change the time
// any more, another room is booked and this one ended.
func (s *Service) moveRoom(ctx context.Context, job Job) error {
	ref := care.RoomRef(job.Ref)

	v, err := s.store.Visit(ctx, job.Visit)
	if err != nil {
		return err
	}

	room, ok := v.RoomOf(ref)
	if !ok || !room.Live() || room.State == care.RoomWanted {
		return nil
	}

	planned := v.Facts.Planned
	if room.Planned.Equal(planned) && job.Attempt < 2 {
		return nil // after a lost answer nobody knows where the room is, so it is told again
	}

	mover, can := s.video.(video.Mover)
	if can {
		_, err = mover.Move(ctx, ref, s.lasting(planned))
	}

	if !can || connector.Is(err, connector.Conflict) || connector.Is(err, connector.NotFound) {
		fresh := care.RoomRef(randomID())

		return s.update(ctx, job.Visit, nil, func(v *care.Visit) error { return v.ReplaceRoom(ref, fresh, s.now()) })
	}

	if err != nil {
		return s.roomTrouble(ctx, job, err, "Rummet kunne ikke flyttes til det nye tidspunkt.")
	}

	return s.update(ctx, job.Visit, nil, func(v *care.Visit) error { return v.RoomMoved(ref, planned, s.now()) })
}

// watchRoom waits until people can enter the room, and tells the planner when it is not ready
// in time.
func (s *Service) watchRoom(ctx context.Context, job Job) error {
	ref := care.RoomRef(job.Ref)

	v, err := s.store.Visit(ctx, job.Visit)
	if err != nil {
		return err
	}

	room, ok := v.RoomOf(ref)
	if !ok || room.State != care.RoomBooked {
		return nil
	}

	now := s.now()
	if wait := v.Facts.Planned.Start.Add(-s.set.RoomCheck).Sub(now); wait > 0 {
		return s.later("watch_room", wait) // the visit was moved
	}

	booking, err := s.video.Find(ctx, ref)

	switch {
	case err != nil:
		return s.roomTrouble(ctx, job, err, "Vi kan ikke se, om rummet er klar.")
	case booking.Status == video.Ready:
		return s.update(ctx, job.Visit, nil, func(v *care.Visit) error { return v.RoomReady(ref, now) })
	case !booking.Planned.Equal(s.lasting(room.Planned)):
		text := "Rummet er ændret eller lukket på videoplatformen. Prøv igen for at få et andet rum, eller gør besøget fysisk."
		if err := s.raise(ctx, job, care.RoomTrouble, text, true); err != nil {
			return err
		}
	case booking.Status == video.ProblemMake || booking.Status == video.Ended || now.After(v.Facts.Planned.Start):
		text := "Rummet er ikke klar, og besøget begynder nu. Ring til borgeren, eller gør besøget fysisk."
		if err := s.raise(ctx, job, care.RoomTrouble, text, true); err != nil {
			return err
		}
	}

	if now.After(v.Facts.Planned.End) {
		return nil
	}

	return s.later("watch_room", watchEvery)
}

// watchEvery is how long to wait between two looks at a room that is not ready.
const watchEvery = 15 * time.Second

// closeRoom ends a room that nobody needs any more.
func (s *Service) closeRoom(ctx context.Context, job Job) error {
	ref := care.RoomRef(job.Ref)

	v, err := s.store.Visit(ctx, job.Visit)
	if err != nil {
		return err
	}

	if room, ok := v.RoomOf(ref); !ok || room.State != care.RoomClosing || !v.MayClose(ref) {
		return nil // when it may not be closed yet, the last message brings another job
	}

	if err := s.video.Close(ctx, ref); err != nil && !connector.Is(err, connector.NotFound) {
		return s.roomTrouble(ctx, job, err, "Rummet kunne ikke lukkes.")
	}

	return s.update(ctx, job.Visit, nil, func(v *care.Visit) error { return v.RoomClosed(ref, s.now()) })
}

// roomTrouble puts a refusal on the exception list at once, and an outage after some tries.
func (s *Service) roomTrouble(ctx context.Context, job Job, err error, what string) error {
	switch connector.KindOf(err) {
	case connector.Rejected, connector.Malformed, connector.Unsupported, connector.Conflict, connector.NotFound:
		text := what + " " + advice(err, "Videoplatformen afviser det. Prøv igen, eller gør besøget fysisk.")

		update := s.update(ctx, job.Visit, nil, func(v *care.Visit) error {
			return v.RoomRefused(care.RoomRef(job.Ref), text, s.now())
		})
		if update != nil {
			return update
		}
	case connector.Unavailable, connector.Unknown, connector.RateLimited, connector.Unauthorized:
		if job.Attempt < manyTries {
			return err
		}

		text := what + " Videoplatformen svarer ikke. Vi prøver videre; hold øje med besøget."
		if raised := s.raise(ctx, job, care.RoomTrouble, text, false); raised != nil {
			return raised
		}
	case connector.Pending:
	}

	return err
}

// advice returns the adapter's own Danish sentence when it has one.
func advice(err error, otherwise string) string {
	if m := care.MessageOf(err); care.KindOf(err) != care.Internal {
		return m
	}

	return otherwise
}

// raise puts something on the exception list.
func (s *Service) raise(ctx context.Context, job Job, kind care.ExceptionKind, text string, retry bool) error {
	return s.update(ctx, job.Visit, nil, func(v *care.Visit) error {
		v.Raise(kind, job.Ref, text, retry, s.now())

		return nil
	})
}
