package file

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"
)

// edit is what a row of the output shows other than the input.
type edit struct {
	row      int // index in table.rows
	category *string
	comment  *string
}

// edits compares what every visit's row must show with what it shows in the input.
func (c *content) edits() []edit {
	var edits []edit

	for i, row := range c.table.rows {
		state := c.states[c.refs[row.line]]
		if state == nil {
			continue
		}

		e := edit{row: i}
		if own := c.own(row, c.category); state.showCategory(own) != own {
			e.category = new(state.showCategory(own))
		}

		if own := c.own(row, c.comment); state.showComment(own) != own {
			e.comment = new(state.showComment(own))
		}

		if e.category != nil || e.comment != nil {
			edits = append(edits, e)
		}
	}

	return edits
}

// own returns a cell as it stands in the input, blanks included. The CSV library turns every
// line break in a cell into one kind; here the cell's own kind counts.
func (c *content) own(r record, i int) string {
	if i < 0 || i >= len(r.cells) {
		return ""
	}

	t := c.table.text
	if t == nil || !strings.Contains(r.cells[i], "\n") {
		return r.cells[i]
	}

	span := t.spans(r)[i]
	inner := strings.TrimSuffix(strings.TrimPrefix(string(t.body[span[0]:span[1]]), `"`), `"`)

	return t.charset.decode(strings.ReplaceAll(inner, `""`, `"`))
}

// output writes the list again with the category and comment of the changed rows, and
// nothing else changed. Without changed rows it is the input itself, byte for byte.
func (c *content) output() ([]byte, error) {
	edits := c.edits()
	if len(edits) == 0 {
		return c.input, nil
	}

	// A column that the file lacks is put after its last, and only when it is needed.
	p := placement{category: c.category, comment: c.comment, width: c.table.width()}
	for _, e := range edits {
		if e.category != nil && p.category < 0 {
			p.category = p.add(fieldCategory)
		}
	}

	for _, e := range edits {
		if e.comment != nil && p.comment < 0 {
			p.comment = p.add(fieldComment)
		}
	}

	if c.table.text == nil {
		return c.outputXLSX(edits, p)
	}

	return c.outputCSV(edits, p)
}

// placement says where the two columns of the output are.
type placement struct {
	category, comment int
	width             int // columns of the input
	added             []string
}

func (p *placement) add(f field) int {
	p.added = append(p.added, f.String())

	return p.width + len(p.added) - 1
}

// width is how many cells the widest row has.
func (t *table) width() int {
	width := len(t.head.cells)
	for _, row := range t.rows {
		width = max(width, len(row.cells))
	}

	return width
}

func (c *content) outputCSV(edits []edit, p placement) ([]byte, error) {
	w := splicer{text: c.table.text, added: len(p.added), width: p.width}
	w.quoteAll = !slices.ContainsFunc(w.text.spans(c.table.head), func(span [2]int) bool { return !w.text.quoted(span) })
	w.out.Grow(len(w.text.body) + 64*len(edits))

	heads := map[int]string{}
	for i, name := range p.added {
		heads[p.width+i] = name
	}

	if err := w.row(c.table.head, heads); err != nil {
		return nil, err
	}

	for i, row := range c.table.rows {
		cells := map[int]string(nil)

		if len(edits) > 0 && edits[0].row == i {
			cells = map[int]string{}
			if edits[0].category != nil {
				cells[p.category] = *edits[0].category
			}

			if edits[0].comment != nil {
				cells[p.comment] = *edits[0].comment
			}

			edits = edits[1:]
		}

		if err := w.row(row, cells); err != nil {
			return nil, err
		}
	}

	w.out.Write(w.text.body[w.done:])

	return w.text.charset.finish(w.out.Bytes())
}

// splicer copies a CSV text and replaces cells on the way.
type splicer struct {
	text  *text
	out   bytes.Buffer
	done  int // how far the text is copied
	added int // columns after the last
	width int // columns of the input
	// quoteAll: the header's cells are all quoted, so new cells are, too.
	quoteAll bool
}

var errLetters = errors.New("a letter is not in the file's charset")

// row replaces the given cells of one row; beyond its last cell it is filled up.
func (w *splicer) row(r record, cells map[int]string) error {
	if r.broken || len(cells) == 0 && w.added == 0 {
		return nil
	}

	spans := w.text.spans(r)
	if len(spans) == 0 {
		return nil
	}

	for i, span := range spans {
		value, ok := cells[i]
		if !ok {
			continue
		}

		encoded, ok := w.text.charset.encode(value)
		if !ok {
			return errLetters
		}

		w.out.Write(w.text.body[w.done:span[0]])
		w.out.WriteString(w.text.quote(encoded, w.text.quoted(span)))
		w.done = span[1]
	}

	last := len(spans) - 1
	if w.added > 0 {
		last = w.width + w.added - 1
	} else {
		for i := range cells {
			last = max(last, i)
		}
	}

	w.out.Write(w.text.body[w.done:r.end])
	w.done = r.end

	for i := len(spans); i <= last; i++ {
		encoded, ok := w.text.charset.encode(cells[i])
		if !ok {
			return errLetters
		}

		w.out.WriteByte(w.text.comma)
		w.out.WriteString(w.text.quote(encoded, w.quoteAll))
	}

	return nil
}

func (c *content) outputXLSX(edits []edit, p placement) (data []byte, err error) {
	defer func() {
		if recover() != nil {
			data, err = nil, errPanic
		}
	}()

	book, err := openBook(c.input)
	if err != nil {
		return nil, err
	}

	defer book.Close()

	set := func(column, line int, value string) {
		cell, nameErr := excelize.CoordinatesToCellName(column+1, line)
		err = errors.Join(err, nameErr, book.SetCellStr(c.table.sheet, cell, value))
	}

	for i, name := range p.added {
		set(p.width+i, c.table.head.line, name)
	}

	for _, e := range edits {
		line := c.table.rows[e.row].line
		if e.category != nil {
			set(p.category, line, *e.category)
		}

		if e.comment != nil {
			set(p.comment, line, *e.comment)
		}
	}

	if err != nil {
		return nil, fmt.Errorf("change the workbook: %w", err)
	}

	buffer, err := book.WriteToBuffer()
	if err != nil {
		return nil, fmt.Errorf("write the workbook: %w", err)
	}

	return buffer.Bytes(), nil
}
