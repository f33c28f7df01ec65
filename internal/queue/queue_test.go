package queue_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/internal/queue"
	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/internal/testenv/pg"
	"github.com/sluse/sluse/migrations"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// patience bounds every wait; it only matters when a test fails.
const patience = 30 * time.Second

// both runs a test on both databases.
func both(t *testing.T, test func(t *testing.T, config store.Config)) {
	t.Helper()

	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, store.Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "queue.db")})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, store.Config{URL: pg.URL(t)})
	})
}

// database opens a database and makes the queue's tables.
func database(tb testing.TB, config store.Config) *store.Database {
	tb.Helper()

	db, err := store.Connect(tb.Context(), config)
	if err != nil {
		tb.Fatal(err)
	}

	tb.Cleanup(func() { _ = db.Close() })

	if err := queue.Migrate(tb.Context(), db.Writer, db.Dialect); err != nil {
		tb.Fatal(err)
	}

	return db
}

func logger(tb testing.TB) *slog.Logger {
	tb.Helper()

	return slog.New(slog.NewTextHandler(tb.Output(), nil))
}

func newQueue(tb testing.TB, db *store.Database, o queue.Options) *queue.Queue {
	tb.Helper()

	o.Logger, o.Reader = logger(tb), db.Reader

	q, err := queue.New(db.Writer, db.Dialect, o)
	if err != nil {
		tb.Fatal(err)
	}

	return q
}

func four(n int) map[queue.Name]int {
	out := make(map[queue.Name]int)
	for _, name := range queue.Names() {
		out[name] = n
	}

	return out
}

// working starts a queue and stops it when the test ends.
func working(tb testing.TB, db *store.Database, o queue.Options) *queue.Queue {
	tb.Helper()

	if o.Workers == nil {
		o.Workers = four(4)
	}

	q := newQueue(tb, db, o)
	if err := q.Start(tb.Context()); err != nil {
		tb.Fatal(err)
	}

	tb.Cleanup(func() { stop(tb, q) })

	return q
}

func stop(tb testing.TB, q *queue.Queue) {
	tb.Helper()

	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()

	if err := q.Stop(ctx); err != nil {
		tb.Error(err)
	}
}

// put stores jobs in a transaction that ends as told.
func put(tb testing.TB, db *store.Database, q *queue.Queue, commit bool, jobs ...scheduler.Job) {
	tb.Helper()

	tx, err := db.Writer.BeginTx(tb.Context(), nil)
	if err != nil {
		tb.Fatal(err)
	}

	if err := q.InsertJobs(tb.Context(), tx, jobs); err != nil {
		tb.Fatal(errors.Join(err, tx.Rollback()))
	}

	end := tx.Rollback
	if commit {
		end = tx.Commit
	}

	if err := end(); err != nil {
		tb.Fatal(err)
	}
}

// receive waits for what a job sends.
func receive[T any](tb testing.TB, from <-chan T) T {
	tb.Helper()

	timer := time.NewTimer(patience)
	defer timer.Stop()

	select {
	case v := <-from:
		return v
	case <-timer.C:
		tb.Fatal("nothing came")
	}

	panic("unreachable")
}

func quiet(tb testing.TB, q *queue.Queue) {
	tb.Helper()

	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()

	if err := q.WaitIdle(ctx); err != nil {
		tb.Fatal(err)
	}
}

// collect gathers the jobs that ran.
type collect struct {
	mutex sync.Mutex
	jobs  []scheduler.Job
}

func (c *collect) run(_ context.Context, job scheduler.Job) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()

	c.jobs = append(c.jobs, job)

	return nil
}

func TestEveryKindRunsOnceAndARolledBackJobNever(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, config store.Config) {
		t.Helper()

		db := database(t, config)
		seen := &collect{}
		q := working(t, db, queue.Options{Run: seen.run})
		at := time.Date(2026, 11, 21, 10, 0, 0, 123456000, time.UTC)

		var want []scheduler.Job

		for _, kind := range scheduler.JobKinds() {
			if queue.Of(kind) == "" {
				t.Errorf("%s has no queue", kind)
			}

			want = append(want, scheduler.Job{Kind: kind, Visit: "visit-1", Ref: string(kind) + "-ref", At: at, Attempt: 1})
		}

		put(t, db, q, false, scheduler.Job{Kind: scheduler.ConcludeJob, Visit: "rolled-back"})
		put(t, db, q, true)
		put(t, db, q, true, want...)
		quiet(t, q)

		seen.mutex.Lock()
		defer seen.mutex.Unlock()

		got := make(map[scheduler.JobKind]scheduler.Job)
		for _, j := range seen.jobs {
			got[j.Kind] = j
		}

		if len(seen.jobs) != len(want) {
			t.Fatalf("%d runs of %d jobs", len(seen.jobs), len(want))
		}

		for _, j := range want {
			if diff := cmp.Diff(j, got[j.Kind]); diff != "" {
				t.Error(diff)
			}
		}
	})
}

