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

// TestStatisticsByWay counts visits by how their citizens were identified and reached, and whether they
// have a CPR number (M20).
func TestStatisticsByWay(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	r.load(localList(nancy+";;", with(with(bruno, colStart, "09:30"), colEnd, "09:45")+";;", with(with(with(amina, colID, "A-3"), colStart, "09:40"), colEnd, "09:50"), with(with(vester, colStart, "09:45"), colEnd, "09:55")+";;", kajaAlone()))
	r.convert("A-1", "A-2", "A-3", "A-5", "A-6")
	r.until(on(8, 50))
	r.enter().admit()

	conclude := func(source string, req scheduler.ConcludeRequest) {
		t.Helper()
		must(t, r.Conclude(t.Context(), planner(), r.visit(source).ID, req))
	}
	done := scheduler.ConcludeRequest{Kind: care.ResultCompleted, Delivery: care.Screen}
	conclude("A-1", done)

	r.until(on(9, 52))

	done.Known = care.StaffWay{Method: care.KnownToStaff, Check: care.KnewByFace}
	conclude("A-2", done)
	conclude("A-3", done)
	conclude("A-5", scheduler.ConcludeRequest{Kind: care.ResultNotCompleted, Reason: care.CitizenAbsent})
	conclude("A-6", scheduler.ConcludeRequest{Kind: care.ResultCompleted, Delivery: care.ByPhone})
	r.work()

	got, err := r.Statistics(t.Context(), leader(), scheduler.StatisticsQuery{From: theDay, To: theDay})
	must(t, err)

	type counts struct{ planned, completed, phone, not int }

	short := func(group []scheduler.Figures) map[string]counts {
		out := map[string]counts{}
		for _, f := range group {
			out[f.Key] = counts{f.Planned, f.Completed, f.Phone, f.Not}
		}

		return out
	}
	same := func(what string, want map[string]counts, group []scheduler.Figures) {
		t.Helper()

		if diff := cmp.Diff(want, short(group), cmp.AllowUnexported(counts{})); diff != "" {
			t.Errorf("by %s (-want +got):\n%s", what, diff)
		}
	}

	same("method", map[string]counts{"code": {1, 1, 0, 0}, "known_to_staff": {2, 2, 0, 0}, "none": {2, 0, 1, 1}}, got.ByMethod)
	same("channel", map[string]counts{"sms": {3, 3, 0, 0}, "mail": {1, 0, 0, 1}, "none": {1, 0, 1, 0}}, got.ByChannel)
	same("number", map[string]counts{"cpr": {4, 2, 1, 1}, "surrogate": {1, 1, 0, 0}}, got.ByNumber)
}

// kajaAlone has neither telephone nor mail.
func kajaAlone() string {
	return with(with(with(with(kaja, colPhone, ""), colID, "A-6"), colStart, "09:50"), colEnd, "09:59") + ";;"
}
