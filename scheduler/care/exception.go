package care

import "time"

// ExceptionKind says what needs a person. The zero value is invalid.
type ExceptionKind string

// The kinds.
const (
	RoomTrouble    ExceptionKind = "room"     // the platform refuses the room, or will not be in time
	PoolTrouble    ExceptionKind = "pool"     // every room is in use; it is tried again by itself
	MessageTrouble ExceptionKind = "message"  // the message will not arrive
	EntryTrouble   ExceptionKind = "entry"    // the record refuses the entry
	SourceGone     ExceptionKind = "gone"     // the visit is gone from the driving list
	CitizenTrouble ExceptionKind = "citizen"  // the code path is locked, or a wrong person tried
	OutcomeTrouble ExceptionKind = "outcome"  // nobody can tell whether the visit took place
	PersonTrouble  ExceptionKind = "person"   // somebody was in the room who should not have been (R13, R15)
	ChangeTrouble  ExceptionKind = "conflict" // the list changed in a way that we can't follow by ourselves

	FollowUpTrouble ExceptionKind = "follow_up" // a visit that did not take place is not followed up in time
)

// Exception is one thing about a visit that needs a person.
type Exception struct {
	ID         ExceptionID
	Kind       ExceptionKind
	About      string // id of the room, invitation or entry; empty for the visit as a whole
	Text       string // Danish: what happened and what to do; no CPR number or name
	Retry      bool   // a retry button makes sense
	RaisedAt   time.Time
	ResolvedAt time.Time // zero while open
	ResolvedBy string    // employee id or "system"
}

// Open reports whether it still needs a person.
func (e Exception) Open() bool { return e.ResolvedAt.IsZero() }
