package oidc_test

import (
	"crypto/elliptic"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/eid"
	"github.com/sluse/sluse/connector/eid/oidc"
	"github.com/sluse/sluse/connector/eid/oidc/oidcsim"
	"github.com/sluse/sluse/scheduler/care"
)

func TestLogin(t *testing.T) {
	t.Parallel()

	for _, push := range []bool{false, true} {
		for _, test := range []struct {
			dialect oidcsim.Dialect
			person  string
			cpr     string
			foreign string
			level   care.Assurance
		}{
			{oidcsim.MitID, "nancy", "2512489996", "", care.Substantial},
			{oidcsim.MitID, "anders", "3103979995", "", care.HighAssurance},
			{oidcsim.IDPorten, "kari", "", "TEST-0001", care.HighAssurance},
			{oidcsim.Freja, "ola", "", "TEST-0002", care.Substantial},
		} {
			t.Run(fmt.Sprintf("%s %s push=%t", test.dialect, test.person, push), func(t *testing.T) {
				t.Parallel()

				r := newRig(t, oidcsim.Options{Dialect: test.dialect, Push: push, RSA: push && test.person == "nancy"}, nil)

				proof, err := r.login(t, oidcsim.Login{Person: test.person})
				if err != nil {
					t.Fatal(err)
				}

				if proof.CPR.Reveal() != test.cpr || proof.Foreign.Reveal() != test.foreign || proof.Level != test.level || !proof.At.Equal(r.clock.at) ||
					proof.Method != care.ByMitID || proof.Provider != "broker" || proof.Name.IsZero() || !strings.HasSuffix(proof.Subject.Reveal(), "sub-"+test.person) {
					t.Errorf("the proof is %+v", proof)
				}

				if text := fmt.Sprintf("%+v", proof); test.cpr != "" && strings.Contains(text, test.cpr) || strings.Contains(text, "Berggren") {
					t.Errorf("the proof prints %s", text)
				}

				if r.provider.Info().Danish != (test.cpr != "") {
					t.Error("Danish is wrong")
				}
			})
		}
	}
}

func TestRequest(t *testing.T) {
	t.Parallel()

	r := newRig(t, oidcsim.Options{Dialect: oidcsim.IDPorten}, nil)
	q := query(t, r.start(t).URL)

	for name, want := range map[string]string{
		"response_type": "code", "client_id": "sluse", "redirect_uri": returnURL, "scope": "openid", "prompt": "login", "max_age": "0",
		"code_challenge_method": "S256", "acr_values": "idporten-loa-substantial idporten-loa-high", "ui_locales": "da",
	} {
		if q.Get(name) != want {
			t.Errorf("%s is %q", name, q.Get(name))
		}
	}

	other := query(t, r.start(t).URL)
	for _, name := range []string{"state", "nonce", "code_challenge"} {
		if len(q.Get(name)) != 43 || q.Get(name) == other.Get(name) {
			t.Errorf("%s is not random: %q", name, q.Get(name))
		}
	}

	pushed := newRig(t, oidcsim.Options{Push: true}, nil)
	if q := query(t, pushed.start(t).URL); len(q) != 2 || q.Get("request_uri") == "" || q.Get("client_id") != "sluse" {
		t.Errorf("a pushed request shows %v in the browser", q)
	}
}

// TestFaults is the table of what a provider, or somebody between, can get wrong.
func TestFaults(t *testing.T) {
	t.Parallel()

	tests := map[oidcsim.Fault]eid.Reason{ //nolint:exhaustive // all others are Invalid
		oidcsim.Cancel: eid.Cancelled, oidcsim.Unmet: eid.LevelTooLow, oidcsim.ServerError: eid.Unavailable,
		oidcsim.TokenDown: eid.Unavailable, oidcsim.TokenRefused: eid.Expired, oidcsim.ClientFault: eid.Unavailable,
		oidcsim.WrongState: eid.WrongBrowser, oidcsim.WrongNonce: eid.WrongBrowser, oidcsim.NoNonce: eid.WrongBrowser,
		oidcsim.ExpiredToken: eid.Expired, oidcsim.OldToken: eid.Expired, oidcsim.FutureToken: eid.Expired,
		oidcsim.OldLogin: eid.Expired, oidcsim.NoAuthTime: eid.Expired,
		oidcsim.NoLevel: eid.LevelTooLow, oidcsim.UnknownLevel: eid.LevelTooLow,
	}

	for _, fault := range oidcsim.Faults() {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()

			want, listed := tests[fault]
			if !listed {
				want = eid.Invalid
			}

			r := newRig(t, oidcsim.Options{}, func(c *oidc.Config) { c.Userinfo = fault == oidcsim.OtherUserinfo || fault == oidcsim.WrongAccessHash })

			proof, err := r.login(t, oidcsim.Login{Person: "nancy", Fault: fault})
			if err == nil || eid.ReasonOf(err) != want || !proof.CPR.IsZero() {
				t.Fatalf("want %s, got %v, %v", want, err, proof)
			}

			if strings.Contains(err.Error(), "2512489996") || strings.Contains(err.Error(), "another.example") || connector.KindOf(err) == 0 {
				t.Errorf("the error tells %v", err)
			}
		})
	}
}

