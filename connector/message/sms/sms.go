// Package sms sends SMS through the SMS service of VDX (vdx.md §8), which sends for a
// meeting and shows the organisation's sender name.
//
// The service takes no key of ours and a repeat is a second message. After a lost answer
// Find asks for the meeting's messages and compares their number with Message.Prior, the
// number that is known to have left before: one more means that the message left. The count
// is safe when Prior is too high (a message may then go out twice) and wrong when it is too
// low, so whoever sets Prior counts every message whose fate is open as sent.
//
// Only the member status of the answers is documented. Members reference, to and created
// are used where they come, and nothing is lost but precision where they don't.
package sms

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/message"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/scheduler/care"
)

var (
	_ message.Sender  = (*Sender)(nil)
	_ message.Finder  = (*Sender)(nil)
	_ message.Tracker = (*Sender)(nil)

	_ connector.Checker = (*Sender)(nil)
)

// danishDigits is the length of a whole number; less is a masked one.
const danishDigits = 8

// System is the service's name in errors and metrics.
const System = "sms"

// CodeNoMeeting is the code of a Conflict: VDX has no meeting to send the SMS for.
const CodeNoMeeting = "no_meeting"

// Deps are what an adapter needs from the outside. Now is required.
type Deps struct {
	Now     func() time.Time
	Observe outbound.Observe // nil: nobody listens
	Log     *slog.Logger     // nil: none
	TLS     *tls.Config      // nil: the system's roots
	Peer    *outbound.Peer   // what all clients of the service share; nil: no rules
	// Access adds to a client's options what proves who we are; needed with AuthVDX, where it is
	// (*vdx.Access).Equip.
	Access func(*outbound.Options) error
}

// Sender sends SMS. It is safe for concurrent use.
type Sender struct {
	client *outbound.Client
	auth   string // Auth of the configuration
}

// New returns a Sender. The configuration must be valid and have its defaults.
func New(config Config, deps Deps) (*Sender, error) {
	if problems := config.Validate(); len(problems) > 0 {
		return nil, fmt.Errorf("sms: %w", errors.Join(problems...))
	}

	options := outbound.Options{
		System: System, BaseURL: config.BaseURL, AllowPlain: config.AllowPlainHTTP, Now: deps.Now, TLS: deps.TLS,
		ConnectTimeout: config.ConnectTimeout, Timeout: config.Timeout, Observe: deps.Observe, Log: deps.Log, Peer: deps.Peer,
	}

	access := deps.Access
	if config.Auth == AuthOAuth {
		access = config.own
	}

	if access == nil {
		return nil, errors.New("sms: auth is vdx, but there is no access to VDX")
	}

	if err := access(&options); err != nil {
		return nil, fmt.Errorf("sms: %w", err)
	}

	client, err := outbound.New(options)
	if err != nil {
		return nil, fmt.Errorf("sms: %w", err)
	}

	return &Sender{client: client, auth: config.Auth}, nil
}

// own adds tokens for the client credentials of the configuration.
func (c Config) own(options *outbound.Options) error {
	endpoint := *options
	endpoint.BaseURL = c.TokenURL

	tokens, err := outbound.NewTokens(endpoint, outbound.Credentials{ClientID: c.ClientID, Secret: c.ClientSecret})
	if err != nil {
		return fmt.Errorf("token endpoint: %w", err)
	}

	options.Auth = tokens

	return nil
}

