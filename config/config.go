// Package config is the program's settings: one YAML file, read strictly.
//
// Every field has its documentation in its doc tag, from which the reference is made. A secret
// never stands in the file: it is {file: PATH} or {env: NAME}. Adapters own their own settings;
// this package only puts them together.
//
// The file is a strict subset of YAML, because a file that says which municipality may see what
// must not mean anything else than it seems to: one document, no anchors, aliases, merge keys or
// tags, no key twice, and every value of the kind that its key has.
package config

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/sluse/sluse/connector/message"
	"github.com/sluse/sluse/connector/message/mail"
	"github.com/sluse/sluse/connector/message/sms"
	"github.com/sluse/sluse/connector/message/smsgw"
	"github.com/sluse/sluse/connector/video/pexip"
	"github.com/sluse/sluse/connector/video/vdx"
	"github.com/sluse/sluse/ehr/fhir"
	"github.com/sluse/sluse/ehr/file"
	"github.com/sluse/sluse/ehr/handover"
	"github.com/sluse/sluse/ehr/klgateway"
	"github.com/sluse/sluse/ehr/momentum"
	"github.com/sluse/sluse/ehr/nexus"
	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/scheduler/care"
)

// Config is the whole file.
type Config struct {
	Listen         string         `yaml:"listen" doc:"Address that the web server listens on; default 127.0.0.1:8080."`
	MetricsListen  string         `yaml:"metrics_listen" doc:"Address of /metrics on a listener of its own; empty (default): /metrics is served to loopback only, on listen."`
	TrustedProxies []string       `yaml:"trusted_proxies" doc:"Addresses or networks (CIDR) of reverse proxies whose X-Forwarded-For is believed; default none."`
	LogLevel       string         `yaml:"log_level" doc:"debug, info, warn or error; default info."`
	StopTimeout    time.Duration  `yaml:"stop_timeout" doc:"How long running requests and jobs may finish at stop; 1s to 5m, default 20s."`
	Municipalities []Municipality `yaml:"municipalities" doc:"The municipalities of this process, at least one. Nothing is shared between them."`
}

// Municipality is one municipality: its own database, keys, connectors and rules.
type Municipality struct {
	ID        care.MunicipalityID `yaml:"id" doc:"Key of the municipality, small letters and digits, never changed; used in logs and metrics."`
	Name      string              `yaml:"name" doc:"Name as citizens see it, for example Testby Kommune."`
	Hosts     []string            `yaml:"hosts" doc:"Host names (with port if not the standard one) under which this municipality is reached; no other municipality may have them."`
	PublicURL string              `yaml:"public_url" doc:"Address in citizens' links and of the login, https unless loopback, without a slash at the end."`
	Phone     string              `yaml:"phone" doc:"Danish telephone number that a citizen may call for help."`
	Emergency string              `yaml:"emergency" doc:"Number that stands beside 112, for example 1813; default none."`
	Database  store.Config        `yaml:"database" doc:"Where this municipality's data are."`
	Keys      Keys                `yaml:"keys" doc:"Keys that protect the data; sluse config keys makes them."`
	Units     []Unit              `yaml:"units" doc:"Units of the municipality, at least one."`
	Roles     []Role              `yaml:"roles" doc:"Which group of the directory has which role in which unit, at least one."`
	Login     saml.Config         `yaml:"login" doc:"The municipality's identity provider for employees."`
	Directory Directory           `yaml:"directory" doc:"How the municipality's own directory tells who works there."`
	// CitizenLogin is offered in this order.
	CitizenLogin []CitizenLogin   `yaml:"citizen_login" doc:"Identity providers at which citizens and others who take part can log in, in the order in which they are offered; default none."`
	Video        Video            `yaml:"video" doc:"The video platform."`
	Messages     Messages         `yaml:"messages" doc:"How citizens are told."`
	KLGateway    klgateway.Config `yaml:"klgateway" doc:"The report of KL's Gateway for control."`
	Record       Record           `yaml:"record" doc:"The care record, and what a screen visit looks like in it."`
	Rules        Rules            `yaml:"rules" doc:"What may be given by screen."`
	Times        Times            `yaml:"times" doc:"Time limits around a visit."`
	Conversion   Conversion       `yaml:"conversion" doc:"When many visits are turned into screen visits at once."`
	Statistics   Statistics       `yaml:"statistics" doc:"What the figures of screen visits go by."`
	FollowUp     FollowUp         `yaml:"follow_up" doc:"How a citizen gets the help whose screen visit did not take place."`
	Calls        Calls            `yaml:"calls" doc:"Calls that an employee makes on the spot."`
	Sessions     Sessions         `yaml:"sessions" doc:"How long employees stay logged in, and how surely they have to be known."`
	Identity     Identity         `yaml:"identity" doc:"How citizens and others who take part prove who they are."`
	Devices      Devices          `yaml:"devices" doc:"Browsers that are remembered after a login, and tablets of the municipality."`
	Protection   Protection       `yaml:"protection" doc:"What keeps strangers out."`
}

