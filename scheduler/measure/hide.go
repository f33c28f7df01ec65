package measure

import (
	"cmp"
	"slices"

	"github.com/sluse/sluse/scheduler/care"
)

// Fewest is the smallest count that is told outside the unit: a smaller one may tell of somebody
// (eoj.md §6).
const Fewest = 5

// Leaving returns the table as it may leave the unit. Counts from one to four are hidden, and so many
// others that none of them can be worked out from a sum: of its row, of its column, or of the tables
// by one dimension alone over the same period. A figure that is made of a hidden count is hidden too.
// With own, the table is by unit alone, and the reader knows those units' figures anyway; there is no total.
func (t Table) Leaving(own func(care.UnitID) bool) Table {
	if t.Left {
		return t
	}

	t.Left = true
	t.Total = t.Total.clone()
	t.Rows = cloned(t.Rows)
	t.sums = [2][]Row{cloned(t.sums[0]), cloned(t.sums[1])}

	h := hider{columns: t.Columns, identities: t.identities(), known: make(map[*Row]bool), told: make(map[*Value]bool)}
	if h.settle([]*Row{&t.Total}, nil); own != nil {
		h.blank(&t.Total)
	}

	// The sums of one dimension are what a table by it alone shows: they are settled first, in the same
	// way, and nothing is hidden in them for the sake of the cells.
	for n := range t.sums {
		if rows := pointers(t.sums[n]); len(rows) > 0 {
			h.settleBy(t.By[n], rows, &t.Total, own)
		}
	}

	rows := pointers(t.Rows)

	switch len(t.By) {
	case 1:
		slices.SortFunc(rows, func(a, b *Row) int { return cmp.Compare(a.Keys[0], b.Keys[0]) })
		h.settleBy(t.By[0], rows, &t.Total, own)
	case 2:
		h.know(rows, t.By, own)
		lines := t.lines(rows)
		h.settle(rows, lines)
		h.finish(rows, lines)
	}

	for _, r := range append(rows, &t.Total) {
		t.derive(r)
	}

	t.change() // of what is told, or it tells the week before

	return t
}

// hider hides cells.
type hider struct {
	columns    []Column
	identities []identity
	known      map[*Row]bool   // rows that the reader knows anyway
	told       map[*Value]bool // hidden ones that a sum gives away, which is all there is to it
}

func (h hider) know(rows []*Row, by []Dimension, own func(care.UnitID) bool) {
	for _, r := range rows {
		h.known[r] = own != nil && len(by) > 0 && by[0] == ByUnit && own(care.UnitID(r.Keys[0]))
	}
}

// settleBy settles the rows of a table by one dimension. Side by side there is no total: with it and
// the own unit's figures somebody could take others' apart.
func (h hider) settleBy(d Dimension, rows []*Row, total *Row, own func(care.UnitID) bool) {
	h.know(rows, []Dimension{d}, own)

	var lines []line
	if own == nil {
		lines = append(sameWeek(rows, d, total), line{cells: rows, sum: total, of: along(d)})
	}

	h.settle(rows, lines)
	h.finish(rows, lines)
}

// line are rows that add up to a sum. Other tables tell the sum too, so that it is no use to hide it
// for the sake of the rows.
type line struct {
	cells []*Row
	sum   *Row
	of    func(Column) bool // the columns that do
}

// ofPeriod: figures of the group's own days, which add up over time as over anything else.
func ofPeriod(c Column) bool { return c.sums && !c.weekly }

// ofWeeks: figures of a week, which is the same for the total and for the period's last week.
func ofWeeks(c Column) bool { return c.sums && c.weekly }

func anySum(c Column) bool { return c.sums }

// along returns which columns add up along a dimension.
func along(d Dimension) func(Column) bool {
	if d.timely() {
		return ofPeriod
	}

	return anySum
}

// sameWeek says that figures of weeks are the same in the row of that week as in the sum.
func sameWeek(rows []*Row, d Dimension, sum *Row) []line {
	var out []line

	for _, r := range rows {
		if d.timely() && r.Week == sum.Week && r.Week != (Span{}) {
			out = append(out, line{cells: []*Row{r}, sum: sum, of: ofWeeks})
		}
	}

	return out
}

