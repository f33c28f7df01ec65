package saml

import (
	"crypto/x509"
	"encoding/base64"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestKOMBITNames: only the one form of a name is read, and nothing in it can bring a
// second key along.
func TestKOMBITNames(t *testing.T) {
	t.Parallel()
	const uuid = "0f0f0f0f-0000-4000-8000-00000000000a"
	for name, want := range map[string]string{
		"C=DK,O=29189846,CN=Mia Skov,Serial=" + uuid:                         uuid,
		"C=DK,O=29189846,CN=Skov, Mia,Serial=" + uuid:                        uuid,
		"C=DK,O=29189846,CN=Mia,Serial=" + uuid + ",Serial=" + uuid:          "",
		"C=DK,O=29189846,CN=Mia,Serial=x,CN=Bo,Serial=" + uuid:               "",
		"C=DK,O=29189846,CN=Mia,O=11111111,CN=x,Serial=" + uuid:              "",
		"C=DK,O=29189846,CN=Mia,Serial=" + uuid + "0":                        "",
		"C=DK,O=29189846,CN=Mia,Serial=" + uuid + "\n":                       "",
		" C=DK,O=29189846,CN=Mia,Serial=" + uuid:                             "",
		"C=SE,O=29189846,CN=Mia,Serial=" + uuid:                              "",
		"C=DK,O=2918984,CN=Mia,Serial=" + uuid:                               "",
		"C=DK,O=29189846,CN=,Serial=" + uuid:                                 "",
		"O=29189846,C=DK,CN=Mia,Serial=" + uuid:                              "",
		"https://data.gov.dk/model/core/eid/professional/uuid/" + uuid:       "",
		"C=DK,O=29189846,CN=Mia,Serial=CVR:29189846-RID:" + uuid:             "",
		"C=DK,O=29189846,CN=Mia,Serial=0F0F0F0F-0000-4000-8000-00000000000A": uuid,
	} {
		a := &assertion{
			nameID: NameID{Value: name, Format: formatX509Name},
			attributes: map[string]attributeValues{
				attrKombitVersion: {values: []string{"2.0"}, usable: true}, attrSpecVersion: {values: []string{"OIO-SAML-3.0"}, usable: true},
				attrCVR: {values: []string{ourCVR}, usable: true}, attrOrgName: {values: []string{"Testkommunen"}, usable: true},
			},
		}
		x := &exchange{cfg: Config{CVR: ourCVR}}
		var who Principal
		err := x.checkKOMBIT(a, &who, true)
		if (err == nil) != (want != "") || (err == nil && who.Subject != want) {
			t.Errorf("%q: %q %v", name, who.Subject, err)
		}
		if err == nil && x.checkKOMBIT(a, &who, false) == nil {
			t.Error("accepted in clear")
		}
	}
}

// TestFormIsSigned: a message that leaves by POST carries its signature within, right after
// the issuer.
func TestFormIsSigned(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	certificate, key, err := NewKeyPair("test", now.Add(-time.Hour), now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	files := []string{filepath.Join(t.TempDir(), "sp.crt"), filepath.Join(t.TempDir(), "sp.key")}
	for i, content := range [][]byte{certificate, key} {
		if err := os.WriteFile(files[i], content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pair, err := loadKeyPair(files[0], files[1])
	if err != nil {
		t.Fatal(err)
	}
	x := &exchange{cfg: Config{BaseURL: "https://sp.example", EntityID: "https://sp.example", Profile: ProfileOIOSAML3}, own: []keyPair{pair}}
	x.idp.sso = endpoint{url: "https://idp.example/sso", post: true}
	out, err := x.send(x.idp.sso, paramRequest, x.authnRequest(Request{ID: "_a"}, "iOS", now), "_state")
	if err != nil || out.URL != x.idp.sso.url || len(out.Fields) != 2 || out.Fields[1] != (Field{Name: paramRelayState, Value: "_state"}) {
		t.Fatalf("%+v %v", out, err)
	}
	document, err := base64.StdEncoding.DecodeString(out.Fields[0].Value)
	if err != nil {
		t.Fatal(err)
	}
	root, _, err := parseMessage(document)
	if err != nil {
		t.Fatal(err)
	}
	if !root.children[0].is(nsAssertion, "Issuer") || !root.children[1].is(nsDSig, "Signature") || !root.children[2].is(nsProtocol, "Extensions") {
		t.Errorf("not in the order of the schema: %s", document)
	}
	if _, err := verifyElement(root, []*x509.Certificate{pair.certificate}, now); err != nil {
		t.Error(err)
	}
}
