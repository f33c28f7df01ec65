package pexipsim_test

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector/video/pexip/pexipsim"
)

// signed makes a client assertion; change alters its claims before it is signed.
func signed(t *testing.T, c pexipsim.OAuthClient, claims map[string]any) string {
	t.Helper()
	block, _ := pem.Decode([]byte(c.PrivateKeyPEM))
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	must(t, err)
	body, err := json.Marshal(claims)
	must(t, err)
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(body)
	digest := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, parsed.(*ecdsa.PrivateKey), digest[:])
	must(t, err)
	signature := append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func (b *bench) claims(c pexipsim.OAuthClient, id string) map[string]any {
	return map[string]any{
		"iss": c.ID, "sub": c.ID, "aud": b.base + "/oauth/token/", "iat": b.Now().Unix(), "exp": b.Now().Add(time.Hour).Unix(), "jti": id,
	}
}

func (b *bench) token(t *testing.T, assertion string, extra ...string) answer {
	t.Helper()
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_assertion": {assertion},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
	}
	for i := 0; i < len(extra); i += 2 {
		form.Set(extra[i], extra[i+1])
	}
	kept := b.header
	b.header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	defer func() { b.header = kept }()
	return b.do(t, http.MethodPost, "/oauth/token/", form.Encode())
}

func TestOAuth2(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *pexipsim.Options) { o.BasicOff = true })
	clients := pexipsim.DefaultOAuthClients(7)
	c := clients[0]
	good := signed(t, c, b.claims(c, "1"))
	a := b.token(t, good, "scope", "is_admin use_api")
	if a.status != 200 || a.str("token_type") != "Bearer" || a.object["expires_in"] != 3600.0 {
		t.Fatalf("token: %d %s", a.status, a.raw)
	}
	if again := b.token(t, good); again.status != 401 || again.str("error") != "invalid_client" {
		t.Errorf("a jti used twice: %d %s", again.status, again.raw)
	}
	b.header.Set("Authorization", "Bearer "+a.str("access_token"))
	b.expect(t, 201, http.MethodPost, conferences, room("et", ""))
	b.Advance(time.Hour)
	gone := b.expect(t, 401, http.MethodGet, conferences, "")
	if gone.header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("challenge %q", gone.header.Get("WWW-Authenticate"))
	}
	b.basic(pexipsim.DefaultPassword)
	b.expect(t, 401, http.MethodGet, conferences, "")

	reader := b.token(t, signed(t, clients[1], b.claims(clients[1], "2")))
	b.header.Set("Authorization", "Bearer "+reader.str("access_token"))
	b.expect(t, 200, http.MethodGet, conferences, "")
	b.expect(t, 403, http.MethodPost, conferences, room("to", ""))
	b.ExpireTokens()
	b.expect(t, 401, http.MethodGet, conferences, "")
	b.header.Set("Authorization", "Bearer "+b.IssueToken("x", false, time.Minute))
	b.expect(t, 200, http.MethodGet, conferences, "")
}

