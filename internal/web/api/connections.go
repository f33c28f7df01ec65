package api

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Systems is what the routes about outside systems call.
type Systems interface {
	Connections(ctx context.Context, actor care.Actor) (scheduler.ConnectionsView, error)
	Availability(ctx context.Context, actor care.Actor, month care.Day) ([]scheduler.AvailabilityView, error)
	Outages(ctx context.Context, actor care.Actor) ([]scheduler.Outage, error)
	FallBack(ctx context.Context, actor care.Actor, req scheduler.FallbackRequest) (care.Batch, error)
	CallInstead(ctx context.Context, actor care.Actor, id care.VisitID) error
}

type systemHealth struct {
	Role        connector.Role        `json:"role"`
	System      string                `json:"system"`
	Name        string                `json:"name"`
	State       connector.HealthState `json:"state"`
	StateText   string                `json:"state_text"`
	Text        string                `json:"text"`
	Advice      string                `json:"advice,omitempty"`
	Since       string                `json:"since,omitempty"`
	NextTry     string                `json:"next_try,omitempty"`
	InFlight    int                   `json:"in_flight"`
	Waiting     int                   `json:"waiting"`
	Limit       int                   `json:"limit"`
	Agreed      int                   `json:"agreed"`
	PerMinute   float64               `json:"per_minute,omitempty"`
	LastSuccess string                `json:"last_success,omitempty"`
	LastError   string                `json:"last_error,omitempty"`
	Problem     string                `json:"problem,omitempty"`
	ErrorKind   string                `json:"error_kind,omitempty"`
	ErrorOp     string                `json:"error_op,omitempty"`
	ErrorStatus int                   `json:"error_status,omitempty"`
	Calls       int                   `json:"calls"`
	Failures    int                   `json:"failures"`
	P50Ms       int64                 `json:"p50_ms"`
	P95Ms       int64                 `json:"p95_ms"`
}

type backlog struct {
	Queue   string `json:"queue"`
	Due     int    `json:"due"`
	Running int    `json:"running"`
	Later   int    `json:"later"`
	Oldest  string `json:"oldest,omitempty"`
	Next    string `json:"next,omitempty"`
}

type connections struct {
	At      string         `json:"at"`
	Systems []systemHealth `json:"systems"`
	Queues  []backlog      `json:"queues"`
}

type outage struct {
	Role    connector.Role `json:"role"`
	Name    string         `json:"name"`
	Since   string         `json:"since"`
	NextTry string         `json:"next_try,omitempty"`
	Text    string         `json:"text"`
	Visits  []care.VisitID `json:"visits"`
	Soon    int            `json:"soon"`
}

type availability struct {
	Role        connector.Role `json:"role"`
	System      string         `json:"system"`
	Name        string         `json:"name"`
	Good        int            `json:"good"`
	Failed      int            `json:"failed"`
	UpSeconds   int64          `json:"up_seconds"`
	DownSeconds int64          `json:"down_seconds"`
	Share       *float64       `json:"share,omitempty"`
}

type fallbackRequest struct {
	Visits   []care.VisitID `json:"visits"`
	Delivery care.Delivery  `json:"delivery"`
}

// connections tells how the outside systems are.
func (a api) connections(c *gin.Context) error {
	if err := parameters(c); err != nil {
		return err
	}

	v, err := a.Connections(c.Request.Context(), route.Actor(c))
	if err != nil {
		return err
	}

	return ok(c, connections{At: stamp(v.At), Systems: each(v.Systems, healthOf), Queues: each(v.Queues, backlogOf)})
}

func healthOf(v scheduler.ConnectionView) systemHealth {
	out := systemHealth{
		Role: v.Role, System: v.System, Name: v.Name, State: v.Health.State, StateText: v.State, Text: v.Text, Advice: v.Advice,
		Since: stamp(v.Since), NextTry: stamp(v.NextTry), InFlight: v.InFlight, Waiting: v.Waiting, Limit: v.Limit, Agreed: v.Agreed,
		PerMinute: v.Rate * 60, LastSuccess: stamp(v.LastSuccess), LastError: stamp(v.LastError), Problem: v.Problem,
		ErrorOp: v.ErrorOp, ErrorStatus: v.ErrorStatus, Calls: v.Calls, Failures: v.Failures,
		P50Ms: v.P50.Milliseconds(), P95Ms: v.P95.Milliseconds(),
	}

	if v.ErrorKind != 0 {
		out.ErrorKind = v.ErrorKind.String()
	}

	return out
}

func backlogOf(b scheduler.Backlog) backlog {
	return backlog{Queue: b.Queue, Due: b.Due, Running: b.Running, Later: b.Later, Oldest: stamp(b.Oldest), Next: stamp(b.Next)}
}

