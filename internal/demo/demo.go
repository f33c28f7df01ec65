// Package demo is a municipality on one machine: the program, simulated peers, and a clock that
// can jump. A person can play the whole main job in a browser, or Walk plays it alone.
package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sluse/sluse/config"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/internal/app"
	"github.com/sluse/sluse/internal/obs"
	"github.com/sluse/sluse/internal/world"
	"github.com/sluse/sluse/scheduler/care"
)

// Options say what demo to start.
type Options struct {
	Addr     string          // loopback host:port; port 0 takes a free one
	Database string          // "sqlite", or postgres://… of a server on which a schema may be made
	List     string          // path of a driving list; empty: the demo's own
	Video    world.VideoKind // world.VDX2 when empty
	EID      world.EIDKind   // world.NemLogIn when empty
	// Record is the care record. world.FHIRRecord and world.NexusRecord plan the visits themselves, and
	// their lists are read from there. Empty: a FHIR record, and the lists come as files.
	Record   world.RecordKind
	Practice world.Practice // how the record is told; world.Plain when empty
	Faults   float64
	Seed     uint64
	Latency  time.Duration // added to every call to the platform and the record
	Log      io.Writer     // takes the program's log
	Level    slog.Level    // of the log; the zero value is info
}

// Demo is a started demo.
type Demo struct {
	World *world.World
	App   *app.App
	File  ehr.File // the driving list that the walk plays
	Days  []care.Day
	Base  string // address of the program

	employees []string                // on the list
	main      map[string]bool         // names of the driving lists in File
	others    []ehr.File              // more lists that a person can import
	rows      []ehr.Row               // of all lists, by their start
	owners    map[care.Phone]care.CPR // of the telephones on the list; zero where several people have one
	clock     *Clock
	record    config.Record // the municipality's rules
	fetched   bool          // lists are read from the record
	undo      []func() error
}

// municipality is the id of the demo's municipality.
const municipality care.MunicipalityID = "testby"

// Clock runs at real pace, ahead or behind by an offset that can only grow.
type Clock struct{ offset atomic.Int64 }

// Now returns the demo's time.
func (c *Clock) Now() time.Time {
	return time.Now().Add(time.Duration(c.offset.Load())) //nolint:forbidigo // the demo's clock is the machine's and an offset
}

// advance moves the clock on.
func (c *Clock) advance(d time.Duration) { c.offset.Add(int64(d)) }

// set moves the clock, before anything runs.
func (c *Clock) set(t time.Time) {
	c.offset.Store(int64(time.Until(t)))
}

// planningHour is when the demo begins, on the day before the list's: planners plan the day before,
// and citizens may be written to at that hour.
const planningHour = 13

// Start makes the world and the program in it.
func Start(ctx context.Context, o Options) (*Demo, error) {
	d := &Demo{clock: &Clock{}, owners: make(map[care.Phone]care.CPR), main: make(map[string]bool)}

	for _, part := range []func(context.Context, Options) error{d.readLists, d.start} {
		if err := part(ctx, o); err != nil {
			return nil, errors.Join(err, d.Close())
		}
	}

	return d, nil
}

func (d *Demo) start(ctx context.Context, o Options) error {
	host, err := loopback(o.Addr)
	if err != nil {
		return err
	}

	dir, err := os.MkdirTemp("", "sluse-demo-")
	if err != nil {
		return fmt.Errorf("make directory: %w", err)
	}

	d.undo = append(d.undo, func() error { return os.RemoveAll(dir) })

	if strings.HasSuffix(o.Addr, ":0") {
		free, err := world.FreePort(ctx)
		if err != nil {
			return err
		}

		_, port, _ := net.SplitHostPort(free) // as the listener gave it
		o.Addr = net.JoinHostPort(host, port)
	}

	database, err := d.database(ctx, o)
	if err != nil {
		return err
	}

	d.World, err = world.Start(ctx, world.Options{
		Dir: dir, Clock: d.clock.Now, Listen: o.Addr, Seed: o.Seed, Faults: o.Faults, Latency: o.Latency, Video: o.Video, EID: o.EID,
		Municipalities: []world.Municipality{{ID: municipality, Name: "Testby Kommune", Host: host, Database: database}},
		Employees:      d.employees, EveryList: o.List != "", Record: o.Record, Practice: o.Practice, Planned: d.planned(o), Citizens: d.citizens(),
	})
	if err != nil {
		return err
	}

	d.undo = append(d.undo, d.World.Close)
	d.Base = "http://" + o.Addr

	if err := d.writeLists(); err != nil {
		return err
	}

	return d.startApp(ctx, o)
}

// citizens are those of every list.
func (d *Demo) citizens() []care.CPR {
	var out []care.CPR

	for _, row := range d.rows {
		if !row.CPR.IsZero() && !slices.Contains(out, row.CPR) {
			out = append(out, row.CPR)
		}
	}

	return out
}