func TestUnknownKindIsRefused(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, config store.Config) {
		t.Helper()

		db := database(t, config)
		q := newQueue(t, db, queue.Options{})

		tx, err := db.Writer.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tx.Rollback() }()

		if err := q.InsertJobs(t.Context(), tx, []scheduler.Job{{Kind: "nonsense"}}); err == nil {
			t.Fatal("a job that nobody can run was stored")
		}
	})
}

// TestOutcomes returns each kind of error once or more, then nothing, and looks at how often
// and as which attempt the job ran.
func TestOutcomes(t *testing.T) {
	t.Parallel()

	outside := func(kind connector.Kind, after time.Duration) error {
		return &connector.Error{System: "vdx", Op: "book", Kind: kind, RetryAfter: after}
	}

	for name, c := range map[string]struct {
		errs     []error // of the runs, in order; the next one succeeds
		panics   bool
		attempts []int
		outcome  string // of the first run
	}{
		"done":             {attempts: []int{1}, outcome: "done"},
		"unavailable":      {errs: []error{outside(connector.Unavailable, 0)}, attempts: []int{1, 2}, outcome: "unavailable"},
		"unknown":          {errs: []error{outside(connector.Unknown, 0), outside(connector.Unknown, 0)}, attempts: []int{1, 2, 3}, outcome: "unknown"},
		"pending":          {errs: []error{outside(connector.Pending, time.Millisecond), outside(connector.Pending, time.Millisecond)}, attempts: []int{1, 2, 2}, outcome: "pending"},
		"rate limited":     {errs: []error{outside(connector.RateLimited, 5*time.Millisecond)}, attempts: []int{1, 2}, outcome: "rate_limited"},
		"rejected":         {errs: []error{outside(connector.Rejected, 0)}, attempts: []int{1}, outcome: "rejected"},
		"malformed":        {errs: []error{outside(connector.Malformed, 0)}, attempts: []int{1}, outcome: "malformed"},
		"unsupported":      {errs: []error{outside(connector.Unsupported, 0)}, attempts: []int{1}, outcome: "unsupported"},
		"not found":        {errs: []error{outside(connector.NotFound, 0)}, attempts: []int{1}, outcome: "not_found"},
		"outside conflict": {errs: []error{outside(connector.Conflict, 0)}, attempts: []int{1}, outcome: "conflict"},
		"store conflict":   {errs: []error{care.NewError(care.Conflict, "x")}, attempts: []int{1, 2}, outcome: "care_conflict"},
		"gone":             {errs: []error{care.NewError(care.NotFound, "x")}, attempts: []int{1}, outcome: "care_not_found"},
		"panic":            {panics: true, attempts: []int{1, 2}, outcome: "panic"},
		"other":            {errs: []error{errors.New("other")}, attempts: []int{1, 2}, outcome: "internal"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			both(t, func(t *testing.T, config store.Config) {
				t.Helper()

				var (
					mutex    sync.Mutex
					attempts []int
					outcomes []string
				)

				db := database(t, config)
				q := working(t, db, queue.Options{
					Observe: func(o queue.Observation) {
						mutex.Lock()
						defer mutex.Unlock()

						outcomes = append(outcomes, o.Outcome)
					},
					Run: func(_ context.Context, job scheduler.Job) error {
						mutex.Lock()
						defer mutex.Unlock()

						attempts = append(attempts, job.Attempt)

						if n := len(attempts); c.panics && n == 1 {
							panic("a secret that must not be shown")
						} else if n <= len(c.errs) {
							return c.errs[n-1]
						}

						return nil
					},
				})

				events, cancel := q.Subscribe()
				defer cancel()

				put(t, db, q, true, scheduler.Job{Kind: scheduler.BookRoomJob, Visit: "v"})

				for range c.attempts {
					if e := receive(t, events); e.Kind != scheduler.BookRoomJob || e.Visit != "v" {
						t.Errorf("event is %+v", e)
					}
				}

				quiet(t, q)
				mutex.Lock()
				defer mutex.Unlock()

				if diff := cmp.Diff(c.attempts, attempts); diff != "" {
					t.Errorf("attempts (-want +got):\n%s", diff)
				}

				if outcomes[0] != c.outcome {
					t.Errorf("outcome is %s, want %s", outcomes[0], c.outcome)
				}
			})
		})
	}
}

// jumpClock is real time plus an offset that jumps.
type jumpClock struct {
	mutex  sync.Mutex
	offset time.Duration
}

func (c *jumpClock) now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()

	return time.Now().Add(c.offset)
}

func (c *jumpClock) jump(d time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()

	c.offset += d
}

