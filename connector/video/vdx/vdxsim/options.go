package vdxsim

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"
)

// Roles of a v2 caller, the values of the role claim (§1.2).
const (
	RoleUser            = "meeting-user"
	RolePlanner         = "meeting-planner"
	RoleAdmin           = "meeting-admin"
	RoleProvisioner     = "meeting-provisioner"
	RoleProvisionerUser = "meeting-provisioner-user"
)

// Options configure a Server. Only Clock is required; every other zero value has a usable
// meaning. Note that the zero value is not calm: without Calm and without Faults a small
// share of calls fails (see DefaultFaultRate), because real peers do.
type Options struct {
	// Clock is the time source, usually time.Now. Advance and SetClock add an offset to it.
	Clock func() time.Time
	// Seed makes identifiers, PINs, list order and faults reproducible. The same seed and
	// the same calls give the same answers, whatever the order of concurrent calls with
	// different keys.
	Seed uint64
	// Calm switches every seeded fault and the slow first response off. Scripted faults
	// (Server.Script) still happen.
	Calm bool
	// Faults are the seeded fault rates; the zero value means Spread(DefaultFaultRate)
	// unless Calm is set.
	Faults Faults
	// Strict turns what the real service forgives into an error with a precise text:
	// unknown JSON members, explicit nulls, a content type other than application/json, a
	// missing correlation header x-request-id, unknown query parameters. For tests.
	Strict bool
	// Latency is added to every API call before it is handled, in wall-clock time.
	Latency time.Duration
	// Doors are the front doors that answer; behind a closed door there is only 404. Nil means
	// DoorBearer and DoorSession, and DoorGateway when Gateway is set.
	Doors []Door
	// Gateway are the options of DoorGateway; nil is no gateway, unless Doors names it.
	Gateway *Gateway
	// SessionHeader is the name of the session-data header of DoorSession. Empty is
	// "session-data"; the published API description says "X-SESSIONDATA" (§3.1).
	SessionHeader string
	// PublicURL is the base of links to the simulator itself (portalLink, short links),
	// without a trailing slash. Empty: the scheme and host of the request or of Start.
	PublicURL string
	// Zone is the server's time zone, seen in v2 dates and in portalLink. Nil is UTC, as in
	// the published container image.
	Zone *time.Location
	// TokenTTL is the life of an access token by the simulator's clock. Zero is 5 minutes.
	TokenTTL time.Duration
	// Clients may ask for tokens. Nil means DefaultClients.
	Clients []Client
	// Organisations known to the service. Nil means DefaultOrganisations.
	Organisations []Organisation
	// OverflowPool is the organisation whose pool is used when an organisation's own one is
	// empty; empty is none (§2.5).
	OverflowPool string
	// ProvisionDelay is the time from STARTING_TO_PROVISION to PROVISIONED_OK by the
	// simulator's clock. Zero is 8 seconds. Without Calm single rooms take up to three times
	// as long.
	ProvisionDelay time.Duration
	// DeprovisionDelay is the time from STARTING_TO_DEPROVISION to DEPROVISION_OK. Zero is 8
	// seconds.
	DeprovisionDelay time.Duration
	// SMSDeliveryDelay is the time from an accepted SMS to its final status. Zero is 4 seconds.
	SMSDeliveryDelay time.Duration
	// UndeliverableNumbers end as FAILED. Compared by digits without +, 00 and country code 45.
	UndeliverableNumbers []string
	// BareSMSStatus leaves the (inferred) members reference, to and created out of SMS
	// answers: only status is known from a public client.
	BareSMSStatus bool
	// Lobby makes guests wait until a host is in, 15 minutes at most, as Pexip does for rooms
	// with a host PIN. Without it guests are in at once.
	Lobby bool
	// History is what the history API shows beyond plain stays.
	History HistoryShape
	// HistoryLag is the time from the end of a call until the history API shows it. Zero is
	// 5 seconds.
	HistoryLag time.Duration
	// RequestLimit bounds the kept request history. Zero is 200 000; the oldest are dropped.
	RequestLimit int
}

// HistoryShape switches on what Pexip's history is known or thought to hold beside one record
// per stay.
type HistoryShape struct {
	// APILegs adds to each browser's record one of protocol API, without media, in the same
	// conversation.
	APILegs bool
	// Refused adds a record for everybody who was turned away: at the PIN prompt (service_type
	// "ivr", role "unknown"), or because the room was full.
	Refused bool
	// Skew is how far the clocks of nodes are ahead, by Attendance.Node. A participant's times
	// are its node's; those of the conference are right.
	Skew map[string]time.Duration
}

// Client is a service account of the token endpoint (client_credentials).
type Client struct {
	// ID and Secret are the credentials, test values only.
	ID     string `json:"client_id"`
	Secret string `json:"client_secret"`
	// Organisation is the code put into the token's organisation claim.
	Organisation string `json:"organisation"`
	// Email becomes createdBy of everything the client makes (§2.9).
	Email string `json:"email"`
	// Roles is the role claim. An unknown role has the real side effect of §1.2: a caller
	// with USER and an unknown role is no longer "only USER".
	Roles []string `json:"roles"`
	// AutoCreate is the parent under which an unknown Organisation is made on the first call.
	AutoCreate string `json:"auto_create,omitempty"`
}

