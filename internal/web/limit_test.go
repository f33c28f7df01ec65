package web_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/sluse/sluse/internal/web"
	"github.com/sluse/sluse/internal/web/hooks"
	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler/care"
)

// wide lets tests of other things call as often as they like.
func wide() map[route.Class]web.Budget {
	out := make(map[route.Class]web.Budget)
	for _, class := range route.Classes() {
		out[class] = web.Budget{}
	}

	return out
}

// only is a budget for one class; the others have the default.
func only(class route.Class, b web.Budget) map[route.Class]web.Budget {
	out := make(map[route.Class]web.Budget)
	out[class] = b

	return out
}

// limited is a site whose budgets last for an hour, so that no window ends within a test.
func limited(t *testing.T, budgets map[route.Class]web.Budget, more ...route.Route) (*bundle, *prometheus.Registry) {
	t.Helper()

	now := testNow()
	b := &bundle{use: map[string]*fakeUse{}, sessions: map[string]*fakeSessions{}, now: &now}
	registry := prometheus.NewRegistry()

	var sites []web.Site

	for host, id := range hosts {
		b.use[host], b.sessions[host] = newFakeUse(t), newFakeSessions()
		s := site(host, "https://"+host, id, b.use[host], b.sessions[host])
		s.Limits, s.API = budgets, more
		s.Hints = []hooks.Hint{}
		sites = append(sites, s)
	}

	h, err := web.New(web.Options{
		Sites: sites, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), Clock: func() time.Time { return *b.now }, Registry: registry,
	})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = h.Close(t.Context()) })

	b.handler = h

	return b, registry
}

func (b *bundle) from(t *testing.T, r *http.Request, address string) *httptest.ResponseRecorder {
	t.Helper()

	r.RemoteAddr = address + ":4711"

	return b.do(t, r)
}

