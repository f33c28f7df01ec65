package ui

import (
	"context"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/page"
	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Follower is what the work list "Opfølgning" calls.
type Follower interface {
	FollowUps(ctx context.Context, actor care.Actor) (scheduler.FollowUpList, error)
	MyFollowUps(ctx context.Context, actor care.Actor) ([]scheduler.FollowUpView, error)
	FollowUp(ctx context.Context, actor care.Actor, req scheduler.FollowUpRequest) error
}

const pathFollowUps = "/opfoelgning"

func (p *Pages) followUpRoutes() []route.Route {
	may := route.Needs(care.HandleTrouble, care.HostVisits)

	return []route.Route{
		{Method: http.MethodGet, Path: pathFollowUps, Access: may, Handle: p.followUps},
		{Method: http.MethodPost, Path: pathFollowUps + "/:id/:opfoelgning", Access: may, Handle: p.followUp},
	}
}

// followUpPage is the work list.
type followUpPage struct {
	Open  []followUpLine
	Ended []followUpLine
	Error string
}

// followUpLine is one follow-up at a moment.
type followUpLine struct {
	scheduler.FollowUpView

	Now  time.Time
	SeeV bool // the reader may open the visit's page
}

// Late reports whether the deadline has passed.
func (l followUpLine) Late() bool { return l.FollowUpView.Late(l.Now) }

// Deadline counts down in words.
func (l followUpLine) Deadline() string {
	due := l.Due()

	switch {
	case l.Late():
		return "Skulle være sket " + page.At(due) + ", for " + spanInWords(l.Now.Sub(due)) + " siden"
	case l.Stage == care.FollowUpReturning:
		return "På en rute senest " + page.At(due) + ", om " + spanInWords(due.Sub(l.Now))
	case l.TakenBy == "" && !l.CallBy.IsZero():
		return "Ring senest " + page.At(due) + ", om " + spanInWords(due.Sub(l.Now))
	}

	return "Besøget skal være givet eller på listen igen senest " + page.At(due) + ", om " + spanInWords(due.Sub(l.Now))
}

// spanInWords writes a length of time in whole minutes, or hours when it is long.
func spanInWords(d time.Duration) string {
	if d >= 2*time.Hour {
		return page.Count(int(d.Round(time.Hour)/time.Hour), "time", "timer")
	}

	return page.Count(max(1, int((d+time.Minute-1)/time.Minute)), "minut", "minutter")
}

// Record tells how far the record is.
func (l followUpLine) Record() string {
	switch {
	case l.Doubt != "":
		return l.Doubt
	case l.Failed:
		return "Omsorgsjournalen afviser ændringen. Se besøget under Kræver handling."
	case l.Stage == care.FollowUpReturning && l.BackAt.IsZero():
		return "Omsorgsjournalen er ved at få det fysiske besøg tilbage."
	case l.Stage == care.FollowUpReturning:
		return "Det fysiske besøg står på kørelisten igen siden " + page.At(l.BackAt) + "."
	case l.Stage == care.FollowUpAsked:
		return "I omsorgsjournalen står det stadig som planlagt skærmbesøg."
	case l.Stage == care.FollowUpCalling && l.Automatic:
		return "I omsorgsjournalen gives det på telefon. Taler ingen med borgeren inden " + page.At(l.GoesBackAt()) + ", går det tilbage på kørelisten som fysisk besøg."
	case l.Stage == care.FollowUpCalling:
		return "I omsorgsjournalen gives det på telefon."
	}

	return ""
}

// Can reports whether an action is possible now.
func (l followUpLine) Can(action string) bool {
	return slices.Contains(l.Actions, scheduler.FollowUpAction(action))
}

// Tone is the look of the stage.
func (l followUpLine) Tone() mark {
	switch {
	case l.Late():
		return mark{"Fristen er overskredet", "bad", "error"}
	case l.Stage == care.FollowUpCalling, l.Stage == care.FollowUpAsked:
		return mark{l.Stage.Danish(), "warn", "smartphone"}
	case l.Stage == care.FollowUpReturning:
		return mark{l.Stage.Danish(), "warn", "home"}
	case l.Stage == care.FollowUpDropped:
		return mark{l.Stage.Danish(), "neutral", "check"}
	}

	return mark{l.Stage.Danish(), "ok", "check"}
}

func (p *Pages) followUps(c *gin.Context) error { return p.showFollowUps(c, http.StatusOK, "") }

func (p *Pages) showFollowUps(c *gin.Context, status int, problem string) error {
	actor := route.Actor(c)

	list, err := p.UseCases.FollowUps(c.Request.Context(), actor)
	if err != nil {
		return err
	}

	f := p.frame(c, "Opfølgning", followUpPage{Open: lines(list.Open, list.Now, actor), Ended: lines(list.Ended, list.Now, actor), Error: problem})
	f.Refresh = 30

	return p.set.Show(c, status, "opfoelgning", f)
}

func lines(views []scheduler.FollowUpView, now time.Time, actor care.Actor) []followUpLine {
	out := make([]followUpLine, len(views))
	for i, v := range views {
		out[i] = followUpLine{FollowUpView: v, Now: now, SeeV: actor.May(care.SeeDay, v.Unit.ID)}
	}

	return out
}

// followUp does what was pressed. Somebody who was first is told on the list as it is now.
func (p *Pages) followUp(c *gin.Context) error {
	req := scheduler.FollowUpRequest{
		Visit: care.VisitID(c.Param("id")), FollowUp: care.FollowUpID(c.Param("opfoelgning")),
		Action: scheduler.FollowUpAction(c.PostForm("handling")), Employee: care.EmployeeID(c.PostForm("medarbejder")),
	}

	err := p.UseCases.FollowUp(c.Request.Context(), route.Actor(c), req)

	switch care.KindOf(err) { //nolint:exhaustive // the others are pages of their own
	case care.Invalid:
		return p.showFollowUps(c, http.StatusUnprocessableEntity, care.MessageOf(err))
	case care.Conflict:
		return p.showFollowUps(c, http.StatusConflict, care.MessageOf(err))
	}

	return p.after(c, err, pathFollowUps+"?besked="+followUpNotice(req.Action))
}

func followUpNotice(a scheduler.FollowUpAction) string {
	switch a {
	case scheduler.FollowUpTalked:
		return "talt"
	case scheduler.FollowUpNobody, scheduler.FollowUpVisit:
		return "tilbage-paa-listen"
	case scheduler.FollowUpCall, scheduler.FollowUpUndo:
		return "ring-op"
	case scheduler.FollowUpTake:
		return "taget"
	case scheduler.FollowUpRelease:
		return "givet-fri"
	case scheduler.FollowUpNone:
		return "afsluttet"
	}

	return ""
}

// phoneShown writes a number as people read it: "20 00 00 33".
func phoneShown(p care.Phone) string {
	number := p.Reveal()

	digits, danish := strings.CutPrefix(number, "+45")
	if !danish || len(digits) != 8 {
		return number
	}

	return digits[:2] + " " + digits[2:4] + " " + digits[4:6] + " " + digits[6:]
}

// phoneLink is what a telephone dials.
func phoneLink(p care.Phone) template.URL { return page.Tel(p.Reveal()) }

// setRisk puts a citizen into a risk group.
func (p *Pages) setRisk(c *gin.Context) error {
	id := care.CitizenID(c.Param("id"))

	return p.after(c, p.UseCases.SetRisk(c.Request.Context(), route.Actor(c), id, care.Risk(c.PostForm("risiko"))), "/borgere/"+url.PathEscape(string(id))+"?besked=identitet")
}
