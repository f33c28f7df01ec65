package sms_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/message"
	"github.com/sluse/sluse/connector/message/sms"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
	"github.com/sluse/sluse/scheduler/care"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

const (
	room   = "3f0c8f0e-6a55-4d52-9a1e-5b1d6c1f7a10"
	number = "+4520000001"
	bad    = "+4520000009"
	secret = "test-sluse-planner"
)

func start() time.Time { return time.Date(2026, 11, 23, 7, 30, 0, 0, time.UTC) }

type testBundle struct {
	sim    *vdxsim.Server
	sender *sms.Sender
	config sms.Config
	video  string // base of the video API
}

func setup(t *testing.T, change func(*vdxsim.Options)) *testBundle {
	t.Helper()

	o := vdxsim.Options{Clock: start, Seed: 11, Calm: true, Strict: true, UndeliverableNumbers: []string{bad}}
	if change != nil {
		change(&o)
	}

	sim, err := vdxsim.New(o)
	if err != nil {
		t.Fatal(err)
	}

	server := httptest.NewServer(sim.Handler())
	t.Cleanup(server.Close)

	urls := vdxsim.URLsAt(server.URL, "")
	config := sms.Config{BaseURL: urls.SMS, TokenURL: urls.Token, ClientID: "sluse-planner", ClientSecret: care.NewSecret(secret)}
	config.SetDefaults()

	sender, err := sms.New(config, sms.Deps{Now: sim.Now})
	if err != nil {
		t.Fatal(err)
	}

	b := &testBundle{sim: sim, sender: sender, config: config, video: urls.Video}
	b.book(t, room)

	return b
}

// book makes the meeting that messages are sent for, by plain HTTP.
func (b *testBundle) book(t *testing.T, room string) {
	t.Helper()

	body := fmt.Sprintf(`{"subject":"Samtale","uuid":%q,"startTime":%q,"endTime":%q,"hostPin":482130,"guestPin":771204}`,
		room, start().Add(time.Hour).Format(time.RFC3339), start().Add(2*time.Hour).Format(time.RFC3339))

	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.video+"/v2/meetings", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}

	token := b.sim.IssueToken(vdxsim.DefaultClients()[0], time.Hour)
	req.Header = http.Header{"Authorization": {"Bearer " + token}, "Content-Type": {"application/json"}, "X-Request-Id": {"test"}}

	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}

	defer func() { _ = resp.Body.Close() }()

	if resp.StatusCode != http.StatusOK {
		t.Fatalf("booking the meeting: %s", resp.Status)
	}
}

func invitation() message.Message {
	return message.Message{
		Key: "i1", Channel: care.SMS, Phone: care.NewPhone(number), Room: room,
		Text: "Testby: Du har en aftale på skærm mandag 23. nov. kl. 09.45. https://skaerm.testby.dk/b/AbCdEfGhIjKlMnOpQrStUv Hjælp: 87878787. Kan ikke besvares",
	}
}

func TestSendAndTrack(t *testing.T) {
	t.Parallel()

	b := setup(t, nil)

	if _, err := b.sender.Find(t.Context(), invitation()); !connector.Is(err, connector.NotFound) {
		t.Errorf("before anything was sent: %v", err)
	}

	if _, err := b.sender.Status(t.Context(), invitation(), message.Receipt{}); !connector.Is(err, connector.NotFound) {
		t.Errorf("status before anything was sent: %v", err)
	}

	good, err := b.sender.Send(t.Context(), invitation())
	if err != nil {
		t.Fatal(err)
	}

	lost := invitation()
	lost.Phone, lost.Prior = care.NewPhone(bad), 1

	never, err := b.sender.Send(t.Context(), lost)
	if err != nil {
		t.Fatal(err)
	}

	sent := b.sim.SMS()
	if len(sent) != 2 || sent[0].ID != good.ID || sent[0].To != number || sent[0].Text != invitation().Text {
		t.Fatalf("the service took %+v, receipt %q", sent, good.ID)
	}

	status := func(m message.Message, r message.Receipt) care.DeliveryStatus {
		t.Helper()

		s, err := b.sender.Status(t.Context(), m, r)
		if err != nil {
			t.Fatal(err)
		}

		return s
	}

	if s := status(invitation(), good); s != care.InTransit {
		t.Errorf("at once: %s", s)
	}

	b.sim.Advance(time.Minute)

	if s := status(invitation(), good); s != care.Arrived {
		t.Errorf("a minute later: %s", s)
	}

	if s := status(lost, never); s != care.Undeliverable {
		t.Errorf("to a number that does not exist: %s", s)
	}
}

