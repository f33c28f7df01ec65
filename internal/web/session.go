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

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/scheduler/care"
)

// How long an employee's session lives (ASVS 7.3): a shift with handover, and a break.
const (
	SessionLife = 24 * time.Hour
	SessionIdle = 8 * time.Hour
)

// touchEvery bounds how often a session's last use is stored.
const touchEvery = time.Minute

// Session is one employee's login in one browser. It is stored on the server; the cookie holds
// a random token of 256 bits, the store only its SHA-256.
type Session struct {
	Employee care.EmployeeID
	Name     string
	Groups   []string // as the identity provider sent them; mapped to roles on every request
	Subject  string   // stable key of the person at the provider
	IDP      string   // entity id of the provider that vouches for the person
	Level    care.Assurance
	// NameID and Index name the provider's session, for logout.
	NameID saml.NameID
	Index  string
	MadeAt time.Time
	SeenAt time.Time
	EndsAt time.Time // at the latest; the provider's own end when that is sooner
}

// SessionStore keeps the sessions of one municipality. Errors are *care.Error.
type SessionStore interface {
	// SaveSession stores a new session under the hex SHA-256 of its token.
	SaveSession(ctx context.Context, hash string, s Session) error
	// Session reads a session, whether it has expired or not. NotFound.
	Session(ctx context.Context, hash string) (Session, error)
	// TouchSession stores when a session was last used. NotFound.
	TouchSession(ctx context.Context, hash string, at time.Time) error
	// EndSession removes a session; an unknown one is no error.
	EndSession(ctx context.Context, hash string) error
	// EndSessionsOf removes the sessions that the identity provider names; without indexes all
	// of the person's.
	EndSessionsOf(ctx context.Context, name saml.NameID, indexes []string) error
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
)

// authenticate finds the session behind the cookie and returns the employee with the roles that
// their groups give them now. Without a living session it returns the zero Actor.
func (m *mount) authenticate(c *gin.Context) (care.Actor, error) {
	token := m.cookies.get(c, sessionCookie)
	if token == "" {
		return care.Actor{}, nil
	}

	ctx, now, hash := c.Request.Context(), m.now(), hashToken(token)

	s, err := m.site.Sessions.Session(ctx, hash)
	if care.KindOf(err) == care.NotFound {
		return care.Actor{}, nil
	}

	if err != nil {
		return care.Actor{}, err
	}

	if !now.Before(s.EndsAt) || now.Sub(s.SeenAt) >= SessionIdle {
		return care.Actor{}, m.site.Sessions.EndSession(ctx, hash)
	}

	if now.Sub(s.SeenAt) >= touchEvery {
		err := m.site.Sessions.TouchSession(ctx, hash, now)
		if care.KindOf(err) == care.NotFound { // ended elsewhere in this very moment
			return care.Actor{}, nil
		}

		if err != nil {
			return care.Actor{}, err
		}
	}

	return care.Actor{Employee: s.Employee, Name: s.Name, Grants: m.site.Grants(s.Groups)}, nil
}

// guard lets a request through to a route's handler or returns why not.
func (m *mount) guard(c *gin.Context, r route.Route) error {
	if r.Access.Anonymous() {
		return nil
	}

	actor, err := m.authenticate(c)
	if err != nil {
		return err
	}

	if actor.Employee == "" {
		return care.NewError(care.Unauthenticated, "Du er ikke logget ind, eller dit login er udløbet.")
	}

	route.SetActor(c, actor)

	if !r.Access.Allows(actor) {
		return care.NewError(care.Forbidden, "Du har ikke adgang til det her. Spørg din leder eller systemforvalter.")
	}

	return nil
}
