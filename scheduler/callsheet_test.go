package scheduler_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/sluse/sluse/ehr"
)

// callWorkbook is the same call list as a workbook, in which times and lengths are Excel's own numbers.
func callWorkbook(tb testing.TB, f ehr.File) ehr.File {
	tb.Helper()

	book := excelize.NewFile()
	defer book.Close()

	when, long := "dd-mm-yyyy hh:mm", "[h]:mm:ss"
	dates, err := book.NewStyle(&excelize.Style{CustomNumFmt: &when})
	must(tb, err)
	lengths, err := book.NewStyle(&excelize.Style{CustomNumFmt: &long})
	must(tb, err)
	must(tb, book.SetColStyle("Sheet1", "B", dates))
	must(tb, book.SetColStyle("Sheet1", "C", lengths))

	for i, line := range strings.Split(string(f.Data), "\r\n") {
		for j, text := range strings.Split(line, ";") {
			at, err := excelize.CoordinatesToCellName(j+1, i+1)
			must(tb, err)

			began, dated := time.Parse("02-01-2006 15:04", text)
			length, timed := time.Parse("15:04:05", text)

			switch {
			case dated == nil:
				must(tb, book.SetCellValue("Sheet1", at, began.Sub(time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)).Hours()/24))
				must(tb, book.SetCellStyle("Sheet1", at, at, dates))
			case timed == nil:
				must(tb, book.SetCellValue("Sheet1", at, length.Sub(length.Truncate(24*time.Hour)).Hours()/24))
				must(tb, book.SetCellStyle("Sheet1", at, at, lengths))
			default:
				must(tb, book.SetCellStr("Sheet1", at, text))
			}
		}
	}

	var out bytes.Buffer

	must(tb, book.Write(&out))

	return ehr.File{Name: "opkald.xlsx", Data: out.Bytes()}
}

// TestCallListInWorkbook previews and imports the same calls as CSV and as a workbook: the preview tells
// the same, and the second import finds that it knows every call.
func TestCallListInWorkbook(t *testing.T) {
	t.Parallel()

	r := newRig(t, withViewcare)
	r.until(on(10, 0))

	text := callList(randersCalls()...)
	sheet := callWorkbook(t, text)

	plain, err := r.PreviewCalls(t.Context(), leader(), "viewcare", text)
	must(t, err)
	book, err := r.PreviewCalls(t.Context(), leader(), "viewcare", sheet)
	must(t, err)

	if diff := cmp.Diff(plain.File.Problems, book.File.Problems); diff != "" {
		t.Errorf("problems (-CSV +XLSX):\n%s", diff)
	}

	if plain.Calls == 0 || book.Calls != plain.Calls || book.New != plain.New || book.Answered != plain.Answered || book.Days != plain.Days {
		t.Errorf("the workbook has %d calls, %d answered, %v, the text %d, %d, %v", book.Calls, book.Answered, book.Days, plain.Calls, plain.Answered, plain.Days)
	}

	if in := r.importCalls(leader(), sheet); in.New != plain.Calls {
		t.Errorf("import of the workbook: %+v", in)
	}

	if in := r.importCalls(leader(), text); in.New != 0 || in.Known != plain.Calls {
		t.Errorf("import of the text after the workbook: %+v", in)
	}
}
