package measure_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/measure"
)

// sum is an equation that everybody knows: the parts come to the whole.
type sum struct {
	whole string
	parts []string
}

// reader is somebody who has published tables and a pencil.
type reader struct {
	known map[string]float64
	sums  []sum
}

// read takes in a published table under a name for each of its cells.
func (r *reader) read(t measure.Table, columns []string, name func(keys []string, column string) string) {
	for _, row := range append(t.Rows, t.Total) {
		for _, c := range columns {
			if v := t.Value(row, c); !v.Hidden {
				r.known[name(row.Keys, c)] = v.Number
			}
		}

		r.sums = append(r.sums,
			sum{"", []string{"+" + name(row.Keys, "planned"), "+" + name(row.Keys, "imported"), "-" + name(row.Keys, "completed"), "-" + name(row.Keys, "phone"), "-" + name(row.Keys, "not_completed"), "-" + name(row.Keys, "cancelled"), "-" + name(row.Keys, "waiting")}},
			sum{"", []string{"+" + name(row.Keys, "calls"), "-" + name(row.Keys, "answered"), "-" + name(row.Keys, "unanswered")}})
	}
}

// solve works out what can be worked out: an equation with one unknown tells it.
func (r *reader) solve() {
	for again := true; again; {
		again = false

		for _, s := range r.sums {
			unknown, total, sign := "", 0.0, 1.0

			for _, p := range s.parts {
				factor := map[byte]float64{'+': 1, '-': -1}[p[0]]

				v, ok := r.known[p[1:]]

				switch {
				case ok:
					total += factor * v
				case unknown != "":
					unknown = "several"
				default:
					unknown, sign = p[1:], factor
				}
			}

			if _, ok := r.known[unknown]; unknown != "" && unknown != "several" && !ok {
				r.known[unknown], again = -sign*total, true
			}
		}
	}
}

// TestNobodyWorksOutSmallCells: with all tables over the same period, the ones by one dimension and
// the one by both, no small count can be worked out from sums.
func TestNobodyWorksOutSmallCells(t *testing.T) {
	t.Parallel()

	columns := []string{"planned", "imported", "completed", "phone", "not_completed", "cancelled", "waiting", "calls", "answered", "unanswered", "listed_screen", "replaced", "record_failed"}
	dims := []measure.Dimension{measure.ByLaw, measure.ByShift, measure.ByUnit, measure.ByMonth, measure.ByEmployee}
	hidden, told := 0, 0

	for round := range 60 {
		seed := rand.Uint64()
		r := rand.New(rand.NewPCG(seed, 7))
		facts := randomFacts(r, 40+round*8)
		by := []measure.Dimension{dims[r.IntN(len(dims))], dims[r.IntN(len(dims))]}

		if by[0] == by[1] {
			by = by[:1]
		}

		table := func(by []measure.Dimension) measure.Table {
			c := measure.NewCounter(measure.Question{Period: measure.Span{From: "2026-10-05", To: "2026-12-06"}, By: by}, measure.Terms{})
			for _, f := range facts {
				c.Add(f)
			}

			return c.Table(measure.Names{})
		}

		w := reader{known: map[string]float64{}}
		plain := map[string]float64{}
		keep := func(t measure.Table, name func([]string, string) string) {
			for _, row := range append(t.Rows, t.Total) {
				for _, c := range columns {
					plain[name(row.Keys, c)] = t.Value(row, c).Number
				}
			}
		}

		cell := func(keys []string, c string) string {
			if len(keys) == 0 {
				return "all/" + c
			}

			return fmt.Sprint(keys, "/", c)
		}
		full := table(by)
		keep(full, cell)
		w.read(full.Leaving(nil), columns, cell)

		if len(by) == 2 {
			for n, d := range by {
				margin := func(keys []string, c string) string {
					if len(keys) == 0 {
						return "all/" + c
					}

					return fmt.Sprint(n, keys, "/", c)
				}
				one := table([]measure.Dimension{d})
				keep(one, margin)
				w.read(one.Leaving(nil), columns, margin)

				for _, c := range columns {
					w.add(margin(nil, c), one.Rows, margin, c, nil, 0)

					for _, row := range one.Rows {
						w.add(margin(row.Keys, c), full.Rows, cell, c, row.Keys, n)
					}
				}
			}
		}

		for _, c := range columns {
			w.add("all/"+c, full.Rows, cell, c, nil, 0)
		}

		first := len(w.known)
		w.solve()

		for name, n := range plain {
			if _, ok := w.known[name]; ok {
				told++

				if n > 0 && n < measure.Fewest {
					t.Errorf("seed %d, by %v: %s is %v and can be worked out (%d cells told, %d found)", seed, by, name, n, first, len(w.known))
				}
			} else {
				hidden++
			}
		}
	}

	t.Logf("%d cells told, %d hidden", told, hidden)

	if told < hidden/4 {
		t.Errorf("%d cells are told and %d hidden: nobody needs such a table", told, hidden)
	}
}

