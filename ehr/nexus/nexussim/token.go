package nexussim

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// token is an access or refresh token that was handed out.
type token struct {
	client  string
	end     time.Time
	refresh bool
}

// tokenPath is the path of the token endpoint (eoj.md §1.1).
func (s *Server) tokenPath() string {
	return "/authx/realms/" + s.options.Instance + "/protocol/openid-connect/token"
}

// issue is RFC 6749 §4.4 and §6 with both ways of client authentication, as Keycloak answers.
// The caller holds the mutex.
func (s *Server) issue(c *call) reply {
	if kind, _, _ := strings.Cut(c.r.Header.Get("Content-Type"), ";"); kind != "application/x-www-form-urlencoded" {
		return answer(http.StatusUnsupportedMediaType, object{"error": "HTTP 415 Unsupported Media Type"})
	}
	form, err := url.ParseQuery(string(c.body))
	if err != nil {
		return answer(http.StatusBadRequest, object{"error": "invalid_request"})
	}
	client := s.authenticate(c.r, form)
	if client == nil {
		return answer(http.StatusUnauthorized, object{
			"error": "invalid_client", "error_description": "Invalid client or Invalid client credentials",
		})
	}
	switch form.Get("grant_type") {
	case "client_credentials":
	case "refresh_token":
		t, known := s.tokens[form.Get("refresh_token")]
		if !known || !t.refresh || t.client != client.ID || !s.now().Before(t.end) {
			return answer(http.StatusBadRequest, object{"error": "invalid_grant", "error_description": "Token is not active"})
		}
		delete(s.tokens, form.Get("refresh_token"))
	default:
		return answer(http.StatusBadRequest, object{"error": "unsupported_grant_type"})
	}
	return ok(s.tokensFor(client.ID))
}

func (s *Server) authenticate(r *http.Request, form url.Values) *Client {
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = form.Get("client_id"), form.Get("client_secret")
	}
	for i := range s.clients {
		if s.clients[i].ID == id && subtle.ConstantTimeCompare([]byte(s.clients[i].Secret), []byte(secret)) == 1 {
			return &s.clients[i]
		}
	}
	return nil
}

// tokensFor makes a pair of tokens. The refresh token lives six times as long.
func (s *Server) tokensFor(client string) object {
	n := strconv.Itoa(len(s.tokens)) + s.now().String()
	access, refresh := s.dice.hex(48, "access", client, n), s.dice.hex(48, "refresh", client, n)
	life := s.options.TokenTTL
	s.tokens[access] = token{client: client, end: s.now().Add(life)}
	s.tokens[refresh] = token{client: client, end: s.now().Add(6 * life), refresh: true}
	return object{
		"access_token": access, "token_type": "Bearer", "expires_in": int(life / time.Second),
		"refresh_token": refresh, "refresh_expires_in": int(6 * life / time.Second), "not-before-policy": 0, "scope": "email profile",
	}
}

// ExpireTokens ends every access token, as a restart of the identity service does.
func (s *Server) ExpireTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// caller finds the client of a bearer token. The caller of it holds the mutex.
func (s *Server) caller(r *http.Request) (client *Client, bearer string) {
	value, is := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	t, known := s.tokens[value]
	if !is || !known || t.refresh || !s.now().Before(t.end) {
		return nil, ""
	}
	for i := range s.clients {
		if s.clients[i].ID == t.client {
			return &s.clients[i], dice{}.hex(8, value)
		}
	}
	return nil, ""
}