// Organisation is one row of the organisation service (§8).
type Organisation struct {
	// Code is the organisation code, at most 30 characters (§2.1).
	Code string `json:"code"`
	// Name is a display name.
	Name string `json:"name"`
	// Parent is the code of the organisation above, or empty.
	Parent string `json:"parent,omitempty"`
	// PoolSize is the number of ready-made rooms kept; 0 is no pool (§2.5).
	PoolSize int `json:"pool_size,omitempty"`
	// Classic is an organisation of the polling provisioner: its pool is listed by /pool and
	// filled by POST /scheduling-info, and its rooms change status only by PUT
	// /scheduling-info (§2.2). Otherwise the simulator provisions and fills.
	Classic bool `json:"classic,omitempty"`
	// AllowCustomURI permits uriWithoutDomain in a create call.
	AllowCustomURI bool `json:"allow_custom_uri,omitempty"`
	// SMSSenderName is shown in the inbox, at most 11 characters.
	SMSSenderName string `json:"sms_sender_name,omitempty"`
	// SMSCallbackURL is called with GET when a message reaches a final status; %reference%
	// and %status% are replaced. Only loopback hosts are called.
	SMSCallbackURL string `json:"sms_callback_url,omitempty"`
	// DeviceWebhookEndpoint and DeviceWebhookKey are only kept, for the organisation service.
	DeviceWebhookEndpoint string `json:"device_webhook_endpoint,omitempty"`
	DeviceWebhookKey      string `json:"device_webhook_key,omitempty"`
	// HistoryAPIKey opens the history API for this organisation and those below it.
	HistoryAPIKey string `json:"history_api_key,omitempty"`
	// Template is the organisation's default room template.
	Template Template `json:"template"`
	// NoTemplate leaves the organisation without one: the nearest ancestor's is used, and a
	// shared one where there is none (§2.1).
	NoTemplate bool `json:"no_template,omitempty"`
}

// Template holds the room defaults that a scheduling template gives (§1.9, §2.7). A zero
// number range, prefix or domain is filled in from the seed.
type Template struct {
	// URIPrefix stands before the number in uriWithDomain only.
	URIPrefix string `json:"uri_prefix"`
	// URIDomain is the part after the @.
	URIDomain string `json:"uri_domain"`
	// URINumberLow and URINumberHigh bound the room number, [low, high).
	URINumberLow  int `json:"uri_number_low"`
	URINumberHigh int `json:"uri_number_high"`
	// HostPINRequired and GuestPINRequired make the server invent PINs in [low, high). A
	// missing range is [1000, 5500) for hosts and [5500, 10000) for guests.
	HostPINRequired  bool `json:"host_pin_required"`
	GuestPINRequired bool `json:"guest_pin_required"`
	HostPINLow       int  `json:"host_pin_low,omitempty"`
	HostPINHigh      int  `json:"host_pin_high,omitempty"`
	GuestPINLow      int  `json:"guest_pin_low,omitempty"`
	GuestPINHigh     int  `json:"guest_pin_high,omitempty"`
	// VMRAvailableBefore is the number of minutes that a room is provisioned before start.
	VMRAvailableBefore int `json:"vmr_available_before"`
	// MaxParticipants is the default lock limit; 0 is unlimited.
	MaxParticipants int `json:"max_participants"`
	// EndMeetingOnEndTime throws people out at the end time.
	EndMeetingOnEndTime bool `json:"end_meeting_on_end_time"`
	// IVRTheme, ReturnURL, CustomPortalHost and CustomPortalGuest are passed through.
	IVRTheme          string `json:"ivr_theme"`
	ReturnURL         string `json:"return_url"`
	CustomPortalHost  string `json:"custom_portal_host"`
	CustomPortalGuest string `json:"custom_portal_guest"`
	// CallType is the default Pexip call type; empty is null on the wire.
	CallType string `json:"call_type"`
}

// DefaultClients are four service accounts of the organisation "sluse-kommune", one per
// role that an integrator can have.
func DefaultClients() []Client {
	client := func(id string, roles ...string) Client {
		return Client{
			ID: id, Secret: "test-" + id, Organisation: "sluse-kommune",
			Email: "vdx-system@sluse-kommune.example", Roles: roles,
		}
	}
	return []Client{
		client("sluse-planner", RolePlanner),
		client("sluse-user", RoleUser),
		client("sluse-admin", RoleAdmin),
		client("sluse-provisioner", RoleProvisionerUser),
	}
}

