package mail_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	arran "github.com/arran4/golang-ical"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/message"
	"github.com/sluse/sluse/connector/message/mail"
	"github.com/sluse/sluse/connector/message/mail/mailsim"
	"github.com/sluse/sluse/scheduler/care"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	password = "hemmelig-kode"
	receiver = "nancy.berggren@example.dk"
)

func clock() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }

func relay(t *testing.T, o mailsim.Options) (*mailsim.Server, mail.Config) {
	t.Helper()

	o.Clock = clock

	sim, err := mailsim.New(o)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = sim.Close() })

	address, err := sim.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	return sim, configFor(t, address)
}

func configFor(t *testing.T, address string) mail.Config {
	t.Helper()

	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}

	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}

	return mail.Config{
		Host: host, Port: number, TLS: mail.Plaintext, From: "skaerm@testby.dk", FromName: "Ærø Kommune", Timeout: 5 * time.Second,
	}
}

func sender(t *testing.T, c mail.Config, o mail.Options) *mail.Sender {
	t.Helper()

	o.Now = clock

	s, err := mail.New(c, o)
	if err != nil {
		t.Fatal(err)
	}

	return s
}

func invitation() message.Message {
	return message.Message{
		Key: "8c0e7a52-5a7e-4a5e-9b0a-0d5a0d1f3a10", Channel: care.Mail, Email: care.NewEmail(receiver),
		Subject: "Ærø Kommune: Aftale på skærm", Text: "Hej\n\nDu har en aftale på skærm.\n.\nVenlig hilsen\n",
		Event: &message.Event{
			UID: "v1@testby.dk", Sequence: 3, Method: message.Request, Stamp: clock(), Summary: message.EventTitle,
			Planned:   care.Interval{Start: clock().Add(45 * time.Hour), End: clock().Add(46 * time.Hour)},
			URL:       "https://skaerm.testby.dk/b/AbCdEfGhIjKlMnOpQrStUv",
			Organizer: "Ærø Kommune", Mailbox: "skaerm@testby.dk",
		},
	}
}

