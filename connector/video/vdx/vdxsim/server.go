package vdxsim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// tickEvery is how often a started simulator lets time pass on its own, in wall-clock time.
const tickEvery = 200 * time.Millisecond

// Server is one simulated VDX. All methods are safe for concurrent use.
type Server struct {
	opts   Options
	dice   dice
	key    []byte // signs access tokens
	faults *faultBox
	ledger *ledger
	pages  *pages
	files  Files
	warm   atomic.Bool
	offset atomic.Int64 // nanoseconds added to the clock

	mu         sync.Mutex
	world      *world
	sms        *smsBook
	generation int // tokens and sessions of older generations are expired
	sessions   map[string]holderSession
	issued     int                  // sessions ever
	messages   map[string]time.Time // MessageIDs that the STS has seen
	revoked    map[string]bool      // registrations that the STS has forgotten
	baseURL    string

	done     chan struct{}
	closing  sync.Once
	wait     sync.WaitGroup
	servers  []*http.Server
	callback *http.Client
}

// New makes a simulator. It starts nothing: mount Handler and ControlHandler yourself, or
// call Start. An error lists every problem of the options.
func New(o Options) (*Server, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	o = o.defaulted()
	d := dice{o.Seed}
	var err error
	if o.Gateway, err = o.Gateway.defaulted(o.Clock()); err != nil {
		return nil, err
	}
	parsed, err := parsePages()
	if err != nil {
		return nil, err
	}
	s := &Server{
		opts: o, dice: d, key: []byte(d.hex(64, "token key")), pages: parsed,
		faults: newFaultBox(d, o.Faults), ledger: newLedger(o.RequestLimit),
		done: make(chan struct{}), baseURL: strings.TrimRight(o.PublicURL, "/"),
		callback: callbackClient(),
		sessions: map[string]holderSession{}, messages: map[string]time.Time{}, revoked: map[string]bool{},
	}
	if o.Gateway != nil && o.Gateway.Dir != "" {
		if s.files, err = o.Gateway.Keys.Write(o.Gateway.Dir); err != nil {
			return nil, err
		}
	}
	s.world = newWorld(o, d, s.Now())
	s.sms = newSMSBook(o, d)
	return s, nil
}

// URLs are the addresses of a simulator.
type URLs struct {
	// Base is the scheme and host of the API listener.
	Base string `json:"base"`
	// Token is the token endpoint.
	Token string `json:"token"`
	// Video is the base of the video API: append /v2/meetings, or /meetings for v1 with the
	// session-data header.
	Video string `json:"video"`
	// SMS is the base of the SMS API: append /v1/meeting/{uuid}.
	SMS string `json:"sms"`
	// History is the base of the history API: append /apikey/history/v1/conference.
	History string `json:"history"`
	// Portal is the page of the rooms; portalLink points below it.
	Portal string `json:"portal"`
	// SessionHeader is the header of v1 without the gateway, empty from URLsAt.
	SessionHeader string `json:"session_header,omitempty"`
	// Gateway are the addresses of v1 behind the gateway, empty without one and from URLsAt.
	Gateway GatewayURLs `json:"gateway,omitzero"`
	// Control is the base of the control plane, empty when it is not started.
	Control string `json:"control,omitempty"`
	// Inbox is the page of sent messages, empty when the control plane is not started.
	Inbox string `json:"inbox,omitempty"`
	// Rooms is the page that lists every room with its links, likewise.
	Rooms string `json:"rooms,omitempty"`
}

// URLsAt derives the addresses from the bases of the two listeners; control may be empty.
func URLsAt(base, control string) URLs {
	u := URLs{
		Base: base, Token: base + tokenPath, Video: base + "/videoapi", SMS: base + "/sms",
		History: base, Portal: base + "/portal/",
	}
	if control != "" {
		u.Control, u.Inbox, u.Rooms = control, control+"/sms/inbox", control+"/rooms/page"
	}
	return u
}

// Start serves the APIs on addr, the gateway if there is one on Gateway.Listen and, unless
// controlAddr is empty, the control plane on controlAddr, and lets time pass on its own (callbacks, scripted people). Both must be
// loopback addresses such as "127.0.0.1:0". The end of ctx does not stop it; Close does.
func (s *Server) Start(ctx context.Context, addr, controlAddr string) (URLs, error) {
	select {
	case <-s.done:
		return URLs{}, errors.New("vdxsim: the simulator is closed")
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
	urls := URLsAt(base, control)
	if urls.Gateway, err = s.startGateway(ctx); err != nil {
		return URLs{}, errors.Join(err, api.Close(), closeAll(plane))
	}
	if s.opens(DoorSession) {
		urls.SessionHeader = s.opts.SessionHeader
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
	s.wait.Go(func() {
		defer cancel()
		s.tickLoop(loop)
	})
	s.wait.Go(func() { <-s.done; cancel() })
	return urls, nil
}

// closeAll closes a listener that there may be.
func closeAll(l net.Listener) error {
	if l == nil {
		return nil
	}
	return l.Close() //nolint:wrapcheck // joined to the error that matters
}

func listen(ctx context.Context, addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("vdxsim: address %q: %w", addr, err)
	}
	if !isLoopbackHost(host) {
		return nil, fmt.Errorf("%w, not on %q", errNotLoopback, addr)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("vdxsim: %w", err)
	}
	return l, nil
}

func (s *Server) serve(l net.Listener, h http.Handler) {
	quiet := log.New(io.Discard, "", 0) // handshakes that fail are what tests do on purpose
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute, ErrorLog: quiet}
	s.mu.Lock()
	s.servers = append(s.servers, srv)
	s.mu.Unlock()
	s.wait.Go(func() { _ = srv.Serve(l) }) // always ends with ErrServerClosed after Close
}

func (s *Server) tickLoop(ctx context.Context) {
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			s.Tick()
			s.DeliverCallbacks(ctx)
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
		s.callback.CloseIdleConnections()
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

// Tick lets everything happen that is due: provisioning, scripted people, message delivery.
// Start calls it regularly; without Start, what is due happens when somebody looks.
func (s *Server) Tick() {
	now := s.Now()
	s.mu.Lock()
	for _, r := range s.world.rooms {
		s.world.advance(r, now)
	}
	for _, o := range s.world.organisations {
		s.world.fill(o, now)
	}
	s.sms.advance(now)
	s.mu.Unlock()
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

type pathKey struct{}

// originalPath is the path before the deployment prefix /videoapi was cut off.
func originalPath(r *http.Request) string {
	if p, ok := r.Context().Value(pathKey{}).(string); ok {
		return p
	}
	return r.URL.Path
}
