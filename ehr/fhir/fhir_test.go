package fhir_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/ehrtest"
	"github.com/sluse/sluse/ehr/fhir"
	"github.com/sluse/sluse/ehr/fhir/fhirsim"
	"github.com/sluse/sluse/scheduler/care"
)

// testBundle is a record with one journal on it.
type testBundle struct {
	sim     *fhirsim.Server
	url     string
	journal *fhir.Journal
	config  fhir.Config
}

func setup(t *testing.T, o fhirsim.Options, changes ...func(*fhir.Config)) testBundle {
	t.Helper()

	o.Clock = time.Now

	sim, err := fhirsim.New(o)
	if err != nil {
		t.Fatal(err)
	}

	server := httptest.NewServer(sim.Handler())
	t.Cleanup(server.Close)

	config := fhir.Config{BaseURL: server.URL + "/fhir", Timeout: time.Second}
	if len(o.Clients) > 0 {
		config.TokenURL = server.URL + "/token"
		config.ClientID, config.ClientSecret = o.Clients[0].ID, care.NewSecret(o.Clients[0].Secret)
	}

	for _, change := range changes {
		if change != nil {
			change(&config)
		}
	}

	config.SetDefaults()

	return testBundle{sim: sim, url: server.URL, journal: open(t, config), config: config}
}

func open(t *testing.T, config fhir.Config) *fhir.Journal {
	t.Helper()

	journal, err := fhir.New(config, fhir.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(journal.Close)

	return journal
}

func citizen(t *testing.T, text string) care.CPR {
	t.Helper()

	cpr, verdict, _ := care.ParseCPR(text)
	if verdict == care.CPRMalformed {
		t.Fatalf("%s is no person number", text)
	}

	return cpr
}

// planned is a planned entry of the n-th visit of a list.
func planned(t *testing.T, n int) ehr.Change {
	t.Helper()

	people := []string{"2512489996", "0108589995", "0201609995", "0201609996", "3001749995", "2103009996"}
	id := "liste-oest-" + string(rune('a'+n))
	start := time.Date(2026, time.November, 24, 7, 30, 0, 0, time.UTC).Add(time.Duration(n) * 20 * time.Minute)

	return ehr.Change{
		Key: id + "/planned", Kind: care.EntryPlanned, List: "l1",
		Source:  care.SourceRef{System: "file", ID: id, Occurrence: "2026-11-24"},
		Citizen: care.CitizenKey{CPR: citizen(t, people[n%len(people)])}, Employee: "MSK", Unit: "Hjemmeplejen Øst",
		Service: "Medicinadministration", Law: care.SUL138,
		Planned: care.Interval{Start: start, End: start.Add(15 * time.Minute)},
		Room:    care.RoomRef("0d4c2f0e-6f5e-4a7b-9a51-3f5a0c1b7c1" + string(rune('0'+n))), Delivery: care.Screen,
		Category: "Planlagt skærmbesøg", Comment: "skærmbesøg",
	}
}

func plannedMany(t *testing.T, n int) []ehr.Change {
	t.Helper()

	all := make([]ehr.Change, 0, n)
	for i := range n {
		all = append(all, planned(t, i))
	}

	return all
}

func mustApply(t *testing.T, j ehr.Journal, c ehr.Change) ehr.Receipt {
	t.Helper()

	receipt, err := j.Apply(t.Context(), c)
	if err != nil {
		t.Fatalf("Apply(%s): %v", c.Key, err)
	}

	return receipt
}

// visitOf reads what the record holds, from the record.
func visitOf(t *testing.T, sim *fhirsim.Server, c ehr.Change) fhirsim.Visit {
	t.Helper()

	visit, ok := sim.Visit(fhir.VisitIdentifier(c.Source))
	if !ok {
		t.Fatalf("the record holds nothing of %s", c.Source.ID)
	}

	return visit
}

// TestConformance runs the port's suite against every habit of a FHIR server that a setting
// or a fall-back answers.
func TestConformance(t *testing.T) {
	t.Parallel()

	strict := func(o fhirsim.Options) fhirsim.Options {
		o.Calm, o.Strict = true, true

		return o
	}

	for _, test := range []struct {
		name    string
		options fhirsim.Options
		change  func(*fhir.Config)
	}{
		{name: "Plain"},
		{"StrongETags", fhirsim.Options{ETag: fhirsim.StrongETags}, func(c *fhir.Config) { c.ETag = fhir.ETagStrong }},
		{name: "MinimalReturn", options: fhirsim.Options{MinimalReturn: true}},
		{name: "RevincludeIgnored", options: fhirsim.Options{NoRevinclude: true}},
		{"OneByOne", fhirsim.Options{}, func(c *fhir.Config) { c.NoRevinclude = true }},
		{"LookFirst", fhirsim.Options{}, func(c *fhir.Config) { c.LookFirst = true }},
		{"NoPlannedEncounter", fhirsim.Options{}, func(c *fhir.Config) { c.SkipPlannedEncounter = true }},
		{name: "Token", options: fhirsim.Options{Clients: []fhirsim.Client{{ID: "sluse", Secret: "test-sluse"}}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()

			ehrtest.RunJournal(t, func(t *testing.T) ehrtest.Record {
				t.Helper()

				b := setup(t, strict(test.options), test.change)
				t.Cleanup(func() { noHarm(t, b.sim) })

				return record(t, b)
			})
		})
	}
}

func record(t *testing.T, b testBundle) ehrtest.Record {
	t.Helper()

	return ehrtest.Record{
		Journal: b.journal,
		Another: func(t *testing.T) ehr.Journal { t.Helper(); return open(t, b.config) },
		Planned: plannedMany(t, 4),
		Entries: func(t *testing.T, c ehr.Change) []care.EntryKind {
			t.Helper()

			var kinds []care.EntryKind
			for _, e := range b.sim.Entries(fhir.VisitIdentifier(c.Source)) {
				kinds = append(kinds, care.EntryKind(e.Kind))
			}

			return kinds
		},
		// A cancelled Appointment is no visit in the record's calendar: nothing is shown.
		State: func(t *testing.T, c ehr.Change) ehrtest.State {
			t.Helper()

			visit, _ := b.sim.Visit(fhir.VisitIdentifier(c.Source))
			if len(visit.Appointments) == 0 || visit.Appointments[0].Status == "cancelled" {
				return ehrtest.State{}
			}

			return ehrtest.State{Category: visit.Appointments[0].Category, Comment: visit.Appointments[0].Comment}
		},
	}
}

// noHarm checks what must hold in a record whatever was done to it.
func noHarm(t *testing.T, sim *fhirsim.Server) {
	t.Helper()

	totals := sim.Totals()
	if totals.DuplicateResources != 0 || totals.DuplicateEntries != 0 {
		t.Errorf("%d duplicate resources, %d duplicate entries", totals.DuplicateResources, totals.DuplicateEntries)
	}

	if leaks := sim.Leaks(); len(leaks) != 0 {
		t.Errorf("person numbers in addresses or headers of %v", leaks)
	}

	for _, r := range sim.Requests() {
		if r.Op == fhirsim.OpUnbuilt || r.Status == http.StatusUnprocessableEntity || r.Status == http.StatusBadRequest {
			t.Errorf("the record refused %s", r)
		}
	}
}
