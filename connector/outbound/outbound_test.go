package outbound_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
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

func TestWhatIsSent(t *testing.T) {
	t.Parallel()

	type seen struct{ Method, Path, Query, Body, Type, Accept, Fixed, Own, Origin, Cookie string }

	var (
		mu  sync.Mutex
		got []seen
		ids = map[string]bool{}
	)

	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)

		mu.Lock()
		defer mu.Unlock()

		h := r.Header
		ids[h.Get("X-Request-Id")] = true
		got = append(got, seen{
			r.Method, r.URL.EscapedPath(), r.URL.RawQuery, string(body),
			h.Get("Content-Type"), h.Get("Accept"), h.Get("X-Fixed"), h.Get("If-Match"), h.Get("Origin"), h.Get("Cookie"),
		})

		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
	})

	var outcomes []string

	c := newClient(t, outbound.Options{
		BaseURL: s.URL + "/base/", Header: map[string]string{"X-Fixed": "f"},
		Observe: func(system, op, outcome string, seconds float64) {
			outcomes = append(outcomes, fmt.Sprintf("%s %s %s %t", system, op, outcome, seconds > 0))
		},
	})
	calls := []outbound.Call{
		{
			Op: "one", Method: http.MethodPost, Path: []string{"v2", "a/b c", "$op"}, JSON: map[string]int{"n": 1},
			Query:  url.Values{"at": {"2026-01-01T00:00:00+0100"}},
			Header: http.Header{"If-Match": {`W/"1"`}, "Origin": {"https://bad.example"}},
		},
		{Op: "two", Method: http.MethodPut, Body: []byte("<x/>"), Type: "text/xml", Accept: "text/xml"},
		{Op: "three", Method: http.MethodDelete, Path: []string{"gone"}},
	}
	want := []seen{
		{"POST", "/base/v2/a%2Fb%20c/$op", "at=2026-01-01T00%3A00%3A00%2B0100", `{"n":1}`, "application/json", "application/json", "f", `W/"1"`, "", ""},
		{"PUT", "/base/", "", "<x/>", "text/xml", "text/xml", "f", "", "", ""},
		{"DELETE", "/base/gone", "", "", "", "application/json", "f", "", "", ""},
	}

	for _, call := range calls {
		if _, err := c.Do(t.Context(), call); err != nil {
			t.Fatal(err)
		}
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}

	if len(ids) != len(calls) || ids[""] {
		t.Errorf("want %d different request ids, got %v", len(calls), ids)
	}

	if diff := cmp.Diff([]string{"peer one ok true", "peer two ok true", "peer three ok true"}, outcomes); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}

	for _, segment := range []string{"", ".", ".."} {
		_, err := c.Do(t.Context(), outbound.Call{Op: "bad", Method: http.MethodDelete, Path: []string{"v2", segment}})
		if !connector.Is(err, connector.Rejected) || len(got) != len(calls) {
			t.Errorf("segment %q: got %v, want Rejected and no request", segment, err)
		}
	}

	if _, err := c.Do(t.Context(), outbound.Call{Op: "bad", Method: http.MethodPost, JSON: make(chan int)}); !connector.Is(err, connector.Rejected) {
		t.Errorf("unmarshallable body: got %v, want Rejected", err)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()

	for _, o := range []outbound.Options{
		{BaseURL: "https://a.example", Now: time.Now},
		{BaseURL: "https://a.example", System: "x"},
		{System: "x", Now: time.Now},
		{System: "x", Now: time.Now, BaseURL: "a.example"},
		{System: "x", Now: time.Now, BaseURL: "ftp://a.example"},
		{System: "x", Now: time.Now, BaseURL: "http://a.example"},
		{System: "x", Now: time.Now, BaseURL: "https://u:hunter2@a.example"},
		{System: "x", Now: time.Now, BaseURL: "https://a.example?q=hunter2"},
		{System: "x", Now: time.Now, BaseURL: "https://a.example#hunter2"},
		{System: "x", Now: time.Now, BaseURL: "://hunter2"},
	} {
		_, err := outbound.New(o)
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: got %v, want an error that tells nothing", o.BaseURL, err)
		}
	}

	for _, o := range []outbound.Options{
		{BaseURL: "http://a.example", AllowPlain: true},
		{BaseURL: "http://[::1]:80"},
		{BaseURL: "http://localhost:80"},
		{BaseURL: "https://a.example/x"},
	} {
		newClient(t, o)
	}
}

