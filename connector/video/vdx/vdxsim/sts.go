package vdxsim

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Names of SOAP, WS-Addressing and WS-Trust as the STS reads them (§3.1, step 1).
const (
	nsSOAP       = "http://schemas.xmlsoap.org/soap/envelope/"
	nsAddressing = "http://www.w3.org/2005/08/addressing"
	nsTrust      = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
	nsPolicy     = "http://www.w3.org/ns/ws-policy"

	anonymous     = nsAddressing + "/anonymous"
	actionIssue   = nsTrust + "/RST/Issue"
	actionFinal   = nsTrust + "/RSTRC/IssueFinal"
	requestIssue  = nsTrust + "/Issue"
	keyTypePublic = nsTrust + "/PublicKey"
	tokenTypeSAML = "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLV2.0" //nolint:gosec // a name, not a credential
	valueTypeX509 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"

	stsPath = "/sts/service/sts"
	// How far a client's clock may be ahead, and how long a Timestamp may be valid. Real clients ask for 5 minutes.
	timestampSkew = time.Minute
	timestampLife = 10 * time.Minute
)

// fault is a SOAP 1.1 fault with a code of WS-Security or WS-Trust.
type fault struct{ code, text string }

func (f *fault) Error() string { return f.code + ": " + f.text }

func faultf(code, format string, args ...any) *fault {
	return &fault{code, fmt.Sprintf(format, args...)}
}

// tokenRequest is an envelope that is being checked.
type tokenRequest struct {
	doc, header, security, body *node
	messageID                   string
	holder                      Registration
	useKey                      *node // ds:KeyInfo of UseKey, nil when absent
}

// issueAssertion is WS-Trust Issue at the STS.
func (s *Server) issueAssertion(x *exchange) reply {
	cert := clientCertificate(x.r)
	if cert == nil {
		return noCertificate()
	}
	x.rec.Door, x.rec.Client = DoorGateway, cert.Subject.CommonName
	if s.opts.Strict {
		if f := strictSOAP(x); f != nil {
			return soapFault(f)
		}
	}
	req, f := s.checkTokenRequest(x, cert)
	if f != nil {
		return soapFault(f)
	}
	assertion, f := s.assertion(x, req, cert)
	if f != nil {
		return soapFault(f)
	}
	return reply{
		status: http.StatusOK, kind: "text/xml; charset=utf-8",
		body: []byte(s.collection(x, req, assertion)),
	}
}

func strictSOAP(x *exchange) *fault {
	kind, _, _ := strings.Cut(x.rec.ContentType, ";")
	if kind != "application/soap+xml" && kind != "text/xml" {
		return faultf("soap:Client", "strict mode: content type is %q", x.rec.ContentType)
	}
	if action := strings.Trim(x.r.Header.Get("SOAPAction"), `"`); action != actionIssue {
		return faultf("soap:Client", "strict mode: SOAPAction is %q", action)
	}
	return nil
}

// checkTokenRequest goes through the envelope: shape, addressing, time, certificate,
// signature, and what is asked for.
func (s *Server) checkTokenRequest(x *exchange, cert *x509.Certificate) (*tokenRequest, *fault) {
	doc, err := parseXML(x.body)
	if err != nil {
		return nil, faultf("soap:Client", "%v", err)
	}
	if !doc.is(nsSOAP, "Envelope") {
		return nil, faultf("soap:VersionMismatch", "the root is not a SOAP 1.1 envelope")
	}
	req := &tokenRequest{doc: doc, header: doc.only(nsSOAP, "Header"), body: doc.only(nsSOAP, "Body")}
	req.security = req.header.only(nsSecurity, "Security")
	if req.body == nil || req.security == nil || req.security.attr(nsSOAP, "mustUnderstand") != "1" {
		return nil, faultf("wsse:InvalidSecurity", "want one Body and one Security header with mustUnderstand")
	}
	checks := []func() *fault{
		func() *fault { return s.checkAddressing(x, req) },
		func() *fault { return checkTimestamp(req.security.only(nsUtility, "Timestamp"), x.now) },
		func() *fault { return s.checkSigner(req, cert, x.now) },
		func() *fault { return checkAsked(req, s.opts.Gateway.Audience) },
		func() *fault { return checkUseKey(req, cert) },
		func() *fault { return s.unseen(req.messageID, x.now) },
	}
	for _, check := range checks {
		if f := check(); f != nil {
			return nil, f
		}
	}
	return req, nil
}

