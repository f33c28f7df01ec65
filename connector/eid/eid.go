// Package eid is the port to providers of electronic identities: MitID through NemLog-in or a
// broker, and the identities of other countries. A person is sent to the provider with the browser
// and comes back with an answer; what it proves is a Proof.
//
// A Provider keeps nothing. What it has to remember between Start and Finish it hands to the caller
// as Begun.Keep, who stores it encrypted, for one use, bound to one browser and one visit.
package eid

import (
	"context"
	"net/http"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// HandleBytes is how many random bytes a browser handle is made of (ASVS 7.2.3).
const HandleBytes = 32

// LoginLife is how long a person has from Start to Finish: MitID with a code display, a phone that
// has to be found, and a second try fit in.
const LoginLife = 20 * time.Minute

// Info is what a page needs to offer a provider.
type Info struct {
	Key    string              // of the configuration, a path segment: "mitid"
	Name   string              // on the button after "Log ind med": "MitID"
	Method care.IdentityMethod // care.ByMitID or care.ByEID
	// Danish says that proofs hold a CPR number. Other providers prove who somebody is, but not
	// that it is a person of the care record; the record's citizen can't be identified by them.
	Danish bool
}

// Phone is the kind of phone that the person sits at, so that the provider's app can lead back
// to the browser. The zero value is: none of these.
type Phone string

// The phones.
const (
	Android Phone = "Android"
	IOS     Phone = "iOS"
)

// Start is what a login begins with.
type Start struct {
	Handle   string // of the browser; the value of a short-lived cookie
	MinLevel care.Assurance
	Phone    Phone
	Lang     string // the page's language, an ISO 639-1 code
}

// Begun is a login that was begun.
type Begun struct {
	URL  string      // where the browser goes
	Keep care.Secret // to be handed to Finish; empty when the provider keeps its own
}

// Answer is what came back with the browser.
type Answer struct {
	Request  *http.Request // to the provider's return path
	Handle   string        // of the browser's cookie; empty when it has none
	Keep     care.Secret   // as Start returned it
	MinLevel care.Assurance
	BegunAt  time.Time
}

// Proof says who sat at the provider. It is compared and forgotten: no part of it but Subject,
// Level and At may be stored.
type Proof struct {
	Provider string // Info.Key
	Method   care.IdentityMethod
	CPR      care.CPR    // zero when the provider is not Danish
	Foreign  care.Secret // another country's number, as the provider writes it; zero with a CPR
	Name     care.Secret // as the provider spells it; may be zero
	Subject  care.Secret // the provider's key of the person
	Level    care.Assurance
	At       time.Time   // when the person proved it, UTC
	Session  care.Secret // names the provider's session, for Leave; may be zero
}

// Provider is one way to prove who one is. It is safe for concurrent use. Errors are *Error or
// *connector.Error; see ReasonOf.
type Provider interface {
	// Info tells how to offer the provider.
	Info() Info
	// Start begins a login.
	Start(ctx context.Context, s Start) (Begun, error)
	// Finish checks an answer. Every check of the answer itself is made here: signature, issuer,
	// audience, times, level, kind of person, and that this browser asked for it. That an answer
	// is used once is the caller's part.
	Finish(ctx context.Context, a Answer) (Proof, error)
}

// Leaver is implemented by providers that can end the session that they keep themselves.
type Leaver interface {
	// Leave returns where the browser goes to be logged out; it comes back to this site. Empty
	// when there is nothing to end. Session is Proof.Session; zero when it is not known any more.
	Leave(ctx context.Context, handle string, session care.Secret) (url string, err error)
}
