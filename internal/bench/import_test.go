package bench_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/internal/app"
	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/internal/world"
	"github.com/sluse/sluse/migrations"
)

const (
	listRows   = 10_000
	importRuns = 3
	maxImport  = 100 << 10 // kibibytes
)

// BenchmarkImport is row 3: a list of 10,000 rows is parsed, matched, compared and stored, beside
// plain batch inserts of the very rows that the import stored.
func BenchmarkImport(b *testing.B) {
	for _, kind := range databases() {
		b.Run(kind, func(b *testing.B) {
			for b.Loop() {
				importBig(b, kind)
			}
		})
	}
}

func importBig(b *testing.B, kind string) {
	b.Helper()

	file := list(listRows)

	var ours, plain []time.Duration

	for range importRuns {
		address := database(b, kind)
		r := newWorld(b, world.Options{
			Clock:          shifted(afternoonBefore()),
			Municipalities: []world.Municipality{{ID: municipality, Name: "Testby Kommune", Host: "127.0.0.1", Database: address}},
		})
		r.start(b, app.Web) // no workers: nothing else happens in the database

		record, took := r.importList(b, file)
		if record.New != listRows {
			b.Fatalf("%d of %d rows are new", record.New, listRows)
		}

		ours, plain = append(ours, took), append(plain, plainInsert(b, address))
	}

	mine, bare := median(ours), median(plain)
	what := fmt.Sprintf("3 import of %d rows, %s", listRows, kind)
	report(row{what, "≤ 2 × batch INSERT", seconds(mine), "batch INSERT " + seconds(bare), times(mine, bare), mine <= 2*bare})

	most, took := importAlone(b, kind, file)
	report(row{
		what + ": peak memory", "< 100 MB", megabytes(most.resident), "of it not the program's file: " + megabytes(most.private), "–", most.resident < maxImport,
	})
	note("Row 3, %s: `sluse import` of %d rows, preview and import, took %s.", kind, listRows, seconds(took))
	note("Row 3: median of %d. The import does the preview's work again. Memory is that of `sluse import`, which makes preview and import in a process of its own.", importRuns)
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)

	return all[len(all)/2]
}

// binary builds the program once.
func binary(b *testing.B) string {
	b.Helper()

	path := filepath.Join(b.TempDir(), "sluse")

	out, err := exec.CommandContext(b.Context(), "go", "build", "-o", path, "github.com/sluse/sluse/cmd/sluse").CombinedOutput()
	if err != nil {
		b.Fatalf("%v: %s", err, out)
	}

	return path
}

// importAlone runs `sluse import` and returns the most memory that it had.
func importAlone(b *testing.B, kind string, file ehr.File) (most size, took time.Duration) {
	b.Helper()

	r := newWorld(b, world.Options{
		Municipalities: []world.Municipality{{ID: municipality, Name: "Testby Kommune", Host: "127.0.0.1", Database: database(b, kind)}},
	})

	path := filepath.Join(r.world.Dir, file.Name)
	if err := os.WriteFile(path, file.Data, 0o600); err != nil {
		b.Fatal(err)
	}

	program := exec.CommandContext(b.Context(), binary(b), "import", "-config", r.world.ConfigFile, "-municipality", string(municipality), path)

	var out bytes.Buffer

	program.Stdout, program.Stderr = &out, &out
	begun := time.Now()

	if err := program.Start(); err != nil {
		b.Fatal(err)
	}

	ended := make(chan error, 1)
	go func() { ended <- program.Wait() }()

	most, err := watchMemory(program.Process.Pid, ended)
	if err != nil {
		b.Fatalf("%v: %s", err, out.String())
	}

	return most, time.Since(begun)
}

// watchMemory looks every few milliseconds until the process ends, and returns how it ended. What
// the system tells of a process that has ended is of no use: it counts from before the program
// was loaded, when the process was a copy of this one.
func watchMemory(pid int, ended <-chan error) (most size, err error) {
	look := time.NewTicker(3 * time.Millisecond)
	defer look.Stop()

	for {
		select {
		case err := <-ended:
			return most, err
		case <-look.C:
		}

		if text, err := procFile(pid, "status"); err == nil { // else it has just ended
			now := memory(text)
			most.resident, most.private = max(most.resident, now.peak), max(most.private, now.private)
		}
	}
}