// Keys are the secrets that protect a municipality's data.
type Keys struct {
	Encryption care.Secret `yaml:"encryption" doc:"Key set that encrypts personal data at rest; may hold several keys, so that they can be changed."`
	Lookup     care.Secret `yaml:"lookup" doc:"Key set for the keyed hash by which a CPR number is found; it can't be changed once in use."`
	Links      care.Secret `yaml:"links" doc:"Key from which citizens' links and one-time codes are made, 32 characters or more. Change it only when no screen visit is ahead: codes in flight and the links in later reminders would be dead; links already sent live on."`
}

// Unit is a place where people work.
type Unit struct {
	ID       care.UnitID `yaml:"id" doc:"Key of the unit, never changed."`
	Name     string      `yaml:"name" doc:"Name as employees see it."`
	OrgUUID  string      `yaml:"org_uuid" doc:"UUID of the unit in the municipality's organisation (STS Organisation, FK Organisation), by which privileges name it; empty: none."`
	Parent   care.UnitID `yaml:"parent" doc:"Id of the unit above; a role there holds here too. Empty (default): at the top."`
	Lists    []string    `yaml:"lists" doc:"Names of the driving lists that belong to the unit; * stands for any text, case does not matter. A unit with units below it needs none."`
	LiveFrom string      `yaml:"live_from" doc:"First day (2026-11-01) with screen visits in the unit; empty: not yet."`
}

// Role gives a role to a group of the directory, or to a privilege of the Basic Privilege Profile.
type Role struct {
	Group     string      `yaml:"group" doc:"Name or id of the group as the identity provider sends it; either this or privilege."`
	Privilege string      `yaml:"privilege" doc:"Whole URI, with its version, of the user-system role that KOMBIT's Context Handler or an OIOSAML provider sends; either this or group. Where it comes limited to organisational units, it holds in those of our units only that have one of their org_uuid."`
	Role      care.Role   `yaml:"role" doc:"planner, caregiver, leader, administrator, auditor or service_desk."`
	Unit      care.UnitID `yaml:"unit" doc:"Unit in which the role holds; * for every unit."`
}

// Video is the video platform.
type Video struct {
	Kind         string       `yaml:"kind" doc:"Which platform: vdx or pexip; default vdx. Only the settings of the chosen one are checked."`
	VDX          vdx.Config   `yaml:"vdx" doc:"MedCom VDX."`
	Pexip        pexip.Config `yaml:"pexip" doc:"The municipality's own Pexip Infinity."`
	Hook         *Hook        `yaml:"hook" doc:"Where the platform's nodes tell us what happens in the rooms: POST /hooks/pexip/ID with HTTP Basic, ID being the municipality's, under any name of this server. Needed with kind pexip and pexip.events sink, of no use otherwise."`
	Concurrency  int          `yaml:"concurrency" doc:"Calls at once that the platform's operator has agreed to, all processes together; 1 to 64, default 8. Fewer are made while the platform is slow or fails. With kind pexip, pexip.concurrency counts."`
	Rate         int          `yaml:"rate" doc:"Calls per minute that the platform's operator has agreed to, all processes together; at most 100000, 0 (default): no such limit. With kind pexip, pexip.rate counts."`
	Participants int          `yaml:"participants" doc:"Most people in a room at once; 2 to 20, default 5."`
}

// Hook is where the video platform's nodes tell us what happens in the rooms.
type Hook struct {
	User     string        `yaml:"user" doc:"User name that the nodes send; no default."`
	Password care.Secret   `yaml:"password" doc:"Password that the nodes send, 16 characters or more; from a file or the environment; no default."`
	From     []string      `yaml:"from" doc:"Addresses or networks (CIDR) of the nodes; others are refused. Default every address."`
	Keep     time.Duration `yaml:"keep" doc:"How long events are kept; 24h to 8760h, default 720h."`
	Silence  time.Duration `yaml:"silence" doc:"How long a visit may go on without any event before the administrator is told; 1m to 4h, default 10m."`
}

