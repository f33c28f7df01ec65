package fhirsim

import (
	"crypto/subtle"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const maxBody = 1 << 20 // bytes of a request

// Request is one call as the record received it.
type Request struct {
	At        time.Time `json:"at"`
	Op        string    `json:"op"`
	Method    string    `json:"method"`
	URL       string    `json:"url"`
	Headers   []string  `json:"headers"` // "Name: value", sorted; credentials left out
	Body      string    `json:"body,omitempty"`
	Visit     string    `json:"visit,omitempty"` // the visit identifier it is about, when known
	RequestID string    `json:"request_id,omitempty"`
	Status    int       `json:"status"`          // 0: the connection was dropped
	Fault     FaultKind `json:"fault,omitempty"` // the fault that struck
}

// exchange takes one call through recording, latency, faults and its operation.
func (s *Server) exchange(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		write(w, outcome(http.StatusRequestEntityTooLarge, issue{"too-long", "", "the body is too large"}))

		return
	}

	c, op := parse(r, body)
	visit := s.visitOfCall(c, op)
	fault := s.faults.decide(op, visit)

	s.wait(r, s.options.Latency)

	at := s.note(c, op, visit, fault)
	if fault != "" && !fault.afterEffect() {
		s.strike(w, r, at, fault, nil)

		return
	}

	answer := s.handle(op, c)
	if fault != "" {
		s.strike(w, r, at, fault, &answer)

		return
	}

	s.finish(at, answer.status)
	write(w, answer)
}

