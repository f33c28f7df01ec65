package scheduler_test

import (
	"slices"
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/holiday"
)

// danish are the rules of a municipality with a ladder for each kind of hours.
func danish(t *testing.T) scheduler.FollowUpSettings {
	t.Helper()

	days, err := holiday.New()
	must(t, err)

	step := func(who string) []scheduler.EscalationStep { return []scheduler.EscalationStep{{Who: who}} }

	return scheduler.FollowUpSettings{Holiday: days.On, Ladders: []scheduler.Ladder{
		{Units: []care.UnitID{"nat"}, Steps: step("Natholdet")},
		{Days: []scheduler.DayKind{scheduler.Holiday, scheduler.Sunday}, Steps: step("Helligdagsvagten")},
		{Shifts: []care.Shift{care.NightShift}, Steps: step("Nattevagten")},
		{Shifts: []care.Shift{care.EveningShift}, Days: []scheduler.DayKind{scheduler.Workday}, Steps: step("Aftenvagten")},
		{Shifts: []care.Shift{care.DayShift}, Days: []scheduler.DayKind{scheduler.Workday}, Steps: step("Teamet")},
	}}
}

// TestEscalationTable: who is told at which hour, around the edges of shifts, weekends, holidays and
// both nights on which the clock changes.
func TestEscalationTable(t *testing.T) {
	t.Parallel()

	f := danish(t)

	for at, want := range map[string]string{
		"2026-11-23T06:59:59+01:00": "Nattevagten",
		"2026-11-23T07:00:00+01:00": "Teamet",
		"2026-11-23T14:59:59+01:00": "Teamet",
		"2026-11-23T15:00:00+01:00": "Aftenvagten",
		"2026-11-23T22:59:59+01:00": "Aftenvagten",
		"2026-11-23T23:00:00+01:00": "Nattevagten",
		"2026-11-28T10:00:00+01:00": "Planlæggerne",     // a Saturday: no ladder names it
		"2026-11-28T23:59:59+01:00": "Nattevagten",      // and its night
		"2026-11-29T00:00:00+01:00": "Helligdagsvagten", // Sunday begins at midnight
		"2026-05-14T10:00:00+02:00": "Helligdagsvagten", // Kristi himmelfartsdag, a Thursday
		"2024-04-26T10:00:00+02:00": "Teamet",           // would have been store bededag
		"2026-06-05T10:00:00+02:00": "Teamet",           // grundlovsdag is none by law
		"2026-12-24T10:00:00+01:00": "Teamet",
		"2026-03-29T00:30:00Z":      "Helligdagsvagten", // 01.30, before the hour that is missing
		"2026-03-29T01:30:00Z":      "Helligdagsvagten", // 03.30
		"2026-03-29T22:00:00Z":      "Nattevagten",      // midnight in summer time: Monday
		"2026-10-25T00:30:00Z":      "Helligdagsvagten", // 02.30 the first time
		"2026-10-25T01:30:00Z":      "Helligdagsvagten", // 02.30 the second time
		"2026-10-25T22:30:00Z":      "Helligdagsvagten", // 23.30 in winter time: still Sunday
	} {
		due, err := time.Parse(time.RFC3339, at)
		must(t, err)

		if got := f.Steps("oest", due); len(got) != 1 || got[0].Who != want {
			t.Errorf("%s: %+v, want %s", at, got, want)
		}
	}

	if got := f.Steps("nat", on(10, 0)); got[0].Who != "Natholdet" {
		t.Errorf("a unit's own ladder: %+v", got)
	}
}

// TestTenYearsOfHours: every half hour of ten years is in one shift and on a day of one kind; shifts
// are eight hours long but on the nights of a change, when the night has seven or nine; and the kind
// of the day changes at local midnight only.
func TestTenYearsOfHours(t *testing.T) {
	t.Parallel()

	f := danish(t)
	from := time.Date(2024, 1, 1, 0, 0, 0, 0, care.Zone())
	nights := make(map[time.Duration]int)
	last, since, kind := care.ShiftAt(from), from, f.KindOf(from)

	for at := from; at.Year() < 2034; at = at.Add(30 * time.Minute) {
		local := at.In(care.Zone())

		if k := f.KindOf(at); k != kind {
			if local.Hour() != 0 || local.Minute() != 0 {
				t.Fatalf("%s becomes %s at %s", kind, k, local)
			}

			kind = k
		}

		if !slices.Contains(scheduler.DayKinds(), kind) || kind == scheduler.Workday && (local.Weekday() == time.Saturday || local.Weekday() == time.Sunday) {
			t.Fatalf("%s is a %s", local, kind)
		}

		shift := care.ShiftAt(at)
		if shift == last {
			continue
		}

		length := at.Sub(since)
		if last == care.NightShift && since != from {
			nights[length]++
		}

		if last != care.NightShift && length != 8*time.Hour {
			t.Fatalf("%s of %s before %s", last, length, local)
		}

		last, since = shift, at
	}

	if nights[7*time.Hour] != 10 || nights[9*time.Hour] != 10 || len(nights) != 3 {
		t.Errorf("nights by length: %v", nights)
	}
}

