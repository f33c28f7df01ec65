package momentumsim

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The credentials that the simulator takes. Test values.
const (
	ClientID = "sluse-test"
	Secret   = "test-momentum-secret"
	APIKey   = "test-momentum-key"
	Resource = "https://momentum.invalid/api"
)

const (
	serverHeader = "sluse-momentumsim (simulator)"
	maxBody      = 1 << 20
	tokenLife    = 10 * time.Minute
	maxInRow     = 2
)

// Options configure a Server. Clock is required.
type Options struct {
	Clock  func() time.Time
	Seed   uint64  // makes faults reproducible
	Faults float64 // share of calls that fail, 0 to 1
}

// Fault is one way in which a call goes wrong: before its effect, or after its full effect.
type Fault string

// The faults.
const (
	FaultResetBefore   Fault = "before"
	FaultResetAfter    Fault = "after"
	FaultTimeoutBefore Fault = "timeout-before" // holds the request until the client gives up
	FaultTimeoutAfter  Fault = "timeout-after"
	FaultErrorBefore   Fault = "500-before"
	FaultErrorAfter    Fault = "500"
	FaultUnavailable   Fault = "503"
	FaultTooMany       Fault = "429" // with Retry-After
	FaultUnauthorized  Fault = "401"
	FaultForbidden     Fault = "403"
	FaultRefused       Fault = "422"
	FaultBrokenBody    Fault = "broken-body" // the right status with half the JSON
)

// Citizen is one whom the system knows.
type Citizen struct {
	ID  int
	CPR string // ten digits
}

// Note is one note of a journal.
type Note struct {
	ID    int    `json:"id"`
	Title string `json:"title"`
	Body  string `json:"body"`
	Type  string `json:"journalTypeCode"`
}

// Server is one simulated Momentum. All methods are safe for concurrent use.
type Server struct {
	options Options

	mu       sync.Mutex
	citizens []Citizen
	journals map[int][]Note
	tokens   map[string]time.Time
	paths    []string // of all calls, with their queries
	tries    map[string]int
	inRow    map[string]int
	script   []Fault // of the next writes
	away     bool
}

// New returns a Server that knows the citizens.
func New(options Options, citizens ...Citizen) *Server {
	return &Server{
		options: options, citizens: citizens, journals: map[int][]Note{}, tokens: map[string]time.Time{},
		tries: map[string]int{}, inRow: map[string]int{},
	}
}

// Journal returns a citizen's notes, the oldest first.
func (s *Server) Journal(cpr string) []Note {
	s.mu.Lock()
	defer s.mu.Unlock()

	i := slices.IndexFunc(s.citizens, func(c Citizen) bool { return c.CPR == cpr })
	if i < 0 {
		return nil
	}

	return slices.Clone(s.journals[s.citizens[i].ID])
}

// Paths returns what was asked for, with queries, in order.
func (s *Server) Paths() []string {
	s.mu.Lock()
	defer s.mu.Unlock()

	return slices.Clone(s.paths)
}

// Expire makes every token invalid.
func (s *Server) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()

	clear(s.tokens)
}

// Script makes the next writes of notes fail, one after the other.
func (s *Server) Script(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()

	s.script = append(s.script, faults...)
}

// SetFaults replaces the share of calls that fail, 0 to 1, and forgets what was scripted.
func (s *Server) SetFaults(share float64) {
	s.mu.Lock()
	defer s.mu.Unlock()

	s.options.Faults, s.script = share, nil
}

// Away says whether nothing answers from now on but the gateway before the system, with 503.
func (s *Server) Away(is bool) {
	s.mu.Lock()
	defer s.mu.Unlock()

	s.away = is
}

// Handler serves the token at /token and the API below /api/.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", s.token)
	mux.HandleFunc("POST /api/search", s.guarded(s.search))
	mux.HandleFunc("GET /api/journals/{reference}", s.guarded(s.read))
	mux.HandleFunc("POST /api/journals", s.guarded(s.write))

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", serverHeader)
		s.mu.Lock()
		s.paths = append(s.paths, r.Method+" "+r.URL.RequestURI())
		away := s.away
		s.mu.Unlock()

		if away {
			answer(w, http.StatusServiceUnavailable, map[string]string{"message": "Service unavailable"})

			return
		}

		mux.ServeHTTP(w, r)
	})
}

func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if r.ParseForm() != nil || r.PostForm.Get("grant_type") != "client_credentials" || r.PostForm.Get("client_id") != ClientID ||
		r.PostForm.Get("client_secret") != Secret || r.PostForm.Get("resource") != Resource {
		answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})

		return
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	value := "token-" + strconv.Itoa(len(s.paths))
	s.tokens[value] = s.options.Clock().Add(tokenLife)
	// Azure AD v1 writes the life as a text, unlike RFC 6749.
	answer(w, http.StatusOK, map[string]any{"access_token": value, "token_type": "Bearer", "expires_in": strconv.Itoa(int(tokenLife.Seconds()))})
}

