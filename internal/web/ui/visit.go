package ui

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// visitPage is everything about one visit.
type visitPage struct {
	scheduler.VisitView

	Open    []care.Exception
	Closed  []care.Exception
	Act     bool // move, cancel, make physical
	MayEnd  bool // say how it went, where nobody else did
	Ending  ending
	Reasons []care.ReasonCode
	Day     care.Day
	Error   string
	Moving  bool // a new time was typed
	Course  evidencePart
	MayHold bool // keep what would be deleted
	Guests  guestsPart
	Differ  []care.Finding // what record, platform and our own book say differently
	Invite  *invitePart    // whom the reader may invite; nil: nobody
}

// visit shows one visit.
func (p *Pages) visit(c *gin.Context) error { return p.showVisit(c, http.StatusOK, "") }

func (p *Pages) showVisit(c *gin.Context, status int, problem string) error {
	actor := route.Actor(c)

	view, err := p.UseCases.Visit(c.Request.Context(), actor, care.VisitID(c.Param("id")))
	if err != nil {
		return err
	}

	s := view.Visit
	body := visitPage{
		VisitView: view, Reasons: care.Reasons(), Day: care.DayOf(s.Facts.Planned.Start), Error: problem,
		MayHold: actor.May(care.ManageDeletion, s.Facts.Unit),
		Act:     !s.State.Final() && !s.Deleted() && actor.May(care.Convert, s.Facts.Unit),
	}

	body.Guests = newGuests(view, fromVisit)
	body.Guests.Remove = body.Guests.Remove && actor.May(care.InviteOthers, s.Facts.Unit)

	if body.Invite, err = p.invitable(c, view, fromVisit); err != nil {
		return err
	}

	if s.Deleted() {
		return p.showStatus(c, status, "besoeg", "Besøg", body)
	}

	if body.Differ, err = p.UseCases.FindingsOf(c.Request.Context(), actor, s.ID); err != nil {
		return err
	}

	if body.Course, err = p.loadEvidence(c, view, view.Verdict); err != nil {
		return err
	}

	body.Ending = body.Course.Ending
	body.Ending.Call, body.Ending.AdHoc = s.ToCall(), s.AdHoc()
	body.Ending.typed(c)

	if actor.May(care.HandleTrouble, s.Facts.Unit) {
		body.Course.Fix = "/besoeg/" + url.PathEscape(string(s.ID)) + "/ret"
	}

	body.Course.typed(c)
	body.Moving = c.PostForm("start") != ""

	for _, e := range s.Exceptions {
		if e.Open() && e.Kind == care.OutcomeTrouble {
			body.MayEnd = !s.State.Final() && actor.May(care.HandleTrouble, s.Facts.Unit)
		}

		if e.Open() {
			body.Open = append(body.Open, e)
		} else {
			body.Closed = append(body.Closed, e)
		}
	}

	return p.showStatus(c, status, "besoeg", "Besøg", body)
}

// EntryMark is how an entry is. One that the rule tells only afterwards is not impossible.
func (v visitPage) EntryMark(e care.Entry) mark {
	if e.State == care.EntryOmitted && len(v.Visit.Recording.Means) > 0 {
		return mark{"Skrives senere", "calm", "hourglass"}
	}

	return entryState(e.State)
}

// Screen reports whether the visit of a driving list is on its way to be given by screen.
func (v visitPage) Screen() bool { return v.Visit.State.Active() && !v.Visit.AdHoc() }

// Who names somebody who was invited: the citizen, or a participant by role and name.
func (v visitPage) Who(id care.ParticipantID) string { return nameOf(v.Visit, id) }

func nameOf(v care.Snapshot, id care.ParticipantID) string {
	p, ok := v.ParticipantOf(id)
	if !ok {
		return "Borger"
	}

	return p.Kind.Danish() + ": " + p.Name
}

// move gives a visit a new time on its own day.
func (p *Pages) move(c *gin.Context) error {
	id := care.VisitID(c.Param("id"))

	planned, err := interval(c.PostForm("dato"), c.PostForm("start"), c.PostForm("slut"))
	if err == nil {
		err = p.UseCases.MoveVisit(c.Request.Context(), route.Actor(c), id, planned)
	}

	if care.KindOf(err) == care.Invalid {
		return p.showVisit(c, http.StatusUnprocessableEntity, care.MessageOf(err))
	}

	return p.after(c, err, visitURL(id, "flyttet"))
}

// cancel ends a visit altogether.
func (p *Pages) cancel(c *gin.Context) error {
	id := care.VisitID(c.Param("id"))
	err := p.UseCases.CancelVisit(c.Request.Context(), route.Actor(c), id, care.ReasonCode(c.PostForm("aarsag")))

	if care.KindOf(err) == care.Invalid {
		return p.showVisit(c, http.StatusUnprocessableEntity, care.MessageOf(err))
	}

	return p.after(c, err, visitURL(id, "aflyst"))
}

