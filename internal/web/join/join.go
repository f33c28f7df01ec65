package join

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/page"
	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

//go:embed all:templates
var templates embed.FS

// UseCases are what the citizen's pages call. Errors are *care.Error.
type UseCases interface {
	Landing(ctx context.Context, locator care.Locator) (scheduler.CitizenView, error)
	Enter(ctx context.Context, locator care.Locator) (scheduler.Entered, error)
	EnterByCode(ctx context.Context, code care.Code) (scheduler.Entered, scheduler.CitizenView, error)
	Lounge(ctx context.Context, token care.SessionToken) (scheduler.CitizenView, error)
	AskCode(ctx context.Context, token care.SessionToken) error
	AskHelp(ctx context.Context, token care.SessionToken) error
	EnterCode(ctx context.Context, token care.SessionToken, code care.Code) error
	GuestLink(ctx context.Context, token care.SessionToken) (care.GuestLink, error)

	Devices
	Tablets
	Logins
	Terms
}

// Options are what the pages are made of.
type Options struct {
	UseCases UseCases
	Site     page.Site
	Now      func() time.Time
	Stop     <-chan struct{} // closed when streams have to end
	Secure   bool            // the site is https: cookies carry Secure and __Host-
	// Person is the service provider towards NemLog-in, and PersonKey its key among the providers;
	// nil: there is none.
	Person    PersonLogin
	PersonKey string
	Log       *slog.Logger
}

// Pages are the citizen's pages of one municipality.
type Pages struct {
	Options

	set *page.Set
}

// streamEvery is how often a waiting page looks whether the stage has changed.
const streamEvery = 2 * time.Second

// pageSet are the parsed templates.
//
//nolint:gochecknoglobals // read once from embedded files, never changed, the same for every municipality
var pageSet = sync.OnceValues(func() (*page.Set, error) { return page.Parse(templates, nil) })

// New reads the templates.
func New(o Options) (*Pages, error) {
	set, err := pageSet()
	if err != nil {
		return nil, fmt.Errorf("join: %w", err)
	}

	return &Pages{Options: o, set: set}, nil
}

// Routes is the table of the citizen's pages. All are open: what a citizen may do hangs on the
// session that the link and the one-time code gave, which every use case checks.
func (p *Pages) Routes() []route.Route {
	open := route.Public()
	door := route.Limit{Class: route.Door, Key: func(c *gin.Context) string { return c.Param("locator") }, Busy: p.busy}
	code, seat := p.Limit(route.Code), p.Limit(route.Ordinary)

	own := slices.Concat(p.codeRoutes(), p.deviceRoutes(), p.tabletRoutes(), p.loginRoutes(), p.termsRoutes())

	return append(own, []route.Route{
		{Method: http.MethodGet, Path: "/b/:locator", Access: open, Handle: p.landing, Limit: door},
		{Method: http.MethodPost, Path: "/b/:locator", Access: open, Handle: p.enter, Limit: door},
		{Method: http.MethodGet, Path: "/b", Access: open, Handle: p.lounge, Limit: seat},
		{Method: http.MethodPost, Path: "/b/kode", Access: open, Handle: p.askCode, Limit: code},
		{Method: http.MethodPost, Path: "/b/hjaelp", Access: open, Handle: p.askHelp, Limit: code},
		{Method: http.MethodPost, Path: "/b/svar", Access: open, Handle: p.enterCode, Limit: code},
		{Method: http.MethodPost, Path: "/b/ind", Access: open, Handle: p.goIn, Limit: seat},
		{Method: http.MethodGet, Path: "/b/nu", Access: open, Handle: p.watch, Stream: true, Limit: seat},
	}...)
}

// Limit counts the calls of a citizen's session, and answers those over it with a citizen's page.
func (p *Pages) Limit(class route.Class) route.Limit {
	return route.Limit{Class: class, Key: func(c *gin.Context) string { return p.token(c).Reveal() }, Busy: p.busy}
}

// landing shows the neutral page behind the link. It changes nothing, whoever fetches it.
func (p *Pages) landing(c *gin.Context) error {
	view, err := p.UseCases.Landing(c.Request.Context(), care.NewLocator(c.Param("locator")))
	if err != nil {
		return p.refuse(c, err)
	}

	if view.Stage == scheduler.StageWrong {
		return p.deadLink(c)
	}

	if ownLanguage(c, view.Language) {
		c.Redirect(http.StatusSeeOther, withLang(c.Request.URL.Path, string(view.Language)))

		return nil
	}

	return p.show(c, view, body{Action: "/b/" + c.Param("locator")})
}

// deadLink answers for every link that does not work in one way. Only a browser that was in a visit
// which is over reads that, whatever link it holds: it knew already.
func (p *Pages) deadLink(c *gin.Context) error {
	wrong := scheduler.CitizenView{Stage: scheduler.StageWrong}

	if token := p.token(c); !token.IsZero() {
		if view, err := p.UseCases.Lounge(c.Request.Context(), token); err == nil && view.Stage == scheduler.StageEnded {
			return p.show(c, view, body{})
		}
	}

	return p.show(c, wrong, body{})
}

