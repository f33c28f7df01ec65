package fhir_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/ehrtest"
	"github.com/sluse/sluse/ehr/fhir"
	"github.com/sluse/sluse/ehr/fhir/fhirsim"
	"github.com/sluse/sluse/scheduler/care"
)

// cached answers a search as it did the last time, unless it is asked not to: HAPI's JPA server does for a minute.
func cached(next http.Handler) http.Handler {
	var (
		mu    sync.Mutex
		known = map[string]*httptest.ResponseRecorder{}
	)

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.RawQuery == "" || strings.Contains(r.Header.Get("Cache-Control"), "no-cache") {
			next.ServeHTTP(w, r)

			return
		}

		mu.Lock()
		defer mu.Unlock()

		before := known[r.URL.String()]
		if before == nil {
			before = httptest.NewRecorder()
			next.ServeHTTP(before, r)
			known[r.URL.String()] = before
		}

		w.Header().Set("Content-Type", before.Header().Get("Content-Type"))
		w.WriteHeader(before.Code)
		_, _ = w.Write(before.Body.Bytes())
	})
}

// TestRecordThatCachesSearches sees what was written a moment ago, with a record that would rather answer
// what it answered before.
func TestRecordThatCachesSearches(t *testing.T) {
	t.Parallel()

	b, refs := sampled(t, fhirsim.Options{Calm: true, NoConditionalCreate: true}, fhir.ByLocation)
	server := httptest.NewServer(cached(b.sim.Handler()))
	t.Cleanup(server.Close)

	config := b.config
	config.BaseURL, config.LookFirst = server.URL+"/fhir", true
	journal := open(t, config)
	change := planned(t, 0)

	if err := b.sim.Script(fhirsim.Fault{Kind: fhirsim.FaultResetAfter, Op: fhirsim.OpCreate}); err != nil {
		t.Fatal(err)
	}

	persist(t, journal, change)
	persist(t, journal, ehrtest.Completed(change))
	noHarm(t, b.sim)

	list := ehr.ListRef{ID: refs.Location, Name: "Øst"}
	first := readList(t, journal, list).Rows[0]

	if err := b.sim.Edit("Appointment/"+first.Source.ID, func(body map[string]any) { body["status"] = "cancelled" }); err != nil {
		t.Fatal(err)
	}

	if now := readList(t, journal, list).Rows[0]; now.Source != first.Source || now.Status != "Aflyst" {
		t.Errorf("the list read again says %q of the visit on %s", now.Status, care.DayOf(now.Planned.Start))
	}
}
