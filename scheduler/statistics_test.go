package scheduler_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/measure"
)

// figuresTold are figures by column, those that are something.
func figuresTold(s scheduler.Statistics, r measure.Row, columns ...string) map[string]float64 {
	out := map[string]float64{}

	for _, c := range columns {
		if v := s.Value(r, c); v.Known && v.Number != 0 {
			out[c] = v.Number
		}
	}

	return out
}

func fates() []string {
	return []string{"listed", "planned", "completed", "phone", "not_completed", "cancelled", "waiting"}
}

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

	ask := func(by ...measure.Dimension) scheduler.Statistics {
		t.Helper()

		got, err := r.Statistics(t.Context(), leader(), scheduler.StatisticsQuery{From: theDay, To: theDay, By: by})
		must(t, err)

		return got
	}

	got := ask()
	want := map[string]float64{
		"listed": 8, "planned": 5, "completed": 1, "phone": 1, "not_completed": 1, "cancelled": 1, "waiting": 1, "not_citizen_absent": 1, "median": 13, "hours": 13. / 60, "replaced": 1,
		"record_confirmed": 5,
	}

	columns := append(fates(), "not_citizen_absent", "median", "hours", "replaced", "record_confirmed", "record_failed")
	if diff := cmp.Diff(want, figuresTold(got, got.Total, columns...)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	for _, by := range [][]measure.Dimension{{measure.ByLaw}, {measure.ByEmployee}, {measure.ByWeek}, {measure.ByUnit, measure.ByMonth}, {measure.ByService, measure.ByShift}} {
		s := ask(by...)
		sum := map[string]float64{}

		for _, row := range s.Rows {
			for key, n := range figuresTold(s, row, fates()...) {
				sum[key] += n
			}
		}

		if diff := cmp.Diff(figuresTold(got, got.Total, fates()...), sum); diff != "" {
			t.Errorf("by %v (-total +sum):\n%s", by, diff)
		}
	}

	if s := ask(measure.ByWeek); len(s.Rows) != 1 || s.Rows[0].Keys[0] != "2026-48" || s.Rows[0].Labels[0] != "Uge 48, 2026" {
		t.Errorf("weeks %+v", s.Rows)
	}

	opened := func(column string) []scheduler.StatisticsRow {
		t.Helper()

		rows, err := r.StatisticsRows(t.Context(), leader(), scheduler.StatisticsQuery{From: theDay, To: theDay}, scheduler.StatisticsCell{Column: column}, 0)
		must(t, err)

		return rows.Rows
	}

	if rows := opened("completed"); len(rows) != 1 || rows[0].ID != string(r.visit("A-1").ID) || rows[0].Name == "" || rows[0].Actual != 13*time.Minute {
		t.Errorf("behind completed: %+v", rows)
	}

	if rows := opened("listed"); len(rows) != 8 {
		t.Errorf("%d rows behind all visits", len(rows))
	}

	var exported []measure.Fact

	must(t, r.EachVisit(t.Context(), leader(), scheduler.StatisticsQuery{From: theDay, To: theDay}, func(f measure.Fact) error {
		exported = append(exported, f)

		return nil
	}))

	if len(exported) != 6 {
		t.Errorf("%d visits are exported, want the six that were ever by screen", len(exported))
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

		return int(got.Value(got.Total, "listed").Number)
	}

	if all, east, west, own := count(leader(), ""), count(leader(), "oest"), count(leader(), "vest"), count(leader("vest"), ""); all != 3 || east != 2 || west != 1 || own != 1 {
		t.Errorf("%d, %d, %d, %d", all, east, west, own)
	}

	day := scheduler.StatisticsQuery{From: theDay, To: theDay}
	cell := scheduler.StatisticsCell{Column: "planned"}

	for _, test := range []struct {
		who   care.Actor
		q     func(*scheduler.StatisticsQuery)
		want  care.Kind
		pages bool
	}{
		{leader("vest"), func(q *scheduler.StatisticsQuery) { q.Unit = "oest" }, care.Forbidden, true},
		{caregiver("MSK"), func(*scheduler.StatisticsQuery) {}, care.Forbidden, true},
		{leader(), func(q *scheduler.StatisticsQuery) { q.To = theDay.Add(-1) }, care.Invalid, true},
		{leader(), func(q *scheduler.StatisticsQuery) { q.To = theDay.Add(400) }, care.Invalid, true},
		{leader(), func(q *scheduler.StatisticsQuery) { q.By = []measure.Dimension{measure.ByWeek, measure.ByMonth} }, care.Invalid, false},
		{leader(), func(q *scheduler.StatisticsQuery) { q.By = []measure.Dimension{"alt"} }, care.Invalid, false},
		{leader("vest"), func(q *scheduler.StatisticsQuery) {
			q.Others, q.By = true, []measure.Dimension{measure.ByUnit, measure.ByEmployee}
		}, care.Invalid, false},
		{caregiver("MSK"), func(q *scheduler.StatisticsQuery) { q.Others, q.By = true, []measure.Dimension{measure.ByUnit} }, care.Forbidden, false},
	} {
		q := day
		test.q(&q)

		_, err := r.Statistics(t.Context(), test.who, q)
		refused(t, err, test.want)

		if !test.pages {
			continue
		}

		_, err = r.StatisticsRows(t.Context(), test.who, q, cell, 0)
		refused(t, err, test.want)
		refused(t, r.EachVisit(t.Context(), test.who, q, func(measure.Fact) error { return nil }), test.want)
	}

	for _, cell := range []scheduler.StatisticsCell{{Column: "nothing"}, {Column: "conversion_change"}, {Column: "planned", Keys: []string{"x"}}} {
		_, err := r.StatisticsRows(t.Context(), leader(), day, cell, 0)
		refused(t, err, care.Invalid)
	}

	// Side by side: Vest's own visit is told, the two of Øst are not, nor the total.
	beside := scheduler.StatisticsQuery{From: "2026-11-01", To: "2026-11-30", Others: true, By: []measure.Dimension{measure.ByUnit}}

	_, err := r.Statistics(t.Context(), leader("vest"), beside)
	refused(t, err, care.Invalid) // the month is not over

	r.until(on(10, 0).AddDate(0, 0, 10))

	for _, change := range []func(*scheduler.StatisticsQuery){
		func(q *scheduler.StatisticsQuery) { q.From = "2026-11-02" }, func(q *scheduler.StatisticsQuery) { q.To = "2026-11-29" }, func(q *scheduler.StatisticsQuery) { q.From = "2026-10-01" },
		func(q *scheduler.StatisticsQuery) { q.By = append(q.By, measure.ByLaw) }, func(q *scheduler.StatisticsQuery) { q.Without = []string{scheduler.OwnSource} },
		func(q *scheduler.StatisticsQuery) { q.By = []measure.Dimension{measure.ByWeek} }, func(q *scheduler.StatisticsQuery) { q.By = nil },
	} {
		q := beside
		q.By = []measure.Dimension{measure.ByUnit}
		change(&q)

		_, err := r.Statistics(t.Context(), leader("vest"), q)
		refused(t, err, care.Invalid)
	}

	got, err := r.Statistics(t.Context(), leader("vest"), beside)
	must(t, err)

	for _, row := range got.Rows {
		if v := got.Value(row, "listed"); v.Hidden != (row.Keys[0] != "vest") {
			t.Errorf("%s: %+v", row.Keys[0], v)
		}
	}

	if v := got.Value(got.Total, "listed"); !v.Hidden {
		t.Errorf("total: %+v", v)
	}
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

	type counts struct{ Planned, Completed, Phone, Not float64 }

	for by, want := range map[measure.Dimension]map[string]counts{ //nolint:exhaustive // only the ways and the number
		measure.ByMethod:  {"code": {1, 1, 0, 0}, "known_to_staff": {2, 2, 0, 0}, "": {2, 0, 1, 1}},
		measure.ByChannel: {"sms": {3, 3, 0, 0}, "mail": {1, 0, 0, 1}, "": {1, 0, 1, 0}},
		measure.ByNumber:  {"cpr": {4, 2, 1, 1}, "surrogate": {1, 1, 0, 0}},
	} {
		got, err := r.Statistics(t.Context(), leader(), scheduler.StatisticsQuery{From: theDay, To: theDay, By: []measure.Dimension{by}})
		must(t, err)

		short := map[string]counts{}
		for _, row := range got.Rows {
			n := func(key string) float64 { return got.Value(row, key).Number }
			short[row.Keys[0]] = counts{n("planned"), n("completed"), n("phone"), n("not_completed")}
		}

		if diff := cmp.Diff(want, short); diff != "" {
			t.Errorf("by %s (-want +got):\n%s", by, diff)
		}
	}
}

// kajaAlone has neither telephone nor mail.
func kajaAlone() string {
	return with(with(with(with(kaja, colPhone, ""), colID, "A-6"), colStart, "09:50"), colEnd, "09:59") + ";;"
}
