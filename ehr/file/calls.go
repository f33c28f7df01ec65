package file

import (
	"context"
	"fmt"
	"strings"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/lexicon"
	"github.com/sluse/sluse/scheduler/calls"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/directory"
)

// Calls reads call lists of other vendors' products (M24), with the same letters, separators and
// limits as driving lists: what a Layout leaves open is found out.
type Calls struct{}

// ReadCalls reads a file by a layout. Rows that can't be counted are told in Problems, each with its
// line, and left out. Citizens whom the vendor knows by an id of its own get a surrogate id of the
// system. A file that is no such list is *connector.Error of kind Rejected or Malformed whose cause is
// a *care.Error with a Danish sentence.
func (Calls) ReadCalls(ctx context.Context, f ehr.File, source calls.Source) (calls.File, error) {
	aliases := make(map[string]alias)
	fields := calls.Fields()

	for i, known := range fields {
		for rank, name := range source.Layout.Columns[known] {
			if key := normalise(name); key != "" {
				if _, taken := aliases[key]; !taken {
					aliases[key] = alias{field: field(sheetColumns + i), rank: rank}
				}
			}
		}
	}

	t, err := openTable(ctx, f, aliases)
	if err != nil {
		return calls.File{}, reword(err, startColumns(source.Layout))
	}

	if drivingList(t) {
		return calls.File{}, refuse("read", connector.Rejected, "Filen ligner en køreliste og ikke en opkaldsliste. Kørelister importeres under Import.", nil)
	}

	r := &callReader{t: t, source: source, at: make(map[calls.Field]int), words: newCallWords(source.Layout), often: make(map[string]*calls.Problem), count: make(map[string]int)}
	r.out.Encoding = t.encoding

	for i, known := range fields {
		r.at[known] = t.header.column(field(sheetColumns + i))
	}

	for i, f := range t.header.columns {
		if name := t.head.cell(i); name != "" {
			c := calls.Column{Header: name}
			if f != 0 {
				c.Field = fields[int(f)-sheetColumns]
			}

			r.out.Columns = append(r.out.Columns, c)
		}
	}

	r.readAll(ctx)

	if err := ctx.Err(); err != nil {
		return calls.File{}, &connector.Error{System: System, Op: "read", Kind: connector.Unavailable, Err: err}
	}

	return r.out, nil
}

// drivingList reports whether a table tells far more of what driving lists tell than of calls: its
// visits must not become calls that nobody made.
func drivingList(t *table) bool {
	return readHeader(t.head.cells, aliasTable(nil)).score() >= t.header.score()+4
}

// startColumns are the columns that a refusal names.
func startColumns(l calls.Layout) []directory.Column {
	var out []directory.Column

	for _, f := range []calls.Field{calls.Start, calls.End, calls.Length} {
		if names := l.Columns[f]; len(names) > 0 {
			out = append(out, directory.Column{Name: names[0]})
		}
	}

	return out
}

// callWords are the words of a layout, normalised.
type callWords struct {
	answered, unanswered, leftOut, kinds map[string]bool
}

func newCallWords(l calls.Layout) callWords {
	set := func(words []string) map[string]bool {
		out := make(map[string]bool, len(words))
		for _, w := range words {
			out[normalise(w)] = true
		}

		return out
	}

	return callWords{answered: set(l.Answered), unanswered: set(l.Unanswered), leftOut: set(l.LeftOut), kinds: set(l.Kinds)}
}

// callReader reads one file of calls.
type callReader struct {
	t      *table
	source calls.Source
	at     map[calls.Field]int // column, -1: the file has none
	words  callWords
	out    calls.File
	often  map[string]*calls.Problem // the first of its kind
	count  map[string]int
	order  []string
}

func (r *callReader) has(f calls.Field) bool { return r.at[f] >= 0 }

func (r *callReader) cell(row record, f calls.Field) string { return row.cell(r.at[f]) }

func (r *callReader) readAll(ctx context.Context) {
	r.lacks()

	for i, row := range r.t.rows {
		if i%1000 == 0 && ctx.Err() != nil {
			return
		}

		r.out.Total++

		if row.broken {
			r.fault(row, "", "Rækken kan ikke læses. Se efter et anførselstegn eller et skilletegn for meget.")

			continue
		}

		if call, ok := r.read(row); ok {
			r.out.Rows = append(r.out.Rows, call)
		}
	}

	for _, text := range r.order {
		p := *r.often[text]
		if n := r.count[text]; n > 1 {
			p.Text = fmt.Sprintf("%s Det gælder %d rækker; dette er den første.", text, n)
		}

		r.out.Problems = append(r.out.Problems, p)
	}
}

