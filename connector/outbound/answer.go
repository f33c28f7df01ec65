package outbound

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/sluse/sluse/connector"
)

// Answer is what the peer answered, whatever the status. Its body may hold secrets: never
// log it.
type Answer struct {
	Status     int
	Header     http.Header
	Body       []byte
	RequestID  string        // the correlation id that we sent
	RetryAfter time.Duration // 0 when the peer did not say; at most 24 h

	system, op string
	safe       bool
}

func isOK(status int) bool { return status >= 200 && status <= 299 }

// OK reports whether the status is 2xx.
func (a *Answer) OK() bool { return isOK(a.Status) }

// Fail returns the error of an answer that is not 2xx, with the kind of StatusKind, the
// request id and Retry-After. The code is the peer's own; everything but a short token of
// letters, digits, dots, dashes and underscores is left out.
func (a *Answer) Fail(code string) *connector.Error { return a.fail(code, nil) }

func (a *Answer) fail(code string, err error) *connector.Error {
	return &connector.Error{
		System: a.system, Op: a.op, Kind: StatusKind(a.Status, a.safe), Status: a.Status, Code: shortCode(code),
		RequestID: a.RequestID, RetryAfter: a.RetryAfter, Err: err,
	}
}

// FailAs is Fail with another kind, for a peer whose statuses mean something of their own.
func (a *Answer) FailAs(kind connector.Kind, code string) *connector.Error {
	e := a.Fail(code)
	e.Kind = kind

	return e
}

// Broken returns the error of a 2xx answer that can't be understood: Unknown after a write,
// because the effect took place. After a read, JSON that stops in the middle, nothing at all, or a
// web page is Unavailable: it was cut off on the way, or something in between answered, and another
// try helps; everything else is Malformed. The reason must hold nothing of the body.
func (a *Answer) Broken(reason string) *connector.Error { return a.broken(reason, a.cutOff()) }

func (a *Answer) broken(reason string, passing bool) *connector.Error {
	e := a.fail("", errors.New(reason))

	switch {
	case !a.safe:
		e.Kind = connector.Unknown
	case passing:
		e.Kind, e.Err = connector.Unavailable, errors.New("the answer was cut off or is a web page")
	default:
		e.Kind = connector.Malformed
	}

	return e
}

// cutOff reports whether the body is not what the peer sent, or not all of it.
func (a *Answer) cutOff() bool {
	body := bytes.TrimSpace(a.Body)
	if len(body) == 0 {
		return a.Status != http.StatusNoContent
	}

	switch body[0] {
	case '{', '[':
		var whole json.RawMessage

		return errors.Is(json.NewDecoder(bytes.NewReader(body)).Decode(&whole), io.ErrUnexpectedEOF)
	case '<': // what is XML by agreement says so
		return strings.Contains(strings.ToLower(a.Header.Get("Content-Type")), "html")
	}

	return false
}

// JSON decodes the body of a 2xx answer into v. Unknown members are ignored; text after the
// value is an error. Errors are those of Broken.
func (a *Answer) JSON(v any) error {
	decoder := json.NewDecoder(bytes.NewReader(a.Body))

	err := decoder.Decode(v)
	if err == nil {
		if _, trailing := decoder.Token(); !errors.Is(trailing, io.EOF) {
			err = errors.New("text after the JSON value")
		}
	}

	if err == nil {
		return nil
	}

	// The decoder's own text is left out: it can quote the body.
	return a.broken("the answer is not the JSON that was expected", a.cutOff() || bytes.HasPrefix(bytes.TrimSpace(a.Body), []byte("<")))
}

var tokenLike = regexp.MustCompile(`^[A-Za-z0-9._-]{1,40}$`)

// shortCode lets through what looks like a code and holds no person number.
func shortCode(code string) string {
	if !tokenLike.MatchString(code) || Redact(code) != code {
		return ""
	}

	return code
}
