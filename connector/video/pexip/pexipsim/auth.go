package pexipsim

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const tokenPath = "/oauth/token/" //nolint:gosec // a path, not a credential

// clockTolerance is how far a client's clock may be ahead.
const clockTolerance = time.Minute

// caller is who calls.
type caller struct {
	name     string
	readOnly bool
}

// gate holds credentials and tokens. It is guarded by Server.mu.
type gate struct {
	clients map[string]registered
	tokens  map[string]grant
	seen    map[string]time.Time // jti of assertions → their exp
	issued  int
	calls   []time.Time // of the last minute, for the rate limit
}

type registered struct {
	key      *ecdsa.PublicKey
	readOnly bool
}

type grant struct {
	by      caller
	expires time.Time
}

func newGate(o Options) (*gate, error) {
	g := &gate{clients: make(map[string]registered), tokens: make(map[string]grant), seen: make(map[string]time.Time)}
	for _, c := range o.OAuthClients {
		key, err := c.publicKey()
		if err != nil {
			return nil, fmt.Errorf("pexipsim: OAuth client %q: %w", c.ID, err)
		}
		g.clients[c.ID] = registered{key: key, readOnly: c.ReadOnly}
	}
	return g, nil
}

// authorise finds out who calls; a reply is the refusal. The caller holds s.mu.
func (s *Server) authorise(x *exchange) *reply {
	refuse := func() *reply {
		out := unauthorized(s.basicOff())
		if s.opts.LoginRedirect {
			out = loginRedirect(x)
		}
		return &out
	}
	scheme, token, _ := strings.Cut(x.rec.Authorization, " ")
	if strings.EqualFold(scheme, "Bearer") {
		g, known := s.door.tokens[token]
		if !known || !x.now.Before(g.expires) {
			return refuse()
		}
		x.by, x.rec.Client = g.by, g.by.name
		return nil
	}
	user, pass, ok := x.r.BasicAuth()
	right := subtle.ConstantTimeCompare([]byte(user+"\x00"+pass), []byte(s.opts.Username+"\x00"+s.opts.Password)) == 1
	if !ok || !right || s.basicOff() {
		return refuse()
	}
	x.by, x.rec.Client = caller{name: user}, user
	return nil
}

// basicOff is api_oauth2_disable_basic.
func (s *Server) basicOff() bool {
	return s.config.single(resLogin).flag("api_oauth2_disable_basic")
}

// overLimit counts a call and tells whether it is one too many (§1.9).
func (s *Server) overLimit(now time.Time) bool {
	if s.opts.RateLimit <= 0 {
		return false
	}
	from := 0
	for from < len(s.door.calls) && now.Sub(s.door.calls[from]) >= time.Minute {
		from++
	}
	s.door.calls = s.door.calls[from:]
	if len(s.door.calls) >= s.opts.RateLimit {
		return true
	}
	s.door.calls = append(s.door.calls, now)
	return false
}

func (s *Server) tooMany(now time.Time) reply {
	out := gatewayPage(s.opts.RateStatus)
	out.detail = "more than " + strconv.Itoa(s.opts.RateLimit) + " requests in 60 seconds"
	if s.opts.RateStatus == http.StatusTooManyRequests {
		wait := time.Minute
		if len(s.door.calls) > 0 {
			wait -= now.Sub(s.door.calls[0])
		}
		out.header = map[string]string{"Retry-After": strconv.Itoa(int((wait + time.Second - 1) / time.Second))}
	}
	return out
}

// assertion are the claims of a client assertion (§1.8).
type assertion struct {
	Issuer   string          `json:"iss"`
	Subject  string          `json:"sub"`
	Audience json.RawMessage `json:"aud"`
	Issued   float64         `json:"iat"`
	Expires  float64         `json:"exp"`
	ID       string          `json:"jti"`
}

func tokenKey(x *exchange) string {
	form, err := url.ParseQuery(string(x.body))
	if err != nil {
		return ""
	}
	_, claims, _, err := splitJWT(form.Get("client_assertion"))
	if err != nil {
		return ""
	}
	return claims.Issuer
}

// issueToken is the client credentials grant with a signed assertion (§1.8).
func (s *Server) issueToken(x *exchange) reply {
	form, err := url.ParseQuery(string(x.body))
	if err != nil || !strings.HasPrefix(x.rec.ContentType, "application/x-www-form-urlencoded") {
		return oauthError(http.StatusBadRequest, "invalid_request", "a form is expected")
	}
	if s.opts.OAuthOff {
		return notFound()
	}
	if form.Get("grant_type") != "client_credentials" {
		return oauthError(http.StatusBadRequest, "unsupported_grant_type", "")
	}
	if form.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
		return oauthError(http.StatusUnauthorized, "invalid_client", "client_assertion_type")
	}
	if scope := form.Get("scope"); scope != "" && scope != "is_admin use_api" {
		return oauthError(http.StatusBadRequest, "invalid_scope", scope)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	by, why := s.trust(x, form.Get("client_assertion"))
	if why != "" {
		return oauthError(http.StatusUnauthorized, "invalid_client", why)
	}
	x.rec.Client = by.name
	life := time.Duration(s.config.single(resLogin).number("api_oauth2_expiration")) * time.Second
	s.door.issued++
	token := s.dice.hex(40, "token", by.name, strconv.Itoa(s.door.issued))
	s.door.tokens[token] = grant{by: by, expires: x.now.Add(life)}
	return jsonReply(http.StatusOK, map[string]any{
		"access_token": token, "expires_in": int(life / time.Second), "token_type": "Bearer",
	})
}