// TestDeadlines: the physical visit goes back in time for its deadline, counted in hours that pass
// and not on the wall, also across the changes of the clock.
func TestDeadlines(t *testing.T) {
	t.Parallel()

	for name, opened := range map[string]time.Time{
		"an ordinary day": on(9, 30),
		"clocks forward":  time.Date(2026, 3, 29, 0, 40, 0, 0, time.UTC), // 01.40; an hour later it is 03.40
		"clocks back":     time.Date(2026, 10, 25, 0, 40, 0, 0, time.UTC),
		"new year":        time.Date(2026, 12, 31, 22, 40, 0, 0, time.UTC),
	} {
		f := care.FollowUp{Stage: care.FollowUpCalling, Automatic: true, OpenedAt: opened, CallBy: opened.Add(15 * time.Minute), VisitBy: opened.Add(time.Hour)}

		if back := f.GoesBackAt(); back.Sub(opened) != 50*time.Minute || !f.Due().Equal(f.CallBy) {
			t.Errorf("%s: back after %s, due %s", name, back.Sub(opened), f.Due())
		}

		f.TakenBy = "MSK"
		if !f.Due().Equal(f.VisitBy) {
			t.Errorf("%s: who took it has until %s", name, f.Due())
		}
	}

	short := care.FollowUp{Stage: care.FollowUpAsked, Automatic: true, OpenedAt: on(9, 0), VisitBy: on(9, 10)}
	if got := short.GoesBackAt(); !got.Equal(on(9, 5)) {
		t.Errorf("half of a short time: %s", got)
	}
}

// TestNearestOpenings suggests gaps that are long enough, the soonest first, and none before the
// first visit or after the last.
func TestNearestOpenings(t *testing.T) {
	t.Parallel()

	visit := func(id, employee string, h1, m1, h2, m2 int) care.Snapshot {
		return care.Snapshot{ID: care.VisitID(id), State: care.Listed, Facts: care.Facts{Employee: care.EmployeeID(employee), ListName: "Øst dag", Planned: care.Interval{Start: on(h1, m1), End: on(h2, m2)}}}
	}
	missed := visit("m", "MSK", 9, 0, 9, 15)
	off := visit("c", "LBH", 9, 30, 10, 0)
	off.State = care.Cancelled

	got := scheduler.NearestOpenings(missed, []care.Snapshot{
		missed,
		visit("a1", "TKR", 9, 0, 9, 40), visit("a2", "TKR", 10, 20, 10, 40),
		visit("b1", "LBH", 9, 0, 9, 30), off, visit("b2", "LBH", 10, 0, 10, 30),
		visit("d1", "HJN", 9, 0, 9, 30), visit("d2", "HJN", 9, 50, 10, 30), visit("d3", "HJN", 10, 0, 10, 10), visit("d4", "HJN", 11, 0, 11, 30),
		visit("e1", "PLJ", 9, 0, 9, 30),
		visit("g1", "SHA", 8, 0, 8, 30), visit("g2", "SHA", 9, 20, 9, 30),
		visit("h1", "", 9, 0, 9, 10), visit("h2", "", 12, 0, 12, 10),
	}, 5*time.Minute, on(9, 20))

	var text []string
	for _, o := range got {
		text = append(text, string(o.Employee)+" "+o.Gap.Start.In(care.Zone()).Format("15.04")+"–"+o.Gap.End.In(care.Zone()).Format("15.04"))
	}

	if want := []string{"LBH 09.30–10.00", "TKR 09.40–10.20", "HJN 10.30–11.00"}; !slices.Equal(text, want) {
		t.Errorf("%q", text)
	}
}
