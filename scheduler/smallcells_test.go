package scheduler_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/sluse/sluse/scheduler"
)

func TestSmallFiguresAreHidden(t *testing.T) {
	t.Parallel()

	const h = scheduler.Hidden

	got := scheduler.HideSmall([]scheduler.Figures{
		{Key: "mitid", All: 30, Planned: 30, Completed: 25, Not: 5, Minutes: 300},
		{Key: "code", All: 12, Planned: 12, Completed: 9, Not: 3, Minutes: 90},
		{Key: "device", All: 50, Planned: 50, Completed: 40, Not: 10, Minutes: 400},
	})

	// Three is told neither itself, nor as twelve less nine, nor as what is left of its column.
	if got[1].Not != h || got[1].Planned != h && got[1].Completed != h || got[0].Not != h && got[2].Not != h {
		t.Errorf("%+v", got)
	}
}

// TestHiddenFiguresStayHidden: no line and no column has just one hidden figure, so that no sum tells it,
// and no figure from one to four is left.
func TestHiddenFiguresStayHidden(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(t *rapid.T) {
		group := make([]scheduler.Figures, rapid.IntRange(2, 5).Draw(t, "lines"))
		for i := range group {
			n := func(what string) int { return rapid.SampledFrom([]int{0, 0, 1, 3, 4, 5, 9, 120}).Draw(t, what) }
			f := scheduler.Figures{Completed: n("completed"), Phone: n("phone"), Not: n("not"), Cancelled: n("cancelled"), Waiting: n("waiting")}
			f.Planned = f.Completed + f.Phone + f.Not + f.Cancelled + f.Waiting
			f.All, group[i] = f.Planned, f
		}

		out := scheduler.HideSmall(group)
		columns := [6]int{}

		for i, f := range out {
			line := 0

			for c, n := range []int{f.Planned, f.Completed, f.Phone, f.Not, f.Cancelled, f.Waiting} {
				if n > 0 && n < 5 {
					t.Fatalf("line %d tells %d", i, n)
				}

				if n == scheduler.Hidden {
					line++
					columns[c]++
				}
			}

			if line == 1 || (f.Planned == scheduler.Hidden || f.Completed == scheduler.Hidden) != (f.Minutes == scheduler.Hidden) || f.All != f.Planned {
				t.Fatalf("line %d: %+v of %+v", i, f, group[i])
			}
		}

		for c, n := range columns {
			if n == 1 {
				t.Fatalf("column %d has one hidden figure: %+v", c, out)
			}
		}
	})
}
