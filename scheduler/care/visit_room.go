package care

import (
	"slices"
	"time"
)

// BookedRoom is what the platform answered.
type BookedRoom struct {
	Planned   Interval
	Address   string
	HostPIN   HostPIN
	GuestPIN  GuestPIN
	HostLink  HostLink
	GuestLink GuestLink
	SeatLinks []GuestLink
	Ready     bool // people can enter already
	Late      bool // the platform keeps rooms only while they are needed
	// Promised: the platform was not asked yet and makes the room later, just so. Only with Late.
	Promised bool
}

func (v *Visit) room(ref RoomRef) (*Room, error) {
	i := slices.IndexFunc(v.s.Rooms, func(r Room) bool { return r.Ref == ref })
	if i < 0 {
		return nil, NewError(NotFound, "Rummet findes ikke på besøget.")
	}

	return &v.s.Rooms[i], nil
}

// Booked records that the platform has the wanted room, or that it will make it later with the
// given PINs and links. The first one makes the visit booked.
func (v *Visit) Booked(ref RoomRef, b BookedRoom, at time.Time) error {
	r, err := v.room(ref)
	if err != nil {
		return err
	}

	if r.State != RoomWanted && r.State != RoomFailed {
		return NewError(Conflict, "Rummet er ikke længere ønsket.")
	}

	r.answer(b)
	r.State, r.BookedAt, r.Late, r.MadeAt = RoomBooked, at, b.Late, time.Time{}

	switch {
	case b.Promised:
		r.MakingAt = time.Time{}
	case b.Late:
		r.MadeAt = at
	}

	if b.Ready && !b.Promised {
		r.State = RoomProvisioned
	}

	v.resolve(RoomTrouble, string(ref), at)

	if v.s.State == BookingRoom {
		v.s.State = RoomIsBooked
	}

	return nil
}

// answer takes over what the platform says of a room.
func (r *Room) answer(b BookedRoom) {
	r.Planned, r.Address = b.Planned, b.Address
	r.HostPIN, r.GuestPIN, r.HostLink, r.GuestLink, r.SeatLinks = b.HostPIN, b.GuestPIN, b.HostLink, b.GuestLink, b.SeatLinks
}

// Making records, before the first call, that the platform is about to be asked to make a room
// whose time has come. From here on nobody knows that nothing of it exists.
func (v *Visit) Making(ref RoomRef, at time.Time) error {
	r, err := v.room(ref)
	if err != nil {
		return err
	}

	if r.State != RoomWanted && (r.State != RoomBooked || !r.unmade()) {
		return NewError(Conflict, "Rummet er ikke længere ønsket.")
	}

	if r.MakingAt.IsZero() {
		r.MakingAt = at
	}

	return nil
}

// Unmade records that the platform has nothing of a late room, although we had set out to have it
// made: it is our promise again.
func (v *Visit) Unmade(ref RoomRef) error {
	r, err := v.room(ref)
	if err != nil {
		return err
	}

	if r.State != RoomBooked || !r.unmade() {
		return NewError(Conflict, "Rummet er ikke længere ønsket.")
	}

	r.MakingAt = time.Time{}

	return nil
}

// RoomMade records that the platform has made a late room. What it answered holds from here on.
func (v *Visit) RoomMade(ref RoomRef, b BookedRoom, at time.Time) error {
	r, err := v.room(ref)
	if err != nil {
		return err
	}

	if r.State != RoomBooked || !r.unmade() {
		return NewError(Conflict, "Rummet er ikke længere ønsket.")
	}

	r.answer(b)
	r.MadeAt = at

	if b.Ready {
		r.State = RoomProvisioned
	}

	v.resolve(RoomTrouble, string(ref), at)

	return nil
}

// RoomOver has a room closed whose time is over, although nobody has said yet how the visit went.
func (v *Visit) RoomOver(ref RoomRef) error {
	r, err := v.room(ref)
	if err != nil {
		return err
	}

	if r.Live() {
		r.State = RoomClosing
	}

	return nil
}

// SweepRoom has a room closed once more that was found standing at the platform, and reports
// whether it did. Over is when the visit's room is of no use any more. A room that was closed or
// over after the given time, and one that somebody may still want, is left alone.
func (v *Visit) SweepRoom(ref RoomRef, over, before time.Time) bool {
	r, err := v.room(ref)
	if err != nil {
		return false
	}

	live, has := v.s.LiveRoom()
	needed := v.s.State.Active() && over.After(before)
	useless := false

	switch r.State {
	case RoomWanted, RoomBooked, RoomProvisioned:
		useless = !needed
	case RoomFailed: // a person may try again to have it
		useless = r.WantedAt.Before(before) && (!needed || has && live.Ref != ref)
	case RoomClosed:
		useless = r.ClosedAt.Before(before)
	case RoomClosing:
	}

	if useless {
		r.State = RoomClosing
	}

	return useless
}

// RoomReady records that people can enter the room.
func (v *Visit) RoomReady(ref RoomRef, at time.Time) error {
	r, err := v.room(ref)
	if err != nil {
		return err
	}

	if r.State == RoomBooked && !r.unmade() {
		r.State = RoomProvisioned
		v.resolve(RoomTrouble, string(ref), at)
	}

	return nil
}

// RoomMoved records that the platform took the new time.
func (v *Visit) RoomMoved(ref RoomRef, planned Interval, at time.Time) error {
	r, err := v.room(ref)
	if err != nil {
		return err
	}

	r.Planned = planned
	v.resolve(RoomTrouble, string(ref), at)

	return nil
}

