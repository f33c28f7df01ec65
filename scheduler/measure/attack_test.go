package measure_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/measure"
)

// attacker is the leader of a unit who has every table of a month that may be asked for side by side,
// and a linear program: unknown counts, what they come to together, and that a hidden one is at least
// nothing.
type attacker struct {
	names   map[string]int // of unknowns
	known   map[string]float64
	systems [][]term
}

type term struct {
	factor float64
	name   string
}

func (a *attacker) learn(name string, v measure.Value) {
	if !v.Hidden {
		a.known[name] = v.Number
	}
}

// reduced solves the system by elimination and returns the unknowns that it pins.
func (a *attacker) pinned() map[string]float64 {
	var rows [][]float64

	a.names = map[string]int{}

	for _, s := range a.systems {
		for _, t := range s {
			if _, ok := a.known[t.name]; !ok {
				if _, ok := a.names[t.name]; !ok {
					a.names[t.name] = len(a.names)
				}
			}
		}
	}

	n := len(a.names)

	for _, s := range a.systems {
		row := make([]float64, n+1)
		for _, t := range s {
			if v, ok := a.known[t.name]; ok {
				row[n] -= t.factor * v
			} else {
				row[a.names[t.name]] += t.factor
			}
		}

		if slices.ContainsFunc(row[:n], func(x float64) bool { return x != 0 }) {
			rows = append(rows, row)
		}
	}

	eliminate(rows, n)

	low, high := bounds(rows, n)
	out := map[string]float64{}

	for name, i := range a.names {
		if high[i]-low[i] < 1e-6 {
			out[name] = low[i]
		}
	}

	return out
}

// eliminate brings the system to its reduced form.
func eliminate(rows [][]float64, n int) {
	at := 0

	for c := 0; c < n && at < len(rows); c++ {
		best := at
		for r := at; r < len(rows); r++ {
			if math.Abs(rows[r][c]) > math.Abs(rows[best][c]) {
				best = r
			}
		}

		if math.Abs(rows[best][c]) < 1e-9 {
			continue
		}

		rows[at], rows[best] = rows[best], rows[at]

		pivot := rows[at][c]
		for i := range rows[at] {
			rows[at][i] /= pivot
		}

		for r := range rows {
			if f := rows[r][c]; r != at && f != 0 {
				for i := range rows[r] {
					rows[r][i] -= f * rows[at][i]
				}
			}
		}

		at++
	}
}

// bounds narrows what each unknown can be, from nothing up, until no row of the system says more.
func bounds(rows [][]float64, n int) (low, high []float64) {
	low, high = make([]float64, n), make([]float64, n)
	for i := range high {
		high[i] = math.Inf(1)
	}

	for range 50 {
		again := false

		for _, row := range rows {
			for i, f := range row[:n] {
				if math.Abs(f) < 1e-9 {
					continue
				}

				least, most := row[n], row[n] // what f·x can be

				for j, g := range row[:n] {
					switch {
					case j == i || math.Abs(g) < 1e-9:
					case g > 0:
						least, most = least-g*high[j], most-g*low[j]
					default:
						least, most = least-g*low[j], most-g*high[j]
					}
				}

				l, h := least/f, most/f
				if f < 0 {
					l, h = h, l
				}

				l, h = math.Ceil(l-1e-6), math.Floor(h+1e-6)
				if l > low[i] {
					low[i], again = l, true
				}

				if h < high[i] {
					high[i], again = h, true
				}
			}
		}

		if !again {
			break
		}
	}

	return low, high
}

// rowName names a cell over all tables of the month: a margin has one name wherever it stands.
func rowName(by []measure.Dimension, keys []string, column string) string {
	var parts []string
	for i, key := range keys {
		parts = append(parts, string(by[i])+"="+key)
	}

	slices.Sort(parts)

	return strings.Join(parts, "&") + "/" + column
}

// identitiesOf is what everybody knows of one row.
func identitiesOf(name func(column string) string) [][]term {
	sum := func(whole []string, parts ...string) []term {
		var out []term
		for _, w := range whole {
			out = append(out, term{1, name(w)})
		}

		for _, p := range parts {
			out = append(out, term{-1, name(p)})
		}

		return out
	}

	var why []string

	for _, c := range measure.Columns() {
		if c.Group == measure.Reasons {
			why = append(why, c.Key)
		}
	}

	return [][]term{
		sum([]string{"planned", "imported"}, "completed", "phone", "not_completed", "cancelled", "waiting"),
		sum([]string{"not_completed"}, why...), sum([]string{"calls"}, "answered", "unanswered"),
	}
}

