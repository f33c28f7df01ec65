package fhirsim

import (
	"encoding/json"
	"errors"
	"time"
)

// ETagForm is how the server writes and expects version tags.
type ETagForm string

// The forms. R4 says weak (http#versioning); FUT's published examples are strong
// (eoj.md §3.2).
const (
	WeakETags   ETagForm = "weak"   // W/"3"
	StrongETags ETagForm = "strong" // "3"
)

// Default identifier systems and codes that the oracle looks for. They are wire values of
// the client, repeated here on purpose: the two sides share no code.
const (
	DefaultVisitSystem  = "urn:x-sluse:id:visit"
	DefaultEntrySystem  = "urn:x-sluse:id:entry"
	DefaultRestoredCode = "tilbagefoert"
	meetingSystem       = "http://vdx.medcom.dk/meeting"
)

// Options configure a Server. Only Clock is required; every other zero value has a usable
// meaning. The zero value is not calm: without Calm and without Faults a small share of
// calls fails (DefaultFaultRate), because real peers do.
type Options struct {
	// Clock is the time source, usually time.Now. Advance adds an offset to it.
	Clock func() time.Time
	// Seed makes ids and faults reproducible.
	Seed uint64
	// Calm switches the seeded faults off. Scripted faults (Server.Script) still happen.
	Calm bool
	// Faults are the seeded fault rates; the zero value means Spread(DefaultFaultRate)
	// unless Calm is set.
	Faults Faults
	// Strict turns what a lenient server forgives into an error: a search parameter that is
	// not supported, a PUT without If-Match, a content type that is not application/fhir+json.
	Strict bool
	// Latency is added to every call before it is handled, in wall-clock time.
	Latency time.Duration
	// ETag is the form of version tags. Empty is WeakETags. If-Match must have the same form.
	ETag ETagForm
	// MinimalReturn answers writes without a body (Prefer: return=minimal as the server's
	// own default): the client has to use the Location and ETag headers.
	MinimalReturn bool
	// NoRevinclude ignores _revinclude, as servers do that don't know it (R4 search#include).
	NoRevinclude bool
	// NoConditionalCreate ignores If-None-Exist, as servers may that don't declare it.
	NoConditionalCreate bool
	// NoInclude ignores _include.
	NoInclude bool
	// PageSize is the most entries of a page. Zero is 20; a client's _count can only be less.
	PageSize int
	// ForeignNext, when set, replaces the address before the query of every next link: the trap of
	// a page on another host, which must not get the client's token.
	ForeignNext string
	// Clients may ask for tokens at /token. None means that no token is needed.
	Clients []Client
	// TokenTTL is the life of an access token by the simulator's clock. Zero is 5 minutes.
	TokenTTL time.Duration
	// VisitSystem is the identifier system under which a resource names its visit. Empty is
	// DefaultVisitSystem.
	VisitSystem string
	// EntrySystem is the identifier system of idempotency keys. Empty is DefaultEntrySystem.
	EntrySystem string
	// RestoredCode is the code in cancelationReason of a visit that became a physical one
	// again. Empty is DefaultRestoredCode.
	RestoredCode string
	// RequestLimit bounds the kept request history. Zero is 200 000; the oldest are dropped.
	RequestLimit int
}

// Client is a service account of the token endpoint (client_credentials), test values only.
type Client struct {
	ID     string `json:"client_id"`
	Secret string `json:"client_secret,omitempty"`
	// JWKS is the client's registered key set for signed assertions (SMART backend services), in
	// place of the secret.
	JWKS json.RawMessage `json:"jwks,omitempty"`
	// Scopes are the SMART scopes that the client has, v1 or v2 (system/Appointment.cruds), with or
	// without asking. Every token tells them, and what they don't allow answers 403. None: all is
	// allowed, and tokens tell nothing.
	Scopes []string `json:"scopes,omitempty"`
}

// defaulted returns a copy with every default filled in.
func (o Options) defaulted() Options {
	o.ETag = orElse(o.ETag, WeakETags)
	o.TokenTTL = orElse(o.TokenTTL, 5*time.Minute)
	o.VisitSystem = orElse(o.VisitSystem, DefaultVisitSystem)
	o.EntrySystem = orElse(o.EntrySystem, DefaultEntrySystem)
	o.RestoredCode = orElse(o.RestoredCode, DefaultRestoredCode)
	o.RequestLimit = orElse(o.RequestLimit, 200_000)

	switch {
	case o.Calm:
		o.Faults = Faults{}
	case o.Faults == (Faults{}):
		o.Faults = Spread(DefaultFaultRate)
	}

	return o
}

func (o Options) validate() error {
	var problems []error

	if o.Clock == nil {
		problems = append(problems, errors.New("fhirsim: Clock is required"))
	}

	if o.ETag != WeakETags && o.ETag != StrongETags {
		problems = append(problems, errors.New("fhirsim: ETag must be weak or strong"))
	}

	if o.Latency < 0 || o.TokenTTL < 0 || o.RequestLimit < 0 || o.PageSize < 0 {
		problems = append(problems, errors.New("fhirsim: Latency, TokenTTL, RequestLimit and PageSize must not be negative"))
	}

	return errors.Join(append(problems, o.Faults.validate())...)
}

func orElse[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}

	return value
}
