package e2e_test

import (
	"testing"
	"time"

	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
	"github.com/sluse/sluse/ehr/fhir/fhirsim"
)

// hang is longer than any test waits: the service dies before the answer comes.
const hang = 2 * patience

// TestKilledWithinCalls kills the service while it waits for the answer to a call: once the peer
// has done what was asked, and before it has.
func TestKilledWithinCalls(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, postgres bool) {
		t.Helper()

		const each = 3 // visits per point

		c := found(t, terms{postgres: postgres})
		p := c.serve("all")
		leader := c.leader(p)
		visits := c.imported(leader)

		for n, point := range []struct {
			name   string
			arm    func()
			struck func() bool
		}{
			{"book, before", c.video(vdxsim.FaultTimeoutBefore, vdxsim.OpMeetingCreate), c.videoStruck(1)},
			{"book, after", c.video(vdxsim.FaultTimeoutAfter, vdxsim.OpMeetingCreate), c.videoStruck(2)},
			{"invite, before", c.video(vdxsim.FaultTimeoutBefore, vdxsim.OpSMSSend), c.videoStruck(3)},
			{"invite, after", c.video(vdxsim.FaultTimeoutAfter, vdxsim.OpSMSSend), c.videoStruck(4)},
			{"record, before", c.record(fhirsim.FaultTimeoutBefore), c.recordStruck(fhirsim.FaultTimeoutBefore, 0)},
			{"record, after", c.record(fhirsim.FaultTimeoutAfter), c.recordStruck(fhirsim.FaultTimeoutAfter, 1)},
		} {
			point.arm()
			batch := leader.convert(visits[n*each : (n+1)*each])
			c.until(point.name, point.struck)
			p.kill()

			p = c.serve("all")
			leader.watch(batch)
			c.settle()
			c.checkConverted((n + 1) * each)

			if t.Failed() {
				t.Fatalf("killed at: %s", point.name)
			}
		}
	})
}

func (c *town) video(kind vdxsim.FaultKind, op string) func() {
	return func() {
		c.tb.Helper()

		if err := c.VDX.Script(vdxsim.Fault{Kind: kind, Op: op, Hang: hang}); err != nil {
			c.tb.Fatal(err)
		}
	}
}

// videoStruck reports whether so many calls to the video platform hang or hung.
func (c *town) videoStruck(want int) func() bool {
	return func() bool {
		n := 0

		for _, r := range c.VDX.Requests() {
			if r.Fault != "" {
				n++
			}
		}

		return n >= want
	}
}

func (c *town) record(kind fhirsim.FaultKind) func() {
	return func() {
		c.tb.Helper()

		if err := c.FHIR.SetFaults(fhirsim.Faults{Hang: hang}); err != nil {
			c.tb.Fatal(err)
		}

		if err := c.FHIR.Script(fhirsim.Fault{Kind: kind, Op: fhirsim.OpCreate}); err != nil {
			c.tb.Fatal(err)
		}
	}
}

// recordStruck reports whether a call to the record hangs, after so many entries about its visit.
func (c *town) recordStruck(kind fhirsim.FaultKind, entries int) func() bool {
	return func() bool {
		for _, r := range c.FHIR.Requests() {
			if r.Fault == kind {
				return len(c.FHIR.Entries(r.Visit)) >= entries
			}
		}

		return false
	}
}

// until waits for what the peers' histories must show.
func (c *town) until(what string, shown func() bool) {
	c.tb.Helper()

	for begun := time.Now(); !shown(); {
		if time.Since(begun) > patience {
			c.tb.Fatalf("%s: the call does not come", what)
		}

		c.anyRequest(c.tb.Context())
	}
}