// guarded checks token and key, and lets calls fail now and then, before or after what they do.
func (s *Server) guarded(do func(r *http.Request, body []byte) (int, any)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		status, out, fault := s.decide(r, body, err, do)

		switch fault {
		case FaultResetBefore, FaultResetAfter:
			panic(http.ErrAbortHandler)
		case FaultTimeoutBefore, FaultTimeoutAfter:
			<-r.Context().Done()
			panic(http.ErrAbortHandler)
		case FaultBrokenBody:
			w.WriteHeader(status)
			_, _ = io.WriteString(w, `{"id": 10`)

			return
		case FaultTooMany:
			w.Header().Set("Retry-After", "1")
		case FaultErrorBefore, FaultErrorAfter, FaultUnavailable, FaultUnauthorized, FaultForbidden, FaultRefused:
		}

		answer(w, status, out)
	}
}

// decide does a call, unless its fate is to fail before it, and returns what is answered.
func (s *Server) decide(r *http.Request, body []byte, broken error, do func(*http.Request, []byte) (int, any)) (int, any, Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()

	bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if broken != nil || !s.options.Clock().Before(s.tokens[bearer]) || r.Header.Get("Apikey") != APIKey {
		return http.StatusUnauthorized, map[string]string{"message": "Access denied"}, ""
	}

	fault := s.strike(r.Method+" "+r.URL.Path, string(body))
	quoted := map[string]string{"message": "An error has occurred for citizen 251248-9996"}

	switch fault {
	case FaultResetBefore, FaultTimeoutBefore:
		return 0, nil, fault
	case FaultErrorBefore:
		return http.StatusInternalServerError, quoted, fault
	case FaultUnavailable, FaultTooMany, FaultUnauthorized, FaultForbidden, FaultRefused:
		status, _ := strconv.Atoi(string(fault))

		return status, quoted, fault
	case FaultResetAfter, FaultTimeoutAfter, FaultErrorAfter, FaultBrokenBody:
	}

	status, out := do(r, body)
	if fault == FaultErrorAfter {
		status, out = http.StatusInternalServerError, quoted
	}

	return status, out, fault
}

// strike decides the fate of a call by what it is and how often it was tried. The caller holds s.mu.
func (s *Server) strike(op, body string) Fault {
	if len(s.script) > 0 && op == "POST /api/journals" {
		next := s.script[0]
		s.script = s.script[1:]

		return next
	}

	name := op + body
	s.tries[name]++

	sum := sha256.Sum256([]byte(strconv.FormatUint(s.options.Seed, 10) + name + strconv.Itoa(s.tries[name])))
	at := float64(binary.BigEndian.Uint64(sum[:8])>>11) / (1 << 53)

	if at >= s.options.Faults || s.inRow[name] >= maxInRow {
		s.inRow[name] = 0

		return ""
	}

	s.inRow[name]++

	return []Fault{FaultResetBefore, FaultResetAfter, FaultErrorAfter}[int(sum[9])%3]
}

func (s *Server) search(_ *http.Request, body []byte) (int, any) {
	var asked struct {
		Term       string   `json:"term"`
		Categories []string `json:"allowedCategories"`
	}
	if json.Unmarshal(body, &asked) != nil || asked.Term == "" {
		return http.StatusBadRequest, map[string]string{"message": "term"}
	}

	results := []map[string]any{}

	if slices.Contains(asked.Categories, "Citizen") {
		for _, c := range s.citizens {
			if strings.Contains(c.CPR, asked.Term) {
				results = append(results, map[string]any{"id": c.ID, "category": "Citizen", "description": c.CPR[:6] + "-" + c.CPR[6:]})
			}
		}
	}

	return http.StatusOK, map[string]any{"totalCount": len(results), "results": results}
}

func (s *Server) read(r *http.Request, _ []byte) (int, any) {
	reference, err := strconv.Atoi(r.PathValue("reference"))
	if err != nil || !slices.ContainsFunc(s.citizens, func(c Citizen) bool { return c.ID == reference }) {
		return http.StatusNotFound, map[string]string{"message": "not found"}
	}

	return http.StatusOK, append([]Note{}, s.journals[reference]...)
}

func (s *Server) write(_ *http.Request, body []byte) (int, any) {
	var in struct {
		Reference string `json:"referenceId"`
		Title     string `json:"title"`
		Body      string `json:"body"`
		Type      string `json:"journalTypeCode"`
	}
	if json.Unmarshal(body, &in) != nil || in.Title == "" || in.Body == "" || in.Type == "" {
		return http.StatusBadRequest, map[string]string{"message": "a note needs title, body and type"}
	}

	reference, err := strconv.Atoi(in.Reference)
	if err != nil || !slices.ContainsFunc(s.citizens, func(c Citizen) bool { return c.ID == reference }) {
		return http.StatusNotFound, map[string]string{"message": "not found"}
	}

	n := Note{ID: 1000 + len(s.journals[reference]), Title: in.Title, Body: in.Body, Type: in.Type}
	s.journals[reference] = append(s.journals[reference], n)

	return http.StatusCreated, n
}

func answer(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status = http.StatusInternalServerError
	}

	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