// plainInsert copies what the import stored, row by row and value by value, into tables of the
// same make with the same indexes, by plain batch inserts in one transaction.
func plainInsert(b *testing.B, address string) time.Duration {
	b.Helper()

	db, err := store.Connect(b.Context(), store.Config{URL: address})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()

	tables := []string{"citizens", "visits", "lists"}
	rows := map[string][][]any{}

	for _, table := range tables {
		twin(b, db, table)
		rows[table] = allRows(b, db, table)
	}

	if len(rows["visits"]) != listRows {
		b.Fatalf("%d visits", len(rows["visits"]))
	}

	begun := time.Now()

	tx, err := db.Writer.BeginTx(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}

	for _, table := range tables {
		if err := insertAll(b.Context(), tx, db.Dialect, table, rows[table]); err != nil {
			b.Fatal(errors.Join(err, tx.Rollback()))
		}
	}

	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}

	return time.Since(begun)
}

// twin makes an empty table like another one, named plain_….
func twin(b *testing.B, db *store.Database, table string) {
	b.Helper()

	statements := []string{"CREATE TABLE plain_" + table + " (LIKE " + table + " INCLUDING ALL)"}

	if db.Dialect == migrations.SQLite {
		statements = nil

		for _, r := range query(b, db, "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL", table) {
			text, _ := r[0].(string)
			statements = append(statements, strings.NewReplacer(
				"TABLE "+table, "TABLE plain_"+table, "ON "+table, "ON plain_"+table, "INDEX ", "INDEX plain_",
			).Replace(text))
		}
	}

	for _, statement := range statements {
		if _, err := db.Writer.ExecContext(b.Context(), statement); err != nil {
			b.Fatalf("%v: %s", err, statement)
		}
	}
}

func allRows(b *testing.B, db *store.Database, table string) [][]any {
	b.Helper()

	return query(b, db, "SELECT * FROM "+table)
}

func query(b *testing.B, db *store.Database, text string, args ...any) [][]any {
	b.Helper()

	found, err := db.Reader.QueryContext(b.Context(), text, args...)
	if err != nil {
		b.Fatal(err)
	}
	defer found.Close()

	names, err := found.Columns()
	if err != nil {
		b.Fatal(err)
	}

	var out [][]any

	for found.Next() {
		values, places := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			places[i] = &values[i]
		}

		if err := found.Scan(places...); err != nil {
			b.Fatal(err)
		}

		out = append(out, values)
	}

	if err := found.Err(); err != nil {
		b.Fatal(err)
	}

	return out
}

// insertAll inserts rows with as few statements as is quick: the driver of SQLite gets slower per
// row with long statements, PostgreSQL takes 65,535 placeholders.
func insertAll(ctx context.Context, tx *sql.Tx, dialect migrations.Dialect, table string, rows [][]any) error {
	limit := 16_000
	if dialect == migrations.SQLite {
		limit = 700
	}

	for chunk := range slices.Chunk(rows, max(1, limit/len(rows[0]))) {
		var (
			text   strings.Builder
			values []any
		)

		text.WriteString("INSERT INTO plain_" + table + " VALUES ")

		for i, r := range chunk {
			if i > 0 {
				text.WriteString(", ")
			}

			text.WriteString("(")

			for j, v := range r {
				if j > 0 {
					text.WriteString(", ")
				}

				values = append(values, v)
				text.WriteString(placeholder(dialect, len(values)))
			}

			text.WriteString(")")
		}

		if _, err := tx.ExecContext(ctx, text.String(), values...); err != nil {
			return fmt.Errorf("%s: %w", table, err)
		}
	}

	return nil
}

func placeholder(dialect migrations.Dialect, n int) string {
	if dialect == migrations.SQLite {
		return "?"
	}

	return fmt.Sprintf("$%d", n)
}
