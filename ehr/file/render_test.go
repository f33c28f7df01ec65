package file_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/charmap"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/ehrtest"
	"github.com/sluse/sluse/scheduler/care"
)

func apply(tb testing.TB, j ehr.Journal, change ehr.Change) ehr.Receipt {
	tb.Helper()

	receipt, err := j.Apply(tb.Context(), change)
	if err != nil {
		tb.Fatalf("Apply(%s): %v", change.Key, err)
	}

	return receipt
}

// entries writes what a day brings: planned, completed, not completed and restored visits.
func entries(tb testing.TB, j ehr.Journal, list ehr.DrivingList) {
	tb.Helper()

	for i, row := range list.Rows[:min(5, len(list.Rows))] {
		change := planned(row)
		apply(tb, j, change)

		switch i {
		case 1:
			apply(tb, j, ehrtest.Completed(change))
		case 2:
			apply(tb, j, ehrtest.NotCompleted(change))
		case 3:
			apply(tb, j, ehrtest.Restored(change, row.Category))
		}
	}
}

func TestOutputs(t *testing.T) {
	t.Parallel()

	for _, name := range []string{"koreliste-dag.csv", "koreliste-aften-excel.csv", "koreliste-nat-vintertid.csv", "koreliste-fejl.csv"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			dir := t.TempDir()
			j := journal(t, dir)
			input := sample(t, name)
			list := keep(t, j, input)
			entries(t, j, list)

			out := output(t, dir, input)
			golden(t, "ud-"+name, out.Data)

			work, err := os.ReadFile(filepath.Join(dir, string(listID), "ud", "arbejdsliste.csv"))
			if err != nil {
				t.Fatal(err)
			}

			golden(t, "arbejdsliste-"+name, work)

			for _, row := range list.Rows {
				if bytes.Contains(work, []byte(row.CPR.Reveal())) || bytes.Contains(work, []byte(row.Name)) && len(row.Name) > 3 {
					t.Errorf("line %d: the work list shows a CPR number or a name", row.Line)
				}
			}

			same, err := j.Output(t.Context(), listID)
			if err != nil || !bytes.Equal(same.Data, out.Data) {
				t.Errorf("Output differs from the file: %v", err)
			}

			onlyOwnCells(t, input.Data, out.Data)
		})
	}
}

// onlyOwnCells reads both files with encoding/csv alone and compares all other cells.
func onlyOwnCells(t *testing.T, before, after []byte) {
	t.Helper()

	a, b := rawCSV(t, before), rawCSV(t, after)
	if len(a) != len(b) {
		t.Fatalf("%d rows became %d", len(a), len(b))
	}

	own := map[int]bool{}

	for i := range a {
		for c, cell := range a[i] {
			if cell == "Besøgstype" || cell == "Bemærkning" || cell == "Kommentar" {
				own[c] = true
			}
		}

		for c := range a[i] {
			if !own[c] && a[i][c] != b[i][c] {
				t.Errorf("row %d, column %d: %q became %q", i, c, a[i][c], b[i][c])
			}
		}
	}
}

func rawCSV(t *testing.T, data []byte) [][]string {
	t.Helper()

	text := strings.ToValidUTF8(string(data), "")
	if text != string(data) {
		decoded, err := charmap.Windows1252.NewDecoder().Bytes(data)
		if err != nil {
			t.Fatal(err)
		}

		text = string(decoded)
	}

	text, _, _ = strings.Cut(text, "\n\"23-11-2026;08:00;uafsluttet")

	r := csv.NewReader(strings.NewReader(strings.ReplaceAll(text, `;=HYPERLINK("http://x.example";"klik")`, ";;")))
	r.Comma, r.FieldsPerRecord = ';', -1

	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}

	return rows
}

func TestWorkbook(t *testing.T) {
	t.Parallel()

	dir := t.TempDir()
	j := journal(t, dir)
	input := sample(t, "koreliste-uge.xlsx")
	list := keep(t, j, input)

	change := planned(list.Rows[0])
	apply(t, j, change)

	before, after := cells(t, input.Data), cells(t, output(t, dir, input).Data)
	for name, value := range map[string]string{"K3": "Besøgstype", "L3": "Bemærkning", "K4": "Planlagt skærmbesøg", "L4": "skærmbesøg"} {
		if after[name] != value {
			t.Errorf("%s is %q, want %q", name, after[name], value)
		}

		delete(after, name)
	}

	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("other cells (-before +after):\n%s", diff)
	}

	apply(t, j, ehrtest.Restored(change, ""))

	if !bytes.Equal(input.Data, output(t, dir, input).Data) {
		t.Error("undo of everything did not bring the input's bytes back")
	}
}

