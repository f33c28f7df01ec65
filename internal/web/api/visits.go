package api

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Visits is what the planner's routes about days and visits call.
type Visits interface {
	Day(ctx context.Context, actor care.Actor, q scheduler.DayQuery) (scheduler.DayView, error)
	Visit(ctx context.Context, actor care.Actor, id care.VisitID) (scheduler.VisitView, error)
	MoveVisit(ctx context.Context, actor care.Actor, id care.VisitID, planned care.Interval) error
	CancelVisit(ctx context.Context, actor care.Actor, id care.VisitID, reason care.ReasonCode) error
	MakePhysical(ctx context.Context, actor care.Actor, id care.VisitID) error
}

// levels and statuses are what a day can be filtered by.
func levels() []care.Level { return []care.Level{care.Green, care.Yellow, care.Red} }

func statuses() []scheduler.Status {
	return []scheduler.Status{
		scheduler.StatusPhysical, scheduler.StatusToCall, scheduler.StatusBooking, scheduler.StatusPlanned, scheduler.StatusInvited,
		scheduler.StatusOpened, scheduler.StatusWaiting, scheduler.StatusRunning, scheduler.StatusCompleted,
		scheduler.StatusPhone, scheduler.StatusNot, scheduler.StatusCancelled, scheduler.StatusTrouble,
	}
}

// day tells a local day, filtered.
func (a api) day(c *gin.Context) error {
	q, err := dayQuery(c)
	if err != nil {
		return err
	}

	view, err := a.Day(c.Request.Context(), route.Actor(c), q)
	if err != nil {
		return err
	}

	return ok(c, dayViewOf(view))
}

func dayQuery(c *gin.Context) (scheduler.DayQuery, error) {
	q := scheduler.DayQuery{Unit: care.UnitID(c.Query("unit")), Employee: care.EmployeeID(c.Query("employee"))}

	err := parameters(c, "day", "unit", "employee", "level", "status")
	if err != nil {
		return q, err
	}

	if q.Day, err = dayOf(c, "day"); err != nil {
		return q, err
	}

	if q.Level, err = levelOf(c.Query("level")); err != nil {
		return q, err
	}

	q.Status, err = word("status", c.Query("status"), statuses())

	return q, err
}

// levelOf reads a level's name; 0 for none.
func levelOf(text string) (care.Level, error) {
	names := each(levels(), care.Level.String)

	name, err := word("level", text, names)
	if err != nil || name == "" {
		return 0, err
	}

	return levels()[slices.Index(names, name)], nil
}

// visit tells one visit with its history.
func (a api) visit(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}

	view, err := a.Visit(c.Request.Context(), route.Actor(c), care.VisitID(id))
	if err != nil {
		return err
	}

	return ok(c, detailOf(view))
}

type moveRequest struct {
	Start string `json:"start"`
	End   string `json:"end"`
}

// move gives a visit a new time.
func (a api) move(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}

	var body moveRequest
	if err := decode(c, &body); err != nil {
		return err
	}

	planned, err := body.interval()
	if err != nil {
		return err
	}

	if err := a.MoveVisit(c.Request.Context(), route.Actor(c), care.VisitID(id), planned); err != nil {
		return err
	}

	return done(c)
}

func (m moveRequest) interval() (care.Interval, error) {
	start, err := instant("start", m.Start)
	if err != nil {
		return care.Interval{}, err
	}

	end, err := instant("end", m.End)
	if err != nil {
		return care.Interval{}, err
	}

	if !end.After(start) {
		return care.Interval{}, care.NewError(care.Invalid, "»end« skal være efter »start«.")
	}

	return care.Interval{Start: start, End: end}, nil
}

// instant reads a time to the second with its offset, since local time is ambiguous once a year.
func instant(field, text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil || strings.ContainsAny(text, ".,") {
		return time.Time{}, care.NewError(care.Invalid, "»"+field+"« skal skrives som 2026-11-23T09:15:00+01:00.")
	}

	return t.UTC(), nil
}

type cancelRequest struct {
	Reason string `json:"reason"`
}

// cancel ends a visit altogether.
func (a api) cancel(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}

	var body cancelRequest
	if err := decode(c, &body); err != nil {
		return err
	}

	reason, err := reasonOf(body.Reason)
	if err != nil {
		return err
	}

	if err := a.CancelVisit(c.Request.Context(), route.Actor(c), care.VisitID(id), reason); err != nil {
		return err
	}

	return done(c)
}

// reasonOf reads a reason that must be given.
func reasonOf(text string) (care.ReasonCode, error) {
	if text == "" {
		return "", care.NewError(care.Invalid, "Angiv »reason«.")
	}

	return word("reason", text, care.Reasons())
}

// physical takes one visit back to a physical one.
func (a api) physical(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}

	if err := a.MakePhysical(c.Request.Context(), route.Actor(c), care.VisitID(id)); err != nil {
		return err
	}

	return done(c)
}
