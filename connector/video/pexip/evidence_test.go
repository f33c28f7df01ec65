package pexip_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/connector/video/pexip"
	"github.com/sluse/sluse/connector/video/pexip/pexipsim"
	"github.com/sluse/sluse/scheduler/care"
)

// sink is a receiver of events: it decodes and keeps what comes.
type sink struct {
	log *pexip.MemoryLog

	mu      sync.Mutex
	decoder video.Receiver
	errors  []error
}

// ServeHTTP takes one delivery.
func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()

	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.errors = append(s.errors, err)
	}

	events, err := s.decoder.Decode(body)
	if err != nil {
		s.errors = append(s.errors, err)
	}

	if _, err = s.log.Keep(r.Context(), events); err != nil {
		s.errors = append(s.errors, err)
	}

	w.WriteHeader(http.StatusNoContent)
}

// observed is a peer whose events come to us.
func observed(t *testing.T, o pexipsim.Options, events pexipsim.EventSink, change func(*pexip.Config)) (*peer, *pexip.Platform, *sink) {
	t.Helper()

	s := &sink{log: pexip.NewMemoryLog()}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)

	events.URL = server.URL + "/hooks/pexip/testby"
	events.Username, events.Password = "pexip", "test-hook"
	o.EventSinks = []pexipsim.EventSink{events}

	p := newPeer(t, o)
	platform := p.platform(t, rig{
		events: s.log, hook: events.URL, change: func(c *pexip.Config) {
			c.Events = pexip.EventsSink

			if change != nil {
				change(c)
			}
		},
	})
	s.decoder = platform

	t.Cleanup(func() {
		for _, err := range s.errors {
			t.Error(err)
		}
	})

	return p, platform, s
}

// enter lets somebody in and returns the leg with media.
func (p *peer) enter(t *testing.T, ref care.RoomRef, role pexipsim.Role) pexipsim.LegRecord {
	t.Helper()

	leg, err := p.sim.Enter(string(ref), role, string(role))
	if err != nil {
		t.Fatal(err)
	}

	return leg
}

// TestWitnesses: the same visit, told by events, by the history, by both, and by looking.
func TestWitnesses(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		sink pexipsim.EventSink
		seed uint64
	}{
		"version 2": {pexipsim.EventSink{}, 21},
		"version 1": {pexipsim.EventSink{Version: 1}, 22},
		"bulk":      {pexipsim.EventSink{Bulk: true}, 23},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			p, platform, _ := observed(t, pexipsim.Options{Seed: tt.seed}, tt.sink, nil)
			b := book(t, p, platform, 0)
			room := video.Observed{Ref: b.Ref, Address: b.Address, Window: b.Planned}
			p.Advance(time.Minute)

			tellVisit(t, p, platform, room)
		})
	}
}

// tellVisit plays a citizen who waits five minutes for the employee, and looks at each stage.
func tellVisit(t *testing.T, p *peer, platform *pexip.Platform, room video.Observed) {
	t.Helper()

	deliver := func(after time.Duration) {
		p.Advance(after)
		p.sim.DeliverEvents(t.Context())
	}

	came := p.Now()
	guest := p.enter(t, room.Ref, pexipsim.RoleGuest)
	deliver(5 * time.Minute)

	waiting := legsOf(t, platform, room)
	if len(waiting) != 1 || waiting[0].Media != care.NoMedia || !waiting[0].Left.IsZero() || waiting[0].Seat != 1 || waiting[0].Role != care.AsGuest {
		t.Errorf("waiting: %+v", waiting)
	}

	opened := p.Now()
	host := p.enter(t, room.Ref, pexipsim.RoleHost)
	deliver(10 * time.Minute)

	for _, leg := range legsOf(t, platform, room) {
		if !leg.Left.IsZero() || leg.Witness != care.FromEvents || leg.Entered.Sub(opened).Abs() > 5*time.Second {
			t.Errorf("together: %+v, want it to enter about %v", leg, opened)
		}
	}

	left := p.Now()

	for _, leg := range []pexipsim.LegRecord{guest, host} {
		if err := p.sim.Leave(leg.ID); err != nil {
			t.Fatal(err)
		}
	}

	deliver(0)

	early := legsOf(t, platform, room)

	deliver(time.Minute)

	legs := legsOf(t, platform, room)
	if len(legs) != 2 || !slices.Equal(ids(early), ids(legs)) {
		t.Fatalf("legs %+v, before the history %+v", legs, early)
	}

	for _, leg := range legs {
		if leg.Witness != care.FromBoth || leg.Left.Sub(left).Abs() > time.Second || leg.Media != care.Video {
			t.Errorf("in the end: %+v", leg)
		}
	}

	if g := legs[0]; g.Joined.Sub(came).Abs() > time.Second || g.Entered.Sub(opened).Abs() > 5*time.Second {
		t.Errorf("guest %+v", g)
	}
}

