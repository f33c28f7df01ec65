package api

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Conversions is what the routes about conversions call.
type Conversions interface {
	DryRun(ctx context.Context, actor care.Actor, ids []care.VisitID) (scheduler.Plan, error)
	Convert(ctx context.Context, actor care.Actor, req scheduler.ConvertRequest) (care.Batch, error)
	Batches(ctx context.Context, actor care.Actor) ([]scheduler.Progress, error)
	Progress(ctx context.Context, actor care.Actor, id care.BatchID) (scheduler.Progress, error)
	Undo(ctx context.Context, actor care.Actor, id care.BatchID) error
	Approve(ctx context.Context, actor care.Actor, id care.BatchID) (care.Batch, error)
	RefuseConversion(ctx context.Context, actor care.Actor, id care.BatchID, reason string) error
	WithdrawConversion(ctx context.Context, actor care.Actor, id care.BatchID) error
}

// maxReason bounds the reason for a conversion against the rules, in characters.
const maxReason = 500

// maxVisits bounds one conversion, as the use case does; the schema says so too.
const maxVisits = 2000

type convertRequest struct {
	Visits []care.VisitID `json:"visits"`
	DryRun bool           `json:"dry_run"`
	Reason string         `json:"reason"`
}

type planItem struct {
	Visit   visit        `json:"visit"`
	Convert bool         `json:"convert"`
	Why     string       `json:"why,omitempty"`
	Room    string       `json:"room,omitempty"`
	Message string       `json:"message,omitempty"`
	Channel care.Channel `json:"channel,omitempty"`
	Writes  []string     `json:"writes,omitempty"`
}

type planTotals struct {
	Rooms   int `json:"rooms"`
	SMS     int `json:"sms"`
	Mails   int `json:"mails"`
	Entries int `json:"entries"`
	Skipped int `json:"skipped"`
}

type plan struct {
	Items  []planItem `json:"items"`
	Totals planTotals `json:"totals"`
}

type started struct {
	ID     care.BatchID `json:"id"`
	Visits int          `json:"visits"`
	// WaitsUntil is when nobody can approve it any more; empty for one that runs.
	WaitsUntil string `json:"waits_until,omitempty"`
}

type undoing struct {
	ID care.BatchID `json:"id"`
}

type progressCounts struct {
	Total     int `json:"total"`
	Booked    int `json:"booked"`
	Invited   int `json:"invited"`
	Recorded  int `json:"recorded"`
	Troubled  int `json:"troubled"`
	Active    int `json:"active"`
	Ended     int `json:"ended"`
	Reverted  int `json:"reverted"`
	Closing   int `json:"closing"`
	Restoring int `json:"restoring"`
	Pending   int `json:"pending"`
}

type progress struct {
	ID          care.BatchID    `json:"id"`
	Kind        string          `json:"kind"`
	State       care.BatchState `json:"state"`
	By          care.EmployeeID `json:"by"`
	ByName      string          `json:"by_name"`
	Unit        care.UnitID     `json:"unit,omitempty"`
	Visits      int             `json:"visits"`
	MadeAt      string          `json:"made_at"`
	UndoneAt    string          `json:"undone_at,omitempty"`
	UndoneBy    care.EmployeeID `json:"undone_by,omitempty"`
	WaitsUntil  string          `json:"waits_until,omitempty"`
	DecidedBy   care.EmployeeID `json:"decided_by,omitempty"`
	DecidedAt   string          `json:"decided_at,omitempty"`
	Answer      string          `json:"answer,omitempty"`
	Done        int             `json:"done"`
	Total       int             `json:"total"`
	Counts      progressCounts  `json:"counts"`
	LeftSeconds int             `json:"left_seconds,omitempty"`
}

// convert turns visits into screen visits, or tells what that would do.
func (a api) convert(c *gin.Context) error {
	if err := parameters(c); err != nil {
		return err
	}

	var body convertRequest
	if err := decode(c, &body); err != nil {
		return err
	}

	if err := body.check(); err != nil {
		return err
	}

	if body.DryRun {
		return a.plan(c, body.Visits)
	}

	batch, err := a.Convert(c.Request.Context(), route.Actor(c), scheduler.ConvertRequest{Visits: body.Visits, RedReason: body.Reason})
	if err != nil {
		return err
	}

	return accepted(c, batch.ID, started{ID: batch.ID, Visits: batch.Visits, WaitsUntil: stamp(batch.ExpiresAt)})
}

