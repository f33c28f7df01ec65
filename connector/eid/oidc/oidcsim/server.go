package oidcsim

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// serverHeader says what answers.
const serverHeader = "sluse-oidcsim (simulator)"

const (
	keyBits  = 2048
	codeLife = time.Minute
	idToken  = 5 * time.Minute // how long an ID token is valid
	maxForm  = 64 << 10
)

// Request is one request that the simulator got, without its secrets.
type Request struct {
	Path   string
	Method string
	Params map[string]string // of the authorization request, pushed or not
}

// grant is a code that waits to be exchanged.
type grant struct {
	person    Person
	level     string
	fault     Fault
	params    map[string]string
	madeAt    time.Time
	spent     bool
	accessFor string // the access token, once it was handed out
}

// Server is one simulated provider. All methods are safe for concurrent use.
type Server struct {
	options Options
	pages   *template.Template
	forger  crypto.Signer // never published

	mu      sync.Mutex
	issuer  string
	keys    []signingKey // the last one signs
	pushed  map[string]map[string]string
	grants  map[string]*grant
	next    []Login
	down    bool
	history []Request
	servers []*http.Server
}

type signingKey struct {
	id  string
	key crypto.Signer
}

// Login answers one authorization request without a click.
type Login struct {
	Person string // ID
	Level  string // empty: the person's own
	Fault  Fault
}

// New makes a simulator with fresh keys. It starts nothing.
func New(o Options) (*Server, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}

	pages, err := parsePages()
	if err != nil {
		return nil, err
	}

	forger, err := o.newKey()
	if err != nil {
		return nil, err
	}

	s := &Server{options: o, pages: pages, forger: forger, pushed: map[string]map[string]string{}, grants: map[string]*grant{}}

	return s, s.Rotate()
}

// Rotate makes a new key sign from now on; the older ones are published no more.
func (s *Server) Rotate() error {
	key, err := s.options.newKey()
	if err != nil {
		return err
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	s.keys = []signingKey{{id: random()[:8], key: key}}

	return nil
}

func (o *Options) newKey() (key crypto.Signer, err error) {
	if o.RSA {
		key, err = rsa.GenerateKey(rand.Reader, keyBits)
	} else {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}

	if err != nil {
		return nil, fmt.Errorf("oidcsim: %w", err)
	}

	return key, nil
}

// Down makes every answer a 503, or ends that.
func (s *Server) Down(is bool) {
	s.mu.Lock()
	defer s.mu.Unlock()

	s.down = is
}

// Next answers the next authorization requests without a page, one each.
func (s *Server) Next(logins ...Login) {
	s.mu.Lock()
	defer s.mu.Unlock()

	s.next = append(s.next, logins...)
}

// History is every request so far, oldest first.
func (s *Server) History() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()

	return slices.Clone(s.history)
}

// People are those who can log in.
func (s *Server) People() []Person { return slices.Clone(s.options.People) }

// Start serves on a loopback address and returns the issuer.
func (s *Server) Start(ctx context.Context, addr string) (string, error) {
	host, _, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", fmt.Errorf("oidcsim: %q is no loopback address", addr)
	}

	var lc net.ListenConfig

	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return "", fmt.Errorf("oidcsim: %w", err)
	}

	server := &http.Server{Handler: s.Handler(), ReadHeaderTimeout: 10 * time.Second}

	s.mu.Lock()
	s.issuer = "http://" + l.Addr().String()
	s.servers = append(s.servers, server)
	issuer := s.issuer
	s.mu.Unlock()

	go func() { _ = server.Serve(l) }() // ends with Close

	return issuer, nil
}

// Close stops what Start started.
func (s *Server) Close() error {
	s.mu.Lock()
	servers := s.servers
	s.servers = nil
	s.mu.Unlock()

	var errs []error
	for _, server := range servers {
		errs = append(errs, server.Close())
	}

	return errors.Join(errs...)
}

// Handler answers everything.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", s.discovery)
	mux.HandleFunc("GET /jwks", s.jwks)
	mux.HandleFunc("POST /par", s.push)
	mux.HandleFunc("GET /authorize", s.authorize)
	mux.HandleFunc("POST /authorize", s.choose)
	mux.HandleFunc("POST /token", s.token)
	mux.HandleFunc("GET /userinfo", s.userinfo)
	mux.HandleFunc("GET /logout", s.logout)

	control := s.control()

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", serverHeader)
		w.Header().Set("Cache-Control", "no-store")

		r.Body = http.MaxBytesReader(w, r.Body, maxForm)

		if strings.HasPrefix(r.URL.Path, controlPath) {
			control.ServeHTTP(w, r)

			return
		}

		s.mu.Lock()
		down := s.down
		s.history = append(s.history, Request{Path: r.URL.Path, Method: r.Method})
		s.mu.Unlock()

		if down {
			http.Error(w, "simulated outage", http.StatusServiceUnavailable)

			return
		}

		mux.ServeHTTP(w, r)
	})
}

func (s *Server) address() string {
	s.mu.Lock()
	defer s.mu.Unlock()

	return s.issuer
}

func random() string {
	b := make([]byte, 24)
	_, _ = rand.Read(b) // never fails (crypto/rand)

	return base64.RawURLEncoding.EncodeToString(b)
}
