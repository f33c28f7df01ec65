package store

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluse/sluse/migrations"
)

// TestStandingReadsByKeys: what every request of an employee asks finds its rows by keys, however
// many employees there are.
func TestStandingReadsByKeys(t *testing.T) {
	t.Parallel()

	config := Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "plan.db")}
	config.SetDefaults()

	db, err := Connect(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = db.Close() })

	if err := migrations.Up(t.Context(), db.Writer, db.Dialect); err != nil {
		t.Fatal(err)
	}

	rows, err := db.Reader.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+standingGrants+" WHERE e.id = ? UNION ALL "+standingGroups+" WHERE e.id = ?", "MSK", "MSK")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()

	searches := 0

	for rows.Next() {
		var (
			id, parent, unused int
			detail             string
		)

		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}

		if strings.HasPrefix(detail, "SCAN") {
			t.Errorf("a table is read from end to end: %s", detail)
		}

		if strings.HasPrefix(detail, "SEARCH") {
			searches++
		}
	}

	if err := rows.Err(); err != nil || searches != 5 {
		t.Errorf("%d searches, %v", searches, err)
	}
}
