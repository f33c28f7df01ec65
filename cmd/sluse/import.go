package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/internal/app"
	"github.com/sluse/sluse/internal/obs"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// importGC is by how many per cent the heap may grow between two collections while a list is
// imported: less than usual, because the command runs beside the service on the same machine.
const importGC = 30

// importList reads a driving list into a municipality's database. The rooms and messages that it
// leads to are made by the running service.
func importList(ctx context.Context, rest []string, s std) error {
	flags := flagSet("import", s)
	municipality := flags.String("municipality", "", "id of the municipality")
	preview := flags.Bool("preview", false, "only tell what the import would do")

	c, err := load(flags, rest, 1)
	if err != nil {
		return err
	}

	if *municipality == "" {
		return fmt.Errorf("%w: -municipality is missing", errUsage)
	}

	debug.SetGCPercent(importGC)

	data, err := os.ReadFile(flags.Arg(0))
	if err != nil {
		return fmt.Errorf("read list: %w", err)
	}

	// The web role starts no workers, so a service that is running keeps its database.
	a, err := app.New(ctx, app.Options{Config: c, Role: app.Web, Logger: logger(c, s), Clock: time.Now, Metrics: obs.NewMetrics()})
	if err != nil {
		return err
	}

	site := a.Site(care.MunicipalityID(*municipality))
	if site == nil {
		return stop(a, c, fmt.Errorf("there is no municipality %s", *municipality))
	}

	return stop(a, c, bring(ctx, site.Service(), ehr.File{Name: filepath.Base(flags.Arg(0)), Data: data}, *preview, s.out))
}

// operator is who imports from the command line: whoever may read the keys may import.
func operator() care.Actor {
	return care.Actor{Employee: "kommandolinje", Name: "Kommandolinje", Grants: []care.Grant{{Unit: care.EveryUnit, Role: care.Planner}}}
}

func bring(ctx context.Context, service *scheduler.Service, file ehr.File, previewOnly bool, out io.Writer) error {
	upload, err := preview(ctx, service, file, previewOnly, out)
	if err != nil || previewOnly {
		return err
	}

	r, err := service.ImportList(ctx, operator(), upload)
	if err != nil {
		return errors.New(care.MessageOf(err))
	}

	fmt.Fprintf(out, "importeret: nye %d, flyttede %d, ændrede %d, væk %d, uændrede %d\n", r.New, r.Moved, r.Changed, r.Gone, r.Same)

	return nil
}

// preview tells about the list, and returns no more than its id: what a preview holds of a long
// list must not stay in memory during the import.
func preview(ctx context.Context, service *scheduler.Service, file ehr.File, counts bool, out io.Writer) (care.ListID, error) {
	p, err := service.PreviewList(ctx, operator(), scheduler.Upload{File: file})
	if err != nil {
		return "", errors.New(care.MessageOf(err))
	}

	for _, problem := range p.List.Problems {
		fmt.Fprintln(out, problemLine(problem))
	}

	fmt.Fprintf(out, "%d rækker i filen, %d kan ikke importeres\n", p.List.Total, p.Faults)

	if counts {
		fmt.Fprintf(out, "nye %d, flyttede %d, ændrede %d, væk %d, uændrede %d\n",
			p.Counts[scheduler.ChangeNew], p.Counts[scheduler.ChangeMoved], p.Counts[scheduler.ChangeOther],
			p.Counts[scheduler.ChangeGone], p.Counts[scheduler.ChangeNone])
	}

	return p.Upload, nil
}

func problemLine(p ehr.Problem) string {
	kind := "advarsel"
	if p.Severity == ehr.Fault {
		kind = "fejl"
	}

	return fmt.Sprintf("%s: %s: %s", kind, place(p.Line, p.Column), p.Text)
}

// place says where in a file something is wrong.
func place(line int, column string) string {
	where := fmt.Sprintf("række %d", line)
	if line == 0 {
		where = "filen"
	}

	if column != "" {
		where += ", " + column
	}

	return where
}
