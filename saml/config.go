package saml

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// The paths below Config.BaseURL at which the caller mounts a provider for employees, and
// those for persons.
const (
	PathACS            = "/saml/acs"
	PathLogout         = "/saml/slo"
	PathMetadata       = "/saml/metadata"
	PathPersonACS      = "/saml/borger/acs"
	PathPersonLogout   = "/saml/borger/slo"
	PathPersonMetadata = "/saml/borger/metadata"
)

// Paths are where a provider is mounted below Config.BaseURL.
type Paths struct {
	ACS, Logout, Metadata string
}

// Profile is the set of rules an assertion has to meet besides SAML's own.
type Profile string

// The profiles.
const (
	// ProfilePlain is SAML 2.0 Web SSO as AD FS and Entra ID speak it.
	ProfilePlain Profile = "plain"
	// ProfileOIOSAML3 is OIOSAML Web SSO 3.0.x: encrypted assertion, NSIS level,
	// specVersion; organisation of a professional, CPR number of a person.
	ProfileOIOSAML3 Profile = "oiosaml3"
	// ProfileOIOSAML2 is OIOSAML Web SSO 2.0.9 for professionals, as older local providers
	// speak it: levels 1 to 4 in place of NSIS.
	ProfileOIOSAML2 Profile = "oiosaml2"
	// ProfileKOMBIT is the Context Handler of the common municipal infrastructure, in its
	// generations on OIOSAML 2 and 3.
	ProfileKOMBIT Profile = "kombit"
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
	EmployeeID string `yaml:"employee_id" doc:"Attribute with the identifier that the driving lists use; default by profile: the UPN claim (plain), the professional UUID (oiosaml3), uid (oiosaml2); empty with kombit: the UUID in the name."`
	// Name is the display name. Optional in a login.
	Name string `yaml:"name" doc:"Attribute with the display name; default by profile."`
	// Email is the work mail address. Optional in a login.
	Email string `yaml:"email" doc:"Attribute with the work mail address; default by profile."`
	// Groups may have many values. Optional in a login; empty means that none are read.
	Groups string `yaml:"groups" doc:"Attribute with the groups, of many values; default by profile; empty: none are read."`
}

