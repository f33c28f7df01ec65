package idpsim

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"
)

const maxRequest = 64 << 10

// authnRequest is a login that waits for a person to choose a user.
type authnRequest struct {
	id, acs, sp, relayState string
	forceAuthn              bool
	references              []string
}

// Answer is what the browser posts to the service provider.
type Answer struct {
	// ACS is the address to post to.
	ACS string `json:"acs"`
	// SAMLResponse is the field of that name, in base64.
	SAMLResponse string `json:"saml_response"`
	RelayState   string `json:"relay_state"`
}

type requestXML struct {
	XMLName      xml.Name
	ID           string        `xml:"ID,attr"`
	Version      string        `xml:"Version,attr"`
	IssueInstant time.Time     `xml:"IssueInstant,attr"`
	Destination  string        `xml:"Destination,attr"`
	InResponseTo string        `xml:"InResponseTo,attr"`
	ACS          string        `xml:"AssertionConsumerServiceURL,attr"`
	Binding      string        `xml:"ProtocolBinding,attr"`
	ForceAuthn   bool          `xml:"ForceAuthn,attr"`
	Issuer       string        `xml:"urn:oasis:names:tc:SAML:2.0:assertion Issuer"`
	NameID       string        `xml:"urn:oasis:names:tc:SAML:2.0:assertion NameID"`
	SessionIndex []string      `xml:"urn:oasis:names:tc:SAML:2.0:protocol SessionIndex"`
	References   []string      `xml:"RequestedAuthnContext>AuthnContextClassRef"`
	Status       statusCodeXML `xml:"urn:oasis:names:tc:SAML:2.0:protocol Status"`
}

type statusCodeXML struct {
	Code struct {
		Value string `xml:"Value,attr"`
	} `xml:"StatusCode"`
}

// signedMessage decodes and verifies a redirect message of a trusted service provider
// (SAML bindings §3.4). The signature is checked over the raw octets of the query.
func (s *Server) signedMessage(ctx context.Context, rawQuery string) (requestXML, serviceProvider, url.Values, error) {
	var m requestXML
	values, err := url.ParseQuery(rawQuery)
	if err != nil {
		return m, serviceProvider{}, nil, fmt.Errorf("idpsim: query: %w", err)
	}
	param := "SAMLRequest"
	if values.Has("SAMLResponse") {
		param = "SAMLResponse"
	}
	document, err := inflate(values.Get(param))
	if err != nil {
		return m, serviceProvider{}, nil, err
	}
	if err := xml.Unmarshal(document, &m); err != nil { //nolint:musttag // XMLName takes whatever the root is called
		return m, serviceProvider{}, nil, fmt.Errorf("idpsim: message: %w", err)
	}
	sp, known := s.peer(ctx, strings.TrimSpace(m.Issuer))
	if !known {
		return m, serviceProvider{}, nil, fmt.Errorf("idpsim: service provider %q is not trusted", m.Issuer)
	}
	if err := verifyQuery(rawQuery, param, values, sp.signing); err != nil {
		return m, serviceProvider{}, nil, err
	}
	now := s.opts.Now()
	if m.Version != "2.0" || m.ID == "" || m.IssueInstant.Before(now.Add(-5*time.Minute)) ||
		m.IssueInstant.After(now.Add(5*time.Minute)) {
		return m, serviceProvider{}, nil, errors.New("idpsim: version, ID or IssueInstant is wrong")
	}
	return m, sp, values, nil
}

func inflate(encoded string) ([]byte, error) {
	deflated, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, fmt.Errorf("idpsim: message is not base64: %w", err)
	}
	document, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(deflated)), maxRequest))
	if err != nil {
		return nil, fmt.Errorf("idpsim: message is not deflated: %w", err)
	}
	return document, nil
}

func verifyQuery(rawQuery, param string, values url.Values, keys []*rsa.PublicKey) error {
	if values.Get("SigAlg") != sigRSASHA256 {
		return errors.New("idpsim: SigAlg is not rsa-sha256")
	}
	signature, err := base64.StdEncoding.DecodeString(values.Get("Signature"))
	if err != nil {
		return fmt.Errorf("idpsim: Signature: %w", err)
	}
	raw := map[string]string{}
	for pair := range strings.SplitSeq(rawQuery, "&") {
		name, _, _ := strings.Cut(pair, "=")
		raw[name] = pair
	}
	signed := raw[param]
	if raw["RelayState"] != "" {
		signed += "&" + raw["RelayState"]
	}
	sum := sha256.Sum256([]byte(signed + "&" + raw["SigAlg"]))
	for _, key := range keys {
		if rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) == nil {
			return nil
		}
	}
	return errors.New("idpsim: query signature does not verify")
}

