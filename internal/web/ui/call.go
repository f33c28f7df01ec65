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
	State
}

// State is how far a step is.
type State struct{ Done, Now, Stuck bool }

// Mark shows it.
func (s State) Mark() mark {
	switch {
	case s.Stuck:
		return mark{"Venter", "warn", "hourglass"}
	case s.Done:
		return mark{"Klar", "ok", "success"}
	case s.Now:
		return mark{"I gang", "info", "sync"}
	}

	return mark{"Ikke endnu", "calm", "minus"}
}

// newCallPage lays out the steps of a call: the room, the message, the citizen at the door, the
// conversation.
func newCallPage(v scheduler.CallView) callPage {
	reached := map[scheduler.CallStage]int{
		scheduler.CallBooking: 0, scheduler.CallQueued: 0, scheduler.CallReady: 1, scheduler.CallInvited: 2, scheduler.CallWaiting: 3, scheduler.CallRunning: 4, scheduler.CallEnded: 4,
	}[v.Stage]

	if v.Stage == scheduler.CallTrouble && v.MayGo {
		reached = 1
	}

	body := callPage{CallView: v}
	for i, text := range []string{"Rum", "SMS til borgeren", "Borgeren er klar", "Samtalen"} {
		s := State{Done: i < reached, Now: i == reached}
		s.Stuck = s.Now && (v.Stage == scheduler.CallQueued || v.Stage == scheduler.CallTrouble)
		body.Steps = append(body.Steps, step{Text: text, State: s})
	}

	if v.Stage == scheduler.CallRunning {
		body.Steps[3].State = State{Now: true}
	}

	return body
}

// Over reports whether nothing more happens.
func (b callPage) Over() bool { return b.Stage == scheduler.CallEnded }

// Knocks reports whether there is somebody to let in, or to end the visit with.
func (b callPage) Knocks() bool {
	return b.Stage == scheduler.CallWaiting || b.Stage == scheduler.CallRunning
}

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

	if string(view.Stage) != c.Query("trin") {
		c.Header("HX-Refresh", "true")
	}

	return p.set.Part(c, "opkald", "news", newCallPage(view))
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
