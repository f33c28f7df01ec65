package e2e_test

import (
	"net/http"
	"testing"
	"time"
)

// kills is how often the service dies during one conversion.
const kills = 20

// TestKilledDuringConversion kills the service at twenty random moments of a conversion of sixty
// visits and starts it again each time. Each visit has one room, one invitation and one entry.
func TestKilledDuringConversion(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, postgres bool) {
		t.Helper()

		for name, faults := range map[string]float64{"calm": 0, "faults": 0.1} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				killDuringConversion(t, terms{postgres: postgres, faults: faults, latency: 20 * time.Millisecond, concurrency: 4})
			})
		}
	})
}

func killDuringConversion(t *testing.T, o terms) {
	t.Helper()

	c := found(t, o)
	p := c.serve("all")
	leader := c.leader(p)
	batch := leader.convert(c.imported(leader))

	const all = 3 * 60 // effects

	for n := range kills {
		at := c.moment((all-c.effects())/(kills-n) + 1)
		p.kill()
		t.Logf("kill %d after %s more requests: %d of %d effects", n+1, at, c.effects(), all)

		if c.effects() >= all {
			t.Errorf("the conversion was over at kill %d", n+1)
		}

		p = c.serve("all")
	}

	leader.watch(batch)
	c.settle()

	if now := leader.progress(batch); now.State != "done" {
		t.Errorf("the conversion is %+v", now)
	}

	c.checkConverted(60)
}

// TestKilledDuringUndo undoes a conversion while it runs, kills the service twice and starts it
// again: no room stands, nobody is left with an invitation that does not hold, and the record is
// restored.
func TestKilledDuringUndo(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, postgres bool) {
		t.Helper()

		faults := 0.0
		if postgres {
			faults = 0.1
		}

		c := found(t, terms{postgres: postgres, faults: faults, latency: 20 * time.Millisecond, concurrency: 4})
		p := c.serve("all")
		leader := c.leader(p)
		batch := leader.convert(c.imported(leader))

		c.moment(60)
		p.kill()

		p = c.serve("all")
		c.moment(40)
		leader.call(http.MethodPost, "/api/v1/conversions/"+batch+"/undo", nil, nil)

		for range 2 {
			c.moment(30)
			p.kill()
			p = c.serve("all")
		}

		leader.watch(batch)
		c.settle()

		if now := leader.progress(batch); now.State != "undone" || now.Counts.Troubled != 0 {
			t.Errorf("the conversion is %+v", now)
		}

		c.checkUndone(60)
	})
}

// TestStopsGracefully asks the service to stop in the middle of a conversion. It ends in time and
// well, leaves no job running, and the next one goes on.
func TestStopsGracefully(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, postgres bool) {
		t.Helper()

		c := found(t, terms{postgres: postgres, latency: 20 * time.Millisecond, concurrency: 4})
		p := c.serve("all")
		leader := c.leader(p)
		batch := leader.convert(c.imported(leader))

		for range 3 {
			c.moment(20)

			code, took := p.term()
			if code != 0 || took > 20*time.Second {
				t.Errorf("the service ended with %d after %s", code, took)
			}

			var running int
			if err := c.db.QueryRowContext(t.Context(), "SELECT count(*) FROM river_job WHERE state = 'running'").Scan(&running); err != nil || running != 0 {
				t.Errorf("%d jobs are left as running: %v", running, err)
			}

			p = c.serve("all")
		}

		leader.watch(batch)
		c.settle()
		c.checkConverted(60)
	})
}