// lacks tells once what a file can't tell at all.
func (r *callReader) lacks() {
	whole := func(f calls.Field, text string, fault bool) {
		r.out.Problems = append(r.out.Problems, calls.Problem{Column: f.Danish(), Text: text, Fault: fault})
	}

	if !r.has(calls.Start) {
		whole(calls.Start, "Filen har ingen kolonne med, hvornår opkaldet begyndte. Kontrollér opsætningen af kilden.", true)
	}

	if !r.has(calls.Length) && !r.has(calls.End) {
		whole(calls.Length, "Filen har hverken varighed eller sluttidspunkt. Kontrollér opsætningen af kilden.", true)
	}

	if !r.has(calls.CPR) && !r.has(calls.Citizen) {
		whole(calls.CPR, "Filen siger ikke, hvem borgeren er. Opkaldene tælles, men ikke hvor mange borgere de er til.", false)
	}

	if !r.has(calls.Unit) {
		whole(calls.Unit, "Filen har ingen enheder. Opkaldene tælles kun for hele kommunen.", false)
	}

	if !r.has(calls.CallID) {
		whole(calls.CallID, "Filen har ingen id'er for opkald. Det samme opkald i to filer genkendes på, at rækkerne er ens.", false)
	}
}

func (r *callReader) fault(row record, column calls.Field, text string) {
	r.out.Problems = append(r.out.Problems, calls.Problem{Line: row.line, Column: column.Danish(), Text: text, Fault: true})
}

// warn tells what to look at, once for all rows of which it is true.
func (r *callReader) warn(row record, column calls.Field, text string) {
	if r.count[text]++; r.count[text] == 1 {
		r.often[text] = &calls.Problem{Line: row.line, Column: column.Danish(), Text: text}
		r.order = append(r.order, text)
	}
}

// became is what the status of a row says.
type became int

const (
	notSaid became = iota
	wasAnswered
	wasUnanswered
)

// status reads the words of a row; ok is false when the row is none that counts.
func (r *callReader) status(row record) (b became, ok bool) {
	if kind := normalise(r.cell(row, calls.Kind)); kind != "" && len(r.words.kinds) > 0 && !r.words.kinds[kind] {
		r.out.LeftOut++

		return notSaid, false
	}

	switch word := normalise(r.cell(row, calls.Status)); {
	case word == "", len(r.words.answered)+len(r.words.unanswered)+len(r.words.leftOut) == 0:
		return notSaid, true
	case r.words.leftOut[word]:
		r.out.LeftOut++

		return notSaid, false
	case r.words.answered[word]:
		return wasAnswered, true
	case r.words.unanswered[word]:
		return wasUnanswered, true
	}

	r.fault(row, calls.Status, "Ordet for status kendes ikke. Få det tilføjet i opsætningen af kilden.")

	return notSaid, false
}

func (r *callReader) read(row record) (calls.Row, bool) {
	said, ok := r.status(row)
	if !ok {
		return calls.Row{}, false
	}

	out := calls.Row{Line: row.line, ID: r.text(row, calls.CallID), Unit: r.text(row, calls.Unit), Service: r.text(row, calls.Service)}

	if !r.times(row, said, &out) {
		return calls.Row{}, false
	}

	r.people(row, &out)
	out.Law = lexicon.Law(r.cell(row, calls.Law))
	out.Shift = r.shift(row, out)

	return out, true
}

// text is a cell as people wrote it. A workbook keeps ids as numbers.
func (r *callReader) text(row record, f calls.Field) string {
	text := r.cell(row, f)
	if r.t.serials {
		text = plainNumber(text)
	}

	if runes := []rune(text); len(runes) > maxCallText {
		text = string(runes[:maxCallText])
	}

	return text
}

// maxCallText is how many characters of a word are kept.
const maxCallText = 120

func (r *callReader) shift(row record, c calls.Row) care.Shift {
	if shift, ok := parseShift(r.cell(row, calls.Shift)); ok {
		return shift
	}

	return lexicon.ShiftAt(c.Began.In(care.Zone()).Hour())
}

// people reads who called whom. A cell that can't be read costs the citizen's or the employee's
// count, not the call's.
func (r *callReader) people(row record, out *calls.Row) {
	if who := r.text(row, calls.Employee); compiled().plainName.MatchString(who) && !compiled().person.MatchString(who) {
		out.Employee = care.EmployeeID(who)
	} else if who != "" {
		r.warn(row, calls.Employee, "Medarbejderen er ikke skrevet som initialer eller nummer. Opkaldet tælles uden medarbejder.")
	}

	number, id := strings.TrimSuffix(r.cell(row, calls.CPR), ".0"), r.text(row, calls.Citizen)
	if strings.Trim(number, "0 -") == "" {
		number = ""
	}

	if number != "" {
		cpr, verdict, padded := care.ParseCPR(number)
		if verdict != care.CPRMalformed {
			out.Citizen = care.CitizenKey{CPR: cpr}

			if padded {
				r.warn(row, calls.CPR, "Der manglede et 0 forrest, og det er sat på. Gem kolonnen som tekst, næste gang filen laves.")
			}

			return
		}

		r.warn(row, calls.CPR, "Det er ikke et CPR-nummer. Opkaldet tælles, men ikke borgeren.")
	}

	if id == "" {
		return
	}

	surrogate, err := care.ParseSurrogateID(r.source.Key, id)
	if err != nil {
		r.warn(row, calls.Citizen, "Borgerens id kan ikke bruges. Opkaldet tælles, men ikke borgeren.")

		return
	}

	out.Citizen = care.CitizenKey{Surrogate: surrogate}
}
