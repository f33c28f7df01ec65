package config

import (
	"fmt"
	"regexp"

	"github.com/sluse/sluse/connector/eid/oidc"
	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/scheduler/care"
)

// CitizenLogin is one identity provider at which citizens and others who take part can log in.
type CitizenLogin struct {
	Key    string              `yaml:"key" doc:"Key of the provider, small letters, digits and hyphens, never changed; part of the return address that the provider is told: PUBLIC_URL/b/eid/KEY/svar with oidc."`
	Name   string              `yaml:"name" doc:"What stands on the button after »Log ind med«; default MitID with method mitid."`
	Method care.IdentityMethod `yaml:"method" doc:"mitid or eid (another electronic identity); default mitid."`
	SAML   *saml.Config        `yaml:"saml" doc:"NemLog-in 3 for persons; this or oidc. At most one provider has it."`
	OIDC   *oidc.Config        `yaml:"oidc" doc:"A broker or provider of OpenID Connect."`
}

// maxLoginName is how many characters fit on a button.
const maxLoginName = 40

func (l *CitizenLogin) setDefaults(publicURL string) {
	or(&l.Method, care.ByMitID)

	if l.Method == care.ByMitID {
		or(&l.Name, "MitID")
	}

	if l.SAML != nil {
		l.SAML.Audience = saml.Person
		or(&l.SAML.BaseURL, publicURL)
		or(&l.SAML.Profile, saml.ProfileOIOSAML3)
		*l.SAML = l.SAML.WithDefaults()
	}

	if l.OIDC != nil {
		l.OIDC.SetDefaults()
	}
}

func (m Municipality) validateCitizenLogins(k checker) {
	keys, persons := map[string]bool{}, 0
	form := regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

	for i, l := range m.CitizenLogin {
		in := k.in(fmt.Sprintf("citizen_login[%d]", i))
		in.bad(!form.MatchString(l.Key), "key", "must be 1 to 32 small letters, digits and hyphens")
		in.bad(keys[l.Key], "key", "stands twice")
		in.bad(l.Key == "staff", "key", "must be another one: staff is the employees' login")
		in.bad(l.Name == "" || len([]rune(l.Name)) > maxLoginName, "name", "must be set, at most %d characters", maxLoginName)
		in.bad(l.Method != care.ByMitID && l.Method != care.ByEID, "method", "must be mitid or eid")
		in.bad((l.SAML == nil) == (l.OIDC == nil), "saml", "exactly one of saml and oidc must be set")

		keys[l.Key] = true

		if l.SAML != nil {
			persons++

			in.bad(persons > 1, "saml", "only one provider can have it")
			in.bad(l.Method != care.ByMitID, "method", "must be mitid with saml")
			in.in("saml").adopt(l.SAML.Validate())
		}

		if l.OIDC != nil {
			in.bad(l.Method == care.ByMitID && l.OIDC.Number == oidc.NumberForeign, "oidc.number", "must be cpr with method mitid")
			in.in("oidc").adopt(l.OIDC.Validate())
		}
	}
}
