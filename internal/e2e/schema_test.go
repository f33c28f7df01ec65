package e2e_test

import (
	"strings"
	"testing"

	"github.com/sluse/sluse/internal/store"
)

// TestServeRefusesOtherSchemas starts the service on an empty database, on one that lacks the
// newest step, and on one of a newer program.
func TestServeRefusesOtherSchemas(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, postgres bool) {
		t.Helper()

		c := bare(t, terms{postgres: postgres})
		refused := func(when, why string) {
			t.Helper()

			for _, args := range [][]string{{"serve", "-config", c.ConfigFile}, {"migrate", "status", "-config", c.ConfigFile}} {
				if code, said := run(t, args...); code != 1 || !strings.Contains(said, why) {
					t.Errorf("%s, %s ended with %d: %s", when, args[0], code, said)
				}
			}
		}

		const older, newer = "older than this program", "newer than this program"

		refused("without a schema", older)

		if code, said := run(t, "migrate", "up", "-config", c.ConfigFile); code != 0 {
			t.Fatalf("migrate up: %d %s", code, said)
		}

		if code, said := run(t, "migrate", "status", "-config", c.ConfigFile); code != 0 || strings.Contains(said, "missing") {
			t.Errorf("migrate status ended with %d: %s", code, said)
		}

		c.change("INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)")
		refused("with a newer schema", newer)
		c.change("DELETE FROM goose_db_version WHERE version_id = 99999")

		c.change("INSERT INTO river_migration (line, version) VALUES ('main', 99999)")
		refused("with a newer queue", newer)
		c.change("DELETE FROM river_migration WHERE version = 99999")

		c.serve("all").kill()

		c.change("DELETE FROM goose_db_version WHERE version_id > 0")
		refused("without a step", older)
	})
}

// change changes the database from outside, while no process has it open.
func (c *town) change(statement string) {
	c.tb.Helper()

	base, err := store.Connect(c.tb.Context(), c.database())
	if err != nil {
		c.tb.Fatal(err)
	}

	_, err = base.Writer.ExecContext(c.tb.Context(), statement)
	if closed := base.Close(); err != nil || closed != nil {
		c.tb.Fatalf("%s: %v %v", statement, err, closed)
	}
}
