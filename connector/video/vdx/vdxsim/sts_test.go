package vdxsim_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/big"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
)

// The tests sign with code of their own: every signed element is written in its canonical
// form, so that its bytes are what is digested.

const (
	wsa     = "http://www.w3.org/2005/08/addressing"
	wsu     = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
	wsse    = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
	wst     = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
	wsp     = "http://www.w3.org/ns/ws-policy"
	xmldsig = "http://www.w3.org/2000/09/xmldsig#"
	soapEnv = "http://schemas.xmlsoap.org/soap/envelope/"
	excC14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
	x509v3  = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"
	saml20  = "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLV2.0"
)

// rst is a request for a token, part by part, so that each can be spoilt.
type rst struct {
	action, messageID, to, replyTo, created, expires string
	token                                            string // base64 of the certificate
	requestType, audience, tokenType, keyType, key   string
	algorithm, digest                                string
	signer                                           *rsa.PrivateKey
	leaveOut                                         string // a part that is not signed
	after                                            func(string) string
}

func (d *door) rst(t *testing.T) rst {
	t.Helper()
	d.serial++
	now := d.Now().UTC()
	key, ok := d.pair.PrivateKey.(*rsa.PrivateKey)
	if !ok {
		t.Fatal("no RSA key")
	}
	return rst{
		action: wst + "/RST/Issue", messageID: fmt.Sprintf("urn:uuid:%s-%d-%d", d.name, d.serial, now.UnixNano()),
		to: d.urls.Gateway.STS, replyTo: wsa + "/anonymous",
		created: now.Format("2006-01-02T15:04:05.000Z"), expires: now.Add(5 * time.Minute).Format("2006-01-02T15:04:05.000Z"),
		token: base64.StdEncoding.EncodeToString(d.pair.Certificate[0]), requestType: wst + "/Issue", audience: "urn:medcom:videoapi",
		tokenType: saml20, keyType: wst + "/PublicKey", key: rsaKey(&key.PublicKey),
		algorithm: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", digest: "http://www.w3.org/2001/04/xmlenc#sha256",
		signer: key, after: func(s string) string { return s },
	}
}

func rsaKey(k *rsa.PublicKey) string {
	b64 := base64.StdEncoding.EncodeToString
	return "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>" + b64(k.N.Bytes()) + "</ds:Modulus><ds:Exponent>" +
		b64(big.NewInt(int64(k.E)).Bytes()) + "</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>"
}

func (r rst) hash(text string) (crypto.Hash, []byte) {
	if strings.HasSuffix(r.digest, "sha1") {
		sum := sha1.Sum([]byte(text))
		return crypto.SHA1, sum[:]
	}
	sum := sha256.Sum256([]byte(text))
	return crypto.SHA256, sum[:]
}

