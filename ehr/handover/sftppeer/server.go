// Package sftppeer is a server for tests of the hand-over by SFTP: the server side of a library, over a
// real folder and real TCP on loopback, with faults on demand. Only tests import it.
package sftppeer

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// User and Password are those of the only account.
const (
	User     = "sluse"
	Password = "rigtig-kode" //nolint:gosec // of a server for tests
)

// Server serves one folder. It is safe for concurrent use.
type Server struct {
	root string
	at   string

	mutex    sync.Mutex
	key      ssh.Signer
	accepted []ssh.PublicKey
	listener net.Listener // nil: it is down
	open     []net.Conn
	logins   int
	calls    []Call
	faults   []Fault
	dice     func() Fault // nil: no fault unless one is set
	lasting  Fault
	stranger bool // whoever logs in is refused
}

// Call is what was asked of the server.
type Call struct{ Op, Path, Target string }

// Start makes a server for a folder, and stops it when the test ends.
func Start(tb testing.TB, root string) *Server {
	tb.Helper()

	s := &Server{root: root, key: NewKey(tb)}
	s.listen(tb, "127.0.0.1:0")
	tb.Cleanup(s.Down)

	return s
}

// NewKey makes a key for a server or a client.
func NewKey(tb testing.TB) ssh.Signer {
	tb.Helper()

	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}

	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		tb.Fatal(err)
	}

	return signer
}

// Address is where the server listens, or listened.
func (s *Server) Address() string { return s.at }

// HostKey is what the server shows, as in known_hosts.
func (s *Server) HostKey() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()

	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(s.key.PublicKey())))
}

// Fingerprint is that of HostKey.
func (s *Server) Fingerprint() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()

	return ssh.FingerprintSHA256(s.key.PublicKey())
}

// Calls is all that was asked, oldest first.
func (s *Server) Calls() []Call {
	s.mutex.Lock()
	defer s.mutex.Unlock()

	return slices.Clone(s.calls)
}

// Logins is how many connections came to work.
func (s *Server) Logins() int {
	s.mutex.Lock()
	defer s.mutex.Unlock()

	return s.logins
}

// Down stops the server and ends all connections.
func (s *Server) Down() {
	s.mutex.Lock()
	defer s.mutex.Unlock()

	if s.listener != nil {
		_ = s.listener.Close()
		s.listener = nil
	}

	s.cut()
}

// Up starts it again at the same address.
func (s *Server) Up(tb testing.TB) {
	tb.Helper()

	s.mutex.Lock()
	up := s.listener != nil
	s.mutex.Unlock()

	if !up {
		s.listen(tb, s.at)
	}
}

// Cut ends all connections.
func (s *Server) Cut() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.cut()
}

func (s *Server) cut() {
	for _, c := range s.open {
		_ = c.Close()
	}

	s.open = nil
}

// ChangeKey makes it another server under the same address.
func (s *Server) ChangeKey(key ssh.Signer) {
	s.mutex.Lock()
	defer s.mutex.Unlock()

	s.key = key
	s.cut()
}

// Accept lets a client in by its key.
func (s *Server) Accept(key ssh.PublicKey) {
	s.mutex.Lock()
	defer s.mutex.Unlock()

	s.accepted = append(s.accepted, key)
}

// Refuse says whether everybody's login is refused from now on.
func (s *Server) Refuse(is bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()

	if s.stranger = is; is {
		s.cut()
	}
}

func (s *Server) listen(tb testing.TB, address string) {
	tb.Helper()

	l, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", address)
	if err != nil {
		tb.Fatal(err)
	}

	s.mutex.Lock()
	s.listener, s.at = l, l.Addr().String()
	s.mutex.Unlock()

	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}

			go s.serve(conn)
		}
	}()
}

var errRefused = errors.New("refused")

func (s *Server) config() *ssh.ServerConfig {
	s.mutex.Lock()
	defer s.mutex.Unlock()

	c := &ssh.ServerConfig{
		PasswordCallback: func(meta ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			if s.refuses(meta) || subtle.ConstantTimeCompare(password, []byte(Password)) == 0 {
				return nil, errRefused
			}

			return &ssh.Permissions{}, nil
		},
		PublicKeyCallback: func(meta ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if s.refuses(meta) || !s.knows(key) {
				return nil, errRefused
			}

			return &ssh.Permissions{}, nil
		},
	}
	c.AddHostKey(s.key)

	return c
}

func (s *Server) refuses(meta ssh.ConnMetadata) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()

	return s.stranger || meta.User() != User
}

func (s *Server) knows(key ssh.PublicKey) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()

	return slices.ContainsFunc(s.accepted, func(k ssh.PublicKey) bool { return string(k.Marshal()) == string(key.Marshal()) })
}

func (s *Server) serve(conn net.Conn) {
	defer conn.Close()

	s.mutex.Lock()
	s.open = append(s.open, conn)
	s.mutex.Unlock()

	secure, channels, requests, err := ssh.NewServerConn(conn, s.config())
	if err != nil {
		return
	}

	ended := make(chan struct{})

	go func() {
		_ = secure.Wait()

		close(ended)
	}()

	go ssh.DiscardRequests(requests) // which answers keep-alives too

	for offer := range channels {
		if offer.ChannelType() != "session" {
			_ = offer.Reject(ssh.UnknownChannelType, "session only")

			continue
		}

		channel, asked, err := offer.Accept()
		if err != nil {
			return
		}

		s.mutex.Lock()
		s.logins++
		s.mutex.Unlock()

		go subsystem(asked)
		go func() {
			defer channel.Close()

			h := &handlers{server: s, conn: conn, ended: ended}
			_ = sftp.NewRequestServer(channel, sftp.Handlers{FileGet: h, FilePut: h, FileCmd: h, FileList: h}).Serve()
		}()
	}
}

func subsystem(asked <-chan *ssh.Request) {
	for r := range asked {
		_ = r.Reply(r.Type == "subsystem" && strings.HasSuffix(string(r.Payload), "sftp"), nil)
	}
}
