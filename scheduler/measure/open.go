package measure

import "slices"

// Opened is a row of a table that is opened down to the facts behind its figures.
type Opened struct {
	Row

	q Question
}

// OpenRow returns the row with the keys; none: the total.
func OpenRow(q Question, keys []string, names Names) Opened {
	row := Row{Keys: keys}
	d, key := Dimension(""), ""

	for i, k := range keys {
		row.Labels = append(row.Labels, q.By[i].Label(k, names))

		if q.By[i].timely() {
			d, key = q.By[i], k
		}
	}

	row.Week, row.Fortnight = windows(d, key, q.Period)

	return Opened{Row: row, q: q}
}

// Days returns the local days on which the facts behind a figure are.
func (o Opened) Days(c Column) Span {
	switch {
	case c.when == nil:
		return o.q.Period
	case o.Week == Span{}:
		return Span{}
	default:
		return o.Fortnight
	}
}

// Has reports whether a fact is behind the figure of the column.
func (o Opened) Has(c Column, f Fact) bool {
	if c.when == nil && !o.q.Period.Has(f.Day) || !c.Opens(o.Row, f) {
		return false
	}

	for i, key := range o.Keys {
		timely := o.q.By[i].timely() && c.when != nil // the column's own days say which
		if !timely && o.q.By[i].Key(f) != key {
			return false
		}
	}

	return true
}

// Rest takes the facts of people out who are not among those that the figure counts, once every fact
// behind it is there.
func (o Opened) Rest(c Column, facts []Fact) []Fact {
	if c.none == nil {
		return facts
	}

	out := make(people)

	for _, f := range facts {
		if c.none(f) {
			out[f.person()] = struct{}{}
		}
	}

	return slices.DeleteFunc(facts, func(f Fact) bool {
		_, gone := out[f.person()]

		return gone
	})
}

// Figures lists the columns of a group.
func (t Table) Figures(g Group) []Column {
	return slices.DeleteFunc(slices.Clone(t.Columns), func(c Column) bool { return c.Group != g })
}
