package web

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/hooks"
	"github.com/sluse/sluse/internal/web/page"
	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler/care"
)

// statusClientGone is what the access log shows when the client hung up first; it is never sent.
const statusClientGone = 499

// Status maps a kind of error to the HTTP status that every page and the API answer with.
func Status(k care.Kind) int {
	switch k {
	case care.Invalid:
		return http.StatusUnprocessableEntity
	case care.NotFound:
		return http.StatusNotFound
	case care.Conflict:
		return http.StatusConflict
	case care.Forbidden:
		return http.StatusForbidden
	case care.Unauthenticated:
		return http.StatusUnauthorized
	case care.Gone:
		return http.StatusGone
	case care.TooMany:
		return http.StatusTooManyRequests
	case care.Unavailable:
		return http.StatusServiceUnavailable
	case care.Internal:
		return http.StatusInternalServerError
	}

	return http.StatusInternalServerError
}

// problem is the body of an API error (RFC 9457).
type problem struct {
	Type     string `json:"type"`
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail"`
	Kind     string `json:"kind"`
	Instance string `json:"instance"`
}

// fault is the body of an error page.
type fault struct {
	Heading   string
	Text      string
	Reference string // shown where support needs it
	Login     string // where to log in; empty: no button
	Emergency string // the door for the time when the login is down; empty: there is none
}

// fail answers a request with an error: the one place where errors become HTTP.
func (m *mount) fail(c *gin.Context, err error) {
	if errors.Is(err, context.Canceled) && c.Request.Context().Err() != nil {
		c.Set(clientGoneKey, true)
		c.Abort()

		return
	}

	kind := care.KindOf(err)
	status := Status(kind)

	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		kind, status = care.Invalid, http.StatusRequestEntityTooLarge
		err = &care.Error{Kind: kind, Message: "Filen eller formularen er for stor.", Err: err}
	}

	m.logFailure(c, kind, err)

	if kind == care.TooMany && c.Writer.Header().Get("Retry-After") == "" {
		c.Header("Retry-After", "60")
	}

	switch {
	case c.Writer.Written():
		c.Abort()
	case strings.HasPrefix(c.Request.URL.Path, "/api/"), strings.HasPrefix(c.Request.URL.Path, hooks.Prefix):
		m.failJSON(c, status, kind, err)
	case kind == care.Unauthenticated && c.Request.Method == http.MethodGet && c.GetHeader("HX-Request") == "" && !isRetold(err):
		c.Redirect(http.StatusSeeOther, m.loginAgain(c, isStale(err)))
		c.Abort()
	default:
		m.failPage(c, status, kind, err)
	}
}

func (m *mount) logFailure(c *gin.Context, kind care.Kind, err error) {
	level := slog.LevelInfo
	if kind == care.Internal || kind == care.Unavailable {
		level = slog.LevelError
	}

	m.log.LogAttrs(c.Request.Context(), level, "request failed",
		slog.String("request_id", route.RequestID(c)), slog.String("kind", kind.String()),
		slog.String("route", c.FullPath()), slog.String("error", err.Error()))
}

func (m *mount) failJSON(c *gin.Context, status int, kind care.Kind, err error) {
	body, _ := json.Marshal(problem{ //nolint:errchkjson // texts and a number only
		Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: care.MessageOf(err),
		Kind: kind.String(), Instance: "urn:sluse:request:" + route.RequestID(c),
	})

	c.Data(status, "application/problem+json", body)
	c.Abort()
}

func (m *mount) failPage(c *gin.Context, status int, kind care.Kind, err error) {
	body := fault{Heading: heading(kind), Text: care.MessageOf(err)}
	if kind == care.Unauthenticated {
		body.Login = m.loginAgain(c, isStale(err))
	}

	if kind == care.Internal || kind == care.Unavailable {
		body.Reference = route.RequestID(c)
	}

	if kind == care.Unavailable && c.FullPath() == "/login" {
		body.Emergency = m.openEmergency(c)
	}

	f := m.frame(body.Heading, body)
	f.Citizen = c.Request.URL.Path == "/b" || strings.HasPrefix(c.Request.URL.Path, "/b/")

	if actor := route.Actor(c); actor.Employee != "" {
		f.Actor, f.Menu = actor, []page.Link{{Text: "Til forsiden", URL: "/", Icon: "home"}}
	}

	if err := m.pages.Show(c, status, "fejl", f); err != nil {
		m.log.LogAttrs(c.Request.Context(), slog.LevelError, "error page failed", slog.String("error", err.Error()))
		c.String(http.StatusInternalServerError, "Der skete en fejl hos os.")
	}

	c.Abort()
}

func heading(k care.Kind) string {
	switch k {
	case care.Invalid:
		return "Der mangler noget"
	case care.NotFound:
		return "Siden findes ikke"
	case care.Conflict:
		return "Det kan ikke lade sig gøre nu"
	case care.Forbidden:
		return "Du har ikke adgang"
	case care.Unauthenticated:
		return "Log ind igen"
	case care.Gone:
		return "Det er afsluttet"
	case care.TooMany:
		return "For mange forsøg"
	case care.Unavailable:
		return "Vi har problemer lige nu"
	case care.Internal:
		return "Der skete en fejl hos os"
	}

	return "Der skete en fejl hos os"
}

func (m *mount) frame(title string, body any) page.Frame {
	return page.Frame{
		Title: title, Lang: page.Danish, Body: body,
		Site: page.Site{Name: m.site.Name, Phone: m.site.Phone, Emergency: m.site.Emergency},
	}
}