// Prefixes returns the networks that may send; nil: every address. The error names the key.
func (h Hook) Prefixes() ([]netip.Prefix, error) {
	var out []netip.Prefix

	for i, text := range h.From {
		if a, err := netip.ParseAddr(text); err == nil {
			out = append(out, netip.PrefixFrom(a, a.BitLen()))

			continue
		}

		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("from[%d]: must be an address or a network", i)
		}

		out = append(out, p.Masked())
	}

	return out, nil
}

// Calls is how many calls at once the chosen platform's operator has agreed to.
func (v Video) Calls() int {
	if v.Kind == Pexip {
		return v.Pexip.Concurrency
	}

	return v.Concurrency
}

// KeepEvents is how long the platform's events are kept.
func (v Video) KeepEvents() time.Duration {
	if v.Hook == nil {
		return keepEvents
	}

	return v.Hook.Keep
}

// UsesVDX reports whether any service of VDX is used with the settings of video.vdx.
func (m Municipality) UsesVDX() bool { return m.Video.Kind == VDX }

// ReportsKLGateway reports whether the report of KL's Gateway is set up.
func (m Municipality) ReportsKLGateway() bool {
	return m.KLGateway.Organisation != "" || len(m.KLGateway.Services) > 0
}

// Texts reports whether citizens can be sent SMS.
func (m Messages) Texts() bool { return m.SMS != nil || m.Gateway != nil }

// The kinds of video platform.
const (
	VDX   = "vdx"
	Pexip = "pexip"
)

// Messages are the channels to citizens.
type Messages struct {
	Sender  string        `yaml:"sender" doc:"Name that starts an SMS, at most 11 characters."`
	Mailbox string        `yaml:"mailbox" doc:"Address of the organizer in calendar files; default the sender of the mail settings."`
	SMS     *sms.Config   `yaml:"sms" doc:"SMS through VDX, which sends for its own meetings only: with kind vdx. Without it and sms_gateway citizens get no SMS and no one-time code."`
	Gateway *smsgw.Config `yaml:"sms_gateway" doc:"SMS through the municipality's own SMS gateway, with any video platform; in place of sms."`
	Mail    *mail.Config  `yaml:"mail" doc:"E-mail by SMTP; without it citizens get no e-mail."`

	Concurrency int `yaml:"concurrency" doc:"Calls at once that the operator of each channel has agreed to, all processes together; 1 to 64, default that of the video platform."`
	Rate        int `yaml:"rate" doc:"Calls per minute that the operator of each channel has agreed to, all processes together; at most 100000, 0 (default): no such limit."`

	LinkMode string `yaml:"link_mode" doc:"link: a message holds the citizen's link; code_only: it holds no link but a visit code of nine digits and protection.short_address, because health authorities tell citizens that they send no links. Default link. What has been sent goes on to work."`

	QuietFrom  string `yaml:"quiet_from" doc:"Local time from which no SMS leaves, default 21:00. Codes, and messages about a visit in the same night, leave at once."`
	QuietUntil string `yaml:"quiet_until" doc:"Local time at which SMS leave again, default 08:00; the same as quiet_from: they leave at every hour."`
}

// Quiet returns the hours in which no SMS leaves. The error names the key.
func (m Messages) Quiet() (message.Quiet, error) {
	return message.ParseQuiet(m.QuietFrom, m.QuietUntil)
}

