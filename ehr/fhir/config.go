package fhir

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// Class is the code system of Encounter.class.
type Class string

// The classes.
const (
	ClassKL Class = "kl" // KL's CareSocialCodes: Skærmbesøg, Telefonisk (eoj.md §3.3)
	ClassVR Class = "vr" // HL7's VR, which does not separate video from telephone
)

// ETag is how If-Match is written.
type ETag string

// The forms (eoj.md §3.2). Both are understood when they are read.
const (
	ETagWeak   ETag = "weak"   // W/"3", as FHIR says
	ETagStrong ETag = "strong" // "3", as FUT's examples show
)

// Config holds the settings of one FHIR record.
type Config struct {
	BaseURL        string        `yaml:"base_url" doc:"Address of the FHIR R4 base, https except to loopback; required."`
	AllowPlain     bool          `yaml:"allow_plain" doc:"Allow http to a host that is not loopback, for a proxy on a private network; default false."`
	TokenURL       string        `yaml:"token_url" doc:"Address of the OAuth2 token endpoint for client credentials; empty means that the record needs no token."`
	ClientID       string        `yaml:"client_id" doc:"Client id at the token endpoint; required with token_url."`
	ClientSecret   care.Secret   `yaml:"client_secret" doc:"Client secret at the token endpoint; required with token_url unless private_key is set."`
	PrivateKey     care.Secret   `yaml:"private_key" doc:"Private key of the client in PEM for SMART backend services in place of a secret: RSA of 2048 bits or more (RS384) or curve P-384 (ES384); from a file or the environment."`
	KeyID          string        `yaml:"key_id" doc:"Id (kid) under which the record knows the public key; default the key's RFC 7638 thumbprint, as sluse record jwks prints it."`
	Audience       string        `yaml:"audience" doc:"Audience of the signed assertion; default token_url."`
	Scopes         []string      `yaml:"scopes" doc:"Scopes asked for at the token endpoint; default none."`
	SecretInBody   bool          `yaml:"secret_in_body" doc:"Send client id and secret as form fields instead of HTTP Basic; default false."`
	ConnectTimeout time.Duration `yaml:"connect_timeout" doc:"Limit for connecting, as a duration; default 5s, 100ms to 1m."`
	Timeout        time.Duration `yaml:"timeout" doc:"Limit for one call, as a duration; default 30s, 100ms to 10m."`

	ETag                 ETag  `yaml:"etag" doc:"Form of If-Match: weak (W/\"3\") or strong (\"3\"); default weak."`
	Class                Class `yaml:"class" doc:"Codes of Encounter.class: kl (Skærmbesøg, Telefonisk) or vr (HL7's virtual); default kl."`
	SkipPlannedEncounter bool  `yaml:"skip_planned_encounter" doc:"Write no Encounter before the visit is completed, which saves one call per planned visit; default false."`
	Stages               bool  `yaml:"stages" doc:"Tell how far a visit has come while it goes on: Appointment arrived and Encounter arrived when the citizen is let in, Encounter in-progress when both are in the room, with statusHistory; two to four calls more per visit. Default false."`
	LookFirst            bool  `yaml:"look_first" doc:"Search before every create, for a record that ignores If-None-Exist, at one or two calls more per planned visit; default false."`
	NoRevinclude         bool  `yaml:"no_revinclude" doc:"Search Appointment and Encounter one by one, for a record that refuses _revinclude; default false."`

	VisitSystem    string `yaml:"visit_system" doc:"Identifier system of a visit on Appointment and Encounter, a URI that never changes once in use; default urn:x-sluse:id:visit."`
	EntrySystem    string `yaml:"entry_system" doc:"Identifier system of our idempotency keys, a URI; default urn:x-sluse:id:entry."`
	EmployeeSystem string `yaml:"employee_system" doc:"Identifier system of employees' initials or numbers in the record, a URI; default urn:x-sluse:id:employee."`
	ReasonSystem   string `yaml:"reason_system" doc:"Code system of cancellation reasons, a URI; default urn:x-sluse:cs:reason."`
	Lists          Lists  `yaml:"lists" doc:"How driving lists are read from the record."`

	ReplacementSystem string `yaml:"replacement_system" doc:"Identifier system of replacement person numbers that are not national X-eCPR; default none, the identifier then has a type text only."`
	CitizenSystem     string `yaml:"citizen_system" doc:"Identifier system of the record's own ids of citizens who have no CPR number, a URI; default none, the identifier then has a type text only."`
}

