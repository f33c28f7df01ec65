package idpsim

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// canonicaliser writes an element in exclusive canonical form (W3C xml-exc-c14n), with the
// standard library's tokens: the counterpart of the service provider's XML signatures.
type canonicaliser struct {
	out      strings.Builder
	scopes   []map[string]string // namespaces declared, one map per open element
	rendered []map[string]string // namespaces written, one map per captured element
	names    []xml.Name          // raw names of the open elements
	from     int                 // depth at which capturing began, 0 when it did not
	skip     int                 // depth at which an omitted element began, 0 for none
}

// canonical returns the first element named local in the namespace, in canonical form and
// without its direct children named omit of the signature namespace.
func canonical(document []byte, namespace, local, omit string) (string, error) {
	c := &canonicaliser{}
	decoder := xml.NewDecoder(bytes.NewReader(document))
	for {
		token, err := decoder.RawToken()
		if errors.Is(err, io.EOF) {
			return "", fmt.Errorf("idpsim: no element %s", local)
		}
		if err != nil {
			return "", fmt.Errorf("idpsim: canonicalise: %w", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			c.start(t, namespace, local, omit)
		case xml.EndElement:
			if c.end() {
				return c.out.String(), nil
			}
		case xml.CharData:
			if c.from > 0 && c.skip == 0 {
				c.out.WriteString(text(string(t)))
			}
		case xml.ProcInst:
		default:
			return "", errors.New("idpsim: comment or document type in a signed message")
		}
	}
}

func (c *canonicaliser) start(t xml.StartElement, namespace, local, omit string) {
	scope := map[string]string{}
	if n := len(c.scopes); n > 0 {
		scope = maps.Clone(c.scopes[n-1])
	}
	for _, a := range t.Attr {
		switch {
		case a.Name.Space == "xmlns":
			scope[a.Name.Local] = a.Value
		case a.Name.Space == "" && a.Name.Local == "xmlns":
			scope[""] = a.Value
		}
	}
	c.scopes, c.names = append(c.scopes, scope), append(c.names, t.Name)
	depth := len(c.names)
	space := scope[t.Name.Space]
	if c.from == 0 && space == namespace && t.Name.Local == local {
		c.from = depth
	}
	if c.skip == 0 && c.from > 0 && depth == c.from+1 && omit != "" && space == nsSig && t.Name.Local == omit {
		c.skip = depth
	}
	if c.from > 0 && c.skip == 0 {
		c.write(t, scope)
	}
}

// write writes a start tag with the namespaces that it visibly uses and that are not in
// force already, and its attributes in the order of their names.
func (c *canonicaliser) write(t xml.StartElement, scope map[string]string) {
	inForce := map[string]string{}
	if n := len(c.rendered); n > 0 {
		inForce = maps.Clone(c.rendered[n-1])
	}
	used := map[string]bool{t.Name.Space: true}
	var attributes []xml.Attr
	for _, a := range t.Attr {
		if a.Name.Space == "xmlns" || (a.Name.Space == "" && a.Name.Local == "xmlns") {
			continue
		}
		attributes = append(attributes, a)
		if a.Name.Space != "" && a.Name.Space != "xml" {
			used[a.Name.Space] = true
		}
	}
	c.out.WriteString("<" + rawName(t.Name))
	for _, prefix := range slices.Sorted(maps.Keys(used)) {
		if scope[prefix] == inForce[prefix] {
			continue
		}
		inForce[prefix] = scope[prefix]
		name := "xmlns"
		if prefix != "" {
			name += ":" + prefix
		}
		c.out.WriteString(" " + name + `="` + quoted(scope[prefix]) + `"`)
	}
	c.rendered = append(c.rendered, inForce)
	namespace := func(a xml.Attr) string {
		if a.Name.Space == "" {
			return "" // the default namespace is for elements only
		}
		return scope[a.Name.Space]
	}
	slices.SortFunc(attributes, func(a, b xml.Attr) int {
		return cmp.Or(strings.Compare(namespace(a), namespace(b)), strings.Compare(a.Name.Local, b.Name.Local))
	})
	for _, a := range attributes {
		c.out.WriteString(" " + rawName(a.Name) + `="` + quoted(a.Value) + `"`)
	}
	c.out.WriteString(">")
}

// end closes an element and reports whether it was the captured one.
func (c *canonicaliser) end() bool {
	depth := len(c.names)
	if depth == 0 {
		return false
	}
	name := c.names[depth-1]
	c.names, c.scopes = c.names[:depth-1], c.scopes[:depth-1]
	if c.skip > 0 {
		if depth == c.skip {
			c.skip = 0
		}
		return false
	}
	if c.from == 0 {
		return false
	}
	c.rendered = c.rendered[:len(c.rendered)-1]
	c.out.WriteString("</" + rawName(name) + ">")
	return depth == c.from
}

func rawName(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}

type signatureXML struct {
	Info struct {
		C14N struct {
			Algorithm string `xml:"Algorithm,attr"`
		} `xml:"CanonicalizationMethod"`
		Method struct {
			Algorithm string `xml:"Algorithm,attr"`
		} `xml:"SignatureMethod"`
		References []struct {
			URI    string `xml:"URI,attr"`
			Digest struct {
				Algorithm string `xml:"Algorithm,attr"`
			} `xml:"DigestMethod"`
			Value string `xml:"DigestValue"`
		} `xml:"Reference"`
	} `xml:"SignedInfo"`
	Value string `xml:"SignatureValue"`
}

// verifyXML checks the enveloped signature of a message that came by POST.
func verifyXML(document []byte, m requestXML, keys []*rsa.PublicKey) error {
	if len(m.Signatures) != 1 {
		return errors.New("idpsim: not exactly one signature in the message")
	}
	s := m.Signatures[0]
	if s.Info.Method.Algorithm != sigRSASHA256 || s.Info.C14N.Algorithm != excC14N || len(s.Info.References) != 1 {
		return errors.New("idpsim: XML signature of another form than RSA-SHA256 with exclusive canonicalisation")
	}
	reference := s.Info.References[0]
	if reference.URI != "#"+m.ID || reference.Digest.Algorithm != digestSHA256 {
		return errors.New("idpsim: XML signature refers to something else")
	}
	message, err := canonical(document, m.XMLName.Space, m.XMLName.Local, "Signature")
	if err != nil {
		return err
	}
	want, _ := base64.StdEncoding.DecodeString(strings.TrimSpace(reference.Value))
	got := sha256.Sum256([]byte(message))
	if subtle.ConstantTimeCompare(want, got[:]) != 1 {
		return errors.New("idpsim: digest of the message does not match")
	}
	info, err := canonical(document, nsSig, "SignedInfo", "")
	if err != nil {
		return err
	}
	value, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(s.Value), ""))
	if err != nil {
		return fmt.Errorf("idpsim: SignatureValue: %w", err)
	}
	sum := sha256.Sum256([]byte(info))
	for _, key := range keys {
		if rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], value) == nil {
			return nil
		}
	}
	return errors.New("idpsim: XML signature does not verify")
}