func (s *Server) checkAddressing(x *exchange, req *tokenRequest) *fault {
	text := func(name string) string { return req.header.only(nsAddressing, name).text() }
	req.messageID = text("MessageID")
	to, err := url.Parse(text("To"))
	switch {
	case text("Action") != actionIssue:
		return faultf("wsa:ActionNotSupported", "Action is %q", text("Action"))
	case !strings.HasPrefix(req.messageID, "urn:uuid:"):
		return faultf("wsa:InvalidAddressingHeader", "MessageID is %q", req.messageID)
	case err != nil || to.Scheme != "https" || to.Host != x.r.Host || to.Path != stsPath:
		return faultf("wsa:DestinationUnreachable", "To is %q", text("To"))
	case req.header.only(nsAddressing, "ReplyTo").only(nsAddressing, "Address").text() != anonymous:
		return faultf("wsa:InvalidAddressingHeader", "ReplyTo is not anonymous")
	}
	return nil
}

// checkTimestamp wants UTC times around now, as WS-Security does.
func checkTimestamp(stamp *node, now time.Time) *fault {
	created, err1 := time.Parse("2006-01-02T15:04:05.999999999Z", stamp.only(nsUtility, "Created").text())
	expires, err2 := time.Parse("2006-01-02T15:04:05.999999999Z", stamp.only(nsUtility, "Expires").text())
	switch {
	case err1 != nil || err2 != nil:
		return faultf("wsse:InvalidSecurity", "Timestamp needs Created and Expires in UTC")
	case created.After(now.Add(timestampSkew)):
		return faultf("wsu:MessageExpired", "Timestamp was created in the future: %s", created)
	case !expires.After(now):
		return faultf("wsu:MessageExpired", "Timestamp expired: %s", expires)
	case expires.Sub(created) > timestampLife || !expires.After(created):
		return faultf("wsse:InvalidSecurity", "Timestamp is valid for %s", expires.Sub(created))
	}
	return nil
}

// checkSigner: the token in the message is the TLS certificate, the signature is made with
// its key over everything that counts, and the STS knows the holder.
func (s *Server) checkSigner(req *tokenRequest, cert *x509.Certificate, now time.Time) *fault {
	token := req.security.only(nsSecurity, "BinarySecurityToken")
	der, err := unbase64(token.text())
	if err != nil || token.attr("", "ValueType") != valueTypeX509 || !bytes.Equal(der, cert.Raw) {
		return faultf("wsse:InvalidSecurityToken", "BinarySecurityToken is not the certificate of the connection")
	}
	key, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok {
		return faultf("wsse:UnsupportedSecurityToken", "only RSA keys are taken")
	}
	sig := req.security.only(nsSignature, "Signature")
	ref := sig.only(nsSignature, "KeyInfo").only(nsSecurity, "SecurityTokenReference").only(nsSecurity, "Reference")
	if id := token.attr(nsUtility, "Id"); id == "" || ref.attr("", "URI") != "#"+id {
		return faultf("wsse:InvalidSecurity", "the signature's KeyInfo does not refer to the BinarySecurityToken")
	}
	signed, err := verifySignature(req.doc, sig, key, s.opts.Gateway.AllowSHA1)
	if err != nil {
		return faultf("wsse:FailedCheck", "%v", err)
	}
	if missing := req.unsigned(signed); missing != "" {
		return faultf("wsse:FailedCheck", "%s is not signed", missing)
	}
	holder, known := s.opts.Gateway.Keys.holder(cert)
	switch {
	case !known || holder.Unknown || s.isRevoked(holder.Name):
		return faultf("wst:FailedAuthentication", "the certificate of %s is not registered", cert.Subject)
	case now.Before(cert.NotBefore) || now.After(cert.NotAfter):
		return faultf("wst:FailedAuthentication", "the certificate of %s is not valid now", cert.Subject)
	}
	req.holder = holder
	return nil
}

// unsigned names the first part that the signature does not cover.
func (req *tokenRequest) unsigned(signed []*node) string {
	parts := []*node{req.body, req.security.only(nsUtility, "Timestamp")}
	for _, name := range []string{"Action", "MessageID", "To", "ReplyTo"} {
		parts = append(parts, req.header.only(nsAddressing, name))
	}
	for _, p := range parts {
		covered := false
		for _, n := range signed {
			covered = covered || n == p
		}
		if !covered {
			return p.local
		}
	}
	return ""
}

