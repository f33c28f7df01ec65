package outbound_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
)

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
		{`{"n":1,"more":["251248-99`, connector.Unavailable, connector.Unknown},
		{`[{"n":1},`, connector.Unavailable, connector.Unknown},
		{`<?xml version="1.0"?><!DOCTYPE html>`, connector.Unavailable, connector.Unknown},
		{``, connector.Unavailable, connector.Unknown},
		{" \n", connector.Unavailable, connector.Unknown},
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

// TestBroken: an adapter that reads an answer by itself gets the same kinds. XML that was agreed is no
// web page.
func TestBroken(t *testing.T) {
	t.Parallel()

	const page, soap = "text/html; charset=utf-8", "application/soap+xml"

	for _, tt := range []struct {
		status            int
		contentType, body string
		read              connector.Kind
	}{
		{200, "", `{"n":"x"}`, connector.Malformed},
		{200, "", `[{"n":`, connector.Unavailable},
		{200, "", `{"n`, connector.Unavailable},
		{200, "", `{"n":1}}`, connector.Malformed},
		{200, "", ``, connector.Unavailable},
		{204, "", ``, connector.Malformed},
		{200, page, `<html>`, connector.Unavailable},
		{200, soap, `<soap:Envelope>`, connector.Malformed},
		{200, soap, `plain`, connector.Malformed},
	} {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", tt.contentType)
			w.WriteHeader(tt.status)
			_, _ = io.WriteString(w, tt.body)
		})
		c := newClient(t, outbound.Options{BaseURL: s.URL})

		for method, want := range map[string]connector.Kind{http.MethodGet: tt.read, http.MethodPost: connector.Unknown} {
			answer, err := do(t.Context(), c, method)
			if err != nil {
				t.Fatal(err)
			}

			if got := answer.Broken("not what was expected"); got.Kind != want {
				t.Errorf("%s %d %q: got %v, want %v", method, tt.status, tt.body, got, want)
			}
		}
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
