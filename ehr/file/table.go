package file

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// Limits of an input file. Twenty megabytes hold far more than fifty thousand visits, which
// is more than the largest municipality has in a week.
const (
	maxBytes   = 20 << 20
	maxRows    = 50_000
	maxColumns = 200
	maxTitle   = 30 // rows above the header
)

// record is one row of a file.
type record struct {
	line       int      // 1-based line or sheet row where it begins
	cells      []string // decoded
	start, end int      // CSV: where it stands in the text, without its line end
	broken     bool     // CSV: the row can't be divided into cells
}

// blank reports whether the row has no content.
func (r record) blank() bool {
	if r.broken {
		return false
	}

	for _, cell := range r.cells {
		if strings.TrimSpace(cell) != "" {
			return false
		}
	}

	return true
}

// cell returns the trimmed content of column i, empty when the row is shorter.
func (r record) cell(i int) string {
	if i < 0 || i >= len(r.cells) {
		return ""
	}

	return strings.Trim(r.cells[i], " \t\r\n\u00a0\u200b\ufeff")
}

// table is a decoded file, CSV and XLSX alike.
type table struct {
	encoding string
	serials  bool // numbers may be Excel serials
	date1904 bool // serials count from 1904
	titles   []record
	head     record
	header   header
	rows     []record // below the header, in file order, blank ones left out
	text     *text    // CSV
	sheet    string   // XLSX
}

// refuse returns the error for a file that can't be used at all.
func refuse(op string, kind connector.Kind, message string, cause error) error {
	return &connector.Error{
		System: System, Op: op, Kind: kind,
		Err: &care.Error{Kind: care.Invalid, Message: message, Err: cause},
	}
}

// openTable decodes a file of either kind.
func openTable(ctx context.Context, file ehr.File, aliases map[string]alias) (*table, error) {
	const op = "read"

	switch data := file.Data; {
	case len(data) == 0:
		return nil, refuse(op, connector.Rejected, "Filen er tom. Eksportér kørelisten igen.", nil)
	case len(data) > maxBytes:
		return nil, refuse(op, connector.Rejected, "Filen er større end 20 MB. Eksportér færre dage ad gangen.", nil)
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return openXLSX(ctx, data, aliases)
	case bytes.HasPrefix(data, []byte{0xD0, 0xCF, 0x11, 0xE0}):
		return nil, refuse(op, connector.Rejected, "Filen er en gammel Excel-fil (.xls) eller har adgangskode. Gem den som .xlsx uden adgangskode, og prøv igen.", nil)
	case bytes.HasPrefix(data, []byte("%PDF")):
		return nil, refuse(op, connector.Rejected, "Filen er en PDF. Eksportér kørelisten som CSV eller Excel (.xlsx).", nil)
	case looksLikeMarkup(data):
		return nil, refuse(op, connector.Rejected, "Filen er en webside eller XML og ikke en køreliste. Åbn den i Excel, og gem den som .xlsx.", nil)
	default:
		return openCSV(ctx, data, aliases)
	}
}

func looksLikeMarkup(data []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(data[:min(len(data), 256)], "\ufeff \t\r\n"), []byte("<"))
}

// findHeader returns the index of the row that recognises most fields among the first rows,
// or -1. Titles, dates of printing and the like may stand above it.
func findHeader(records []record, aliases map[string]alias) (int, header) {
	best, found := -1, header{}

	for i, r := range records {
		if i > maxTitle {
			break
		}

		if h := readHeader(r.cells, aliases); h.plausible() && (best < 0 || h.score() > found.score()) {
			best, found = i, h
		}
	}

	return best, found
}

var errNoHeader = errors.New("no header row")

// noHeader is the error for a file in which no header row was found.
func noHeader(op string) error {
	return refuse(op, connector.Rejected,
		"Filen ligner ikke en køreliste: ingen række har kolonnenavne som Dato, Starttid og CPR-nr. Kontrollér, at det er den rigtige fil, og at rækken med kolonnenavne er med.", errNoHeader)
}

// tooMany is the error for a file beyond the row limit.
func tooMany(op string) error {
	return refuse(op, connector.Rejected, "Filen har mere end 50.000 rækker. Eksportér færre dage ad gangen.", nil)
}
