package sms_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/sluse/sluse/connector/message"
	"github.com/sluse/sluse/connector/message/messagetest"
	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
	"github.com/sluse/sluse/scheduler/care"
)

type peer struct{ sim *vdxsim.Server }

func roomOf(n int) string { return fmt.Sprintf("3f0c8f0e-6a55-4d52-9a1e-%012d", n) }

func (p peer) Compose(n int) message.Message {
	m := invitation()
	m.Room, m.Phone = care.RoomRef(roomOf(n)), care.NewPhone(fmt.Sprintf("+4520001%03d", n))

	return m
}

func (p peer) Taken(n int) int { return p.sim.Counts().SMSPerRoom[roomOf(n)] }

func (p peer) LoseAnswers(count int) error {
	return p.sim.Script(vdxsim.Fault{Kind: vdxsim.FaultResetAfter, Op: vdxsim.OpSMSSend, Count: count})
}

func (p peer) Secrets() []string { return []string{"20001001", secret, "AbCdEf", "Bearer", "eyJ"} }

func TestConformance(t *testing.T) {
	t.Parallel()

	run := func(name string, seed uint64, faults vdxsim.Faults, bare bool) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			messagetest.Run(t, func(t *testing.T) messagetest.Rig {
				t.Helper()

				b := setup(t, func(o *vdxsim.Options) { o.Seed, o.BareSMSStatus = seed, bare })
				for n := range 20 {
					b.book(t, roomOf(n))
				}

				if err := b.sim.SetFaults(faults); err != nil {
					t.Fatal(err)
				}

				return messagetest.Rig{Sender: b.sender, Peer: peer{b.sim}, Faulty: faults != vdxsim.Faults{}}
			})
		})
	}

	run("calm", 1, vdxsim.Faults{}, false)
	run("calm, status only", 1, vdxsim.Faults{}, true)

	for seed := range uint64(5) {
		faults := vdxsim.Spread(0.2)
		faults.Hang = time.Millisecond
		run(fmt.Sprintf("faults, seed %d", seed), seed, faults, seed%2 == 1)
	}
}
