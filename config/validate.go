package config

import (
	"fmt"
	"net"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sluse/sluse/connector/message"
	"github.com/sluse/sluse/connector/video/pexip"
	"github.com/sluse/sluse/scheduler/care"
)

// Problem is one thing wrong in the file. Line is 1-based, 0 when the fault has no place.
type Problem struct {
	Line int
	Key  string // the path of the key, for example municipalities[0].video.kind
	Text string
}

// String returns the problem as one line.
func (p Problem) String() string {
	text := p.Text
	if p.Key != "" {
		text = p.Key + ": " + text
	}

	if p.Line > 0 {
		text = fmt.Sprintf("line %d: %s", p.Line, text)
	}

	return text
}

// ProblemsError is everything wrong in the file, in order of line.
type ProblemsError []Problem

// Error returns a line for each problem.
func (p ProblemsError) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.String()
	}

	return strings.Join(lines, "\n")
}

// checker collects problems below a key.
type checker struct {
	at  string
	out *ProblemsError
}

func (c checker) in(key string) checker {
	return checker{at: strings.TrimPrefix(c.at+"."+key, "."), out: c.out}
}

func (c checker) bad(when bool, key, format string, args ...any) {
	if when {
		*c.out = append(*c.out, Problem{Key: c.in(key).at, Text: fmt.Sprintf(format, args...)})
	}
}

// adopt takes over the problems of an adapter, which begin with the name of their key: as
// "key: text" or as "key is required".
func (c checker) adopt(problems []error) {
	for _, err := range problems {
		key, text, ok := strings.Cut(err.Error(), ": ")
		if !ok || !isKey(key) {
			key, text, _ = strings.Cut(err.Error(), " ")
		}

		if isKey(key) {
			c.bad(true, key, "%s", text)
		} else {
			*c.out = append(*c.out, Problem{Key: c.at, Text: err.Error()})
		}
	}
}

// isKey reports whether a word may be the path of a key.
func isKey(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_.[]") == ""
}

func (c checker) span(key string, d, least, most time.Duration) {
	c.bad(d < least || d > most, key, "must be %s to %s", least, most)
}

func (c checker) number(key string, n, least, most int) {
	c.bad(n < least || n > most, key, "must be %d to %d", least, most)
}

// validate returns everything wrong with the values.
func (c Config) validate() ProblemsError {
	var out ProblemsError

	k := checker{out: &out}
	k.bad(!isListen(c.Listen), "listen", "must be host:port")
	k.bad(c.MetricsListen != "" && !isListen(c.MetricsListen), "metrics_listen", "must be host:port")
	k.bad(!slices.Contains([]string{"debug", "info", "warn", "error"}, c.LogLevel), "log_level", "must be debug, info, warn or error")
	k.span("stop_timeout", c.StopTimeout, time.Second, 5*time.Minute)

	for i, p := range c.TrustedProxies {
		_, addr := netip.ParseAddr(p)
		_, prefix := netip.ParsePrefix(p)

		k.bad(addr != nil && prefix != nil, fmt.Sprintf("trusted_proxies[%d]", i), "must be an address or a network")
	}

	k.bad(len(c.Municipalities) == 0, "municipalities", "must name at least one municipality")

	for i, m := range c.Municipalities {
		m.validate(k.in(fmt.Sprintf("municipalities[%d]", i)))
	}

	c.apart(k)

	return out
}

func isListen(s string) bool {
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return false
	}

	_, err = strconv.ParseUint(port, 10, 16)

	return err == nil
}

// isPhone reports whether s has a telephone number's characters.
func isPhone(s string) bool { return regexp.MustCompile(`^\+?[0-9][0-9 ]{1,18}[0-9]$`).MatchString(s) }

func (m Municipality) validate(k checker) {
	k.bad(!regexp.MustCompile(`^[a-z][a-z0-9]{1,30}$`).MatchString(string(m.ID)), "id", "must be 2 to 31 small letters and digits, a letter first")
	k.bad(m.Name == "", "name", "must be set")
	m.validateHosts(k)
	k.bad(!isPhone(m.Phone), "phone", "must be a telephone number: digits, spaces, a + first")
	k.bad(m.Emergency != "" && !isPhone(m.Emergency), "emergency", "must be a telephone number")
	k.in("database").adopt(m.Database.Validate())
	k.bad(m.Keys.Encryption.IsZero(), "keys.encryption", "must be set; sluse config keys makes one")
	k.bad(m.Keys.Lookup.IsZero(), "keys.lookup", "must be set; sluse config keys makes one")
	k.bad(len(m.Keys.Links.Reveal()) < 32, "keys.links", "must be set, with 32 characters or more; sluse config keys makes one")

	units := m.validateUnits(k)
	m.validateRoles(k, units)
	k.in("login").adopt(slices.DeleteFunc(m.Login.Validate(), func(err error) bool {
		return m.Login.BaseURL == m.PublicURL && strings.HasPrefix(err.Error(), "base_url:") // told of public_url
	}))
	m.Directory.validate(k.in("directory"))
	m.Video.validate(k.in("video"))

	if m.UsesVDX() {
		k.in("video.vdx").adopt(m.Video.VDX.Validate())
	}

	k.bad(m.Video.Kind == Pexip && m.Messages.SMS != nil, "messages.sms", "sends for meetings of VDX only; with this video platform use sms_gateway")
	m.Messages.validate(k.in("messages"))
	m.Protection.validate(k.in("protection"))
	k.adopt(m.fits())
	m.Record.validate(k.in("record"))

	if m.ReportsKLGateway() {
		k.in("klgateway").adopt(m.KLGateway.Validate())
	}

	m.Rules.validate(k.in("rules"))
	m.Times.validate(k.in("times"))
	m.Sessions.validate(k.in("sessions"))
	m.Identity.validate(k.in("identity"), units)
	m.validateCitizenLogins(k)
	m.Devices.validate(k.in("devices"))
	k.in("calls").span("length", m.Calls.Length, 5*time.Minute, 2*time.Hour)
	k.in("calls").span("linked", m.Calls.Linked, 24*time.Hour, 90*24*time.Hour)
	m.Conversion.validate(k.in("conversion"))
	m.Statistics.validate(k.in("statistics"), units)
	m.FollowUp.validate(k.in("follow_up"), m)
}

