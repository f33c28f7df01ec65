package outbound_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
)

// hangUp ends the connection without an answer, after the request was read.
func hangUp(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	panic(http.ErrAbortHandler)
}

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()

	s := httptest.NewServer(h)
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	t.Cleanup(s.Close)

	return s
}

func newClient(t *testing.T, o outbound.Options) *outbound.Client {
	t.Helper()

	if o.System == "" {
		o.System = "peer"
	}

	if o.Now == nil {
		o.Now = time.Now
	}

	c, err := outbound.New(o)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(c.Close)

	return c
}

func do(ctx context.Context, c *outbound.Client, method string) (*outbound.Answer, error) {
	return c.Do(ctx, outbound.Call{Op: "try", Method: method, Path: []string{"things", "a/b"}, JSON: map[string]string{"k": "v"}})
}

func closedAddress(t *testing.T) string {
	t.Helper()

	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()

	return "http://" + l.Addr().String()
}

func TestBelowHTTP(t *testing.T) {
	t.Parallel()

	never := make(chan struct{})
	t.Cleanup(func() { close(never) })

	hang := func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)

		select {
		case <-never:
		case <-r.Context().Done():
		}
	}
	body := func(status, declared int, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Length", strconv.Itoa(declared))
			w.WriteHeader(status)
			_, _ = io.WriteString(w, text)
		}
	}
	big := strings.Repeat("x", 2000)

	tests := []struct {
		name        string
		handler     http.HandlerFunc
		read, write connector.Kind
		status      int
	}{
		{"reset after the request", hangUp, connector.Unavailable, connector.Unknown, 0},
		{"time-out", hang, connector.Unavailable, connector.Unknown, 0},
		{"body cut off", body(200, 100, `{"a":`), connector.Unavailable, connector.Unknown, 200},
		{"body too large", body(200, 2000, big), connector.Malformed, connector.Unknown, 200},
		{"refusal too large", body(400, 2000, big), connector.Rejected, connector.Rejected, 400},
		{"refusal cut off", body(400, 100, "{"), connector.Unavailable, connector.Unknown, 400},
		{"conflict cut off", body(409, 100, "{"), connector.Unavailable, connector.Unknown, 409},
		{"not found cut off", body(404, 100, "{"), connector.NotFound, connector.NotFound, 404},
		{"busy cut off", body(503, 100, "{"), connector.Unavailable, connector.Unavailable, 503},
		{"fault cut off", body(500, 100, "{"), connector.Unavailable, connector.Unknown, 500},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			s := serve(t, tt.handler)
			c := newClient(t, outbound.Options{BaseURL: s.URL, Timeout: 300 * time.Millisecond, MaxBody: 1000})

			for method, want := range map[string]connector.Kind{
				http.MethodGet: tt.read, http.MethodPost: tt.write, http.MethodPatch: tt.write, http.MethodDelete: tt.write,
			} {
				_, err := do(t.Context(), c, method)

				var e *connector.Error
				if !errors.As(err, &e) {
					t.Fatalf("%s: %v is no *connector.Error", method, err)
				}

				if e.Kind != want || e.Status != tt.status || e.RequestID == "" || e.System != "peer" || e.Op != "try" {
					t.Errorf("%s: got %+v, want kind %v", method, e, want)
				}

				if strings.Contains(err.Error(), "things") {
					t.Errorf("%s: the error tells the address: %v", method, err)
				}
			}
		})
	}
}

func TestNothingWasSent(t *testing.T) {
	t.Parallel()

	secure := httptest.NewTLSServer(http.HandlerFunc(hangUp))
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	t.Cleanup(secure.Close)

	for name, base := range map[string]string{
		"refused":   closedAddress(t),
		"no name":   "https://sluse.invalid",
		"untrusted": secure.URL,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := do(t.Context(), newClient(t, outbound.Options{BaseURL: base}), http.MethodPost)
			if !connector.Is(err, connector.Unavailable) {
				t.Errorf("got %v, want Unavailable", err)
			}
		})
	}
}

