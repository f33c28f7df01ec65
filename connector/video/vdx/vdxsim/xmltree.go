package vdxsim

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxXMLDepth bounds the nesting of a document from outside.
const maxXMLDepth = 64

// node is an element with the prefixes as they were written, which canonicalization needs
// and encoding/xml's own decoding loses.
type node struct {
	prefix, local string
	attrs         []attr
	children      []any // *node or string
	parent        *node
}

// attr is an attribute, or with prefix "xmlns" (or name "xmlns") a namespace declaration.
type attr struct{ prefix, local, value string }

// declares gives the prefix that a namespace declaration binds.
func (a attr) declares() (prefix string, ok bool) {
	if a.prefix == "xmlns" {
		return a.local, true
	}
	return "", a.prefix == "" && a.local == "xmlns"
}

// parseXML reads one document. DTDs and processing instructions are refused, comments are
// dropped.
func parseXML(raw []byte) (*node, error) {
	dec := xml.NewDecoder(bytes.NewReader(raw))
	dec.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errors.New("only UTF-8 is read") }
	b := &treeBuilder{}
	for {
		token, err := dec.RawToken()
		if errors.Is(err, io.EOF) {
			return b.done()
		}
		if err == nil {
			err = b.add(token)
		}
		if err != nil {
			return nil, fmt.Errorf("XML: %w", err)
		}
	}
}

type treeBuilder struct {
	root, at *node
	depth    int
}

func (b *treeBuilder) done() (*node, error) {
	if b.root == nil || b.at != nil {
		return nil, errors.New("XML: the document has no end")
	}
	return b.root, b.root.bound()
}

func (b *treeBuilder) add(token xml.Token) error {
	switch t := token.(type) {
	case xml.StartElement:
		return b.open(t)
	case xml.EndElement:
		if b.at == nil || b.at.prefix != t.Name.Space || b.at.local != t.Name.Local {
			return errors.New("an end tag does not match")
		}
		b.at = b.at.parent
		b.depth--
	case xml.CharData:
		if b.at != nil {
			b.at.children = append(b.at.children, string(t))
		} else if len(bytes.TrimSpace(t)) > 0 {
			return errors.New("text outside of the root")
		}
	case xml.ProcInst:
		if t.Target != "xml" || b.root != nil {
			return errors.New("processing instructions are not read")
		}
	case xml.Directive:
		return errors.New("a document type is not read")
	}
	return nil
}

func (b *treeBuilder) open(t xml.StartElement) error {
	if b.at == nil && b.root != nil {
		return errors.New("more than one root")
	}
	if b.depth++; b.depth > maxXMLDepth {
		return errors.New("too deep")
	}
	n := &node{prefix: t.Name.Space, local: t.Name.Local, parent: b.at}
	for _, a := range t.Attr {
		n.attrs = append(n.attrs, attr{a.Name.Space, a.Name.Local, a.Value})
	}
	if b.at == nil {
		b.root = n
	} else {
		b.at.children = append(b.at.children, n)
	}
	b.at = n
	return nil
}

// bound refuses prefixes that nothing declares and attributes that occur twice.
func (n *node) bound() error {
	seen := map[string]bool{}
	for _, a := range n.attrs {
		if seen[a.prefix+":"+a.local] {
			return errors.New("XML: an attribute occurs twice")
		}
		seen[a.prefix+":"+a.local] = true
		if _, isNS := a.declares(); isNS || a.prefix == "" {
			continue
		}
		if _, ok := n.scope(a.prefix); !ok {
			return errors.New("XML: prefix " + a.prefix + " is not declared")
		}
	}
	if _, ok := n.scope(n.prefix); !ok && n.prefix != "" {
		return errors.New("XML: prefix " + n.prefix + " is not declared")
	}
	for _, c := range n.elements() {
		if err := c.bound(); err != nil {
			return err
		}
	}
	return nil
}

// scope is the namespace that a prefix stands for here.
func (n *node) scope(prefix string) (string, bool) {
	if prefix == "xml" {
		return "http://www.w3.org/XML/1998/namespace", true
	}
	for at := n; at != nil; at = at.parent {
		for _, a := range at.attrs {
			if p, isNS := a.declares(); isNS && p == prefix {
				return a.value, true
			}
		}
	}
	return "", false
}

// is tells whether the element has that namespace and name.
func (n *node) is(space, local string) bool {
	if n == nil || n.local != local {
		return false
	}
	uri, _ := n.scope(n.prefix)
	return uri == space
}

func (n *node) elements() []*node {
	var out []*node
	for _, c := range n.children {
		if e, ok := c.(*node); ok {
			out = append(out, e)
		}
	}
	return out
}

// only finds the one child of that name; two of them are as good as none.
func (n *node) only(space, local string) *node {
	if n == nil {
		return nil
	}
	var found *node
	for _, c := range n.elements() {
		if c.is(space, local) {
			if found != nil {
				return nil
			}
			found = c
		}
	}
	return found
}

// text is the element's own text, trimmed; nil has none.
func (n *node) text() string {
	if n == nil {
		return ""
	}
	var out strings.Builder
	for _, c := range n.children {
		if s, ok := c.(string); ok {
			out.WriteString(s)
		}
	}
	return strings.TrimSpace(out.String())
}

// attr is an attribute's value by name, in no namespace or in that of a prefix.
func (n *node) attr(space, local string) string {
	if n == nil {
		return ""
	}
	for _, a := range n.attrs {
		if _, isNS := a.declares(); isNS || a.local != local {
			continue
		}
		if uri, _ := n.scope(a.prefix); (a.prefix == "" && space == "") || (a.prefix != "" && uri == space) {
			return a.value
		}
	}
	return ""
}

// withID finds the elements that an identifier names, wherever they are.
func (n *node) withID(id string) []*node {
	var out []*node
	if id == n.attr(nsUtility, "Id") || id == n.attr("", "ID") || id == n.attr("", "Id") {
		out = append(out, n)
	}
	for _, c := range n.elements() {
		out = append(out, c.withID(id)...)
	}
	return out
}
