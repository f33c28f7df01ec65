package saml

import "time"

// The attribute names of OIOSAML 3.0, https://data.gov.dk.
const (
	attrSpecVersion = "https://data.gov.dk/model/core/specVersion"
	attrLevel       = "https://data.gov.dk/concept/core/nsis/loa"
	attrFullName    = "https://data.gov.dk/model/core/eid/fullName"
	attrEmail       = "https://data.gov.dk/model/core/eid/email"
	attrCPR         = "https://data.gov.dk/model/core/eid/cprNumber"
	attrUUID        = "https://data.gov.dk/model/core/eid/professional/uuid/persistent"
	attrCVR         = "https://data.gov.dk/model/core/eid/professional/cvr"
	attrOrgName     = "https://data.gov.dk/model/core/eid/professional/orgName"
	attrPrivileges  = "https://data.gov.dk/model/core/eid/privilegesIntermediate"
)

// The attribute names of OIOSAML 2.0.9 and of the Context Handler.
const (
	attrOldSpecVersion = "dk:gov:saml:attribute:SpecVer"
	attrOldLevel       = "dk:gov:saml:attribute:AssuranceLevel"
	attrOldCVR         = "dk:gov:saml:attribute:CvrNumberIdentifier"
	attrOldPrivileges  = "dk:gov:saml:attribute:Privileges_intermediate"
	attrKombitVersion  = "dk:gov:saml:attribute:KombitSpecVer"
	attrUID            = "urn:oid:0.9.2342.19200300.100.1.1"
	attrCommonName     = "urn:oid:2.5.4.3"
	attrOldEmail       = "urn:oid:0.9.2342.19200300.100.1.3"
)

// The claim names of AD FS and Entra ID.
const (
	claimUPN    = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"
	claimName   = "http://schemas.microsoft.com/identity/claims/displayname"
	claimEmail  = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
	claimGroups = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"
)

// WithDefaults returns a copy in which every field that was left out has its default.
func (c Config) WithDefaults() Config {
	setDefault(&c.Audience, Professional)
	if c.persons() {
		setDefault(&c.Paths, Paths{ACS: PathPersonACS, Logout: PathPersonLogout, Metadata: PathPersonMetadata})
		setDefault(&c.Profile, ProfileOIOSAML3)
	}
	setDefault(&c.Paths, Paths{ACS: PathACS, Logout: PathLogout, Metadata: PathMetadata})
	setDefault(&c.Profile, ProfilePlain)
	setDefault(&c.Skew, 3*time.Minute)
	setDefault(&c.RequestLifetime, 20*time.Minute)
	setDefault(&c.MaxValidity, time.Hour)
	if c.BaseURL != "" {
		setDefault(&c.EntityID, c.BaseURL+c.Paths.Metadata)
	}
	if c.Profile == ProfilePlain {
		setDefault(&c.MinLevel, "none")
	}
	setDefault(&c.MinLevel, "substantial")
	names := defaultAttributes(c.Profile, c.Audience)
	setDefault(&c.Attributes.EmployeeID, names.EmployeeID)
	setDefault(&c.Attributes.Name, names.Name)
	setDefault(&c.Attributes.Email, names.Email)
	setDefault(&c.Attributes.Groups, names.Groups)
	return c
}

// defaultAttributes returns the names that a provider of the profile uses by itself.
func defaultAttributes(profile Profile, audience Audience) Attributes {
	switch {
	case audience == Person:
		return Attributes{Name: attrFullName} // a citizen's mail address is not ours to know
	case profile == ProfileOIOSAML3:
		return Attributes{EmployeeID: attrUUID, Name: attrFullName, Email: attrEmail}
	case profile == ProfileOIOSAML2:
		return Attributes{EmployeeID: attrUID, Name: attrCommonName, Email: attrOldEmail}
	case profile == ProfileKOMBIT:
		return Attributes{Email: attrEmail} // identifier and name stand in the NameID
	}
	return Attributes{EmployeeID: claimUPN, Name: claimName, Email: claimEmail, Groups: claimGroups}
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