func TestSend(t *testing.T) {
	t.Parallel()

	sim, config := relay(t, mailsim.Options{
		Calm: true, Strict: true, STARTTLS: true, RequireTLS: true, Users: map[string]string{"sluse": password},
	})
	config.TLS, config.Username, config.Password, config.ReturnPath = mail.STARTTLS, "sluse", care.NewSecret(password), "retur@testby.dk"

	var outcomes []string

	s := sender(t, config, mail.Options{RootCAs: sim.Roots(), Observe: func(system, op, outcome string, _ float64) {
		outcomes = append(outcomes, system+" "+op+" "+outcome)
	}})

	m := invitation()

	receipt, err := s.Send(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}

	got := sim.Mailbox(receiver)
	if len(got) != 1 {
		t.Fatalf("%d letters", len(got))
	}

	if receipt.ID != m.Key+"@testby.dk" {
		t.Errorf("receipt %q", receipt.ID)
	}

	want := mailsim.Letter{
		Number: 1, At: clock(), Sender: "retur@testby.dk", Receivers: []string{receiver}, From: "Ærø Kommune <skaerm@testby.dk>",
		Subject: m.Subject, MessageID: receipt.ID, AutoSubmitted: "auto-generated", Text: m.Text, CalendarMethod: "REQUEST",
		Attachments: []string{"aftale.ics"}, Encrypted: true, User: "sluse",
	}
	if diff := cmp.Diff(want, got[0], cmpopts.IgnoreFields(mailsim.Letter{}, "Raw", "Calendar")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	l, raw := got[0], string(got[0].Raw)
	for _, want := range []string{"Content-Language: da\r\n", "X-Auto-Response-Suppress: All\r\n", "Date: Sat, 21 Nov 2026 12:00:00 +0000\r\n"} {
		if !strings.Contains(raw, want) {
			t.Errorf("the letter lacks %q:\n%s", want, raw)
		}
	}

	cal, err := arran.ParseCalendar(strings.NewReader(l.Calendar))
	if err != nil || len(cal.Events()) != 1 || cal.Events()[0].Id() != m.Event.UID {
		t.Errorf("calendar (%v):\n%s", err, l.Calendar)
	}

	if len(outcomes) != 1 || outcomes[0] != "mail send ok" {
		t.Errorf("observed %v", outcomes)
	}
}

func TestSendWithoutEvent(t *testing.T) {
	t.Parallel()

	sim, config := relay(t, mailsim.Options{Calm: true, Strict: true})
	m := invitation()
	m.Event, m.Key = nil, "et nøgle/med tegn"

	receipt, err := sender(t, config, mail.Options{}).Send(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}

	l := sim.Letters()[0]
	if l.Text != m.Text || l.Calendar != "" || len(l.Attachments) != 0 || strings.ContainsAny(receipt.ID, " /ø") {
		t.Errorf("receipt %q, letter %+v", receipt.ID, l)
	}
}

// TestRepeatKeepsMessageID loses the relay's answer: the second letter is a recognisable copy.
func TestRepeatKeepsMessageID(t *testing.T) {
	t.Parallel()

	sim, config := relay(t, mailsim.Options{Calm: true})
	if err := sim.Script(mailsim.Fault{Kind: mailsim.FaultResetAfter}); err != nil {
		t.Fatal(err)
	}

	s := sender(t, config, mail.Options{})

	if _, err := s.Send(t.Context(), invitation()); !connector.Is(err, connector.Unknown) {
		t.Fatalf("lost answer: %v", err)
	}

	receipt, err := s.Send(t.Context(), invitation())
	if err != nil {
		t.Fatal(err)
	}

	if n := sim.Copies()[receipt.ID]; n != 2 {
		t.Errorf("%d letters under %s", n, receipt.ID)
	}
}

func TestKinds(t *testing.T) {
	t.Parallel()

	script := func(kind mailsim.FaultKind) func(*mailsim.Server, *mail.Config) {
		return func(s *mailsim.Server, _ *mail.Config) {
			if err := s.Script(mailsim.Fault{Kind: kind}); err != nil {
				panic(err)
			}
		}
	}

	for _, c := range []struct {
		name    string
		relay   mailsim.Options
		prepare func(*mailsim.Server, *mail.Config)
		message func(*message.Message)
		want    connector.Kind
		code    string
		kept    int
	}{
		{name: "busy", prepare: script(mailsim.FaultBusy), want: connector.Unavailable, code: "421"},
		{name: "sender later", prepare: script(mailsim.FaultSenderLater), want: connector.Unavailable, code: "451"},
		{name: "greylist", prepare: script(mailsim.FaultGreylist), want: connector.Unavailable, code: "450"},
		{name: "letter later", prepare: script(mailsim.FaultLetterLater), want: connector.Unavailable, code: "451"},
		{name: "lost inside the letter", prepare: script(mailsim.FaultResetBefore), message: large, want: connector.Unavailable},
		{name: "lost answer", prepare: script(mailsim.FaultResetAfter), want: connector.Unknown, kept: 1},
		{name: "slow is no error", prepare: script(mailsim.FaultSlow), kept: 1},
		{name: "no such mailbox", relay: mailsim.Options{Reject: []string{receiver}}, want: connector.Rejected, code: "550"},
		{name: "too large", relay: mailsim.Options{MaxSize: 500}, want: connector.Rejected, code: "552"},
		{
			name: "nobody logged in", relay: mailsim.Options{Users: map[string]string{"sluse": password}},
			want: connector.Unauthorized, code: "530",
		},
		{name: "wrong password", relay: mailsim.Options{Users: map[string]string{"sluse": password}}, prepare: func(_ *mailsim.Server, c *mail.Config) {
			c.Username, c.Password = "sluse", care.NewSecret("forkert")
		}, want: connector.Unauthorized, code: "535"},
		{name: "no encryption offered", prepare: func(_ *mailsim.Server, c *mail.Config) { c.TLS = mail.STARTTLS }, want: connector.Unavailable},
		{
			name: "unknown certificate", relay: mailsim.Options{STARTTLS: true},
			prepare: func(_ *mailsim.Server, c *mail.Config) { c.TLS = mail.STARTTLS }, want: connector.Unavailable,
		},
		{name: "nobody listens", prepare: func(s *mailsim.Server, _ *mail.Config) { _ = s.Close() }, want: connector.Unavailable},
		{name: "other channel", message: func(m *message.Message) { m.Channel = care.SMS }, want: connector.Rejected},
		{name: "no key", message: func(m *message.Message) { m.Key = "" }, want: connector.Rejected},
		{name: "no text", message: func(m *message.Message) { m.Text = "" }, want: connector.Rejected},
		{name: "bad address", message: func(m *message.Message) { m.Email = care.NewEmail("nancy.berggren") }, want: connector.Rejected},
		{
			name: "smuggled address", want: connector.Rejected,
			message: func(m *message.Message) { m.Email = care.NewEmail(receiver + ">\r\nRCPT TO:<x@y.dk") },
		},
		{name: "bad event", message: func(m *message.Message) { m.Event.UID = "" }, want: connector.Rejected},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()

			c.relay.Calm = true
			sim, config := relay(t, c.relay)

			if c.prepare != nil {
				c.prepare(sim, &config)
			}

			m := invitation()
			if c.message != nil {
				c.message(&m)
			}

			_, err := sender(t, config, mail.Options{}).Send(t.Context(), m)
			if connector.KindOf(err) != c.want || len(sim.Letters()) != c.kept {
				t.Errorf("error %v, %d letters; want kind %s, %d letters", err, len(sim.Letters()), c.want, c.kept)
			}

			e, ok := err.(*connector.Error) //nolint:errorlint // the adapter returns the type itself
			if ok && (e.Code != c.code || e.System != "mail" || e.Op != "send") {
				t.Errorf("error %+v, want code %q", e, c.code)
			}

			noLeak(t, err)
		})
	}
}

