package vdxsim

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// tokenPath follows Keycloak's form of token endpoints (§3.2); the real realm is not public.
const tokenPath = "/realms/vdx/protocol/openid-connect/token" //nolint:gosec // a path, not a credential

// claims are the members of an access token that the resource server reads, named as in
// the attribute settings of the published compose file (§3.1, §3.2).
type claims struct {
	Issuer       string   `json:"iss"`
	Subject      string   `json:"sub"`
	Client       string   `json:"azp"`
	ID           string   `json:"jti"`
	Issued       int64    `json:"iat"`
	Expires      int64    `json:"exp"`
	Organisation string   `json:"dk:medcom:organisation_id,omitempty"`
	Email        string   `json:"dk:medcom:email,omitempty"`
	Roles        []string `json:"dk:medcom:video:role,omitempty"`
	AutoCreate   string   `json:"dk:medcom:auto:organisation_id,omitempty"`
	Generation   int      `json:"sim_generation"`
}

// credentials are read from HTTP Basic (form-encoded by RFC 6749 §2.3.1) or from the form.
func credentials(x *exchange, form url.Values) (id, secret string) {
	if user, pass, ok := x.r.BasicAuth(); ok {
		return unescaped(user), unescaped(pass)
	}
	return form.Get("client_id"), form.Get("client_secret")
}

func unescaped(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

func tokenKey(x *exchange) string {
	form, err := url.ParseQuery(string(x.body))
	if err != nil {
		return ""
	}
	id, _ := credentials(x, form)
	return id
}

// issueToken is the client_credentials grant.
func (s *Server) issueToken(x *exchange) reply {
	form, err := url.ParseQuery(string(x.body))
	if err != nil || !strings.HasPrefix(x.rec.ContentType, "application/x-www-form-urlencoded") {
		return oauthError(http.StatusBadRequest, "invalid_request", "Missing form parameter: grant_type")
	}
	id, secret := credentials(x, form)
	client, found := s.client(id, secret)
	if !found {
		return oauthError(http.StatusUnauthorized, "invalid_client", "Invalid client or Invalid client credentials")
	}
	x.rec.Client = id
	if grant := form.Get("grant_type"); grant != "client_credentials" {
		return oauthError(http.StatusBadRequest, "unsupported_grant_type", "Unsupported grant_type")
	}
	s.mu.Lock()
	generation := s.generation
	ttl := s.opts.TokenTTL
	s.mu.Unlock()
	return jsonReply(http.StatusOK, "application/json", map[string]any{
		"access_token":       s.sign(x, client, ttl, generation),
		"token_type":         "Bearer",
		"expires_in":         int(ttl / time.Second),
		"refresh_expires_in": 0,
		"not-before-policy":  0,
		"scope":              "profile email",
	})
}

func oauthError(status int, code, text string) reply {
	out := jsonReply(status, "application/json", map[string]any{"error": code, "error_description": text})
	out.code, out.detail = code, text
	return out
}

func (s *Server) client(id, secret string) (Client, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.opts.Clients {
		if c.ID == id && subtle.ConstantTimeCompare([]byte(c.Secret), []byte(secret)) == 1 {
			return c, true
		}
	}
	return Client{}, false
}

func (s *Server) sign(x *exchange, c Client, ttl time.Duration, generation int) string {
	now := x.now.Unix()
	payload, err := json.Marshal(claims{
		Issuer: x.base + "/realms/vdx", Subject: s.dice.uuid("sub", c.ID), Client: c.ID,
		ID:     s.dice.uuid("jti", c.ID, strconv.FormatInt(x.now.UnixNano(), 10)),
		Issued: now, Expires: now + int64(ttl/time.Second),
		Organisation: c.Organisation, Email: c.Email, Roles: c.Roles, AutoCreate: c.AutoCreate, Generation: generation,
	})
	if err != nil {
		return ""
	}
	head := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`))
	signed := head + "." + base64.RawURLEncoding.EncodeToString(payload)
	return signed + "." + base64.RawURLEncoding.EncodeToString(s.mac(signed))
}

func (s *Server) mac(text string) []byte {
	m := hmac.New(sha256.New, s.key)
	m.Write([]byte(text))
	return m.Sum(nil)
}

// bearer verifies the access token. Missing, malformed, tampered and expired tokens, and
// tokens without a role, are 401 (§3.2).
func (s *Server) bearer(x *exchange) *reply {
	x.rec.Door = DoorBearer
	refuse := func(code, text string) *reply {
		out := unauthorized(code, text)
		return &out
	}
	scheme, token, _ := strings.Cut(x.rec.Authorization, " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return refuse("", "no bearer token")
	}
	c, ok := s.verify(token)
	if !ok {
		return refuse("invalid_token", "Signed JWT rejected: Invalid signature")
	}
	s.mu.Lock()
	stale := c.Generation != s.generation
	s.mu.Unlock()
	if stale || x.now.Unix() >= c.Expires {
		return refuse("invalid_token", "Jwt expired")
	}
	x.by = principal{client: c.Client, organisation: c.Organisation, email: c.Email, roles: c.Roles, autoCreate: c.AutoCreate}
	x.rec.Client = c.Client
	if len(c.Roles) == 0 {
		return refuse("", "the token holds no role")
	}
	return nil
}

func (s *Server) verify(token string) (claims, bool) {
	var c claims
	at := strings.LastIndexByte(token, '.')
	if at < 0 {
		return c, false
	}
	mac, err := base64.RawURLEncoding.DecodeString(token[at+1:])
	if err != nil || !hmac.Equal(mac, s.mac(token[:at])) {
		return c, false
	}
	_, payload, _ := strings.Cut(token[:at], ".")
	raw, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return c, false
	}
	return c, json.Unmarshal(raw, &c) == nil
}

// ExpireTokens makes every token issued so far useless: the next call with one is 401.
func (s *Server) ExpireTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.generation++
}

// SetTokenTTL changes the life of tokens issued from now on, in whole seconds.
func (s *Server) SetTokenTTL(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opts.TokenTTL = d
}

// IssueToken makes an access token for a client without the token endpoint, for tests that
// need one of a given role or age. The client need not be configured.
func (s *Server) IssueToken(c Client, ttl time.Duration) string {
	s.mu.Lock()
	generation, base := s.generation, s.baseURL
	s.mu.Unlock()
	return s.sign(&exchange{now: s.Now(), base: base}, c, ttl, generation)
}
