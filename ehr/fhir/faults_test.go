package fhir_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/ehrtest"
	"github.com/sluse/sluse/ehr/fhir"
	"github.com/sluse/sluse/ehr/fhir/fhirsim"
	"github.com/sluse/sluse/scheduler/care"
)

// persist repeats as the queue does, for every kind that it repeats.
func persist(t *testing.T, j ehr.Journal, c ehr.Change) {
	t.Helper()

	for range 40 {
		_, err := j.Apply(t.Context(), c)
		if err == nil {
			return
		}

		again := []connector.Kind{connector.Unavailable, connector.Unknown, connector.RateLimited, connector.Unauthorized}
		if !slices.Contains(again, connector.KindOf(err)) {
			t.Errorf("Apply(%s): %v", c.Key, err)

			return
		}
	}

	t.Errorf("Apply(%s): no end of faults", c.Key)
}

// TestFaults writes twelve visits through a record in which every fourth call goes wrong,
// from two processes at once.
func TestFaults(t *testing.T) {
	t.Parallel()

	for seed := range uint64(10) {
		t.Run(fmt.Sprintf("seed-%d", seed), func(t *testing.T) {
			t.Parallel()

			const visits = 12

			faults := fhirsim.Spread(0.25)
			faults.Hang = 1300 * time.Millisecond // longer than the time-out, which a busy machine must not meet by itself
			b := setup(t, fhirsim.Options{Seed: seed, Faults: faults, Strict: true, MinimalReturn: seed%3 == 2},
				func(c *fhir.Config) { c.Timeout = time.Second })
			second := open(t, b.config)

			var group sync.WaitGroup
			for i := range visits {
				group.Go(func() { live(t, b.journal, second, planned(t, i), i) })
			}

			group.Wait()

			totals := b.sim.Totals()
			want := fhirsim.Totals{
				Visits: visits, Planned: visits, Results: 8, Restored: 4, Completed: 4, NotCompleted: 4, Requests: totals.Requests,
			}

			if totals != want {
				t.Errorf("seed %d: %+v, want %+v", seed, totals, want)
			}

			// K68: what the record counts by category is what took place.
			counts := map[string]int{"Gennemført skærmbesøg": 4, "Ikke gennemført skærmbesøg": 4}
			if diff := cmp.Diff(counts, b.sim.Categories()); diff != "" {
				t.Errorf("seed %d, categories (-want +got):\n%s", seed, diff)
			}

			if leaks := b.sim.Leaks(); len(leaks) != 0 {
				t.Errorf("person numbers in addresses or headers of %v", leaks)
			}
		})
	}
}

// live takes one visit to one of three ends; every other entry is tried from two processes.
func live(t *testing.T, a, b ehr.Journal, c ehr.Change, n int) {
	t.Helper()

	persist(t, a, c)
	persist(t, b, c)

	end := []ehr.Change{ehrtest.Completed(c), ehrtest.NotCompleted(c), ehrtest.Restored(c, "Planlagt besøg")}[n%3]

	var group sync.WaitGroup

	group.Go(func() { persist(t, a, end) })
	group.Go(func() { persist(t, b, end) })
	group.Wait()
	persist(t, a, c) // a late repeat
}

// TestLostAnswers loses the answer of each write in turn: the journal finds out by itself.
func TestLostAnswers(t *testing.T) {
	t.Parallel()

	for _, kind := range []fhirsim.FaultKind{fhirsim.FaultResetAfter, fhirsim.FaultBadGatewayAfter, fhirsim.FaultBrokenBody} {
		for _, op := range []string{fhirsim.OpCreate, fhirsim.OpUpdate} {
			t.Run(string(kind)+"/"+op, func(t *testing.T) {
				t.Parallel()

				b := setup(t, fhirsim.Options{Calm: true, Strict: true})
				if err := b.sim.Script(fhirsim.Fault{Kind: kind, Op: op}); err != nil {
					t.Fatal(err)
				}

				change := planned(t, 0)
				mustApply(t, b.journal, change)
				mustApply(t, b.journal, ehrtest.Completed(change))
				noHarm(t, b.sim)

				if visit := visitOf(t, b.sim, change); len(visit.Entries) != 2 || visit.Encounters[0].Version != 2 {
					t.Errorf("%+v", visit.Entries)
				}
			})
		}
	}
}

// TestLookFirst loses answers of a record that ignores If-None-Exist: the journal's own look
// must do.
func TestLookFirst(t *testing.T) {
	t.Parallel()

	for _, op := range []string{fhirsim.OpCreate, fhirsim.OpUpdate} {
		t.Run(op, func(t *testing.T) {
			t.Parallel()

			b := setup(t, fhirsim.Options{Calm: true, NoConditionalCreate: true}, func(c *fhir.Config) { c.LookFirst = true })
			change := planned(t, 0)

			// The answer and the look after it are lost, twice: once per resource.
			lost := []fhirsim.Fault{
				{Kind: fhirsim.FaultResetAfter, Op: op},
				{Kind: fhirsim.FaultUnavailable, Op: fhirsim.OpSearch},
				{Kind: fhirsim.FaultUnavailable, Op: fhirsim.OpRead},
			}

			for _, c := range []ehr.Change{change, ehrtest.Completed(change), change} {
				if err := b.sim.Script(append(lost, lost...)...); err != nil {
					t.Fatal(err)
				}

				persist(t, b.journal, c)
				persist(t, b.journal, c)
				b.sim.Calm()
			}

			noHarm(t, b.sim)

			if visit := visitOf(t, b.sim, change); len(visit.Entries) != 2 || len(visit.Encounters) != 1 {
				t.Errorf("%+v", visit)
			}
		})
	}
}

