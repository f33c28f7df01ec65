package pexip_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video/pexip"
	"github.com/sluse/sluse/connector/video/pexip/pexipsim"
	"github.com/sluse/sluse/scheduler/care"
)

// TestCredentials: both ways in work, what ends is renewed, and what is refused is told.
func TestCredentials(t *testing.T) {
	t.Parallel()

	basic := func(c *pexip.Config) {
		c.Auth, c.Username, c.Password = pexip.AuthBasic, pexipsim.DefaultUsername, care.NewSecret(pexipsim.DefaultPassword)
	}

	for name, tt := range map[string]struct {
		options pexipsim.Options
		change  func(*pexip.Config)
		expire  bool
		code    string // of the refusal; "-": refused without
	}{
		"oauth":                   {},
		"oauth with scope":        {change: func(c *pexip.Config) { c.Scope = "is_admin use_api" }},
		"oauth, revoked":          {expire: true},
		"oauth, sent to login":    {options: pexipsim.Options{LoginRedirect: true}, expire: true},
		"own name":                {options: pexipsim.Options{Audience: "https://mgmt.testby.example/oauth/token/"}, change: func(c *pexip.Config) { c.Audience = "https://mgmt.testby.example/oauth/token/" }},
		"another name":            {options: pexipsim.Options{Audience: "https://mgmt.testby.example/oauth/token/"}, code: "invalid_client"},
		"oauth is off":            {options: pexipsim.Options{OAuthOff: true}, code: "-"},
		"basic":                   {change: basic},
		"basic is off":            {options: pexipsim.Options{BasicOff: true}, change: basic, code: pexip.CodeOAuthOnly},
		"wrong password":          {change: func(c *pexip.Config) { basic(c); c.Password = care.NewSecret("wrong") }, code: "-"},
		"wrong password to login": {options: pexipsim.Options{LoginRedirect: true}, change: func(c *pexip.Config) { basic(c); c.Password = care.NewSecret("wrong") }, code: "login"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			tt.options.Seed = 7
			p := newPeer(t, tt.options)
			platform := p.platform(t, rig{change: tt.change})

			if tt.expire {
				book(t, p, platform, time.Hour)
				p.sim.ExpireTokens()
			}

			_, err := platform.Book(t.Context(), newRef(), spec(t, p, time.Hour))

			if tt.code == "" {
				if err != nil {
					t.Error(err)
				}

				return
			}

			if !connector.Is(err, connector.Unauthorized) || tt.code != "-" && !strings.Contains(err.Error(), "code "+tt.code) {
				t.Errorf("got %v, want Unauthorized with %s", err, tt.code)
			}

			for _, secret := range append(p.Secrets(), "wrong\"", "482136") {
				if strings.Contains(fmt.Sprintf("%+v", err), secret) {
					t.Errorf("the error tells a secret: %v", err)
				}
			}
		})
	}
}

// TestTokenRequest holds the form to what the node documents.
func TestTokenRequest(t *testing.T) {
	t.Parallel()

	for scope, want := range map[string][]string{
		"":                 {"client_assertion", "client_assertion_type", "grant_type"},
		"is_admin use_api": {"client_assertion", "client_assertion_type", "grant_type", "scope"},
	} {
		p := newPeer(t, pexipsim.Options{Seed: 8})
		book(t, p, p.platform(t, rig{change: func(c *pexip.Config) { c.Scope = scope }}), time.Hour)

		requests := p.sim.Requests(pexipsim.OpToken)
		if len(requests) != 1 || requests[0].Path != "/oauth/token/" || requests[0].Authorization != "" {
			t.Fatalf("requests %+v", requests)
		}

		form, err := url.ParseQuery(requests[0].Body)
		if err != nil {
			t.Fatal(err)
		}

		if diff := cmp.Diff(want, fieldsOf(form)); diff != "" {
			t.Errorf("fields (-want +got):\n%s", diff)
		}
	}
}

func fieldsOf(form url.Values) []string {
	var names []string

	for _, name := range []string{"client_assertion", "client_assertion_type", "client_id", "client_secret", "grant_type", "scope"} {
		if form.Has(name) {
			names = append(names, name)
		}
	}

	if len(names) != len(form) {
		names = append(names, "more")
	}

	return names
}
