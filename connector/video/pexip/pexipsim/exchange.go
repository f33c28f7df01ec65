package pexipsim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// serverHeader says on every answer that this is no Pexip.
const serverHeader = "pexipsim/1 (simulator, not Pexip)"

const (
	maxBody       = 1 << 20
	maxRecorded   = 64 << 10
	coldStart     = 400 * time.Millisecond
	apiToken      = "token"
	apiWebApp     = "webapp"
	headerRequest = "X-Request-Id"
)

// exchange is one API call on its way through the simulator.
type exchange struct {
	r    *http.Request
	body []byte
	now  time.Time
	rec  *RequestRecord
	by   caller
	base string // scheme and host of links to the simulator
}

// reply is an answer before any fault touches it.
type reply struct {
	status int
	header map[string]string
	kind   string // content type
	body   []byte
	detail string
}

// action handles one call and answers it; it runs without locks held.
type action func(*exchange) reply

// endpoint wraps an action with what every API call goes through: recording, latency,
// faults before and after the effect.
func (s *Server) endpoint(api, op string, key func(*exchange) string, do action) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", serverHeader)
		if !onLoopback(r.Context()) {
			http.Error(w, "the simulator serves loopback only", http.StatusForbidden)
			return
		}
		x, err := s.receive(w, r, api, op)
		if err != nil {
			http.Error(w, "request body can't be read", http.StatusBadRequest)
			return
		}
		x.rec.Key = key(x)
		if !s.pause(r.Context(), s.latencyFor()) {
			return
		}
		hit := s.faults.decide(op, x.rec.Key)
		x.rec.Fault = hit.kind
		x.now = s.Now()
		x.rec.Time = x.now.UTC()
		if hit.kind != "" && !hit.kind.afterEffect() {
			s.refuse(w, r, x, hit)
			return
		}
		out := do(x)
		x.rec.Effect = out.status < http.StatusMultipleChoices
		x.rec.Detail = out.detail
		s.answer(w, r, x, out, hit)
	}
}

func (s *Server) receive(w http.ResponseWriter, r *http.Request, api, op string) (*exchange, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, err //nolint:wrapcheck // only its presence matters
	}
	return &exchange{
		r: r, body: body, base: s.base(r),
		rec: &RequestRecord{
			API: api, Op: op, Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery,
			RequestID: r.Header.Get(headerRequest), Authorization: r.Header.Get("Authorization"),
			ContentType: r.Header.Get("Content-Type"), Body: string(body[:min(len(body), maxRecorded)]),
		},
	}, nil
}

// latencyFor is the configured latency, plus a slow first answer as after a cold start.
func (s *Server) latencyFor() time.Duration {
	if !s.opts.Calm && s.warm.CompareAndSwap(false, true) {
		return s.opts.Latency + coldStart
	}
	return s.opts.Latency
}

// pause waits in wall-clock time and tells whether the caller is still there.
func (s *Server) pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	case <-s.done:
		return false
	}
}

// refuse plays a fault that comes before the effect.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, x *exchange, hit strike) {
	switch hit.kind {
	case FaultTimeoutBefore:
		s.ledger.add(*x.rec)
		s.pause(r.Context(), hit.hang)
		drop(w, r)
	case FaultUnauthorized:
		s.write(w, x, unauthorized(false))
	case FaultLogin:
		s.write(w, x, loginRedirect(x))
	case FaultTooMany:
		seconds := int((hit.retryAfter + time.Second - 1) / time.Second)
		out := gatewayPage(http.StatusTooManyRequests)
		out.header = map[string]string{"Retry-After": strconv.Itoa(seconds)}
		s.write(w, x, out)
	case FaultServerError:
		s.write(w, x, crashed("Internal error (simulated)"))
	case FaultBadGatewayBefore:
		s.write(w, x, gatewayPage(http.StatusBadGateway))
	case FaultUnavailable:
		s.write(w, x, gatewayPage(http.StatusServiceUnavailable))
	case FaultResetBefore, FaultResetAfter, FaultTimeoutAfter, FaultBadGatewayAfter, FaultBrokenBody, FaultSlow:
		s.ledger.add(*x.rec)
		drop(w, r)
	}
}

