package file_test

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/file"
	"github.com/sluse/sluse/scheduler/care"
)

// bigList repeats the sample day until it has n rows, each with its own visit id.
func bigList(tb testing.TB, n int) ehr.File {
	tb.Helper()

	lines := strings.Split(strings.TrimSpace(string(sample(tb, "koreliste-dag.csv").Data)), "\r\n")

	var b strings.Builder
	b.WriteString(lines[0] + "\r\n")

	for i := range n {
		row := lines[1+i%(len(lines)-1)]
		id := strings.Split(row, ";")[3]
		b.WriteString(strings.Replace(row, id, fmt.Sprintf("KL-%d", 100_000+i), 1) + "\r\n")
	}

	return ehr.File{Name: "stor.csv", Data: []byte(b.String())}
}

func bigWorkbook(tb testing.TB, n int) ehr.File {
	tb.Helper()

	book := excelize.NewFile()

	for i, row := range strings.Split(strings.TrimSpace(strings.TrimPrefix(string(bigList(tb, n).Data), "\ufeff")), "\r\n") {
		cells := strings.Split(row, ";")

		values := make([]any, len(cells))
		for c := range cells {
			values[c] = strings.Trim(cells[c], `"`)
		}

		if err := book.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &values); err != nil {
			tb.Fatal(err)
		}
	}

	var b bytes.Buffer
	if err := book.Write(&b); err != nil {
		tb.Fatal(err)
	}

	return ehr.File{Name: "stor.xlsx", Data: b.Bytes()}
}

func BenchmarkRead10000(b *testing.B) {
	for name, f := range map[string]ehr.File{"csv": bigList(b, 10_000), "xlsx": bigWorkbook(b, 10_000)} {
		b.Run(name, func(b *testing.B) {
			source := file.NewSource(file.Config{}, citizenKey)

			b.ReportAllocs()

			for b.Loop() {
				list, err := source.Read(b.Context(), f)
				if err != nil || list.Total != 10_000 || len(list.Rows) != 10_000 {
					b.Fatal(err, list.Total, len(list.Rows))
				}
			}
		})
	}
}

// BenchmarkApply writes planned entries of a list one after the other.
func BenchmarkApply(b *testing.B) {
	for _, f := range []ehr.File{sample(b, "koreliste-dag.csv"), bigList(b, 10_000), sample(b, "koreliste-uge.xlsx")} {
		b.Run(fmt.Sprintf("%s-%d-bytes", f.Name, len(f.Data)), func(b *testing.B) {
			j, err := file.New(file.Config{Dir: b.TempDir(), RenderDelay: time.Second}, file.Options{Now: clock})
			if err != nil {
				b.Fatal(err)
			}

			list := keep(b, j, f)
			n := 0

			for b.Loop() {
				change := planned(list.Rows[n%len(list.Rows)])
				change.Key += strconv.Itoa(n)
				n++

				if n%2 == 0 {
					change.Kind = care.EntryRestored
				}

				apply(b, j, change)
			}
		})
	}
}
