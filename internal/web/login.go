package web

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// loginRoutes are the employee's way in and out.
func (m *mount) loginRoutes() []route.Route {
	return []route.Route{
		{Method: http.MethodGet, Path: "/login", Access: route.Public(), Handle: m.login},
		{Method: http.MethodGet, Path: "/logget-af", Access: route.Public(), Handle: m.loggedOut},
		{Method: http.MethodPost, Path: "/logout", Access: route.Public(), Handle: m.logout},
		{Method: http.MethodGet, Path: saml.PathMetadata, Access: route.Public(), Handle: m.metadata},
		{Method: http.MethodPost, Path: saml.PathACS, Access: route.Public(), Handle: m.acs, Body: 512 << 10, CrossSite: true, Limit: route.Limit{Class: route.Answer}},
		{Method: http.MethodGet, Path: saml.PathLogout, Access: route.Public(), Handle: m.slo},
		{Method: http.MethodPost, Path: saml.PathLogout, Access: route.Public(), Handle: m.slo, Body: 512 << 10, CrossSite: true, Limit: route.Limit{Class: route.Answer}},
	}
}

// login sends the browser to the identity provider; with "igen" for a fresh login, at the level that
// administration needs. The cookie binds the answer to this browser; over https it is
// SameSite=None, because the answer is a post from the provider's site.
//
// While the provider is known to be down the browser would end on an error page that is not ours: a
// page of our own tells, and whoever wants to can try all the same.
func (m *mount) login(c *gin.Context) error {
	if c.Query("alligevel") == "" {
		down, err := m.site.UseCases.StaffLoginDown(c.Request.Context())
		if err != nil {
			return err
		}

		if down {
			return m.loginDown(c)
		}
	}

	handle := saml.NewBrowserHandle()
	wanted := saml.LoginRequest{ReturnTo: localPath(c.Query("til"))}

	if c.Query("igen") != "" {
		wanted.ForceAuthn, wanted.MinLevel = true, m.site.SessionRules.MinLevel[care.Administrator]
	}

	target, err := m.site.Login.Login(c.Request.Context(), handle, wanted)
	if err != nil {
		return m.samlError(c, err)
	}

	m.setLoginCookie(c, handle)

	return m.send(c, target)
}

// loginDownPage leads on from a login that is down.
type loginDownPage struct {
	Login     string // tries all the same
	Emergency string // empty: it is not open
}

func (m *mount) loginDown(c *gin.Context) error {
	q := c.Request.URL.Query()
	q.Set("alligevel", "1")

	body := loginDownPage{Login: "/login?" + q.Encode(), Emergency: m.openEmergency(c)}

	return m.pages.Show(c, http.StatusServiceUnavailable, "login-nede", m.frame("Kommunens login virker ikke", body))
}

func (m *mount) setLoginCookie(c *gin.Context, handle string) {
	site := http.SameSiteNoneMode
	if !m.cookies.secure {
		site = http.SameSiteLaxMode // None needs Secure; on loopback all ports are one site
	}

	m.cookies.set(c, loginCookie, handle, loginLife, site)
}

// acs takes the provider's answer, ends the session the browser had and starts a new one.
func (m *mount) acs(c *gin.Context) error {
	who, returnTo, err := m.site.Login.Callback(c.Request, m.cookies.get(c, loginCookie))
	if err != nil {
		return m.samlError(c, err)
	}

	groups, ignored := groupsOf(who)
	if ignored > 0 {
		m.log.LogAttrs(c.Request.Context(), slog.LevelInfo, "login brought privileges that give nothing",
			slog.String("request_id", route.RequestID(c)), slog.Int("ignored", ignored))
	}

	now := m.now()
	s := Session{
		Employee: care.EmployeeID(who.EmployeeID), Name: displayName(who), Groups: groups, Subject: who.Subject, IDP: who.IDP,
		Level: who.Level, Method: scheduler.ByLogin, NameID: who.NameID, Index: who.SessionIndex,
		AuthenticatedAt: who.AuthenticatedAt, EndsAt: now.Add(SessionLife),
	}

	if s.AuthenticatedAt.IsZero() || s.AuthenticatedAt.After(now) { // the provider's clock may be ahead
		s.AuthenticatedAt = now
	}

	if !who.ExpiresAt.IsZero() && who.ExpiresAt.Before(s.EndsAt) {
		s.EndsAt = who.ExpiresAt
	}

	may, err := m.begin(c, s)
	if err != nil {
		return err
	}

	m.cookies.set(c, loginCookie, "", 0, http.SameSiteLaxMode)
	c.Redirect(http.StatusSeeOther, withNotice(localPath(returnTo), may.missing))

	return nil
}

// begin ends the session that the browser had and starts a new one, unless the employee has left.
func (m *mount) begin(c *gin.Context, s Session) (standing, error) {
	ctx, now, token := c.Request.Context(), m.now(), newToken()

	if err := m.endSession(c); err != nil {
		return standing{}, err
	}

	may, err := m.standingOf(ctx, s)
	if err != nil {
		return standing{}, err
	}

	if !may.active {
		return standing{}, notHere()
	}

	s.Hash, s.Standing, s.MadeAt, s.SeenAt = hashToken(token), may.digest(), now, now
	s.Agent, s.Address = agentOf(c.Request.UserAgent()), c.ClientIP()

	if err := m.site.Sessions.SaveSession(ctx, s); err != nil {
		return standing{}, err
	}

	m.cookies.set(c, sessionCookie, token, s.EndsAt.Sub(now), http.SameSiteLaxMode)

	return may, nil
}

