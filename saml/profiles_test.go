package saml_test

import (
	"compress/flate"
	"encoding/base64"
	"io"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/saml/idpsim"
	"github.com/sluse/sluse/scheduler/care"
)

// enter plays a whole correct login of any profile.
func (b *bundle) enter(t *testing.T, user string) saml.Principal {
	t.Helper()
	who, _, err := b.post(handle, b.answer(t, b.begin(t), user, ""))
	if err != nil {
		t.Fatal(explain(err))
	}
	return who
}

func TestPerson(t *testing.T) {
	t.Parallel()
	b := setup(t, nemLogin)
	who := b.enter(t, "0201609995")
	if who.Kind != saml.Person || who.CPR.Reveal() != "0201609995" || who.Level != care.Substantial || who.Name != "Einer Lauridsen" {
		t.Errorf("%s %q %v %q", who.Kind, who.CPR.Reveal(), who.Level, who.Name)
	}
	if who.EmployeeID != "" || who.Email != "" || who.Groups != nil || who.Privileges != nil {
		t.Error("a person has something of an employee")
	}
	if !strings.HasPrefix(who.Subject, "https://data.gov.dk/model/core/eid/person/uuid/") {
		t.Errorf("subject %q", who.Subject)
	}
}

func TestKOMBIT(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"1.0", "2.0"} {
		b := setup(t, kombit, func(b *bundle) {
			ownIDP(idpsim.Options{Profile: idpsim.ProfileKOMBIT, KombitVersion: version})(b)
		})
		who := b.enter(t, "LEDER")
		want := []saml.Privilege{
			{Role: idpsim.RoleURI("sluse-leader"), CVR: testCVR}, {Role: idpsim.RoleURI("sluse-planner"), CVR: testCVR},
		}
		if diff := cmp.Diff(want, who.Privileges); diff != "" {
			t.Errorf("%s: privileges\n%s", version, diff)
		}
		if who.Name != "Teamleder LEDER" || who.EmployeeID != who.Subject || !strings.HasSuffix(who.NameID.Value, ",Serial="+who.Subject) {
			t.Errorf("%s: %q %q %q %q", version, who.Name, who.EmployeeID, who.Subject, who.NameID.Value)
		}
		if who.Level != care.Substantial || who.Kind != saml.Professional {
			t.Errorf("%s: %v %v", version, who.Level, who.Kind)
		}
	}
}

func TestOIOSAML2(t *testing.T) {
	t.Parallel()
	b := setup(t, oiosaml2)
	who := b.enter(t, "TKR")
	if who.EmployeeID != "TKR" || who.Level != care.Substantial || who.Name != "Medarbejder TKR" || who.Email == "" {
		t.Errorf("%q %v %q %q", who.EmployeeID, who.Level, who.Name, who.Email)
	}
	b.cfg.CVR = "11111111"
	var err error
	if b.provider, err = saml.New(b.cfg, b.store, b.clock.now); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.post(handle, b.answer(t, b.begin(t), "TKR", "")); saml.KindOf(err) != saml.KindDenied {
		t.Errorf("another organisation: %s", explain(err))
	}
}

// requestOf inflates the AuthnRequest of a redirect.
func requestOf(t *testing.T, location string) string {
	t.Helper()
	u, err := url.Parse(location)
	if err != nil {
		t.Fatal(err)
	}
	deflated, err := base64.StdEncoding.DecodeString(u.Query().Get("SAMLRequest"))
	if err != nil {
		t.Fatal(err)
	}
	document, err := io.ReadAll(flate.NewReader(strings.NewReader(string(deflated))))
	if err != nil {
		t.Fatal(err)
	}
	return string(document)
}