// TestStatusTable answers every status to a read and to a write.
func TestStatusTable(t *testing.T) {
	t.Parallel()

	for status, want := range map[int][2]connector.Kind{ // to a read, to a write
		http.StatusMovedPermanently:      {connector.Rejected, connector.Rejected},
		http.StatusBadRequest:            {connector.Rejected, connector.Rejected},
		http.StatusUnauthorized:          {connector.Unauthorized, connector.Unauthorized},
		http.StatusForbidden:             {connector.Unauthorized, connector.Unauthorized},
		http.StatusNotFound:              {connector.NotFound, connector.NotFound},
		http.StatusMethodNotAllowed:      {connector.Rejected, connector.Rejected},
		http.StatusRequestTimeout:        {connector.Unavailable, connector.Unknown},
		http.StatusConflict:              {connector.Conflict, connector.Conflict},
		http.StatusGone:                  {connector.NotFound, connector.NotFound},
		http.StatusPreconditionFailed:    {connector.Conflict, connector.Conflict},
		http.StatusRequestEntityTooLarge: {connector.Rejected, connector.Rejected},
		http.StatusUnprocessableEntity:   {connector.Rejected, connector.Rejected},
		http.StatusTooManyRequests:       {connector.RateLimited, connector.RateLimited},
		http.StatusInternalServerError:   {connector.Unavailable, connector.Unknown},
		http.StatusNotImplemented:        {connector.Unsupported, connector.Unsupported},
		http.StatusBadGateway:            {connector.Unavailable, connector.Unknown},
		http.StatusServiceUnavailable:    {connector.Unavailable, connector.Unavailable},
		http.StatusGatewayTimeout:        {connector.Unavailable, connector.Unknown},
		http.StatusOK:                    {connector.Malformed, connector.Unknown}, // with a body that is no FHIR
		http.StatusNoContent:             {connector.Malformed, connector.Unknown},
	} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()

			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "7")
				w.WriteHeader(status)

				if status != http.StatusNoContent {
					_, _ = w.Write([]byte(`{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"business-rule",` +
						`"diagnostics":"Patient 2512489996 is unknown","expression":["Appointment.participant[0].actor"]}]}`))
				}
			}))
			t.Cleanup(server.Close)

			config := fhir.Config{BaseURL: server.URL}
			config.SetDefaults()
			journal := open(t, config)

			for i, c := range []ehr.Change{ehrtest.Completed(planned(t, 0)), planned(t, 0)} {
				_, err := journal.Apply(t.Context(), c)
				if got := connector.KindOf(err); got != want[i] {
					t.Errorf("%s: %v, want %v", c.Key, err, want[i])
				}

				needsPerson := want[i] == connector.Rejected || want[i] == connector.Conflict || want[i] == connector.NotFound
				if needsPerson && care.KindOf(err) == care.Internal {
					t.Errorf("%v has no Danish sentence", err)
				}

				if strings.Contains(fmt.Sprintf("%v %+v", err, err), "2512489996") {
					t.Errorf("the error shows a person number: %v", err)
				}
			}
		})
	}
}

// TestRejections says what to do, in Danish, for scripted refusals.
func TestRejections(t *testing.T) {
	t.Parallel()

	for code, want := range map[string]string{
		"not-found":     "kender ikke borgeren",
		"business-rule": "forbyder registreringen (Appointment.participant[0].actor)",
		"forbidden":     "rettighederne",
		"too-long":      "for lang",
		"deleted":       "slettet",
		"duplicate":     "flere poster",
		"required":      "forstår ikke registreringen (Appointment.participant[0].actor)",
		"strange-code":  "i hånden",
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()

			b := setup(t, fhirsim.Options{Calm: true, Strict: true})
			change := planned(t, 0)
			refusal := fhirsim.Refusal{
				Visit: fhir.VisitIdentifier(change.Source), Code: code, Count: 1,
				Expression: "Appointment.participant[0].actor", Text: "Nancy Ann Berggren 251248-9996",
			}

			if err := b.sim.Reject(refusal); err != nil {
				t.Fatal(err)
			}

			_, err := b.journal.Apply(t.Context(), change)
			if !connector.Is(err, connector.Rejected) || !strings.Contains(care.MessageOf(err), want) {
				t.Errorf("error %v, want %q", err, want)
			}

			if strings.Contains(err.Error(), "Berggren") {
				t.Error("the error quotes the record")
			}

			mustApply(t, b.journal, change) // the retry button, after a person mended it
		})
	}
}

