package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/sluse/sluse/migrations"
)

// Migrate makes or updates river's own tables. It needs a role that may change the schema.
func Migrate(ctx context.Context, db *sql.DB, dialect migrations.Dialect) error {
	m, err := migrator(db, dialect)
	if err != nil {
		return err
	}

	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate the queue: %w", err)
	}

	return nil
}

// Check refuses river tables of another version than the one that this program was built with.
func Check(ctx context.Context, db *sql.DB, dialect migrations.Dialect) error {
	m, err := migrator(db, dialect)
	if err != nil {
		return err
	}

	result, err := m.Validate(ctx)
	if err != nil {
		return fmt.Errorf("check the queue's tables: %w", err)
	}

	if !result.OK {
		return errors.New("the queue's tables are of another version; run: sluse migrate up")
	}

	return nil
}

func migrator(db *sql.DB, dialect migrations.Dialect) (*rivermigrate.Migrator[*sql.Tx], error) {
	var driver riverdriver.Driver[*sql.Tx] = riversqlite.New(db)
	if dialect == migrations.Postgres {
		driver = riverdatabasesql.New(db)
	}

	m, err := rivermigrate.New(driver, nil)
	if err != nil {
		return nil, fmt.Errorf("migrate the queue: %w", err)
	}

	return m, nil
}
