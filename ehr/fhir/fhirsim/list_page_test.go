package fhirsim_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/ehr/fhir/fhirsim"
)

func (b testBundle) page(t *testing.T, path string) string {
	t.Helper()

	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}

	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()

	page, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s, %v", path, response.Status, err)
	}

	return string(page)
}

// TestListPage: each list has its own visits, by employee, with the category's colour, its sign and the
// comment; what a client made of its own stands by itself, and no page shows a person number.
func TestListPage(t *testing.T) {
	t.Parallel()

	b := setup(t, fhirsim.Options{Calm: true})
	start := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)

	var visits []fhirsim.NewVisit
	for i, category := range []string{"", "Planlagt skærmbesøg", "Udført skærmbesøg", "Ikke gennemført skærmbesøg", "Telefonisk", "Møde"} {
		visits = append(visits, fhirsim.NewVisit{
			CPR: "0504909995", Name: "Magnus Lauridsen", Start: start.Add(time.Duration(i) * time.Hour), End: start.Add(time.Duration(i)*time.Hour + 20*time.Minute),
			Employee: []string{"LBH", "MSK", ""}[i%3], Service: "Psykisk støtte", Law: "SEL § 85", Category: category, Comment: "<b>Ring</b>", Cancelled: category == "Møde",
		})
	}

	if _, err := b.sim.Load(fhirsim.Day{List: "Øst dag", Visits: visits}); err != nil {
		t.Fatal(err)
	}

	b.send(t, http.MethodPost, "/fhir/Appointment", appointment(nil))

	page := b.page(t, "/koereliste?dato=2026-11-24")
	for _, want := range []string{
		"<h1>Øst dag, tirsdag den 24. november 2026</h1>", "6 besøg", "Medarbejder LBH", "Ikke tildelt", "09.00–09.20", "Magnus Lauridsen, SEL § 85", "&lt;b&gt;Ring",
		`"visit physical"`, `"visit planned"`, `"visit done"`, `"visit not-done"`, `"visit phone"`, `"visit off"`, "▣</span> Planlagt skærmbesøg", "Aflyst",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the list lacks %q", want)
		}
	}

	if b.page(t, "/koereliste") != page {
		t.Error("without a day the list is not that of its first visit")
	}

	if empty := b.page(t, "/koereliste?dato=2026-11-25"); !strings.Contains(empty, "ingen besøg på listen") {
		t.Error("an empty day does not say so")
	}

	own := b.page(t, "/koereliste?"+url.Values{"liste": {"uden"}}.Encode())
	if !strings.Contains(own, "1 besøg.") || !strings.Contains(own, "Hvad Sluse har skrevet") {
		t.Error("a client's own Appointment is on no list")
	}

	for _, text := range []string{page, own} {
		if strings.Contains(text, "0504909995") || strings.Contains(text, "2512489996") || strings.Contains(text, "<script") {
			t.Error("a page shows a person number or a script")
		}
	}
}
