package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/internal/testenv/pg"
	"github.com/sluse/sluse/internal/testenv/sqlite"
	"github.com/sluse/sluse/migrations"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/storetest"
)

// jobTable stands in for the queue: it stores jobs in the store's transaction.
type jobTable struct {
	fail     atomic.Bool
	postgres bool
}

func (j *jobTable) InsertJobs(ctx context.Context, tx *sql.Tx, jobs []scheduler.Job) error {
	statement := "INSERT INTO test_jobs (kind, visit, ref, at) VALUES (?, ?, ?, ?)"
	if j.postgres {
		statement = "INSERT INTO test_jobs (kind, visit, ref, at) VALUES ($1, $2, $3, $4)"
	}

	for _, job := range jobs {
		at := int64(0)
		if !job.At.IsZero() {
			at = job.At.UnixMicro()
		}

		if _, err := tx.ExecContext(ctx, statement, string(job.Kind), string(job.Visit), job.Ref, at); err != nil {
			return err
		}
	}

	if j.fail.Load() {
		return errors.New("the queue is broken")
	}

	return nil
}

const serial = "CREATE TABLE test_jobs (n INTEGER PRIMARY KEY, kind TEXT, visit TEXT, ref TEXT, at BIGINT)"

// database opens a new, migrated database.
func database(tb testing.TB, dialect migrations.Dialect) (*store.Database, store.Config) {
	tb.Helper()

	if dialect == migrations.SQLite {
		config := store.Config{URL: sqlite.URL(tb)}
		db := connect(tb, config)

		return prepared(tb, db, serial), config
	}

	config := store.Config{URL: pg.URL(tb)}
	db := connect(tb, config)

	if err := migrations.Up(tb.Context(), db.Writer, db.Dialect); err != nil {
		tb.Fatal(err)
	}

	return prepared(tb, db, "CREATE TABLE test_jobs (n bigserial, kind text, visit text, ref text, at bigint)"), config
}

// prepared gives a database the table of the tests' jobs.
func prepared(tb testing.TB, db *store.Database, create string) *store.Database {
	tb.Helper()

	if _, err := db.Writer.ExecContext(tb.Context(), create); err != nil {
		tb.Fatal(err)
	}

	return db
}

func connect(tb testing.TB, config store.Config) *store.Database {
	tb.Helper()

	db, err := store.Connect(tb.Context(), config)
	if err != nil {
		tb.Fatal(err)
	}

	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})

	return db
}

func logger(tb testing.TB) *slog.Logger {
	tb.Helper()

	return slog.New(slog.NewTextHandler(tb.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
}

func keys(tb testing.TB) *store.Keys {
	tb.Helper()

	material, err := store.GenerateKeys()
	if err != nil {
		tb.Fatal(err)
	}

	k, err := store.NewKeys(material)
	if err != nil {
		tb.Fatal(err)
	}

	return k
}

func open(tb testing.TB, db *store.Database, k *store.Keys, jobs store.JobInserter) *store.Store {
	tb.Helper()

	s, err := store.New(db, k, jobs, logger(tb), storetest.Now)
	if err != nil {
		tb.Fatal(err)
	}

	return s
}

func setup(t *testing.T, dialect migrations.Dialect) storetest.Bench {
	t.Helper()

	db, config := database(t, dialect)
	jobs := &jobTable{postgres: dialect == migrations.Postgres}
	k := keys(t)
	s := open(t, db, k, jobs)

	return storetest.Bench{
		Store:    s,
		Twin:     open(t, connect(t, config), k, jobs),
		Jobs:     func(ctx context.Context) ([]scheduler.Job, error) { return readJobs(ctx, db.Reader) },
		FailJobs: jobs.fail.Store,
		Raw:      func(ctx context.Context) ([]byte, error) { return raw(ctx, db) },
		Hold:     func(ctx context.Context) (func(), error) { return hold(ctx, db) },
		Ping:     s.Ping,
		Tamper: func(ctx context.Context) []error {
			var errs []error

			for _, statement := range []string{"UPDATE audit SET actor = 'x'", "DELETE FROM audit"} {
				_, err := db.Writer.ExecContext(ctx, statement)
				errs = append(errs, err)
			}

			return errs
		},
	}
}

func readJobs(ctx context.Context, db *sql.DB) ([]scheduler.Job, error) {
	rows, err := db.QueryContext(ctx, "SELECT kind, visit, ref, at FROM test_jobs ORDER BY n")
	if err != nil {
		return nil, err
	}
	defer rows.Close()

	var out []scheduler.Job

	for rows.Next() {
		var (
			j  scheduler.Job
			at int64
		)

		if err := rows.Scan(&j.Kind, &j.Visit, &j.Ref, &at); err != nil {
			return nil, err
		}

		if at != 0 {
			j.At = time.UnixMicro(at).UTC()
		}

		out = append(out, j)
	}

	return out, rows.Err()
}

func hold(ctx context.Context, db *store.Database) (func(), error) {
	tx, err := db.Writer.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}

	if _, err := tx.ExecContext(ctx, "UPDATE visits SET version = version + 1"); err != nil {
		return nil, err
	}

	return func() { _ = tx.Rollback() }, nil
}

// raw returns what is kept: the files of SQLite, every value of every table of PostgreSQL.
func raw(ctx context.Context, db *store.Database) ([]byte, error) {
	var out bytes.Buffer

	if db.Dialect == migrations.SQLite {
		for _, suffix := range []string{"", "-wal"} {
			data, err := os.ReadFile(db.Path + suffix)
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				return nil, err
			}

			out.Write(data)
		}

		return out.Bytes(), nil
	}

	tables, err := column(ctx, db.Reader, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
	if err != nil {
		return nil, err
	}

	for _, table := range tables {
		if err := dump(ctx, db.Reader, table, &out); err != nil {
			return nil, err
		}
	}

	return out.Bytes(), nil
}

func column(ctx context.Context, db *sql.DB, query string) ([]string, error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()

	var out []string

	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}

		out = append(out, s)
	}

	return out, rows.Err()
}

func dump(ctx context.Context, db *sql.DB, table string, out *bytes.Buffer) error {
	rows, err := db.QueryContext(ctx, "SELECT * FROM "+table)
	if err != nil {
		return err
	}
	defer rows.Close()

	names, err := rows.Columns()
	if err != nil {
		return err
	}

	for rows.Next() {
		values, places := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			places[i] = &values[i]
		}

		if err := rows.Scan(places...); err != nil {
			return err
		}

		for _, v := range values {
			if b, ok := v.([]byte); ok {
				out.Write(b)
			} else {
				fmt.Fprintf(out, "%v\n", v)
			}
		}
	}

	return rows.Err()
}

func TestConformanceSQLite(t *testing.T) {
	t.Parallel()
	storetest.Exercise(t, func(t *testing.T) storetest.Bench { t.Helper(); return setup(t, migrations.SQLite) })
}

func TestConformancePostgres(t *testing.T) {
	t.Parallel()
	storetest.Exercise(t, func(t *testing.T) storetest.Bench { t.Helper(); return setup(t, migrations.Postgres) })
}
