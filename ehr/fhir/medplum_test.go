package fhir_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/ehrtest"
	"github.com/sluse/sluse/ehr/fhir"
	"github.com/sluse/sluse/ehr/fhir/fhirpeer"
	"github.com/sluse/sluse/scheduler/care"
)

// TestMedplum is the second opinion: the port's suite against a FHIR server that somebody
// else wrote, with its own validation against R4's definitions (eoj.md §8.3).
func TestMedplum(t *testing.T) {
	t.Parallel()

	base := startMedplum(t)

	for name, change := range map[string]func(*fhir.Config){
		"WeakETags":   nil,
		"StrongETags": func(c *fhir.Config) { c.ETag = fhir.ETagStrong },
		"OneByOne":    func(c *fhir.Config) { c.NoRevinclude, c.SkipPlannedEncounter = true, true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var opened atomic.Int64

			ehrtest.RunJournal(t, func(t *testing.T) ehrtest.Record {
				t.Helper()

				config := fhir.Config{BaseURL: base}
				if change != nil {
					change(&config)
				}

				config.SetDefaults()

				// One server serves all tests, so each has visits of its own.
				visits := plannedMany(t, 4)
				prefix := name + string(rune('a'+opened.Add(1))) + "-"

				for i := range visits {
					visits[i].Key, visits[i].Source.ID = prefix+visits[i].Key, prefix+visits[i].Source.ID
				}

				return ehrtest.Record{
					Journal: open(t, config),
					Another: func(t *testing.T) ehr.Journal { t.Helper(); return open(t, config) },
					Planned: visits,
					Entries: func(t *testing.T, c ehr.Change) []care.EntryKind { t.Helper(); return medplumEntries(t, base, c) },
				}
			})
		})
	}

	t.Run("OnItsOwnList", func(t *testing.T) {
		t.Parallel()
		medplumList(t, base)
	})

	t.Run("Stages", func(t *testing.T) {
		t.Parallel()
		medplumStages(t, base)
	})

	t.Run("Validates", func(t *testing.T) {
		t.Parallel()
		medplumValidates(t, base)
	})
}

// medplumList reads a driving list of Medplum's and takes one of its visits through its life, up
// to being what it was.
func medplumList(t *testing.T, base string) {
	t.Helper()

	location := postJSON(t, base, `{"resourceType":"Location","name":"Hjemmeplejen Øst"}`)
	patient := postJSON(t, base, `{"resourceType":"Patient","name":[{"given":["Nancy Ann"],"family":"Berggren"}],
		"identifier":[{"system":"urn:oid:1.2.208.176.1.2","value":"2512489996"}],"telecom":[{"system":"phone","value":"20000001"}]}`)
	practitioner := postJSON(t, base, `{"resourceType":"Practitioner","identifier":[{"system":"urn:x-sluse:id:employee","value":"MSK"}]}`)

	const visits = 7

	for n := range visits {
		start := time.Date(2026, 11, 24, 7+n, 30, 0, 0, time.UTC)
		postJSON(t, base, `{"resourceType":"Appointment","status":"booked","start":"`+start.Format(time.RFC3339)+`","end":"`+start.Add(15*time.Minute).Format(time.RFC3339)+`",
			"comment":"Nøgle hos nabo","serviceType":[{"text":"Planlagt besøg"}],"serviceCategory":[{"text":"SUL § 138"}],"participant":[
			{"actor":{"reference":"`+patient+`"},"status":"accepted"},{"actor":{"reference":"`+practitioner+`"},"status":"accepted"},
			{"actor":{"reference":"`+location+`"},"status":"accepted"}]}`)
	}

	config := fhir.Config{BaseURL: base, Lists: fhir.Lists{By: fhir.ByLocation}}
	config.SetDefaults()

	// Its memory repository gives no next page. A part of a list must not be taken for the whole.
	short := config
	short.Lists.PageSize = 3

	if _, err := open(t, short).Read(t.Context(), ehr.ListRef{ID: location}, day()); !connector.Is(err, connector.Malformed) {
		t.Errorf("a part of a list: %v", err)
	}

	journal := open(t, config)

	list := readList(t, journal, ehr.ListRef{ID: location, Name: "Hjemmeplejen Øst"})
	if len(list.Rows) != visits || len(list.Problems) != 0 {
		t.Fatalf("%d rows, problems %+v", len(list.Rows), list.Problems)
	}

	row := list.Rows[0]
	if row.Name != "Nancy Ann Berggren" || row.Employee != "MSK" || row.Phone.IsZero() || row.Law != care.SUL138 {
		t.Errorf("row %+v", row)
	}

	change := planned(t, 0)
	change.Key, change.Source, change.Citizen, change.Planned = row.Source.ID+"/planned", row.Source, row.Key(), row.Planned

	var before, after map[string]any

	getJSON(t, base+"/Appointment/"+row.Source.ID, &before)

	for _, c := range []ehr.Change{change, change, ehrtest.NotCompleted(change), ehrtest.Restored(change, "Planlagt besøg")} {
		mustApply(t, journal, c)
	}

	getJSON(t, base+"/Appointment/"+row.Source.ID, &after)

	if diff := cmp.Diff(theirs(t, before), theirs(t, after)); diff != "" {
		t.Errorf("after restoring (-before +after):\n%s", diff)
	}
}

