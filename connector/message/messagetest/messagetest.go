// Package messagetest is the contract of message.Sender in code: every channel runs it
// against a peer that counts what it took.
package messagetest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/message"
	"github.com/sluse/sluse/scheduler/care"
)

// maxTries bounds the repeats of one message; a peer's faults never last that long.
const maxTries = 25

// Peer is the simulator behind a channel.
type Peer interface {
	// Compose returns message number n, to a receiver and room of its own.
	Compose(n int) message.Message
	// Taken returns how often the peer took message number n.
	Taken(n int) int
	// LoseAnswers has the peer take the next messages and lose its answers; count of them.
	LoseAnswers(count int) error
	// Secrets may stand in no error.
	Secrets() []string
}

// Rig is one channel with a peer of its own. Faulty says that the peer has seeded faults.
type Rig struct {
	Sender message.Sender
	Peer   Peer
	Faulty bool
}

// Run holds a channel to the contract. Setup is called once per test.
func Run(t *testing.T, setup func(t *testing.T) Rig) {
	t.Helper()

	for name, test := range map[string]func(*testing.T, Rig){
		"once":     once,
		"lost":     lostAnswer,
		"foreign":  foreignChannel,
		"cancel":   cancelled,
		"parallel": parallel,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, setup(t))
		})
	}
}

// deliver is what the queue and the use case do: look before a repeat, then send again. It
// returns how many tries had an unknown outcome.
func deliver(t *testing.T, r Rig, m message.Message) (unknown int) {
	t.Helper()

	for try := range maxTries {
		if finder, can := r.Sender.(message.Finder); can && try > 0 {
			receipt, err := finder.Find(t.Context(), m)
			if err == nil && receipt.ID == "" {
				t.Error("Find returned no receipt")
			}

			if err == nil {
				return unknown
			}

			proper(t, r, err)

			if !connector.Is(err, connector.NotFound) {
				continue
			}
		}

		receipt, err := r.Sender.Send(t.Context(), m)
		if err == nil && receipt.ID == "" {
			t.Error("Send returned no receipt")
		}

		if err == nil {
			return unknown
		}

		proper(t, r, err)

		if connector.Is(err, connector.Unknown) {
			unknown++
		}
	}

	t.Errorf("not sent in %d tries", maxTries)

	return unknown
}

// proper looks at an error as the queue and the log see it.
func proper(t *testing.T, r Rig, err error) {
	t.Helper()

	if connector.KindOf(err) == 0 {
		t.Errorf("an error without a kind: %v", err)
	}

	for _, secret := range r.Peer.Secrets() {
		if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, secret) {
			t.Errorf("the error tells %q: %s", secret, text)
		}
	}
}

// taken holds the peer's count to what may happen: exactly one with a channel that can look,
// and no more copies than unknown outcomes with one that can't.
func taken(t *testing.T, r Rig, n, unknown int) {
	t.Helper()

	most := 1
	if _, can := r.Sender.(message.Finder); !can {
		most += unknown
	}

	if got := r.Peer.Taken(n); got < 1 || got > most {
		t.Errorf("message %d was taken %d times, want 1 to %d", n, got, most)
	}
}

func once(t *testing.T, r Rig) {
	t.Helper()

	unknown := deliver(t, r, r.Peer.Compose(1))
	taken(t, r, 1, unknown)
}

func lostAnswer(t *testing.T, r Rig) {
	t.Helper()

	if err := r.Peer.LoseAnswers(1); err != nil {
		t.Fatal(err)
	}

	unknown := deliver(t, r, r.Peer.Compose(1))
	if unknown == 0 {
		t.Error("a lost answer was not reported as Unknown")
	}

	taken(t, r, 1, unknown)
}

func foreignChannel(t *testing.T, r Rig) {
	t.Helper()

	m := r.Peer.Compose(1)

	switch m.Channel {
	case care.SMS:
		m.Channel = care.Mail
	case care.Mail:
		m.Channel = care.SMS
	}

	if _, err := r.Sender.Send(t.Context(), m); !connector.Is(err, connector.Rejected) {
		t.Errorf("a message for another channel: %v", err)
	}

	if got := r.Peer.Taken(1); got != 0 {
		t.Errorf("it was taken %d times", got)
	}
}

func cancelled(t *testing.T, r Rig) {
	t.Helper()

	ctx, cancel := context.WithCancel(t.Context())
	cancel()

	_, err := r.Sender.Send(ctx, r.Peer.Compose(1))
	if err == nil {
		t.Fatal("sent although the context had ended")
	}

	proper(t, r, err)

	if k := connector.KindOf(err); k != connector.Unavailable && k != connector.Unknown {
		t.Errorf("kind %s", k)
	}
}

func parallel(t *testing.T, r Rig) {
	t.Helper()

	const messages = 20

	var wait sync.WaitGroup
	for n := range messages {
		wait.Go(func() {
			unknown := deliver(t, r, r.Peer.Compose(n))
			if !r.Faulty && unknown > 0 {
				t.Errorf("message %d: %d unknown outcomes at a calm peer", n, unknown)
			}

			taken(t, r, n, unknown)
		})
	}

	wait.Wait()
}
