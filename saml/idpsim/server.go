package idpsim

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Event is one thing that happened, for assertions about what the provider saw.
type Event struct {
	At time.Time `json:"at"`
	// Kind is authn_request, login, logout_request, logout_response or refused.
	Kind string `json:"kind"`
	// User is the employee ID, where one is known.
	User string `json:"user,omitempty"`
	// SP is the entity ID of the service provider.
	SP string `json:"sp,omitempty"`
	// ID is the SAML ID of the request concerned.
	ID string `json:"id,omitempty"`
	// Detail says more, such as the fault that was played, why a request was refused, or
	// which references a request asked for.
	Detail string `json:"detail,omitempty"`
	// Platform is the telephone that an AuthnRequest wants to switch back on: Android or iOS.
	Platform string `json:"platform,omitempty"`
	// Fresh is set for an AuthnRequest with ForceAuthn.
	Fresh bool `json:"fresh,omitempty"`
}

// serviceProvider is what metadata said about a peer.
type serviceProvider struct {
	entityID   string
	acs        []string
	logout     map[Binding]endpoint
	signing    []*rsa.PublicKey
	encryption []*rsa.PublicKey
}

// logoutAt returns where logout requests or answers go by a binding, "" for nowhere.
func (sp serviceProvider) logoutAt(binding Binding, answer bool) string {
	e := sp.logout[binding]
	if answer && e.ResponseLocation != "" {
		return e.ResponseLocation
	}
	return e.Location
}

// session is a login that was handed out.
type session struct {
	user  User
	sp    string
	index string
}

// signedOn is a browser that is logged in here.
type signedOn struct {
	user User
	at   time.Time
}

// Server is one simulated identity provider. All methods are safe for concurrent use.
type Server struct {
	opts     Options
	own      identity
	stranger identity // a key nobody trusts, for faults

	mu       sync.Mutex
	base     string
	state    State
	second   identity // made when a rollover begins
	peers    map[string]serviceProvider
	pending  map[string]authnRequest
	sessions []session
	browsers map[string]signedOn // by the cookie's value
	history  []Event
	next     string            // fault of the next login
	last     map[string]Answer // per service provider, for the replay fault

	http *http.Server
}

// New makes a simulator with fresh keys. It starts nothing: mount Handler or call Start.
func New(o Options) (*Server, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	o = o.defaulted()
	own, err := newIdentity("idpsim", o.Now())
	if err != nil {
		return nil, err
	}
	stranger, err := newIdentity("idpsim stranger", o.Now())
	if err != nil {
		return nil, err
	}
	return &Server{
		opts: o, own: own, stranger: stranger, base: o.PublicURL, state: State{Keys: KeysFirst, Logout: LogoutRedirect},
		peers: map[string]serviceProvider{}, pending: map[string]authnRequest{}, last: map[string]Answer{},
		browsers: map[string]signedOn{},
	}, nil
}

// Start listens on a loopback address, such as 127.0.0.1:0, and returns the base URL. It
// refuses any other address.
func (s *Server) Start(ctx context.Context, addr string) (string, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil || !loopback(host) {
		return "", fmt.Errorf("idpsim: %q is not a loopback address", addr)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return "", fmt.Errorf("idpsim: listen: %w", err)
	}
	server := &http.Server{
		Handler: s.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
		WriteTimeout: 15 * time.Second, IdleTimeout: time.Minute,
	}
	s.mu.Lock()
	if s.base == "" {
		s.base = "http://" + listener.Addr().String()
	}
	s.http = server
	base := s.base
	s.mu.Unlock()
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.record(Event{Kind: "refused", Detail: "server stopped: " + err.Error()})
		}
	}()
	return base, nil
}

// Stop ends a started simulator, so that connections are refused; Start on the same address
// brings it back with the same keys. It does nothing when none was started.
func (s *Server) Stop(ctx context.Context) error {
	s.mu.Lock()
	server := s.http
	s.mu.Unlock()
	if server == nil {
		return nil
	}
	if err := server.Shutdown(ctx); err != nil {
		return fmt.Errorf("idpsim: stop: %w", err)
	}
	return nil
}

// SetPublicURL tells a simulator that is mounted by somebody else where it is reachable.
func (s *Server) SetPublicURL(base string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.base = base
}

// URL returns the base URL.
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.base
}

// EntityID returns the provider's SAML name.
func (s *Server) EntityID() string { return s.URL() + "/metadata" }

// Users returns the test logins.
func (s *Server) Users() []User { return slices.Clone(s.opts.Users) }

// SetFault makes the next login answer with a fault of the catalogue; "" takes it back.
func (s *Server) SetFault(name string) error {
	if name != "" && !knownFault(name) {
		return fmt.Errorf("idpsim: unknown fault %q", name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = name
	return nil
}

// History returns what happened so far, oldest first.
func (s *Server) History() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.history)
}

func (s *Server) record(e Event) {
	e.At = s.opts.Now().UTC()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.history = append(s.history, e)
}

func (s *Server) user(id string) (User, bool) {
	i := slices.IndexFunc(s.opts.Users, func(u User) bool { return u.ID == id })
	if i < 0 {
		return User{}, false
	}
	return s.opts.Users[i], true
}