// enter makes the citizen's session and leaves the locator behind.
func (p *Pages) enter(c *gin.Context) error {
	ctx, locator := c.Request.Context(), care.NewLocator(c.Param("locator"))
	entered, err := p.UseCases.Enter(ctx, locator)

	switch care.KindOf(err) {
	case care.NotFound:
		return p.deadLink(c)
	case care.Conflict: // too early
		view, err := p.UseCases.Landing(ctx, locator)
		if err != nil {
			return p.refuse(c, err)
		}

		return p.show(c, view, body{Action: c.Request.URL.Path})
	case care.Invalid, care.Forbidden, care.Unauthenticated, care.Gone, care.TooMany, care.Unavailable, care.Internal:
	}

	if err != nil {
		return p.refuse(c, err)
	}

	p.setCookie(c, entered)
	c.Redirect(http.StatusSeeOther, p.home(c, entered.Language))

	return nil
}

// lounge shows the page of the stage that the visit and this session are at.
func (p *Pages) lounge(c *gin.Context) error {
	view, err := p.UseCases.Lounge(c.Request.Context(), p.token(c))
	if err != nil {
		return p.refuse(c, err)
	}

	if view.Stage == scheduler.StageDeclined && c.Query("vilkaar") == readAgain {
		view.Stage = scheduler.StageTerms
	}

	return p.show(c, view, body{Session: true})
}

// askCode has a one-time code sent to the number in the record.
func (p *Pages) askCode(c *gin.Context) error {
	if err := p.UseCases.AskCode(c.Request.Context(), p.token(c)); err != nil {
		return p.again(c, err)
	}

	c.Redirect(http.StatusSeeOther, p.at(c, "/b"))

	return nil
}

// enterCode tries the code that was typed.
func (p *Pages) enterCode(c *gin.Context) error {
	code := care.NewCode(digits(c.PostForm("kode")))

	err := p.renewing(c, func(ctx context.Context) error { return p.UseCases.EnterCode(ctx, p.token(c), code) })
	if err != nil {
		return p.again(c, err)
	}

	c.Redirect(http.StatusSeeOther, p.at(c, "/b"))

	return nil
}

// renewing gives the browser another session when what is done identifies who holds it.
func (p *Pages) renewing(c *gin.Context, do func(ctx context.Context) error) error {
	ctx, renewal, err := scheduler.WithRenewal(c.Request.Context())
	if err != nil {
		return err
	}

	err = do(ctx)

	if entered, taken := renewal.Taken(); taken {
		p.setCookie(c, entered)
	}

	return err
}

// askHelp tells the caregiver that this person can't identify themselves.
func (p *Pages) askHelp(c *gin.Context) error {
	if err := p.UseCases.AskHelp(c.Request.Context(), p.token(c)); err != nil {
		return p.again(c, err)
	}

	c.Redirect(http.StatusSeeOther, p.at(c, "/b"))

	return nil
}

// goIn leads an admitted citizen to the room. The link goes to this browser alone.
func (p *Pages) goIn(c *gin.Context) error {
	link, err := p.UseCases.GuestLink(c.Request.Context(), p.token(c))
	if err != nil {
		return p.again(c, err)
	}

	c.Redirect(http.StatusSeeOther, link.Reveal())

	return nil
}

// watch tells the waiting page when its stage changes.
func (p *Pages) watch(c *gin.Context) error {
	token := p.token(c)

	return route.Stream(c, streamEvery, p.Stop, func(ctx context.Context) (route.Event, bool, error) {
		view, err := p.UseCases.Lounge(ctx, token)
		if err != nil {
			return route.Event{}, false, err
		}

		// A session that nobody knows has nothing to wait for.
		done := view.Stage == scheduler.StageWrong

		return route.Event{Name: "stage", Data: map[string]string{"stage": string(view.Stage)}}, done, nil
	})
}

// refuse shows the friendly page for an error that belongs to a stage, and hands on the rest.
func (p *Pages) refuse(c *gin.Context, err error) error {
	switch care.KindOf(err) {
	case care.NotFound, care.Unauthenticated:
		return p.show(c, scheduler.CitizenView{Stage: scheduler.StageWrong}, body{})
	case care.Gone:
		return p.show(c, scheduler.CitizenView{Stage: scheduler.StageEnded}, body{})
	case care.TooMany:
		return p.busy(c)
	case care.Unavailable, care.Internal:
		if errors.Is(err, context.Canceled) {
			return err
		}

		_ = c.Error(err) // internal/web logs it with the reference

		return p.show(c, scheduler.CitizenView{Stage: stageFault}, body{Reference: route.RequestID(c)})
	case care.Invalid, care.Conflict, care.Forbidden:
	}

	return err
}

// again shows the stage's page once more with what went wrong above it.
func (p *Pages) again(c *gin.Context, err error) error {
	switch care.KindOf(err) {
	case care.Invalid, care.Conflict, care.TooMany, care.Gone:
	case care.NotFound, care.Forbidden, care.Unauthenticated, care.Unavailable, care.Internal:
		return p.refuse(c, err)
	}

	view, loungeErr := p.UseCases.Lounge(c.Request.Context(), p.token(c))
	if loungeErr != nil {
		return p.refuse(c, loungeErr)
	}

	if statusOf(view.Stage) != http.StatusOK {
		return p.show(c, view, body{}) // there is no door any more; why it did not open is beside the point
	}

	kind := care.KindOf(err)

	return p.show(c, view, body{Session: true, Error: p.words(c).complaint(kind, care.MessageOf(err)), Locked: kind == care.TooMany})
}
