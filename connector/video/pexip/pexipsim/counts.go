package pexipsim

import (
	"context"
	"fmt"
	"maps"
	"time"
)

// Counts are the figures that invariants are made of.
type Counts struct {
	// RoomsEver is every room ever made, RoomsLive those that stand or in which a conference
	// runs now, RoomsDeleted those that were deleted.
	RoomsEver    int `json:"rooms_ever"`
	RoomsLive    int `json:"rooms_live"`
	RoomsDeleted int `json:"rooms_deleted"`
	// DuplicateRooms counts tags that ever had two standing rooms at once.
	DuplicateRooms int `json:"duplicate_rooms"`
	// CollectionDeletes counts DELETE of a whole collection: there must be none.
	CollectionDeletes int `json:"collection_deletes"`
	// RoomsJoined had at least one person in; RoomsWithBoth a host and a guest at the same time.
	RoomsJoined   int `json:"rooms_joined"`
	RoomsWithBoth int `json:"rooms_with_both"`
	// PeopleInside is the number of people connected now.
	PeopleInside int `json:"people_inside"`
	// ConferencesPast is how many conferences history keeps.
	ConferencesPast int `json:"conferences_past"`
	// Requests by operation, of programs and people; RemoteCalls is the sum without the pages.
	Requests    map[string]int `json:"requests"`
	RemoteCalls int            `json:"remote_calls"`
	// Faults by kind in the kept history.
	Faults map[FaultKind]int `json:"faults"`
	// Events by name as they happened, once per node; EventsLost those that no sink gets;
	// Deliveries and DeliveryFailures the POSTs to sinks; EventsWaiting what is queued.
	Events           map[string]int `json:"events"`
	EventsLost       int            `json:"events_lost"`
	EventsWaiting    int            `json:"events_waiting"`
	Deliveries       int            `json:"deliveries"`
	DeliveryFailures int            `json:"delivery_failures"`
	// SinksStopped counts publishers that gave up.
	SinksStopped int `json:"sinks_stopped"`
}

// Counts computes the figures over everything so far.
func (s *Server) Counts() Counts {
	now := s.Now()
	out := Counts{Requests: map[string]int{}, Faults: make(map[FaultKind]int)}
	for _, r := range s.Rooms() {
		out.addRoom(r, now)
	}
	for _, n := range s.MaxLive(ByTag) {
		if n > 1 {
			out.DuplicateRooms++
		}
	}
	s.mu.Lock()
	out.addHub(s.hub)
	out.CollectionDeletes, out.ConferencesPast = s.config.emptied, len(s.world.past)
	s.mu.Unlock()
	s.ledger.mu.Lock()
	defer s.ledger.mu.Unlock()
	for op, n := range s.ledger.perOp {
		out.Requests[op] = n
		if op != OpWebApp {
			out.RemoteCalls += n
		}
	}
	for _, rec := range s.ledger.kept {
		if rec.Fault != "" {
			out.Faults[rec.Fault]++
		}
	}
	return out
}

func (c *Counts) addRoom(r RoomRecord, now time.Time) {
	c.RoomsEver++
	if r.Live(now) {
		c.RoomsLive++
	}
	if !r.Deleted.IsZero() {
		c.RoomsDeleted++
	}
	joined := false
	for _, l := range r.Legs() {
		joined = joined || l.Person()
		if l.Left.IsZero() && l.Protocol != protoAPI && !l.Streaming {
			c.PeopleInside++
		}
	}
	if joined {
		c.RoomsJoined++
	}
	if r.Overlap(now) > 0 {
		c.RoomsWithBoth++
	}
}

func (c *Counts) addHub(h *hub) {
	c.Events, c.EventsLost, c.Deliveries = maps.Clone(h.emitted), h.lost, len(h.deliveries)
	for _, d := range h.deliveries {
		if d.Status < 200 || d.Status > 299 {
			c.DeliveryFailures++
		}
	}
	for _, p := range h.publishers {
		c.EventsWaiting += len(p.queue)
		if !p.stopped.IsZero() {
			c.SinksStopped++
		}
	}
}

// State is everything that the simulator holds, for looking at.
type State struct {
	Now        time.Time    `json:"now"`
	Rooms      []RoomRecord `json:"rooms"`
	Deliveries []Delivery   `json:"deliveries"`
	Counts     Counts       `json:"counts"`
	Pending    []Fault      `json:"pending_faults"`
}

// State is a copy of everything but the requests.
func (s *Server) State() State {
	return State{
		Now: s.Now().UTC(), Rooms: s.Rooms(), Deliveries: s.Deliveries(), Counts: s.Counts(), Pending: s.PendingFaults(),
	}
}

// AwaitRequests blocks until at least n requests of op came in since the start or the last
// ClearRequests, and returns those that are kept. OpAny counts all.
func (s *Server) AwaitRequests(ctx context.Context, op string, n int) ([]RequestRecord, error) {
	for {
		s.ledger.mu.Lock()
		have, changed := s.ledger.perOp[op], s.ledger.changed
		if op == OpAny {
			have = 0
			for _, m := range s.ledger.perOp {
				have += m
			}
		}
		s.ledger.mu.Unlock()
		if have >= n {
			if op == OpAny {
				return s.Requests(), nil
			}
			return s.Requests(op), nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("pexipsim: %d of %d requests %q came: %w", have, n, op, ctx.Err())
		}
	}
}
