package demo

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sluse/sluse/internal/world"
)

// TestProviderDown takes each provider down and up again by the page's buttons, and sees that the
// program has noticed.
func TestProviderDown(t *testing.T) {
	t.Parallel()

	d := startWith(t, Options{EID: world.Providers})

	front, err := d.ServeFront(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	convertAll(t, d)

	ask(t, http.MethodPost, front+"ur", "same-origin", url.Values{"til": {"naeste"}})

	planner, err := d.login(t.Context(), "PLAN")
	if err != nil {
		t.Fatal(err)
	}

	// What people read while a provider is down.
	reads := func(key string) bool {
		path, says := strings.TrimPrefix(d.ahead()[0].Link, d.Base), "MitID virker ikke"

		switch key {
		case staffSwitch:
			path, says = "/dagen", "Login for medarbejdere virker ikke"
		case world.BrokerKey:
			says = "MitID (anden udbyder) virker ikke"
		}

		page, err := planner.do(t.Context(), http.MethodGet, path, "", nil)
		if err != nil {
			t.Fatal(err)
		}

		return strings.Contains(string(page.body), says)
	}

	turn := func(who, down, origin string) answer {
		return ask(t, http.MethodPost, front+"udbyder", origin, url.Values{"hvem": {who}, "nede": {down}})
	}

	if got := turn("login", "ja", "cross-site"); got.status != http.StatusForbidden || d.World.IDP.State().Down != "" {
		t.Errorf("from another site: %d", got.status)
	}

	if got := turn("nemid", "ja", "same-origin"); !strings.Contains(got.location, "besked=") {
		t.Errorf("an unknown provider leads to %s", got.location)
	}

	for _, s := range d.switches() {
		for _, down := range []string{"ja", ""} {
			if got := turn(s.Key, down, "same-origin"); got.location != "/" {
				t.Fatalf("%s: %d %s", s.Key, got.status, got.location)
			}

			page := string(ask(t, http.MethodGet, front, "", nil).body)
			if shown := strings.Contains(page, s.Name+"</strong> <span class=\"bad\">er nede"); shown != (down != "") {
				t.Errorf("%s: the page tells that it is down: %v", s.Key, shown)
			}

			if told := reads(s.Key); told != (down != "") {
				t.Errorf("%s: people read that it is down: %v", s.Key, told)
			}
		}
	}
}
