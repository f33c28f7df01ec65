package web_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/sluse/sluse/internal/web"
	"github.com/sluse/sluse/internal/web/hooks"
	"github.com/sluse/sluse/scheduler/care"
)

const (
	hookUser     = "node"
	hookPassword = "et langt kodeord til noder"
)

// sink takes deliveries.
type sink struct {
	mutex sync.Mutex
	got   []string
	err   error
}

func (s *sink) receive(_ context.Context, body []byte) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()

	if s.err == nil {
		s.got = append(s.got, string(body))
	}

	return s.err
}

// hooked starts two municipalities behind a proxy at 10.0.0.1, each with a hook of its own.
func hooked(t *testing.T, log io.Writer) (handler *web.Handler, sinks map[care.MunicipalityID]*sink) {
	t.Helper()

	sinks = map[care.MunicipalityID]*sink{}

	var sites []web.Site

	for host, id := range hosts {
		sinks[id] = &sink{}
		s := site(host, "https://"+host, id, newFakeUse(t), newFakeSessions())
		s.Hooks = []hooks.Hook{{
			System: "pexip", User: hookUser, Password: care.NewSecret(hookPassword + string(id)), Receive: sinks[id].receive,
			From: []netip.Prefix{netip.MustParsePrefix("10.20.0.0/16"), netip.MustParsePrefix("2001:db8::/64")},
		}}
		sites = append(sites, s)
	}

	handler, err := web.New(web.Options{Sites: sites, Logger: slog.New(slog.NewTextHandler(log, nil)), Clock: testNow, TrustedProxies: []string{"10.0.0.1"}})
	if err != nil {
		t.Fatal(err)
	}

	return handler, sinks
}

// call is one request to a hook; what is not said is as it should be.
type call struct {
	method, host, path, from, forwarded, user, password, body string
}

func (c call) do(t *testing.T, handler http.Handler) *httptest.ResponseRecorder {
	t.Helper()

	for _, d := range []struct {
		value *string
		as    string
	}{
		{&c.method, http.MethodPost},
		{&c.host, testby},
		{&c.path, "/hooks/pexip/testby"},
		{&c.from, "10.20.3.4:5555"},
		{&c.user, hookUser},
		{&c.password, hookPassword + "testby"},
		{&c.body, `{"event":"x"}`},
	} {
		if *d.value == "" {
			*d.value = d.as
		}
	}

	r := httptest.NewRequestWithContext(t.Context(), c.method, "https://"+c.host+c.path, strings.NewReader(c.body))
	r.RemoteAddr = c.from

	if c.user != "-" {
		r.SetBasicAuth(c.user, c.password)
	}

	if c.forwarded != "" {
		r.Header.Set("X-Forwarded-For", c.forwarded)
	}

	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)

	return w
}

func TestHooks(t *testing.T) {
	t.Parallel()

	var log bytes.Buffer

	handler, sinks := hooked(t, &log)

	for name, c := range map[string]struct {
		call
		want int
	}{
		"as it should be":            {call{}, 200},
		"any host name":              {call{host: "10.9.9.9:8443"}, 200},
		"another's host name":        {call{host: nabokoeb}, 200},
		"IPv6":                       {call{from: "[2001:db8::7]:99"}, 200},
		"through our proxy":          {call{from: "10.0.0.1:1", forwarded: "10.20.3.4"}, 200},
		"an empty body":              {call{body: " "}, 200},
		"the other municipality":     {call{path: "/hooks/pexip/nabokoeb", password: hookPassword + "nabokoeb"}, 200},
		"no credentials":             {call{user: "-"}, 401},
		"wrong user":                 {call{user: "Node"}, 401},
		"wrong password":             {call{password: hookPassword}, 401},
		"the other's password":       {call{path: "/hooks/pexip/nabokoeb"}, 401},
		"a stranger's address":       {call{from: "10.21.0.1:1"}, 403},
		"a stranger's word":          {call{from: "10.21.0.1:1", forwarded: "10.20.3.4"}, 403},
		"a stranger behind ours":     {call{from: "10.0.0.1:1", forwarded: "10.20.3.4, 10.21.0.1"}, 403},
		"unknown municipality":       {call{path: "/hooks/pexip/nowhere"}, 404},
		"unknown system":             {call{path: "/hooks/teams/testby"}, 404},
		"no municipality":            {call{path: "/hooks/pexip"}, 404},
		"deeper":                     {call{path: "/hooks/pexip/testby/x"}, 404},
		"read":                       {call{method: http.MethodGet}, 405},
		"put":                        {call{method: http.MethodPut}, 405},
		"too large":                  {call{body: strings.Repeat("x", 4<<20+1)}, 413},
		"largest":                    {call{body: strings.Repeat("x", 4<<20)}, 200},
		"a page's path at no host":   {call{method: http.MethodGet, host: "10.9.9.9", path: "/dagen"}, 421},
		"a hook's path of the pages": {call{path: "/hooks/"}, 404},
	} {
		if got := c.do(t, handler); got.Code != c.want {
			t.Errorf("%s: %d, want %d", name, got.Code, c.want)
		} else if c.want >= 400 && c.want != 421 && c.want != 404 && !strings.HasPrefix(got.Header().Get("Content-Type"), "application/problem+json") {
			t.Errorf("%s: answered with %s", name, got.Header().Get("Content-Type"))
		}
	}

	if got := len(sinks["testby"].got); got != 7 {
		t.Errorf("%d deliveries for testby, want 7", got)
	}

	if got := len(sinks["nabokoeb"].got); got != 1 {
		t.Errorf("%d deliveries for nabokoeb, want 1", got)
	}

	if strings.Contains(log.String(), hookPassword) {
		t.Error("the log tells the password")
	}
}

