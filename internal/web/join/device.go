package join

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/page"
	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Devices is what the pages of known devices call.
type Devices interface {
	DeviceOffer(ctx context.Context, token care.SessionToken, browser []care.SessionToken) (scheduler.DeviceView, error)
	RememberByCode(ctx context.Context, token care.SessionToken, browser []care.SessionToken, digits, label string) (scheduler.Remembered, error)
	OfferPasskey(ctx context.Context, token care.SessionToken) (scheduler.Challenge, error)
	RememberByPasskey(ctx context.Context, token care.SessionToken, browser []care.SessionToken, a scheduler.PasskeyAnswer, label string) (scheduler.Remembered, error)
	EnterDeviceCode(ctx context.Context, token care.SessionToken, browser []care.SessionToken, code care.DeviceCode) error
	AskPasskey(ctx context.Context, token care.SessionToken, browser []care.SessionToken) (scheduler.Challenge, error)
	EnterPasskey(ctx context.Context, token care.SessionToken, browser []care.SessionToken, a scheduler.PasskeyAnswer) error
	ForgetDevice(ctx context.Context, token care.SessionToken, browser []care.SessionToken) error
}

// deviceCookie holds the tokens of the people whom this browser stands for, the newest first,
// with dots between them.
const (
	deviceCookie = "sluse-enhed"
	mostDevices  = 4
)

// maxAnswer is the largest answer of a passkey, in bytes.
const maxAnswer = 16 << 10

// deviceBody is what the pages need to know of the browser.
type deviceBody struct {
	scheduler.DeviceView

	Words deviceWords
	Error string // of what was typed for this device
}

// May reports whether the browser may be remembered in a way.
func (d deviceBody) May(kind care.DeviceKind) bool { return slices.Contains(d.Remember, kind) }

func (p *Pages) deviceRoutes() []route.Route {
	open, device, code := route.Public(), p.Limit(route.Device), p.Limit(route.Code)

	return []route.Route{
		{Method: http.MethodGet, Path: "/b/enhed", Access: open, Handle: p.devicePage, Limit: device},
		{Method: http.MethodPost, Path: "/b/enhed/kode", Access: open, Handle: p.rememberCode, Limit: code},
		{Method: http.MethodPost, Path: "/b/enhed/noegle", Access: open, Handle: p.offerPasskey, Limit: device},
		{Method: http.MethodPost, Path: "/b/enhed/noegle/gem", Access: open, Handle: p.rememberPasskey, Limit: device, Body: maxAnswer},
		{Method: http.MethodPost, Path: "/b/enhed/svar", Access: open, Handle: p.enterDeviceCode, Limit: code},
		{Method: http.MethodPost, Path: "/b/enhed/login", Access: open, Handle: p.askPasskey, Limit: device},
		{Method: http.MethodPost, Path: "/b/enhed/login/svar", Access: open, Handle: p.enterPasskey, Limit: device, Body: maxAnswer},
		{Method: http.MethodPost, Path: "/b/enhed/glem", Access: open, Handle: p.forgetDevice, Limit: device},
	}
}

// browser returns the tokens of this browser's device cookie.
func (p *Pages) browser(c *gin.Context) []care.SessionToken {
	cookie, err := c.Request.Cookie(p.named(deviceCookie))
	if err != nil || len(cookie.Value) > 512 {
		return nil
	}

	var out []care.SessionToken

	for text := range strings.SplitSeq(cookie.Value, ".") {
		if text != "" && len(out) < mostDevices {
			out = append(out, care.NewSessionToken(text))
		}
	}

	return out
}

func (p *Pages) named(cookie string) string {
	if p.Secure {
		return "__Host-" + cookie
	}

	return cookie
}

// keepBrowser stores the device cookie for as long as a device lives that is used now.
func (p *Pages) keepBrowser(c *gin.Context, tokens []care.SessionToken, life time.Duration) {
	texts := make([]string, 0, mostDevices)

	for _, t := range tokens {
		if !slices.Contains(texts, t.Reveal()) && len(texts) < mostDevices {
			texts = append(texts, t.Reveal())
		}
	}

	http.SetCookie(c.Writer, &http.Cookie{ //nolint:gosec // G124: Secure is off on a plain-http loopback site only
		Name: p.named(deviceCookie), Value: strings.Join(texts, "."), Path: "/", Secure: p.Secure, HttpOnly: true,
		SameSite: http.SameSiteLaxMode, MaxAge: max(1, int(life/time.Second)),
	})
}

