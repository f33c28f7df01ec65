package care

import (
	"errors"
	"fmt"
)

// Kind is the closed set of application errors. The zero value is invalid.
type Kind int

// The kinds. One table in internal/web maps them to HTTP.
const (
	Invalid         Kind = iota + 1 // the input is wrong; the message says what to change
	NotFound                        // no such thing, or not yours to know of
	Conflict                        // the state forbids it, or somebody else was first
	Forbidden                       // you may not
	Unauthenticated                 // we do not know who you are
	Gone                            // it existed and has ended
	TooMany                         // a limit was reached; try later
	Unavailable                     // an outside system or our own is down
	Internal                        // our fault
)

// String returns the kind's name for logs and problem documents.
func (k Kind) String() string {
	switch k {
	case Invalid:
		return "invalid"
	case NotFound:
		return "not_found"
	case Conflict:
		return "conflict"
	case Forbidden:
		return "forbidden"
	case Unauthenticated:
		return "unauthenticated"
	case Gone:
		return "gone"
	case TooMany:
		return "too_many"
	case Unavailable:
		return "unavailable"
	case Internal:
		return "internal"
	}

	return fmt.Sprintf("kind(%d)", int(k))
}

// Error is the application's error. Message is a Danish sentence that is safe to show
// to the person who caused it: it holds no CPR number, name, PIN, token or link.
type Error struct {
	Kind    Kind
	Message string
	Err     error
}

// Error returns the kind, the message and the cause for logs.
func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.Kind, e.Message, e.Err)
	}

	return fmt.Sprintf("%s: %s", e.Kind, e.Message)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// NewError returns an *Error without a cause.
func NewError(k Kind, message string) *Error { return &Error{Kind: k, Message: message} }

// KindOf returns the Kind of err; an error that is not an *Error is Internal, nil is 0.
func KindOf(err error) Kind {
	if err == nil {
		return 0
	}

	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}

	return Internal
}

// MessageOf returns the Danish sentence of err, or a general one for an unknown error.
func MessageOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Message
	}

	return "Der skete en fejl hos os. Prøv igen om lidt."
}