// TestNothingIsSent refuses before the first call what must not stand in a record.
func TestNothingIsSent(t *testing.T) {
	t.Parallel()

	for name, spoil := range map[string]func(*ehr.Change){
		"NoKey":      func(c *ehr.Change) { c.Key = "" },
		"NoSource":   func(c *ehr.Change) { c.Source.ID = "" },
		"NoKind":     func(c *ehr.Change) { c.Kind = "" },
		"NoCitizen":  func(c *ehr.Change) { c.Citizen = care.CitizenKey{} },
		"NoTime":     func(c *ehr.Change) { c.Planned.End = c.Planned.Start },
		"NoResult":   func(c *ehr.Change) { c.Kind = care.EntryResult },
		"NoReason":   func(c *ehr.Change) { c.Kind, c.Result = care.EntryResult, care.ResultNotCompleted },
		"Link":       func(c *ehr.Change) { c.Comment = "https://rooms.example/1?pin=1234" },
		"PIN":        func(c *ehr.Change) { c.Comment = "Pinkode: 4711" },
		"Password":   func(c *ehr.Change) { c.Category = "skærm, adgangskode er 99812" },
		"CPR":        func(c *ehr.Change) { c.Comment = "251248-9996" },
		"CPRService": func(c *ehr.Change) { c.Service = "Besøg 2512489996" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := setup(t, fhirsim.Options{Calm: true})
			change := planned(t, 0)
			spoil(&change)

			_, err := b.journal.Apply(t.Context(), change)
			if !connector.Is(err, connector.Rejected) || care.KindOf(err) != care.Invalid {
				t.Errorf("error %v", err)
			}

			if n := len(b.sim.Requests()); n != 0 {
				t.Errorf("%d requests were sent", n)
			}
		})
	}
}

// TestForeignSearch meets a server that ignores the search parameter and returns others' visits.
func TestForeignSearch(t *testing.T) {
	t.Parallel()

	const theirs = `{"resource":{"resourceType":"Appointment","id":"7","status":"booked","identifier":[{"system":"x","value":"y"}]}}`

	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			t.Errorf("%s %s was sent", r.Method, r.URL.Path)
		}

		_, _ = w.Write([]byte(`{"resourceType":"Bundle","entry":[` + theirs + `],"link":[{"relation":"next","url":"http://x/"}]}`))
	}))
	t.Cleanup(server.Close)

	config := fhir.Config{BaseURL: server.URL}
	config.SetDefaults()

	_, err := open(t, config).Apply(t.Context(), ehrtest.Completed(planned(t, 0)))
	if !connector.Is(err, connector.Malformed) {
		t.Errorf("error %v, want malformed", err)
	}
}

// TestRefusedToken tells bad credentials from a bad record.
func TestRefusedToken(t *testing.T) {
	t.Parallel()

	b := setup(t, fhirsim.Options{Calm: true, Clients: []fhirsim.Client{{ID: "sluse", Secret: "test-sluse"}}},
		func(c *fhir.Config) { c.ClientSecret = care.NewSecret("test-wrong") })

	_, err := b.journal.Apply(t.Context(), planned(t, 0))
	if !connector.Is(err, connector.Unauthorized) || strings.Contains(err.Error(), "test-wrong") {
		t.Errorf("error %v", err)
	}
}

// TestExpiredToken asks for a new token when the record no longer takes the old one.
func TestExpiredToken(t *testing.T) {
	t.Parallel()

	b := setup(t, fhirsim.Options{Calm: true, Clients: []fhirsim.Client{{ID: "sluse", Secret: "test-sluse"}}},
		func(c *fhir.Config) { c.SecretInBody = true })
	mustApply(t, b.journal, planned(t, 0))
	b.sim.Advance(time.Hour)
	mustApply(t, b.journal, planned(t, 1))
	noHarm(t, b.sim)
}

// TestSlowRecord gives up at the time limit and does not double when it comes back.
func TestSlowRecord(t *testing.T) {
	t.Parallel()

	b := setup(t, fhirsim.Options{Calm: true, Strict: true}, func(c *fhir.Config) { c.Timeout = time.Second })
	if err := b.sim.Script(fhirsim.Fault{Kind: fhirsim.FaultTimeoutAfter, Op: fhirsim.OpCreate},
		fhirsim.Fault{Kind: fhirsim.FaultTimeoutBefore, Op: fhirsim.OpSearch}); err != nil {
		t.Fatal(err)
	}

	change := planned(t, 0)

	_, err := b.journal.Apply(t.Context(), change)
	if !connector.Is(err, connector.Unknown) {
		t.Fatalf("error %v, want unknown", err)
	}

	mustApply(t, b.journal, change)
	noHarm(t, b.sim)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()

	if _, err := b.journal.Apply(ctx, ehrtest.Completed(change)); connector.KindOf(err) == 0 {
		t.Errorf("error %v", err)
	}
}
