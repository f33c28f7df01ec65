package outbound_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/scheduler/care"
)

// clock is set by hand.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(c.at.Load(), 0).UTC() }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d / time.Second)) }

// issuer hands out tokens t1, t2, … that are good until revoked.
type issuer struct {
	asked  atomic.Int64
	answer atomic.Value // func(w, r) or nil
	hold   chan struct{}
}

func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := i.asked.Add(1)

	if i.hold != nil {
		<-i.hold
	}

	if f, ok := i.answer.Load().(func(http.ResponseWriter, *http.Request)); ok {
		f(w, r)

		return
	}

	id, secret, _ := r.BasicAuth()
	if id != "c%2Bid" || secret != "s%3Acret" || r.FormValue("grant_type") != "client_credentials" || r.FormValue("scope") != "a b" {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"error":"invalid_client"}`)

		return
	}

	_, _ = fmt.Fprintf(w, `{"access_token":"t%d","token_type":"bearer","expires_in":300}`, n)
}

type bundle struct {
	issuer *issuer
	clock  *clock
	tokens *outbound.Tokens
}

func setup(t *testing.T) bundle {
	t.Helper()

	b := bundle{issuer: &issuer{}, clock: &clock{}}
	b.clock.advance(time.Hour)

	s := httptest.NewServer(b.issuer)
	t.Cleanup(s.Close)

	tokens, err := outbound.NewTokens(
		outbound.Options{System: "peer", BaseURL: s.URL + "/token", Now: b.clock.now, Timeout: time.Second},
		outbound.Credentials{ClientID: "c+id", Secret: care.NewSecret("s:cret"), Scopes: []string{"a", "b"}},
	)
	if err != nil {
		t.Fatal(err)
	}

	b.tokens = tokens

	return b
}

func (b bundle) want(t *testing.T, value string, asked int64) {
	t.Helper()

	got, err := b.tokens.Authorize(t.Context())
	if err != nil || got.Reveal() != value || b.issuer.asked.Load() != asked {
		t.Errorf("got %q, %v after %d requests; want %q after %d", got.Reveal(), err, b.issuer.asked.Load(), value, asked)
	}
}

func TestTokenIsKeptAndRenewed(t *testing.T) {
	t.Parallel()

	b := setup(t)
	b.want(t, "Bearer t1", 1)
	b.clock.advance(269 * time.Second)
	b.want(t, "Bearer t1", 1)
	b.clock.advance(time.Second) // 30 s before the end
	b.want(t, "Bearer t2", 2)

	b.tokens.Refused(care.NewSecret("Bearer t1")) // old news
	b.want(t, "Bearer t2", 2)
	b.tokens.Refused(care.NewSecret("Bearer t2"))
	b.want(t, "Bearer t3", 3)
}

func TestOneTokenRequestForManyCallers(t *testing.T) {
	t.Parallel()

	b := setup(t)
	b.issuer.hold = make(chan struct{})

	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)

	go func() {
		_, err := b.tokens.Authorize(ctx)
		first <- err
	}()

	for b.issuer.asked.Load() == 0 { // the first request is on its way
		if ctx.Err() != nil {
			t.Fatal(ctx.Err())
		}
	}

	cancel()

	if err := <-first; !connector.Is(err, connector.Unavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("the caller that gave up got %v", err)
	}

	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { b.want(t, "Bearer t1", 1) })
	}

	close(b.issuer.hold)
	wg.Wait()
}

func TestTokenErrors(t *testing.T) {
	t.Parallel()

	reply := func(status int, body string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "3")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}

	tests := map[string]struct {
		answer func(http.ResponseWriter, *http.Request)
		want   connector.Kind
		code   string
	}{
		"reset":       {hangUp, connector.Unavailable, ""},
		"500":         {reply(500, ""), connector.Unavailable, ""},
		"503":         {reply(503, ""), connector.Unavailable, ""},
		"429":         {reply(429, ""), connector.RateLimited, ""},
		"400":         {reply(400, `{"error":"invalid_scope"}`), connector.Unauthorized, "invalid_scope"},
		"401":         {reply(401, `{"error":"invalid_client"}`), connector.Unauthorized, "invalid_client"},
		"404":         {reply(404, "<html>"), connector.Unauthorized, ""},
		"302":         {reply(302, ""), connector.Unauthorized, ""},
		"html":        {reply(200, "<html>"), connector.Unavailable, ""},
		"list":        {reply(200, "[]"), connector.Unauthorized, ""},
		"cut off":     {reply(200, `{"access_to`), connector.Unavailable, ""},
		"empty":       {reply(200, `{}`), connector.Unauthorized, ""},
		"other type":  {reply(200, `{"access_token":"hunter2","token_type":"mac"}`), connector.Unauthorized, ""},
		"header trap": {reply(200, `{"access_token":"hunter2\r\nX: y"}`), connector.Unauthorized, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := setup(t)
			b.issuer.answer.Store(tt.answer)

			_, err := b.tokens.Authorize(t.Context())

			var e *connector.Error
			if !errors.As(err, &e) || e.Kind != tt.want || e.Code != tt.code || e.Op != "token" || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestTokenLife(t *testing.T) {
	t.Parallel()

	for body, life := range map[string]time.Duration{
		`{"access_token":"x"}`:                                               30 * time.Second,
		`{"access_token":"x","expires_in":-1}`:                               30 * time.Second,
		`{"access_token":"x","expires_in":20}`:                               10 * time.Second,
		`{"access_token":"x","expires_in":"3599","expires_on":"1795500000"}`: 3569 * time.Second, // Azure AD v1
		`{"access_token":"x","expires_in":"NaN"}`:                            30 * time.Second,
		`{"access_token":"x","expires_in":""}`:                               30 * time.Second,
		`{"access_token":"x","expires_in":1e300}`:                            24*time.Hour - 30*time.Second,
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()

			b := setup(t)
			b.issuer.answer.Store(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
			b.want(t, "Bearer x", 1)
			b.clock.advance(life - time.Second)
			b.want(t, "Bearer x", 1)
			b.clock.advance(time.Second)
			b.want(t, "Bearer x", 2)
		})
	}
}

func TestRefusedCallIsMadeOnceMore(t *testing.T) {
	t.Parallel()

	b := setup(t)

	var (
		calls atomic.Int64
		good  atomic.Value
	)

	good.Store("Bearer t2")

	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)

		if r.Header.Get("Authorization") != good.Load() {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	c := newClient(t, outbound.Options{BaseURL: s.URL, Auth: b.tokens})

	answer, err := do(t.Context(), c, http.MethodPost)
	if err != nil || !answer.OK() || calls.Load() != 2 || b.issuer.asked.Load() != 2 {
		t.Errorf("got %v, %v after %d calls and %d tokens", answer, err, calls.Load(), b.issuer.asked.Load())
	}

	good.Store("none")

	answer, err = do(t.Context(), c, http.MethodPost)
	if err != nil || answer.Status != http.StatusUnauthorized || calls.Load() != 4 {
		t.Errorf("a second 401 is final: got %v, %v after %d calls", answer, err, calls.Load())
	}

	b.issuer.answer.Store(hangUp)

	if _, err = do(t.Context(), c, http.MethodPost); !connector.Is(err, connector.Unavailable) {
		t.Errorf("no token after a 401: got %v, want Unavailable", err)
	}
}

func TestCredentialsInTheBody(t *testing.T) {
	t.Parallel()

	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _, basic := r.BasicAuth()
		if basic || r.FormValue("client_id") != "id" || r.FormValue("client_secret") != "s&s" {
			w.WriteHeader(http.StatusUnauthorized)

			return
		}

		_, _ = io.WriteString(w, `{"access_token":"x"}`)
	})
	options := outbound.Options{System: "peer", BaseURL: s.URL, Now: time.Now}

	tokens, err := outbound.NewTokens(options, outbound.Credentials{ClientID: "id", Secret: care.NewSecret("s&s"), InBody: true})
	if err != nil {
		t.Fatal(err)
	}

	if value, err := tokens.Authorize(t.Context()); err != nil || value.Reveal() != "Bearer x" {
		t.Errorf("got %v", err)
	}

	if _, err = outbound.NewTokens(options, outbound.Credentials{ClientID: "id"}); err == nil {
		t.Error("want an error without a secret")
	}
}
