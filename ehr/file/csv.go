package file

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"strings"

	"github.com/sluse/sluse/connector"
)

// Limits of one row that runs over several lines because of a line break in a quoted cell.
// Beyond them the quote counts as forgotten.
const (
	maxRecordLines = 100
	maxRecordBytes = 64 << 10
)

// text is the content of a CSV file together with all that is needed to write it again in
// its own way.
type text struct {
	charset charset
	body    []byte // in an ASCII-compatible charset
	comma   byte
	first   int // where the first row begins: after a byte order mark and a sep= line
	line    int // the number of that line
}

// openCSV decodes a CSV file.
func openCSV(ctx context.Context, data []byte, aliases map[string]alias) (*table, error) {
	const op = "read"

	t, err := newText(data)
	if err != nil {
		return nil, err
	}

	if t.comma == 0 {
		t.comma = bestComma(ctx, t, aliases)
	}

	top, _ := t.records(ctx, maxTitle+1)
	at, head := findHeader(top, aliases)

	if at < 0 {
		return nil, noHeader(op)
	}

	all, err := t.records(ctx, maxTitle+maxRows+2)
	if err != nil {
		return nil, err
	}

	if len(all) > at+1+maxRows {
		return nil, tooMany(op)
	}

	if len(all[at].cells) > maxColumns {
		return nil, refuse(op, connector.Rejected, "Filen har mere end 200 kolonner. Eksportér kun kørelistens egne kolonner.", nil)
	}

	rows := all[at+1:]
	for i := range rows {
		rows[i].broken = rows[i].broken || overfull(rows[i], len(head.columns))
	}

	return &table{encoding: t.charset.String(), titles: all[:at], head: all[at], header: head, rows: rows, text: t}, nil
}

// overfull reports whether a row has content beyond the header's last column: its cells
// have shifted, and nothing in it can be trusted.
func overfull(r record, columns int) bool {
	for i := columns; i < len(r.cells); i++ {
		if r.cell(i) != "" {
			return true
		}
	}

	return false
}

func newText(data []byte) (*text, error) {
	set, body, err := decodeText(data)
	if err != nil {
		return nil, err
	}

	t := &text{charset: set, body: body, line: 1}
	if bytes.HasPrefix(body, []byte("\ufeff")) {
		t.first = len("\ufeff")
	}

	// Excel's own way to name the separator: a first line sep=;
	if m := compiled().separator.FindSubmatch(body[t.first:]); m != nil {
		t.comma = m[1][0]
		t.first += len(m[0])
		t.line++
	}

	return t, nil
}

// bestComma picks the separator with which the header row recognises most fields; of equals
// the one that is more usual in Denmark.
func bestComma(ctx context.Context, t *text, aliases map[string]alias) byte {
	best, score := byte(';'), -1

	for _, comma := range []byte{';', '\t', ',', '|'} {
		try := *t
		try.comma = comma

		rows, _ := try.records(ctx, maxTitle+1)
		if at, h := findHeader(rows, aliases); at >= 0 && h.score() > score {
			best, score = comma, h.score()
		}
	}

	return best
}

// records divides the text into rows, at most limit, blank ones left out. A quote that is
// never closed spoils its own line and no other.
func (t *text) records(ctx context.Context, limit int) ([]record, error) {
	var (
		rows []record
		src  = bytes.NewReader(nil)
		buf  = bufio.NewReader(src)
		at   = t.first
		line = t.line
		// width is how many cells the widest row so far has
		width = 0
	)

	for at < len(t.body) && len(rows) < limit {
		if line%1024 == 0 && ctx.Err() != nil {
			return nil, refuse("read", connector.Unavailable, "Indlæsningen blev afbrudt. Prøv igen.", ctx.Err())
		}

		end, lines, closed := t.span(at)
		row := record{line: line, start: at, end: trimEnd(t.body, at, end), broken: !closed}

		if closed {
			src.Reset(t.body[at:end])
			buf.Reset(src)

			row.cells, closed = t.divide(buf)
			row.broken = !closed
		}

		if !row.broken && lines > 1 && t.swallows(row, width) {
			row.broken = true
		}

		if row.broken {
			end, lines = nextLine(t.body, at), 1
			row.end, row.cells = trimEnd(t.body, at, end), nil
		}

		if !row.blank() {
			rows = append(rows, row)
			width = max(width, len(row.cells))
		}

		at, line = end, line+lines
	}

	return rows, nil
}

