package care

import "time"

// RoomState is how far one room is. The zero value is invalid.
type RoomState string

// The states: wanted → booked → provisioned → closing → closed; failed.
const (
	RoomWanted      RoomState = "wanted"      // our key is fixed, the platform has not confirmed
	RoomBooked      RoomState = "booked"      // recorded at the platform
	RoomProvisioned RoomState = "provisioned" // people can enter
	RoomClosing     RoomState = "closing"     // to be ended at the platform
	RoomClosed      RoomState = "closed"      // ended; its key is never used again
	RoomFailed      RoomState = "failed"      // the platform refuses it; needs a person
)

// Room is one video room of a visit. A visit has at most one live room.
type Room struct {
	Ref       RoomRef
	State     RoomState
	Planned   Interval // what the platform was last told, UTC; zero while wanted
	Address   string   // dial-in address; joins the platform's history to this room
	HostPIN   HostPIN
	GuestPIN  GuestPIN
	HostLink  HostLink
	GuestLink GuestLink
	// SeatLinks are the guest links by seat, the citizen's first; empty for a room that was booked
	// before seats were told apart. It is never changed in place.
	SeatLinks []GuestLink
	// Late says that the platform makes the room only shortly before the visit (pexip.md §0.3):
	// until MadeAt it is our promise, with the PINs and links that it will have.
	Late     bool
	WantedAt time.Time
	BookedAt time.Time // zero until booked or promised
	MakingAt time.Time // when we first set out to have a late room made; zero: nothing of it exists
	MadeAt   time.Time // when the platform confirmed that it made a late room; zero: not yet
	ClosedAt time.Time // zero until closed
}

// Live reports whether the room exists, or may exist, at the platform.
func (r Room) Live() bool {
	return r.State == RoomWanted || r.State == RoomBooked || r.State == RoomProvisioned
}

// Made reports whether the platform has the room and people can be let into it, at the latest
// when it is provisioned.
func (r Room) Made() bool {
	return (r.State == RoomBooked || r.State == RoomProvisioned) && !r.unmade()
}

// Promised reports whether the room stands in our own books alone: it is to be made later, and
// the platform was never asked for it.
func (r Room) Promised() bool { return r.Late && r.MakingAt.IsZero() && r.MadeAt.IsZero() }

// SeatLink returns the guest link of a seat, the citizen's being seat 0. A seat that the room has
// no own link for has the citizen's.
func (r Room) SeatLink(seat int) GuestLink {
	if seat >= 0 && seat < len(r.SeatLinks) {
		return r.SeatLinks[seat]
	}

	return r.GuestLink
}

// unmade reports whether the room is a late one that the platform never confirmed.
func (r Room) unmade() bool { return r.Late && r.MadeAt.IsZero() }

// stood reports whether the platform once said that it has the room.
func (r Room) stood() bool { return !r.BookedAt.IsZero() && !r.unmade() }