// planned are the visits that the record itself plans.
func (d *Demo) planned(o Options) []ehr.Row {
	if o.Record == "" || o.Record == world.FileRecord {
		return nil
	}

	d.fetched = true

	return d.rows
}

// loopback returns the host of an address that no other machine can reach.
func loopback(addr string) (string, error) {
	host, _, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", fmt.Errorf("the address %q is no loopback host:port, for example 127.0.0.1:8080", addr)
	}

	return host, nil
}

// database returns where the data go. On PostgreSQL the demo takes a schema of its own and drops
// it at the end.
func (d *Demo) database(ctx context.Context, o Options) (string, error) {
	if o.Database == "" || o.Database == "sqlite" {
		return "", nil
	}

	u, err := url.Parse(o.Database)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return "", errors.New("-db is neither sqlite nor the address of a PostgreSQL database")
	}

	schema := "sluse_demo_" + strings.ToLower(rand.Text()[:10])

	if err := execute(ctx, o.Database, "CREATE SCHEMA "+schema); err != nil {
		return "", fmt.Errorf("-db: a schema can't be made there: %w", err)
	}

	d.undo = append(d.undo, func() error {
		return execute(context.WithoutCancel(ctx), o.Database, "DROP SCHEMA "+schema+" CASCADE")
	})

	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()

	return u.String(), nil
}

func execute(ctx context.Context, database, statement string) error {
	config, err := pgx.ParseConfig(database)
	if err != nil {
		return errors.New("it is no address of a PostgreSQL database") // the cause could quote a password
	}

	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("database: %w", err)
	}

	_, err = conn.Exec(ctx, statement)

	if err := errors.Join(err, conn.Close(ctx)); err != nil {
		return fmt.Errorf("database: %w", err)
	}

	return nil
}

func (d *Demo) startApp(ctx context.Context, o Options) error {
	c, err := config.Load(d.World.ConfigFile, os.LookupEnv)
	if err != nil {
		return fmt.Errorf("the demo's configuration: %w", err)
	}

	d.record = c.Municipalities[0].Record

	if err := app.Migrate(ctx, c, io.Discard); err != nil {
		return err
	}

	log := obs.NewLogger(orDiscard(o.Log), o.Level, outbound.Redact)

	d.App, err = app.New(ctx, app.Options{Config: c, Role: app.All, Logger: log, Clock: d.clock.Now, Shifted: true, Metrics: obs.NewMetrics()})
	if err != nil {
		return err
	}

	d.undo = append(d.undo, func() error {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.StopTimeout)
		defer cancel()

		return d.App.Stop(stop)
	})

	err = d.App.Start(ctx)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("another program listens on %s; choose another address with -addr", o.Addr)
	}

	return err
}

func orDiscard(w io.Writer) io.Writer {
	if w == nil {
		return io.Discard
	}

	return w
}

// Close ends the demo and removes what it stored.
func (d *Demo) Close() error {
	var errs []error

	for _, undo := range slices.Backward(d.undo) {
		errs = append(errs, undo())
	}

	d.undo = nil

	return errors.Join(errs...)
}

// Now returns the demo's time.
func (d *Demo) Now() time.Time { return d.clock.Now() }

// nodesLearn is how long an own Pexip's nodes take to learn of a new room.
const nodesLearn = time.Minute

// Jump moves the demo's clock forward, never back, once no work is running: a job that is in the
// middle of a call would believe that the call took hours. An own Pexip gets to do in time what it
// could not catch up with: a room that is made after the jump is not known at its nodes yet.
func (d *Demo) Jump(ctx context.Context, to time.Time) error {
	if d.World.Pexip != nil && to.Sub(d.clock.Now()) > 2*nodesLearn {
		if err := d.jump(ctx, to.Add(-nodesLearn-time.Second)); err != nil {
			return err
		}

		if err := d.Settle(ctx); err != nil {
			return err
		}
	}

	return d.jump(ctx, to)
}

func (d *Demo) jump(ctx context.Context, to time.Time) error {
	queue := d.App.Site(municipality).Queue()

	if err := queue.WaitIdle(ctx); err != nil {
		return fmt.Errorf("wait for running work: %w", err)
	}

	if ahead := to.Sub(d.clock.Now()); ahead > 0 {
		d.clock.advance(ahead)
	}

	d.World.Tick(ctx)

	if err := queue.Wake(ctx); err != nil {
		return fmt.Errorf("wake the work: %w", err)
	}

	return nil
}

// Settle waits until nothing is due.
func (d *Demo) Settle(ctx context.Context) error {
	if err := d.App.Site(municipality).Queue().WaitIdle(ctx); err != nil {
		return fmt.Errorf("wait for the work: %w", err)
	}

	return nil
}