// Config is one municipality's connection to one identity provider.
type Config struct {
	// Audience is who logs in here: Professional (default) or Person. The composition root
	// sets it, by the section of the file.
	Audience Audience `yaml:"-"`
	// Paths are where the provider is mounted; default by audience.
	Paths Paths `yaml:"-"`

	// BaseURL is where people reach this municipality's site, without a trailing slash:
	// https, or http on loopback for the demo.
	BaseURL string `yaml:"base_url" doc:"Address of this municipality's site without a slash at the end; default public_url."`
	// EntityID names this service provider. Default: BaseURL + Paths.Metadata.
	EntityID string `yaml:"entity_id" doc:"SAML name of this service provider; default base_url and the path of our metadata, /saml/metadata."`
	// Profile is "plain" (default), "oiosaml3", "oiosaml2" or "kombit"; persons log in
	// with oiosaml3 only.
	Profile Profile `yaml:"profile" doc:"plain (AD FS, Entra ID), oiosaml3 (NemLog-in, local providers), oiosaml2 (older local providers) or kombit (Context Handler); default plain."`

	// IDPMetadataFile is the provider's metadata as a file. Its certificates are the
	// pinned keys; without IDPMetadataURL a change needs a new file.
	IDPMetadataFile string `yaml:"idp_metadata_file" doc:"File with the identity provider's metadata; its certificates are the pinned keys."`
	// IDPMetadata is the metadata document itself, instead of a file.
	IDPMetadata string `yaml:"idp_metadata" doc:"The metadata document itself, instead of a file."`
	// IDPMetadataURL is where the metadata is read anew every six hours. What is found
	// there is believed only as far as IDPFingerprints go.
	IDPMetadataURL string `yaml:"idp_metadata_url" doc:"https address at which the provider's metadata is read every 6 hours, besides or in place of the file; needs idp_fingerprints."`
	// IDPFingerprints are the SHA-256 of the provider's signing certificates that a person
	// has confirmed with the provider: 64 hex digits each, colons allowed.
	IDPFingerprints []string `yaml:"idp_fingerprints" doc:"SHA-256 of the provider's signing certificates that you have confirmed with the provider; see sluse login fingerprints."`
	// IDPEntityID is the provider's SAML name, required with a URL and no file, so that
	// the address cannot become another provider's.
	IDPEntityID string `yaml:"idp_entity_id" doc:"The provider's SAML name; required with idp_metadata_url and no file."`

	// CertificateFile and KeyFile are PEM files of our RSA key (2048 bits or more), used
	// to sign requests and to decrypt assertions. The key file is secret.
	CertificateFile string `yaml:"certificate_file" doc:"PEM file of our RSA certificate (2048 bits or more)."`
	KeyFile         string `yaml:"key_file" doc:"PEM file of its private key; only the service may read it."`
	// NextCertificateFile and NextKeyFile are the pair that will follow: it is published
	// and can decrypt, but signs nothing yet.
	NextCertificateFile string `yaml:"next_certificate_file" doc:"PEM file of the certificate that will follow; published in our metadata, used to decrypt, not yet to sign."`
	NextKeyFile         string `yaml:"next_key_file" doc:"PEM file of its private key."`

	// Attributes default to the names of the profile, see WithDefaults.
	Attributes Attributes `yaml:"attributes" doc:"Names under which the provider sends what we need."`

	// MinLevel is the lowest level let in: "none", "low", "substantial" or "high".
	// Default: none for plain, substantial for the others.
	MinLevel string `yaml:"min_level" doc:"Lowest level let in: none, low, substantial or high; default none (plain), else substantial."`
	// CVR is the municipality's eight-digit company number. A professional of another
	// organisation is denied; privileges count only where their scope is this number.
	// Required for professionals of every profile but plain.
	CVR string `yaml:"cvr" doc:"The municipality's eight-digit company number; required for every profile but plain."`
	// ForceAuthn asks the provider for a fresh login each time. Persons always log in
	// afresh: a shared tablet must not bring back who used it last.
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
	known := slices.Contains([]Profile{ProfilePlain, ProfileOIOSAML3, ProfileOIOSAML2, ProfileKOMBIT}, c.Profile)
	report(!known, `profile: must be "plain", "oiosaml3", "oiosaml2" or "kombit"`)
	report(c.persons() && known && c.Profile != ProfileOIOSAML3, `profile: citizens log in with "oiosaml3"`)
	problems = append(problems, c.validateIDP()...)
	report(c.CertificateFile == "", "certificate_file: missing")
	report(c.KeyFile == "", "key_file: missing")
	report((c.NextCertificateFile == "") != (c.NextKeyFile == ""),
		"next_certificate_file: give both it and next_key_file, or neither")
	report(!levelKnown, "min_level: must be none, low, substantial or high")
	report(known && c.Profile != ProfilePlain && !c.persons() && c.CVR == "", "cvr: required for "+string(c.Profile))
	report(c.CVR != "" && !regexp.MustCompile(`^\d{8}$`).MatchString(c.CVR), "cvr: must be eight digits")
	report(c.Skew < 0 || c.Skew > maxSkew, "skew: must be between 0 and 5 minutes")
	report(c.RequestLifetime < time.Minute || c.RequestLifetime > maxRequestLifetime,
		"request_lifetime: must be between 1 and 60 minutes")
	report(c.MaxValidity < time.Minute || c.MaxValidity > 24*time.Hour,
		"max_validity: must be between 1 minute and 24 hours")
	return problems
}

// validateIDP returns what is wrong with where the provider's metadata comes from.
func (c Config) validateIDP() []error {
	var problems []error
	report := func(bad bool, text string) {
		if bad {
			problems = append(problems, errors.New(text))
		}
	}
	local := c.IDPMetadataFile != "" || c.IDPMetadata != ""
	report(c.IDPMetadataFile != "" && c.IDPMetadata != "", "idp_metadata_file: give either the file or idp_metadata")
	report(!local && c.IDPMetadataURL == "", "idp_metadata_file: give a file or idp_metadata_url")
	if c.IDPMetadataURL == "" {
		report(len(c.IDPFingerprints) > 0, "idp_fingerprints: needs idp_metadata_url")
		return problems
	}
	if err := checkURL(c.IDPMetadataURL); err != nil {
		problems = append(problems, fmt.Errorf("idp_metadata_url: %w", err))
	}
	report(len(c.IDPFingerprints) == 0, "idp_fingerprints: required with idp_metadata_url")
	report(!local && c.IDPEntityID == "", "idp_entity_id: required with idp_metadata_url and no file")
	for _, text := range c.IDPFingerprints {
		if _, err := parseFingerprint(text); err != nil {
			problems = append(problems, fmt.Errorf("idp_fingerprints: %w", err))
		}
	}
	return problems
}

// persons says whether citizens log in here.
func (c Config) persons() bool { return c.Audience == Person }

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