// ReplaceRoom gives up a room that can't follow the visit's new time and wants another one.
func (v *Visit) ReplaceRoom(old, fresh RoomRef, at time.Time) error {
	r, err := v.room(old)
	if err != nil {
		return err
	}

	if !r.Live() {
		return NewError(Conflict, "Rummet er allerede lukket.")
	}

	r.State = RoomClosing
	v.s.Rooms = append(v.s.Rooms, Room{Ref: fresh, State: RoomWanted, WantedAt: at})

	return nil
}

// RoomRefused records that the platform refuses the room; a person has to look.
func (v *Visit) RoomRefused(ref RoomRef, text string, at time.Time) error {
	r, err := v.room(ref)
	if err != nil {
		return err
	}

	if r.State == RoomWanted || r.State == RoomClosing || r.State == RoomBooked && r.unmade() {
		r.State = RoomFailed
	}

	v.Raise(RoomTrouble, string(ref), text, true, at)

	return nil
}

// RoomUnusable gives up a room that exists at the platform but must not be used, for example
// because it came without PINs of its own. Another one is wanted under a fresh key; after a few
// of them a person has to look, because the platform's set-up is wrong.
func (v *Visit) RoomUnusable(ref, fresh RoomRef, text string, at time.Time) error {
	r, err := v.room(ref)
	if err != nil {
		return err
	}

	if r.State != RoomWanted && (r.State != RoomBooked || !r.unmade()) {
		return NewError(Conflict, "Rummet er ikke længere ønsket.")
	}

	r.State = RoomClosing

	if v.unusable() < maxRooms {
		v.s.Rooms = append(v.s.Rooms, Room{Ref: fresh, State: RoomWanted, WantedAt: at})

		return nil
	}

	v.Raise(RoomTrouble, string(ref), text, true, at)

	return nil
}

// maxRooms is how many unusable rooms in a row one visit takes before a person has to look.
const maxRooms = 3

// unusable counts the newest rooms that never came to stand. A promise that nobody tried to keep
// does not count.
func (v *Visit) unusable() int {
	n := 0

	for _, r := range slices.Backward(v.s.Rooms) {
		if r.stood() {
			break
		}

		if r.Promised() {
			continue
		}

		n++
	}

	return n
}

// RetryRoom tries a refused room again: to be closed when it was booked once; to be booked, under
// the same key so that nothing is booked twice; or as a fresh room when this one was given up, or
// stands and is of no use.
func (v *Visit) RetryRoom(ref, fresh RoomRef, by string, at time.Time) error {
	r, err := v.room(ref)
	if err != nil {
		return err
	}

	_, live := v.s.LiveRoom()

	switch {
	case r.State == RoomFailed && (r.stood() || !v.s.State.Active() || live):
		r.State = RoomClosing
	case r.State == RoomFailed:
		r.State = RoomWanted
	case (r.State == RoomBooked || r.State == RoomProvisioned) && v.s.State.Active():
		r.State = RoomClosing
		v.s.Rooms = append(v.s.Rooms, Room{Ref: fresh, State: RoomWanted, WantedAt: at})
	case (r.State == RoomClosing || r.State == RoomClosed) && v.s.State.Active() && !live:
		v.s.Rooms = append(v.s.Rooms, Room{Ref: fresh, State: RoomWanted, WantedAt: at})
	}

	v.resolveBy(RoomTrouble, string(ref), by, at)

	return nil
}

// CloseAgain marks a closed room that turned out to exist as one to be closed once more.
func (v *Visit) CloseAgain(ref RoomRef) error {
	r, err := v.room(ref)
	if err != nil {
		return err
	}

	if r.State == RoomClosed || r.State == RoomFailed {
		r.State = RoomClosing
	}

	return nil
}

// MayClose reports whether a room that is to be closed has carried its last message. An SMS goes
// out for a room, and the platform forgets with the room whether one did: so the room waits for
// the message that takes a visit back, and for the answer whether a recalled one had left.
func (s Snapshot) MayClose(ref RoomRef) bool {
	if live, ok := s.LiveRoom(); ok && live.Ref != ref {
		return true // messages go out for the other one
	}

	return !slices.ContainsFunc(s.Invitations, func(i Invitation) bool {
		return i.Channel == SMS && (i.State == InvitationRecalled || i.Kind == Withdrawn && i.Waiting())
	})
}

// RoomClosed records that the platform ended the room.
func (v *Visit) RoomClosed(ref RoomRef, at time.Time) error {
	r, err := v.room(ref)
	if err != nil {
		return err
	}

	r.State, r.ClosedAt = RoomClosed, at

	// A room that was given up leaves its trouble behind until there is another one.
	if _, live := v.s.LiveRoom(); live || !v.s.State.Active() {
		v.resolve(RoomTrouble, string(ref), at)
	}

	return nil
}

// Witness adds legs that the platform reported. A leg that is known is updated, so the same
// report may come again.
func (v *Visit) Witness(legs []Leg) {
	for _, l := range legs {
		i := slices.IndexFunc(v.s.Legs, func(k Leg) bool { return k.ID == l.ID && k.Room == l.Room })
		if i < 0 {
			v.s.Legs = append(v.s.Legs, l)

			continue
		}

		v.s.Legs[i] = l
	}
}
