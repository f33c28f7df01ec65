package saml

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// The paths below Config.BaseURL at which the caller mounts the provider.
const (
	PathACS      = "/saml/acs"
	PathLogout   = "/saml/slo"
	PathMetadata = "/saml/metadata"
)

// Profile is the set of rules an assertion has to meet besides SAML's own.
type Profile string

// The profiles.
const (
	// ProfilePlain is SAML 2.0 Web SSO as AD FS and Entra ID speak it.
	ProfilePlain Profile = "plain"
	// ProfileOIOSAML3 is OIOSAML Web SSO 3.0.x for professionals: encrypted assertion,
	// NSIS level, specVersion, organisation.
	ProfileOIOSAML3 Profile = "oiosaml3"
)

// Limits of the SAML rules that a municipality cannot widen.
const (
	maxSkew            = 5 * time.Minute  // OIO-GE-01: three to five minutes
	maxIssueAge        = 10 * time.Minute // how old a message may be when it arrives
	maxRequestLifetime = 60 * time.Minute
)

// Attributes says under which names the provider sends what we need. Names are compared
// exactly; NameFormat is ignored (OIO-AP-03 makes it a SHOULD).
type Attributes struct {
	// EmployeeID is the identifier the driving lists use. Required in every login.
	EmployeeID string `yaml:"employee_id" doc:"Attribute with the identifier that the driving lists use; default the UPN claim (plain) or the professional UUID (oiosaml3)."`
	// Name is the display name. Optional in a login.
	Name string `yaml:"name" doc:"Attribute with the display name; default by profile."`
	// Email is the work mail address. Optional in a login.
	Email string `yaml:"email" doc:"Attribute with the work mail address; default by profile."`
	// Groups may have many values. Optional in a login; empty means that none are read.
	Groups string `yaml:"groups" doc:"Attribute with the groups, of many values; default by profile; empty: none are read."`
}

// Config is one municipality's connection to its identity provider.
type Config struct {
	// BaseURL is where people reach this municipality's site, without a trailing slash:
	// https, or http on loopback for the demo.
	BaseURL string `yaml:"base_url" doc:"Address of this municipality's site without a slash at the end; default public_url."`
	// EntityID names this service provider. Default: BaseURL + PathMetadata.
	EntityID string `yaml:"entity_id" doc:"SAML name of this service provider; default base_url and /saml/metadata."`
	// Profile is "plain" (default) or "oiosaml3".
	Profile Profile `yaml:"profile" doc:"plain (AD FS, Entra ID) or oiosaml3; default plain."`

	// IDPMetadataFile is the provider's metadata as a file. Its certificates are the
	// pinned keys; a change needs a new file.
	IDPMetadataFile string `yaml:"idp_metadata_file" doc:"File with the identity provider's metadata; its certificates are the pinned keys."`
	// IDPMetadata is the metadata document itself, instead of a file.
	IDPMetadata string `yaml:"idp_metadata" doc:"The metadata document itself, instead of a file."`

	// CertificateFile and KeyFile are PEM files of our RSA key (2048 bits or more), used
	// to sign requests and to decrypt assertions. The key file is secret.
	CertificateFile string `yaml:"certificate_file" doc:"PEM file of our RSA certificate (2048 bits or more)."`
	KeyFile         string `yaml:"key_file" doc:"PEM file of its private key; only the service may read it."`

	// Attributes default to the names of the profile, see WithDefaults.
	Attributes Attributes `yaml:"attributes" doc:"Names under which the provider sends what we need."`

	// MinLevel is the lowest level let in: "none", "low", "substantial" or "high".
	// Default: substantial for oiosaml3, none for plain.
	MinLevel string `yaml:"min_level" doc:"Lowest level let in: none, low, substantial or high; default none (plain), substantial (oiosaml3)."`
	// CVR is the municipality's eight-digit company number. With oiosaml3 a login of
	// another organisation is denied. Required for oiosaml3.
	CVR string `yaml:"cvr" doc:"The municipality's eight-digit company number; required for oiosaml3."`
	// ForceAuthn asks the provider for a fresh login each time.
	ForceAuthn bool `yaml:"force_authn" doc:"Ask the provider for a fresh login each time; default false."`
	// AllowCBC also accepts AES-CBC, which some older providers cannot do without. CBC
	// carries no integrity of its own; leave it off where the provider can do GCM.
	AllowCBC bool `yaml:"allow_cbc" doc:"Accept AES-CBC too, for providers without GCM; default false."`

	// Skew is how far clocks may differ: default 3 minutes, at most 5.
	Skew time.Duration `yaml:"skew" doc:"How far clocks may differ; default 3m, at most 5m."`
	// RequestLifetime is how long a person has to finish a login: default 20 minutes, at
	// most 60.
	RequestLifetime time.Duration `yaml:"request_lifetime" doc:"How long a person has to finish a login; 1m to 60m, default 20m."`
	// MaxValidity is how long after its issue an assertion may be valid: default 1 hour.
	MaxValidity time.Duration `yaml:"max_validity" doc:"How long after its issue an assertion may be valid; 1m to 24h, default 1h."`
}

