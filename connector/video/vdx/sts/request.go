package sts

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/beevik/etree"
	"github.com/google/uuid"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/russellhaering/goxmldsig/etreeutils"
)

// The names of the standards (vdx.md §3.1 step 1).
const (
	nsSOAP = "http://schemas.xmlsoap.org/soap/envelope/" // 1.1, although the content type is that of 1.2
	nsWSA  = "http://www.w3.org/2005/08/addressing"
	nsWSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
	nsWSU  = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
	nsWST  = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
	nsWSP  = "http://www.w3.org/ns/ws-policy"
	nsIC   = "http://schemas.xmlsoap.org/ws/2005/05/identity"
	nsSAML = "urn:oasis:names:tc:SAML:2.0:assertion"

	actionIssue  = "http://docs.oasis-open.org/ws-sx/ws-trust/200512/RST/Issue"
	anonymous    = "http://www.w3.org/2005/08/addressing/anonymous"
	typeX509     = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"
	typeBase64   = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
	typeSAML2    = "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLV2.0"
	requestIssue = nsWST + "/Issue"
	keyPublic    = nsWST + "/PublicKey"
)

// freshFor is how long the STS may take the request.
const freshFor = 5 * time.Minute

// stamp is how WS-Security writes an instant; always UTC.
const stamp = "2006-01-02T15:04:05.000Z"

// request builds and signs the RequestSecurityToken. Signed are the addressing headers, the
// timestamp and the body, so that no part can be changed or used again.
func (i *Issuer) request() ([]byte, error) {
	document := etree.NewDocument()
	envelope := document.CreateElement("soap:Envelope")

	for prefix, space := range map[string]string{
		"soap": nsSOAP, "wsa": nsWSA, "wsse": nsWSSE, "wsu": nsWSU, "wst": nsWST, "wsp": nsWSP, "ic": nsIC, "ds": dsig.Namespace,
	} {
		envelope.CreateAttr("xmlns:"+prefix, space)
	}

	envelope.SortAttrs()

	header := envelope.CreateElement("soap:Header")
	replyTo := etree.NewElement("wsa:ReplyTo")
	replyTo.CreateElement("wsa:Address").SetText(anonymous)

	signed := []*etree.Element{
		leaf(header, "wsa:Action", actionIssue),
		leaf(header, "wsa:MessageID", "urn:uuid:"+uuid.NewString()),
		leaf(header, "wsa:To", i.url),
		replyTo,
	}

	header.AddChild(replyTo)

	security := header.CreateElement("wsse:Security")
	security.CreateAttr("soap:mustUnderstand", "1")

	signed = append(signed, timestamp(security, i.now()))
	token := leaf(security, "wsse:BinarySecurityToken", base64.StdEncoding.EncodeToString(i.leaf.Raw))
	token.CreateAttr("EncodingType", typeBase64)
	token.CreateAttr("ValueType", typeX509)

	body := envelope.CreateElement("soap:Body")
	i.wish(body)

	signed = append(signed, body)

	for _, part := range append(signed, token) {
		part.CreateAttr("wsu:Id", "id-"+uuid.NewString())
	}

	if err := i.sign(security, idOf(token), signed); err != nil {
		return nil, err
	}

	octets, err := document.WriteToBytes()
	if err != nil {
		return nil, fmt.Errorf("write the request: %w", err)
	}

	return octets, nil
}

func leaf(parent *etree.Element, tag, text string) *etree.Element {
	e := parent.CreateElement(tag)
	e.SetText(text)

	return e
}

func idOf(e *etree.Element) string { return e.SelectAttrValue("wsu:Id", "") }

func timestamp(security *etree.Element, now time.Time) *etree.Element {
	t := security.CreateElement("wsu:Timestamp")
	leaf(t, "wsu:Created", now.UTC().Format(stamp))
	leaf(t, "wsu:Expires", now.UTC().Add(freshFor).Format(stamp))

	return t
}

