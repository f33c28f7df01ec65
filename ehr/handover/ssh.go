package handover

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"github.com/sluse/sluse/connector"
)

// What is wrong with a connection that does not come about.
var (
	errAway     = errors.New("the server does not answer in time")
	errKeyKind  = errors.New("the server has no host key of the kind that is in host_keys")
	errLogin    = errors.New("the server refuses user, password or key")
	errInsecure = errors.New("no secure connection came about")
	errNoSFTP   = errors.New("the server offers no SFTP")
)

// session is one connection. All that goes on at once shares it.
type session struct {
	client *ssh.Client
	files  *sftp.Client
	once   sync.Once
	ended  chan struct{} // closed with the connection
}

func (s *session) close() {
	s.once.Do(func() {
		close(s.ended)

		_ = s.client.Close() // the files' channel ends with it
	})
}

func (s *session) alive() bool {
	select {
	case <-s.ended:
		return false
	default:
		return true
	}
}

// watch keeps an idle connection alive, and notices when nobody is there any longer.
func (s *session) watch(every time.Duration) {
	go func() {
		_ = s.client.Wait()

		s.close()
	}()

	tick := time.NewTicker(every)
	defer tick.Stop()

	for {
		select {
		case <-s.ended:
			return
		case <-tick.C:
		}

		patience := time.AfterFunc(every, s.close)
		_, _, err := s.client.SendRequest("keepalive@openssh.com", true, nil)

		patience.Stop()

		if err != nil {
			s.close()

			return
		}
	}
}

// strangerError says that the server showed another key than those that are pinned.
type strangerError struct {
	shown  string
	pinned []string
}

func (e *strangerError) Error() string {
	return fmt.Sprintf("the server shows the host key %s, the settings have %s", e.shown, strings.Join(e.pinned, ", "))
}

// dialer opens connections to the server.
type dialer struct {
	config SFTP
	pins   []pin
	auth   []ssh.AuthMethod
}

func newDialer(config SFTP) (*dialer, error) {
	known, err := pins(config.HostKeys)
	if err != nil {
		return nil, err
	}

	d := &dialer{config: config, pins: known}

	if !config.PrivateKey.IsZero() {
		signer, err := config.signer()
		if err != nil {
			return nil, err
		}

		d.auth = append(d.auth, ssh.PublicKeys(signer))
	}

	if !config.Password.IsZero() {
		d.auth = append(d.auth, ssh.Password(config.Password.Reveal()), ssh.KeyboardInteractive(d.answer))
	}

	return d, nil
}

// answer gives the password to a server that asks for it as a question.
func (d *dialer) answer(_, _ string, questions []string, echos []bool) ([]string, error) {
	if len(questions) == 0 {
		return nil, nil
	}

	if len(questions) > 1 || echos[0] {
		return nil, errors.New("the server asks for more than the password")
	}

	return []string{d.config.Password.Reveal()}, nil
}

// open connects and logs in. Errors are *connector.Error: Unauthorized when the server is another
// one or refuses us, else Unavailable.
func (d *dialer) open(ctx context.Context) (*session, error) {
	ctx, cancel := context.WithTimeout(ctx, d.config.ConnectTimeout)
	defer cancel()

	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", d.config.Address)
	if err != nil {
		return nil, failure("connect", connector.Unavailable, errAway)
	}

	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })

	s, err := d.shake(conn)
	if err != nil {
		_ = conn.Close()

		stop()

		return nil, err
	}

	if !stop() { // too late: the connection is closed
		s.close()

		return nil, failure("connect", connector.Unavailable, errAway)
	}

	go s.watch(d.config.KeepAlive)

	return s, nil
}

func (d *dialer) shake(conn net.Conn) (*session, error) {
	var stranger *strangerError

	config := &ssh.ClientConfig{
		User: d.config.User, Auth: d.auth, HostKeyAlgorithms: d.algorithms(),
		HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
			stranger = d.look(key)
			if stranger != nil {
				return stranger
			}

			return nil
		},
	}

	secure, channels, requests, err := ssh.NewClientConn(conn, d.config.Address, config)

	switch {
	case err == nil:
	case stranger != nil:
		return nil, failure("connect", connector.Unauthorized, stranger)
	case strings.Contains(err.Error(), "no common algorithm for host key"):
		return nil, failure("connect", connector.Unauthorized, errKeyKind)
	case strings.Contains(err.Error(), "unable to authenticate"):
		return nil, failure("connect", connector.Unauthorized, errLogin)
	default:
		return nil, failure("connect", connector.Unavailable, errInsecure)
	}

	client := ssh.NewClient(secure, channels, requests)

	files, err := sftp.NewClient(client, sftp.UseConcurrentReads(false), sftp.UseConcurrentWrites(false))
	if err != nil {
		_ = client.Close()

		return nil, failure("connect", connector.Unavailable, errNoSFTP)
	}

	return &session{client: client, files: files, ended: make(chan struct{})}, nil
}

// look compares a host key with the pinned ones; nil: it is one of them.
func (d *dialer) look(key ssh.PublicKey) *strangerError {
	shown := ssh.FingerprintSHA256(key)
	e := &strangerError{shown: shown}

	for _, p := range d.pins {
		if p.fingerprint == shown {
			return nil
		}

		e.pinned = append(e.pinned, p.fingerprint)
	}

	return e
}

// algorithms are those of the pinned keys, so that a server with several keys shows one of these;
// nil, the library's own: a fingerprint does not tell of which kind the key is.
func (d *dialer) algorithms() []string {
	var all []string

	for _, p := range d.pins {
		if p.algorithms == nil {
			return nil
		}

		all = append(all, p.algorithms...)
	}

	slices.Sort(all)

	return slices.Compact(all)
}

func rsaBits(key ssh.PublicKey) int {
	public, ok := key.(ssh.CryptoPublicKey)
	if !ok {
		return 0
	}

	r, ok := public.CryptoPublicKey().(*rsa.PublicKey)
	if !ok {
		return 0
	}

	return r.N.BitLen()
}