func TestDoorIsLimitedPerLinkNetworkAndMunicipality(t *testing.T) {
	t.Parallel()

	b, registry := limited(t, only(route.Door, web.Budget{Network: 5, Own: 3, All: 12, Per: time.Hour}))
	b.use[testby].known["loc"] = true
	knock := func(path, from string) *httptest.ResponseRecorder {
		return b.from(t, request(http.MethodGet, testby, path), from)
	}

	for i := range 3 {
		if got := knock("/b/loc", "192.0.2."+strconv.Itoa(i)).Code; got != http.StatusOK {
			t.Fatalf("knock %d: %d", i, got)
		}
	}

	w := knock("/b/loc", "198.51.100.1") // another network: the link is limited
	seconds, err := strconv.Atoi(w.Header().Get("Retry-After"))

	if w.Code != http.StatusTooManyRequests || err != nil || seconds < 3000 || seconds > 3600 || !strings.Contains(w.Body.String(), "70 20 00 00") {
		t.Errorf("4th knock: %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}

	for i, want := range []int{404, 404, 429} { // 3 of 5 are used up
		if got := knock("/b/guess"+strconv.Itoa(i), "192.0.2.200").Code; got != want {
			t.Errorf("guess %d of a network: %d, want %d", i, got, want)
		}
	}

	for i := range 7 { // 5 counted so far: what is refused costs the others nothing
		if got := knock("/b/other"+strconv.Itoa(i), "203.0."+strconv.Itoa(i)+".1").Code; got != http.StatusNotFound {
			t.Errorf("guess %d of the municipality: %d", i, got)
		}
	}

	if got := knock("/b/last", "203.0.113.1").Code; got != http.StatusTooManyRequests {
		t.Errorf("over the municipality's limit: %d", got)
	}

	if got := b.from(t, request(http.MethodGet, nabokoeb, "/b/x"), "192.0.2.1").Code; got != http.StatusNotFound {
		t.Errorf("the neighbour is limited too: %d", got)
	}

	if diff := cmp.Diff(map[string]float64{"testby door network": 1, "testby door owner": 1, "testby door all": 1}, refusals(t, registry)); diff != "" {
		t.Error(diff)
	}
}

// refusals reads what the metric counts, by municipality, class and what was counted.
func refusals(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()

	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}

	out := map[string]float64{}

	for _, f := range families {
		if f.GetName() != "sluse_http_limited_total" {
			continue
		}

		for _, m := range f.GetMetric() {
			label := map[string]string{}
			for _, l := range m.GetLabel() {
				label[l.GetName()] = l.GetValue()
			}

			out[label["municipality"]+" "+label["class"]+" "+label["by"]] = m.GetCounter().GetValue()
		}
	}

	return out
}

// TestEmployeesAreLimitedByThemselves: a whole town hall shares an address, so that what one
// employee does too much costs the others nothing.
func TestEmployeesAreLimitedByThemselves(t *testing.T) {
	t.Parallel()

	b, _ := limited(t, only(route.Ordinary, web.Budget{Own: 2, Per: time.Hour}))
	one, other := b.as(t, testby, "PLA", care.Planner), b.as(t, testby, "PLB", care.Planner)

	b.get(t, one, "/dagen", http.StatusOK)
	b.get(t, one, "/dagen", http.StatusOK)

	if body := b.get(t, one, "/dagen", http.StatusTooManyRequests); !strings.Contains(body, "For mange forsøg") {
		t.Error("the page does not say what is wrong")
	}

	b.get(t, other, "/dagen", http.StatusOK)
}

// TestMachinesGetAProblem: a program is told as a program, and the window ends by itself.
func TestMachinesGetAProblem(t *testing.T) {
	t.Parallel()

	ping := route.Route{Method: http.MethodGet, Path: "/api/v1/ping", Access: route.Public(), Handle: func(*gin.Context) error { return nil }}
	b, _ := limited(t, only(route.API, web.Budget{Network: 1, Per: 100 * time.Millisecond}), ping)
	call := func() *httptest.ResponseRecorder { return b.do(t, request(http.MethodGet, testby, "/api/v1/ping")) }

	var refused *httptest.ResponseRecorder
	for refused == nil || refused.Code != http.StatusTooManyRequests {
		refused = call()
	}

	if refused.Header().Get("Content-Type") != "application/problem+json" || refused.Header().Get("Retry-After") != "1" ||
		!strings.Contains(refused.Body.String(), `"kind":"too_many"`) {
		t.Errorf("%v %s", refused.Header(), refused.Body)
	}

	for refused.Code != http.StatusOK { // the window is a tenth of a second
		refused = call()
	}
}

// TestOnlyWrongGuessesCount: who types right takes nothing from the budget of those behind the
// same address.
func TestOnlyWrongGuessesCount(t *testing.T) {
	t.Parallel()

	guess := route.Route{
		Method: http.MethodGet, Path: "/api/v1/guess", Access: route.Public(), Limit: route.Limit{Class: route.Guess},
		Handle: func(c *gin.Context) error {
			if c.Query("code") != "right" {
				return care.NewError(care.NotFound, "Nej.")
			}

			route.Right(c)

			return nil
		},
	}
	b, _ := limited(t, only(route.Guess, web.Budget{Network: 3, All: 5, Per: time.Hour}), guess)
	try := func(code, from string) int {
		return b.from(t, request(http.MethodGet, testby, "/api/v1/guess?code="+code), from).Code
	}

	for range 20 {
		if got := try("right", "192.0.2.1"); got != http.StatusOK {
			t.Fatalf("a right guess: %d", got)
		}
	}

	for _, c := range []struct {
		from string
		want int
	}{
		{"192.0.2.1", 404},
		{"192.0.2.2", 404},
		{"192.0.2.3", 404},
		{"192.0.2.4", 429},
		{"2001:db8:1::1", 404},
		{"2001:db8:1:ff::1", 404},
		{"2001:db8:2::1", 429},
	} {
		if got := try("wrong", c.from); got != c.want {
			t.Errorf("a wrong guess from %s: %d, want %d", c.from, got, c.want)
		}
	}

	if got := try("right", "198.51.100.1"); got != http.StatusTooManyRequests {
		t.Errorf("a right guess after too many wrong ones: %d", got)
	}
}

// TestRoutesDeclareTheirLimit: what anybody may send without a login has a budget of its own.
func TestRoutesDeclareTheirLimit(t *testing.T) {
	t.Parallel()

	b := setup(t)
	classes := append(route.Classes(), route.Free)

	for _, r := range b.handler.Routes("testby") {
		class := r.Limit.Class
		if !slices.Contains(classes, class) {
			t.Errorf("%s %s: unknown class %q", r.Method, r.Path, class)
		}

		if r.Access.Anonymous() && r.Method == http.MethodPost && class == route.Ordinary && r.Limit.Key == nil {
			t.Errorf("%s %s: anybody may post, and no class is declared", r.Method, r.Path)
		}

		for prefix, want := range map[string][]route.Class{
			"/api/": {route.API, route.Mass}, "/hooks/": {route.Machine}, "/saml/": {route.Login, route.Answer}, "/login": {route.Login},
			"/b/:locator": {route.Door}, "/assets/": {route.Free}, "/scim/": {route.Machine},
			"/b/svar": {route.Code}, "/b/kode": {route.Code},
		} {
			if strings.HasPrefix(r.Path, prefix) && !slices.Contains(want, class) {
				t.Errorf("%s %s: class %q", r.Method, r.Path, class)
			}
		}
	}
}

// TestMassesOfDataAreLimited: uploads and conversions have a budget per employee and hour (C21).
func TestMassesOfDataAreLimited(t *testing.T) {
	t.Parallel()

	b, _ := limited(t, only(route.Mass, web.Budget{Own: 2, Per: time.Hour}))
	one, other := b.as(t, testby, "PLA", care.Planner), b.as(t, testby, "PLB", care.Planner)
	statusOf := func(c *http.Cookie) int {
		r := form(testby, "/omlaegninger", url.Values{"id": {"x"}})
		r.AddCookie(c)

		return b.do(t, r).Code
	}

	for range 2 {
		if got := statusOf(one); got == http.StatusTooManyRequests {
			t.Fatalf("refused at once")
		}
	}

	if statusOf(one) != http.StatusTooManyRequests || statusOf(other) == http.StatusTooManyRequests {
		t.Error("the budget is not that of the employee")
	}
}

// TestBudgetsAreTheOnesInDocs: what the documentation says of the defaults is true.
func TestBudgetsAreTheOnesInDocs(t *testing.T) {
	t.Parallel()

	page, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}

	number := func(n int) string {
		if n == 0 {
			return "–"
		}

		return strconv.Itoa(n)
	}

	for class, b := range web.DefaultBudgets() {
		name := string(class)
		if class == route.Ordinary {
			name = "ordinary"
		}

		end := "| " + number(b.Network) + " | " + number(b.Own) + " | " + number(b.All) + " |"
		if !slices.ContainsFunc(strings.Split(string(page), "\n"), func(line string) bool {
			return strings.HasPrefix(line, "| "+name+" |") && strings.HasSuffix(line, end)
		}) {
			t.Errorf("docs/security.md does not say %q of %s", end, name)
		}
	}
}
