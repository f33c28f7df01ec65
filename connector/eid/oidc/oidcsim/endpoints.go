package oidcsim

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)

	if err := json.NewEncoder(w).Encode(v); err != nil {
		return // the caller has gone
	}
}

func refuse(w http.ResponseWriter, status int, code string) {
	writeJSON(w, status, map[string]string{"error": code})
}

// discovery is OpenID Connect Discovery §3. Members that clients must ignore stand among the others.
func (s *Server) discovery(w http.ResponseWriter, _ *http.Request) {
	base := s.address()
	document := map[string]any{
		"issuer": base, "authorization_endpoint": base + "/authorize", "token_endpoint": base + "/token", "jwks_uri": base + "/jwks",
		"userinfo_endpoint": base + "/userinfo", "end_session_endpoint": base + "/logout",
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{s.options.algorithm()}, "code_challenge_methods_supported": []string{"S256"},
		"token_endpoint_auth_methods_supported":          []string{"client_secret_basic"},
		"authorization_response_iss_parameter_supported": true, "x_simulator": true,
	}

	if s.options.Push {
		document["pushed_authorization_request_endpoint"] = base + "/par"
	}

	writeJSON(w, http.StatusOK, document)
}

func (s *Server) jwks(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()

	keys := []map[string]string{{"kty": "OKP", "crv": "X25519", "use": "enc", "kid": "other", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}
	for _, k := range s.keys {
		keys = append(keys, published(k))
	}

	writeJSON(w, http.StatusOK, map[string]any{"keys": keys})
}

// authenticated checks the client's Basic credentials (RFC 6749 §2.3.1).
func (s *Server) authenticated(r *http.Request) bool {
	id, secret, ok := r.BasicAuth()
	id, err1 := url.QueryUnescape(id)
	secret, err2 := url.QueryUnescape(secret)

	return ok && err1 == nil && err2 == nil && id == s.options.ClientID && secret == s.options.ClientSecret
}

// flat takes every parameter once; false when one stands twice (RFC 6749 §3.1).
func flat(values url.Values) (map[string]string, bool) {
	out := make(map[string]string, len(values))

	for name, all := range values {
		if len(all) != 1 {
			return nil, false
		}

		out[name] = all[0]
	}

	return out, true
}

// wrong says what is wrong with an authorization request, "" when nothing is. Without nonce and
// PKCE it is refused, as strict providers do.
func (s *Server) wrong(p map[string]string) string {
	switch {
	case p["client_id"] != s.options.ClientID:
		return "unauthorized_client"
	case !s.registered(p["redirect_uri"]):
		return "invalid_redirect_uri"
	case p["response_type"] != "code":
		return "unsupported_response_type"
	case !slices.Contains(strings.Fields(p["scope"]), "openid"):
		return "invalid_scope"
	case p["state"] == "" || p["nonce"] == "" || p["code_challenge_method"] != "S256" || len(p["code_challenge"]) != 43:
		return "invalid_request"
	}

	return ""
}

func (s *Server) registered(address string) bool {
	if len(s.options.RedirectURIs) > 0 {
		return slices.Contains(s.options.RedirectURIs, address)
	}

	return onLoopback(address)
}

func onLoopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}

	ip := net.ParseIP(u.Hostname())

	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// push is RFC 9126.
func (s *Server) push(w http.ResponseWriter, r *http.Request) {
	if !s.options.Push || !s.authenticated(r) {
		refuse(w, http.StatusUnauthorized, "invalid_client")

		return
	}

	if err := r.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, "invalid_request")

		return
	}

	params, once := flat(r.PostForm)
	if code := s.wrong(params); !once || code != "" {
		refuse(w, http.StatusBadRequest, code)

		return
	}

	uri := "urn:ietf:params:oauth:request_uri:" + random()

	s.mu.Lock()
	s.pushed[uri] = params
	s.mu.Unlock()

	writeJSON(w, http.StatusCreated, map[string]any{"request_uri": uri, "expires_in": 60})
}

// requested returns the parameters of an authorization request, wherever they are.
func (s *Server) requested(query url.Values) (map[string]string, string) {
	params, once := flat(query)
	if !once {
		return nil, "invalid_request"
	}

	if uri := params["request_uri"]; uri != "" {
		s.mu.Lock()
		pushed := s.pushed[uri]
		delete(s.pushed, uri)
		s.mu.Unlock()

		if pushed == nil {
			return nil, "invalid_request_uri"
		}

		params = pushed
	} else if s.options.Push {
		return nil, "invalid_request" // pushed ones only
	}

	return params, s.wrong(params)
}

// authorize shows the page, or does as Next said.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	params, code := s.requested(r.URL.Query())
	if code != "" {
		http.Error(w, code, http.StatusBadRequest)

		return
	}

	s.mu.Lock()
	s.history[len(s.history)-1].Params = params

	var now *Login
	if len(s.next) > 0 {
		now, s.next = &s.next[0], s.next[1:]
	}
	s.mu.Unlock()

	if now != nil {
		s.answer(w, r, params, *now)

		return
	}

	held := "held:" + random()

	s.mu.Lock()
	s.pushed[held] = params
	s.mu.Unlock()

	s.show(w, "login", map[string]any{"Held": held, "People": s.options.People, "Faults": Faults(), "ACR": params["acr_values"], "MitID": s.options.Dialect == MitID})
}

