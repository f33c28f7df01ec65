// Package hooks takes what outside systems send us: one address per system and municipality,
// /hooks/{system}/{municipality}. There is no session. Who sends is known by user name and
// password (HTTP Basic) and, where it is set, by network address; who can do no such thing gives
// hints that are not believed. The municipality is named by the path alone, because machines may
// use any of our host names.
package hooks

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler/care"
)

// Prefix is where the paths of hooks begin.
const Prefix = "/hooks/"

// maxBody bounds one delivery in bytes: a bulk of events, each of a few kilobytes.
const maxBody = 4 << 20

// answerBy bounds how long a delivery is worked on. A Pexip node gives up after 7 s and sends
// again (pexip.md §4.3); a refusal in time keeps it from doing so while we still write.
const answerBy = 5 * time.Second

// Hook is one system that may send to one municipality.
type Hook struct {
	System   string // as in the path: "pexip"
	User     string
	Password care.Secret
	// From are the networks that may send; empty: every address.
	From []netip.Prefix
	// Receive keeps a delivery. It returns nil when the delivery is durable; any *care.Error has the
	// sender send it again or not, by its kind.
	Receive func(ctx context.Context, body []byte) error
}

// Hint is a system that can do no more than call an address: GET, with what it says in the query
// and nothing that proves who it is. Nothing of it is believed; it only has us ask earlier.
type Hint struct {
	System string // as in the path: "sms"
	// Hear takes the query. A *care.Error of kind Invalid: it can't be understood.
	Hear func(ctx context.Context, query url.Values) error
}

func (h Hint) handle(c *gin.Context) error {
	ctx, cancel := context.WithTimeout(c.Request.Context(), answerBy)
	defer cancel()

	if err := h.Hear(ctx, c.Request.URL.Query()); err != nil {
		return err
	}

	c.Status(http.StatusNoContent)

	return nil
}

// HintRoutes returns the routes of a municipality's hints.
func HintRoutes(municipality care.MunicipalityID, all []Hint) []route.Route {
	var out []route.Route
	for _, h := range all {
		out = append(out, route.Route{Method: http.MethodGet, Path: Path(h.System, municipality), Access: route.Public(), Handle: h.handle})
	}

	return out
}

// Path is where a system sends to for a municipality.
func Path(system string, municipality care.MunicipalityID) string {
	return Prefix + system + "/" + string(municipality)
}

// Municipality reads a municipality from a path; empty when it is no hook's.
func Municipality(path string) care.MunicipalityID {
	rest, ok := strings.CutPrefix(path, Prefix)
	if !ok {
		return ""
	}

	_, id, _ := strings.Cut(rest, "/")

	return care.MunicipalityID(id)
}

// Routes returns the routes of a municipality's hooks. A hook without user, password or receiver
// is refused: it would let everybody in.
func Routes(municipality care.MunicipalityID, all []Hook) ([]route.Route, error) {
	var out []route.Route

	for _, h := range all {
		if h.System == "" || h.User == "" || h.Password.IsZero() || h.Receive == nil {
			return nil, fmt.Errorf("web: hook %q is incomplete", h.System)
		}

		out = append(out, route.Route{Method: http.MethodPost, Path: Path(h.System, municipality), Access: route.Public(), Handle: h.handle, Body: maxBody})
	}

	return out, nil
}

func (h Hook) handle(c *gin.Context) error {
	if !h.near(c.ClientIP()) {
		return care.NewError(care.Forbidden, "Adressen må ikke sende hertil.")
	}

	if user, password, _ := c.Request.BasicAuth(); !h.knows(user, password) {
		c.Header("WWW-Authenticate", `Basic realm="sluse", charset="UTF-8"`)

		return care.NewError(care.Unauthenticated, "Brugernavn eller adgangskode er forkert.")
	}

	body, err := io.ReadAll(c.Request.Body)
	if err != nil {
		return fmt.Errorf("read a delivery: %w", unreadable(err))
	}

	ctx, cancel := context.WithTimeout(c.Request.Context(), answerBy)
	defer cancel()

	if err := h.Receive(ctx, body); err != nil {
		return err
	}

	c.Status(http.StatusOK)

	return nil
}

// unreadable keeps the error of a body that is too large, which has an answer of its own.
func unreadable(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return err
	}

	return &care.Error{Kind: care.Unavailable, Message: "Forespørgslen kom ikke helt frem.", Err: err}
}

// near reports whether an address may send.
func (h Hook) near(address string) bool {
	if len(h.From) == 0 {
		return true
	}

	a, err := netip.ParseAddr(address)

	return err == nil && slices.ContainsFunc(h.From, func(p netip.Prefix) bool { return p.Contains(a.Unmap()) })
}

// knows compares hashes, so that the time that it takes tells nothing, not even a length.
func (h Hook) knows(user, password string) bool {
	return same(user, h.User)&same(password, h.Password.Reveal()) == 1
}

func same(a, b string) int {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))

	return subtle.ConstantTimeCompare(x[:], y[:])
}
