package file

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// System is the name of this adapter in errors and in care.SourceRef.
const System = "file"

// Source reads driving lists from files.
type Source struct {
	aliases    map[string]alias
	citizenKey func(care.CitizenKey) string
}

var _ ehr.FileSource = (*Source)(nil)

// NewSource returns a reader of driving-list files. The citizenKey is a keyed hash of the
// CPR number or surrogate id, always the same for the same one: it becomes part of the identity of a
// visit that has no id in the file, and nobody without the key can find the number from it.
func NewSource(cfg Config, citizenKey func(care.CitizenKey) string) *Source {
	return &Source{aliases: aliasTable(cfg.Aliases), citizenKey: citizenKey}
}

// Read decodes a CSV or XLSX file of at most 20 MB and 50,000 rows. Errors are
// *connector.Error of kind Rejected (no driving list, too big), Malformed (damaged) or
// Unavailable (ctx ended) whose cause is a *care.Error with a Danish sentence.
func (s *Source) Read(ctx context.Context, file ehr.File) (ehr.DrivingList, error) {
	t, err := openTable(ctx, file, s.aliases)
	if err != nil {
		return ehr.DrivingList{}, err
	}

	r := &reading{table: t, header: t.header, citizenKey: s.citizenKey}
	if err := r.checkColumns(); err != nil {
		return ehr.DrivingList{}, err
	}

	drafts := make([]*draft, 0, len(t.rows))

	for _, row := range t.rows {
		drafts = append(drafts, r.draft(row))
	}

	r.rollNights(drafts)
	r.resolve(drafts)
	r.identify(drafts)

	list := ehr.DrivingList{
		Columns: r.columns(), Total: len(t.rows), Encoding: t.encoding,
		Rows: make([]ehr.Row, 0, len(drafts)),
	}

	for _, d := range drafts {
		if !d.faulty {
			list.Rows = append(list.Rows, d.row)
		}
	}

	slices.SortStableFunc(r.problems, func(a, b ehr.Problem) int { return cmp.Compare(a.Line, b.Line) })
	list.Problems = r.problems

	return list, nil
}

// reading is one file while it is read.
type reading struct {
	table      *table
	header     header
	citizenKey func(care.CitizenKey) string
	listDate   date // from a title row, when no column has the day
	problems   []ehr.Problem
}

func (r *reading) warn(line int, column, text string) {
	r.problems = append(r.problems, ehr.Problem{Line: line, Column: column, Severity: ehr.Warning, Text: text})
}

// name returns the file's own name of the column that tells f.
func (r *reading) name(f field) string { return r.table.head.cell(r.header.column(f)) }

// columns tells how every column of the file was understood.
func (r *reading) columns() []ehr.Column {
	columns := make([]ehr.Column, len(r.header.columns))
	for i, f := range r.header.columns {
		columns[i] = ehr.Column{Header: r.table.head.cell(i), Field: f.String()}
	}

	return columns
}

// checkColumns refuses a file without the columns that nothing can be done without, and
// warns of columns that are missing, or that nobody knows.
func (r *reading) checkColumns() error {
	h := r.header
	r.listDate = dateOfTitles(r.table)

	switch {
	case !h.has(fieldCPR) && !h.has(fieldSurrogate):
		return missing("CPR-nr.", "")
	case !h.has(fieldStart):
		return missing("Starttid", "")
	case !h.has(fieldEnd) && !h.has(fieldDuration):
		return missing("Sluttid", " eller »Varighed (min)«")
	case !h.has(fieldDate) && r.listDate.IsZero() && !r.momentsInStart():
		return missing("Dato", "")
	}

	head := r.table.head.line

	for i, f := range h.columns {
		column := r.table.head.cell(i)
		if f != 0 || column == "" {
			continue
		}

		text := "Kolonnen kendes ikke og bruges ikke. Skal den bruges, så giv den et kendt navn, eller få navnet tilføjet i opsætningen."
		if known, ok := aliasTable(nil)[normalise(column)]; ok {
			text = "Kolonnen bruges ikke, fordi kolonnen »" + r.name(known.field) + "« fortæller det samme."
		}

		r.warn(head, column, text)
	}

	for _, f := range []field{fieldPhone, fieldLaw, fieldEmployee, fieldService} {
		if !h.has(f) {
			r.warn(head, "", "Filen har ingen kolonne »"+f.String()+"«. "+r.without(f))
		}
	}

	return nil
}

// without says what the lack of a column means.
func (r *reading) without(f field) string {
	switch f { //nolint:exhaustive // only the columns that a list may do without
	case fieldPhone:
		return "Borgerne kan ikke få en SMS. Tag kolonnen med i eksporten."
	case fieldLaw:
		return "Lovgrundlaget er ukendt på alle besøg, og statistikken kan ikke deles på lov. Tag kolonnen med i eksporten."
	case fieldEmployee:
		return "Besøgene har ingen medarbejder. Tag kolonnen med i eksporten."
	default:
		return "Det kan ikke ses, hvilke indsatser der må gives på skærm. Tag kolonnen med i eksporten."
	}
}

func missing(column, or string) error {
	return refuse("read", connector.Rejected, "Filen mangler kolonnen »"+column+"«"+or+
		". Tag kolonnen med i eksporten, eller få dens navn tilføjet i opsætningen.", nil)
}

// dateOfTitles finds the day in the rows above the header, for lists of one day without a
// date column.
func dateOfTitles(t *table) date {
	for _, row := range t.titles {
		for i := range row.cells {
			words := strings.Fields(row.cell(i))
			for j := range words {
				for n := min(3, len(words)-j); n > 0; n-- {
					if d, ok := parseDate(strings.Join(words[j:j+n], " "), t.date1904); ok {
						return d
					}
				}
			}
		}
	}

	return date{}
}

// momentsInStart reports whether the start column has days in it: its first cell does.
func (r *reading) momentsInStart() bool {
	for _, row := range r.table.rows {
		if text := row.cell(r.header.column(fieldStart)); text != "" {
			_, _, ok := parseMoment(text, r.table.date1904)

			return ok
		}
	}

	return false
}
