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
	WantedAt  time.Time
	BookedAt  time.Time // zero until booked
	ClosedAt  time.Time // zero until closed
}

// Live reports whether the room exists, or may exist, at the platform.
func (r Room) Live() bool {
	return r.State == RoomWanted || r.State == RoomBooked || r.State == RoomProvisioned
}
