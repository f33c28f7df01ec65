package figures_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/sluse/sluse/internal/web/figures"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/measure"
)

var update = flag.Bool("update", false, "write the data dictionary")

// TestDictionary: the published data dictionary names every column, as they are.
func TestDictionary(t *testing.T) {
	t.Parallel()

	file := filepath.Join("..", "..", "..", "docs", "data-dictionary.md")
	if *update {
		if err := os.WriteFile(file, []byte(figures.Markdown()), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(string(want), figures.Markdown()); diff != "" {
		t.Errorf("docs/data-dictionary.md is old; run go test ./internal/web/figures -update (-is +should be):\n%s", diff)
	}

	seen := map[string]bool{}

	for _, c := range measure.Columns() {
		if seen[c.Key] || c.Formula == "" || !strings.HasSuffix(c.Formula, ".") || c.Name == "" {
			t.Errorf("column %s has no formula of whole sentences, or stands twice", c.Key)
		}

		seen[c.Key] = true
	}

	for _, d := range measure.Dimensions() {
		if d.Explained() == "" || d.Danish() == string(d) {
			t.Errorf("dimension %s is not explained", d)
		}
	}
}

func sample(by ...measure.Dimension) scheduler.Statistics {
	c := measure.NewCounter(measure.Question{Period: measure.Span{From: "2026-11-16", To: "2026-11-22"}, By: by}, measure.Terms{})
	for i := range 12 {
		f := measure.Fact{Day: "2026-11-17", Screened: true, Employee: "MSK", State: care.Completed, Delivery: care.Screen, Actual: 90e9, Citizen: string(rune('a' + i))}
		if i < 3 {
			f.Employee = "=HYPERLINK(1)"
		}

		c.Add(f)
	}

	return scheduler.Statistics{Table: c.Table(measure.Names{}).Leaving(nil), Query: scheduler.StatisticsQuery{From: "2026-11-16", To: "2026-11-22", By: by}}
}

// TestFiles: the two files hold the same figures, every column of the dictionary, and no formula.
func TestFiles(t *testing.T) {
	t.Parallel()

	s := sample(measure.ByEmployee)

	text, err := figures.CSV(s)
	if err != nil {
		t.Fatal(err)
	}

	lines := strings.Split(strings.TrimPrefix(string(text), "\ufeff"), "\r\n")
	if !strings.HasPrefix(lines[1], "'=HYPERLINK(1);'=HYPERLINK(1);2026-11-16;2026-11-22;skjult;skjult;") || !strings.HasPrefix(lines[3], "I alt;;2026-11-16;2026-11-22;12;12;0;") {
		t.Errorf("lines:\n%s", strings.Join(lines[:4], "\n"))
	}

	for _, c := range measure.Columns() {
		if !strings.Contains(lines[0], ";"+c.Name) || !strings.Contains(string(text), "\r\n"+c.Key+";") {
			t.Errorf("column %s is not in the file and its dictionary", c.Key)
		}
	}

	data, err := figures.XLSX(s)
	if err != nil {
		t.Fatal(err)
	}

	book, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}

	rows, err := book.GetRows("Tal")
	if err != nil || len(rows) != 5 || rows[2][0] != "=HYPERLINK(1)" || rows[4][0] != "I alt" || rows[4][4] != "12" || rows[2][4] != "skjult" {
		t.Errorf("rows %v, %v", rows, err)
	}

	if formula, err := book.GetCellFormula("Tal", "A3"); err != nil || formula != "" {
		t.Errorf("a formula would run: %q, %v", formula, err)
	}

	if sheets := book.GetSheetList(); !cmp.Equal(sheets, []string{"Tal", "Om udtrækket", "Datakatalog"}) {
		t.Errorf("sheets %v", sheets)
	}
}

func TestShown(t *testing.T) {
	t.Parallel()

	column := func(key string) measure.Column {
		c, ok := measure.ColumnOf(key)
		if !ok {
			t.Fatal(key)
		}

		return c
	}

	for _, test := range []struct {
		key  string
		v    measure.Value
		want string
	}{
		{"planned", measure.Value{Number: 12345, Known: true}, "12.345"},
		{"completion", measure.Value{Number: 12.345, Known: true}, "12,3 %"},
		{"usage", measure.Value{Number: 0.19047, Known: true}, "0,19"},
		{"conversion_change", measure.Value{Number: 1.5, Known: true}, "+1,5 pp."},
		{"conversion_change", measure.Value{Number: -1.5, Known: true}, "-1,5 pp."},
		{"conversion_change", measure.Value{Number: -0.01, Known: true}, "0,0 pp."},
		{"saved_km", measure.Value{Number: 1234.56, Known: true}, "1.234,6 km"},
		{"planned", measure.Value{Hidden: true}, "skjult"},
		{"median", measure.Value{}, "–"},
	} {
		if got := figures.Shown(column(test.key), test.v); got != test.want {
			t.Errorf("%s: %q, want %q", test.key, got, test.want)
		}
	}

	for text, want := range map[string]string{"=1": "'=1", "+1": "'+1", "-1": "'-1", "@a": "'@a", "\ta": "'\ta", "a=1": "a=1", "": ""} {
		if got := figures.Safe(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// TestVisitsForDanishSpreadsheets: minutes have a comma, or a spreadsheet takes 7.5 for a date; programs get a point.
func TestVisitsForDanishSpreadsheets(t *testing.T) {
	t.Parallel()

	f := measure.Fact{Planned: 10 * time.Minute, Actual: 450 * time.Second, Service: "=1+1"}

	for _, c := range figures.VisitColumns() {
		want := map[string][2]string{"planned_minutes": {"10,0", "10.0"}, "actual_minutes": {"7,5", "7.5"}, "service": {"'=1+1", "=1+1"}}[c.Key]
		if got := [2]string{c.Value(f), c.Plain(f)}; want != [2]string{} && got != want {
			t.Errorf("%s: %q, want %q", c.Key, got, want)
		}
	}
}