func oauthError(status int, code, text string) reply {
	body := map[string]any{"error": code}
	if text != "" {
		body["error_description"] = text
	}
	out := jsonReply(status, body)
	out.detail = code + ": " + text
	return out
}

// trust verifies an assertion: signature, claims, and that it is used once. The caller holds s.mu.
func (s *Server) trust(x *exchange, token string) (by caller, why string) {
	signed, claims, signature, err := splitJWT(token)
	if err != nil {
		return by, err.Error()
	}
	client, known := s.door.clients[claims.Issuer]
	switch {
	case !known:
		return by, "unknown client"
	case !verifyES256(client.key, signed, signature):
		return by, "bad_signature"
	case claims.Subject != claims.Issuer:
		return by, "invalid_claim: sub"
	case !s.rightAudience(x, claims.Audience):
		return by, "invalid_claim: aud"
	case claims.Expires == 0 || !unix(claims.Expires).After(x.now):
		return by, "expired_token"
	case claims.Issued == 0 || unix(claims.Issued).After(x.now.Add(clockTolerance)):
		return by, "invalid_claim: iat"
	case claims.ID == "":
		return by, "missing_claim: jti"
	}
	for id, until := range s.door.seen {
		if !until.After(x.now) {
			delete(s.door.seen, id)
		}
	}
	id := claims.Issuer + " " + claims.ID
	if _, used := s.door.seen[id]; used {
		return by, "invalid_claim: jti was used"
	}
	s.door.seen[id] = unix(claims.Expires)
	return caller{name: claims.Issuer, readOnly: client.readOnly}, ""
}

func unix(seconds float64) time.Time {
	seconds = min(max(seconds, 0), 1e11)
	return time.UnixMicro(int64(seconds * 1e6))
}

// rightAudience compares aud, a text or a list, with the platform's own address.
func (s *Server) rightAudience(x *exchange, raw json.RawMessage) bool {
	var list []string
	var single string
	if json.Unmarshal(raw, &single) == nil {
		list = []string{single}
	} else if json.Unmarshal(raw, &list) != nil {
		return false
	}
	for _, have := range list {
		if s.opts.Audience != "" {
			if have == s.opts.Audience {
				return true
			}
			continue
		}
		if have == "https://"+x.r.Host+tokenPath || have == "http://"+x.r.Host+tokenPath {
			return true
		}
	}
	return false
}

// splitJWT reads a compact JWT without trusting it; alg must be ES256.
func splitJWT(token string) (signed string, claims assertion, signature []byte, err error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "", claims, nil, fmt.Errorf("client_assertion has %d parts, want 3", len(parts))
	}
	var head struct {
		Algorithm string `json:"alg"`
	}
	for i, into := range []any{&head, &claims} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			return "", claims, nil, fmt.Errorf("client_assertion: %w", err)
		}
		if err = json.Unmarshal(raw, into); err != nil {
			return "", claims, nil, fmt.Errorf("client_assertion: %w", err)
		}
	}
	if head.Algorithm != "ES256" {
		return "", claims, nil, fmt.Errorf("alg is %q, want ES256", head.Algorithm)
	}
	if signature, err = base64.RawURLEncoding.DecodeString(parts[2]); err != nil {
		return "", claims, nil, fmt.Errorf("client_assertion: %w", err)
	}
	return parts[0] + "." + parts[1], claims, signature, nil
}

// verifyES256 checks r‖s, 64 bytes (RFC 7518 §3.4).
func verifyES256(key *ecdsa.PublicKey, signed string, signature []byte) bool {
	if len(signature) != 64 {
		return false
	}
	digest := sha256.Sum256([]byte(signed))
	return ecdsa.Verify(key, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
}

// ExpireTokens makes every token issued so far useless: the next call with one is refused.
func (s *Server) ExpireTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.door.tokens = make(map[string]grant)
}

// IssueToken makes an access token for a client without the token endpoint, valid for ttl of
// the simulator's clock. The client need not be configured.
func (s *Server) IssueToken(client string, readOnly bool, ttl time.Duration) string {
	now := s.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.door.issued++
	token := s.dice.hex(40, "own token", client, strconv.Itoa(s.door.issued))
	s.door.tokens[token] = grant{by: caller{client, readOnly}, expires: now.Add(ttl)}
	return token
}
