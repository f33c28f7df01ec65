package pexipsim_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector/video/pexip/pexipsim"
)

func TestTheControlPlane(t *testing.T) {
	t.Parallel()
	sink := receive(t)
	start := time.Date(2026, 9, 14, 8, 0, 0, 0, time.UTC)
	sim, err := pexipsim.New(pexipsim.Options{Clock: func() time.Time { return start }, Seed: 7, Calm: true})
	must(t, err)
	urls, err := sim.Start(t.Context(), "127.0.0.1:0", "127.0.0.1:0")
	must(t, err)
	b := &bench{Server: sim, base: urls.Base, start: start, header: http.Header{}, client: &http.Client{Transport: &http.Transport{}}}
	t.Cleanup(func() {
		b.client.CloseIdleConnections()
		must(t, sim.Close())
	})
	b.basic(pexipsim.DefaultPassword)
	if urls.API != b.base+"/api/admin" || urls.Control == "" {
		t.Errorf("URLs %+v", urls)
	}
	b.expect(t, 201, http.MethodPost, conferences, room("et", ""))
	control := func(status int, method, path, body string) answer {
		t.Helper()
		return b.expect(t, status, method, urls.Control+path, body)
	}
	leg := func(a answer) string {
		l, _ := a.object["leg"].(map[string]any)
		id, _ := l["id"].(string)
		return id
	}
	control(204, http.MethodPost, "/rooms/et/replicate", "")
	control(404, http.MethodPost, "/rooms/x/replicate", "")
	control(404, http.MethodPost, "/rooms/et/dance", "")
	host := leg(control(200, http.MethodPost, "/rooms/tag-et/enter", `{"name":"Bo","role":"chair"}`))
	guest := leg(control(200, http.MethodPost, "/aliases/et-g/join", `{"name":"Else","pin":"`+guestPIN+`"}`))
	phone := control(200, http.MethodPost, "/aliases/et-g/join", `{"name":"Tlf","protocol":"SIP"}`)
	if phone.str("error") == "" {
		t.Errorf("a telephone at the prompt: %s", phone.raw)
	}
	control(204, http.MethodPost, "/legs/"+leg(phone)+"/pin", `{"pin":"`+guestPIN+`"}`)
	control(409, http.MethodPost, "/aliases/et-g/join", `{"pin":"1"}`)
	control(404, http.MethodPost, "/aliases/x/join", `{}`)
	control(400, http.MethodPost, "/aliases/et-g/join", `{"x":1}`)
	control(204, http.MethodPost, "/aliases/et-g/wrong-pin", `{"times":3}`)
	guest = leg(control(200, http.MethodPost, "/legs/"+guest+"/reconnect", ""))
	control(204, http.MethodPost, "/legs/"+guest+"/promote", "")
	control(204, http.MethodPost, "/legs/"+guest+"/leave", "")
	control(404, http.MethodPost, "/legs/"+guest+"/leave", "")
	control(404, http.MethodPost, "/legs/"+guest+"/fly", "")
	control(204, http.MethodPost, "/legs/"+leg(phone)+"/put-out", "")
	control(200, http.MethodPost, "/rooms/et/record", "")
	control(204, http.MethodPost, "/rooms/et/schedule", `[{"name":"Ib","role":"guest","join":"2026-09-14T08:10:00Z","leave":"2026-09-14T08:20:00Z"}]`)
	control(200, http.MethodPost, "/clock", `{"advance":"1h"}`)
	if a := control(200, http.MethodGet, "/clock", ""); a.str("now") != "2026-09-14T09:00:00Z" {
		t.Errorf("clock %s", a.raw)
	}
	control(200, http.MethodPost, "/clock", `{"set":"2026-09-14T10:00:00Z"}`)
	control(400, http.MethodPost, "/clock", `{"advance":"x"}`)
	control(204, http.MethodPost, "/legs/"+host+"/crash", "")
	control(204, http.MethodPost, "/rooms/et/clear", "")
	if a := control(200, http.MethodGet, "/rooms/et", ""); !strings.Contains(a.raw, `"name": "Ib"`) {
		t.Errorf("room: %s", a.raw)
	}
	control(404, http.MethodGet, "/rooms/x", "")
	control(204, http.MethodPost, "/faults", `[{"kind":"503","op":"conference.list"}]`)
	b.expect(t, 503, http.MethodGet, conferences, "")
	control(204, http.MethodPut, "/faults", `{"slow":0.1}`)
	control(400, http.MethodPut, "/faults", `{"slow":2}`)
	control(204, http.MethodDelete, "/faults", "")
	control(204, http.MethodPost, "/tokens/expire", "")
	control(204, http.MethodPost, "/global", `{"min_pin_length":4}`)
	control(400, http.MethodPost, "/global", `{"x":4}`)
	control(204, http.MethodPost, "/sinks", `{"url":"`+sink.server.URL+`"}`)
	control(204, http.MethodPost, "/sinks/restart", "")
	control(204, http.MethodPost, "/nodes/10.44.0.11/hold", "")
	control(204, http.MethodPost, "/nodes/10.44.0.11/release", "")
	control(404, http.MethodPost, "/nodes/x/hold", "")
	b.DeliverEvents(t.Context())
	if a := control(200, http.MethodGet, "/deliveries", ""); !strings.Contains(a.raw, "eventsink_started") {
		t.Errorf("deliveries: %s", a.raw)
	}
	for _, path := range []string{"/state", "/counts", "/requests?op=conference.create", "/faults"} {
		control(200, http.MethodGet, path, "")
	}
	control(204, http.MethodDelete, "/requests", "")
	page := control(200, http.MethodGet, "/rooms/page", "")
	if !strings.Contains(page.raw, b.base+"/webapp3/m/et-g?pin="+guestPIN) || !strings.Contains(page.raw, "Åbn som vært") {
		t.Errorf("page: %s", page.raw)
	}
	control(200, http.MethodGet, "/", "")
	control(200, http.MethodGet, "/style.css", "")
	if _, err = sim.Start(t.Context(), "0.0.0.0:0", ""); err == nil {
		t.Error("an open listener")
	}
	if _, err = sim.Start(t.Context(), "127.0.0.1:0", ":0"); err == nil {
		t.Error("an open control plane")
	}
}

