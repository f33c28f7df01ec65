package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// visitor is who makes a request. The zero value is nobody.
type visitor struct {
	actor   care.Actor
	session Session
	missing care.Assurance // see standing
}

// retold is an error about a login that a person has to read before they log in again; without it
// the identity provider would let them in anew at once and nobody would know why.
type retold struct{ error }

func (r retold) Unwrap() error { return r.error }

// stale is the error of a route that demands a fresh login.
type stale struct{ error }

func (s stale) Unwrap() error { return s.error }

func isRetold(err error) bool {
	_, is := errors.AsType[retold](err)

	return is
}

func isStale(err error) bool {
	_, is := errors.AsType[stale](err)

	return is
}

func changed() error {
	return retold{care.NewError(care.Unauthenticated, "Din adgang er ændret, og derfor er du logget af. Log ind igen for at fortsætte.")}
}

// notHere is the answer to whoever has left, and to whoever never was here.
func notHere() error {
	return care.NewError(care.Forbidden, "Du har ikke adgang til skærmbesøg. Spørg din leder eller systemforvalter.")
}

// authenticate finds the session behind the cookie and who it is, with the roles that they have
// now. Without a living session it returns the zero visitor.
func (m *mount) authenticate(c *gin.Context) (visitor, error) {
	token := m.cookies.get(c, sessionCookie)
	if token == "" {
		return visitor{}, nil
	}

	ctx, hash := c.Request.Context(), hashToken(token)

	s, err := m.site.Sessions.Session(ctx, hash)
	if care.KindOf(err) == care.NotFound {
		return visitor{}, nil
	}

	if err != nil {
		return visitor{}, err
	}

	alive, err := m.keepAlive(ctx, s)
	if err != nil || !alive {
		return visitor{}, err
	}

	now, err := m.standingOf(ctx, s)
	if err != nil {
		return visitor{}, err
	}

	switch {
	case !now.active:
		return visitor{}, errors.Join(m.site.Sessions.EndSession(ctx, hash), notHere())
	case now.digest() != s.Standing:
		return visitor{}, errors.Join(m.site.Sessions.EndSession(ctx, hash), changed())
	}

	return visitor{actor: care.Actor{Employee: s.Employee, Name: s.Name, Grants: now.grants}, session: s, missing: now.missing}, nil
}

// keepAlive reports whether a session goes on, and notes that it is used.
func (m *mount) keepAlive(ctx context.Context, s Session) (bool, error) {
	now := m.now()

	if !now.Before(s.EndsAt) || now.Sub(s.SeenAt) >= m.site.SessionRules.idle() {
		return false, m.site.Sessions.EndSession(ctx, s.Hash)
	}

	if now.Sub(s.SeenAt) < touchEvery {
		return true, nil
	}

	err := m.site.Sessions.TouchSession(ctx, s.Hash, now)
	if care.KindOf(err) == care.NotFound { // ended elsewhere in this very moment
		return false, nil
	}

	return err == nil, err
}

// guard lets a request through to a route's handler or returns why not.
func (m *mount) guard(c *gin.Context, r route.Route) error {
	if r.Access.Anonymous() {
		m.setOrigin(c, m.citizenOrigin(c))

		return nil
	}

	who, err := m.authenticate(c)
	if err != nil {
		return err
	}

	if who.actor.Employee == "" {
		return care.NewError(care.Unauthenticated, "Du er ikke logget ind, eller dit login er udløbet.")
	}

	route.SetActor(c, who.actor)
	m.setOrigin(c, scheduler.Origin{
		Address: c.ClientIP(), Session: scheduler.ShortSession(who.session.Hash), Level: who.session.Level, Method: who.session.Method,
	})

	switch {
	case !r.Access.Allows(who.actor) && who.missing > care.NoAssurance:
		return care.NewError(care.Forbidden, "Din rolle kræver, at du logger ind på sikringsniveau "+who.missing.Danish()+" eller højere. Log af, og log ind igen på det niveau.")
	case !r.Access.Allows(who.actor):
		return care.NewError(care.Forbidden, "Du har ikke adgang til det her. Spørg din leder eller systemforvalter.")
	case r.Access.DemandsFresh() && !fresh(who.session, m.now()):
		return stale{care.NewError(care.Unauthenticated, "Log ind igen for at fortsætte. Dine felter er ikke gemt.")}
	}

	return nil
}

func fresh(s Session, now time.Time) bool { return now.Sub(s.AuthenticatedAt) <= FreshFor }

// citizenOrigin tells from where somebody comes who is no employee. The session is the one that the
// citizen's link gave, if there is one; what it is good for the use cases know.
func (m *mount) citizenOrigin(c *gin.Context) scheduler.Origin {
	o := scheduler.Origin{Address: c.ClientIP()}
	if token := m.cookies.get(c, citizenCookie); token != "" {
		o.Session = scheduler.ShortSession(hashToken(token))
	}

	return o
}

func (m *mount) setOrigin(c *gin.Context, o scheduler.Origin) {
	c.Request = c.Request.WithContext(scheduler.WithOrigin(c.Request.Context(), o))
}

// loginAgain is the address at which a person logs in and comes back to the page; afresh when the
// login they have is too old.
func (m *mount) loginAgain(c *gin.Context, afresh bool) string {
	q := url.Values{"til": {m.pageFor(c)}}
	if afresh {
		q.Set("igen", "1")
	}

	return "/login?" + q.Encode()
}

// pageFor returns the page to come back to: the one that was asked for, or the one above a form's
// address that can be shown.
func (m *mount) pageFor(c *gin.Context) string {
	if c.Request.Method == http.MethodGet {
		return c.Request.URL.RequestURI()
	}

	for at := c.Request.URL.Path; at != "" && at != "/"; at = at[:strings.LastIndexByte(at, '/')] {
		for _, r := range m.routes {
			if r.Method == http.MethodGet && !r.Stream && matches(r.Path, at) {
				return at
			}
		}
	}

	return "/"
}

// matches reports whether a route's pattern fits a path.
func matches(pattern, at string) bool {
	want, got := strings.Split(pattern, "/"), strings.Split(at, "/")
	if len(want) != len(got) {
		return false
	}

	for i := range want {
		if want[i] != got[i] && !strings.HasPrefix(want[i], ":") {
			return false
		}
	}

	return true
}
