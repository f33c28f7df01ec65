package sms

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// The ways to prove who we are.
const (
	AuthOAuth = "oauth" // client credentials of the SMS service's own
	AuthVDX   = "vdx"   // as at VDX' video API
)

// Limits of the time for a whole call: the platform calls other services for every request
// and has no limits of its own (vdx.md §7).
const minTimeout, maxTimeout = 5 * time.Second, 5 * time.Minute

// Config tells how a municipality reaches the SMS service of VDX. The sender name and the
// callback address are set at VDX, per organisation.
type Config struct {
	BaseURL        string        `yaml:"base_url" doc:"Base of the SMS API, for example https://videoapi.vconf.dk/sms; https unless loopback; required."`
	Auth           string        `yaml:"auth" doc:"How we prove who we are: oauth (client credentials, here) or vdx (the same way as video.vdx: its certificate, client or header, with a session of the SMS service's own); default oauth."`
	TokenURL       string        `yaml:"token_url" doc:"With oauth: token endpoint of the SMS API, which has one of its own; https unless loopback; no default."`
	ClientID       string        `yaml:"client_id" doc:"With oauth: client id for the client credentials grant; no default."`
	ClientSecret   care.Secret   `yaml:"client_secret" doc:"With oauth: client secret; from a file or the environment; no default."`
	AllowPlainHTTP bool          `yaml:"allow_plain_http" doc:"Allow http to a host other than loopback, for a proxy on the same private network; default false."`
	ConnectTimeout time.Duration `yaml:"connect_timeout" doc:"Limit for connecting, and again for TLS; 1s to 1m, default 5s."`
	Timeout        time.Duration `yaml:"timeout" doc:"Limit for a whole call; 5s to 5m, default 30s."`
}

// SetDefaults fills in what is not set.
func (c *Config) SetDefaults() {
	if c.Auth == "" {
		c.Auth = AuthOAuth
	}

	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = 5 * time.Second
	}

	if c.Timeout == 0 {
		c.Timeout = 30 * time.Second
	}
}

// Validate returns every problem at once, each naming its key. Call SetDefaults first.
func (c Config) Validate() []error {
	var problems []error

	add := func(broken bool, text string) {
		if broken {
			problems = append(problems, errors.New(text))
		}
	}

	add(!c.reachable(c.BaseURL), "base_url: must be an https address without query")
	add(c.Auth != AuthOAuth && c.Auth != AuthVDX, "auth: must be oauth or vdx")
	add(c.Auth == AuthOAuth && !c.reachable(c.TokenURL), "token_url: must be an https address without query")
	add(c.Auth == AuthOAuth && c.ClientID == "", "client_id: must be set")
	add(c.Auth == AuthOAuth && c.ClientSecret.IsZero(), "client_secret: must be set")

	add(c.ConnectTimeout < time.Second || c.ConnectTimeout > time.Minute, "connect_timeout: must be 1s to 1m")
	add(c.Timeout < minTimeout || c.Timeout > maxTimeout, fmt.Sprintf("timeout: must be %s to %s", minTimeout, maxTimeout))

	return problems
}

// reachable reports whether text is an address that the client takes.
func (c Config) reachable(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return false
	}

	ip, err := netip.ParseAddr(u.Hostname())
	local := u.Hostname() == "localhost" || (err == nil && ip.IsLoopback())

	return u.Scheme == "https" || (u.Scheme == "http" && (c.AllowPlainHTTP || local))
}
