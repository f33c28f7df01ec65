package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sluse/sluse/scheduler/care"
)

// TestDeletionPages: what each page of deletion says, and what it never says.
func TestDeletionPages(t *testing.T) {
	t.Parallel()

	b := setup(t)
	leader, auditor := b.as(t, testby, "LED", care.Leader), b.as(t, testby, "REV", care.Auditor)

	for path, texts := range map[string][]string{
		"/besoeg/slettet":     {"Slettet her, findes i journalen", "visit/4711", "version 7", "01e2a9b3"},
		"/besoeg/beholdt":     {"Sat på hold", "En pårørende klager", "/besoeg/beholdt/slip"},
		"/borgere/c1/forloeb": {"Afslut forløbet", "30 dage"},
		"/borgere/c2/forloeb": {"Forløbet er afsluttet", "Flyttet fra kommunen.", "genoptag"},
		"/borgere/c3/forloeb": {"kan ikke afsluttes nu", "planlagte besøg"},
		"/borgere/c1":         {"/borgere/c1/forloeb"},
	} {
		body := b.get(t, leader, path, http.StatusOK)
		for _, text := range texts {
			if !strings.Contains(body, text) {
				t.Errorf("%s does not say %q", path, text)
			}
		}

		if path == "/besoeg/slettet" && (strings.Contains(body, "Personnummer") || strings.Contains(body, "Ret resultatet") || strings.Contains(body, "Ændr besøget")) {
			t.Errorf("%s offers what is gone", path)
		}
	}

	for path, text := range map[string]string{
		"/sletninger": "Kontrollér mod journalen", "/sletninger?fra=2026-12-24": "Ingen sletninger", "/sletninger?side=2&fra=2026-11-01": "side=3",
		"/sletninger.csv": "Resultat: =form/815",
	} {
		if body := b.get(t, auditor, path, http.StatusOK); path != "/sletninger?side=2&fra=2026-11-01" && !strings.Contains(body, text) {
			t.Errorf("%s does not say %q", path, text)
		}
	}

	b.get(t, auditor, "/sletninger?side=x", http.StatusUnprocessableEntity)
	b.get(t, auditor, "/sletninger?fra=i-gaar", http.StatusUnprocessableEntity)
}

// TestDeletionActions: what is posted, what is refused, and that a number stands in no page.
func TestDeletionActions(t *testing.T) {
	t.Parallel()

	b := setup(t)
	leader, auditor := b.as(t, testby, "LED", care.Leader), b.as(t, testby, "REV", care.Auditor)
	why := url.Values{"begrundelse": {"Klage"}}

	b.post(t, leader, "/besoeg/beholdt/behold", why, http.StatusSeeOther)
	b.post(t, leader, "/besoeg/beholdt/behold", nil, http.StatusUnprocessableEntity)
	b.post(t, leader, "/besoeg/beholdt/slip", nil, http.StatusSeeOther)
	b.post(t, leader, "/borgere/c1/forloeb", why, http.StatusSeeOther)
	b.post(t, leader, "/borgere/c1/forloeb", nil, http.StatusUnprocessableEntity)
	b.post(t, leader, "/borgere/c2/forloeb/genoptag", nil, http.StatusSeeOther)

	check := func(visit, number string, want int) string {
		return b.post(t, auditor, "/sletninger", url.Values{"besoeg": {visit}, "cpr": {number}, "indsats": {"Medicin"}}, want).Body.String()
	}

	for _, c := range []struct {
		visit, number, text string
		want                int
	}{
		{"slettet", "251248-9996", "Det passer</h2>", http.StatusOK},
		{"slettet", "210300-9996", "Det passer ikke", http.StatusOK},
		{"b01", "251248-9996", "ikke slettet noget besøg", http.StatusUnprocessableEntity},
	} {
		if body := check(c.visit, c.number, c.want); !strings.Contains(body, c.text) || strings.Contains(body, c.number) {
			t.Errorf("%+v", c)
		}
	}
}
