package idpsim

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"strings"
	"time"
)

// Namespaces, formats and the NSIS attribute of SAML and the Danish profiles.
const (
	nsSAML          = "urn:oasis:names:tc:SAML:2.0:assertion"
	nsSAMLP         = "urn:oasis:names:tc:SAML:2.0:protocol"
	x509SubjectName = "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName"
	bearer          = "urn:oasis:names:tc:SAML:2.0:cm:bearer" //nolint:gosec // a name from the standard, no credential
	persistent      = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
	statusOK        = "urn:oasis:names:tc:SAML:2.0:status:Success"
	levelName       = "https://data.gov.dk/concept/core/nsis/loa"
	modelName       = "https://data.gov.dk/model/core/"
)

// draft is a Response before it is written and signed. A fault may change any of it.
type draft struct {
	responseID, assertionID                     string
	issuer, destination, recipient              string
	inResponseTo, confirmationInResponseTo      string
	audience                                    string
	nameID, nameFormat, sessionIndex            string
	issued, notBefore, notOnOrAfter             time.Time
	confirmationEnd, authnInstant, sessionEnd   time.Time
	attributes                                  []attr
	status                                      string // the Status element's content
	noAssertion                                 bool
	signAssertion, signResponse                 *signing
	encrypt                                     *Encryption
	encryptTo                                   []*rsa.PublicKey // the service provider's, its first one first
	beforeSigning, beforeEncryption, afterwards func(string) string
}

type attr struct {
	name   string
	values []string
}

// instant writes a time as SAML core §1.3.3 wants it.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// randomID returns a fresh XML name.
func randomID() string { return "_" + rand.Text() }

// text escapes character data as canonical XML does.
func text(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#xD;").Replace(s)
}

// quoted escapes an attribute value as canonical XML does.
func quoted(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;",
		"\t", "&#x9;", "\n", "&#xA;", "\r", "&#xD;").Replace(s)
}

// assertion writes the Assertion in exclusive canonical form: namespace declarations
// first, attributes by name, no empty-element tags, no white space of its own.
func (d *draft) assertion() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<saml:Assertion xmlns:saml="%s" ID="%s" IssueInstant="%s" Version="2.0">`,
		nsSAML, quoted(d.assertionID), instant(d.issued))
	fmt.Fprintf(&b, `<saml:Issuer>%s</saml:Issuer>`, text(d.issuer))
	fmt.Fprintf(&b, `<saml:Subject><saml:NameID Format="%s">%s</saml:NameID>`, d.nameFormat, text(d.nameID))
	fmt.Fprintf(&b, `<saml:SubjectConfirmation Method="%s"><saml:SubjectConfirmationData`, bearer)
	if d.confirmationInResponseTo != "" {
		fmt.Fprintf(&b, ` InResponseTo="%s"`, quoted(d.confirmationInResponseTo))
	}
	fmt.Fprintf(&b, ` NotOnOrAfter="%s" Recipient="%s"></saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject>`,
		instant(d.confirmationEnd), quoted(d.recipient))
	fmt.Fprintf(&b, `<saml:Conditions NotBefore="%s" NotOnOrAfter="%s">`, instant(d.notBefore), instant(d.notOnOrAfter))
	fmt.Fprintf(&b, `<saml:AudienceRestriction><saml:Audience>%s</saml:Audience></saml:AudienceRestriction></saml:Conditions>`,
		text(d.audience))
	fmt.Fprintf(&b, `<saml:AuthnStatement AuthnInstant="%s" SessionIndex="%s" SessionNotOnOrAfter="%s">`,
		instant(d.authnInstant), quoted(d.sessionIndex), instant(d.sessionEnd))
	b.WriteString(`<saml:AuthnContext><saml:AuthnContextClassRef>https://data.gov.dk/concept/core/nsis` +
		`</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement>`)
	for _, a := range d.attributes {
		fmt.Fprintf(&b, `<saml:Attribute Name="%s" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri">`, quoted(a.name))
		for _, v := range a.values {
			fmt.Fprintf(&b, `<saml:AttributeValue>%s</saml:AttributeValue>`, text(v))
		}
		b.WriteString(`</saml:Attribute>`)
	}
	b.WriteString(`</saml:AttributeStatement></saml:Assertion>`)
	return b.String()
}

