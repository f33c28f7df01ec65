package vdxsim

import (
	"context"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"strings"
	"time"
)

const (
	nsAssertion       = "urn:oasis:names:tc:SAML:2.0:assertion"
	methodHolderOfKey = "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"

	// Audience is the only audience there is (§3.1).
	Audience = "urn:medcom:videoapi"

	apiSTS     = "sts"
	apiSession = "session"
	// The base of the history API behind the gateway.
	gatewayHistory = "/historyapi"
)

// Gateway are the options of DoorGateway: mutual TLS, an STS, /token per service base, and
// Holder-of-key sessions (§3.1). The zero value is usable.
type Gateway struct {
	// Keys are the certificates. Nil makes new ones for Registrations.
	Keys *Keys
	// Registrations are what the STS knows; only used when Keys is nil. Nil means
	// DefaultRegistrations.
	Registrations []Registration
	// Dir takes the certificates and client keys as PEM files; empty writes nothing.
	Dir string
	// Listen is the loopback address of Start's gateway listener. Empty is "127.0.0.1:0".
	Listen string
	// Audience is what AppliesTo must name. Empty is the constant Audience.
	Audience string
	// AssertionTTL is the life of an assertion. Zero is 8 hours, as at the VDX test STS.
	AssertionTTL time.Duration
	// AllowSHA1 lets the STS take RSA-SHA1 signatures beside RSA-SHA256. Whether the real one
	// takes SHA-256 is not known; one of the public clients sends SHA-1 (§3.1).
	AllowSHA1 bool
}

func (g *Gateway) defaulted(now time.Time) (*Gateway, error) {
	if g == nil {
		return nil, nil //nolint:nilnil // no gateway is a setting
	}
	out := *g
	if out.Listen == "" {
		out.Listen = "127.0.0.1:0"
	}
	if out.Audience == "" {
		out.Audience = Audience
	}
	out.AssertionTTL = orDuration(out.AssertionTTL, 8*time.Hour)
	if out.Keys == nil {
		keys, err := NewKeys(now, out.Registrations...)
		if err != nil {
			return nil, err
		}
		out.Keys = keys
	}
	return &out, nil
}

// GatewayURLs are the addresses of the gateway. Every base has its own /token.
type GatewayURLs struct {
	// STS is the endpoint of WS-Trust Issue.
	STS string `json:"sts"`
	// Video, SMS and History are the bases of the services: append /token for a session, then
	// /meetings, /v1/meeting/{uuid}, /apikey/history/v1/conference.
	Video   string `json:"video"`
	SMS     string `json:"sms"`
	History string `json:"history"`
	// Audience is what AppliesTo names.
	Audience string `json:"audience"`
}

// GatewayURLsAt derives the gateway's addresses from the scheme and host of its listener, with
// the default audience.
func GatewayURLsAt(base string) GatewayURLs {
	return GatewayURLs{
		STS: base + stsPath, Video: base + "/videoapi", SMS: base + "/sms", History: base + gatewayHistory, Audience: Audience,
	}
}

// holderSession is what /token starts: bound to a certificate and to one service base.
type holderSession struct {
	base       string
	holder     string // the certificate's raw issuer and subject, as the gateway compares
	name       string
	attributes attributes
	expires    time.Time
	generation int
}

// Keys are the certificates of the gateway, nil without one.
func (s *Server) Keys() *Keys {
	if s.opts.Gateway == nil {
		return nil
	}
	return s.opts.Gateway.Keys
}

// Files are the certificate files in Gateway.Dir; empty without one.
func (s *Server) Files() Files { return s.files }

// TLSConfig is for a listener of one's own in front of GatewayHandler; nil without a gateway.
// A client certificate is asked for, not demanded: without one the answer is 400 (§3.1).
func (s *Server) TLSConfig() *tls.Config {
	if s.opts.Gateway == nil {
		return nil
	}
	pair := s.opts.Gateway.Keys.server
	return &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{pair.cert.Raw}, PrivateKey: pair.key}},
		ClientAuth:   tls.RequestClientCert, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
	}
}

