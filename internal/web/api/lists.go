package api

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Lists is what the driving lists' routes call.
type Lists interface {
	PreviewList(ctx context.Context, actor care.Actor, up scheduler.Upload) (scheduler.Preview, error)
	ImportList(ctx context.Context, actor care.Actor, upload care.ListID) (scheduler.ListRecord, error)
	RecentLists(ctx context.Context, actor care.Actor) ([]scheduler.ListRecord, error)
}

type listProblem struct {
	Line     int    `json:"line,omitempty"`
	Column   string `json:"column,omitempty"`
	Severity string `json:"severity"`
	Text     string `json:"text"`
}

type listCounts struct {
	New       int `json:"new"`
	Moved     int `json:"moved"`
	Changed   int `json:"changed"`
	Gone      int `json:"gone"`
	Unchanged int `json:"unchanged"`
}

type listRecord struct {
	ID       care.ListID     `json:"id"`
	FileName string          `json:"file_name"`
	By       care.EmployeeID `json:"by"`
	At       string          `json:"at"`
	Rows     int             `json:"rows"`
	Faults   int             `json:"faults"`
	Counts   listCounts      `json:"counts"`
	Problems []listProblem   `json:"problems"`
}

type listColumn struct {
	Header string `json:"header"`
	Field  string `json:"field,omitempty"`
}

type listDay struct {
	Day      care.Day        `json:"day"`
	Employee care.EmployeeID `json:"employee"`
	Rows     int             `json:"rows"`
}

type listChange struct {
	Kind     scheduler.ChangeKind `json:"kind"`
	Line     int                  `json:"line,omitempty"`
	Visit    care.VisitID         `json:"visit,omitempty"`
	Employee care.EmployeeID      `json:"employee"`
	Citizen  person               `json:"citizen"`
	Service  string               `json:"service"`
	Planned  interval             `json:"planned"`
	Before   *interval            `json:"before,omitempty"`
	Screen   bool                 `json:"screen"`
	What     []string             `json:"what"`
	Effect   string               `json:"effect,omitempty"`
}

type listPreview struct {
	ID       care.ListID   `json:"id"`
	FileName string        `json:"file_name"`
	Encoding string        `json:"encoding"`
	Known    bool          `json:"known"`
	Rows     int           `json:"rows"`
	Faults   int           `json:"faults"`
	Columns  []listColumn  `json:"columns"`
	PerDay   []listDay     `json:"per_day"`
	Problems []listProblem `json:"problems"`
	Changes  []listChange  `json:"changes"`
	Counts   listCounts    `json:"counts"`
}

// upload previews or imports a driving list.
func (a api) upload(c *gin.Context) error {
	if err := parameters(c, "dry_run"); err != nil {
		return err
	}

	form, err := readForm(c)
	if err != nil {
		return err
	}

	dry, err := form.dryRun(c)
	if err != nil {
		return err
	}

	preview, err := a.PreviewList(c.Request.Context(), route.Actor(c), scheduler.Upload{File: form.file})
	if err != nil {
		return err
	}

	if dry {
		return ok(c, previewOf(preview))
	}

	return a.importList(c, preview.Upload)
}

func (a api) importList(c *gin.Context, upload care.ListID) error {
	record, err := a.ImportList(c.Request.Context(), route.Actor(c), upload)
	if err != nil {
		return err
	}

	c.JSON(http.StatusCreated, recordOf(record))

	return nil
}

// recentLists tells the newest imports.
func (a api) recentLists(c *gin.Context) error {
	if err := parameters(c); err != nil {
		return err
	}

	recent, err := a.RecentLists(c.Request.Context(), route.Actor(c))
	if err != nil {
		return err
	}

	return ok(c, items[listRecord]{each(recent, recordOf)})
}

func recordOf(r scheduler.ListRecord) listRecord {
	return listRecord{
		ID: r.ID, FileName: r.FileName, By: r.By, At: stamp(r.At), Rows: r.Rows, Faults: r.Faults,
		Counts:   listCounts{New: r.New, Moved: r.Moved, Changed: r.Changed, Gone: r.Gone, Unchanged: r.Same},
		Problems: each(r.Problems, listProblemOf),
	}
}

func previewOf(p scheduler.Preview) listPreview {
	return listPreview{
		ID: p.Upload, FileName: p.FileName, Encoding: p.List.Encoding, Known: p.Known, Rows: p.List.Total, Faults: p.Faults,
		Columns:  each(p.List.Columns, func(c ehr.Column) listColumn { return listColumn(c) }),
		PerDay:   each(p.PerDay, func(d scheduler.PerDay) listDay { return listDay(d) }),
		Problems: each(p.List.Problems, listProblemOf),
		Changes:  each(p.Changes, changeOf),
		Counts: listCounts{
			New: p.Counts[scheduler.ChangeNew], Moved: p.Counts[scheduler.ChangeMoved], Changed: p.Counts[scheduler.ChangeOther],
			Gone: p.Counts[scheduler.ChangeGone], Unchanged: p.Counts[scheduler.ChangeNone],
		},
	}
}

func listProblemOf(p ehr.Problem) listProblem {
	severity := "warning"
	if p.Severity == ehr.Fault {
		severity = "fault"
	}

	return listProblem{Line: p.Line, Column: p.Column, Severity: severity, Text: p.Text}
}

func changeOf(r scheduler.RowChange) listChange {
	return listChange{
		Kind: r.Kind, Line: r.Line, Visit: r.Visit, Employee: r.Employee, Citizen: personBy("", r.Name, r.Key),
		Service: r.Service, Planned: span(r.Planned), Before: maybe(r.Before), Screen: r.Screen,
		What: each(r.What, func(s string) string { return s }), Effect: r.Effect,
	}
}
