package saml

import (
	"context"
	"errors"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// ErrNoRequest is what Store.Request returns for a request that is unknown or used up.
var ErrNoRequest = errors.New("saml: no such request")

// ErrUsed is what Store.CompleteRequest and Store.RememberMessage return for a request or
// a message that was used before.
var ErrUsed = errors.New("saml: used before")

// Purpose is what a stored Request was sent for. The zero value is invalid.
type Purpose string

// The purposes of a Request.
const (
	PurposeLogin  Purpose = "login"
	PurposeLogout Purpose = "logout"
)

// Request is a message we sent to the identity provider and whose answer we wait for.
// It holds no secret in clear and no personal data.
type Request struct {
	// ID is the SAML ID of the request, a random XML name of at most 64 characters.
	ID string
	// Purpose separates logins from logouts: an answer to one never completes the other.
	Purpose Purpose
	// IDP is the entity ID of the provider the request went to.
	IDP string
	// BrowserHash is the SHA-256, in hex, of the handle in the browser's cookie.
	BrowserHash string
	// RelayState is the random handle sent along; empty when none was sent.
	RelayState string
	// ReturnTo is the local path to continue at after the answer.
	ReturnTo string
	// ForceAuthn says that the person was asked to log in afresh.
	ForceAuthn bool
	// MinLevel is the level that the answer has to reach; the configured one may be
	// higher.
	MinLevel care.Assurance
	// Person says that a person was asked for, not a professional.
	Person bool
	// CreatedAt and ExpiresAt are in UTC. After ExpiresAt the row may be deleted.
	CreatedAt time.Time
	ExpiresAt time.Time
}

// Store keeps the requests that wait for an answer and remembers the messages that were
// used. It belongs to one municipality. Implementations must be safe for concurrent use
// by several processes on one database; they return ErrNoRequest and ErrUsed as
// documented, and any other error for a fault of their own.
type Store interface {
	// SaveRequest inserts a new request. An ID that exists is an error.
	SaveRequest(ctx context.Context, req Request) error

	// Request returns the request with the ID while it waits for its answer, and
	// ErrNoRequest when it does not exist or was completed. It changes nothing, so that
	// a forged answer cannot use up somebody's login.
	Request(ctx context.Context, id string) (Request, error)

	// CompleteRequest uses up the request and records the message key, both or none, in
	// one transaction. Of several concurrent calls with the same request ID or the same
	// key exactly one succeeds; the others get ErrUsed. The key must be remembered until
	// expires (UTC) at least. It is at most 64 characters.
	CompleteRequest(ctx context.Context, id, messageKey string, expires time.Time) error

	// RememberMessage records the key of a message that answers no request of ours (a
	// logout started elsewhere), and returns ErrUsed when the key is known already. Keys
	// share one space with those of CompleteRequest.
	RememberMessage(ctx context.Context, messageKey string, expires time.Time) error
}
