package fhir_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr/ehrtest"
	"github.com/sluse/sluse/ehr/fhir"
)

// FuzzAnswer lets a record answer anything to a search: the journal never panics and never
// says that an entry is there unless the answer does.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Appointment","id":"1","status":"booked",` +
		`"meta":{"versionId":"1"},"identifier":[{"system":"urn:x-sluse:id:visit","value":"file:liste-oest-a:2026-11-24"}]}}]}`))
	f.Add([]byte(`{"resourceType":"Bundle"}`))
	f.Add([]byte(`{"resourceType":"Bundle","entry":[null,{"resource":7}],"link":[{"relation":"next"}]}`))
	f.Add([]byte(`[]`))

	var answer atomic.Pointer[[]byte]

	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			w.WriteHeader(http.StatusMethodNotAllowed)

			return
		}

		_, _ = w.Write(*answer.Load())
	}))
	f.Cleanup(server.Close)

	config := fhir.Config{BaseURL: server.URL}
	config.SetDefaults()

	journal, err := fhir.New(config, fhir.Options{Now: time.Now})
	if err != nil {
		f.Fatal(err)
	}

	f.Cleanup(journal.Close)
	f.Fuzz(func(t *testing.T, body []byte) { // one after the other in a process
		answer.Store(&body)

		receipt, err := journal.Apply(t.Context(), ehrtest.Completed(planned(t, 0)))
		if err == nil && receipt.ID == "" {
			t.Error("an empty receipt")
		}

		if err != nil && connector.KindOf(err) == 0 {
			t.Errorf("error %v", err)
		}
	})
}
