package saml

import (
	"encoding/xml"
	"fmt"
	"strings"
	"testing"
)

func TestPrecheck(t *testing.T) {
	t.Parallel()
	nested := func(depth int) string { return strings.Repeat("<a>", depth) + strings.Repeat("</a>", depth) }
	// prefixes declares n prefixes on one element and 24 more below it, one by one.
	prefixes := func(n int) string {
		var b strings.Builder
		b.WriteString("<a")
		for i := range n {
			fmt.Fprintf(&b, ` xmlns:p%d="urn:p"`, i)
		}
		b.WriteString(">")
		for i := range 24 {
			fmt.Fprintf(&b, `<a xmlns:q%d="urn:q">`, i)
		}
		return b.String() + strings.Repeat("</a>", 25)
	}
	good := map[string]string{
		"prefixes in force":  prefixes(24),
		"prefixes elsewhere": "<a>" + strings.Repeat(`<b xmlns:p="urn:p"/>`, 500) + "</a>",
		"declaration":        `<?xml version="1.0" encoding="UTF-8"?><a/>`,
		"white space":        "\n<a>\n</a>\n",
		"deepest":            nested(maxDepth),
		"most elements":      "<a>" + strings.Repeat("<b/>", maxElements-1) + "</a>",
		"cdata":              `<a><![CDATA[x]]></a>`,
		"different ids":      `<a ID="x"><b Id="y"/></a>`,
		"retrieval pointer":  `<e:EncryptedData xmlns:e="urn:e"><d:KeyInfo xmlns:d="urn:d"><d:RetrievalMethod/></d:KeyInfo></e:EncryptedData>`,
	}
	for name, doc := range good {
		if _, err := precheck([]byte(doc)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	bad := map[string]string{
		"too many prefixes":    prefixes(25),
		"empty":                "",
		"text only":            "a",
		"unclosed":             "<a>",
		"crossed":              "<a><b></a></b>",
		"two roots":            "<a/><a/>",
		"text after":           "<a/>x",
		"comment":              "<a><!-- --></a>",
		"comment after":        "<a/><!-- -->",
		"instruction":          "<a><?x?></a>",
		"late declaration":     ` <?xml version="1.0"?><a/>`,
		"doctype":              "<!DOCTYPE a><a/>",
		"nested directive":     "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
		"unknown entity":       "<a>&b;</a>",
		"other encoding":       `<?xml version="1.0" encoding="UTF-16"?><a/>`,
		"not UTF-8":            "<a>\xff</a>",
		"too deep":             nested(maxDepth + 1),
		"too many elements":    "<a>" + strings.Repeat("<b/>", maxElements) + "</a>",
		"too large":            "<a>" + strings.Repeat(" ", maxMessageBytes) + "</a>",
		"same attribute":       `<a b="" b=""/>`,
		"same id":              `<a ID="x"><b ID="x"/></a>`,
		"same id, other case":  `<a ID="x"><b id="x"/></a>`,
		"xml:id":               `<a xml:id="x"/>`,
		"prefixed id":          `<a xmlns:b="urn:b" b:ID="x"/>`,
		"empty prefix":         `<:a/>`,
		"empty local":          `<a:/>`,
		"two colons":           `<a:b:c/>`,
		"attribute colon":      `<a :b=""/>`,
		"attribute two colons": `<a x::b=""/>`,
		"two assertions":       `<a><Assertion/><x:Assertion/></a>`,
		"object":               `<a><Object/></a>`,
		"manifest":             `<a><x:Manifest/></a>`,
		"cipher reference":     `<a><CipherReference/></a>`,
		"retrieval elsewhere":  `<a><RetrievalMethod/></a>`,
		"three signatures":     `<a><Signature/><Signature/><Signature/></a>`,
	}
	for name, doc := range bad {
		if _, err := precheck([]byte(doc)); KindOf(err) != KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzPrecheck proves that whatever the pre-check lets through is a small, well-formed
// tree to the next parser, without comments or instructions.
func FuzzPrecheck(f *testing.F) {
	for _, seed := range []string{
		`<?xml version="1.0"?><a xmlns="urn:a" ID="x"><b:c xmlns:b="urn:b">t</b:c></a>`, "<!DOCTYPE a><a/>",
		`<a :b="c"/>`, `<a><!-- x --></a>`, "<a>]]></a>", `<a xmlns:xmlns="x"/>`, `<a xmlns="" b:c=""/>`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		root, s, err := parseMessage(doc)
		if err != nil {
			if KindOf(err) != KindInvalid {
				t.Fatalf("kind %v", KindOf(err))
			}
			return
		}
		if s.assertions > 1 || s.signatures > 2 || depth(root) > maxDepth {
			t.Fatalf("limits passed: %+v", s)
		}
		// encoding/xml, which resolves namespaces on its own, has to see the same names.
		var want, got []xml.Name
		decoder := xml.NewDecoder(strings.NewReader(string(doc)))
		for {
			token, err := decoder.Token()
			if err != nil {
				break
			}
			if start, ok := token.(xml.StartElement); ok {
				want = append(want, start.Name)
			}
		}
		names(root, &got)
		if len(want) != len(got) {
			t.Fatalf("%d elements, encoding/xml sees %d", len(got), len(want))
		}
		for i := range want {
			if want[i] != got[i] {
				t.Fatalf("element %d is %v, encoding/xml sees %v", i, got[i], want[i])
			}
		}
	})
}

func depth(n *node) int {
	deepest := 0
	for _, c := range n.children {
		deepest = max(deepest, depth(c))
	}
	return deepest + 1
}

func names(n *node, out *[]xml.Name) {
	*out = append(*out, xml.Name{Space: n.space, Local: n.local})
	for _, c := range n.children {
		names(c, out)
	}
}