// handle runs the hook and the operation, the latter under the mutex.
func (s *Server) handle(op string, c call) response {
	if err := s.runHook(op); err != nil {
		return outcome(http.StatusInternalServerError, issue{"exception", "", err.Error()})
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	if op == OpToken {
		return s.token(c)
	}

	if op == OpMetadata {
		return s.serve(op, c)
	}

	token, ok := s.authorized(c.r)
	if !ok {
		return outcome(http.StatusUnauthorized, issue{"login", "", "the access token is missing or has expired"})
	}

	if !token.allows(op, c.kind) {
		return outcome(http.StatusForbidden, issue{"forbidden", "", "the access token has no scope for this"})
	}

	return s.serve(op, c)
}

// parse finds the operation in method and path (R4 http#summary).
func parse(r *http.Request, body []byte) (call, string) {
	c := call{r: r, body: body}
	if r.URL.Path == "/token" {
		return c, OpToken
	}

	parts := strings.Split(strings.Trim(strings.TrimPrefix(r.URL.Path, "/fhir/"), "/"), "/")
	c.kind = parts[0]

	if len(parts) > 1 {
		c.id = parts[1]
	}

	switch {
	case r.Method == http.MethodGet && r.URL.Path == "/fhir/metadata":
		return c, OpMetadata
	case r.Method == http.MethodGet && r.URL.Query().Has("_getpages"):
		return c, OpPage
	case !isServed(c.kind):
		return c, OpUnbuilt
	case r.Method == http.MethodPost && len(parts) == 2 && c.id == "_search":
		c.id = ""

		return c, OpSearch
	case r.Method != http.MethodGet && !isWritable(c.kind):
		return c, OpUnbuilt
	}

	return instanceCall(c, parts)
}

// instanceCall finds the operation by the number of parts of the path.
func instanceCall(c call, parts []string) (call, string) {
	shape := c.r.Method + " " + strconv.Itoa(len(parts))
	history := len(parts) > 2 && parts[2] == "_history"

	switch {
	case shape == "POST 1":
		return c, OpCreate
	case shape == "GET 1":
		return c, OpSearch
	case shape == "GET 2":
		return c, OpRead
	case shape == "PUT 2":
		return c, OpUpdate
	case shape == "GET 3" && history:
		return c, OpHistory
	case shape == "GET 4" && history:
		c.vid = parts[3]

		return c, OpVRead
	}

	return c, OpUnbuilt
}

// visitOfCall finds out which visit a call is about, for faults and for the history.
func (s *Server) visitOfCall(c call, op string) string {
	if op == OpCreate || op == OpUpdate {
		if body, err := decodeObject(c.body); err == nil {
			return s.visitOf(body)
		}
	}

	if op == OpSearch || op == OpPage {
		parts := splitEscaped(c.r.URL.Query().Get("identifier"), '|')

		return unescape(parts[len(parts)-1])
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	if r := s.archive.records[c.kind+"/"+c.id]; r != nil {
		return s.visitOf(r.current().body)
	}

	return ""
}

// note starts the record of a call and returns its place in the history.
func (s *Server) note(c call, op, visit string, fault FaultKind) int {
	var headers []string

	for name, values := range c.r.Header {
		if name != "Authorization" {
			headers = append(headers, name+": "+strings.Join(values, ", "))
		}
	}

	slices.Sort(headers)

	body := string(c.body)
	if op == OpToken {
		body = ""
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	s.requests = append(s.requests, Request{
		At: s.now(), Op: op, Method: c.r.Method, URL: c.r.URL.String(), Headers: headers, Body: body, Visit: visit,
		RequestID: c.r.Header.Get("X-Request-Id"), Fault: fault,
	})
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

// strike spoils a call. The answer is nil when nothing was done.
func (s *Server) strike(w http.ResponseWriter, r *http.Request, at int, fault FaultKind, answer *response) {
	const proxyPage = "<html><body><h1>The proxy could not reach the service</h1></body></html>"

	var spoiled response

	switch fault {
	case FaultTimeoutBefore, FaultTimeoutAfter:
		s.wait(r, s.faults.hang())
		panic(http.ErrAbortHandler) // drops the connection
	case FaultResetBefore, FaultResetAfter:
		panic(http.ErrAbortHandler)
	case FaultUnauthorized:
		spoiled = outcome(http.StatusUnauthorized, issue{"expired", "", "the access token has expired"})
	case FaultTooMany:
		spoiled = outcome(http.StatusTooManyRequests, issue{"throttled", "", "too many requests"})
		spoiled.header["Retry-After"] = strconv.Itoa(int((s.faults.retryAfter() + time.Second - 1) / time.Second))
	case FaultServerError:
		spoiled = outcome(http.StatusInternalServerError, issue{"exception", "", "an internal error"})
	case FaultBadGatewayBefore, FaultBadGatewayAfter:
		spoiled = response{http.StatusBadGateway, map[string]string{"Content-Type": "text/html"}, []byte(proxyPage)}
	case FaultUnavailable:
		spoiled = response{http.StatusServiceUnavailable, map[string]string{"Content-Type": "text/html"}, []byte(proxyPage)}
	case FaultBrokenBody:
		spoiled = *answer
		spoiled.body = spoiled.body[:len(spoiled.body)/2]
	case FaultSlow:
		s.wait(r, s.faults.hang())

		spoiled = *answer
	}

	s.finish(at, spoiled.status)
	write(w, spoiled)
}

// wait holds a call until the time is over or the caller gives up.
func (s *Server) wait(r *http.Request, d time.Duration) {
	if d <= 0 {
		return
	}

	timer := time.NewTimer(d)
	defer timer.Stop()

	select {
	case <-timer.C:
	case <-r.Context().Done():
	}
}

func write(w http.ResponseWriter, answer response) {
	for name, value := range answer.header {
		w.Header().Set(name, value)
	}

	w.WriteHeader(answer.status)
	_, _ = w.Write(answer.body)
}

// token is RFC 6749 §4.4 with both ways of client authentication. The caller holds the mutex.
func (s *Server) token(c call) response {
	form, err := url.ParseQuery(string(c.body))
	if err != nil || form.Get("grant_type") != "client_credentials" {
		return jsonResponse(http.StatusBadRequest, map[string]any{"error": "unsupported_grant_type"})
	}

	if form.Has("client_assertion") {
		client, err := s.assertedClient(form, "http://"+c.r.Host+"/token")
		if err != nil {
			return jsonResponse(http.StatusUnauthorized, map[string]any{"error": "invalid_client", "error_description": err.Error()})
		}

		return s.grant(client)
	}

	id, secret, basic := c.r.BasicAuth()
	if !basic {
		id, secret = form.Get("client_id"), form.Get("client_secret")
	}

	for _, client := range s.options.Clients {
		if client.ID == id && client.Secret != "" && subtle.ConstantTimeCompare([]byte(client.Secret), []byte(secret)) == 1 {
			return s.grant(client)
		}
	}

	return jsonResponse(http.StatusUnauthorized, map[string]any{"error": "invalid_client"})
}

// grant hands out a token. The caller holds the mutex.
func (s *Server) grant(client Client) response {
	value := s.dice.hex(40, "token", client.ID, strconv.Itoa(len(s.tokens)))
	s.tokens[value] = issued{end: s.now().Add(s.options.TokenTTL), scopes: client.Scopes}

	body := map[string]any{"access_token": value, "token_type": "Bearer", "expires_in": int(s.options.TokenTTL / time.Second)}
	if len(client.Scopes) > 0 {
		body["scope"] = strings.Join(client.Scopes, " ")
	}

	return jsonResponse(http.StatusOK, body)
}

// isServed reports whether resources of the type can be read; isWritable, whether clients may write
// them.
func isServed(kind string) bool {
	return isWritable(kind) || slices.Contains([]string{"Patient", "Practitioner", "Location", "Schedule", "Slot"}, kind)
}

func isWritable(kind string) bool { return kind == "Appointment" || kind == "Encounter" }

// String is one line for people who read a history.
func (r Request) String() string {
	return fmt.Sprintf("%s %s %s %d %s", r.Method, r.URL, r.Visit, r.Status, r.Fault)
}
