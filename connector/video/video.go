// Package video is the port to a video platform: its words and what an adapter must do.
// Adapters are sub-directories; videotest is the conformance suite that each must pass.
package video

import (
	"context"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// Platform books rooms in a video system. Every method returns *connector.Error.
type Platform interface {
	// Book makes the room that ref stands for. It is safe to repeat: a second call with
	// the same ref returns the first booking. Kind Unknown means that the outcome is not known.
	Book(ctx context.Context, ref care.RoomRef, spec Spec) (Booking, error)
	// Find reads the room as it is now. Kind NotFound: nothing was booked under ref, so Book may be called.
	Find(ctx context.Context, ref care.RoomRef) (Booking, error)
	// Close ends the room for everybody, now. A room that is gone already is no error.
	// Kind Pending: the platform can't end it in its present state; ask again.
	Close(ctx context.Context, ref care.RoomRef) error
}

// Mover is implemented by a platform that can change a room's time.
type Mover interface {
	// Move changes the planned time. Kind Conflict: the room is provisioned, so it must be
	// closed and another one booked. Safe to repeat.
	Move(ctx context.Context, ref care.RoomRef, planned care.Interval) (Booking, error)
}

// Observer is implemented by a platform that can tell who was in a room when.
type Observer interface {
	// Legs returns every stay in the room that the platform knows of, the running ones with
	// a zero Left. The same leg keeps its ID, so that reading twice adds nothing.
	Legs(ctx context.Context, room Observed) ([]care.Leg, error)
}

// Spec is what we ask for. Subject is neutral: no name, CPR number or service (K27).
type Spec struct {
	Planned         care.Interval // UTC, whole seconds
	Subject         string        // at most 100 characters
	HostPIN         care.HostPIN
	GuestPIN        care.GuestPIN
	MaxParticipants int // people in the room at once; 5 by default (D02)
	// Now asks for a room that people can enter at once (an ad-hoc call). Kind Pending with
	// CodeNoFreeRoom: the platform has none to spare at the moment; ask again.
	Now bool
}

// CodeNoFreeRoom is the code of a Pending error: rooms that are made in advance are all in use.
const CodeNoFreeRoom = "no_free_room"

// Seats is how many guest links a room of so many people has: everybody but the employee.
func Seats(participants int) int { return max(participants-1, 1) }

// Status is how far the platform is with a room. The zero value is invalid.
type Status int

// The states of a room at the platform.
const (
	Awaiting    Status = iota + 1 // recorded; becomes a real room shortly before its start
	Starting                      // being made
	Ready                         // people can enter
	Ending                        // being removed
	Ended                         // removed
	ProblemMake                   // the platform could not make it
	ProblemEnd                    // the platform could not remove it
)

// Booking is a room as the platform tells it.
type Booking struct {
	Ref       care.RoomRef
	Status    Status
	Planned   care.Interval
	Address   string // the dial-in address (uriWithDomain); joins history to the room
	HostPIN   care.HostPIN
	GuestPIN  care.GuestPIN
	HostLink  care.HostLink
	GuestLink care.GuestLink // the citizen's: seat 0
	// SeatLinks are the guest links by seat, the citizen's first, as many as Seats says. A
	// platform that can't tell guests apart gives every seat the same link.
	SeatLinks []care.GuestLink
}

// Late is implemented by a platform whose rooms have no time of their own (an own Pexip node,
// pexip.md §0.3): a room is made only shortly before it is needed, and until then it is our
// promise. PINs and links are fixed by the reservation, so people can be invited at once.
type Late interface {
	// Lead is how long before its start a room is made; at least 5 minutes.
	Lead() time.Duration
	// Reserve returns the booking that Book will make under the same ref with the same spec. It
	// calls nobody and can't fail but for a bad spec (Rejected).
	Reserve(ref care.RoomRef, spec Spec) (Booking, error)
}

// Lingering is implemented by a platform on which a closed room may come back for a while,
// because its nodes learn of it late (pexip.md §0.3): Close is called again after each of these
// times.
type Lingering interface {
	CloseAgain() []time.Duration
}

// Sweeper is implemented by a platform that can list the rooms that we made and forgot.
type Sweeper interface {
	// Rooms returns the keys of the rooms that carry our mark, whoever still wants them. Rooms
	// of others are never among them.
	Rooms(ctx context.Context) ([]care.RoomRef, error)
}

// Poller is implemented by a platform whose present state must be asked for while a visit runs,
// because it can't reach us with events.
type Poller interface {
	// Poll looks at who is in the room now and keeps what it saw for Legs. Every is how long to
	// wait before the next look; 0: looking is not needed.
	Poll(ctx context.Context, room Observed) error
	Every() time.Duration
}

// Arbiter is implemented by a platform whose full record of a room comes later than the visit's
// end. Legs is called again after each of these times, and what it says then wins.
type Arbiter interface {
	LookAgain() []time.Duration
}

// Receiver is implemented by a platform that tells us of events by HTTP (pexip.md §4).
type Receiver interface {
	// Decode splits one delivery into events. Malformed: it can't be read at all; an event of
	// an unknown name is kept.
	Decode(body []byte) ([]Event, error)
}

// Event is one message of a platform's event sink, or one look at its live state, kept as it came.
type Event struct {
	Key  string    // the same message has the same key however often it is delivered
	Node string    // who sent it
	Seq  int64     // the node's counter for us; 0: it has none
	At   time.Time // by the node's clock, UTC
	Kind string    // the platform's name of the event
	Room string    // the platform's name of the room; empty when it is about none
	Body []byte    // JSON as it came; holds personal data, so it is stored encrypted
}

// EventLog keeps events. The store implements it, one per municipality.
type EventLog interface {
	// Keep stores the events that are not there yet and returns how many those were. What it
	// has returned for is durable.
	Keep(ctx context.Context, events []Event) (fresh int, err error)
	// EventsOf returns the events of a room in order of At, then Seq.
	EventsOf(ctx context.Context, room string) ([]Event, error)
	// Complete reports whether every node's events since the given time have come without a gap
	// in their counters, as far as one can know.
	Complete(ctx context.Context, since time.Time) (bool, error)
}

// Observed names a room for Observer.
type Observed struct {
	Ref     care.RoomRef
	Address string
	Window  care.Interval // addresses are recycled, so only legs in this window count
}
