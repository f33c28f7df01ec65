package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/scheduler/care"
)

// SessionLife is how long an employee's session lives at most, whatever the employee does (V07).
const SessionLife = 24 * time.Hour

// SessionIdle is after how much rest a session ends where a site says nothing else: a shift.
const SessionIdle = 8 * time.Hour

// FreshFor is how old a login may be for what demands a fresh one (ASVS 7.5.3).
const FreshFor = 15 * time.Minute

// touchEvery bounds how often a session's last use is stored.
const touchEvery = time.Minute

// Session is one employee's login in one browser. It is stored on the server; the cookie holds
// a random token of 256 bits, the store only its SHA-256.
type Session struct {
	Hash     string // hex SHA-256 of the token; the key
	Employee care.EmployeeID
	Name     string
	Groups   []string // as the identity provider sent them; mapped to roles on every request
	Subject  string   // stable key of the person at the provider
	IDP      string   // entity id of the provider that vouches for the person
	Level    care.Assurance
	Method   string // scheduler.ByLogin or scheduler.ByEmergency
	// NameID and Index name the provider's session, for logout.
	NameID saml.NameID
	Index  string
	// Standing is a digest of what the employee might do when the session began. When that changes
	// the session ends.
	Standing string
	Agent    string // browser and system in words, for the person's own list
	Address  string // the client's network address at login
	// AuthenticatedAt is when the person proved who they are, which may be before MadeAt.
	AuthenticatedAt time.Time
	MadeAt          time.Time
	SeenAt          time.Time
	EndsAt          time.Time // at the latest; the provider's own end when that is sooner
}

// String hides who it is.
func (Session) String() string { return "‹session›" }

// SessionStore keeps the sessions of one municipality. Errors are *care.Error.
type SessionStore interface {
	// SaveSession stores a new session.
	SaveSession(ctx context.Context, s Session) error
	// Session reads a session by its hash, whether it has expired or not. NotFound.
	Session(ctx context.Context, hash string) (Session, error)
	// TouchSession stores when a session was last used. NotFound.
	TouchSession(ctx context.Context, hash string, at time.Time) error
	// EndSession removes a session; an unknown one is no error.
	EndSession(ctx context.Context, hash string) error
	// EndSessionsOf removes the sessions that the identity provider names; without indexes all
	// of the person's.
	EndSessionsOf(ctx context.Context, name saml.NameID, indexes []string) error
	// SessionsOf reads the sessions of an employee, expired ones too, the last used first.
	SessionsOf(ctx context.Context, employee care.EmployeeID) ([]Session, error)
	// LatestSessions reads the sessions of all employees that have not expired, the last used first.
	LatestSessions(ctx context.Context, now time.Time, limit int) ([]Session, error)
}

func newToken() string {
	var b [32]byte

	_, _ = rand.Read(b[:]) // never fails (crypto/rand)

	return base64.RawURLEncoding.EncodeToString(b[:])
}

func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))

	return hex.EncodeToString(sum[:])
}

// cookies knows how this site's cookies are named and set. On an http site (loopback, for the
// demo) __Host- and Secure are left out: Chromium takes both from http://127.0.0.1, but Safari and
// Go's cookie jar do not.
type cookies struct{ secure bool }

func (k cookies) name(base string) string {
	if k.secure {
		return "__Host-" + base
	}

	return base
}

func (k cookies) set(c *gin.Context, base, value string, life time.Duration, site http.SameSite) {
	age := int(life / time.Second)
	if value == "" {
		age = -1
	}

	http.SetCookie(c.Writer, &http.Cookie{ //nolint:gosec // G124: Secure is off on a plain-http loopback site only
		Name: k.name(base), Value: value, Path: "/", MaxAge: age, Secure: k.secure, HttpOnly: true, SameSite: site,
	})
}

func (k cookies) get(c *gin.Context, base string) string {
	cookie, err := c.Request.Cookie(k.name(base))
	if err != nil {
		return ""
	}

	return cookie.Value
}

const (
	sessionCookie = "sluse"
	loginCookie   = "sluse-login"
	citizenCookie = "sluse-borger" // set by join
)
