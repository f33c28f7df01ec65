package sts

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/sluse/sluse/connector/outbound"
)

const testAudience = "urn:medcom:videoapi"

var began = time.Date(2026, 11, 23, 7, 30, 0, 0, time.UTC)

// The pairs are made once: RSA keys take time.
var (
	clientPair = sync.OnceValues(func() (tls.Certificate, error) { return pair("client") })
	signerPair = sync.OnceValues(func() (tls.Certificate, error) { return pair("STS") })
)

// pair makes an RSA key and a self-signed certificate.
func pair(name string) (tls.Certificate, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return tls.Certificate{}, err
	}

	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: began.AddDate(-1, 0, 0), NotAfter: began.AddDate(2, 0, 0),
	}

	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, err
	}

	own, err := x509.ParseCertificate(der)

	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: own}, err
}

// peer is an STS at /sts and a gateway at every other path, as little as a test of the client
// needs. It checks signatures with the library's validation and with crypto/x509.
type peer struct {
	server *httptest.Server
	client tls.Certificate
	signer tls.Certificate

	mu      sync.Mutex
	now     time.Time
	calls   []string
	request []byte // the last one that the STS saw
	life    time.Duration
	answer  func(name string, n int) (status int, body string, own bool) // overrides an answer
}

func newPeer(t *testing.T) *peer {
	t.Helper()

	client, errClient := clientPair()
	signer, errSigner := signerPair()

	if errClient != nil || errSigner != nil {
		t.Fatal(errClient, errSigner)
	}

	p := &peer{client: client, signer: signer, now: began, life: 8 * time.Hour}
	p.server = httptest.NewUnstartedServer(p)
	p.server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	p.server.StartTLS()
	t.Cleanup(p.server.Close)

	return p
}

func (p *peer) clock() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()

	return p.now
}

func (p *peer) advance(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()

	p.now = p.now.Add(d)
}

// seen returns the calls since it was last asked.
func (p *peer) seen() string {
	p.mu.Lock()
	defer p.mu.Unlock()

	all := strings.Join(p.calls, " ")
	p.calls = nil

	return all
}

func (p *peer) outbound(path string) outbound.Options {
	roots := x509.NewCertPool()
	roots.AddCert(p.server.Certificate())

	return outbound.Options{
		System: "vdx", BaseURL: p.server.URL + path, Now: p.clock,
		TLS: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{p.client}},
	}
}

func (p *peer) issuer(t *testing.T, change ...func(*Options)) *Issuer {
	t.Helper()

	o := Options{Service: p.outbound("/sts"), Audience: testAudience, Certificate: p.client}
	for _, c := range change {
		c(&o)
	}

	i, err := NewIssuer(o)
	if err != nil {
		t.Fatal(err)
	}

	return i
}

// service returns a client of the service at the path, with a session of its own.
func (p *peer) service(t *testing.T, i *Issuer, path string) *outbound.Client {
	t.Helper()

	session, err := NewSession(i, p.outbound(path))
	if err != nil {
		t.Fatal(err)
	}

	o := p.outbound(path)
	o.Auth = session

	client, err := outbound.New(o)
	if err != nil {
		t.Fatal(err)
	}

	return client
}

func (p *peer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	name := strings.TrimPrefix(r.URL.Path, "/")

	p.mu.Lock()
	p.calls = append(p.calls, name)
	n := 0

	for _, c := range p.calls {
		if c == name {
			n++
		}
	}

	answer := p.answer

	if name == "sts" {
		p.request = body
	}
	p.mu.Unlock()

	if answer != nil {
		if status, text, own := answer(name, n); own {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, text)

			return
		}
	}

	status, text := p.honest(name, r, body)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