// render writes, signs and encrypts the Response.
func (d *draft) render() (string, error) {
	payload := ""
	if !d.noAssertion {
		payload = apply(d.beforeSigning, d.assertion())
		if d.signAssertion != nil {
			payload = afterIssuer(payload, d.signAssertion.signature(d.assertionID, payload))
		}
		if d.encrypt != nil {
			var err error
			payload, err = d.encrypt.encrypted([]byte(apply(d.beforeEncryption, payload)), d.recipientKey())
			if err != nil {
				return "", err
			}
		}
	}
	response := d.response(payload)
	if d.signResponse != nil {
		response = afterIssuer(response, d.signResponse.signature(d.responseID, response))
	}
	return apply(d.afterwards, response), nil
}

// recipientKey is the key to encrypt for, nil when there is none.
func (d *draft) recipientKey() *rsa.PublicKey {
	if len(d.encryptTo) == 0 {
		return nil
	}
	return d.encryptTo[0]
}

func apply(change func(string) string, s string) string {
	if change == nil {
		return s
	}
	return change(s)
}

func (d *draft) response(payload string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<samlp:Response xmlns:samlp="%s"`, nsSAMLP)
	if d.destination != "" {
		fmt.Fprintf(&b, ` Destination="%s"`, quoted(d.destination))
	}
	fmt.Fprintf(&b, ` ID="%s"`, quoted(d.responseID))
	if d.inResponseTo != "" {
		fmt.Fprintf(&b, ` InResponseTo="%s"`, quoted(d.inResponseTo))
	}
	fmt.Fprintf(&b, ` IssueInstant="%s" Version="2.0">`, instant(d.issued))
	fmt.Fprintf(&b, `<saml:Issuer xmlns:saml="%s">%s</saml:Issuer>`, nsSAML, text(d.issuer))
	fmt.Fprintf(&b, `<samlp:Status>%s</samlp:Status>%s</samlp:Response>`, d.status, payload)
	return b.String()
}

// statusCode writes the content of a Status element.
func statusCode(top, second string) string {
	inner := ""
	if second != "" {
		inner = `<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:` + second + `"></samlp:StatusCode>`
	}
	return `<samlp:StatusCode Value="` + top + `">` + inner + `</samlp:StatusCode>`
}

// draftFor fills in a correct answer to a request for a user who proved their identity at
// the time authenticated.
func (s *Server) draftFor(u User, req authnRequest, sp serviceProvider, sessionIndex string, authenticated time.Time) *draft {
	now := s.opts.Now().UTC()
	d := &draft{
		responseID: randomID(), assertionID: randomID(), issuer: s.EntityID(),
		destination: req.acs, recipient: req.acs, inResponseTo: req.id, confirmationInResponseTo: req.id,
		audience: sp.entityID, sessionIndex: sessionIndex,
		issued: now, notBefore: now.Add(-time.Minute), notOnOrAfter: now.Add(s.opts.Validity),
		confirmationEnd: now.Add(s.opts.Validity), authnInstant: authenticated, sessionEnd: now.Add(8 * time.Hour),
		attributes: s.attributes(u), status: statusCode(statusOK, ""),
		encrypt: s.opts.Encrypt, encryptTo: sp.encryption,
	}
	d.nameID, d.nameFormat = s.nameID(u)
	sign := s.goodSigning()
	d.signAssertion = &sign
	return d
}

func (s *Server) goodSigning() signing {
	return signing{by: s.signer(), method: sigRSASHA256, digest: digestSHA256, c14n: excC14N, keyInfo: true}
}
