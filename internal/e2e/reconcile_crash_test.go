package e2e_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/fhir/fhirsim"
	"github.com/sluse/sluse/ehr/nexus/nexussim"
	"github.com/sluse/sluse/internal/world"
	"github.com/sluse/sluse/scheduler/care"
)

// TestKilledDuringReconciliation kills the service in the middle of a comparison and of repairs, also
// while the record does what it was told, and starts it again each time. There is one comparison, each
// repair is made once, and the record is right.
func TestKilledDuringReconciliation(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, postgres bool) {
		t.Helper()

		o, kills := terms{postgres: postgres, latency: 10 * time.Millisecond, concurrency: 4, record: world.FHIRRecord}, 3
		if postgres {
			o.record, kills = world.NexusRecord, 1 // of peers that fail: what fails is tried again after ever longer pauses
		}

		killDuringReconciliation(t, o, kills)
	})
}

func killDuringReconciliation(t *testing.T, o terms, kills int) {
	t.Helper()

	const each = 2 // visits that were moved, given another category, and cancelled

	o.planned = severalVisits(t, 3*each)
	c := found(t, o)
	p := c.serve("all")
	leader := c.leader(p)

	c.fetchAll(leader)
	leader.watch(leader.convert(leader.visits(c.day)))
	c.settle()

	if c.Nexus != nil {
		c.fail()
	}

	for i, r := range o.planned {
		c.must([]func(ehr.Row) error{c.movedByPeople, c.typedByPeople, c.cancelledByPeople}[i%3](r))
	}

	p = c.killInComparison(p, leader, kills, 3*each)
	c.killInRepairs(p, leader, kills, leader.allFindings())

	for i, r := range o.planned {
		want := 2 // once more with the new time, or over what people chose
		if i%3 == 2 {
			want = 1
		}

		if told := c.Told(r, care.OnList); told.Planned != want || told.Results+told.Restored+told.Doubled != 0 {
			t.Errorf("visit %d stands in the record as %+v, want %d planned entries", i, told, want)
		}
	}

	c.checkMessages(3*each+2*each, 2*each, 3*each)
	c.counts("SELECT count(*) FROM findings WHERE state = 'mended' AND closed_by = 'LEDER'", 3*each)
	c.counts("SELECT count(*) FROM findings", 3*each)
	c.counts("SELECT count(*) FROM audit WHERE action = 'mend_difference'", 3*each)
	c.counts("SELECT count(*) FROM audit WHERE action LIKE 'mend_record_%'", 3*each)

	if after := c.awaitRun(leader, leader.askRun()); after.State != "done" || after.Found != 0 {
		t.Errorf("in the end: %+v", after)
	}
}

// fail has a fifth of the calls to the peers fail, in every way but one: an access that was refused is not
// tried again for a minute.
func (c *town) fail() {
	c.tb.Helper()

	const share = 0.2 * 12 / 11

	record, video := nexussim.Spread(share), vdxsim.Spread(share)
	record.Unauthorized, video.Unauthorized = 0, 0
	record.MaxInRow, video.MaxInRow = 1, 1 // a comparison that fails at one call gets further the next time

	c.must(errors.Join(c.Nexus.SetFaults(record), c.VDX.SetFaults(video)))
}

// killInComparison asks for a comparison and kills the process so often before it is over. It returns the
// process that serves then.
func (c *town) killInComparison(p *process, leader *person, kills, citizens int) *process {
	c.tb.Helper()

	_, look, each := c.recordOps()
	id := ""

	for range kills {
		dead := c.dieWithin(p, look, each*(1+c.rand.IntN(2)))

		if id == "" {
			id = leader.askRun()
		}

		c.await(dead, func() { leader.asksAgain(id) })

		p = c.serve("all")
		now := leader.run(id)
		c.tb.Logf("killed in the comparison after %d of %d citizens", now.Looked, citizens)

		if !now.Active {
			c.tb.Errorf("the comparison was over: %+v", now)
		}
	}

	if run := c.awaitRun(leader, id); run.State != "done" || run.Citizens != citizens || run.Looked != citizens || run.Found != citizens {
		c.tb.Errorf("the comparison is %+v", run)
	}

	c.counts("SELECT count(*) FROM reconcile_runs", 1)

	return p
}

