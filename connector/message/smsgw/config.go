package smsgw

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// Limits of the time for a whole call.
const minTimeout, maxTimeout = 5 * time.Second, 5 * time.Minute

// Config tells how a municipality reaches its SMS gateway.
type Config struct {
	BaseURL        string        `yaml:"base_url" doc:"Base of the gateway, for example https://integration.testby.dk/sms: messages are posted to its /messages; https unless loopback; no default."`
	APIKey         care.Secret   `yaml:"api_key" doc:"Key that is sent as bearer token; from a file or the environment; no default."`
	AllowPlainHTTP bool          `yaml:"allow_plain_http" doc:"Allow http to a host other than loopback, for a proxy on the same private network; default false."`
	ConnectTimeout time.Duration `yaml:"connect_timeout" doc:"Limit for connecting, and again for TLS; 1s to 1m, default 5s."`
	Timeout        time.Duration `yaml:"timeout" doc:"Limit for a whole call; 5s to 5m, default 30s."`
}

// SetDefaults fills in what is not set.
func (c *Config) SetDefaults() {
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

	add(!c.reachable(), "base_url: must be an https address without query")
	add(c.APIKey.IsZero(), "api_key: must be set")
	add(c.ConnectTimeout < time.Second || c.ConnectTimeout > time.Minute, "connect_timeout: must be 1s to 1m")
	add(c.Timeout < minTimeout || c.Timeout > maxTimeout, fmt.Sprintf("timeout: must be %s to %s", minTimeout, maxTimeout))

	return problems
}

// reachable reports whether the base is an address that the client takes.
func (c Config) reachable() bool {
	u, err := url.Parse(c.BaseURL)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return false
	}

	ip, err := netip.ParseAddr(u.Hostname())
	local := u.Hostname() == "localhost" || (err == nil && ip.IsLoopback())

	return u.Scheme == "https" || (u.Scheme == "http" && (c.AllowPlainHTTP || local))
}
