package e2e_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/config"
	"github.com/sluse/sluse/connector/video/pexip/pexipsim"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/internal/testenv/pg"
	"github.com/sluse/sluse/internal/world"
	"github.com/sluse/sluse/scheduler/care"
)

// town is a municipality with simulated peers and a database. Its processes are started by tests.
type town struct {
	*world.World

	tb     testing.TB
	addr   string
	base   string
	day    string // of the list, tomorrow
	list   []byte
	phones map[string]string // whose a number is, by the list
	visits map[string]int    // how many visits somebody has
	db     *sql.DB
	rand   *rand.Rand
	seed   uint64
}

// terms are what a test wants of its town.
type terms struct {
	postgres    bool
	faults      float64
	latency     time.Duration
	concurrency int
	video       world.VideoKind
	record      world.RecordKind
	planned     []ehr.Row // by the record itself
	practice    world.Practice
	citizens    []care.CPR // whom the case journal knows
	prompt      bool       // the video platform takes no time for its own work
}

// both runs a test on both databases.
func both(t *testing.T, test func(t *testing.T, postgres bool)) {
	t.Helper()

	for name, postgres := range map[string]bool{"sqlite": false, "postgres": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, postgres)
		})
	}
}

// seedOf is SLUSE_SEED, or the clock's.
func seedOf(tb testing.TB) uint64 {
	tb.Helper()

	given := os.Getenv("SLUSE_SEED")
	if given == "" {
		return uint64(time.Now().UnixNano()) % 1_000_000
	}

	seed, err := strconv.ParseUint(given, 10, 64)
	if err != nil {
		tb.Fatalf("SLUSE_SEED: %v", err)
	}

	return seed
}

const municipality care.MunicipalityID = "testby"

// bare makes a town whose database has no schema yet.
func bare(t *testing.T, o terms) *town {
	t.Helper()

	c := &town{tb: t, seed: seedOf(t)}
	c.rand = rand.New(rand.NewPCG(c.seed, 1))
	t.Logf("SLUSE_SEED=%d", c.seed)

	database := ""
	if o.postgres {
		database = pg.URL(t)
	}

	var err error
	if c.addr, err = world.FreePort(t.Context()); err != nil {
		t.Fatal(err)
	}

	c.base = "http://" + c.addr

	c.World, err = world.Start(t.Context(), world.Options{
		Dir: t.TempDir(), Clock: time.Now, Listen: c.addr, Seed: c.seed, Faults: o.faults, Latency: o.latency,
		Concurrency: o.concurrency, AnyHour: true, Video: o.video, Record: o.record, Planned: o.planned,
		Practice: o.practice, Citizens: o.citizens, Prompt: o.prompt,
		Municipalities: []world.Municipality{{ID: municipality, Name: "Testby Kommune", Host: "127.0.0.1", Database: database}},
	})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})

	c.rewrite(c.ConfigFile, c.ConfigFile, "log_level", "log_level: debug\nstop_timeout: 20s")

	c.readList()

	return c
}

// found makes a town that is ready for processes.
func found(t *testing.T, o terms) *town {
	t.Helper()

	c := bare(t, o)

	if code, said := run(t, "migrate", "up", "-config", c.ConfigFile); code != 0 {
		t.Fatalf("migrate up: %d %s", code, said)
	}

	c.openDatabase()

	return c
}

// rewrite makes another configuration from one: the line of a key at the top is replaced.
func (c *town) rewrite(from, to, key, lines string) {
	c.tb.Helper()

	text, err := os.ReadFile(from)
	if err != nil {
		c.tb.Fatal(err)
	}

	line := regexp.MustCompile(`(?m)^` + key + `: .*$`)
	if !line.Match(text) {
		c.tb.Fatalf("the configuration has no key %q", key)
	}

	if err := os.WriteFile(to, line.ReplaceAllLiteral(text, []byte(lines)), 0o600); err != nil {
		c.tb.Fatal(err)
	}
}

// readList takes the demo's list and lets it be tomorrow's.
func (c *town) readList() {
	c.tb.Helper()

	day := care.DayOf(time.Now()).Add(1)
	c.day, c.phones, c.visits, c.list = string(day), map[string]string{}, map[string]int{}, listOf(c.tb, day)

	rows := strings.Split(strings.TrimSpace(string(c.list)), "\n")
	for _, row := range rows[1:] {
		cells := strings.Split(row, ";")
		c.phones["+45"+cells[11]] = cells[6]
		c.visits[cells[6]]++
	}
}

// listOf is the demo's list as if it were a day's.
func listOf(tb testing.TB, day care.Day) []byte {
	tb.Helper()

	text, err := os.ReadFile(filepath.Join("..", "demo", "koreliste-dag.csv"))
	if err != nil {
		tb.Fatal(err)
	}

	return bytes.ReplaceAll(text, []byte("23-11-2026"), []byte(day.Bounds().Start.In(care.Zone()).Format("02-01-2006")))
}