// SetDefaults fills in what is not set.
func (c *Config) SetDefaults() {
	fill(&c.ConnectTimeout, 5*time.Second)
	fill(&c.Timeout, 30*time.Second)
	fill(&c.ETag, ETagWeak)
	fill(&c.Class, ClassKL)
	fill(&c.VisitSystem, "urn:x-sluse:id:visit")
	fill(&c.EntrySystem, "urn:x-sluse:id:entry")
	fill(&c.EmployeeSystem, "urn:x-sluse:id:employee")
	fill(&c.ReasonSystem, "urn:x-sluse:cs:reason")
	c.Lists.setDefaults()
}

func fill[T comparable](value *T, fallback T) {
	var zero T
	if *value == zero {
		*value = fallback
	}
}

// Validate returns every problem at once.
func (c Config) Validate() []error {
	var problems []error

	bad := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }

	if !isAddress(c.BaseURL) {
		bad("base_url: must be an absolute http or https address without credentials, query or fragment")
	}

	if c.TokenURL != "" {
		if !isAddress(c.TokenURL) {
			bad("token_url: must be an absolute http or https address without credentials, query or fragment")
		}

		if c.ClientID == "" || c.ClientSecret.IsZero() == c.PrivateKey.IsZero() {
			bad("client_id and either client_secret or private_key: are required with token_url")
		}
	}

	if c.ConnectTimeout < 100*time.Millisecond || c.ConnectTimeout > time.Minute {
		bad("connect_timeout: must be 100ms to 1m")
	}

	if c.Timeout < 100*time.Millisecond || c.Timeout > 10*time.Minute {
		bad("timeout: must be 100ms to 10m")
	}

	if c.ETag != ETagWeak && c.ETag != ETagStrong {
		bad("etag: must be weak or strong")
	}

	if c.Class != ClassKL && c.Class != ClassVR {
		bad("class: must be kl or vr")
	}

	if c.Stages && c.SkipPlannedEncounter {
		bad("stages: need the planned Encounter, so skip_planned_encounter must be false")
	}

	if !c.PrivateKey.IsZero() {
		if _, err := parseKey(c.PrivateKey); err != nil {
			bad("private_key: %w", err)
		}
	}

	problems = append(problems, c.Lists.validate()...)

	return append(problems, c.validateSystems()...)
}

func (c Config) validateSystems() []error {
	var problems []error

	for _, s := range []struct{ key, value string }{
		{"visit_system", c.VisitSystem},
		{"entry_system", c.EntrySystem},
		{"employee_system", c.EmployeeSystem},
		{"reason_system", c.ReasonSystem},
	} {
		if !isURI(s.value) {
			problems = append(problems, fmt.Errorf("%s: must be an absolute URI", s.key))
		}
	}

	if c.ReplacementSystem != "" && !isURI(c.ReplacementSystem) {
		problems = append(problems, errors.New("replacement_system: must be an absolute URI"))
	}

	if c.CitizenSystem != "" && !isURI(c.CitizenSystem) {
		problems = append(problems, errors.New("citizen_system: must be an absolute URI"))
	}

	if c.VisitSystem == c.EntrySystem {
		problems = append(problems, errors.New("entry_system: must differ from visit_system"))
	}

	return problems
}

func isAddress(text string) bool {
	u, err := url.Parse(text)

	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil &&
		u.RawQuery == "" && u.Fragment == ""
}

func isURI(text string) bool {
	u, err := url.Parse(text)

	return err == nil && u.IsAbs()
}
