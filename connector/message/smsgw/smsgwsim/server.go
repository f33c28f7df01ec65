package smsgwsim

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// serverHeader says what answers.
const serverHeader = "sluse-smsgwsim (simulator)"

// DefaultAPIKey is the key when Options name none. A test value.
const DefaultAPIKey = "test-sms-gateway-key"

// The operations, as counted.
const (
	opSend = "send"
	opLook = "look"
)

const (
	maxBody  = 1 << 16
	maxTexts = 1600 // characters: ten parts
)

// The words for what becomes of a message.
const (
	Queued    = "queued"
	Delivered = "delivered"
	Failed    = "failed"
)

// Options configure a Server. Clock is required.
type Options struct {
	// Clock is the time source.
	Clock func() time.Time
	// Seed makes identifiers and faults reproducible.
	Seed uint64
	// Faults is the share of calls that fail, 0 to 1.
	Faults float64
	// Latency is added to every call, in wall-clock time.
	Latency time.Duration
	// APIKey opens the gateway; empty: DefaultAPIKey.
	APIKey string
	// DeliveryDelay is the time from an accepted message to its final status; zero is 4 seconds.
	DeliveryDelay time.Duration
	// Undeliverable numbers end as failed.
	Undeliverable []string
}

// TextRecord is one message that the gateway took.
type TextRecord struct {
	ID     string    `json:"id"`
	Key    string    `json:"key"`
	To     string    `json:"to"`
	Sender string    `json:"sender"`
	Text   string    `json:"text"`
	Sent   time.Time `json:"sent"`
	Status string    `json:"status"`
}

// Server is one simulated gateway. All methods are safe for concurrent use.
type Server struct {
	options Options

	mu      sync.Mutex
	texts   []TextRecord
	byKey   map[string]int
	script  []FaultKind
	tries   map[string]int
	inRow   map[string]int
	calls   int
	sends   int
	servers []*http.Server
}

// New makes a simulator. It starts nothing.
func New(o Options) (*Server, error) {
	if o.Clock == nil || o.Faults < 0 || o.Faults > 1 || o.Latency < 0 || o.DeliveryDelay < 0 {
		return nil, errors.New("smsgwsim: Clock is required, Faults must be 0 to 1, times must not be negative")
	}

	if o.APIKey == "" {
		o.APIKey = DefaultAPIKey
	}

	if o.DeliveryDelay == 0 {
		o.DeliveryDelay = 4 * time.Second
	}

	return &Server{options: o, byKey: map[string]int{}, tries: map[string]int{}, inRow: map[string]int{}}, nil
}

// URLs are the addresses of a simulator.
type URLs struct {
	// Base is the gateway: messages are posted to its /messages.
	Base string `json:"base"`
	// Inbox is the page of sent messages.
	Inbox string `json:"inbox,omitempty"`
}

// Start serves the gateway on addr and, unless controlAddr is empty, the inbox on controlAddr. Both must be
// loopback addresses. Close ends it.
func (s *Server) Start(ctx context.Context, addr, controlAddr string) (URLs, error) {
	base, err := s.serve(ctx, addr, s.Handler())
	if err != nil || controlAddr == "" {
		return URLs{Base: base}, err
	}

	control, err := s.serve(ctx, controlAddr, s.ControlHandler())

	return URLs{Base: base, Inbox: control + "/inbox"}, err
}

func (s *Server) serve(ctx context.Context, addr string, h http.Handler) (string, error) {
	host, _, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", fmt.Errorf("smsgwsim: %q is no loopback address", addr)
	}

	var lc net.ListenConfig

	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return "", fmt.Errorf("smsgwsim: %w", err)
	}

	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}

	s.mu.Lock()
	s.servers = append(s.servers, server)
	s.mu.Unlock()

	go func() { _ = server.Serve(l) }() // ends with Close

	return "http://" + l.Addr().String(), nil
}

// Close stops what Start started.
func (s *Server) Close() error {
	s.mu.Lock()
	servers := s.servers
	s.servers = nil
	s.mu.Unlock()

	var errs []error
	for _, server := range servers {
		errs = append(errs, server.Close())
	}

	return errors.Join(errs...)
}

// Texts is every message that was taken, oldest first, with its status by now.
func (s *Server) Texts() []TextRecord {
	s.mu.Lock()
	defer s.mu.Unlock()

	out := slices.Clone(s.texts)
	for i := range out {
		out[i].Status = s.status(out[i])
	}

	return out
}

// Calls is how many requests the gateway got.
func (s *Server) Calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()

	return s.calls
}

// Sends is how many of them wanted a message to be sent.
func (s *Server) Sends() int {
	s.mu.Lock()
	defer s.mu.Unlock()

	return s.sends
}

