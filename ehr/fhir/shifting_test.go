package fhir_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/fhir"
	"github.com/sluse/sluse/ehr/fhir/fhirsim"
)

// byOffset serves the search of a simulator in pages of ten by their place in the list as it is at that
// moment, as records without kept searches do. The list loses its third visit after so many pages.
func byOffset(t *testing.T, b testBundle, after int32) (url string, pages *atomic.Int32) {
	t.Helper()

	pages = &atomic.Int32{}

	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		if r.URL.Path != "/fhir/Appointment" || !query.Has("date") {
			b.sim.Handler().ServeHTTP(w, r)

			return
		}

		at, _ := strconv.Atoi(query.Get("_offset"))

		query.Del("_offset")
		query.Set("_count", "1000")
		r.URL.RawQuery = query.Encode()

		var all struct {
			Entry []json.RawMessage `json:"entry"`
		}

		whole := httptest.NewRecorder()
		b.sim.Handler().ServeHTTP(whole, r)

		if err := json.Unmarshal(whole.Body.Bytes(), &all); err != nil {
			t.Error(err)
		}

		if pages.Add(1) > after {
			all.Entry = append(all.Entry[:2:2], all.Entry[3:]...)
		}

		end := min(len(all.Entry), at+10)
		bundle := map[string]any{"resourceType": "Bundle", "type": "searchset", "total": len(all.Entry), "entry": all.Entry[at:end]}

		if end < len(all.Entry) {
			query.Set("_offset", strconv.Itoa(end))
			bundle["link"] = []any{map[string]any{"relation": "next", "url": "/fhir/Appointment?" + query.Encode()}}
		}

		w.Header().Set("Content-Type", "application/fhir+json")
		_ = json.NewEncoder(w).Encode(bundle)
	}))
	t.Cleanup(server.Close)

	return server.URL + "/fhir", pages
}

// TestListThatChangesWhileItIsRead: a visit that slips between two pages, because somebody took another
// one off the list meanwhile, is not gone: the reading is made once more.
func TestListThatChangesWhileItIsRead(t *testing.T) {
	t.Parallel()

	b, refs := sampled(t, fhirsim.Options{Calm: true, PageSize: 1000}, fhir.ByLocation, func(c *fhir.Config) { c.Lists.NoInclude, c.Lists.PageSize = true, 10 })

	config := b.config

	var pages *atomic.Int32

	config.BaseURL, pages = byOffset(t, b, 2)
	journal := open(t, config)

	list, err := journal.Read(t.Context(), ehr.ListRef{ID: refs.Location}, day())
	if !connector.Is(err, connector.Unavailable) {
		t.Fatalf("%d rows of 44 and no word of it: %v", len(list.Rows), err)
	}

	if list = readList(t, journal, ehr.ListRef{ID: refs.Location}); len(list.Rows) != 44 || pages.Load() < 5 {
		t.Errorf("%d rows after %d pages", len(list.Rows), pages.Load())
	}
}
