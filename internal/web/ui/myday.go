package ui

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// myDayPage is the caregiver's own day.
type myDayPage struct {
	Day     care.Day
	Today   care.Day
	View    scheduler.DayView
	Screens []scheduler.VisitView // screen visits that are not over
	Others  []scheduler.VisitView // physical ones and those that are over
	Follow  []followUpLine        // what did not take place and is mine to see to
}

// Prev returns the day before.
func (d myDayPage) Prev() care.Day { return d.Day.Add(-1) }

// Next returns the day after.
func (d myDayPage) Next() care.Day { return d.Day.Add(1) }

func (p *Pages) loadMyDay(c *gin.Context) (myDayPage, error) {
	q, err := p.dayQuery(c)
	if err != nil {
		return myDayPage{}, err
	}

	view, err := p.UseCases.MyDay(c.Request.Context(), route.Actor(c), q.Day)
	if err != nil {
		return myDayPage{}, err
	}

	body := myDayPage{Day: q.Day, Today: p.today(), View: view}

	for _, v := range view.Visits {
		if v.Visit.State.Active() {
			body.Screens = append(body.Screens, v)
		} else {
			body.Others = append(body.Others, v)
		}
	}

	return body, nil
}

// myDay shows the caregiver's visits of a day, those by screen first.
func (p *Pages) myDay(c *gin.Context) error {
	body, err := p.loadMyDay(c)
	if err != nil {
		return err
	}

	mine, err := p.UseCases.MyFollowUps(c.Request.Context(), route.Actor(c))
	if err != nil {
		return err
	}

	body.Follow = lines(mine, p.Now(), route.Actor(c))

	f := p.frame(c, "Min dag", body)
	f.Refresh = 20

	return p.set.Show(c, http.StatusOK, "min-dag", f)
}

// myDayStatus sends the chips again.
func (p *Pages) myDayStatus(c *gin.Context) error {
	body, err := p.loadMyDay(c)
	if err != nil {
		return err
	}

	return p.set.Part(c, "min-dag", "chips", body.View)
}

// ending is the form in which somebody says how a visit went.
type ending struct {
	Reasons []care.ReasonCode
	Choice  string // which answer is filled in
	Reason  care.ReasonCode
	Call    bool // the visit is to be given by telephone: a screen is no answer
	AdHoc   bool // the visit is a call of our own: it can't be given in person
	// Ways are how the employee can know the citizen, where a visit by screen needs to be told it.
	Ways []way
}

// newEnding fills in what the evidence says.
func newEnding(v care.Verdict, ways []care.StaffWay) ending {
	choice, reason := prefill(v)

	return ending{Reasons: care.Reasons(), Choice: choice, Reason: reason, Ways: newWays(ways, "")}
}

// typed keeps what somebody typed.
func (e *ending) typed(c *gin.Context) {
	if choice := c.PostForm("resultat"); choice != "" {
		e.Choice, e.Reason = choice, care.ReasonCode(c.PostForm("aarsag"))
		for i := range e.Ways {
			e.Ways[i].Chosen = e.Ways[i].Value == c.PostForm("kendt")
		}
	}
}

// The answers of the form that ends a visit.
const (
	endedCompleted = "gennemfoert"
	endedPhone     = "telefon"
	endedNot       = "ikke"
	endedPhysical  = "fysisk"
)

// prefill is what the evidence says, as an answer of the form.
func prefill(v care.Verdict) (choice string, reason care.ReasonCode) {
	if !v.Decided {
		return "", ""
	}

	if v.Outcome.Kind == care.ResultCompleted {
		if v.Outcome.Delivery == care.ByPhone {
			return endedPhone, ""
		}

		return endedCompleted, ""
	}

	return endedNot, v.Outcome.Reason
}

// start leads the caregiver into the room as its host, in a tab of its own.
func (p *Pages) start(c *gin.Context) error {
	link, err := p.UseCases.HostLink(c.Request.Context(), route.Actor(c), care.VisitID(c.Param("id")))
	if err != nil {
		return err
	}

	c.Redirect(http.StatusSeeOther, link.Reveal())

	return nil
}

// admit lets an identified citizen in whom the caregiver has recognised.
func (p *Pages) admit(c *gin.Context) error {
	id := care.VisitID(c.Param("id"))
	err := p.UseCases.Admit(c.Request.Context(), route.Actor(c), id, care.AdmissionID(c.Param("adm")), c.PostForm("genkendt") == "ja")

	if care.KindOf(err) == care.Invalid {
		return p.showLobby(c, http.StatusUnprocessableEntity, care.MessageOf(err))
	}

	return p.after(c, err, lobbyURL(id, "lukket-ind"))
}

// refuse turns a waiting person away.
func (p *Pages) refuse(c *gin.Context) error {
	id := care.VisitID(c.Param("id"))
	err := p.UseCases.Refuse(c.Request.Context(), route.Actor(c), id, care.AdmissionID(c.Param("adm")))

	return p.after(c, err, lobbyURL(id, "afvist"))
}

// conclude takes the caregiver's word on how the visit went.
func (p *Pages) conclude(c *gin.Context) error {
	id := care.VisitID(c.Param("id"))

	req, err := concludeRequest(c)
	if err == nil {
		err = p.UseCases.Conclude(c.Request.Context(), route.Actor(c), id, req)
	}

	if care.KindOf(err) == care.Invalid {
		return p.showLobby(c, http.StatusUnprocessableEntity, care.MessageOf(err))
	}

	return p.after(c, err, "/min-dag?besked=afsluttet")
}

func concludeRequest(c *gin.Context) (scheduler.ConcludeRequest, error) {
	switch c.PostForm("resultat") {
	case endedCompleted:
		return scheduler.ConcludeRequest{Kind: care.ResultCompleted, Delivery: care.Screen, Known: wayOf(c.PostForm("kendt"))}, nil
	case endedPhone:
		return scheduler.ConcludeRequest{Kind: care.ResultCompleted, Delivery: care.ByPhone}, nil
	case endedPhysical:
		return scheduler.ConcludeRequest{Physical: true}, nil
	case endedNot:
		if r := care.ReasonCode(c.PostForm("aarsag")); slices.Contains(care.Reasons(), r) {
			return scheduler.ConcludeRequest{Kind: care.ResultNotCompleted, Delivery: care.Screen, Reason: r}, nil
		}

		return scheduler.ConcludeRequest{}, care.NewError(care.Invalid, "Vælg, hvorfor besøget ikke blev gennemført.")
	}

	return scheduler.ConcludeRequest{}, care.NewError(care.Invalid, "Vælg, hvordan besøget gik.")
}

func lobbyURL(id care.VisitID, notice string) string {
	return "/min-dag/" + url.PathEscape(string(id)) + "?besked=" + notice
}
