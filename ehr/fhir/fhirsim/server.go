package fhirsim

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"
)

// ServerHeader is the value of the Server header of every answer.
const ServerHeader = "fhirsim (simulator, not a care record)"

// Server is the simulator. It is safe for concurrent use.
type Server struct {
	options Options
	dice    dice
	faults  *faultBox
	checker checker

	mu       sync.Mutex
	offset   time.Duration
	archive  *archive
	entries  map[string][]Entry // by visit identifier
	keys     map[string]bool    // idempotency keys that Appointments brought
	refusals []Refusal
	tokens   map[string]issued
	searches map[string]search // with further pages, by token
	// assertions are the ids (jti) of the signed assertions that were taken.
	assertions map[string]bool
	requests   []Request
	served     int
	visitsOf   map[string][]string // Appointments by whom they are for
	counts     []ActiveCount
	changed    chan struct{}             // closed and replaced at every request
	hooks      map[string][]func() error // by operation
	servers    []*http.Server            // of Start
	serving    sync.WaitGroup
}

// New checks the options and returns an empty record.
func New(o Options) (*Server, error) {
	o = o.defaulted()
	if err := o.validate(); err != nil {
		return nil, err
	}

	d := dice{seed: o.Seed}

	return &Server{
		options: o, dice: d, faults: newFaultBox(d, o.Faults), checker: newChecker(newSchema()),
		archive: newArchive(d), entries: map[string][]Entry{}, keys: map[string]bool{}, tokens: map[string]issued{},
		searches: map[string]search{}, assertions: map[string]bool{},
		visitsOf: map[string][]string{}, hooks: map[string][]func() error{}, changed: make(chan struct{}),
	}, nil
}

// Handler serves the FHIR base at /fhir, the token endpoint at /token and the pages at / and /koereliste.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/fhir/", s.exchange)
	mux.HandleFunc("GET /fhir", s.exchange) // where some next links lead
	mux.HandleFunc("POST /token", s.exchange)
	mux.HandleFunc("GET /{$}", s.page)
	mux.HandleFunc("GET /koereliste", s.listPage)

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

// Refusal is a scripted rejection of writes about one visit.
type Refusal struct {
	Visit      string `json:"visit"`      // the visit identifier's value; empty is any
	Status     int    `json:"status"`     // 4xx; zero is 422
	Code       string `json:"code"`       // issue code; empty is business-rule
	Expression string `json:"expression"` // FHIRPath of the element, may be empty
	Text       string `json:"text"`       // diagnostics
	Count      int    `json:"count"`      // writes that it hits; zero is every one until Forgive
}

// Reject makes the record refuse writes about a visit.
func (s *Server) Reject(r Refusal) error {
	r.Status = orElse(r.Status, http.StatusUnprocessableEntity)
	r.Code = orElse(r.Code, "business-rule")

	if r.Status < 400 || r.Status > 499 || r.Count < 0 {
		return fmt.Errorf("fhirsim: a refusal needs a status of 4xx, got %d", r.Status)
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	s.refusals = append(s.refusals, r)

	return nil
}

// Forgive drops every scripted rejection.
func (s *Server) Forgive() {
	s.mu.Lock()
	defer s.mu.Unlock()

	s.refusals = nil
}

// refusalFor picks and counts down a scripted rejection. The caller holds the mutex.
func (s *Server) refusalFor(visit string) *Refusal {
	for i := range s.refusals {
		r := &s.refusals[i]
		if r.Visit != "" && r.Visit != visit {
			continue
		}

		hit := *r
		if r.Count > 0 {
			if r.Count--; r.Count == 0 {
				s.refusals = append(s.refusals[:i], s.refusals[i+1:]...)
			}
		}

		return &hit
	}

	return nil
}

// Edit changes a resource ("Appointment/…") as a person in the record would: change gets a
// copy and may alter it. R4's rules apply.
func (s *Server) Edit(ref string, change func(body map[string]any)) error {
	s.mu.Lock()
	defer s.mu.Unlock()

	r := s.archive.records[ref]
	if r == nil || r.deleted {
		return fmt.Errorf("fhirsim: no resource %s", ref)
	}

	body := copyOf(r.current().body)
	change(body)

	if issues := s.checkSeed(r.kind, body); len(issues) > 0 {
		return errors.New("fhirsim: " + issues[0].text)
	}

	s.archive.append(r, body, s.now(), true)
	s.noteActive(r, "staff")

	return nil
}

// Seed stores a resource that the client did not write and returns its reference.
func (s *Server) Seed(body map[string]any) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	kind := text(body, "resourceType")

	fresh := copyOf(body)
	if issues := s.checkSeed(kind, fresh); len(issues) > 0 {
		return "", errors.New("fhirsim: " + issues[0].text)
	}

	r := s.archive.create(kind, fresh, s.now(), true)
	s.noteActive(r, "staff")

	return r.ref(), nil
}

// checkSeed checks what clients may write; of the other types it only asks that they are served.
func (s *Server) checkSeed(kind string, body map[string]any) []issue {
	switch {
	case isWritable(kind):
		return s.checker.check(kind, body)
	case !isServed(kind):
		return []issue{{"not-supported", "", "no resource type that is served: " + kind}}
	}

	return nil
}

// BeforeNext runs act once, just before the next call of op is handled: the place for what
// a person does in the record at the same moment. An error of act answers the call with 500.
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

// Delete removes a resource as a person in the record would.
func (s *Server) Delete(ref string) error {
	s.mu.Lock()
	defer s.mu.Unlock()

	r := s.archive.records[ref]
	if r == nil {
		return fmt.Errorf("fhirsim: no resource %s", ref)
	}

	r.deleted = true
	s.noteActive(r, "staff")

	return nil
}

// Versions are the bodies of a resource's versions, oldest first, as copies.
func (s *Server) Versions(ref string) []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()

	r := s.archive.records[ref]
	if r == nil {
		return nil
	}

	bodies := make([]map[string]any, 0, len(r.versions))
	for _, v := range r.versions {
		bodies = append(bodies, copyOf(v.body))
	}

	return bodies
}

// Requests is a copy of the request history, oldest first.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()

	return append([]Request(nil), s.requests...)
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
			return fmt.Errorf("fhirsim: %d of %d requests: %w", have, count, ctx.Err())
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

// issued is an access token that was handed out.
type issued struct {
	end    time.Time
	scopes []string
}

// authorized checks the Authorization header. The caller holds the mutex.
func (s *Server) authorized(r *http.Request) (issued, bool) {
	if len(s.options.Clients) == 0 {
		return issued{}, true
	}

	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	known := s.tokens[token]

	return known, ok && s.now().Before(known.end)
}
