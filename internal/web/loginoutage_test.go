package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// TestLoginOutageIsTold: citizens read in plain words that MitID does not work and that they are not
// lost; employees read it above every page.
func TestLoginOutageIsTold(t *testing.T) {
	t.Parallel()

	b := setup(t)
	c := b.enter(t)
	staff := b.as(t, testby, "MSK", care.Caregiver)

	for _, stage := range []scheduler.CitizenStage{scheduler.StageLanding, scheduler.StageIdentify, scheduler.StageCode} {
		b.use[testby].citizen = scheduler.CitizenView{Stage: stage, CodeLeft: 1, LoginsDown: []string{"MitID"}}

		if body := b.get(t, c, "/b", http.StatusOK); !strings.Contains(body, "MitID virker ikke lige nu.") || !strings.Contains(body, "ringer vi til dig") {
			t.Errorf("%s: the page does not tell", stage)
		}

		if body := b.get(t, c, "/b?sprog=en", http.StatusOK); !strings.Contains(body, "MitID does not work right now.") {
			t.Errorf("%s: the English page does not tell", stage)
		}
	}

	b.use[testby].loginAlarm = "MitID virker ikke siden kl. 08.10."
	if body := b.get(t, staff, "/min-dag", http.StatusOK); !strings.Contains(body, "MitID virker ikke siden kl. 08.10.") {
		t.Error("the employees' page does not tell")
	}
}

// TestLoginPageInAnOutage: while the employees' provider is down the page for logins tells, leads to
// the emergency door when that is open, and lets people try all the same.
func TestLoginPageInAnOutage(t *testing.T) {
	t.Parallel()

	b := setup(t)
	if w := b.do(t, request(http.MethodGet, testby, "/login?til=/dagen")); w.Code != http.StatusSeeOther {
		t.Errorf("login: %d", w.Code)
	}

	const door = `href="/noedadgang"`

	for _, open := range []bool{true, false} {
		b.use[testby].staffDown, b.closed[testby] = true, !open

		body := b.get(t, nil, "/login?til=/dagen", http.StatusServiceUnavailable)
		if !strings.Contains(body, "Kommunens login virker ikke lige nu") || !strings.Contains(body, `href="/login?alligevel=1&amp;til=%2Fdagen"`) || strings.Contains(body, door) != open {
			t.Errorf("open %t: the page is\n%s", open, body)
		}

		if strings.Contains(b.get(t, nil, "/logget-af", http.StatusOK), door) != open {
			t.Errorf("open %t: who logged out reads otherwise", open)
		}
	}

	if w := b.do(t, request(http.MethodGet, testby, "/login?alligevel=1&til=%2Fdagen")); w.Code != http.StatusSeeOther {
		t.Errorf("all the same: %d", w.Code)
	}
}

// TestOutageWaysPage: an administrator opens and closes the ways of an outage, with a fresh login.
func TestOutageWaysPage(t *testing.T) {
	t.Parallel()

	b := setup(t)
	admin := b.as(t, testby, "SYS", care.Administrator)

	for _, text := range []string{"Borgernes login", "MitID viser en fejlside.", "Slå nødmåder fra", "Medarbejdernes login", "12 timer"} {
		if !strings.Contains(b.get(t, admin, "/forbindelser/noedmaader", http.StatusOK), text) {
			t.Errorf("the page does not say %q", text)
		}
	}

	w := b.post(t, admin, "/forbindelser/noedmaader", url.Values{"hvem": {"staff"}, "timer": {"4"}}, http.StatusUnprocessableEntity)
	if body := w.Body.String(); !strings.Contains(body, "Skriv hvorfor") || !strings.Contains(body, `<option value="4" selected>`) {
		t.Errorf("what was typed is gone:\n%s", body)
	}

	b.post(t, admin, "/forbindelser/noedmaader", url.Values{"hvem": {"staff"}, "timer": {"4"}, "begrundelse": {"AD FS viser en fejl."}}, http.StatusSeeOther)
	b.post(t, admin, "/forbindelser/noedmaader/slut", url.Values{"hvem": {"citizens"}}, http.StatusSeeOther)

	if !strings.Contains(b.get(t, admin, "/forbindelser", http.StatusOK), "/forbindelser/noedmaader") {
		t.Error("no way to the page")
	}

	leader := b.as(t, testby, "LED", care.Leader)
	if strings.Contains(b.get(t, leader, "/forbindelser", http.StatusOK), "/forbindelser/noedmaader") {
		t.Error("a leader is offered what only administrators may")
	}

	b.get(t, leader, "/forbindelser/noedmaader", http.StatusForbidden)

	*b.now = b.now.Add(time.Hour) // the login is no longer fresh
	b.post(t, admin, "/forbindelser/noedmaader/slut", url.Values{"hvem": {"citizens"}}, http.StatusUnauthorized)
}
