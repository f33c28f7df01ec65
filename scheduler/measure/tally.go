package measure

import (
	"slices"
	"time"
)

// Savings are the municipality's own figures for a drive that did not take place. Zero: not set.
type Savings struct {
	Road       time.Duration // to a visit and on
	Kilometres float64
	GramsPerKm float64 // CO₂
}

// Terms are what figures go by, beside the visits.
type Terms struct {
	Savings   Savings
	FullLists bool // the municipality imports whole driving lists
}

// Value is one figure. Neither Known nor Hidden: there is nothing to make it of.
type Value struct {
	Number float64
	Known  bool
	Hidden bool // it may tell of somebody, or gives away one that may
}

func known(n float64) Value { return Value{Number: n, Known: true} }

// percent is unknown of nothing.
func percent(part, whole int) Value {
	if whole <= 0 {
		return Value{}
	}

	return known(100 * float64(part) / float64(whole))
}

// Part says which days of a group a count of the lists is for. The zero value is invalid.
type Part string

// The parts.
const (
	OfPeriod    Part = "p"
	OfWeek      Part = "w"
	OfFortnight Part = "f"
)

// Listed is what the driving lists hold for a group, visits of all kinds.
type Listed struct {
	Part       Part
	Keys       []string // of the table's dimensions; fewer: a sum
	Visits     int
	Citizens   int
	Planned    time.Duration
	Incomplete int // visits that came with a list of which not every row could be read
}

type people map[string]struct{}

// tally is what was counted for a group.
type tally struct {
	index  map[string]int // of columns by key, shared
	counts []int          // by column

	week, fortnight            Span
	citizens, intended         people
	active, active14, tried    people
	answered                   int // in the week
	actual, journal, staff     []time.Duration
	planned, plannedOf, talked time.Duration
	plannedN, talks            int
	listed                     Listed
	residents, residents14     int
	lists                      bool // driving lists know the group
}

func newTally(index map[string]int, week, fortnight Span, lists bool) *tally {
	return &tally{
		index: index, counts: make([]int, len(index)), week: week, fortnight: fortnight, lists: lists,
		citizens: people{}, intended: people{}, active: people{}, active14: people{}, tried: people{},
	}
}

func (t *tally) n(key string) int { return t.counts[t.index[key]] }

// add counts a fact of the period.
func (t *tally) add(columns []Column, f Fact) {
	for i := range columns {
		if match := columns[i].match; match != nil && match(f) {
			t.counts[i]++
		}
	}

	if f.Citizen != "" {
		if f.planned() || f.answered() {
			t.citizens[f.person()] = struct{}{}
		}

		if f.planned() {
			t.intended[f.person()] = struct{}{}
		}
	}

	if f.planned() {
		t.planned += f.Planned
	}

	t.addTimes(f)
}

func (t *tally) addTimes(f Fact) {
	if f.timed() {
		t.actual = append(t.actual, f.Actual)

		if f.Planned > 0 {
			t.plannedOf += f.Planned
			t.plannedN++
		}
	}

	if f.answered() && f.Actual > 0 {
		t.talked += f.Actual
		t.talks++
	}

	if d, ok := f.journalled(); ok {
		t.journal = append(t.journal, d)
	}

	if d, ok := f.staffTime(); ok {
		t.staff = append(t.staff, d)
	}
}

// look counts a fact that is in the group's week or fortnight, whether or not in the period.
func (t *tally) look(f Fact) {
	answered := f.answered()

	if t.fortnight.Has(f.Day) && answered && f.Citizen != "" {
		t.active14[f.person()] = struct{}{}
	}

	if !t.week.Has(f.Day) {
		return
	}

	if answered {
		t.answered++
	}

	if f.Citizen == "" {
		return
	}

	if answered {
		t.active[f.person()] = struct{}{}
	}

	if answered || f.planned() || f.called() {
		t.tried[f.person()] = struct{}{}
	}
}

func (t *tally) addListed(l Listed) {
	switch l.Part {
	case OfPeriod:
		t.listed = l
	case OfWeek:
		t.residents = l.Citizens
	case OfFortnight:
		t.residents14 = l.Citizens
	}
}

// ofLists is a figure of the driving lists; unknown where they do not know the group.
func (t *tally) ofLists(n int) Value { return Value{Number: float64(n), Known: t.lists} }

func (t *tally) ofWindow(s Span, n int) Value {
	return Value{Number: float64(n), Known: t.lists && s != Span{}}
}

func (t *tally) inWeek(n float64) Value { return Value{Number: n, Known: t.week != Span{}} }

// conversion is the share of citizens on the lists who are active.
func (t *tally) conversion(s Terms, in Span, active, residents int) Value {
	if !t.lists || !s.FullLists || in == (Span{}) {
		return Value{}
	}

	return percent(active, residents)
}

// usage is answered calls per active citizen and day.
func (t *tally) usage() Value {
	if len(t.active) == 0 {
		return Value{}
	}

	return known(float64(t.answered) / float64(len(t.active)) / 7)
}

func sum(all []time.Duration) (total time.Duration) {
	for _, d := range all {
		total += d
	}

	return total
}

// median is the middle one, or the mean of the two middle ones.
func median(all []time.Duration) time.Duration {
	if len(all) == 0 {
		return 0
	}

	all = slices.Sorted(slices.Values(all))
	half := len(all) / 2

	if len(all)%2 == 1 {
		return all[half]
	}

	return (all[half-1] + all[half]) / 2
}

// percentile is the shortest one that so many percent do not exceed (nearest rank).
func percentile(all []time.Duration, p int) time.Duration {
	if len(all) == 0 {
		return 0
	}

	all = slices.Sorted(slices.Values(all))

	return all[max(0, (len(all)*p+99)/100-1)]
}
