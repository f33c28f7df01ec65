package queue

import (
	"context"
	"fmt"
	"time"

	"github.com/sluse/sluse/migrations"
)

// Backlog is what a queue has to do.
type Backlog struct {
	Due     map[string]int // by queue: due now and not running
	Running int
	Later   int // due later: scheduled, or waiting for another try
	Failed  int // ended with a refusal or given up, in the last 30 days
	// NextAt is when the next job that is not due yet will be; zero when there is none.
	NextAt time.Time
}

// Idle reports whether nothing runs and nothing is due.
func (b Backlog) Idle() bool {
	due := 0
	for _, n := range b.Due {
		due += n
	}

	return due == 0 && b.Running == 0
}

// Backlog counts the jobs. It does not wait for writers.
func (q *Queue) Backlog(ctx context.Context) (Backlog, error) {
	rows, err := q.base.Reader.QueryContext(ctx, `SELECT queue, state, scheduled_at FROM river_job WHERE state <> 'completed'`)
	if err != nil {
		return Backlog{}, fmt.Errorf("count jobs: %w", err)
	}
	defer rows.Close()

	out := Backlog{Due: map[string]int{}}
	now := q.options.Clock()

	for rows.Next() {
		var (
			queue, state string
			at           time.Time
		)

		if err := rows.Scan(&queue, &state, &at); err != nil {
			return Backlog{}, fmt.Errorf("count jobs: %w", err)
		}

		out.add(queue, state, at, now)
	}

	if err := rows.Err(); err != nil {
		return Backlog{}, fmt.Errorf("count jobs: %w", err)
	}

	return out, nil
}

func (b *Backlog) add(queue, state string, at, now time.Time) {
	switch state {
	case "running":
		b.Running++
	case "available", "scheduled", "retryable", "pending":
		if !at.After(now) {
			b.Due[queue]++

			return
		}

		b.Later++

		if b.NextAt.IsZero() || at.Before(b.NextAt) {
			b.NextAt = at
		}
	case "cancelled", "discarded":
		b.Failed++
	}
}

// Nudge makes what is due available at once, instead of at river's next look. It is for a clock
// that jumps.
func (q *Queue) Nudge(ctx context.Context) error {
	const make = `UPDATE river_job SET state = 'available' WHERE state IN ('scheduled', 'retryable') AND scheduled_at <= `

	placeholder, now := "$1", any(q.options.Clock().UTC())
	if q.base.Dialect == migrations.SQLite {
		placeholder, now = "?", q.options.Clock().UTC().Format(sqliteTime)
	}

	if _, err := q.base.Writer.ExecContext(ctx, make+placeholder, now); err != nil {
		return fmt.Errorf("make jobs available: %w", err)
	}

	return nil
}

// sqliteTime is how river writes times into SQLite; texts of this form are in order of time.
const sqliteTime = "2006-01-02 15:04:05.999"
