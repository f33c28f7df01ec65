package bench_test

import (
	"bytes"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/internal/app"
	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/internal/web/figures"
	"github.com/sluse/sluse/internal/world"
	"github.com/sluse/sluse/migrations"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/measure"
)

// A year of a middle-sized municipality: 300,030 visits on the driving lists, of which 100,010 were
// meant for the screen and have two entries in the record each.
const (
	countedDays     = 365
	countedPerDay   = 822
	countedCitizens = 1500
	countedLimit    = 2 * time.Second
)

// countedVisits are of the employees and units of a day, one after the other. Numbers are sums of the
// day and the visit so that no two dimensions move together.
const countedVisits = `
INSERT INTO visits (id, version, system, source_id, occurrence, list_id, list_name, line, unit, citizen_id, employee, service, law, category, shift,
	planned_start, planned_end, local_day, list_status, delivery, state, batch_id, generation, outcome_kind, outcome_reason, outcome_delivery,
	outcome_start, outcome_end, outcome_together_ns, outcome_grade, outcome_by, outcome_at, parts)
SELECT 'v' || k || '-' || n, 1, 'file', 's' || k || '-' || n, '', 'l', 'Rute', n, CASE n % 7 WHEN 0 THEN 'nat' WHEN 1 THEN 'vest' WHEN 2 THEN 'vest' ELSE 'oest' END,
	(SELECT c.id FROM counted_citizens c WHERE c.n = (days.k * 37 + numbers.n * 11) % ` + "%d" + `), 'M' || ((n + k) % 75),
	CASE (n + k) % 5 WHEN 0 THEN 'Medicin' WHEN 1 THEN 'Tilsyn' WHEN 2 THEN 'Ernæring' ELSE 'Omsorg' END,
	CASE n % 4 WHEN 0 THEN 'SUL_138' WHEN 1 THEN 'SEL_85' ELSE 'AEL' END, '', CASE n % 6 WHEN 0 THEN 'nat' WHEN 1 THEN 'aften' ELSE 'dag' END,
	start + n * CAST(60000000 AS bigint), start + n * CAST(60000000 AS bigint) + 600000000, day, '',
	CASE WHEN n % 3 > 0 THEN 'physical' ELSE 'screen' END, CASE WHEN n % 3 > 0 THEN 'listed' WHEN n % 30 = 9 THEN 'not_completed' ELSE 'completed' END, '',
	CASE WHEN n % 3 > 0 THEN 0 ELSE 1 END, CASE WHEN n % 3 > 0 THEN '' WHEN n % 30 = 9 THEN 'not_completed' ELSE 'completed' END,
	CASE WHEN n % 30 = 9 THEN 'citizen_absent' ELSE '' END, 'screen', start + n * CAST(60000000 AS bigint), start + n * CAST(60000000 AS bigint) + 480000000,
	CASE WHEN n % 3 > 0 OR n % 30 = 9 THEN 0 ELSE (200 + n % 500) * CAST(1000000000 AS bigint) END, CASE WHEN n % 3 > 0 THEN '' ELSE 'certain' END, 'system',
	start + n * CAST(60000000 AS bigint) + 500000000, 0
FROM days, numbers`

const countedEntries = `
INSERT INTO entries (id, visit_id, seq, kind, state, entry_key, record_id, record_version, failure, due_at, written_at)
SELECT 'e' || id || kind, id, 0, kind, 'written', 'k' || id || kind, '', '', '', planned_start, planned_end + 30000000
FROM visits, (SELECT 'planned' AS kind UNION ALL SELECT 'result') kinds WHERE generation > 0`

// BenchmarkStatistics asks for the figures that a leader asks for, of a day, a month and a year.
func BenchmarkStatistics(b *testing.B) {
	for _, kind := range databases() {
		b.Run(kind, func(b *testing.B) {
			address := database(b, kind)
			noteDurability(b, address)

			r := newWorld(b, world.Options{
				Clock: shifted(afternoonBefore()), Municipalities: []world.Municipality{{ID: municipality, Name: "Testby Kommune", Host: "127.0.0.1", Database: address}},
			})
			r.start(b, app.Web)
			r.seedYear(b, address)

			for b.Loop() {
				r.askStatistics(b, kind)
			}
		})
	}
}

// seedYear puts a year of visits into the database, whose citizens came by a driving list.
func (r *rig) seedYear(b *testing.B, address string) {
	b.Helper()

	begun := time.Now()

	preview, err := r.service().PreviewList(b.Context(), planner(), scheduler.Upload{File: manyCitizens()})
	if err != nil {
		b.Fatal(err)
	}

	if in, err := r.service().ImportList(b.Context(), planner(), preview.Upload); err != nil || in.New != countedCitizens {
		b.Fatal(err)
	}

	db, err := store.Connect(b.Context(), store.Config{URL: address})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()

	days := make([]string, countedDays)
	for k := range days {
		day := listDay.Add(k - countedDays)
		days[k] = fmt.Sprintf("(%d, '%s', CAST(%d AS bigint))", k, day, day.Bounds().Start.Add(6*time.Hour).UnixMicro())
	}

	numbers := "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < %d), days(k, day, start) AS (VALUES %s)"
	with := fmt.Sprintf(numbers, countedPerDay-1, strings.Join(days, ", "))
	insert, rest, _ := strings.Cut(strings.Replace(countedVisits, "%d", strconv.Itoa(countedCitizens), 1), "\nSELECT ")

	for _, query := range []string{
		"CREATE TABLE counted_citizens (n INTEGER PRIMARY KEY, id TEXT NOT NULL)",
		"INSERT INTO counted_citizens SELECT row_number() OVER (ORDER BY id) - 1, id FROM citizens",
		insert + "\n" + with + "\nSELECT " + rest, countedEntries, "ANALYZE",
	} {
		if _, err := db.Writer.ExecContext(b.Context(), query); err != nil {
			b.Fatalf("%v\n%.300s", err, query)
		}
	}

	if db.Dialect == migrations.Postgres { // what autovacuum does within a day
		if _, err := db.Writer.ExecContext(b.Context(), "VACUUM ANALYZE"); err != nil {
			b.Fatal(err)
		}
	}

	b.Logf("%d visits made in %s", countedDays*countedPerDay, seconds(time.Since(begun)))
}

