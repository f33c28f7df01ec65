package scim

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/scheduler/care"
)

// problem is an error of SCIM (RFC 7644 §3.12).
type problem struct {
	status int
	kind   string // scimType; may be empty
	detail string
}

// Error returns what was wrong.
func (p *problem) Error() string { return p.detail }

func invalid(kind, detail string) *problem {
	return &problem{status: http.StatusBadRequest, kind: kind, detail: detail}
}

func asProblem(err error) (*problem, bool) { return errors.AsType[*problem](err) }

// problemOf turns an error of the use cases into one of SCIM.
func problemOf(err error) *problem {
	if p, ok := asProblem(err); ok {
		return p
	}

	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &problem{status: http.StatusRequestEntityTooLarge, detail: "the body is too large"}
	}

	detail := care.MessageOf(err)

	switch care.KindOf(err) {
	case care.Invalid:
		return invalid("invalidValue", detail)
	case care.NotFound, care.Gone:
		return &problem{status: http.StatusNotFound, detail: detail}
	case care.Conflict:
		return &problem{status: http.StatusConflict, kind: "uniqueness", detail: detail}
	case care.Forbidden:
		return &problem{status: http.StatusForbidden, detail: detail}
	case care.Unauthenticated:
		return &problem{status: http.StatusUnauthorized, detail: detail}
	case care.TooMany:
		return &problem{status: http.StatusTooManyRequests, detail: detail}
	case care.Unavailable:
		return &problem{status: http.StatusServiceUnavailable, detail: detail}
	case care.Internal:
	}

	return &problem{status: http.StatusInternalServerError, detail: detail}
}

func (p *problem) write(c *gin.Context) error {
	body := resource{"schemas": []string{schemaError}, "status": strconv.Itoa(p.status), "detail": p.detail}
	if p.kind != "" {
		body["scimType"] = p.kind
	}

	return write(c, p.status, body)
}
