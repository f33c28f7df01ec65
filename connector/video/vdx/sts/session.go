package sts

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/scheduler/care"
)

// Scheme is the authentication scheme of a session.
const Scheme = "Holder-of-key"

const (
	maxLife   = 24 * time.Hour
	shortLife = time.Minute // of a session that does not say how long it lives
)

// Session is an Authorizer for one service: it keeps a session there and gets a new one when it
// nears its end or is refused. After one renewal outbound takes a refusal as final, because the
// services also answer 401 to a role that may not (vdx.md §3.1). It is safe for concurrent use.
type Session struct {
	*outbound.Source

	client *outbound.Client
	issuer *Issuer
}

// NewSession returns a Session of the service whose base is BaseURL in options; the options' TLS
// must present the issuer's certificate. It calls nobody.
func NewSession(issuer *Issuer, service outbound.Options) (*Session, error) {
	service.Auth, service.MaxBody = nil, maxAnswer

	client, err := outbound.New(service)
	if err != nil {
		return nil, fmt.Errorf("session: %w", err)
	}

	s := &Session{client: client, issuer: issuer}
	s.Source = outbound.NewSource(service.System, service.Now, s.ask)

	return s, nil
}

// ask changes the assertion for a session. A kept assertion can have been withdrawn, so a
// refused one is replaced once.
func (s *Session) ask(ctx context.Context) (care.Secret, time.Time, error) {
	kept, err := s.issuer.kept.Authorize(ctx)
	if err != nil {
		return care.Secret{}, time.Time{}, err
	}

	answer, err := s.exchange(ctx, kept)
	if err == nil && answer.Status == http.StatusUnauthorized && s.issuer.kept.Refused(kept) {
		if kept, err = s.issuer.kept.Authorize(ctx); err != nil {
			return care.Secret{}, time.Time{}, err
		}

		answer, err = s.exchange(ctx, kept)
	}

	switch {
	case err != nil:
		return care.Secret{}, time.Time{}, err
	case !answer.OK():
		return care.Secret{}, time.Time{}, answer.Fail("")
	}

	token, life, problem := readToken(answer.Body)
	if problem != "" {
		return care.Secret{}, time.Time{}, answer.Broken(problem)
	}

	return care.NewSecret(Scheme + " " + token), renewAt(s.issuer.now(), life), nil
}

// exchange posts the assertion. The gateway decodes the body as it stands: percent signs of a
// form's encoding would break it.
func (s *Session) exchange(ctx context.Context, kept care.Secret) (*outbound.Answer, error) {
	return s.client.Do(ctx, outbound.Call{
		Op: "token", Method: http.MethodPost, Path: []string{"token"}, Safe: true,
		Body: []byte("saml-token=" + base64.StdEncoding.EncodeToString([]byte(kept.Reveal()))),
		Type: "application/x-www-form-urlencoded;charset=UTF-8",
	})
}

// tokenWire is the answer to POST token, whose content type is not JSON.
type tokenWire struct {
	AccessToken string          `json:"access_token"`
	TokenType   string          `json:"token_type"`
	ExpiresIn   json.RawMessage `json:"expires_in"` // a number of seconds; a text is taken too
}

// readToken returns the session and how long it lives, or names the problem.
func readToken(body []byte) (token string, life time.Duration, problem string) {
	var w tokenWire
	if json.Unmarshal(body, &w) != nil {
		return "", 0, "the answer is not the JSON that was expected"
	}

	if w.AccessToken == "" || (w.TokenType != "" && !strings.EqualFold(w.TokenType, Scheme)) ||
		strings.ContainsFunc(w.AccessToken, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", 0, "the answer holds no session"
	}

	seconds, err := strconv.ParseFloat(strings.Trim(string(w.ExpiresIn), `"`), 64)
	if err != nil || !(seconds > 0) { // NaN is not greater either
		return w.AccessToken, shortLife, ""
	}

	return w.AccessToken, time.Duration(min(seconds, maxLife.Seconds()) * float64(time.Second)), ""
}