func TestOldTLSAndMissingClientCertificate(t *testing.T) {
	t.Parallel()

	start := func(config *tls.Config) (*httptest.Server, *tls.Config) {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
		s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
		s.TLS = config
		s.StartTLS()
		t.Cleanup(s.Close)

		roots := x509.NewCertPool()
		roots.AddCert(s.Certificate())

		return s, &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS10}
	}

	old, trust := start(&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	if _, err := do(t.Context(), newClient(t, outbound.Options{BaseURL: old.URL, TLS: trust}), http.MethodPost); !connector.Is(err, connector.Unavailable) {
		t.Errorf("TLS 1.1: got %v, want Unavailable", err)
	}

	// In TLS 1.2 the peer breaks the handshake off, in 1.3 it answers after the request.
	for version, want := range map[uint16]connector.Kind{tls.VersionTLS12: connector.Unavailable, tls.VersionTLS13: connector.Unauthorized} {
		mutual, trust := start(&tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: version, MaxVersion: version})
		if _, err := do(t.Context(), newClient(t, outbound.Options{BaseURL: mutual.URL, TLS: trust}), http.MethodPost); !connector.Is(err, want) {
			t.Errorf("no client certificate, TLS %x: got %v, want %v", version, err, want)
		}
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()

	arrived := make(chan struct{}, 2)
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		arrived <- struct{}{}
		<-r.Context().Done()
	})
	c := newClient(t, outbound.Options{BaseURL: s.URL})

	for method, want := range map[string]connector.Kind{http.MethodGet: connector.Unavailable, http.MethodPost: connector.Unknown} {
		ctx, cancel := context.WithCancel(t.Context())

		go func() {
			<-arrived
			cancel()
		}()

		_, err := do(ctx, c, method)
		if !connector.Is(err, want) || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want %v because of the cancel", method, err, want)
		}
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()

	if _, err := do(ctx, c, http.MethodPost); !connector.Is(err, connector.Unavailable) {
		t.Errorf("cancelled before: got %v, want Unavailable", err)
	}
}

func TestStatusTable(t *testing.T) {
	t.Parallel()

	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		status, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
		w.Header().Set("Retry-After", "7")
		w.Header().Set("Location", "/200")
		w.WriteHeader(status)
	})
	c := newClient(t, outbound.Options{BaseURL: s.URL})
	special := map[int]connector.Kind{
		401: connector.Unauthorized, 403: connector.Unauthorized, 407: connector.Unauthorized,
		404: connector.NotFound, 410: connector.NotFound,
		409: connector.Conflict, 412: connector.Conflict, 423: connector.Conflict,
		425: connector.Unavailable, 429: connector.RateLimited, 501: connector.Unsupported, 503: connector.Unavailable,
	}

	for status := 200; status < 600; status++ {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			answer, err := c.Do(t.Context(), outbound.Call{Op: "try", Method: method, Path: []string{strconv.Itoa(status)}})
			if err != nil {
				t.Fatalf("%s %d: %v", method, status, err)
			}

			if answer.Status != status || answer.OK() != (status < 300) {
				t.Fatalf("%s %d: got status %d", method, status, answer.Status)
			}

			want := special[status]
			switch {
			case status < 300:
				continue
			case want != 0:
			case status < 500 && status != 408:
				want = connector.Rejected
			case method == http.MethodGet:
				want = connector.Unavailable
			default:
				want = connector.Unknown
			}

			e := answer.Fail("C-1")
			got := []any{e.Kind, e.Status, e.Code, e.RetryAfter, e.RequestID != ""}

			if diff := cmp.Diff([]any{want, status, "C-1", 7 * time.Second, true}, got); diff != "" {
				t.Errorf("%s %d (-want +got):\n%s", method, status, diff)
			}
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()

	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	tests := []struct {
		text, date string
		want       time.Duration
	}{
		{"", "", 0},
		{"0", "", 0},
		{" 12 ", "", 12 * time.Second},
		{"-5", "", 0},
		{"1.5", "", 0},
		{"soon", "", 0},
		{"999999999", "", 24 * time.Hour},
		{"99999999999999999999", "", 0},
		{now.Add(90 * time.Second).Format(http.TimeFormat), now.Format(http.TimeFormat), 90 * time.Second},
		{now.Add(90 * time.Second).Format(http.TimeFormat), now.Add(time.Minute).Format(http.TimeFormat), 30 * time.Second},
		{now.Add(-time.Second).Format(http.TimeFormat), now.Format(http.TimeFormat), 0},
		{now.AddDate(1, 0, 0).Format(http.TimeFormat), now.Format(http.TimeFormat), 24 * time.Hour},
		{now.Add(90 * time.Second).Format(http.TimeFormat), "bad", 90 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.text+" "+tt.date, func(t *testing.T) {
			t.Parallel()

			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", tt.text)

				if tt.date != "" {
					w.Header().Set("Date", tt.date)
				}

				w.WriteHeader(http.StatusTooManyRequests)
			})
			c := newClient(t, outbound.Options{BaseURL: s.URL, Now: func() time.Time { return now }})

			answer, err := do(t.Context(), c, http.MethodGet)
			if err != nil || answer.RetryAfter != tt.want {
				t.Errorf("got %v, %v; want %v", answer, err, tt.want)
			}
		})
	}
}
