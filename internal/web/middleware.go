package web

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler/care"
)

const clientGoneKey = "sluse.client_gone"

// defaultBody is the largest request body of a route that does not say otherwise.
const defaultBody = 64 << 10

// identify gives every request a reference; a caller's own is not believed.
func identify(c *gin.Context) {
	id := rand.Text()[:16]

	route.SetRequestID(c, id)
	c.Header("X-Request-Id", id)
	c.Next()
}

// accessLog writes one line per request. It names the route's pattern, never the path: a path
// may hold a locator, a query may hold what was searched for.
func (m *mount) accessLog(c *gin.Context) {
	start := m.now()

	c.Next()

	for _, e := range c.Errors { // what a feature answered with a page of its own
		m.logFailure(c, care.KindOf(e.Err), e.Err)
	}

	status, took := c.Writer.Status(), m.now().Sub(start)
	if c.GetBool(clientGoneKey) {
		status = statusClientGone
	}

	pattern := c.FullPath()
	if pattern == "" {
		pattern = "(none)"
	}

	m.log.LogAttrs(c.Request.Context(), slog.LevelInfo, "request",
		slog.String("request_id", route.RequestID(c)), slog.String("method", c.Request.Method),
		slog.String("route", pattern), slog.Int("status", status), slog.Int("bytes", max(0, c.Writer.Size())),
		slog.Duration("took", took))

	if m.seconds != nil {
		m.seconds.WithLabelValues(string(m.site.Municipality), method(c.Request.Method), pattern, strconv.Itoa(status)).Observe(took.Seconds())
	}
}

// method bounds the label's values: a client may send any word.
func method(s string) string {
	switch s {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return s
	}

	return "other"
}

// recovery turns a panic into an error page. The stack goes to the log, without the values that
// a panic may carry but for its type, because they may be personal data.
func (m *mount) recovery(c *gin.Context) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}

		if err, ok := v.(error); ok && err == http.ErrAbortHandler { //nolint:errorlint,err113 // the sentinel is compared as net/http does
			panic(v)
		}

		m.log.LogAttrs(c.Request.Context(), slog.LevelError, "panic",
			slog.String("request_id", route.RequestID(c)), slog.String("type", fmt.Sprintf("%T", v)), slog.String("stack", string(debug.Stack())))
		m.fail(c, care.NewError(care.Internal, "Der skete en fejl hos os. Prøv igen om lidt."))
	}()

	c.Next()
}

// newSeconds registers the histogram of request times.
func newSeconds(reg prometheus.Registerer) (*prometheus.HistogramVec, error) {
	if reg == nil {
		return nil, nil //nolint:nilnil // no registry, no metrics
	}

	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "sluse_http_request_seconds", Help: "Time to answer HTTP requests, by municipality, method, route pattern and status.",
		Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 60},
	}, []string{"municipality", "method", "route", "status"})

	if err := reg.Register(seconds); err != nil {
		return nil, fmt.Errorf("web: request metrics: %w", err)
	}

	return seconds, nil
}

// shared is what all sites of a process have in common.
type shared struct {
	seconds *prometheus.HistogramVec
	refused *prometheus.CounterVec
	now     func() time.Time
	log     *slog.Logger
	stop    <-chan struct{}
}