func (r rst) envelope(t *testing.T) string {
	t.Helper()
	head := func(name, text string) string {
		return `<wsa:` + name + ` xmlns:wsa="` + wsa + `" xmlns:wsu="` + wsu + `" wsu:Id="` + name + `">` + text + `</wsa:` + name + `>`
	}
	parts := map[string]string{
		"Action": head("Action", r.action), "MessageID": head("MessageID", r.messageID), "To": head("To", r.to),
		"ReplyTo": head("ReplyTo", "<wsa:Address>"+r.replyTo+"</wsa:Address>"),
		"TS":      `<wsu:Timestamp xmlns:wsu="` + wsu + `" wsu:Id="TS"><wsu:Created>` + r.created + `</wsu:Created><wsu:Expires>` + r.expires + `</wsu:Expires></wsu:Timestamp>`,
		"Body": `<soap:Body xmlns:soap="` + soapEnv + `" xmlns:wsu="` + wsu + `" wsu:Id="Body"><wst:RequestSecurityToken xmlns:wst="` + wst + `">` +
			`<wst:RequestType>` + r.requestType + `</wst:RequestType><wsp:AppliesTo xmlns:wsp="` + wsp + `"><wsa:EndpointReference xmlns:wsa="` + wsa +
			`"><wsa:Address>` + r.audience + `</wsa:Address></wsa:EndpointReference></wsp:AppliesTo><wst:TokenType>` + r.tokenType +
			`</wst:TokenType><wst:KeyType>` + r.keyType + `</wst:KeyType><wst:UseKey><ds:KeyInfo xmlns:ds="` + xmldsig + `">` + r.key +
			`</ds:KeyInfo></wst:UseKey><wst:Renewing></wst:Renewing></wst:RequestSecurityToken></soap:Body>`,
	}
	var info strings.Builder
	info.WriteString(`<ds:SignedInfo xmlns:ds="` + xmldsig + `"><ds:CanonicalizationMethod Algorithm="` + excC14N + `"></ds:CanonicalizationMethod>` +
		`<ds:SignatureMethod Algorithm="` + r.algorithm + `"></ds:SignatureMethod>`)
	for _, id := range []string{"Action", "MessageID", "To", "ReplyTo", "TS", "Body"} {
		if id == r.leaveOut {
			continue
		}
		_, sum := r.hash(parts[id])
		info.WriteString(`<ds:Reference URI="#` + id + `"><ds:Transforms><ds:Transform Algorithm="` + excC14N + `"></ds:Transform></ds:Transforms>` +
			`<ds:DigestMethod Algorithm="` + r.digest + `"></ds:DigestMethod><ds:DigestValue>` + base64.StdEncoding.EncodeToString(sum) + `</ds:DigestValue></ds:Reference>`)
	}
	info.WriteString(`</ds:SignedInfo>`)
	alg, sum := r.hash(info.String())
	value, err := rsa.SignPKCS1v15(rand.Reader, r.signer, alg, sum)
	if err != nil {
		t.Fatal(err)
	}
	// Around the signed parts anything may be declared: exclusive C14N does not care.
	out := `<?xml version="1.0" encoding="UTF-8"?><soap:Envelope xmlns:soap="` + soapEnv + `" xmlns:wsa="` + wsa + `" xmlns:unused="urn:x"><soap:Header>` +
		parts["Action"] + parts["MessageID"] + parts["To"] + parts["ReplyTo"] + "\n" +
		`<wsse:Security xmlns:wsse="` + wsse + `" xmlns:wsu="` + wsu + `" soap:mustUnderstand="1">` + parts["TS"] +
		`<wsse:BinarySecurityToken ValueType="` + x509v3 + `" wsu:Id="BST">` + r.token + `</wsse:BinarySecurityToken>` +
		`<ds:Signature xmlns:ds="` + xmldsig + `">` + info.String() + `<ds:SignatureValue>` + base64.StdEncoding.EncodeToString(value) + `</ds:SignatureValue>` +
		`<ds:KeyInfo><wsse:SecurityTokenReference><wsse:Reference URI="#BST" ValueType="` + x509v3 + `"/></wsse:SecurityTokenReference></ds:KeyInfo></ds:Signature>` +
		`</wsse:Security></soap:Header>` + parts["Body"] + `</soap:Envelope>`
	return r.after(out)
}

func soapHeaders() map[string]string {
	return map[string]string{"Content-Type": "application/soap+xml; charset=utf-8", "SOAPAction": wst + "/RST/Issue"}
}

// ask sends a request for a token and returns the assertion, or what the fault says.
func (d *door) ask(t *testing.T, r rst) (assertion, fault string) {
	t.Helper()
	a := d.send(t, http.MethodPost, d.urls.Gateway.STS, r.envelope(t), soapHeaders())
	if a.status != http.StatusOK {
		_, fault, _ = strings.Cut(a.raw, "<faultcode>")
		return "", fmt.Sprintf("%d %s", a.status, fault)
	}
	found := regexp.MustCompile(`(?s)<saml2:Assertion.*</saml2:Assertion>`).FindString(a.raw)
	// Declarations that stand further out come along.
	envelope, _, _ := strings.Cut(a.raw, ">")
	if !strings.Contains(found, "xmlns:saml2") {
		if _, outer, ok := strings.Cut(envelope, ` xmlns:saml2`); ok {
			found = strings.Replace(found, "<saml2:Assertion", "<saml2:Assertion xmlns:saml2"+outer, 1)
		}
	}
	return found, ""
}

