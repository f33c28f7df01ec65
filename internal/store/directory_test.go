package store_test

import (
	"context"
	"testing"

	"github.com/sluse/sluse/migrations"
	"github.com/sluse/sluse/scheduler/directory/directorytest"
)

func directoryBench(t *testing.T, dialect migrations.Dialect) directorytest.Bench {
	t.Helper()

	db, config := database(t, dialect)
	k := keys(t)
	jobs := &jobTable{postgres: dialect == migrations.Postgres}

	return directorytest.Bench{
		Store: open(t, db, k, jobs).Directory(),
		Twin:  open(t, connect(t, config), k, jobs).Directory(),
		Raw:   func(ctx context.Context) ([]byte, error) { return raw(ctx, db) },
	}
}

func TestDirectorySQLite(t *testing.T) {
	t.Parallel()
	directorytest.Exercise(t, func(t *testing.T) directorytest.Bench { t.Helper(); return directoryBench(t, migrations.SQLite) })
}

func TestDirectoryPostgres(t *testing.T) {
	t.Parallel()
	directorytest.Exercise(t, func(t *testing.T) directorytest.Bench {
		t.Helper()

		return directoryBench(t, migrations.Postgres)
	})
}
