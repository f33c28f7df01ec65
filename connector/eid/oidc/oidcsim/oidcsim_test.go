package oidcsim_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector/eid/oidc/oidcsim"
)

func start(t *testing.T) (*oidcsim.Server, string) {
	t.Helper()

	s, err := oidcsim.New(oidcsim.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}

	base, err := s.Start(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = s.Close() })

	return s, base
}

// authorize is a request as a client makes it, with one parameter replaced.
func authorize(base, name, value string) string {
	q := url.Values{
		"client_id": {oidcsim.DefaultClientID}, "redirect_uri": {"http://127.0.0.1:9/svar"}, "response_type": {"code"}, "scope": {"openid"}, "state": {"s"}, "nonce": {"n"},
		"code_challenge": {strings.Repeat("c", 43)}, "code_challenge_method": {"S256"},
	}
	q.Set(name, value)

	return base + "/authorize?" + q.Encode()
}

func TestPage(t *testing.T) {
	t.Parallel()

	s, base := start(t)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

	response, err := client.Get(authorize(base, "acr_values", "x"))
	if err != nil {
		t.Fatal(err)
	}

	page, err := io.ReadAll(response.Body)
	_ = response.Body.Close()

	held := regexp.MustCompile(`name="held" value="([^"]+)"`).FindSubmatch(page)
	if err != nil || held == nil || !strings.Contains(string(page), "Nancy Ann Berggren") || !strings.Contains(response.Header.Get("Server"), "simulator") {
		t.Fatalf("%v: %s", err, page)
	}

	choose := func() (status int, location string) {
		response, err := client.PostForm(base+"/authorize", url.Values{"held": {string(held[1])}, "person": {"nancy"}})
		if err != nil {
			t.Fatal(err)
		}

		_ = response.Body.Close()

		return response.StatusCode, response.Header.Get("Location")
	}

	if _, back := choose(); !strings.HasPrefix(back, "http://127.0.0.1:9/svar?code=") || !strings.Contains(back, "iss=") {
		t.Errorf("leads back to %s", back)
	}

	if again, _ := choose(); again != http.StatusBadRequest {
		t.Errorf("the same page twice: %d", again)
	}

	if n := len(s.History()); n != 3 {
		t.Errorf("%d requests are remembered", n)
	}
}

// TestControl takes the provider down and up again by its page, which goes on answering.
func TestControl(t *testing.T) {
	t.Parallel()

	s, base := start(t)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

	ask := func(path, down string) (status int, body string) {
		response, err := client.Get(base + path)
		if down != "-" {
			response, err = client.PostForm(base+path, url.Values{"down": {down}})
		}

		if err != nil {
			t.Fatal(err)
		}

		text, err := io.ReadAll(response.Body)
		if err := errors.Join(err, response.Body.Close()); err != nil {
			t.Fatal(err)
		}

		return response.StatusCode, string(text)
	}

	for _, step := range []struct {
		down     string
		set, now int
		state    oidcsim.State
	}{
		{"unavailable", http.StatusSeeOther, http.StatusServiceUnavailable, oidcsim.State{Down: "unavailable"}},
		{"broken", http.StatusBadRequest, http.StatusServiceUnavailable, oidcsim.State{Down: "unavailable"}},
		{"", http.StatusSeeOther, http.StatusOK, oidcsim.State{}},
	} {
		if got, _ := ask("/control/state", step.down); got != step.set {
			t.Errorf("%q: %d, want %d", step.down, got, step.set)
		}

		if got, _ := ask("/.well-known/openid-configuration", "-"); got != step.now || s.State() != step.state {
			t.Errorf("%q: the provider answers %d, state %+v", step.down, got, s.State())
		}

		if got, page := ask("/control/", "-"); got != http.StatusOK || !strings.Contains(page, "Nancy Ann Berggren") {
			t.Errorf("%q: the page answers %d: %s", step.down, got, page)
		}
	}
}

// TestLogIn logs in without a browser.
func TestLogIn(t *testing.T) {
	t.Parallel()

	s, base := start(t)
	good := authorize(base, "acr_values", "x")

	if back, err := s.LogIn(good, oidcsim.Login{Person: "nancy"}); err != nil || !strings.HasPrefix(back, "http://127.0.0.1:9/svar?code=") {
		t.Errorf("leads back to %q: %v", back, err)
	}

	for name, refused := range map[string]struct{ request, person string }{
		"nobody": {good, "ingen"}, "request": {authorize(base, "nonce", ""), "nancy"}, "address": {"http://%", "nancy"},
	} {
		if back, err := s.LogIn(refused.request, oidcsim.Login{Person: refused.person}); err == nil {
			t.Errorf("%s: leads back to %q", name, back)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()

	s, base := start(t)
	client := &http.Client{}

	for name, value := range map[string]string{
		"client_id": "x", "redirect_uri": "https://evil.example/", "response_type": "token", "scope": "profile", "state": "", "nonce": "",
		"code_challenge": "short", "code_challenge_method": "plain", "request_uri": "urn:unknown",
	} {
		response, err := client.Get(authorize(base, name, value))
		if err != nil {
			t.Fatal(err)
		}

		_ = response.Body.Close()

		if response.StatusCode != http.StatusBadRequest {
			t.Errorf("%s=%q: %d", name, value, response.StatusCode)
		}
	}

	response, err := client.PostForm(base+"/token", url.Values{"grant_type": {"authorization_code"}})
	if err != nil {
		t.Fatal(err)
	}

	_ = response.Body.Close()

	if response.StatusCode != http.StatusUnauthorized {
		t.Errorf("a token without credentials: %d", response.StatusCode)
	}

	if _, err := s.Start(t.Context(), "0.0.0.0:0"); err == nil {
		t.Error("it listens beyond loopback")
	}

	if _, err := oidcsim.New(oidcsim.Options{}); err == nil {
		t.Error("it runs without a clock")
	}
}
