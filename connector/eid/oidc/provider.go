package oidc

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/eid"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/scheduler/care"
)

// System is what errors, metrics and the connections page call the providers of this package.
const System = "oidc"

// Options are what a Provider is made of beside its Config. Info, ReturnURL, HomeURL and Now are
// required.
type Options struct {
	Info      eid.Info // Danish is set from the configuration
	ReturnURL string   // the provider's own return address here, registered at the provider
	HomeURL   string   // where a browser comes back to after a logout, registered at the provider
	Now       func() time.Time
	Peer      *outbound.Peer
	Observe   outbound.Observe
	Log       *slog.Logger
}

// Provider is one provider of OpenID Connect. It is safe for concurrent use.
type Provider struct {
	config  Config
	options Options
	key     crypto.Signer
	method  jwt.SigningMethod

	mutex sync.Mutex
	known *discovery // nil until it was read
	keys  *keySet
}

var (
	_ eid.Provider      = (*Provider)(nil)
	_ eid.Leaver        = (*Provider)(nil)
	_ connector.Checker = (*Provider)(nil)
)

// New makes a Provider. It calls nobody: the provider is asked when somebody logs in.
func New(config Config, options Options) (*Provider, error) {
	config.SetDefaults()

	if problems := config.Validate(); len(problems) > 0 {
		return nil, fmt.Errorf("oidc: %w", errors.Join(problems...))
	}

	if options.Info.Key == "" || options.Now == nil || !isAddress(options.ReturnURL) || !isAddress(options.HomeURL) {
		return nil, errors.New("oidc: key, clock, return address and home are required")
	}

	options.Info.Danish = config.Number == NumberCPR
	p := &Provider{config: config, options: options}

	if !config.PrivateKey.IsZero() {
		var err error
		if p.key, p.method, err = parseKey(config.PrivateKey); err != nil {
			return nil, fmt.Errorf("oidc: private_key: %w", err)
		}
	}

	return p, nil
}

// Info implements eid.Provider.
func (p *Provider) Info() eid.Info { return p.options.Info }

// kept is what Finish has to know of Start.
type kept struct {
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"`
}

func newKept() kept { return kept{State: random(), Nonce: random(), Verifier: random()} }

// random returns 256 bits in base64url, which is also a code verifier (RFC 7636 §4.1).
func random() string {
	b := make([]byte, eid.HandleBytes)
	_, _ = rand.Read(b) // never fails (crypto/rand)

	return base64.RawURLEncoding.EncodeToString(b)
}

// Start implements eid.Provider.
func (p *Provider) Start(ctx context.Context, s eid.Start) (eid.Begun, error) {
	if s.Handle == "" {
		return eid.Begun{}, eid.Refuse(p.options.Info.Key, eid.WrongBrowser, "no browser handle")
	}

	d, err := p.discovered(ctx)
	if err != nil {
		return eid.Begun{}, err
	}

	k := newKept()

	text, err := json.Marshal(k)
	if err != nil {
		return eid.Begun{}, fmt.Errorf("oidc: %w", err)
	}

	query := p.request(k, s)
	if d.PushEndpoint != "" {
		if query, err = p.push(ctx, d, query); err != nil {
			return eid.Begun{}, err
		}
	}

	return eid.Begun{URL: withQuery(d.AuthorizationEndpoint, query), Keep: care.NewSecret(string(text))}, nil
}