// GatewayHandler serves the STS and, behind /token and Holder-of-key, v1 of the video API, the
// SMS API and the history API. It needs a TLS listener with TLSConfig. Nil without a gateway.
func (s *Server) GatewayHandler() http.Handler {
	if s.opts.Gateway == nil {
		return nil
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+stsPath, s.endpoint(apiSTS, OpSTS, holderKey(""), s.issueAssertion))
	for _, base := range []string{"", "/sms", gatewayHistory} {
		for _, path := range []string{"/token", "/authenticate"} {
			mux.HandleFunc("POST "+base+path, s.endpoint(apiSession, OpSession, holderKey(base+" "), s.startSession(base)))
		}
	}
	s.routeVideo(mux, v1, s.holderOfKey(""))
	s.routeSMS(mux, s.holderOfKey("/sms"))
	s.routeHistory(mux, gatewayHistory, s.holderOfKey(gatewayHistory))
	return s.routed(mux)
}

// holderKey is the certificate's name, so that faults are fair per client and service.
func holderKey(prefix string) func(*exchange) string {
	return func(x *exchange) string {
		if cert := clientCertificate(x.r); cert != nil {
			return prefix + cert.Subject.CommonName
		}
		return prefix
	}
}

func clientCertificate(r *http.Request) *x509.Certificate {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return nil
	}
	return r.TLS.PeerCertificates[0]
}

func noCertificate() reply {
	return reply{status: http.StatusBadRequest, detail: "SSL Client Certificate must be supplied (HoK)"}
}

// challenge is the gateway's 401: the reason as it is, and no body.
func challenge(why string) reply {
	return reply{status: http.StatusUnauthorized, header: map[string]string{"WWW-Authenticate": why}, detail: why}
}

// startSession is POST {base}/token: the body is "saml-token=" and the assertion in base64,
// read as it is, so that an escaped one fails (§3.1, step 2). The answer's JSON has no JSON
// content type.
func (s *Server) startSession(base string) action {
	return func(x *exchange) reply {
		x.rec.Door = DoorGateway
		cert := clientCertificate(x.r)
		if cert == nil {
			return noCertificate()
		}
		x.rec.Client = cert.Subject.CommonName
		raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(string(x.body), "saml-token="))
		if err != nil {
			return challenge(err.Error())
		}
		held, ends, why := s.checkAssertion(raw, cert, x.now)
		if why != "" {
			return challenge(why)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		for id, old := range s.sessions {
			if !x.now.Before(old.expires) {
				delete(s.sessions, id)
			}
		}
		s.issued++
		id := s.dice.uuid("session", itoa(s.issued), string(cert.Raw))
		s.sessions[id] = holderSession{
			base: base, holder: holderOf(cert), name: held.first(attrITSystem), attributes: held, expires: ends, generation: s.generation,
		}
		out := jsonReply(http.StatusOK, "", map[string]any{
			"access_token": id, "token_type": "Holder-of-key", "expires_in": int(ends.Sub(x.now) / time.Second),
		})
		return out
	}
}

// holderOf is what the gateway compares: raw issuer and raw subject.
func holderOf(cert *x509.Certificate) string { return string(cert.RawIssuer) + string(cert.RawSubject) }