// lines are the sums in which the rows of a table by two dimensions are told, or can be asked for.
func (t Table) lines(rows []*Row) []line {
	out := []line{{cells: rows, sum: &t.Total, of: func(c Column) bool { return along(t.By[0])(c) && along(t.By[1])(c) }}}

	for n := range t.sums {
		other := t.By[1-n]

		for i := range t.sums[n] {
			l := line{sum: &t.sums[n][i], of: along(other)}

			for _, r := range rows {
				if r.Keys[n] == l.sum.Keys[0] {
					l.cells = append(l.cells, r)
				}
			}

			out = append(append(out, l), sameWeek(l.cells, other, l.sum)...)
		}
	}

	return out
}

// identity are columns of one row that make up each other: when all but one are known, so is that one.
type identity struct {
	columns []int // by index; the first is what the others come to
	sum     bool  // by plain addition
	both    bool  // the second belongs to the first: together they are what the others come to
	guess   bool  // it is true of a row only when the numbers say so; somebody may guess it
}

// identities are those of every row. Guesses are what is so as a rule: that everything is told to the
// record, that all visits are on lists, that nothing was imported, that every time is known.
func (t Table) identities() []identity {
	why := []string{"not_completed"}

	for _, c := range t.Columns {
		if c.Group == Reasons {
			why = append(why, c.Key)
		}
	}

	certain := [][]string{{"planned", "imported", "completed", "phone", "not_completed", "cancelled", "waiting"}, why, {"calls", "answered", "unanswered"}}
	guesses := [][]string{
		{"planned", "record_confirmed", "record_pending", "record_failed", "record_differs", "record_omitted"},
		{"calls", "completed", "not_citizen_absent", "not_employee_absent", "not_technical_fault", "not_too_short"},
		{"planned", "listed_screen"},
		{"answered", "completed"},
		{"cancelled", "cancelled_early"},
		{"not_turned_physical", "fallbacks"},
		{"completed", "timed"},
		{"completed", "replaced"},
		{"completed", "journalled"},
		{"completed", "concluded"},
		{"citizens", "citizens_planned"},
	}

	at := make(map[string]int, len(t.Columns))
	for i, c := range t.Columns {
		at[c.Key] = i
	}

	var out []identity

	for n, keys := range slices.Concat(certain, guesses) {
		id := identity{sum: n > 0 && len(keys) > 2, both: n == 0, guess: n >= len(certain)}
		for _, key := range keys {
			id.columns = append(id.columns, at[key])
		}

		out = append(out, id)
	}

	return out
}

// of reports whether the identity is true of a row.
func (id identity) of(r *Row) bool {
	if !id.guess {
		return true
	}

	rest := r.Values[id.columns[0]].Number
	for _, c := range id.columns[1:] {
		rest -= r.Values[c].Number
	}

	return rest == 0
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
	for _, id := range h.identities {
		if !id.of(r) {
			continue
		}

		e, parts, least := equation{}, id.columns, 0.0
		if id.sum && !h.known[r] {
			e.sum, parts, least = &r.Values[parts[0]], parts[1:], Fewest
		}

		for _, c := range parts {
			v := &r.Values[c]
			e.add(v, h.known[r] || h.told[v])
		}

		again = e.guard(least) || again
	}

	return again
}

func (h hider) line(l line) (again bool) {
	for i, c := range h.columns {
		if !l.of(c) {
			continue
		}

		e := equation{sum: &l.sum.Values[i]}
		for _, r := range l.cells {
			e.add(&r.Values[i], h.known[r])
		}

		if e.next == nil && !e.sum.Hidden {
			switch {
			case e.hidden == 1 && !h.told[e.last]:
				h.told[e.last], again = true, true
			case e.hidden > 1 && e.zeros == 0 && e.total == float64(e.hidden): // each can only be one
				e.sum.Hidden, again = true, true
			}

			continue
		}

		again = e.guard(Fewest) || again
	}

	return again
}

// equation is some figures that come to a sum.
type equation struct {
	sum    *Value // nil: nothing, as of the columns of a row
	next   *Value // that is to be hidden if another one is: the smallest that is not nothing, else one that is
	last   *Value // that is hidden
	hidden int
	zeros  int     // of the hidden ones
	total  float64 // of those that are hidden
}

// add puts a figure in; one that the reader knows anyway is of no use.
func (e *equation) add(v *Value, known bool) {
	switch {
	case !v.Known || known:
	case v.Hidden:
		e.hidden++
		e.last = v
		e.total += v.Number

		if v.Number == 0 {
			e.zeros++
		}
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
	case e.hidden == 0, e.hidden > 1 && e.total >= least && (least == 0 || e.zeros > 0 || e.total > float64(e.hidden)):
		return false // each of them may be another number
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
