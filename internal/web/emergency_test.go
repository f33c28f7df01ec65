package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler/care"
)

var shownCode = regexp.MustCompile(`<p class="code bigcode">([^<]+)</p>`)

// code makes an emergency code for somebody in their own browser.
func (b *bundle) code(t *testing.T, c *http.Cookie) string {
	t.Helper()

	body := b.post(t, c, "/mine-logins/noedkode", nil, http.StatusOK).Body.String()

	m := shownCode.FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("no code:\n%s", body)
	}

	return m[1]
}

// TestEmergencyAccess plays the day on which the identity provider is down: codes made before, two
// people at one screen, an hour's work that is marked, and the administrator who signs it off.
func TestEmergencyAccess(t *testing.T) {
	t.Parallel()

	b := setup(t)
	b.directory[testby].set("PLA", false, care.Grant{Unit: "oest", Role: care.Planner}, care.Grant{Unit: "oest", Role: care.Administrator})
	b.directory[testby].set("LED", false, care.Grant{Unit: "oest", Role: care.Leader})

	planner, leader := b.as(t, testby, "PLA", care.Planner), b.as(t, testby, "LED", care.Leader)
	pla, led := b.code(t, planner), b.code(t, leader)

	if again := b.get(t, planner, "/mine-logins/noedkode", http.StatusOK); strings.Contains(again, pla) || !strings.Contains(again, "Du har en nødkode") {
		t.Error("the code is shown again, or not known")
	}

	*b.now = b.now.Add(30 * time.Hour) // everybody's session has ended
	b.get(t, planner, "/dagen", http.StatusSeeOther)

	fields := url.Values{"id": {"PLA"}, "kode": {pla}, "id2": {"LED"}, "kode2": {led}, "grund": {"Login er nede, borgeren venter"}}

	b.closed[testby] = true
	if body := b.get(t, nil, "/noedadgang", http.StatusOK); !strings.Contains(body, "Nødadgang er lukket") || strings.Contains(body, "<form method=\"post\" action=\"/noedadgang\"") {
		t.Error("the door is open although the login works")
	}

	b.do(t, form(testby, "/noedadgang", fields))
	b.closed[testby] = false

	wrong := url.Values{"id": {"PLA"}, "kode": {led}, "id2": {"LED"}, "kode2": {led}, "grund": {"Login er nede"}}
	if w := b.do(t, form(testby, "/noedadgang", wrong)); w.Code != http.StatusForbidden || sessionOf(w) != nil || strings.Contains(w.Body.String(), led) {
		t.Errorf("wrong codes: %d", w.Code)
	}

	w := b.do(t, form(testby, "/noedadgang", fields))
	inside := sessionOf(w)

	if w.Code != http.StatusSeeOther || inside == nil || inside.MaxAge > 3600 {
		t.Fatalf("two right codes: %d %v", w.Code, inside)
	}

	if body := b.get(t, inside, "/dagen", http.StatusOK); !strings.Contains(body, "Nødadgang: Du er inde uden login") {
		t.Error("no banner")
	}

	b.get(t, inside, "/administration/noedadgang", http.StatusForbidden) // the administrator's role is gone
	b.post(t, inside, "/mine-logins/noedkode", nil, http.StatusForbidden)

	if w := b.do(t, form(testby, "/noedadgang", fields)); w.Code != http.StatusForbidden {
		t.Errorf("codes open twice: %d", w.Code)
	}

	b.signOff(t)
	*b.now = b.now.Add(59 * time.Minute)
	b.get(t, inside, "/dagen", http.StatusOK)
	*b.now = b.now.Add(time.Minute)
	b.get(t, inside, "/dagen", http.StatusSeeOther)

	for _, row := range b.audit[testby].of("enter_emergency") {
		if row.Origin.Method != "emergency" || row.Reason != "Login er nede, borgeren venter" || row.Origin.Address == "" {
			t.Errorf("audit row: %+v", row)
		}
	}
}

// signOff has an administrator who took no part see to the use.
func (b *bundle) signOff(t *testing.T) {
	t.Helper()

	admin := b.as(t, testby, "ADM", care.Administrator)

	body := b.get(t, admin, "/administration/noedadgang", http.StatusOK)

	m := regexp.MustCompile(`name="brug" value="([^"]+)"`).FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("nothing to sign off:\n%s", body)
	}

	b.post(t, admin, "/administration/noedadgang/kvitter", url.Values{"brug": {m[1]}}, http.StatusSeeOther)

	if body := b.get(t, admin, "/administration/noedadgang?besked=kvitteret", http.StatusOK); !strings.Contains(body, "Intet at kvittere for") {
		t.Error("it is still there")
	}
}

func TestEmergencyIsLimited(t *testing.T) {
	t.Parallel()

	for _, r := range setup(t).handler.Routes("testby") {
		if r.Method == http.MethodPost && r.Path == "/noedadgang" && r.Limit.Class != route.Emergency {
			t.Errorf("class %q", r.Limit.Class)
		}
	}
}
