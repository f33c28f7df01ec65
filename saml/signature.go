package saml

import (
	"crypto/x509"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/russellhaering/goxmldsig/etreeutils"
)

// The only algorithms a signature may use.
const (
	algExcC14N   = "http://www.w3.org/2001/10/xml-exc-c14n#"
	algEnveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
	algRSASHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
	algSHA256    = "http://www.w3.org/2001/04/xmlenc#sha256"
)

// verifyElement checks the enveloped signature of signed against the pinned certificates
// and returns the signed content, parsed anew from the octets the digest was taken over.
// Callers must read that and nothing else.
func verifyElement(signed *node, certificates []*x509.Certificate, now time.Time) (*node, error) {
	id, err := checkSignatureShape(signed)
	if err != nil {
		return nil, err
	}
	detached, err := detach(signed.element)
	if err != nil {
		return nil, err
	}
	for _, certificate := range certificates {
		if now.Before(certificate.NotBefore) || now.After(certificate.NotAfter) {
			continue
		}
		context := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{
			Roots: []*x509.Certificate{certificate},
		})
		context.IdAttribute = "ID"
		context.Clock = dsig.NewFakeClockAt(now)
		verified, err := context.Validate(detached)
		if err != nil || verified == nil {
			continue
		}
		return readVerified(verified, signed, id)
	}
	return nil, invalid("%s: signature does not verify with a pinned, valid certificate", signed.local)
}

// readVerified turns the library's verified element, which it parsed from the very octets
// that it took the digest of, into a node of our own.
func readVerified(verified *etree.Element, signed *node, id string) (*node, error) {
	root, err := newNode(verified, nil)
	if err != nil {
		return nil, err
	}
	if !root.is(signed.space, signed.local) || root.attr("ID") != id {
		return nil, invalid("signature covers another element")
	}
	return root, nil
}

// detach copies an element together with the namespaces declared above it, and drops
// KeyInfo: which key is right is our decision, not the message's.
func detach(el *etree.Element) (*etree.Element, error) {
	context, err := etreeutils.NSBuildParentContext(el)
	if err != nil {
		return nil, invalid("namespaces cannot be resolved")
	}
	copied, err := etreeutils.NSDetatch(context, el)
	if err != nil {
		return nil, invalid("namespaces cannot be resolved")
	}
	for _, child := range copied.ChildElements() {
		if child.Tag != "Signature" {
			continue
		}
		for _, part := range child.ChildElements() {
			if part.Tag == "KeyInfo" {
				child.RemoveChild(part)
			}
		}
	}
	return copied, nil
}

// checkSignatureShape demands the one form of signature that SAML (core §5.4) and the
// Danish profiles use, and returns the ID it refers to. The signature library alone would accept
// signatures at any depth, several references and empty URIs.
func checkSignatureShape(signed *node) (string, error) {
	id := signed.attr("ID")
	if !isNCName(id) {
		return "", invalid("%s: no usable ID", signed.local)
	}
	signature, err := signed.one(nsDSig, "Signature")
	if err != nil {
		return "", err
	}
	if err := signature.only(nsDSig, "SignedInfo", "SignatureValue", "KeyInfo"); err != nil {
		return "", err
	}
	if len(signature.all(nsDSig, "KeyInfo")) > 1 {
		return "", invalid("Signature: two KeyInfo")
	}
	value, err := signature.one(nsDSig, "SignatureValue")
	if err != nil {
		return "", err
	}
	if _, err := value.leaf(); err != nil {
		return "", err
	}
	info, err := signature.one(nsDSig, "SignedInfo")
	if err != nil {
		return "", err
	}
	return id, checkSignedInfo(info, id)
}

func checkSignedInfo(info *node, id string) error {
	if err := info.only(nsDSig, "CanonicalizationMethod", "SignatureMethod", "Reference"); err != nil {
		return err
	}
	if err := algorithm(info, "CanonicalizationMethod", algExcC14N); err != nil {
		return err
	}
	if err := algorithm(info, "SignatureMethod", algRSASHA256); err != nil {
		return err
	}
	reference, err := info.one(nsDSig, "Reference")
	if err != nil {
		return err
	}
	if reference.attr("URI") != "#"+id {
		return invalid("Reference: does not point at the signed element")
	}
	if err := reference.only(nsDSig, "Transforms", "DigestMethod", "DigestValue"); err != nil {
		return err
	}
	if err := algorithm(reference, "DigestMethod", algSHA256); err != nil {
		return err
	}
	digest, err := reference.one(nsDSig, "DigestValue")
	if err != nil {
		return err
	}
	if _, err := digest.leaf(); err != nil {
		return err
	}
	return checkTransforms(reference)
}

func checkTransforms(reference *node) error {
	transforms, err := reference.one(nsDSig, "Transforms")
	if err != nil {
		return err
	}
	if err := transforms.only(nsDSig, "Transform"); err != nil {
		return err
	}
	steps := transforms.children
	if len(steps) != 2 || steps[0].attr("Algorithm") != algEnveloped || steps[1].attr("Algorithm") != algExcC14N {
		return invalid("Transforms: not enveloped-signature and exc-c14n")
	}
	if len(steps[0].children) != 0 {
		return invalid("Transform: unexpected content")
	}
	// Many issuers list the prefixes of xsi:type values; it only adds declarations to
	// what is signed.
	if err := steps[1].only(nsExcC14N, "InclusiveNamespaces"); err != nil {
		return err
	}
	if len(steps[1].children) > 1 {
		return invalid("Transform: unexpected content")
	}
	return nil
}

// algorithm demands exactly one child of the name with the algorithm and no parameters.
func algorithm(parent *node, local, want string) error {
	method, err := parent.one(nsDSig, local)
	if err != nil {
		return err
	}
	if method.attr("Algorithm") != want || len(method.children) != 0 {
		return invalid("%s: algorithm is not allowed", local)
	}
	return nil
}

// signaturesBelong demands that every signature of a document is a direct child of one
// of the given elements: a signature anywhere else is an attempt at wrapping.
func signaturesBelong(s shape, owners ...*node) error {
	belonging := 0
	for _, owner := range owners {
		own := len(owner.all(nsDSig, "Signature"))
		if own > 1 {
			return invalid("%s: two signatures", owner.local)
		}
		belonging += own
	}
	if belonging != s.signatures {
		return invalid("signature in an unexpected place")
	}
	return nil
}

// isNCName accepts the XML names that IDs of SAML messages are made of: ASCII letters,
// digits, '_', '-' and '.', not starting with a digit, '-' or '.'.
func isNCName(s string) bool {
	if s == "" || len(s) > 256 {
		return false
	}
	for i, r := range s {
		letter := (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z') || r == '_'
		other := (r >= '0' && r <= '9') || r == '-' || r == '.'
		if !letter && (i == 0 || !other) {
			return false
		}
	}
	return true
}

// validAt returns the certificates that are in force at the time.
func validAt(certificates []*x509.Certificate, now time.Time) []*x509.Certificate {
	return slices.DeleteFunc(slices.Clone(certificates), func(c *x509.Certificate) bool {
		return now.Before(c.NotBefore) || now.After(c.NotAfter)
	})
}

// collapse applies the white-space rule of xs:anyURI.
func collapse(s string) string { return strings.Join(strings.Fields(s), " ") }