// choose takes what was chosen on the page.
func (s *Server) choose(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, "invalid_request")

		return
	}

	held := r.PostForm.Get("held")

	s.mu.Lock()
	params := s.pushed[held]
	delete(s.pushed, held)
	s.mu.Unlock()

	if params == nil || !strings.HasPrefix(held, "held:") {
		http.Error(w, "the login has ended", http.StatusBadRequest)

		return
	}

	s.answer(w, r, params, Login{Person: r.PostForm.Get("person"), Level: r.PostForm.Get("level"), Fault: Fault(r.PostForm.Get("fault"))})
}

// answer sends the browser back with a code or an error.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, params map[string]string, l Login) {
	back, known := s.back(params, l)
	if !known {
		http.Error(w, "no such person", http.StatusBadRequest)

		return
	}

	http.Redirect(w, r, back, http.StatusSeeOther) //nolint:gosec // G710: wrong has refused addresses that are not registered
}

// LogIn answers an authorization request without a browser: it returns the address with which one
// would come back.
func (s *Server) LogIn(request string, l Login) (back string, err error) {
	u, err := url.Parse(request)
	if err != nil {
		return "", fmt.Errorf("oidcsim: %w", err)
	}

	params, code := s.requested(u.Query())
	if code != "" {
		return "", fmt.Errorf("oidcsim: the request is refused: %s", code)
	}

	back, known := s.back(params, l)
	if !known {
		return "", errors.New("oidcsim: no such person")
	}

	return back, nil
}

// back returns where the browser goes after a login; false when nobody has the login's ID.
func (s *Server) back(params map[string]string, l Login) (address string, known bool) {
	query := url.Values{"state": {params["state"]}, "iss": {s.address()}}

	switch l.Fault { //nolint:exhaustive // the others come later
	case Cancel:
		query.Set("error", "access_denied")
	case Unmet:
		query.Set("error", "unmet_authentication_requirements")
	case ServerError:
		query.Set("error", "server_error")
	case WrongState:
		query.Set("state", random())
	case WrongIssParam:
		query.Set("iss", "https://another.example")
	case NoIssParam:
		query.Del("iss")
	}

	if query.Get("error") == "" {
		i := slices.IndexFunc(s.options.People, func(p Person) bool { return p.ID == l.Person })
		if i < 0 {
			return "", false
		}

		query.Set("code", s.grant(s.options.People[i], params, l))

		if l.Fault == TwoCodes {
			query.Add("code", random())
		}
	}

	separator := "?"
	if strings.Contains(params["redirect_uri"], "?") {
		separator = "&"
	}

	return params["redirect_uri"] + separator + query.Encode(), true
}

// grant makes a code.
func (s *Server) grant(person Person, params map[string]string, l Login) string {
	if l.Level == "" {
		l.Level = person.Level
	}

	code := random()

	s.mu.Lock()
	defer s.mu.Unlock()

	s.grants[code] = &grant{person: person, level: l.Level, fault: l.Fault, params: params, madeAt: s.options.Now()}

	return code
}

// token exchanges a code (RFC 6749 §4.1.3, RFC 7636 §4.6). A code works once, for a minute.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	if !s.authenticated(r) {
		refuse(w, http.StatusUnauthorized, "invalid_client")

		return
	}

	if err := r.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, "invalid_request")

		return
	}

	s.mu.Lock()
	g := s.grants[r.PostForm.Get("code")]
	good := g != nil && !g.spent && s.options.Now().Sub(g.madeAt) <= codeLife && r.PostForm.Get("grant_type") == "authorization_code" &&
		r.PostForm.Get("redirect_uri") == g.params["redirect_uri"] && challenge(r.PostForm.Get("code_verifier")) == g.params["code_challenge"]

	if good {
		g.spent, g.accessFor = true, random()
	}
	s.mu.Unlock()

	switch {
	case !good || g.fault == TokenRefused:
		refuse(w, http.StatusBadRequest, "invalid_grant")
	case g.fault == TokenDown:
		http.Error(w, "simulated outage", http.StatusServiceUnavailable)
	case g.fault == ClientFault:
		refuse(w, http.StatusBadRequest, "invalid_client")
	default:
		writeJSON(w, http.StatusOK, map[string]any{
			"access_token": g.accessFor, "token_type": "Bearer", "expires_in": 60, "id_token": s.sign(g), "x_extra": []int{1, 2},
		})
	}
}

func challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))

	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// userinfo is OpenID Connect Core §5.3.
func (s *Server) userinfo(w http.ResponseWriter, r *http.Request) {
	access, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")

	s.mu.Lock()
	defer s.mu.Unlock()

	for _, g := range s.grants {
		if access == "" || g.accessFor != access {
			continue
		}

		c := s.about(g)
		c["sub"] = subject(g.person)

		if g.fault == OtherUserinfo {
			c["sub"] = "somebody-else"
		}

		writeJSON(w, http.StatusOK, c)

		return
	}

	refuse(w, http.StatusUnauthorized, "invalid_token")
}

// logout is RP-Initiated Logout 1.0; it asks nothing.
func (s *Server) logout(w http.ResponseWriter, r *http.Request) {
	home := r.URL.Query().Get("post_logout_redirect_uri")
	if !onLoopback(home) || r.URL.Query().Get("client_id") != s.options.ClientID {
		http.Error(w, "logged out", http.StatusOK)

		return
	}

	http.Redirect(w, r, home, http.StatusSeeOther) //nolint:gosec // G710: leads to loopback only
}
