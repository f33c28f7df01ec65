package store_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/migrations"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/storetest"
)

const bulk = 10_000

// testNumbers makes numbers for as many citizens as a benchmark needs: replacement numbers,
// whose day is raised by 60 and which nobody has.
func testNumber(tb testing.TB, i int) care.CPR {
	tb.Helper()

	cpr, verdict, _ := care.ParseCPR(fmt.Sprintf("6101%02d%04d", i/3000, i%3000))
	if verdict != care.CPRReplacement {
		tb.Fatalf("number %d is no replacement number", i)
	}

	return cpr
}

func bigImport(tb testing.TB, run int) scheduler.Import {
	tb.Helper()

	in := scheduler.Import{Record: scheduler.ListRecord{ID: care.ListID(fmt.Sprint("list-", run)), At: storetest.Now()}}

	for i := range bulk {
		if i%3 == 0 && run == 0 {
			in.Citizens = append(in.Citizens, care.Citizen{
				ID: care.CitizenID(fmt.Sprint("c-", i/3)), CPR: testNumber(tb, i/3), Verdict: care.CPRReplacement, Name: "Torre Mosebryggersen",
				Address: "Prøvevej 17, 9999 Prøveby", Phone: care.NewPhone("+4520000017"), Suitability: care.Suitable, UpdatedAt: storetest.Now(),
			})
		}

		start := storetest.Now().Add(time.Duration(run)*24*time.Hour + time.Duration(i%600)*time.Minute)

		v, err := care.NewVisit(care.VisitID(fmt.Sprintf("v-%d-%d", run, i)), care.SourceRef{System: "file", ID: strconv.Itoa(i), Occurrence: string(care.DayOf(start))},
			care.Facts{
				List: in.Record.ID, ListName: "Rute 1", Line: i, Unit: "oest", Citizen: care.CitizenID(fmt.Sprint("c-", i/3)), Employee: "MSK", Service: "Medicin",
				Law: care.SUL138, Category: "Besøg", Comment: "Nøgle hos naboen", Shift: care.DayShift, Planned: care.Interval{Start: start, End: start.Add(10 * time.Minute)},
			})
		if err != nil {
			tb.Fatal(err)
		}

		in.New = append(in.New, v)
	}

	return in
}

// BenchmarkImport stores a list of 10,000 rows (performance.md, row 3) and compares with plain
// batch inserts of the same rows into a table of the same make.
func BenchmarkImport(b *testing.B) {
	for _, dialect := range migrations.Dialects() {
		b.Run(string(dialect), func(b *testing.B) {
			db, _ := database(b, dialect)
			s := open(b, db, keys(b), &jobTable{})
			run := 0

			var plain time.Duration

			for b.Loop() {
				b.StopTimer()

				in := bigImport(b, run)
				run++

				b.StartTimer()

				if err := s.SaveImport(b.Context(), in); err != nil {
					b.Fatal(err)
				}

				b.StopTimer()

				plain += plainInsert(b, db, run)

				b.StartTimer()
			}

			b.ReportMetric(float64(b.Elapsed())/float64(plain), "x-plain")
		})
	}
}

// plainTable makes a table like visits, with the same constraints and indexes.
func plainTable(b *testing.B, db *store.Database) {
	b.Helper()

	statements := []string{"CREATE TABLE plain (LIKE visits INCLUDING ALL)"}

	if db.Dialect == migrations.SQLite {
		var err error
		if statements, err = column(b.Context(), db.Reader, "SELECT sql FROM sqlite_master WHERE tbl_name = 'visits' AND sql IS NOT NULL"); err != nil {
			b.Fatal(err)
		}
	}

	for _, statement := range statements {
		if db.Dialect == migrations.SQLite {
			statement = strings.NewReplacer("TABLE visits", "TABLE plain", "ON visits", "ON plain", "INDEX visits_", "INDEX plain_").Replace(statement)
		}

		if _, err := db.Writer.ExecContext(b.Context(), statement); err != nil {
			b.Fatal(err)
		}
	}
}

// plainInsert copies the visits of a run, values and all, with hand-written batch inserts.
func plainInsert(b *testing.B, db *store.Database, run int) time.Duration {
	b.Helper()

	ctx := context.WithoutCancel(b.Context())

	if run == 1 {
		plainTable(b, db)
	}

	rows, err := db.Reader.QueryContext(ctx, fmt.Sprintf("SELECT * FROM visits WHERE list_id = 'list-%d'", run-1))
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()

	names, err := rows.Columns()
	if err != nil {
		b.Fatal(err)
	}

	var all [][]any

	for rows.Next() {
		values, places := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			places[i] = &values[i]
		}

		if err := rows.Scan(places...); err != nil {
			b.Fatal(err)
		}

		all = append(all, values)
	}

	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}

	chunk := 400
	if db.Dialect == migrations.SQLite {
		chunk = 20
	}

	begun := time.Now()

	tx, err := db.Writer.BeginTx(ctx, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()

	for from := 0; from < len(all); from += chunk {
		var (
			text   strings.Builder
			values []any
		)

		text.WriteString("INSERT INTO plain VALUES ")

		for i, row := range all[from:min(from+chunk, len(all))] {
			if i > 0 {
				text.WriteString(", ")
			}

			text.WriteString("(")

			for j, v := range row {
				if j > 0 {
					text.WriteString(", ")
				}

				values = append(values, v)
				if db.Dialect == migrations.Postgres {
					fmt.Fprintf(&text, "$%d", len(values))
				} else {
					text.WriteString("?")
				}
			}

			text.WriteString(")")
		}

		if _, err := tx.ExecContext(ctx, text.String(), values...); err != nil {
			b.Fatal(err)
		}
	}

	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}

	return time.Since(begun)
}

// BenchmarkUpdateVisit changes one visit among 10,000: state, a room, a job and an audit row.
func BenchmarkUpdateVisit(b *testing.B) {
	for _, dialect := range migrations.Dialects() {
		b.Run(string(dialect), func(b *testing.B) {
			db, _ := database(b, dialect)
			s := open(b, db, keys(b), &jobTable{postgres: dialect == migrations.Postgres})

			if err := s.SaveImport(b.Context(), bigImport(b, 0)); err != nil {
				b.Fatal(err)
			}

			n := 0

			for b.Loop() {
				id := care.VisitID(fmt.Sprint("v-0-", n%bulk))
				n++

				err := s.UpdateVisit(b.Context(), id, func(v *care.Visit) (scheduler.Effects, error) {
					v.Raise(care.ChangeTrouble, strconv.Itoa(n), "x", false, storetest.Now())

					return scheduler.Effects{
						Jobs:  []scheduler.Job{{Kind: scheduler.ConcludeJob, Visit: id}},
						Audit: []scheduler.AuditRow{{At: storetest.Now(), Actor: "x", Action: "y", Visit: id}},
					}, nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkDay reads a day of 10,000 visits for the planner.
func BenchmarkDay(b *testing.B) {
	for _, dialect := range migrations.Dialects() {
		b.Run(string(dialect), func(b *testing.B) {
			db, _ := database(b, dialect)
			s := open(b, db, keys(b), &jobTable{})

			if err := s.SaveImport(b.Context(), bigImport(b, 0)); err != nil {
				b.Fatal(err)
			}

			for b.Loop() {
				found, err := s.Visits(b.Context(), scheduler.VisitQuery{Window: care.DayOf(storetest.Now()).Bounds()})
				if err != nil || len(found) == 0 {
					b.Fatal(len(found), err)
				}

				b.ReportMetric(float64(len(found)), "visits")
			}
		})
	}
}
