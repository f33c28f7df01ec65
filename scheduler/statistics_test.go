package scheduler_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// TestStatisticsAddUp counts one visit of each fate, and holds every grouping against the total.
func TestStatisticsAddUp(t *testing.T) {
	t.Parallel()

	rows := []string{nancy, bruno, kaja, niels, vester}
	for i, start := range []string{"14:00", "14:30", "15:00"} {
		rows = append(rows, with(with(with(nancy, colID, string(rune('a'+i))), colStart, start), colEnd, start[:3]+"59"))
	}

	r := booked(t, rows, []string{"A-1", "A-2", "A-3", "A-4", "a", "b"})
	conclude := func(source string, req scheduler.ConcludeRequest) {
		t.Helper()
		must(t, r.Conclude(t.Context(), planner(), r.visit(source).ID, req))
	}

	r.meet(host(on(9, 0), on(9, 13)), visitor(on(9, 0), on(9, 13)))
	r.known("A-1")
	conclude("A-3", scheduler.ConcludeRequest{Kind: care.ResultNotCompleted, Reason: care.CitizenAbsent})
	must(t, r.CancelVisit(t.Context(), planner(), r.visit("A-4").ID, care.CancelledCitizen))
	must(t, r.MakePhysical(t.Context(), planner(), r.visit("a").ID))
	must(t, r.CancelVisit(t.Context(), planner(), r.visit("A-5").ID, care.CancelledStaff)) // was never by screen
	r.until(on(10, 5))
	conclude("A-2", scheduler.ConcludeRequest{Kind: care.ResultCompleted, Delivery: care.ByPhone})
	r.work()

	got, err := r.Statistics(t.Context(), leader(), scheduler.StatisticsQuery{From: theDay, To: theDay})
	must(t, err)

	want := scheduler.Figures{Label: "I alt", All: 8, Planned: 5, Completed: 1, Phone: 1, Not: 1, Cancelled: 1, Waiting: 1, Minutes: 13}
	if diff := cmp.Diff(want, got.Total); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	if f := got.Total; f.Planned != f.Completed+f.Phone+f.Not+f.Cancelled+f.Waiting {
		t.Errorf("planned %d is not the sum of its fates: %+v", f.Planned, f)
	}

	for name, groups := range map[string][]scheduler.Figures{"law": got.ByLaw, "employee": got.ByEmployee, "week": got.ByWeek} {
		sum := scheduler.Figures{Label: "I alt"}
		for _, f := range groups {
			sum.All += f.All
			sum.Planned += f.Planned
			sum.Completed += f.Completed
			sum.Phone += f.Phone
			sum.Not += f.Not
			sum.Cancelled += f.Cancelled
			sum.Waiting += f.Waiting
			sum.Minutes += f.Minutes
		}

		if diff := cmp.Diff(got.Total, sum); diff != "" {
			t.Errorf("by %s (-total +sum):\n%s", name, diff)
		}
	}

	if len(got.ByReason) != 1 || got.ByReason[0].Key != string(care.CitizenAbsent) || got.ByReason[0].Not != 1 {
		t.Errorf("reasons %+v", got.ByReason)
	}

	if len(got.ByWeek) != 1 || got.ByWeek[0].Key != "2026-48" {
		t.Errorf("weeks %+v", got.ByWeek)
	}

	if sum := got.ByReason[0].Not; sum != got.Total.Not {
		t.Errorf("%d by reason, %d in all", sum, got.Total.Not)
	}
}

// TestStatisticsOfAUnit shows that unit and no other, to whoever may see it.
func TestStatisticsOfAUnit(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	r.load(list(nancy, bruno, niels))

	count := func(who care.Actor, unit care.UnitID) int {
		t.Helper()

		got, err := r.Statistics(t.Context(), who, scheduler.StatisticsQuery{From: theDay, To: theDay, Unit: unit})
		must(t, err)

		return got.Total.All
	}

	if all, east, west, own := count(leader(), ""), count(leader(), "oest"), count(leader(), "vest"), count(leader("vest"), ""); all != 3 || east != 2 || west != 1 || own != 1 {
		t.Errorf("%d, %d, %d, %d", all, east, west, own)
	}

	_, err := r.Statistics(t.Context(), leader("vest"), scheduler.StatisticsQuery{From: theDay, To: theDay, Unit: "oest"})
	refused(t, err, care.Forbidden)
	_, err = r.Statistics(t.Context(), caregiver("MSK"), scheduler.StatisticsQuery{From: theDay, To: theDay})
	refused(t, err, care.Forbidden)
	_, err = r.Statistics(t.Context(), leader(), scheduler.StatisticsQuery{From: theDay, To: theDay.Add(-1)})
	refused(t, err, care.Invalid)
	_, err = r.Statistics(t.Context(), leader(), scheduler.StatisticsQuery{From: theDay, To: theDay.Add(400)})
	refused(t, err, care.Invalid)
}
