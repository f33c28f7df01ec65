package pexipsim_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector/video/pexip/pexipsim"
)

// message is an event as a receiver reads it.
type message struct {
	Node    string          `json:"node"`
	Seq     int             `json:"seq"`
	Version int             `json:"version"`
	Time    float64         `json:"time"`
	Event   string          `json:"event"`
	Data    json.RawMessage `json:"data"`
}

func (m message) data() map[string]any {
	var out map[string]any
	_ = json.Unmarshal(m.Data, &out)
	return out
}

// receiver takes events; answer says with which status.
type receiver struct {
	mu     sync.Mutex
	server *httptest.Server
	got    []message
	bulks  int
	auth   string
	answer func(n int) int
	posts  int
}

func receive(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{answer: func(int) int { return 204 }}
	r.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		raw, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.posts++
		r.auth = req.Header.Get("Authorization")
		status := r.answer(r.posts)
		if status < 300 {
			r.take(raw)
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(r.server.Close)
	return r
}

func (r *receiver) take(raw []byte) {
	var m message
	if json.Unmarshal(raw, &m) != nil {
		return
	}
	if m.Event == "eventsink_bulk" {
		r.bulks++
		var list []message
		_ = json.Unmarshal(m.Data, &list)
		r.got = append(r.got, list...)
		return
	}
	r.got = append(r.got, m)
}

// events are the names from one node, in order of arrival.
func (r *receiver) events(node string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := []string{}
	for _, m := range r.got {
		if m.Node == node || node == "" {
			out = append(out, m.Event)
		}
	}
	return out
}

func (r *receiver) clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = nil
}

func (r *receiver) says(answer func(n int) int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer, r.posts = answer, 0
}

const nodeA, nodeB = "10.0.0.1", "10.0.0.2"

// sinkBench has two nodes, the second 90 seconds ahead, and one sink.
func sinkBench(t *testing.T, sink pexipsim.EventSink) (*bench, *receiver) {
	t.Helper()
	r := receive(t)
	sink.URL = r.server.URL
	b := setup(t, func(o *pexipsim.Options) {
		o.Nodes = []pexipsim.Node{
			{Address: nodeA, Location: "A"}, {Address: nodeB, Location: "A", Skew: 90 * time.Second}, {Address: "10.0.0.9", Location: "DMZ", Proxying: true},
		}
		o.EventSinks = []pexipsim.EventSink{sink}
	})
	b.open(t, "et", "")
	return b, r
}

// onNode lets somebody in on a node.
func (b *bench) onNode(t *testing.T, node, alias, pin string) pexipsim.LegRecord {
	t.Helper()
	l, err := b.Join(alias, pexipsim.Person{Name: "P " + pin, PIN: pin, Node: node})
	must(t, err)
	return l
}

func TestEventsOfACall(t *testing.T) {
	t.Parallel()
	for version, streams := range map[int]string{1: "participant_disconnected", 2: "participant_media_streams_destroyed"} {
		b, r := sinkBench(t, pexipsim.EventSink{Version: version, Username: "pexip", Password: "hemmelig"})
		guest := b.onNode(t, nodeA, "et-g", guestPIN)
		b.Advance(time.Minute)
		host := b.onNode(t, nodeB, "et-h", hostPIN)
		b.Advance(time.Minute)
		must(t, b.Leave(guest.ID))
		must(t, b.Leave(host.ID))
		b.DeliverEvents(t.Context())
		if r.auth != "Basic cGV4aXA6aGVtbWVsaWc=" {
			t.Errorf("Authorization %q", r.auth)
		}
		seen := map[string]bool{}
		phases := []string{}
		last := map[string]int{}
		for _, m := range r.got {
			d := m.data()
			if m.Seq != last[m.Node]+1 || m.Version != version {
				t.Errorf("version %d, seq %d after %d on %s", m.Version, m.Seq, last[m.Node], m.Node)
			}
			last[m.Node] = m.Seq
			seen[m.Event] = true
			if d["media_streams"] != nil {
				seen["streams in "+m.Event] = true
			}
			if d["call_id"] == guest.CallID && m.Event != "participant_disconnected" {
				phase, _ := d["service_type"].(string)
				phases = append(phases, phase)
			}
			if m.Event == "participant_disconnected" && d["call_id"] == host.CallID && d["end_time"] != seconds(b.Now().Add(90*time.Second)) {
				t.Errorf("by the node's clock: %v", d["end_time"])
			}
		}
		for _, name := range []string{
			"eventsink_started", "conference_started", "conference_updated", "conference_ended", "participant_connected",
			"participant_updated", "participant_disconnected", "streams in " + streams,
		} {
			if !seen[name] {
				t.Errorf("version %d: no %s", version, name)
			}
		}
		if seen["participant_media_stream_window"] != (version == 2) {
			t.Errorf("version %d: windows of quality", version)
		}
		if diff := cmp.Diff([]string{"connecting", "waiting_room", "conference"}, phases); diff != "" {
			t.Errorf("phases of the guest (-want +got):\n%s", diff)
		}
		if len(last) != 2 {
			t.Errorf("%d nodes sent events, the proxying one must not", len(last))
		}
	}
}

func seconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }

func TestRetryAndStop(t *testing.T) {
	t.Parallel()
	b, r := sinkBench(t, pexipsim.EventSink{})
	b.DeliverEvents(t.Context())
	r.clear()
	r.says(func(n int) int { // the first two attempts fail
		if n < 3 {
			return 500
		}
		return 200
	})
	l := b.onNode(t, nodeA, "et-h", hostPIN)
	b.DeliverEvents(t.Context())
	if n := len(r.events("")); n != 0 {
		t.Errorf("%d events came through", n)
	}
	b.Advance(time.Second)
	b.DeliverEvents(t.Context())
	b.Advance(time.Second)
	b.DeliverEvents(t.Context()) // too early: the second pause is two seconds
	if n := len(r.events("")); n != 0 {
		t.Errorf("%d events came through", n)
	}
	b.Advance(time.Second)
	b.DeliverEvents(t.Context())
	first := r.events(nodeA)
	if len(first) < 4 || first[0] != "conference_started" || first[1] != "participant_connected" {
		t.Errorf("in order after the pause: %v", first)
	}
	r.says(func(int) int { return 503 })
	must(t, b.Leave(l.ID))
	b.Advance(2 * time.Hour)
	b.DeliverEvents(t.Context())
	c := b.Counts()
	if c.SinksStopped != 1 || r.posts != 12 { // the first, and after pauses of 1, 2, … 1024 s; 2048 would be too long
		t.Errorf("%d publishers stopped after %d attempts", c.SinksStopped, r.posts)
	}
	a := b.expect(t, 200, http.MethodGet, "status/alarm/", "")
	if len(a.objects()) != 1 || a.objects()[0]["node"] != nodeA {
		t.Errorf("alarms: %s", a.raw)
	}
	r.says(func(int) int { return 200 })
	b.Advance(time.Hour)
	r.clear()
	b.DeliverEvents(t.Context())
	if n := len(r.events("")); n != 0 {
		t.Errorf("a stopped publisher sent %d events", n)
	}
	list := b.expect(t, 200, http.MethodGet, "configuration/event_sink/", "")
	path, _ := list.objects()[0]["resource_uri"].(string)
	b.expect(t, 202, http.MethodPatch, path, `{"restart_date":"`+b.Now().Format(time.RFC3339)+`"}`)
	b.DeliverEvents(t.Context())
	flood := r.events(nodeA)
	if len(flood) < 3 || flood[0] != "eventsink_started" || r.got[0].Seq != 1 || flood[len(flood)-1] != "conference_ended" {
		t.Errorf("after the restart: %v", flood)
	}
	if a = b.expect(t, 200, http.MethodGet, "status/alarm/", ""); len(a.objects()) != 0 {
		t.Errorf("alarms: %s", a.raw)
	}
}

func TestEventsInBulk(t *testing.T) {
	t.Parallel()
	b, r := sinkBench(t, pexipsim.EventSink{Bulk: true})
	b.DeliverEvents(t.Context())
	if r.bulks != 0 {
		t.Error("a single event is sent as itself")
	}
	b.onNode(t, nodeA, "et-h", hostPIN)
	b.DeliverEvents(t.Context())
	d := b.Deliveries()
	last := d[len(d)-1]
	var wrapper message
	must(t, json.Unmarshal([]byte(last.Body), &wrapper))
	if r.bulks != 1 || last.Events < 4 || wrapper.Node != "127.0.0.1" || wrapper.Seq != 0 {
		t.Errorf("%d bulks, the last of %d events from %s", r.bulks, last.Events, wrapper.Node)
	}
	if got := r.events(nodeA); got[0] != "eventsink_started" || got[1] != "conference_started" {
		t.Errorf("in order: %v", got)
	}
}

func TestDuplicatesAndGaps(t *testing.T) {
	t.Parallel()
	b, r := sinkBench(t, pexipsim.EventSink{})
	must(t, b.SetFaults(pexipsim.Faults{SinkDuplicate: 1}))
	b.DeliverEvents(t.Context())
	if got := r.events(nodeA); len(got) != 2 || r.got[0].Seq != r.got[1].Seq {
		t.Errorf("everything twice: %v", got)
	}
	must(t, b.SetFaults(pexipsim.Faults{SinkLost: 0.5}))
	for i := range 10 {
		l := b.onNode(t, nodeA, "et-h", hostPIN)
		b.Advance(time.Duration(i) * time.Second)
		must(t, b.Leave(l.ID))
	}
	must(t, b.SetFaults(pexipsim.Faults{}))
	b.onNode(t, nodeA, "et-h", hostPIN)
	r.clear()
	b.DeliverEvents(t.Context())
	gaps, last := 0, 1
	for _, m := range r.got {
		if m.Seq > last+1 {
			gaps++
		}
		last = m.Seq
	}
	if gaps == 0 || b.Counts().EventsLost == 0 {
		t.Errorf("%d gaps, %d events lost", gaps, b.Counts().EventsLost)
	}
}

