package pexipsim

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Options configure a Server. Only Clock is required; every other zero value has a usable
// meaning. Note that the zero value is not calm: without Calm and without Faults a small
// share of calls fails (see DefaultFaultRate), because real peers do.
type Options struct {
	// Clock is the time source, usually time.Now. Advance and SetClock add an offset to it.
	Clock func() time.Time
	// Seed makes identifiers, nodes, list order and faults reproducible. The same seed and
	// the same calls give the same answers, whatever the order of concurrent calls with
	// different keys.
	Seed uint64
	// Calm switches every seeded fault and the slow first response off. Scripted faults
	// (Server.Script) still happen.
	Calm bool
	// Faults are the seeded fault rates; the zero value means Spread(DefaultFaultRate)
	// unless Calm is set.
	Faults Faults
	// Strict turns what the real platform forgives in silence into a 400 with a precise text:
	// unknown JSON members, unknown query parameters. For tests.
	Strict bool
	// Latency is added to every management call before it is handled, in wall-clock time.
	Latency time.Duration
	// PublicURL is the base of links to the simulator itself, without a trailing slash. Empty:
	// the scheme and host of the request or of Start.
	PublicURL string

	// Username and Password are the account of HTTP Basic. Empty: DefaultUsername and
	// DefaultPassword.
	Username string
	Password string
	// OAuthClients may ask for tokens. Nil means DefaultOAuthClients(Seed).
	OAuthClients []OAuthClient
	// OAuthOff has the token endpoint refuse everybody, as before OAuth2 is enabled (§1.8).
	OAuthOff bool
	// BasicOff is the platform's api_oauth2_disable_basic: Basic is answered with 401 and
	// WWW-Authenticate: Bearer.
	BasicOff bool
	// Audience is the platform's own idea of its token endpoint; a client assertion for any
	// other is refused. Empty: the token endpoint under the host name that was asked.
	Audience string
	// TokenTTL is the life of an access token by the simulator's clock. Zero is 3600 seconds.
	TokenTTL time.Duration
	// LoginRedirect answers bad credentials with a redirect to /accounts/login/ in place of 401.
	LoginRedirect bool
	// RateLimit is how many management calls are let through in 60 seconds of the simulator's
	// clock; the documented figure is 1000 (§1.9). Zero is no limit. RateStatus is what the
	// others are answered, 429 or 503; zero is 429.
	RateLimit  int
	RateStatus int
	// WrongNextHost writes meta.next with the scheme and host of an inner name, as behind a
	// reverse proxy (§1.7).
	WrongNextHost bool
	// ErrorShape is the shape of validation errors. Empty: ByResource when Calm, otherwise one
	// or the other per call.
	ErrorShape ErrorShape
	// Without removes fields and filters, as an older version would lack them:
	// "configuration/conference/breakout_rooms" is a field, "history/participant?service_tag"
	// all filters on one, "configuration/conference?name__startswith" one filter.
	Without []string

	// Nodes are the Conferencing Nodes. Nil means DefaultNodes.
	Nodes []Node
	// Replication is the time until a node knows of a change on the Management Node (§10).
	// Zero is 60 seconds; negative is none.
	Replication time.Duration
	// Global overrides settings of the global resource (§1.5), for example min_pin_length,
	// waiting_for_chair_timeout, guests_only_timeout, logs_max_age, es_maximum_retry_backoff.
	Global map[string]any
	// HistoryLag is the time from the end of a conference until history shows it. Zero is 5
	// seconds; negative is none.
	HistoryLag time.Duration
	// HistoryLimit is how many conference instances history keeps. Zero is 10,000 (§2.2).
	HistoryLimit int
	// TokenExpiry is how long a browser that crashed stays in the conference. Zero is 120
	// seconds, the life of a client token (§6.1).
	TokenExpiry time.Duration

	// EventSinks exist from the start, attached to every system location.
	EventSinks []EventSink
	// SinkTimeout replaces the global es_connection_timeout, in wall-clock time. Zero keeps it.
	SinkTimeout time.Duration
	// OldSinkNames calls the end of a sink eventsink_stopped, as older versions do; newer ones
	// say eventsink_ended (§4.4).
	OldSinkNames bool

	// KeptRequests bounds the kept request history, and the kept deliveries. Zero is 200 000;
	// the oldest are dropped.
	KeptRequests int
}

// The account of HTTP Basic when Options name none. Test values.
const (
	DefaultUsername = "sluse-api"
	DefaultPassword = "test-sluse-api"
)

// ErrorShape is one of the shapes in which validation errors are seen (§1.6).
type ErrorShape string

// The shapes of validation errors. A third, {"error": "text"}, is always used for requests
// that can't be read at all.
const (
	// ByResource is {"conference": {"name": ["…"]}}.
	ByResource ErrorShape = "resource"
	// Flat is {"name": ["…"]}.
	Flat ErrorShape = "flat"
)

// OAuthClient is one client of the token endpoint.
type OAuthClient struct {
	// ID is iss and sub of the client's assertions.
	ID string `json:"client_id"`
	// PrivateKeyPEM is the key (PKCS #8) that signs assertions; the platform shows it once. The
	// simulator keeps only the public half of it.
	PrivateKeyPEM string `json:"private_key_pem"`
	// ReadOnly is a client whose role lets it read only: writes are 403.
	ReadOnly bool `json:"read_only,omitempty"`
}