// postJSON creates a resource and returns its reference.
func postJSON(t *testing.T, base, body string) string {
	t.Helper()

	var created struct {
		ResourceType string `json:"resourceType"`
		ID           string `json:"id"`
	}

	if err := json.Unmarshal([]byte(body), &created); err != nil {
		t.Fatal(err)
	}

	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/"+created.ResourceType, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}

	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()

	if err := json.NewDecoder(response.Body).Decode(&created); err != nil || response.StatusCode != http.StatusCreated {
		t.Fatalf("%s: %d %v", created.ResourceType, response.StatusCode, err)
	}

	return created.ResourceType + "/" + created.ID
}

// medplumValidates makes sure that the second opinion is one: a resource against R4's
// invariants and one with an unknown property are refused, and the journal says so.
func medplumValidates(t *testing.T, base string) {
	t.Helper()

	for _, body := range []string{
		`{"resourceType":"Appointment","status":"booked","participant":[{"status":"accepted"}]}`,
		`{"resourceType":"Appointment","status":"proposed","virtualService":[{}],"participant":[{"actor":{"display":"x"},"status":"accepted"}]}`,
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/Appointment", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}

		response, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}

		_ = response.Body.Close()

		if response.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: status %d", body, response.StatusCode)
		}
	}

	config := fhir.Config{BaseURL: base, VisitSystem: "urn:x-sluse: no uri"}
	config.SetDefaults()

	_, err := open(t, config).Apply(t.Context(), planned(t, 0))
	if !connector.Is(err, connector.Rejected) || care.KindOf(err) == care.Internal {
		t.Errorf("a system that is no URI: %v", err)
	}
}

// medplumEntries reads the history of the visit's Appointment.
func medplumEntries(t *testing.T, base string, c ehr.Change) []care.EntryKind {
	t.Helper()

	type version struct {
		ID                string `json:"id"`
		Status            string `json:"status"`
		Identifier        []any  `json:"identifier"`
		CancelationReason struct {
			Coding []struct {
				Code string `json:"code"`
			} `json:"coding"`
		} `json:"cancelationReason"`
	}

	type entry struct {
		Resource version `json:"resource"`
	}

	type bundle struct {
		Entry []entry `json:"entry"`
	}

	var found, history bundle

	token := url.QueryEscape("urn:x-sluse:id:visit|" + fhir.VisitIdentifier(c.Source))
	getJSON(t, base+"/Appointment?identifier="+token, &found)

	if len(found.Entry) == 0 {
		return nil
	}

	if len(found.Entry) > 1 {
		t.Errorf("%d Appointments of one visit", len(found.Entry))
	}

	getJSON(t, base+"/Appointment/"+found.Entry[0].Resource.ID+"/_history", &history)

	var kinds []care.EntryKind

	// Medplum's memory repository turns the order of its history around at every reading. Each
	// entry adds a key, so their number tells the order.
	slices.SortFunc(history.Entry, func(a, b entry) int { return len(a.Resource.Identifier) - len(b.Resource.Identifier) })

	for i := range history.Entry {
		v := &history.Entry[i].Resource

		switch {
		case v.Status == "booked":
			kinds = append(kinds, care.EntryPlanned)
		case len(v.CancelationReason.Coding) > 0 && v.CancelationReason.Coding[0].Code == "tilbagefoert":
			kinds = append(kinds, care.EntryRestored)
		default:
			kinds = append(kinds, care.EntryResult)
		}
	}

	return kinds
}

func getJSON(t *testing.T, address string, v any) {
	t.Helper()

	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}

	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()

	if err := json.NewDecoder(response.Body).Decode(v); err != nil {
		t.Fatalf("%s: %v", address, err)
	}
}

// startMedplum starts the server of testdata/medplum and returns its base address.
func startMedplum(t *testing.T) string {
	t.Helper()

	home := fhirpeer.Install(t, "medplum", os.DirFS(filepath.Join("testdata", "medplum")))
	node := exec.CommandContext(t.Context(), "node", append(nodeFlags(t), filepath.Join(home, "server.mjs"))...)
	node.Stderr = t.Output()

	stdin, err := node.StdinPipe() // the server ends with its stdin
	if err != nil {
		t.Fatal(err)
	}

	stdout, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}

	if err := node.Start(); err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() {
		_ = stdin.Close()
		_ = node.Wait()
	})

	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("Medplum does not start: %v", err)
	}

	return strings.TrimSpace(line)
}

// nodeFlags gives Node.js 20 the WebSocket that Medplum's core expects from 22 on.
func nodeFlags(t *testing.T) []string {
	t.Helper()

	version, err := exec.CommandContext(t.Context(), "node", "--version").Output()
	if err != nil {
		t.Fatal(err)
	}

	if strings.HasPrefix(string(version), "v20.") || strings.HasPrefix(string(version), "v21.") {
		return []string{"--experimental-websocket", "--no-warnings"}
	}

	return []string{"--no-warnings"}
}
