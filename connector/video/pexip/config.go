package pexip

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/scheduler/care"
)

// The ways to prove who we are to the Management Node (pexip.md §1.8).
const (
	AuthOAuth = "oauth"
	AuthBasic = "basic"
)

// The ways to learn who is in a room while it lives.
const (
	EventsSink = "sink" // the nodes post events to us
	EventsPoll = "poll" // we look at the live state now and then
	EventsNone = "none" // history alone
)

// Limits of times.
const (
	minLead, maxLead       = 5 * time.Minute, 24 * time.Hour
	minTimeout, maxTimeout = 10 * time.Second, 5 * time.Minute
	minLinkKey             = 32 // characters
)

// defaultLink is the join link of webapp3 (pexip.md §6.2).
const defaultLink = "{host}/webapp3/m/{alias}/step-by-step?name={name}&pin={pin}"

// Config tells how a municipality reaches its own Pexip Infinity.
type Config struct {
	BaseURL       string      `yaml:"base_url" doc:"Address of the Management Node without /api, for example https://pexip-mgmt.testby.dk; https unless loopback; no default."`
	Auth          string      `yaml:"auth" doc:"How we prove who we are: oauth (OAuth2 client with an ES256 key) or basic (user name and password); default oauth."`
	ClientID      string      `yaml:"client_id" doc:"Id of the OAuth2 client in Pexip; needed with auth oauth."`
	PrivateKey    care.Secret `yaml:"private_key" doc:"Private key of the OAuth2 client, PEM, curve P-256; from a file or the environment; needed with auth oauth."`
	Audience      string      `yaml:"audience" doc:"Audience of our assertions: the token endpoint under the Management Node's own name, when base_url is another name for it; default base_url followed by /oauth/token/."`
	Scope         string      `yaml:"scope" doc:"Scope to ask for with auth oauth, for example is_admin use_api; default none."`
	Username      string      `yaml:"username" doc:"User with auth basic."`
	Password      care.Secret `yaml:"password" doc:"Password with auth basic; from a file or the environment."`
	CAFile        string      `yaml:"ca_file" doc:"PEM file with the certificates that the Management Node's own is issued by, for a private CA; default the system's."`
	WebHost       string      `yaml:"web_host" doc:"Address of the web app that people open, for example https://video.testby.dk; https unless loopback; no default."`
	HostLink      string      `yaml:"host_link" doc:"Template of the employee's link; {host} is web_host, {alias} the room's address for this person, {pin} the PIN, {name} the name to show; default {host}/webapp3/m/{alias}/step-by-step?name={name}&pin={pin}."`
	GuestLink     string      `yaml:"guest_link" doc:"Template of a guest's link; placeholders and default as host_link."`
	HostName      string      `yaml:"host_name" doc:"Name that the employee has in the room; never a person's; default Medarbejder."`
	GuestName     string      `yaml:"guest_name" doc:"Name that the citizen has in the room; never a person's; default Borger."`
	OtherName     string      `yaml:"other_name" doc:"Name that other guests have in the room, followed by a number; default Deltager."`
	Prefix        string      `yaml:"prefix" doc:"First part of the names of our rooms, 2 to 20 small letters and dashes; no other installation on the same Pexip may have it; default sluse. Change it only when no screen visit is ahead."`
	LinkKey       care.Secret `yaml:"link_key" doc:"Key from which the rooms' addresses are made, 32 characters or more; from a file or the environment; no default. Change it only when no screen visit is ahead."`
	DialDomain    string      `yaml:"dial_domain" doc:"Domain under which SIP and H.323 reach Pexip, for example video.testby.dk: rooms then also have the address name@domain; default none."`
	Theme         int         `yaml:"theme" doc:"Id of the theme (ivr_theme) of our rooms, for Danish prompts; 0 (default): Pexip's own."`
	HostIDPGroup  int         `yaml:"host_idp_group" doc:"Id of the identity provider group at which employees log in when they enter; 0 (default): none."`
	GuestIDPGroup int         `yaml:"guest_idp_group" doc:"Id of the identity provider group at which guests log in when they enter; 0 (default): none."`

	Lead        time.Duration `yaml:"lead" doc:"How long before a visit its room is made; 5m to 24h, default 30m."`
	Replication time.Duration `yaml:"replication" doc:"How long it takes until every node knows a new room; 1s to 15m, default 1m."`
	Events      string        `yaml:"events" doc:"How we learn who is in a room while it lives: sink (the nodes post events to us), poll (we look at the live state, where nothing reaches us from outside) or none (history alone); default sink."`
	PollEvery   time.Duration `yaml:"poll_every" doc:"How long to wait between two looks with events poll; 30s to 5m, default 45s."`

	Rate           float64       `yaml:"rate" doc:"Calls per second to the Management Node, all processes together; 0.1 to 15, default 2."`
	Concurrency    int           `yaml:"concurrency" doc:"Calls to the Management Node at once, all processes together; 1 to 5, default 3."`
	ConnectTimeout time.Duration `yaml:"connect_timeout" doc:"Limit for connecting, and again for TLS; 1s to 1m, default 5s."`
	Timeout        time.Duration `yaml:"timeout" doc:"Limit for a whole call; the Management Node can be slow; 10s to 5m, default 1m."`
	AllowPlainHTTP bool          `yaml:"allow_plain_http" doc:"Allow http to a host other than loopback, for a proxy on the same private network; default false."`
}

