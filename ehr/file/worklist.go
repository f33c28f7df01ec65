package file

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// workList writes what a person has to type into the record: one row per visit with an
// entry, in the order of the day. Of the comment it shows our part alone, because people's
// text may name somebody. For Excel: UTF-8 with a byte order mark, semicolons, CRLF.
func (c *content) workList() ([]byte, error) {
	var b bytes.Buffer

	b.WriteString("\ufeff")

	w := csv.NewWriter(&b)
	w.Comma = ';'
	w.UseCRLF = true

	rows := [][]string{{
		"Linje", "Besøgs-id", "Dato", "Start", "Slut", "Medarbejder", "Enhed", "CPR", "Indsats", "Lovgrundlag",
		"Levering", "Besøgstype", "Bemærkning", "Resultat", "Årsag", "Faktisk start", "Faktisk slut", "Gør dette i journalen", "Ændret",
	}}

	states := make([]*rowState, 0, len(c.states))
	for _, s := range c.states {
		states = append(states, s)
	}

	slices.SortFunc(states, func(a, b *rowState) int {
		return cmp.Or(a.last.Planned.Start.Compare(b.last.Planned.Start), cmp.Compare(a.last.Source.ID, b.last.Source.ID), cmp.Compare(a.last.Source.Occurrence, b.last.Source.Occurrence))
	})

	for _, s := range states {
		rows = append(rows, c.workRow(s))
	}

	if err := w.WriteAll(rows); err != nil {
		return nil, fmt.Errorf("write work list: %w", err)
	}

	return b.Bytes(), nil
}

func (c *content) workRow(s *rowState) []string {
	e := s.last
	lineNumber, category := "", s.category

	if at, ok := c.byRef[e.Source]; ok {
		row := c.table.rows[at]
		lineNumber = strconv.Itoa(row.line)
		category = s.showCategory(c.own(row, c.category))
	}

	id := e.Source.ID
	if isStableKey(id) {
		id = ""
	}

	row := []string{
		lineNumber, id, local(e.Planned.Start, "02-01-2006"), local(e.Planned.Start, "15:04"), local(e.Planned.End, "15:04"),
		string(e.Employee), e.Unit, e.Citizen, e.Service, e.Law.Danish(), e.Delivery.Danish(), category, s.token,
		resultDanish(e.Result), e.Reason.Danish(), local(e.Actual.Start, "15:04"), local(e.Actual.End, "15:04"),
		s.instruction(category, lineNumber == ""), local(e.At, "02-01-2006 15:04"),
	}

	for i, cell := range row {
		row[i] = safeCell(cell)
	}

	return row
}

// instruction says what to do in the record, in Danish.
func (s *rowState) instruction(category string, gone bool) string {
	var parts []string

	switch e := s.last; e.Kind {
	case care.EntryRestored:
		if category != "" {
			parts = append(parts, "Sæt besøgstypen tilbage til »"+category+"«.")
		}

		if s.lastToken != "" && s.token == "" {
			parts = append(parts, "Fjern »"+s.lastToken+"« fra bemærkningen.")
		}
	case care.EntryPlanned, care.EntryResult:
		if s.category != "" {
			parts = append(parts, "Sæt besøgstypen til »"+s.category+"«.")
		}

		if s.token != "" {
			parts = append(parts, "Bemærkningen skal slutte med »"+s.token+"«.")
		}

		switch {
		case e.Result == care.ResultNotCompleted:
			parts = append(parts, "Registrér, at besøget ikke blev gennemført: "+strings.ToLower(e.Reason.Danish())+".")
		case e.Result == care.ResultCompleted && e.Actual.Valid():
			parts = append(parts, "Registrér, at besøget blev gennemført kl. "+local(e.Actual.Start, "15.04")+"–"+local(e.Actual.End, "15.04")+".")
		case e.Result == care.ResultCompleted:
			parts = append(parts, "Registrér, at besøget blev gennemført.")
		}
	}

	if gone {
		parts = append(parts, "Besøget står ikke længere på kørelisten.")
	}

	return strings.Join(parts, " ")
}

func resultDanish(r care.ResultKind) string {
	switch r {
	case care.ResultCompleted:
		return "Gennemført"
	case care.ResultNotCompleted:
		return "Ikke gennemført"
	}

	return ""
}

// local writes an instant as clocks in Denmark show it; nothing for the zero time.
func local(t time.Time, layout string) string {
	if t.IsZero() {
		return ""
	}

	return t.In(care.Zone()).Format(layout)
}

// safeCell keeps a spreadsheet from running a cell as a formula (eoj.md §5.3).
func safeCell(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}

	return cell
}