func TestPeopleWhoMayNot(t *testing.T) {
	t.Parallel()

	r := newRig(t, oidcsim.Options{}, nil)

	if _, err := r.login(t, oidcsim.Login{Person: "ansat"}); eid.ReasonOf(err) != eid.WrongType {
		t.Errorf("an employee's login: %v", err)
	}

	if _, err := r.login(t, oidcsim.Login{Person: "kirsten"}); eid.ReasonOf(err) != eid.LevelTooLow {
		t.Errorf("a low login: %v", err)
	}

	if _, err := r.login(t, oidcsim.Login{Person: "kirsten", Level: "high"}); err != nil {
		t.Errorf("a high login: %v", err)
	}
}

func TestBinding(t *testing.T) {
	t.Parallel()

	r := newRig(t, oidcsim.Options{}, nil)
	r.sim.Next(oidcsim.Login{Person: "nancy"}, oidcsim.Login{Person: "bruno"})

	mine, others := r.start(t), r.start(t)
	back, backToo := browse(t, mine.URL), browse(t, others.URL)
	answer := func(request *http.Request, keep care.Secret) eid.Answer {
		return eid.Answer{Request: request, Handle: "handle", Keep: keep, MinLevel: care.Substantial, BegunAt: r.clock.at}
	}

	for name, a := range map[string]eid.Answer{
		"another login's answer": answer(backToo, mine.Keep),
		"no cookie":              {Request: back, Keep: mine.Keep, BegunAt: r.clock.at},
	} {
		if _, err := r.provider.Finish(t.Context(), a); eid.ReasonOf(err) != eid.WrongBrowser {
			t.Errorf("%s: %v", name, err)
		}
	}

	if _, err := r.provider.Finish(t.Context(), answer(back, care.Secret{})); eid.ReasonOf(err) != eid.Expired {
		t.Errorf("nothing kept: %v", err)
	}

	post := httptest.NewRequest(http.MethodPost, back.URL.String(), http.NoBody)
	if _, err := r.provider.Finish(t.Context(), answer(post, mine.Keep)); eid.ReasonOf(err) != eid.Invalid {
		t.Errorf("a POST: %v", err)
	}

	if _, err := r.provider.Finish(t.Context(), answer(back, mine.Keep)); err != nil {
		t.Errorf("my own: %v", err)
	}

	if _, err := r.provider.Finish(t.Context(), answer(back, mine.Keep)); eid.ReasonOf(err) != eid.Expired {
		t.Errorf("once more: %v", err)
	}

	if _, err := r.provider.Start(t.Context(), eid.Start{}); eid.ReasonOf(err) != eid.WrongBrowser {
		t.Errorf("a start without a handle: %v", err)
	}
}

func TestOutageAndKeys(t *testing.T) {
	t.Parallel()

	r := newRig(t, oidcsim.Options{}, nil)
	r.sim.Down(true)

	_, err := r.provider.Start(t.Context(), eid.Start{Handle: "handle"})
	if eid.ReasonOf(err) != eid.Unavailable || !connector.Is(err, connector.Unavailable) {
		t.Errorf("down: %v", err)
	}

	if found := r.provider.Check(t.Context()); len(found) != 1 || found[0].Level != connector.Failing {
		t.Errorf("the doctor finds %v", found)
	}

	r.sim.Down(false)

	if found := r.provider.Check(t.Context()); len(found) != 1 || found[0].Level != connector.Fine {
		t.Errorf("the doctor finds %v", found)
	}

	if _, err := r.login(t, oidcsim.Login{Person: "nancy"}); err != nil {
		t.Fatalf("up again: %v", err)
	}

	if err := r.sim.Rotate(); err != nil {
		t.Fatal(err)
	}

	r.clock.at = r.clock.at.Add(time.Minute)

	if _, err := r.login(t, oidcsim.Login{Person: "nancy"}); err != nil {
		t.Fatalf("with a new key: %v", err)
	}

	// What is known is used on while the provider's settings can't be read anew.
	r.clock.at = r.clock.at.Add(2 * time.Hour)
	r.sim.Down(true)

	if _, err := r.provider.Start(t.Context(), eid.Start{Handle: "handle"}); err != nil {
		t.Errorf("with old settings: %v", err)
	}
}

