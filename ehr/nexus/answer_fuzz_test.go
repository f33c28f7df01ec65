package nexus_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/nexus"
	"github.com/sluse/sluse/scheduler/care"
)

// FuzzAnswers lets a record answer anything to everything: no way of telling panics, and what it
// says is a receipt or an error with a kind.
func FuzzAnswers(f *testing.F) {
	const links = `"_links":{"self":{"href":"/x"},"preferences":{"href":"/x"},"patientDetailsSearch":{"href":"/x"},"patientPreferences":{"href":"/x"},` +
		`"events":{"href":"/x"},"update":{"href":"/x"},"availableEventTypes":{"href":"/x"},"pathwayReferences":{"href":"/x"},"assignments":{"href":"/x"},` +
		`"availableAssignmentTypes":{"href":"/x"},"availableFormDefinitions":{"href":"/x"},"availableBaskets":{"href":"/x"},"patients":{"href":"/x"}}`

	f.Add([]byte(`{"id":1,"version":2,"isPatientAccessible":true,"patient":{"id":4711,` + links + `},"CITIZEN_CALENDAR":[{"name":"Borgerkalender",` + links + `}],` +
		`"CITIZEN_PATHWAY":[{"name":"- Alt",` + links + `}],"eventResources":[{"id":990121,"originalDate":"2026-11-24T07:30:00.000Z","eventType":{"name":"a"},` +
		`"patientResourceList":[{"id":1,` + links + `}],` + links + `}],"pages":[{` + links + `}],` + links + `}`))
	f.Add([]byte(`[{"name":"x",` + links + `}]`))
	f.Add([]byte(`{"patient":null,` + links + `}`))
	f.Add([]byte(`<html>`))

	var answer atomic.Pointer[[]byte]

	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/token") {
			_, _ = w.Write([]byte(`{"access_token":"t","expires_in":300}`))

			return
		}

		_, _ = w.Write(*answer.Load())
	}))
	f.Cleanup(server.Close)

	config := nexus.Config{
		Instance: "testby", IAMURL: server.URL, APIURL: server.URL, ClientID: "sluse", ClientSecret: care.NewSecret("s"), WriteVisitType: true,
		Intervention: nexus.Intervention{Placement: "A > B"}, Note: nexus.Note{TextLabel: "Notat"},
	}
	config.SetDefaults()

	start := time.Date(2026, time.November, 24, 7, 30, 0, 0, time.UTC)
	cpr, _, _ := care.ParseCPR(nancy)
	planned := ehr.Change{
		Key: "k", Kind: care.EntryPlanned, Means: care.OnList, Source: care.SourceRef{System: nexus.System, ID: "990121", Occurrence: "2026-11-24"},
		Citizen: care.CitizenKey{CPR: cpr}, Planned: care.Interval{Start: start, End: start.Add(time.Hour)}, Category: "b", Comment: "skærmbesøg",
	}
	result := planned
	result.Kind, result.Result = care.EntryResult, care.ResultCompleted

	f.Fuzz(func(t *testing.T, body []byte) { // one after the other in a process
		answer.Store(&body)

		n, err := nexus.New(config, nexus.Options{Now: today})
		if err != nil {
			t.Fatal(err)
		}
		defer n.Close()

		for _, c := range []ehr.Change{planned, byIntervention(planned), byTask(planned), byNote(result)} {
			receipt, err := n.Apply(t.Context(), c)
			if err == nil && receipt.ID == "" || err != nil && connector.KindOf(err) == 0 {
				t.Errorf("%s: receipt %v, error %v", c.Means, receipt, err)
			}
		}

		if _, err := n.Read(t.Context(), ehr.ListRef{ID: "1", Name: list}, wholeDay()); err != nil && connector.KindOf(err) == 0 {
			t.Errorf("list: %v", err)
		}
	})
}
