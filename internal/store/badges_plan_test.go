package store

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluse/sluse/internal/testenv/pg"
	"github.com/sluse/sluse/migrations"
)

// badgeQueries are what every page asks for its menu, as gorm writes them.
func badgeQueries() map[string]string {
	return map[string]string{
		"differences": "SELECT count(*) FROM findings WHERE unit IN ('oest', 'vest') AND kind IN ('record_moved', 'record_deleted') AND state IN ('open') AND live = %s",
		"follow-ups":  "SELECT count(*) FROM follow_ups JOIN visits ON visits.id = follow_ups.visit_id WHERE " + strings.ReplaceAll(overdue, "?", "1") + " AND visits.unit IN ('oest', 'vest')",
	}
}

// TestBadgesReadByIndexes: what every page counts for the menu finds its rows by indexes, however many
// visits and closed differences there are.
func TestBadgesReadByIndexes(t *testing.T) {
	t.Parallel()

	for _, dialect := range migrations.Dialects() {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()

			config, live, explain := Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "plan.db")}, "1", "EXPLAIN QUERY PLAN "
			if dialect == migrations.Postgres {
				config, live, explain = Config{URL: pg.URL(t)}, "true", "EXPLAIN "
			}

			config.SetDefaults()

			db, err := Connect(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}

			t.Cleanup(func() { _ = db.Close() })

			if err := migrations.Up(t.Context(), db.Writer, db.Dialect); err != nil {
				t.Fatal(err)
			}

			// A table that is as good as empty is read whole, and rightly so; what is asked is whether there
			// is another way.
			tx, err := db.Writer.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = tx.Rollback() }()

			if dialect == migrations.Postgres {
				if _, err := tx.ExecContext(t.Context(), "SET LOCAL enable_seqscan = off"); err != nil {
					t.Fatal(err)
				}
			}

			for name, query := range badgeQueries() {
				if strings.Contains(query, "%s") {
					query = fmt.Sprintf(query, live)
				}

				if plan := planOf(t, tx, explain+query); strings.Contains(plan, "SCAN") && !strings.Contains(plan, "USING") || strings.Contains(plan, "Seq Scan") {
					t.Errorf("%s: a table is read from end to end:\n%s", name, plan)
				} else {
					t.Logf("%s:\n%s", name, plan)
				}
			}
		})
	}
}

// planOf is what the database says about a query, line by line: SQLite in its fourth column.
func planOf(t *testing.T, tx *sql.Tx, query string) string {
	t.Helper()

	rows, err := tx.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()

	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}

	var lines []string

	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(sql.NullString)
		}

		if err := rows.Scan(values...); err != nil {
			t.Fatal(err)
		}

		lines = append(lines, values[len(values)-1].(*sql.NullString).String)
	}

	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}

	return strings.Join(lines, "\n")
}