// Send sends one SMS. The receipt is the service's reference, or the message's place among
// those of its meeting where the service tells none. Kinds: Rejected (number or text),
// Conflict (no such meeting, CodeNoMeeting), Unknown (it may have left: use Find),
// Unavailable, RateLimited, Unauthorized.
func (s *Sender) Send(ctx context.Context, m message.Message) (message.Receipt, error) {
	if err := check(m); err != nil {
		return message.Receipt{}, &connector.Error{System: System, Op: "send", Kind: connector.Rejected, Err: err}
	}

	answer, err := s.client.Do(ctx, outbound.Call{
		Op: "send", Method: http.MethodPost, Path: path(m),
		JSON: sendWire{Message: m.Text, To: m.Phone.Reveal()},
	})

	switch {
	case err != nil:
		return message.Receipt{}, err
	case answer.Status == http.StatusNotFound:
		return message.Receipt{}, answer.FailAs(connector.Conflict, CodeNoMeeting)
	case !answer.OK():
		return message.Receipt{}, answer.Fail(errorCode(answer.Body))
	}

	// A 2xx is a taken message whatever the body, whose form is not documented.
	return message.Receipt{ID: orPlace(decodeOne(answer.Body).reference, m)}, nil
}

// check refuses what must never leave, as a last guard: the texts are composed elsewhere.
func check(m message.Message) error {
	n, gsm := message.GSMLength(m.Text)

	switch {
	case m.Channel != care.SMS:
		return errors.New("the message is not for this channel")
	case m.Room == "":
		return errors.New("the message has no room")
	case m.Phone.IsZero():
		return errors.New("the message has no number")
	case m.Text == "" || !gsm || n > message.MaxSMS:
		return errors.New("the text is no SMS of 160 GSM-7 characters")
	case strings.Contains(strings.ToLower(m.Text), "%meeting_url%"):
		return errors.New("the text would carry the room's link")
	}

	return nil
}

// Find tells whether the message left, by counting the meeting's messages (see the package
// comment). Kind NotFound: it did not. Other kinds: Unavailable, RateLimited, Unauthorized,
// Malformed.
func (s *Sender) Find(ctx context.Context, m message.Message) (message.Receipt, error) {
	sent, err := s.list(ctx, "find", m)
	if err != nil {
		return message.Receipt{}, err
	}

	if len(sent) <= m.Prior || toOthersOnly(sent, m.Phone) {
		return message.Receipt{}, &connector.Error{System: System, Op: "find", Kind: connector.NotFound}
	}

	return message.Receipt{ID: orPlace(newest(sent, m.Phone).reference, m)}, nil
}

// toOthersOnly reports whether the service tells of every message whom it went to, and of none that it
// went to this number. A message of somebody else that went out twice must not stand for this one.
func toOthersOnly(sent []entry, phone care.Phone) bool {
	number := digits(phone.Reveal())

	return !slices.ContainsFunc(sent, func(e entry) bool { return len(e.to) < danishDigits || e.to == number })
}

// Status tells what became of a message. A service that tells no references can't tell
// messages to one number apart: then they count as arrived when all did, and as
// undeliverable when one is. Kinds as Find; NotFound when the meeting has no messages.
func (s *Sender) Status(ctx context.Context, m message.Message, r message.Receipt) (care.DeliveryStatus, error) {
	sent, err := s.list(ctx, "status", m)
	if err != nil {
		return "", err
	}

	if len(sent) == 0 {
		return "", &connector.Error{System: System, Op: "status", Kind: connector.NotFound}
	}

	return statusOf(sent, r.ID, m.Phone), nil
}

func (s *Sender) list(ctx context.Context, op string, m message.Message) ([]entry, error) {
	if m.Room == "" {
		return nil, &connector.Error{System: System, Op: op, Kind: connector.NotFound, Err: errors.New("the message has no room")}
	}

	answer, err := s.client.Do(ctx, outbound.Call{Op: op, Method: http.MethodGet, Path: path(m)})
	if err != nil {
		return nil, err
	}

	if !answer.OK() {
		return nil, answer.Fail(errorCode(answer.Body))
	}

	var wire []entryWire
	if err := answer.JSON(&wire); err != nil {
		return nil, err
	}

	return entries(wire), nil
}

func path(m message.Message) []string { return []string{"v1", "meeting", string(m.Room)} }

// orPlace names a message without reference by its place among those of its meeting.
func orPlace(reference string, m message.Message) string {
	if reference != "" {
		return reference
	}

	return string(m.Room) + "/" + strconv.Itoa(m.Prior+1)
}
