package handover

import (
	"errors"
	"net"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/sluse/sluse/scheduler/care"
)

// SFTP says how the server with the folders is reached.
type SFTP struct {
	Address        string        `yaml:"address" doc:"Host and port, for example sftp.example.dk:22; required."`
	User           string        `yaml:"user" doc:"User name; required."`
	Password       care.Secret   `yaml:"password" doc:"Password; this or private_key is required, both may be given."`
	PrivateKey     care.Secret   `yaml:"private_key" doc:"Private key in PEM or OpenSSH form: Ed25519, ECDSA, or RSA of 2048 bits or more."`
	Passphrase     care.Secret   `yaml:"passphrase" doc:"Passphrase of private_key; default none."`
	HostKeys       []string      `yaml:"host_keys" doc:"The server's public keys, one of which it must show: lines as in known_hosts without the host (ssh-ed25519 AAAA…), or fingerprints (SHA256:…); required. Two of them while the server changes its key."`
	ConnectTimeout time.Duration `yaml:"connect_timeout" doc:"Limit for connecting and logging in; default 10s, 100ms to 1m."`
	Timeout        time.Duration `yaml:"timeout" doc:"Limit for one file; default 30s, 100ms to 10m. After it the connection is given up."`
	KeepAlive      time.Duration `yaml:"keep_alive" doc:"How often a connection that is idle is kept alive, and how long the server may take to answer that; default 30s, 1s to 10m."`
}

func (c *SFTP) setDefaults() {
	fill(&c.ConnectTimeout, 10*time.Second)
	fill(&c.Timeout, 30*time.Second)
	fill(&c.KeepAlive, 30*time.Second)
}

func fill(value *time.Duration, fallback time.Duration) {
	if *value == 0 {
		*value = fallback
	}
}

func (c SFTP) validate() []error {
	var problems []error

	if host, port, err := net.SplitHostPort(c.Address); err != nil || host == "" || port == "" {
		problems = append(problems, errors.New("address: must be host:port"))
	}

	if c.User == "" {
		problems = append(problems, errors.New("user: is required"))
	}

	if c.Password.IsZero() && c.PrivateKey.IsZero() {
		problems = append(problems, errors.New("password or private_key: is required"))
	}

	if !c.PrivateKey.IsZero() {
		if _, err := c.signer(); err != nil {
			problems = append(problems, err)
		}
	}

	if _, err := pins(c.HostKeys); err != nil {
		problems = append(problems, err)
	}

	for _, limit := range []struct {
		key              string
		value, low, high time.Duration
	}{
		{"connect_timeout: must be 100ms to 1m", c.ConnectTimeout, 100 * time.Millisecond, time.Minute},
		{"timeout: must be 100ms to 10m", c.Timeout, 100 * time.Millisecond, 10 * time.Minute},
		{"keep_alive: must be 1s to 10m", c.KeepAlive, time.Second, 10 * time.Minute},
	} {
		if limit.value < limit.low || limit.value > limit.high {
			problems = append(problems, errors.New(limit.key))
		}
	}

	return problems
}

// smallestRSA is in bits.
const smallestRSA = 2048

// signer reads the private key. Its errors hold nothing of it.
func (c SFTP) signer() (ssh.Signer, error) {
	var (
		signer ssh.Signer
		err    error
	)

	if c.Passphrase.IsZero() {
		signer, err = ssh.ParsePrivateKey([]byte(c.PrivateKey.Reveal()))
	} else {
		signer, err = ssh.ParsePrivateKeyWithPassphrase([]byte(c.PrivateKey.Reveal()), []byte(c.Passphrase.Reveal()))
	}

	if err != nil {
		return nil, errors.New("private_key: can't be read, or passphrase is missing or wrong")
	}

	if signer.PublicKey().Type() == ssh.KeyAlgoRSA && rsaBits(signer.PublicKey()) < smallestRSA {
		return nil, errors.New("private_key: an RSA key needs 2048 bits")
	}

	return signer, nil
}

// pin is a key that the server may show.
type pin struct {
	fingerprint string
	algorithms  []string // of the signatures it makes; none: it is known by its fingerprint alone
}

// pins reads the host keys of the config.
func pins(lines []string) ([]pin, error) {
	if len(lines) == 0 {
		return nil, errors.New("host_keys: is required; `ssh-keyscan` on a safe network shows them, and the server's operator confirms them")
	}

	out := make([]pin, 0, len(lines))

	for _, line := range lines {
		line = strings.TrimSpace(line)
		if hash, ok := strings.CutPrefix(line, "SHA256:"); ok && len(hash) == 43 { // 32 bytes of base64 without padding
			out = append(out, pin{fingerprint: line})

			continue
		}

		key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
		if err != nil {
			return nil, errors.New("host_keys: each must be a line of known_hosts without the host, or a fingerprint SHA256:…")
		}

		algorithms := []string{key.Type()}
		if key.Type() == ssh.KeyAlgoRSA {
			algorithms = []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256} // SHA-1 is refused
		}

		out = append(out, pin{fingerprint: ssh.FingerprintSHA256(key), algorithms: algorithms})
	}

	return out, nil
}
