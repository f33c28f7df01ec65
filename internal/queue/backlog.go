package queue

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/sluse/sluse/migrations"
)

// Counts are the jobs of one queue that are not finished.
type Counts struct {
	Due     int       // could run now
	Running int       // run now, or ended within the last quarter of a second
	Later   int       // wait for their time
	Next    time.Time // when the first of those that wait is due, UTC; zero when none waits
	Oldest  time.Time // since when the first of those that are due has been, UTC; zero when none is
}

// Backlog counts the unfinished jobs of every queue, those of all processes.
func (q *Queue) Backlog(ctx context.Context) (map[Name]Counts, error) {
	return q.backlog(ctx, cmp.Or(q.options.Reader, q.db))
}

// backlogOf reads times as text on SQLite, where they are text, and as such on PostgreSQL.
const backlogOf = `
SELECT queue, state, scheduled_at <= %s AS due, count(*), min(scheduled_at)
FROM river_job WHERE state IN ('available', 'running', 'retryable', 'scheduled')
GROUP BY 1, 2, 3`

func (q *Queue) backlog(ctx context.Context, db *sql.DB) (map[Name]Counts, error) {
	now, query := any(q.now()), fmt.Sprintf(backlogOf, "$1")
	if q.dialect == migrations.SQLite {
		now, query = q.now().Format(sqliteTime), fmt.Sprintf(backlogOf, "?")
	}

	rows, err := db.QueryContext(ctx, query, now)
	if err != nil {
		return nil, fmt.Errorf("queue: count: %w", err)
	}
	defer rows.Close()

	out := make(map[Name]Counts, len(Names()))
	for _, name := range Names() {
		out[name] = Counts{}
	}

	for rows.Next() {
		var (
			name  Name
			state string
			due   bool
			n     int
			first moment
		)

		if err := rows.Scan(&name, &state, &due, &n, &first); err != nil {
			return nil, fmt.Errorf("queue: count: %w", err)
		}

		out[name] = out[name].with(state, due, n, first.Time)
	}

	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("queue: count: %w", err)
	}

	return out, nil
}

func (c Counts) with(state string, due bool, n int, first time.Time) Counts {
	earlier := func(a, b time.Time) time.Time {
		if a.IsZero() || b.Before(a) {
			return b
		}

		return a
	}

	switch {
	case state == "running":
		c.Running += n
	case due:
		c.Due += n
		c.Oldest = earlier(c.Oldest, first)
	default:
		c.Later += n
		c.Next = earlier(c.Next, first)
	}

	return c
}

// sqliteTime is how river writes times for SQLite. Those that the driver writes have an offset
// behind it, always +00:00.
const sqliteTime = "2006-01-02 15:04:05.999"

// moment reads a time from either database; NULL is the zero time.
type moment struct{ time.Time }

// Scan implements sql.Scanner.
func (m *moment) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		m.Time = time.Time{}

		return nil
	case time.Time:
		m.Time = v.UTC()

		return nil
	case string:
		for _, layout := range []string{sqliteTime, "2006-01-02 15:04:05.999999999-07:00"} {
			if t, err := time.Parse(layout, v); err == nil {
				m.Time = t.UTC()

				return nil
			}
		}
	}

	return fmt.Errorf("queue: %T is no time", value)
}

// Idle reports whether no job is due or running, and the counts it went by.
func (q *Queue) Idle(ctx context.Context) (bool, map[Name]Counts, error) {
	counts, err := q.Backlog(ctx)
	if err != nil {
		return false, nil, err
	}

	for _, c := range counts {
		if c.Due+c.Running > 0 {
			return false, counts, nil
		}
	}

	return true, counts, nil
}

// WaitIdle returns when no job is due or running, or ctx ends. It waits for events of this
// process's jobs and looks every so often for those of others.
func (q *Queue) WaitIdle(ctx context.Context) error {
	events, cancel := q.Subscribe()
	defer cancel()

	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()

	for {
		idle, _, err := q.Idle(ctx)
		if err != nil || idle {
			return err
		}

		select {
		case <-ctx.Done():
			return fmt.Errorf("queue: not idle: %w", context.Cause(ctx))
		case <-events:
		case <-tick.C:
		}
	}
}

// Wake looks for jobs that are due now. Call it after the clock jumped.
func (q *Queue) Wake(ctx context.Context) error {
	now, query := any(q.now()), "UPDATE river_job SET state = 'available' WHERE state IN ('scheduled', 'retryable') AND scheduled_at <= $1"
	if q.dialect == migrations.SQLite {
		now = q.now().Format(sqliteTime)
	}

	if _, err := q.db.ExecContext(ctx, query, now); err != nil {
		return fmt.Errorf("queue: wake: %w", err)
	}

	rings := make(map[Name]bool, len(Names()))
	for _, name := range Names() {
		rings[name] = true
	}

	return q.announce(ctx, q.db, rings)
}
