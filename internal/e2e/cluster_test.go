package e2e_test

import (
	"net/http"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/sluse/sluse/internal/world"
)

// TestTwoProcesses lets two processes share one PostgreSQL: a session made at one works at the
// other, both work, and whichever dies, nothing is lost or doubled.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()

	c := found(t, terms{postgres: true, latency: 20 * time.Millisecond, concurrency: 2})
	first, second := c.serve("all"), c.another("all")
	leader := c.leader(first)
	visits := c.imported(leader.through(second))
	batch := leader.through(first).convert(visits)

	c.moment(4)
	c.bothWork(leader, first, second)

	for n := range 3 {
		c.moment(6)
		first.kill()
		leader.through(second).progress(batch)
		c.moment(6)

		first = c.serve("all")

		c.moment(6)
		second.kill()
		leader.through(first).progress(batch)
		t.Logf("round %d: %d effects", n+1, c.effects())

		second = c.another("all")
	}

	leader.through(second).watch(batch)
	c.settle()
	c.checkConverted(60)
}

// TestWebAndWorker splits the roles: one process serves people, another one works.
func TestWebAndWorker(t *testing.T) {
	t.Parallel()

	c := found(t, terms{postgres: true, latency: 20 * time.Millisecond, concurrency: 4})
	web, worker := c.serve("web"), c.another("worker")
	leader := c.leader(web)
	batch := leader.convert(c.imported(leader))

	c.moment(40)
	worker.kill()
	c.moment(1)

	stranger := newPerson(t, c.base, "")
	if n := c.jobsRun(stranger, web); n != 0 {
		t.Errorf("the web process ran %d jobs", n)
	}

	worker = c.another("worker")
	c.moment(40)
	web.kill()

	web = c.serve("web")
	leader.through(web).watch(batch)
	c.settle()
	c.checkConverted(60)

	if a := newPerson(t, c.base, "").through(worker).do(http.MethodGet, "/login", "", nil); a.status != http.StatusMisdirectedRequest {
		t.Errorf("the worker serves pages: %d", a.status)
	}
}

// bothWork waits until both processes have run jobs.
func (c *town) bothWork(p *person, all ...*process) {
	c.tb.Helper()

	for begun := time.Now(); ; {
		idle := 0

		for _, proc := range all {
			if c.jobsRun(p, proc) == 0 {
				idle++
			}
		}

		if idle == 0 {
			return
		}

		if time.Since(begun) > patience || c.effects() >= 3*len(c.visits) {
			c.tb.Fatalf("%d of %d processes do no work", idle, len(all))
		}

		c.moment(2)
	}
}

var jobsMetric = regexp.MustCompile(`(?m)^sluse_job_seconds_count\{.*\} ([0-9]+)$`)

// jobsRun is how many jobs a process says that it has run.
func (c *town) jobsRun(p *person, proc *process) int {
	c.tb.Helper()

	before := p.entry.Load()
	defer p.entry.Store(before)

	text := p.through(proc).do(http.MethodGet, "/metrics", "", nil).body
	sum := 0

	for _, found := range jobsMetric.FindAllSubmatch(text, -1) {
		n, err := strconv.Atoi(string(found[1]))
		if err != nil {
			c.tb.Fatal(err)
		}

		sum += n
	}

	return sum
}

// TestSecondOnSQLite starts a second process on an SQLite database that one works already. It
// refuses, and the first one goes on.
func TestSecondOnSQLite(t *testing.T) {
	t.Parallel()

	c := found(t, terms{})
	first := c.serve("all")

	addr, err := world.FreePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	file := c.ConfigFile + ".second.yaml"
	c.rewrite(c.ConfigFile, file, "listen", "listen: "+addr)

	if code, said := run(t, "serve", "-config", file); code != 1 || !regexp.MustCompile("another process works").MatchString(said) {
		t.Errorf("a second process ended with %d: %s", code, said)
	}

	leader := c.leader(first)
	batch := leader.convert(c.imported(leader))
	leader.watch(batch)
	c.settle()
	c.checkConverted(60)
}
