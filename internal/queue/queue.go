// Package queue is the work of one municipality: river on the municipality's own database.
//
// A job is stored in the transaction of the change that needs it, so both exist or neither.
// The use case does the work and returns an error whose kind decides what happens next
// (work.go). A process that dies leaves its jobs marked as running; the others, or the next
// start, find out and make them available again at once (recover.go).
package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivertype"

	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/migrations"
	"github.com/sluse/sluse/scheduler"
)

// Workers are how many jobs of each queue run at once in this process. The outside system's
// operator has agreed to so many calls; our own cores never are the limit.
type Workers struct {
	Video   int // rooms
	Message int // messages and their delivery
	Record  int // entries in the care record
	Work    int // everything that calls nobody, or seldom
}

// The queues.
const (
	videoQueue   = "video"
	messageQueue = "message"
	recordQueue  = "record"
	workQueue    = "work"
)

// Options are what a Queue is made of. Run, Clock and Logger are required.
type Options struct {
	Workers Workers
	Run     func(ctx context.Context, job scheduler.Job) error
	Clock   func() time.Time
	// Shifted says that Clock is not the machine's: due times follow it then.
	Shifted bool
	Logger  *slog.Logger
	// Observe is told of every run of a job; nil: nobody listens.
	Observe func(kind scheduler.JobKind, err error, took time.Duration)
	// Backlog is told every few seconds how many jobs of a queue are due; nil: nobody listens.
	Backlog func(queue string, jobs int)
	// Lost is told, on PostgreSQL, when others may take this process for dead: the process has
	// to end, because its jobs will be done by somebody else. Required for PostgreSQL.
	Lost func(err error)
}

// Times of the queue. A call outside has its own, shorter limits.
const (
	jobTimeout    = 3 * time.Minute
	rescueAfter   = 10 * time.Minute // for a job that hangs in a living process; the dead are found sooner
	pollSQLite    = 100 * time.Millisecond
	pollPostgres  = time.Second // what LISTEN misses
	fetchCooldown = 5 * time.Millisecond
	keepFinished  = 24 * time.Hour
	keepFailed    = 30 * 24 * time.Hour
	maxAttempts   = 30000 // the use case gives up, not the queue
)

// client is what we need of a river client, whatever its transactions are.
type client interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	StopAndCancel(ctx context.Context) error
	ID() string
}

// Queue is one municipality's queue. It is safe for concurrent use.
type Queue struct {
	options Options
	base    *store.Database
	insert  *river.Client[*sql.Tx]
	work    client
	pool    *pgxpool.Pool // PostgreSQL, while working
	alive   *pgxpool.Conn // holds this process's lock
	undo    []func()      // run last to first at Stop
	started sync.Mutex
}

var _ store.JobInserter = (*Queue)(nil)

// New makes a queue that inserts. Start makes it work.
func New(base *store.Database, o Options) (*Queue, error) {
	if o.Run == nil || o.Clock == nil || o.Logger == nil {
		return nil, errors.New("queue: Run, Clock and Logger are needed")
	}

	if o.Lost == nil && base.Dialect == migrations.Postgres {
		return nil, errors.New("queue: Lost is needed")
	}

	q := &Queue{options: o, base: base}

	var err error

	switch base.Dialect {
	case migrations.SQLite:
		q.insert, err = river.NewClient(riversqlite.New(base.Writer), q.config(false))
	case migrations.Postgres:
		q.insert, err = river.NewClient(riverdatabasesql.New(base.Writer), q.config(false))
	}

	if err != nil {
		return nil, fmt.Errorf("queue: %w", err)
	}

	return q, nil
}

