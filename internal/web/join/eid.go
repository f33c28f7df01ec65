package join

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/connector/eid"
	"github.com/sluse/sluse/internal/web/page"
	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Logins are the use cases of logins at identity providers. Errors are *care.Error; those of
// Identify beside an outcome tell the log why a login failed.
type Logins interface {
	StartLogin(ctx context.Context, token care.SessionToken, provider string, o scheduler.LoginOptions) (scheduler.LoginBegun, error)
	Identify(ctx context.Context, provider string, a eid.Answer) (scheduler.LoginOutcome, error)
	LeaveLogin(ctx context.Context, token care.SessionToken) (scheduler.LoginBegun, error)
}

// PersonLogin is the service provider towards NemLog-in, as far as the pages need it beside the use
// cases; *saml.Provider satisfies it. Errors are *saml.Error.
type PersonLogin interface {
	HandleLogout(r *http.Request, browserHandle string) (saml.LogoutMessage, error)
	Metadata() ([]byte, error)
}

// Answer paths of providers. An answer of one can't be played to another: each has its own.
const (
	answerPrefix = "/b/eid/"
	answerSuffix = "/svar"
)

// AnswerPath is where a provider of OpenID Connect sends browsers back to.
func AnswerPath(provider string) string { return answerPrefix + provider + answerSuffix }

// HomePath is where browsers come back to after a logout at a provider.
const HomePath = "/b"

// stageOther is shown to somebody who logged in with a link that is somebody else's. It says nothing
// about whose it is (identity.md §5.3).
const stageOther scheduler.CitizenStage = "other"

// maxPosted bounds what a provider posts, in bytes.
const maxPosted = 512 << 10

// loginRoutes are the way to identity providers and back. The answer by SAML is posted by the
// provider's page, so it is one of the routes that other sites may post to.
func (p *Pages) loginRoutes() []route.Route {
	open, login, answer, seat := route.Public(), p.Limit(route.Login), p.Limit(route.Answer), p.Limit(route.Ordinary)

	routes := []route.Route{
		{Method: http.MethodPost, Path: answerPrefix + ":provider", Access: open, Handle: p.startLogin, Limit: login},
		{Method: http.MethodGet, Path: answerPrefix + ":provider" + answerSuffix, Access: open, Handle: p.answered, Limit: answer},
		{Method: http.MethodGet, Path: "/b/anden", Access: open, Handle: p.other, Limit: seat},
		{Method: http.MethodPost, Path: "/b/log-af", Access: open, Handle: p.leave, Limit: login},
	}

	if p.Person == nil {
		return routes
	}

	return append(routes,
		route.Route{Method: http.MethodPost, Path: saml.PathPersonACS, Access: open, Handle: p.answeredByPost, Body: maxPosted, CrossSite: true, Limit: answer},
		route.Route{Method: http.MethodGet, Path: saml.PathPersonMetadata, Access: open, Handle: p.metadata, Limit: login},
		route.Route{Method: http.MethodGet, Path: saml.PathPersonLogout, Access: open, Handle: p.loggedOut, Limit: answer},
		route.Route{Method: http.MethodPost, Path: saml.PathPersonLogout, Access: open, Handle: p.loggedOut, Body: maxPosted, CrossSite: true, Limit: answer},
	)
}

// startLogin sends the browser to a provider. The cookie binds the answer to this browser.
func (p *Pages) startLogin(c *gin.Context) error {
	begun, err := p.UseCases.StartLogin(c.Request.Context(), p.token(c), c.Param("provider"), scheduler.LoginOptions{
		Phone: phoneOf(c.Request.UserAgent()), Lang: string(p.words(c).Lang),
	})
	if care.KindOf(err) == care.Unavailable {
		_ = c.Error(err) // internal/web logs it with the reference
		c.Redirect(http.StatusSeeOther, p.toldAt(c, scheduler.LoginOutcome(eid.Unavailable)))

		return nil
	}

	if err != nil {
		return p.again(c, err)
	}

	p.setHandle(c, begun.Handle.Reveal())
	c.Redirect(http.StatusSeeOther, begun.URL)

	return nil
}

// phoneOf tells phones whose MitID app can lead back to the browser.
func phoneOf(agent string) eid.Phone {
	switch {
	case strings.Contains(agent, "iPhone"), strings.Contains(agent, "iPad"):
		return eid.IOS
	case strings.Contains(agent, "Android"):
		return eid.Android
	}

	return ""
}

// answered takes the answer of a provider of OpenID Connect.
func (p *Pages) answered(c *gin.Context) error { return p.identify(c, c.Param("provider")) }

// answeredByPost takes the answer of NemLog-in.
func (p *Pages) answeredByPost(c *gin.Context) error { return p.identify(c, p.PersonKey) }

