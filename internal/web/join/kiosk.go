package join

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/assets"
	"github.com/sluse/sluse/internal/web/page"
	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Tablets is what the pages of the municipality's tablets call.
type Tablets interface {
	EnrolTablet(ctx context.Context, typed string, key, signature []byte) (care.DeviceID, error)
	ChallengeTablet(ctx context.Context, id care.DeviceID) (care.SessionToken, error)
	ProveTablet(ctx context.Context, id care.DeviceID, nonce care.SessionToken, signature []byte) (scheduler.Entered, error)
	TabletNow(ctx context.Context, token, citizen care.SessionToken) (scheduler.TabletView, error)
	AnswerOnTablet(ctx context.Context, token care.SessionToken) (scheduler.Entered, error)
}

const tabletCookie = "sluse-tavle"

// How often a tablet asks what to show, in seconds: seldom while nothing goes on, often around a
// visit. A tablet that was closed knows it within the longer one.
const (
	tabletSeldom = 20
	tabletOften  = 5
)

// countdown is how long a tablet tells that it answers by itself, in seconds.
const countdown = 10

func (p *Pages) tabletRoutes() []route.Route {
	open := route.Public()
	limit := route.Limit{Class: route.Device, Key: func(c *gin.Context) string { return p.tabletToken(c).Reveal() }, Busy: busyJSON}
	guess := route.Limit{Class: route.Guess, Busy: busyJSON}

	return []route.Route{
		{Method: http.MethodGet, Path: "/tavle", Access: open, Handle: p.tabletPage},
		{Method: http.MethodGet, Path: "/tavle/ny", Access: open, Handle: p.tabletSetUp},
		{Method: http.MethodPost, Path: "/tavle/ny", Access: open, Handle: p.enrolTablet, Limit: guess, Body: maxAnswer},
		{Method: http.MethodPost, Path: "/tavle/udfordring", Access: open, Handle: p.challengeTablet, Limit: limit},
		{Method: http.MethodPost, Path: "/tavle/bevis", Access: open, Handle: p.proveTablet, Limit: limit},
		{Method: http.MethodGet, Path: "/tavle/nu", Access: open, Handle: p.tabletNow, Limit: limit},
		{Method: http.MethodPost, Path: "/tavle/svar", Access: open, Handle: p.answerOnTablet, Limit: limit},
		{Method: http.MethodPost, Path: "/tavle/ind", Access: open, Handle: p.goInFromTablet, Limit: p.Limit(route.Ordinary)},
		{Method: http.MethodGet, Path: "/tavle/arbejder.js", Access: open, Handle: p.tabletWorker},
	}
}

// busyJSON answers a tablet that asks too often.
func busyJSON(c *gin.Context) error {
	c.JSON(http.StatusTooManyRequests, gin.H{"fejl": "Der er for mange forsøg lige nu."})

	return nil
}

func (p *Pages) tabletToken(c *gin.Context) care.SessionToken {
	cookie, err := c.Request.Cookie(p.named(tabletCookie))
	if err != nil {
		return care.SessionToken{}
	}

	return care.NewSessionToken(cookie.Value)
}

// tabletPage is the page that a tablet always shows. It holds nothing about anybody: what is shown
// comes when the tablet has proved who it is.
func (p *Pages) tabletPage(c *gin.Context) error {
	return p.set.Show(c, http.StatusOK, "tavle", page.Frame{Title: "Skærmbesøg", Lang: page.Danish, Site: p.Site, Citizen: true})
}

func (p *Pages) tabletSetUp(c *gin.Context) error {
	return p.set.Show(c, http.StatusOK, "tavle-ny", page.Frame{Title: "Sæt tavlen op", Lang: page.Danish, Site: p.Site, Citizen: true})
}

// tabletWorker is the script that keeps the page for times without network. Its address decides
// over which pages it has a say, so it can't be among the other files.
func (p *Pages) tabletWorker(c *gin.Context) error {
	c.Header("Service-Worker-Allowed", "/tavle")

	if !assets.Serve(c.Writer, assets.URL("js/kiosk-worker.js")[len(assets.Prefix):]) {
		return care.NewError(care.NotFound, "Filen findes ikke.")
	}

	return nil
}

// enrolRequest is what kiosk.js sends to set a tablet up; bytes are base64.
type enrolRequest struct {
	Code      string `json:"kode"`
	Key       []byte `json:"noegle"`
	Signature []byte `json:"underskrift"`
}

func (p *Pages) enrolTablet(c *gin.Context) error {
	var in enrolRequest
	if err := decode(c, &in); err != nil {
		return failJSON(c, err)
	}

	id, err := p.UseCases.EnrolTablet(c.Request.Context(), in.Code, in.Key, in.Signature)
	if err != nil {
		return failJSON(c, err)
	}

	route.Right(c)
	c.JSON(http.StatusOK, gin.H{"id": id})

	return nil
}

func decode(c *gin.Context, into any) error {
	if err := json.NewDecoder(c.Request.Body).Decode(into); err != nil {
		return &care.Error{Kind: care.Invalid, Message: "Tavlens svar kunne ikke læses.", Err: err}
	}

	return nil
}