// swallows reports whether a row over several lines is two rows in which a forgotten quote
// has met the next one: it has too few cells, or one of its later lines would make a whole
// row by itself.
func (t *text) swallows(r record, width int) bool {
	if len(r.cells) < width {
		return true
	}

	for at := nextLine(t.body, r.start); at < r.end; at = nextLine(t.body, at) {
		if width > 1 && bytes.Count(t.body[at:min(nextLine(t.body, at), r.end)], []byte{t.comma}) >= width-1 {
			return true
		}
	}

	return false
}

// divide reads the cells of one row.
func (t *text) divide(r *bufio.Reader) ([]string, bool) {
	reader := csv.NewReader(r)
	reader.Comma = rune(t.comma)
	reader.LazyQuotes = true
	reader.FieldsPerRecord = -1

	cells, err := reader.Read()
	if err != nil {
		return nil, errors.Is(err, io.EOF) // nothing but a line end
	}

	for i, cell := range cells {
		cells[i] = t.charset.decode(cell)
	}

	return cells, true
}

// spans returns where each cell of a row stands in the text, quotes included.
func (t *text) spans(r record) [][2]int {
	reader := csv.NewReader(bytes.NewReader(t.body[r.start:r.end]))
	reader.Comma = rune(t.comma)
	reader.LazyQuotes = true
	reader.FieldsPerRecord = -1

	cells, err := reader.Read()
	if err != nil {
		return nil
	}

	var lineStarts []int
	for at := r.start; at < r.end; at = nextLine(t.body, at) {
		lineStarts = append(lineStarts, at)
	}

	spans := make([][2]int, len(cells))

	for i := range cells {
		line, column := reader.FieldPos(i)
		spans[i] = [2]int{lineStarts[line-1] + column - 1, r.end}

		if i > 0 {
			spans[i-1][1] = spans[i][0] - 1
		}
	}

	return spans
}

// quoted reports whether the cell at span is written in quotes.
func (t *text) quoted(span [2]int) bool { return span[0] < span[1] && t.body[span[0]] == '"' }

// span returns the end of the row that begins at, how many lines it has, and whether every
// quote in it was closed. It follows the quoting rules of encoding/csv with LazyQuotes.
func (t *text) span(at int) (end, lines int, closed bool) {
	quoted := false
	end = at

	for lines = 1; ; lines++ {
		next := nextLine(t.body, end)
		quoted = t.openAfter(end, next, quoted)
		end = next

		if !quoted {
			return end, lines, true
		}

		if end >= len(t.body) || lines == maxRecordLines || end-at > maxRecordBytes {
			return end, lines, false
		}
	}
}

// openAfter reports whether a quoted cell is still open at the end of the line.
func (t *text) openAfter(at, end int, quoted bool) bool {
	stop := trimEnd(t.body, at, end)
	begins := !quoted // a cell begins here

	for i := at; i < stop; i++ {
		c := t.body[i]

		switch {
		case quoted && c == '"' && i+1 < stop && t.body[i+1] == '"':
			i++
		case quoted && c == '"' && (i+1 >= stop || t.body[i+1] == t.comma):
			quoted = false
		case quoted:
		case begins && c == '"':
			quoted, begins = true, false
		default:
			begins = c == t.comma
		}
	}

	return quoted
}

// nextLine returns where the line after the one at begins.
func nextLine(body []byte, at int) int {
	if i := bytes.IndexByte(body[at:], '\n'); i >= 0 {
		return at + i + 1
	}

	return len(body)
}

// trimEnd returns end without the line's own end.
func trimEnd(body []byte, at, end int) int {
	line := body[at:end]
	line = bytes.TrimSuffix(line, []byte("\n"))

	return at + len(bytes.TrimSuffix(line, []byte("\r")))
}

// quote writes a value as a cell: quoted when the row's own habit or the value asks for it.
func (t *text) quote(value string, always bool) string {
	if always || strings.ContainsAny(value, "\"\r\n"+string(rune(t.comma))) {
		return `"` + strings.ReplaceAll(value, `"`, `""`) + `"`
	}

	return value
}