// SetDefaults fills what is not set.
func (c *Config) SetDefaults() {
	or(&c.Auth, AuthOAuth)
	or(&c.HostLink, defaultLink)
	or(&c.GuestLink, defaultLink)
	or(&c.HostName, "Medarbejder")
	or(&c.GuestName, "Borger")
	or(&c.OtherName, "Deltager")
	or(&c.Prefix, "sluse")
	or(&c.Lead, 30*time.Minute)
	or(&c.Replication, time.Minute)
	or(&c.Events, EventsSink)
	or(&c.PollEvery, 45*time.Second)
	or(&c.Rate, 2)
	or(&c.Concurrency, 3)
	or(&c.ConnectTimeout, 5*time.Second)
	or(&c.Timeout, time.Minute)

	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	c.WebHost = strings.TrimRight(c.WebHost, "/")

	if c.BaseURL != "" {
		or(&c.Audience, c.tokenURL())
	}
}

// Peer returns the Management Node as this process meets it, with what pexip.md §1.9 advises or the
// operator agreed to. Everything that calls the node shares it.
func (c Config) Peer(now func() time.Time) (*outbound.Peer, error) {
	peer, err := outbound.NewPeer(outbound.PeerOptions{Role: connector.VideoRole, System: System, Now: now, Limit: c.Concurrency, Rate: c.Rate})
	if err != nil {
		return nil, fmt.Errorf("pexip: %w", err)
	}

	return peer, nil
}

func or[T comparable](value *T, fallback T) {
	var zero T
	if *value == zero {
		*value = fallback
	}
}

func (c Config) tokenURL() string { return c.BaseURL + "/oauth/token/" }

var (
	prefixForm = regexp.MustCompile(`^[a-z][a-z-]{0,18}[a-z]$`)
	domainForm = regexp.MustCompile(`^[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)*$`)
)

// Validate returns every problem, each naming its key.
func (c Config) Validate() []error {
	var problems []error

	add := func(bad bool, format string, args ...any) {
		if bad {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}

	add(!c.reachable(c.BaseURL), "base_url: must be an https address without query")
	add(!isSafeLink(c.WebHost) || strings.ContainsAny(c.WebHost, "?#{}"), "web_host: must be an https address without query")
	add(!prefixForm.MatchString(c.Prefix), "prefix: must be 2 to 20 small letters and dashes")
	add(len(c.LinkKey.Reveal()) < minLinkKey, "link_key: must have %d characters or more", minLinkKey)
	add(c.DialDomain != "" && !domainForm.MatchString(c.DialDomain), "dial_domain: must be a domain name")
	add(c.Theme < 0, "theme: must not be negative")
	add(c.HostIDPGroup < 0, "host_idp_group: must not be negative")
	add(c.GuestIDPGroup < 0, "guest_idp_group: must not be negative")
	add(c.Lead < minLead || c.Lead > maxLead, "lead: must be %s to %s", minLead, maxLead)
	add(c.Replication < time.Second || c.Replication > 15*time.Minute, "replication: must be 1s to 15m")
	add(c.Events != EventsSink && c.Events != EventsPoll && c.Events != EventsNone, "events: must be sink, poll or none")
	add(c.PollEvery < 30*time.Second || c.PollEvery > 5*time.Minute, "poll_every: must be 30s to 5m")
	add(!(c.Rate >= 0.1 && c.Rate <= 15), "rate: must be 0.1 to 15")
	add(c.Concurrency < 1 || c.Concurrency > 5, "concurrency: must be 1 to 5")
	add(c.ConnectTimeout < time.Second || c.ConnectTimeout > time.Minute, "connect_timeout: must be 1s to 1m")
	add(c.Timeout < minTimeout || c.Timeout > maxTimeout, "timeout: must be %s to %s", minTimeout, maxTimeout)

	problems = append(problems, c.validateAuth()...)

	for key, template := range map[string]string{"host_link": c.HostLink, "guest_link": c.GuestLink} {
		if err := checkTemplate(template); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", key, err))
		}
	}

	return problems
}

func (c Config) validateAuth() []error {
	var problems []error

	switch c.Auth {
	case AuthOAuth:
		if c.ClientID == "" {
			problems = append(problems, errors.New("client_id: must be set"))
		}

		if !c.reachable(c.Audience) {
			problems = append(problems, errors.New("audience: must be an https address without query"))
		}

		if _, err := parseKey(c.PrivateKey); err != nil {
			problems = append(problems, fmt.Errorf("private_key: %w", err))
		}
	case AuthBasic:
		if c.Username == "" || strings.Contains(c.Username, ":") {
			problems = append(problems, errors.New("username: must be set, without a colon"))
		}

		if c.Password.IsZero() {
			problems = append(problems, errors.New("password: must be set"))
		}
	default:
		problems = append(problems, errors.New("auth: must be oauth or basic"))
	}

	return problems
}

// reachable reports whether text is an address that outbound.New takes.
func (c Config) reachable(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return false
	}

	return u.Scheme == "https" || (u.Scheme == "http" && (c.AllowPlainHTTP || isLoopback(u.Hostname())))
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)

	return host == "localhost" || (err == nil && ip.IsLoopback())
}
