package saml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"

	xrv "github.com/mattermost/xml-roundtrip-validator"
)

// Limits of a message before any of it is believed. A response of AD FS has about 100
// elements at depth 9; the margins leave room for large group lists.
const (
	maxMessageBytes = 256 << 10
	maxDepth        = 32
	maxElements     = 2000
	maxAttributes   = 32
	// Every element copies the prefixes in force when it declares one, so their number
	// bounds the work (answers of AD FS have about 6 in force at a time).
	maxPrefixes = 48
)

// shape is what the pre-check counted in a document it accepted.
type shape struct {
	assertions int // Assertion and EncryptedAssertion, at any depth and in any namespace
	signatures int // Signature, likewise
}

// precheck reads the raw tokens of an XML message and refuses everything that the XML
// parsers further on could read in two ways or that a SAML message never needs. It runs
// before any tree is built, so that hostile input costs one linear pass.
func precheck(doc []byte) (shape, error) {
	if len(doc) > maxMessageBytes {
		return shape{}, invalid("message larger than %d bytes", maxMessageBytes)
	}
	c := &checker{decoder: xml.NewDecoder(bytes.NewReader(doc)), ids: map[string]bool{}}
	for {
		token, err := c.decoder.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return shape{}, invalid("not well-formed XML")
		}
		if err := c.token(token); err != nil {
			return shape{}, err
		}
		if !survives(token) {
			return shape{}, invalid("XML does not survive a round trip")
		}
	}
	if !c.rootSeen || len(c.open) != 0 {
		return shape{}, invalid("no complete root element")
	}
	return c.shape, nil
}

// survives takes a second, independent look for names and text that encoding/xml writes back
// differently (CVE-2020-29509 and its siblings). An end tag has been found equal to its start
// tag, which was looked at.
func survives(token xml.Token) bool {
	if _, end := token.(xml.EndElement); end {
		return true
	}
	return xrv.CheckToken(token) == nil
}

type checker struct {
	decoder  *xml.Decoder
	open     []string // raw names of the open elements
	prefixes []int    // namespace declarations in force within each of them
	elements int
	rootSeen bool
	started  bool // anything came before this token
	ids      map[string]bool
	shape    shape
}

func (c *checker) token(token xml.Token) error {
	first := !c.started
	c.started = true
	switch t := token.(type) {
	case xml.StartElement:
		return c.start(t)
	case xml.EndElement:
		return c.end(t)
	case xml.CharData:
		if len(c.open) == 0 && len(bytes.TrimSpace(t)) != 0 {
			return invalid("text outside the root element")
		}
		return nil
	case xml.ProcInst:
		if first && t.Target == "xml" {
			return nil
		}
		return invalid("processing instruction")
	case xml.Comment:
		return invalid("comment")
	case xml.Directive:
		return invalid("document type declaration")
	}
	return invalid("unknown XML token")
}

func (c *checker) start(t xml.StartElement) error {
	if len(c.open) == 0 && c.rootSeen {
		return invalid("more than one root element")
	}
	c.rootSeen = true
	c.elements++
	switch {
	case c.elements > maxElements:
		return invalid("more than %d elements", maxElements)
	case len(c.open) >= maxDepth:
		return invalid("nested deeper than %d", maxDepth)
	case len(t.Attr) > maxAttributes:
		return invalid("more than %d attributes on an element", maxAttributes)
	case !plainName(t.Name):
		return invalid("element with an irregular name")
	}
	if err := c.forbidden(t.Name.Local); err != nil {
		return err
	}
	if err := c.attributes(t.Attr); err != nil {
		return err
	}
	prefixes := declarations(t.Attr)
	if len(c.prefixes) > 0 {
		prefixes += c.prefixes[len(c.prefixes)-1]
	}
	if prefixes > maxPrefixes {
		return invalid("more than %d namespace declarations in force", maxPrefixes)
	}
	c.open, c.prefixes = append(c.open, rawName(t.Name)), append(c.prefixes, prefixes)
	return nil
}

// declarations counts the namespace declarations among the attributes of an element.
func declarations(attrs []xml.Attr) int {
	n := 0
	for _, a := range attrs {
		if a.Name.Space == "xmlns" || (a.Name.Space == "" && a.Name.Local == "xmlns") {
			n++
		}
	}
	return n
}

func (c *checker) end(t xml.EndElement) error {
	if len(c.open) == 0 || c.open[len(c.open)-1] != rawName(t.Name) {
		return invalid("end tag does not match")
	}
	c.open, c.prefixes = c.open[:len(c.open)-1], c.prefixes[:len(c.prefixes)-1]
	return nil
}

// forbidden counts what may occur once and refuses the places where signature wrapping
// hides content.
func (c *checker) forbidden(local string) error {
	switch local {
	case "Assertion", "EncryptedAssertion":
		c.shape.assertions++
		if c.shape.assertions > 1 {
			return invalid("more than one assertion")
		}
	case "Signature":
		c.shape.signatures++
		if c.shape.signatures > 2 {
			return invalid("more than two signatures")
		}
	case "Object", "Manifest", "CipherReference":
		return invalid("element that a SAML message never needs")
	case "RetrievalMethod":
		// Legitimate only as a pointer from EncryptedData to the EncryptedKey beside it.
		if len(c.open) < 2 || !strings.HasSuffix(c.open[len(c.open)-1], "KeyInfo") ||
			!strings.HasSuffix(c.open[len(c.open)-2], "EncryptedData") {
			return invalid("RetrievalMethod outside EncryptedData")
		}
	}
	return nil
}

func (c *checker) attributes(attrs []xml.Attr) error {
	for i, a := range attrs {
		if !plainName(a.Name) {
			return invalid("attribute with an irregular name")
		}
		same := func(b xml.Attr) bool { return b.Name == a.Name }
		if slices.ContainsFunc(attrs[i+1:], same) {
			return invalid("attribute given twice")
		}
		if !strings.EqualFold(a.Name.Local, "id") || a.Name.Space == "xmlns" {
			continue
		}
		if a.Name.Space != "" {
			return invalid("ID attribute in a namespace")
		}
		if c.ids[a.Value] {
			return invalid("same ID on two elements")
		}
		c.ids[a.Value] = true
	}
	return nil
}

// plainName accepts "local" and "prefix:local". The parser leaves the colon in Local
// when prefix or local part is empty or there are more colons than one.
func plainName(n xml.Name) bool {
	return n.Local != "" && !strings.Contains(n.Local, ":") && !strings.Contains(n.Space, ":")
}

func rawName(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}
