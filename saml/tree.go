package saml

import (
	"slices"
	"strings"

	"github.com/beevik/etree"
)

// The namespaces of the elements this package reads.
const (
	nsProtocol  = "urn:oasis:names:tc:SAML:2.0:protocol"
	nsAssertion = "urn:oasis:names:tc:SAML:2.0:assertion"
	nsDSig      = "http://www.w3.org/2000/09/xmldsig#"
	nsXMLEnc    = "http://www.w3.org/2001/04/xmlenc#"
	nsXMLEnc11  = "http://www.w3.org/2009/xmlenc11#"
	nsExcC14N   = "http://www.w3.org/2001/10/xml-exc-c14n#"
	nsXML       = "http://www.w3.org/XML/1998/namespace"
)

// node is an element with its namespace resolved. Everything that decides about trust
// asks by namespace and name, never by prefix or name alone.
type node struct {
	space, local string
	attrs        []attribute
	children     []*node
	text         string // all character data directly below, joined
	element      *etree.Element
}

type attribute struct{ space, local, value string }

// parseMessage pre-checks a document and returns its root with namespaces resolved.
func parseMessage(doc []byte) (*node, shape, error) {
	s, err := precheck(doc)
	if err != nil {
		return nil, shape{}, err
	}
	tree := etree.NewDocument()
	if err := tree.ReadFromBytes(doc); err != nil || tree.Root() == nil {
		return nil, shape{}, invalid("not well-formed XML")
	}
	root, err := newNode(tree.Root(), nil)
	if err != nil {
		return nil, shape{}, err
	}
	return root, s, nil
}

// scope is a namespace declaration together with those around it; nil is the outermost,
// where only xml is known. Their number is bounded by the pre-check.
type scope struct {
	prefix, name string
	outer        *scope
}

func (s *scope) lookup(prefix string) (name string, known bool) {
	for ; s != nil; s = s.outer {
		if s.prefix == prefix {
			return s.name, true
		}
	}
	if prefix == "xml" {
		return nsXML, true
	}
	return "", false
}

// newNode resolves el and everything below it; scope holds the prefixes declared above.
// Depth is bounded by the pre-check.
func newNode(el *etree.Element, scope *scope) (*node, error) {
	scope, err := declare(el, scope)
	if err != nil {
		return nil, err
	}
	space, known := scope.lookup(el.Space)
	if !known && el.Space != "" {
		return nil, invalid("undeclared namespace prefix")
	}
	n := &node{space: space, local: el.Tag, element: el}
	if n.attrs, err = resolveAttrs(el, scope); err != nil {
		return nil, err
	}
	var text strings.Builder
	for _, token := range el.Child {
		switch t := token.(type) {
		case *etree.Element:
			child, err := newNode(t, scope)
			if err != nil {
				return nil, err
			}
			n.children = append(n.children, child)
		case *etree.CharData:
			text.WriteString(t.Data)
		default:
			return nil, invalid("comment or instruction inside an element")
		}
	}
	n.text = text.String()
	return n, nil
}

// declare returns scope plus the namespace declarations of el.
func declare(el *etree.Element, inner *scope) (*scope, error) {
	for _, a := range el.Attr {
		prefix := a.Key
		if a.Space == "" && a.Key == "xmlns" {
			prefix = ""
		} else if a.Space != "xmlns" {
			continue
		}
		if prefix == "xml" || prefix == "xmlns" || (prefix != "" && a.Value == "") {
			return nil, invalid("reserved namespace declaration")
		}
		// Relative namespace names make canonicalisation undefined (void canonicalisation).
		if a.Value != "" && !strings.Contains(a.Value, ":") {
			return nil, invalid("relative namespace name")
		}
		inner = &scope{prefix: prefix, name: a.Value, outer: inner}
	}
	return inner, nil
}

func resolveAttrs(el *etree.Element, scope *scope) ([]attribute, error) {
	var attrs []attribute
	for _, a := range el.Attr {
		if a.Space == "xmlns" || (a.Space == "" && a.Key == "xmlns") {
			continue
		}
		space := ""
		if a.Space != "" {
			resolved, known := scope.lookup(a.Space)
			if !known {
				return nil, invalid("undeclared namespace prefix")
			}
			space = resolved
		}
		same := func(b attribute) bool { return b.space == space && b.local == a.Key }
		if slices.ContainsFunc(attrs, same) {
			return nil, invalid("attribute given twice")
		}
		attrs = append(attrs, attribute{space: space, local: a.Key, value: a.Value})
	}
	return attrs, nil
}

// is says whether the element has exactly this namespace and name.
func (n *node) is(space, local string) bool { return n.space == space && n.local == local }

// attr returns an attribute without namespace, and "" when it is absent.
func (n *node) attr(local string) string {
	v, _ := n.lookup(local)
	return v
}

func (n *node) lookup(local string) (string, bool) {
	for _, a := range n.attrs {
		if a.space == "" && a.local == local {
			return a.value, true
		}
	}
	return "", false
}

// all returns the direct children with this namespace and name.
func (n *node) all(space, local string) []*node {
	var found []*node
	for _, c := range n.children {
		if c.is(space, local) {
			found = append(found, c)
		}
	}
	return found
}

// one returns the only direct child with this namespace and name; none or several are an
// error.
func (n *node) one(space, local string) (*node, error) {
	found := n.all(space, local)
	if len(found) != 1 {
		return nil, invalid("%s: %d elements %s instead of one", n.local, len(found), local)
	}
	return found[0], nil
}

// optional returns the only direct child, or nil when there is none.
func (n *node) optional(space, local string) (*node, error) {
	if len(n.all(space, local)) == 0 {
		return nil, nil //nolint:nilnil // absence is no error here, and callers test for nil
	}
	return n.one(space, local)
}

// only refuses children other than the named ones of one namespace, and stray text.
func (n *node) only(space string, locals ...string) error {
	for _, c := range n.children {
		if c.space != space || !slices.Contains(locals, c.local) {
			return invalid("%s: unexpected child element", n.local)
		}
	}
	if strings.TrimSpace(n.text) != "" && len(n.children) > 0 {
		return invalid("%s: text between elements", n.local)
	}
	return nil
}

// leaf returns the text of an element that has nothing but text.
func (n *node) leaf() (string, error) {
	if len(n.children) != 0 {
		return "", invalid("%s: elements where text belongs", n.local)
	}
	if n.text == "" {
		return "", invalid("%s: empty", n.local)
	}
	return n.text, nil
}

// count returns how many elements with this name the tree holds, itself included.
func (n *node) count(space, local string) int {
	total := 0
	if n.is(space, local) {
		total++
	}
	for _, c := range n.children {
		total += c.count(space, local)
	}
	return total
}
