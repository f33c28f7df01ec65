package scheduler_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// lost is how many calls a peer still does, but does not answer, when it goes down.
const lost = 2

// agreed is how many calls at once a peer takes.
const agreed = 4

// sky is over the peers: under it some may be down, and all are watched.
type sky struct {
	peers []*outbound.Peer

	mutex sync.Mutex
	down  map[connector.Role]bool
	lose  map[connector.Role]int
	hits  map[connector.Role]int // calls that came while it was down
}

// under has the peers of a rig watched, and lets them go down.
func under(s *setup) {
	s.sky = &sky{down: make(map[connector.Role]bool), lose: make(map[connector.Role]int), hits: make(map[connector.Role]int)}

	s.clock = &clock{at: eve()}

	for _, role := range []connector.Role{connector.VideoRole, connector.SMSRole, connector.RecordRole} {
		p, err := outbound.NewPeer(outbound.PeerOptions{Role: role, System: string(role), Limit: agreed, Now: s.clock.Now})
		if err != nil {
			panic(err)
		}

		s.sky.peers = append(s.sky.peers, p)
	}
}

func (r *rig) peer(role connector.Role) *outbound.Peer {
	if r.sky == nil {
		return nil
	}

	return r.sky.peer(role)
}

func (s *sky) peer(role connector.Role) *outbound.Peer {
	return s.peers[slices.IndexFunc(s.peers, func(p *outbound.Peer) bool { return p.Role() == role })]
}

// set has peers go down or come back.
func (s *sky) set(down bool, roles ...connector.Role) {
	s.mutex.Lock()
	defer s.mutex.Unlock()

	for _, role := range roles {
		s.down[role] = down

		if s.lose[role] = 0; down {
			s.lose[role] = lost
		}
	}
}

// call takes note of a call and tells whether it is done, and whether it is answered.
func (s *sky) call(role connector.Role) (done, answered bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()

	if !s.down[role] {
		return true, true
	}

	s.hits[role]++

	if s.lose[role] > 0 {
		s.lose[role]--

		return true, false
	}

	return false, false
}

func (s *sky) hitsOf(role connector.Role) int {
	s.mutex.Lock()
	defer s.mutex.Unlock()

	return s.hits[role]
}

// over puts the sky over a peer.
func (s *sky) over(peer http.Handler, roleOf func(path string) connector.Role) http.Handler {
	if s == nil {
		return peer
	}

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch done, answered := s.call(roleOf(r.URL.Path)); {
		case answered:
			peer.ServeHTTP(w, r)
		case done:
			peer.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		default:
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
}

// monitor returns what watches the peers.
func (s *sky) monitor() scheduler.Monitor {
	if s == nil {
		return nil
	}

	return s
}

// Health implements scheduler.Monitor.
func (s *sky) Health(context.Context) ([]connector.Health, error) {
	var out []connector.Health
	for _, p := range s.peers {
		out = append(out, p.Health())
	}

	return out, nil
}

// Backlog implements scheduler.Monitor.
func (s *sky) Backlog(context.Context) ([]scheduler.Backlog, error) {
	return []scheduler.Backlog{{Queue: "video", Later: 3}}, nil
}

// Hours implements scheduler.Monitor.
func (s *sky) Hours(context.Context, care.Interval) ([]scheduler.SystemHour, error) {
	var out []scheduler.SystemHour

	for _, p := range s.peers {
		for _, h := range p.Fetch() {
			out = append(out, scheduler.SystemHour{Role: p.Role(), System: p.System(), HourCount: h})
		}
	}

	return out, nil
}

// Down implements scheduler.Monitor.
func (s *sky) Down(role connector.Role) (time.Time, bool) { return s.peer(role).Down() }

// Held implements scheduler.Monitor.
func (s *sky) Held(role connector.Role, op string) error { return s.peer(role).Held(op) }
