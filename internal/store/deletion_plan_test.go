package store

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/sluse/sluse/internal/testenv/pg"
	"github.com/sluse/sluse/migrations"
	"github.com/sluse/sluse/scheduler"
)

// manyVisits are 20,000 visits of 1,000 citizens: half were deleted, 8,000 ended by screen in a record
// that can't be told, so that they stay until their citizens' courses end, and 2,000 were given in person.
const manyVisits = `
INSERT INTO visits (id, version, system, source_id, occurrence, list_id, list_name, line, unit, citizen_id, employee, service, law, category, shift,
	planned_start, planned_end, local_day, list_status, delivery, state, batch_id, generation, outcome_kind, outcome_reason, outcome_delivery,
	outcome_together_ns, outcome_grade, outcome_by, parts, deleted_at)
SELECT 'v' || n, 1, 'file', 's' || n, '', 'l', 'Rute', n, 'oest', 'c' || (n %% 1000), 'MSK', 'Medicin', 'SUL_138', '', 'dag',
	n * 1000000, n * 1000000 + 1, '2026-01-01', '', 'screen', CASE WHEN n < 18000 THEN 'completed' ELSE 'listed' END, '', 1,
	CASE WHEN n < 18000 THEN 'completed' ELSE '' END, '', 'screen', 0, '', '', 0, CASE WHEN n < 10000 THEN 1 END
FROM %s`

const manyEntries = `
INSERT INTO entries (id, visit_id, seq, kind, state, entry_key, record_id, record_version, failure)
SELECT 'e' || n, 'v' || n, 0, 'result', 'omitted', 'k' || n, '', '', '' FROM %s WHERE n >= 10000 AND n < 18000`

const manyCitizens = "INSERT INTO citizens (id, cpr_hash, cpr_sealed, verdict, suitability, hospitalised, protected, language) SELECT 'c' || n, 'h' || n, %s, 1, '', %s, %s, '' FROM %s WHERE n < 1000"

// TestHourlyDeletionReadsByKeys: what is asked every hour finds its visits by the index of those that are
// still here, and takes no time worth mentioning.
func TestHourlyDeletionReadsByKeys(t *testing.T) {
	t.Parallel()

	for _, dialect := range []migrations.Dialect{migrations.SQLite, migrations.Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()

			url, numbers := "sqlite:"+filepath.Join(t.TempDir(), "plan.db"), "(WITH RECURSIVE x(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM x WHERE n < 19999) SELECT n FROM x) numbers"
			empty, no := "x''", "0"

			if dialect == migrations.Postgres {
				url, numbers, empty, no = pg.URL(t), "generate_series(0::bigint, 19999) AS numbers(n)", "''::bytea", "false"
			}

			db, err := Connect(t.Context(), Config{URL: url})
			if err != nil {
				t.Fatal(err)
			}

			t.Cleanup(func() { _ = db.Close() })

			if err := migrations.Up(t.Context(), db.Writer, db.Dialect); err != nil {
				t.Fatal(err)
			}

			for _, query := range []string{fmt.Sprintf(manyCitizens, empty, no, no, numbers), fmt.Sprintf(manyVisits, numbers), fmt.Sprintf(manyEntries, numbers), "ANALYZE"} {
				if _, err := db.Writer.ExecContext(t.Context(), query); err != nil {
					t.Fatalf("%v\n%s", err, query)
				}
			}

			now := time.UnixMicro(200_000 * 1_000_000).UTC()

			s, err := New(db, testKeys(t), noJobs{}, slog.New(slog.DiscardHandler), func() time.Time { return now })
			if err != nil {
				t.Fatal(err)
			}

			askEveryHour(t, s, now)
		})
	}
}

func askEveryHour(t *testing.T, s *Store, now time.Time) {
	t.Helper()

	var asked []string

	explain := "EXPLAIN "
	if s.base.Dialect == migrations.SQLite {
		explain = "EXPLAIN QUERY PLAN "
	}

	for _, g := range []*gorm.DB{s.read, s.write} {
		err := g.Callback().Query().After("gorm:query").Register("plan", func(tx *gorm.DB) {
			asked = append(asked, tx.Explain(tx.Statement.SQL.String(), tx.Statement.Vars...))
		})
		if err != nil {
			t.Fatal(err)
		}
	}

	for name, ask := range map[string]func() error{
		"visits": func() error {
			list, err := s.ToForget(t.Context(), scheduler.ForgetQuery{Before: now, Limit: 200})
			if len(list) != 200 && err == nil {
				return fmt.Errorf("%d visits", len(list))
			}

			return err
		},
		"lists":    func() error { _, err := s.ListsToForget(t.Context(), now, 200); return err },
		"rest":     func() error { return s.ForgetRest(t.Context(), now) },
		"citizens": func() error { _, err := s.ForgetCitizens(t.Context(), now, 200); return err },
	} {
		asked = nil
		began := time.Now()

		if err := ask(); err != nil {
			t.Errorf("%s: %v", name, err)
		}

		took := time.Since(began)
		t.Logf("%s: %s", name, took)

		if took > 10*time.Second {
			t.Errorf("%s took %s", name, took)
		}

		tx, err := s.base.Reader.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}

		for _, query := range asked {
			if plan := planOf(t, tx, explain+query); name == "visits" && strings.Contains(query, "deleted_at IS NULL") && !strings.Contains(plan, "visits_to_delete") {
				t.Errorf("%s reads otherwise:\n%s\n%s", name, query, plan)
			}
		}

		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
	}
}
