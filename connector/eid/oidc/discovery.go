package oidc

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
)

// How long what a provider says of itself is believed, and how soon it is asked again after it
// could not be read.
const (
	discoveryLife  = time.Hour
	discoveryRetry = time.Minute
)

// maxBody bounds every answer of a provider, in bytes.
const maxBody = 1 << 20

// discovery is what we use of a provider's metadata (OpenID Connect Discovery §3, RFC 8414 §2).
type discovery struct {
	Issuer                string   `json:"issuer"`
	AuthorizationEndpoint string   `json:"authorization_endpoint"`
	TokenEndpoint         string   `json:"token_endpoint"`
	KeysURL               string   `json:"jwks_uri"`
	UserinfoEndpoint      string   `json:"userinfo_endpoint"`
	EndSessionEndpoint    string   `json:"end_session_endpoint"`
	PushEndpoint          string   `json:"pushed_authorization_request_endpoint"`
	TellsIssuer           bool     `json:"authorization_response_iss_parameter_supported"`
	AuthMethods           []string `json:"token_endpoint_auth_methods_supported"`

	readAt time.Time
}

// check refuses metadata that would lead somewhere else than the provider that was configured.
func (d *discovery) check(issuer string) error {
	if d.Issuer != issuer {
		return errors.New("issuer: not the one that is configured")
	}

	if slices.Contains([]string{d.AuthorizationEndpoint, d.TokenEndpoint, d.KeysURL}, "") {
		return errors.New("an endpoint is missing")
	}

	for _, address := range []string{d.AuthorizationEndpoint, d.TokenEndpoint, d.KeysURL, d.UserinfoEndpoint, d.EndSessionEndpoint, d.PushEndpoint} {
		base, _, _ := strings.Cut(address, "?")
		if address != "" && !isAddress(base) {
			return errors.New("an endpoint is no https address")
		}
	}

	return nil
}

// secretInForm reports whether the client secret goes into the form, because the provider takes it
// nowhere else.
func (d *discovery) secretInForm() bool {
	return slices.Contains(d.AuthMethods, "client_secret_post") && !slices.Contains(d.AuthMethods, "client_secret_basic")
}

// discovered returns the provider's metadata, from memory while they are fresh. When they can't be
// read anew the old ones are used on.
func (p *Provider) discovered(ctx context.Context) (*discovery, error) {
	p.mutex.Lock()
	known := p.known
	p.mutex.Unlock()

	if known != nil && p.options.Now().Sub(known.readAt) < discoveryLife {
		return known, nil
	}

	fresh, err := p.discover(ctx)

	switch {
	case err == nil:
		p.adopt(fresh)

		return fresh, nil
	case known == nil:
		return nil, err
	}

	old := *known
	old.readAt = p.options.Now().Add(discoveryRetry - discoveryLife)
	p.adopt(&old)

	return &old, nil
}

// adopt makes d what is known, and returns the keys that belong to it.
func (p *Provider) adopt(d *discovery) *keySet {
	p.mutex.Lock()
	defer p.mutex.Unlock()

	if p.keys == nil || p.known == nil || p.known.KeysURL != d.KeysURL {
		p.keys = &keySet{fetch: func(ctx context.Context) ([]byte, error) { return p.get(ctx, "keys", d.KeysURL, nil) }, now: p.options.Now}
	}

	p.known = d

	return p.keys
}

func (p *Provider) discover(ctx context.Context) (*discovery, error) {
	answer, err := p.call(ctx, strings.TrimSuffix(p.config.Issuer, "/"), outbound.Call{
		Op: "discover", Method: http.MethodGet, Path: []string{".well-known", "openid-configuration"},
	})
	if err != nil {
		return nil, err
	}

	if !answer.OK() {
		return nil, answer.Fail("")
	}

	d := discovery{readAt: p.options.Now()}
	if err := answer.JSON(&d); err != nil {
		return nil, err
	}

	if err := d.check(p.config.Issuer); err != nil {
		return nil, answer.Broken(err.Error())
	}

	return &d, nil
}

// get reads a document of the provider.
func (p *Provider) get(ctx context.Context, op, address string, header http.Header) ([]byte, error) {
	answer, err := p.call(ctx, address, outbound.Call{Op: op, Method: http.MethodGet, Header: header})
	if err != nil {
		return nil, err
	}

	if !answer.OK() {
		return nil, answer.Fail("")
	}

	return answer.Body, nil
}

// call makes one call to an address of the provider. The client lives as long as the call: logins
// are rare, and an endpoint may be on any host.
func (p *Provider) call(ctx context.Context, address string, call outbound.Call) (*outbound.Answer, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, &connector.Error{System: System, Op: call.Op, Kind: connector.Malformed, Err: errors.New("an address of the provider can't be read")}
	}

	call.Query, u.RawQuery = u.Query(), ""

	client, err := outbound.New(outbound.Options{
		System: System, BaseURL: u.String(), Now: p.options.Now, Timeout: p.config.Timeout, MaxBody: maxBody,
		Peer: p.options.Peer, Observe: p.options.Observe, Log: p.options.Log,
	})
	if err != nil {
		return nil, &connector.Error{System: System, Op: call.Op, Kind: connector.Malformed, Err: err}
	}
	defer client.Close()

	return client.Do(ctx, call)
}

// withQuery adds parameters to an address that may have some already.
func withQuery(address string, query url.Values) string {
	separator := "?"
	if strings.Contains(address, "?") {
		separator = "&"
	}

	return address + separator + query.Encode()
}
