package scheduler

import (
	"cmp"
	"slices"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// maxOpenings is how many gaps are suggested.
const maxOpenings = 3

// Opening is a gap in somebody's route in which a physical visit fits.
type Opening struct {
	Employee care.EmployeeID
	ListName string
	Gap      care.Interval // UTC; from the end of one visit to the start of the next, and not before now
}

// NearestOpenings suggests who could give a visit in person: the gaps between two visits of one
// employee that are long enough for the visit and the road to and from it, the soonest first. Near
// means near in time: nobody here knows the map. Before an employee's first visit and after the last
// one nothing is suggested, because a list does not tell when the shift begins and ends. Others are
// the visits of the same day and unit, of which those that were called off count as free time.
func NearestOpenings(missed care.Snapshot, others []care.Snapshot, travel time.Duration, from time.Time) []Opening {
	need := missed.Facts.Planned.Duration() + 2*travel

	routes := map[care.EmployeeID][]care.Snapshot{}

	for _, v := range others {
		if v.ID != missed.ID && v.Facts.Employee != "" && v.State != care.Cancelled {
			routes[v.Facts.Employee] = append(routes[v.Facts.Employee], v)
		}
	}

	var out []Opening

	for employee, visits := range routes {
		slices.SortFunc(visits, func(a, b care.Snapshot) int { return a.Facts.Planned.Start.Compare(b.Facts.Planned.Start) })

		busy := visits[0].Facts.Planned.End

		for _, v := range visits[1:] {
			gap := care.Interval{Start: later(busy, from), End: v.Facts.Planned.Start}
			if gap.Duration() >= need {
				out = append(out, Opening{Employee: employee, ListName: v.Facts.ListName, Gap: gap})

				break
			}

			busy = later(busy, v.Facts.Planned.End)
		}
	}

	slices.SortFunc(out, func(a, b Opening) int {
		return cmp.Or(a.Gap.Start.Compare(b.Gap.Start), cmp.Compare(a.Employee, b.Employee))
	})

	return out[:min(len(out), maxOpenings)]
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}

	return b
}
