package scheduler_test

import (
	"testing"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/measure"
)

// TestFallbackIsCountedWhateverTheRecordIsTold: a visit that became physical after its planned start is one that
// was not completed, also where the record hears nothing of plans, so that nothing is put back there.
func TestFallbackIsCountedWhateverTheRecordIsTold(t *testing.T) {
	t.Parallel()

	for name, rule := range map[string]scheduler.RecordRule{
		"the list":     settings().RecordElse,
		"nothing":      {Recording: care.Recording{Why: "Journalen har ingen måde at få det at vide på."}},
		"results only": {Recording: care.Recording{Means: []care.Means{care.ByNote}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := booked(t, []string{nancy, bruno}, []string{"A-1", "A-2"}, func(s *setup) { s.set.RecordElse, s.set.Record = rule, nil })
			must(t, r.MakePhysical(t.Context(), planner(), r.visit("A-2").ID)) // in time
			r.until(on(9, 2))
			must(t, r.MakePhysical(t.Context(), planner(), r.visit("A-1").ID))

			got, err := r.Statistics(t.Context(), leader(), scheduler.StatisticsQuery{From: theDay, To: theDay})
			must(t, err)

			for _, key := range []string{"planned", "not_completed", "not_turned_physical", "fallbacks"} {
				if v := got.Value(got.Total, key); v.Number != 1 {
					t.Errorf("%s is %v, want 1", key, v.Number)
				}
			}
		})
	}
}

// TestListedVisitsOpenWithoutOurOwn: leaving our own visits out leaves the driving lists in, in the figure and
// among the rows behind it.
func TestListedVisitsOpenWithoutOurOwn(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy, bruno}, []string{"A-1"})
	q := scheduler.StatisticsQuery{From: theDay, To: theDay, Without: []string{scheduler.OwnSource}}

	got, err := r.Statistics(t.Context(), leader(), q)
	must(t, err)

	rows, err := r.StatisticsRows(t.Context(), leader(), q, scheduler.StatisticsCell{Column: "listed"}, 0)
	must(t, err)

	if v := got.Value(got.Total, "listed"); int(v.Number) != 2 || rows.Total != 2 {
		t.Errorf("listed is %v, behind it are %d, want 2", v.Number, rows.Total)
	}
}

// TestDeletedVisitsAreTheSamePersons: a citizen of whom one visit's personal data is deleted and another's is
// not is one citizen, in whatever period both are.
func TestDeletedVisitsAreTheSamePersons(t *testing.T) {
	t.Parallel()

	later := with(with(nancy, colID, "A-9"), 0, "20-12-2026")
	r := newRig(t, forgetting)
	r.load(list(nancy))
	r.load(list(later))
	r.convert("A-1")

	day := scheduler.StatisticsQuery{From: "2026-12-20", To: "2026-12-20"}
	listed, err := r.StatisticsRows(t.Context(), leader(), day, scheduler.StatisticsCell{Column: "listed"}, 0)
	must(t, err)

	second := care.VisitID(listed.Rows[0].ID)
	_, err = r.Convert(t.Context(), leader(), scheduler.ConvertRequest{Visits: []care.VisitID{second}, RedReason: "Aftalt med borgeren"})
	must(t, err)
	r.work()
	first := r.visit("A-1").ID
	r.meet(host(on(9, 0), on(9, 12)), visitor(on(9, 1), on(9, 12)))
	r.known("A-1")
	r.until(on(20, 0))
	r.passes(keepDays + 1)

	if !r.visitByID(first).Deleted() || r.visitByID(second).Deleted() {
		t.Fatal("one visit is to be deleted")
	}

	for _, by := range [][]measure.Dimension{nil, {measure.ByMonth}} {
		q := scheduler.StatisticsQuery{From: theDay, To: "2026-12-31", By: by}

		got, err := r.Statistics(t.Context(), leader(), q)
		must(t, err)

		if planned, citizens := got.Value(got.Total, "planned"), got.Value(got.Total, "citizens"); planned.Number != 2 || citizens.Number != 1 {
			t.Errorf("by %v: %v visits of %v citizens, want 2 of 1", by, planned.Number, citizens.Number)
		}

		rows, err := r.StatisticsRows(t.Context(), leader(), q, scheduler.StatisticsCell{Column: "citizens"}, 0)
		must(t, err)

		if len(rows.Rows) != 2 || rows.Rows[0].Name != "Slettet borger" || rows.Rows[1].Name != "Nancy Ann Berggren" {
			t.Errorf("%+v", rows.Rows)
		}
	}
}
