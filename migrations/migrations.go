// Package migrations holds the database schema as numbered SQL files, one set per dialect,
// and applies or checks them. The files are frozen: a change of the schema is a new file in
// both directories. The queue's own tables are not here; internal/queue migrates them.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed sqlite/*.sql postgres/*.sql
var files embed.FS

// Dialect is a kind of database. The zero value is invalid.
type Dialect string

// The dialects.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// Dialects lists every dialect.
func Dialects() []Dialect { return []Dialect{SQLite, Postgres} }

// versionTable is where goose notes what was applied.
const versionTable = "goose_db_version"

// Step is one migration file.
type Step struct {
	Version int64
	Name    string // the file's base name
	Applied bool
}

// ErrOlder is what Check returns, wrapped, for a schema that lacks migrations.
var ErrOlder = errors.New("the database schema is older than this program; run: sluse migrate up")

// ErrNewer is what Check returns, wrapped, for a schema that a newer program made.
var ErrNewer = errors.New("the database schema is newer than this program; install the newer program")

// Version returns the newest version that this program knows. Both dialects have the same.
func Version() int64 {
	newest := int64(0)

	for _, s := range steps(SQLite) {
		newest = max(newest, s.Version)
	}

	return newest
}

// Up applies every migration that is missing, each in its own transaction. On PostgreSQL an
// advisory lock keeps two processes from doing it at once. The role of db has to be one that may run DDL.
func Up(ctx context.Context, db *sql.DB, dialect Dialect) error {
	provider, err := open(db, dialect)
	if err != nil {
		return err
	}

	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate up: %w", err)
	}

	return nil
}

// Status lists every migration that this program knows, in order, and whether it was applied.
// It changes nothing.
func Status(ctx context.Context, db *sql.DB, dialect Dialect) ([]Step, error) {
	known := steps(dialect)

	applied, err := applied(ctx, db, dialect)
	if err != nil {
		return nil, err
	}

	for i := range known {
		known[i].Applied = slices.Contains(applied, known[i].Version)
	}

	return known, nil
}

// Check reports whether the schema is exactly the one that this program knows. The error
// wraps ErrOlder or ErrNewer and says both versions. It changes nothing and needs no DDL.
func Check(ctx context.Context, db *sql.DB, dialect Dialect) error {
	have, err := applied(ctx, db, dialect)
	if err != nil {
		return err
	}

	for _, v := range have {
		if v > Version() {
			return fmt.Errorf("schema version %d, program version %d: %w", v, Version(), ErrNewer)
		}
	}

	for _, s := range steps(dialect) {
		if !slices.Contains(have, s.Version) {
			return fmt.Errorf("migration %s is missing: %w", s.Name, ErrOlder)
		}
	}

	return nil
}

func open(db *sql.DB, dialect Dialect) (*goose.Provider, error) {
	dir, err := fs.Sub(files, string(dialect))
	if err != nil {
		return nil, fmt.Errorf("migrations for %q: %w", dialect, err)
	}

	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true), goose.WithTableName(versionTable)}
	name := goose.DialectSQLite3

	if dialect == Postgres {
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return nil, fmt.Errorf("lock for migrations: %w", err)
		}

		name, options = goose.DialectPostgres, append(options, goose.WithSessionLocker(locker))
	}

	provider, err := goose.NewProvider(name, db, dir, options...)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}

	return provider, nil
}

// steps reads the versions from the file names, which are embedded and tested.
func steps(dialect Dialect) []Step {
	entries, err := files.ReadDir(string(dialect))
	if err != nil {
		return nil
	}

	var out []Step

	for _, e := range entries {
		number, _, _ := strings.Cut(path.Base(e.Name()), "_")
		if v, err := strconv.ParseInt(number, 10, 64); err == nil {
			out = append(out, Step{Version: v, Name: e.Name()})
		}
	}

	return out
}

// applied returns the versions that the database holds; none when it was never migrated.
func applied(ctx context.Context, db *sql.DB, dialect Dialect) ([]int64, error) {
	exists := "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = '" + versionTable + "'"
	if dialect == Postgres {
		exists = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = '" + versionTable + "'"
	}

	var tables int
	if err := db.QueryRowContext(ctx, exists).Scan(&tables); err != nil {
		return nil, fmt.Errorf("look for the schema's version: %w", err)
	}

	if tables == 0 {
		return nil, nil
	}

	rows, err := db.QueryContext(ctx, "SELECT DISTINCT version_id FROM "+versionTable+" WHERE is_applied AND version_id > 0 ORDER BY version_id")
	if err != nil {
		return nil, fmt.Errorf("read the schema's version: %w", err)
	}
	defer rows.Close()

	var versions []int64

	for rows.Next() {
		var v int64
		if err := rows.Scan(&v); err != nil {
			return nil, fmt.Errorf("read the schema's version: %w", err)
		}

		versions = append(versions, v)
	}

	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the schema's version: %w", err)
	}

	return versions, nil
}
