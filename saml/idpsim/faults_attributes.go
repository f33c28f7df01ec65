package idpsim

import (
	"slices"
	"strings"
	"time"
)

// attributeFaults are assertions that say the wrong thing about the person, by the rules of
// the Danish profiles.
func attributeFaults() []Fault {
	oio3 := []string{ProfileOIOSAML3, ProfileNemLogin, ProfileKOMBIT}
	legacyOnly := []string{ProfileOIOSAML2}
	danish := []string{ProfileOIOSAML3, ProfileNemLogin, ProfileKOMBIT, ProfileOIOSAML2}
	organisations := []string{ProfileOIOSAML3, ProfileKOMBIT, ProfileOIOSAML2}
	named := []string{ProfilePlain, ProfileOIOSAML3, ProfileOIOSAML2}
	citizens := []string{ProfileNemLogin}
	kombit := []string{ProfileKOMBIT}
	set := func(profiles []string, name, text, suffix string, values ...string) Fault {
		return Fault{Name: name, Danish: text, profiles: profiles, apply: func(_ *Server, d *draft) {
			d.setAttribute(suffix, values)
		}}
	}
	name := func(profiles []string, name, text, old, replacement string) Fault {
		return Fault{Name: name, Danish: text, profiles: profiles, apply: func(_ *Server, d *draft) {
			d.nameID = strings.Replace(d.nameID, old, replacement, 1)
		}}
	}
	return slices.Concat([]Fault{
		{Name: "no-employee-id", Danish: "Uden medarbejder-id", profiles: named, apply: func(_ *Server, d *draft) {
			d.attributes = slices.DeleteFunc(d.attributes, isEmployeeID)
		}},
		{Name: "two-employee-ids", Danish: "To medarbejder-id'er", profiles: named, apply: func(_ *Server, d *draft) {
			i := slices.IndexFunc(d.attributes, isEmployeeID)
			d.attributes[i].values = append(slices.Clone(d.attributes[i].values), "ATTACKER")
		}},
		{Name: "attribute-twice", Danish: "Samme attribut to gange", apply: func(_ *Server, d *draft) {
			d.attributes = append(d.attributes, attr{name: d.attributes[0].name, values: []string{"ATTACKER"}})
		}},
		{Name: "unknown-level", Danish: "Ukendt sikringsniveau", apply: func(_ *Server, d *draft) {
			d.attributes = slices.DeleteFunc(d.attributes, isLevel)
			d.attributes = append(d.attributes, one(levelName, "Highest"))
		}},
		{Name: "no-level", Danish: "Uden sikringsniveau", profiles: danish, apply: func(_ *Server, d *draft) {
			d.attributes = slices.DeleteFunc(d.attributes, isLevel)
		}},
		set(oio3, "low-level", "For lavt sikringsniveau", levelName, LevelLow),
		set(legacyOnly, "low-level-1", "Sikringsniveau 1", "AssuranceLevel", "1"),
		set(legacyOnly, "level-5", "Sikringsniveau 5", "AssuranceLevel", "5"),
		set(oio3, "two-levels", "To sikringsniveauer", levelName, LevelLow, LevelHigh),
		set(oio3, "no-spec-version", "Uden profilversion", "specVersion"),
		set(oio3, "other-spec-version", "Anden profilversion", "specVersion", "OIO-SAML-2.0"),
		set(legacyOnly, "other-old-spec-version", "Anden profilversion (2.0)", "SpecVer", "DK-SAML-3.0"),
		set([]string{ProfileOIOSAML3, ProfileKOMBIT}, "no-organisation", "Uden organisationsnavn", "orgName"),
		{Name: "other-cvr", Danish: "Anden organisation", profiles: organisations, apply: func(_ *Server, d *draft) {
			d.setAttribute("professional/cvr", []string{"11111111"})
			d.setAttribute("CvrNumberIdentifier", []string{"11111111"})
		}},
		{Name: "no-cvr", Danish: "Uden CVR-nummer", profiles: organisations, apply: func(_ *Server, d *draft) {
			d.setAttribute("professional/cvr", nil)
			d.setAttribute("CvrNumberIdentifier", nil)
		}},
	}, []Fault{
		{Name: "stale-login", Danish: "Gammelt login, hvor et nyt var krævet", profiles: citizens, apply: func(_ *Server, d *draft) {
			d.authnInstant = d.authnInstant.Add(-time.Hour)
		}},
		set(citizens, "no-cpr", "Uden CPR-nummer", "cprNumber"),
		set(citizens, "two-cprs", "To CPR-numre", "cprNumber", "0201609995", "0201609996"),
		set(citizens, "short-cpr", "For kort CPR-nummer", "cprNumber", "020160999"),
		set(citizens, "wordy-cpr", "CPR-nummer med tekst", "cprNumber", "0201609995 ATTACKER"),
		name(citizens, "professional-name", "Medarbejder i stedet for borger", "/eid/person/", "/eid/professional/"),
		name([]string{ProfileOIOSAML3}, "person-name", "Borger i stedet for medarbejder", "/eid/professional/", "/eid/person/"),
		name([]string{ProfileOIOSAML3, ProfileNemLogin}, "name-with-tail", "Navn med tilføjelse", "/uuid/", "/uuid/x/"),
		{
			Name: "other-name-format", Danish: "NameID i andet format", profiles: danish,
			apply: func(_ *Server, d *draft) {
				d.nameFormat = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
			},
		},
		name(kombit, "no-serial", "Navn uden Serial", ",Serial=", ",Number="),
		name(kombit, "two-serials", "Navn med to Serial", ",CN=", ",Serial=00000000-0000-0000-0000-000000000000,CN="),
		name(kombit, "serial-in-name", "Serial i CN", ",CN=", ",CN=x,Serial=00000000-0000-0000-0000-000000000000"),
		name(kombit, "name-of-other-cvr", "Navn i anden organisation", "C=DK,O=", "C=DK,O=11111111,O="),
		set(kombit, "no-kombit-version", "Uden KombitSpecVer", "KombitSpecVer"),
		set(kombit, "other-kombit-version", "Ukendt KombitSpecVer", "KombitSpecVer", "9.0"),
		set(kombit, "privileges-not-base64", "Rettigheder, der ikke kan læses", "privilegesIntermediate", "***"),
		set(kombit, "two-privilege-lists", "To lister af rettigheder", "privilegesIntermediate", "PGEvPg==", "PGEvPg=="),
		{Name: "privileges-under-both-names", Danish: "Rettigheder under begge navne", profiles: kombit, apply: func(_ *Server, d *draft) {
			d.attributes = append(d.attributes, one(legacy+"Privileges_intermediate", privileges(bppNew, nil)))
		}},
		set(kombit, "privileges-with-doctype", "Rettigheder med DOCTYPE", "privilegesIntermediate",
			encode([]byte(`<!DOCTYPE x><b:PrivilegeList xmlns:b="`+bppOld+`"></b:PrivilegeList>`))),
		set(kombit, "privileges-foreign", "Rettigheder i fremmed navnerum", "privilegesIntermediate",
			encode([]byte(`<b:PrivilegeList xmlns:b="urn:x"></b:PrivilegeList>`))),
	})
}

// setAttribute gives the attribute whose name ends in suffix other values, or without any
// takes it away.
func (d *draft) setAttribute(suffix string, values []string) {
	i := slices.IndexFunc(d.attributes, func(a attr) bool { return strings.HasSuffix(a.name, suffix) })
	switch {
	case i < 0:
	case len(values) == 0:
		d.attributes = slices.Delete(d.attributes, i, i+1)
	default:
		d.attributes[i].values = values
	}
}

func isEmployeeID(a attr) bool {
	return strings.HasSuffix(a.name, "/upn") || strings.HasSuffix(a.name, "professional/uuid/persistent") ||
		a.name == "urn:oid:0.9.2342.19200300.100.1.1"
}

func isLevel(a attr) bool { return a.name == levelName || a.name == legacy+"AssuranceLevel" }
