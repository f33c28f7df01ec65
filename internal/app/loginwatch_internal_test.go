package app

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
)

// newLook looks at an address.
func newLook(t *testing.T, address string) look {
	t.Helper()

	now := func() time.Time { return time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC) }

	peer, err := outbound.NewPeer(outbound.PeerOptions{Role: connector.CitizenLoginRole, System: "mitid", Now: now})
	if err != nil {
		t.Fatal(err)
	}

	return look{
		parts: parts{o: Options{Clock: now}, log: slog.New(slog.DiscardHandler), observe: func(string, string, string, float64) {}},
		peer:  peer, timeout: 2 * time.Second, address: func() string { return address },
	}
}

// TestLook: what a provider says itself is an answer, whatever it is; what a gateway before it says,
// a broken line, or silence is none.
func TestLook(t *testing.T) {
	t.Parallel()

	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}

	for name, c := range map[string]struct {
		answer http.HandlerFunc
		there  bool
	}{
		"metadata": {status(http.StatusOK), true},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://127.0.0.1:1/", http.StatusFound)
		}, true},
		"its own error page":  {status(http.StatusInternalServerError), true},
		"no request in it":    {status(http.StatusBadRequest), true},
		"not found":           {status(http.StatusNotFound), true},
		"too many calls":      {status(http.StatusTooManyRequests), true},
		"bad gateway":         {status(http.StatusBadGateway), false},
		"unavailable":         {status(http.StatusServiceUnavailable), false},
		"gateway timeout":     {status(http.StatusGatewayTimeout), false},
		"a cut line":          {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, false},
		"more than we'd read": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, metadataBytes+1)) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			server := httptest.NewServer(c.answer)
			t.Cleanup(server.Close)

			told(t, newLook(t, server.URL+"/sso?a=1"), c.there)
		})
	}

	t.Run("silence", func(t *testing.T) {
		t.Parallel()

		ended := make(chan struct{})
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-ended:
			case <-r.Context().Done():
			}
		}))
		t.Cleanup(server.Close)
		t.Cleanup(func() { close(ended) })

		l := newLook(t, server.URL)
		l.timeout = 50 * time.Millisecond

		told(t, l, false)
	})

	t.Run("a certificate that nobody knows", func(t *testing.T) {
		t.Parallel()

		server := httptest.NewUnstartedServer(status(http.StatusOK))
		server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
		server.StartTLS()
		t.Cleanup(server.Close)

		told(t, newLook(t, server.URL), false)
	})

	t.Run("nobody listens", func(t *testing.T) {
		t.Parallel()

		server := httptest.NewServer(status(http.StatusOK))
		server.Close()

		told(t, newLook(t, server.URL), false)
	})

	t.Run("no address yet", func(t *testing.T) {
		t.Parallel()

		told(t, newLook(t, ""), true)
	})
}

// told compares whether a look finds the provider with what it should.
func told(t *testing.T, l look, there bool) {
	t.Helper()

	err := l.look(t.Context())
	kind := connector.KindOf(err)

	if found := err == nil || kind != connector.Unavailable && kind != connector.Unknown; found != there {
		t.Errorf("found %t: %v", found, err)
	}

	if err != nil && strings.Contains(err.Error(), "?") {
		t.Errorf("the error shows the query: %v", err)
	}
}

// TestLookGoesPastThePeer: what became of visitors' calls closes the peer, and changes nothing about
// what a look finds; what a look finds is shown like any call.
func TestLookGoesPastThePeer(t *testing.T) {
	t.Parallel()

	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)

	l := newLook(t, server.URL)

	for range 20 {
		_ = l.peer.Call(t.Context(), "token", func() error { return &connector.Error{System: "mitid", Op: "token", Kind: connector.Unavailable} })
	}

	if _, down := l.peer.Down(); !down {
		t.Fatal("the peer is open")
	}

	told(t, l, true)

	server.Close()

	l = newLook(t, server.URL)
	told(t, l, false)

	if h := l.peer.Health(); h.Calls != 1 || h.Failures != 1 {
		t.Errorf("the peer knows %+v", h)
	}
}
