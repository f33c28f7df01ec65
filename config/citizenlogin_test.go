package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/config"
	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/scheduler/care"
)

// threeLogins are NemLog-in, a MitID broker and ID-porten, as docs/identity.md shows them.
const threeLogins = `    citizen_login:
      - {key: nemlogin, saml: {idp_metadata_file: nemlogin.xml, certificate_file: c.pem, key_file: k.pem}}
      - key: mitid
        oidc: {issuer: https://broker.example, client_id: a, client_secret: {env: VDX}, number_claim: dk.cpr, levels: {substantial: substantial}}
      - key: idporten
        name: BankID
        method: eid
        oidc:
          issuer: https://test.idporten.no
          client_id: a
          client_secret: {env: VDX}
          number: foreign
          number_claim: pid
          levels: {idporten-loa-substantial: substantial, idporten-loa-high: high}
`

func TestCitizenLogin(t *testing.T) {
	t.Parallel()

	env := secrets()

	c, err := config.Parse([]byte(minimal+threeLogins), env.lookup)
	if err != nil {
		t.Fatal(err)
	}

	logins := c.Municipalities[0].CitizenLogin
	if len(logins) != 3 || logins[0].Name != "MitID" || logins[0].Method != care.ByMitID || logins[2].Name != "BankID" || logins[2].Method != care.ByEID {
		t.Fatalf("%+v", logins)
	}

	person := logins[0].SAML
	if person.Audience != saml.Person || person.Profile != saml.ProfileOIOSAML3 || person.BaseURL != "http://127.0.0.1:8080" ||
		person.EntityID != "http://127.0.0.1:8080/saml/borger/metadata" {
		t.Errorf("the login of persons is %+v", person)
	}

	if o := logins[1].OIDC; o.Number != "cpr" || o.LevelClaim != "acr" || !cmp.Equal(o.Scopes, []string{"openid"}) || o.Skew == 0 {
		t.Errorf("the broker is %+v", o)
	}
}

func TestCitizenLoginFaults(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		change []string
		want   string
	}{
		"key":          {[]string{"key: mitid", "key: MitID"}, "citizen_login[1].key: must be 1 to 32 small letters, digits and hyphens"},
		"staff's":      {[]string{"key: mitid", "key: staff"}, "citizen_login[1].key: must be another one"},
		"twice":        {[]string{"key: mitid", "key: idporten"}, "citizen_login[2].key: stands twice"},
		"method":       {[]string{"method: eid", "method: code"}, "citizen_login[2].method: must be mitid or eid"},
		"no name":      {[]string{"        name: BankID\n", ""}, "citizen_login[2].name: must be set, at most 40 characters"},
		"long name":    {[]string{"name: BankID", "name: " + strings.Repeat("x", 41)}, "citizen_login[2].name: must be set, at most 40 characters"},
		"foreign":      {[]string{"method: eid", "method: mitid"}, "citizen_login[2].oidc.number: must be cpr with method mitid"},
		"inside oidc":  {[]string{"number_claim: pid", "number_claim: \"\""}, "citizen_login[2].oidc.number_claim: must be set"},
		"inside saml":  {[]string{"saml: {idp_metadata_file: nemlogin.xml, ", "saml: {min_level: best, idp_metadata_file: nemlogin.xml, "}, "citizen_login[0].saml.min_level: "},
		"neither":      {[]string{"{key: nemlogin, saml: {idp_metadata_file: nemlogin.xml, certificate_file: c.pem, key_file: k.pem}}", "{key: nemlogin}"}, "citizen_login[0].saml: exactly one of saml and oidc must be set"},
		"saml for eid": {[]string{"{key: nemlogin, ", "{key: nemlogin, name: x, method: eid, "}, "citizen_login[0].method: must be mitid with saml"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got := faults(t, edit(t, minimal+threeLogins, test.change...), secrets())
			if len(got) != 1 || !strings.Contains(got[0], test.want) {
				t.Errorf("want %q, got %q", test.want, got)
			}
		})
	}
}
