package ui

import (
	"testing"

	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/measure"
)

// TestChart draws bars to scale, upright by time and lying by anything else.
func TestChart(t *testing.T) {
	t.Parallel()

	count := func(by measure.Dimension, completed, not int) measure.Table {
		c := measure.NewCounter(measure.Question{Period: measure.Span{From: "2026-11-16", To: "2026-11-29"}, By: []measure.Dimension{by}}, measure.Terms{})

		for i := range completed + not {
			f := measure.Fact{Day: "2026-11-17", Screened: true, Law: care.SUL138, State: care.Completed, Delivery: care.Screen}
			if i >= completed {
				f.State, f.Reason = care.NotCompleted, care.CitizenAbsent
			}

			c.Add(f)
		}

		return c.Table(measure.Names{})
	}

	if c := newChart(count(measure.ByWeek, 0, 0)); len(c.Bars) != 0 {
		t.Error("a chart without figures has bars")
	}

	c := newChart(count(measure.ByWeek, 516, 1))
	if top := c.Lines[len(c.Lines)-1]; top.Label != "800" || top.At != chartTop || !c.Upright {
		t.Errorf("top line %+v", top)
	}

	for _, part := range c.Bars[0].Parts {
		if part.Height < 1 || part.Y < chartTop {
			t.Errorf("part %+v", part)
		}
	}

	if lying := newChart(count(measure.ByLaw, 30, 10)); lying.Upright || lying.Bars[0].Total != 40 || lying.Bars[0].Parts[1].X <= lying.Bars[0].Parts[0].X {
		t.Errorf("lying: %+v", lying.Bars)
	}

	for n, want := range map[int]int{1: 4, 5: 8, 17: 20, 33: 40, 121: 160, 3201: 4000} {
		if got := niceTop(n); got != want {
			t.Errorf("niceTop(%d) = %d", n, got)
		}
	}
}
