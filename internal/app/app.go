// Package app is the composition root: it builds one site per municipality, each with its own
// database, queue, keys and connectors, and puts one web server before them.
//
// New wires and checks, Start serves and works, Stop drains. Nothing is shared between
// municipalities but the process.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/sluse/sluse/config"
	"github.com/sluse/sluse/internal/obs"
	"github.com/sluse/sluse/internal/web"
	"github.com/sluse/sluse/scheduler/care"
)

// Role is what a process does.
type Role string

// The roles of a process.
const (
	All    Role = "all"
	Web    Role = "web"
	Worker Role = "worker"
)

// Options are what an App is made of.
type Options struct {
	Config  config.Config
	Role    Role
	Logger  *slog.Logger
	Clock   func() time.Time
	Metrics *obs.Metrics
	// Shifted says that Clock is not the machine's, as in the demo.
	Shifted bool
}

// App is the running program.
type App struct {
	options Options
	sites   []*Site
	server  *http.Server
	metrics *http.Server
	addr    string
	served  chan error
	undo    []func(context.Context) error // run last to first at Stop
}

// New opens every municipality's database, refuses a schema of another version, and wires.
func New(ctx context.Context, o Options) (*App, error) {
	a := &App{options: o, served: make(chan error, 2)}

	for _, m := range o.Config.Municipalities {
		site, err := newSite(ctx, m, o)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("municipality %s: %w", m.ID, err), a.Stop(ctx))
		}

		a.sites = append(a.sites, site)
		a.undo = append(a.undo, site.close)
	}

	handler, err := a.handler() //nolint:contextcheck // what it logs has the context of a request
	if err != nil {
		return nil, errors.Join(err, a.Stop(ctx))
	}

	a.undo = append(a.undo, handler.Close)
	a.server = web.NewServer(handler, o.Config.Listen)

	return a, nil
}

func (a *App) handler() (*web.Handler, error) {
	options := web.Options{
		Logger: a.options.Logger, Clock: a.options.Clock, Ready: a.Ready, Registry: a.options.Metrics.Registry(),
		TrustedProxies: a.options.Config.TrustedProxies,
	}

	if a.options.Config.MetricsListen == "" {
		options.Metrics = a.options.Metrics.Handler()
	}

	if a.options.Role != Worker { // a worker answers only for its health
		for _, site := range a.sites {
			options.Sites = append(options.Sites, site.web())
		}
	}

	handler, err := web.New(options)
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}

	return handler, nil
}

// Start begins to work and to serve, and returns once the web server listens.
func (a *App) Start(ctx context.Context) error {
	for _, site := range a.sites {
		if a.options.Role != Web {
			if err := site.queue.Start(ctx); err != nil {
				return fmt.Errorf("municipality %s: start work: %w", site.id, err)
			}

			a.undo = append(a.undo, site.queue.Stop)
		}

		a.undo = append(a.undo, site.upkeep(ctx, a.options), site.keepTrust(ctx, a.options))
	}

	if err := a.listen(ctx, a.server, &a.addr); err != nil {
		return err
	}

	if at := a.options.Config.MetricsListen; at != "" {
		a.metrics = web.NewServer(a.options.Metrics.Handler(), at)

		return a.listen(ctx, a.metrics, nil)
	}

	return nil
}

func (a *App) listen(ctx context.Context, s *http.Server, addr *string) error {
	var lc net.ListenConfig

	l, err := lc.Listen(ctx, "tcp", s.Addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}

	if addr != nil {
		*addr = l.Addr().String()
	}

	a.undo = append(a.undo, func(ctx context.Context) error {
		if err := s.Shutdown(ctx); err != nil {
			return errors.Join(fmt.Errorf("requests were cut off: %w", err), s.Close())
		}

		return nil
	})

	go func() {
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			a.served <- fmt.Errorf("serve: %w", err)
		}
	}()

	return nil
}

// Addr returns the address that the web server listens on, after Start.
func (a *App) Addr() string { return a.addr }

// Failed gets an error when a server dies by itself.
func (a *App) Failed() <-chan error { return a.served }

// Stop ends requests and jobs within the context's time, then closes the databases. It may be
// called more than once, and after a failed New or Start.
func (a *App) Stop(ctx context.Context) error {
	var errs []error

	for _, undo := range slices.Backward(a.undo) {
		errs = append(errs, undo(ctx))
	}

	a.undo = nil

	return errors.Join(errs...)
}

// Ready reports whether every municipality's database answers.
func (a *App) Ready(ctx context.Context) error {
	for _, site := range a.sites {
		if err := site.store.Ping(ctx); err != nil {
			return fmt.Errorf("municipality %s: %w", site.id, err)
		}
	}

	return nil
}

// Site returns a municipality's site, nil when there is none.
func (a *App) Site(id care.MunicipalityID) *Site {
	i := slices.IndexFunc(a.sites, func(s *Site) bool { return s.id == id })
	if i < 0 {
		return nil
	}

	return a.sites[i]
}