// identify leads on by a redirect, so that nothing of the answer stays in the address bar or can be
// sent again. The citizen's session comes along with the next request only: its cookie is not sent
// with what another site posts.
func (p *Pages) identify(c *gin.Context, provider string) error {
	handle, lang := p.handle(c)

	var outcome scheduler.LoginOutcome

	err := p.renewing(c, func(ctx context.Context) (err error) {
		outcome, err = p.UseCases.Identify(ctx, provider, eid.Answer{Request: c.Request, Handle: handle})

		return err
	})
	if err != nil {
		p.Log.LogAttrs(c.Request.Context(), slog.LevelWarn, "login of a citizen failed", slog.String("request_id", route.RequestID(c)),
			slog.String("provider", provider), slog.String("outcome", string(outcome)), slog.String("error", err.Error()))
	}

	target := HomePath

	switch outcome {
	case scheduler.LoginIdentified, scheduler.LoginRefused: // the page of the session tells
	case scheduler.LoginStranger, scheduler.LoginLocked:
		target = "/b/anden"
	case "":
		return p.refuse(c, err)
	default:
		target += "?" + url.Values{"login": {string(outcome)}}.Encode()
	}

	if !keepsHandle(outcome) {
		p.setHandle(c, "")
	}

	c.Redirect(http.StatusSeeOther, withLang(target, lang))

	return nil
}

// keepsHandle reports whether the login may still be finished: what came may not have been the
// provider's answer.
func keepsHandle(o scheduler.LoginOutcome) bool {
	return slices.Contains([]eid.Reason{eid.Invalid, eid.WrongBrowser}, eid.Reason(o))
}

// toldAt is the session's page with what became of a login.
func (p *Pages) toldAt(c *gin.Context, o scheduler.LoginOutcome) string {
	return withLang(HomePath+"?"+url.Values{"login": {string(o)}}.Encode(), string(p.words(c).Lang))
}

func withLang(path, lang string) string {
	if lang != string(page.English) {
		return path
	}

	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}

	return path + separator + url.Values{"sprog": {lang}}.Encode()
}

// other tells somebody that the link is not theirs.
func (p *Pages) other(c *gin.Context) error {
	view, err := p.UseCases.Lounge(c.Request.Context(), p.token(c))
	if err != nil {
		return p.refuse(c, err)
	}

	if view.Stage == scheduler.StageWrong {
		return p.show(c, view, body{})
	}

	return p.show(c, scheduler.CitizenView{Stage: stageOther, Leave: view.Leave}, body{Session: true})
}

// leave ends the session that the login left at the provider, so that the next person at the same
// device can't use it.
func (p *Pages) leave(c *gin.Context) error {
	begun, err := p.UseCases.LeaveLogin(c.Request.Context(), p.token(c))
	if err != nil {
		return p.again(c, err)
	}

	target := begun.URL
	if target == "" {
		target = p.at(c, HomePath)
	} else {
		p.setHandle(c, begun.Handle.Reveal())
	}

	c.Redirect(http.StatusSeeOther, target)

	return nil
}

// loggedOut takes NemLog-in's logout messages. We keep no session of a login: who was identified
// stays so for this one visit, whatever they log out of elsewhere. A request is answered all the same.
func (p *Pages) loggedOut(c *gin.Context) error {
	handle, lang := p.handle(c)

	message, err := p.Person.HandleLogout(c.Request, handle)
	if err != nil {
		p.Log.LogAttrs(c.Request.Context(), slog.LevelWarn, "logout of a citizen refused",
			slog.String("request_id", route.RequestID(c)), slog.String("error", err.Error()))

		return care.NewError(care.Invalid, "Svaret fra login kunne ikke godkendes.")
	}

	p.setHandle(c, "")

	target := message.Next.URL
	if target == "" || len(message.Next.Fields) > 0 {
		target = withLang(HomePath, lang)
	}

	c.Redirect(http.StatusSeeOther, target)

	return nil
}

func (p *Pages) metadata(c *gin.Context) error {
	document, err := p.Person.Metadata()
	if err != nil {
		return &care.Error{Kind: care.Unavailable, Message: "Metadata kan ikke laves lige nu.", Err: err}
	}

	c.Data(http.StatusOK, "application/samlmetadata+xml", document)

	return nil
}

const handleCookie = "sluse-borger-login"

// setHandle keeps a login's random handle, and the page's language, in a short-lived cookie; an empty
// one removes it. The answer may be a post from the provider's site, with which browsers send cookies
// of SameSite=None only.
func (p *Pages) setHandle(c *gin.Context, handle string) {
	name, site := handleCookie, http.SameSiteLaxMode // None needs Secure; on loopback all ports are one site
	if p.Secure {
		name, site = "__Host-"+handleCookie, http.SameSiteNoneMode
	}

	value, age := handle+"."+string(p.words(c).Lang), int(eid.LoginLife/time.Second)
	if handle == "" {
		value, age = "", -1
	}

	http.SetCookie(c.Writer, &http.Cookie{ //nolint:gosec // G124: Secure is off on a plain-http loopback site only
		Name: name, Value: value, Path: "/", Secure: p.Secure, HttpOnly: true, SameSite: site, MaxAge: age,
	})
}

// handle returns this browser's handle and the language of the page that it left.
func (p *Pages) handle(c *gin.Context) (handle, lang string) {
	name := handleCookie
	if p.Secure {
		name = "__Host-" + handleCookie
	}

	cookie, err := c.Request.Cookie(name)
	if err != nil {
		return "", ""
	}

	handle, lang, _ = strings.Cut(cookie.Value, ".")

	return handle, lang
}