// checkAsked: one holder-of-key SAML 2.0 assertion for the audience.
func checkAsked(req *tokenRequest, audience string) *fault {
	rst := req.body.only(nsTrust, "RequestSecurityToken")
	if got := rst.only(nsTrust, "RequestType").text(); got != requestIssue {
		return faultf("wst:InvalidRequest", "RequestType is %q", got)
	}
	if got := rst.only(nsTrust, "TokenType").text(); got != tokenTypeSAML {
		return faultf("wst:RequestFailed", "TokenType is %q", got)
	}
	if got := rst.only(nsTrust, "KeyType").text(); got != keyTypePublic {
		return faultf("wst:RequestFailed", "KeyType is %q", got)
	}
	address := rst.only(nsPolicy, "AppliesTo").only(nsAddressing, "EndpointReference").only(nsAddressing, "Address")
	if got := address.text(); got != audience {
		return faultf("wst:InvalidScope", "AppliesTo is %q", got)
	}
	req.useKey = rst.only(nsTrust, "UseKey").only(nsSignature, "KeyInfo")
	return nil
}

// checkUseKey: an RSA key in UseKey must be the certificate's. An X.509 certificate there, or
// no UseKey, gives an assertion that the gateway does not take (§3.1).
func checkUseKey(req *tokenRequest, cert *x509.Certificate) *fault {
	value := req.useKey.only(nsSignature, "KeyValue").only(nsSignature, "RSAKeyValue")
	if value == nil {
		return nil
	}
	got, ok := rsaKeyValue(value)
	if !ok || !got.Equal(cert.PublicKey) {
		return faultf("wst:InvalidRequest", "UseKey is not the certificate's key")
	}
	return nil
}

func rsaKeyValue(value *node) (*rsa.PublicKey, bool) {
	modulus, err1 := unbase64(value.only(nsSignature, "Modulus").text())
	exponent, err2 := unbase64(value.only(nsSignature, "Exponent").text())
	if err1 != nil || err2 != nil || len(modulus) == 0 || len(exponent) == 0 || len(exponent) > 4 {
		return nil, false
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: int(new(big.Int).SetBytes(exponent).Int64())}, true
}

// unseen refuses a message that was sent before.
func (s *Server) unseen(messageID string, now time.Time) *fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, at := range s.messages {
		if now.Sub(at) > timestampLife+timestampSkew {
			delete(s.messages, id)
		}
	}
	if _, seen := s.messages[messageID]; seen {
		return faultf("wsse:InvalidSecurity", "the message %s was sent before", messageID)
	}
	s.messages[messageID] = now
	return nil
}

// assertion is the signed holder-of-key assertion. Its namespace declarations stand on it, or
// for about half of the messages further out, where a client must not lose them.
func (s *Server) assertion(x *exchange, req *tokenRequest, cert *x509.Certificate) (string, *fault) {
	id := "_" + s.dice.uuid("assertion", req.messageID)
	instant := func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
	ends := x.now.Add(s.opts.Gateway.AssertionTTL)
	h := req.holder
	named := attributes{
		attrITSystem: {h.Name}, attrRole: h.Roles, attrOrganisation: {h.Organisation}, attrEmail: {h.Email}, attrAutoCreate: {h.AutoCreate},
	}
	var statement strings.Builder
	for _, name := range []string{attrITSystem, attrRole, attrOrganisation, attrEmail, attrAutoCreate} {
		statement.WriteString(attributeXML(name, named[name]))
	}
	raw := `<saml2:Assertion` + assertionNamespaces() + ` ID="` + id + `" IssueInstant="` + instant(x.now) +
		`" Version="2.0" xsi:type="saml2:AssertionType"><saml2:Issuer>sluse-simulator-sts</saml2:Issuer>` +
		`<saml2:Subject><saml2:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified" ` +
		`NameQualifier="http://www.nextstepcitizen.dk/sts">` + xmlText(cert.Subject.String()) + `</saml2:NameID>` +
		`<saml2:SubjectConfirmation Method="` + methodHolderOfKey + `">` +
		`<saml2:SubjectConfirmationData xsi:type="saml2:KeyInfoConfirmationDataType"><ds:KeyInfo xmlns:ds="` + nsSignature + `">` +
		keyInfoXML(req.useKey, cert) + `</ds:KeyInfo></saml2:SubjectConfirmationData></saml2:SubjectConfirmation></saml2:Subject>` +
		`<saml2:Conditions NotBefore="` + instant(x.now) + `" NotOnOrAfter="` + instant(ends) + `"><saml2:AudienceRestriction>` +
		`<saml2:Audience>` + xmlText(s.opts.Gateway.Audience) + `</saml2:Audience></saml2:AudienceRestriction></saml2:Conditions>` +
		`<saml2:AttributeStatement>` + statement.String() + `</saml2:AttributeStatement></saml2:Assertion>`
	sts := s.opts.Gateway.Keys.sts
	key, ok := sts.key.(*rsa.PrivateKey)
	if !ok {
		return "", faultf("wst:RequestFailed", "the STS has no RSA key")
	}
	signed, err := signEnveloped(raw, key, sts.cert.Raw, "xs")
	if err != nil {
		return "", faultf("wst:RequestFailed", "%v", err)
	}
	return signed, nil
}

