package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/sluse/sluse/internal/app"
	"github.com/sluse/sluse/internal/obs"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/directory"
)

// people brings employees, units or citizens in from a file, all or nothing. A dry run only tells.
func people(ctx context.Context, rest []string, s std) error {
	if len(rest) == 0 || rest[0] != "import" {
		return fmt.Errorf("%w: people import", errUsage)
	}

	flags := flagSet("people import", s)
	municipality := flags.String("municipality", "", "id of the municipality")
	dry := flags.Bool("dry-run", false, "only tell what the import would do")
	kind := flags.String("kind", string(directory.ImportEmployees), "what the file holds: employees, units or citizens")
	end := flags.Bool("end-missing", false, "citizens who are in the file no longer leave their units")

	c, err := load(flags, rest[1:], 1)
	if err != nil {
		return err
	}

	if *municipality == "" {
		return fmt.Errorf("%w: -municipality is missing", errUsage)
	}

	if !slices.Contains(directory.ImportKinds(), directory.ImportKind(*kind)) {
		return fmt.Errorf("%w: -kind is employees, units or citizens", errUsage)
	}

	if *end && *kind != string(directory.ImportCitizens) {
		return fmt.Errorf("%w: -end-missing is for citizens", errUsage)
	}

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

	p, err := site.Directory().Import(ctx, directory.ImportKind(*kind), directory.File{Name: filepath.Base(flags.Arg(0)), Data: data}, *dry, *end)

	return stop(a, c, tellImport(p, err, *dry, s.out))
}

// tellImport prints what an import does, or did, and everything that is wrong in the file.
func tellImport(p directory.Preview, err error, dry bool, out io.Writer) error {
	for _, x := range p.Problems {
		kind := "advarsel"
		if x.Fault {
			kind = "fejl"
		}

		fmt.Fprintf(out, "%s: %s: %s\n", kind, place(x.Line, x.Column), x.Text)
	}

	for _, l := range p.Lines {
		fmt.Fprintf(out, "%s %s\n", map[directory.ChangeKind]string{directory.ChangeNew: "ny", directory.ChangeChanged: "ændret", directory.ChangeGone: "fjernes"}[l.Kind], l.ID)
	}

	if err != nil {
		return errors.New(care.MessageOf(err))
	}

	done := "indlæst"
	if dry {
		done = "prøve"
	}

	fmt.Fprintf(out, "%s: nye %d, ændrede %d, fjernede %d, uændrede %d\n",
		done, p.Count(directory.ChangeNew), p.Count(directory.ChangeChanged), p.Count(directory.ChangeGone), p.Unchanged)

	if dry && p.Faulty() {
		return errors.New("filen har fejl, som skal rettes, før den kan indlæses")
	}

	return nil
}
