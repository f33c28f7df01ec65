// Package pexip books rooms on a municipality's own Pexip Infinity (pexip.md).
//
// Pexip's rooms have no time of their own, so a room is made shortly before its visit
// (video.Late), and keeps our plan in its description. Its name and its tag hold our key; every
// person has an alias of their own, so that the platform's records tell whose link was used.
// What a new or a removed room looks like to a conferencing node comes late: a room is Starting
// until then, and Close is repeated (video.Lingering).
//
// Who was in a room is known from three witnesses that legs.go brings together: events that the
// nodes post, looks at the live state, and the history, which has the last word about who was
// there and when; events alone tell when somebody came from the waiting room into the room.
package pexip

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/scheduler/care"
)

// System is the platform's name in errors and metrics.
const System = "pexip"

const (
	maxSubject          = 100 // characters
	defaultParticipants = 5   // D02
	maxParticipants     = 100
	minPIN              = 6 // digits; Pexip's own default of min_pin_length
	lastYear            = 9999
)

// Deps are what an adapter needs from the outside. Now is required.
type Deps struct {
	Now     func() time.Time
	Observe outbound.Observe // nil: nobody listens
	Log     *slog.Logger     // nil: none
	TLS     *tls.Config      // nil: the system's roots, or those of ca_file
	Peer    *outbound.Peer   // from Config.Peer; nil: calls at once are bounded, but not how many there are per second
	Events  video.EventLog   // what was received or seen; nil: history alone tells who was in a room
	Hook    string           // where the event sink must post to, for Check; empty: it can't be checked
}

// Platform is an own Pexip Infinity. It is safe for concurrent use.
type Platform struct {
	api    *api
	config Config
	events video.EventLog
	hook   string
	now    func() time.Time
	log    *slog.Logger
	schema *schema
	minPIN atomic.Int64 // digits; as the node says, or its default
}

var (
	_ video.Platform    = (*Platform)(nil)
	_ video.Mover       = (*Platform)(nil)
	_ video.Observer    = (*Platform)(nil)
	_ video.Late        = (*Platform)(nil)
	_ video.Lingering   = (*Platform)(nil)
	_ video.Sweeper     = (*Platform)(nil)
	_ video.Poller      = (*Platform)(nil)
	_ video.Arbiter     = (*Platform)(nil)
	_ video.Receiver    = (*Platform)(nil)
	_ connector.Checker = (*Platform)(nil)
)

// New returns a Platform. The configuration must be valid and have its defaults. It calls
// nobody: Verify does.
func New(config Config, deps Deps) (*Platform, error) {
	if problems := config.Validate(); len(problems) > 0 {
		return nil, fmt.Errorf("pexip: %w", errors.Join(problems...))
	}

	secure, err := trust(config, deps.TLS)
	if err != nil {
		return nil, fmt.Errorf("pexip: %w", err)
	}

	options := outbound.Options{
		System: System, BaseURL: config.BaseURL, AllowPlain: config.AllowPlainHTTP, Now: deps.Now, TLS: secure,
		ConnectTimeout: config.ConnectTimeout, Timeout: config.Timeout, Observe: deps.Observe, Log: deps.Log, Peer: deps.Peer,
	}

	auth, err := authorizer(config, options)
	if err != nil {
		return nil, fmt.Errorf("pexip: %w", err)
	}

	options.Auth = auth

	client, err := outbound.New(options)
	if err != nil {
		return nil, fmt.Errorf("pexip: management API: %w", err)
	}

	log := deps.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}

	p := &Platform{
		api:    &api{client: client, auth: auth},
		config: config, events: deps.Events, hook: deps.Hook, now: deps.Now, log: log, schema: newSchema(),
	}
	p.minPIN.Store(minPIN)

	return p, nil
}

// trust adds the certificates of ca_file.
func trust(config Config, base *tls.Config) (*tls.Config, error) {
	if config.CAFile == "" {
		return base, nil
	}

	pem, err := os.ReadFile(config.CAFile)
	if err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}

	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, errors.New("ca_file: holds no certificate in PEM")
	}

	secure := &tls.Config{MinVersion: tls.VersionTLS12}
	if base != nil {
		secure = base.Clone()
	}

	secure.RootCAs = roots

	return secure, nil
}

