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
	seen, counts := false, make(map[connector.Level]int)

	for _, m := range c.Municipalities {
		if only != "" && only != string(m.ID) {
			continue
		}

		seen = true

		fmt.Fprintf(out, "%s (%s)\n", m.Name, m.ID)

		err := eachFinding(ctx, m, o, func(f connector.Finding) {
			fmt.Fprintf(out, "  %-8s  %s: %s\n", f.Level, f.Subject, f.Text)

			counts[f.Level]++
		})
		if err != nil {
			return fmt.Errorf("municipality %s: %w", m.ID, err)
		}
	}

	if !seen {
		return fmt.Errorf("no municipality %q in the configuration", only)
	}

	fmt.Fprintf(out, "I alt: fejl (virker ikke) %d, advarsler (se på dem) %d, i orden %d.\n", counts[connector.Failing], counts[connector.Notice], counts[connector.Fine])

	if counts[connector.Failing] > 0 {
		return ErrSick
	}

	return nil
}

// eachFinding tells what the connectors of a municipality say, as soon as each has: a record may be slow.
// A certificate that can't even be loaded stops them all, and is what is told then.
func eachFinding(ctx context.Context, m config.Municipality, o Options, tell func(connector.Finding)) error {
	s := &Site{id: m.ID, config: m}
	defer func() { _ = s.close(ctx) }() // idle connections; the program ends

	all := func(found []connector.Finding) {
		for _, f := range found {
			tell(f)
		}
	}

	checkers, err := s.outside(m, o)
	if err != nil && m.UsesVDX() {
		found := m.Video.VDX.CheckCertificate(o.Clock())
		if slices.ContainsFunc(found, func(f connector.Finding) bool { return f.Level == connector.Failing }) {
			all(found)

			return nil
		}
	}

	if err != nil {
		return err
	}

	all(loginFindings(ctx, m, o))

	for _, checker := range checkers {
		all(checker.Check(ctx))
	}

	return nil
}

// outside builds those of a municipality's connectors that can look at their own set-up.
func (s *Site) outside(m config.Municipality, o Options) ([]connector.Checker, error) {
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

	record, err := s.recordCheckers(p)
	if err != nil {
		return nil, err
	}

	return append(out, record...), nil
}

// recordCheckers are those of the care record.
func (s *Site) recordCheckers(p parts) ([]connector.Checker, error) {
	switch m := p.m; m.Record.Kind {
	case fhir.System:
		record, err := s.newFHIR(p)
		if err != nil {
			return nil, err
		}

		s.closers = append(s.closers, func() error { record.Close(); return nil })

		if lists := fetcher(m.Record, record); lists != nil {
			return []connector.Checker{record, listCheck{lists: lists, units: m.Units}}, nil
		}

		return []connector.Checker{record}, nil
	case file.System:
		return []connector.Checker{m.Record.File}, nil
	case handover.System:
		record, err := handover.New(m.Record.Handover, handover.Options{Now: p.o.Clock})
		if err != nil {
			return nil, fmt.Errorf("hand-over: %w", err)
		}

		s.closers = append(s.closers, func() error { record.Close(); return nil })

		return []connector.Checker{record}, nil
	case nexus.System:
		record, err := s.newNexus(p)
		if err != nil {
			return nil, err
		}

		s.closers = append(s.closers, func() error { record.Close(); return nil })

		return []connector.Checker{
			nexusCheck{record: record, names: nexusNames(m.Record, m.Rules.ScreenCategories)}, listCheck{lists: fetcher(m.Record, record), units: m.Units},
		}, nil
	}

	return nil, nil
}
