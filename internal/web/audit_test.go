package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

func TestAuditorsPages(t *testing.T) {
	t.Parallel()

	b := setup(t)
	auditor := b.as(t, testby, "REV", care.Auditor)

	body := b.get(t, auditor, "/revision?medarbejder=PLA&fra=2026-11-01&til=2026-11-23", http.StatusOK)
	for _, want := range []string{
		"Kom ind med nødadgang", "143 borgere i en liste", "Sverre Mosebryggersen", "192.0.2.7, login, Betydelig", "=Login er nede",
		"/revision?foer=2&amp;fra=2026-11-01&amp;medarbejder=PLA&amp;til=2026-11-23", "/revision.csv?fra=2026-11-01",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}

	if want := (scheduler.AuditQuery{Actor: "PLA", From: "2026-11-01", To: "2026-11-23", Limit: 100}); b.use[testby].audited != want {
		t.Errorf("asked for %+v", b.use[testby].audited)
	}

	if last := b.get(t, auditor, "/revision?foer=2", http.StatusOK); strings.Contains(last, "Ældre rækker") || !strings.Contains(last, "Systemet") {
		t.Error("the last page")
	}

	if w := b.post(t, auditor, "/revision", url.Values{"cpr": {"010490-9995"}}, http.StatusSeeOther); w.Header().Get("Location") != "/revision?borger=c1" {
		t.Errorf("a citizen leads to %s", w.Header().Get("Location"))
	}

	if body := b.post(t, auditor, "/revision", url.Values{"cpr": {"010490-9989"}}, http.StatusUnprocessableEntity).Body.String(); !strings.Contains(body, "Vi kender ingen borger") || strings.Contains(body, "010490") {
		t.Error("an unknown citizen")
	}

	b.get(t, auditor, "/revision?borger=c1", http.StatusOK)
	b.get(t, auditor, "/revision?fra=i-dag", http.StatusUnprocessableEntity)
	b.get(t, auditor, "/revision?foer=x", http.StatusUnprocessableEntity)

	file := b.get(t, auditor, "/revision.csv", http.StatusOK)
	if lines := strings.Split(strings.TrimSpace(file), "\r\n"); len(lines) != 4 || !strings.HasPrefix(lines[0], "\ufeffNr.;Tidspunkt;Hvem") || !strings.Contains(lines[1], ";'=Login er nede;") {
		t.Errorf("file:\n%s", file)
	}
}

// TestOriginsReachTheUseCases looks what the use cases see of where a request came from.
func TestOriginsReachTheUseCases(t *testing.T) {
	t.Parallel()

	b := setup(t)
	c := b.as(t, testby, "ADM", care.Administrator, care.ServiceDesk)
	b.as(t, testby, "ADM", care.Administrator, care.ServiceDesk)

	id := loginIDs(b.get(t, c, "/mine-logins", http.StatusOK))[0]
	b.post(t, c, "/mine-logins/afslut", url.Values{"login": {id}}, http.StatusSeeOther)

	rows := b.audit[testby].of("end_login")
	if len(rows) != 1 {
		t.Fatalf("audit: %+v", rows)
	}

	want := scheduler.Origin{Address: "192.0.2.1", Session: scheduler.ShortSession(hashOf(c.Value)), Level: care.HighAssurance, Method: scheduler.ByLogin}
	if rows[0].Origin != want {
		t.Errorf("origin %+v, want %+v", rows[0].Origin, want)
	}
}