// TestARunningClock: without a hand on the clock, time passes and events arrive by themselves.
func TestARunningClock(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{}, 100)
	sink := receive(t)
	sink.says(func(int) int {
		select {
		case arrived <- struct{}{}:
		default:
		}
		return 200
	})
	sim, err := pexipsim.New(pexipsim.Options{
		Clock: time.Now, Seed: 7, Calm: true, Replication: -1, EventSinks: []pexipsim.EventSink{{URL: sink.server.URL}},
	})
	must(t, err)
	_, err = sim.Start(t.Context(), "127.0.0.1:0", "")
	must(t, err)
	t.Cleanup(func() { must(t, sim.Close()) })
	<-arrived
	<-arrived // both nodes say that the sink has started
}

func TestMaxLive(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	first := b.book(t, "et", "")
	b.expect(t, 204, http.MethodDelete, first, "")
	b.book(t, "et", "")
	b.expect(t, 201, http.MethodPost, conferences, `{"name":"to","tag":"tag-et"}`)
	if n := b.MaxLive(pexipsim.ByTag)["tag-et"]; n != 2 {
		t.Errorf("%d at once, want 2", n)
	}
	if c := b.Counts(); c.DuplicateRooms != 1 || c.RoomsEver != 3 || c.RoomsLive != 2 {
		t.Errorf("counts %+v", c)
	}
	if s := b.State(); len(s.Rooms) != 3 {
		t.Errorf("state %+v", s)
	}
}
