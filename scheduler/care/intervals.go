package care

import (
	"slices"
	"time"
)

// merge joins intervals that touch, or are not further apart than gap; the result is in order of
// time. The given slice is sorted.
func merge(all []Interval, gap time.Duration) []Interval {
	slices.SortFunc(all, func(a, b Interval) int { return a.Start.Compare(b.Start) })

	var merged []Interval

	for _, i := range all {
		if n := len(merged); n > 0 && !i.Start.After(merged[n-1].End.Add(gap)) {
			merged[n-1].End = later(merged[n-1].End, i.End)

			continue
		}

		merged = append(merged, i)
	}

	return merged
}

// overlap returns the times in which both lists have somebody.
func overlap(a, b []Interval) []Interval {
	var out []Interval

	for _, x := range a {
		for _, y := range b {
			if x.Overlaps(y) {
				out = append(out, Interval{Start: later(x.Start, y.Start), End: earlier(x.End, y.End)})
			}
		}
	}

	return out
}

// clip cuts intervals to a window; a window without an end, or without a start, is open there.
func clip(all []Interval, window Interval) []Interval {
	var out []Interval

	for _, i := range all {
		i.Start = later(i.Start, window.Start)

		if !window.End.IsZero() {
			i.End = earlier(i.End, window.End)
		}

		if i.End.After(i.Start) {
			out = append(out, i)
		}
	}

	return out
}

// total adds up disjoint intervals.
func total(all []Interval) time.Duration {
	var sum time.Duration
	for _, i := range all {
		sum += i.Duration()
	}

	return sum
}

// bounds is from the first start to the last end of intervals in order of time.
func bounds(all []Interval) Interval {
	if len(all) == 0 {
		return Interval{}
	}

	return Interval{Start: all[0].Start, End: all[len(all)-1].End}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}

	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}

	return b
}
