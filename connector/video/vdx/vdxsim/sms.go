package vdxsim

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// SMS delivery states. Only that a status exists is documented (§8); the names are this
// simulator's.
const (
	SMSQueued    = "QUEUED"
	SMSSent      = "SENT"
	SMSDelivered = "DELIVERED"
	SMSFailed    = "FAILED"
)

// message is one accepted SMS.
type message struct {
	id       string
	meeting  *meeting
	sender   string
	to       string
	text     string // as sent by the client
	filled   string // with %meeting_url% replaced
	at       time.Time
	due      time.Time
	fails    bool
	callback string
	late     bool // accepted after the meeting was cancelled
}

func (m *message) status(now time.Time) (name string, since time.Time) {
	half := m.at.Add(m.due.Sub(m.at) / 2)
	switch {
	case now.Before(half):
		return SMSQueued, m.at
	case now.Before(m.due):
		return SMSSent, half
	case m.fails:
		return SMSFailed, m.due
	}
	return SMSDelivered, m.due
}

// smsBook holds every message; guarded by Server.mu.
type smsBook struct {
	dice          dice
	delay         time.Duration
	undeliverable map[string]bool
	all           []*message
	byMeeting     map[string][]*message
	open          []*message // waiting for their final status, with a callback
	due           []string   // callback addresses to call
}

func newSMSBook(o Options, d dice) *smsBook {
	b := &smsBook{
		dice: d, delay: o.SMSDeliveryDelay,
		undeliverable: make(map[string]bool), byMeeting: make(map[string][]*message),
	}
	for _, n := range o.UndeliverableNumbers {
		b.undeliverable[digits(n)] = true
	}
	return b
}

// digits reduces a Danish number to its eight digits, a foreign one to all of its digits.
func digits(number string) string {
	var out strings.Builder
	for _, c := range number {
		if c >= '0' && c <= '9' {
			out.WriteRune(c)
		}
	}
	n := strings.TrimPrefix(out.String(), "00")
	if len(n) == 10 && strings.HasPrefix(n, "45") {
		return n[2:]
	}
	return n
}

func (b *smsBook) accept(org *organisation, m *meeting, to, text string, now time.Time) *message {
	msg := &message{
		id: b.dice.uuid("sms", itoa(len(b.all))), meeting: m, sender: org.SMSSenderName, to: to, text: text,
		filled: strings.ReplaceAll(text, "%meeting_url%", shortLink(m.room.baseURL, m)),
		at:     now, due: now.Add(b.delay), callback: org.SMSCallbackURL,
		fails: b.undeliverable[digits(to)] || len(digits(to)) < 8,
		late:  !m.room.cancelledAt.IsZero(),
	}
	b.all = append(b.all, msg)
	b.byMeeting[m.uuid] = append(b.byMeeting[m.uuid], msg)
	if msg.callback != "" {
		b.open = append(b.open, msg)
	}
	return msg
}

// advance queues the callbacks of messages that have reached a final status.
func (b *smsBook) advance(now time.Time) {
	open := b.open[:0]
	for _, m := range b.open {
		if now.Before(m.due) {
			open = append(open, m)
			continue
		}
		name, _ := m.status(now)
		b.due = append(b.due, fillCallback(m.callback, m.id, name))
	}
	b.open = open
}

// fillCallback replaces the placeholders of smsCallbackUrl (§8).
func fillCallback(template, reference, status string) string {
	return strings.NewReplacer("%reference%", url.QueryEscape(reference), "%status%", url.QueryEscape(status)).Replace(template)
}

// callbackClient follows no redirects, so that a callback can't leave this machine.
func callbackClient() *http.Client {
	return &http.Client{
		Timeout:       5 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// DeliverCallbacks calls the callback address of every message that has reached a final
// status and was not reported yet, one after the other, once each. Start does this
// regularly. The method is inference: GET with everything in the URL.
func (s *Server) DeliverCallbacks(ctx context.Context) {
	s.mu.Lock()
	due := s.sms.due
	s.sms.due = nil
	s.mu.Unlock()
	for _, address := range due {
		if loopbackURL(address) != nil {
			continue
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
		if err != nil {
			continue
		}
		resp, err := s.callback.Do(req)
		if err != nil {
			continue // the organisation's receiver is down: VDX is not known to try again
		}
		_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxBody))
		_ = resp.Body.Close()
	}
}

func (s *Server) routeSMS(mux *http.ServeMux, who authenticator) {
	about := func(x *exchange) string { return strings.ToLower(x.r.PathValue("uuid")) }
	mux.HandleFunc("POST /sms/v1/meeting/{uuid}", s.endpoint(apiSMS, OpSMSSend, about, s.gate(v2, who, s.sendSMS)))
	mux.HandleFunc("GET /sms/v1/meeting/{uuid}", s.endpoint(apiSMS, OpSMSStatus, about, s.gate(v2, who, s.smsStatus)))
}

// sendSMS is POST /sms/v1/meeting/{uuid} (§8). It is not idempotent: a repeat is a second
// message.
func (s *Server) sendSMS(x *exchange) (reply, *problem) {
	id, p := pathUUID(x)
	if p != nil {
		return reply{}, p
	}
	b, p := readBody(x.body, v2)
	if p != nil {
		return reply{}, p
	}
	b.required("message", "to")
	text, to := b.text("message", 1000), b.text("to", 50)
	if p = b.verdict(s.opts.Strict); p != nil {
		return reply{}, p
	}
	if *text == "" || digits(*to) == "" {
		return reply{}, invalid("to", "message and number must not be empty")
	}
	if p = allow(x, writers()); p != nil {
		return reply{}, p
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, p := s.meetingAt(x, id)
	if p != nil {
		return reply{}, p
	}
	msg := s.sms.accept(s.world.organisations[m.organisation], m, *to, *text, x.now)
	return s.ok(x, s.encodeSMS(x, msg)), nil
}

// smsStatus is GET /sms/v1/meeting/{uuid}: an array, 404 when nothing was sent (§8).
func (s *Server) smsStatus(x *exchange) (reply, *problem) {
	id, p := pathUUID(x)
	if p != nil {
		return reply{}, p
	}
	if p = allow(x, readers()); p != nil {
		return reply{}, p
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, p = s.meetingAt(x, id); p != nil {
		return reply{}, p
	}
	sent := append([]*message(nil), s.sms.byMeeting[id]...)
	if len(sent) == 0 {
		return reply{}, notFound("SMS")
	}
	shuffle(s.dice, x.now.String(), sent, func(m *message) string { return m.id })
	list := make([]map[string]any, 0, len(sent))
	for _, m := range sent {
		list = append(list, s.encodeSMS(x, m))
	}
	return s.ok(x, list), nil
}

func (s *Server) encodeSMS(x *exchange, m *message) map[string]any {
	name, _ := m.status(x.now)
	out := map[string]any{"status": name, "segments": 1 + len(m.filled)/154}
	if !s.opts.BareSMSStatus {
		out["reference"], out["to"], out["created"] = m.id, m.to, s.date(x, m.at)
	}
	return out
}
