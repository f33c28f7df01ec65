package sts

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
)

func asError(err error) (*connector.Error, bool) { return errors.AsType[*connector.Error](err) }

// frame puts content where an STS puts the issued token.
func frame(content string) string {
	return `<s:Envelope xmlns:s="` + nsSOAP + `" xmlns:a="` + nsSAML + `" xmlns:q="urn:&quot;q&amp;"><s:Body><t:RequestSecurityTokenResponseCollection xmlns:t="` + nsWST + `" xmlns="urn:default">` +
		`<t:RequestSecurityTokenResponse><t:RequestedSecurityToken>` + content + `</t:RequestedSecurityToken></t:RequestSecurityTokenResponse></t:RequestSecurityTokenResponseCollection></s:Body></s:Envelope>`
}

const conditions = `<a:Conditions NotOnOrAfter="2026-11-23T15:30:00.5Z"/>`

func TestReadAnswer(t *testing.T) {
	t.Parallel()

	good := frame(`<a:Assertion  ID='x'>` + conditions + "\r\n<!-- kept --></a:Assertion>")

	got, err := readAnswer([]byte(good))
	if err != nil {
		t.Fatal(err)
	}

	if want := time.Date(2026, 11, 23, 15, 30, 0, 500_000_000, time.UTC); !got.until.Equal(want) {
		t.Errorf("until %v, want %v", got.until, want)
	}

	text := string(got.xml)
	if !strings.HasPrefix(text, "<a:Assertion xmlns") || !strings.HasSuffix(text, "  ID='x'>"+conditions+"\r\n<!-- kept --></a:Assertion>") {
		t.Errorf("the bytes changed: %s", text)
	}

	for _, declaration := range []string{`xmlns:s="`, `xmlns:t="`, `xmlns="urn:default"`, `xmlns:a="` + nsSAML + `"`, `xmlns:q="urn:&#34;q&amp;"`} {
		if strings.Count(text, " "+declaration) != 1 {
			t.Errorf("%s does not stand once in %s", declaration, text)
		}
	}

	if direct := strings.NewReplacer(`<t:RequestSecurityTokenResponseCollection xmlns:t="`+nsWST+`" xmlns="urn:default">`, "", `</t:RequestSecurityTokenResponseCollection>`, "",
		`<t:RequestSecurityTokenResponse>`, `<t:RequestSecurityTokenResponse xmlns:t="`+nsWST+`">`).Replace(good); direct == good {
		t.Error("nothing was replaced")
	} else if _, err = readAnswer([]byte(direct)); err != nil {
		t.Errorf("without a collection: %v", err)
	}

	own := frame(`<a:Assertion xmlns:a="` + nsSAML + `" xmlns="">` + conditions + `</a:Assertion>`)
	if got, err = readAnswer([]byte(own)); err != nil || strings.Contains(string(got.xml), "urn:default") || strings.Count(string(got.xml), "xmlns:a=") != 1 {
		t.Errorf("got %s, %v", got.xml, err)
	}
}

func TestReadBadAnswers(t *testing.T) {
	t.Parallel()

	good := `<a:Assertion>` + conditions + `</a:Assertion>`

	for name, body := range map[string]string{
		"empty":                  "",
		"text":                   "401",
		"two":                    frame(good + good),
		"two envelopes":          frame(good) + frame(good),
		"elsewhere":              strings.ReplaceAll(frame(good), "RequestedSecurityToken", "RequestedProofToken"),
		"in the header":          strings.ReplaceAll(frame(good), "s:Body", "s:Header"),
		"inside something":       frame("<x>" + good + "</x>"),
		"other namespace":        strings.Replace(frame(good), nsSAML, "urn:oasis:names:tc:SAML:1.0:assertion", 1),
		"encrypted":              frame("<a:EncryptedAssertion/>"),
		"no conditions":          frame("<a:Assertion></a:Assertion>"),
		"no time":                frame(`<a:Assertion><a:Conditions NotOnOrAfter="soon"/></a:Assertion>`),
		"cut off":                frame(good)[:420],
		"document type":          `<!DOCTYPE x [<!ENTITY e "e">]>` + frame(good),
		"processing instruction": frame(`<a:Assertion><?x y?>` + conditions + `</a:Assertion>`),
		"other charset":          `<?xml version="1.0" encoding="ISO-8859-1"?>` + frame(good),
		"deep":                   frame(strings.Repeat("<x>", 50) + strings.Repeat("</x>", 50)),
		"long":                   frame("<a:Assertion>" + strings.Repeat("<x/>", 20_000) + conditions + "</a:Assertion>"),
		"large":                  frame("<a:Assertion>" + conditions + strings.Repeat(" ", maxAnswer) + "</a:Assertion>"),
		"undeclared entity":      frame("<a:Assertion>&nbsp;" + conditions + "</a:Assertion>"),
	} {
		if got, err := readAnswer([]byte(body)); err == nil {
			t.Errorf("%s: got %s", name, got.xml)
		}
	}
}

// names lists the elements of a document with their namespaces.
func names(data []byte) (out []xml.Name) {
	d := xml.NewDecoder(bytes.NewReader(data))

	for {
		token, err := d.Token()
		if err != nil {
			return out
		}

		if start, ok := token.(xml.StartElement); ok {
			out = append(out, start.Name)
		}
	}
}

// FuzzReadAnswer: whatever comes, an assertion that is taken stands by itself, and every
// element in it has the namespace that it had where it came from.
func FuzzReadAnswer(f *testing.F) {
	f.Add([]byte(frame(`<a:Assertion ID="x">` + conditions + `<y xmlns="urn:z"/><q:r/></a:Assertion>`)))
	f.Add([]byte(frame(`<Assertion xmlns="` + nsSAML + `"><Conditions NotOnOrAfter="2026-11-23T15:30:00Z"/></Assertion>`)))
	f.Add([]byte(`<s:Envelope xmlns:s="` + nsSOAP + `"><s:Body><s:Fault><faultcode>a:b</faultcode></s:Fault></s:Body></s:Envelope>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if code := faultCode(data); len(code) > maxCode || strings.ContainsAny(code, ":") {
			t.Errorf("code %q", code)
		}

		got, err := readAnswer(data)
		if err != nil {
			return
		}

		d := xml.NewDecoder(bytes.NewReader(got.xml))

		for {
			if _, err = d.Token(); err != nil {
				break
			}
		}

		if !errors.Is(err, io.EOF) {
			t.Fatalf("the assertion does not stand by itself: %v in %s", err, got.xml)
		}

		inside, all := names(got.xml), names(data)
		if len(inside) == 0 || inside[0] != (xml.Name{Space: nsSAML, Local: "Assertion"}) {
			t.Fatalf("got %s", got.xml)
		}

		for i := range all {
			if len(inside) <= len(all)-i && slices.Equal(inside, all[i:i+len(inside)]) {
				return
			}
		}

		t.Errorf("names %v became %v", all, inside)
	})
}

// FuzzReadToken: a session that is taken can stand in a header.
func FuzzReadToken(f *testing.F) {
	f.Add([]byte(`{"access_token":"0d0f6a8e","token_type":"Holder-of-key","expires_in":28790}`))
	f.Add([]byte(`{"access_token":"a","expires_in":"NaN"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		token, life, problem := readToken(data)
		if problem == "" && (token == "" || strings.ContainsAny(token, "\r\n \x00") || life <= 0 || life > maxLife) {
			t.Errorf("got %q for %v", token, life)
		}
	})
}