// device tells what the browser can do at a stage of the session. A fault of it must not keep
// anybody out: the page shows the other ways, and the log tells.
func (p *Pages) device(c *gin.Context, stage scheduler.CitizenStage) deviceBody {
	out := deviceBody{Words: deviceWordsIn(p.words(c).Lang)}

	if stage != scheduler.StageIdentify && stage != scheduler.StageWaiting {
		return out
	}

	view, err := p.UseCases.DeviceOffer(c.Request.Context(), p.token(c), p.browser(c))
	if err != nil {
		_ = c.Error(err) // internal/web logs it with the reference

		return out
	}

	out.DeviceView = view

	return out
}

// devicePage offers to remember the browser, while the person waits.
func (p *Pages) devicePage(c *gin.Context) error { return p.showDevice(c, "") }

func (p *Pages) showDevice(c *gin.Context, complaint string) error {
	d := p.device(c, scheduler.StageWaiting)
	d.Error = complaint

	view, err := p.UseCases.Lounge(c.Request.Context(), p.token(c))
	if err != nil {
		return p.refuse(c, err)
	}

	if view.Stage != scheduler.StageWaiting || len(d.Remember) == 0 {
		c.Redirect(http.StatusSeeOther, p.at(c, "/b"))

		return nil
	}

	w := p.words(c)
	b := body{Stage: view.Stage, View: view, Words: w, Site: p.Site, Device: d, Session: true, At: func(path string) string { return p.at(c, path) }}

	status := http.StatusOK
	if complaint != "" {
		status = http.StatusUnprocessableEntity
	}

	return p.set.Show(c, status, "enhed", page.Frame{Title: w.Title, Lang: w.Lang, Site: p.Site, Langs: p.langs(c), Citizen: true, Body: b})
}

// rememberCode remembers the browser with the code that was typed twice.
func (p *Pages) rememberCode(c *gin.Context) error {
	w := deviceWordsIn(p.words(c).Lang)

	code := digits(c.PostForm("kode"))
	if code != digits(c.PostForm("igen")) {
		return p.showDevice(c, w.Different)
	}

	kept, err := p.UseCases.RememberByCode(c.Request.Context(), p.token(c), p.browser(c), code, labelOf(c.Request.UserAgent()))

	switch care.KindOf(err) {
	case care.Invalid:
		return p.showDevice(c, w.Weak)
	case care.Forbidden, care.Conflict, care.Gone:
		c.Redirect(http.StatusSeeOther, p.at(c, "/b"))

		return nil
	case care.NotFound, care.Unauthenticated, care.TooMany, care.Unavailable, care.Internal:
	}

	if err != nil {
		return p.refuse(c, err)
	}

	p.keepBrowser(c, slices.Concat([]care.SessionToken{kept.Token}, p.browser(c)), kept.Expires.Sub(p.Now()))
	c.Redirect(http.StatusSeeOther, p.at(c, "/b"))

	return nil
}

// enterDeviceCode identifies the session by this device's code.
func (p *Pages) enterDeviceCode(c *gin.Context) error {
	browser := p.browser(c)

	err := p.renewing(c, func(ctx context.Context) error {
		return p.UseCases.EnterDeviceCode(ctx, p.token(c), browser, care.TypedDeviceCode(digits(c.PostForm("enhedskode"))))
	})
	if err != nil {
		return p.againDevice(c, err)
	}

	p.keepBrowser(c, browser, deviceCookieLife)
	c.Redirect(http.StatusSeeOther, p.at(c, "/b"))

	return nil
}

// deviceCookieLife is how long a browser keeps the cookie of a device that was just used: at least
// as long as any municipality lets a device live unused.
const deviceCookieLife = 30 * 24 * time.Hour

// againDevice shows the page once more with what went wrong with the device's code.
func (p *Pages) againDevice(c *gin.Context, err error) error {
	w := deviceWordsIn(p.words(c).Lang)

	switch care.KindOf(err) {
	case care.Invalid:
		return p.complain(c, w.WrongCode)
	case care.TooMany, care.Gone, care.Conflict, care.Forbidden:
		return p.complain(c, w.Dead)
	case care.NotFound, care.Unauthenticated, care.Unavailable, care.Internal:
	}

	return p.refuse(c, err)
}

func (p *Pages) complain(c *gin.Context, text string) error {
	view, err := p.UseCases.Lounge(c.Request.Context(), p.token(c))
	if err != nil {
		return p.refuse(c, err)
	}

	if statusOf(view.Stage) != http.StatusOK {
		return p.show(c, view, body{})
	}

	return p.show(c, view, body{Session: true, Error: text})
}

