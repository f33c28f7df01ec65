package nexussim

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

// ServerHeader is the value of the Server header of every answer.
const ServerHeader = "nexussim (simulator, not KMD Nexus)"

// Server is the simulator. It is safe for concurrent use.
type Server struct {
	options Options
	dice    dice
	faults  *faultBox
	base    string // path of the home resource, without a slash at the end
	slug    string // the seeded part of paths
	zone    *time.Location
	views   *views

	mu       sync.Mutex
	offset   time.Duration
	quirks   Quirks
	clients  []Client
	tokens   map[string]token
	gone     map[string]bool   // rels that were taken away
	planted  map[string]string // rel to the root that its hrefs lead to
	world    *world
	requests []Request
	served   int
	changed  chan struct{}             // closed and replaced at every request
	hooks    map[string][]func() error // by operation
	servers  []*http.Server            // of Start
	serving  sync.WaitGroup
}

// New checks the options and returns a record with the official test citizens, the usual
// names of types, forms and tasks, and no visits.
func New(o Options) (*Server, error) {
	o = o.defaulted()
	if err := o.validate(); err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		return nil, fmt.Errorf("nexussim: %w", err)
	}
	pages, err := parseViews()
	if err != nil {
		return nil, err
	}
	d := dice{o.Seed}
	return &Server{
		options: o, dice: d, faults: newFaultBox(d, o.Faults), quirks: o.Quirks, clients: slices.Clone(o.Clients),
		base: "/api/core/mobile/" + o.Instance + "/v2", slug: "/" + d.hex(6, "path"), zone: zone, views: pages,
		tokens: map[string]token{}, gone: map[string]bool{}, planted: map[string]string{},
		world: newWorld(d, o.Clock()), hooks: map[string][]func() error{}, changed: make(chan struct{}),
	}, nil
}

// IAMHandler serves the token endpoint, which has a host of its own (eoj.md §1.1).
func (s *Server) IAMHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST "+s.tokenPath(), s.exchange(route{op: OpToken}))
	return named(mux)
}

// Handler serves the API, and at / the pages that staff would see.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+s.base+"/{$}", s.exchange(route{op: OpHome, handle: (*Server).home}))
	for _, rt := range routes() {
		place := s.base + s.slug
		if rt.fixed {
			place = s.base
		}
		mux.Handle(rt.method+" "+place+rt.path, s.exchange(rt))
	}
	mux.Handle("/api/", s.exchange(route{op: OpUnbuilt, handle: func(*Server, *call) reply { return notFound() }}))
	s.pages(mux)
	return named(mux)
}

// named puts the Server header on every answer.
func named(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", ServerHeader)
		next.ServeHTTP(w, r)
	})
}

// now is the simulator's time. The caller holds the mutex.
func (s *Server) now() time.Time { return s.options.Clock().Add(s.offset) }

// Advance moves the simulator's clock on, for example past the end of a token's life.
func (s *Server) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offset += d
}

// SetQuirks replaces the record's habits.
func (s *Server) SetQuirks(q Quirks) error {
	q = q.defaulted()
	if err := q.validate(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quirks = q
	return nil
}

// SetRights replaces the rights of an API user from the next call on. No rights at all leaves
// the home resource nearly bare.
func (s *Server) SetRights(client string, rights ...Right) error {
	for _, r := range rights {
		if !slices.Contains(AllRights(), r) {
			return fmt.Errorf("nexussim: no right %q", r)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.clients {
		if s.clients[i].ID == client {
			s.clients[i].Rights = append([]Right{}, rights...)
			return nil
		}
	}
	return fmt.Errorf("nexussim: no client %q", client)
}

// TakeAway removes a rel everywhere, as a local configuration may; GiveBack undoes it.
func (s *Server) TakeAway(rel string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone[rel] = true
}

// GiveBack lets a rel that was taken away appear again.
func (s *Server) GiveBack(rel string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.gone, rel)
}

// Plant makes every href of a rel begin with root, for example "https://thief.example": a
// client that follows it gives its token away. An empty root ends it.
func (s *Server) Plant(rel, root string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if root == "" {
		delete(s.planted, rel)
		return
	}
	s.planted[rel] = root
}

// SetFaults replaces the seeded rates; the zero value is calm.
func (s *Server) SetFaults(f Faults) error {
	if err := f.validate(); err != nil {
		return err
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.rates = f
	return nil
}

// Script adds faults for the next calls of their operations, first come first served.
func (s *Server) Script(faults ...Fault) error {
	for i := range faults {
		if err := faults[i].validate(); err != nil {
			return err
		}
		faults[i].Op = orElse(faults[i].Op, OpAny)
		faults[i].Count = max(faults[i].Count, 1)
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.script = append(s.faults.script, faults...)
	return nil
}

// Calm removes seeded and scripted faults from now on.
func (s *Server) Calm() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.rates, s.faults.script = Faults{}, nil
}

// BeforeNext runs act once, just before the next call of op is handled: the place for what a
// person does in the record at the same moment. An error of act answers the call with 500.
func (s *Server) BeforeNext(op string, act func() error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks[op] = append(s.hooks[op], act)
}

// runHook takes and runs the next hook of op.
func (s *Server) runHook(op string) error {
	s.mu.Lock()
	hooks := s.hooks[op]
	if len(hooks) == 0 {
		s.mu.Unlock()
		return nil
	}
	s.hooks[op] = hooks[1:]
	s.mu.Unlock()
	return hooks[0]()
}

// Requests is a copy of the request history, oldest first; with operations, only theirs.
func (s *Server) Requests(ops ...string) []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := []Request{}
	for i := range s.requests {
		if len(ops) == 0 || slices.Contains(ops, s.requests[i].Op) {
			kept = append(kept, s.requests[i])
		}
	}
	return kept
}

// AwaitRequests waits until at least count requests have come since the start or the last
// ForgetRequests, so that a test can act at a given moment.
func (s *Server) AwaitRequests(ctx context.Context, count int) error {
	for {
		s.mu.Lock()
		have, changed := s.served, s.changed
		s.mu.Unlock()
		if have >= count {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("nexussim: %d of %d requests: %w", have, count, ctx.Err())
		}
	}
}

// ForgetRequests empties the request history; what the record holds stays.
func (s *Server) ForgetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests, s.served = nil, 0
}

// Calls counts the requests in the history by operation.
func (s *Server) Calls() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := map[string]int{}
	for i := range s.requests {
		counts[s.requests[i].Op]++
	}
	return maps.Clone(counts)
}

// Errors of the control plane.
var (
	ErrNoVisit   = errors.New("nexussim: no such visit")
	ErrNoCitizen = errors.New("nexussim: no such citizen")
)
