package pexipsim_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector/video/pexip/pexipsim"
)

// walkIn posts the join form as a program.
func (b *bench) walkIn(t *testing.T, alias, name, pin string) answer {
	t.Helper()
	b.header.Set("Content-Type", "application/x-www-form-urlencoded")
	b.header.Set("Accept", "application/json")
	defer b.header.Del("Content-Type")
	defer b.header.Del("Accept")
	return b.do(t, http.MethodPost, "/webapp3/join", url.Values{"conference": {alias}, "name": {name}, "pin": {pin}}.Encode())
}

func (b *bench) page(t *testing.T, target string, want int, texts ...string) answer {
	t.Helper()
	a := b.do(t, http.MethodGet, target, "")
	if a.status != want {
		t.Errorf("%s: %d, want %d", target, a.status, want)
	}
	for _, s := range texts {
		if !strings.Contains(a.raw, s) {
			t.Errorf("%s lacks %q:\n%s", target, s, a.raw)
		}
	}
	return a
}

func TestTheWebApp(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.header = http.Header{"X": {"y"}}
	b.basic(pexipsim.DefaultPassword)
	path := b.book(t, "et", `"participant_limit":3`)
	b.page(t, "/webapp3/m/et-g", 404, "ikke åbnet endnu")
	b.page(t, "/webapp3/m/nowhere", 404, "Rummet findes ikke")
	b.Advance(time.Minute)
	for _, target := range []string{
		"/webapp3/m/et-g?pin=" + guestPIN + "&name=Else", "/webapp3/m/et-g/step-by-step?pin=" + guestPIN + "&name=Else",
		"/webapp/m/et-g/express?pin=" + guestPIN + "&name=Else", "/webapp/home/?conference=et-g&name=Else&pin=" + guestPIN,
		"/webapp/conference/et-g?name=Else&pin=" + guestPIN,
	} {
		a := b.page(t, target, 200, "Deltag", `value="`+guestPIN+`"`, `value="Else"`, `lang="da"`, "Simulator", "Ingen er her endnu")
		if csp := a.header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") {
			t.Errorf("CSP %q", csp)
		}
	}
	for pin, want := range map[string]int{"": 403, "1": 403, guestPIN: 200} {
		if a := b.walkIn(t, "et-g", "Else", pin); a.status != want {
			t.Errorf("PIN %q: %d", pin, a.status)
		}
	}
	b.header.Set("Content-Type", "application/x-www-form-urlencoded")
	in := b.do(t, http.MethodPost, "/webapp3/join", url.Values{"conference": {"et-g"}, "name": {"Kim"}, "pin": {guestPIN}}.Encode())
	own := in.header.Get("Location")
	b.page(t, own, 200, "Du venter på", "Forlad", "Else (gæst, venter)", "Værten er ikke kommet endnu")
	host := b.do(t, http.MethodPost, "/webapp3/join", url.Values{"conference": {"et-h"}, "name": {"Bo"}, "pin": {hostPIN}}.Encode())
	b.page(t, host.header.Get("Location"), 200, "Du er med som vært", "Afslut for alle", "Bo (vært)")
	b.page(t, own, 200, "Du er med som gæst")
	full := b.do(t, http.MethodPost, "/webapp3/join", url.Values{"conference": {"et-g"}, "pin": {guestPIN}}.Encode())
	if full.status != 409 || !strings.Contains(full.raw, "Rummet er fuldt") {
		t.Errorf("full: %d", full.status)
	}
	wrong := b.do(t, http.MethodPost, "/webapp3/join", url.Values{"conference": {"et-g"}, "pin": {"0"}}.Encode())
	if wrong.status != 403 || !strings.Contains(wrong.raw, "PIN-koden er forkert") {
		t.Errorf("wrong: %d", wrong.status)
	}
	u, err := url.Parse(own)
	must(t, err)
	mine := u.Query().Get("leg")
	if a := b.do(t, http.MethodPost, "/webapp3/leave", "leg="+mine); a.status != 303 {
		t.Errorf("leave: %d", a.status)
	}
	hu, err := url.Parse(host.header.Get("Location"))
	must(t, err)
	if a := b.do(t, http.MethodPost, "/webapp3/end", "leg="+hu.Query().Get("leg")); a.status != 303 {
		t.Errorf("end: %d", a.status)
	}
	b.header.Set("Accept", "application/json")
	if a := b.do(t, http.MethodPost, "/webapp3/leave", "leg="+mine); a.status != 404 {
		t.Errorf("leave twice: %d", a.status)
	}
	b.header.Del("Accept")
	b.header.Del("Content-Type")
	if r, _ := b.Room("et"); r.Running {
		t.Error("the conference goes on")
	}
	b.expect(t, 204, http.MethodDelete, path, "")
	b.Advance(time.Minute)
	b.page(t, "/webapp3/m/et-g", 404, "Rummet er lukket")
	b.page(t, "/webapp3/style.css", 200)
	if a := b.walkIn(t, "et-g", "Else", guestPIN); a.status != 404 {
		t.Errorf("after the end: %d", a.status)
	}
	if c := b.Counts(); c.RoomsWithBoth != 0 || c.RoomsJoined != 1 || c.Requests[pexipsim.OpWebApp] == 0 {
		t.Errorf("counts %+v", c)
	}
}

func TestNoLinkNamesAnotherHost(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.open(t, "et", "")
	a := b.page(t, "/webapp3/m/et-g", 200)
	if strings.Contains(a.raw, "://") || strings.Contains(a.raw, "<script") {
		t.Errorf("the page loads from elsewhere:\n%s", a.raw)
	}
	b.header.Set("Sec-Fetch-Site", "cross-site")
	if a := b.walkIn(t, "et-g", "Else", guestPIN); a.status != 403 {
		t.Errorf("from a foreign page: %d", a.status)
	}
}

func TestTheProbe(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.book(t, "et", "")
	const at = "/api/client/v2/conferences/et-g/request_token"
	b.expect(t, 404, http.MethodPost, at, `{"display_name":"probe"}`)
	b.Advance(time.Minute)
	a := b.expect(t, 403, http.MethodPost, at, `{"display_name":"probe"}`)
	if result, _ := a.object["result"].(map[string]any); result["pin"] != "required" || result["guest_pin"] != "required" {
		t.Errorf("probe: %s", a.raw)
	}
	b.expect(t, 403, http.MethodPost, at, `{"pin":"1"}`)
	b.expect(t, 501, http.MethodPost, at, `{"pin":"`+hostPIN+`"}`)
	if r, _ := b.Room("et"); len(r.Legs()) != 0 {
		t.Error("a probe makes no participant")
	}
}
