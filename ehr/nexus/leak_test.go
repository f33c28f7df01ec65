package nexus_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/ehrtest"
	"github.com/sluse/sluse/ehr/nexus"
	"github.com/sluse/sluse/ehr/nexus/nexussim"
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

func same(c ehr.Change) ehr.Change { return c }

func noteAfter(c ehr.Change) ehr.Change { return byNote(ehrtest.Completed(c)) }

func script(t *testing.T, sim *nexussim.Server, kind nexussim.FaultKind, op string) {
	t.Helper()

	if err := sim.Script(nexussim.Fault{Kind: kind, Op: op, Count: 3}); err != nil {
		t.Fatal(err)
	}
}

// TestNothingLeaks drives every way of telling through every kind of fault, with a record that
// names the citizen in its messages, and looks for what must not be seen in everything that it
// says, and in the addresses that it calls.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()

	b := setup(t, func(o *nexussim.Options, _ *nexus.Config) { o.Quirks.Errors500 = true })
	ref := b.load(t, list, nexussim.NewVisit{CPR: []string{nancy}})[0]
	out := &sink{}
	config := b.config

	n, err := nexus.New(config, nexus.Options{
		Now: today, Log: slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Observe: func(system, op, outcome string, _ float64) { _, _ = fmt.Fprintln(out, system, op, outcome) },
	})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(n.Close)

	planned := b.planned(t, ref)

	for _, kind := range []nexussim.FaultKind{
		nexussim.FaultResetBefore, nexussim.FaultResetAfter, nexussim.FaultUnauthorized, nexussim.FaultTooMany, nexussim.FaultServerError,
		nexussim.FaultServerErrorAfter, nexussim.FaultBadGatewayBefore, nexussim.FaultUnavailable, nexussim.FaultBrokenBody,
	} {
		for _, call := range []struct {
			op  string
			way func(ehr.Change) ehr.Change
		}{
			{nexussim.OpToken, same},
			{nexussim.OpPatientSearch, same},
			{nexussim.OpCalendarRead, same},
			{nexussim.OpEventRead, same},
			{nexussim.OpEventUpdate, same},
			{nexussim.OpReferences, byIntervention},
			{nexussim.OpGrantSave, byIntervention},
			{nexussim.OpNoteCreate, noteAfter},
			{nexussim.OpTaskCreate, byTask},
		} {
			script(t, b.sim, kind, call.op)

			c := call.way(planned)
			c.Key += string(kind) + call.op
			_, err := n.Apply(t.Context(), c)
			_, _ = fmt.Fprintf(out, "%v %+v %#v %s\n", err, err, err, care.MessageOf(err))

			b.sim.Calm()
			b.sim.Advance(time.Hour) // a new token
		}

		for _, op := range []string{nexussim.OpListRead, nexussim.OpPatientRead} {
			script(t, b.sim, kind, op)

			_, err := n.Read(t.Context(), b.ref(t, list), wholeDay())
			_, _ = fmt.Fprintf(out, "%v %+v\n", err, err)

			b.sim.Calm()
		}
	}

	_, _ = fmt.Fprintf(out, "%v %+v %v\n", config, config, n.Check(t.Context()))

	told := out.text.String()
	for _, word := range []string{nancy, "251248-9996", "Berggren", "test-sluse", "Bearer ", "Basic "} {
		if strings.Contains(told, word) {
			t.Errorf("%q is told", word)
		}
	}

	for _, r := range b.sim.Requests() {
		if strings.Contains(r.URL, nancy) || strings.Contains(r.URL, "251248") || strings.Contains(fmt.Sprint(r.Headers), nancy) {
			t.Errorf("the person number stands in the address or a header of %s", r.Op)
		}
	}
}

// TestForeignHostSeesNothing plants another host behind every rel that is followed. It never gets
// a call, and what would have been written is refused in Danish.
func TestForeignHostSeesNothing(t *testing.T) {
	t.Parallel()

	var (
		mutex sync.Mutex
		seen  []string
	)

	thief := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		dump, _ := httputil.DumpRequest(r, true)

		mutex.Lock()
		defer mutex.Unlock()

		seen = append(seen, string(dump))
		w.WriteHeader(http.StatusOK)
	}))
	t.Cleanup(thief.Close)

	for _, rel := range []string{
		"patientDetailsSearch", "patientPreferences", "self", "events", "update", "availableEventTypes", "pathwayReferences", "referencedObject",
		"availableBaskets", "grantCatalog", "bulkPrototype", "bulkGet", "prepareEdit", "save", "availableSuppliers", "availableFormDefinitions",
		"formDataPrototype", "availableActions", "createFormData", "assignments", "availableAssignmentTypes", "assignmentPrototype",
		"createAssignment", "availableOrganizationAssignees", "preferences",
	} {
		b := setup(t)
		ref := b.load(t, list, nexussim.NewVisit{CPR: []string{nancy}})[0]
		b.sim.Plant(rel, thief.URL)

		planned, refused := b.planned(t, ref), 0

		for _, c := range []ehr.Change{planned, byIntervention(planned), byNote(ehrtest.Completed(planned)), byTask(planned)} {
			_, err := b.nexus.Apply(t.Context(), c)
			if connector.Is(err, connector.Rejected) && strings.Contains(care.MessageOf(err), "anden server") {
				refused++
			}
		}

		lists, err := b.nexus.Lists(t.Context())
		if connector.Is(err, connector.Rejected) {
			refused++
		}

		for _, l := range lists {
			_, _ = b.nexus.Read(t.Context(), l, wholeDay())
		}

		if refused == 0 {
			t.Errorf("%s: nothing was refused", rel)
		}
	}

	if len(seen) > 0 {
		t.Errorf("the foreign host was called: %q", seen)
	}
}
