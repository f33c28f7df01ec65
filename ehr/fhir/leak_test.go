package fhir_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/ehrtest"
	"github.com/sluse/sluse/ehr/fhir"
	"github.com/sluse/sluse/ehr/fhir/fhirsim"
	"github.com/sluse/sluse/scheduler/care"
)

// sink collects what is told to logs, metrics and callers.
type sink struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *sink) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	return s.text.Write(p)
}

// TestNothingLeaks drives the journal through every kind of fault and refusal, and looks for
// what must not be seen in everything that it says.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()

	const secret = "test-very-secret-4711"

	b := setup(t, fhirsim.Options{Calm: true, Clients: []fhirsim.Client{{ID: "sluse", Secret: secret}}})
	out := &sink{}

	config := b.config
	config.Timeout = 100 * time.Millisecond

	journal, err := fhir.New(config, fhir.Options{
		Now: time.Now,
		Log: slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Observe: func(system, op, outcome string, _ float64) {
			_, _ = fmt.Fprintln(out, system, op, outcome)
		},
	})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(journal.Close)

	n := 0

	for _, kind := range []fhirsim.FaultKind{
		fhirsim.FaultResetBefore, fhirsim.FaultResetAfter, fhirsim.FaultTimeoutAfter, fhirsim.FaultUnauthorized, fhirsim.FaultTooMany,
		fhirsim.FaultServerError, fhirsim.FaultBadGatewayBefore, fhirsim.FaultUnavailable, fhirsim.FaultBrokenBody,
	} {
		for _, op := range []string{fhirsim.OpToken, fhirsim.OpCreate, fhirsim.OpSearch, fhirsim.OpUpdate} {
			if err := b.sim.Script(fhirsim.Fault{Kind: kind, Op: op, Count: 3}); err != nil {
				t.Fatal(err)
			}

			change := planned(t, n%6)
			change.Key, change.Source.ID = fmt.Sprint(change.Key, n), fmt.Sprint(change.Source.ID, n)
			n++

			_, first := journal.Apply(t.Context(), change)
			_, second := journal.Apply(t.Context(), ehrtest.Completed(change))
			_, _ = fmt.Fprintf(out, "%v %+v %#v %v %s\n", first, first, second, second, care.MessageOf(second))

			b.sim.Calm()
			b.sim.Advance(time.Hour) // a new token
		}
	}

	if err := b.sim.Reject(fhirsim.Refusal{Text: "Nancy Ann Berggren 251248-9996 " + secret, Expression: "251248-9996"}); err != nil {
		t.Fatal(err)
	}

	_, err = journal.Apply(t.Context(), planned(t, 0))
	_, _ = fmt.Fprintf(out, "%v %+v %s %v\n", err, err, care.MessageOf(err), config)

	told := out.text.String()
	for i := range 6 {
		plain := planned(t, i).Citizen.CPR.Reveal()
		for _, number := range []string{plain, plain[:6] + "-" + plain[6:]} {
			if strings.Contains(told, number) {
				t.Errorf("the person number of visit %d is told", i)
			}
		}
	}

	for _, word := range []string{secret, "Berggren", "Bearer ", "Basic "} {
		if strings.Contains(told, word) {
			t.Errorf("%q is told", word)
		}
	}

	if leaks := b.sim.Leaks(); len(leaks) != 0 {
		t.Errorf("person numbers in addresses or headers of %v", leaks)
	}
}

// BenchmarkApply is the cost of a planned and a completed entry, five calls over loopback.
func BenchmarkApply(b *testing.B) {
	sim, err := fhirsim.New(fhirsim.Options{Clock: time.Now, Calm: true, Strict: true})
	if err != nil {
		b.Fatal(err)
	}

	urls, err := sim.Start(b.Context(), "127.0.0.1:0", "")
	if err != nil {
		b.Fatal(err)
	}

	b.Cleanup(func() { _ = sim.Close() })

	config := fhir.Config{BaseURL: urls.FHIR}
	config.SetDefaults()

	journal, err := fhir.New(config, fhir.Options{Now: time.Now})
	if err != nil {
		b.Fatal(err)
	}

	b.Cleanup(journal.Close)

	cpr, _, _ := care.ParseCPR("2512489996")
	n := 0

	for b.Loop() {
		change := benchmarkChange(cpr, n)
		n++

		if _, err := journal.Apply(b.Context(), change); err != nil {
			b.Fatal(err)
		}

		if _, err := journal.Apply(b.Context(), ehrtest.Completed(change)); err != nil {
			b.Fatal(err)
		}
	}

	b.ReportMetric(float64(sim.Totals().Requests)/float64(n), "calls/visit")
}

func benchmarkChange(cpr care.CPR, n int) ehr.Change {
	start := time.Date(2026, time.November, 24, 7, 30, 0, 0, time.UTC)
	id := strconv.Itoa(n)

	return ehr.Change{
		Key: id + "/planned", Kind: care.EntryPlanned, Citizen: care.CitizenKey{CPR: cpr}, Employee: "MSK", Delivery: care.Screen,
		Source:  care.SourceRef{System: "file", ID: id, Occurrence: "2026-11-24"},
		Planned: care.Interval{Start: start, End: start.Add(15 * time.Minute)}, Category: "Planlagt skærmbesøg",
	}
}
