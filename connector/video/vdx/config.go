package vdx

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"strings"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// The generations of the API.
const (
	Version1 = "v1" // HAL bodies, behind a gateway that knows us by certificate
	Version2 = "v2" // behind /v2, with bearer tokens
)

// The ways to prove who we are.
const (
	AuthOAuth   = "oauth"          // client credentials; v2
	AuthSTS     = "sts"            // a system certificate (OIO IDWS REST); v1
	AuthSession = "session_header" // inside the gateway, which would add the header itself; v1
)

// The platform calls other services for every request and has no time limits of its own
// (vdx.md §7), so ours must not be shorter than this.
const minTimeout, maxTimeout = 30 * time.Second, 5 * time.Minute

// defaultLink has the shape of the public example (vdx.md §9).
const defaultLink = "{portal}?conference={address}&pin={pin}&join=1"

const maxEmail = 100 // characters (vdx.md §1.5)

// Config tells how a municipality reaches VDX.
type Config struct {
	Version           string        `yaml:"version" doc:"Generation of the API: v1 or v2; default v2."`
	BaseURL           string        `yaml:"base_url" doc:"Base of the video API without /v2, for example https://videoapi.vconf.dk/videoapi; https unless loopback; no default."`
	Auth              string        `yaml:"auth" doc:"How we prove who we are: oauth (client credentials; v2), sts (system certificate; v1) or session_header (v1, for an installation inside the gateway); default oauth for v2, sts for v1."`
	TokenURL          string        `yaml:"token_url" doc:"With oauth: token endpoint of the platform's identity server; https unless loopback; no default."`
	ClientID          string        `yaml:"client_id" doc:"With oauth: client id for the client credentials grant; no default."`
	ClientSecret      care.Secret   `yaml:"client_secret" doc:"With oauth: client secret; from a file or the environment; no default."`
	STSURL            string        `yaml:"sts_url" doc:"With sts: issue endpoint of the security token service, for example https://sts.vconf.dk/sts/service/sts; https unless loopback; no default."`
	Audience          string        `yaml:"audience" doc:"With sts: common name of the services; default urn:medcom:videoapi."`
	Signature         string        `yaml:"signature" doc:"With sts: hash of the request's signature, sha256 or sha1 (only for a service that refuses the other); default sha256."`
	CertificateFile   string        `yaml:"certificate_file" doc:"PEM file of the system certificate (RSA), that of its issuer after it; needed with sts, else shown to a peer that asks for one; no default."`
	KeyFile           string        `yaml:"key_file" doc:"PEM file of the certificate's private key, unencrypted; only the service may read it; no default."`
	CAFile            string        `yaml:"ca_file" doc:"PEM file of the authorities that are trusted instead of the system's; empty (default): the system's."`
	Session           Session       `yaml:"session" doc:"With session_header: what stands in the header."`
	OrganizedByEmail  string        `yaml:"organized_by_email" doc:"Address that VDX shows as the organizer of every meeting, at most 100 characters; VDX heeds it only when we are planner or administrator there; empty (default): the address of our certificate or client."`
	Pool              bool          `yaml:"pool" doc:"Take the room of an ad-hoc call from the organisation's pool, which is ready at once and has PINs of its own; the pool's template must have both PINs and room for enough people; default false: a room of its own is made."`
	HistoryURL        string        `yaml:"history_url" doc:"Base of the history API, for example https://historyapi.vconf.dk; empty (default): the platform tells nothing about who was in a room."`
	HistoryKey        care.Secret   `yaml:"history_key" doc:"Key of the history API as shown in VDX Management; needed with history_url; from a file or the environment."`
	HistoryUnfiltered bool          `yaml:"history_unfiltered" doc:"Do not ask the history API for one room only, for an installation that refuses the filter; default false."`
	OrganisationURL   string        `yaml:"organisation_url" doc:"Base of the organisation API, without /services; doctor alone reads it, to look at our organisation's settings for SMS and pool, and VDX demands the role administrator for it; empty (default): not looked at."`
	HostLink          string        `yaml:"host_link" doc:"Template of the link that opens a room as host; {portal} is the portal's address from VDX, {address} the room, {pin} the host PIN; default {portal}?conference={address}&pin={pin}&join=1."`
	GuestLink         string        `yaml:"guest_link" doc:"Template of the guest link, used when the link from VDX is stale or unsafe; placeholders and default as host_link."`
	AllowPlainHTTP    bool          `yaml:"allow_plain_http" doc:"Allow http to a host other than loopback, for a proxy on the same private network; default false."`
	ConnectTimeout    time.Duration `yaml:"connect_timeout" doc:"Limit for connecting, and again for TLS; 1s to 1m, default 5s."`
	Timeout           time.Duration `yaml:"timeout" doc:"Limit for a whole call; 30s to 5m, default 30s."`
}

