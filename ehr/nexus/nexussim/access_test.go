package nexussim_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/ehr/nexus/nexussim"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	b := setup(t, nexussim.Options{})
	for name, test := range map[string]struct {
		form  url.Values
		basic bool
		want  int
	}{
		"basic":          {url.Values{"grant_type": {"client_credentials"}}, true, 200},
		"no credentials": {url.Values{"grant_type": {"client_credentials"}}, false, 401},
		"wrong secret":   {url.Values{"grant_type": {"client_credentials"}, "client_id": {"sluse"}, "client_secret": {"no"}}, false, 401},
		"other grant":    {url.Values{"grant_type": {"password"}}, true, 400},
		"no refresh":     {url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}}, true, 400},
	} {
		req := b.request(http.MethodPost, b.urls.Token, test.form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
		req.Header.Del("Authorization")
		if test.basic {
			req.SetBasicAuth("sluse", "test-sluse")
		}
		if got := b.do(req); got.status != test.want {
			t.Errorf("%s: %d, want %d: %s", name, got.status, test.want, got.raw)
		}
	}
	first := b.form(url.Values{"grant_type": {"client_credentials"}, "client_id": {"sluse"}, "client_secret": {"test-sluse"}}).body
	b.token = str(first, "access_token")
	b.home()
	b.sim.Advance(5 * time.Minute)
	b.call(http.StatusUnauthorized, http.MethodGet, b.urls.API, nil)
	renew := url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {str(first, "refresh_token")}, "client_id": {"sluse"}, "client_secret": {"test-sluse"},
	}
	b.token = str(b.form(renew).body, "access_token")
	b.home()
	if again := b.form(renew); again.status != http.StatusBadRequest {
		t.Errorf("a refresh token was taken twice: %d", again.status)
	}
	b.token = str(first, "refresh_token")
	b.call(http.StatusUnauthorized, http.MethodGet, b.urls.API, nil)
	b.login()
	b.sim.ExpireTokens()
	b.call(http.StatusUnauthorized, http.MethodGet, b.urls.API, nil)
}

func TestNoSecretInTheHistory(t *testing.T) {
	t.Parallel()
	b := setup(t, nexussim.Options{})
	b.patient(nancy)
	for _, r := range b.sim.Requests() {
		all := r.String() + r.Body + strings.Join(r.Headers, "\n")
		if strings.Contains(all, "test-sluse") || strings.Contains(all, b.token) {
			t.Errorf("a secret in %s", r)
		}
		if r.Op == nexussim.OpPatientSearch && (r.Client != "sluse" || r.Bearer == "" || r.Status != http.StatusOK) {
			t.Errorf("history: %+v", r)
		}
	}
}

func TestRightsDecideWhichRelsAppear(t *testing.T) {
	t.Parallel()
	b := setup(t, nexussim.Options{})
	b.visit(nil)
	event := b.event().body
	update, search := rel(event, "update"), rel(b.home(), "patientDetailsSearch")
	if err := b.sim.SetRights("sluse", nexussim.ReadLists); err != nil {
		t.Fatal(err)
	}
	home := b.home()
	if rel(home, "preferences") == "" || rel(home, "patientDetailsSearch") != "" || rel(home, "patientGrantById") != "" {
		t.Errorf("home: %v", home)
	}
	if rel(b.event().body, "update") != "" {
		t.Error("update without the right")
	}
	b.call(http.StatusForbidden, http.MethodPut, update, event)
	b.call(http.StatusForbidden, http.MethodPost, search, map[string]any{"businessKey": nancy, "keyType": "CPR"})
	if err := b.sim.SetRights("sluse"); err != nil {
		t.Fatal(err)
	}
	if lists := items(b.get(rel(b.home(), "preferences")).body, "CROSS_CITIZEN_CALENDAR"); len(lists) != 0 {
		t.Errorf("lists without the right: %v", lists)
	}
	if b.sim.SetRights("sluse", "everything") == nil || b.sim.SetRights("nobody") == nil {
		t.Error("an unknown right or client was taken")
	}
}

func TestRelsCanBeTakenAwayAndPlanted(t *testing.T) {
	t.Parallel()
	b := setup(t, nexussim.Options{})
	b.visit(nil)
	b.sim.TakeAway("update")
	if rel(b.event().body, "update") != "" {
		t.Error("the rel is still there")
	}
	b.sim.GiveBack("update")
	b.sim.Plant("update", "https://thief.example")
	if href := rel(b.event().body, "update"); !strings.HasPrefix(href, "https://thief.example/api/") {
		t.Errorf("not planted: %s", href)
	}
	b.sim.Plant("update", "")
	if href := rel(b.event().body, "update"); strings.Contains(href, "thief") {
		t.Errorf("still planted: %s", href)
	}
}

