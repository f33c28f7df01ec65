package scheduler

import "slices"

// fewest is the smallest count that is told outside the unit: a smaller one may tell of somebody.
const fewest = 5

// Hidden stands for a figure that is not told.
const Hidden = -1

// HideSmall returns a group's figures as they may leave the unit: counts from one to four are Hidden,
// and so many others that none of them can be worked out from the sum of its line or column. Minutes
// are hidden with the completed visits that they are of.
func HideSmall(group []Figures) []Figures {
	out := slices.Clone(group)
	for i := range out {
		for _, cell := range out[i].cells() {
			if *cell > 0 && *cell < fewest {
				*cell = Hidden
			}
		}
	}

	for again := true; again; {
		again = false

		for i := range out {
			cells := out[i].cells() // planned is the sum of the others
			again = hideSecond(cells[:]) || again
		}

		for column := range (&Figures{}).cells() {
			var cells []*int
			for i := range out {
				cells = append(cells, out[i].cells()[column])
			}

			again = hideSecond(cells) || again
		}
	}

	for i := range out {
		if out[i].Completed == Hidden || out[i].Planned == Hidden {
			out[i].Minutes = Hidden
		}

		out[i].All = out[i].Planned // every visit of such a group was planned by screen
	}

	return out
}

// cells are the figures of a line that belong together.
func (f *Figures) cells() [6]*int {
	return [6]*int{&f.Planned, &f.Completed, &f.Phone, &f.Not, &f.Cancelled, &f.Waiting}
}

// hideSecond hides one more cell of a line or column in which just one is hidden: the smallest that is
// not nothing, else one that is. It reports whether it did.
func hideSecond(cells []*int) bool {
	hidden := 0

	var next *int

	for _, cell := range cells {
		switch {
		case *cell == Hidden:
			hidden++
		case next == nil, *next == 0 && *cell > 0, *cell > 0 && *cell < *next:
			next = cell
		}
	}

	if hidden != 1 || next == nil {
		return false
	}

	*next = Hidden

	return true
}
