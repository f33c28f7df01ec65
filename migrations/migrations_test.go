package migrations_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	_ "github.com/glebarez/sqlite" // the driver "sqlite"
	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/internal/testenv/pg"
	"github.com/sluse/sluse/migrations"
)

func open(t *testing.T, dialect migrations.Dialect) *sql.DB {
	t.Helper()

	driver, dsn := "sqlite", "file:"+filepath.Join(t.TempDir(), "m.db")
	if dialect == migrations.Postgres {
		driver, dsn = "pgx", pg.URL(t)
	}

	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = db.Close() })

	return db
}

func each(t *testing.T, test func(t *testing.T, db *sql.DB, dialect migrations.Dialect)) {
	t.Helper()

	for _, dialect := range migrations.Dialects() {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			test(t, open(t, dialect), dialect)
		})
	}
}

func TestUpCheckStatus(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *sql.DB, dialect migrations.Dialect) {
		t.Helper()

		ctx := t.Context()

		if err := migrations.Check(ctx, db, dialect); !errors.Is(err, migrations.ErrOlder) {
			t.Fatalf("an empty database: %v, want older", err)
		}

		steps, err := migrations.Status(ctx, db, dialect)
		if err != nil || len(steps) == 0 || steps[0].Applied {
			t.Fatalf("status of an empty database: %v, %v", steps, err)
		}

		for range 2 { // the second time changes nothing
			if err := migrations.Up(ctx, db, dialect); err != nil {
				t.Fatal(err)
			}
		}

		if err := migrations.Check(ctx, db, dialect); err != nil {
			t.Fatal(err)
		}

		steps, err = migrations.Status(ctx, db, dialect)
		if err != nil || !slices.IsSortedFunc(steps, func(a, b migrations.Step) int { return int(a.Version - b.Version) }) {
			t.Fatalf("status: %v, %v", steps, err)
		}

		for _, s := range steps {
			if !s.Applied {
				t.Errorf("%s is not applied", s.Name)
			}
		}

		if _, err := db.ExecContext(ctx, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, TRUE)"); err != nil {
			t.Fatal(err)
		}

		if err := migrations.Check(ctx, db, dialect); !errors.Is(err, migrations.ErrNewer) {
			t.Errorf("a newer database: %v, want newer", err)
		}
	})
}

func TestConcurrentUpOnPostgres(t *testing.T) {
	t.Parallel()

	db := open(t, migrations.Postgres)
	results := make(chan error)

	for range 3 {
		go func() { results <- migrations.Up(context.WithoutCancel(t.Context()), db, migrations.Postgres) }()
	}

	for range 3 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}

// schema is what both dialects must have in common. The type of a column is its family; an
// index is its columns, whether it is unique, and on what condition it holds.
type schema map[string]table

type table struct {
	Columns map[string]columnInfo
	Key     []string
	Indexes []string
	Checks  []string
	Foreign []string
}

type columnInfo struct {
	Family   string
	Nullable bool
}

// TestBothDialectsEndInTheSameSchema reads both databases' own catalogues.
func TestBothDialectsEndInTheSameSchema(t *testing.T) {
	t.Parallel()

	found := make(map[migrations.Dialect]schema)

	for _, dialect := range migrations.Dialects() {
		db := open(t, dialect)
		if err := migrations.Up(t.Context(), db, dialect); err != nil {
			t.Fatal(err)
		}

		read := readSQLite
		if dialect == migrations.Postgres {
			read = readPostgres
		}

		found[dialect] = read(t, db)
	}

	if len(found[migrations.SQLite]) < 15 {
		t.Fatalf("only %d tables were found", len(found[migrations.SQLite]))
	}

	if diff := cmp.Diff(found[migrations.SQLite], found[migrations.Postgres]); diff != "" {
		t.Errorf("the dialects differ (-sqlite +postgres):\n%s", diff)
	}
}

func family(kind string) string {
	switch strings.ToLower(kind) {
	case "text":
		return "text"
	case "integer", "bigint", "boolean":
		return "number"
	case "blob", "bytea":
		return "bytes"
	}

	return kind
}

