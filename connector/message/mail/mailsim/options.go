package mailsim

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Options configure a Server. Only Clock is required. The zero value is not calm: without
// Calm and without Faults a small share of letters meets a fault (see DefaultFaultRate).
type Options struct {
	// Clock stamps letters and history, usually time.Now.
	Clock func() time.Time
	// Seed makes the seeded faults reproducible for the same letters.
	Seed uint64
	// Calm switches the seeded faults off. Scripted faults (Server.Script) still happen.
	Calm bool
	// Faults are the seeded fault rates; the zero value means Spread(DefaultFaultRate)
	// unless Calm is set.
	Faults Faults
	// Reject lists addresses that do not exist: RCPT answers 550. "@example.dk" is a whole domain.
	Reject []string
	// Bounce lists addresses that are accepted and come back: the sender gets a report.
	Bounce []string
	// Users are the accounts that may send, name to password. Nil: nobody has to log in.
	Users map[string]string
	// STARTTLS offers encryption with a certificate made at start (Server.Roots trusts it).
	STARTTLS bool
	// RequireTLS refuses MAIL and AUTH on an unencrypted connection with 530.
	RequireTLS bool
	// Strict refuses letters that a relay would forgive: without Message-ID, Date or From.
	Strict bool
	// MaxSize is the largest letter in bytes. Zero is 10 MiB.
	MaxSize int
	// IdleTimeout ends a silent connection. Zero is 5 minutes (RFC 5321 §4.5.3.2.7).
	IdleTimeout time.Duration
	// Latency is added before every answer, in wall-clock time.
	Latency time.Duration
	// Limit bounds the kept letters and history rows. Zero is 100 000; the oldest are dropped.
	Limit int
}

// DefaultFaultRate is the share of letters that meet a fault when Options say nothing.
const DefaultFaultRate = 0.02

func (o Options) defaulted() Options {
	if o.MaxSize == 0 {
		o.MaxSize = 10 << 20
	}

	if o.IdleTimeout == 0 {
		o.IdleTimeout = 5 * time.Minute
	}

	if o.Limit == 0 {
		o.Limit = 100_000
	}

	if o.Calm {
		o.Faults = Faults{}
	} else if o.Faults == (Faults{}) {
		o.Faults = Spread(DefaultFaultRate)
	}

	return o
}

func (o Options) validate() error {
	var problems []error

	if o.Clock == nil {
		problems = append(problems, errors.New("mailsim: Options.Clock is required"))
	}

	for _, a := range append(append([]string{}, o.Reject...), o.Bounce...) {
		if !strings.Contains(a, "@") {
			problems = append(problems, fmt.Errorf("mailsim: %q is neither an address nor @domain", a))
		}
	}

	if o.RequireTLS && !o.STARTTLS {
		problems = append(problems, errors.New("mailsim: RequireTLS needs STARTTLS"))
	}

	return errors.Join(append(problems, o.Faults.validate())...)
}

// matches reports whether address stands in a list of addresses and @domains.
func matches(list []string, address string) bool {
	at := strings.LastIndexByte(address, '@')

	for _, entry := range list {
		if strings.EqualFold(entry, address) || (at >= 0 && strings.EqualFold(entry, address[at:])) {
			return true
		}
	}

	return false
}