// config is river's configuration; without working it only inserts.
func (q *Queue) config(working bool) *river.Config {
	c := &river.Config{
		Logger: q.options.Logger.With("part", "queue"), MaxAttempts: maxAttempts, JobTimeout: jobTimeout,
		RescueStuckJobsAfter: rescueAfter, CompletedJobRetentionPeriod: keepFinished,
		CancelledJobRetentionPeriod: keepFailed, DiscardedJobRetentionPeriod: keepFailed,
		FetchCooldown: fetchCooldown, FetchPollInterval: pollPostgres, RetryPolicy: backoff{q.options.Clock},
	}

	if q.options.Shifted {
		c.Test.Time = shifted{q.options.Clock}
	}

	if q.base.Dialect == migrations.SQLite {
		c.FetchPollInterval = pollSQLite
	}

	if working {
		c.Workers = river.NewWorkers()
		river.AddWorker(c.Workers, &worker{queue: q})

		w := q.options.Workers
		c.Queues = map[string]river.QueueConfig{
			videoQueue: {MaxWorkers: max(1, w.Video)}, messageQueue: {MaxWorkers: max(1, w.Message)},
			recordQueue: {MaxWorkers: max(1, w.Record)}, workQueue: {MaxWorkers: max(1, w.Work)},
		}
	}

	return c
}

// Start begins to work. On SQLite no other process may work on the same file.
func (q *Queue) Start(ctx context.Context) error {
	q.started.Lock()
	defer q.started.Unlock()

	// Work outlives the context of the start; Stop ends it.
	ctx = context.WithoutCancel(ctx)

	open := q.openSQLite
	if q.base.Dialect == migrations.Postgres {
		open = q.openPostgres
	}

	if err := open(ctx); err != nil {
		q.unwind()

		return err
	}

	if err := q.work.Start(ctx); err != nil {
		q.unwind()

		return fmt.Errorf("queue: start: %w", err)
	}

	q.watch(ctx)

	return nil
}

// Stop lets running jobs finish within the context's time, then cancels them.
func (q *Queue) Stop(ctx context.Context) error {
	q.started.Lock()
	defer q.started.Unlock()

	if q.work == nil {
		return nil
	}

	err := q.work.Stop(ctx)
	if err != nil {
		cancel, done := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer done()

		err = q.work.StopAndCancel(cancel)
	}

	q.work = nil
	q.unwind()

	if err != nil {
		return fmt.Errorf("queue: stop: %w", err)
	}

	return nil
}

func (q *Queue) unwind() {
	for i := len(q.undo) - 1; i >= 0; i-- {
		q.undo[i]()
	}

	q.undo = nil
}

func (q *Queue) openSQLite(ctx context.Context) error {
	unlock, err := lockFile(q.base.Path + ".work")
	if err != nil {
		return err
	}

	q.undo = append(q.undo, unlock)

	// Nobody else works on this file, so whatever is marked as running was left behind.
	if _, err := q.base.Writer.ExecContext(ctx, releaseAll); err != nil {
		return fmt.Errorf("queue: free jobs of a dead process: %w", err)
	}

	work, err := river.NewClient(riversqlite.New(q.base.Writer), q.config(true))
	if err != nil {
		return fmt.Errorf("queue: %w", err)
	}

	q.work = work

	return nil
}

func (q *Queue) openPostgres(ctx context.Context) error {
	pool, err := q.base.Pool(ctx)
	if err != nil {
		return fmt.Errorf("queue: %w", err)
	}

	q.pool = pool
	q.undo = append(q.undo, pool.Close)

	work, err := river.NewClient(riverpgxv5.New(pool), q.config(true))
	if err != nil {
		return fmt.Errorf("queue: %w", err)
	}

	q.work = work

	return q.standUp(ctx, work.ID())
}

// shifted makes river live by another clock than the machine's.
type shifted struct{ now func() time.Time }

var _ rivertype.TimeGenerator = shifted{}

// NowUTC returns the clock's time.
func (s shifted) NowUTC() time.Time { return s.now().UTC() }

// NowUTCOrNil returns the same, so that the database's own clock is never asked.
func (s shifted) NowUTCOrNil() *time.Time {
	t := s.now().UTC()

	return &t
}
