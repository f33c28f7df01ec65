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
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const maxRequest = 64 << 10

type requestXML struct {
	XMLName      xml.Name
	ID           string         `xml:"ID,attr"`
	Version      string         `xml:"Version,attr"`
	IssueInstant time.Time      `xml:"IssueInstant,attr"`
	Destination  string         `xml:"Destination,attr"`
	InResponseTo string         `xml:"InResponseTo,attr"`
	ACS          string         `xml:"AssertionConsumerServiceURL,attr"`
	Binding      string         `xml:"ProtocolBinding,attr"`
	ForceAuthn   bool           `xml:"ForceAuthn,attr"`
	Issuer       string         `xml:"urn:oasis:names:tc:SAML:2.0:assertion Issuer"`
	NameID       string         `xml:"urn:oasis:names:tc:SAML:2.0:assertion NameID"`
	SessionIndex []string       `xml:"urn:oasis:names:tc:SAML:2.0:protocol SessionIndex"`
	Context      contextXML     `xml:"urn:oasis:names:tc:SAML:2.0:protocol RequestedAuthnContext"`
	AppSwitch    appSwitchXML   `xml:"Extensions>AppSwitch"`
	Status       statusCodeXML  `xml:"urn:oasis:names:tc:SAML:2.0:protocol Status"`
	Signatures   []signatureXML `xml:"http://www.w3.org/2000/09/xmldsig# Signature"`
}

type contextXML struct {
	Comparison string   `xml:"Comparison,attr"`
	References []string `xml:"urn:oasis:names:tc:SAML:2.0:assertion AuthnContextClassRef"`
}

// appSwitchXML is the extension with which a telephone comes back from the MitID app.
type appSwitchXML struct {
	Platform  string `xml:"https://data.gov.dk/eid/saml/extensions Platform"`
	ReturnURL string `xml:"https://data.gov.dk/eid/saml/extensions ReturnURL"`
}

type statusCodeXML struct {
	Code struct {
		Value string `xml:"Value,attr"`
	} `xml:"StatusCode"`
}

// incoming is a message as it came: the query of a redirect, or the form of a POST.
type incoming struct {
	rawQuery   string
	form       url.Values // nil for a redirect
	relayState string
}

// arrived takes a message from a request by either binding.
func arrived(r *http.Request) (incoming, error) {
	if r.Method == http.MethodGet {
		return redirected(r.URL.RawQuery)
	}
	if err := r.ParseForm(); err != nil {
		return incoming{}, fmt.Errorf("idpsim: form: %w", err)
	}
	return incoming{form: r.PostForm, relayState: r.PostForm.Get("RelayState")}, nil
}

func redirected(rawQuery string) (incoming, error) {
	values, err := url.ParseQuery(rawQuery)
	if err != nil {
		return incoming{}, fmt.Errorf("idpsim: query: %w", err)
	}
	return incoming{rawQuery: rawQuery, relayState: values.Get("RelayState")}, nil
}

// signedMessage decodes and verifies a message of a trusted service provider (SAML
// bindings §3.4, §3.5): the signature of a redirect over the raw octets of the query, that
// of a POST in the XML.
func (s *Server) signedMessage(ctx context.Context, in incoming) (requestXML, serviceProvider, error) {
	values := in.form
	if values == nil {
		values, _ = url.ParseQuery(in.rawQuery)
	}
	param := "SAMLRequest"
	if values.Has("SAMLResponse") {
		param = "SAMLResponse"
	}
	document, err := decode(values.Get(param), in.form == nil)
	if err != nil {
		return requestXML{}, serviceProvider{}, err
	}
	var m requestXML
	if err := xml.Unmarshal(document, &m); err != nil { //nolint:musttag // XMLName takes whatever the root is called
		return m, serviceProvider{}, fmt.Errorf("idpsim: message: %w", err)
	}
	sp, known := s.peer(ctx, strings.TrimSpace(m.Issuer))
	if !known {
		return m, serviceProvider{}, fmt.Errorf("idpsim: service provider %q is not trusted", m.Issuer)
	}
	if in.form == nil {
		err = verifyQuery(in.rawQuery, param, values, sp.signing)
	} else {
		err = verifyXML(document, m, sp.signing)
	}
	if err != nil {
		return m, serviceProvider{}, err
	}
	if err := schemaOrder(document); err != nil {
		return m, serviceProvider{}, err
	}
	now := s.opts.Now()
	if m.Version != "2.0" || m.ID == "" || m.IssueInstant.Before(now.Add(-5*time.Minute)) ||
		m.IssueInstant.After(now.Add(5*time.Minute)) {
		return m, serviceProvider{}, errors.New("idpsim: version, ID or IssueInstant is wrong")
	}
	return m, sp, nil
}

// schemaOrder checks the order of the children that the schema of the protocol prescribes.
func schemaOrder(document []byte) error {
	order := []string{
		"Issuer", "Signature", "Extensions", "Status", "Subject", "NameID", "NameIDPolicy", "Conditions",
		"RequestedAuthnContext", "Scoping", "SessionIndex",
	}
	decoder := xml.NewDecoder(bytes.NewReader(document))
	depth, last := 0, -1
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("idpsim: message: %w", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if depth++; depth != 2 {
				continue
			}
			at := slices.Index(order, t.Name.Local)
			if at < last || at < 0 {
				return fmt.Errorf("idpsim: element %s stands where the schema does not allow it", t.Name.Local)
			}
			last = at
		case xml.EndElement:
			depth--
		}
	}
}

// decode takes a message out of its parameter.
func decode(encoded string, deflated bool) ([]byte, error) {
	if deflated {
		return inflate(encoded)
	}
	document, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(encoded), ""))
	if err != nil {
		return nil, fmt.Errorf("idpsim: message is not base64: %w", err)
	}
	return document, nil
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

// SignedURL encodes and signs any message for the redirect binding, for tests that send what
// the provider itself would not. Query values are escaped with escape, url.QueryEscape when
// it is nil: providers differ there.
func (s *Server) SignedURL(location, param, document, relayState string, escape func(string) string) (string, error) {
	if escape == nil {
		escape = url.QueryEscape
	}
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
	query := param + "=" + escape(encode(deflated.Bytes()))
	if relayState != "" {
		query += "&RelayState=" + escape(relayState)
	}
	query += "&SigAlg=" + escape(sigRSASHA256)
	sum := sha256.Sum256([]byte(query))
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.signer().key, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("idpsim: %w", err)
	}
	return location + "?" + query + "&Signature=" + escape(encode(signature)), nil
}
