package oidcsim_test

import (
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
