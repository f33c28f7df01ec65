// Package sqlite gives tests a SQLite database that has the schema already.
//
// The migrations themselves are the tests of package migrations. Running them anew for every test
// took more than half the time of the use cases' tests, most of it in the race detector.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/sluse/sluse/internal/queue"
	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/migrations"
)

//nolint:gochecknoglobals // one template per test process, made by the first test that asks
var template = sync.OnceValues(migrated)

// Place puts a database as "sluse migrate up" leaves it at path. One that is there stays as it is.
func Place(tb testing.TB, path string) {
	tb.Helper()

	if _, err := os.Stat(path); err == nil {
		return
	}

	data, err := template()
	if err != nil {
		tb.Fatalf("SQLite: %v", err)
	}

	if err := os.WriteFile(path, data, 0o600); err != nil {
		tb.Fatalf("SQLite: %v", err)
	}
}

// URL returns the URL of a new database with the schema of this version.
func URL(tb testing.TB) string {
	tb.Helper()

	path := filepath.Join(tb.TempDir(), "sluse.db")
	Place(tb, path)

	return "sqlite:" + path
}

func migrated() (data []byte, err error) {
	dir, err := os.MkdirTemp("", "sluse-sqlite-")
	if err != nil {
		return nil, fmt.Errorf("make a directory: %w", err)
	}

	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	path := filepath.Join(dir, "template.db")
	if err := migrate(context.Background(), path); err != nil {
		return nil, err
	}

	if data, err = os.ReadFile(path); err != nil {
		return nil, fmt.Errorf("read the template: %w", err)
	}

	return data, nil
}

// migrate leaves one file: the last connection that closes writes the log back into it.
func migrate(ctx context.Context, path string) (err error) {
	db, err := store.Connect(ctx, store.Config{URL: "sqlite:" + path})
	if err != nil {
		return fmt.Errorf("open the template: %w", err)
	}

	defer func() { err = errors.Join(err, db.Close()) }()

	if err := migrations.Up(ctx, db.Writer, db.Dialect); err != nil {
		return fmt.Errorf("schema: %w", err)
	}

	if err := queue.Migrate(ctx, db.Writer, db.Dialect); err != nil {
		return fmt.Errorf("schema of the queue: %w", err)
	}

	return nil
}
