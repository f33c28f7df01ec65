package measure

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/sluse/sluse/scheduler/care"
)

// Question is what a table answers.
type Question struct {
	Period Span
	By     []Dimension // at most two
}

// Check returns Invalid when the dimensions can't be combined.
func (q Question) Check() error {
	switch {
	case len(q.By) > 2:
		return care.NewError(care.Invalid, "Vælg højst to opdelinger.")
	case len(q.By) == 2 && (q.By[0] == q.By[1] || q.By[0].timely() && q.By[1].timely()):
		return care.NewError(care.Invalid, "Vælg to forskellige opdelinger, og højst en af dem efter tid.")
	}

	for _, d := range q.By {
		if !slices.Contains(Dimensions(), d) {
			return care.NewError(care.Invalid, "Opdelingen findes ikke.")
		}
	}

	return nil
}

// Row is one group of a table, or its total.
type Row struct {
	Keys            []string
	Labels          []string
	Week, Fortnight Span    // the days of the shares of citizens; zero: no whole week is in the group
	Values          []Value // by Columns
}

// Table is the answer to a question.
type Table struct {
	Question

	Columns []Column
	Total   Row
	Rows    []Row
	// Left says that the table is fit to leave the unit: small cells are hidden.
	Left bool

	sums [2][]Row // by the first and the second dimension alone
}

// Value returns a figure of a row by its column's key.
func (t Table) Value(r Row, key string) Value {
	i := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Key == key })
	if i < 0 || i >= len(r.Values) {
		return Value{}
	}

	return r.Values[i]
}

// Bucket is a local day in a group of the table.
type Bucket struct {
	Day  care.Day
	Part Part
	Key  string // of the dimension that is a part of the period; empty when none is
}

// Counter makes a Table out of facts, one after the other.
type Counter struct {
	q       Question
	terms   Terms
	columns []Column
	index   map[string]int
	timely  int                   // which dimension is a part of the period; -1: none
	buckets map[string][2]Span    // by key of that dimension: week and fortnight
	seen    map[care.Day][]string // keys whose week or fortnight has the day
	cells   map[string]*tally     // by level and keys
}

// NewCounter begins a table. The question was checked.
func NewCounter(q Question, terms Terms) *Counter {
	c := &Counter{
		q: q, terms: terms, columns: Columns(), index: map[string]int{}, timely: -1,
		buckets: map[string][2]Span{}, seen: map[care.Day][]string{}, cells: map[string]*tally{},
	}

	for i, col := range c.columns {
		c.index[col.Key] = i
	}

	for i, d := range q.By {
		if d.timely() {
			c.timely = i
		}
	}

	if c.timely >= 0 {
		for d := q.Period.From; d <= q.Period.To; d = d.Add(1) {
			c.bucket(q.By[c.timely].bucket(d))
		}
	}

	c.cell(nil, false) // the total is always there

	return c
}

func (c *Counter) bucket(key string) {
	if _, ok := c.buckets[key]; ok {
		return
	}

	week, fortnight := windows(c.q.By[c.timely], key, c.q.Period)
	c.buckets[key] = [2]Span{week, fortnight}

	for d := fortnight.From; d != "" && d <= fortnight.To; d = d.Add(1) {
		c.seen[d] = append(c.seen[d], key)
	}
}

// Days returns the local days of which facts are needed: the period, and the weeks of its shares.
func (c *Counter) Days() Span {
	out := c.q.Period
	widen := func(s Span) {
		if s != (Span{}) {
			out.From, out.To = min(out.From, s.From), max(out.To, s.To)
		}
	}

	_, fortnight := windows("", "", c.q.Period)
	widen(fortnight)

	for _, b := range c.buckets {
		widen(b[1])
	}

	return out
}

// Level is a set of dimensions by which the driving lists are to be counted.
type Level struct {
	By      []Dimension // without the one that is a part of the period
	Buckets []Bucket
	// Keys puts what was counted into its group.
	Keys func(bucket string, by []string) []string
	sums int // 0: the cells, 1 and 2: sums of the first and second dimension, 3: the total
}

// Levels returns what is to be asked of the driving lists. Sums of one dimension are needed only for
// a table that is to leave the unit.
func (c *Counter) Levels(leaving bool) []Level {
	out := []Level{c.level(nil, 3)}

	switch {
	case len(c.q.By) == 0 || slices.ContainsFunc(c.q.By, func(d Dimension) bool { return !d.OnLists() }):
		return out
	case len(c.q.By) == 2 && leaving:
		out = append(out, c.level(c.q.By[:1], 1), c.level(c.q.By[1:], 2))
	}

	return append(out, c.level(c.q.By, 0))
}

func (c *Counter) level(by []Dimension, sums int) Level {
	l := Level{sums: sums}
	timely := slices.IndexFunc(by, Dimension.timely)

	for _, d := range by {
		if !d.timely() {
			l.By = append(l.By, d)
		}
	}

	l.Keys = func(bucket string, rest []string) []string {
		if timely < 0 {
			return rest
		}

		return slices.Insert(slices.Clone(rest), timely, bucket)
	}

	spread := func(s Span, p Part, key string) {
		for d := s.From; d != "" && d <= s.To; d = d.Add(1) {
			l.Buckets = append(l.Buckets, Bucket{Day: d, Part: p, Key: key})
		}
	}

	if timely < 0 {
		week, fortnight := windows("", "", c.q.Period)
		spread(c.q.Period, OfPeriod, "")
		spread(week, OfWeek, "")
		spread(fortnight, OfFortnight, "")

		return l
	}

	for d := c.q.Period.From; d <= c.q.Period.To; d = d.Add(1) {
		l.Buckets = append(l.Buckets, Bucket{Day: d, Part: OfPeriod, Key: by[timely].bucket(d)})
	}

	for key, b := range c.buckets {
		spread(b[0], OfWeek, key)
		spread(b[1], OfFortnight, key)
	}

	return l
}