func TestAnswerJSON(t *testing.T) {
	t.Parallel()

	tests := []struct {
		body        string
		read, write connector.Kind
	}{
		{`{"n":1,"more":[]}`, 0, 0},
		{` {"n":1} `, 0, 0},
		{`{"n":1} x`, connector.Malformed, connector.Unknown},
		{`{"n":"251248-9996"}`, connector.Malformed, connector.Unknown},
		{`<html>251248-9996</html>`, connector.Unavailable, connector.Unknown},
		{`{"n":`, connector.Unavailable, connector.Unknown},
		{`[1]`, connector.Malformed, connector.Unknown},
		{``, connector.Malformed, connector.Unknown},
	}
	for _, tt := range tests {
		t.Run(tt.body, func(t *testing.T) {
			t.Parallel()

			s := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, tt.body) })
			c := newClient(t, outbound.Options{BaseURL: s.URL})

			for method, want := range map[string]connector.Kind{http.MethodGet: tt.read, http.MethodPost: tt.write} {
				answer, err := do(t.Context(), c, method)
				if err != nil {
					t.Fatal(err)
				}

				var v struct {
					N int `json:"n"`
				}

				err = answer.JSON(&v)
				if connector.KindOf(err) != want {
					t.Errorf("%s: got %v, want %v", method, err, want)
				}

				if err != nil && strings.Contains(err.Error(), "251248") {
					t.Errorf("%s: the error quotes the body: %v", method, err)
				}
			}
		})
	}
}

func TestCodesAndLogsTellNothing(t *testing.T) {
	t.Parallel()

	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, "251248-9996")
	})

	var log bytes.Buffer

	c := newClient(t, outbound.Options{BaseURL: s.URL, Log: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})

	answer, err := c.Do(t.Context(), outbound.Call{
		Op: "find", Method: http.MethodGet, Path: []string{"251248-9996"}, Query: url.Values{"identifier": {"2512489996"}},
		Header: http.Header{"X-Api-Key": {"hunter2"}},
	})
	if err != nil {
		t.Fatal(err)
	}

	for _, code := range []string{"251248-9996", "2512489996", "has blank", strings.Repeat("x", 41), "<b>", ""} {
		if e := answer.Fail(code); e.Code != "" {
			t.Errorf("code %q came through", code)
		}
	}

	text := log.String()
	if !strings.Contains(text, `"op":"find"`) || !strings.Contains(text, `"status":400`) {
		t.Errorf("the log lacks the exchange: %s", text)
	}

	for _, secret := range []string{"251248", "hunter2", "identifier"} {
		if strings.Contains(text, secret) {
			t.Errorf("the log tells %q: %s", secret, text)
		}
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()

	tests := map[string]string{
		"no secret in 2026-11-23 here":        "no secret in 2026-11-23 here",
		"cpr 251248-9996.":                    "cpr •••.",
		"cpr 2512489996":                      "cpr •••",
		"ecpr 251248-0AB3 x":                  "ecpr ••• x",
		"ecpr 2512481zz3":                     "ecpr •••",
		"Authorization: Bearer abc.DEF-1":     "Authorization: Bearer •••",
		"authorization holder-of-key aa-bb-1": "authorization holder-of-key •••",
		`{"hostPin":48213,"guestPin":null}`:   `{"hostPin":•••,"guestPin":•••}`,
		"https://p.example/?pin=48213&join=1": "https://p.example/?pin=•••&join=1",
		"access_token=abc&x=1":                "access_token=•••&x=1",
		`"client_secret": "abc"`:              `"client_secret": "•••"`,
		"X-API-KEY: 5f0c":                     "X-API-KEY: •••",
	}
	for text, want := range tests {
		if got := outbound.Redact(text); got != want {
			t.Errorf("Redact(%q) = %q, want %q", text, got, want)
		}
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("cpr 251248-9996", "x")
	f.Add("", "Bearer ")
	f.Fuzz(func(t *testing.T, before, after string) {
		if got := outbound.Redact(before + " 251248-9996 " + after); strings.Contains(got, " 251248-9996 ") {
			t.Errorf("a person number came through: %q", got)
		}
	})
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()

	s := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Header.Get("X-Request-Id")) })
	c := newClient(t, outbound.Options{BaseURL: s.URL})

	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			answer, err := do(t.Context(), c, http.MethodPost)
			if err != nil || string(answer.Body) != answer.RequestID {
				t.Errorf("got %v, %v", answer, err)
			}
		})
	}

	wg.Wait()
}
