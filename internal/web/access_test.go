package web_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/internal/web"
	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler/care"
)

// path fills a route's pattern with ids that exist in the fakes.
func path(pattern, visit string) string {
	return strings.NewReplacer("/besoeg/:id", "/besoeg/"+visit, "/min-dag/:id", "/min-dag/"+visit, "/omlaegninger/:id", "/omlaegninger/b1",
		":list", "l2", ":ex", "x1", ":adm", "a1", ":locator", "abc", "/borgere/:id", "/borgere/c1", ":notat", "n3", "/opkald/:id", "/opkald/"+visit, ":kontakt", "k1", ":deltager", "p1", ":enhed", "d1", ":tavle", "t1", ":system", "video", ":medarbejder", "MSK", ":fil", "employees-1", ":tilknytning", "l1", ":forskel", "frecord_moved", ":koersel", "r2", "*file", "x/css/sluse.css").Replace(pattern)
}

// TestEveryRouteByRole walks every route with every role, without a login, and with the login of
// another municipality, and compares the answer with the table.
func TestEveryRouteByRole(t *testing.T) {
	t.Parallel()

	b := setup(t)
	visit := string(b.use[testby].rows[0].Visit.ID)
	foreign := b.as(t, nabokoeb, "NAB", care.Roles()...)
	roles := make(map[care.Role]*http.Cookie)

	for _, role := range care.Roles() {
		roles[role] = b.as(t, testby, "X"+string(role), role)
	}

	routes := b.handler.Routes("testby")
	if len(routes) < 40 {
		t.Fatalf("only %d routes", len(routes))
	}

	for _, r := range routes {
		if r.Stream || strings.HasPrefix(r.Path, "/saml/") || r.Path == "/login" || r.Path == "/logout" {
			continue
		}

		call := func(c *http.Cookie) int {
			req := form(testby, path(r.Path, visit), url.Values{"id": {visit}})
			if r.Method == http.MethodGet {
				req = request(http.MethodGet, testby, path(r.Path, visit))
			}

			if c != nil {
				req.AddCookie(c)
			}

			return b.do(t, req).Code
		}

		refused := http.StatusUnauthorized
		if r.Method == http.MethodGet {
			refused = http.StatusSeeOther
		}

		for name, c := range map[string]*http.Cookie{"nobody": nil, "another municipality": foreign} {
			if got := call(c); !r.Access.Anonymous() && got != refused {
				t.Errorf("%s %s as %s: %d, want %d", r.Method, r.Path, name, got, refused)
			}
		}

		for role, c := range roles {
			allowed := r.Access.Anonymous() || len(r.Access.Permissions()) == 0 ||
				slices.ContainsFunc(r.Access.Permissions(), func(p care.Permission) bool { return slices.Contains(care.RolesWith(p), role) })
			if got := call(c); (got == http.StatusForbidden) == allowed {
				t.Errorf("%s %s as %s: %d, allowed %v", r.Method, r.Path, role, got, allowed)
			}
		}
	}
}

func TestUndeclaredAccessIsClosed(t *testing.T) {
	t.Parallel()

	actor := care.Actor{Employee: "A", Grants: []care.Grant{{Unit: care.EveryUnit, Role: care.Leader}, {Unit: care.EveryUnit, Role: care.Planner}}}
	if (route.Access{}).Allows(actor) {
		t.Fatal("the zero Access lets somebody in")
	}

	if route.Staff().Allows(care.Actor{Employee: "A"}) {
		t.Fatal("an employee without any role is let in")
	}
}

// TestNothingCrossesMunicipalities takes what one municipality handed out to the other.
func TestNothingCrossesMunicipalities(t *testing.T) {
	t.Parallel()

	b := setup(t)
	b.use[testby].known["locator-a"] = true

	w := b.do(t, form(testby, "/b/locator-a", nil))
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/b" {
		t.Fatalf("enter: %d %s", w.Code, w.Header().Get("Location"))
	}

	session := w.Result().Cookies()[0]

	for name, r := range map[string]*http.Request{
		"locator": request(http.MethodGet, nabokoeb, "/b/locator-a"), "session": request(http.MethodGet, nabokoeb, "/b"),
	} {
		r.AddCookie(session)

		if got := b.do(t, r).Code; got != http.StatusNotFound {
			t.Errorf("%s of testby at nabokoeb: %d", name, got)
		}
	}
}

