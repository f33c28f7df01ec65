package config

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"time"
)

// Protection is how the municipality keeps out who has no business there.
type Protection struct {
	ShortAddress string           `yaml:"short_address" doc:"Where a citizen types the visit code when messages.link_mode is code_only, without https://, for example testby.dk/skaerm; it must lead to /skaerm of public_url. Default the host of public_url with /skaerm."`
	Limits       map[string]Limit `yaml:"limits" doc:"How often may be called, by class: ordinary, login, answer, door, code, guess, device, emergency, machine, api, mass; docs/security.md tells what is in them and the defaults of those that are left out. Every process counts for itself."`
}

// Limit is how many calls of a class are answered in a window of time; what is over gets 429.
type Limit struct {
	Network int           `yaml:"network" doc:"Calls from one network (/24 of IPv4, /56 of IPv6); 0 to 1000000, 0 (default): no such limit."`
	Own     int           `yaml:"own" doc:"Calls of one employee, link, session or device; 0 to 1000000, 0 (default): no such limit."`
	All     int           `yaml:"all" doc:"Calls of everybody together; 0 to 1000000, 0 (default): no such limit."`
	Per     time.Duration `yaml:"per" doc:"The window, which begins with the first call; 1s to 24h, default 1m."`
}

// The ways in which messages lead to a visit.
const (
	LinkMode     = "link"
	CodeOnlyMode = "code_only"
)

// LimitClasses are the classes of calls that can be limited.
func LimitClasses() []string {
	return []string{"ordinary", "login", "answer", "door", "code", "guess", "device", "emergency", "machine", "api", "mass"}
}

func (p *Protection) setDefaults(public string) {
	if u, err := url.Parse(public); err == nil && u.Host != "" {
		or(&p.ShortAddress, u.Host+"/skaerm")
	}

	for class, l := range p.Limits {
		or(&l.Per, time.Minute)
		p.Limits[class] = l
	}
}

// shortAddress is what can be typed: a host name and a short path.
var shortAddress = regexp.MustCompile(`^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9-]+)*$`)

func (p Protection) validate(k checker) {
	k.bad(p.ShortAddress != "" && !shortAddress.MatchString(p.ShortAddress), "short_address", "must be a host name with a path, in small letters and without https://")

	for _, class := range slices.Sorted(maps.Keys(p.Limits)) {
		l, at := p.Limits[class], k.in("limits."+class)

		k.bad(!slices.Contains(LimitClasses(), class), "limits."+class, "is no class of calls")
		at.number("network", l.Network, 0, mostCalls)
		at.number("own", l.Own, 0, mostCalls)
		at.number("all", l.All, 0, mostCalls)
		at.span("per", l.Per, time.Second, 24*time.Hour)
	}
}

// mostCalls is the largest budget.
const mostCalls = 1_000_000
