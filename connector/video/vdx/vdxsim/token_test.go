package vdxsim_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
)

func (b *bench) grant(t *testing.T, form url.Values, basic bool) answer {
	t.Helper()
	b.token = ""
	b.header.Set("Content-Type", "application/x-www-form-urlencoded")
	defer b.header.Del("Content-Type")
	if basic {
		id, secret := form.Get("client_id"), form.Get("client_secret")
		form.Del("client_id")
		form.Del("client_secret")
		req := http.Request{Header: http.Header{}}
		req.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
		b.header.Set("Authorization", req.Header.Get("Authorization"))
		defer b.header.Del("Authorization")
	}
	return b.do(t, http.MethodPost, b.urls.Token, form.Encode())
}

func form(secret string) url.Values {
	return url.Values{"grant_type": {"client_credentials"}, "client_id": {"sluse-planner"}, "client_secret": {secret}}
}

func TestTokenEndpoint(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	for _, basic := range []bool{false, true} {
		a := b.grant(t, form("test-sluse-planner"), basic)
		if a.status != http.StatusOK || a.str("token_type") != "Bearer" || a.object["expires_in"] != float64(300) {
			t.Fatalf("basic %v: %d %s", basic, a.status, a.raw)
		}
		b.token = a.str("access_token")
		if got := b.do(t, http.MethodGet, "/v2/info", ""); got.status != http.StatusOK {
			t.Errorf("with the token: %d", got.status)
		}
		if a = b.grant(t, form("wrong"), basic); a.status != http.StatusUnauthorized || a.str("error") != "invalid_client" {
			t.Errorf("wrong secret: %d %s", a.status, a.raw)
		}
	}
	wrong := form("test-sluse-planner")
	wrong.Set("grant_type", "password")
	if a := b.grant(t, wrong, false); a.str("error") != "unsupported_grant_type" {
		t.Errorf("grant type: %s", a.raw)
	}
}

func TestTokenRefusals(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	client := vdxsim.Client{ID: "c", Organisation: "sluse-kommune", Email: "a@b.example", Roles: []string{vdxsim.RolePlanner}}
	with := func(change func(*vdxsim.Client)) string {
		c := client
		change(&c)
		return b.IssueToken(c, time.Minute)
	}
	good := with(func(*vdxsim.Client) {})
	tests := map[string]struct {
		token     string
		status    int
		challenge string
	}{
		"none":            {"", 401, "Bearer"},
		"garbage":         {"x.y.z", 401, "invalid_token"},
		"tampered":        {strings.Replace(good, ".", ".x", 1), 401, "invalid_token"},
		"expired":         {b.IssueToken(client, -time.Minute), 401, "invalid_token"},
		"no roles":        {with(func(c *vdxsim.Client) { c.Roles = nil }), 401, "Bearer"},
		"no e-mail":       {with(func(c *vdxsim.Client) { c.Email = "" }), 401, ""},
		"new org":         {with(func(c *vdxsim.Client) { c.Organisation, c.AutoCreate = "new", "sluse-kommune" }), 200, ""},
		"unknown org":     {with(func(c *vdxsim.Client) { c.Organisation = "x" }), 403, ""},
		"wrong role":      {with(func(c *vdxsim.Client) { c.Roles = []string{vdxsim.RoleProvisioner} }), 403, ""},
		"no role we know": {with(func(c *vdxsim.Client) { c.Roles = []string{"x"} }), 403, ""},
		"good":            {good, 200, ""},
	}
	for name, tt := range tests {
		b.token = tt.token
		a := b.do(t, http.MethodPost, "/v2/meetings", `{"subject":"s","startTime":"2026-09-14T10:00:00Z","endTime":"2026-09-14T11:00:00Z"}`)
		if a.status != tt.status || !strings.Contains(a.header.Get("WWW-Authenticate"), tt.challenge) {
			t.Errorf("%s: %d %q", name, a.status, a.header.Get("WWW-Authenticate"))
		}
		if a.status == 401 && tt.challenge != "" && a.raw != "" {
			t.Errorf("%s: 401 has a body: %s", name, a.raw)
		}
	}
	b.token = good
	b.header.Set("Origin", "https://example.org")
	if a := b.do(t, http.MethodGet, "/v2/info", ""); a.status != http.StatusForbidden {
		t.Errorf("Origin: %d", a.status)
	}
	b.header.Del("Origin")
	b.ExpireTokens()
	if a := b.do(t, http.MethodGet, "/v2/info", ""); a.status != http.StatusUnauthorized {
		t.Errorf("after ExpireTokens: %d", a.status)
	}
}

func TestTokensAgeByTheSimulatorsClock(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.SetTokenTTL(10 * time.Second)
	b.token = b.grant(t, form("test-sluse-planner"), false).str("access_token")
	b.Advance(9 * time.Second)
	if a := b.do(t, http.MethodGet, "/v2/info", ""); a.status != http.StatusOK {
		t.Errorf("after 9 s: %d", a.status)
	}
	b.Advance(time.Second)
	if a := b.do(t, http.MethodGet, "/v2/info", ""); a.status != http.StatusUnauthorized {
		t.Errorf("after 10 s: %d", a.status)
	}
}