func TestUserinfoAndLeave(t *testing.T) {
	t.Parallel()

	r := newRig(t, oidcsim.Options{}, func(c *oidc.Config) { c.Userinfo = true })

	proof, err := r.login(t, oidcsim.Login{Person: "nancy", Fault: oidcsim.NoNumber})
	if err != nil && eid.ReasonOf(err) != eid.Invalid {
		t.Fatal(err)
	}

	if err == nil && proof.CPR.Reveal() != "2512489996" {
		t.Errorf("the number of the userinfo endpoint is %v", proof.CPR.Mask())
	}

	proof, err = r.login(t, oidcsim.Login{Person: "nancy"})
	if err != nil {
		t.Fatal(err)
	}

	out, err := r.provider.Leave(t.Context(), "handle", proof.Session)
	if err != nil || !strings.Contains(out, "/logout?") || query(t, out).Get("post_logout_redirect_uri") != "http://127.0.0.1:9/b" || query(t, out).Get("logout_hint") != "session-nancy" {
		t.Errorf("logout leads to %s, %v", out, err)
	}

	if strings.Contains(out, "2512489996") || strings.Contains(out, "id_token") {
		t.Error("the logout's address holds the token")
	}
}

func TestConfigValidate(t *testing.T) {
	t.Parallel()

	good := configFor(oidcsim.MitID)
	good.Issuer = "https://broker.example"
	good.SetDefaults()

	if problems := good.Validate(); problems != nil {
		t.Fatal(errors.Join(problems...))
	}

	for key, spoil := range map[string]func(*oidc.Config){
		"issuer":        func(c *oidc.Config) { c.Issuer = "http://broker.example" },
		"client_id":     func(c *oidc.Config) { c.ClientID = "" },
		"client_secret": func(c *oidc.Config) { c.ClientSecret = care.Secret{} },
		"number_claim":  func(c *oidc.Config) { c.NumberClaim = "" },
		"number":        func(c *oidc.Config) { c.Number = "x" },
		"levels":        func(c *oidc.Config) { c.Levels = nil },
		"levels.x":      func(c *oidc.Config) { c.Levels = map[string]string{"x": "best"} },
		"skew":          func(c *oidc.Config) { c.Skew = time.Hour },
		"timeout":       func(c *oidc.Config) { c.Timeout = time.Hour },
		"algorithms[0]": func(c *oidc.Config) { c.Algorithms = []string{"HS256"} },
		"scopes[0]":     func(c *oidc.Config) { c.Scopes = []string{"a b"} },
		"acr_values[0]": func(c *oidc.Config) { c.ACRValues = []string{""} },
		"private_key": func(c *oidc.Config) {
			c.ClientSecret, c.PrivateKey = care.Secret{}, rsaKey(t, 1024)
		},
	} {
		c := good
		spoil(&c)

		problems := c.Validate()
		if len(problems) != 1 || !strings.HasPrefix(problems[0].Error(), key+":") {
			t.Errorf("%s: %v", key, problems)
		}
	}

	for name, key := range map[string]care.Secret{"RSA": rsaKey(t, 2048), "P-256": ecKey(t, elliptic.P256())} {
		c := good
		c.ClientSecret, c.PrivateKey = care.Secret{}, key

		if problems := c.Validate(); problems != nil {
			t.Errorf("%s: %v", name, problems)
		}
	}

	c := good
	c.ClientSecret, c.PrivateKey = care.Secret{}, ecKey(t, elliptic.P384())

	if problems := c.Validate(); len(problems) != 1 {
		t.Errorf("P-384: %v", problems)
	}
}