// TestAuthnRequest looks at what each profile asks for, and that it stands in the order of
// the schema.
func TestAuthnRequest(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		setting option
		wanted  saml.LoginRequest
		inOrder []string
		without []string
	}{
		"citizen on a phone": {
			setting: nemLogin, wanted: saml.LoginRequest{ReturnTo: "/", Person: true, Phone: "iOS"},
			inOrder: []string{
				`ForceAuthn="true"`, "<saml:Issuer", `<samlp:Extensions><nl:AppSwitch xmlns:nl="https://data.gov.dk/eid/saml/extensions">`,
				"<nl:Platform>iOS</nl:Platform><nl:ReturnURL>https://", "</nl:AppSwitch></samlp:Extensions>",
				`<samlp:RequestedAuthnContext Comparison="minimum">`, "/nsis/loa/Substantial<", "https://data.gov.dk/eid/Person<",
			},
		},
		"citizen at a computer": {
			setting: nemLogin, wanted: saml.LoginRequest{ReturnTo: "/", Person: true, MinLevel: care.HighAssurance},
			inOrder: []string{`ForceAuthn="true"`, "/nsis/loa/High<"}, without: []string{"AppSwitch"},
		},
		"employee": {
			setting: oiosaml, wanted: saml.LoginRequest{ReturnTo: "/"},
			inOrder: []string{`ForceAuthn="false"`, "/nsis/loa/Substantial<", "https://data.gov.dk/eid/Professional<"},
		},
		"employee, afresh": {
			setting: oiosaml, wanted: saml.LoginRequest{ReturnTo: "/", ForceAuthn: true}, inOrder: []string{`ForceAuthn="true"`},
		},
		"lower than configured": {
			setting: oiosaml, wanted: saml.LoginRequest{ReturnTo: "/", MinLevel: care.LowAssurance}, inOrder: []string{"/nsis/loa/Substantial<"},
		},
		"OIOSAML 2": {
			setting: oiosaml2, wanted: saml.LoginRequest{ReturnTo: "/", MinLevel: care.HighAssurance},
			inOrder: []string{"urn:dk:gov:saml:attribute:AssuranceLevel:4<"}, without: []string{"data.gov.dk"},
		},
		"KOMBIT": {
			setting: kombit, wanted: saml.LoginRequest{ReturnTo: "/"}, inOrder: []string{"/nsis/loa/Substantial<"}, without: []string{"eid/Professional"},
		},
		"plain": {
			setting: func(*bundle) {}, wanted: saml.LoginRequest{ReturnTo: "/", MinLevel: care.HighAssurance}, without: []string{"RequestedAuthnContext", "Extensions"},
		},
	}
	for name, test := range tests {
		b := setup(t, test.setting)
		out, err := b.provider.Login(t.Context(), handle, test.wanted)
		if err != nil {
			t.Fatal(explain(err))
		}
		text := requestOf(t, out.URL)
		rest := text
		for _, want := range test.inOrder {
			_, after, found := strings.Cut(rest, want)
			if !found {
				t.Errorf("%s: no %s in its place: %s", name, want, text)
				break
			}
			rest = after
		}
		for _, bad := range test.without {
			if strings.Contains(text, bad) {
				t.Errorf("%s: has %s: %s", name, bad, text)
			}
		}
		if _, err := b.provider.Login(t.Context(), handle, saml.LoginRequest{
			ReturnTo: "/", Person: test.wanted.Person, Phone: "Symbian",
		}); saml.KindOf(err) != saml.KindInvalid {
			t.Errorf("%s: unknown phone: %v", name, err)
		}
	}
}

