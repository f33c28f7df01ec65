package mailsim

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
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

// Listen opens an SMTP listener on a loopback address such as "127.0.0.1:0", serves it in
// the background, and returns its address. Other addresses are refused.
func (s *Server) Listen(ctx context.Context, address string) (string, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return "", fmt.Errorf("mailsim: %w", err)
	}

	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", fmt.Errorf("mailsim: %q is not a loopback address; a simulator is never reachable from elsewhere", host)
	}

	var config net.ListenConfig

	l, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return "", fmt.Errorf("mailsim: %w", err)
	}

	s.running.Go(func() { _ = s.Serve(l) })

	return l.Addr().String(), nil
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

// take keeps a letter, and for a receiver that bounces the report to the sender.
func (s *Server) take(l Letter) {
	s.mu.Lock()
	defer s.mu.Unlock()

	l.At = s.options.Clock().UTC()
	l.Bounced = slices.ContainsFunc(l.Receivers, func(a string) bool { return matches(s.options.Bounce, a) })
	s.append(l)

	if l.Bounced && l.Sender != "" {
		s.append(Letter{
			At: l.At, Receivers: []string{l.Sender}, From: "mailsim <mailer-daemon@localhost>", AutoSubmitted: "auto-replied",
			Subject: "Undelivered Mail Returned to Sender", MessageID: fmt.Sprintf("bounce-%d@mailsim.localhost", s.taken),
			Text: "Status: 5.1.1\nThe mailbox does not exist.\nOriginal Message-ID: <" + l.MessageID + ">\n",
		})
	}

	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *Server) append(l Letter) {
	s.taken++
	l.Number = s.taken
	s.letters = append(s.letters, l)

	if over := len(s.letters) - s.options.Limit; over > 0 {
		s.letters = slices.Delete(s.letters, 0, over)
	}
}

func (s *Server) record(e Exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()

	e.At = s.options.Clock().UTC()
	s.history = append(s.history, e)

	if over := len(s.history) - s.options.Limit; over > 0 {
		s.history = slices.Delete(s.history, 0, over)
	}
}

// Letters returns every letter kept, oldest first.
func (s *Server) Letters() []Letter {
	s.mu.Lock()
	defer s.mu.Unlock()

	return slices.Clone(s.letters)
}

// Mailbox returns the letters to one address, oldest first.
func (s *Server) Mailbox(address string) []Letter {
	return slices.DeleteFunc(s.Letters(), func(l Letter) bool {
		return !slices.ContainsFunc(l.Receivers, func(r string) bool { return strings.EqualFold(r, address) })
	})
}

// Copies returns how many letters came under each Message-ID: more than one is a duplicate.
func (s *Server) Copies() map[string]int {
	copies := make(map[string]int)
	for _, l := range s.Letters() {
		copies[l.MessageID]++
	}

	return copies
}

// History returns the exchanges, oldest first.
func (s *Server) History() []Exchange {
	s.mu.Lock()
	defer s.mu.Unlock()

	return slices.Clone(s.history)
}

// Clear forgets letters and history.
func (s *Server) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()

	s.letters, s.history = nil, nil
}

// WaitFor returns when enough says so of the letters, or when ctx ends.
func (s *Server) WaitFor(ctx context.Context, enough func([]Letter) bool) error {
	for {
		s.mu.Lock()
		letters, changed := slices.Clone(s.letters), s.changed
		s.mu.Unlock()

		if enough(letters) {
			return nil
		}

		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("mailsim: waiting for letters: %w", ctx.Err())
		}
	}
}
