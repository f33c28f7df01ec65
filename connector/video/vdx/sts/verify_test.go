package sts

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/russellhaering/goxmldsig/etreeutils"
)

// verifyRequest checks a signed request as an STS does: every reference must be the digest of
// what it names, and the signature must be that of the certificate in the message.
func verifyRequest(octets []byte, own *x509.Certificate, now time.Time) error {
	document := etree.NewDocument()
	if err := document.ReadFromBytes(octets); err != nil {
		return err
	}

	security := document.FindElement("/Envelope/Header/Security")
	info := security.FindElement("./Signature/SignedInfo")
	signed := map[string]bool{}
	hash, algorithm := crypto.SHA256, x509.SHA256WithRSA

	if strings.HasSuffix(info.FindElement("./SignatureMethod").SelectAttrValue("Algorithm", ""), "#rsa-sha1") {
		hash, algorithm = crypto.SHA1, x509.SHA1WithRSA
	}

	for _, reference := range info.SelectElements("Reference") {
		id := strings.TrimPrefix(reference.SelectAttrValue("URI", ""), "#")
		part := document.FindElement("//[@Id='" + id + "']")

		if part == nil {
			return fmt.Errorf("nothing has the id %s", id)
		}

		digest := hash.New()
		digest.Write(canonicalOf(part))

		if reference.SelectElement("DigestValue").Text() != base64.StdEncoding.EncodeToString(digest.Sum(nil)) {
			return fmt.Errorf("the digest of %s is wrong", part.Tag)
		}

		signed[part.Tag] = true
	}

	for _, tag := range []string{"Action", "MessageID", "To", "ReplyTo", "Timestamp", "Body"} {
		if !signed[tag] {
			return fmt.Errorf("%s is not signed", tag)
		}
	}

	value, err := base64.StdEncoding.DecodeString(security.FindElement("./Signature/SignatureValue").Text())
	if err != nil {
		return err
	}

	if err = checkSignature(own, algorithm, hash, canonicalOf(info), value); err != nil {
		return err
	}

	return checkContent(document, security, own, now)
}

func checkSignature(own *x509.Certificate, algorithm x509.SignatureAlgorithm, hash crypto.Hash, data, value []byte) error {
	if algorithm == x509.SHA256WithRSA {
		return own.CheckSignature(algorithm, data, value)
	}

	sum := hash.New()
	sum.Write(data) // crypto/x509 refuses SHA-1

	return rsa.VerifyPKCS1v15(own.PublicKey.(*rsa.PublicKey), hash, sum.Sum(nil), value)
}

func checkContent(document *etree.Document, security *etree.Element, own *x509.Certificate, now time.Time) error {
	token := security.SelectElement("BinarySecurityToken")
	if token.Text() != base64.StdEncoding.EncodeToString(own.Raw) ||
		security.FindElement("./Signature/KeyInfo/SecurityTokenReference/Reference").SelectAttrValue("URI", "") != "#"+token.SelectAttrValue("wsu:Id", "") {
		return errors.New("the key is not the token's")
	}

	created, err := time.Parse(time.RFC3339, security.FindElement("./Timestamp/Created").Text())
	if err != nil || !created.Equal(now) {
		return fmt.Errorf("created %v, and it is %v", created, now)
	}

	expires, err := time.Parse(time.RFC3339, security.FindElement("./Timestamp/Expires").Text())
	if err != nil || !expires.Equal(now.Add(5*time.Minute)) {
		return fmt.Errorf("expires %v", expires)
	}

	rst := document.FindElement("/Envelope/Body/RequestSecurityToken")
	key := own.PublicKey.(*rsa.PublicKey)

	for path, want := range map[string]string{
		"./RequestType":                         nsWST + "/Issue",
		"./AppliesTo/EndpointReference/Address": testAudience,
		"./TokenType":                           typeSAML2,
		"./KeyType":                             nsWST + "/PublicKey",
		"./UseKey/KeyInfo/KeyValue/RSAKeyValue/Modulus":  base64.StdEncoding.EncodeToString(key.N.Bytes()),
		"./UseKey/KeyInfo/KeyValue/RSAKeyValue/Exponent": "AQAB",
	} {
		if got := rst.FindElement(path); got == nil || got.Text() != want {
			return fmt.Errorf("%s is not %s", path, want)
		}
	}

	return nil
}

func canonicalOf(e *etree.Element) []byte {
	above, err := etreeutils.NSBuildParentContext(e)
	if err != nil {
		return nil
	}

	apart, err := etreeutils.NSDetatch(above, e)
	if err != nil {
		return nil
	}

	octets, _ := dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("").Canonicalize(apart)

	return octets
}