func (c *town) database() store.Config {
	c.tb.Helper()

	read, err := config.Load(c.ConfigFile, os.LookupEnv)
	if err != nil {
		c.tb.Fatal(err)
	}

	return read.Municipalities[0].Database
}

// openDatabase opens the database for a look at the jobs.
func (c *town) openDatabase() {
	c.tb.Helper()

	base, err := store.Connect(c.tb.Context(), c.database())
	if err != nil {
		c.tb.Fatal(err)
	}

	c.tb.Cleanup(func() {
		if err := base.Close(); err != nil {
			c.tb.Error(err)
		}
	})

	c.db = base.Reader
}

// serve starts a process in a role on the town's own address and waits until it serves.
func (c *town) serve(role string) *process {
	c.tb.Helper()

	p := launch(c.tb, "serve", "-config", c.ConfigFile, "-role", role)
	p.addr = c.addr

	return p.awaitReady()
}

// another starts a further process of the same municipality, on an address of its own.
func (c *town) another(role string) *process {
	c.tb.Helper()

	addr, err := world.FreePort(c.tb.Context())
	if err != nil {
		c.tb.Fatal(err)
	}

	file := filepath.Join(c.Dir, strings.ReplaceAll(addr, ":", "_")+".yaml")
	c.rewrite(c.ConfigFile, file, "listen", "listen: "+addr)

	p := launch(c.tb, "serve", "-config", file, "-role", role)
	p.addr = addr

	return p.awaitReady()
}

// leader logs a team leader in through a process.
func (c *town) leader(p *process) *person {
	c.tb.Helper()

	return newPerson(c.tb, c.base, p.addr).login(c.World, "LEDER")
}

// imported has the list imported and returns its visits.
func (c *town) imported(p *person) []string {
	c.tb.Helper()

	if rows, faults := p.importList("koreliste.csv", c.list); rows != 60 || faults != 0 {
		c.tb.Fatalf("imported %d rows, %d with faults", rows, faults)
	}

	ids := p.visits(c.day)
	if len(ids) != 60 {
		c.tb.Fatalf("the day has %d visits", len(ids))
	}

	return ids
}

// work are the jobs that have to be done before a conversion or its undoing is over. What is left
// belongs to the visits' day, or asks whether an SMS arrived.
const work = `SELECT count(*) FROM river_job WHERE state IN ('available', 'running', 'retryable', 'scheduled')
	AND kind IN ('book_room', 'make_room', 'move_room', 'close_room', 'send_message', 'send_code', 'write_entry', 'keep_list', 'undo_visit', 'mend', 'write_note')`

// settle waits until no such job is left, in whatever process.
func (c *town) settle() {
	c.tb.Helper()

	limit, cancel := context.WithTimeout(c.tb.Context(), patience)
	defer cancel()

	for {
		var left int
		if err := c.db.QueryRowContext(limit, work).Scan(&left); err != nil {
			c.tb.Fatalf("count the jobs: %v", err)
		}

		if left == 0 {
			return
		}

		if !c.anyRequest(limit) {
			c.tb.Fatalf("%d jobs are not done", left)
		}
	}
}

// anyRequest waits until the peers get another request, but not long: a job's end is no request.
func (c *town) anyRequest(limit context.Context) bool {
	c.after(limit, 100*time.Millisecond, 1, 1)

	return limit.Err() == nil
}

// after waits until the video platform got so many more requests, or the record so many, or
// for a while at most.
func (c *town) after(limit context.Context, while time.Duration, video, record int) {
	ctx, cancel := context.WithTimeout(limit, while)
	defer cancel()

	video += c.World.Counts().Calls

	var waiting sync.WaitGroup

	waiting.Go(func() {
		c.awaitVideo(ctx, video) // or the time is over, or the record was first
		cancel()
	})

	record += c.RecordCalls()

	waiting.Go(func() {
		switch {
		case c.FHIR != nil:
			_ = c.FHIR.AwaitRequests(ctx, record)
		case c.Nexus != nil:
			_ = c.Nexus.AwaitRequests(ctx, record)
		default:
			<-ctx.Done() // nobody asks files
		}

		cancel()
	})

	waiting.Wait()
}

// awaitVideo waits until the video platform, and with Pexip the SMS gateway, got so many requests.
func (c *town) awaitVideo(ctx context.Context, calls int) {
	if c.VDX != nil {
		_ = c.VDX.AwaitRequests(ctx, calls)

		return
	}

	_, _ = c.Pexip.AwaitRequests(ctx, pexipsim.OpAny, calls-c.SMS.Calls())
}

// moment waits for a random moment before so many of the peers' requests.
func (c *town) moment(most int) string {
	video, record := 1+c.rand.IntN(max(1, most)), 1+c.rand.IntN(max(1, most))
	c.after(c.tb.Context(), 5*time.Second, video, record)

	return fmt.Sprintf("%d/%d", video, record)
}

// effects is how much of a conversion the peers have seen: rooms, invitations, planned entries.
func (c *town) effects() int {
	return len(c.Rooms()) + len(c.Texts()) + c.FHIR.Totals().Planned
}