func (p *Pages) forgetDevice(c *gin.Context) error {
	if err := p.UseCases.ForgetDevice(c.Request.Context(), p.token(c), p.browser(c)); err != nil {
		return p.refuse(c, err)
	}

	c.Redirect(http.StatusSeeOther, p.at(c, "/b"))

	return nil
}

// passkeyChallenge is what device.js hands to navigator.credentials.
type passkeyChallenge struct {
	Handle  string          `json:"handle"`
	Options json.RawMessage `json:"options"`
}

// passkeyAnswer is what device.js sends back.
type passkeyAnswer struct {
	Handle string          `json:"handle"`
	Answer json.RawMessage `json:"answer"`
}

func (p *Pages) offerPasskey(c *gin.Context) error {
	challenge, err := p.UseCases.OfferPasskey(c.Request.Context(), p.token(c))

	return p.sendChallenge(c, challenge, err)
}

func (p *Pages) askPasskey(c *gin.Context) error {
	challenge, err := p.UseCases.AskPasskey(c.Request.Context(), p.token(c), p.browser(c))

	return p.sendChallenge(c, challenge, err)
}

func (p *Pages) sendChallenge(c *gin.Context, challenge scheduler.Challenge, err error) error {
	if err != nil {
		return failJSON(c, err)
	}

	c.JSON(http.StatusOK, passkeyChallenge{Handle: challenge.Handle.Reveal(), Options: challenge.Options})

	return nil
}

// readAnswer reads what a browser sends. Invalid.
func readAnswer(c *gin.Context) (scheduler.PasskeyAnswer, error) {
	var in passkeyAnswer
	if err := json.NewDecoder(c.Request.Body).Decode(&in); err != nil || in.Handle == "" || len(in.Answer) == 0 {
		return scheduler.PasskeyAnswer{}, &care.Error{Kind: care.Invalid, Message: "Enhedens svar kunne ikke læses. Prøv igen.", Err: err}
	}

	return scheduler.PasskeyAnswer{Handle: care.NewSessionToken(in.Handle), Answer: in.Answer}, nil
}

func (p *Pages) rememberPasskey(c *gin.Context) error {
	answer, err := readAnswer(c)
	if err != nil {
		return failJSON(c, err)
	}

	kept, err := p.UseCases.RememberByPasskey(c.Request.Context(), p.token(c), p.browser(c), answer, labelOf(c.Request.UserAgent()))
	if err != nil {
		return failJSON(c, err)
	}

	p.keepBrowser(c, slices.Concat([]care.SessionToken{kept.Token}, p.browser(c)), kept.Expires.Sub(p.Now()))
	c.JSON(http.StatusOK, gin.H{"til": p.at(c, "/b")})

	return nil
}

func (p *Pages) enterPasskey(c *gin.Context) error {
	answer, err := readAnswer(c)
	if err != nil {
		return failJSON(c, err)
	}

	browser := p.browser(c)

	err = p.renewing(c, func(ctx context.Context) error { return p.UseCases.EnterPasskey(ctx, p.token(c), browser, answer) })
	if err != nil {
		return failJSON(c, err)
	}

	p.keepBrowser(c, browser, deviceCookieLife)
	c.JSON(http.StatusOK, gin.H{"til": p.at(c, "/b")})

	return nil
}

// failJSON answers a script. Its own words stand in the page; the status tells what happened.
func failJSON(c *gin.Context, err error) error {
	kind := care.KindOf(err)
	status := map[care.Kind]int{
		care.Invalid: http.StatusUnprocessableEntity, care.NotFound: http.StatusUnauthorized, care.Unauthenticated: http.StatusUnauthorized,
		care.Conflict: http.StatusConflict, care.Forbidden: http.StatusForbidden, care.Gone: http.StatusGone, care.TooMany: http.StatusTooManyRequests,
		care.Unavailable: http.StatusServiceUnavailable, care.Internal: http.StatusInternalServerError,
	}[kind]

	_ = c.Error(err) // internal/web logs it with the reference
	c.JSON(status, gin.H{"fejl": care.MessageOf(err), "reference": route.RequestID(c)})

	return nil
}

// labelOf tells which kind of device a browser says it runs on: enough to recognise one's own.
func labelOf(agent string) string {
	for _, known := range []struct{ part, label string }{
		{"iPhone", "iPhone"},
		{"iPad", "iPad"},
		{"Android", "Android"},
		{"CrOS", "Chromebook"},
		{"Windows", "Windows-computer"},
		{"Macintosh", "Mac"},
		{"Linux", "Linux-computer"},
	} {
		if strings.Contains(agent, known.part) {
			return known.label
		}
	}

	return "Ukendt enhed"
}