// Lead is how long before its start a room is made.
func (p *Platform) Lead() time.Duration { return p.config.Lead }

// CloseAgain tells when Close is repeated: a node that had not heard of the removal may have let
// somebody in again (pexip.md §10).
func (p *Platform) CloseAgain() []time.Duration {
	return []time.Duration{2 * time.Minute, 5 * time.Minute}
}

// LookAgain tells when the history is read again (pexip.md §11.2).
func (p *Platform) LookAgain() []time.Duration {
	return []time.Duration{5 * time.Minute, 30 * time.Minute, 24 * time.Hour}
}

// Every is how long to wait between two looks; 0 unless the configuration says poll.
func (p *Platform) Every() time.Duration {
	if p.config.Events != EventsPoll {
		return 0
	}

	return p.config.PollEvery
}

func checkRef(op string, ref care.RoomRef) error {
	if !isKey(string(ref)) {
		return rejected(op, errors.New("the room's key is not a UUID in lower case"))
	}

	return nil
}

// isKey reports whether a text is a key of ours.
func isKey(text string) bool {
	id, err := uuid.Parse(text)

	return err == nil && id.String() == text
}

func checkPlanned(op string, planned care.Interval) error {
	if !planned.Valid() || planned.End.Year() > lastYear {
		return rejected(op, errors.New("the planned time is not a span"))
	}

	return nil
}

func wholeSeconds(i care.Interval) care.Interval {
	return care.Interval{Start: i.Start.UTC().Truncate(time.Second), End: i.End.UTC().Truncate(time.Second)}
}

// checked refuses what we must not send.
func (p *Platform) checked(op string, ref care.RoomRef, spec video.Spec) (video.Spec, error) {
	spec.Planned = wholeSeconds(spec.Planned)
	if spec.MaxParticipants == 0 {
		spec.MaxParticipants = defaultParticipants
	}

	if err := checkRef(op, ref); err != nil {
		return spec, err
	}

	if err := checkPlanned(op, spec.Planned); err != nil {
		return spec, err
	}

	switch {
	case spec.Subject == "" || utf8.RuneCountInString(spec.Subject) > maxSubject:
		return spec, rejected(op, errors.New("the subject must be 1 to 100 characters"))
	case outbound.Redact(spec.Subject) != spec.Subject:
		return spec, rejected(op, errors.New("the subject holds what looks like a secret or a person number"))
	case spec.MaxParticipants < 2 || spec.MaxParticipants > maxParticipants:
		return spec, rejected(op, fmt.Errorf("the number of participants must be 2 to %d", maxParticipants))
	}

	return spec, p.checkPINs(op, spec.HostPIN.Reveal(), spec.GuestPIN.Reveal())
}

// checkPINs holds them to pexip.md §1.3: both there, digits alone, different, of the same length,
// and no shorter than the node's minimum.
func (p *Platform) checkPINs(op, host, guest string) error {
	least := int(p.minPIN.Load())

	switch {
	case host == "" || guest == "":
		return rejected(op, errors.New("both PINs are needed"))
	case host == guest || len(host) != len(guest):
		return rejected(op, errors.New("the PINs must differ and have the same length"))
	case strings.Trim(host+guest, "0123456789") != "":
		return rejected(op, errors.New("a PIN holds something else than digits"))
	case len(host) < least:
		return &connector.Error{
			System: System, Op: op, Kind: connector.Rejected, Code: CodeShortPIN,
			Err: care.NewError(care.Invalid, fmt.Sprintf("Pexip kræver PIN-koder på mindst %d cifre; kontakt systemforvalteren.", least)),
		}
	}

	return nil
}

// Verify makes sure that the node has what we rely on, and learns its shortest PIN. What it has
// found well once is not looked at again. Unsupported with CodeSchema: something is missing, and
// the text names it; no room is made then.
func (p *Platform) Verify(ctx context.Context) error {
	fresh, err := p.schema.verify(ctx, p.api)
	if err != nil {
		p.log.ErrorContext(ctx, "Pexip's schema check failed", slog.String("error", err.Error()))

		return err
	}

	if !fresh {
		return nil
	}

	if set, err := p.global(ctx); err == nil && set.MinPIN > 0 {
		p.minPIN.Store(int64(max(set.MinPIN, minPIN)))
	}

	return nil
}