func TestBadAssertions(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	clients := pexipsim.DefaultOAuthClients(7)
	c := clients[0]
	spoil := func(name string, v any) string {
		claims := b.claims(c, "x")
		claims[name] = v
		if v == nil {
			delete(claims, name)
		}
		return signed(t, c, claims)
	}
	other := clients[1]
	other.ID = c.ID
	good := signed(t, c, b.claims(c, "y"))
	tests := map[string]string{
		"unknown client": spoil("iss", "nobody"), "other subject": spoil("sub", "nobody"),
		"audience by another name": spoil("aud", "https://pexip.example/oauth/token/"), "no audience": spoil("aud", nil),
		"expired": spoil("exp", b.Now().Unix()), "no expiry": spoil("exp", nil), "from the future": spoil("iat", b.Now().Add(time.Hour).Unix()),
		"no jti": spoil("jti", ""), "another's key": signed(t, other, b.claims(other, "z")),
		"cut": good[:len(good)-4], "two parts": "a.b", "not a JWT": "x", "empty": "",
		"alg none": base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + good[strings.IndexByte(good, '.'):],
	}
	for name, assertion := range tests {
		if a := b.token(t, assertion); a.status != 401 || a.str("error") != "invalid_client" {
			t.Errorf("%s: %d %s", name, a.status, a.raw)
		}
	}
	if a := b.token(t, good, "grant_type", "password"); a.status != 400 {
		t.Errorf("other grant: %d", a.status)
	}
	if a := b.token(t, good, "scope", "root"); a.status != 400 {
		t.Errorf("other scope: %d", a.status)
	}
	claims := b.claims(c, "list")
	claims["aud"] = []string{"x", b.base + "/oauth/token/"}
	if a := b.token(t, signed(t, c, claims)); a.status != 200 {
		t.Errorf("a list as audience: %s", a.raw)
	}
	named := setup(t, func(o *pexipsim.Options) { o.Audience = "https://mgmt.example/oauth/token/" })
	if a := named.token(t, signed(t, c, named.claims(c, "1"))); a.status != 401 {
		t.Errorf("audience of an alias name: %d", a.status)
	}
	off := setup(t, func(o *pexipsim.Options) { o.OAuthOff = true })
	if a := off.token(t, good); a.status != 404 {
		t.Errorf("OAuth2 off: %d", a.status)
	}
}

func TestBasicAndTheLoginPage(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *pexipsim.Options) { o.LoginRedirect = true })
	b.expect(t, 200, http.MethodGet, conferences, "")
	b.basic("wrong")
	a := b.expect(t, 302, http.MethodGet, conferences, "")
	if !strings.Contains(a.header.Get("Location"), "/accounts/login/") {
		t.Errorf("Location %q", a.header.Get("Location"))
	}
	b.header.Del("Authorization")
	b.expect(t, 302, http.MethodGet, conferences, "")
	plain := setup(t, nil)
	plain.header.Del("Authorization")
	if a := plain.expect(t, 401, http.MethodGet, conferences, ""); !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Basic") {
		t.Errorf("challenge %q", a.header.Get("WWW-Authenticate"))
	}
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	for status, header := range map[int]string{429: "30", 503: ""} {
		b := setup(t, func(o *pexipsim.Options) { o.RateLimit, o.RateStatus = 3, status })
		for range 3 {
			b.expect(t, 200, http.MethodGet, conferences, "")
		}
		b.Advance(30 * time.Second)
		if a := b.expect(t, status, http.MethodGet, conferences, ""); a.header.Get("Retry-After") != header {
			t.Errorf("%d: Retry-After %q", status, a.header.Get("Retry-After"))
		}
		b.Advance(30 * time.Second)
		b.expect(t, 200, http.MethodGet, conferences, "")
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	now := func() time.Time { return time.Unix(0, 0) }
	for name, o := range map[string]pexipsim.Options{
		"no clock":       {},
		"bad key":        {Clock: now, OAuthClients: []pexipsim.OAuthClient{{ID: "x"}}},
		"node":           {Clock: now, Nodes: []pexipsim.Node{{Address: "x", Location: "y"}}},
		"no media":       {Clock: now, Nodes: []pexipsim.Node{{Address: "10.0.0.1", Location: "y", Proxying: true}}},
		"distant sink":   {Clock: now, EventSinks: []pexipsim.EventSink{{URL: "https://pexip.example/hook"}}},
		"sink version":   {Clock: now, EventSinks: []pexipsim.EventSink{{URL: "http://127.0.0.1/", Version: 3}}},
		"unknown global": {Clock: now, Global: map[string]any{"x": 1}},
		"global bounds":  {Clock: now, Global: map[string]any{"min_pin_length": 3}},
		"rates":          {Clock: now, Faults: pexipsim.Faults{Slow: 2}},
		"rate status":    {Clock: now, RateStatus: 500},
	} {
		if _, err := pexipsim.New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if a, b := pexipsim.DefaultOAuthClients(1), pexipsim.DefaultOAuthClients(1); a[0] != b[0] || a[0].ID == strconv.Itoa(1) {
		t.Error("the same seed gives the same clients")
	}
}