func (p *peer) honest(name string, r *http.Request, body []byte) (int, string) {
	if len(r.TLS.PeerCertificates) == 0 || !r.TLS.PeerCertificates[0].Equal(p.client.Leaf) {
		return 400, "no client certificate"
	}

	switch {
	case name == "sts":
		if err := verifyRequest(body, p.client.Leaf, p.clock()); err != nil {
			return 500, `<s:Envelope xmlns:s="` + nsSOAP + `"><s:Body><s:Fault><faultcode>wst:FailedAuthentication</faultcode><faultstring>` + err.Error() + `</faultstring></s:Fault></s:Body></s:Envelope>`
		}

		return 200, p.issue()
	case strings.HasSuffix(name, "/token"):
		encoded, is := strings.CutPrefix(string(body), "saml-token=")
		raw, err := base64.StdEncoding.DecodeString(encoded)

		if !is || err != nil {
			return 400, "not raw base64"
		}

		if err = p.verifyAssertion(raw); err != nil {
			return 401, err.Error()
		}

		return 200, fmt.Sprintf(`{"access_token":"session-of-%s","token_type":"Holder-of-key","expires_in":%d}`, strings.TrimSuffix(name, "/token"), int(p.life.Seconds()))
	}

	if got := r.Header.Get("Authorization"); got != "Holder-of-key session-of-"+strings.SplitN(name, "/", 2)[0] {
		return 401, "no session: " + got
	}

	return 200, `{}`
}

// issue answers with an assertion whose namespaces are declared at the envelope, and which was
// signed with them in scope.
func (p *peer) issue() string {
	until := p.clock().Add(p.life).Format(time.RFC3339)
	text := `<saml:Assertion xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:saml="` + nsSAML + `" ID="a1" Version="2.0">` +
		"\n  <saml:Conditions NotOnOrAfter=\"" + until + `"><saml:AudienceRestriction><saml:Audience>` + testAudience + `</saml:Audience></saml:AudienceRestriction></saml:Conditions>` +
		`<saml:AttributeStatement>` +
		`<saml:Attribute Name="dk:medcom:organisation_id"><saml:AttributeValue xsi:type="xs:string">testby</saml:AttributeValue></saml:Attribute>` +
		`<saml:Attribute Name="dk:medcom:email"><saml:AttributeValue xsi:type="xs:string">vdx@testby.example</saml:AttributeValue></saml:Attribute>` +
		`<saml:Attribute Name="dk:medcom:video:role"><saml:AttributeValue xsi:type="xs:string">meeting-planner</saml:AttributeValue><saml:AttributeValue>meeting-user</saml:AttributeValue></saml:Attribute>` +
		`</saml:AttributeStatement></saml:Assertion>`

	document := etree.NewDocument()
	if err := document.ReadFromString(text); err != nil {
		return err.Error()
	}

	// Inclusive canonicalization: every namespace in scope is part of what is signed.
	signing, err := dsig.NewSigningContext(p.signer.PrivateKey.(crypto.Signer), p.signer.Certificate)
	if err != nil {
		return err.Error()
	}

	signing.Canonicalizer = dsig.MakeC14N10RecCanonicalizer()

	signed, err := signing.SignEnveloped(document.Root())
	if err != nil {
		return err.Error()
	}

	out, err := etree.NewDocumentWithRoot(signed).WriteToString()
	if err != nil {
		return err.Error()
	}

	for _, moved := range []string{` xmlns:saml="` + nsSAML + `"`, ` xmlns:xs="http://www.w3.org/2001/XMLSchema"`} {
		out = strings.Replace(out, moved, "", 1)
	}

	return `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<soap:Envelope xmlns:soap="` + nsSOAP + `" xmlns:saml="` + nsSAML + `"><soap:Body>` +
		`<wst:RequestSecurityTokenResponseCollection xmlns:wst="` + nsWST + `"><wst:RequestSecurityTokenResponse><wst:RequestedSecurityToken xmlns:xs="http://www.w3.org/2001/XMLSchema">` +
		out + `</wst:RequestedSecurityToken></wst:RequestSecurityTokenResponse></wst:RequestSecurityTokenResponseCollection></soap:Body></soap:Envelope>`
}

// verifyAssertion checks what the gateway was sent against the signer's certificate.
func (p *peer) verifyAssertion(raw []byte) error {
	// What was in scope for the signature is soap and wst too; the signer did not see those.
	for _, outer := range []string{` xmlns:soap="` + nsSOAP + `"`, ` xmlns:wst="` + nsWST + `"`} {
		raw = bytes.Replace(raw, []byte(outer), nil, 1)
	}

	document := etree.NewDocument()
	if err := document.ReadFromBytes(raw); err != nil {
		return err
	}

	check := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{p.signer.Leaf}})
	check.Clock = dsig.NewFakeClockAt(p.clock())

	_, err := check.Validate(document.Root())

	return err
}
