package measure_test

import (
	"math"
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/measure"
)

func call(day care.Day, citizen string, minutes int) measure.Fact {
	f := measure.Fact{ID: string(day) + citizen, Source: "viewcare", Day: day, Unit: "oest", Citizen: citizen, Actual: time.Duration(minutes) * time.Minute, State: care.NotCompleted, Screened: true}
	if minutes > 0 {
		f.State = care.Completed
	}

	return f
}

func screen(day care.Day, citizen string, minutes, planned int) measure.Fact {
	f := measure.Fact{
		ID: string(day) + citizen, Day: day, Unit: "oest", Citizen: citizen, Listed: true, Screened: true, Delivery: care.Screen, Grade: care.Certain,
		Planned: time.Duration(planned) * time.Minute, Actual: time.Duration(minutes) * time.Minute, State: care.Completed,
	}
	if minutes == 0 {
		f.State, f.Reason = care.NotCompleted, care.CitizenAbsent
	}

	return f
}

// TestRanders holds the key figures of one municipality against a calculation by hand (eoj.md §6, M24).
//
// Week 47 of 2026 is 16–22 November, week 48 is 23–29 November. Unit Øst. On the lists there are 40
// citizens in week 47, 50 in week 48, 60 in the fortnight of week 48, 45 in that of week 47.
//
//	week 47: A 8 min, A 12 min, B 10 min (ours), C unanswered (ours), D 5 min (Viewcare)
//	week 48: A 9 min (ours), B 6 min (Viewcare), B unanswered (Viewcare), E 15 min (ours)
//
// By hand:
//
//	week 47: 5 calls, 4 answered, 1 unanswered; active A B D = 3; inactive C = 1
//	         mean length (8+12+10+5)/4 = 8.75 min
//	         omlægningsgrad 3/40 = 7.5 %; fourteen days 9–22 November: A B D = 3 of 45 = 6.667 %
//	         anvendelsesgrad 4/3/7 = 0.190476; måltal 7.5 × 0.190476 = 1.428571
//	week 48: 4 calls, 3 answered, 1 unanswered; active A B E = 3; inactive 0
//	         mean length (9+6+15)/3 = 10 min
//	         omlægningsgrad 3/50 = 6 %; fourteen days 16–29 November: A B D E = 4 of 60 = 6.667 %
//	         anvendelsesgrad 3/3/7 = 0.142857; måltal 6 × 0.142857 = 0.857143
//	         change from the week before: −1.5 points and −0.047619
//	planned screen visits: week 47 A A B C = 4 with 40 min, week 48 A E = 2 with 25 min
//	citizens with a planned screen visit: 3 and 2
func TestRanders(t *testing.T) {
	t.Parallel()

	c := measure.NewCounter(measure.Question{Period: measure.Span{From: "2026-11-16", To: "2026-11-29"}, By: []measure.Dimension{measure.ByUnit, measure.ByWeek}}, measure.Terms{FullLists: true})

	for _, f := range []measure.Fact{
		screen("2026-11-16", "A", 8, 10), screen("2026-11-18", "A", 12, 10), screen("2026-11-17", "B", 10, 10), screen("2026-11-19", "C", 0, 10), call("2026-11-22", "D", 5),
		screen("2026-11-23", "A", 9, 10), call("2026-11-24", "B", 6), call("2026-11-25", "B", 0), screen("2026-11-29", "E", 15, 15),
	} {
		c.Add(f)
	}

	for _, l := range c.Levels(false) {
		for week, counted := range map[string][]measure.Listed{
			"2026-47": {{Part: measure.OfPeriod, Visits: 200, Citizens: 41, Planned: 50 * time.Hour}, {Part: measure.OfWeek, Citizens: 40}, {Part: measure.OfFortnight, Citizens: 45}},
			"2026-48": {{Part: measure.OfPeriod, Visits: 240, Citizens: 51, Planned: 60 * time.Hour}, {Part: measure.OfWeek, Citizens: 50}, {Part: measure.OfFortnight, Citizens: 60}},
		} {
			for _, one := range counted {
				if len(l.By) == 1 {
					one.Keys = l.Keys(week, []string{"oest"})
					c.AddListed(l, one)
				}
			}
		}
	}

	table := c.Table(measure.Names{Units: map[care.UnitID]string{"oest": "Øst"}}) //nolint:exhaustive // the only unit
	if len(table.Rows) != 2 || table.Rows[0].Labels[0] != "Øst" || table.Rows[1].Labels[1] != "Uge 48, 2026" {
		t.Fatalf("rows %+v", table.Rows)
	}

	if w := table.Rows[1]; w.Week != (measure.Span{From: "2026-11-23", To: "2026-11-29"}) || w.Fortnight != (measure.Span{From: "2026-11-16", To: "2026-11-29"}) {
		t.Errorf("windows %v %v", w.Week, w.Fortnight)
	}

	for key, want := range map[string][2]float64{
		"listed": {200, 240}, "planned": {4, 2}, "planned_hours": {40. / 60, 25. / 60}, "citizens_planned": {3, 2}, "listed_hours": {50, 60},
		"calls": {5, 4}, "answered": {4, 3}, "unanswered": {1, 1}, "call_mean": {8.75, 10},
		"active": {3, 3}, "inactive": {1, 0}, "residents": {40, 50}, "active_fortnight": {3, 4}, "residents_fortnight": {45, 60},
		"conversion_week": {7.5, 6}, "conversion_fortnight": {100 * 3. / 45, 100 * 4. / 60}, "usage": {4. / 21, 3. / 21}, "target": {7.5 * 4 / 21, 6 * 3. / 21},
		"completed": {4, 3}, "imported": {1, 1}, "share": {2, 100 * 2. / 240},
	} {
		for i, r := range table.Rows {
			if v := table.Value(r, key); !v.Known || math.Abs(v.Number-want[i]) > 1e-9 {
				t.Errorf("%s of week %d: %+v, want %v", key, 47+i, v, want[i])
			}
		}
	}

	last := table.Rows[1]
	if v := table.Value(last, "conversion_change"); !v.Known || math.Abs(v.Number+1.5) > 1e-9 {
		t.Errorf("change %+v", v)
	}

	if v := table.Value(last, "usage_change"); !v.Known || math.Abs(v.Number+1./21) > 1e-9 {
		t.Errorf("change %+v", v)
	}

	if v := table.Value(table.Rows[0], "usage_change"); v.Known {
		t.Errorf("the first week has a change: %+v", v)
	}
}
