package ui

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// TestTimeline draws people on lines of their own, the employee first, and tells the same in words.
func TestTimeline(t *testing.T) {
	t.Parallel()

	start := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	at := func(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }
	leg := func(role care.LegRole, seat int, use care.Use, from, entered, to int) scheduler.LegView {
		l := scheduler.LegView{Leg: care.Leg{Role: role, Seat: seat, Joined: at(from), Entered: at(entered)}, Use: use}
		if to != 0 {
			l.Left = at(to)
		}

		return l
	}

	v := care.Snapshot{
		Facts:        care.Facts{Planned: care.Interval{Start: start, End: at(10)}},
		Participants: []care.Participant{{ID: "p1", Seat: 1, Kind: care.Interpreter, Name: "Nanna", AddedAt: at(-60)}},
	}

	for name, c := range map[string]struct {
		legs  []scheduler.LegView
		lanes []lane
		ticks []string
	}{
		"nobody": {},
		"both": {
			legs:  []scheduler.LegView{leg(care.AsGuest, 1, care.LegCounted, -5, 0, 10), leg(care.AsHost, 0, care.LegCounted, 0, 0, 10)},
			ticks: []string{"08.55", "09.05", "09.15"},
			lanes: []lane{
				{Who: "Medarbejder", Text: "09.00–09.10", Bars: []bar{{250, 500, "tl-in"}}},
				{Who: "Borger", Text: "09.00–09.10", Bars: []bar{{0, 250, "tl-door"}, {250, 500, "tl-in"}}},
			},
		},
		"others and strangers, somebody still there": {
			legs: []scheduler.LegView{
				leg(care.AsGuest, 2, care.LegOther, 0, 0, 5), leg(care.AsGuest, 4, care.LegStranger, 1, 1, 2), leg(care.AsGuest, 1, care.LegCounted, 0, 0, 0),
				leg(care.AsGuest, 1, care.LegSilent, 1, 1, 2), leg("", 0, care.LegDamaged, 0, 0, 1),
			},
			ticks: []string{"08.55", "09.05", "09.15"},
			lanes: []lane{
				{Who: "Borger", Text: "09.00–nu, 09.01–09.02 (uden billede og lyd)", Bars: []bar{{300, 50, "tl-door"}, {250, 300, "tl-in"}}},
				{Who: "Tolk Nanna", Text: "09.00–09.05", Bars: []bar{{250, 250, "tl-other"}}},
				{Who: "Ukendt person", Text: "09.01–09.02 (var ikke inviteret)", Bars: []bar{{300, 50, "tl-bad"}}},
			},
		},
		"a tab forgotten all night": {
			legs:  []scheduler.LegView{leg(care.AsHost, 0, care.LegCounted, 0, 0, 600)},
			ticks: []string{"08.55", "09.35", "10.15"},
			lanes: []lane{{Who: "Medarbejder", Text: "09.00–19.00", Bars: []bar{{62, 938, "tl-in"}}}},
		},
		"the day before": {legs: []scheduler.LegView{leg(care.AsHost, 0, care.LegOutside, -1440, -1440, -1430)}},
	} {
		got := newTimeline(v, c.legs, at(6))
		same := cmp.Options{cmp.AllowUnexported(lane{}), cmpopts.IgnoreFields(lane{}, "place"), cmpopts.EquateEmpty()}

		if diff := cmp.Diff(c.lanes, got.Lanes, same); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}

		if diff := cmp.Diff(c.ticks, got.Ticks, same); diff != "" {
			t.Errorf("%s: ticks\n%s", name, diff)
		}
	}
}
