package pexipsim

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// maxBulk is how many events one bulk message holds.
const maxBulk = 100

// Delivery is one POST to an event sink.
type Delivery struct {
	// Sink and Node tell who sent it.
	Sink string `json:"sink"`
	Node string `json:"node"`
	// Time is when, by the simulator's clock, UTC.
	Time time.Time `json:"time"`
	// Events is how many it held; First is the seq of the first.
	Events int `json:"events"`
	First  int `json:"first"`
	// Body is what was sent.
	Body string `json:"body"`
	// Status is what was answered, 0 when nothing was in time.
	Status int `json:"status"`
	// Duplicate tells that the same had been sent before and answered.
	Duplicate bool `json:"duplicate,omitempty"`
}

// DeliverEvents sends every event that is due, to every sink, and returns when each has been
// answered, has failed until the next attempt is in the future, or its publisher has stopped.
// Attempts that would have been made while the clock jumped are made now, each as of its own
// time, so that a receiver that was down for hours finds the publisher stopped (§4.3). Start
// calls it regularly.
func (s *Server) DeliverEvents(ctx context.Context) {
	s.mu.Lock()
	all := slices.Clone(s.hub.publishers)
	s.mu.Unlock()
	var wait sync.WaitGroup
	for _, p := range all {
		wait.Go(func() {
			p.sending.Lock()
			defer p.sending.Unlock()
			for more := true; more && ctx.Err() == nil; {
				more = s.deliverOne(ctx, p)
			}
		})
	}
	wait.Wait()
}

// deliverOne makes one attempt, and tells whether another one is due.
func (s *Server) deliverOne(ctx context.Context, p *publisher) bool {
	now := s.Now()
	s.mu.Lock()
	batch, sink, at := p.due(now)
	timeout := orDuration(s.opts.SinkTimeout, time.Duration(s.hub.global("es_connection_timeout"))*time.Second)
	duplicate := len(batch) > 0 && s.hub.repeats(p, batch[0])
	s.mu.Unlock()
	if len(batch) == 0 {
		return false
	}
	body := p.message(sink, batch, at)
	if len(body) == 0 {
		return false
	}
	record := Delivery{
		Sink: sink.name, Node: p.node.Address, Time: at.UTC(), Events: len(batch), First: batch[0].seq, Body: string(body),
	}
	record.Status = s.hub.post(ctx, sink, body, timeout)
	records := []Delivery{record}
	if duplicate && record.Status != 0 && ctx.Err() == nil {
		record.Duplicate = true
		record.Status = s.hub.post(ctx, sink, body, timeout)
		records = append(records, record)
	}
	if ctx.Err() != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hub.keep(records)
	return s.hub.settle(p, batch, at, records[0].Status)
}

// due is what to send next and as of when; nothing when it is too early.
func (p *publisher) due(now time.Time) ([]event, sinkConfig, time.Time) {
	if p.held || !p.stopped.IsZero() || len(p.queue) == 0 {
		return nil, p.sink, now
	}
	at := p.queue[0].at
	if p.next.After(at) {
		at = p.next
	}
	if at.After(now) {
		return nil, p.sink, now
	}
	n := 1
	for p.sink.bulk && n < len(p.queue) && n < maxBulk && !p.queue[n].at.After(now) {
		n++
	}
	return slices.Clone(p.queue[:n]), p.sink, at
}

// message is the body: the event itself, or a wrapper around several (§4.2).
func (p *publisher) message(sink sinkConfig, batch []event, at time.Time) []byte {
	envelope := p.envelope(batch[0])
	if len(batch) > 1 {
		list := make([]any, 0, len(batch))
		for _, e := range batch {
			list = append(list, p.envelope(e))
		}
		envelope = map[string]any{
			"node": "127.0.0.1", "seq": 0, "version": sink.version, "time": seconds(at), "event": eventBulk, "data": list,
		}
	}
	body, err := json.Marshal(envelope)
	if err != nil {
		return nil
	}
	return body
}

// post sends one message and returns the status, 0 when there was no answer in time.
func (h *hub) post(ctx context.Context, sink sinkConfig, body []byte, timeout time.Duration) int {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if loopbackURL(sink.url) != nil {
		return 0
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, sink.url, bytes.NewReader(body))
	if err != nil {
		return 0
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", serverHeader)
	if sink.username != "" || sink.password != "" {
		req.SetBasicAuth(sink.username, sink.password)
	}
	resp, err := h.client.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxBody))
	return resp.StatusCode
}

// settle takes what was answered into account: go on, wait, or stop with an alarm.
func (h *hub) settle(p *publisher, batch []event, at time.Time, status int) bool {
	if status >= http.StatusOK && status < http.StatusMultipleChoices {
		p.backoff, p.next = 0, time.Time{}
		// A restart may have numbered the queue anew; then nothing is taken off, and it is sent again.
		if n := len(batch); len(p.queue) >= n && p.queue[0].is(batch[0]) && p.queue[n-1].is(batch[n-1]) {
			p.queue = p.queue[n:]
		}
		if p.ending && len(p.queue) == 0 {
			h.publishers = slices.DeleteFunc(h.publishers, func(other *publisher) bool { return other == p })
		}
		return true
	}
	if p.backoff == 0 {
		p.backoff = time.Duration(h.global("es_initial_retry_backoff")) * time.Second
	} else {
		p.backoff *= 2
	}
	if p.backoff > time.Duration(h.global("es_maximum_retry_backoff"))*time.Second {
		p.stopped = at
		h.alarms = append(h.alarms, alarm{
			id: h.dice.uuid("alarm", p.sink.name, p.node.Address, strconv.Itoa(len(h.alarms))), name: "eventsink_reached_maximum_backoff",
			node: p.node.Address, details: p.sink.name, raised: at,
		})
		return false
	}
	p.next = at.Add(p.backoff)
	return true
}

// repeats decides whether a message is sent twice.
func (h *hub) repeats(p *publisher, first event) bool {
	rate := h.faults.sinkRates().SinkDuplicate
	return rate > 0 && h.dice.share("twice", p.sink.name, p.node.Address, strconv.Itoa(first.seq), first.at.String()) < rate
}

func (h *hub) keep(records []Delivery) {
	if over := len(h.deliveries) + len(records) - h.opts.KeptRequests; over > 0 {
		h.deliveries = slices.Clone(h.deliveries[min(over, len(h.deliveries)):])
	}
	h.deliveries = append(h.deliveries, records...)
}

// sinkRates are the present rates.
func (b *faultBox) sinkRates() Faults {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.rates
}

// Deliveries is every POST to an event sink so far, oldest first.
func (s *Server) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.hub.deliveries)
}
