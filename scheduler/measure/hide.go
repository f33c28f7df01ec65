package measure

import (
	"slices"

	"github.com/sluse/sluse/scheduler/care"
)

// Fewest is the smallest count that is told outside the unit: a smaller one may tell of somebody
// (eoj.md §6).
const Fewest = 5

// Leaving returns the table as it may leave the unit. Counts from one to four are hidden, and so many
// others that none of them can be worked out from a sum: of its row, of its column, or of the tables
// by one dimension alone over the same period. A figure that is made of a hidden count is hidden too.
func (t Table) Leaving(own func(care.UnitID) bool) Table {
	if t.Left {
		return t
	}

	t.Left = true
	t.Total = t.Total.clone()
	t.Rows = cloned(t.Rows)
	t.sums = [2][]Row{cloned(t.sums[0]), cloned(t.sums[1])}

	h := hider{columns: t.Columns, equations: t.equations(), known: make(map[*Row]bool)}
	h.settle([]*Row{&t.Total}, nil)

	// The sums of one dimension are what a table by it alone shows: they are settled first, and
	// nothing is hidden in them for the sake of the cells.
	for n := range t.sums {
		rows := pointers(t.sums[n])
		h.know(rows, t.By[min(n, len(t.By)):], own)
		h.settle(rows, []line{{cells: rows, sum: &t.Total}})
	}

	rows := pointers(t.Rows)
	h.know(rows, t.By, own)
	h.settle(rows, t.lines(rows))

	for _, r := range append(rows, &t.Total) {
		t.derive(r)
	}

	return t
}

// hider hides cells.
type hider struct {
	columns   []Column
	equations [][]int
	known     map[*Row]bool // rows that the reader knows anyway
}

func (h hider) know(rows []*Row, by []Dimension, own func(care.UnitID) bool) {
	for _, r := range rows {
		h.known[r] = own != nil && len(by) > 0 && by[0] == ByUnit && own(care.UnitID(r.Keys[0]))
	}
}

// line are rows that add up to a sum.
type line struct {
	cells []*Row
	sum   *Row
}

// lines are the sums in which the rows of the table are told, or can be asked for.
func (t Table) lines(rows []*Row) []line {
	if len(t.By) != 2 {
		return []line{{cells: rows, sum: &t.Total}}
	}

	out := []line{{cells: rows, sum: &t.Total}}

	for n := range t.sums {
		for i := range t.sums[n] {
			l := line{sum: &t.sums[n][i]}

			for _, r := range rows {
				if r.Keys[n] == l.sum.Keys[0] {
					l.cells = append(l.cells, r)
				}
			}

			out = append(out, l)
		}
	}

	return out
}

// equations are the columns of one row that make up each other: when all but one are known, so is
// that one.
func (t Table) equations() [][]int {
	fates := []string{"planned", "imported", "completed", "phone", "not_completed", "cancelled", "waiting"}
	why := []string{"not_completed"}

	for _, c := range t.Columns {
		if c.Group == Reasons {
			why = append(why, c.Key)
		}
	}

	var out [][]int

	for _, keys := range [][]string{fates, why, {"calls", "answered", "unanswered"}} {
		var of []int

		for i, c := range t.Columns {
			if slices.Contains(keys, c.Key) {
				of = append(of, i)
			}
		}

		out = append(out, of)
	}

	return out
}

// settle hides small cells of rows and then others, until nothing can be worked out.
func (h hider) settle(rows []*Row, lines []line) {
	for _, r := range rows {
		h.small(r)
	}

	for again := true; again; {
		again = false

		for _, r := range rows {
			again = h.row(r) || again
		}

		for _, l := range lines {
			again = h.line(l) || again
		}
	}
}

// small hides the small counts of a row.
func (h hider) small(r *Row) {
	for i, c := range h.columns {
		if v := &r.Values[i]; c.Kind == Count && v.Known && v.Number > 0 && v.Number < Fewest && !h.known[r] {
			v.Hidden = true
		}
	}
}

func (h hider) row(r *Row) (again bool) {
	for _, of := range h.equations {
		var e equation

		for _, c := range of {
			e.add(&r.Values[c], h.known[r])
		}

		again = e.guard(0) || again
	}

	return again
}

func (h hider) line(l line) (again bool) {
	for i, c := range h.columns {
		if !c.sums {
			continue
		}

		e := equation{sum: &l.sum.Values[i]}
		for _, r := range l.cells {
			e.add(&r.Values[i], h.known[r])
		}

		again = e.guard(Fewest) || again
	}

	return again
}

// equation is some figures that come to a sum.
type equation struct {
	sum    *Value // nil: nothing, as of the columns of a row
	next   *Value // that is to be hidden if another one is: the smallest that is not nothing, else one that is
	hidden int
	total  float64 // of those that are hidden
}

// add puts a figure in; one that the reader knows anyway is of no use.
func (e *equation) add(v *Value, known bool) {
	switch {
	case !v.Known || known:
	case v.Hidden:
		e.hidden++
		e.total += v.Number
	case e.next == nil, e.next.Number == 0 && v.Number > 0, v.Number > 0 && v.Number < e.next.Number:
		e.next = v
	}
}

// guard hides one more figure where a hidden one can be worked out, or where those that are hidden
// come to less than least together; the sum, when there is no other. It reports whether it did.
func (e equation) guard(least float64) bool {
	sumHidden := e.sum != nil && e.sum.Hidden

	switch {
	case sumHidden:
		if e.hidden > 0 || e.next == nil { // both unknown
			return false
		}
	case e.hidden == 0, e.hidden > 1 && e.total >= least:
		return false
	}

	switch {
	case e.next != nil:
		e.next.Hidden = true
	case e.sum != nil && e.sum.Known:
		e.sum.Hidden = true
	default:
		return false
	}

	return true
}

// derive hides what is made of hidden counts.
func (t Table) derive(r *Row) {
	hidden := func(key string) bool {
		i := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Key == key })

		return i >= 0 && r.Values[i].Hidden
	}

	for i, c := range t.Columns { // what others are made of stands before or after them, so twice
		r.Values[i].Hidden = r.Values[i].Hidden || r.Values[i].Known && slices.ContainsFunc(c.rests, hidden)
	}

	for i, c := range t.Columns {
		r.Values[i].Hidden = r.Values[i].Hidden || r.Values[i].Known && slices.ContainsFunc(c.rests, hidden)

		if r.Values[i].Hidden {
			r.Values[i] = Value{Hidden: true}
		}
	}
}

func (r Row) clone() Row {
	r.Values = slices.Clone(r.Values)

	return r
}

func cloned(rows []Row) []Row {
	out := make([]Row, len(rows))
	for i, r := range rows {
		out[i] = r.clone()
	}

	return out
}

func pointers(rows []Row) []*Row {
	out := make([]*Row, len(rows))
	for i := range rows {
		out[i] = &rows[i]
	}

	return out
}
