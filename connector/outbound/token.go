package outbound

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
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
	InBody   bool     // client_id and client_secret in the form instead of Basic (RFC 6749 §2.3.1)
}

// Tokens is an Authorizer with OAuth2 client credentials. One token is kept, asked for by
// one request at a time however many callers wait, and renewed 30 s before it ends (or at
// half its life when that is shorter). It is safe for concurrent use.
type Tokens struct {
	client      *Client
	credentials Credentials
	now         func() time.Time

	mu      sync.Mutex
	value   care.Secret // the whole header value
	useTill time.Time
	flight  *flight // nil when nobody is asking
}

// flight is one token request that several callers may wait for.
type flight struct {
	done  chan struct{}
	value care.Secret
	err   error
}

// NewTokens returns a source of tokens. The BaseURL in options is the token endpoint itself;
// Auth is ignored. Errors of Authorize are *connector.Error with operation "token"
// and kind Unavailable, RateLimited or Unauthorized: never Unknown, because the call that
// the token was for has not been made.
func NewTokens(options Options, credentials Credentials) (*Tokens, error) {
	if credentials.ClientID == "" || credentials.Secret.IsZero() {
		return nil, errors.New("outbound: a token source needs a client id and a secret")
	}

	options.Auth = nil

	client, err := New(options)
	if err != nil {
		return nil, err
	}

	return &Tokens{client: client, credentials: credentials, now: options.Now}, nil
}

// Authorize returns "Bearer …" from the cache or from the token endpoint.
func (t *Tokens) Authorize(ctx context.Context) (care.Secret, error) {
	t.mu.Lock()

	if !t.value.IsZero() && t.now().Before(t.useTill) {
		defer t.mu.Unlock()

		return t.value, nil
	}

	f := t.flight
	if f == nil {
		f = &flight{done: make(chan struct{})}
		t.flight = f

		// The request outlives a caller that gives up: others wait for it too. The client's
		// own time limit ends it.
		go t.fly(context.WithoutCancel(ctx), f)
	}
	t.mu.Unlock()

	select {
	case <-f.done:
		return f.value, copyOf(f.err)
	case <-ctx.Done():
		return care.Secret{}, &connector.Error{
			System: t.client.options.System, Op: "token", Kind: connector.Unavailable, Err: ctx.Err(),
		}
	}
}

// Refused drops value if it is still the current one. It is always worth asking again: a
// token can be revoked at any time.
func (t *Tokens) Refused(value care.Secret) bool {
	t.mu.Lock()
	defer t.mu.Unlock()

	if t.value.Reveal() == value.Reveal() {
		t.value = care.Secret{}
	}

	return true
}

// copyOf gives every waiter its own error, since an adapter may change what it gets.
func copyOf(err error) error {
	if e, ok := errors.AsType[*connector.Error](err); ok {
		own := *e

		return &own
	}

	return err
}

// fly asks for a token and tells everybody who waits.
func (t *Tokens) fly(ctx context.Context, f *flight) {
	value, life, err := t.ask(ctx)

	t.mu.Lock()
	defer t.mu.Unlock()

	f.value, f.err = value, err
	if err == nil {
		t.value, t.useTill = value, t.now().Add(life-min(refreshEarly, life/2))
	}

	t.flight = nil

	close(f.done)
}

// tokenWire is the answer of RFC 6749 §5.1.
type tokenWire struct {
	AccessToken string  `json:"access_token"`
	TokenType   string  `json:"token_type"`
	ExpiresIn   float64 `json:"expires_in"`
}

// errorWire is the refusal of RFC 6749 §5.2.
type errorWire struct {
	Error string `json:"error"`
}

func (t *Tokens) ask(ctx context.Context) (care.Secret, time.Duration, error) {
	answer, err := t.client.Do(ctx, t.call())
	if err != nil {
		return care.Secret{}, 0, asTokenError(err)
	}

	if !answer.OK() {
		var refusal errorWire

		_ = answer.JSON(&refusal) // a refusal without a body is a refusal too

		return care.Secret{}, 0, asTokenError(answer.Fail(refusal.Error))
	}

	token, err := decodeToken(answer)
	if err != nil {
		return care.Secret{}, 0, asTokenError(err)
	}

	life := time.Duration(min(token.ExpiresIn, (24*time.Hour).Seconds()) * float64(time.Second))
	if life <= 0 {
		life = shortLife
	}

	return care.NewSecret("Bearer " + token.AccessToken), life, nil
}

func (t *Tokens) call() Call {
	form := url.Values{"grant_type": {"client_credentials"}}
	if len(t.credentials.Scopes) > 0 {
		form.Set("scope", strings.Join(t.credentials.Scopes, " "))
	}

	header := http.Header{}

	if t.credentials.InBody {
		form.Set("client_id", t.credentials.ClientID)
		form.Set("client_secret", t.credentials.Secret.Reveal())
	} else {
		pair := url.QueryEscape(t.credentials.ClientID) + ":" + url.QueryEscape(t.credentials.Secret.Reveal())
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	}

	return Call{
		Op: "token", Method: http.MethodPost, Header: header, Body: []byte(form.Encode()),
		Type: "application/x-www-form-urlencoded", Safe: true,
	}
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

// asTokenError keeps the kinds that are worth waiting for; everything else is a matter of
// our credentials or of the endpoint's address, and needs an alarm.
func asTokenError(err error) error {
	e, ok := errors.AsType[*connector.Error](err)
	if !ok {
		return &connector.Error{Op: "token", Kind: connector.Unavailable, Err: err}
	}

	if e.Kind != connector.Unavailable && e.Kind != connector.RateLimited {
		e.Kind = connector.Unauthorized
	}

	return e
}