// DefaultOrganisations is one municipality without a pool, with a host PIN but no guest PIN
// in its template: the combination where portalLink carries the host PIN (§2.7).
func DefaultOrganisations() []Organisation {
	return []Organisation{{
		Code: "sluse-kommune", Name: "Sluse Kommune", SMSSenderName: "SluseKomm",
		HistoryAPIKey: "history-key-of-sluse-kommune",
		Template: Template{
			HostPINRequired: true, VMRAvailableBefore: 15, MaxParticipants: 10, IVRTheme: "10",
		},
	}}
}

// defaulted returns a copy with every default filled in.
func (o Options) defaulted() Options {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Clients == nil {
		o.Clients = DefaultClients()
	}
	if o.Organisations == nil {
		o.Organisations = DefaultOrganisations()
	}
	if o.Doors == nil {
		o.Doors = []Door{DoorBearer, DoorSession}
		if o.Gateway != nil {
			o.Doors = append(o.Doors, DoorGateway)
		}
	}
	switch named := slices.Contains(o.Doors, DoorGateway); {
	case named && o.Gateway == nil:
		o.Gateway = &Gateway{}
	case !named:
		o.Gateway = nil
	}
	if o.SessionHeader == "" {
		o.SessionHeader = "session-data"
	}
	o.TokenTTL = orDuration(o.TokenTTL, 5*time.Minute)
	o.ProvisionDelay = orDuration(o.ProvisionDelay, 8*time.Second)
	o.DeprovisionDelay = orDuration(o.DeprovisionDelay, 8*time.Second)
	o.SMSDeliveryDelay = orDuration(o.SMSDeliveryDelay, 4*time.Second)
	o.HistoryLag = orDuration(o.HistoryLag, 5*time.Second)
	if o.RequestLimit == 0 {
		o.RequestLimit = 200_000
	}
	if o.Calm {
		o.Faults = Faults{}
	} else if o.Faults == (Faults{}) {
		o.Faults = Spread(DefaultFaultRate)
	}
	return o
}

func orDuration(d, fallback time.Duration) time.Duration {
	if d == 0 {
		return fallback
	}
	return d
}

// validate reports every problem at once.
func (o Options) validate() error {
	var errs []error
	if o.Clock == nil {
		errs = append(errs, errors.New("vdxsim: Options.Clock is required"))
	}
	known, problems := o.validateOrganisations()
	errs = append(errs, problems...)
	if o.OverflowPool != "" && !known[o.OverflowPool] {
		errs = append(errs, fmt.Errorf("vdxsim: unknown overflow pool %q", o.OverflowPool))
	}
	for _, d := range o.Doors {
		if d != DoorBearer && d != DoorSession && d != DoorGateway {
			errs = append(errs, fmt.Errorf("vdxsim: unknown door %q", d))
		}
	}
	ids := make(map[string]bool, len(o.Clients))
	for _, c := range o.Clients {
		if c.ID == "" || c.Secret == "" || ids[c.ID] {
			errs = append(errs, fmt.Errorf("vdxsim: client %q: want a unique id and a secret", c.ID))
		}
		ids[c.ID] = true
	}
	return errors.Join(append(errs, o.Faults.validate())...)
}

// validateOrganisations also returns the codes that there are.
func (o Options) validateOrganisations() (known map[string]bool, errs []error) {
	known = make(map[string]bool, len(o.Organisations))
	for _, org := range o.Organisations {
		switch {
		case org.Code == "" || len(org.Code) > 30:
			errs = append(errs, fmt.Errorf("vdxsim: organisation code %q: want 1 to 30 characters", org.Code))
		case known[org.Code]:
			errs = append(errs, fmt.Errorf("vdxsim: organisation %q is given twice", org.Code))
		case len(org.SMSSenderName) > 11:
			errs = append(errs, fmt.Errorf("vdxsim: organisation %q: SMS sender name has more than 11 characters", org.Code))
		}
		known[org.Code] = true
		if err := loopbackURL(org.SMSCallbackURL); err != nil {
			errs = append(errs, fmt.Errorf("vdxsim: organisation %q: SMS callback: %w", org.Code, err))
		}
	}
	parents := make(map[string]string, len(o.Organisations))
	for _, org := range o.Organisations {
		parents[org.Code] = org.Parent
		if org.Parent != "" && !known[org.Parent] {
			errs = append(errs, fmt.Errorf("vdxsim: organisation %q: unknown parent %q", org.Code, org.Parent))
		}
	}
	for code := range parents {
		at := code
		for range parents {
			at = parents[at]
		}
		if at != "" {
			errs = append(errs, fmt.Errorf("vdxsim: organisation %q is above itself", code))
		}
	}
	return known, errs
}

// loopbackURL accepts an empty string or an http(s) URL whose host is this machine.
// Placeholders in percent signs are allowed.
func loopbackURL(raw string) error {
	if raw == "" {
		return nil
	}
	u, err := url.Parse(fillCallback(raw, "x", "x"))
	if err != nil {
		return fmt.Errorf("not a URL: %w", err)
	}
	if !isLoopbackHost(u.Hostname()) {
		return fmt.Errorf("host %q is not loopback", u.Hostname())
	}
	return nil
}
