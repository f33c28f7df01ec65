package web_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/sluse/sluse/internal/web"
	"github.com/sluse/sluse/scheduler/care"
)

// TestLogsAndMetricsHoldNoSecrets sends secrets through paths, queries, cookies, forms and a panic.
func TestLogsAndMetricsHoldNoSecrets(t *testing.T) {
	t.Parallel()

	var log bytes.Buffer

	use, registry := newFakeUse(t), prometheus.NewRegistry()

	h, err := web.New(web.Options{
		Sites:  []web.Site{site(testby, "https://"+testby, "testby", use, newFakeSessions())},
		Logger: slog.New(slog.NewJSONHandler(&log, nil)), Clock: testNow, Registry: registry,
		Metrics: promhttp.HandlerFor(registry, promhttp.HandlerOpts{}),
		Ready:   func(context.Context) error { return errors.New("schema is older") },
	})
	if err != nil {
		t.Fatal(err)
	}

	b := &bundle{handler: h, use: map[string]*fakeUse{testby: use}}
	planner := b.as(t, testby, "PLA", care.Planner)

	b.get(t, planner, "/b/LOCATOR-SECRET?x=QUERY-SECRET", http.StatusNotFound)
	b.post(t, planner, "/b/svar", map[string][]string{"kode": {"918273"}}, http.StatusNotFound)

	use.boom = "010490-9989 in a panic"
	w := b.post(t, planner, "/besoeg/x/fysisk", nil, http.StatusInternalServerError)

	if !strings.Contains(w.Body.String(), w.Header().Get("X-Request-Id")) {
		t.Error("a panic's page has no reference")
	}

	use.boom = nil

	scrape := httptest.NewRequest(http.MethodGet, "http://127.0.0.1/metrics", nil)
	scrape.RemoteAddr = "127.0.0.1:4711"
	metrics := b.do(t, scrape)

	if metrics.Code != http.StatusOK || !strings.Contains(metrics.Body.String(), `route="/b/:locator"`) {
		t.Errorf("metrics: %d", metrics.Code)
	}

	for _, refuse := range []func(*http.Request){
		func(r *http.Request) { r.RemoteAddr = "192.0.2.1:4711" },
		func(r *http.Request) { r.Header.Set("X-Forwarded-For", "127.0.0.1") },
	} {
		r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1/metrics", nil)
		r.RemoteAddr = "127.0.0.1:4711"
		refuse(r)

		if got := b.do(t, r).Code; got != http.StatusNotFound {
			t.Errorf("metrics for a stranger: %d", got)
		}
	}

	b.get(t, nil, "/readyz", http.StatusServiceUnavailable)

	for _, secret := range []string{"LOCATOR-SECRET", "QUERY-SECRET", "918273", "010490", planner.Value} {
		if strings.Contains(log.String(), secret) || strings.Contains(metrics.Body.String(), secret) {
			t.Errorf("%q is in log or metrics", secret)
		}
	}

	if !strings.Contains(log.String(), `"route":"/b/:locator"`) || !strings.Contains(log.String(), `"type":"string"`) {
		t.Errorf("the log lacks the route's pattern or the panic:\n%s", log.String())
	}
}

// TestClientGoneIsLoggedAs499 cancels the request while the use case runs.
func TestClientGoneIsLoggedAs499(t *testing.T) {
	t.Parallel()

	var log bytes.Buffer

	use := newFakeUse(t)

	h, err := web.New(web.Options{
		Sites:  []web.Site{site(testby, "https://"+testby, "testby", use, newFakeSessions())},
		Logger: slog.New(slog.NewJSONHandler(&log, nil)), Clock: testNow,
	})
	if err != nil {
		t.Fatal(err)
	}

	b := &bundle{handler: h, use: map[string]*fakeUse{testby: use}}
	ctx, cancel := context.WithCancel(t.Context())
	r := request(http.MethodGet, testby, "/dagen").WithContext(ctx)
	r.AddCookie(b.as(t, testby, "PLA", care.Planner))
	cancel()

	use.fail = context.Canceled
	b.do(t, r)

	if !strings.Contains(log.String(), `"status":499`) {
		t.Errorf("log:\n%s", log.String())
	}
}

func TestNewRefusesBadSites(t *testing.T) {
	t.Parallel()

	good := func() web.Site { return site(testby, "https://"+testby, "testby", newFakeUse(t), newFakeSessions()) }

	for name, sites := range map[string][]web.Site{
		"host twice":   {good(), func() web.Site { s := good(); s.Municipality = "b"; return s }()},
		"plain http":   {func() web.Site { s := good(); s.PublicURL = "http://" + testby; return s }()},
		"no hosts":     {func() web.Site { s := good(); s.Hosts = nil; return s }()},
		"no use cases": {func() web.Site { s := good(); s.UseCases = nil; return s }()},
	} {
		if _, err := web.New(web.Options{Sites: sites, Logger: slog.New(slog.DiscardHandler), Clock: testNow}); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}

	s := web.NewServer(http.NotFoundHandler(), "127.0.0.1:0")
	if s.ReadHeaderTimeout == 0 || s.ReadTimeout == 0 || s.WriteTimeout == 0 || s.IdleTimeout == 0 {
		t.Error("a time-out is missing")
	}
}
