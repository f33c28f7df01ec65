package migrations_test

import (
	"database/sql"
	"os"
	"testing"

	"github.com/pressly/goose/v3"

	"github.com/sluse/sluse/migrations"
)

// TestLegsSurvive the migration that tells more of them: they are of people with a role, and
// nothing else is known of them.
func TestLegsSurvive(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *sql.DB, dialect migrations.Dialect) {
		t.Helper()

		ctx := t.Context()

		names := map[migrations.Dialect]goose.Dialect{migrations.SQLite: goose.DialectSQLite3, migrations.Postgres: goose.DialectPostgres}

		first, err := goose.NewProvider(names[dialect], db, os.DirFS(string(dialect)), goose.WithDisableGlobalRegistry(true))
		if err != nil {
			t.Fatal(err)
		}

		if _, err = first.UpTo(ctx, 1); err != nil {
			t.Fatal(err)
		}

		insert := "INSERT INTO legs (visit_id, room_ref, id, seq, role, joined_at, left_at) VALUES ('v', 'r', 'l1', 0, 'host', 5, 7), ('v', 'r', 'l2', 1, 'guest', 6, NULL)"
		if dialect == migrations.Postgres {
			insert = "SET LOCAL session_replication_role = replica; " + insert // the visit itself does not matter
		}

		if _, err = db.ExecContext(ctx, insert); err != nil {
			t.Fatal(err)
		}

		if err := migrations.Up(ctx, db, dialect); err != nil {
			t.Fatal(err)
		}

		var n, joined int

		err = db.QueryRowContext(ctx, `SELECT COUNT(*), SUM(joined_at) FROM legs WHERE visit_id = 'v' AND entered_at IS NULL
			AND call_id = '' AND seat = 0 AND media = '' AND ending = '' AND witness = '' AND node = ''`).Scan(&n, &joined)
		if err != nil || n != 2 || joined != 11 {
			t.Errorf("%d legs, %d, %v", n, joined, err)
		}
	})
}
