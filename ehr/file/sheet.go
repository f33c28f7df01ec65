package file

import (
	"context"
	"errors"
	"strings"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/directory"
)

// Sheets reads other tables than driving lists, with the same letters, separators and limits.
type Sheets struct{}

var _ directory.Sheets = Sheets{}

// System implements directory.Sheets: surrogate ids mean the same here as in driving lists.
func (Sheets) System() string { return System }

// ReadSheet implements directory.Sheets. The first column is the one that a header row can't lack.
func (Sheets) ReadSheet(ctx context.Context, f directory.File, columns []directory.Column) (directory.Sheet, error) {
	aliases := make(map[string]alias)

	for i, c := range columns {
		for rank, name := range append([]string{c.Name}, c.Aliases...) {
			aliases[normalise(name)] = alias{field: field(sheetColumns + i), rank: rank}
		}
	}

	t, err := openTable(ctx, ehr.File(f), aliases)
	if err != nil {
		return directory.Sheet{}, reword(err, columns)
	}

	out := directory.Sheet{Columns: make(map[string]string, len(columns)), Encoding: t.encoding}

	for i, c := range columns {
		if at := t.header.column(field(sheetColumns + i)); at >= 0 {
			out.Columns[c.Name] = t.head.cell(at)
		}
	}

	for i, f := range t.header.columns {
		if name := t.head.cell(i); f == 0 && name != "" {
			out.Unknown = append(out.Unknown, name)
		}
	}

	for _, r := range t.rows {
		if r.broken {
			out.Broken = append(out.Broken, r.line)

			continue
		}

		row := directory.Row{Line: r.line, Cells: make(map[string]string, len(columns))}

		for i, c := range columns {
			row.Cells[c.Name] = t.cellText(r.cell(t.header.column(field(sheetColumns+i))), c.Day)
		}

		out.Rows = append(out.Rows, row)
	}

	return out, nil
}

// cellText returns a cell as text. A spreadsheet keeps numbers and days as numbers. A day is
// written 2006-01-02 when it can be read at all.
func (t *table) cellText(cell string, day bool) string {
	if day {
		if d, ok := parseDate(cell, t.date1904); ok {
			return d.String()
		}
	}

	if t.serials {
		return plainNumber(cell)
	}

	return cell
}

// reword tells what is wrong with a file that is no driving list and need not be one.
func reword(err error, columns []directory.Column) error {
	known, ok := errors.AsType[*care.Error](err)
	if !ok {
		return err
	}

	if errors.Is(err, errNoHeader) {
		names := make([]string, 0, len(columns))
		for _, c := range columns {
			names = append(names, c.Name)
		}

		return refuse("read", connector.Rejected, "Filen har ingen række med kolonnenavne, som vi kender. Første række skal have kolonnerne "+strings.Join(names, ", ")+".", err)
	}

	kind := connector.Rejected
	if e, ok := errors.AsType[*connector.Error](err); ok {
		kind = e.Kind
	}

	words := strings.NewReplacer("kørelistens", "filens", "kørelisten", "filen", "en køreliste", "en tabel", "færre dage", "færre rækker")

	return refuse("read", kind, words.Replace(known.Message), err)
}
