package pexip_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/connector/video/pexip"
	"github.com/sluse/sluse/connector/video/pexip/pexipsim"
	"github.com/sluse/sluse/scheduler/care"
)

// TestFaultyEvents: with deliveries that come twice, late or never, and an API that fails now and
// then, the evidence in the end is that of a calm day, but for when somebody entered.
func TestFaultyEvents(t *testing.T) {
	t.Parallel()

	var calm []care.Leg

	for seed := range uint64(6) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			p, platform, s := observed(t, pexipsim.Options{Seed: 60 + seed}, pexipsim.EventSink{Bulk: seed%2 == 1}, nil)
			b := book(t, p, platform, 0)
			p.Advance(time.Minute)

			if seed > 0 {
				faults := pexipsim.Spread(0.3)
				faults.Hang, faults.SinkLost, faults.SinkDuplicate = time.Millisecond, 0.2, 0.5

				if err := p.sim.SetFaults(faults); err != nil {
					t.Fatal(err)
				}

				s.log.SetComplete(false)
			}

			playVisit(t, p, b)
			p.Advance(time.Minute)
			p.sim.DeliverEvents(t.Context())

			legs := patiently(t, platform, video.Observed{Ref: b.Ref, Window: b.Planned})
			if seed == 0 {
				calm = legs

				return
			}

			ignored := cmpopts.IgnoreFields(care.Leg{}, "ID", "Room", "Call", "Entered", "Witness", "Node")
			if diff := cmp.Diff(calm, legs, ignored); diff != "" {
				t.Errorf("legs (-calm +got):\n%s", diff)
			}
		})
	}
}

// playVisit is a visit with a citizen who loses contact and comes again.
func playVisit(t *testing.T, p *peer, b video.Booking) {
	t.Helper()

	host := p.enter(t, b.Ref, pexipsim.RoleHost)
	p.Advance(time.Minute)

	guest := p.enter(t, b.Ref, pexipsim.RoleGuest)
	p.Advance(5 * time.Minute)

	guest, err := p.sim.Reconnect(guest.ID)
	if err != nil {
		t.Fatal(err)
	}

	p.Advance(5 * time.Minute)

	if err = p.sim.Leave(guest.ID); err != nil {
		t.Fatal(err)
	}

	p.Advance(time.Second)

	if err = p.sim.Leave(host.ID); err != nil {
		t.Fatal(err)
	}
}

// patiently asks until the answer is certain, as a job does.
func patiently(t *testing.T, platform *pexip.Platform, room video.Observed) []care.Leg {
	t.Helper()

	var last error

	for range 40 {
		legs, err := platform.Legs(t.Context(), room)
		if err == nil {
			return legs
		}

		if last = err; connector.Is(err, connector.Malformed) || connector.Is(err, connector.Rejected) {
			break
		}
	}

	t.Fatal(last)

	return nil
}
