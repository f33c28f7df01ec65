package nexus

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// mostNear is how many of the names that are there are told when one is not.
const mostNear = 4

// absentError is that of a name that the record does not have. It prints as the sentence it wraps.
type absentError struct {
	error

	name string
	have []string
}

// Unwrap returns the sentence.
func (u *absentError) Unwrap() error { return u.error }

// textsOf is a member of each object.
func textsOf(all []object, member string) []string {
	out := make([]string, 0, len(all))
	for _, o := range all {
		out = append(out, o.text(member))
	}

	return out
}

// near tells which of the names that are there look most like one that is not.
func near(name string, have []string) string {
	have = slices.DeleteFunc(slices.Clone(have), func(s string) bool { return strings.TrimSpace(s) == "" })
	slices.Sort(have)

	have = slices.Compact(have)
	if len(have) == 0 {
		return " Nexus viser os ingen."
	}

	slices.SortStableFunc(have, func(a, b string) int { return cmp.Compare(unlike(name, a), unlike(name, b)) })

	if more := len(have) - mostNear; more > 0 {
		return fmt.Sprintf(" Nexus har blandt andre %s (%d i alt).", quoted(have[:mostNear]), len(have))
	}

	return " Nexus har " + quoted(have) + "."
}

// unlike is how little two names look like each other. One that looks like a part of the other is near.
// Case does not count.
func unlike(a, b string) int {
	from, to := []rune(strings.ToLower(a)), []rune(strings.ToLower(b))
	if len(from) > len(to) {
		from, to = to, from
	}

	whole, part := distance(from, to, false), distance(from, to, true)
	if 3*part > len(from) { // any short name is somehow a part of a long one
		return whole
	}

	return min(whole, part+1)
}

// distance is how many letters must be put in, taken out or changed to make one text of the other
// (Levenshtein), or with part to make any part of the other (Sellers).
func distance(from, to []rune, part bool) int {
	row := make([]int, len(to)+1)

	for k := range row {
		if !part {
			row[k] = k
		}
	}

	for i, r := range from {
		corner := row[0]
		row[0] = i + 1

		for k, s := range to {
			change := corner
			if r != s {
				change++
			}

			corner, row[k+1] = row[k+1], min(change, row[k]+1, row[k+1]+1)
		}
	}

	if part {
		return slices.Min(row)
	}

	return row[len(to)]
}
