package store

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluse/sluse/internal/testenv/pg"
	"github.com/sluse/sluse/migrations"
)

// statisticsQueries are what figures of a month ask: the visits that were meant for the screen, their
// entries, and the visits of all kinds on the lists.
func statisticsQueries() map[string]string {
	month := "visits.local_day >= '2026-11-01' AND visits.local_day <= '2026-11-30' AND COALESCE(visits.unit, '') IN ('oest', 'vest')"

	return map[string]string{
		"facts":   "SELECT " + factColumns + waysOf(nil) + " FROM visits WHERE " + month + " AND visits.generation > 0",
		"entries": "SELECT visits.id, e.kind FROM visits JOIN entries e ON e.visit_id = visits.id WHERE " + month + " AND visits.generation > 0",
		"lists": "WITH days (day, bucket) AS (VALUES ('2026-11-01', 'p'), ('2026-11-02', 'p')) SELECT days.bucket, COUNT(*), COUNT(DISTINCT v.citizen_id) " +
			"FROM days JOIN visits v ON v.local_day = days.day AND v.local_day >= '2026-11-01' AND v.local_day <= '2026-11-02' AND v.unit IN ('oest', 'vest') GROUP BY days.bucket",
	}
}

// TestStatisticsReadByIndexes: figures of a day or a month find their visits by the indexes of days.
func TestStatisticsReadByIndexes(t *testing.T) {
	t.Parallel()

	for _, dialect := range migrations.Dialects() {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()

			config, explain := Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "plan.db")}, "EXPLAIN QUERY PLAN "
			if dialect == migrations.Postgres {
				config, explain = Config{URL: pg.URL(t)}, "EXPLAIN "
			}

			db, err := Connect(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}

			t.Cleanup(func() { _ = db.Close() })

			if err := migrations.Up(t.Context(), db.Writer, db.Dialect); err != nil {
				t.Fatal(err)
			}

			tx, err := db.Writer.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = tx.Rollback() }()

			// An empty table is read whole, and rightly so; what is asked is whether there is another way.
			if dialect == migrations.Postgres {
				if _, err := tx.ExecContext(t.Context(), "SET LOCAL enable_seqscan = off"); err != nil {
					t.Fatal(err)
				}
			}

			for name, query := range statisticsQueries() {
				plan := planOf(t, tx, explain+query)
				if strings.Contains(plan, "Seq Scan on visits") || strings.Contains(plan, "SCAN visits") || strings.Contains(plan, "SCAN v") || !strings.Contains(plan, "visits_screened") && !strings.Contains(plan, "visits_by_day") {
					t.Errorf("%s: not by the index of days:\n%s", name, plan)
				}
			}
		})
	}
}