// AddListed takes over what the driving lists hold for a group of a level.
func (c *Counter) AddListed(l Level, counted Listed) {
	switch l.sums {
	case 1, 2:
		c.sum(l.sums, counted.Keys[0]).addListed(counted)
	case 3:
		c.cell(nil, false).addListed(counted)
	default:
		c.cell(counted.Keys, true).addListed(counted)
	}
}

// Add counts a fact.
func (c *Counter) Add(f Fact) {
	if c.q.Period.Has(f.Day) {
		keys := c.keys(f)
		for _, t := range c.groups(keys) {
			t.add(c.columns, f)
		}
	}

	c.look(f)
}

// look counts a fact in the weeks of shares.
func (c *Counter) look(f Fact) {
	total := c.cell(nil, false)
	total.look(f)

	if len(c.q.By) == 0 {
		return
	}

	keys := c.keys(f)
	recent := total.fortnight.Has(f.Day)

	if len(c.q.By) == 2 && recent {
		for n, key := range keys {
			if n != c.timely {
				c.sum(n+1, key).look(f)
			}
		}
	}

	if c.timely < 0 {
		if recent {
			c.cell(keys, true).look(f)
		}

		return
	}

	for _, key := range c.seen[f.Day] {
		keys[c.timely] = key
		c.cell(keys, true).look(f)

		if len(c.q.By) == 2 {
			c.sum(c.timely+1, key).look(f)
		}
	}
}

func (c *Counter) keys(f Fact) []string {
	keys := make([]string, len(c.q.By))
	for i, d := range c.q.By {
		keys[i] = d.Key(f)
	}

	return keys
}

// groups are those that a fact belongs to: the total first.
func (c *Counter) groups(keys []string) []*tally {
	out := []*tally{c.cell(nil, false)}

	if len(keys) > 0 {
		out = append(out, c.cell(keys, true))
	}

	if len(keys) == 2 {
		out = append(out, c.sum(1, keys[0]), c.sum(2, keys[1]))
	}

	return out
}

func (c *Counter) sum(n int, key string) *tally {
	d := c.q.By[n-1]

	return c.tally(strconv.Itoa(n)+key, d, key, d.OnLists())
}

func (c *Counter) cell(keys []string, grouped bool) *tally {
	if !grouped {
		return c.tally("t", "", "", true)
	}

	d, key := Dimension(""), ""
	if c.timely >= 0 {
		d, key = c.q.By[c.timely], keys[c.timely]
	}

	lists := !slices.ContainsFunc(c.q.By, func(d Dimension) bool { return !d.OnLists() })

	return c.tally("c"+strings.Join(keys, "\x00"), d, key, lists)
}

func (c *Counter) tally(at string, d Dimension, key string, lists bool) *tally {
	t := c.cells[at]
	if t == nil {
		week, fortnight := windows(d, key, c.q.Period)
		t = newTally(c.index, week, fortnight, lists)
		c.cells[at] = t
	}

	return t
}

// Table returns what was counted.
func (c *Counter) Table(names Names) Table {
	out := Table{Question: c.q, Columns: c.columns}

	for at, t := range c.cells {
		row := Row{Week: t.week, Fortnight: t.fortnight, Values: make([]Value, len(c.columns))}

		for i, col := range c.columns {
			if col.match != nil {
				row.Values[i] = known(float64(t.counts[i]))
			} else {
				row.Values[i] = col.value(t, c.terms)
			}
		}

		switch kind, rest := at[0], at[1:]; kind {
		case 't':
			out.Total = row
			out.Total.Labels = []string{"I alt"}
		case 'c':
			row.Keys = strings.Split(rest, "\x00")
			for i, d := range c.q.By {
				row.Labels = append(row.Labels, d.Label(row.Keys[i], names))
			}

			out.Rows = append(out.Rows, row)
		default:
			row.Keys = []string{rest}
			out.sums[kind-'1'] = append(out.sums[kind-'1'], row)
		}
	}

	out.sort()
	out.change()

	return out
}

func (t *Table) sort() {
	slices.SortFunc(t.Rows, func(a, b Row) int {
		for i, d := range t.By {
			order := cmp.Compare(strings.ToLower(a.Labels[i]), strings.ToLower(b.Labels[i]))
			if d.timely() {
				order = cmp.Compare(a.Keys[i], b.Keys[i])
			}

			if order = cmp.Or(order, cmp.Compare(a.Keys[i], b.Keys[i])); order != 0 {
				return order
			}
		}

		return 0
	})

	for _, rows := range t.sums {
		slices.SortFunc(rows, func(a, b Row) int { return cmp.Compare(a.Keys[0], b.Keys[0]) })
	}
}

// change fills in the columns that compare a week with the one before.
func (t *Table) change() {
	weekly := slices.Index(t.By, ByWeek)
	if weekly < 0 {
		return
	}

	at := func(keys []string) string { return strings.Join(keys, "\x00") }
	rows := make(map[string]Row, len(t.Rows))

	for _, r := range t.Rows {
		rows[at(r.Keys)] = r
	}

	for _, r := range t.Rows {
		before := slices.Clone(r.Keys)
		before[weekly] = WeekOf(r.Week.From.Add(-7)).Key()

		was, ok := rows[at(before)]
		if !ok {
			continue
		}

		for i, c := range t.Columns {
			if c.after == nil {
				continue
			}

			before, now := t.Value(was, c.since), t.Value(r, c.since)
			r.Values[i] = c.after(before, now)

			if before.Hidden || now.Hidden {
				r.Values[i] = Value{Hidden: true}
			}
		}
	}
}
