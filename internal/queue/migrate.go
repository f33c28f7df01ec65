package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"

	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/sluse/sluse/migrations"
)

// Migrate brings the queue's own tables up to date. It needs a role that may run DDL.
func Migrate(ctx context.Context, db *sql.DB, dialect migrations.Dialect) error {
	migrator, err := migrator(db, dialect)
	if err != nil {
		return err
	}

	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate the queue: %w", err)
	}

	return nil
}

// Check reports whether the queue's tables are those that this program knows. The error wraps
// migrations.ErrOlder or migrations.ErrNewer. It changes nothing.
func Check(ctx context.Context, db *sql.DB, dialect migrations.Dialect) error {
	migrator, err := migrator(db, dialect)
	if err != nil {
		return err
	}

	exists := "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'river_migration'"
	if dialect == migrations.Postgres {
		exists = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'river_migration'"
	}

	var tables int
	if err := db.QueryRowContext(ctx, exists).Scan(&tables); err != nil {
		return fmt.Errorf("look for the queue's version: %w", err)
	}

	if tables == 0 {
		return fmt.Errorf("the queue has no tables: %w", migrations.ErrOlder)
	}

	known := migrator.AllVersions()
	newest := known[len(known)-1].Version

	var have int
	if err := db.QueryRowContext(ctx, "SELECT COALESCE(MAX(version), 0) FROM river_migration WHERE line = 'main'").Scan(&have); err != nil {
		return fmt.Errorf("read the queue's version: %w", err)
	}

	switch {
	case have < newest:
		return fmt.Errorf("queue version %d, program version %d: %w", have, newest, migrations.ErrOlder)
	case have > newest:
		return fmt.Errorf("queue version %d, program version %d: %w", have, newest, migrations.ErrNewer)
	}

	return nil
}

func migrator(db *sql.DB, dialect migrations.Dialect) (*rivermigrate.Migrator[*sql.Tx], error) {
	config := &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)}

	var (
		m   *rivermigrate.Migrator[*sql.Tx]
		err error
	)

	switch dialect {
	case migrations.SQLite:
		m, err = rivermigrate.New(riversqlite.New(db), config)
	case migrations.Postgres:
		m, err = rivermigrate.New(riverdatabasesql.New(db), config)
	default:
		err = errors.New("unknown dialect")
	}

	if err != nil {
		return nil, fmt.Errorf("migrations of the queue: %w", err)
	}

	return m, nil
}