// wish writes the wish for an assertion that is bound to our key. The key is given as numbers,
// because the gateway refuses an assertion that names a certificate.
func (i *Issuer) wish(body *etree.Element) {
	rst := body.CreateElement("wst:RequestSecurityToken")
	leaf(rst, "wst:RequestType", requestIssue)

	reference := rst.CreateElement("wsp:AppliesTo").CreateElement("wsa:EndpointReference")
	leaf(reference, "wsa:Address", i.audience)
	rst.CreateElement("wst:Claims").CreateAttr("Dialect", nsIC) // none: our attributes are bound to the certificate
	leaf(rst, "wst:TokenType", typeSAML2)
	leaf(rst, "wst:KeyType", keyPublic)

	value := rst.CreateElement("wst:UseKey").CreateElement("ds:KeyInfo").CreateElement("ds:KeyValue").CreateElement("ds:RSAKeyValue")
	leaf(value, "ds:Modulus", base64.StdEncoding.EncodeToString(i.key.N.Bytes()))
	leaf(value, "ds:Exponent", base64.StdEncoding.EncodeToString(big.NewInt(int64(i.key.E)).Bytes()))
	rst.CreateElement("wst:Renewing")
}

// sign adds a detached signature over the parts, made with the key of the token (XML Signature,
// WS-Security X.509 profile). Canonicalization and the RSA operation are the library's.
func (i *Issuer) sign(security *etree.Element, tokenID string, parts []*etree.Element) error {
	c14n := i.signing.Canonicalizer.Algorithm().String()
	signature := security.CreateElement("ds:Signature")
	info := signature.CreateElement("ds:SignedInfo")
	info.CreateElement("ds:CanonicalizationMethod").CreateAttr("Algorithm", c14n)
	info.CreateElement("ds:SignatureMethod").CreateAttr("Algorithm", i.signing.GetSignatureMethodIdentifier())

	for _, part := range parts {
		octets, err := i.canonical(part)
		if err != nil {
			return err
		}

		hash := i.signing.Hash.New()
		hash.Write(octets)

		reference := info.CreateElement("ds:Reference")
		reference.CreateAttr("URI", "#"+idOf(part))
		reference.CreateElement("ds:Transforms").CreateElement("ds:Transform").CreateAttr("Algorithm", c14n)
		reference.CreateElement("ds:DigestMethod").CreateAttr("Algorithm", i.signing.GetDigestAlgorithmIdentifier())
		leaf(reference, "ds:DigestValue", base64.StdEncoding.EncodeToString(hash.Sum(nil)))
	}

	octets, err := i.canonical(info)
	if err != nil {
		return err
	}

	value, err := i.signing.SignString(string(octets))
	if err != nil {
		return errors.New("the request can't be signed") // the cause is about our key
	}

	leaf(signature, "ds:SignatureValue", base64.StdEncoding.EncodeToString(value))

	reference := signature.CreateElement("ds:KeyInfo").CreateElement("wsse:SecurityTokenReference").CreateElement("wsse:Reference")
	reference.CreateAttr("URI", "#"+tokenID)
	reference.CreateAttr("ValueType", typeX509)

	return nil
}

// canonical returns an element's exclusive canonical form where it stands: with the namespaces
// that are declared above it.
func (i *Issuer) canonical(e *etree.Element) ([]byte, error) {
	above, err := etreeutils.NSBuildParentContext(e)
	if err != nil {
		return nil, fmt.Errorf("namespaces: %w", err)
	}

	apart, err := etreeutils.NSDetatch(above, e)
	if err != nil {
		return nil, fmt.Errorf("namespaces: %w", err)
	}

	octets, err := i.signing.Canonicalizer.Canonicalize(apart)
	if err != nil {
		return nil, fmt.Errorf("canonical form: %w", err)
	}

	if !strings.HasPrefix(string(octets), "<"+e.FullTag()) {
		return nil, errors.New("canonical form: another element")
	}

	return octets, nil
}
