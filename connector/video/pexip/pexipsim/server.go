package pexipsim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// tickEvery is how often a started simulator lets time pass on its own, in wall-clock time.
const tickEvery = 200 * time.Millisecond

// Server is one simulated Pexip Infinity platform. All methods are safe for concurrent use.
type Server struct {
	opts   Options
	dice   dice
	faults *faultBox
	ledger *ledger
	pages  *pages
	live   map[string]*spec // resources of the section status
	past   map[string]*spec // resources of the section history
	warm   atomic.Bool
	offset atomic.Int64 // nanoseconds added to the clock

	mu      sync.Mutex // guards everything below
	config  *config
	world   *world
	door    *gate
	hub     *hub
	baseURL string

	done    chan struct{}
	closing sync.Once
	wait    sync.WaitGroup
	servers []*http.Server
}

// New makes a simulator. It starts nothing: mount Handler and ControlHandler yourself, or
// call Start. An error lists every problem of the options.
func New(o Options) (*Server, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	o = o.defaulted()
	parsed, err := parsePages()
	if err != nil {
		return nil, err
	}
	d := dice{o.Seed}
	s := &Server{
		opts: o, dice: d, pages: parsed, live: liveSpecs(o.Without), past: pastSpecs(o.Without), faults: newFaultBox(d, o.Faults), ledger: newLedger(o.KeptRequests),
		done: make(chan struct{}), baseURL: strings.TrimRight(o.PublicURL, "/"),
	}
	if s.door, err = newGate(o); err != nil {
		return nil, err
	}
	s.hub = newHub(o, d, s.faults)
	s.world = newWorld(o, d, s.hub)
	if s.config, err = newConfig(o, d, s.world, s.Now()); err != nil {
		return nil, err
	}
	s.hub.global = s.config.setting
	s.world.global = s.config.setting
	return s, nil
}

// URLs are the addresses of a simulator.
type URLs struct {
	// Base is the scheme and host of the platform: Management Node and web app in one.
	Base string `json:"base"`
	// Token is the token endpoint, the audience of client assertions.
	Token string `json:"token"`
	// API is the base of the management API: append /configuration/v1/conference/.
	API string `json:"api"`
	// WebApp is the base of join pages: append the alias.
	WebApp string `json:"web_app"`
	// Control is the base of the control plane, empty when it is not started.
	Control string `json:"control,omitempty"`
	// Rooms is the page that lists every room with its links, likewise.
	Rooms string `json:"rooms,omitempty"`
}

// URLsAt derives the addresses from the bases of the two listeners; control may be empty.
func URLsAt(base, control string) URLs {
	u := URLs{Base: base, Token: base + tokenPath, API: base + "/api/admin", WebApp: base + "/webapp3/m/"}
	if control != "" {
		u.Control, u.Rooms = control, control+"/rooms/page"
	}
	return u
}

// Start serves the APIs on addr and, unless controlAddr is empty, the control plane on
// controlAddr, and lets time pass on its own (timeouts, scripted people, event sinks). Both must be
// loopback addresses such as "127.0.0.1:0". The end of ctx does not stop it; Close does.
func (s *Server) Start(ctx context.Context, addr, controlAddr string) (URLs, error) {
	select {
	case <-s.done:
		return URLs{}, errors.New("pexipsim: the simulator is closed")
	default:
	}
	api, err := listen(ctx, addr)
	if err != nil {
		return URLs{}, err
	}
	base, control := "http://"+api.Addr().String(), ""
	var plane net.Listener
	if controlAddr != "" {
		if plane, err = listen(ctx, controlAddr); err != nil {
			return URLs{}, errors.Join(err, api.Close())
		}
		control = "http://" + plane.Addr().String()
	}
	s.mu.Lock()
	if s.baseURL == "" {
		s.baseURL = base
	}
	s.mu.Unlock()
	s.serve(api, s.Handler())
	if plane != nil {
		s.serve(plane, s.ControlHandler())
	}
	loop, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.wait.Go(func() { s.every(loop, s.Tick) })
	s.wait.Go(func() { s.every(loop, func() { s.DeliverEvents(loop) }) }) // a slow receiver holds no clock up
	s.wait.Go(func() { <-s.done; cancel() })
	return URLsAt(base, control), nil
}

func listen(ctx context.Context, addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("pexipsim: address %q: %w", addr, err)
	}
	if !isLoopbackHost(host) {
		return nil, fmt.Errorf("%w, not on %q", errNotLoopback, addr)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("pexipsim: %w", err)
	}
	return l, nil
}

func (s *Server) serve(l net.Listener, h http.Handler) {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	s.mu.Lock()
	s.servers = append(s.servers, srv)
	s.mu.Unlock()
	s.wait.Go(func() { _ = srv.Serve(l) }) // always ends with ErrServerClosed after Close
}

// every does something again and again until ctx ends.
func (s *Server) every(ctx context.Context, do func()) {
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			do()
		case <-ctx.Done():
			return
		}
	}
}

// Close stops everything that Start started and drops open connections.
func (s *Server) Close() error {
	var errs []error
	s.closing.Do(func() {
		close(s.done)
		s.mu.Lock()
		servers := s.servers
		s.mu.Unlock()
		for _, srv := range servers {
			errs = append(errs, srv.Close())
		}
		s.hub.client.CloseIdleConnections()
	})
	s.wait.Wait()
	return errors.Join(errs...)
}

// Now is the simulator's time: the injected clock plus the offset.
func (s *Server) Now() time.Time {
	return s.opts.Clock().Add(time.Duration(s.offset.Load()))
}

// Advance moves the simulator's clock forward and lets everything happen that falls due.
func (s *Server) Advance(d time.Duration) {
	s.offset.Add(int64(d))
	s.Tick()
}

// SetClock sets the simulator's time; it keeps running from there. Going back does not undo
// anything.
func (s *Server) SetClock(t time.Time) {
	s.offset.Store(int64(t.Sub(s.opts.Clock())))
	s.Tick()
}

// Tick lets everything happen that is due: timeouts, scripted people. Events are queued, not
// sent; DeliverEvents sends them. Start calls both regularly; without Start, what is due
// happens when somebody looks.
func (s *Server) Tick() {
	now := s.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.world.advance(now)
}

// base is where links to the simulator point: the public URL, else where the request came in.
func (s *Server) base(r *http.Request) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.baseURL != "" {
		return s.baseURL
	}
	return "http://" + r.Host
}
