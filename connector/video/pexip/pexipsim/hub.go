package pexipsim

import (
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// sinkConfig is an event sink as the Management Node has it.
type sinkConfig struct {
	id                 int
	name, url          string
	username, password string
	version            int
	bulk, filter       bool
	events             []string
	restart            time.Time
}

func (c sinkConfig) same(other sinkConfig) bool {
	return c.name == other.name && c.url == other.url && c.username == other.username && c.password == other.password &&
		c.version == other.version && c.bulk == other.bulk && c.filter == other.filter && slices.Equal(c.events, other.events)
}

// event is one message on its way to a sink.
type event struct {
	name string
	at   time.Time // the instant, without the node's skew
	seq  int
	data map[string]any
}

func (e event) is(other event) bool {
	return e.seq == other.seq && e.name == other.name && e.at.Equal(other.at)
}

// publisher sends one sink's events from one node, in order, one at a time (§4.3).
type publisher struct {
	sink    sinkConfig
	node    *node
	seq     int
	queue   []event
	backoff time.Duration
	next    time.Time // no attempt before; zero: none failed
	stopped time.Time // zero while it works
	held    bool
	ending  bool // detached: sends what it has and is gone

	sending sync.Mutex // one delivery at a time
}

// alarm is what the platform complains of.
type alarm struct {
	id, name, node, details string
	raised                  time.Time
}

// hub is every node's event sinks. It is guarded by Server.mu, but for publisher.sending.
type hub struct {
	opts       Options
	dice       dice
	faults     *faultBox
	global     func(name string) int
	client     *http.Client
	nodes      []Node
	publishers []*publisher
	alarms     []alarm
	deliveries []Delivery
	emitted    map[string]int // events by name
	lost       int
}

func newHub(o Options, d dice, f *faultBox) *hub {
	return &hub{
		opts: o, dice: d, faults: f, nodes: o.Nodes, emitted: make(map[string]int),
		client: &http.Client{
			Transport:     &http.Transport{MaxIdleConnsPerHost: 4},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// attach makes the nodes of every location serve exactly these sinks (§4.1). Proxying nodes
// send nothing.
func (h *hub) attach(byLocation map[string][]sinkConfig, now time.Time) {
	for i := range h.nodes {
		n := &node{Node: h.nodes[i]}
		if n.Proxying {
			continue
		}
		want := byLocation[n.Location]
		for _, p := range h.publishers {
			if p.node.Address == n.Address && !p.ending && !slices.ContainsFunc(want, func(c sinkConfig) bool { return c.id == p.sink.id }) {
				h.queue(p, now, h.endName(), map[string]any{})
				p.ending = true
			}
		}
		for _, c := range want {
			h.serve(c, n, now)
		}
	}
}

func (h *hub) endName() string {
	if h.opts.OldSinkNames {
		return eventSinkStopped
	}
	return eventSinkEnded
}

// serve starts, updates or restarts one sink on one node.
func (h *hub) serve(c sinkConfig, n *node, now time.Time) {
	i := slices.IndexFunc(h.publishers, func(p *publisher) bool {
		return p.sink.id == c.id && p.node.Address == n.Address && !p.ending
	})
	if i < 0 {
		p := &publisher{sink: c, node: n}
		h.publishers = append(h.publishers, p)
		h.queue(p, now, eventSinkStarted, map[string]any{})
		return
	}
	p := h.publishers[i]
	restarted, changed := !c.restart.Equal(p.sink.restart), !c.same(p.sink)
	p.sink = c
	switch {
	case restarted:
		h.restart(p, now)
	case changed:
		h.queue(p, now, eventSinkUpdated, map[string]any{})
	}
}

// restart begins the publisher anew: seq is 1 again, and everything that waited is sent at
// once (§4.3).
func (h *hub) restart(p *publisher, now time.Time) {
	waiting := p.queue
	p.queue, p.seq, p.backoff, p.next, p.stopped = nil, 0, 0, time.Time{}, time.Time{}
	h.alarms = slices.DeleteFunc(h.alarms, func(a alarm) bool { return a.node == p.node.Address && a.details == p.sink.name })
	h.queue(p, now, eventSinkStarted, map[string]any{})
	for _, e := range waiting {
		p.seq++
		e.seq = p.seq
		p.queue = append(p.queue, e)
	}
}

// emit gives an event to every sink of a node, in each sink's version.
func (h *hub) emit(n *node, t time.Time, name string, data func(version int) map[string]any) {
	h.emitted[name]++
	for _, p := range h.publishers {
		if p.node.Address == n.Address && !p.ending && p.wants(name) {
			h.queue(p, t, name, data(p.sink.version))
		}
	}
}

// emitVersion2 is for events that version 1 has not.
func (h *hub) emitVersion2(n *node, t time.Time, name string, data func() map[string]any) {
	h.emitted[name]++
	for _, p := range h.publishers {
		if p.node.Address == n.Address && !p.ending && p.sink.version == 2 && p.wants(name) {
			h.queue(p, t, name, data())
		}
	}
}

func (p *publisher) wants(name string) bool {
	return !p.sink.filter || slices.Contains(p.sink.events, name)
}

// queue numbers an event; a share of them is lost, which leaves a gap.
func (h *hub) queue(p *publisher, t time.Time, name string, data map[string]any) {
	p.seq++
	rate := h.faults.sinkRates().SinkLost
	if rate > 0 && h.dice.share("lost", p.sink.name, p.node.Address, strconv.Itoa(p.seq), t.String()) < rate {
		h.lost++
		return
	}
	p.queue = append(p.queue, event{name: name, at: t, seq: p.seq, data: data})
}

// envelope is an event as it is sent (§4.2).
func (p *publisher) envelope(e event) map[string]any {
	return map[string]any{
		"node": p.node.Address, "seq": e.seq, "version": p.sink.version, "time": seconds(p.node.clock(e.at)),
		"event": e.name, "data": e.data,
	}
}