// add says that rows come to a sum; with a key, those that have it in the n-th place.
func (r *reader) add(whole string, rows []measure.Row, name func([]string, string) string, column string, key []string, n int) {
	s := sum{parts: []string{"-" + whole}}

	for _, row := range rows {
		if len(key) == 0 || row.Keys[n] == key[0] {
			s.parts = append(s.parts, "+"+name(row.Keys, column))
		}
	}

	r.sums = append(r.sums, s)
}

// TestOwnUnitsStay: who compares units sees their own whole, and can't work out others' with their help.
func TestOwnUnitsStay(t *testing.T) {
	t.Parallel()

	// Øst: 3 planned, Vest: 20, Nord: 1. The reader is of Vest and Nord.
	c := measure.NewCounter(measure.Question{Period: measure.Span{From: "2026-11-16", To: "2026-11-22"}, By: []measure.Dimension{measure.ByUnit}}, measure.Terms{})
	for unit, n := range map[care.UnitID]int{"oest": 3, "vest": 20, "nord": 1} { //nolint:exhaustive // the units of this test
		for range n {
			c.Add(measure.Fact{Day: "2026-11-17", Unit: unit, Screened: true, State: care.Completed, Delivery: care.Screen, Citizen: string(unit)})
		}
	}

	table := c.Table(measure.Names{}).Leaving(func(u care.UnitID) bool { return u != "oest" })

	for _, r := range table.Rows {
		v := table.Value(r, "planned")
		if r.Keys[0] == "oest" != v.Hidden {
			t.Errorf("%s: %+v", r.Keys[0], v)
		}
	}

	if v := table.Value(table.Total, "planned"); !v.Hidden {
		t.Errorf("the total gives Øst away: %+v", v)
	}

	if !slices.ContainsFunc(table.Columns, func(c measure.Column) bool { return c.Key == "planned" }) {
		t.Error("no such column")
	}
}

// TestWhatIsMadeOfHiddenCountsIsHidden: shares, times and savings.
func TestWhatIsMadeOfHiddenCountsIsHidden(t *testing.T) {
	t.Parallel()

	c := measure.NewCounter(measure.Question{Period: measure.Span{From: "2026-11-16", To: "2026-11-22"}}, measure.Terms{FullLists: true, Savings: measure.Savings{Road: 60e9}})
	for i := range 3 {
		c.Add(screen("2026-11-17", strconv.Itoa(i), 8, 10))
	}

	table := c.Table(measure.Names{}).Leaving(nil)

	for _, key := range []string{"planned", "completed", "completion", "median", "mean", "p90", "hours", "planned_hours", "usage", "saved_minutes", "call_mean", "citizens"} {
		if v := table.Value(table.Total, key); !v.Hidden || v.Number != 0 {
			t.Errorf("%s: %+v", key, v)
		}
	}
}
