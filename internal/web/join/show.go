package join

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/page"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Pages that no use case returns.
const (
	stageFault scheduler.CitizenStage = "fault" // our own trouble
	stageBusy  scheduler.CitizenStage = "busy"  // 429
)

// retryAfter is what a caller is asked to wait whom a use case refuses, in seconds.
const retryAfter = "30"

// body is what the citizen's template needs.
type body struct {
	Stage     scheduler.CitizenStage
	Words     words
	Site      page.Site
	Heading   string
	Lead      string
	Action    string // where the landing page's button posts
	At        func(path string) string
	Error     string
	Reference string
	View      scheduler.CitizenView
	Ask       bool // a code may still be asked for
	Session   bool // the page belongs to a session and is told when its stage changes
	Locked    bool // a limit was reached
	Device    deviceBody
	Login     loginBody
	Terms     termsBody
}

// Again leads whoever said no back to the terms.
func (b body) Again() string {
	if to := b.At("/b"); strings.Contains(to, "?") {
		return to + "&vilkaar=" + readAgain
	}

	return "/b?vilkaar=" + readAgain
}

// show writes the page of a stage with the status that belongs to it.
func (p *Pages) show(c *gin.Context, view scheduler.CitizenView, b body) error {
	w := p.words(c)
	b.Stage, b.View, b.Words, b.Site = view.Stage, view, w, p.Site
	b.At = func(path string) string { return p.at(c, path) }
	b.Heading, b.Lead = w.stage(view, p.Now())
	b.Ask = view.CodeLeft > 0
	w.logins(c, view, &b)
	langs := p.terms(c, view, &b)

	if b.Session {
		b.Device = p.device(c, view.Stage)
	}

	status := statusOf(view.Stage)
	switch {
	case b.Locked:
		status = http.StatusTooManyRequests
		c.Header("Retry-After", "900") // care.CodeWindow
	case b.Error != "":
		status = http.StatusUnprocessableEntity
	}

	return p.set.Show(c, status, "borger", page.Frame{
		Title: w.Title, Lang: w.Lang, Site: p.Site, Langs: langs, Citizen: true,
		Refresh: refresh(view), Body: b,
	})
}

func statusOf(s scheduler.CitizenStage) int {
	switch s {
	case scheduler.StageEnded:
		return http.StatusGone
	case scheduler.StageWrong:
		return http.StatusNotFound
	case stageOther:
		return http.StatusForbidden
	case stageFault:
		return http.StatusServiceUnavailable
	case stageBusy:
		return http.StatusTooManyRequests
	case scheduler.StageEarly, scheduler.StageIdentify, scheduler.StageCode, scheduler.StageWaiting, scheduler.StageAdmitted,
		scheduler.StageRefused, scheduler.StageLanding, scheduler.StageTerms, scheduler.StageDeclined:
		return http.StatusOK
	}

	return http.StatusOK
}

// refresh is how often a page that waits for something loads itself again without JavaScript.
// The page on which a code is typed never does: it would lose what was typed.
func refresh(view scheduler.CitizenView) int {
	switch view.Stage {
	case scheduler.StageWaiting:
		return 5
	case scheduler.StageEarly:
		return 60
	case scheduler.StageIdentify:
		if view.AskedHelp {
			return 10
		}
	case scheduler.StageCode, scheduler.StageAdmitted, scheduler.StageRefused, scheduler.StageEnded,
		scheduler.StageWrong, scheduler.StageLanding, scheduler.StageTerms, scheduler.StageDeclined:
	}

	return 0
}

func (p *Pages) busy(c *gin.Context) error {
	if c.Writer.Header().Get("Retry-After") == "" {
		c.Header("Retry-After", retryAfter)
	}

	return p.show(c, scheduler.CitizenView{Stage: stageBusy}, body{})
}

const sessionCookie = "sluse-borger"

func (p *Pages) cookieName() string {
	if p.Secure {
		return "__Host-" + sessionCookie
	}

	return sessionCookie
}

func (p *Pages) setCookie(c *gin.Context, e scheduler.Entered) {
	http.SetCookie(c.Writer, &http.Cookie{ //nolint:gosec // G124: Secure is off on a plain-http loopback site only
		Name: p.cookieName(), Value: e.Token.Reveal(), Path: "/", Secure: p.Secure, HttpOnly: true,
		SameSite: http.SameSiteLaxMode, MaxAge: max(1, int(e.Expires.Sub(p.Now())/time.Second)),
	})
}

// token returns the session of this browser; the zero token, which finds nothing, without one.
func (p *Pages) token(c *gin.Context) care.SessionToken {
	cookie, err := c.Request.Cookie(p.cookieName())
	if err != nil {
		return care.SessionToken{}
	}

	return care.NewSessionToken(cookie.Value)
}

// at returns a path of ours that keeps the language that was chosen, also one that only the terms are in.
func (p *Pages) at(c *gin.Context, path string) string {
	if chosen := c.Query("sprog"); chosen != "" {
		return path + "?sprog=" + termsIn(chosen).Lang
	}

	return path
}

// ownLanguage reports whether a citizen's own language, of which the pages have all words, is another
// than the one that a page would be shown in, and nobody chose one.
func ownLanguage(c *gin.Context, own care.Language) bool {
	return c.Query("sprog") == "" && string(own) == string(page.English)
}

// home is where a fresh session goes on, in the language that was chosen or else the citizen's own.
func (p *Pages) home(c *gin.Context, own care.Language) string {
	if ownLanguage(c, own) {
		return withLang(HomePath, string(own))
	}

	return p.at(c, HomePath)
}

// langs is the language switcher. Its links are relative queries, so that the locator of the
// landing page is repeated in no link.
func (p *Pages) langs(c *gin.Context) []page.Link {
	lang := p.words(c).Lang

	return []page.Link{
		{Text: "Dansk", URL: "?" + url.Values{"sprog": {"da"}}.Encode(), Icon: "da", Current: lang == page.Danish},
		{Text: "English", URL: "?" + url.Values{"sprog": {"en"}}.Encode(), Icon: "en", Current: lang == page.English},
	}
}

func (p *Pages) words(c *gin.Context) words {
	if c.Query("sprog") == string(page.English) {
		return english()
	}

	return danish()
}

// digits drops what people type between the digits of a code.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}

		return -1
	}, s[:min(len(s), 64)])
}