// cells reads value and style of every cell of the first sheet.
func cells(t *testing.T, data []byte) map[string]string {
	t.Helper()

	book, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}

	sheet := book.GetSheetName(0)

	rows, err := book.GetRows(sheet, excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}

	all := map[string]string{}

	for r, row := range rows {
		for c, value := range row {
			name, _ := excelize.CoordinatesToCellName(c+1, r+1)
			style, _ := book.GetCellStyle(sheet, name)

			all[name] = value
			if style != 0 {
				all[name] += fmt.Sprintf(" (style %d)", style)
			}
		}
	}

	return all
}

func TestALaterFileOfTheList(t *testing.T) {
	t.Parallel()

	const row = "23-11-2026;%s;08:30;KL-%d;02016099%d;%s;%s\n"

	second := "Dato;Start;Slut;Besøgs-id;CPR;Besøgstype;Bemærkning\n"
	first := second + fmt.Sprintf(row, "08:00", 0, 95, "Planlagt besøg", "a") +
		fmt.Sprintf(row, "08:00", 1, 96, "Planlagt besøg", "b") + fmt.Sprintf(row, "08:00", 2, 95, "Planlagt besøg", "c")

	// The robot typed visit 0 and 1 in; somebody changed visit 1; visit 2 is gone.
	second += fmt.Sprintf(row, "08:00", 0, 95, "Planlagt skærmbesøg", "a, skærmbesøg")
	second += fmt.Sprintf(row, "08:05", 1, 96, "Aflyst", "b, skærmbesøg")

	dir := t.TempDir()
	j := journal(t, dir)
	list := keep(t, j, csvFile(first))

	for _, visit := range list.Rows {
		apply(t, j, planned(visit))
	}

	keep(t, j, csvFile(second))
	keep(t, j, csvFile(second)) // again changes nothing

	if got := string(output(t, dir, csvFile("")).Data); got != strings.ReplaceAll(second, "Aflyst", "Planlagt skærmbesøg") {
		t.Errorf("the entries are not shown once in the later file:\n%s", got)
	}

	for _, visit := range list.Rows {
		apply(t, j, ehrtest.Restored(planned(visit), "Planlagt besøg"))
	}

	want := strings.NewReplacer("Planlagt skærmbesøg", "Planlagt besøg", ", skærmbesøg", "").Replace(second)
	if diff := cmp.Diff(want, string(output(t, dir, csvFile("")).Data)); diff != "" {
		t.Errorf("after restoring (-want +got):\n%s", diff)
	}

	work, err := j.WorkList(t.Context(), listID)
	if err != nil || !strings.Contains(string(work.Data), "Besøget står ikke længere på kørelisten.") {
		t.Errorf("the work list must tell of the visit that is gone: %v\n%s", err, work.Data)
	}

	kept, err := os.ReadDir(filepath.Join(dir, string(listID), "ind"))
	if err != nil || len(kept) != 1 {
		t.Errorf("earlier inputs must be deleted: %v, %v", kept, err)
	}
}

func TestRefusedEntries(t *testing.T) {
	t.Parallel()

	j := journal(t, t.TempDir())
	list := keep(t, j, sample(t, "koreliste-aften-excel.csv"))

	for name, spoil := range map[string]func(*ehr.Change){
		"list":   func(c *ehr.Change) { c.List = "ukendt" },
		"row":    func(c *ehr.Change) { c.Source.Occurrence = "2026-11-24" },
		"letter": func(c *ehr.Change) { c.Comment = "skærm 📹" },
		"key":    func(c *ehr.Change) { c.Key = "" },
		"kind":   func(c *ehr.Change) { c.Kind = "" },
	} {
		change := planned(list.Rows[0])
		spoil(&change)

		_, err := j.Apply(t.Context(), change)
		if !connector.Is(err, connector.Rejected) || care.KindOf(err) != care.Invalid {
			t.Errorf("%s: %v, want Rejected", name, err)
		}
	}

	if n := len(history(t, j)); n != 0 {
		t.Errorf("%d entries after refusals", n)
	}

	err := j.Keep(t.Context(), "anden", sample(t, "koreliste-dag.csv"), []ehr.RowRef{{Line: 999}})
	if !connector.Is(err, connector.Rejected) {
		t.Errorf("Keep with a row that is not there: %v", err)
	}
}

func TestFormulasDoNotRun(t *testing.T) {
	t.Parallel()

	j := journal(t, t.TempDir())
	list := keep(t, j, csvFile(head+"23-11-2026;08:00;08:10;0201609995;Øst;=cmd();@SUM(A1);20000001;SUL §138\n"))

	change := planned(list.Rows[0])
	change.Unit = "-1"
	apply(t, j, change)

	work, err := j.WorkList(t.Context(), listID)
	if err != nil {
		t.Fatal(err)
	}

	for _, row := range rawCSV(t, bytes.TrimPrefix(work.Data, []byte("\ufeff"))) {
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				t.Errorf("cell %q would run as a formula", cell)
			}
		}
	}
}
