package scheduler

import (
	"context"
	"time"

	"github.com/sluse/sluse/connector/eid"
	"github.com/sluse/sluse/scheduler/care"
)

// LoginOutcome is what became of a login at an identity provider: one of eid.Reasons, or one of
// these. The zero value is: it waits for its answer.
type LoginOutcome string

// The outcomes of logins that the provider vouched for.
const (
	LoginIdentified LoginOutcome = "identified"
	LoginStranger   LoginOutcome = "stranger" // somebody else than the link is for
	LoginLocked     LoginOutcome = "locked"   // likewise, and the link is locked now
	LoginRefused    LoginOutcome = "refused"  // the rules, or the state of the visit, did not let it count
)

// EidLogin is a login at an identity provider, from when the browser left until it came back.
type EidLogin struct {
	Hash      string // hex SHA-256 of the browser's handle; the key
	Provider  string
	Visit     care.VisitID
	Admission care.AdmissionID
	Keep      care.Secret // eid.Begun.Keep; stored encrypted, gone with the end
	MinLevel  care.Assurance
	BegunAt   time.Time
	EndsAt    time.Time // no answer is taken from then on
	EndedAt   time.Time // zero: waits for its answer
	Outcome   LoginOutcome
}

// EidLogins stores logins at identity providers, for a day. Errors are *care.Error.
type EidLogins interface {
	// SaveEidLogin stores a login.
	SaveEidLogin(ctx context.Context, l EidLogin) error
	// EidLogin reads one, ended or not. NotFound.
	EidLogin(ctx context.Context, hash string) (EidLogin, error)
	// EndEidLogin uses up a login that waits for its answer, and keeps the name of the provider's
	// session, encrypted, which may be zero. Of several at once one succeeds; the others get Conflict.
	EndEidLogin(ctx context.Context, hash string, outcome LoginOutcome, session care.Secret, at time.Time) error
	// EidLoginsOf counts the logins that a browser session began since a time.
	EidLoginsOf(ctx context.Context, admission care.AdmissionID, since time.Time) (int, error)
	// TakeEidSession returns the newest login of a browser session that left a session at its
	// provider, with the session's name, and forgets the name. NotFound.
	TakeEidSession(ctx context.Context, admission care.AdmissionID) (provider string, session care.Secret, err error)
}

// LoginOptions say from where somebody logs in.
type LoginOptions struct {
	Phone eid.Phone
	Lang  string // the page's language, an ISO 639-1 code
}

// LoginBegun tells how to send a browser to an identity provider.
type LoginBegun struct {
	URL    string
	Handle care.Secret // for a cookie that lives for eid.LoginLife
}
