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

// lobbyPage is one visit as the caregiver sees it.
type lobbyPage struct {
	scheduler.VisitView

	Day     care.Day
	Waiting []care.Admission // opened the link or identified
	Inside  []care.Admission
	Ending  ending
	Error   string
	Course  evidencePart
}

// ending is the form in which somebody says how a visit went.
type ending struct {
	Reasons []care.ReasonCode
	Choice  string // which answer is filled in
	Reason  care.ReasonCode
	Call    bool // the visit is to be given by telephone: a screen is no answer
	AdHoc   bool // the visit is a call of our own: it can't be given in person
}

// newEnding fills in what the evidence says.
func newEnding(v care.Verdict) ending {
	choice, reason := prefill(v)

	return ending{Reasons: care.Reasons(), Choice: choice, Reason: reason}
}

// The answers of the form that ends a visit.
const (
	endedCompleted = "gennemfoert"
	endedPhone     = "telefon"
	endedNot       = "ikke"
	endedPhysical  = "fysisk"
)

// lobby shows who waits and lets the caregiver start, admit and conclude.
func (p *Pages) lobby(c *gin.Context) error { return p.showLobby(c, http.StatusOK, "") }

func (p *Pages) showLobby(c *gin.Context, status int, problem string) error {
	body, err := p.loadLobby(c)
	if err != nil {
		return err
	}

	if body.Course, err = p.loadEvidence(c, body.VisitView, body.Verdict); err != nil {
		return err
	}

	body.Error, body.Course.Error, body.Course.Because = problem, problem, short(c.PostForm("begrundelse"))
	body.Course.Fix = "/min-dag/" + url.PathEscape(string(body.Visit.ID)) + "/ret"
	f := p.frame(c, "Besøg", body)
	f.Refresh = 10

	return p.set.Show(c, status, "lobby", f)
}

func (p *Pages) loadLobby(c *gin.Context) (lobbyPage, error) {
	view, err := p.UseCases.Lobby(c.Request.Context(), route.Actor(c), care.VisitID(c.Param("id")))
	if err != nil {
		return lobbyPage{}, err
	}

	return newLobbyPage(view), nil
}

func newLobbyPage(view scheduler.VisitView) lobbyPage {
	body := lobbyPage{VisitView: view, Ending: newEnding(view.Verdict), Day: care.DayOf(view.Visit.Facts.Planned.Start)}
	body.Ending.Call, body.Ending.AdHoc = view.Visit.ToCall(), view.Visit.AdHoc()

	for _, a := range view.Visit.Admissions {
		switch a.State {
		case care.AdmissionWaiting, care.AdmissionIdentified:
			body.Waiting = append(body.Waiting, a)
		case care.AdmissionAdmitted:
			body.Inside = append(body.Inside, a)
		case care.AdmissionRefused:
		}
	}

	// Who has proved who they are stands first.
	slices.SortStableFunc(body.Waiting, func(a, b care.Admission) int {
		return rank(a.State) - rank(b.State)
	})

	return body
}

func rank(s care.AdmissionState) int {
	if s == care.AdmissionIdentified {
		return 0
	}

	return 1
}

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

// Active reports whether the visit can still be held by screen.
func (l lobbyPage) Active() bool { return l.Visit.State.Active() }

// Call reports whether the visit is to be given by telephone.
func (l lobbyPage) Call() bool { return l.Visit.ToCall() }

// Ready reports whether there is a room to go into.
func (l lobbyPage) Ready() bool {
	room, ok := l.Visit.LiveRoom()

	return ok && (room.State == care.RoomBooked || room.State == care.RoomProvisioned)
}

// lobbyWaiting sends the part of the page that tells who waits. It is asked every few seconds, so
// it takes the visit from the caregiver's own day where it is there: Lobby also asks the video
// platform.
func (p *Pages) lobbyWaiting(c *gin.Context) error {
	own, err := p.loadMyDay(c)
	if err != nil {
		return err
	}

	for _, v := range own.View.Visits {
		if v.Visit.ID == care.VisitID(c.Param("id")) {
			return p.set.Part(c, "lobby", "waiting", newLobbyPage(v))
		}
	}

	body, err := p.loadLobby(c)
	if err != nil {
		return err
	}

	return p.set.Part(c, "lobby", "waiting", body)
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

	req, err := concludeRequest(c.PostForm("resultat"), c.PostForm("aarsag"))
	if err == nil {
		err = p.UseCases.Conclude(c.Request.Context(), route.Actor(c), id, req)
	}

	if care.KindOf(err) == care.Invalid {
		return p.showLobby(c, http.StatusUnprocessableEntity, care.MessageOf(err))
	}

	return p.after(c, err, "/min-dag?besked=afsluttet")
}

func concludeRequest(result, reason string) (scheduler.ConcludeRequest, error) {
	switch result {
	case endedCompleted:
		return scheduler.ConcludeRequest{Kind: care.ResultCompleted, Delivery: care.Screen}, nil
	case endedPhone:
		return scheduler.ConcludeRequest{Kind: care.ResultCompleted, Delivery: care.ByPhone}, nil
	case endedPhysical:
		return scheduler.ConcludeRequest{Physical: true}, nil
	case endedNot:
		if r := care.ReasonCode(reason); slices.Contains(care.Reasons(), r) {
			return scheduler.ConcludeRequest{Kind: care.ResultNotCompleted, Delivery: care.Screen, Reason: r}, nil
		}

		return scheduler.ConcludeRequest{}, care.NewError(care.Invalid, "Vælg, hvorfor besøget ikke blev gennemført.")
	}

	return scheduler.ConcludeRequest{}, care.NewError(care.Invalid, "Vælg, hvordan besøget gik.")
}

func lobbyURL(id care.VisitID, notice string) string {
	return "/min-dag/" + url.PathEscape(string(id)) + "?besked=" + notice
}
