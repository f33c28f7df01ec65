// Package connector holds the one error type that every call to an outside system returns.
//
// An adapter classifies what went wrong and never retries; the queue decides by Kind
// when the work is tried again, and the use case looks up before it repeats.
package connector

import (
	"errors"
	"fmt"
	"time"
)

// Kind says whether and when another try of an outside call makes sense.
// The zero value is invalid.
type Kind int

// The closed set of kinds.
const (
	// Unavailable: the peer certainly did nothing (connection refused, 502, 503, 504 before the effect). Retry with back-off.
	Unavailable Kind = iota + 1
	// RateLimited: the peer asks us to wait RetryAfter. Retry then.
	RateLimited
	// Unknown: the outcome is not known (time-out after send, lost response, broken body on 2xx). Look up by our key before repeating.
	Unknown
	// Pending: the peer is still working (asynchronous provisioning). Ask again later; no attempt is counted.
	Pending
	// Unauthorized: our own credentials or role are refused. Retry slowly and raise an alarm.
	Unauthorized
	// NotFound: the peer has nothing under our key.
	NotFound
	// Conflict: the peer's state forbids the call (406 at VDX, 409 or 412 at a record system). Needs a decision.
	Conflict
	// Rejected: the peer understood and refuses (validation). Retrying the same call can't help.
	Rejected
	// Malformed: the peer's answer can't be read, although nothing was changed by the call.
	Malformed
	// Unsupported: the adapter or peer lacks the capability.
	Unsupported
)

// String returns the kind's name for logs and metrics.
func (k Kind) String() string {
	switch k {
	case Unavailable:
		return "unavailable"
	case RateLimited:
		return "rate_limited"
	case Unknown:
		return "unknown"
	case Pending:
		return "pending"
	case Unauthorized:
		return "unauthorized"
	case NotFound:
		return "not_found"
	case Conflict:
		return "conflict"
	case Rejected:
		return "rejected"
	case Malformed:
		return "malformed"
	case Unsupported:
		return "unsupported"
	}

	return fmt.Sprintf("kind(%d)", int(k))
}

// Error is what every adapter returns. Its text holds no secret, no CPR number and
// no part of the peer's answer beyond a short code.
type Error struct {
	System     string        // "vdx", "fhir", "sms", "mail", "file"
	Op         string        // the operation, for example "book"
	Kind       Kind          // decides what the queue does
	Status     int           // HTTP status, 0 when there was none
	Code       string        // the peer's own short error code, if any
	RequestID  string        // the correlation id that we sent
	RetryAfter time.Duration // with RateLimited and Pending: how long to wait; 0 means unstated
	Err        error         // the cause; may be nil
}

// Error returns a line for logs.
func (e *Error) Error() string {
	text := fmt.Sprintf("%s %s: %s", e.System, e.Op, e.Kind)
	if e.Status != 0 {
		text += fmt.Sprintf(" (status %d", e.Status)
		if e.Code != "" {
			text += ", code " + e.Code
		}

		text += ")"
	}

	if e.Err != nil {
		text += ": " + e.Err.Error()
	}

	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the Kind of err, or 0 when err is not an *Error.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}

	return 0
}

// Is reports whether err is an *Error of kind k.
func Is(err error, k Kind) bool { return KindOf(err) == k }
