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

// bookRoom makes the platform have the wanted room, exactly once: when it may have been asked for
// it already, the room is looked up by our own key first. When nobody wants the room any more and
// it may exist, it is closed again. A platform that makes rooms late is not asked before their
// time: then the booking is our promise, which makeRoom keeps.
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

	wanted, asked := room.State == care.RoomWanted, s.asked(room, job)
	if !wanted && !asked {
		return nil // it was given up before we ever asked
	}

	if wanted && !s.early(v) && s.waitsForAnother(v) {
		return s.later("book_room", patience(s.now().Sub(room.WantedAt)))
	}

	booking, err := s.book(ctx, v, ref, asked, wanted)

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

// asked reports whether the platform may have been asked for a room. With a platform that makes
// rooms late we wrote that down before.
func (s *Service) asked(room care.Room, job Job) bool {
	if _, late := s.video.(video.Late); late {
		return !room.MakingAt.IsZero()
	}

	return job.Attempt >= 2
}

// never reports whether certainly nothing of a room exists at the platform.
func (s *Service) never(room care.Room) bool {
	_, late := s.video.(video.Late)

	return room.Promised() || late && room.BookedAt.IsZero() && room.MakingAt.IsZero()
}

// answered is a booking, and whether it is only our promise so far.
type answered struct {
	video.Booking

	promised bool
}

func (s *Service) book(ctx context.Context, v care.Snapshot, ref care.RoomRef, asked, wanted bool) (answered, error) {
	if asked || !wanted {
		found, err := s.video.Find(ctx, ref)
		if err == nil || !wanted || !connector.Is(err, connector.NotFound) {
			return answered{Booking: found}, err
		}
	}

	host, guest, err := pins()
	if err != nil {
		return answered{}, err
	}

	spec := s.spec(v, host, guest, s.set.Participants)

	late, is := s.video.(video.Late)
	if is && s.early(v) {
		promise, err := late.Reserve(ref, spec)

		return answered{promise, true}, err
	}

	if is && !asked {
		if err := s.update(ctx, v.ID, nil, func(v *care.Visit) error { return v.Making(ref, s.now()) }); err != nil {
			return answered{}, err
		}
	}

	booking, err := s.video.Book(ctx, ref, spec)

	return answered{Booking: booking}, err
}

func (s *Service) spec(v care.Snapshot, host care.HostPIN, guest care.GuestPIN, participants int) video.Spec {
	planned := s.callPlan(v)

	return video.Spec{
		Planned: s.lasting(planned), Subject: subject, HostPIN: host, GuestPIN: guest, MaxParticipants: participants,
		Now: v.AdHoc() && !planned.Start.After(s.now()),
	}
}

// booked stores the booking and, with the first room of a conversion, has the citizen invited
// and the record told.
func (s *Service) booked(v *care.Visit, ref care.RoomRef, b answered, channel care.Channel) error {
	now, before := s.now(), v.Snapshot()

	room, _ := before.RoomOf(ref)
	if room.State != care.RoomWanted {
		if b.promised {
			return nil // undone; there is nothing to close
		}

		return v.CloseAgain(ref) // undone while we were asking
	}

	answer := s.answer(b)
	if before.AdHoc() && !answer.Planned.Valid() { // a room that was made in advance has no time of its own
		answer.Planned = before.Facts.Planned
	}

	v.Begin(answer.Planned, now)

	if err := v.Booked(ref, answer, now); err != nil {
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

func (s *Service) answer(b answered) care.BookedRoom {
	b.Planned.End = b.Planned.End.Add(-s.set.Grace - s.set.HardCap)
	_, late := s.video.(video.Late)

	return care.BookedRoom{
		Planned: b.Planned, Address: b.Address, HostPIN: b.HostPIN, GuestPIN: b.GuestPIN,
		HostLink: b.HostLink, GuestLink: b.GuestLink, SeatLinks: b.SeatLinks,
		Ready: b.Status == video.Ready, Late: late, Promised: b.promised,
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

	switch {
	case room.Promised(): // nobody needs to be told
		return s.update(ctx, job.Visit, nil, func(v *care.Visit) error { return v.RoomMoved(ref, planned, s.now()) })
	case !room.Made():
		return s.later("move_room", patience(s.now().Sub(room.MakingAt))) // it is just being made
	case room.Planned.Equal(planned) && job.Attempt < 2:
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

	if !room.Made() {
		return s.unmadeInTime(ctx, job, v)
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
	case booking.Status == video.ProblemMake || booking.Status == video.Ended || now.After(s.readyBy(v, room)):
		if err := s.raise(ctx, job, care.RoomTrouble, notReady, true); err != nil {
			return err
		}
	}

	if now.After(v.Facts.Planned.End) {
		return nil
	}

	if v.AdHoc() { // somebody looks at the page
		return s.later("watch_room", min(max(callWatch, now.Sub(room.BookedAt)/10), watchEvery))
	}

	return s.later("watch_room", watchEvery)
}

// readyBy is when people must be able to enter a room. A call begins when its room is ready.
func (s *Service) readyBy(v care.Snapshot, room care.Room) time.Time {
	if v.AdHoc() {
		return room.BookedAt.Add(callReady)
	}

	return v.Facts.Planned.Start
}

// callReady is how long the room of a call may take to be ready after it was booked, and callWatch
// how soon it is looked at again at first.
const (
	callReady = time.Minute
	callWatch = 500 * time.Millisecond
)

const notReady = "Rummet er ikke klar, og besøget begynder nu. Ring til borgeren, eller gør besøget fysisk."

// watchEvery is how long to wait between two looks at a room that is not ready.
const watchEvery = 15 * time.Second

// roomTrouble puts a refusal on the exception list at once, and an outage when somebody has to act.
func (s *Service) roomTrouble(ctx context.Context, job Job, err error, what string) error {
	near := what + " Videoplatformen svarer ikke, og besøget begynder %s. Ring i stedet, eller gør besøget fysisk."
	if job.Kind == CloseRoomJob {
		near = "" // nobody waits for that
	}

	if given, stop := s.hopeless(ctx, job.Visit); given || stop != nil {
		return stop
	}

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
		return s.tellOfWait(ctx, job, held{
			role: connector.VideoRole, kind: care.RoomTrouble, near: near,
			many: what + " Videoplatformen svarer ikke. Vi prøver videre; hold øje med besøget.",
		}, err)
	case connector.Pending:
		return s.noRoomYet(ctx, job, err)
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