// Session is what the gateway would tell the first generation of us (vdx.md §3.1). Whoever can
// send it is believed, so such an installation must be reachable from the gateway's network only.
type Session struct {
	Header                string   `yaml:"header" doc:"Name of the header; default X-SESSIONDATA."`
	Organisation          string   `yaml:"organisation" doc:"Code of our organisation; no default."`
	Email                 string   `yaml:"email" doc:"Address that becomes the creator of every meeting; no default."`
	Roles                 []string `yaml:"roles" doc:"Our roles as the installation spells them, for example meeting-planner; at least one."`
	OrganisationAttribute string   `yaml:"organisation_attribute" doc:"Name of the organisation's attribute; default dk:medcom:organisation_id."`
	EmailAttribute        string   `yaml:"email_attribute" doc:"Name of the address's attribute; default dk:medcom:email."`
	RoleAttribute         string   `yaml:"role_attribute" doc:"Name of the roles' attribute; default dk:medcom:video:role."`
}

// SetDefaults fills what is not set.
func (c *Config) SetDefaults() {
	c.Version = orDefault(c.Version, Version2)
	c.Auth = orDefault(c.Auth, map[string]string{Version1: AuthSTS}[c.Version])
	c.Auth = orDefault(c.Auth, AuthOAuth)
	c.Audience = orDefault(c.Audience, "urn:medcom:videoapi")
	c.Signature = orDefault(c.Signature, "sha256")
	c.Session.Header = orDefault(c.Session.Header, "X-SESSIONDATA")
	c.Session.OrganisationAttribute = orDefault(c.Session.OrganisationAttribute, "dk:medcom:organisation_id")
	c.Session.EmailAttribute = orDefault(c.Session.EmailAttribute, "dk:medcom:email")
	c.Session.RoleAttribute = orDefault(c.Session.RoleAttribute, "dk:medcom:video:role")
	c.HostLink = orDefault(c.HostLink, defaultLink)
	c.GuestLink = orDefault(c.GuestLink, defaultLink)

	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = 5 * time.Second
	}

	if c.Timeout == 0 {
		c.Timeout = minTimeout
	}
}

func orDefault(s, fallback string) string {
	if s == "" {
		return fallback
	}

	return s
}

// problems collects what is wrong.
type problems []error

func (p *problems) add(bad bool, format string, args ...any) {
	if bad {
		*p = append(*p, fmt.Errorf(format, args...))
	}
}

// Validate returns every problem, each naming its key. Files are read by New.
func (c Config) Validate() []error {
	p := problems(c.ValidateAccess())
	p.add(!c.reachable(c.BaseURL), "base_url: must be an https address without query")
	p.add(c.OrganizedByEmail != "" && !isEmail(c.OrganizedByEmail), "organized_by_email: must be an e-mail address of at most 100 characters")
	p.add(c.HistoryURL != "" && !c.reachable(c.HistoryURL), "history_url: must be an https address without query")
	p.add(c.OrganisationURL != "" && !c.reachable(c.OrganisationURL), "organisation_url: must be an https address without query")
	p.add((c.HistoryURL == "") != c.HistoryKey.IsZero(), "history_key: must be set together with history_url")

	if err := checkTemplate(c.HostLink); err != nil {
		p = append(p, fmt.Errorf("host_link: %w", err))
	}

	if err := checkTemplate(c.GuestLink); err != nil {
		p = append(p, fmt.Errorf("guest_link: %w", err))
	}

	return p
}

