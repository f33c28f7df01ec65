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

// lobbyPage is one visit as the caregiver sees it.
type lobbyPage struct {
	scheduler.VisitView

	Day     care.Day
	Waiting []waitingGuest // opened the link or identified
	Guests  []invited      // everybody who was invited, and where they are
	Alarms  []care.Exception
	Address string // where other video equipment can call in (K23); empty until there is a room
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

	if room, ok := view.Visit.LiveRoom(); ok && room.Made() {
		body.Address = room.Address
	}

	body.Guests = guestsOf(view)

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

// waitingGuest is somebody at the door.
type waitingGuest struct {
	care.Admission

	Who    string // role, and name of a participant
	Object string // "borgeren", "tolken" …, for sentences
}

func newWaitingGuest(view scheduler.VisitView, a care.Admission) waitingGuest {
	g := waitingGuest{Admission: a, Who: "Borger", Object: "borgeren"}
	if a.Participant == "" {
		return g
	}

	p, _ := view.Visit.ParticipantOf(a.Participant)
	g.Who, g.Object = p.Kind.Danish()+": "+p.Name, "deltageren"

	return g
}

// invited is a person who may come, and where they are (R13).
type invited struct {
	Role  string
	Name  string
	State mark
	ID    care.ParticipantID // empty: the citizen
}

// guestsOf compares who was invited with who is there.
func guestsOf(view scheduler.VisitView) []invited {
	v := view.Visit
	out := []invited{{Role: "Borger", Name: view.Citizen.Name, State: whereabouts(v, "", 0)}}

	for _, p := range v.Present() {
		out = append(out, invited{Role: p.Kind.Danish(), Name: p.Name, ID: p.ID, State: whereabouts(v, p.ID, p.Seat)})
	}

	return out
}

// whereabouts is where one invited person is: in the room as the platform tells it, else as far as
// our own door knows.
func whereabouts(v care.Snapshot, who care.ParticipantID, seat int) mark {
	in := slices.ContainsFunc(v.Witnessed(), func(l care.Leg) bool {
		return l.InRoom() && l.Role == care.AsGuest && (l.Seat == seat+1 || seat == 0 && l.Seat == 0 && len(v.Present()) == 0)
	})
	state := care.AdmissionState("")

	for _, a := range v.Admissions {
		if a.Participant == who && a.State != care.AdmissionRefused && order(a.State) >= order(state) {
			state = a.State
		}
	}

	switch {
	case in:
		return mark{"I rummet", "live", "videocam"}
	case state == care.AdmissionAdmitted:
		return mark{"Lukket ind", "ok", "success"}
	case state != "":
		return admissionState(state)
	}

	return invitationOf(v, who)
}

func order(s care.AdmissionState) int {
	return slices.Index([]care.AdmissionState{"", care.AdmissionWaiting, care.AdmissionIdentified, care.AdmissionAdmitted}, s)
}

// invitationOf is how far a person is who has not come yet.
func invitationOf(v care.Snapshot, who care.ParticipantID) mark {
	link, ok := v.LinkOf(who)

	switch {
	case !ok || link.Waiting():
		return mark{"Inviteres", "info", "sync"}
	case link.State == care.InvitationBounced:
		return mark{"Beskeden kom ikke frem", "bad", "error"}
	default:
		return mark{"Inviteret, ikke kommet", "calm", "send"}
	}
}