// TestLostAnswer is the case that makes double messages: each fault once, then a look-up as
// the use case does it, then the message again only when it did not leave.
func TestLostAnswer(t *testing.T) {
	t.Parallel()

	for _, c := range []struct {
		kind vdxsim.FaultKind
		want connector.Kind
	}{
		{vdxsim.FaultResetBefore, connector.Unknown},
		{vdxsim.FaultResetAfter, connector.Unknown},
		{vdxsim.FaultBadGatewayBefore, connector.Unknown},
		{vdxsim.FaultBadGatewayAfter, connector.Unknown},
		{vdxsim.FaultServerError, connector.Unknown},
		{vdxsim.FaultTimeoutAfter, connector.Unknown},
		{vdxsim.FaultTooMany, connector.RateLimited},
		{vdxsim.FaultUnavailable, connector.Unavailable},
		{vdxsim.FaultUnauthorized, 0}, // the token is renewed and the call made once more
		{vdxsim.FaultSlow, 0},
		{vdxsim.FaultTimeoutBefore, connector.Unknown},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			t.Parallel()

			b := setup(t, nil)
			if err := b.sim.Script(vdxsim.Fault{Kind: c.kind, Op: vdxsim.OpSMSSend, Hang: time.Millisecond}); err != nil {
				t.Fatal(err)
			}

			_, err := b.sender.Send(t.Context(), invitation())
			if connector.KindOf(err) != c.want {
				t.Fatalf("error %v, want kind %s", err, c.want)
			}

			noLeak(t, err)

			receipt, err := b.sender.Find(t.Context(), invitation())
			if connector.Is(err, connector.NotFound) {
				receipt, err = b.sender.Send(t.Context(), invitation())
			}

			if err != nil {
				t.Fatal(err)
			}

			if sent := b.sim.SMS(); len(sent) != 1 || sent[0].ID != receipt.ID {
				t.Errorf("the service took %d messages; receipt %q", len(sent), receipt.ID)
			}
		})
	}
}

func TestBrokenBodyIsATakenMessage(t *testing.T) {
	t.Parallel()

	b := setup(t, nil)
	if err := b.sim.Script(vdxsim.Fault{Kind: vdxsim.FaultBrokenBody, Op: vdxsim.OpSMSSend}); err != nil {
		t.Fatal(err)
	}

	receipt, err := b.sender.Send(t.Context(), invitation())
	if err != nil && !connector.Is(err, connector.Unknown) {
		t.Fatal(err)
	}

	if found, err := b.sender.Find(t.Context(), invitation()); err != nil || found.ID == "" {
		t.Errorf("receipt %q; found %q, %v", receipt.ID, found.ID, err)
	}
}

// TestFindCountsFromPrior sends three messages for one room, each after a lost answer.
func TestFindCountsFromPrior(t *testing.T) {
	t.Parallel()

	b := setup(t, nil)

	for prior := range 3 {
		m := invitation()
		m.Prior = prior

		if _, err := b.sender.Find(t.Context(), m); !connector.Is(err, connector.NotFound) {
			t.Fatalf("message %d before it was sent: %v", prior, err)
		}

		if err := b.sim.Script(vdxsim.Fault{Kind: vdxsim.FaultResetAfter, Op: vdxsim.OpSMSSend}); err != nil {
			t.Fatal(err)
		}

		if _, err := b.sender.Send(t.Context(), m); !connector.Is(err, connector.Unknown) {
			t.Fatal(err)
		}

		b.sim.Advance(time.Second)

		if r, err := b.sender.Find(t.Context(), m); err != nil || r.ID == "" {
			t.Fatalf("message %d after it was sent: %q, %v", prior, r.ID, err)
		}
	}
}

// TestFindLooksWhomItWentTo: somebody else's message went out twice, so there is one more than is known. It
// does not stand for a message that never left.
func TestFindLooksWhomItWentTo(t *testing.T) {
	t.Parallel()

	b := setup(t, nil)

	for range 2 {
		if _, err := b.sender.Send(t.Context(), invitation()); err != nil {
			t.Fatal(err)
		}
	}

	relative := invitation()
	relative.Phone, relative.Prior = care.NewPhone(bad), 1

	if r, err := b.sender.Find(t.Context(), relative); !connector.Is(err, connector.NotFound) {
		t.Errorf("found %q, %v", r.ID, err)
	}
}

