package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/measure"
)

func factsIn(tb testing.TB, b Bench, q scheduler.FactQuery) []measure.Fact {
	tb.Helper()

	var out []measure.Fact

	must(tb, b.Store.EachFact(tb.Context(), q, func(f measure.Fact) error {
		out = append(out, f)

		return nil
	}))
	slices.SortFunc(out, measure.Fact.Before)

	return out
}

// checkFacts concludes visits and reads what statistics are made of.
func checkFacts(t *testing.T, b Bench) {
	t.Helper()

	ids := seed(t, b.Store, 4)

	for i, id := range ids[:3] {
		must(t, b.Store.UpdateVisit(t.Context(), id, func(v *care.Visit) (scheduler.Effects, error) {
			book(t, v)

			planned := v.Planned()
			o := care.Outcome{Kind: care.ResultCompleted, Delivery: care.Screen, Grade: care.Certain, Together: time.Duration(i+1) * time.Minute, Actual: planned, By: "system", At: planned.End.Add(time.Minute)}

			if i == 2 {
				o = care.Outcome{Kind: care.ResultNotCompleted, Reason: care.TechnicalFault, Delivery: care.Screen, Grade: care.Manual, Together: time.Second, By: "MSK", At: Now()}
			}

			attest(t, v)

			return scheduler.Effects{}, v.Conclude(o)
		}))
	}

	day := care.DayOf(facts(0).Planned.Start)
	q := scheduler.FactQuery{Days: measure.Span{From: day, To: day}, Units: []care.UnitID{"oest"}, Own: true}
	found := factsIn(t, b, q)

	if len(found) != 3 {
		t.Fatalf("%d visits were ever meant for the screen, want 3: %+v", len(found), found)
	}

	first := facts(0)
	want := measure.Fact{
		ID: string(ids[0]), Day: day, Start: first.Planned.Start, Unit: "oest", Employee: "MSK", Citizen: "citizen-0", Law: care.SUL138, Shift: care.DayShift, Service: "Medicin",
		Listed: true, Screened: true, State: care.Completed, Delivery: care.Screen, Grade: care.Certain, Planned: 10 * time.Minute, Actual: time.Minute, Record: measure.Pending,
		Ended: first.Planned.End, Concluded: first.Planned.End.Add(time.Minute),
	}

	person, err := b.Store.StandIn(t.Context(), "citizen-0")
	must(t, err)

	want.Person = string(person)
	same(t, "fact", want, found[0])

	if f := found[2]; f.State != care.NotCompleted || f.Reason != care.TechnicalFault || !f.ByPerson || f.Grade != care.Manual {
		t.Errorf("not completed: %+v", f)
	}

	q.Listed = true
	if all := factsIn(t, b, q); len(all) != 4 || all[3].Screened || all[3].State != care.Listed {
		t.Errorf("all visits: %+v", all)
	}

	for _, none := range []scheduler.FactQuery{
		{Days: measure.Span{From: day.Add(1), To: day.Add(2)}, Units: q.Units, Own: true}, {Days: q.Days, Units: []care.UnitID{"vest"}, Own: true}, {Days: q.Days, Units: q.Units}, {Days: q.Days, Own: true},
	} {
		if got := factsIn(t, b, none); len(got) != 0 {
			t.Errorf("%+v tells %d facts, want none", none, len(got))
		}
	}

	listed, err := b.Store.CountListed(t.Context(), scheduler.ListedQuery{
		Units: q.Units, By: []measure.Dimension{measure.ByLaw, measure.ByEmployee, measure.ByService, measure.ByShift, measure.ByUnit},
		Buckets: []measure.Bucket{{Day: day, Part: measure.OfPeriod, Key: "2026-25"}, {Day: day, Part: measure.OfWeek, Key: "x"}},
	})
	must(t, err)
	slices.SortFunc(listed, func(a, b scheduler.ListedGroup) int { return -slices.Compare([]string{a.Bucket}, []string{b.Bucket}) })

	group := measure.Listed{Part: measure.OfWeek, Keys: []string{"SUL_138", "MSK", "Medicin", "dag", "oest"}, Visits: 4, Citizens: 4, Planned: 40 * time.Minute}
	period := group
	period.Part = measure.OfPeriod
	same(t, "listed", []scheduler.ListedGroup{{Listed: group, Bucket: "x"}, {Listed: period, Bucket: "2026-25"}}, listed)
}

