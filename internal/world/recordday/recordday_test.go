package recordday_test

import (
	"context"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/fhir"
	"github.com/sluse/sluse/ehr/fhir/fhirsim"
	"github.com/sluse/sluse/ehr/nexus"
	"github.com/sluse/sluse/ehr/nexus/nexussim"
	"github.com/sluse/sluse/internal/world/recordday"
	"github.com/sluse/sluse/scheduler/care"
)

func noon() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

// planned is what a planner sees of a row, whatever it was read from.
type planned struct {
	Start, End                                                      time.Time
	List, Employee, CPR, Phone, Name, Service, Law, Category, Words string
}

func shown(rows []ehr.Row) []planned {
	var out []planned
	for _, r := range rows {
		out = append(out, planned{
			r.Planned.Start.UTC(), r.Planned.End.UTC(), r.ListName, string(r.Employee), r.CPR.Reveal(), r.Phone.Reveal(), r.Name, r.Service, string(r.Law), r.Category, r.Comment,
		})
	}

	return out
}

func sample(t *testing.T) []ehr.Row {
	t.Helper()

	data, err := os.ReadFile("../../demo/koreliste-dag.csv")
	if err != nil {
		t.Fatal(err)
	}

	rows, err := recordday.Read(t.Context(), ehr.File{Name: "koreliste-dag.csv", Data: data})
	if err != nil || len(rows) != 60 {
		t.Fatalf("%d rows: %v", len(rows), err)
	}

	return rows
}

// read reads the day back through a record's adapter.
func read(t *testing.T, source ehr.ListSource) []ehr.Row {
	t.Helper()

	all, err := source.Lists(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	var rows []ehr.Row

	for _, list := range all {
		got, err := source.Read(t.Context(), list, care.Day("2026-11-23").Bounds())
		if err != nil {
			t.Fatal(err)
		}

		for i := range got.Rows {
			got.Rows[i].ListName = list.Name
		}

		rows = append(rows, got.Rows...)
	}

	return rows
}

func equal(t *testing.T, want, got []ehr.Row) {
	t.Helper()

	phones := map[care.CPR]care.Phone{} // a record has one of each citizen
	for i, r := range want {
		if phones[r.CPR].IsZero() {
			phones[r.CPR] = r.Phone
		}

		want[i].Phone = phones[r.CPR]
	}

	byStart := cmp.Transformer("byStart", func(all []planned) map[string]planned {
		out := map[string]planned{}
		for _, p := range all {
			out[p.Start.Format(time.TimeOnly)+p.Employee] = p
		}

		return out
	})
	if diff := cmp.Diff(shown(want), shown(got), byStart); diff != "" || len(want) != len(got) {
		t.Errorf("%d rows, want %d: %s", len(got), len(want), diff)
	}
}

// TestFHIR reads back from the record what stood in the file.
func TestFHIR(t *testing.T) {
	t.Parallel()

	rows := sample(t)

	sim, err := fhirsim.New(fhirsim.Options{Clock: noon, Calm: true, Strict: true})
	if err != nil {
		t.Fatal(err)
	}

	placed, err := recordday.FHIR(sim, rows)
	if err != nil || len(placed) != len(rows) {
		t.Fatalf("%d placed: %v", len(placed), err)
	}

	urls, err := sim.Start(t.Context(), "127.0.0.1:0", "")
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = sim.Close() })

	c := fhir.Config{BaseURL: urls.FHIR, Lists: fhir.Lists{By: fhir.ByLocation}}
	c.SetDefaults()

	journal, err := fhir.New(c, fhir.Options{Now: noon})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(journal.Close)
	equal(t, rows, read(t, journal))
}

// TestNexus reads back from the record what stood in the file.
func TestNexus(t *testing.T) {
	t.Parallel()

	rows := sample(t)

	sim, err := nexussim.New(nexussim.Options{Clock: noon, Calm: true, Strict: true, Wait: func(context.Context, time.Duration) {}})
	if err != nil {
		t.Fatal(err)
	}

	placed, err := recordday.Nexus(sim, rows)
	if err != nil || len(placed) != len(rows) {
		t.Fatalf("%d placed: %v", len(placed), err)
	}

	urls, err := sim.Start(t.Context(), "127.0.0.1:0", "")
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = sim.Close() })

	root, err := url.Parse(urls.API)
	if err != nil {
		t.Fatal(err)
	}

	c := nexus.Config{
		Instance: urls.Instance, IAMURL: urls.IAM, APIURL: root.Scheme + "://" + root.Host, ClientID: "sluse", ClientSecret: care.NewSecret("test-sluse"),
	}
	c.SetDefaults()

	record, err := nexus.New(c, nexus.Options{Now: noon})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(record.Close)
	equal(t, rows, read(t, record))
}