// Record is the care record.
type Record struct {
	Kind             string                         `yaml:"kind" doc:"Which record: file (the driving list's file written back), fhir, nexus, or handover (files for a robot); default file."`
	File             file.Config                    `yaml:"file" doc:"Driving-list files; aliases hold for reading with every kind."`
	FHIR             fhir.Config                    `yaml:"fhir" doc:"A FHIR R4 record."`
	Nexus            nexus.Config                   `yaml:"nexus" doc:"KMD Nexus."`
	Handover         handover.Config                `yaml:"handover" doc:"Folders through which a robot is told what to write into any other record."`
	Concurrency      int                            `yaml:"concurrency" doc:"Calls at once that the record's operator has agreed to, all processes together; 1 to 64, default 4."`
	Rate             int                            `yaml:"rate" doc:"Calls per minute that the record's operator has agreed to, all processes together; at most 100000, 0 (default): no such limit."`
	Default          RecordRule                     `yaml:"default" doc:"How the record is told of a screen visit."`
	ByLaw            map[care.LegalBasis]RecordRule `yaml:"by_law" doc:"The same for single laws: SUL_138, SEL_83, SEL_83A, SEL_85, SEL_OTHER, AEL, UNKNOWN."`
	Momentum         *momentum.Config               `yaml:"momentum" doc:"KMD Momentum, for notes in the case journal (journal) beside the record. Default none."`
	KeepAfterReceipt int                            `yaml:"keep_after_receipt" doc:"Days after the record's last receipt for a visit until its personal data here is deleted and a tombstone with a keyed hash stays; 1 to 3650, 0 (default): nothing is deleted. 30 is a good choice: long enough for questions and corrections."`
	Fetch            Fetch                          `yaml:"fetch" doc:"Reading driving lists from the record without a person. Needs a record that shows its lists."`
	Reconcile        Reconcile                      `yaml:"reconcile" doc:"Comparing the record, the video platform and our own book. Needs a record that can be looked into: nexus, fhir or file."`
	Notes            Notes                          `yaml:"notes" doc:"How the record is told of citizens apart from visits; off by default."`
	ByService        []ServiceRule                  `yaml:"by_service" doc:"The same for some services. The first that matches holds, before by_law and default."`
}

// Rules say what may be given by screen.
type Rules struct {
	ScreenServices     []string      `yaml:"screen_services" doc:"Services that fit; all others are yellow."`
	PhysicalServices   []string      `yaml:"physical_services" doc:"Services that never fit; they are red."`
	ScreenCategories   []string      `yaml:"screen_categories" doc:"Categories that mean a screen visit of another product; they are left alone. Default: Planlagt skærmbesøg."`
	AbsentStatuses     []string      `yaml:"absent_statuses" doc:"Words in the status column for a citizen who is away or a visit that is off; default Aflyst, Indlagt, Hospital, Død."`
	UnknownSuitability string        `yaml:"unknown_suitability" doc:"Colour of a citizen who is not judged yet: green, yellow or red; default yellow."`
	MinimumLead        time.Duration `yaml:"minimum_lead" doc:"Shorter notice than this is yellow; 0s to 48h, default 30m."`

	read bool // from the file, with its defaults
}

// Times are limits around a visit.
type Times struct {
	Door      time.Duration `yaml:"door" doc:"How long before the start the citizen may come in; 1m to 2h, default 15m."`
	Grace     time.Duration `yaml:"grace" doc:"How long after the planned end the room and the links live; 1m to 4h, default 15m."`
	HardCap   time.Duration `yaml:"hard_cap" doc:"How long after the grace a conversation that goes on is waited for; 0s to 6h, default 1h."`
	Together  time.Duration `yaml:"together" doc:"How long employee and citizen must be in the room together for a completed visit; 5s to 10m, default 30s."`
	Bridge    time.Duration `yaml:"bridge" doc:"Longest gap that does not interrupt a conversation, such as a reconnect; it counts as being together, but not towards together; 0s to 15m, default 2m."`
	ClockSkew time.Duration `yaml:"clock_skew" doc:"How far the clocks of the video platform's nodes may be apart; no outcome hangs on less; 0s to 1m, default 5s."`
	RoomCheck time.Duration `yaml:"room_check" doc:"How long before the start the room should be ready; 30s to 1h, default 5m."`
	Reminder  time.Duration `yaml:"reminder" doc:"How long before the start to remind the citizen, at most 48h; 0s (default): never."`
	Fallback  time.Duration `yaml:"fallback" doc:"How long before the start a planner is told of a visit whose room or message waits for a system that does not answer; 0s to 24h, default 30m; 0s: never."`

	read bool // from the file, with its defaults
}

// Calls say how an employee may call a citizen by screen at once.
type Calls struct {
	Length time.Duration `yaml:"length" doc:"How long a call is planned to last; 5m to 2h, default 15m."`
	Linked time.Duration `yaml:"linked" doc:"How far back and ahead a visit on a driving list links a citizen with a unit, so that its employees may call; 24h to 2160h, default 720h (30 days)."`
}