// outages tells which systems are down, and which visits wait for them.
func (a api) outages(c *gin.Context) error {
	if err := parameters(c); err != nil {
		return err
	}

	list, err := a.Outages(c.Request.Context(), route.Actor(c))
	if err != nil {
		return err
	}

	return ok(c, items[outage]{each(list, func(o scheduler.Outage) outage {
		return outage{
			Role: o.Role, Name: o.Name, Since: stamp(o.Since), NextTry: stamp(o.NextTry), Text: o.Text,
			Visits: each(o.Visits, func(id care.VisitID) care.VisitID { return id }), Soon: o.Soon,
		}
	})})
}

// monthOf reads the month, 2026-11, as its first day.
func monthOf(c *gin.Context) (care.Day, error) {
	if err := parameters(c, "month"); err != nil {
		return "", err
	}

	month, err := time.Parse("2006-01", c.Query("month"))
	if err != nil {
		return "", care.NewError(care.Invalid, "»month« skal være en måned som 2026-11.")
	}

	return care.Day(month.Format("2006-01-02")), nil
}

// availability tells how the systems were in a month.
func (a api) availability(c *gin.Context) error {
	month, err := monthOf(c)
	if err != nil {
		return err
	}

	list, err := a.Availability(c.Request.Context(), route.Actor(c), month)
	if err != nil {
		return err
	}

	return ok(c, items[availability]{each(list, availabilityOf)})
}

func availabilityOf(v scheduler.AvailabilityView) availability {
	out := availability{
		Role: v.Role, System: v.System, Name: v.Name, Good: v.Good, Failed: v.Failed,
		UpSeconds: int64(v.Up.Seconds()), DownSeconds: int64(v.Down.Seconds()),
	}
	if v.Watched {
		out.Share = &v.Share
	}

	return out
}

// availabilityCSV is availability as a table for spreadsheets: Danish headings and decimal commas.
func (a api) availabilityCSV(c *gin.Context) error {
	month, err := monthOf(c)
	if err != nil {
		return err
	}

	list, err := a.Availability(c.Request.Context(), route.Actor(c), month)
	if err != nil {
		return err
	}

	var out bytes.Buffer

	w := csv.NewWriter(&out)
	w.Comma = ';'

	lines := [][]string{{"Måned", "System", "Produkt", "Tilgængelighed %", "Nede minutter", "Målt minutter", "Besvarede kald", "Ubesvarede kald"}}
	for _, v := range list {
		lines = append(lines, csvLine(month, v))
	}

	if err := w.WriteAll(lines); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}

	c.Header("Content-Disposition", `attachment; filename="oppetid-`+string(month[:7])+`.csv"`)
	c.Data(http.StatusOK, "text/csv; charset=utf-8", append([]byte("\ufeff"), out.Bytes()...))

	return nil
}

func csvLine(month care.Day, v scheduler.AvailabilityView) []string {
	share := ""
	if v.Watched {
		share = danishDecimal(100 * v.Share)
	}

	return []string{
		string(month[:7]), v.Name, v.System, share, strconv.Itoa(int(v.Down.Minutes())), strconv.Itoa(int((v.Up + v.Down).Minutes())),
		strconv.Itoa(v.Good), strconv.Itoa(v.Failed),
	}
}

// danishDecimal writes a number with three decimals after a comma.
func danishDecimal(f float64) string {
	text := []byte(strconv.FormatFloat(f, 'f', 3, 64))

	return string(bytes.Replace(text, []byte("."), []byte(","), 1))
}

// fallBack takes visits away from the screen.
func (a api) fallBack(c *gin.Context) error {
	if err := parameters(c); err != nil {
		return err
	}

	var body fallbackRequest
	if err := decode(c, &body); err != nil {
		return err
	}

	if err := (convertRequest{Visits: body.Visits}).check(); err != nil {
		return err
	}

	if body.Delivery != care.ByPhone && body.Delivery != care.Physical {
		return care.NewError(care.Invalid, "»delivery« skal være phone eller physical.")
	}

	batch, err := a.FallBack(c.Request.Context(), route.Actor(c), scheduler.FallbackRequest{Visits: body.Visits, Delivery: body.Delivery})
	if err != nil {
		return err
	}

	return accepted(c, batch.ID, started{ID: batch.ID, Visits: batch.Visits})
}

// callInstead has one visit given by telephone.
func (a api) callInstead(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}

	if err := a.CallInstead(c.Request.Context(), route.Actor(c), care.VisitID(id)); err != nil {
		return err
	}

	return done(c)
}
