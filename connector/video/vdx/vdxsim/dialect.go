package vdxsim

import (
	"net/http"
	"slices"
	"time"
)

// dialect is a generation of the video API. Both serve the same world (§0).
type dialect int

const (
	v2 dialect = iota
	v1
)

// path is where a generation lives below the base of the video API.
func (d dialect) path() string {
	if d == v1 {
		return ""
	}
	return "/v2"
}

// Door is a way to authenticate (§3).
type Door string

// The front doors.
const (
	// DoorBearer is v2: an OAuth2 access token.
	DoorBearer Door = "bearer"
	// DoorSession is v1 behind a gateway of one's own: a session-data header, trusted as it is.
	DoorSession Door = "session"
	// DoorGateway is v1 as integrators meet it: mutual TLS, STS, /token, Holder-of-key.
	DoorGateway Door = "gateway"
)

// authenticator finds out who calls, or refuses.
type authenticator func(*exchange) *reply

// date is a time as a generation writes it: v1 in UTC with a blank before an RFC 822 offset,
// v2 in the server's zone, both without a fraction (§1.10).
func (s *Server) date(x *exchange, t time.Time) any {
	switch {
	case t.IsZero():
		return nil
	case x.dialect == v1:
		return t.UTC().Format("2006-01-02T15:04:05 -0700")
	}
	return t.In(s.opts.Zone).Format("2006-01-02T15:04:05Z07:00")
}

// roleFailure is what a caller without the right role gets: 401 in v1, 403 in v2 (§0).
func (x *exchange) roleFailure() *problem {
	if x.dialect == v1 {
		return &problem{status: http.StatusUnauthorized, text: "The role is not allowed", plain: true}
	}
	return forbidden("Access Denied")
}

// list is a v2 array, or a v1 HAL collection whose _embedded is absent when empty (§0).
func (s *Server) list(x *exchange, rel string, items []map[string]any) reply {
	if x.dialect == v2 {
		return s.ok(x, items)
	}
	self := x.base + "/videoapi" + x.r.URL.Path
	if x.r.URL.RawQuery != "" {
		self += "?" + x.r.URL.RawQuery
	}
	out := map[string]any{"_links": map[string]any{"self": map[string]any{"href": self}}}
	if len(items) > 0 {
		out["_embedded"] = map[string]any{rel: items}
	}
	return s.ok(x, out)
}

// deleted is 204, in v1 200 with an empty body (§0).
func (x *exchange) deleted() reply {
	if x.dialect == v1 {
		return reply{status: http.StatusOK}
	}
	return reply{status: http.StatusNoContent}
}

// fail is an error body (§1.11). In v2 it holds timestamp, status, error, path, and the
// detail unless the framework itself refused. In v1 401, 403, 404 and 500 lack the detail,
// broken rules have an int errorCode, and bean validation has the shape of v2.
func (x *exchange) fail(p *problem) reply {
	body := map[string]any{
		"timestamp": x.now.UTC().Format("2006-01-02T15:04:05Z"),
		"status":    p.status,
		"error":     http.StatusText(p.status),
		"path":      x.rec.Path,
	}
	ofV2 := x.dialect == v2 && !p.plain
	code := p.v2
	switch {
	case ofV2, x.dialect == v1 && slices.Contains([]string{codeInvalid, codeStrict}, p.v2):
		body["detailed_error"] = p.text
		body["detailed_error_code"] = p.v2
	case x.dialect == v1 && p.v1 != 0:
		body["timestamp"] = x.now.UTC().Format("2006-01-02T15:04:05.000000Z")
		body["message"], body["errorText"], body["errorCode"] = p.text, p.text, p.v1
		code = itoa(p.v1)
	}
	out := jsonReply(p.status, "application/json", body)
	out.code, out.detail, out.header = code, p.text, p.header
	return out
}