// withNotice has the next page tell that roles are missing because the login's level is too low.
func withNotice(path string, missing care.Assurance) string {
	u, err := url.Parse(path)
	if err != nil || missing == care.NoAssurance {
		return path
	}

	q := u.Query()
	q.Set("besked", "niveau")
	u.RawQuery = q.Encode()

	return u.RequestURI()
}

func displayName(who saml.Principal) string {
	if who.Name != "" {
		return who.Name
	}

	return who.EmployeeID
}

// endSession removes the session of the request's cookie, if there is one.
func (m *mount) endSession(c *gin.Context) error {
	token := m.cookies.get(c, sessionCookie)
	if token == "" {
		return nil
	}

	return m.site.Sessions.EndSession(c.Request.Context(), hashToken(token))
}

// logout ends our session first, then asks the provider to end its own.
func (m *mount) logout(c *gin.Context) error {
	ctx, token := c.Request.Context(), m.cookies.get(c, sessionCookie)
	s, err := m.site.Sessions.Session(ctx, hashToken(token))

	if endErr := m.endSession(c); endErr != nil {
		return endErr
	}

	m.cookies.set(c, sessionCookie, "", 0, http.SameSiteLaxMode)

	target := saml.Outgoing{URL: "/logget-af"}

	if err == nil && s.NameID.Value != "" {
		handle := saml.NewBrowserHandle()
		who := saml.Principal{NameID: s.NameID, SessionIndex: s.Index, IDP: s.IDP}

		if out, err := m.site.Login.Logout(ctx, handle, who, target.URL); err == nil && out.URL != "" {
			m.setLoginCookie(c, handle)

			target = out
		}
	}

	return m.send(c, target)
}

// slo takes the provider's logout messages: a request to end sessions, or the answer to ours.
func (m *mount) slo(c *gin.Context) error {
	message, err := m.site.Login.HandleLogout(c.Request, m.cookies.get(c, loginCookie))
	if err != nil {
		return m.samlError(c, err)
	}

	if message.Requested {
		if err := m.site.Sessions.EndSessionsOf(c.Request.Context(), message.NameID, message.SessionIndexes); err != nil {
			return err
		}
	}

	m.cookies.set(c, loginCookie, "", 0, http.SameSiteLaxMode)

	if message.Next.URL == "" {
		message.Next.URL = "/logget-af"
	}

	if message.Partial {
		message.Next.URL = "/logget-af?delvis=ja"
	}

	return m.send(c, message.Next)
}

// send lets the browser go where the identity provider's protocol wants it: by a redirect, or, for
// providers that take forms only, by a page with a button, since no script of a page runs here.
func (m *mount) send(c *gin.Context, out saml.Outgoing) error {
	if len(out.Fields) > 0 {
		return m.pages.Show(c, http.StatusOK, "videre", m.frame("Fortsæt hos login-udbyderen", out))
	}

	c.Redirect(http.StatusSeeOther, out.URL)

	return nil
}

func (m *mount) metadata(c *gin.Context) error {
	document, err := m.site.Login.Metadata()
	if err != nil {
		return m.samlError(c, err)
	}

	c.Data(http.StatusOK, "application/samlmetadata+xml", document)

	return nil
}

// loggedOutPage is told whether the provider could not end every session of the person.
type loggedOutPage struct {
	Partial   bool
	Emergency string // the door without a login; empty: it is not open
}

func (m *mount) loggedOut(c *gin.Context) error {
	return m.pages.Show(c, http.StatusOK, "logget-af", m.frame("Du er logget af", loggedOutPage{Partial: c.Query("delvis") != "", Emergency: m.openEmergency(c)}))
}

// samlError turns a refusal of the saml package into one of ours, with fixed words, and puts
// what it knows about the check that failed into the log.
func (m *mount) samlError(c *gin.Context, err error) error {
	kind := saml.KindOf(err)

	detail := ""
	if e, ok := errors.AsType[*saml.Error](err); ok {
		detail = e.Detail()
	}

	m.log.LogAttrs(c.Request.Context(), slog.LevelWarn, "login refused",
		slog.String("request_id", route.RequestID(c)), slog.String("kind", kind.String()),
		slog.String("error", err.Error()), slog.String("detail", detail))

	switch kind {
	case saml.KindExpired, saml.KindReplayed, saml.KindWrongBrowser:
		return &care.Error{Kind: care.Invalid, Message: "Dit login blev ikke afsluttet i tide eller blev startet et andet sted. Log ind igen.", Err: err}
	case saml.KindDenied:
		return &care.Error{Kind: care.Forbidden, Message: "Du blev ikke logget ind. Prøv igen, eller spørg din systemforvalter, om du har adgang til skærmbesøg.", Err: err}
	case saml.KindUnavailable:
		return &care.Error{Kind: care.Unavailable, Message: "Vi kan ikke logge dig ind lige nu. Prøv igen om lidt.", Err: err}
	case saml.KindInvalid:
		return &care.Error{Kind: care.Invalid, Message: "Svaret fra login kunne ikke godkendes. Log ind igen.", Err: err}
	}

	return &care.Error{Kind: care.Internal, Message: "Login fejlede hos os. Prøv igen om lidt.", Err: err}
}

// localPath keeps a return address inside this site.
func localPath(s string) string {
	if !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || len(s) > 1024 ||
		strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f || r == '\\' }) {
		return "/"
	}

	return s
}