// fits tries whether every SMS can be written with this municipality's names and addresses.
func (m Municipality) fits() []error {
	if !m.Messages.Texts() || !isSender(m.Messages.Sender) || !isPublicURL(m.PublicURL) || !isPhone(m.Phone) {
		return nil // told elsewhere
	}

	data, key := message.Data{Municipality: m.Name, Sender: m.Messages.Sender, Phone: m.Phone}, "public_url"

	if m.Messages.LinkMode == CodeOnlyMode {
		key, data.Door, data.DoorCode = "protection.short_address", m.Protection.ShortAddress, care.NewCode(strings.Repeat("0", message.DoorCodeDigits))
	} else {
		data.Link = m.PublicURL + "/b/" + strings.Repeat("x", locatorLength)
	}

	if err := message.Fits(data); err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n") // the other texts fail alike

		return []error{fmt.Errorf("%s: an SMS can't be written with it, sender and phone: %s", key, first)}
	}

	return nil
}

// uuidShape is a UUID in lower case.
var uuidShape = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

func (m Municipality) validateUnits(k checker) map[care.UnitID]bool {
	seen, uuids := map[care.UnitID]bool{care.EveryUnit: true}, map[string]bool{}

	k.bad(len(m.Units) == 0, "units", "must name at least one unit")

	for i, u := range m.Units {
		at := fmt.Sprintf("units[%d].", i)
		k.bad(u.ID == "" || u.ID == care.EveryUnit, at+"id", "must be set and not *")
		k.bad(u.ID != care.EveryUnit && seen[u.ID], at+"id", "stands twice")
		k.bad(u.Name == "", at+"name", "must be set")
		k.bad(len(u.Lists) == 0 && !m.isParent(u.ID), at+"lists", "must name at least one driving list")

		for j, pattern := range u.Lists {
			_, err := path.Match(pattern, "")
			k.bad(err != nil, fmt.Sprintf("%slists[%d]", at, j), "is no pattern")
		}

		if u.LiveFrom != "" {
			_, err := care.ParseDay(u.LiveFrom)
			k.bad(err != nil, at+"live_from", "must be a day like 2026-11-01")
		}

		uuid := strings.ToLower(u.OrgUUID)
		k.bad(uuid != "" && !uuidShape.MatchString(uuid), at+"org_uuid", "must be a UUID")
		k.bad(uuid != "" && uuids[uuid], at+"org_uuid", "stands twice")

		seen[u.ID], uuids[uuid] = true, true
	}

	m.validateTree(k)

	return seen
}

func (m Municipality) validateRoles(k checker, units map[care.UnitID]bool) {
	k.bad(len(m.Roles) == 0, "roles", "must name at least one role")

	for i, r := range m.Roles {
		at := fmt.Sprintf("roles[%d].", i)
		k.bad(r.Group == "" && r.Privilege == "", at+"group", "must be set, or privilege")
		k.bad(r.Group != "" && r.Privilege != "", at+"privilege", "can't be set together with group")
		k.bad(strings.ContainsAny(r.Privilege, " \t\n"), at+"privilege", "must be one URI without blanks")
		k.bad(!slices.Contains(care.Roles(), r.Role), at+"role", "must be planner, caregiver, leader, administrator, auditor or service_desk")
		k.bad(!units[r.Unit], at+"unit", "must be a unit's id or *")
	}
}