// concludeFor lets a planner say how a visit went when nobody else did.
func (p *Pages) concludeFor(c *gin.Context) error {
	id := care.VisitID(c.Param("id"))

	req, err := concludeRequest(c)
	if err == nil {
		err = p.UseCases.Conclude(c.Request.Context(), route.Actor(c), id, req)
	}

	if care.KindOf(err) == care.Invalid {
		return p.showVisit(c, http.StatusUnprocessableEntity, care.MessageOf(err))
	}

	return p.after(c, err, visitURL(id, "afsluttet"))
}

// physical turns a screen visit back into a physical one.
func (p *Pages) physical(c *gin.Context) error {
	id := care.VisitID(c.Param("id"))

	return p.after(c, p.UseCases.MakePhysical(c.Request.Context(), route.Actor(c), id), visitURL(id, "fysisk"))
}

// retry tries again what failed.
func (p *Pages) retry(c *gin.Context) error {
	id := care.VisitID(c.Param("id"))
	err := p.UseCases.Retry(c.Request.Context(), route.Actor(c), id, care.ExceptionID(c.Param("ex")))

	return p.after(c, err, back(c, id, "proevet"))
}

// settle takes an exception off the list because a person has dealt with it.
func (p *Pages) settle(c *gin.Context) error {
	id := care.VisitID(c.Param("id"))
	err := p.UseCases.Settle(c.Request.Context(), route.Actor(c), id, care.ExceptionID(c.Param("ex")))

	return p.after(c, err, back(c, id, "klaret"))
}

func (p *Pages) after(c *gin.Context, err error, to string) error {
	if err != nil {
		return err
	}

	return goTo(c, to)
}

// back leads to the exception list when the button stood there, else to the visit.
func back(c *gin.Context, id care.VisitID, notice string) string {
	day, err := care.ParseDay(c.PostForm("liste"))
	if err != nil {
		return visitURL(id, notice)
	}

	return "/kraever-handling?" + url.Values{"dato": {string(day)}, "besked": {notice}}.Encode()
}

func visitURL(id care.VisitID, notice string) string {
	return "/besoeg/" + url.PathEscape(string(id)) + "?besked=" + notice
}

// interval reads local times of a local day. An end before the start is after midnight.
func interval(day, start, end string) (care.Interval, error) {
	from, err := local(day, start)
	if err != nil {
		return care.Interval{}, err
	}

	to, err := local(day, end)
	if err != nil {
		return care.Interval{}, err
	}

	if !to.After(from) {
		if to, err = local(string(care.Day(day).Add(1)), end); err != nil {
			return care.Interval{}, err
		}
	}

	return care.Interval{Start: from.UTC(), End: to.UTC()}, nil
}

func local(day, clock string) (time.Time, error) {
	t, err := time.ParseInLocation("2006-01-02 15:04", day+" "+strings.ReplaceAll(clock, ".", ":"), care.Zone())
	if err != nil {
		return time.Time{}, &care.Error{Kind: care.Invalid, Message: "Skriv dato og klokkeslæt, for eksempel 09.45.", Err: err}
	}

	return t, nil
}

// short bounds a free text from a form.
func short(s string) string {
	s = strings.TrimSpace(s)
	if r := []rune(s); len(r) > 500 {
		return string(r[:500])
	}

	return s
}

// troublesPage is the exception list of a day.
type troublesPage struct {
	Day     care.Day
	Items   []scheduler.TroubleView
	Outages []scheduler.Outage
	Asked   []care.Batch // conversions of others that wait for a second employee
}

// Prev returns the day before.
func (t troublesPage) Prev() care.Day { return t.Day.Add(-1) }

// Next returns the day after.
func (t troublesPage) Next() care.Day { return t.Day.Add(1) }

// troubles lists what needs a person.
func (p *Pages) troubles(c *gin.Context) error {
	q, err := p.dayQuery(c)
	if err != nil {
		return err
	}

	items, err := p.UseCases.Troubles(c.Request.Context(), route.Actor(c), q.Day)
	if err != nil {
		return err
	}

	outages, err := p.UseCases.Outages(c.Request.Context(), route.Actor(c))
	if err != nil {
		return err
	}

	asked, err := p.askedOf(c.Request.Context(), route.Actor(c))
	if err != nil {
		return err
	}

	return p.show(c, "kraever-handling", "Kræver handling", troublesPage{Day: q.Day, Items: items, Outages: outages, Asked: asked})
}

// From is the planned start as the form's field wants it.
func (v visitPage) From() string { return v.Visit.Facts.Planned.Start.In(care.Zone()).Format("15:04") }

// To is the planned end as the form's field wants it.
func (v visitPage) To() string { return v.Visit.Facts.Planned.End.In(care.Zone()).Format("15:04") }