// checkAssertion verifies signature, time, audience and binding, and reads the attributes.
func (s *Server) checkAssertion(raw []byte, cert *x509.Certificate, now time.Time) (attributes, time.Time, string) {
	none := time.Time{}
	doc, err := parseXML(raw)
	if err != nil || !doc.is(nsAssertion, "Assertion") {
		return nil, none, "not an assertion"
	}
	key, ok := s.opts.Gateway.Keys.sts.cert.PublicKey.(*rsa.PublicKey)
	if !ok {
		return nil, none, "the STS has no RSA key"
	}
	signed, err := verifySignature(doc, doc.only(nsSignature, "Signature"), key, false)
	if err != nil || len(signed) != 1 || signed[0] != doc {
		return nil, none, "Could not verify certificate against trusted certs"
	}
	conditions := doc.only(nsAssertion, "Conditions")
	from, err1 := time.Parse(time.RFC3339, conditions.attr("", "NotBefore"))
	ends, err2 := time.Parse(time.RFC3339, conditions.attr("", "NotOnOrAfter"))
	if err1 != nil || err2 != nil || now.Add(timestampSkew).Before(from) || !now.Before(ends) {
		return nil, none, "SAML Assertion was not valid due to invalid time"
	}
	if conditions.only(nsAssertion, "AudienceRestriction").only(nsAssertion, "Audience").text() != s.opts.Gateway.Audience {
		return nil, none, "SAML Assertion was not valid due to audience restriction"
	}
	if why := checkBinding(doc, cert); why != "" {
		return nil, none, why
	}
	held := attributes{}
	for _, a := range doc.only(nsAssertion, "AttributeStatement").all() {
		for _, v := range a.elements() {
			name := a.attr("", "Name")
			held[name] = append(held[name], v.text())
		}
	}
	return held, ends, ""
}

// checkBinding compares the key in the assertion with the connection's.
func checkBinding(doc *node, cert *x509.Certificate) string {
	confirmation := doc.only(nsAssertion, "Subject").only(nsAssertion, "SubjectConfirmation")
	info := confirmation.only(nsAssertion, "SubjectConfirmationData").only(nsSignature, "KeyInfo")
	switch {
	case confirmation.attr("", "Method") != methodHolderOfKey || info == nil:
		return "Could not find KeyInfo element in SubjectConfirmationData in assertion"
	case info.only(nsSignature, "X509Data") != nil:
		return "Not implemented: an X.509 certificate in the assertion's KeyInfo"
	}
	key, ok := rsaKeyValue(info.only(nsSignature, "KeyValue").only(nsSignature, "RSAKeyValue"))
	if !ok || !key.Equal(cert.PublicKey) {
		return "Public key in assertion does not match client SSL certificate"
	}
	return ""
}

// holderOfKey lets calls with a session of that service base through (§3.1, step 3). The
// scheme's name is not looked at, only that there are two words.
func (s *Server) holderOfKey(base string) authenticator {
	return func(x *exchange) *reply {
		x.rec.Door = DoorGateway
		cert := clientCertificate(x.r)
		if cert == nil {
			return new(noCertificate())
		}
		_, id, two := strings.Cut(x.rec.Authorization, " ")
		if !two || strings.Contains(id, " ") {
			return new(challenge("Authorization header contains illegal value"))
		}
		s.mu.Lock()
		held, ok := s.sessions[id]
		generation := s.generation
		s.mu.Unlock()
		switch {
		case !ok || held.base != base || held.generation != generation || !x.now.Before(held.expires):
			return new(challenge("the session is unknown or over"))
		case held.holder != holderOf(cert):
			return new(challenge("client certificate not HoK"))
		}
		x.by = held.attributes.principal(held.name)
		x.rec.Client = held.name
		return nil
	}
}

// Revoke makes the STS forget a registration: no more assertions. Sessions go on until they
// end, as at the gateway.
func (s *Server) Revoke(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked[name] = true
}

func (s *Server) isRevoked(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.revoked[name]
}

// startGateway serves the gateway on its listener and returns its addresses.
func (s *Server) startGateway(ctx context.Context) (GatewayURLs, error) {
	if s.opts.Gateway == nil {
		return GatewayURLs{}, nil
	}
	l, err := listen(ctx, s.opts.Gateway.Listen)
	if err != nil {
		return GatewayURLs{}, err
	}
	s.serve(tls.NewListener(l, s.TLSConfig()), s.GatewayHandler())
	out := GatewayURLsAt("https://" + l.Addr().String())
	out.Audience = s.opts.Gateway.Audience
	return out, nil
}