func TestHooksAnswer(t *testing.T) {
	t.Parallel()

	handler, sinks := hooked(t, io.Discard)

	if got := (call{user: "-"}).do(t, handler).Header().Get("WWW-Authenticate"); !strings.HasPrefix(got, "Basic ") {
		t.Errorf("challenge %q", got)
	}

	if got := (call{method: http.MethodDelete}).do(t, handler).Header().Get("Allow"); got != http.MethodPost {
		t.Errorf("allows %q", got)
	}

	// What could not be kept is sent again: every failure but those that never pass is a 5xx.
	for want, err := range map[int]error{
		503: care.NewError(care.Unavailable, "Prøv igen."), 500: errors.New("secret of the database"), 404: care.NewError(care.NotFound, "Ingen."),
	} {
		sinks["testby"].err = err

		got := (call{}).do(t, handler)
		if got.Code != want || strings.Contains(got.Body.String(), "secret") {
			t.Errorf("%v: %d %s", err, got.Code, got.Body)
		}
	}
}

func TestAHookWithoutPasswordIsRefused(t *testing.T) {
	t.Parallel()

	whole := hooks.Hook{System: "pexip", User: "u", Password: care.NewSecret("p"), Receive: (&sink{}).receive}

	for name, spoil := range map[string]func(*hooks.Hook){
		"system":   func(h *hooks.Hook) { h.System = "" },
		"user":     func(h *hooks.Hook) { h.User = "" },
		"password": func(h *hooks.Hook) { h.Password = care.Secret{} },
		"receiver": func(h *hooks.Hook) { h.Receive = nil },
	} {
		h := whole
		spoil(&h)

		if _, err := hooks.Routes("testby", []hooks.Hook{h}); err == nil {
			t.Errorf("a hook without %s is served", name)
		}
	}
}

// TestHints asks and says nothing: the answer tells no stranger what we know.
func TestHints(t *testing.T) {
	t.Parallel()

	var heard []string

	s := site("oest.example", "https://oest.example", "oest", newFakeUse(t), newFakeSessions())
	s.Hints = []hooks.Hint{{System: "sms", Hear: func(_ context.Context, query url.Values) error {
		if query.Get("reference") == "" {
			return care.NewError(care.Invalid, "Kaldet skal have en reference.")
		}

		heard = append(heard, query.Get("reference"))

		return nil
	}}}

	handler, err := web.New(web.Options{Sites: []web.Site{s}, Logger: slog.New(slog.DiscardHandler), Clock: testNow})
	if err != nil {
		t.Fatal(err)
	}

	for _, c := range []struct {
		method, path string
		want         int
	}{
		{http.MethodGet, "/hooks/sms/oest?reference=m-1&status=delivered", http.StatusNoContent},
		{http.MethodGet, "/hooks/sms/oest?status=delivered", http.StatusUnprocessableEntity},
		{http.MethodPost, "/hooks/sms/oest?reference=m-2", http.StatusMethodNotAllowed},
		{http.MethodGet, "/hooks/sms/vest?reference=m-3", http.StatusNotFound},
		{http.MethodGet, "/hooks/andet/oest?reference=m-4", http.StatusNotFound},
	} {
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, httptest.NewRequest(c.method, "https://oest.example"+c.path, http.NoBody))

		if answer.Code != c.want {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, answer.Code, c.want)
		}
	}

	if len(heard) != 1 || heard[0] != "m-1" {
		t.Errorf("heard %v", heard)
	}
}
