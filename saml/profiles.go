package saml

import (
	"regexp"
	"strings"
)

const formatX509Name = "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName"

const uuidPattern = `[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`

var (
	cvrPattern          = regexp.MustCompile(`^\d{8}$`)
	professionalPattern = regexp.MustCompile(`^https://data\.gov\.dk/model/core/eid/professional/uuid/` + uuidPattern + `$`)
	personPattern       = regexp.MustCompile(`^https://data\.gov\.dk/model/core/eid/person/uuid/` + uuidPattern + `$`)
	// A name that holds "=" could bring a second Serial along, so it is refused.
	kombitPattern = regexp.MustCompile(`^C=DK,O=(\d{8}),CN=([^=]+),Serial=(` + uuidPattern + `)$`)
)

// applyProfile holds an assertion against the rules of the configured profile.
func (x *exchange) applyProfile(a *assertion, who *Principal, encrypted bool) error {
	switch x.cfg.Profile {
	case ProfilePlain:
		return nil
	case ProfileOIOSAML3:
		return x.checkOIOSAML3(a, encrypted)
	case ProfileOIOSAML2:
		return x.checkOIOSAML2(a)
	case ProfileKOMBIT:
		return x.checkKOMBIT(a, who, encrypted)
	}
	return invalid("no such profile")
}

// checkOIOSAML3 applies the rules of OIOSAML Web SSO 3.0. A person's login never becomes
// an employee's, nor the other way round.
func (x *exchange) checkOIOSAML3(a *assertion, encrypted bool) error {
	if !encrypted {
		return invalid("Response: the profile wants an encrypted assertion")
	}
	if a.nameID.Format != formatPersistent && a.nameID.Format != formatTransient {
		return invalid("NameID: format is neither persistent nor transient")
	}
	if err := fixed(a, attrSpecVersion, "OIO-SAML-3.0"); err != nil {
		return err
	}
	if x.cfg.persons() {
		if !personPattern.MatchString(a.nameID.Value) {
			return invalid("NameID: not a person's")
		}
		return nil
	}
	if !professionalPattern.MatchString(a.nameID.Value) {
		return invalid("NameID: not a professional's")
	}
	return x.checkOrganisation(a, attrCVR, attrOrgName)
}

// checkOIOSAML2 applies the rules of OIOSAML Web SSO 2.0.9 for professionals.
func (x *exchange) checkOIOSAML2(a *assertion) error {
	switch a.nameID.Format {
	case formatPersistent, formatTransient, formatX509Name:
	default:
		return invalid("NameID: format is none of the profile's")
	}
	if err := fixed(a, attrOldSpecVersion, "DK-SAML-2.0"); err != nil {
		return err
	}
	return x.checkOrganisation(a, attrOldCVR)
}

// checkKOMBIT applies the rules of the Context Handler. The UUID in the name is the user's
// key; the attribute KombitSpecVer says which OIOSAML is spoken.
func (x *exchange) checkKOMBIT(a *assertion, who *Principal, encrypted bool) error {
	if a.nameID.Format != formatX509Name {
		return invalid("NameID: format is not X509SubjectName")
	}
	parts := kombitPattern.FindStringSubmatch(a.nameID.Value)
	if parts == nil {
		return invalid("NameID: not C, O, CN and Serial of a user")
	}
	if parts[1] != x.cfg.CVR {
		return denied(ReasonOtherOrg, "NameID: of another organisation")
	}
	who.Name = strings.TrimSpace(parts[2])
	who.Subject = strings.ToLower(parts[3])
	who.EmployeeID = who.Subject
	version, err := a.single(attrKombitVersion)
	if err != nil {
		return err
	}
	switch version {
	case "1.0":
		if err := fixed(a, attrOldSpecVersion, "DK-SAML-2.0"); err != nil {
			return err
		}
		return x.checkOrganisation(a, attrOldCVR)
	case "2.0":
		if !encrypted {
			return invalid("Response: the profile wants an encrypted assertion")
		}
		if err := fixed(a, attrSpecVersion, "OIO-SAML-3.0"); err != nil {
			return err
		}
		return x.checkOrganisation(a, attrCVR, attrOrgName)
	}
	return invalid("KombitSpecVer: neither 1.0 nor 2.0")
}

// fixed demands an attribute with one value.
func fixed(a *assertion, name, want string) error {
	value, err := a.single(name)
	if err != nil {
		return err
	}
	if value != want {
		return invalid("attribute with the version: not %s", want)
	}
	return nil
}

// checkOrganisation demands our own CVR number and that the other named attributes are
// there.
func (x *exchange) checkOrganisation(a *assertion, cvrName string, others ...string) error {
	cvr, err := a.single(cvrName)
	if err != nil {
		return err
	}
	missing := !cvrPattern.MatchString(cvr)
	for _, name := range others {
		text, err := a.single(name)
		if err != nil {
			return err
		}
		missing = missing || text == ""
	}
	if missing {
		return invalid("organisation: CVR number or name is missing")
	}
	if cvr != x.cfg.CVR {
		return denied(ReasonOtherOrg, "CVR number: of another organisation")
	}
	return nil
}
