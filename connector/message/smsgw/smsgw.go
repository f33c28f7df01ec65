// Package smsgw sends SMS through a municipality's own SMS gateway, for a municipality whose
// video platform sends none: an own Pexip has no SMS service, and that of VDX sends for meetings
// of VDX only.
//
// Danish municipalities have different providers behind an integration platform of their own, so
// the protocol is the least that one needs, and is ours to describe. A small adapter in front of
// any provider can speak it:
//
//	POST {base}/messages        Authorization: Bearer KEY, Idempotency-Key: K
//	                            {"to": "+4520000011", "sender": "Testby", "text": "…"}
//	     201 {"id": "…"}        taken; 200 with the same id when K came before with the same message
//	     409                    K came before with another message
//	     400, 422               the number or the text is refused: {"error": "short_code"}
//	GET  {base}/messages/{K}    200 {"id": "…", "status": "queued|sent|delivered|failed"}
//	     404                    nothing ever came under K
//
// The idempotency key is the message's own (draft-ietf-httpapi-idempotency-key-header), and the
// gateway keeps it for seven days or longer: a lost answer never makes a second SMS.
package smsgw

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

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

// System is the gateway's name in errors and metrics.
const System = "smsgw"

// maxID bounds what is kept of the gateway's own key.
const maxID = 100

// Deps are what an adapter needs from the outside. Now is required.
type Deps struct {
	Now     func() time.Time
	Sender  string           // name that the receiver sees, at most 11 characters
	Observe outbound.Observe // nil: nobody listens
	Log     *slog.Logger     // nil: none
	TLS     *tls.Config      // nil: the system's roots
	Peer    *outbound.Peer   // what all clients of the gateway share; nil: no rules
}

// Sender sends SMS. It is safe for concurrent use.
type Sender struct {
	client *outbound.Client
	sender string
}

// New returns a Sender. The configuration must be valid and have its defaults.
func New(config Config, deps Deps) (*Sender, error) {
	if problems := config.Validate(); len(problems) > 0 {
		return nil, fmt.Errorf("smsgw: %w", errors.Join(problems...))
	}

	client, err := outbound.New(outbound.Options{
		System: System, BaseURL: config.BaseURL, AllowPlain: config.AllowPlainHTTP, Now: deps.Now, TLS: deps.TLS,
		ConnectTimeout: config.ConnectTimeout, Timeout: config.Timeout, Observe: deps.Observe, Log: deps.Log, Peer: deps.Peer,
		Auth: bearer{care.NewSecret("Bearer " + config.APIKey.Reveal())},
	})
	if err != nil {
		return nil, fmt.Errorf("smsgw: %w", err)
	}

	return &Sender{client: client, sender: deps.Sender}, nil
}

// bearer is a key that never changes.
type bearer struct{ value care.Secret }

// Authorize returns the value of the header.
func (b bearer) Authorize(context.Context) (care.Secret, error) { return b.value, nil }

// Refused reports that there is no other key to try.
func (b bearer) Refused(care.Secret) bool { return false }

// sendWire is the body of POST /messages.
type sendWire struct {
	To     string `json:"to"`
	Sender string `json:"sender"`
	Text   string `json:"text"`
}

// messageWire is what the gateway tells of a message.
type messageWire struct {
	ID     string `json:"id"`
	Status string `json:"status"`
}

// Send sends one SMS; a repeat of the same message is the same SMS. Kinds: Rejected (number or
// text), Conflict (another message under its key), Unknown (it may have left: use Find),
// Unavailable, RateLimited, Unauthorized.
func (s *Sender) Send(ctx context.Context, m message.Message) (message.Receipt, error) {
	if err := check(m); err != nil {
		return message.Receipt{}, &connector.Error{System: System, Op: "send", Kind: connector.Rejected, Err: err}
	}

	answer, err := s.client.Do(ctx, outbound.Call{
		Op: "send", Method: http.MethodPost, Path: []string{"messages"}, Header: http.Header{"Idempotency-Key": {m.Key}},
		JSON: sendWire{To: m.Phone.Reveal(), Sender: s.sender, Text: m.Text},
	})
	if err != nil {
		return message.Receipt{}, err
	}

	if !answer.OK() {
		return message.Receipt{}, fail(answer)
	}

	taken, err := read(answer)

	return message.Receipt{ID: taken.ID}, err
}