// manyCitizens is a list of as many citizens, with replacement numbers that nobody has.
func manyCitizens() ehr.File {
	var out bytes.Buffer

	out.WriteString("Dato;Starttid;Sluttid;Besøgs-id;Medarbejder;Rute;CPR-nr.;Borger;Indsats;Lovgrundlag;Besøgstype\n")

	day := listDay.Bounds().Start.In(care.Zone()).Format("02-01-2006")
	for i := range countedCitizens {
		fmt.Fprintf(&out, "%s;08:00;08:10;KL-%d;M%03d;Øst dag;610101%04d;Test Borger %d;Tilsyn/omsorg;SUL §138;Planlagt besøg\n", day, i, i/perEmployee, i, i)
	}

	return ehr.File{Name: "borgere.csv", Data: out.Bytes()}
}

func (r *rig) askStatistics(b *testing.B, kind string) {
	b.Helper()

	leader := care.Actor{Employee: "LED", Name: "Leder Test", Grants: []care.Grant{{Unit: care.EveryUnit, Role: care.Leader}}}
	yesterday := listDay.Add(-1)
	span := func(days int, by ...measure.Dimension) scheduler.StatisticsQuery {
		return scheduler.StatisticsQuery{From: yesterday.Add(1 - days), To: yesterday, By: by}
	}
	count := func(q scheduler.StatisticsQuery) func() (int, error) {
		return func() (int, error) {
			s, err := r.service().Statistics(b.Context(), leader, q)

			return 1 + len(s.Rows), err
		}
	}

	leaving := span(countedDays, measure.ByEmployee, measure.ByService)
	leaving.Leaving = true

	for _, ask := range []struct {
		what string
		do   func() (int, error)
	}{
		{"a day", count(span(1))},
		{"a day by employee", count(span(1, measure.ByEmployee))},
		{"a month", count(span(30))},
		{"a month by week and unit", count(span(30, measure.ByWeek, measure.ByUnit))},
		{"a year", count(span(countedDays))},
		{"a year by month", count(span(countedDays, measure.ByMonth))},
		{"a year by week and service", count(span(countedDays, measure.ByWeek, measure.ByService))},
		{"a year by employee and service", count(span(countedDays, measure.ByEmployee, measure.ByService))},
		{"a year by identification", count(span(countedDays, measure.ByMethod))},
		{"a year by employee and service, small cells hidden, as XLSX", func() (int, error) {
			s, err := r.service().Statistics(b.Context(), leader, leaving)
			if err != nil {
				return 0, err
			}

			file, err := figures.XLSX(s)

			return len(file), err
		}},
		{"200 of the rows behind a year's total", func() (int, error) {
			rows, err := r.service().StatisticsRows(b.Context(), leader, span(countedDays), scheduler.StatisticsCell{Column: "completed"}, 0)

			return rows.Total, err
		}},
		{"rows behind a month's service", func() (int, error) {
			q := span(30, measure.ByService)
			rows, err := r.service().StatisticsRows(b.Context(), leader, q, scheduler.StatisticsCell{Keys: []string{"Medicin"}, Column: "completed"}, 0)

			return rows.Total, err
		}},
		{"every visit of a year", func() (n int, err error) {
			return n, r.service().EachVisit(b.Context(), leader, span(countedDays), func(measure.Fact) error { n++; return nil })
		}},
	} {
		before := forgetPeak(b)
		begun := time.Now()

		n, err := ask.do()
		if err != nil || n == 0 {
			b.Fatalf("%s: %d, %v", ask.what, n, err)
		}

		took, after := time.Since(begun), peak(b)
		report(row{
			"statistics of " + ask.what + ", " + kind, "< " + seconds(countedLimit), seconds(took),
			fmt.Sprintf("%d told, %s more at the peak", n, megabytes(max(0, after-before))), "–", took < countedLimit,
		})
	}
}

// forgetPeak makes the system forget the most memory that this process had, and returns what it has, in
// kibibytes.
func forgetPeak(b *testing.B) int64 {
	b.Helper()

	debug.FreeOSMemory()

	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		b.Logf("the peak of memory is the process's own: %v", err)
	}

	text, err := procFile(os.Getpid(), "status")
	if err != nil {
		b.Skipf("this system does not tell: %v", err)
	}

	return memory(text).resident
}

// peak is the most memory that this process had since it was forgotten, in kibibytes.
func peak(b *testing.B) int64 {
	b.Helper()

	text, err := procFile(os.Getpid(), "status")
	if err != nil {
		b.Skipf("this system does not tell: %v", err)
	}

	return memory(text).peak
}
