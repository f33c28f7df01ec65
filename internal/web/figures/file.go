package figures

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"

	"github.com/xuri/excelize/v2"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/measure"
)

// Name is what a file of statistics is called, without its ending.
func Name(q scheduler.StatisticsQuery) string {
	return "skaermbesoeg-" + string(q.From) + "-" + string(q.To)
}

// NewCSV begins a file that Excel in Danish opens by itself: a byte order mark, semicolons, CRLF.
func NewCSV(w io.Writer) (*csv.Writer, error) {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return nil, fmt.Errorf("begin a file: %w", err)
	}

	out := csv.NewWriter(w)
	out.Comma, out.UseCRLF = ';', true

	return out, nil
}

// CSV writes figures, what they were made by, and their data dictionary.
func CSV(s scheduler.Statistics) ([]byte, error) {
	var b bytes.Buffer

	w, err := NewCSV(&b)
	if err != nil {
		return nil, err
	}

	lines := [][]string{header(s, false)}
	for _, r := range rows(s) {
		lines = append(lines, line(s, r))
	}

	lines = append(lines, nil, []string{"Forbehold"})
	for _, text := range Terms(s) {
		lines = append(lines, []string{text})
	}

	lines = append(lines, nil, []string{"Datakatalog"})
	lines = append(lines, dictionary()...)

	if err := w.WriteAll(lines); err != nil {
		return nil, fmt.Errorf("statistics file: %w", err)
	}

	return b.Bytes(), nil
}

// header names the columns by their keys in the data dictionary, or as people read them.
func header(s scheduler.Statistics, keys bool) []string {
	var out []string

	for _, d := range s.By {
		if keys {
			out = append(out, string(d), string(d)+"_key")
		} else {
			out = append(out, d.Danish(), d.Danish()+" (nøgle)")
		}
	}

	if len(s.By) == 0 {
		out = append(out, map[bool]string{true: "group", false: "Gruppe"}[keys])
	}

	out = append(out, map[bool][]string{true: {"week_from", "week_to"}, false: {"Ugens første dag", "Ugens sidste dag"}}[keys]...)

	for _, c := range s.Columns {
		if keys {
			out = append(out, c.Key)
		} else {
			out = append(out, c.Name)
		}
	}

	return out
}

// rows are those of the table, and the total last.
func rows(s scheduler.Statistics) []measure.Row {
	out := append([]measure.Row{}, s.Rows...)

	return append(out, s.Total)
}

// group are the cells before the figures.
func group(s scheduler.Statistics, r measure.Row) []string {
	var out []string

	for i := range s.By {
		label, key := "", ""

		if i < len(r.Labels) {
			label = r.Labels[i]
		}

		if i < len(r.Keys) {
			key = r.Keys[i]
		}

		out = append(out, label, key)
	}

	if len(s.By) == 0 {
		out = append(out, "I alt")
	}

	return append(out, string(r.Week.From), string(r.Week.To))
}

func line(s scheduler.Statistics, r measure.Row) []string {
	out := group(s, r)
	for i := range out {
		out[i] = Safe(out[i])
	}

	for i, c := range s.Columns {
		out = append(out, cell(c, r.Values[i]))
	}

	return out
}

// XLSX writes the same as CSV as a workbook with a sheet for each part. Figures are numbers.
func XLSX(s scheduler.Statistics) ([]byte, error) {
	f := excelize.NewFile()

	defer func() { _ = f.Close() }()

	var figures [][]any

	figures = append(figures, texts(header(s, false)), texts(header(s, true)))

	for _, r := range rows(s) {
		cells := texts(group(s, r)) // a text cell of a workbook is never run

		for i, c := range s.Columns {
			switch v := r.Values[i]; {
			case v.Hidden:
				cells = append(cells, Hidden)
			case !v.Known:
				cells = append(cells, nil)
			default:
				cells = append(cells, Rounded(c.Kind, v.Number))
			}
		}

		figures = append(figures, cells)
	}

	about := [][]any{{"Statistik over skærmbesøg"}, {"Periode", Period(s.Query.From, s.Query.To)}}
	for _, text := range Terms(s) {
		about = append(about, []any{text})
	}

	var catalogue [][]any
	for _, l := range dictionary() {
		catalogue = append(catalogue, texts(l))
	}

	for _, sheet := range []struct {
		name string
		rows [][]any
	}{{"Tal", figures}, {"Om udtrækket", about}, {"Datakatalog", catalogue}} {
		if err := writeSheet(f, sheet.name, sheet.rows); err != nil {
			return nil, err
		}
	}

	if err := f.DeleteSheet("Sheet1"); err != nil {
		return nil, fmt.Errorf("statistics workbook: %w", err)
	}

	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		return nil, fmt.Errorf("statistics workbook: %w", err)
	}

	return b.Bytes(), nil
}

func writeSheet(f *excelize.File, name string, rows [][]any) error {
	if _, err := f.NewSheet(name); err != nil {
		return fmt.Errorf("sheet %s: %w", name, err)
	}

	for i, r := range rows {
		at, err := excelize.CoordinatesToCellName(1, i+1)
		if err != nil {
			return fmt.Errorf("sheet %s: %w", name, err)
		}

		if err := f.SetSheetRow(name, at, &r); err != nil {
			return fmt.Errorf("sheet %s: %w", name, err)
		}
	}

	return nil
}

func texts(in []string) []any {
	out := make([]any, len(in))
	for i, s := range in {
		out[i] = s
	}

	return out
}
