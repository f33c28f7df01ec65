package vdxsim

import (
	"sync"
	"time"
)

// RequestRecord is one request as the simulator received it. Secrets are recorded as they
// were sent: the history is the tests' oracle, and lives in memory only.
type RequestRecord struct {
	// Seq numbers requests in the order in which they took effect or were refused.
	Seq int `json:"seq"`
	// Time is by the simulator's clock, UTC.
	Time time.Time `json:"time"`
	// API is token, sts, session, video, sms, history, organisation or portal; only portal calls come from
	// people.
	API string `json:"api"`
	// Door is how the caller proved who they are; empty where nobody had to.
	Door Door `json:"door,omitempty"`
	// Op is one of the Op constants.
	Op string `json:"op"`
	// Method, Path and Query are as received.
	Method string `json:"method"`
	Path   string `json:"path"`
	Query  string `json:"query,omitempty"`
	// Key is what the call is about: a meeting's uuid, or the client id for tokens.
	Key string `json:"key,omitempty"`
	// Client is the client id of the token, empty when there was none.
	Client string `json:"client,omitempty"`
	// RequestID is the correlation header x-request-id.
	RequestID string `json:"request_id,omitempty"`
	// Authorization and ContentType are the request's headers.
	Authorization string `json:"authorization,omitempty"`
	ContentType   string `json:"content_type,omitempty"`
	// Body is the request's body, at most 64 KiB of it.
	Body string `json:"body,omitempty"`
	// Status is what was answered, 0 when the connection was dropped instead.
	Status int `json:"status"`
	// Code is detailed_error_code or errorCode of a refusal.
	Code string `json:"code,omitempty"`
	// Detail is the text of a refusal.
	Detail string `json:"detail,omitempty"`
	// Effect tells whether the call changed or read the state as asked (2xx before any
	// fault). With Status 0 or 502 and Effect true the caller can't know.
	Effect bool `json:"effect"`
	// Fault is the fault that struck, empty for none.
	Fault FaultKind `json:"fault,omitempty"`
}

// ledger is the bounded request history.
type ledger struct {
	mu      sync.Mutex
	limit   int
	seq     int
	dropped int
	kept    []RequestRecord
	perOp   map[string]int
	changed chan struct{} // closed and replaced at every record
}

func newLedger(limit int) *ledger {
	return &ledger{limit: limit, perOp: make(map[string]int), changed: make(chan struct{})}
}

func (l *ledger) add(rec RequestRecord) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seq++
	rec.Seq = l.seq
	l.perOp[rec.Op]++
	if len(l.kept) >= l.limit {
		half := len(l.kept) / 2
		l.dropped += half
		l.kept = append(l.kept[:0:0], l.kept[half:]...)
	}
	l.kept = append(l.kept, rec)
	close(l.changed)
	l.changed = make(chan struct{})
}

// Requests is a copy of the request history, oldest first. With ops only those operations.
func (s *Server) Requests(ops ...string) []RequestRecord {
	s.ledger.mu.Lock()
	defer s.ledger.mu.Unlock()
	out := make([]RequestRecord, 0, len(s.ledger.kept))
	for _, rec := range s.ledger.kept {
		if len(ops) == 0 || has(ops, rec.Op) {
			out = append(out, rec)
		}
	}
	return out
}

// ClearRequests forgets the request history and its counts; state is kept.
func (s *Server) ClearRequests() {
	s.ledger.mu.Lock()
	defer s.ledger.mu.Unlock()
	s.ledger.kept, s.ledger.dropped = nil, 0
	s.ledger.perOp = make(map[string]int)
}