func (a api) plan(c *gin.Context, ids []care.VisitID) error {
	p, err := a.DryRun(c.Request.Context(), route.Actor(c), ids)
	if err != nil {
		return err
	}

	return ok(c, plan{
		Items:  each(p.Items, planItemOf),
		Totals: planTotals{Rooms: p.Rooms, SMS: p.SMS, Mails: p.Mails, Entries: p.Entries, Skipped: p.Skipped},
	})
}

func planItemOf(p scheduler.PlanItem) planItem {
	return planItem{
		Visit: visitOf(p.View), Convert: p.Convert, Why: p.Why, Room: p.Room, Message: p.Message,
		Channel: p.Channel, Writes: p.Writes,
	}
}

func (r convertRequest) check() error {
	switch {
	case len(r.Visits) == 0 || len(r.Visits) > maxVisits:
		return care.NewError(care.Invalid, "»visits« skal være mellem 1 og 2000 besøg.")
	case utf8.RuneCountInString(r.Reason) > maxReason:
		return care.NewError(care.Invalid, "»reason« må højst have 500 tegn.")
	case strings.ContainsRune(r.Reason, 0):
		return care.NewError(care.Invalid, "»reason« indeholder tegn, der ikke kan bruges.")
	}

	for _, id := range r.Visits {
		if id == "" || !clean(string(id)) {
			return care.NewError(care.Invalid, "»visits« indeholder et id, der ikke kan bruges.")
		}
	}

	return nil
}

// accepted answers that work goes on and where to follow it.
func accepted(c *gin.Context, id care.BatchID, body any) error {
	c.Header("Location", Prefix+"/conversions/"+url.PathEscape(string(id)))
	c.JSON(http.StatusAccepted, body)

	return nil
}

// recentConversions tells the newest conversions.
func (a api) recentConversions(c *gin.Context) error {
	if err := parameters(c); err != nil {
		return err
	}

	batches, err := a.Batches(c.Request.Context(), route.Actor(c))
	if err != nil {
		return err
	}

	return ok(c, items[progress]{each(batches, progressOf)})
}

// conversion tells how far a conversion is.
func (a api) conversion(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}

	p, err := a.Progress(c.Request.Context(), route.Actor(c), care.BatchID(id))
	if err != nil {
		return err
	}

	return ok(c, progressOf(p))
}

// undo takes a conversion back.
func (a api) undo(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}

	if err := a.Undo(c.Request.Context(), route.Actor(c), care.BatchID(id)); err != nil {
		return err
	}

	return accepted(c, care.BatchID(id), undoing{ID: care.BatchID(id)})
}

// approve lets a conversion begin that waits for another employee's yes.
func (a api) approve(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}

	batch, err := a.Approve(c.Request.Context(), route.Actor(c), care.BatchID(id))
	if err != nil {
		return err
	}

	return accepted(c, batch.ID, started{ID: batch.ID, Visits: batch.Visits})
}

type refuseRequest struct {
	Reason string `json:"reason"`
}

// refuseConversion ends a conversion that waits, and tells why.
func (a api) refuseConversion(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}

	var body refuseRequest
	if err := decode(c, &body); err != nil {
		return err
	}

	if err := a.RefuseConversion(c.Request.Context(), route.Actor(c), care.BatchID(id), body.Reason); err != nil {
		return err
	}

	return done(c)
}

// withdrawConversion ends a conversion that waits, by who asked for it.
func (a api) withdrawConversion(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}

	if err := a.WithdrawConversion(c.Request.Context(), route.Actor(c), care.BatchID(id)); err != nil {
		return err
	}

	return done(c)
}

func batchKind(k care.BatchKind) string {
	if k == care.Conversion {
		return "conversion"
	}

	return string(k)
}

func progressOf(p scheduler.Progress) progress {
	return progress{
		ID: p.Batch.ID, Kind: batchKind(p.Batch.Kind), State: p.State, By: p.Batch.By, ByName: p.Batch.ByName, Unit: p.Batch.Unit, Visits: p.Batch.Visits,
		MadeAt: stamp(p.Batch.MadeAt), UndoneAt: stamp(p.Batch.UndoneAt), UndoneBy: p.Batch.UndoneBy,
		WaitsUntil: stamp(p.Batch.ExpiresAt), DecidedBy: p.Batch.DecidedBy, DecidedAt: stamp(p.Batch.DecidedAt), Answer: p.Batch.Answer,
		Done: p.Done, Total: p.Total, Counts: progressCounts(p.Counts), LeftSeconds: seconds(p.Left),
	}
}