func (s *Server) status(t TextRecord) string {
	switch {
	case s.options.Clock().Before(t.Sent.Add(s.options.DeliveryDelay)):
		return Queued
	case slices.Contains(s.options.Undeliverable, t.To):
		return Failed
	}

	return Delivered
}

// Handler serves the gateway.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /messages", s.call(opSend, func(r *http.Request) string { return r.Header.Get("Idempotency-Key") }, s.send))
	mux.HandleFunc("GET /messages/{key}", s.call(opLook, func(r *http.Request) string { return r.PathValue("key") }, s.look))

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", serverHeader)
		mux.ServeHTTP(w, r)
	})
}

// reply is an answer before a fault spoils it.
type reply struct {
	status int
	body   map[string]any
}

func refuse(status int, code string) reply { return reply{status, map[string]any{"error": code}} }

// call wraps an operation: latency, key, faults.
func (s *Server) call(op string, key func(*http.Request) string, do func(*http.Request, []byte) reply) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
		if err != nil || !wait(r.Context(), s.options.Latency) {
			return
		}

		s.mu.Lock()
		s.calls++

		if op == opSend {
			s.sends++
		}

		if r.Header.Get("Authorization") != "Bearer "+s.options.APIKey {
			s.mu.Unlock()
			write(w, refuse(http.StatusUnauthorized, "unknown_key"), "")

			return
		}

		fault := s.strike(op, key(r))

		var out reply
		if fault == "" || fault.after() {
			out = do(r, body)
		}
		s.mu.Unlock()

		switch fault {
		case FaultResetBefore, FaultResetAfter:
			panic(http.ErrAbortHandler)
		case FaultUnavailable:
			out = refuse(http.StatusServiceUnavailable, "busy")
		case FaultServerError:
			out = refuse(http.StatusInternalServerError, "internal")
		case FaultTooMany:
			w.Header().Set("Retry-After", "1")

			out = refuse(http.StatusTooManyRequests, "too_many")
		case FaultSlow:
			wait(r.Context(), hang)
		case FaultBrokenBody:
		}

		write(w, out, fault)
	}
}

// wait lets wall-clock time pass; false when the caller has gone.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}

	timer := time.NewTimer(d)
	defer timer.Stop()

	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func write(w http.ResponseWriter, out reply, fault FaultKind) {
	body, err := json.Marshal(out.body)
	if err != nil {
		body = nil
	}

	if fault == FaultBrokenBody {
		body = body[:len(body)/2]
	}

	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(out.status)
	_, _ = w.Write(body) // the caller is gone
}

var number = regexp.MustCompile(`^\+?[0-9]{8,15}$`)

// send takes a message. The caller holds s.mu.
func (s *Server) send(r *http.Request, body []byte) reply {
	key := r.Header.Get("Idempotency-Key")

	var in struct {
		To     string `json:"to"`
		Sender string `json:"sender"`
		Text   string `json:"text"`
	}

	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.DisallowUnknownFields()

	switch {
	case key == "" || len(key) > 255:
		return refuse(http.StatusBadRequest, "idempotency_key")
	case decoder.Decode(&in) != nil:
		return refuse(http.StatusBadRequest, "body")
	case !number.MatchString(in.To):
		return refuse(http.StatusUnprocessableEntity, "to")
	case in.Sender == "" || len([]rune(in.Sender)) > 11:
		return refuse(http.StatusUnprocessableEntity, "sender")
	case in.Text == "" || len([]rune(in.Text)) > maxTexts:
		return refuse(http.StatusUnprocessableEntity, "text")
	}

	if i, known := s.byKey[key]; known {
		t := s.texts[i]
		if t.To != in.To || t.Text != in.Text || t.Sender != in.Sender {
			return refuse(http.StatusConflict, "key_reused")
		}

		return reply{http.StatusOK, map[string]any{"id": t.ID, "parts": 1}}
	}

	sum := sha256.Sum256([]byte(strconv.FormatUint(s.options.Seed, 10) + " id " + key))
	t := TextRecord{ID: hex.EncodeToString(sum[:8]), Key: key, To: in.To, Sender: in.Sender, Text: in.Text, Sent: s.options.Clock().UTC(), Status: Queued}
	s.byKey[key] = len(s.texts)
	s.texts = append(s.texts, t)

	return reply{http.StatusCreated, map[string]any{"id": t.ID, "parts": 1}}
}

// look tells of a message. The caller holds s.mu.
func (s *Server) look(r *http.Request, _ []byte) reply {
	i, known := s.byKey[r.PathValue("key")]
	if !known {
		return refuse(http.StatusNotFound, "unknown_message")
	}

	t := s.texts[i]

	return reply{http.StatusOK, map[string]any{"id": t.ID, "status": s.status(t), "sent": t.Sent}}
}