func TestASlowReceiverGetsItTwice(t *testing.T) {
	t.Parallel()
	held := make(chan struct{})
	var mu sync.Mutex
	var seqs []string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		var m message
		_ = json.NewDecoder(req.Body).Decode(&m)
		mu.Lock()
		seqs = append(seqs, strconv.Itoa(m.Seq))
		first := len(seqs) == 1
		mu.Unlock()
		if first {
			<-held // it has the event, but does not answer
		}
	}))
	t.Cleanup(server.Close)
	b := setup(t, func(o *pexipsim.Options) {
		o.Nodes = []pexipsim.Node{{Address: nodeA, Location: "A"}}
		o.SinkTimeout = 50 * time.Millisecond
		o.EventSinks = []pexipsim.EventSink{{URL: server.URL}}
	})
	b.DeliverEvents(t.Context())
	close(held)
	answered := func() bool {
		d := b.Deliveries()
		return d[len(d)-1].Status == 200
	}
	for n := 0; n < 10 && !answered(); n++ { // a busy machine may be too slow once more
		b.Advance(10 * time.Minute)
		b.DeliverEvents(t.Context())
	}
	mu.Lock()
	defer mu.Unlock()
	if len(seqs) < 2 || seqs[0] != "1" || seqs[1] != "1" || !answered() || b.Deliveries()[0].Status != 0 {
		t.Errorf("seqs %v, deliveries %+v", seqs, b.Deliveries())
	}
}

func TestNodesOvertakeEachOther(t *testing.T) {
	t.Parallel()
	b, r := sinkBench(t, pexipsim.EventSink{})
	must(t, b.HoldEvents(nodeA))
	guest := b.onNode(t, nodeA, "et-g", guestPIN)
	b.Advance(time.Minute)
	b.onNode(t, nodeB, "et-h", hostPIN)
	b.DeliverEvents(t.Context())
	if n := len(r.events(nodeA)); n != 0 {
		t.Errorf("%d events of the held node", n)
	}
	must(t, b.ReleaseEvents(nodeA))
	b.DeliverEvents(t.Context())
	if got := r.events(nodeA); len(got) < 3 || b.leg(t, guest.ID).Phase != "conference" {
		t.Errorf("released: %v", got)
	}
	if err := b.HoldEvents("10.9.9.9"); err == nil {
		t.Error("an unknown node")
	}
}

func TestAttachingSinks(t *testing.T) {
	t.Parallel()
	r := receive(t)
	b := setup(t, func(o *pexipsim.Options) {
		o.OldSinkNames = true
		o.Nodes = []pexipsim.Node{{Address: nodeA, Location: "A"}}
	})
	b.open(t, "et", "")
	b.expect(t, 400, http.MethodPost, "configuration/event_sink/", `{"name":"s","url":"https://sluse.example/hook"}`)
	a := b.expect(t, 201, http.MethodPost, "configuration/event_sink/",
		`{"name":"s","url":"`+r.server.URL+`","version":2,"password":"x","filter_events":true,"events":[{"name":"conference_started"}]}`)
	path := b.expect(t, 200, http.MethodGet, "configuration/event_sink/", "").objects()[0]["resource_uri"].(string)
	if a.header.Get("Location") == "" || b.expect(t, 200, http.MethodGet, path, "").object["password"] != nil {
		t.Error("a password is shown")
	}
	host := b.enter(t, "et", pexipsim.RoleHost, "Bo")
	b.DeliverEvents(t.Context())
	if n := len(r.events("")); n != 0 {
		t.Errorf("a sink of no location sent %d events", n)
	}
	must(t, b.Leave(host.ID))
	location := b.expect(t, 200, http.MethodGet, "configuration/system_location/?name=A", "").objects()[0]["resource_uri"].(string)
	b.expect(t, 202, http.MethodPatch, location, `{"event_sinks":["`+path+`"]}`)
	b.enter(t, "et", pexipsim.RoleHost, "Bo")
	b.expect(t, 202, http.MethodPatch, path, `{"description":"ny","bulk_support":false,"version":1}`)
	b.expect(t, 202, http.MethodPatch, location, `{"event_sinks":[]}`)
	b.enter(t, "et", pexipsim.RoleGuest, "Else")
	b.DeliverEvents(t.Context())
	if diff := cmp.Diff([]string{"eventsink_started", "conference_started", "eventsink_updated", "eventsink_stopped"}, r.events("")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	must(t, b.AddSink(pexipsim.EventSink{URL: r.server.URL}))
	b.expect(t, 204, http.MethodDelete, path, "")
	if err := b.AddSink(pexipsim.EventSink{URL: "http://192.0.2.1/"}); err == nil {
		t.Error("a sink beyond this machine")
	}
	r.clear()
	b.RestartSinks()
	b.DeliverEvents(t.Context())
	if diff := cmp.Diff([]string{"eventsink_started", "eventsink_started"}, r.events("")); diff != "" {
		t.Errorf("restarted before the first was sent (-want +got):\n%s", diff)
	}
}
