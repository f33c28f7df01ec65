package queue

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// watch is how often a process renews its claim and looks for dead ones.
const watch = time.Second

// lockOwner owns its jobs by a session-level advisory lock on a connection of its own, keyed
// by river's client id. PostgreSQL lets go of it when the process dies. Whoever gets the lock
// of another id twice in a row, a second apart, takes that one's jobs: twice, because a live
// process that lost its connection gets its lock back in between.
type lockOwner struct {
	pool *pgxpool.Pool
	id   string
	bell *bell
	log  *slog.Logger
	tell func(rank, of int)

	rank, of int // as told last
	rounds   int

	held   *pgxpool.Conn
	free   map[string]bool // ids whose lock was free the last time
	cancel context.CancelFunc
	group  sync.WaitGroup
}

func newLockOwner(pool *pgxpool.Pool, id string, b *bell, o *Options) *lockOwner {
	return &lockOwner{pool: pool, id: id, bell: b, log: o.Logger, tell: o.Present, free: make(map[string]bool)}
}

// lockKey maps a client id into the space of advisory locks.
func lockKey(id string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte("sluse/queue/owner/" + id)) // a hash takes everything

	return int64(h.Sum64()) //nolint:gosec // any 64 bits are a key
}

// claim takes the lock before the first job, and starts the watch.
func (o *lockOwner) claim(ctx context.Context) error {
	if err := o.hold(ctx); err != nil {
		return err
	}

	background, cancel := context.WithCancel(context.WithoutCancel(ctx))
	o.cancel = cancel

	o.group.Go(func() { o.watch(background) })
	o.group.Go(func() { o.listen(background) })

	return nil
}

// hold takes our own lock on a connection that stays open.
func (o *lockOwner) hold(ctx context.Context) error {
	conn, err := o.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connect for the owner's lock: %w", err)
	}

	var got bool

	err = conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", lockKey(o.id)).Scan(&got)
	if err == nil && !got {
		err = errors.New("it is taken")
	}

	if err != nil {
		conn.Release()

		return fmt.Errorf("take the owner's lock: %w", err)
	}

	o.held = conn

	return o.appear(ctx)
}

func (o *lockOwner) release(ctx context.Context) error {
	if o.cancel != nil {
		o.cancel()
		o.group.Wait()
		o.cancel = nil
	}

	o.drop(ctx)
	o.pool.Close()

	return nil
}

// drop closes the connection of the lock, and the lock with it.
func (o *lockOwner) drop(ctx context.Context) {
	if o.held == nil {
		return
	}

	_ = o.held.Conn().Close(ctx) // the server lets go either way
	o.held.Release()
	o.held = nil
}

func (o *lockOwner) watch(ctx context.Context) {
	tick := time.NewTicker(watch)
	defer tick.Stop()

	for {
		if err := o.round(ctx); err != nil && ctx.Err() == nil {
			o.log.LogAttrs(ctx, slog.LevelWarn, "could not look for dead processes", slog.Any("error", err))
		}

		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// round renews our claim and takes over what was free twice.
func (o *lockOwner) round(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*watch)
	defer cancel()

	if o.held == nil || o.held.Ping(ctx) != nil {
		o.drop(ctx)

		if err := o.hold(ctx); err != nil {
			return err
		}
	}

	if o.rounds%countEvery == 0 {
		if err := o.count(ctx); err != nil {
			return err
		}
	}

	o.rounds++

	ids, err := o.others(ctx)
	if err != nil {
		return err
	}

	free := make(map[string]bool, len(ids))

	for _, id := range ids {
		dead, err := o.examine(ctx, id, o.free[id])
		if err != nil {
			return err
		}

		free[id] = dead
	}

	o.free = free

	return nil
}

// others returns who else is said to run jobs.
func (o *lockOwner) others(ctx context.Context) ([]string, error) {
	rows, err := o.pool.Query(ctx, `
		SELECT DISTINCT attempted_by[array_upper(attempted_by, 1)] FROM river_job
		WHERE state = 'running' AND attempted_by[array_upper(attempted_by, 1)] <> $1`, o.id)
	if err != nil {
		return nil, fmt.Errorf("who runs jobs: %w", err)
	}

	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("who runs jobs: %w", err)
	}

	return ids, nil
}

// examine tries the lock of another id and reports whether it was free. When it was free the
// last time as well, that process is dead and its jobs are put back while we hold its lock.
// The number of attempts stays, so that the use case looks up before it repeats.
func (o *lockOwner) examine(ctx context.Context, id string, before bool) (bool, error) {
	var (
		free  bool
		freed int64
	)

	err := pgx.BeginFunc(ctx, o.pool, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, "SELECT pg_try_advisory_xact_lock($1)", lockKey(id)).Scan(&free); err != nil || !free || !before {
			return err //nolint:wrapcheck // wrapped below
		}

		done, err := tx.Exec(ctx, `
			UPDATE river_job SET state = 'available'
			WHERE state = 'running' AND attempted_by[array_upper(attempted_by, 1)] = $1`, id)
		if err != nil {
			return err //nolint:wrapcheck // wrapped below
		}

		freed = done.RowsAffected()

		if _, err := tx.Exec(ctx, "DELETE FROM river_leader WHERE leader_id = $1", id); err != nil {
			return err //nolint:wrapcheck // wrapped below
		}

		for _, name := range Names() {
			if _, err := tx.Exec(ctx, "SELECT pg_notify($1, $2)", channel, string(name)); err != nil {
				return err //nolint:wrapcheck // wrapped below
			}
		}

		return nil
	})
	if err != nil {
		return false, fmt.Errorf("take over jobs: %w", err)
	}

	if freed > 0 {
		o.log.LogAttrs(ctx, slog.LevelWarn, "took over jobs of a dead process", slog.String("client", id), slog.Int64("jobs", freed))
	}

	return free, nil
}

// listen rings the bell for every notification, and once for every queue whenever the line
// was down. It returns when ctx ends.
func (o *lockOwner) listen(ctx context.Context) {
	tick := time.NewTicker(watch)
	defer tick.Stop()

	for {
		if err := o.hear(ctx); err != nil && ctx.Err() == nil {
			o.log.LogAttrs(ctx, slog.LevelWarn, "could not listen for jobs", slog.Any("error", err))
		}

		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// hear listens on one connection until it fails.
func (o *lockOwner) hear(ctx context.Context) error {
	conn, err := o.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connect to listen: %w", err)
	}

	line := conn.Hijack()
	defer func() { _ = line.Close(context.WithoutCancel(ctx)) }()

	if _, err := line.Exec(ctx, "LISTEN "+channel); err != nil {
		return fmt.Errorf("listen: %w", err)
	}

	for _, name := range Names() {
		o.bell.ring(name)
	}

	for {
		heard, err := line.WaitForNotification(ctx)
		if err != nil {
			return fmt.Errorf("wait for a notification: %w", err)
		}

		o.bell.ring(Name(heard.Payload))
	}
}