// checkVendorCalls imports a file of calls twice and undoes it.
func checkVendorCalls(t *testing.T, b Bench) {
	t.Helper()

	seed(t, b.Store, 1)

	known := citizen(t, 0).Key()
	strangerNumber, err := care.ParseSurrogateID("viewcare", "4711")
	must(t, err)

	calls := []scheduler.VendorCall{
		{ID: "k1", Source: "viewcare", Began: Now(), Length: 90 * time.Second, Unit: "oest", Employee: "MSK", Citizen: known, Law: care.SUL138, Shift: care.DayShift, Service: "Medicin"},
		{Source: "viewcare", Began: Now().Add(time.Hour), Unit: "", Citizen: care.CitizenKey{Surrogate: strangerNumber}},
		{Source: "viewcare", Began: Now().Add(2 * time.Hour), Length: time.Second, Unit: "oest"},
	}
	take := func(id string, minute int, calls ...scheduler.VendorCall) scheduler.CallImport {
		t.Helper()

		in, err := b.Store.SaveCalls(t.Context(), scheduler.CallImport{ID: id, Source: "viewcare", FileName: "opkald.csv", By: "LED", At: Now().Add(time.Duration(minute) * time.Minute), Rows: 3, Content: "of " + id},
			calls, scheduler.Effects{Audit: []scheduler.AuditRow{{At: Now(), Actor: "LED", Action: "import_calls"}}})
		must(t, err)

		return in
	}

	more := scheduler.VendorCall{ID: "k4", Source: "viewcare", Began: Now().Add(3 * time.Hour), Unit: "oest"}
	alike := calls[2]
	alike.Alike = 1

	for i, test := range []struct {
		calls      []scheduler.VendorCall
		new, known int
	}{{calls, 3, 0}, {append(slices.Clone(calls[1:]), more, alike), 2, 2}, {[]scheduler.VendorCall{{ID: "k1", Source: "appinux", Began: Now(), Unit: "oest"}}, 1, 0}} {
		if in := take([]string{"i1", "i2", "i3"}[i], i, test.calls...); in.New != test.new || in.Known != test.known {
			t.Errorf("import %d: %d new, %d known, want %d and %d", i, in.New, in.Known, test.new, test.known)
		}
	}

	if _, err := b.Store.SaveCalls(t.Context(), scheduler.CallImport{ID: "i9", Source: "viewcare", By: "LED", At: Now(), Content: "of i1"}, calls, scheduler.Effects{}); care.KindOf(err) != care.Conflict {
		t.Errorf("the same file again: %v", err)
	}

	standing, err := b.Store.StandingImport(t.Context(), "viewcare", "of i1")
	must(t, err)

	if standing.ID != "i1" || standing.New != 3 || standing.FileName != "opkald.csv" {
		t.Errorf("standing: %+v", standing)
	}

	have, err := b.Store.KnownCalls(t.Context(), []scheduler.VendorCall{calls[0], {ID: "k9", Source: "viewcare"}, calls[1]})
	must(t, err)
	same(t, "known", []bool{true, false, true}, have)

	day := care.DayOf(Now())
	q := scheduler.FactQuery{Days: measure.Span{From: day, To: day}, Units: []care.UnitID{"oest"}, Own: true, Sources: []string{"viewcare"}}
	told := factsIn(t, b, q)

	if len(told) != 4 || told[0].Citizen != "citizen-0" || told[0].Actual != 90*time.Second || told[0].Source != "viewcare" || told[1].Citizen != "" {
		t.Errorf("calls: %+v", told)
	}

	q.NoUnit = true
	if told := factsIn(t, b, q); len(told) != 5 || told[1].Citizen == "" || told[1].Citizen == "4711" {
		t.Errorf("with those of no unit: %+v", told)
	}

	undoneCalls(t, b, q)
	take("i4", 4, calls...)

	if told := factsIn(t, b, q); len(told) != 3 {
		t.Errorf("imported again: %+v", told)
	}
}

// undoneCalls reads and undoes the imports of checkVendorCalls: what the second file has too stays when the first is
// undone, and goes with the second.
func undoneCalls(t *testing.T, b Bench, q scheduler.FactQuery) {
	t.Helper()

	imports, err := b.Store.CallImports(t.Context(), 10)
	must(t, err)

	if len(imports) != 3 || imports[0].ID != "i3" || imports[2].FileName != "opkald.csv" || imports[2].New != 3 {
		t.Errorf("imports: %+v", imports)
	}

	must(t, b.Store.UndoCalls(t.Context(), "i1", "LED", Now(), scheduler.Effects{}))
	wantKind(t, b.Store.UndoCalls(t.Context(), "i1", "LED", Now(), scheduler.Effects{}), care.Conflict)
	wantKind(t, b.Store.UndoCalls(t.Context(), "nobody", "LED", Now(), scheduler.Effects{}), care.NotFound)

	_, err = b.Store.StandingImport(t.Context(), "viewcare", "of i1")
	wantKind(t, err, care.NotFound)

	if told := factsIn(t, b, q); len(told) != 4 || told[0].Citizen == "citizen-0" {
		t.Errorf("after the first is undone: %+v", told)
	}

	must(t, b.Store.UndoCalls(t.Context(), "i2", "LED", Now(), scheduler.Effects{}))

	if told := factsIn(t, b, q); len(told) != 0 {
		t.Errorf("after undo: %+v", told)
	}
}