// request is the authorization request. Prompt and max_age make the person log in anew: on a shared
// tablet somebody else's login may be open at the provider.
func (p *Provider) request(k kept, s eid.Start) url.Values {
	challenge := sha256.Sum256([]byte(k.Verifier))
	query := url.Values{
		"response_type": {"code"}, "client_id": {p.config.ClientID}, "redirect_uri": {p.options.ReturnURL},
		"scope": {strings.Join(p.config.Scopes, " ")}, "state": {k.State}, "nonce": {k.Nonce}, "prompt": {"login"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}

	if !p.config.NoAuthTime {
		query.Set("max_age", "0") // the provider then has to tell auth_time (OpenID Connect Core §3.1.2.1)
	}

	if values := p.acrValues(s.MinLevel); len(values) > 0 {
		query.Set("acr_values", strings.Join(values, " "))
	}

	if s.Lang != "" {
		query.Set("ui_locales", s.Lang)
	}

	return query
}

// acrValues are the configured ones, or those levels that suffice, the lowest first.
func (p *Provider) acrValues(atLeast care.Assurance) []string {
	if len(p.config.ACRValues) > 0 || p.config.LevelClaim != "acr" {
		return p.config.ACRValues
	}

	var out []string

	for value, name := range p.config.Levels {
		if level, ok := parseLevel(name); ok && level >= atLeast {
			out = append(out, value)
		}
	}

	slices.SortFunc(out, func(a, b string) int {
		x, _ := parseLevel(p.config.Levels[a])
		y, _ := parseLevel(p.config.Levels[b])

		if x != y {
			return int(x - y)
		}

		return strings.Compare(a, b)
	})

	return out
}

// maxParameter bounds what is read of an answer's parameters, in bytes.
const maxParameter = 4096

// Finish implements eid.Provider.
func (p *Provider) Finish(ctx context.Context, a eid.Answer) (eid.Proof, error) {
	refuse := func(reason eid.Reason, detail string) (eid.Proof, error) {
		return eid.Proof{}, eid.Refuse(p.options.Info.Key, reason, detail)
	}

	var k kept
	if err := json.Unmarshal([]byte(a.Keep.Reveal()), &k); err != nil || k.State == "" || k.Nonce == "" || k.Verifier == "" {
		return refuse(eid.Expired, "nothing was kept of the login")
	}

	if a.Request == nil || a.Request.Method != http.MethodGet {
		return refuse(eid.Invalid, "the answer is no GET")
	}

	query, err := single(a.Request.URL.RawQuery)
	if err != nil {
		return refuse(eid.Invalid, err.Error())
	}

	if a.Handle == "" || subtle.ConstantTimeCompare([]byte(query["state"]), []byte(k.State)) != 1 {
		return refuse(eid.WrongBrowser, "state: not the one that this browser was sent with")
	}

	d, err := p.discovered(ctx)
	if err != nil {
		return eid.Proof{}, err
	}

	if issuer, told := query["iss"]; (told || d.TellsIssuer) && issuer != p.config.Issuer {
		return refuse(eid.Invalid, "iss: the answer is another provider's")
	}

	if code := query["error"]; code != "" {
		return refuse(reasonOf(code), "the provider answered with an error")
	}

	if query["code"] == "" {
		return refuse(eid.Invalid, "code: missing")
	}

	tokens, err := p.exchange(ctx, d, query["code"], k.Verifier)
	if err != nil {
		return eid.Proof{}, err
	}

	return p.verify(ctx, d, tokens, k, a)
}

// single reads a query in which no parameter stands twice.
func single(raw string) (map[string]string, error) {
	if len(raw) > 4*maxParameter {
		return nil, errors.New("query: too long")
	}

	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, errors.New("query: can't be read")
	}

	out := make(map[string]string, len(values))

	for name, all := range values {
		if len(all) != 1 || len(all[0]) > maxParameter {
			return nil, errors.New("query: a parameter stands twice or is too long")
		}

		out[name] = all[0]
	}

	return out, nil
}

// reasonOf reads the error codes of RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6 and its
// companion for unmet requirements.
func reasonOf(code string) eid.Reason {
	switch code {
	case "access_denied", "interaction_required", "login_required", "account_selection_required", "consent_required":
		return eid.Cancelled
	case "unmet_authentication_requirements":
		return eid.LevelTooLow
	case "server_error", "temporarily_unavailable":
		return eid.Unavailable
	}

	return eid.Invalid
}

// Leave implements eid.Leaver. The ID token is not kept, because it holds the person's number; the
// provider may therefore ask the person whether to log out.
func (p *Provider) Leave(ctx context.Context, _ string, session care.Secret) (string, error) {
	d, err := p.discovered(ctx)
	if err != nil || d.EndSessionEndpoint == "" {
		return "", err
	}

	query := url.Values{"client_id": {p.config.ClientID}, "post_logout_redirect_uri": {p.options.HomeURL}}
	if !session.IsZero() {
		query.Set("logout_hint", session.Reveal())
	}

	return withQuery(d.EndSessionEndpoint, query), nil
}

// Check implements connector.Checker.
func (p *Provider) Check(ctx context.Context) []connector.Finding {
	subject := "Login for borgere hos " + p.options.Info.Name

	if err := p.Ready(ctx); err != nil {
		return []connector.Finding{{
			Level: connector.Failing, Subject: subject,
			Text: "Udbyderens opsætning (discovery) og nøgler kan ikke hentes: " + connector.KindOf(err).String() + ". Tjek issuer og netværket.",
		}}
	}

	return []connector.Finding{{Level: connector.Fine, Subject: subject, Text: "Udbyderen svarer, og dens nøgler kan bruges."}}
}

// Ready asks the provider for its settings and keys, whatever is known of them already.
func (p *Provider) Ready(ctx context.Context) error {
	d, err := p.discover(ctx)
	if err != nil {
		return err
	}

	return p.adopt(d).refresh(ctx)
}