func legsOf(t *testing.T, platform *pexip.Platform, room video.Observed) []care.Leg {
	t.Helper()

	legs, err := platform.Legs(t.Context(), room)
	if err != nil {
		t.Fatal(err)
	}

	return legs
}

func roleIn(legs []care.Leg, role care.LegRole) care.Leg {
	return legs[slices.IndexFunc(legs, func(l care.Leg) bool { return l.Role == role })]
}

func ids(legs []care.Leg) []string {
	var out []string
	for _, leg := range legs {
		out = append(out, leg.ID)
	}

	return out
}

// TestHistoryIsDown: with every event there the evidence is there too; with a gap it is not.
func TestHistoryIsDown(t *testing.T) {
	t.Parallel()

	p, platform, s := observed(t, pexipsim.Options{Seed: 31}, pexipsim.EventSink{}, nil)
	b := book(t, p, platform, 0)
	room := video.Observed{Ref: b.Ref, Address: b.Address, Window: b.Planned}
	p.Advance(time.Minute)

	leg := p.enter(t, b.Ref, pexipsim.RoleHost)
	p.Advance(time.Minute)

	if err := p.sim.Leave(leg.ID); err != nil {
		t.Fatal(err)
	}

	p.Advance(time.Minute)
	p.sim.DeliverEvents(t.Context())

	for _, complete := range []bool{true, false} {
		s.log.SetComplete(complete)

		if err := p.sim.Script(pexipsim.Fault{Kind: pexipsim.FaultUnavailable, Op: pexipsim.OpHistoryParticipant}); err != nil {
			t.Fatal(err)
		}

		legs, err := platform.Legs(t.Context(), room)
		if complete && (err != nil || len(legs) != 1 || legs[0].Witness != care.FromEvents) || !complete && !connector.Is(err, connector.Unavailable) {
			t.Errorf("complete %t: %+v, %v", complete, legs, err)
		}
	}
}

// TestPolling: without events we look, and what we saw is told until the history has it.
func TestPolling(t *testing.T) {
	t.Parallel()

	log := pexip.NewMemoryLog()
	p := newPeer(t, pexipsim.Options{Seed: 32})
	platform := p.platform(t, rig{events: log, change: func(c *pexip.Config) { c.Events = pexip.EventsPoll }})

	if platform.Every() != 45*time.Second {
		t.Errorf("looks every %v", platform.Every())
	}

	b := book(t, p, platform, 0)
	room := video.Observed{Ref: b.Ref, Address: b.Address, Window: b.Planned}
	p.Advance(time.Minute)

	if err := platform.Poll(t.Context(), room); err != nil || log.Len() != 0 {
		t.Fatalf("an empty room: %v, %d kept", err, log.Len())
	}

	guest := p.enter(t, b.Ref, pexipsim.RoleGuest)
	host := p.enter(t, b.Ref, pexipsim.RoleHost)

	for range 3 {
		p.Advance(45 * time.Second)

		if err := platform.Poll(t.Context(), room); err != nil {
			t.Fatal(err)
		}
	}

	seen := p.Now()
	together := legsOf(t, platform, room)

	for _, leg := range together {
		if !leg.InRoom() || leg.Witness != care.FromLooking {
			t.Errorf("together: %+v", leg)
		}
	}

	p.Advance(10 * time.Second)

	if err := p.sim.Leave(guest.ID); err != nil {
		t.Fatal(err)
	}

	p.Advance(5 * time.Minute)

	// The host is still there, so the history has nothing; the guest was last seen when we looked.
	legs := legsOf(t, platform, room)
	if len(legs) != 2 || !roleIn(legs, care.AsGuest).Left.Equal(seen) || !roleIn(legs, care.AsHost).Left.IsZero() {
		t.Errorf("guest gone: %+v, last seen %v", legs, seen)
	}

	if err := p.sim.Leave(host.ID); err != nil {
		t.Fatal(err)
	}

	p.Advance(time.Minute)

	legs = legsOf(t, platform, room)
	if len(legs) != 2 || roleIn(legs, care.AsGuest).Left.Equal(seen) || legs[0].Witness != care.FromHistory || !slices.Equal(ids(legs), ids(together)) {
		t.Errorf("in the end: %+v", legs)
	}

	checkLooks(t, log)

	bare := p.platform(t, rig{})
	if err := bare.Poll(t.Context(), room); !connector.Is(err, connector.Unsupported) || bare.Every() != 0 {
		t.Errorf("got %v", err)
	}
}

// checkLooks: what is kept of a look tells of nobody by name or address.
func checkLooks(t *testing.T, log *pexip.MemoryLog) {
	t.Helper()

	for _, event := range log.All() {
		for _, personal := range []string{"display_name", "remote_address", "192.0.2"} {
			if strings.Contains(string(event.Body), personal) {
				t.Errorf("a look keeps %s", personal)
			}
		}
	}
}
