package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/internal/web"
	"github.com/sluse/sluse/internal/web/route"
)

// TestVisitCode walks through the page on which a visit code is typed.
func TestVisitCode(t *testing.T) {
	t.Parallel()

	b := setup(t)
	if page := b.get(t, nil, "/skaerm", http.StatusOK); !strings.Contains(page, "Skriv din kode") || !strings.Contains(page, "70 20 00 00") {
		t.Error("no page, or no help on it")
	}

	try := func(path, code string) (int, http.Header, string) {
		w := b.do(t, form(testby, path, url.Values{"kode": {code}}))

		return w.Code, w.Header(), w.Body.String()
	}

	for _, code := range []string{"", "1", "483921508", "483 921 507 1", strings.Repeat("9", 5000), "<b>"} {
		status, header, body := try("/skaerm", code)
		if status != http.StatusUnprocessableEntity || !strings.Contains(body, "Koden virker ikke") || header.Get("Set-Cookie") != "" {
			t.Errorf("%.20q: %d", code, status)
		}

		if code == "483921508" && strings.Contains(body, "483") {
			t.Error("the code comes back")
		}
	}

	if status, _, body := try("/skaerm?sprog=en", "1"); status != http.StatusUnprocessableEntity || !strings.Contains(body, "The code does not work") {
		t.Errorf("English: %d", status)
	}

	if status, header, body := try("/skaerm", "111 111 111"); status != http.StatusOK || !strings.Contains(body, "kl. 08.45") || header.Get("Set-Cookie") != "" {
		t.Errorf("early: %d", status)
	}

	status, header, _ := try("/skaerm?sprog=en", " 483-921 507.")
	if status != http.StatusSeeOther || header.Get("Location") != "/b?sprog=en" || !strings.HasPrefix(header.Get("Set-Cookie"), "__Host-sluse-borger=session-code;") {
		t.Errorf("right: %d %v", status, header)
	}
}

// TestVisitCodesCantBeTriedOut: ten wrong codes from one network, and the page says to wait; right ones
// count nothing.
func TestVisitCodesCantBeTriedOut(t *testing.T) {
	t.Parallel()

	b, _ := limited(t, only(route.Guess, web.Budget{Network: 10, All: 120, Per: time.Hour}))
	try := func(code, from string) int {
		return b.from(t, form(testby, "/skaerm", url.Values{"kode": {code}}), from).Code
	}

	for range 30 {
		if got := try("483921507", "192.0.2.1"); got != http.StatusSeeOther {
			t.Fatalf("a right code: %d", got)
		}
	}

	for i := range 10 {
		if got := try("1", "192.0.2.1"); got != http.StatusUnprocessableEntity {
			t.Fatalf("wrong code %d: %d", i, got)
		}
	}

	if got := try("1", "192.0.2.1"); got != http.StatusTooManyRequests {
		t.Errorf("11th wrong code: %d", got)
	}

	if got := try("1", "198.51.100.1"); got != http.StatusUnprocessableEntity {
		t.Errorf("another network: %d", got)
	}
}
