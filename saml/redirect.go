package saml

import (
	"bytes"
	"compress/flate"
	"crypto/x509"
	"encoding/base64"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/beevik/etree"
	crewjam "github.com/crewjam/saml"
)

// The parameters of the HTTP-Redirect and HTTP-POST bindings (SAML bindings §3.4, §3.5).
const (
	paramRequest    = "SAMLRequest"
	paramResponse   = "SAMLResponse"
	paramRelayState = "RelayState"
	paramSigAlg     = "SigAlg"
	paramSignature  = "Signature"
)

// Outgoing is where the browser goes next: by a redirect to URL or, when Fields are given,
// by posting them to URL as a form. The zero value is nowhere.
type Outgoing struct {
	URL    string
	Fields []Field
}

// Field is one hidden field of a form that the browser posts.
type Field struct{ Name, Value string }

// redirect encodes a message for the HTTP-Redirect binding and signs the query.
func (x *exchange) redirect(location, param string, message *etree.Element, relayState string) (Outgoing, error) {
	document := etree.NewDocumentWithRoot(message)
	var deflated bytes.Buffer
	writer, err := flate.NewWriter(&deflated, flate.BestCompression)
	if err != nil {
		return Outgoing{}, unavailable("message cannot be compressed", err)
	}
	if _, err := document.WriteTo(writer); err != nil {
		return Outgoing{}, unavailable("message cannot be written", err)
	}
	if err := writer.Close(); err != nil {
		return Outgoing{}, unavailable("message cannot be compressed", err)
	}
	query := param + "=" + url.QueryEscape(base64.StdEncoding.EncodeToString(deflated.Bytes()))
	if relayState != "" {
		query += "&" + paramRelayState + "=" + url.QueryEscape(relayState)
	}
	query += "&" + paramSigAlg + "=" + url.QueryEscape(algRSASHA256)
	signing, err := crewjam.GetSigningContext(x.crewjamSP())
	if err != nil {
		return Outgoing{}, unavailable("no signing key", err)
	}
	signature, err := signing.SignString(query)
	if err != nil {
		return Outgoing{}, unavailable("message cannot be signed", err)
	}
	query += "&" + paramSignature + "=" + url.QueryEscape(base64.StdEncoding.EncodeToString(signature))
	separator := "?"
	if strings.Contains(location, "?") {
		separator = "&"
	}
	return Outgoing{URL: location + separator + query}, nil
}

// signedQuery is a redirect message whose signature was verified.
type signedQuery struct {
	param      string // paramRequest or paramResponse
	document   []byte
	relayState string
}

// verifyQuery checks the signature over the octets of the query as they arrived: encoders
// differ in their percent escapes, so nothing is re-encoded (SAML bindings §3.4.4.1).
func verifyQuery(rawQuery string, certificates []*x509.Certificate, now time.Time) (signedQuery, error) {
	if len(rawQuery) > maxMessageBytes {
		return signedQuery{}, invalid("query larger than %d bytes", maxMessageBytes)
	}
	raw, err := splitQuery(rawQuery)
	if err != nil {
		return signedQuery{}, err
	}
	param := paramRequest
	if _, found := raw[paramResponse]; found {
		param = paramResponse
	}
	_, isRequest := raw[paramRequest]
	if (param == paramResponse) == isRequest {
		return signedQuery{}, invalid("query needs either SAMLRequest or SAMLResponse")
	}
	signed := param + "=" + raw[param]
	if value, found := raw[paramRelayState]; found {
		signed += "&" + paramRelayState + "=" + value
	}
	signed += "&" + paramSigAlg + "=" + raw[paramSigAlg]
	if err := verifyOctets(raw, signed, certificates, now); err != nil {
		return signedQuery{}, err
	}
	document, err := inflate(raw[param])
	if err != nil {
		return signedQuery{}, err
	}
	relayState, err := url.QueryUnescape(raw[paramRelayState])
	if err != nil {
		return signedQuery{}, invalid("RelayState: bad escape")
	}
	return signedQuery{param: param, document: document, relayState: relayState}, nil
}

// splitQuery returns the still escaped values of the parameters we know. One given twice
// is refused, so that signature and content cannot come from different copies.
func splitQuery(rawQuery string) (map[string]string, error) {
	values := map[string]string{}
	for pair := range strings.SplitSeq(rawQuery, "&") {
		name, value, _ := strings.Cut(pair, "=")
		switch name {
		case paramRequest, paramResponse, paramRelayState, paramSigAlg, paramSignature:
			if _, twice := values[name]; twice {
				return nil, invalid("query parameter given twice")
			}
			values[name] = value
		}
	}
	return values, nil
}

func verifyOctets(raw map[string]string, signed string, certificates []*x509.Certificate, now time.Time) error {
	alg, err := url.QueryUnescape(raw[paramSigAlg])
	if err != nil || alg != algRSASHA256 {
		return invalid("SigAlg: algorithm is not allowed")
	}
	encoded, err := url.QueryUnescape(raw[paramSignature])
	if err != nil {
		return invalid("Signature: bad escape")
	}
	signature, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(signature) == 0 {
		return invalid("Signature: missing or not base64")
	}
	for _, certificate := range validAt(certificates, now) {
		if certificate.CheckSignature(x509.SHA256WithRSA, []byte(signed), signature) == nil {
			return nil
		}
	}
	return invalid("query signature does not verify with a pinned, valid certificate")
}

// inflate decodes a redirect message and stops at the size limit, against compression
// bombs (CVE-2023-28119).
func inflate(escaped string) ([]byte, error) {
	encoded, err := url.QueryUnescape(escaped)
	if err != nil {
		return nil, invalid("message: bad escape")
	}
	deflated, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, invalid("message: not base64")
	}
	document, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(deflated)), maxMessageBytes+1))
	if err != nil {
		return nil, invalid("message: not deflated")
	}
	if len(document) > maxMessageBytes {
		return nil, invalid("message larger than %d bytes", maxMessageBytes)
	}
	return document, nil
}
