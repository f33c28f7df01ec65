package saml_test

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/saml/idpsim"
)

// postLogout hands a document to the logout endpoint by POST.
func (b *bundle) postLogout(document string) (saml.LogoutMessage, error) {
	form := url.Values{"SAMLRequest": {base64.StdEncoding.EncodeToString([]byte(document))}}
	if strings.Contains(document, "LogoutResponse") {
		form = url.Values{"SAMLResponse": form["SAMLRequest"]}
	}
	return b.provider.HandleLogout(postForm(b.cfg.BaseURL+saml.PathLogout, form), handle)
}

// TestLogoutWrapping plays signature wrapping on a posted LogoutRequest (samlify #634,
// GHSA-63ch-w8pw-4mf2) and changes it in other ways. The genuine one works afterwards.
func TestLogoutWrapping(t *testing.T) {
	t.Parallel()
	b := setup(t, ownIDP(idpsim.Options{}))
	b.login(t, "TKR")
	document, id, err := b.idp.LogoutDocument("TKR")
	if err != nil {
		t.Fatal(err)
	}
	genuine := b.idp.Sign(document, id, false)
	const end = "</samlp:LogoutRequest>"
	evil := strings.NewReplacer(` ID="`, ` ID="_evil`, "staff-", "staff-ATTACKER").Replace(document)
	_, rest, _ := strings.Cut(genuine, "<ds:Signature ")
	inner, _, _ := strings.Cut(rest, "</ds:Signature>")
	signature := "<ds:Signature " + inner + "</ds:Signature>"
	object := strings.Replace(signature, "</ds:Signature>", "<ds:Object>"+document+"</ds:Object></ds:Signature>", 1)
	afterIssuer := func(s, what string) string { return strings.Replace(s, "</saml:Issuer>", "</saml:Issuer>"+what, 1) }
	for name, bad := range map[string]string{
		"unsigned":                  document,
		"unknown key":               b.idp.Sign(document, id, true),
		"genuine in Extensions":     afterIssuer(evil, "<samlp:Extensions>"+genuine+"</samlp:Extensions>"),
		"genuine as a child":        strings.Replace(evil, end, genuine+end, 1),
		"evil as a child":           strings.Replace(genuine, end, evil+end, 1),
		"signature in the evil one": afterIssuer(evil, signature),
		"genuine in Object":         afterIssuer(evil, object),
		"genuine behind signature":  afterIssuer(evil, signature+document),
		"same ID":                   afterIssuer(strings.Replace(evil, "_evil", "", 1), "<samlp:Extensions>"+genuine+"</samlp:Extensions>"),
		"two roots":                 evil + genuine,
		"two signatures":            afterIssuer(genuine, signature),
		"empty signature":           afterIssuer(document, `<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"></ds:Signature>`),
		"signature in NameID":       strings.Replace(document, "</saml:NameID>", signature+"</saml:NameID>", 1),
		"changed name":              strings.Replace(genuine, "staff-", "staff-ATTACKER", 1),
		"comment in name":           strings.Replace(genuine, "staff-", "staff-<!---->", 1),
		"second name":               strings.Replace(genuine, "</saml:NameID>", "</saml:NameID><saml:NameID>ATTACKER</saml:NameID>", 1),
		"foreign name":              b.idp.Sign(strings.NewReplacer("<saml:NameID ", `<x:NameID xmlns:x="urn:x" `, "</saml:NameID>", "</x:NameID>").Replace(document), id, false),
		"doctype":                   "<!DOCTYPE x>" + genuine,
		"unknown child, signed":     b.idp.Sign(strings.Replace(document, end, `<x:y xmlns:x="urn:x"></x:y>`+end, 1), id, false),
		"other issuer, signed":      b.idp.Sign(strings.Replace(document, "</saml:Issuer>", "/other</saml:Issuer>", 1), id, false),
		"no destination, signed":    b.idp.Sign(strings.Replace(document, ` Destination="`+b.cfg.BaseURL+saml.PathLogout+`"`, "", 1), id, false),
		"other destination, signed": b.idp.Sign(strings.Replace(document, saml.PathLogout, "/other", 1), id, false),
		"no name, signed":           b.idp.Sign(cutElement(document, "saml:NameID"), id, false),
		"an AuthnRequest, signed":   b.idp.Sign(strings.ReplaceAll(document, "LogoutRequest", "AuthnRequest"), id, false),
		"answer to nothing, signed": b.idp.Sign(answerTo(b, "_unknown"), "_answer", false),
		"answer, unsigned":          answerTo(b, "_unknown"),
	} {
		if got, err := b.postLogout(bad); err == nil || strings.Contains(explain(err), "panicked") {
			t.Errorf("%s: accepted for %q: %s", name, got.NameID.Value, explain(err))
		}
	}
	for name, change := range map[string][2]string{
		"expired":         {` NotOnOrAfter="`, start.Add(-4 * time.Minute).Format(time.RFC3339)},
		"issued long ago": {` IssueInstant="`, start.Add(-11 * time.Minute).Format(time.RFC3339)},
		"issued later":    {` IssueInstant="`, start.Add(4 * time.Minute).Format(time.RFC3339)},
	} {
		before, rest, _ := strings.Cut(document, change[0])
		_, after, _ := strings.Cut(rest, `"`)
		if _, err := b.postLogout(b.idp.Sign(before+change[0]+change[1]+`"`+after, id, false)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := b.postLogout(genuine); err != nil {
		t.Errorf("the genuine one afterwards: %s", explain(err))
	}
}

func cutElement(document, name string) string {
	before, rest, _ := strings.Cut(document, "<"+name)
	_, after, _ := strings.Cut(rest, "</"+name+">")
	return before + after
}

// answerTo is a LogoutResponse to a request.
func answerTo(b *bundle, request string) string {
	return `<samlp:LogoutResponse xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" Destination="` + b.cfg.BaseURL + saml.PathLogout +
		`" ID="_answer" InResponseTo="` + request + `" IssueInstant="2026-11-23T07:00:00Z" Version="2.0">` +
		`<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">` + b.idp.EntityID() + `</saml:Issuer>` +
		`<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"></samlp:StatusCode></samlp:Status></samlp:LogoutResponse>`
}

// TestLogoutBomb sends a signed redirect of a few kilobytes that inflates to megabytes
// (CVE-2023-28119, CVE-2025-25293), and a body that is too large.
func TestLogoutBomb(t *testing.T) {
	t.Parallel()
	b := setup(t)
	target := b.cfg.BaseURL + saml.PathLogout
	bomb, err := b.idp.SignedURL(target, "SAMLRequest", "<a>"+strings.Repeat(" ", 8<<20)+"</a>", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(bomb) > 20<<10 {
		t.Fatalf("the bomb is %d bytes", len(bomb))
	}
	if _, err := b.provider.HandleLogout(get(bomb), ""); saml.KindOf(err) != saml.KindInvalid || !strings.Contains(explain(err), "larger") {
		t.Errorf("bomb: %s", explain(err))
	}
	if _, err := b.postLogout("<a>" + strings.Repeat(" ", 1<<20) + "</a>"); saml.KindOf(err) != saml.KindInvalid {
		t.Errorf("large: %s", explain(err))
	}
}

// TestRedirectEncoders covers H1 to H6: our messages are signed and their values escaped;
// signatures of others are checked over the octets as they came, whatever the encoder.
func TestRedirectEncoders(t *testing.T) {
	t.Parallel()
	b := setup(t, ownIDP(idpsim.Options{}))
	who := b.login(t, "TKR")
	out, err := b.provider.Logout(t.Context(), handle, who, "/farvel?a=1&b=2#c")
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{b.begin(t), out.URL} {
		u, err := url.Parse(address)
		if err != nil || u.Fragment != "" {
			t.Fatalf("%s: %v", address, err)
		}
		query := u.Query()
		if len(query) != 4 || query.Get("SigAlg") != "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" || query.Get("Signature") == "" {
			t.Errorf("query %v", query)
		}
	}
	document, _, err := b.idp.LogoutDocument("TKR")
	if err != nil {
		t.Fatal(err)
	}
	lower := func(s string) string {
		escaped := url.QueryEscape(s)
		for _, upper := range []string{"%2B", "%2F", "%3D", "%3A", "%23"} {
			escaped = strings.ReplaceAll(escaped, upper, strings.ToLower(upper))
		}
		return escaped
	}
	in, err := b.idp.SignedURL(b.cfg.BaseURL+saml.PathLogout, "SAMLRequest", document, "state/=+", lower)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.provider.HandleLogout(get(in), ""); err != nil {
		t.Errorf("lower-case escapes: %s", explain(err))
	}
	unknown, err := b.idp.SignedURL(b.cfg.BaseURL+saml.PathLogout, "SAMLResponse", answerTo(b, "_unknown"), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.provider.HandleLogout(get(unknown), handle); saml.KindOf(err) != saml.KindExpired {
		t.Errorf("answer to an unknown request: %s", explain(err))
	}
}

// TestPostOnlyLogout logs out in both directions at a provider without the redirect binding.
func TestPostOnlyLogout(t *testing.T) {
	t.Parallel()
	b := setup(t, ownIDP(idpsim.Options{}))
	if err := b.idp.SetState(idpsim.State{Logout: idpsim.LogoutPOST}); err != nil {
		t.Fatal(err)
	}
	b.connect(t)
	who := b.login(t, "TKR")
	out, err := b.provider.Logout(t.Context(), handle, who, "/farvel")
	if err != nil || len(out.Fields) == 0 {
		t.Fatalf("%+v %v", out, err)
	}
	page := b.atProvider(t, out)
	back := fields(page)
	got, err := b.provider.HandleLogout(postForm(b.cfg.BaseURL+saml.PathLogout, back), handle)
	if err != nil || got.Next.URL != "/farvel" || got.Partial {
		t.Errorf("%+v %s", got, explain(err))
	}

	b.login(t, "MSK")
	message, err := b.idp.LogoutMessage("MSK")
	if err != nil {
		t.Fatal(err)
	}
	got, err = b.provider.HandleLogout(postForm(message.URL, message.Form), "")
	if err != nil || !got.Requested || len(got.Next.Fields) == 0 {
		t.Fatalf("%+v %s", got, explain(err))
	}
	if page := b.atProvider(t, got.Next); !strings.Contains(page, "Du er logget ud") {
		t.Errorf("the simulator refused our answer: %s", page)
	}
}

// atProvider posts one of our messages to the simulator and returns its page.
func (b *bundle) atProvider(t *testing.T, out saml.Outgoing) string {
	t.Helper()
	form := url.Values{}
	for _, f := range out.Fields {
		form.Set(f.Name, f.Value)
	}
	w := httptest.NewRecorder()
	b.idp.Handler().ServeHTTP(w, postForm(out.URL, form))
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

// TestValuesStayValues puts markup into the one foreign value that we write into a message
// of ours (samlify CVE-2026-46490).
func TestValuesStayValues(t *testing.T) {
	t.Parallel()
	b := setup(t)
	who := b.login(t, "TKR")
	const name = `x"'&</saml:NameID><saml:NameID Format="evil">evil`
	who.NameID.Value, who.SessionIndex, who.NameID.NameQualifier = name, name, name
	out, err := b.provider.Logout(t.Context(), handle, who, "/farvel")
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(out.URL)
	if err != nil {
		t.Fatal(err)
	}
	deflated, err := base64.StdEncoding.DecodeString(u.Query().Get("SAMLRequest"))
	if err != nil {
		t.Fatal(err)
	}
	document, err := io.ReadAll(flate.NewReader(bytes.NewReader(deflated)))
	if err != nil {
		t.Fatal(err)
	}
	root := parse(t, document).Root()
	names := root.SelectElements("NameID")
	if len(names) != 1 || names[0].Text() != name || names[0].SelectAttrValue("NameQualifier", "") != name ||
		root.SelectElement("SessionIndex").Text() != name {
		t.Errorf("%s", document)
	}
}
