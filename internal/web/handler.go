package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/hooks"
	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler/care"
)

// readyLimit is how long /readyz waits for the parts it asks.
const readyLimit = 3 * time.Second

// Handler answers for all municipalities of a process. It is safe for concurrent use.
type Handler struct {
	hosts       map[string]*mount
	sites       map[care.MunicipalityID]*mount
	log         *slog.Logger
	ready       func(context.Context) error
	metrics     http.Handler
	metricsFrom []netip.Prefix
	stop        chan struct{}
	once        sync.Once
}

// New builds the handler. It refuses sites that are incomplete or share a host name.
func New(o Options) (*Handler, error) {
	gin.SetMode(gin.ReleaseMode)

	if o.Logger == nil || o.Clock == nil {
		return nil, errors.New("web: logger or clock is missing")
	}

	seconds, err := newSeconds(o.Registry)
	if err != nil {
		return nil, err
	}

	refused, err := newRefused(o.Registry)
	if err != nil {
		return nil, err
	}

	h := &Handler{
		hosts: map[string]*mount{}, sites: map[care.MunicipalityID]*mount{}, log: o.Logger, ready: o.Ready, metrics: o.Metrics, metricsFrom: o.MetricsFrom,
		stop: make(chan struct{}),
	}

	if len(h.metricsFrom) == 0 {
		h.metricsFrom = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	}

	common := shared{seconds: seconds, refused: refused, now: o.Clock, log: o.Logger, stop: h.stop}

	for _, s := range o.Sites {
		if err := h.add(s, common, o.TrustedProxies); err != nil {
			h.closeLimits(context.Background()) // nobody waits for it

			return nil, err
		}
	}

	return h, nil
}

func (h *Handler) add(s Site, common shared, proxies []string) error {
	if err := s.check(); err != nil {
		return err
	}

	m, err := newMount(s, common, proxies)
	if err != nil {
		return err
	}

	h.sites[s.Municipality] = m

	for _, host := range s.Hosts {
		key := strings.ToLower(host)
		if _, taken := h.hosts[key]; taken {
			return fmt.Errorf("web: host name %q is given to two municipalities", host)
		}

		h.hosts[key] = m
	}

	return nil
}

// ServeHTTP sends the request to the municipality whose host name it names, or whose hook. The
// probes answer on every host, because a load balancer asks by address.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/healthz":
		plain(w, http.StatusOK, "ok")

		return
	case "/readyz":
		h.serveReady(w, r)

		return
	case "/metrics":
		h.serveMetrics(w, r)

		return
	}

	m, ok := h.hosts[strings.ToLower(r.Host)]
	if strings.HasPrefix(r.URL.Path, hooks.Prefix) {
		if m, ok = h.sites[hooks.Municipality(r.URL.Path)]; !ok {
			plain(w, http.StatusNotFound, "not found")

			return
		}
	}

	if !ok {
		h.log.LogAttrs(r.Context(), slog.LevelInfo, "unknown host", slog.Int("status", http.StatusMisdirectedRequest))
		plain(w, http.StatusMisdirectedRequest, "Ukendt adresse.")

		return
	}

	m.engine.ServeHTTP(w, r)
}

// Drain ends the streams of server-sent events, so that the server can stop. It may be called
// more than once.
func (h *Handler) Drain() { h.once.Do(func() { close(h.stop) }) }

// Close ends what runs in the background, after the last request. It may be called more than once.
func (h *Handler) Close(ctx context.Context) error {
	h.Drain()
	h.closeLimits(ctx)

	return nil
}

func (h *Handler) closeLimits(ctx context.Context) {
	for _, m := range h.sites {
		m.limits.close(ctx)
	}
}

func (h *Handler) serveReady(w http.ResponseWriter, r *http.Request) {
	if h.ready != nil {
		ctx, cancel := context.WithTimeout(r.Context(), readyLimit)
		defer cancel()

		if err := h.ready(ctx); err != nil {
			h.log.LogAttrs(r.Context(), slog.LevelError, "not ready", slog.String("error", err.Error()))
			plain(w, http.StatusServiceUnavailable, "not ready")

			return
		}
	}

	plain(w, http.StatusOK, "ready")
}

// serveMetrics answers nearby scrapers only: not what came through a proxy, not strangers.
func (h *Handler) serveMetrics(w http.ResponseWriter, r *http.Request) {
	if h.metrics == nil || r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "" || !h.near(r.RemoteAddr) {
		plain(w, http.StatusNotFound, "not found")

		return
	}

	h.metrics.ServeHTTP(w, r)
}

func (h *Handler) near(remote string) bool {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return false
	}

	a, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}

	for _, p := range h.metricsFrom {
		if p.Contains(a.Unmap()) {
			return true
		}
	}

	return false
}

func plain(w http.ResponseWriter, status int, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n"))
}

// Routes returns the table of a municipality's routes, for tests that walk it and for
// documentation.
func (h *Handler) Routes(id care.MunicipalityID) []route.Route {
	m, ok := h.sites[id]
	if !ok {
		return nil
	}

	return slices.Clone(m.routes)
}
