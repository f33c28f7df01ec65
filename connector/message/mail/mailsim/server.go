package mailsim

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Server is the simulator: the SMTP side is Serve or Listen, the mailbox side Handler. It
// is safe for concurrent use.
type Server struct {
	options Options
	chaos   *chaos
	tls     *tls.Config // nil without STARTTLS
	roots   *x509.CertPool
	done    chan struct{} // closed by Close

	mu      sync.Mutex
	letters []Letter
	taken   int // letters ever taken
	history []Exchange
	changed chan struct{} // closed and replaced whenever a letter comes
	conns   map[net.Conn]bool
	closers []net.Listener
	closed  bool
	running sync.WaitGroup
}

// Exchange is one command and its answer, the oracle of tests. Passwords and letters are
// left out.
type Exchange struct {
	At         time.Time `json:"at"`
	Connection int       `json:"connection"` // counts from 1
	Command    string    `json:"command"`    // "CONNECT", "EHLO", "RCPT", "LETTER", …
	Address    string    `json:"address"`    // of MAIL and RCPT
	Code       int       `json:"code"`       // 0: the connection was dropped
	Fault      FaultKind `json:"fault"`      // empty without
}

// New returns a server that does not listen yet.
func New(options Options) (*Server, error) {
	options = options.defaulted()
	if err := options.validate(); err != nil {
		return nil, err
	}

	s := &Server{
		options: options, done: make(chan struct{}), changed: make(chan struct{}), conns: make(map[net.Conn]bool),
		chaos: &chaos{seed: options.Seed, rates: options.Faults, tries: make(map[string]int), inRow: make(map[string]int)},
	}

	if options.STARTTLS {
		config, roots, err := selfSigned(options.Clock())
		if err != nil {
			return nil, err
		}

		s.tls, s.roots = config, roots
	}

	return s, nil
}

// Roots trusts the certificate of STARTTLS; nil without. The certificate is for localhost,
// 127.0.0.1 and ::1.
func (s *Server) Roots() *x509.CertPool { return s.roots }

// URLs are the addresses of a started simulator.
type URLs struct {
	// SMTP is host and port of the relay.
	SMTP string `json:"smtp"`
	// Inbox is the page of the mailboxes and the base of Handler; empty when not started.
	Inbox string `json:"inbox,omitempty"`
}

// Start serves SMTP on addr and, unless inboxAddr is empty, Handler on inboxAddr, both in
// the background. Both must be loopback addresses such as "127.0.0.1:0". The end of ctx does
// not stop it; Close does.
func (s *Server) Start(ctx context.Context, addr, inboxAddr string) (URLs, error) {
	smtp, err := s.Listen(ctx, addr)
	if err != nil || inboxAddr == "" {
		return URLs{SMTP: smtp}, err
	}

	l, err := listen(ctx, inboxAddr)
	if err != nil {
		return URLs{}, errors.Join(err, s.Close())
	}

	web := &http.Server{Handler: s.Handler(), ReadTimeout: time.Minute, WriteTimeout: time.Minute, IdleTimeout: time.Minute}

	s.running.Go(func() { _ = web.Serve(l) })
	s.running.Go(func() {
		<-s.done

		_ = web.Close()
	})

	return URLs{SMTP: smtp, Inbox: "http://" + l.Addr().String() + "/"}, nil
}

// Listen opens an SMTP listener on a loopback address such as "127.0.0.1:0", serves it in
// the background, and returns its address. Other addresses are refused.
func (s *Server) Listen(ctx context.Context, address string) (string, error) {
	l, err := listen(ctx, address)
	if err != nil {
		return "", err
	}

	s.running.Go(func() { _ = s.Serve(l) })

	return l.Addr().String(), nil
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("mailsim: %w", err)
	}

	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("mailsim: %q is not a loopback address; a simulator is never reachable from elsewhere", host)
	}

	var config net.ListenConfig

	l, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("mailsim: %w", err)
	}

	return l, nil
}

// Serve answers connections until Close. It refuses a listener beyond loopback.
func (s *Server) Serve(l net.Listener) error {
	if a, ok := l.Addr().(*net.TCPAddr); !ok || !a.IP.IsLoopback() {
		_ = l.Close()

		return errors.New("mailsim: the listener is not on a loopback address")
	}

	if !s.keep(l, nil) {
		return net.ErrClosed
	}

	for number := 1; ; number++ {
		conn, err := l.Accept()
		if err != nil {
			return fmt.Errorf("mailsim: %w", err)
		}

		if !s.keep(nil, conn) {
			return net.ErrClosed
		}

		s.running.Go(func() {
			newSession(s, conn, number).run()
			s.forget(conn)
		})
	}
}

// keep remembers a listener or connection for Close; false when it came too late.
func (s *Server) keep(l net.Listener, c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()

	switch {
	case s.closed && l != nil:
		_ = l.Close()
	case s.closed:
		_ = c.Close()
	case l != nil:
		s.closers = append(s.closers, l)
	default:
		s.conns[c] = true
	}

	return !s.closed
}

func (s *Server) forget(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()

	delete(s.conns, c)
}

// Close ends every listener and connection and waits for them. It may be called again.
func (s *Server) Close() error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.done)
	}

	for _, l := range s.closers {
		_ = l.Close()
	}

	for c := range s.conns {
		_ = c.Close()
	}
	s.mu.Unlock()

	s.running.Wait()

	return nil
}
