package mail_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/sluse/sluse/connector/message"
	"github.com/sluse/sluse/connector/message/mail"
	"github.com/sluse/sluse/connector/message/mail/mailsim"
	"github.com/sluse/sluse/connector/message/messagetest"
	"github.com/sluse/sluse/scheduler/care"
)

type peer struct{ sim *mailsim.Server }

func (p peer) Compose(n int) message.Message {
	m := invitation()
	m.Key, m.Email = "m"+strconv.Itoa(n), care.NewEmail("borger"+strconv.Itoa(n)+"@example.dk")

	return m
}

func (p peer) Taken(n int) int { return p.sim.Copies()["m"+strconv.Itoa(n)+"@testby.dk"] }

func (p peer) LoseAnswers(count int) error {
	return p.sim.Script(mailsim.Fault{Kind: mailsim.FaultResetAfter, Count: count})
}

func (p peer) Secrets() []string { return []string{"borger1", password, "AbCdEf"} }

func TestConformance(t *testing.T) {
	t.Parallel()

	run := func(name string, o mailsim.Options) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			messagetest.Run(t, func(t *testing.T) messagetest.Rig {
				t.Helper()

				sim, config := relay(t, o)

				return messagetest.Rig{Sender: sender(t, config, mail.Options{}), Peer: peer{sim}, Faulty: !o.Calm}
			})
		})
	}

	run("calm", mailsim.Options{Calm: true, Strict: true})

	for seed := range uint64(5) {
		faults := mailsim.Spread(0.2)
		faults.Hang = time.Millisecond
		run(fmt.Sprintf("faults, seed %d", seed), mailsim.Options{Strict: true, Seed: seed, Faults: faults})
	}
}
