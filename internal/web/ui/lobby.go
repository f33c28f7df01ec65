package ui

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// lobbyPage is one visit as the caregiver sees it.
type lobbyPage struct {
	scheduler.VisitView

	Day     care.Day
	Waiting []waitingGuest // opened the link or identified
	Guests  guestsPart     // everybody who was invited, and where they are
	Invite  *invitePart    // whom the reader may invite; nil: nobody
	Alarms  []care.Exception
	Ending  ending
	Error   string
	Course  evidencePart
}

// lobby shows who waits and lets the caregiver start, admit and conclude.
func (p *Pages) lobby(c *gin.Context) error { return p.showLobby(c, http.StatusOK, "") }

func (p *Pages) showLobby(c *gin.Context, status int, problem string) error {
	body, err := p.loadLobby(c)
	if err != nil {
		return err
	}

	if body.Invite, err = p.invitable(c, body.VisitView, ""); err != nil {
		return err
	}

	if body.Course, err = p.loadEvidence(c, body.VisitView, body.Verdict); err != nil {
		return err
	}

	body.Error = problem
	body.Ending.typed(c)
	body.Course.typed(c)
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
	body := lobbyPage{VisitView: view, Ending: newEnding(view.Verdict, view.Ways), Day: care.DayOf(view.Visit.Facts.Planned.Start)}
	body.Ending.Call, body.Ending.AdHoc = view.Visit.ToCall(), view.Visit.AdHoc()

	for _, a := range view.Visit.Admissions {
		if a.State == care.AdmissionWaiting || a.State == care.AdmissionIdentified {
			body.Waiting = append(body.Waiting, newWaitingGuest(view, a))
		}
	}

	// Who has proved who they are stands first.
	slices.SortStableFunc(body.Waiting, func(a, b waitingGuest) int {
		return rank(a.State) - rank(b.State)
	})

	for _, e := range view.Visit.Exceptions {
		if e.Open() && e.Kind == care.PersonTrouble {
			body.Alarms = append(body.Alarms, e)
		}
	}

	body.Guests = newGuests(view, "")

	return body
}

func rank(s care.AdmissionState) int {
	if s == care.AdmissionIdentified {
		return 0
	}

	return 1
}

// Active reports whether the visit can still be held by screen.
func (l lobbyPage) Active() bool { return l.Visit.State.Active() }

// Call reports whether the visit is to be given by telephone.
func (l lobbyPage) Call() bool { return l.Visit.ToCall() }

// Ready reports whether there is a room to go into.
func (l lobbyPage) Ready() bool {
	room, ok := l.Visit.LiveRoom()

	return ok && room.Made()
}

// InTouch reports whether the caregiver talks with the citizen, so that codewords can be said.
func (l lobbyPage) InTouch() bool {
	return slices.ContainsFunc(l.Visit.Admissions, func(a care.Admission) bool {
		return a.Participant == "" && (a.State == care.AdmissionAdmitted || a.State == care.AdmissionWaiting && !a.AskedHelp.IsZero())
	})
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

// waitingGuest is somebody at the door.
type waitingGuest struct {
	care.Admission

	Who    string // role, and name of a participant
	Object string // "borgeren" or "deltageren", for sentences
	// Reading: a participant who is identified has still to answer the terms. Declined is when they
	// said no; zero: they did not.
	Reading  bool
	Declined time.Time
}

// ObjectTitle is Object at the start of a sentence.
func (g waitingGuest) ObjectTitle() string { return strings.ToUpper(g.Object[:1]) + g.Object[1:] }

func newWaitingGuest(view scheduler.VisitView, a care.Admission) waitingGuest {
	g := waitingGuest{Admission: a, Who: nameOf(view.Visit, a.Participant), Object: "borgeren"}
	if a.Participant != "" {
		g.Object = "deltageren"
	}

	if p, ok := view.Visit.ParticipantOf(a.Participant); ok && p.Terms.Declined() {
		g.Declined = p.Terms.At
	} else {
		g.Reading = view.Visit.AwaitsTerms(a)
	}

	return g
}

// guestsPart compares who was invited with who is there (R13).
type guestsPart struct {
	List   []guest
	Base   string // address of the visit's page
	Remove bool   // the visit goes on, and invitations can be taken back
}

// guest is one person who may come, and where they are.
type guest struct {
	scheduler.Person

	State mark
	Notes []string // what is recorded of a participant, in Danish
}

func newGuests(view scheduler.VisitView, from string) guestsPart {
	out := guestsPart{Base: invitePart{Visit: view.Visit.ID, From: from}.Base(), Remove: view.Visit.State.Active()}

	for _, p := range view.People {
		if !p.Removed || p.Here {
			out.List = append(out.List, guest{Person: p, State: whereabouts(p), Notes: standing(p)})
		}
	}

	return out
}

// whereabouts is where one person is: in the room as the platform tells it, else as far as our own
// door and the messages know.
func whereabouts(p scheduler.Person) mark {
	switch {
	case p.Here && p.Removed:
		return mark{"I rummet, men ikke længere inviteret", "bad", "error"}
	case p.Here:
		return mark{"I rummet", "live", "videocam"}
	case !p.Came.IsZero():
		return mark{"Har været i rummet", "ok", "success"}
	case p.Admission.State == care.AdmissionRefused:
	case p.Admission.State != "":
		return admissionState(p.Admission.State)
	}

	switch {
	case p.Message.State == care.InvitationBounced:
		return mark{"Beskeden kom ikke frem", "bad", "error"}
	case p.Message.ID == "" || p.Message.Waiting():
		return mark{"Inviteres", "info", "sync"}
	default:
		return mark{"Inviteret, ikke kommet", "calm", "send"}
	}
}

// lobbyGuests sends the list of who is there again. Unlike who waits it takes a look at the video
// platform, so it is asked less often.
func (p *Pages) lobbyGuests(c *gin.Context) error {
	body, err := p.loadLobby(c)
	if err != nil {
		return err
	}

	return p.set.Part(c, "lobby", "guests", body.Guests)
}
