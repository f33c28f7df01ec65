package outbound

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-resty/resty/v2"

	"github.com/sluse/sluse/connector"
)

// maxRetryAfter bounds what a peer can make us wait.
const maxRetryAfter = 24 * time.Hour

// StatusKind returns the usual kind of an HTTP status that is not 2xx; safe says that the
// call changes nothing at the peer. A 500, 502 or 504 to a write is Unknown, because the
// effect may have come before it; 503 means that the peer did not handle the call.
func StatusKind(status int, safe bool) connector.Kind {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		return connector.Unauthorized
	case http.StatusNotFound, http.StatusGone:
		return connector.NotFound
	case http.StatusConflict, http.StatusPreconditionFailed, http.StatusLocked:
		return connector.Conflict
	case http.StatusTooManyRequests:
		return connector.RateLimited
	case http.StatusTooEarly, http.StatusServiceUnavailable:
		return connector.Unavailable
	case http.StatusNotImplemented:
		return connector.Unsupported
	}

	switch {
	case status < 500 && status != http.StatusRequestTimeout:
		return connector.Rejected
	case safe:
		return connector.Unavailable
	default:
		return connector.Unknown
	}
}

// progress records how far a request got.
type progress struct{ connected atomic.Bool }

func (p *progress) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { p.connected.Store(true) },
	})
}

// maybeSent reports whether the peer may have seen the request. A connection is enough: the
// answer's end may be seen before the trace tells that the request was written, so a reset
// after the effect would look like one before it.
func (p *progress) maybeSent() bool { return p.connected.Load() }

// judge turns what resty returned into an Answer or an error.
func (c *Client) judge(call *Call, id string, response *resty.Response, err error, p *progress) (*Answer, *connector.Error) {
	status, header := 0, http.Header{}
	if response != nil && response.RawResponse != nil {
		status, header = response.StatusCode(), response.Header()
	}

	answer := &Answer{
		Status: status, Header: header, RequestID: id, RetryAfter: retryAfter(header, c.options.Now()),
		system: c.options.System, op: call.Op, safe: call.safe(),
	}

	if err == nil {
		answer.Body = response.Body()

		return answer, nil
	}

	failure := answer.fail("", quiet(err))
	failure.Kind = transportKind(status, err, call.safe(), p)

	return nil, failure
}

// transportKind classifies what went wrong before the whole answer was read.
func transportKind(status int, err error, safe bool, p *progress) connector.Kind {
	unreadable := errors.Is(err, resty.ErrResponseBodyTooLarge)

	if status != 0 && !isOK(status) {
		// The status speaks for itself unless the code in the lost body was needed with it.
		if kind := StatusKind(status, safe); kind != connector.Rejected && kind != connector.Conflict || unreadable {
			return kind
		}
	}

	switch {
	case certificateRefused(err):
		return connector.Unauthorized
	case !safe && p.maybeSent():
		return connector.Unknown
	case unreadable:
		return connector.Malformed
	default:
		return connector.Unavailable
	}
}

// certificateRefused recognises the TLS alerts by which a peer refuses our client
// certificate (RFC 8446 §6.2). In TLS 1.3 they arrive after the request was written, but
// the peer has not looked at it. The alert's type is private to crypto/tls, so its text counts.
func certificateRefused(err error) bool {
	failure, ok := errors.AsType[*net.OpError](err)
	if !ok || failure.Op != "remote error" || failure.Err == nil {
		return false
	}

	switch failure.Err.Error() {
	case "tls: bad certificate", "tls: unsupported certificate", "tls: revoked certificate", "tls: expired certificate",
		"tls: unknown certificate", "tls: unknown certificate authority", "tls: access denied", "tls: certificate required":
		return true
	}

	return false
}

// quiet strips the URL from an error of net/http and masks what else may be secret; the
// cause stays reachable for errors.Is.
func quiet(err error) error {
	for {
		var u *url.Error
		if !errors.As(err, &u) {
			return &cause{text: Redact(err.Error()), err: err}
		}

		err = u.Err
	}
}

// cause prints redacted.
type cause struct {
	text string
	err  error
}

// Error returns the redacted text.
func (c *cause) Error() string { return c.text }

// Unwrap returns the cause without any URL.
func (c *cause) Unwrap() error { return c.err }

// retryAfter reads Retry-After as seconds or as an HTTP date (RFC 9110 §10.2.3); a date
// counts from the peer's own Date. 0 when absent, past or unreadable.
func retryAfter(header http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(header.Get("Retry-After"))
	if text == "" {
		return 0
	}

	if seconds, err := strconv.ParseUint(text, 10, 32); err == nil {
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}

	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}

	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		now = date
	}

	return min(max(at.Sub(now), 0), maxRetryAfter)
}
