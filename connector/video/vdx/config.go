package vdx

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// Version2 is the API behind /v2 with bearer tokens.
const Version2 = "v2"

// The platform calls other services for every request and has no time limits of its own
// (vdx.md §7), so ours must not be shorter than this.
const minTimeout, maxTimeout = 30 * time.Second, 5 * time.Minute

// defaultLink has the shape of the public example (vdx.md §9).
const defaultLink = "{portal}?conference={address}&pin={pin}&join=1"

// Config tells how a municipality reaches VDX.
type Config struct {
	Version           string        `yaml:"version" doc:"Generation of the API; only v2 so far; default v2."`
	BaseURL           string        `yaml:"base_url" doc:"Base of the video API without /v2, for example https://videoapi.vconf.dk/videoapi; https unless loopback; no default."`
	TokenURL          string        `yaml:"token_url" doc:"OAuth2 token endpoint of the platform's identity server; https unless loopback; no default."`
	ClientID          string        `yaml:"client_id" doc:"Client id for the client credentials grant; no default."`
	ClientSecret      care.Secret   `yaml:"client_secret" doc:"Client secret; from a file or the environment; no default."`
	HistoryURL        string        `yaml:"history_url" doc:"Base of the history API, for example https://historyapi.vconf.dk; empty (default): the platform tells nothing about who was in a room."`
	HistoryKey        care.Secret   `yaml:"history_key" doc:"Key of the history API as shown in VDX Management; needed with history_url; from a file or the environment."`
	HistoryUnfiltered bool          `yaml:"history_unfiltered" doc:"Do not ask the history API for one room only, for an installation that refuses the filter; default false."`
	HostLink          string        `yaml:"host_link" doc:"Template of the link that opens a room as host; {portal} is the portal's address from VDX, {address} the room, {pin} the host PIN; default {portal}?conference={address}&pin={pin}&join=1."`
	GuestLink         string        `yaml:"guest_link" doc:"Template of the guest link, used when the link from VDX is stale or unsafe; placeholders and default as host_link."`
	AllowPlainHTTP    bool          `yaml:"allow_plain_http" doc:"Allow http to a host other than loopback, for a proxy on the same private network; default false."`
	ConnectTimeout    time.Duration `yaml:"connect_timeout" doc:"Limit for connecting, and again for TLS; 1s to 1m, default 5s."`
	Timeout           time.Duration `yaml:"timeout" doc:"Limit for a whole call; 30s to 5m, default 30s."`
}

// SetDefaults fills what is not set.
func (c *Config) SetDefaults() {
	c.Version = orDefault(c.Version, Version2)
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

// Validate returns every problem, each naming its key.
func (c Config) Validate() []error {
	var problems []error

	add := func(bad bool, format string, args ...any) {
		if bad {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}

	add(c.Version != Version2, "version: must be %s", Version2)
	add(!c.reachable(c.BaseURL), "base_url: must be an https address without query")
	add(!c.reachable(c.TokenURL), "token_url: must be an https address without query")
	add(c.ClientID == "", "client_id: must be set")
	add(c.ClientSecret.IsZero(), "client_secret: must be set")
	add(c.HistoryURL != "" && !c.reachable(c.HistoryURL), "history_url: must be an https address without query")
	add((c.HistoryURL == "") != c.HistoryKey.IsZero(), "history_key: must be set together with history_url")
	add(c.ConnectTimeout < time.Second || c.ConnectTimeout > time.Minute, "connect_timeout: must be 1s to 1m")
	add(c.Timeout < minTimeout || c.Timeout > maxTimeout, "timeout: must be %s to %s", minTimeout, maxTimeout)

	if err := checkTemplate(c.HostLink); err != nil {
		problems = append(problems, fmt.Errorf("host_link: %w", err))
	}

	if err := checkTemplate(c.GuestLink); err != nil {
		problems = append(problems, fmt.Errorf("guest_link: %w", err))
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