func TestWhatTheSTSRefuses(t *testing.T) {
	t.Parallel()
	b := setupGateway(t, nil)
	d := b.door(t, "sluse-planner")
	other, err := b.Keys().ClientTLS("sluse-user")
	if err != nil {
		t.Fatal(err)
	}
	foreign, _ := other.Certificates[0].PrivateKey.(*rsa.PrivateKey)
	when := func(offset time.Duration) string { return b.Now().Add(offset).UTC().Format("2006-01-02T15:04:05.000Z") }
	spoil := func(old, with string) func(*rst) {
		return func(r *rst) { r.after = func(s string) string { return strings.Replace(s, old, with, 1) } }
	}
	tests := map[string]struct {
		spoil func(*rst)
		want  string
	}{
		"action":             {func(r *rst) { r.action = wst + "/RST/Renew" }, "wsa:ActionNotSupported"},
		"message id":         {func(r *rst) { r.messageID = "7" }, "wsa:InvalidAddressingHeader"},
		"to":                 {func(r *rst) { r.to = "https://sts.vconf.example/sts/service/sts" }, "wsa:DestinationUnreachable"},
		"reply to":           {func(r *rst) { r.replyTo = "https://x.example" }, "wsa:InvalidAddressingHeader"},
		"local time":         {func(r *rst) { r.created, r.expires = when(2*time.Hour), when(2*time.Hour+5*time.Minute) }, "wsu:MessageExpired"},
		"too late":           {func(r *rst) { r.created, r.expires = when(-6*time.Minute), when(-time.Minute) }, "wsu:MessageExpired"},
		"too long":           {func(r *rst) { r.expires = when(time.Hour) }, "wsse:InvalidSecurity"},
		"offset in time":     {func(r *rst) { r.created = "2026-09-14T10:00:00+02:00" }, "wsse:InvalidSecurity"},
		"token":              {func(r *rst) { r.token = base64.StdEncoding.EncodeToString(other.Certificates[0].Certificate[0]) }, "wsse:InvalidSecurityToken"},
		"signed by another":  {func(r *rst) { r.signer = foreign }, "wsse:FailedCheck"},
		"body unsigned":      {func(r *rst) { r.leaveOut = "Body" }, "Body is not signed"},
		"timestamp unsigned": {func(r *rst) { r.leaveOut = "TS" }, "Timestamp is not signed"},
		"to unsigned":        {func(r *rst) { r.leaveOut = "To" }, "To is not signed"},
		"sha-1":              {func(r *rst) { r.algorithm, r.digest = xmldsig+"rsa-sha1", xmldsig+"sha1" }, "is not allowed"},
		"changed afterwards": {spoil("<wst:Renewing>", "<wst:Renewing> "), "does not match"},
		"a second body":      {spoil("</soap:Envelope>", `<soap:Body wsu:Id="Body" xmlns:wsu="`+wsu+`"/></soap:Envelope>`), "wsse:InvalidSecurity"},
		"the same id twice":  {spoil("<soap:Header>", `<soap:Header><x ID="Body"/>`), "names 2 elements"},
		"not understood":     {spoil(` soap:mustUnderstand="1"`, ""), "wsse:InvalidSecurity"},
		"SOAP 1.2": {func(r *rst) {
			r.after = func(s string) string {
				return strings.ReplaceAll(s, soapEnv, "http://www.w3.org/2003/05/soap-envelope")
			}
		}, "soap:VersionMismatch"},
		"no XML":        {func(r *rst) { r.after = func(string) string { return "hello" } }, "soap:Client"},
		"cut short":     {func(r *rst) { r.after = func(s string) string { return s[:len(s)-20] } }, "soap:Client"},
		"document type": {func(r *rst) { r.after = func(s string) string { return "<!DOCTYPE x>" + s[strings.Index(s, "?>")+2:] } }, "soap:Client"},
		"request type":  {func(r *rst) { r.requestType = wst + "/Renew" }, "wst:InvalidRequest"},
		"audience":      {func(r *rst) { r.audience = "urn:medcom:other" }, "wst:InvalidScope"},
		"token type":    {func(r *rst) { r.tokenType = "jwt" }, "wst:RequestFailed"},
		"key type":      {func(r *rst) { r.keyType = wst + "/Bearer" }, "wst:RequestFailed"},
		"foreign key":   {func(r *rst) { r.key = rsaKey(&foreign.PublicKey) }, "wst:InvalidRequest"},
	}
	for name, tt := range tests {
		r := d.rst(t)
		tt.spoil(&r)
		if _, fault := d.ask(t, r); !strings.HasPrefix(fault, "500 ") || !strings.Contains(fault, tt.want) {
			t.Errorf("%s: %s, want %s", name, fault, tt.want)
		}
	}
	again := d.rst(t)
	if _, fault := d.ask(t, again); fault != "" {
		t.Errorf("good: %s", fault)
	}
	if _, fault := d.ask(t, again); !strings.Contains(fault, "was sent before") {
		t.Errorf("replay: %s", fault)
	}
	for _, name := range []string{"stranger", "expired"} {
		if s := b.door(t, name); s != nil {
			if _, fault := s.ask(t, s.rst(t)); !strings.Contains(fault, "wst:FailedAuthentication") {
				t.Errorf("%s: %s", name, fault)
			}
		}
	}
	b.Revoke("sluse-planner")
	if _, fault := d.ask(t, d.rst(t)); !strings.Contains(fault, "wst:FailedAuthentication") {
		t.Errorf("revoked: %s", fault)
	}
	if a := b.door(t, "").send(t, http.MethodPost, b.urls.Gateway.STS, "", soapHeaders()); a.status != http.StatusBadRequest {
		t.Errorf("without a certificate: %d", a.status)
	}
}

func TestSHA1ByExplicitSettingOnly(t *testing.T) {
	t.Parallel()
	b := setupGateway(t, func(o *vdxsim.Options) { o.Gateway.AllowSHA1 = true })
	d := b.door(t, "sluse-planner")
	r := d.rst(t)
	r.algorithm, r.digest = xmldsig+"rsa-sha1", xmldsig+"sha1"
	if _, fault := d.ask(t, r); fault != "" {
		t.Error(fault)
	}
}
