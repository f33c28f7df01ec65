package vdxsim

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	_ "crypto/sha1" //nolint:gosec // registered so that SHA-1 signatures can be verified where the options allow them
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// Names of XML Signature and WS-Security.
const (
	nsSignature = "http://www.w3.org/2000/09/xmldsig#"
	nsExclusive = "http://www.w3.org/2001/10/xml-exc-c14n#"
	nsUtility   = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
	nsSecurity  = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"

	algEnveloped = nsSignature + "enveloped-signature"
	algRSASHA1   = nsSignature + "rsa-sha1"
	algSHA1      = nsSignature + "sha1"
	algRSASHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
	algSHA256    = "http://www.w3.org/2001/04/xmlenc#sha256"
)

// verifySignature checks a ds:Signature with the key and returns the elements that it
// covers. Every reference must name exactly one element of the document, so that nothing can
// be signed in one place and read in another.
func verifySignature(doc, sig *node, key *rsa.PublicKey, allowSHA1 bool) ([]*node, error) {
	info := sig.only(nsSignature, "SignedInfo")
	keep, err := exclusive(info.only(nsSignature, "CanonicalizationMethod"))
	if err != nil {
		return nil, err
	}
	hash, err := hashOf(info.only(nsSignature, "SignatureMethod").attr("", "Algorithm"), allowSHA1, algRSASHA256, algRSASHA1)
	if err != nil {
		return nil, err
	}
	value, err := unbase64(sig.only(nsSignature, "SignatureValue").text())
	if err != nil {
		return nil, errors.New("SignatureValue is not base64")
	}
	if err = rsa.VerifyPKCS1v15(key, hash, digest(hash, canonical(info, keep, nil)), value); err != nil {
		return nil, errors.New("the signature does not verify")
	}
	var signed []*node
	for _, ref := range info.elements() {
		if !ref.is(nsSignature, "Reference") {
			continue
		}
		target, err := checkReference(doc, sig, ref, allowSHA1)
		if err != nil {
			return nil, err
		}
		signed = append(signed, target)
	}
	return signed, nil
}

func checkReference(doc, sig, ref *node, allowSHA1 bool) (*node, error) {
	id, ok := strings.CutPrefix(ref.attr("", "URI"), "#")
	found := doc.withID(id)
	if !ok || id == "" || len(found) != 1 {
		return nil, fmt.Errorf("reference %q names %d elements", ref.attr("", "URI"), len(found))
	}
	keep, skip := []string{}, (*node)(nil)
	for _, t := range ref.only(nsSignature, "Transforms").all() {
		if t.attr("", "Algorithm") == algEnveloped {
			skip = sig
			continue
		}
		var err error
		if keep, err = exclusive(t); err != nil {
			return nil, err
		}
	}
	hash, err := hashOf(ref.only(nsSignature, "DigestMethod").attr("", "Algorithm"), allowSHA1, algSHA256, algSHA1)
	if err != nil {
		return nil, err
	}
	want, err := unbase64(ref.only(nsSignature, "DigestValue").text())
	if err != nil || !bytes.Equal(want, digest(hash, canonical(found[0], keep, skip))) {
		return nil, fmt.Errorf("the digest of %s (#%s) does not match", found[0].local, id)
	}
	return found[0], nil
}

// all are the child elements; nil has none.
func (n *node) all() []*node {
	if n == nil {
		return nil
	}
	return n.elements()
}

// exclusive reads the prefix list of the one canonicalization that is taken.
func exclusive(method *node) ([]string, error) {
	if alg := method.attr("", "Algorithm"); alg != nsExclusive {
		return nil, fmt.Errorf("canonicalization %q is not exclusive C14N", alg)
	}
	return strings.Fields(method.only(nsExclusive, "InclusiveNamespaces").attr("", "PrefixList")), nil
}

func hashOf(alg string, allowSHA1 bool, ofSHA256, ofSHA1 string) (crypto.Hash, error) {
	switch {
	case alg == ofSHA256:
		return crypto.SHA256, nil
	case alg == ofSHA1 && allowSHA1:
		return crypto.SHA1, nil
	}
	return 0, fmt.Errorf("algorithm %q is not allowed", alg)
}

func digest(h crypto.Hash, raw []byte) []byte {
	sum := h.New()
	sum.Write(raw)
	return sum.Sum(nil)
}

// unbase64 reads standard base64 with line breaks and blanks.
func unbase64(s string) ([]byte, error) {
	return base64.StdEncoding.DecodeString(strings.Join(strings.Fields(s), "")) //nolint:wrapcheck // only its presence matters
}

// signEnveloped puts an enveloped signature with RSA-SHA256 after the first child of the
// document's root, which must have an ID, and returns the document's text. The certificate is
// DER, keep the prefix list.
func signEnveloped(raw string, key *rsa.PrivateKey, certificate []byte, keep string) (string, error) {
	doc, err := parseXML([]byte(raw))
	if err != nil {
		return "", err
	}
	inclusive := `<ec:InclusiveNamespaces xmlns:ec="` + nsExclusive + `" PrefixList="` + keep + `"></ec:InclusiveNamespaces>`
	sum := sha256.Sum256(canonical(doc, strings.Fields(keep), nil))
	info := `<ds:SignedInfo xmlns:ds="` + nsSignature + `">` +
		`<ds:CanonicalizationMethod Algorithm="` + nsExclusive + `"></ds:CanonicalizationMethod>` +
		`<ds:SignatureMethod Algorithm="` + algRSASHA256 + `"></ds:SignatureMethod>` +
		`<ds:Reference URI="#` + doc.attr("", "ID") + `"><ds:Transforms>` +
		`<ds:Transform Algorithm="` + algEnveloped + `"></ds:Transform>` +
		`<ds:Transform Algorithm="` + nsExclusive + `">` + inclusive + `</ds:Transform></ds:Transforms>` +
		`<ds:DigestMethod Algorithm="` + algSHA256 + `"></ds:DigestMethod>` +
		`<ds:DigestValue>` + base64.StdEncoding.EncodeToString(sum[:]) + `</ds:DigestValue></ds:Reference></ds:SignedInfo>`
	tree, err := parseXML([]byte(info))
	if err != nil {
		return "", err
	}
	value, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest(crypto.SHA256, canonical(tree, nil, nil)))
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	signature := `<ds:Signature xmlns:ds="` + nsSignature + `">` + strings.Replace(info, ` xmlns:ds="`+nsSignature+`"`, "", 1) +
		`<ds:SignatureValue>` + base64.StdEncoding.EncodeToString(value) + `</ds:SignatureValue>` +
		`<ds:KeyInfo><ds:X509Data><ds:X509Certificate>` + base64.StdEncoding.EncodeToString(certificate) +
		`</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>`
	const after = "</saml2:Issuer>"
	return strings.Replace(raw, after, after+signature, 1), nil
}