// TestNobodyPinsAHiddenCount plays the leader of a unit who has the table of all units of a month, knows
// the own unit whole, and solves for the others' hidden counts. Nothing that is from one to four may be
// pinned. What the leader may ask for is in scheduler.sideBySide: whole months that are over, by unit, of
// all sources together.
func TestNobodyPinsAHiddenCount(t *testing.T) {
	t.Parallel()

	tables := [][]measure.Dimension{{measure.ByUnit}}
	pinnedAll, hiddenAll, toldAll := 0, 0, 0

	for round := range 200 {
		seed := rand.Uint64()
		r := rand.New(rand.NewPCG(seed, 11))
		facts := randomFacts(r, 20+round*4)
		own := facts[0].Unit
		a := attacker{known: map[string]float64{}}
		truth := map[string]float64{}

		for _, by := range tables {
			c := measure.NewCounter(measure.Question{Period: measure.Span{From: "2026-10-01", To: "2026-12-31"}, By: by}, measure.Terms{})
			for _, f := range facts {
				c.Add(f)
			}

			plain := c.Table(measure.Names{})
			a.readTable(by, plain, plain.Leaving(func(u care.UnitID) bool { return u == own }), truth)
		}

		told := len(a.known)
		pinned := a.pinned()

		for name, v := range pinned {
			if strings.HasPrefix(name, "/") { // of all units, where all of them are told
				continue
			}

			if n := truth[name]; math.Abs(n-v) < 1e-6 && n > 0 && n < measure.Fewest {
				pinnedAll++

				if pinnedAll < 6 {
					t.Errorf("seed %d, %d facts: %s is %v and can be worked out", seed, len(facts), name, n)
				}
			}
		}

		hiddenAll, toldAll = hiddenAll+len(truth)-told, toldAll+told
	}

	t.Logf("%d counts told, %d hidden, %d pinned", toldAll, hiddenAll, pinnedAll)

	if toldAll < hiddenAll/4 {
		t.Errorf("%d counts are told and %d hidden: nobody needs such tables", toldAll, hiddenAll)
	}
}

// readTable takes in a table, and what its rows come to.
func (a *attacker) readTable(by []measure.Dimension, plain, left measure.Table, truth map[string]float64) {
	rows := append(slices.Clone(left.Rows), left.Total)
	sums := map[string][]term{}

	for i, row := range append(slices.Clone(plain.Rows), plain.Total) {
		for _, c := range plain.Columns {
			if c.Kind != measure.Count || c.OfPeople() || c.Key == "answered_week" || c.Key == "listed" {
				continue
			}

			name := rowName(by, row.Keys, c.Key)
			truth[name] = plain.Value(row, c.Key).Number
			a.learn(name, left.Value(rows[i], c.Key))

			if len(row.Keys) > 0 {
				whole := rowName(by, row.Keys[:len(row.Keys)-1], c.Key)
				sums[whole] = append(sums[whole], term{1, name})
			}
		}

		a.systems = append(a.systems, identitiesOf(func(c string) string { return rowName(by, row.Keys, c) })...)
	}

	for whole, parts := range sums {
		a.systems = append(a.systems, append(parts, term{-1, whole}))
	}
}

// TestEqualHiddenCountsAreNotPinned: five hidden ones that come to five could only be one each.
func TestEqualHiddenCountsAreNotPinned(t *testing.T) {
	t.Parallel()

	c := measure.NewCounter(measure.Question{Period: measure.Span{From: "2026-11-01", To: "2026-11-30"}, By: []measure.Dimension{measure.ByUnit}}, measure.Terms{})

	for i := range 5 {
		c.Add(measure.Fact{ID: strconv.Itoa(i), Day: "2026-11-17", Unit: care.UnitID(fmt.Sprint("u", i)), Screened: true, State: care.Completed, Delivery: care.Screen, Citizen: strconv.Itoa(i)})
	}

	table := c.Table(measure.Names{}).Leaving(nil)
	if v := table.Value(table.Total, "planned"); !v.Hidden {
		t.Errorf("five units with hidden counts come to %v", v.Number)
	}
}

// TestChangesHideTheWeekBefore: a change of a week whose week before is hidden would tell it.
func TestChangesHideTheWeekBefore(t *testing.T) {
	t.Parallel()

	c := measure.NewCounter(measure.Question{Period: measure.Span{From: "2026-11-16", To: "2026-11-29"}, By: []measure.Dimension{measure.ByWeek}}, measure.Terms{FullLists: true})
	for i := range 3 {
		c.Add(screen("2026-11-17", fmt.Sprint("a", i), 8, 10))
	}

	for i := range 20 {
		c.Add(screen("2026-11-24", fmt.Sprint("b", i), 8, 10))
	}

	table := c.Table(measure.Names{}).Leaving(nil)
	if v := table.Value(table.Rows[1], "usage"); !v.Known || v.Hidden {
		t.Fatalf("usage %+v", v)
	}

	if v := table.Value(table.Rows[1], "usage_change"); !v.Hidden {
		t.Errorf("the change tells of the week before: %+v", v)
	}
}
