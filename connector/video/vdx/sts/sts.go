// Package sts proves to the first generation of VDX's services who we are: OIO IDWS REST with a
// system certificate (vdx.md §3.1).
//
//	step 1  request.go, answer.go   a signed WS-Trust 1.3 Issue over mutual TLS gives an assertion
//	step 2  session.go              POST {service}/token changes it for a session of that service
//	step 3  session.go              Authorization: Holder-of-key {session}, over the same mutual TLS
//
// The assertion is for all services and is kept until it nears its end; every service has a
// session of its own. The assertion is passed on and never relied on by us, so its signature is
// not ours to check: its bytes are kept, so that the service's check holds.
package sts

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"time"

	dsig "github.com/russellhaering/goxmldsig"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/scheduler/care"
)

// maxAnswer bounds an answer of the STS, in bytes; a real one has about 10 000.
const maxAnswer = 1 << 20

// Options configure an Issuer. Service and Certificate are required.
type Options struct {
	// Service is the STS as outbound reaches it; BaseURL is the issue endpoint itself. Its TLS
	// must present the certificate.
	Service outbound.Options
	// Audience is the services' common name; "urn:medcom:videoapi" at VDX.
	Audience string
	// Certificate is our own with its RSA key: the gateway takes no other kind.
	Certificate tls.Certificate
	// SHA1 signs with RSA-SHA1, for an STS that refuses SHA-256.
	SHA1 bool
}

// Issuer gets assertions from an STS and keeps the latest. It is safe for concurrent use.
type Issuer struct {
	client   *outbound.Client
	kept     *outbound.Source
	url      string
	audience string
	leaf     *x509.Certificate
	key      *rsa.PrivateKey
	signing  *dsig.SigningContext
	now      func() time.Time
}

// NewIssuer checks the options and returns an Issuer. It calls nobody.
func NewIssuer(o Options) (*Issuer, error) {
	key, isRSA := o.Certificate.PrivateKey.(*rsa.PrivateKey)
	if !isRSA || o.Certificate.Leaf == nil {
		return nil, errors.New("sts: a certificate with an RSA key is needed")
	}

	if o.Audience == "" {
		return nil, errors.New("sts: an audience is needed")
	}

	signing, err := dsig.NewSigningContext(key, nil)
	if err != nil {
		return nil, fmt.Errorf("sts: %w", err)
	}

	signing.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	if o.SHA1 {
		signing.Hash = crypto.SHA1
	}

	service := o.Service
	service.Auth, service.MaxBody = nil, maxAnswer

	client, err := outbound.New(service)
	if err != nil {
		return nil, fmt.Errorf("sts: %w", err)
	}

	i := &Issuer{
		client: client, url: service.BaseURL, audience: o.Audience, leaf: o.Certificate.Leaf, key: key, signing: signing, now: service.Now,
	}
	i.kept = outbound.NewSource(service.System, service.Now, i.ask)

	return i, nil
}

// Known returns what the STS says of us, from the assertion in use or a new one. Errors are
// those of an Authorizer.
func (i *Issuer) Known(ctx context.Context) (Attributes, error) {
	kept, err := i.kept.Authorize(ctx)
	if err != nil {
		return Attributes{}, err
	}

	a, err := readAssertion([]byte(kept.Reveal()))
	if err != nil {
		return Attributes{}, &connector.Error{Op: "issue", Kind: connector.Malformed, Err: err}
	}

	return a.attributes, nil
}

// ask issues a new assertion.
func (i *Issuer) ask(ctx context.Context) (care.Secret, time.Time, error) {
	body, err := i.request()
	if err != nil {
		return care.Secret{}, time.Time{}, &connector.Error{Op: "issue", Kind: connector.Rejected, Err: err}
	}

	answer, err := i.client.Do(ctx, outbound.Call{
		Op: "issue", Method: http.MethodPost, Body: body, Safe: true, Accept: "application/soap+xml, text/xml",
		Type: "application/soap+xml; charset=utf-8", Header: http.Header{"Soapaction": {actionIssue}},
	})
	if err != nil {
		return care.Secret{}, time.Time{}, err
	}

	if !answer.OK() {
		return care.Secret{}, time.Time{}, refusal(answer)
	}

	got, err := readAnswer(answer.Body)

	switch {
	case errors.Is(err, errFault): // an STS may fault with 200
		return care.Secret{}, time.Time{}, refusal(answer)
	case err != nil:
		return care.Secret{}, time.Time{}, answer.Broken(err.Error())
	case !got.until.After(i.now()):
		return care.Secret{}, time.Time{}, answer.Broken("the assertion is over already; is a clock wrong?")
	}

	return care.NewSecret(string(got.xml)), renewAt(i.now(), got.until.Sub(i.now())), nil
}

// refusal tells a refused request from an STS in trouble: both may be a fault with status 500.
func refusal(answer *outbound.Answer) error {
	code := faultCode(answer.Body)

	switch code {
	case "", "Server", "Receiver", "VersionMismatch", "MustUnderstand":
		failure := answer.Fail(code)
		if answer.OK() {
			failure.Kind = connector.Unavailable
		}

		return failure
	}

	return answer.FailAs(connector.Unauthorized, code) // WS-Trust 1.3 §11, WS-Security §12
}

// renewAt is when a credential with so long to live is renewed: at nine tenths of its life, or
// five minutes before its end when that is later (vdx.md §3.1).
func renewAt(now time.Time, life time.Duration) time.Time {
	return now.Add(max(life*9/10, life-5*time.Minute))
}
