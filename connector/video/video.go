// Package video is the port to a video platform: its words and what an adapter must do.
// Adapters are sub-directories; videotest is the conformance suite that each must pass.
package video

import (
	"context"

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
}

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
	GuestLink care.GuestLink
}

// Observed names a room for Observer.
type Observed struct {
	Ref     care.RoomRef
	Address string
	Window  care.Interval // addresses are recycled, so only legs in this window count
}