func large(m *message.Message) { m.Text = strings.Repeat("Du har en aftale på skærm.\n", 100_000) }

// noLeak looks for personal data and secrets in an error and all that it wraps.
func noLeak(t *testing.T, err error) {
	t.Helper()

	if err == nil {
		return
	}

	for _, secret := range []string{receiver, "berggren", password, "forkert", "AbCdEf"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error tells %q: %v", secret, err)
		}
	}
}

func TestImplicitTLS(t *testing.T) {
	t.Parallel()

	sim, err := mailsim.New(mailsim.Options{Clock: clock, Calm: true, Users: map[string]string{"sluse": password}})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = sim.Close() })

	web := httptest.NewTLSServer(nil) // for its certificate
	t.Cleanup(web.Close)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	served := make(chan error, 1)
	go func() { served <- sim.Serve(tls.NewListener(listener, web.TLS)) }()

	config := configFor(t, listener.Addr().String())
	config.TLS, config.Username, config.Password = mail.Implicit, "sluse", care.NewSecret(password)

	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())

	if _, err := sender(t, config, mail.Options{RootCAs: roots}).Send(t.Context(), invitation()); err != nil {
		t.Error(err)
	}

	if _, err := sender(t, config, mail.Options{}).Send(t.Context(), invitation()); !connector.Is(err, connector.Unavailable) {
		t.Errorf("unknown certificate: %v", err)
	}

	if n := len(sim.Letters()); n != 1 {
		t.Errorf("%d letters", n)
	}

	_ = sim.Close()

	if err := <-served; !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

// TestCancel cancels before the greeting and after the letter.
func TestCancel(t *testing.T) {
	t.Parallel()

	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	defer func() { _ = silent.Close() }()

	ctx, cancel := context.WithCancel(t.Context())

	go func() {
		conn, err := silent.Accept()
		if err != nil {
			return
		}

		cancel()

		_, _ = conn.Read(make([]byte, 1)) // until the client gives up
		_ = conn.Close()
	}()

	if _, err := sender(t, configFor(t, silent.Addr().String()), mail.Options{}).Send(ctx, invitation()); !connector.Is(err, connector.Unavailable) {
		t.Errorf("before the greeting: %v", err)
	}

	sim, config := relay(t, mailsim.Options{Faults: mailsim.Faults{Slow: 1, Hang: time.Minute}})
	ctx, cancel = context.WithCancel(t.Context())

	defer cancel()

	go func() {
		_ = sim.WaitFor(t.Context(), func(l []mailsim.Letter) bool { return len(l) == 1 })

		cancel()
	}()

	_, err = sender(t, config, mail.Options{}).Send(ctx, invitation())
	if !connector.Is(err, connector.Unknown) {
		t.Errorf("after the letter: %v", err)
	}

	noLeak(t, err)
}
