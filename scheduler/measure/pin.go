package measure

import (
	"math"
	"slices"
)

// deduction is what everybody can work out of a table: figures that come to nothing together, each with its
// sign.
type deduction []signed

type signed struct {
	value *Value
	sign  float64
}

// bound is what a hidden count can be.
type bound struct{ low, high float64 }

// deductions are the identities of rows and the sums of lines.
func (h hider) deductions(rows []*Row, lines []line) []deduction {
	var out []deduction

	for _, r := range rows {
		for _, id := range h.identities {
			if id.of(r) {
				out = append(out, id.deduction(r))
			}
		}
	}

	for _, l := range lines {
		for i, c := range h.columns {
			if !l.of(c) || c.weekly || c.Group == Citizens || !l.sum.Values[i].Known {
				continue // people are in several groups, and a count of them adds up nearly only
			}

			d := deduction{{&l.sum.Values[i], -1}}
			for _, r := range l.cells {
				d = append(d, signed{&r.Values[i], 1})
			}

			out = append(out, d)
		}
	}

	return out
}

func (id identity) deduction(r *Row) deduction {
	d := make(deduction, 0, len(id.columns))

	for n, c := range id.columns {
		sign := -1.0
		if n == 0 || id.both && n == 1 {
			sign = 1
		}

		d = append(d, signed{&r.Values[c], sign})
	}

	return d
}

// narrow works out what hidden counts can be, from nothing up, until nothing more follows.
func narrow(all []deduction) map[*Value]bound {
	can := make(map[*Value]bound)

	for _, d := range all {
		for _, s := range d {
			if s.value.Hidden {
				can[s.value] = bound{0, math.Inf(1)}
			}
		}
	}

	for again := true; again; {
		again = false

		for _, d := range all {
			again = d.narrow(can) || again
		}
	}

	return can
}

// of returns what a figure adds to its deduction at least and at most.
func (s signed) of(can map[*Value]bound) bound {
	b := bound{s.value.Number, s.value.Number}
	if s.value.Hidden {
		b = can[s.value]
	}

	if s.sign < 0 {
		return bound{-b.high, -b.low}
	}

	return b
}

func (d deduction) narrow(can map[*Value]bound) (again bool) {
	var low, high float64 // of the finite ones

	endless := [2]int{}

	for _, s := range d {
		b := s.of(can)

		if math.IsInf(b.low, -1) {
			endless[0]++
		} else {
			low += b.low
		}

		if math.IsInf(b.high, 1) {
			endless[1]++
		} else {
			high += b.high
		}
	}

	for _, s := range d {
		was, hidden := can[s.value]
		if !hidden || !s.value.Hidden {
			continue
		}

		mine, now := s.of(can), was

		// What is left for this one when the others are as large, or as small, as they can be.
		if rest, ok := without(high, mine.high, endless[1]); ok {
			now = s.atLeast(now, -rest)
		}

		if rest, ok := without(low, mine.low, endless[0]); ok {
			now = s.atMost(now, -rest)
		}

		if now != was {
			can[s.value], again = now, true

			return again // the sums above are of what was
		}
	}

	return again
}

// without takes one from a sum; false: the rest is endless.
func without(sum, one float64, endless int) (float64, bool) {
	if math.IsInf(one, 0) {
		return sum, endless == 1
	}

	return sum - one, endless == 0
}

func (s signed) atLeast(b bound, n float64) bound {
	if s.sign > 0 {
		b.low = max(b.low, n)
	} else {
		b.high = min(b.high, -n)
	}

	return b
}

func (s signed) atMost(b bound, n float64) bound {
	if s.sign > 0 {
		b.high = min(b.high, n)
	} else {
		b.low = max(b.low, -n)
	}

	return b
}

// pinned returns the rows in which a small count can still be worked out.
func (h hider) pinned(rows []*Row, lines []line) []*Row {
	can := narrow(h.deductions(rows, lines))

	var out []*Row

	for _, r := range rows {
		for i := range r.Values {
			v := &r.Values[i]

			if b, ok := can[v]; ok && b.low == b.high && v.Number > 0 && v.Number < Fewest {
				out = append(out, r)

				break
			}
		}
	}

	return out
}

// finish hides whole rows, and then whole lines, until no small count can be worked out.
func (h hider) finish(rows []*Row, lines []line) {
	tried := make(map[*Row]bool)

	for range 2 * len(rows) {
		found := h.pinned(rows, lines)
		if len(found) == 0 {
			return
		}

		for _, r := range found {
			if tried[r] {
				h.blankLines(r, lines)
			}

			h.blank(r)
			tried[r] = true
		}

		h.settle(rows, lines)
	}
}

// blank hides every count of a row.
func (h hider) blank(r *Row) {
	for i, c := range h.columns {
		if c.Kind == Count && r.Values[i].Known && !h.known[r] {
			r.Values[i].Hidden = true
		}
	}
}

// blankLines hides every count of the rows beside a row.
func (h hider) blankLines(r *Row, lines []line) {
	for _, l := range lines {
		if !slices.Contains(l.cells, r) {
			continue
		}

		for _, one := range l.cells {
			h.blank(one)
		}
	}
}
