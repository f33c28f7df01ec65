package smsgw_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/message"
	"github.com/sluse/sluse/connector/message/messagetest"
	"github.com/sluse/sluse/connector/message/smsgw"
	"github.com/sluse/sluse/connector/message/smsgw/smsgwsim"
	"github.com/sluse/sluse/scheduler/care"
)

var start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

type bench struct {
	sim    *smsgwsim.Server
	sender *smsgw.Sender
	now    time.Time
}

func sender(t *testing.T, base, key string) *smsgw.Sender {
	t.Helper()

	config := smsgw.Config{BaseURL: base, APIKey: care.NewSecret(key)}
	config.SetDefaults()

	s, err := smsgw.New(config, smsgw.Deps{Now: func() time.Time { return start }, Sender: "Testby"})
	if err != nil {
		t.Fatal(err)
	}

	return s
}

func setup(t *testing.T, o smsgwsim.Options) *bench {
	t.Helper()

	b := &bench{now: start}
	o.Clock = func() time.Time { return b.now }

	sim, err := smsgwsim.New(o)
	if err != nil {
		t.Fatal(err)
	}

	server := httptest.NewServer(sim.Handler())
	t.Cleanup(server.Close)

	b.sim, b.sender = sim, sender(t, server.URL, smsgwsim.DefaultAPIKey)

	return b
}

func compose(n int) message.Message {
	return message.Message{
		Key: fmt.Sprintf("inv/%d", n), Channel: care.SMS, Phone: care.NewPhone(fmt.Sprintf("+4520001%03d", n)),
		Text: "Testby: Du har en aftale på skærm mandag 23. nov. kl. 09.45. https://skaerm.testby.dk/b/AbCdEfGhIjKlMnOpQrStUv",
	}
}

// peer is the simulator as the conformance suite plays it.
type peer struct{ sim *smsgwsim.Server }

func (p peer) Compose(n int) message.Message { return compose(n) }

func (p peer) Taken(n int) (taken int) {
	for _, text := range p.sim.Texts() {
		if text.Key == compose(n).Key {
			taken++
		}
	}

	return taken
}

func (p peer) LoseAnswers(count int) error { return p.sim.Script(smsgwsim.FaultResetAfter, count) }

func (p peer) Secrets() []string {
	return []string{"20001001", smsgwsim.DefaultAPIKey, "AbCdEf", "Bearer"}
}

func TestConformance(t *testing.T) {
	t.Parallel()

	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			messagetest.Run(t, func(t *testing.T) messagetest.Rig {
				t.Helper()

				o := smsgwsim.Options{Seed: seed}
				if seed > 0 { // the first is calm
					o.Faults = 0.3
				}

				b := setup(t, o)

				return messagetest.Rig{Sender: b.sender, Peer: peer{b.sim}, Faulty: seed > 0}
			})
		})
	}
}

func TestDelivery(t *testing.T) {
	t.Parallel()

	b := setup(t, smsgwsim.Options{Undeliverable: []string{"+4520001002"}})

	for i, want := range []care.DeliveryStatus{care.Arrived, care.Undeliverable} {
		n := i + 1
		b.now = start

		receipt, err := b.sender.Send(t.Context(), compose(n))
		if err != nil {
			t.Fatal(err)
		}

		if status, err := b.sender.Status(t.Context(), compose(n), receipt); err != nil || status != care.InTransit {
			t.Errorf("at once: %q, %v", status, err)
		}

		b.now = start.Add(time.Minute)

		if status, err := b.sender.Status(t.Context(), compose(n), receipt); err != nil || status != want {
			t.Errorf("later: %q, %v; want %q", status, err, want)
		}
	}

	if texts := b.sim.Texts(); len(texts) != 2 || texts[0].Sender != "Testby" {
		t.Errorf("texts %+v", texts)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()

	b := setup(t, smsgwsim.Options{})
	change := func(f func(*message.Message)) message.Message {
		m := compose(1)
		f(&m)

		return m
	}

	if _, err := b.sender.Send(t.Context(), compose(1)); err != nil {
		t.Fatal(err)
	}

	for name, tt := range map[string]struct {
		message message.Message
		want    connector.Kind
	}{
		"no key":    {change(func(m *message.Message) { m.Key = "" }), connector.Rejected},
		"no number": {change(func(m *message.Message) { m.Phone = care.Phone{} }), connector.Rejected},
		"no text":   {change(func(m *message.Message) { m.Text = "" }), connector.Rejected},
		"too long":  {change(func(m *message.Message) { m.Text = strings.Repeat("x", 161) }), connector.Rejected},
		"number":    {change(func(m *message.Message) { m.Key, m.Phone = "b", care.NewPhone("+45") }), connector.Rejected},
		"other":     {change(func(m *message.Message) { m.Text = "Testby: Noget andet" }), connector.Conflict},
	} {
		if _, err := b.sender.Send(t.Context(), tt.message); connector.KindOf(err) != tt.want {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}

	if _, err := b.sender.Find(t.Context(), compose(2)); !connector.Is(err, connector.NotFound) {
		t.Errorf("find what never came: %v", err)
	}

	if n := len(b.sim.Texts()); n != 1 {
		t.Errorf("%d messages", n)
	}
}

// TestForeignAnswers holds the client to what a gateway must never make of it.
func TestForeignAnswers(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		status int
		body   string
		want   connector.Kind
	}{
		"no id":        {201, `{}`, connector.Unknown},
		"page":         {200, `<html>`, connector.Unknown},
		"id too long":  {201, `{"id":"` + strings.Repeat("x", 101) + `"}`, connector.Unknown},
		"unknown key":  {401, `{"error":"unknown_key"}`, connector.Unauthorized},
		"server error": {500, `oops`, connector.Unknown},
		"busy":         {503, ``, connector.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
			}))
			t.Cleanup(server.Close)

			if _, err := sender(t, server.URL, "k").Send(t.Context(), compose(1)); connector.KindOf(err) != tt.want {
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()

	b := setup(t, smsgwsim.Options{})
	server := httptest.NewServer(b.sim.Handler())
	t.Cleanup(server.Close)

	for key, want := range map[string]connector.Level{smsgwsim.DefaultAPIKey: connector.Fine, "wrong": connector.Failing} {
		if found := sender(t, server.URL, key).Check(t.Context()); len(found) != 1 || found[0].Level != want || found[0].Text == "" {
			t.Errorf("key %s: %+v", key, found)
		}
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()

	if problems := (smsgw.Config{BaseURL: "http://example.org", Timeout: time.Second}).Validate(); len(problems) != 4 {
		t.Errorf("problems %v", problems)
	}
}

// FuzzStatus: whatever the gateway says, nothing breaks, and only its own words count.
func FuzzStatus(f *testing.F) {
	for _, seed := range []string{`{"id":"a","status":"delivered"}`, `{"id":"a","status":7}`, `[]`, `<`, ``} {
		f.Add(seed)
	}

	body := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(<-body)) }))
	f.Cleanup(server.Close)

	f.Fuzz(func(t *testing.T, text string) {
		body <- text

		status, err := sender(t, server.URL, "k").Status(t.Context(), compose(1), message.Receipt{ID: "x"})
		if err != nil && connector.KindOf(err) == 0 {
			t.Errorf("an error without a kind: %v", err)
		}

		if err == nil && status != care.InTransit && status != care.Arrived && status != care.Undeliverable {
			t.Errorf("status %q", status)
		}
	})
}