func TestFormsOfHrefs(t *testing.T) {
	t.Parallel()
	for form, want := range map[nexussim.HrefForm]string{
		nexussim.HrefsAbsolute: "http://nexus.example/api/", nexussim.HrefsPort: "http://nexus.example:80/api/", nexussim.HrefsRelative: "/api/", nexussim.HrefsMixed: "",
	} {
		b := setup(t, nexussim.Options{Quirks: nexussim.Quirks{Hrefs: form}})
		req := b.request(http.MethodGet, b.urls.API, nil)
		req.Host = "nexus.example"
		if href := rel(b.do(req).body, "self"); !strings.HasPrefix(href, want) {
			t.Errorf("%s: %s", form, href)
		}
		req = b.request(http.MethodGet, b.urls.API, nil, "X-Forwarded-Proto", "https")
		req.Host = "nexus.example"
		if href := rel(b.do(req).body, "self"); form == nexussim.HrefsPort && !strings.HasPrefix(href, "https://nexus.example:443/api/") {
			t.Errorf("%s: %s", form, href)
		}
	}
	b := setup(t, nexussim.Options{})
	forms := map[bool]int{}
	for name := range b.patient(nancy)["_links"].(map[string]any) {
		forms[strings.HasPrefix(rel(b.patient(nancy), name), "/")]++
	}
	if forms[true] == 0 || forms[false] == 0 {
		t.Errorf("not mixed: %v", forms)
	}
}

func TestPathsDifferFromSeedToSeed(t *testing.T) {
	t.Parallel()
	one, two := setup(t, nexussim.Options{Seed: 1}), setup(t, nexussim.Options{Seed: 2})
	path := func(b *bundle) string { return strings.TrimPrefix(rel(b.home(), "patientDetailsSearch"), "http://") }
	if _, a, _ := strings.Cut(path(one), "/v2/"); strings.HasSuffix(path(two), a) {
		t.Errorf("the same path %s", a)
	}
}

func TestCitizens(t *testing.T) {
	t.Parallel()
	b := setup(t, nexussim.Options{})
	search := rel(b.home(), "patientDetailsSearch")
	forms := map[int]bool{}
	for _, c := range b.sim.Citizens() {
		for _, number := range []string{c.CPR, c.CPR[:6] + "-" + c.CPR[6:]} {
			got := b.call(http.StatusOK, http.MethodPost, search, map[string]any{"businessKey": number, "keyType": "CPR"}).body
			identifier, _ := got["patient"].(map[string]any)["patientIdentifier"].(map[string]any)
			forms[len(str(identifier, "identifier"))] = true
		}
	}
	if !forms[10] || !forms[11] {
		t.Errorf("CPR numbers are not mixed: %v", forms)
	}
	b.call(http.StatusNotFound, http.MethodPost, search, map[string]any{"businessKey": "0101010101", "keyType": "CPR"})
	b.call(http.StatusBadRequest, http.MethodPost, search, map[string]any{"businessKey": nancy})
	if err := b.sim.EditCitizen(nancy, func(c *nexussim.Citizen) {
		c.Hidden = true
	}); err != nil {
		t.Fatal(err)
	}
	if got := b.call(http.StatusOK, http.MethodPost, search, map[string]any{"businessKey": nancy, "keyType": "CPR"}).body; got["isPatientAccessible"] != false || got["patient"] != nil {
		t.Errorf("hidden: %v", got)
	}
	if err := b.sim.EditCitizen(bruno, func(c *nexussim.Citizen) {
		c.RestrictedPhones, c.Address.Restricted, c.AllowVideo, c.State = true, true, true, nexussim.Dead
	}); err != nil {
		t.Fatal(err)
	}
	p := b.patient(bruno)
	video, _ := p["nexusVideoConfiguration"].(map[string]any)
	address, _ := p["primaryAddress"].(map[string]any)
	state, _ := p["patientState"].(map[string]any)["type"].(map[string]any)
	if p["telephonesRestricted"] != true || str(p, "mobileTelephone") == "" || video["allowVideoCalls"] != true || address["restricted"] != true || str(state, "id") != "DEAD" {
		t.Errorf("patient: %v", p)
	}
	if b.sim.EditCitizen(bruno, func(c *nexussim.Citizen) { c.State = "AWAY" }) == nil {
		t.Error("an unknown state was taken")
	}
	if err := b.sim.Admit("0101010101"); err == nil {
		t.Error("no test citizen, and yet")
	}
	if found := b.get(rel(b.home(), "searchPatients") + "?query=berggren&maxResults=3").list; len(found) != 3 {
		t.Errorf("%d found by name", len(found))
	}
}

func TestErrorsGiveTooMuchAway(t *testing.T) {
	t.Parallel()
	b := setup(t, nexussim.Options{})
	search := rel(b.home(), "patientDetailsSearch")
	if err := b.sim.Script(nexussim.Fault{Kind: nexussim.FaultServerError, Op: nexussim.OpPatientSearch}); err != nil {
		t.Fatal(err)
	}
	got := b.call(http.StatusInternalServerError, http.MethodPost, search, map[string]any{"businessKey": nancy, "keyType": "CPR"})
	if !strings.Contains(got.raw, "251248-9996") {
		t.Errorf("nothing to leak: %s", got.raw)
	}
}

func TestUnknownPath(t *testing.T) {
	t.Parallel()
	b := setup(t, nexussim.Options{})
	b.call(http.StatusNotFound, http.MethodGet, "patients/1", nil)
	if got := b.sim.Calls()[nexussim.OpUnbuilt]; got != 1 {
		t.Errorf("%d unbuilt calls", got)
	}
}
