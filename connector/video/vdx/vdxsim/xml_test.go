package vdxsim

import (
	"bytes"
	"crypto/rsa"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// canonicalByAnother is exclusive C14N by goxmldsig, which shares no code with ours.
func canonicalByAnother(raw []byte, keep string) (string, error) {
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(raw); err != nil {
		return "", err
	}
	out, err := dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList(keep).Canonicalize(doc.Root())
	return string(out), err
}

func TestCanonicalFormsAgreeWithAnotherImplementation(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ raw, keep string }{
		"unused declarations go":  {`<a xmlns:x="urn:x" xmlns="urn:d"><b xmlns:y="urn:y"/></a>`, ""},
		"declared where used":     {`<a xmlns:x="urn:x"><x:b/><x:c><x:d/></x:c></a>`, ""},
		"attributes use prefixes": {`<a xmlns:x="urn:x" xmlns:w="urn:a" x:z="1" w:z="2" b="3" a="4"/>`, ""},
		"redeclared":              {`<x:a xmlns:x="urn:1"><x:b xmlns:x="urn:2"><x:c xmlns:x="urn:1"/></x:b></x:a>`, ""},
		"undeclared default":      {`<a xmlns="urn:1"><b xmlns=""><c/></b></a>`, ""},
		"kept":                    {`<s:a xmlns:s="urn:s" xmlns:xs="urn:xs"><s:b t="xs:string"/></s:a>`, "xs"},
		"text":                    {"<a> 1 &lt; 2 &amp;&#13; \"x\" \n<b>&gt;</b></a>", ""},
		"attribute text":          {`<a b="&quot; &lt; &amp; &#9; &#10; &#13; &gt;"/>`, ""},
		"comments go":             {`<a><!-- x --><b/></a>`, ""},
		"xml prefix":              {`<a xml:lang="da"/>`, ""},
	}
	for name, tt := range tests {
		n, err := parseXML([]byte(tt.raw))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want, err := canonicalByAnother([]byte(tt.raw), tt.keep)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := string(canonical(n, strings.Fields(tt.keep), nil)); got != want {
			t.Errorf("%s:\n%s, another says\n%s", name, got, want)
		}
	}
}

func TestXMLThatIsRefused(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"empty":            ``,
		"no end":           `<a><b></b>`,
		"wrong end":        `<a></b>`,
		"two roots":        `<a/><b/>`,
		"text outside":     `<a/>x`,
		"entity":           `<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>`,
		"instruction":      `<a><?php ?></a>`,
		"unbound prefix":   `<x:a/>`,
		"unbound on attr":  `<a x:b="1"/>`,
		"attribute twice":  `<a b="1" b="2"/>`,
		"too deep":         strings.Repeat("<a>", 65) + strings.Repeat("</a>", 65),
		"foreign encoding": `<?xml version="1.0" encoding="ISO-8859-1"?><a/>`,
	} {
		if _, err := parseXML([]byte(raw)); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

// FuzzXML: no document may panic the reader, and its canonical form is a fixed point.
func FuzzXML(f *testing.F) {
	f.Add([]byte(`<a xmlns:x="urn:x" x:b="&#10;"><x:c xmlns=""/> t </a>`))
	f.Add([]byte(`<saml2:Assertion xmlns:saml2="urn:s" ID="_1"><ds:Signature xmlns:ds="urn:d"/></saml2:Assertion>`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		n, err := parseXML(raw)
		if err != nil {
			return
		}
		once := canonical(n, nil, nil)
		again, err := parseXML(once)
		if err != nil {
			t.Fatalf("the canonical form can't be read: %v: %q", err, once)
		}
		if twice := canonical(again, nil, nil); !bytes.Equal(once, twice) {
			t.Errorf("not a fixed point:\n%q\n%q", once, twice)
		}
	})
}

// FuzzSession: no header, assertion or date may panic.
func FuzzSession(f *testing.F) {
	f.Add("eyJVc2VyQXR0cmlidXRlcyI6eyJhIjpbImIiXX19", []byte(`<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion"/>`), "2025-06-01T09:00:00 +0200")
	key := &rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 2047, 1), E: 65537}
	f.Fuzz(func(t *testing.T, header string, raw []byte, date string) {
		if held, ok := parseSessionData(header); ok && len(held.principal("x").roles) > 0 && len(held[attrRole]) == 0 {
			t.Error("a role from nowhere")
		}
		if n, err := parseXML(raw); err == nil {
			if _, err = verifySignature(n, n.only(nsSignature, "Signature"), key, true); err == nil {
				t.Error("verified with a key that nobody has")
			}
		}
		strict, ok := parseQueryDateV1(date)
		if lenient, also := parseBodyDateV1(date); ok && (!also || !lenient.Equal(strict)) {
			t.Errorf("%q: the query takes what the body does not", date)
		}
	})
}

func TestKeysAreWritten(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "certificates")
	keys, err := NewKeys(farFuture().AddDate(-7000, 0, 0), Registration{Name: "one", Email: "a@b.example", SelfSigned: true})
	if err != nil {
		t.Fatal(err)
	}
	files, err := keys.Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	one, found := files.Client("one")
	if _, other := files.Client("two"); other || !found {
		t.Errorf("files: %+v", files)
	}
	for _, name := range []string{files.CA, files.STS, one.Certificate, one.Key} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v", name, err)
		}
	}
	pair, err := keys.pairOf("one")
	if err != nil || pair.cert.Issuer.String() != pair.cert.Subject.String() || pair.cert.EmailAddresses[0] != "a@b.example" {
		t.Errorf("self-signed: %v %v", pair.cert.Issuer, err)
	}
	if _, _, err = keys.Client("two"); err == nil {
		t.Error("a client that is not registered")
	}
	for _, name := range []string{"", "../x"} {
		if _, err = NewKeys(farFuture(), Registration{Name: name}); err == nil {
			t.Errorf("name %q was taken", name)
		}
	}
}
