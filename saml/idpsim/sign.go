package idpsim

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // to make the outdated signatures a service provider must refuse
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"time"
)

// The URIs of XML signature and encryption.
const (
	nsSig         = "http://www.w3.org/2000/09/xmldsig#"
	excC14N       = "http://www.w3.org/2001/10/xml-exc-c14n#"
	enveloped     = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
	sigRSASHA256  = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
	sigRSASHA512  = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"
	sigRSASHA1    = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
	digestSHA1    = "http://www.w3.org/2000/09/xmldsig#sha1"
	digestSHA256  = "http://www.w3.org/2001/04/xmlenc#sha256"
	digestSHA512  = "http://www.w3.org/2001/04/xmlenc#sha512"
	certificateOK = 365 * 24 * time.Hour
)

// identity is a key with its self-signed certificate.
type identity struct {
	key         *rsa.PrivateKey
	certificate []byte // DER
}

func newIdentity(name string, now time.Time) (identity, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return identity{}, fmt.Errorf("idpsim: generate key: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.Add(-certificateOK), NotAfter: now.Add(certificateOK),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return identity{}, fmt.Errorf("idpsim: create certificate: %w", err)
	}
	return identity{key: key, certificate: der}, nil
}

// signing says how to sign; faults change it.
type signing struct {
	by        identity
	method    string
	digest    string
	c14n      string // named in the message; the octets are always exclusive canonical
	keyInfo   bool
	emptyURI  bool
	reference string // a second Reference with another digest, before the real one
}

func (s signing) sum(alg string, data []byte) (crypto.Hash, []byte) {
	switch alg {
	case digestSHA1, sigRSASHA1:
		sum := sha1.Sum(data) //nolint:gosec // see the import
		return crypto.SHA1, sum[:]
	case digestSHA512, sigRSASHA512:
		sum := sha512.Sum512(data)
		return crypto.SHA512, sum[:]
	}
	sum := sha256.Sum256(data)
	return crypto.SHA256, sum[:]
}

// signature returns the ds:Signature over canonical content that carries the ID.
func (s signing) signature(id, canonical string) string {
	_, digest := s.sum(s.digest, []byte(canonical))
	uri := "#" + id
	if s.emptyURI {
		uri = ""
	}
	info := `<ds:CanonicalizationMethod Algorithm="` + s.c14n + `"></ds:CanonicalizationMethod>` +
		`<ds:SignatureMethod Algorithm="` + s.method + `"></ds:SignatureMethod>`
	if s.reference != "" {
		_, other := s.sum(s.digest, []byte(s.reference))
		info += s.referenceXML(uri, other)
	}
	info += s.referenceXML(uri, digest)
	signedInfo := `<ds:SignedInfo xmlns:ds="` + nsSig + `">` + info + `</ds:SignedInfo>`
	hash, sum := s.sum(s.method, []byte(signedInfo))
	value, err := rsa.SignPKCS1v15(rand.Reader, s.by.key, hash, sum)
	if err != nil {
		return ""
	}
	out := `<ds:Signature xmlns:ds="` + nsSig + `"><ds:SignedInfo>` + info + `</ds:SignedInfo>` +
		`<ds:SignatureValue>` + encode(value) + `</ds:SignatureValue>`
	if s.keyInfo {
		out += `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>` + encode(s.by.certificate) +
			`</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`
	}
	return out + `</ds:Signature>`
}

func (s signing) referenceXML(uri string, digest []byte) string {
	return `<ds:Reference URI="` + uri + `"><ds:Transforms>` +
		`<ds:Transform Algorithm="` + enveloped + `"></ds:Transform>` +
		`<ds:Transform Algorithm="` + s.c14n + `"></ds:Transform></ds:Transforms>` +
		`<ds:DigestMethod Algorithm="` + s.digest + `"></ds:DigestMethod>` +
		`<ds:DigestValue>` + encode(digest) + `</ds:DigestValue></ds:Reference>`
}

// afterIssuer puts the signature where the schema wants it.
func afterIssuer(document, signature string) string {
	const end = "</saml:Issuer>"
	i := strings.Index(document, end) + len(end)
	return document[:i] + signature + document[i:]
}

func encode(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