// check refuses what must never leave, as a last guard: the texts are composed elsewhere.
func check(m message.Message) error {
	n, gsm := message.GSMLength(m.Text)

	switch {
	case m.Channel != care.SMS:
		return errors.New("the message is not for this channel")
	case m.Key == "":
		return errors.New("the message has no key")
	case m.Phone.IsZero():
		return errors.New("the message has no number")
	case m.Text == "" || !gsm || n > message.MaxSMS:
		return errors.New("the text is no SMS of 160 GSM-7 characters")
	}

	return nil
}

// Find returns the receipt of a message that left. Kind NotFound: it did not. Other kinds:
// Unavailable, RateLimited, Unauthorized, Malformed.
func (s *Sender) Find(ctx context.Context, m message.Message) (message.Receipt, error) {
	found, err := s.look(ctx, "find", m.Key)

	return message.Receipt{ID: found.ID}, err
}

// Status tells what became of a message. Kinds as Find.
func (s *Sender) Status(ctx context.Context, m message.Message, _ message.Receipt) (care.DeliveryStatus, error) {
	found, err := s.look(ctx, "status", m.Key)
	if err != nil {
		return "", err
	}

	switch found.Status {
	case "delivered":
		return care.Arrived, nil
	case "failed":
		return care.Undeliverable, nil
	default: // an unknown word is in transit, so that a person is told when it lasts too long
		return care.InTransit, nil
	}
}

func (s *Sender) look(ctx context.Context, op, key string) (messageWire, error) {
	if key == "" {
		return messageWire{}, &connector.Error{System: System, Op: op, Kind: connector.NotFound, Err: errors.New("the message has no key")}
	}

	answer, err := s.client.Do(ctx, outbound.Call{Op: op, Method: http.MethodGet, Path: []string{"messages", key}})
	if err != nil {
		return messageWire{}, err
	}

	if !answer.OK() {
		return messageWire{}, fail(answer)
	}

	return read(answer)
}

// read decodes a 2xx answer, which must name the message.
func read(answer *outbound.Answer) (messageWire, error) {
	var wire messageWire
	if err := answer.JSON(&wire); err != nil {
		return messageWire{}, err
	}

	if wire.ID == "" || len(wire.ID) > maxID || strings.ContainsFunc(wire.ID, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return messageWire{}, answer.Broken("the gateway names no message")
	}

	return wire, nil
}

func fail(answer *outbound.Answer) error {
	var refusal struct {
		Error string `json:"error"`
	}

	_ = answer.JSON(&refusal) // without a code there is the status

	return answer.Fail(refusal.Error)
}

// Check asks for a message that can't exist: the gateway answers that there is none when it
// knows us.
func (s *Sender) Check(ctx context.Context) []connector.Finding {
	_, err := s.look(ctx, "check", uuid.NewString())
	finding := connector.Finding{Level: connector.Failing, Subject: "SMS-gateway"}

	switch connector.KindOf(err) {
	case 0, connector.Rejected, connector.Conflict, connector.Malformed, connector.Unsupported:
		finding.Text = "Der er ingen SMS-gateway på adressen base_url, eller den taler ikke det sprog, som docs/video.md beskriver."
	case connector.NotFound:
		finding.Level, finding.Text = connector.Fine, "SMS-gatewayen svarer og kender os."
	case connector.Unauthorized:
		finding.Text = "SMS-gatewayen kender os ikke. Kontrollér api_key."
	case connector.RateLimited, connector.Unavailable, connector.Pending, connector.Unknown:
		finding.Text = "SMS-gatewayen kan ikke nås lige nu. Kontrollér adressen og firewallen; prøv igen om lidt."
	}

	return []connector.Finding{finding}
}
