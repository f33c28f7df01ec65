package api

import (
	"context"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/internal/web/figures"
	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/calls"
	"github.com/sluse/sluse/scheduler/care"
)

// Calls is what the routes of other vendors' call lists call.
type Calls interface {
	PreviewCalls(ctx context.Context, actor care.Actor, source string, file ehr.File) (scheduler.CallPreview, error)
	ImportCalls(ctx context.Context, actor care.Actor, upload string) (scheduler.CallImport, error)
	CallImports(ctx context.Context, actor care.Actor) ([]scheduler.CallImportView, error)
	UndoCalls(ctx context.Context, actor care.Actor, id string) error
}

type callPreview struct {
	Source   string        `json:"source"`
	FileName string        `json:"file_name"`
	Encoding string        `json:"encoding"`
	Known    bool          `json:"known"`
	Rows     int           `json:"rows"`
	Calls    int           `json:"calls"`
	New      int           `json:"new"`
	Stored   int           `json:"stored"`
	Answered int           `json:"answered"`
	LeftOut  int           `json:"left_out"`
	Faults   int           `json:"faults"`
	From     care.Day      `json:"from,omitempty"`
	To       care.Day      `json:"to,omitempty"`
	Columns  []listColumn  `json:"columns"`
	PerUnit  []callUnit    `json:"per_unit"`
	Problems []listProblem `json:"problems"`
}

type callUnit struct {
	Unit     care.UnitID `json:"unit,omitempty"`
	Calls    int         `json:"calls"`
	Answered int         `json:"answered"`
}

type callImport struct {
	ID       string          `json:"id"`
	Source   string          `json:"source"`
	FileName string          `json:"file_name"`
	By       care.EmployeeID `json:"by"`
	At       string          `json:"at"`
	Rows     int             `json:"rows"`
	New      int             `json:"new"`
	Stored   int             `json:"stored"`
	LeftOut  int             `json:"left_out"`
	Faults   int             `json:"faults"`
	UndoneBy care.EmployeeID `json:"undone_by,omitempty"`
	UndoneAt string          `json:"undone_at,omitempty"`
}

// uploadCalls previews or imports a call list.
func (a api) uploadCalls(c *gin.Context) error {
	if err := parameters(c, "source", "dry_run"); err != nil {
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

	preview, err := a.PreviewCalls(c.Request.Context(), route.Actor(c), c.Query("source"), form.file)
	if err != nil {
		return err
	}

	if dry {
		return ok(c, callPreviewOf(preview))
	}

	in, err := a.ImportCalls(c.Request.Context(), route.Actor(c), preview.Upload)
	if err != nil {
		return err
	}

	c.JSON(http.StatusCreated, callImportOf(in))

	return nil
}

// callImports tells the newest imports.
func (a api) callImports(c *gin.Context) error {
	if err := parameters(c); err != nil {
		return err
	}

	found, err := a.CallImports(c.Request.Context(), route.Actor(c))
	if err != nil {
		return err
	}

	return ok(c, items[callImport]{each(found, func(v scheduler.CallImportView) callImport { return callImportOf(v.CallImport) })})
}

// undoCalls takes an import back.
func (a api) undoCalls(c *gin.Context) error {
	if err := parameters(c); err != nil {
		return err
	}

	if err := a.UndoCalls(c.Request.Context(), route.Actor(c), c.Param("id")); err != nil {
		return err
	}

	return done(c)
}

func callPreviewOf(p scheduler.CallPreview) callPreview {
	return callPreview{
		Source: p.Source.Key, FileName: p.FileName, Encoding: p.File.Encoding, Known: p.Standing.ID != "", Rows: p.File.Total, Calls: p.Calls,
		New: p.New, Stored: p.Known, Answered: p.Answered, LeftOut: p.File.LeftOut, Faults: p.File.Faults(), From: p.Days.From, To: p.Days.To,
		Columns: each(p.File.Columns, func(c calls.Column) listColumn { return listColumn{Header: c.Header, Field: string(c.Field)} }),
		PerUnit: each(p.Units, func(u scheduler.CallsOfUnit) callUnit {
			return callUnit{Unit: u.Unit.ID, Calls: u.Calls, Answered: u.Answered}
		}),
		Problems: each(p.File.Problems, func(x calls.Problem) listProblem {
			out := listProblem{Line: x.Line, Column: x.Column, Severity: "warning", Text: x.Text}
			if x.Fault {
				out.Severity = "fault"
			}

			return out
		}),
	}
}

func callImportOf(in scheduler.CallImport) callImport {
	out := callImport{
		ID: in.ID, Source: in.Source, FileName: in.FileName, By: in.By, At: stamp(in.At), Rows: in.Rows, New: in.New, Stored: in.Known,
		LeftOut: in.LeftOut, Faults: in.Faults, UndoneBy: in.UndoneBy,
	}
	if !in.UndoneAt.IsZero() {
		out.UndoneAt = stamp(in.UndoneAt)
	}

	return out
}

// statisticsRows are the visits and calls behind a figure.
type statisticsRows struct {
	Column string              `json:"column"`
	Labels []string            `json:"labels"`
	First  int                 `json:"first"`
	Total  int                 `json:"total"`
	Items  []map[string]string `json:"items"`
}

// statisticsRows opens a figure down to its rows, without names.
func (a api) statisticsRows(c *gin.Context) error {
	q, err := statisticsQuery(c, "column", "group", "group2", "first")
	if err != nil {
		return err
	}

	first := 0

	if text, given := c.GetQuery("first"); given {
		if first, err = strconv.Atoi(text); err != nil || first < 0 {
			return care.NewError(care.Invalid, "Parameteren »first« skal være et tal fra 0 og op.")
		}
	}

	cell := scheduler.StatisticsCell{Column: c.Query("column")}

	for _, name := range []string{"group", "group2"} {
		if key, given := c.GetQuery(name); given {
			cell.Keys = append(cell.Keys, key)
		}
	}

	rows, err := a.StatisticsRows(c.Request.Context(), route.Actor(c), q, cell, first)
	if err != nil {
		return err
	}

	columns := figures.VisitColumns()
	out := statisticsRows{Column: rows.Column.Key, Labels: each(rows.Labels, func(s string) string { return s }), First: rows.First, Total: rows.Total}
	out.Items = each(rows.Rows, func(r scheduler.StatisticsRow) map[string]string {
		item := make(map[string]string, len(columns))
		for _, column := range columns {
			item[column.Key] = column.Plain(r.Fact)
		}

		return item
	})

	return ok(c, out)
}