func assertionNamespaces() string {
	return ` xmlns:saml2="` + nsAssertion + `" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`
}

func attributeXML(name string, values []string) string {
	var out strings.Builder
	for _, v := range values {
		if v != "" {
			out.WriteString(`<saml2:AttributeValue xsi:type="xs:string">` + xmlText(v) + `</saml2:AttributeValue>`)
		}
	}
	if out.Len() == 0 {
		return ""
	}
	return `<saml2:Attribute Name="` + name + `" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic">` + out.String() + `</saml2:Attribute>`
}

// keyInfoXML binds the assertion to the key in the form in which it was asked for.
func keyInfoXML(asked *node, cert *x509.Certificate) string {
	if value := asked.only(nsSignature, "KeyValue").only(nsSignature, "RSAKeyValue"); value != nil {
		return `<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>` + strings.Join(strings.Fields(value.only(nsSignature, "Modulus").text()), "") +
			`</ds:Modulus><ds:Exponent>` + value.only(nsSignature, "Exponent").text() + `</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>`
	}
	return `<ds:X509Data><ds:X509Certificate>` + base64.StdEncoding.EncodeToString(cert.Raw) + `</ds:X509Certificate></ds:X509Data>`
}

// collection is the answer: an RSTRC around the assertion, shaped like the VDX test STS's.
// The envelope is not signed, other than there.
func (s *Server) collection(x *exchange, req *tokenRequest, assertion string) string {
	outer := ""
	if s.dice.share("hoist", req.messageID) < 0.5 {
		outer = assertionNamespaces()
		assertion = strings.Replace(assertion, outer, "", 1)
	}
	return `<soap:Envelope xmlns:soap="` + nsSOAP + `"` + outer + `><soap:Header>` +
		`<Action xmlns="` + nsAddressing + `">` + actionFinal + `</Action>` +
		`<MessageID xmlns="` + nsAddressing + `">urn:uuid:` + s.dice.uuid("rstrc", req.messageID) + `</MessageID>` +
		`<To xmlns="` + nsAddressing + `">` + anonymous + `</To>` +
		`<RelatesTo xmlns="` + nsAddressing + `">` + xmlText(req.messageID) + `</RelatesTo></soap:Header><soap:Body>` +
		`<ns2:RequestSecurityTokenResponseCollection xmlns:ns2="` + nsTrust + `" xmlns:ns3="` + nsUtility + `">` +
		`<ns2:RequestSecurityTokenResponse><ns2:TokenType>` + tokenTypeSAML + `</ns2:TokenType>` +
		`<ns2:RequestedSecurityToken>` + assertion + `</ns2:RequestedSecurityToken>` +
		`<ns2:Lifetime><ns3:Created>` + x.now.UTC().Format("2006-01-02T15:04:05.000Z") + `</ns3:Created><ns3:Expires>` +
		x.now.Add(s.opts.Gateway.AssertionTTL).UTC().Format("2006-01-02T15:04:05.000Z") + `</ns3:Expires></ns2:Lifetime>` +
		`</ns2:RequestSecurityTokenResponse></ns2:RequestSecurityTokenResponseCollection></soap:Body></soap:Envelope>`
}

// soapFault is SOAP 1.1's answer to a bad request: status 500.
func soapFault(f *fault) reply {
	body := `<soap:Envelope xmlns:soap="` + nsSOAP + `"><soap:Body><soap:Fault xmlns:wsse="` + nsSecurity + `" xmlns:wst="` + nsTrust +
		`" xmlns:wsu="` + nsUtility + `" xmlns:wsa="` + nsAddressing + `"><faultcode>` + f.code + `</faultcode><faultstring>` + xmlText(f.text) +
		`</faultstring></soap:Fault></soap:Body></soap:Envelope>`
	return reply{status: http.StatusInternalServerError, kind: "text/xml; charset=utf-8", body: []byte(body), code: f.code, detail: f.text}
}

func xmlText(s string) string {
	var out bytes.Buffer
	if err := xml.EscapeText(&out, []byte(s)); err != nil {
		return ""
	}
	return out.String()
}
