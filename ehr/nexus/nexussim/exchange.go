package nexussim

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const maxBody = 1 << 20 // bytes of a request (eoj.md §1.6: a proxy limits writes to 1 MB)

// Request is one call as the record received it.
type Request struct {
	At      time.Time `json:"at"`
	Op      string    `json:"op"`
	Method  string    `json:"method"`
	URL     string    `json:"url"`
	Headers []string  `json:"headers"` // "Name: value", sorted; credentials left out
	Body    string    `json:"body,omitempty"`
	// Subject is what the call is about: a visit ("990121#2026-11-24"), "patient:4711", or a path.
	Subject   string    `json:"subject,omitempty"`
	Client    string    `json:"client,omitempty"` // whose token it was
	Bearer    string    `json:"bearer,omitempty"` // a fingerprint of the token
	RequestID string    `json:"request_id,omitempty"`
	Status    int       `json:"status"`          // 0: the connection was dropped
	Fault     FaultKind `json:"fault,omitempty"` // the fault that struck
}

// String is one line for people who read a history.
func (r Request) String() string {
	return fmt.Sprintf("%s %s %s %s %d %s", r.Op, r.Method, r.URL, r.Subject, r.Status, r.Fault)
}

// call is one request on its way through the simulator.
type call struct {
	s      *Server
	r      *http.Request
	body   []byte
	client *Client
	bearer string
}

// exchange takes the calls of a route through recording, latency, faults and its operation.
func (s *Server) exchange(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			send(w, refuse(http.StatusRequestEntityTooLarge, "the body is too large"))
			return
		}
		c := &call{s: s, r: r, body: body}
		subject := s.subject(c)
		fault := s.faults.decide(rt.op, subject)
		s.wait(r, s.options.Latency+s.delay(rt))
		at := s.note(c, rt.op, subject, fault)
		if fault != "" && !fault.afterEffect() {
			s.strike(w, c, at, fault, reply{})
			return
		}
		out := s.handle(rt, c)
		switch {
		case out.hang:
			s.wait(r, maxDelay)
			panic(http.ErrAbortHandler) // the caller has given up, or ought to have
		case fault != "":
			s.strike(w, c, at, fault, out)
		default:
			s.finish(at, out.status)
			send(w, out)
		}
	})
}

// delay is how long the record takes for a calendar.
func (s *Server) delay(rt route) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if rt.slow {
		return s.quirks.CalendarDelay
	}
	return 0
}

// handle runs the hook and the operation, the latter under the mutex.
func (s *Server) handle(rt route, c *call) reply {
	if err := s.runHook(rt.op); err != nil {
		return refuse(http.StatusInternalServerError, "%v", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if rt.op == OpToken {
		return s.issue(c)
	}
	if c.client, c.bearer = s.caller(c.r); c.client == nil {
		return refuse(http.StatusUnauthorized, "the access token is missing or has expired")
	}
	if !c.may(rt.need) {
		return refuse(http.StatusForbidden, "access is denied")
	}
	out := rt.handle(s, c)
	if s.quirks.Errors500 && out.status >= 400 {
		return s.crash(c)
	}
	return out
}

// crash is a 500 as an application server writes it, with more in it than there should be.
func (s *Server) crash(c *call) reply {
	message := "java.lang.NullPointerException"
	if p := s.patientOf(c); p != nil {
		message += " [patient=" + hyphened(p.cpr) + " " + p.name + "]"
	}
	return refuse(http.StatusInternalServerError, "%s", message)
}

// subject finds out what a call is about, for faults and for the history.
func (s *Server) subject(c *call) string {
	if c.r.URL.Path == s.tokenPath() {
		return "token"
	}
	if key := c.r.URL.Query().Get("occurrence"); key != "" {
		return key
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.patientOf(c); p != nil {
		return "patient:" + strconv.Itoa(p.id)
	}
	return strings.TrimPrefix(strings.TrimPrefix(c.r.URL.Path, s.base), s.slug)
}

// patientOf is the citizen that a call names in its path or its search. The caller holds the
// mutex.
func (s *Server) patientOf(c *call) *citizen {
	if id, err := strconv.Atoi(c.r.PathValue("patient")); err == nil {
		return s.world.citizens[id]
	}
	var search struct {
		BusinessKey string `json:"businessKey"`
	}
	if strings.HasSuffix(c.r.URL.Path, searchPath) && decode(c.body, &search) == nil {
		return s.world.citizenByCPR(search.BusinessKey)
	}
	return nil
}

// note starts the record of a call and returns its place in the history.
func (s *Server) note(c *call, op, subject string, fault FaultKind) int {
	var headers []string
	for name, values := range c.r.Header {
		if name != "Authorization" {
			headers = append(headers, name+": "+strings.Join(values, ", "))
		}
	}
	slices.Sort(headers)
	entry := Request{
		Op: op, Method: c.r.Method, URL: c.r.URL.String(), Headers: headers, Subject: subject,
		RequestID: c.r.Header.Get("X-Request-Id"), Fault: fault,
	}
	if op != OpToken {
		entry.Body = string(c.body)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	entry.At = s.now()
	if client, bearer := s.caller(c.r); client != nil {
		entry.Client, entry.Bearer = client.ID, bearer
	}
	s.requests = append(s.requests, entry)
	if over := len(s.requests) - s.options.RequestLimit; over > 0 {
		s.requests = append([]Request(nil), s.requests[over:]...)
	}
	s.served++
	close(s.changed)
	s.changed = make(chan struct{})
	return s.served
}

// finish completes the record of a call.
func (s *Server) finish(place, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := place - 1 - (s.served - len(s.requests)); i >= 0 && i < len(s.requests) {
		s.requests[i].Status = status
	}
}

// strike spoils a call. The answer is empty when nothing was done.
func (s *Server) strike(w http.ResponseWriter, c *call, at int, fault FaultKind, out reply) {
	const proxyPage = "<html><body><h1>The proxy could not reach the service</h1></body></html>"
	spoiled := out
	switch fault {
	case FaultTimeoutBefore, FaultTimeoutAfter:
		s.wait(c.r, s.faults.hang())
		panic(http.ErrAbortHandler) // drops the connection
	case FaultResetBefore, FaultResetAfter:
		panic(http.ErrAbortHandler)
	case FaultUnauthorized:
		spoiled = refuse(http.StatusUnauthorized, "the access token has expired")
	case FaultTooMany:
		spoiled = refuse(http.StatusTooManyRequests, "too many requests")
		spoiled.header["Retry-After"] = strconv.Itoa(int((s.faults.retryAfter() + time.Second - 1) / time.Second))
	case FaultServerError, FaultServerErrorAfter:
		s.mu.Lock()
		spoiled = s.crash(c)
		s.mu.Unlock()
	case FaultBadGatewayBefore, FaultBadGatewayAfter:
		spoiled = reply{status: http.StatusBadGateway, header: map[string]string{"Content-Type": "text/html"}, body: []byte(proxyPage)}
	case FaultUnavailable:
		spoiled = reply{status: http.StatusServiceUnavailable, header: map[string]string{"Content-Type": "text/html"}, body: []byte(proxyPage)}
	case FaultBrokenBody:
		spoiled.body = spoiled.body[:len(spoiled.body)/2]
	case FaultSlow:
		s.wait(c.r, s.faults.hang())
	}
	s.finish(at, spoiled.status)
	send(w, spoiled)
}

// wait holds a call until the time is over or the caller gives up.
func (s *Server) wait(r *http.Request, d time.Duration) {
	if d > 0 {
		s.options.Wait(r.Context(), d)
	}
}