// ValidateAccess is Validate for the part that NewAccess needs: how we prove who we are. It is
// enough for a municipality that uses VDX for SMS alone.
func (c Config) ValidateAccess() []error {
	var p problems

	p.add(c.Version != Version1 && c.Version != Version2, "version: must be %s or %s", Version1, Version2)

	switch {
	case c.Auth == AuthOAuth && c.Version != Version1:
		p.add(!c.reachable(c.TokenURL), "token_url: must be an https address without query")
		p.add(c.ClientID == "", "client_id: must be set")
		p.add(c.ClientSecret.IsZero(), "client_secret: must be set")
	case c.Auth == AuthSTS && c.Version != Version2:
		p.add(!c.reachable(c.STSURL), "sts_url: must be an https address without query")
		p.add(c.Audience == "", "audience: must be set")
		p.add(c.Signature != "sha256" && c.Signature != "sha1", "signature: must be sha256 or sha1")
		p.add(c.CertificateFile == "", "certificate_file: must be set")
	case c.Auth == AuthSession && c.Version != Version2:
		p = append(p, c.Session.validate()...)
	default:
		p.add(true, "auth: must be oauth with v2, and sts or session_header with v1")
	}

	p.add((c.CertificateFile == "") != (c.KeyFile == ""), "key_file: must be set together with certificate_file")
	p.add(c.ConnectTimeout < time.Second || c.ConnectTimeout > time.Minute, "connect_timeout: must be 1s to 1m")
	p.add(c.Timeout < minTimeout || c.Timeout > maxTimeout, "timeout: must be %s to %s", minTimeout, maxTimeout)

	return p
}

func (s Session) validate() []error {
	var p problems

	p.add(!isHeaderName(s.Header), "session.header: must be the name of a header")
	p.add(s.Organisation == "", "session.organisation: must be set")
	p.add(!isEmail(s.Email), "session.email: must be an e-mail address of at most 100 characters")
	p.add(len(s.Roles) == 0, "session.roles: must hold at least one role")
	p.add(s.OrganisationAttribute == "" || s.EmailAttribute == "" || s.RoleAttribute == "" ||
		s.OrganisationAttribute == s.EmailAttribute || s.EmailAttribute == s.RoleAttribute || s.RoleAttribute == s.OrganisationAttribute,
		"session.organisation_attribute: the three attributes must have different names")

	return p
}

// isHeaderName reports whether text may name a header of ours (RFC 9110 §5.1): a token, and none
// that means something else.
func isHeaderName(text string) bool {
	if text == "" || strings.EqualFold(text, "Authorization") || strings.EqualFold(text, "Host") {
		return false
	}

	return !strings.ContainsFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})
}

// isEmail is stricter than VDX, which takes any text and makes a user of it.
func isEmail(text string) bool {
	a, err := mail.ParseAddress(text)

	return err == nil && a.Address == text && len(text) <= maxEmail
}

// reachable reports whether text is an address that outbound.New takes.
func (c Config) reachable(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return false
	}

	return u.Scheme == "https" || (u.Scheme == "http" && (c.AllowPlainHTTP || isLoopback(u.Hostname())))
}

// checkTemplate wants both placeholders and an address that a browser can open safely.
func checkTemplate(template string) error {
	if strings.Count(template, placeAddress) != 1 || strings.Count(template, placePIN) != 1 {
		return errors.New("must hold {address} and {pin} once each")
	}

	link := fill(template, "https://portal.example/", "room@example", "1000")
	if strings.ContainsAny(link, "{}") {
		return errors.New("knows only {portal}, {address} and {pin}")
	}

	if !isSafeLink(link) {
		return errors.New("must make an https address")
	}

	return nil
}
