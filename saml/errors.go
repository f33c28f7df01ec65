package saml

import (
	"errors"
	"fmt"
)

// Kind says what the caller can do about an Error. The zero value is invalid.
type Kind int

// The kinds of Error.
const (
	// KindInvalid is a message that cannot be trusted: malformed, wrongly signed,
	// meant for somebody else, or against the profile.
	KindInvalid Kind = iota + 1
	// KindExpired is a login that was started too long ago, was finished before or was
	// never started here, or an assertion outside its time window. Starting over helps.
	KindExpired
	// KindReplayed is a message that was used before.
	KindReplayed
	// KindWrongBrowser is an answer that came back in another browser than the one that
	// started the login.
	KindWrongBrowser
	// KindDenied is a clear no: the identity provider did not log the person in, or the
	// person's level, organisation or attributes do not suffice.
	KindDenied
	// KindUnavailable is a fault on our side, such as a store that does not answer.
	KindUnavailable
)

// String returns the kind as one English word or two, for logs.
func (k Kind) String() string {
	switch k {
	case KindInvalid:
		return "invalid message"
	case KindExpired:
		return "login expired"
	case KindReplayed:
		return "message used before"
	case KindWrongBrowser:
		return "other browser"
	case KindDenied:
		return "login denied"
	case KindUnavailable:
		return "login unavailable"
	}
	return "unknown"
}

// Reason narrows KindDenied down, so that people can be told what happened in fixed
// words of our own. It never carries text of the message.
type Reason string

// The reasons of KindDenied. The first six are second-level status codes of SAML core
// §3.2.2.2, which arrive unsigned: a hint for the text shown, nothing to act on.
const (
	ReasonAuthnFailed      Reason = "authn_failed"
	ReasonNoAuthnContext   Reason = "no_authn_context"
	ReasonNoPassive        Reason = "no_passive"
	ReasonRequestDenied    Reason = "request_denied"
	ReasonUnknownPrincipal Reason = "unknown_principal"
	ReasonProviderFault    Reason = "provider_fault"
	ReasonLevelTooLow      Reason = "level_too_low"
	ReasonNoEmployee       Reason = "no_employee_id"
	ReasonOtherOrg         Reason = "other_organisation"
	ReasonNoCPR            Reason = "no_cpr"
)

// Error is the only error type of this package's Provider. Its text is fixed per kind and
// never holds anything from a message.
type Error struct {
	// Kind says what to do about it.
	Kind Kind
	// Reason is set for KindDenied only.
	Reason Reason

	detail string
	cause  error
}

// Error returns a fixed text per kind and reason, fit for any log.
func (e *Error) Error() string {
	if e.Reason != "" {
		return "saml: " + e.Kind.String() + ": " + string(e.Reason)
	}
	return "saml: " + e.Kind.String()
}

// Detail returns which check failed, for the security log only. It names elements,
// attributes and algorithms of the protocol and never a person's data; it must not be
// shown to people, because it tells an attacker how far a forged message got.
func (e *Error) Detail() string { return e.detail }

// Unwrap returns the fault below KindUnavailable, such as the store's error, or nil.
func (e *Error) Unwrap() error { return e.cause }

// KindOf returns the kind of err, or 0 when err is not an *Error.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return 0
}

func invalid(format string, args ...any) *Error {
	return &Error{Kind: KindInvalid, detail: fmt.Sprintf(format, args...)}
}

func expired(format string, args ...any) *Error {
	return &Error{Kind: KindExpired, detail: fmt.Sprintf(format, args...)}
}

func denied(reason Reason, detail string) *Error {
	return &Error{Kind: KindDenied, Reason: reason, detail: detail}
}

func unavailable(detail string, cause error) *Error {
	return &Error{Kind: KindUnavailable, detail: detail, cause: cause}
}
