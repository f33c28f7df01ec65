package e2e_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector/video/pexip/pexipsim"
	"github.com/sluse/sluse/internal/world"
	"github.com/sluse/sluse/scheduler/care"
)

// TestConvertsByCertificate converts a list against the first generation of VDX, by certificate,
// while the service dies twice: STS, sessions, video and SMS are all behind the gateway.
func TestConvertsByCertificate(t *testing.T) {
	t.Parallel()

	c := found(t, terms{video: world.VDX1, latency: 10 * time.Millisecond, concurrency: 4})
	p := c.serve("all")
	leader := c.leader(p)
	batch := leader.convert(c.imported(leader))

	for range 2 {
		c.moment(60)
		p.kill()
		p = c.serve("all")
	}

	leader.watch(batch)
	c.settle()
	c.checkConverted(60)
}

// TestPexipKilledWithinCalls kills the service while it makes and closes rooms on an own Pexip,
// whose calls have no key of their own: every visit has one room, and none is left.
func TestPexipKilledWithinCalls(t *testing.T) {
	t.Parallel()

	const each = 2 // visits per point

	c := found(t, terms{video: world.Pexip})
	p := c.serve("all")
	leader := c.leader(p)
	visits := c.soon(leader, 2*each)

	var batches []string

	for n, kind := range []pexipsim.FaultKind{pexipsim.FaultTimeoutBefore, pexipsim.FaultTimeoutAfter} {
		struck := c.hangs(kind, pexipsim.OpConferenceCreate)
		batch := leader.convert(visits[n*each : (n+1)*each])
		batches = append(batches, batch)

		c.until("make, "+string(kind), struck)
		p.kill()
		p = c.serve("all")
		leader.watch(batch)
		c.settle()
		c.checkNode((n+1)*each, (n+1)*each)
	}

	for n, kind := range []pexipsim.FaultKind{pexipsim.FaultTimeoutBefore, pexipsim.FaultTimeoutAfter} {
		struck := c.hangs(kind, pexipsim.OpConferenceDelete)

		leader.call(http.MethodPost, "/api/v1/conversions/"+batches[n]+"/undo", nil, nil)
		c.until("close, "+string(kind), struck)
		p.kill()
		p = c.serve("all")
		leader.watch(batches[n])
		c.settle()
		c.checkNode(2*each, (1-n)*each)
	}

	if texts := len(c.Texts()); texts != 2*2*each {
		t.Errorf("%d messages, want an invitation and its withdrawal for each visit", texts)
	}
}

// hangs has the next call of an operation hang, and returns whether it does.
func (c *town) hangs(kind pexipsim.FaultKind, op string) func() bool {
	c.tb.Helper()

	before := c.Pexip.Counts().Faults[kind]

	if err := c.Pexip.Script(pexipsim.Fault{Kind: kind, Op: op, Hang: hang}); err != nil {
		c.tb.Fatal(err)
	}

	return func() bool { return c.Pexip.Counts().Faults[kind] > before }
}

// checkNode asserts that so many rooms were ever made, each for a visit of its own, and so many
// stand, and that nobody deleted what is not ours.
func (c *town) checkNode(ever, live int) {
	c.tb.Helper()

	counts := c.Pexip.Counts()
	if counts.RoomsEver != ever || counts.RoomsLive != live || counts.DuplicateRooms != 0 || counts.CollectionDeletes != 0 {
		c.tb.Errorf("%d rooms ever, %d live, %d doubled, %d collections wiped; want %d and %d", counts.RoomsEver, counts.RoomsLive, counts.DuplicateRooms, counts.CollectionDeletes, ever, live)
	}
}

// soon imports a list of visits that begin within the time for which rooms are made at once, each
// of another citizen, and returns them.
func (c *town) soon(p *person, n int) []string {
	c.tb.Helper()

	start := time.Now().Add(25 * time.Minute).Truncate(time.Minute).In(care.Zone())
	rows, seen := strings.Split(string(c.list), "\n"), map[string]bool{}
	list := rows[:1]

	for _, row := range rows[1:] {
		cells := strings.Split(row, ";")
		if len(list) > n || seen[cells[6]] {
			continue
		}

		seen[cells[6]] = true
		cells[0], cells[1], cells[2] = start.Format("02-01-2006"), start.Format("15:04"), start.Add(10*time.Minute).Format("15:04")
		list = append(list, strings.Join(cells, ";"))
	}

	if rows, faults := p.importList("snart.csv", []byte(strings.Join(list, "\n")+"\n")); rows != n || faults != 0 {
		c.tb.Fatalf("imported %d rows, %d with faults", rows, faults)
	}

	return p.visits(string(care.DayOf(start)))
}
