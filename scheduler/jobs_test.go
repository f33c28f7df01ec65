package scheduler_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/migrations"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// jobs is a queue whose jobs the test runs: they are stored in the store's transaction, and what
// becomes of one is decided by the kind of its error, as in internal/queue.
type jobs struct {
	db      *sql.DB
	dialect migrations.Dialect
	// ran tells of every run, for messages of tests that fail.
	ran []string
}

// row is one stored job.
type row struct {
	scheduler.Job
	n        int64
	failures int
	snoozes  int
	due      time.Time
}

const createJobs = `CREATE TABLE IF NOT EXISTS test_jobs (
	n %s, kind TEXT, visit TEXT, ref TEXT, at BIGINT, due BIGINT,
	failures INTEGER NOT NULL DEFAULT 0, snoozes INTEGER NOT NULL DEFAULT 0, ended TEXT NOT NULL DEFAULT '')`

func newJobs(tb testing.TB, db *store.Database) *jobs {
	tb.Helper()

	j := &jobs{db: db.Writer, dialect: db.Dialect}
	key := "INTEGER PRIMARY KEY"

	if db.Dialect == migrations.Postgres {
		key = "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
	}

	_, err := db.Writer.ExecContext(tb.Context(), fmt.Sprintf(createJobs, key))
	must(tb, err)

	return j
}

// query writes placeholders as the database wants them.
func (j *jobs) query(text string) string {
	for n := 1; j.dialect == migrations.Postgres && strings.Contains(text, "?"); n++ {
		text = strings.Replace(text, "?", fmt.Sprintf("$%d", n), 1)
	}

	return text
}

// InsertJobs implements store.JobInserter.
func (j *jobs) InsertJobs(ctx context.Context, tx *sql.Tx, all []scheduler.Job) error {
	for _, job := range all {
		at := int64(0)
		if !job.At.IsZero() {
			at = job.At.UnixMicro()
		}

		if _, err := tx.ExecContext(ctx, j.query("INSERT INTO test_jobs (kind, visit, ref, at, due) VALUES (?, ?, ?, ?, ?)"),
			string(job.Kind), string(job.Visit), job.Ref, at, at); err != nil {
			return err
		}
	}

	return nil
}

// waiting returns the jobs that have not ended, those that are due first.
func (j *jobs) waiting(tb testing.TB) []row {
	tb.Helper()

	found, err := j.db.QueryContext(tb.Context(), "SELECT n, kind, visit, ref, at, due, failures, snoozes FROM test_jobs WHERE ended = '' ORDER BY due, n")
	must(tb, err)

	defer func() { _ = found.Close() }()

	var out []row

	for found.Next() {
		var (
			r       row
			at, due int64
		)

		must(tb, found.Scan(&r.n, &r.Kind, &r.Visit, &r.Ref, &at, &due, &r.failures, &r.snoozes))

		r.At, r.due = time.UnixMicro(at).UTC(), time.UnixMicro(due).UTC()
		if at == 0 {
			r.At = time.Time{}
		}

		out = append(out, r)
	}

	must(tb, found.Err())

	return out
}

func (r row) attempt() int {
	n := 1 + r.failures
	if r.snoozes > 0 {
		n = max(n, 2)
	}

	return n
}

// run runs one job and stores what becomes of it.
func (r *rig) run(job row) error {
	r.tb.Helper()

	job.Attempt = job.attempt()
	err := r.Run(r.tb.Context(), job.Job)
	next, ended := fate(err, job)

	r.jobs.ran = append(r.jobs.ran, fmt.Sprintf("%s %s %s try %d: %v", r.clock.Now().Format("01-02 15:04:05"), job.Kind, job.Ref, job.Attempt, err))

	_, dbErr := r.jobs.db.ExecContext(r.tb.Context(), r.jobs.query("UPDATE test_jobs SET failures = ?, snoozes = ?, due = ?, ended = ? WHERE n = ?"),
		next.failures, next.snoozes, r.clock.Now().Add(next.wait).UnixMicro(), ended, job.n)
	must(r.tb, dbErr)

	if r.after != nil {
		r.after()
	}

	return err
}

// runOne runs the oldest job of a kind.
func (r *rig) runOne(kind scheduler.JobKind) error {
	r.tb.Helper()

	all := r.jobs.waiting(r.tb)

	i := slices.IndexFunc(all, func(j row) bool { return j.Kind == kind })
	if i < 0 {
		r.tb.Fatalf("no job %s waits", kind)
	}

	return r.run(all[i])
}

type fateOf struct {
	failures, snoozes int
	wait              time.Duration
}

// fate says how a job goes on: again after a wait, or ended with a word.
func fate(err error, job row) (next fateOf, ended string) {
	next = fateOf{failures: job.failures, snoozes: job.snoozes}

	var outside *connector.Error

	switch errors.As(err, &outside); {
	case err == nil:
		return next, "done"
	case outside == nil && slices.Contains([]care.Kind{care.Conflict, care.Unavailable, care.TooMany, care.Internal}, care.KindOf(err)):
		next.failures++
		next.wait = time.Second

		return next, ""
	case outside == nil:
		return next, "stopped: " + care.KindOf(err).String()
	}

	if outside.Kind == connector.Unavailable && outside.RetryAfter > 0 { // held back: no try
		next.snoozes++
		next.wait = outside.RetryAfter + 3*outside.RetryAfter*time.Duration(job.n*37%97)/97

		return next, ""
	}

	switch outside.Kind {
	case connector.Pending, connector.RateLimited:
		next.snoozes++
		next.wait = max(outside.RetryAfter, time.Second)
	case connector.Unavailable, connector.Unknown, connector.Unauthorized:
		next.failures++
		next.wait = min(time.Minute, 500*time.Millisecond<<min(next.failures, 10))
	case connector.NotFound, connector.Conflict, connector.Rejected, connector.Malformed, connector.Unsupported:
		return next, "stopped: " + outside.Kind.String()
	}

	return next, ""
}

// until runs every job that falls due up to a time, each at its own time, and leaves the clock there.
func (r *rig) until(t time.Time) {
	r.tb.Helper()

	for range 20_000 {
		all := r.jobs.waiting(r.tb)
		if len(all) == 0 || all[0].due.After(t) {
			r.clock.to(t)

			return
		}

		for _, job := range all {
			if job.due.After(r.clock.Now()) && job.due.After(all[0].due) {
				break // what ran before may have stored jobs that are due earlier
			}

			r.clock.to(job.due)

			_ = r.run(job) // what becomes of it is stored
		}
	}

	r.tb.Fatal("the queue does not come to rest")
}

// work runs what is due within half a minute: bookings, messages, entries and their second tries.
func (r *rig) work() {
	r.tb.Helper()
	r.until(r.clock.Now().Add(30 * time.Second))
}

// kinds counts the jobs that have not ended.
func (r *rig) kinds() map[scheduler.JobKind]int {
	r.tb.Helper()

	out := make(map[scheduler.JobKind]int)
	for _, job := range r.jobs.waiting(r.tb) {
		out[job.Kind]++
	}

	return out
}