func TestEveryKindHasPageAndProblem(t *testing.T) {
	t.Parallel()

	want := map[care.Kind]int{
		care.Invalid: 422, care.NotFound: 404, care.Conflict: 409, care.Forbidden: 403, care.Unauthenticated: 401, care.Gone: 410,
		care.TooMany: 429, care.Unavailable: 503, care.Internal: 500,
	}

	b := setup(t)
	planner := b.as(t, testby, "PLA", care.Planner)

	for kind, status := range want {
		if got := web.Status(kind); got != status {
			t.Errorf("%s: %d, want %d", kind, got, status)
		}

		b.use[testby].fail = care.NewError(kind, "En sætning om fejlen.")
		w := b.post(t, planner, "/besoeg/x/fysisk", nil, status)

		if !strings.Contains(w.Body.String(), "En sætning om fejlen.") || !strings.Contains(w.Body.String(), "<h1>") {
			t.Errorf("%s: no page", kind)
		}

		if kind == care.TooMany && w.Header().Get("Retry-After") == "" {
			t.Error("429 without Retry-After")
		}
	}

	if got := web.Status(care.Kind(99)); got != 500 {
		t.Errorf("unknown kind: %d", got)
	}

	b.use[testby].fail = errors.New("password=hunter2")
	w := b.post(t, planner, "/besoeg/x/fysisk", nil, 500)

	if strings.Contains(w.Body.String(), "hunter2") || !strings.Contains(w.Body.String(), w.Header().Get("X-Request-Id")) {
		t.Error("an unknown error leaks, or the page has no reference")
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()

	b := setup(t)
	h := b.do(t, request(http.MethodGet, testby, "/logget-af")).Header()

	for name, want := range map[string]string{
		"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex, nofollow",
		"Cross-Origin-Opener-Policy": "same-origin", "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}

	csp := h.Get("Content-Security-Policy")
	if strings.Contains(csp, "unsafe") || !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") {
		t.Errorf("policy: %s", csp)
	}
}

func TestCrossSitePostsAreRefused(t *testing.T) {
	t.Parallel()

	b := setup(t)
	planner := b.as(t, testby, "PLA", care.Planner)
	post := func(set func(http.Header)) int {
		r := form(testby, "/besoeg/x/fysisk", nil)
		r.AddCookie(planner)
		r.Header.Del("Sec-Fetch-Site")
		set(r.Header)

		return b.do(t, r).Code
	}

	for name, c := range map[string]struct {
		set  func(http.Header)
		want int
	}{
		"cross-site":  {func(h http.Header) { h.Set("Sec-Fetch-Site", "cross-site") }, 403},
		"same-site":   {func(h http.Header) { h.Set("Sec-Fetch-Site", "same-site") }, 403},
		"old, other":  {func(h http.Header) { h.Set("Origin", "https://evil.example.dk") }, 403},
		"old, ours":   {func(h http.Header) { h.Set("Origin", "https://"+testby) }, 303},
		"old, null":   {func(h http.Header) { h.Set("Origin", "null") }, 303},
		"new, null":   {func(h http.Header) { h.Set("Origin", "null"); h.Set("Sec-Fetch-Site", "cross-site") }, 403},
		"same-origin": {func(h http.Header) { h.Set("Sec-Fetch-Site", "same-origin"); h.Set("Origin", "null") }, 303},
	} {
		if got := post(c.set); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestSessionLife(t *testing.T) {
	t.Parallel()

	b := setup(t)
	first := b.as(t, testby, "PLA", care.Planner)

	if !first.HttpOnly || !first.Secure || first.SameSite != http.SameSiteLaxMode || first.Path != "/" || first.Domain != "" {
		t.Errorf("cookie: %+v", first)
	}

	*b.now = b.now.Add(7 * time.Hour)
	b.get(t, first, "/dagen", http.StatusOK)
	*b.now = b.now.Add(7 * time.Hour)
	b.get(t, first, "/dagen", http.StatusOK)
	*b.now = b.now.Add(8 * time.Hour)
	b.get(t, first, "/dagen", http.StatusSeeOther) // idle

	second := b.as(t, testby, "PLA", care.Planner)
	for range 3 {
		*b.now = b.now.Add(7 * time.Hour)
		b.get(t, second, "/dagen", http.StatusOK)
	}

	*b.now = b.now.Add(3 * time.Hour)
	b.get(t, second, "/dagen", http.StatusSeeOther) // 24 hours

	third := b.as(t, testby, "PLA", care.Planner)
	if w := b.post(t, third, "/logout", nil, http.StatusSeeOther); w.Header().Get("Location") != "https://idp.example.dk/slo" {
		t.Errorf("logout leads to %s", w.Header().Get("Location"))
	}

	b.get(t, third, "/dagen", http.StatusSeeOther)

	fourth := b.as(t, testby, "PLA", care.Planner)
	b.get(t, nil, "/saml/slo?who=testbyPLA", http.StatusSeeOther)
	b.get(t, fourth, "/dagen", http.StatusSeeOther)
}

func TestLoginRotatesTheSession(t *testing.T) {
	t.Parallel()

	b := setup(t)
	old := b.as(t, testby, "PLA", care.Planner)
	w := b.do(t, request(http.MethodGet, testby, "/login?til=https://evil.example.dk"))
	r := form(testby, "/saml/acs", url.Values{"user": {"PLA"}, "groups": {"planner"}})
	r.AddCookie(old)

	for _, c := range w.Result().Cookies() {
		if c.SameSite != http.SameSiteNoneMode || !c.Secure {
			t.Errorf("login cookie: %+v", c)
		}

		r.AddCookie(c)
	}

	if strings.Contains(w.Header().Get("Location"), "evil") {
		t.Error("login takes a foreign return address")
	}

	if got := b.do(t, r).Code; got != http.StatusSeeOther {
		t.Fatalf("second login: %d", got)
	}

	b.get(t, old, "/dagen", http.StatusSeeOther)

	bare := form(testby, "/saml/acs", url.Values{"user": {"PLA"}})
	if got := b.do(t, bare).Code; got != http.StatusUnprocessableEntity {
		t.Errorf("answer in another browser: %d", got)
	}
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()

	b := setup(t)
	planner := b.as(t, testby, "PLA", care.Planner)
	r := httptest.NewRequest(http.MethodPost, "https://"+testby+"/import", strings.NewReader("--b\r\nContent-Disposition: form-data; name=\"fil\"; filename=\"x.csv\"\r\n\r\n"+strings.Repeat("x", 21<<20)+"\r\n--b--"))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.AddCookie(planner)

	if w := b.do(t, r); w.Code != http.StatusUnprocessableEntity && w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("21 MB: %d", w.Code)
	}

	if b.use[testby].called("PreviewList") != 0 {
		t.Error("the use case saw a file over the limit")
	}
}