// TestRefresh: newer metadata count as far as a person has confirmed them, and never for
// another provider or another host.
func TestRefresh(t *testing.T) {
	t.Parallel()
	b := setup(t, ownIDP(idpsim.Options{}))
	first := string(b.idp.Metadata())
	if unconfirmed, err := b.provider.Refresh([]byte(first)); err != nil || len(unconfirmed) != 0 {
		t.Fatalf("the same again: %v %v", unconfirmed, err)
	}
	if err := b.idp.SetState(idpsim.State{Keys: idpsim.KeysSecond}); err != nil {
		t.Fatal(err)
	}
	second := string(b.idp.Metadata())
	moved := strings.ReplaceAll(first, `Location="http://127.0.0.1:1`, `Location="http://127.0.0.1:2`)
	for name, test := range map[string]struct {
		document string
		want     error
	}{
		"unconfirmed": {second, saml.ErrUnconfirmed},
		"renamed":     {strings.Replace(first, `entityID="`, `entityID="https://x`, 1), saml.ErrOtherProvider},
		"moved":       {moved, saml.ErrOtherAddress},
		"over":        {strings.Replace(first, `entityID="`, `validUntil="2026-11-23T06:00:00Z" entityID="`, 1), saml.ErrOutdated},
	} {
		if _, err := b.provider.Refresh([]byte(test.document)); err != test.want { //nolint:errorlint // these are returned as they are
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := b.provider.Refresh([]byte("<html>")); err == nil {
		t.Error("a page was taken for metadata")
	}
	if err := b.idp.SetState(idpsim.State{}); err != nil {
		t.Fatal(err)
	}
	b.enter(t, "PLAN")
}

// TestWithoutMetadata: nobody comes in before the provider is known.
func TestWithoutMetadata(t *testing.T) {
	t.Parallel()
	b := setup(t)
	found, err := saml.Inspect([]byte(b.cfg.IDPMetadata))
	if err != nil || len(found.Certificates) != 1 || found.SignOn == "" {
		t.Fatalf("%+v %v", found, err)
	}
	document := []byte(b.cfg.IDPMetadata)
	b.cfg.IDPMetadata, b.cfg.IDPMetadataURL, b.cfg.IDPEntityID = "", "https://idp.example/metadata", found.EntityID
	b.cfg.IDPFingerprints = []string{found.Certificates[0].Fingerprint.String()}
	if b.provider, err = saml.New(b.cfg, b.store, b.clock.now); err != nil {
		t.Fatal(err)
	}
	if _, err := b.provider.Login(t.Context(), handle, saml.LoginRequest{ReturnTo: "/"}); saml.KindOf(err) != saml.KindUnavailable {
		t.Errorf("before: %v", err)
	}
	if b.provider.Known() || b.provider.IDP() != found.EntityID {
		t.Error("known before it was read")
	}
	if _, err := b.provider.Refresh(document); err != nil {
		t.Fatal(err)
	}
	b.enter(t, "PLAN")
}

func TestConfigOfMetadataAddress(t *testing.T) {
	t.Parallel()
	good := setup(t).cfg
	fingerprint := strings.Repeat("ab:", 31) + "ab"
	for name, test := range map[string]struct {
		change func(*saml.Config)
		want   string
	}{
		"address and file": {func(c *saml.Config) { c.IDPMetadataURL, c.IDPFingerprints = "https://a/b", []string{fingerprint} }, ""},
		"address alone": {func(c *saml.Config) {
			c.IDPMetadata, c.IDPMetadataURL, c.IDPEntityID, c.IDPFingerprints = "", "https://a/b", "https://a", []string{fingerprint}
		}, ""},
		"no name": {func(c *saml.Config) {
			c.IDPMetadata, c.IDPMetadataURL, c.IDPFingerprints = "", "https://a/b", []string{fingerprint}
		}, "idp_entity_id: required with idp_metadata_url and no file"},
		"no fingerprint":   {func(c *saml.Config) { c.IDPMetadataURL = "https://a/b" }, "idp_fingerprints: required with idp_metadata_url"},
		"in clear":         {func(c *saml.Config) { c.IDPMetadataURL, c.IDPFingerprints = "http://a/b", []string{fingerprint} }, "idp_metadata_url: must be https (http only on loopback)"},
		"half fingerprint": {func(c *saml.Config) { c.IDPMetadataURL, c.IDPFingerprints = "https://a/b", []string{"ab:cd"} }, "idp_fingerprints: must be 64 hex digits, the SHA-256 of a certificate"},
		"fingerprint only": {func(c *saml.Config) { c.IDPFingerprints = []string{fingerprint} }, "idp_fingerprints: needs idp_metadata_url"},
		"half a next pair": {func(c *saml.Config) { c.NextKeyFile = "next.key" }, "next_certificate_file: give both it and next_key_file, or neither"},
		"citizens, plain":  {func(c *saml.Config) { c.Audience, c.Profile = saml.Person, saml.ProfilePlain }, `profile: citizens log in with "oiosaml3"`},
	} {
		c := good
		test.change(&c)
		var got []string
		for _, err := range c.Validate() {
			got = append(got, err.Error())
		}
		if strings.Join(got, "; ") != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
