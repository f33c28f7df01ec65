package vdxsim

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// canonical is Exclusive XML Canonicalization 1.0 without comments
// (https://www.w3.org/TR/xml-exc-c14n/): a namespace is declared where its prefix is visibly
// used and not yet declared in the output; prefixes in keep are declared as soon as they are
// in scope. An enveloped signature is left out as skip.
func canonical(n *node, keep []string, skip *node) []byte {
	c := &canonicalizer{keep: keep, skip: skip}
	c.element(n, map[string]string{})
	return []byte(c.out.String())
}

type canonicalizer struct {
	out  strings.Builder
	keep []string
	skip *node
}

func (c *canonicalizer) element(n *node, rendered map[string]string) {
	name := qualified(n.prefix, n.local)
	c.out.WriteString("<" + name)
	rendered = c.namespaces(n, rendered)
	for _, a := range sortedAttributes(n) {
		c.out.WriteString(" " + qualified(a.prefix, a.local) + `="` + escapeAttribute(a.value) + `"`)
	}
	c.out.WriteString(">")
	for _, child := range n.children {
		switch child := child.(type) {
		case string:
			c.out.WriteString(escapeText(child))
		case *node:
			if child != c.skip {
				c.element(child, rendered)
			}
		}
	}
	c.out.WriteString("</" + name + ">")
}

// namespaces writes the declarations that this element needs, by prefix, and returns what is
// declared below it.
func (c *canonicalizer) namespaces(n *node, rendered map[string]string) map[string]string {
	used := map[string]bool{n.prefix: true}
	for _, a := range n.attrs {
		if _, isNS := a.declares(); !isNS && a.prefix != "" {
			used[a.prefix] = true
		}
	}
	for _, p := range c.keep {
		if p == "#default" {
			p = ""
		}
		if _, inScope := n.scope(p); inScope {
			used[p] = true
		}
	}
	delete(used, "xml")
	below := maps.Clone(rendered)
	for _, p := range slices.Sorted(maps.Keys(used)) {
		uri, _ := n.scope(p)
		if have, ok := rendered[p]; (ok && have == uri) || (!ok && p == "" && uri == "") {
			continue
		}
		below[p] = uri
		if p == "" {
			c.out.WriteString(` xmlns="` + escapeAttribute(uri) + `"`)
		} else {
			c.out.WriteString(` xmlns:` + p + `="` + escapeAttribute(uri) + `"`)
		}
	}
	return below
}

// sortedAttributes are the attributes without declarations, by namespace and name.
func sortedAttributes(n *node) []attr {
	var out []attr
	for _, a := range n.attrs {
		if _, isNS := a.declares(); !isNS {
			out = append(out, a)
		}
	}
	space := func(a attr) string {
		if a.prefix == "" {
			return ""
		}
		uri, _ := n.scope(a.prefix)
		return uri
	}
	slices.SortFunc(out, func(a, b attr) int { return cmp.Or(cmp.Compare(space(a), space(b)), cmp.Compare(a.local, b.local)) })
	return out
}

func qualified(prefix, local string) string {
	if prefix == "" {
		return local
	}
	return prefix + ":" + local
}

func escapeText(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#xD;").Replace(s)
}

func escapeAttribute(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;", "\t", "&#x9;", "\n", "&#xA;", "\r", "&#xD;").Replace(s)
}