// proveRequest is what kiosk.js sends to prove who it is; the challenge needs the id alone.
type proveRequest struct {
	ID        string `json:"id"`
	Nonce     string `json:"udfordring"`
	Signature []byte `json:"underskrift"`
}

func (p *Pages) challengeTablet(c *gin.Context) error {
	var in proveRequest
	if err := decode(c, &in); err != nil {
		return failJSON(c, err)
	}

	nonce, err := p.UseCases.ChallengeTablet(c.Request.Context(), care.DeviceID(in.ID))
	if err != nil {
		return failJSON(c, err)
	}

	c.JSON(http.StatusOK, gin.H{"udfordring": nonce.Reveal()})

	return nil
}

func (p *Pages) proveTablet(c *gin.Context) error {
	var in proveRequest
	if err := decode(c, &in); err != nil {
		return failJSON(c, err)
	}

	proved, err := p.UseCases.ProveTablet(c.Request.Context(), care.DeviceID(in.ID), care.NewSessionToken(in.Nonce), in.Signature)
	if err != nil {
		return failJSON(c, err)
	}

	http.SetCookie(c.Writer, &http.Cookie{ //nolint:gosec // G124: Secure is off on a plain-http loopback site only
		Name: p.named(tabletCookie), Value: proved.Token.Reveal(), Path: "/", Secure: p.Secure, HttpOnly: true,
		SameSite: http.SameSiteStrictMode, MaxAge: max(1, int(proved.Expires.Sub(p.Now())/time.Second)),
	})
	c.Status(http.StatusNoContent)

	return nil
}

// tabletShows is what kiosk.js shows.
type tabletShows struct {
	Stage     scheduler.TabletStage `json:"stadie"`
	Text      string                `json:"tekst"`
	More      string                `json:"mere"`
	Button    string                `json:"knap"`
	Session   care.AdmissionID      `json:"session"`
	Countdown int                   `json:"nedtaelling"` // seconds; 0: the tablet never answers by itself
	Now       time.Time             `json:"nu"`
	Again     int                   `json:"igen"` // seconds
}

func (p *Pages) tabletNow(c *gin.Context) error {
	view, err := p.UseCases.TabletNow(c.Request.Context(), p.tabletToken(c), p.token(c))
	if err != nil {
		return failJSON(c, err)
	}

	c.JSON(http.StatusOK, shown(view))

	return nil
}

// shown puts what a tablet shows into Danish words.
func shown(v scheduler.TabletView) tabletShows {
	out := tabletShows{Stage: v.Stage, Session: v.Session, Now: v.Now, Again: tabletOften}

	switch v.Stage {
	case scheduler.TabletIdle:
		out.Text, out.More, out.Again = "Ingen skærmbesøg lige nu", "Tavlen ringer, når der er nogen, der vil tale med dig.", tabletSeldom
	case scheduler.TabletNext:
		out.Text, out.More, out.Again = "Dit skærmbesøg "+page.At(v.Planned), whichDay(v), tabletSeldom
	case scheduler.TabletOpen:
		out.Text, out.More, out.Button = "Dit skærmbesøg "+page.At(v.Planned), "Du kan gå ind nu.", "Gå ind"
	case scheduler.TabletRinging:
		out.Text, out.More, out.Button = "Hjemmeplejen ringer", "Tryk på den store knap for at svare.", "Svar"
		if v.AutoAnswer {
			out.Countdown = countdown
		}
	case scheduler.TabletWaiting:
		out.Text, out.More = "Du er kommet rigtigt ind", "Medarbejderen lukker dig ind om lidt. Bliv ved tavlen."
	case scheduler.TabletAdmitted:
		out.Text, out.More, out.Button = "Nu kan du gå ind", "Medarbejderen har lukket dig ind.", "Gå ind til mødet"
	}

	return out
}

// whichDay tells the day of a planned visit.
func whichDay(v scheduler.TabletView) string {
	switch day := care.DayOf(v.Planned); day {
	case care.DayOf(v.Now):
		return "I dag. Tavlen ringer, når det er tid."
	case care.DayOf(v.Now.In(care.Zone()).AddDate(0, 0, 1)):
		return "I morgen, " + page.WeekdayOf(day) + "."
	default:
		return page.WeekdayOf(day) + "."
	}
}

// answerOnTablet lets the citizen into the waiting room.
func (p *Pages) answerOnTablet(c *gin.Context) error {
	entered, err := p.UseCases.AnswerOnTablet(c.Request.Context(), p.tabletToken(c))
	if err != nil {
		return failJSON(c, err)
	}

	p.setCookie(c, entered)
	c.Status(http.StatusNoContent)

	return nil
}

// goInFromTablet leads an admitted citizen to the room. What stands in the way is shown by the
// tablet's own page, which has no way out.
func (p *Pages) goInFromTablet(c *gin.Context) error {
	link, err := p.UseCases.GuestLink(c.Request.Context(), p.token(c))
	if err != nil {
		_ = c.Error(err) // internal/web logs it with the reference
		c.Redirect(http.StatusSeeOther, "/tavle")

		return nil
	}

	c.Redirect(http.StatusSeeOther, link.Reveal())

	return nil
}
