// Package mail sends invitations by e-mail over SMTP (RFC 5321) to the municipality's relay,
// with a calendar file where the message has an event.
//
// A letter's Message-ID is made from the message's key, so a letter that is sent again after
// a lost answer carries the same one and mail systems can drop the copy. SMTP has no way to
// ask whether a letter was taken: the Sender is no message.Finder, and a lost answer can end
// in two letters with one Message-ID and one calendar entry, because the event's UID and
// SEQUENCE are the same too.
package mail

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"regexp"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/message"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/scheduler/care"
)

var _ message.Sender = (*Sender)(nil)

// System is the name in errors and metrics.
const System = "mail"

// quitTime bounds the goodbye to a relay that has already taken the letter.
const quitTime = 2 * time.Second

// Options are what the composition root hands in besides the configuration.
type Options struct {
	Now     func() time.Time                                            // clock of the Date header; required
	RootCAs *x509.CertPool                                              // nil: the system's
	Observe func(system, op, outcome string, seconds float64)           // told of every delivery; nil: nobody listens
	Dial    func(ctx context.Context, address string) (net.Conn, error) // nil: TCP
	Peer    *outbound.Peer                                              // the relay's rules; nil: none
}

// Sender delivers letters to one relay. It is safe for concurrent use.
type Sender struct {
	config  Config
	options Options
}

// New returns a Sender. It fills in defaults and reports every problem of the configuration;
// it does not connect.
func New(config Config, options Options) (*Sender, error) {
	config.SetDefaults()

	problems := config.Validate()
	if options.Now == nil {
		problems = append(problems, errors.New("mail: Options.Now is required"))
	}

	if err := errors.Join(problems...); err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}

	if options.Dial == nil {
		options.Dial = func(ctx context.Context, address string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", address)
		}
	}

	if options.Observe == nil {
		options.Observe = func(string, string, string, float64) {}
	}

	return &Sender{config: config, options: options}, nil
}

// Send delivers one letter over a connection of its own. The receipt is the Message-ID.
// Kinds: Rejected (the address, or the letter, is refused for good), Unauthorized (we or our
// sender address are refused), Unavailable (certainly not taken), Unknown (the connection
// was lost after the whole letter was sent).
func (s *Sender) Send(ctx context.Context, m message.Message) (message.Receipt, error) {
	began := s.options.Now()
	receipt, err := s.follow(ctx, m)
	outcome := "ok"

	if err != nil {
		outcome = connector.KindOf(err).String()
	}

	s.options.Observe(System, "send", outcome, s.options.Now().Sub(began).Seconds())

	return receipt, err
}

// follow sends by the relay's rules.
func (s *Sender) follow(ctx context.Context, m message.Message) (receipt message.Receipt, err error) {
	if s.options.Peer == nil {
		return s.send(ctx, m)
	}

	held := s.options.Peer.Call(ctx, "send", func() error {
		if receipt, err = s.send(ctx, m); postponed(err) {
			return nil
		}

		return err
	})
	if err == nil {
		err = held
	}

	return receipt, err
}

// postponed reports whether the relay put off this one receiver (RFC 5321 §4.2.3, and greylisting,
// RFC 6647): it is there, and takes other letters.
func postponed(err error) bool {
	e, ok := errors.AsType[*connector.Error](err)

	return ok && (e.Code == "450" || e.Code == "451" || e.Code == "452")
}

func (s *Sender) send(ctx context.Context, m message.Message) (message.Receipt, error) {
	letter, id, err := s.letter(m)
	if err != nil {
		return message.Receipt{}, failure(connector.Rejected, "", err)
	}

	// The library watches ctx while it connects only, and leaves the connection open when
	// the login fails: both are done here.
	release := func() {}
	defer func() { release() }()

	client, err := s.client(func(dialing context.Context, _, address string) (net.Conn, error) {
		conn, err := s.dial(dialing, address)
		if err != nil {
			return nil, err
		}

		stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
		release = func() {
			stop()

			_ = conn.Close()
		}

		return conn, nil
	})
	if err != nil {
		return message.Receipt{}, failure(connector.Rejected, "", errors.New("the relay's configuration is refused"))
	}

	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return message.Receipt{}, dialFailure(ctx, err)
	}

	if err := client.SendWithSMTPClient(session, letter); err != nil && !letter.IsDelivered() {
		return message.Receipt{}, sendFailure(ctx, err)
	}

	goodbye(client, session)

	return message.Receipt{ID: id}, nil
}

// goodbye ends the session politely. The letter is taken whatever comes of it.
func goodbye(client *gomail.Client, session *smtp.Client) {
	if session.UpdateDeadline(quitTime) == nil {
		_ = client.CloseWithSMTPClient(session)
	}
}

// client returns a client for one delivery that connects with dial.
func (s *Sender) client(dial gomail.DialContextFunc) (*gomail.Client, error) {
	options := []gomail.Option{
		gomail.WithPort(s.config.Port), gomail.WithTimeout(s.config.Timeout), gomail.WithHELO(s.config.Helo),
		gomail.WithTLSConfig(s.tls()), gomail.WithDialContextFunc(dial), gomail.WithoutNoop(), gomail.WithoutRset(),
	}

	switch s.config.TLS {
	case STARTTLS:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case Implicit:
		options = append(options, gomail.WithSSL())
	case Plaintext:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	}

	mechanism := gomail.SMTPAuthNoAuth

	switch s.config.Auth {
	case Plain:
		mechanism = gomail.SMTPAuthPlain
	case Login:
		mechanism = gomail.SMTPAuthLogin
	case Scram:
		mechanism = gomail.SMTPAuthSCRAMSHA256
	case NoAuth:
	}

	if mechanism != gomail.SMTPAuthNoAuth {
		options = append(options, gomail.WithSMTPAuth(mechanism),
			gomail.WithUsername(s.config.Username), gomail.WithPassword(s.config.Password.Reveal()))
	}

	client, err := gomail.NewClient(s.config.Host, options...)
	if err != nil {
		return nil, fmt.Errorf("mail client: %w", err)
	}

	return client, nil
}

func (s *Sender) tls() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, ServerName: s.config.Host, RootCAs: s.options.RootCAs}
}

// dial opens the connection; with implicit TLS it is encrypted from the start.
func (s *Sender) dial(ctx context.Context, address string) (net.Conn, error) {
	conn, err := s.options.Dial(ctx, address)
	if err != nil || s.config.TLS != Implicit {
		return conn, err
	}

	secure := tls.Client(conn, s.tls())
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()

		return nil, fmt.Errorf("TLS: %w", err)
	}

	return secure, nil
}

// plainKey matches a key that can stand in a Message-ID as it is (RFC 5322 §3.6.4).
var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// messageID makes the Message-ID of a key: the same for every repeat, and in our own domain.
func (s *Sender) messageID(key string) string {
	if !plainKey.MatchString(key) {
		sum := sha256.Sum256([]byte(key))
		key = hex.EncodeToString(sum[:16])
	}

	return key + "@" + s.config.MessageIDDomain
}

func (s *Sender) check(m message.Message) error {
	switch {
	case m.Channel != care.Mail:
		return errors.New("the message is not for this channel")
	case m.Key == "":
		return errors.New("the message has no key")
	case m.Subject == "" || m.Text == "":
		return errors.New("the message has no subject or text")
	case !isAddress(m.Email.Reveal()):
		return errors.New("the receiver's address can't be used")
	}

	return nil
}
