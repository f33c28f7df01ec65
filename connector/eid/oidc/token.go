package oidc

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/eid"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/scheduler/care"
)

// assertionLife is how long a client assertion may be used. It is sent at once; the rest allows
// for clocks that differ.
const assertionLife = time.Minute

// push sends the request ahead over our own connection, so that nothing of it can be changed in
// the browser (RFC 9126). It returns what the browser carries in its place.
func (p *Provider) push(ctx context.Context, d *discovery, query url.Values) (url.Values, error) {
	answer, err := p.post(ctx, "push", d, d.PushEndpoint, query)
	if err != nil {
		return nil, err
	}

	var wire struct {
		RequestURI string `json:"request_uri"`
	}

	if err := answer.JSON(&wire); err != nil {
		return nil, err
	}

	if wire.RequestURI == "" || len(wire.RequestURI) > maxParameter {
		return nil, answer.Broken("the answer names no request")
	}

	return url.Values{"client_id": {p.config.ClientID}, "request_uri": {wire.RequestURI}}, nil
}

// tokens are what a code was exchanged for (OpenID Connect Core §3.1.3.3).
type tokens struct {
	ID     string `json:"id_token"`
	Access string `json:"access_token"`
	Type   string `json:"token_type"`
}

func (p *Provider) exchange(ctx context.Context, d *discovery, code, verifier string) (tokens, error) {
	answer, err := p.post(ctx, "token", d, d.TokenEndpoint, url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {p.options.ReturnURL}, "code_verifier": {verifier},
	})
	if err != nil {
		return tokens{}, err
	}

	var t tokens
	if err := answer.JSON(&t); err != nil {
		return tokens{}, err
	}

	if t.ID == "" {
		return tokens{}, eid.Refuse(p.options.Info.Key, eid.Invalid, "the answer holds no ID token")
	}

	return t, nil
}

// post sends a form with our credentials and returns a 2xx answer. A code that is not good any more
// is the login's fault; everything else is between the provider and us.
func (p *Provider) post(ctx context.Context, op string, d *discovery, address string, form url.Values) (*outbound.Answer, error) {
	header, err := p.authenticate(d, form)
	if err != nil {
		return nil, err
	}

	answer, err := p.call(ctx, address, outbound.Call{
		Op: op, Method: http.MethodPost, Header: header, Body: []byte(form.Encode()), Type: "application/x-www-form-urlencoded",
		Safe: true, // what it changes at the provider can be begun anew by the person
	})
	if err != nil {
		return nil, err
	}

	if answer.OK() {
		return answer, nil
	}

	var refusal struct {
		Error string `json:"error"`
	}

	_ = answer.JSON(&refusal) // a refusal without a body is a refusal too

	switch refusal.Error {
	case "invalid_grant":
		return nil, eid.Refuse(p.options.Info.Key, eid.Expired, "the provider does not know the code any more")
	case "invalid_client", "unauthorized_client":
		return nil, answer.FailAs(connector.Unauthorized, refusal.Error)
	}

	return nil, answer.Fail(refusal.Error)
}

// authenticate adds what proves that the form is ours: a signed assertion (RFC 7523 §2.2, with the
// issuer as its audience), or the secret.
func (p *Provider) authenticate(d *discovery, form url.Values) (http.Header, error) {
	form.Set("client_id", p.config.ClientID)

	switch {
	case p.key != nil:
		assertion, err := p.assertion()
		if err != nil {
			return nil, err
		}

		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Set("client_assertion", assertion.Reveal())

		return http.Header{}, nil
	case d.secretInForm():
		form.Set("client_secret", p.config.ClientSecret.Reveal())

		return http.Header{}, nil
	}

	pair := url.QueryEscape(p.config.ClientID) + ":" + url.QueryEscape(p.config.ClientSecret.Reveal())

	return http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(pair))}}, nil
}

func (p *Provider) assertion() (care.Secret, error) {
	now := p.options.Now()

	token := jwt.NewWithClaims(p.method, jwt.MapClaims{
		"iss": p.config.ClientID, "sub": p.config.ClientID, "aud": p.config.Issuer, "jti": uuid.NewString(),
		"iat": now.Unix(), "exp": now.Add(assertionLife).Unix(),
	})
	if p.config.KeyID != "" {
		token.Header["kid"] = p.config.KeyID
	}

	signed, err := token.SignedString(p.key)
	if err != nil {
		return care.Secret{}, &connector.Error{System: System, Op: "token", Kind: connector.Unauthorized, Err: err}
	}

	return care.NewSecret(signed), nil
}