// killInRepairs asks for repairs, kills the process while the record does what it was told, and at random
// moments, and has somebody press every button again each time.
func (c *town) killInRepairs(p *process, leader *person, kills int, findings map[care.DriftKind][]string) {
	c.tb.Helper()

	write, _, _ := c.recordOps()

	var asked []string

	for _, f := range findings[care.DriftCategory][:min(kills, len(findings[care.DriftCategory]))] {
		dead := c.dieWithin(p, write, 1)
		asked = append(asked, f)
		leader.presses(asked)
		c.await(dead, func() {})

		p = c.serve("all")
	}

	for _, all := range findings {
		asked = append(asked, all...)
	}

	for range kills {
		leader.presses(asked)
		c.tb.Logf("killed in the repairs after %s requests", c.moment(12))
		p.kill()

		p = c.serve("all")
	}

	for _, f := range asked {
		leader.repair(f)
	}

	if c.Nexus != nil {
		c.Nexus.Calm()
		c.VDX.Calm()
	}

	c.settle()
}

// dieWithin kills the process while the record has its n-th call of an operation from now on in its
// hands. The call has its effect, and nobody hears of it.
func (c *town) dieWithin(p *process, op string, n int) <-chan struct{} {
	before := func(act func() error) {
		if c.Nexus != nil {
			c.Nexus.BeforeNext(op, act)
		} else {
			c.FHIR.BeforeNext(op, act)
		}
	}

	for range n - 1 {
		before(func() error { return nil })
	}

	dead := make(chan struct{})

	before(func() error {
		p.kill()
		close(dead)

		return nil
	})

	return dead
}

// recordOps are the record's names for writing a visit and for looking at one, and how many such looks a
// citizen takes.
func (c *town) recordOps() (write, look string, each int) {
	if c.Nexus != nil {
		return nexussim.OpEventUpdate, nexussim.OpEventRead, 1
	}

	return fhirsim.OpUpdate, fhirsim.OpRead, 3
}

// await waits until the process is dead, and has somebody do something again and again until then.
func (c *town) await(dead <-chan struct{}, again func()) {
	c.tb.Helper()

	limit, cancel := context.WithTimeout(c.tb.Context(), patience)
	defer cancel()

	for {
		select {
		case <-dead:
			return
		default:
		}

		again()

		if !c.anyRequest(limit) {
			c.tb.Fatal("the call does not come")
		}
	}
}

// asksAgain for a comparison that waits because a peer was silent, of a process that may die meanwhile.
func (p *person) asksAgain(id string) {
	var now comparison

	got, err := p.try(http.MethodGet, "/api/v1/reconciliation/runs/"+id, "", nil)
	if err == nil && json.Unmarshal(got.body, &now) == nil && now.NextTry != "" {
		_, _ = p.try(http.MethodPost, "/api/v1/reconciliation/runs", "", nil) // dead: they ask again
	}
}

// presses asks for repairs of a process that may die meanwhile.
func (p *person) presses(findings []string) {
	for _, f := range findings {
		_, _ = p.try(http.MethodPost, "/api/v1/reconciliation/findings/"+f+"/repair", "application/json", strings.NewReader(`{"overwrite":true}`)) // dead: they press again
	}
}

// counts asserts what a query counts.
func (c *town) counts(query string, want int) {
	c.tb.Helper()

	var got int
	if err := c.db.QueryRowContext(c.tb.Context(), query).Scan(&got); err != nil || got != want {
		c.tb.Errorf("%s: %d (%v), want %d", query, got, err, want)
	}
}
