package idpsim

import (
	"encoding/base64"
	"fmt"
	"strings"
)

const (
	claims = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
	legacy = "dk:gov:saml:attribute:"
	eid    = modelName + "eid/"
	// The namespaces bppOld and bppNew are the namespaces of OIO-BPP 1.0/1.1 and 1.2.
	bppOld = "http://itst.dk/oiosaml/basic_privilege_profile"
	bppNew = "http://digst.dk/oiosaml/basic_privilege_profile"
)

// nameID returns the user's name and its format in the profile: a key of its own in plain,
// a UUID in OIOSAML, a distinguished name with the UUID as serial number at KOMBIT.
func (s *Server) nameID(u User) (value, format string) {
	switch s.opts.Profile {
	case ProfileOIOSAML3, ProfileNemLogin:
		kind := "professional"
		if u.Citizen() {
			kind = "person"
		}
		return eid + kind + "/uuid/" + uuidOf(u), persistent
	case ProfileKOMBIT:
		return fmt.Sprintf("C=DK,O=%s,CN=%s,Serial=%s", s.opts.CVR, u.Name, uuidOf(u)), x509SubjectName
	}
	return "staff-" + strings.ToLower(uuidOf(u)[:13]), persistent
}

func one(name, value string) attr { return attr{name: name, values: []string{value}} }

// attributes returns what the profile says about a user who logs in at a level.
func (s *Server) attributes(u User) []attr {
	switch {
	case s.opts.Profile == ProfilePlain:
		return plainAttributes(u)
	case s.opts.Profile == ProfileOIOSAML2:
		return s.oiosaml2Attributes(u)
	case s.opts.Profile == ProfileKOMBIT:
		return s.kombitAttributes(u)
	case u.Citizen():
		return personAttributes(u)
	}
	return s.professionalAttributes(u)
}

func plainAttributes(u User) []attr {
	list := []attr{
		one(claims+"upn", u.ID),
		one("http://schemas.microsoft.com/identity/claims/displayname", u.Name),
		one(claims+"emailaddress", u.Email),
		{name: "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups", values: u.Groups},
		// Entra sends this one with several values too.
		{name: "http://schemas.microsoft.com/claims/authnmethodsreferences", values: []string{"password", "multipleauthn"}},
	}
	if u.Level != "" {
		list = append(list, one(levelName, u.Level))
	}
	return list
}

// personAttributes are those of a citizen at NemLog-in 3.
func personAttributes(u User) []attr {
	return []attr{
		one(modelName+"specVersion", "OIO-SAML-3.0"),
		one(levelName, u.Level),
		one("https://data.gov.dk/concept/core/nsis/ial", u.Level),
		one("https://data.gov.dk/concept/core/nsis/aal", u.Level),
		one(eid+"cprNumber", u.CPR),
		one(eid+"cprUuid", uuidOf(User{ID: "cpr " + u.CPR})),
		one(eid+"fullName", u.Name),
		one(eid+"firstName", u.FirstName),
		one(eid+"lastName", u.LastName),
	}
}

// professionalAttributes are those of an employee in OIOSAML 3.
func (s *Server) professionalAttributes(u User) []attr {
	return []attr{
		one(modelName+"specVersion", "OIO-SAML-3.0"),
		one(levelName, u.Level),
		one(eid+"professional/uuid/persistent", uuidOf(u)),
		one(eid+"professional/rid", u.ID),
		one(eid+"professional/cvr", s.opts.CVR),
		one(eid+"professional/orgName", s.opts.Organisation),
		one(eid+"fullName", u.Name),
		one(eid+"email", u.Email),
		{name: "https://testkommunen.example/groups", values: u.Groups},
	}
}

// oiosaml2Attributes are those of OIOSAML 2.0.9.
func (s *Server) oiosaml2Attributes(u User) []attr {
	list := []attr{
		one(legacy+"SpecVer", "DK-SAML-2.0"),
		one(legacy+"AssuranceLevel", assuranceLevel(u.Level)),
		one("urn:oid:2.5.4.3", u.Name),
		one("urn:oid:0.9.2342.19200300.100.1.1", u.ID),
		one("urn:oid:0.9.2342.19200300.100.1.3", u.Email),
		one("urn:oid:2.5.4.10", s.opts.Organisation),
	}
	if u.Citizen() {
		return append(list, one(legacy+"CprNumberIdentifier", u.CPR))
	}
	list = append(list, one(legacy+"CvrNumberIdentifier", s.opts.CVR), one(legacy+"RidNumberIdentifier", u.ID))
	if len(u.Privileges) > 0 {
		list = append(list, one(legacy+"Privileges_intermediate", privileges(bppNew, u.Privileges)))
	}
	return list
}

// kombitAttributes are those of the Context Handler in either generation.
func (s *Server) kombitAttributes(u User) []attr {
	groups := u.Privileges
	if groups == nil && len(u.Groups) > 0 {
		group := PrivilegeGroup{Scope: "urn:dk:gov:saml:cvrNumberIdentifier:" + s.opts.CVR}
		for _, name := range u.Groups {
			group.Roles = append(group.Roles, RoleURI(name))
		}
		groups = []PrivilegeGroup{group}
	}
	if s.opts.KombitVersion == "1.0" {
		return []attr{
			one(legacy+"SpecVer", "DK-SAML-2.0"),
			one(legacy+"KombitSpecVer", s.opts.KombitVersion),
			one(legacy+"AssuranceLevel", assuranceLevel(u.Level)),
			one(legacy+"CvrNumberIdentifier", s.opts.CVR),
			one(legacy+"Privileges_intermediate", privileges(bppOld, groups)),
		}
	}
	return []attr{
		one(modelName+"specVersion", "OIO-SAML-3.0"),
		one(legacy+"KombitSpecVer", s.opts.KombitVersion),
		one(levelName, u.Level),
		one(eid+"professional/cvr", s.opts.CVR),
		one(eid+"professional/orgName", s.opts.Organisation),
		one(eid+"email", u.Email),
		one(eid+"privilegesIntermediate", privileges(bppOld, groups)),
	}
}

// assuranceLevel is the NIST number that KOMBIT maps to an NSIS level.
func assuranceLevel(nsis string) string {
	switch nsis {
	case LevelLow:
		return "2"
	case LevelSubstantial:
		return "3"
	case LevelHigh:
		return "4"
	}
	return "1"
}

// privileges writes groups as OIO-BPP: a qualified root with unqualified children, in base64.
func privileges(namespace string, groups []PrivilegeGroup) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><bpp:PrivilegeList xmlns:bpp="` + namespace + `">`)
	for _, g := range groups {
		b.WriteString(`<PrivilegeGroup Scope="` + quoted(g.Scope) + `">`)
		for _, role := range g.Roles {
			b.WriteString(`<Privilege>` + text(role) + `</Privilege>`)
		}
		for _, c := range g.Constraints {
			b.WriteString(`<Constraint Name="` + quoted(c.Name) + `">` + text(c.Value) + `</Constraint>`)
		}
		b.WriteString(`</PrivilegeGroup>`)
	}
	b.WriteString(`</bpp:PrivilegeList>`)
	return base64.StdEncoding.EncodeToString([]byte(b.String()))
}
