package outbound

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/scheduler/care"
)

// Limits of a token's life. A token without expires_in is used for shortLife (RFC 6749 §5.1
// only recommends the member).
const (
	shortLife    = time.Minute
	refreshEarly = 30 * time.Second
)

// Credentials are a client's at a token endpoint (RFC 6749 §4.4).
type Credentials struct {
	ClientID string
	Secret   care.Secret
	Scopes   []string // none when empty
	Resource string   // what the token is for, where the server asks for it (Azure AD, RFC 8707); none when empty
	InBody   bool     // client_id and client_secret in the form instead of Basic (RFC 6749 §2.3.1)
	// Assert signs a fresh client assertion (RFC 7523 §2.2); Secret is then not needed, and the
	// client id stands in the assertion alone.
	Assert func() (care.Secret, error)
}

// Tokens is an Authorizer with OAuth2 client credentials. The token is renewed 30 s before it
// ends (or at half its life when that is shorter). It is safe for concurrent use.
type Tokens struct {
	*Source

	client      *Client
	credentials Credentials
}

// NewTokens returns a source of tokens. The BaseURL in options is the token endpoint itself;
// Auth is ignored. Errors of Authorize have the operation "token" and the kinds of Source.
func NewTokens(options Options, credentials Credentials) (*Tokens, error) {
	if credentials.Assert == nil && (credentials.ClientID == "" || credentials.Secret.IsZero()) {
		return nil, errors.New("outbound: a token source needs a client id and a secret, or an assertion")
	}

	options.Auth = nil

	client, err := New(options)
	if err != nil {
		return nil, err
	}

	t := &Tokens{client: client, credentials: credentials}
	t.Source = NewSource(options.System, options.Now, func(ctx context.Context) (care.Secret, time.Time, error) {
		value, life, err := t.request(ctx)

		return value, options.Now().Add(life - min(refreshEarly, life/2)), err
	})

	return t, nil
}

// tokenWire is the answer of RFC 6749 §5.1.
type tokenWire struct {
	AccessToken string          `json:"access_token"`
	TokenType   string          `json:"token_type"`
	ExpiresIn   json.RawMessage `json:"expires_in"` // seconds; Azure AD v1 writes them as a text
	Scope       *string         `json:"scope"`
}

// errorWire is the refusal of RFC 6749 §5.2.
type errorWire struct {
	Error string `json:"error"`
}

// Granted asks for a token and returns the scopes that it was given: those of the answer, else those
// that were asked for (RFC 6749 §5.1). Errors are those of the token endpoint itself.
func (t *Tokens) Granted(ctx context.Context) ([]string, error) {
	token, err := t.fetch(ctx)

	switch {
	case err != nil:
		return nil, err
	case token.Scope == nil:
		return t.credentials.Scopes, nil
	}

	return strings.Fields(*token.Scope), nil
}

func (t *Tokens) request(ctx context.Context) (care.Secret, time.Duration, error) {
	token, err := t.fetch(ctx)
	if err != nil {
		return care.Secret{}, 0, err
	}

	return care.NewSecret("Bearer " + token.AccessToken), token.life(), nil
}

// life is how long the token may be used.
func (w tokenWire) life() time.Duration {
	seconds, err := strconv.ParseFloat(strings.Trim(string(w.ExpiresIn), `"`), 64)
	if err != nil || !(seconds > 0) { // NaN is not greater either
		return shortLife
	}

	return time.Duration(min(seconds, (24*time.Hour).Seconds()) * float64(time.Second))
}

func (t *Tokens) fetch(ctx context.Context) (tokenWire, error) {
	call, err := t.call()
	if err != nil {
		return tokenWire{}, err
	}

	answer, err := t.client.Do(ctx, call)
	if err != nil {
		return tokenWire{}, err
	}

	if !answer.OK() {
		var refusal errorWire

		_ = answer.JSON(&refusal) // a refusal without a body is a refusal too

		return tokenWire{}, answer.Fail(refusal.Error)
	}

	return decodeToken(answer)
}

// call builds the request. An assertion that can't be signed is a matter of our credentials.
func (t *Tokens) call() (Call, error) {
	form := url.Values{"grant_type": {"client_credentials"}}
	if len(t.credentials.Scopes) > 0 {
		form.Set("scope", strings.Join(t.credentials.Scopes, " "))
	}

	if t.credentials.Resource != "" {
		form.Set("resource", t.credentials.Resource)
	}

	header := http.Header{}

	switch {
	case t.credentials.Assert != nil:
		assertion, err := t.credentials.Assert()
		if err != nil {
			return Call{}, &connector.Error{System: t.client.options.System, Op: "token", Kind: connector.Unauthorized, Err: err}
		}

		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Set("client_assertion", assertion.Reveal())
	case t.credentials.InBody:
		form.Set("client_id", t.credentials.ClientID)
		form.Set("client_secret", t.credentials.Secret.Reveal())
	default:
		pair := url.QueryEscape(t.credentials.ClientID) + ":" + url.QueryEscape(t.credentials.Secret.Reveal())
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	}

	return Call{
		Op: "token", Method: http.MethodPost, Header: header, Body: []byte(form.Encode()),
		Type: "application/x-www-form-urlencoded", Safe: true,
	}, nil
}

func decodeToken(answer *Answer) (tokenWire, error) {
	var token tokenWire
	if err := answer.JSON(&token); err != nil {
		return tokenWire{}, err
	}

	if token.AccessToken == "" || (token.TokenType != "" && !strings.EqualFold(token.TokenType, "bearer")) ||
		strings.ContainsFunc(token.AccessToken, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return tokenWire{}, answer.Broken("the answer holds no bearer token")
	}

	return token, nil
}
