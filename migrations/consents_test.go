package migrations_test

import (
	"database/sql"
	"os"
	"testing"

	"github.com/pressly/goose/v3"

	"github.com/sluse/sluse/migrations"
)

// TestConsentsGetTheirRecord: a consent from before there were records has one afterwards, and covers
// every visit as it did; who has none gets none.
func TestConsentsGetTheirRecord(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *sql.DB, dialect migrations.Dialect) {
		t.Helper()

		ctx := t.Context()
		names := map[migrations.Dialect]goose.Dialect{migrations.SQLite: goose.DialectSQLite3, migrations.Postgres: goose.DialectPostgres}

		before, err := goose.NewProvider(names[dialect], db, os.DirFS(string(dialect)), goose.WithDisableGlobalRegistry(true))
		if err != nil {
			t.Fatal(err)
		}

		if _, err = before.UpTo(ctx, 11); err != nil {
			t.Fatal(err)
		}

		empty := map[migrations.Dialect]string{migrations.SQLite: "x'00', 1, 0", migrations.Postgres: `'\x00', 1, false`}[dialect]

		for _, statement := range []string{
			"INSERT INTO citizens (id, cpr_hash, suitability, cpr_sealed, verdict, hospitalised) VALUES ('c', 'hash', '', " + empty + ")",
			`INSERT INTO contacts (id, version, citizen_id, kind, consent_form, consent_by, consent_at, added_by, added_at)
				VALUES ('k1', 1, 'c', 'relative', 'oral', 'MSK', 5, 'MSK', 5), ('k2', 1, 'c', 'relative', '', '', NULL, 'MSK', 5)`,
		} {
			if _, err := db.ExecContext(ctx, statement); err != nil {
				t.Fatal(err)
			}
		}

		if err := migrations.Up(ctx, db, dialect); err != nil {
			t.Fatal(err)
		}

		var id, contact, by string

		err = db.QueryRowContext(ctx, `SELECT r.id, r.contact_id, r.consent_by FROM consents r JOIN contacts k ON k.consent_id = r.id
			WHERE r.citizen_id = 'c' AND r.consent_form = 'oral' AND r.consent_scope = '' AND r.consent_at = 5 AND r.ended_at IS NULL AND r.ended_why = ''`).Scan(&id, &contact, &by)
		if err != nil || id == "" || contact != "k1" || by != "MSK" {
			t.Errorf("%q of %q by %q, %v", id, contact, by, err)
		}

		var all int
		if err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM consents").Scan(&all); err != nil || all != 1 {
			t.Errorf("%d records, %v", all, err)
		}
	})
}