// TestOnlyStatusIsTold runs against a service that tells nothing but what is documented.
func TestOnlyStatusIsTold(t *testing.T) {
	t.Parallel()

	b := setup(t, func(o *vdxsim.Options) { o.BareSMSStatus = true })

	receipt, err := b.sender.Send(t.Context(), invitation())
	if err != nil || receipt.ID != room+"/1" {
		t.Fatalf("receipt %q, %v", receipt.ID, err)
	}

	found, err := b.sender.Find(t.Context(), invitation())
	if err != nil || found != receipt {
		t.Errorf("found %q, %v", found.ID, err)
	}

	b.sim.Advance(time.Minute)

	if s, err := b.sender.Status(t.Context(), invitation(), receipt); err != nil || s != care.Arrived {
		t.Errorf("status %s, %v", s, err)
	}

	second := invitation()
	second.Phone, second.Prior = care.NewPhone(bad), 1

	if receipt, err = b.sender.Send(t.Context(), second); err != nil || receipt.ID != room+"/2" {
		t.Fatalf("receipt %q, %v", receipt.ID, err)
	}

	if s, err := b.sender.Status(t.Context(), second, receipt); err != nil || s != care.InTransit {
		t.Errorf("one arrived, one on the way: %s, %v", s, err)
	}

	b.sim.Advance(time.Minute)

	if s, err := b.sender.Status(t.Context(), second, receipt); err != nil || s != care.Undeliverable {
		t.Errorf("one arrived, one lost: %s, %v", s, err)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()

	b := setup(t, nil)

	for name, c := range map[string]struct {
		spoil func(*message.Message)
		want  connector.Kind
		code  string
	}{
		"other channel":   {func(m *message.Message) { m.Channel = care.Mail }, connector.Rejected, ""},
		"no room":         {func(m *message.Message) { m.Room = "" }, connector.Rejected, ""},
		"no number":       {func(m *message.Message) { m.Phone = care.Phone{} }, connector.Rejected, ""},
		"no text":         {func(m *message.Message) { m.Text = "" }, connector.Rejected, ""},
		"long text":       {func(m *message.Message) { m.Text = strings.Repeat("x", 161) }, connector.Rejected, ""},
		"typography":      {func(m *message.Message) { m.Text = "\u201cx\u201d" }, connector.Rejected, ""},
		"the room's link": {func(m *message.Message) { m.Text = "%Meeting_URL%" }, connector.Rejected, ""},
		"unknown room":    {func(m *message.Message) { m.Room = "9f5a3c52-0d1f-4a5e-8c53-0e2a4a6c7b20" }, connector.Conflict, sms.CodeNoMeeting},
		"number in words": {func(m *message.Message) { m.Phone = care.NewPhone("ingen") }, connector.Rejected, ""},
	} {
		m := invitation()
		c.spoil(&m)

		_, err := b.sender.Send(t.Context(), m)

		var e *connector.Error
		if !errors.As(err, &e) || e.Kind != c.want || (c.code != "" && e.Code != c.code) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}

		noLeak(t, err)
	}

	if n := len(b.sim.SMS()); n != 0 {
		t.Errorf("%d messages left", n)
	}

	if _, err := b.sender.Find(t.Context(), message.Message{}); !connector.Is(err, connector.NotFound) {
		t.Errorf("no room: %v", err)
	}
}

func TestOurCredentialsRefused(t *testing.T) {
	t.Parallel()

	b := setup(t, nil)
	config := b.config
	config.ClientSecret = care.NewSecret("forkert-nøgle")

	sender, err := sms.New(config, sms.Deps{Now: b.sim.Now})
	if err != nil {
		t.Fatal(err)
	}

	_, err = sender.Send(t.Context(), invitation())
	if !connector.Is(err, connector.Unauthorized) {
		t.Errorf("error %v", err)
	}

	noLeak(t, err)
}

func TestCancelled(t *testing.T) {
	t.Parallel()

	b := setup(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()

	_, err := b.sender.Send(ctx, invitation())
	if k := connector.KindOf(err); k != connector.Unavailable && k != connector.Unknown {
		t.Errorf("error %v", err)
	}
}

func noLeak(t *testing.T, err error) {
	t.Helper()

	if err == nil {
		return
	}

	for _, s := range []string{number, number[3:], secret, "forkert-nøgle", "AbCdEf", "Bearer", "eyJ"} {
		if strings.Contains(err.Error(), s) {
			t.Errorf("the error tells %q: %v", s, err)
		}
	}
}

func TestConfigProblems(t *testing.T) {
	t.Parallel()

	c := sms.Config{BaseURL: "http://videoapi.vconf.dk/sms", TokenURL: "https://u:p@x.dk/token", Auth: sms.AuthOAuth}
	if problems := c.Validate(); len(problems) != 6 {
		t.Errorf("problems %v", problems)
	}

	if _, err := sms.New(c, sms.Deps{Now: start}); err == nil {
		t.Error("accepted")
	}
}

// Without access to VDX there is nothing to send with.
func TestAuthNeedsAccess(t *testing.T) {
	t.Parallel()

	c := sms.Config{BaseURL: "https://videoapi.vconf.dk/sms", Auth: sms.AuthVDX}
	c.SetDefaults()

	if _, err := sms.New(c, sms.Deps{Now: start}); err == nil {
		t.Error("accepted")
	}

	refuse := func(*outbound.Options) error { return errors.New("no") }
	if _, err := sms.New(c, sms.Deps{Now: start, Access: refuse}); err == nil {
		t.Error("accepted")
	}
}
