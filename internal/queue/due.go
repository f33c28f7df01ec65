package queue

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// rarely is how often river itself looks for jobs. Each look of its is a statement that writes,
// for each queue; the timekeeper's one read for all of them takes its place.
const rarely = 30 * time.Second

// dueOf asks for the time of the first job of every queue and priority, each of which is one step
// into the index by which river finds jobs, however many wait for later.
const dueOf = `
WITH wanted (queue, priority) AS (VALUES %s)
SELECT queue, (
	SELECT min(scheduled_at) FROM river_job
	WHERE state = 'available' AND river_job.queue = wanted.queue AND river_job.priority = wanted.priority
) FROM wanted`

// dueQuery is dueOf for all queues and priorities.
func dueQuery() string {
	var pairs []string

	for _, name := range Names() {
		for priority := range 4 {
			pairs = append(pairs, fmt.Sprintf("('%s', %d)", name, priority+1))
		}
	}

	return fmt.Sprintf(dueOf, strings.Join(pairs, ", "))
}

// keepTime rings for every queue that has a job whose time has come, until ctx ends. Between two
// looks it waits for the next job's time, and no longer than Poll: jobs are stored by others too,
// and the clock may jump.
func (q *Queue) keepTime(ctx context.Context) {
	query := dueQuery()
	timer := time.NewTimer(0)

	defer timer.Stop()

	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}

		next, err := q.ringDue(ctx, query)
		if err != nil && ctx.Err() == nil {
			q.options.Logger.LogAttrs(ctx, slog.LevelWarn, "could not look for jobs that are due", slog.Any("error", err))
		}

		wait := q.options.Poll
		if !next.IsZero() {
			wait = min(wait, max(next.Sub(q.now()), 0)+cooldown)
		}

		timer.Reset(wait)
	}
}

// ringDue rings for the queues that have work now and returns when the next job is due that is
// not due yet; zero when there is none.
func (q *Queue) ringDue(ctx context.Context, query string) (next time.Time, err error) {
	rows, err := cmp.Or(q.options.Reader, q.db).QueryContext(ctx, query)
	if err != nil {
		return next, fmt.Errorf("queue: due: %w", err)
	}
	defer rows.Close()

	now := q.now()

	for rows.Next() {
		var (
			name  Name
			first moment
		)

		if err := rows.Scan(&name, &first); err != nil {
			return next, fmt.Errorf("queue: due: %w", err)
		}

		switch {
		case first.IsZero():
		case !first.After(now):
			q.bell.ring(name)
		case next.IsZero() || first.Before(next):
			next = first.Time
		}
	}

	if err := rows.Err(); err != nil {
		return next, fmt.Errorf("queue: due: %w", err)
	}

	return next, nil
}
