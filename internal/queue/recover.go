package queue

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"os"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sluse/sluse/migrations"
)

// A job of a dead process goes back with its attempt counted, so that the use case looks up
// before it repeats.
const (
	releaseAll = `UPDATE river_job SET state = 'available' WHERE state = 'running'`
	releaseOf  = `UPDATE river_job SET state = 'available', scheduled_at = LEAST(scheduled_at, now())
		WHERE state = 'running' AND attempted_by[array_upper(attempted_by, 1)] = $1`
	runningFor = `SELECT DISTINCT attempted_by[array_upper(attempted_by, 1)] FROM river_job WHERE state = 'running'`
)

// reapEvery is how often a process looks for the dead.
const reapEvery = 2 * time.Second

// lockFile takes a lock that the operating system drops when the process dies.
func lockFile(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("queue: %w", err)
	}

	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("queue: another process works on this SQLite database (%s); only PostgreSQL can be shared: %w", path, err), f.Close())
	}

	return func() { _ = f.Close() }, nil // closing drops the lock
}

// lockKey is the advisory lock that the process with this river client id holds while it lives.
func lockKey(id string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte("sluse/queue/" + id))

	return int64(h.Sum64()) //nolint:gosec // a hash; the sign means nothing
}

// standUp takes this process's lock on a connection of its own. PostgreSQL drops it when the
// process, or the line to it, dies; then others may take the jobs over. Therefore a process that
// loses the line tells Lost.
func (q *Queue) standUp(ctx context.Context, id string) error {
	conn, err := q.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("queue: %w", err)
	}

	q.undo = append(q.undo, func() { closeConn(ctx, conn) })
	q.alive = conn

	var mine bool
	if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", lockKey(id)).Scan(&mine); err != nil || !mine {
		return fmt.Errorf("queue: the lock of this process is taken: %w", err)
	}

	return q.reap(ctx)
}

// closeConn ends the session, and with it its locks, instead of giving it back to the pool.
func closeConn(ctx context.Context, conn *pgxpool.Conn) {
	_ = conn.Hijack().Close(context.WithoutCancel(ctx))
}

// reap frees the jobs of processes that no longer hold their lock.
func (q *Queue) reap(ctx context.Context) error {
	rows, err := q.pool.Query(ctx, runningFor)
	if err != nil {
		return fmt.Errorf("queue: look for jobs of dead processes: %w", err)
	}

	owners, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("queue: look for jobs of dead processes: %w", err)
	}

	for _, owner := range owners {
		if err := q.reapOne(ctx, owner); err != nil {
			return err
		}
	}

	return nil
}

// reapOne holds the owner's lock in a transaction while it frees the jobs, so that an owner that
// is just being born is never taken for dead.
func (q *Queue) reapOne(ctx context.Context, owner string) error {
	err := pgx.BeginFunc(ctx, q.pool, func(tx pgx.Tx) error {
		var dead bool
		if err := tx.QueryRow(ctx, "SELECT pg_try_advisory_xact_lock($1)", lockKey(owner)).Scan(&dead); err != nil || !dead {
			return err //nolint:wrapcheck // wrapped below
		}

		tag, err := tx.Exec(ctx, releaseOf, owner)
		if err == nil && tag.RowsAffected() > 0 {
			q.options.Logger.LogAttrs(ctx, slog.LevelWarn, "took over the jobs of a dead process",
				slog.String("process", owner), slog.Int64("jobs", tag.RowsAffected()))
		}

		return err //nolint:wrapcheck // wrapped below
	})
	if err != nil {
		return fmt.Errorf("queue: free jobs of a dead process: %w", err)
	}

	return nil
}

// watch reaps, and tells the backlog, until Stop.
func (q *Queue) watch(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	q.undo = append(q.undo, func() { cancel(); <-done })

	go func() {
		defer close(done)

		tick := time.NewTicker(reapEvery)
		defer tick.Stop()

		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}

			q.look(ctx)
		}
	}()
}

func (q *Queue) look(ctx context.Context) {
	if q.base.Dialect == migrations.Postgres {
		if err := q.alive.Ping(ctx); err != nil && ctx.Err() == nil {
			q.options.Lost(fmt.Errorf("queue: the line that shows that this process lives is lost: %w", err))

			return
		}

		if err := q.reap(ctx); err != nil && ctx.Err() == nil {
			q.options.Logger.LogAttrs(ctx, slog.LevelError, "can't look for dead processes", slog.String("error", err.Error()))
		}
	}

	if q.options.Backlog == nil {
		return
	}

	backlog, err := q.Backlog(ctx)
	if err != nil {
		return // the health check tells
	}

	for _, name := range []string{videoQueue, messageQueue, recordQueue, workQueue} {
		q.options.Backlog(name, backlog.Due[name])
	}
}