// TestShiftedClock runs jobs by a clock that is far ahead or behind and jumps.
func TestShiftedClock(t *testing.T) {
	t.Parallel()

	for name, offset := range map[string]time.Duration{"ahead": 400 * 24 * time.Hour, "behind": -400 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			both(t, func(t *testing.T, config store.Config) {
				t.Helper()

				clock := &jumpClock{offset: offset}
				ran := make(chan scheduler.Job, 10)
				db := database(t, config)
				q := working(t, db, queue.Options{Clock: clock.now, Run: func(_ context.Context, job scheduler.Job) error {
					ran <- job
					if job.Ref == "slow" && job.Attempt == 1 {
						return &connector.Error{Kind: connector.Pending, RetryAfter: 5 * time.Minute}
					}

					return nil
				}})

				put(t, db, q, true,
					scheduler.Job{Kind: scheduler.ConcludeJob, Ref: "later", At: clock.now().Add(time.Hour)},
					scheduler.Job{Kind: scheduler.BookRoomJob, Ref: "now"}, scheduler.Job{Kind: scheduler.WatchRoomJob, Ref: "slow"})
				receive(t, ran)
				receive(t, ran)
				quiet(t, q)

				counts, err := q.Backlog(t.Context())
				if err != nil {
					t.Fatal(err)
				}

				if counts[queue.Work].Later != 1 || counts[queue.Video].Later != 1 || len(ran) != 0 {
					t.Fatalf("backlog is %+v with %d runs too early", counts, len(ran))
				}

				if wait := counts[queue.Work].Next.Sub(clock.now()); wait < 59*time.Minute || wait > time.Hour {
					t.Errorf("next is in %v, want an hour", wait)
				}

				clock.jump(6 * time.Minute)

				if err := q.Wake(t.Context()); err != nil {
					t.Fatal(err)
				}

				if job := receive(t, ran); job.Ref != "slow" || job.Attempt != 2 {
					t.Errorf("ran %+v, want the second look at the slow one", job)
				}

				quiet(t, q)
				clock.jump(time.Hour)

				if job := receive(t, ran); job.Ref != "later" {
					t.Errorf("ran %+v, want the one for later", job)
				}
			})
		})
	}
}

// TestStopDrainsThenCancels stops with jobs that end by themselves, and with one that does not.
func TestStopDrainsThenCancels(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, config store.Config) {
		t.Helper()

		db := database(t, config)
		started, finish := make(chan int, 4), make(chan struct{})
		run := func(ctx context.Context, job scheduler.Job) error {
			started <- job.Attempt
			if job.Ref == "endless" {
				<-ctx.Done()

				return ctx.Err()
			}

			<-finish

			return nil
		}
		first := newQueue(t, db, queue.Options{Workers: four(1), Run: run})

		if err := first.Start(t.Context()); err != nil {
			t.Fatal(err)
		}

		put(t, db, first, true, scheduler.Job{Kind: scheduler.SendJob, Ref: "ends"})
		receive(t, started)

		stopped := make(chan error)
		go func() { stopped <- first.Stop(context.WithoutCancel(t.Context())) }()

		close(finish)

		if err := receive(t, stopped); err != nil {
			t.Fatal(err)
		}

		if idle, counts, err := first.Idle(t.Context()); err != nil || !idle {
			t.Fatalf("after a drain: %+v, %v", counts, err)
		}

		second := newQueue(t, db, queue.Options{Workers: four(1), Run: run})
		if err := second.Start(t.Context()); err != nil {
			t.Fatal(err)
		}

		put(t, db, second, true, scheduler.Job{Kind: scheduler.SendJob, Ref: "endless"})
		receive(t, started)

		over, cancel := context.WithCancel(t.Context())
		cancel()

		if err := second.Stop(over); err != nil {
			t.Fatal(err)
		}

		third := newQueue(t, db, queue.Options{Workers: four(1), Run: func(_ context.Context, job scheduler.Job) error {
			started <- job.Attempt

			return nil
		}})
		if err := third.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer stop(t, third)

		if attempt := receive(t, started); attempt < 2 {
			t.Errorf("the cancelled job came back as attempt %d, want 2 or more", attempt)
		}
	})
}

func TestNoPersonalDataOrErrorTextIsStored(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, config store.Config) {
		t.Helper()

		db := database(t, config)
		q := working(t, db, queue.Options{Run: func(context.Context, scheduler.Job) error {
			return &connector.Error{Kind: connector.Rejected, Err: errors.New("hemmelig tekst")}
		}})
		put(t, db, q, true, scheduler.Job{Kind: scheduler.SendJob, Visit: "v"})
		quiet(t, q)

		var text sql.NullString

		query := "SELECT CAST(errors AS TEXT) FROM river_job"
		if db.Dialect == migrations.Postgres {
			query = "SELECT errors::text FROM river_job"
		}

		if err := db.Reader.QueryRowContext(t.Context(), query).Scan(&text); err != nil {
			t.Fatal(err)
		}

		if text.String == "" || strings.Contains(text.String, "hemmelig") {
			t.Fatalf("stored errors are %q", text.String)
		}
	})
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
