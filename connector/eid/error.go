package eid

import (
	"errors"

	"github.com/sluse/sluse/connector"
)

// Reason says why a login did not end in a Proof. The zero value is invalid.
type Reason string

// The closed set of reasons.
const (
	Cancelled    Reason = "cancelled"     // the person pressed cancel, or did not get through
	LevelTooLow  Reason = "level_too_low" // the person was identified, but not well enough
	WrongType    Reason = "wrong_type"    // an employee's identity where a person's was asked for
	Expired      Reason = "expired"       // it took too long, or nobody asked for it
	Replayed     Reason = "replayed"      // the answer was used before
	WrongBrowser Reason = "wrong_browser" // it was begun in another browser
	Invalid      Reason = "invalid"       // the answer can't be trusted
	Unavailable  Reason = "unavailable"   // the provider, or the way to it, does not work
)

// Reasons lists every reason.
func Reasons() []Reason {
	return []Reason{Cancelled, LevelTooLow, WrongType, Expired, Replayed, WrongBrowser, Invalid, Unavailable}
}

// Error is a login that was refused. Its text names the check that failed and nothing of the answer.
type Error struct {
	Reason Reason
	Err    error // a *connector.Error
}

// Error returns a line for logs.
func (e *Error) Error() string { return "login: " + string(e.Reason) + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Refuse makes an Error of a provider. The detail must hold nothing of the answer.
func Refuse(provider string, reason Reason, detail string) *Error {
	kind := connector.Rejected
	if reason == Unavailable {
		kind = connector.Unavailable
	}

	return &Error{Reason: reason, Err: &connector.Error{System: provider, Op: "login", Kind: kind, Err: errors.New(detail)}}
}

// ReasonOf returns why a login failed. What is no Error is Unavailable: the person can't help it,
// whatever it is.
func ReasonOf(err error) Reason {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Reason
	}

	return Unavailable
}