// The attribute names of OIOSAML 3.0, https://data.gov.dk.
const (
	attrSpecVersion = "https://data.gov.dk/model/core/specVersion"
	attrLevel       = "https://data.gov.dk/concept/core/nsis/loa"
	attrFullName    = "https://data.gov.dk/model/core/eid/fullName"
	attrEmail       = "https://data.gov.dk/model/core/eid/email"
	attrUUID        = "https://data.gov.dk/model/core/eid/professional/uuid/persistent"
	attrCVR         = "https://data.gov.dk/model/core/eid/professional/cvr"
	attrOrgName     = "https://data.gov.dk/model/core/eid/professional/orgName"
)

// The claim names of AD FS and Entra ID.
const (
	claimUPN    = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"
	claimName   = "http://schemas.microsoft.com/identity/claims/displayname"
	claimEmail  = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
	claimGroups = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"
)

// WithDefaults returns a copy in which every field that was left out has its default:
// the claim names of Entra ID and AD FS for plain, those of OIOSAML for oiosaml3.
func (c Config) WithDefaults() Config {
	setDefault(&c.Profile, ProfilePlain)
	setDefault(&c.Skew, 3*time.Minute)
	setDefault(&c.RequestLifetime, 20*time.Minute)
	setDefault(&c.MaxValidity, time.Hour)
	if c.BaseURL != "" {
		setDefault(&c.EntityID, c.BaseURL+PathMetadata)
	}
	if c.Profile == ProfileOIOSAML3 {
		setDefault(&c.MinLevel, "substantial")
		setDefault(&c.Attributes.EmployeeID, attrUUID)
		setDefault(&c.Attributes.Name, attrFullName)
		setDefault(&c.Attributes.Email, attrEmail)
		return c
	}
	setDefault(&c.MinLevel, "none")
	setDefault(&c.Attributes.EmployeeID, claimUPN)
	setDefault(&c.Attributes.Name, claimName)
	setDefault(&c.Attributes.Email, claimEmail)
	setDefault(&c.Attributes.Groups, claimGroups)
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Validate returns every problem of the configuration, each naming its field, and nil
// when there is none. Files are read by New, not here. Defaults are applied first.
func (c Config) Validate() []error {
	c = c.WithDefaults()
	var problems []error
	report := func(bad bool, text string) {
		if bad {
			problems = append(problems, errors.New(text))
		}
	}
	if err := checkURL(c.BaseURL); err != nil {
		problems = append(problems, fmt.Errorf("base_url: %w", err))
	}
	_, levelKnown := c.minLevel()
	report(c.BaseURL != "" && c.BaseURL[len(c.BaseURL)-1] == '/', "base_url: must not end with a slash")
	report(len(c.EntityID) > 1024, "entity_id: longer than 1024 characters (SAML core §8.3.6)")
	report(c.Profile != ProfilePlain && c.Profile != ProfileOIOSAML3, `profile: must be "plain" or "oiosaml3"`)
	report((c.IDPMetadataFile == "") == (c.IDPMetadata == ""),
		"idp_metadata_file: give either the file or idp_metadata")
	report(c.CertificateFile == "", "certificate_file: missing")
	report(c.KeyFile == "", "key_file: missing")
	report(!levelKnown, "min_level: must be none, low, substantial or high")
	report(c.Profile == ProfileOIOSAML3 && c.CVR == "", "cvr: required for oiosaml3")
	report(c.CVR != "" && !regexp.MustCompile(`^\d{8}$`).MatchString(c.CVR), "cvr: must be eight digits")
	report(c.Skew < 0 || c.Skew > maxSkew, "skew: must be between 0 and 5 minutes")
	report(c.RequestLifetime < time.Minute || c.RequestLifetime > maxRequestLifetime,
		"request_lifetime: must be between 1 and 60 minutes")
	report(c.MaxValidity < time.Minute || c.MaxValidity > 24*time.Hour,
		"max_validity: must be between 1 minute and 24 hours")
	return problems
}

func (c Config) minLevel() (care.Assurance, bool) {
	switch c.MinLevel {
	case "none":
		return care.NoAssurance, true
	case "low":
		return care.LowAssurance, true
	case "substantial":
		return care.Substantial, true
	case "high":
		return care.HighAssurance, true
	}
	return care.NoAssurance, false
}

// checkURL accepts https anywhere and http on loopback.
func checkURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return errors.New("must be an absolute URL without user and fragment")
	}
	if u.Scheme == "https" || (u.Scheme == "http" && isLoopback(u.Hostname())) {
		return nil
	}
	return errors.New("must be https (http only on loopback)")
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