// Node is one Conferencing Node.
type Node struct {
	// Address is its primary IP address, the node of its events.
	Address string `json:"address"`
	// Location is the name of its system location.
	Location string `json:"location"`
	// Proxying Edge Nodes handle no media and send no events.
	Proxying bool `json:"proxying,omitempty"`
	// Skew is how far its clock is ahead.
	Skew time.Duration `json:"skew,omitempty"`
	// Replication overrides Options.Replication for this node; negative is none.
	Replication time.Duration `json:"replication,omitempty"`
}

// EventSink is a receiver of events.
type EventSink struct {
	// Name is unique; empty is "sink" and a number.
	Name string `json:"name"`
	// URL takes POSTs; only loopback hosts are called.
	URL string `json:"url"`
	// Username and Password are sent as HTTP Basic unless both are empty.
	Username string `json:"username,omitempty"`
	Password string `json:"password,omitempty"`
	// Version is 1 or 2; zero is 2.
	Version int `json:"version,omitempty"`
	// Bulk lets waiting events be sent together.
	Bulk bool `json:"bulk,omitempty"`
}

// DefaultNodes are two nodes with media in one location and a proxying node in another.
func DefaultNodes() []Node {
	return []Node{
		{Address: "10.44.0.11", Location: "Intern"},
		{Address: "10.44.0.12", Location: "Intern"},
		{Address: "10.44.9.21", Location: "DMZ", Proxying: true},
	}
}

// DefaultOAuthClients are two clients with keys made from the seed: one that may do everything
// and one that may read.
func DefaultOAuthClients(seed uint64) []OAuthClient {
	d := dice{seed}
	return []OAuthClient{
		{ID: d.uuid("oauth client"), PrivateKeyPEM: d.keyPEM("oauth client")},
		{ID: d.uuid("oauth reader"), PrivateKeyPEM: d.keyPEM("oauth reader"), ReadOnly: true},
	}
}

// keyPEM makes a P-256 key from the seed: nobody but tests trusts it.
func (d dice) keyPEM(name string) string {
	for n := range 8 { // a number outside the curve's order is next to impossible
		raw := d.sum("key", name, string(rune('a'+n)))
		key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), raw[:])
		if err != nil {
			continue
		}
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			continue
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	}
	return ""
}

// publicKey reads the public half of a client's key.
func (c OAuthClient) publicKey() (*ecdsa.PublicKey, error) {
	block, _ := pem.Decode([]byte(c.PrivateKeyPEM))
	if block == nil {
		return nil, errors.New("no PEM block")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err //nolint:wrapcheck // its text is what the caller needs
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, errors.New("not a P-256 key")
	}
	return &key.PublicKey, nil
}

// defaulted returns a copy with every default filled in.
func (o Options) defaulted() Options {
	if o.Username == "" && o.Password == "" {
		o.Username, o.Password = DefaultUsername, DefaultPassword
	}
	if o.OAuthClients == nil {
		o.OAuthClients = DefaultOAuthClients(o.Seed)
	}
	if o.Nodes == nil {
		o.Nodes = DefaultNodes()
	}
	o.TokenTTL = orDuration(o.TokenTTL, time.Hour)
	o.Replication = max(orDuration(o.Replication, time.Minute), 0)
	o.HistoryLag = max(orDuration(o.HistoryLag, 5*time.Second), 0)
	o.TokenExpiry = orDuration(o.TokenExpiry, 2*time.Minute)
	if o.HistoryLimit == 0 {
		o.HistoryLimit = 10_000
	}
	if o.RateStatus == 0 {
		o.RateStatus = http.StatusTooManyRequests
	}
	if o.KeptRequests == 0 {
		o.KeptRequests = 200_000
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
		errs = append(errs, errors.New("pexipsim: Options.Clock is required"))
	}
	if o.RateStatus != 0 && o.RateStatus != http.StatusTooManyRequests && o.RateStatus != http.StatusServiceUnavailable {
		errs = append(errs, fmt.Errorf("pexipsim: RateStatus is %d, want 429 or 503", o.RateStatus))
	}
	ids := make(map[string]bool, len(o.OAuthClients))
	for _, c := range o.OAuthClients {
		if _, err := c.publicKey(); err != nil || c.ID == "" || ids[c.ID] {
			errs = append(errs, fmt.Errorf("pexipsim: OAuth client %q: want a unique id and a P-256 key: %w", c.ID, errOr(err)))
		}
		ids[c.ID] = true
	}
	media := o.Nodes == nil
	seen := make(map[string]bool, len(o.Nodes))
	for _, n := range o.Nodes {
		if net.ParseIP(n.Address) == nil || n.Location == "" || seen[n.Address] {
			errs = append(errs, fmt.Errorf("pexipsim: node %q: want a unique IP address and a location", n.Address))
		}
		seen[n.Address] = true
		media = media || !n.Proxying
	}
	if !media {
		errs = append(errs, errors.New("pexipsim: no node handles media"))
	}
	for _, sink := range o.EventSinks {
		if err := loopbackURL(sink.URL); err != nil {
			errs = append(errs, fmt.Errorf("pexipsim: event sink %q: %w", sink.Name, err))
		}
	}
	return errors.Join(append(errs, o.Faults.validate())...)
}

func errOr(err error) error {
	if err == nil {
		return errors.New("id missing or given twice")
	}
	return err
}

// loopbackURL accepts an http(s) URL whose host is this machine.
func loopbackURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil {
		return fmt.Errorf("not a URL: %w", err)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || !isLoopbackHost(u.Hostname()) {
		return fmt.Errorf("the simulator calls loopback hosts only, not %q", u.Host)
	}
	return nil
}