// drop ends the connection without an answer. Go's HTTP transport repeats a GET in silence
// when a kept-alive connection ends before the first byte of an answer; a few bytes stop
// that, so that one call of the client stays one call in the history.
func drop(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_, _ = conn.Write([]byte("HTTP/1.1 "))
			_ = conn.Close()
			return
		}
	}
	panic(http.ErrAbortHandler)
}

// answer sends the reply, or what a fault after the effect makes of it.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, x *exchange, out reply, hit strike) {
	switch hit.kind {
	case FaultResetAfter:
		s.ledger.add(*x.rec)
		drop(w, r)
	case FaultTimeoutAfter:
		s.ledger.add(*x.rec)
		s.pause(r.Context(), hit.hang)
		drop(w, r)
	case FaultBadGatewayAfter:
		page := gatewayPage(http.StatusBadGateway)
		page.detail = out.detail
		s.write(w, x, page)
	case FaultSlow:
		x.rec.Status = out.status
		s.ledger.add(*x.rec)
		s.pause(r.Context(), hit.hang)
		emit(w, out)
	case FaultBrokenBody:
		s.write(w, x, s.broken(x, out))
	case FaultResetBefore, FaultTimeoutBefore, FaultUnauthorized, FaultLogin, FaultTooMany, FaultServerError,
		FaultBadGatewayBefore, FaultUnavailable, "":
		s.write(w, x, out)
	}
}

// broken spoils the body of a success: cut short, or a gateway's page under the right status.
func (s *Server) broken(x *exchange, out reply) reply {
	if out.status >= http.StatusMultipleChoices || len(out.body) == 0 {
		x.rec.Fault = ""
		return out
	}
	if s.dice.share("broken", x.rec.Op, x.rec.Key) < 0.5 {
		out.body = out.body[:len(out.body)/2]
	} else {
		out.body, out.kind = []byte("<html><body>Please wait</body></html>"), "text/html"
	}
	return out
}

// write records the call and sends the answer. The record is there before the caller can
// read the answer.
func (s *Server) write(w http.ResponseWriter, x *exchange, out reply) {
	x.rec.Status = out.status
	if x.rec.Detail == "" {
		x.rec.Detail = out.detail
	}
	s.ledger.add(*x.rec)
	w.Header().Set("Date", s.Now().UTC().Format(http.TimeFormat)) // the platform's clock, not this machine's
	emit(w, out)
}

func emit(w http.ResponseWriter, out reply) {
	for k, v := range out.header {
		w.Header().Set(k, v)
	}
	if out.kind != "" {
		w.Header().Set("Content-Type", out.kind)
	}
	w.WriteHeader(out.status)
	if len(out.body) > 0 {
		_, _ = w.Write(out.body)
	}
}

// gatewayPage is what a reverse proxy answers in HTML.
func gatewayPage(status int) reply {
	text := strconv.Itoa(status) + " " + http.StatusText(status)
	return reply{
		status: status, kind: "text/html", detail: "simulated fault",
		body: []byte("<html>\r\n<head><title>" + text + "</title></head>\r\n<body><h1>" + text + "</h1></body>\r\n</html>\r\n"),
	}
}

func jsonReply(status int, body any) reply {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		return reply{status: http.StatusInternalServerError, detail: err.Error()}
	}
	return reply{status: status, kind: "application/json", body: bytes.TrimRight(buf.Bytes(), "\n")}
}

// onLoopback tells whether the request came in on a loopback listener. A handler that is
// called without a listener (no local address) is fine.
func onLoopback(ctx context.Context) bool {
	local, ok := ctx.Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return true
	}
	host, _, err := net.SplitHostPort(local.String())
	return err == nil && isLoopbackHost(host)
}

func isLoopbackHost(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// errNotLoopback is what Start answers to an address that others could reach.
var errNotLoopback = errors.New("pexipsim: the simulator listens on loopback only")
