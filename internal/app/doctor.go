package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/sluse/sluse/config"
	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr/fhir"
	"github.com/sluse/sluse/ehr/file"
	"github.com/sluse/sluse/ehr/handover"
	"github.com/sluse/sluse/ehr/nexus"
	"github.com/sluse/sluse/internal/obs"
	"github.com/sluse/sluse/scheduler/care"
)

// ErrSick is returned by Doctor when something will not work as it is set up.
var ErrSick = errors.New("something is not set up as it must be")

// Doctor looks at how every municipality's outside systems are set up, or at those of the one that
// only names, and writes what it finds to out, in Danish. It changes nothing at any of them and
// needs no database. ErrSick: at least one finding is a failure.
func Doctor(ctx context.Context, c config.Config, only string, clock func() time.Time, out io.Writer) error {
	o := Options{Config: c, Clock: clock, Metrics: obs.NewMetrics(), Logger: slog.New(slog.DiscardHandler)}
	sick, seen := false, false

	for _, m := range c.Municipalities {
		if only != "" && only != string(m.ID) {
			continue
		}

		seen = true

		fmt.Fprintf(out, "%s (%s)\n", m.Name, m.ID)

		found, err := findings(ctx, m, o)
		if err != nil {
			return fmt.Errorf("municipality %s: %w", m.ID, err)
		}

		for _, f := range found {
			fmt.Fprintf(out, "  %-8s  %s: %s\n", f.Level, f.Subject, f.Text)
			sick = sick || f.Level == connector.Failing
		}
	}

	switch {
	case !seen:
		return fmt.Errorf("no municipality %q in the configuration", only)
	case sick:
		return ErrSick
	}

	return nil
}

// findings are what the connectors of a municipality say. A certificate that can't even be loaded
// stops them all, and is what is told then.
func findings(ctx context.Context, m config.Municipality, o Options) ([]connector.Finding, error) {
	checkers, err := outside(m, o)
	if err != nil && m.UsesVDX() {
		found := m.Video.VDX.CheckCertificate(o.Clock())
		if slices.ContainsFunc(found, func(f connector.Finding) bool { return f.Level == connector.Failing }) {
			return found, nil
		}
	}

	if err != nil {
		return nil, err
	}

	found := loginFindings(ctx, m, o)
	for _, checker := range checkers {
		found = append(found, checker.Check(ctx)...)
	}

	return found, nil
}

// outside builds those of a municipality's connectors that can look at their own set-up.
func outside(m config.Municipality, o Options) ([]connector.Checker, error) {
	s := &Site{id: m.ID, config: m}
	p := parts{m: m, o: o, log: o.Logger, observe: func(string, string, string, float64) {}}

	var err error
	if s.monitor, err = newMonitor(p); err != nil {
		return nil, err
	}

	access, err := s.vdxAccess(p)
	if err != nil {
		return nil, err
	}

	platform, err := s.newVideo(p, access)
	if err != nil {
		return nil, err
	}

	messages, err := s.senders(p, access)
	if err != nil {
		return nil, err
	}

	notes, err := s.newCaseJournal(p)
	if err != nil {
		return nil, err
	}

	var out []connector.Checker

	for _, part := range []any{platform, messages[care.SMS], messages[care.Mail], notes} {
		if checker, ok := part.(connector.Checker); ok {
			out = append(out, checker)
		}
	}

	if m.Record.Kind == fhir.System {
		checker, err := s.newFHIR(p)
		if err != nil {
			return nil, err
		}

		out = append(out, checker)
	}

	if m.Record.Kind == file.System {
		out = append(out, m.Record.File)
	}

	if m.Record.Kind == handover.System {
		checker, err := handover.New(m.Record.Handover, handover.Options{Now: o.Clock})
		if err != nil {
			return nil, fmt.Errorf("hand-over: %w", err)
		}

		out = append(out, checker)
	}

	if m.Record.Kind == nexus.System {
		checker, err := s.nexusChecker(p)
		if err != nil {
			return nil, err
		}

		out = append(out, checker)
	}

	return out, nil
}