func (v Video) validate(k checker) {
	k.number("concurrency", v.Concurrency, 1, 64)
	k.number("rate", v.Rate, 0, maxRate)
	k.number("participants", v.Participants, 2, 20)

	switch v.Kind {
	case VDX:
		k.bad(v.Hook != nil, "hook", "is of no use with kind vdx")
	case Pexip:
		k.in("pexip").adopt(v.Pexip.Validate())

		sink := v.Pexip.Events == pexip.EventsSink
		k.bad(sink && v.Hook == nil, "hook", "must be set with pexip.events sink")
		k.bad(!sink && v.Hook != nil, "hook", "is of no use with pexip.events %s", v.Pexip.Events)
	default:
		k.bad(true, "kind", "must be vdx or pexip")
	}

	if v.Hook != nil {
		v.Hook.validate(k.in("hook"))
	}
}

// leastPassword is how many characters the password of a hook has at least.
const leastPassword = 16

func (h Hook) validate(k checker) {
	k.bad(h.User == "" || strings.Contains(h.User, ":"), "user", "must be set, without a colon")
	k.bad(len([]rune(h.Password.Reveal())) < leastPassword, "password", "must be set, with %d characters or more", leastPassword)
	k.span("keep", h.Keep, 24*time.Hour, 365*24*time.Hour)
	k.span("silence", h.Silence, time.Minute, 4*time.Hour)

	if _, err := h.Prefixes(); err != nil {
		k.adopt([]error{err})
	}
}

// maxRate is the most calls per minute that a rate can say.
const maxRate = 100_000

func isSender(s string) bool { return s != "" && len([]rune(s)) <= 11 }

func (m Messages) validate(k checker) {
	k.bad(!isSender(m.Sender), "sender", "must be 1 to 11 characters")
	k.bad(m.LinkMode != LinkMode && m.LinkMode != CodeOnlyMode, "link_mode", "must be link or code_only")
	k.number("concurrency", m.Concurrency, 1, 64)
	k.number("rate", m.Rate, 0, maxRate)
	k.bad(!m.Texts() && m.Mail == nil, "sms", "sms, sms_gateway or mail must be set")
	k.bad(m.SMS != nil && m.Gateway != nil, "sms_gateway", "can't be set together with sms")

	if m.SMS != nil {
		k.in("sms").adopt(m.SMS.Validate())
	}

	if m.Gateway != nil {
		k.in("sms_gateway").adopt(m.Gateway.Validate())
	}

	if m.Mail != nil {
		k.in("mail").adopt(m.Mail.Validate())
	}

	if _, err := m.Quiet(); err != nil {
		k.adopt([]error{err})
	}
}

func (r Record) validate(k checker) {
	k.number("concurrency", r.Concurrency, 1, 64)
	k.number("rate", r.Rate, 0, maxRate)

	switch r.Kind {
	case "file":
		k.in("file").adopt(r.File.Validate())
	case "fhir":
		k.in("fhir").adopt(r.FHIR.Validate())

		r.File.Dir = "unused" // lists are kept in the record's own way; their reading is the same
		k.in("file").adopt(r.File.Validate())
	case "nexus":
		k.in("nexus").adopt(r.Nexus.Validate())

		r.File.Dir = "unused" // lists are kept in the record's own way; their reading is the same
		k.in("file").adopt(r.File.Validate())
	case "handover":
		k.in("handover").adopt(r.Handover.Validate())

		r.File.Dir = "unused" // lists are read from files, and nothing is written into them
		k.in("file").adopt(r.File.Validate())
	default:
		k.bad(true, "kind", "must be file, fhir, nexus or handover")
	}

	known := laws()
	for law := range r.ByLaw {
		k.bad(!slices.Contains(known, law), "by_law."+string(law), "is no law; use SUL_138, SEL_83, SEL_83A, SEL_85, SEL_OTHER, AEL or UNKNOWN")
	}

	r.validateRules(k, known)

	if r.Momentum != nil {
		k.in("momentum").adopt(r.Momentum.Validate())
	}
}

func laws() []care.LegalBasis {
	return []care.LegalBasis{care.SUL138, care.SEL83, care.SEL83A, care.SEL85, care.SELOther, care.AEL, care.LawUnknown}
}

func (r Rules) validate(k checker) {
	k.bad(!slices.Contains([]string{"green", "yellow", "red"}, r.UnknownSuitability), "unknown_suitability", "must be green, yellow or red")
	k.span("minimum_lead", r.MinimumLead, 0, 48*time.Hour)

	for _, s := range r.PhysicalServices {
		k.bad(slices.ContainsFunc(r.ScreenServices, func(x string) bool { return strings.EqualFold(x, s) }), "physical_services", "%q stands in screen_services too", s)
	}
}

func (t Times) validate(k checker) {
	k.span("door", t.Door, time.Minute, 2*time.Hour)
	k.span("grace", t.Grace, time.Minute, 4*time.Hour)
	k.span("hard_cap", t.HardCap, 0, 6*time.Hour)
	k.span("together", t.Together, 5*time.Second, 10*time.Minute)
	k.span("bridge", t.Bridge, 0, 15*time.Minute)
	k.span("clock_skew", t.ClockSkew, 0, time.Minute)
	k.span("room_check", t.RoomCheck, 30*time.Second, time.Hour)
	k.span("reminder", t.Reminder, 0, 48*time.Hour)
	k.span("fallback", t.Fallback, 0, 24*time.Hour)
}
