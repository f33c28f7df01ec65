package scheduler

import (
	"context"

	"github.com/sluse/sluse/scheduler/care"
)

// Origin tells from where, and how surely, somebody came to us. It travels in the context of a
// request and stands in every audit row that the request writes. Work of the queue has none.
type Origin struct {
	// Address is the client's network address, as far as the trusted proxies tell it.
	Address string
	// Session tells the sessions of a person apart: the beginning of the session's hash, in hex, from
	// which nobody gets back to the token.
	Session string
	Level   care.Assurance // of the login; zero when none is known
	Method  string         // ByLogin, ByEmergency, or a care.IdentityMethod of a citizen
}

// How an employee came in.
const (
	ByLogin     = "login"     // at the municipality's identity provider
	ByEmergency = "emergency" // with two persons' codes, because the identity provider was down (C24)
)

// ShortSession makes Origin.Session from the hash of a session's token.
func ShortSession(hash string) string { return hash[:min(len(hash), 12)] }

type originKey struct{}

// WithOrigin returns a context whose audit rows tell the origin.
func WithOrigin(ctx context.Context, o Origin) context.Context {
	return context.WithValue(ctx, originKey{}, o)
}

// OriginOf returns the origin of a request; the zero Origin for work that nobody asked for just now.
func OriginOf(ctx context.Context) Origin {
	o, _ := ctx.Value(originKey{}).(Origin)

	return o
}
