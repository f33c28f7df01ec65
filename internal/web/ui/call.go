package ui

import (
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// callPage is a call that an employee makes on the spot.
type callPage struct {
	scheduler.CallView

	Steps []step
	Error string
}

// step is one line of a call's progress.
type step struct {
	Text string
	Mark mark
	Now  bool
}

// newCallPage lays out the steps of a call: the room, the message, the citizen at the door, the
// conversation.
func newCallPage(v scheduler.CallView) callPage {
	body := callPage{CallView: v}
	reached := reachedBy(v)

	for i, s := range []step{
		{Text: "Rum", Mark: mark{"Gøres klar", "info", "sync"}},
		{Text: "SMS til borgeren", Mark: mark{"Sendes", "info", "sync"}},
		{Text: "Borgeren", Mark: mark{"Ventes", "warn", "hourglass"}},
		{Text: "Samtalen", Mark: mark{"Luk borgeren ind", "warn", "how-to-reg"}},
	} {
		switch s.Now = i == reached; {
		case i < reached:
			s.Mark = mark{"Klar", "ok", "success"}
		case i > reached:
			s.Mark = mark{"Ikke endnu", "calm", "minus"}
		case v.Stage == scheduler.CallQueued:
			s.Mark = mark{"Venter", "warn", "hourglass"}
		case v.Stage == scheduler.CallTrouble:
			s.Mark = mark{"Kræver handling", "bad", "flag"}
		case v.Stage == scheduler.CallRunning:
			s.Mark = mark{"I gang", "live", "videocam"}
		}

		body.Steps = append(body.Steps, s)
	}

	return body
}

// reachedBy is the number of steps that are behind a call.
func reachedBy(v scheduler.CallView) int {
	switch v.Stage {
	case scheduler.CallBooking, scheduler.CallQueued:
		return 0
	case scheduler.CallReady:
		return 1
	case scheduler.CallInvited:
		return 2
	case scheduler.CallWaiting, scheduler.CallRunning, scheduler.CallEnded:
		return 3
	case scheduler.CallTrouble:
	}

	if v.Open { // it is the message that did not arrive
		return 1
	}

	return 0
}

// Key tells apart pages of a call that have other buttons.
func (b callPage) Key() string {
	if b.MayGo {
		return string(b.Stage) + "-link"
	}

	return string(b.Stage)
}

// Over reports whether nothing more happens.
func (b callPage) Over() bool { return b.Stage == scheduler.CallEnded }

// Waits reports whether the citizen is at the door.
func (b callPage) Waits() bool { return b.Stage == scheduler.CallWaiting }

// Runs reports whether the conversation goes on.
func (b callPage) Runs() bool { return b.Stage == scheduler.CallRunning }

// callNow calls a citizen, or leads to the call that goes on.
func (p *Pages) callNow(c *gin.Context) error {
	view, err := p.UseCases.CallNow(c.Request.Context(), route.Actor(c), care.CitizenID(c.Param("id")))
	if care.KindOf(err) == care.Conflict {
		return p.showCard(c, http.StatusConflict, care.MessageOf(err))
	}

	return p.after(c, err, callURL(view.Visit.ID, ""))
}

// call shows how far a call is.
func (p *Pages) call(c *gin.Context) error {
	view, err := p.UseCases.Call(c.Request.Context(), route.Actor(c), care.VisitID(c.Param("id")))
	if err != nil {
		return err
	}

	f := p.frame(c, "Opkald", newCallPage(view))
	if view.Stage != scheduler.CallEnded {
		f.Refresh = 3
	}

	return p.set.Show(c, http.StatusOK, "opkald", f)
}

// callNews sends what the page says again. When the call is at another stage than the page shows
// the whole page is loaded, because its buttons are others; until then they keep the focus.
func (p *Pages) callNews(c *gin.Context) error {
	view, err := p.UseCases.Call(c.Request.Context(), route.Actor(c), care.VisitID(c.Param("id")))
	if err != nil {
		return err
	}

	body := newCallPage(view)
	if body.Key() != c.Query("trin") {
		c.Header("HX-Refresh", "true")
	}

	return p.set.Part(c, "opkald", "news", body)
}

// endCall gives a call up, or notes that it was made by telephone.
func (p *Pages) endCall(c *gin.Context) error {
	id := care.VisitID(c.Param("id"))

	phone := c.PostForm("telefon") == "ja"
	notice := "opkald-annulleret"

	if phone {
		notice = "opkald-telefon"
	}

	return p.after(c, p.UseCases.EndCall(c.Request.Context(), route.Actor(c), id, phone), callURL(id, notice))
}

func callURL(id care.VisitID, notice string) string {
	to := "/opkald/" + url.PathEscape(string(id))
	if notice != "" {
		to += "?besked=" + notice
	}

	return to
}