func rows(t *testing.T, db *sql.DB, n int, query string, values ...any) [][]string {
	t.Helper()

	found, err := db.QueryContext(t.Context(), query, values...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer found.Close()

	var out [][]string

	for found.Next() {
		row, places := make([]sql.NullString, n), make([]any, n)
		for i := range row {
			places[i] = &row[i]
		}

		if err := found.Scan(places...); err != nil {
			t.Fatal(err)
		}

		texts := make([]string, n)
		for i := range row {
			texts[i] = row[i].String
		}

		out = append(out, texts)
	}

	if err := found.Err(); err != nil {
		t.Fatal(err)
	}

	return out
}

const ours = "('goose_db_version', 'sqlite_sequence')"

func readSQLite(t *testing.T, db *sql.DB) schema {
	t.Helper()

	out := schema{}

	for _, row := range rows(t, db, 2, "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT IN "+ours) {
		name := row[0]
		tb := table{Columns: map[string]columnInfo{}, Checks: checks(row[1])}

		for _, c := range rows(t, db, 4, "SELECT name, type, \"notnull\", pk FROM pragma_table_info(?) ORDER BY pk", name) {
			tb.Columns[c[0]] = columnInfo{family(c[1]), c[2] == "0"}

			if c[3] != "0" {
				tb.Key = append(tb.Key, c[0])
			}
		}

		for _, i := range rows(t, db, 3, "SELECT l.name, l.\"unique\", m.sql FROM pragma_index_list(?) l LEFT JOIN sqlite_master m ON m.name = l.name WHERE l.origin <> 'pk'", name) {
			var columns []string
			for _, c := range rows(t, db, 1, "SELECT name FROM pragma_index_info(?) ORDER BY seqno", i[0]) {
				columns = append(columns, c[0])
			}

			tb.Indexes = append(tb.Indexes, index(columns, i[1] == "1", i[2]))
		}

		for _, f := range rows(t, db, 3, "SELECT \"from\", \"table\", on_delete FROM pragma_foreign_key_list(?)", name) {
			tb.Foreign = append(tb.Foreign, strings.ToLower(strings.Join(f, " ")))
		}

		out[name] = tb.sorted()
	}

	return out
}

func readPostgres(t *testing.T, db *sql.DB) schema {
	t.Helper()

	out := schema{}

	for _, row := range rows(t, db, 1, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN "+ours) {
		name := row[0]
		tb := table{Columns: map[string]columnInfo{}}

		for _, c := range rows(t, db, 3, "SELECT column_name, data_type, is_nullable FROM information_schema.columns WHERE table_name = $1", name) {
			tb.Columns[c[0]] = columnInfo{family(c[1]), c[2] == "YES"}
		}

		for _, i := range rows(t, db, 4, `
			SELECT i.indisprimary::text, i.indisunique::text, pg_get_indexdef(i.indexrelid),
				(SELECT string_agg(a.attname, ',' ORDER BY k.n) FROM unnest(i.indkey) WITH ORDINALITY k(attnum, n)
				 JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum)
			FROM pg_index i WHERE i.indrelid = $1::regclass`, name) {
			columns := strings.Split(i[3], ",")
			if i[0] == "true" {
				tb.Key = columns
			} else {
				tb.Indexes = append(tb.Indexes, index(columns, i[1] == "true", i[2]))
			}
		}

		for _, c := range rows(t, db, 1, "SELECT 'CONSTRAINT ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'c' AND conrelid = $1::regclass", name) {
			tb.Checks = append(tb.Checks, checks(c[0])...)
		}

		for _, f := range rows(t, db, 3, `
			SELECT a.attname, c.confrelid::regclass::text, CASE c.confdeltype WHEN 'c' THEN 'cascade' ELSE 'no action' END
			FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
			WHERE c.contype = 'f' AND c.conrelid = $1::regclass`, name) {
			tb.Foreign = append(tb.Foreign, strings.Join(f, " "))
		}

		out[name] = tb.sorted()
	}

	return out
}

func (tb table) sorted() table {
	slices.Sort(tb.Indexes)
	slices.Sort(tb.Checks)
	slices.Sort(tb.Foreign)

	return tb
}

// index tells an index in one form: PostgreSQL writes its definition anew.
func index(columns []string, unique bool, definition string) string {
	out := "(" + strings.Join(columns, ", ") + ")"
	if unique {
		out = "unique " + out
	}

	if _, condition, ok := strings.Cut(definition, " WHERE "); ok {
		out += " where " + essence(condition)
	}

	if strings.Contains(definition, " DESC") {
		out += " desc"
	}

	return out
}

// checks returns the named check constraints in a definition, each in one form.
func checks(definition string) []string {
	var out []string

	for _, match := range regexp.MustCompile(`CONSTRAINT (\w+) CHECK (.*)`).FindAllStringSubmatch(definition, -1) {
		out = append(out, match[1]+": "+essence(match[2]))
	}

	return out
}

// essence keeps names, operators and values of a condition: PostgreSQL writes x IN (…) as
// x = ANY (ARRAY[…]) and adds casts and brackets.
func essence(condition string) string {
	condition = strings.NewReplacer("::text", "", "= ANY", "IN", "ARRAY", "").Replace(condition)

	return strings.Join(regexp.MustCompile(`'[^']*'|\w+|[<>=]+`).FindAllString(condition, -1), " ")
}