// readLogin checks an AuthnRequest.
func (s *Server) readLogin(ctx context.Context, rawQuery string) (authnRequest, serviceProvider, error) {
	m, sp, values, err := s.signedMessage(ctx, rawQuery)
	if err != nil {
		return authnRequest{}, sp, err
	}
	switch {
	case m.XMLName.Space != nsSAMLP || m.XMLName.Local != "AuthnRequest":
		return authnRequest{}, sp, errors.New("idpsim: not an AuthnRequest")
	case m.Destination != s.URL()+"/sso":
		return authnRequest{}, sp, errors.New("idpsim: AuthnRequest has another destination")
	case !slices.Contains(sp.acs, m.ACS) || m.Binding != bindingPost:
		return authnRequest{}, sp, errors.New("idpsim: AuthnRequest wants an endpoint that is not in the metadata")
	}
	req := authnRequest{
		id: m.ID, acs: m.ACS, sp: sp.entityID, relayState: values.Get("RelayState"),
		forceAuthn: m.ForceAuthn, references: m.References,
	}
	s.record(Event{Kind: "authn_request", SP: sp.entityID, ID: m.ID, Detail: strings.Join(m.References, " ")})
	return req, sp, nil
}

// Login plays a whole visit to the provider without a browser: redirectURL is where the
// service provider sent the browser, userID who logs in, fault a name of the catalogue or
// "" for a correct answer.
func (s *Server) Login(ctx context.Context, redirectURL, userID, fault string) (Answer, error) {
	u, err := url.Parse(redirectURL)
	if err != nil {
		return Answer{}, fmt.Errorf("idpsim: %w", err)
	}
	req, _, err := s.readLogin(ctx, u.RawQuery)
	if err != nil {
		return Answer{}, err
	}
	return s.answer(ctx, req, userID, fault)
}

func (s *Server) answer(ctx context.Context, req authnRequest, userID, fault string) (Answer, error) {
	user, known := s.user(userID)
	sp, trusted := s.peer(ctx, req.sp)
	if !known || !trusted {
		return Answer{}, fmt.Errorf("idpsim: unknown user %q", userID)
	}
	if fault == FaultReplay {
		s.mu.Lock()
		last, found := s.last[sp.entityID]
		s.mu.Unlock()
		if found {
			last.RelayState = req.relayState
			return last, nil
		}
	}
	index := randomID()
	d := s.draftFor(user, req, sp, index)
	if err := s.spoil(d, fault); err != nil {
		return Answer{}, err
	}
	document, err := d.render()
	if err != nil {
		return Answer{}, err
	}
	answer := Answer{ACS: req.acs, SAMLResponse: encode([]byte(document)), RelayState: req.relayState}
	s.record(Event{Kind: "login", User: user.ID, SP: sp.entityID, ID: req.id, Detail: fault})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions = append(s.sessions, session{user: user, sp: sp.entityID, index: index})
	s.last[sp.entityID] = answer
	return answer, nil
}

// signedURL encodes and signs a message for the redirect binding.
func (s *Server) signedURL(location, param, document, relayState string) (string, error) {
	var deflated bytes.Buffer
	w, err := flate.NewWriter(&deflated, flate.DefaultCompression)
	if err != nil {
		return "", fmt.Errorf("idpsim: %w", err)
	}
	if _, err := io.WriteString(w, document); err != nil {
		return "", fmt.Errorf("idpsim: %w", err)
	}
	if err := w.Close(); err != nil {
		return "", fmt.Errorf("idpsim: %w", err)
	}
	query := param + "=" + url.QueryEscape(encode(deflated.Bytes()))
	if relayState != "" {
		query += "&RelayState=" + url.QueryEscape(relayState)
	}
	query += "&SigAlg=" + url.QueryEscape(sigRSASHA256)
	sum := sha256.Sum256([]byte(query))
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.own.key, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("idpsim: %w", err)
	}
	return location + "?" + query + "&Signature=" + url.QueryEscape(encode(signature)), nil
}
