package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"github.com/sluse/sluse/migrations"
	"github.com/sluse/sluse/scheduler"
)

// forever is longer than any clock is behind.
const forever = 200 * 365 * 24 * time.Hour

// config returns river's settings. Without workers the client only inserts.
func (q *Queue) config(work bool) *river.Config {
	config := &river.Config{
		FetchCooldown:               cooldown,
		FetchPollInterval:           max(q.options.Poll, rarely),
		JobTimeout:                  q.options.Timeout,
		RescueStuckJobsAfter:        q.options.Timeout + time.Hour, // the owner's lock is what finds dead processes
		CompletedJobRetentionPeriod: q.options.Retention,
		CancelledJobRetentionPeriod: 7 * q.options.Retention,
		MaxAttempts:                 math.MaxInt16 - 1, // the use case decides when to give up
		Hooks:                       []rivertype.Hook{&atOnce{}},
		Logger:                      slog.New(quiet{q.options.Logger.Handler()}),
		RetryPolicy:                 steady{q},
	}

	if q.options.Clock != nil || q.dialect == migrations.SQLite {
		config.Test.Time = generator{q}
	}

	// River's rescuer compares with the machine's clock whatever ours says: with ours behind it
	// would take a job that has just begun for stuck, and have it done twice.
	if q.options.Clock != nil {
		config.RescueStuckJobsAfter = forever
	}

	if !work {
		return config
	}

	config.Queues = make(map[string]river.QueueConfig, len(q.options.Workers))
	for name, n := range q.options.Workers {
		config.Queues[string(name)] = river.QueueConfig{MaxWorkers: n}
	}

	config.Workers = river.NewWorkers()
	for _, kind := range scheduler.JobKinds() {
		river.AddWorkerArgs(config.Workers, args{kind: kind}, &worker{queue: q})
	}

	return config
}

// buildInserter makes the client that stores jobs in transactions of database/sql.
func (q *Queue) buildInserter() (err error) {
	switch q.dialect {
	case migrations.SQLite:
		q.inserter, err = river.NewClient(newSQLite(q.db, q.bell), q.config(false))
	case migrations.Postgres:
		q.inserter, err = river.NewClient(silent{riverdatabasesql.New(q.db)}, q.config(false))
	default:
		err = errors.New("unknown dialect")
	}

	if err != nil {
		return fmt.Errorf("river: %w", err)
	}

	return nil
}

// buildRunner makes the client that works, and what marks this process as the owner of its
// jobs. On PostgreSQL both share a small pool of pgx, which can listen.
func (q *Queue) buildRunner(ctx context.Context) error {
	if q.dialect == migrations.SQLite {
		client, err := river.NewClient(newSQLite(q.db, q.bell), q.config(true))
		if err != nil {
			return fmt.Errorf("river: %w", err)
		}

		q.runner, q.owner = client, &fileOwner{db: q.db, log: q.options.Logger}

		return nil
	}

	pool, err := poolLike(ctx, q.db)
	if err != nil {
		return err
	}

	client, err := river.NewClient(postgresDriver{riverpgxv5.New(pool), q.bell}, q.config(true))
	if err != nil {
		pool.Close()

		return fmt.Errorf("river: %w", err)
	}

	q.runner, q.owner = client, newLockOwner(pool, client.ID(), q.bell, &q.options)

	return nil
}

// workPool is how many connections the workers' own pool may have: one listens, one holds the
// owner's lock, the others look for jobs and finish them.
const workPool = 8

// poolLike makes a pool of pgx to the same server as db. It connects when it is first used.
func poolLike(ctx context.Context, db *sql.DB) (*pgxpool.Pool, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	defer conn.Close()

	var like *pgx.ConnConfig

	err = conn.Raw(func(driver any) error {
		c, ok := driver.(*stdlib.Conn)
		if !ok {
			return errors.New("the database is not opened with pgx")
		}

		like = c.Conn().Config()
		like.OnNotification = nil // pgx puts that connection's own there

		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the connection's settings: %w", err)
	}

	config, err := pgxpool.ParseConfig("")
	if err != nil {
		return nil, fmt.Errorf("pool: %w", err)
	}

	config.ConnConfig, config.MaxConns, config.MinConns = like, workPool, 0

	pool, err := pgxpool.NewWithConfig(context.WithoutCancel(ctx), config)
	if err != nil {
		return nil, fmt.Errorf("pool: %w", err)
	}

	return pool, nil
}

// atOnce stores jobs for later as available with a time in the future. The way of river is a state
// of its own that its leader looks at every five seconds, which is too coarse for a visit.
type atOnce struct{ river.HookDefaults }

// InsertBegin implements rivertype.HookInsertBegin.
func (*atOnce) InsertBegin(_ context.Context, params *rivertype.JobInsertParams) error {
	if params.State == rivertype.JobStateScheduled {
		params.State = rivertype.JobStateAvailable
	}

	return nil
}

// silent is the inserting driver without river's own notifications; ours go out instead.
type silent struct{ *riverdatabasesql.Driver }

// SupportsListenNotify keeps river from sending notifications.
func (silent) SupportsListenNotify() bool { return false }

// generator is river's clock.
type generator struct{ queue *Queue }

// NowUTC implements rivertype.TimeGenerator.
func (g generator) NowUTC() time.Time { return g.queue.now() }

// NowUTCOrNil implements rivertype.TimeGenerator: the database's own clock is never asked.
func (g generator) NowUTCOrNil() *time.Time {
	now := g.queue.now()

	return &now
}

// steady is the wait after a run that ended outside our own code, which is after a panic of river.
type steady struct{ queue *Queue }

// NextRetry implements river.ClientRetryPolicy.
func (s steady) NextRetry(*rivertype.JobRow) time.Time { return s.queue.now().Add(time.Second) }

// quiet drops river's small talk.
type quiet struct{ slog.Handler }

// Enabled lets warnings and errors through.
func (h quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.Handler.Enabled(ctx, level)
}

// WithAttrs implements slog.Handler.
func (h quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{h.Handler.WithAttrs(attrs)} }

// WithGroup implements slog.Handler.
func (h quiet) WithGroup(name string) slog.Handler { return quiet{h.Handler.WithGroup(name)} }
