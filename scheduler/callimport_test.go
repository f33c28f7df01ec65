package scheduler_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/calls"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/measure"
)

// withViewcare imports the calls of one product.
func withViewcare(s *setup) {
	layout := calls.Examples()["viewcare"]
	layout.Units = map[string]care.UnitID{"Distrikt 7": "vest"}
	s.set.Statistics.FullLists = true
	s.set.Statistics.Sources = []calls.Source{{Key: "viewcare", Name: "Viewcare", Layout: layout}}
}

func callList(rows ...string) ehr.File {
	head := "Opkalds-id;Starttidspunkt;Varighed;Status;Opkaldstype;Distrikt;Initialer;CPR-nr.;Borger-id"

	return ehr.File{Name: "opkald.csv", Data: []byte(strings.Join(append([]string{head}, rows...), "\r\n"))}
}

func (r *rig) importCalls(who care.Actor, f ehr.File) scheduler.CallImport {
	r.tb.Helper()

	preview, err := r.PreviewCalls(r.tb.Context(), who, "viewcare", f)
	must(r.tb, err)

	in, err := r.ImportCalls(r.tb.Context(), who, preview.Upload)
	must(r.tb, err)

	return in
}

// randersCalls are calls of Monday 23 November 2026 in week 48.
func randersCalls() []string {
	return []string{
		"v1;23-11-2026 08:05;00:10:00;Besvaret;Borgeropkald;Hjemmeplejen Øst;MSK;251248-9996;", // Nancy, whom we know
		"v2;23-11-2026 08:10;00:20:00;Besvaret;Borgeropkald;Øst dag;MSK;0104909989;",           // somebody whom we do not
		"v3;23-11-2026 08:15;00:00:25;Ikke besvaret;Borgeropkald;oest;LBH;2509479989;",         // Bruno; it rang 25 seconds
		"v4;23-11-2026 08:20;00:05:00;Besvaret;Borgeropkald;Ukendt sted;XYZ;;V-77",             // of no unit of ours
		"v5;23-11-2026 08:25;00:09:00;Besvaret;Pårørendeopkald;oest;MSK;251248-9996;",          // a relative's
		"v6;24-12-2026 08:25;00:09:00;Besvaret;Borgeropkald;oest;MSK;251248-9996;",             // in the future
		"v7;23-11-2026 08:30;00:00:10;Besvaret;Borgeropkald;Distrikt 7;TKR;300174-9995;",       // too short for a visit
	}
}

// TestRandersWithImportedCalls holds the key figures of Randers (eoj.md §6) against a calculation by
// hand, over our own visits and a call list of Viewcare, from the file to the figures (M24).
//
// On the driving lists of week 48, 23–29 November 2026, are five citizens: Nancy, Bruno, Kaja and
// Vester in Øst, Niels in Vest. By screen in Sluse: Nancy 9.00, both sides together for 13 minutes;
// Bruno 10.00 did not come.
//
//	calls:     ours 2, Viewcare v1 v2 v3 v4 v7 = 5; 7 in all, in Øst 2 + v1 v2 v3 = 5
//	answered:  ours 1, v1 v2 v4 v7 = 4; 5 in all, in Øst 1 + v1 v2 = 3
//	unanswered: Bruno's own, v3 = 2, both in Øst
//	mean length: (13 + 10 + 20 + 5 + 10/60) / 5 = 9.633 min; in Øst (13 + 10 + 20) / 3 = 14.333 min
//	completed (at least 30 seconds): ours 1, v1 v2 v4 = 3; imported 3
//	active citizens: Nancy (in both, one person), the one of v2, V-77, Niels (v7) = 4; in Øst 2
//	inactive: Bruno = 1
//	omlægningsgrad: 4 of 5 = 80 %; in Øst 2 of 4 = 50 %
//	anvendelsesgrad: 5 / 4 / 7 = 0.178571; in Øst 3 / 2 / 7 = 0.214286
//	måltal: 80 × 0.178571 = 14.2857; in Øst 50 × 0.214286 = 10.7143
//	without Viewcare: 2 calls, 1 answered, 1 active; 1 of 5 = 20 %; 1 / 1 / 7; måltal 2.857143
//	without Sluse: 5 calls, 4 answered, 4 active (Nancy by v1); 80 %; 4 / 4 / 7; måltal 11.428571
func TestRandersWithImportedCalls(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy, bruno, kaja, niels, vester}, []string{"A-1", "A-2"}, withViewcare)
	r.meet(host(on(9, 0), on(9, 13)), visitor(on(9, 0), on(9, 13)))
	r.known("A-1")
	r.until(on(10, 30))
	must(t, r.Conclude(t.Context(), planner(), r.visit("A-2").ID, scheduler.ConcludeRequest{Kind: care.ResultNotCompleted, Reason: care.CitizenAbsent}))
	r.work()

	in := r.importCalls(leader(), callList(randersCalls()...))
	if in.Rows != 7 || in.New != 5 || in.LeftOut != 1 || in.Known != 0 {
		t.Errorf("import %+v", in)
	}

	week := scheduler.StatisticsQuery{From: "2026-11-23", To: "2026-11-29"}

	for _, test := range []struct {
		name   string
		change func(*scheduler.StatisticsQuery)
		want   map[string]float64
	}{
		{"all", func(*scheduler.StatisticsQuery) {}, map[string]float64{
			"calls": 7, "answered": 5, "unanswered": 2, "call_mean": (13 + 10 + 20 + 5 + 10./60) / 5, "completed": 4, "imported": 3, "residents": 5,
			"active": 4, "inactive": 1, "conversion_week": 80, "usage": 5. / 4 / 7, "target": 80 * 5. / 4 / 7,
		}},
		{"Øst", func(q *scheduler.StatisticsQuery) { q.Unit = "oest" }, map[string]float64{
			"calls": 5, "answered": 3, "unanswered": 2, "call_mean": 43. / 3, "completed": 3, "imported": 2, "residents": 4,
			"active": 2, "inactive": 1, "conversion_week": 50, "usage": 3. / 2 / 7, "target": 50 * 3. / 2 / 7,
		}},
		{"without Viewcare", func(q *scheduler.StatisticsQuery) { q.Without = []string{"viewcare"} }, map[string]float64{
			"calls": 2, "answered": 1, "unanswered": 1, "call_mean": 13, "completed": 1, "residents": 5,
			"active": 1, "inactive": 1, "conversion_week": 20, "usage": 1. / 7, "target": 20. / 7,
		}},
		{"without Sluse", func(q *scheduler.StatisticsQuery) { q.Without = []string{scheduler.OwnSource} }, map[string]float64{
			"calls": 5, "answered": 4, "unanswered": 1, "call_mean": (10 + 20 + 5 + 10./60) / 4, "completed": 3, "imported": 3, "residents": 5,
			"active": 4, "inactive": 1, "conversion_week": 80, "usage": 1. / 7, "target": 80. / 7,
		}},
	} {
		q := week
		test.change(&q)

		got, err := r.Statistics(t.Context(), leader(), q)
		must(t, err)

		for _, key := range []string{"calls", "answered", "unanswered", "call_mean", "completed", "imported", "residents", "active", "inactive", "conversion_week", "usage", "target"} {
			if v := got.Value(got.Total, key); math.Abs(v.Number-test.want[key]) > 1e-9 {
				t.Errorf("%s: %s is %v, by hand %v", test.name, key, v.Number, test.want[key])
			}
		}
	}

	r.checkOpened(t, week)

	// A leader of Vest sees what Vest has: v7, and no call of nobody's.
	vest, err := r.Statistics(t.Context(), leader("vest"), week)
	must(t, err)

	if n := vest.Value(vest.Total, "calls").Number; n != 1 {
		t.Errorf("Vest has %v calls", n)
	}
}

// checkOpened opens every figure of every row by source, unit and week down to its rows: a count is as
// many rows, and a number of citizens is as many people.
func (r *rig) checkOpened(t *testing.T, q scheduler.StatisticsQuery) {
	t.Helper()

	opened := 0

	for _, by := range [][]measure.Dimension{nil, {measure.BySource}, {measure.ByUnit, measure.BySource}, {measure.ByWeek, measure.ByEmployee}} {
		q.By = by

		got, err := r.Statistics(t.Context(), leader(), q)
		must(t, err)

		for _, row := range append(got.Rows, got.Total) {
			for _, c := range got.Columns {
				v := got.Value(row, c.Key)
				if c.Kind != measure.Count || !v.Known {
					continue
				}

				if !c.Open() {
					if !strings.HasPrefix(c.Key, "residents") {
						t.Errorf("%s can't be opened", c.Key)
					}

					continue
				}

				rows, err := r.StatisticsRows(t.Context(), leader(), q, scheduler.StatisticsCell{Keys: row.Keys, Column: c.Key}, 0)
				must(t, err)

				n, people := rows.Total, map[string]bool{}
				for _, one := range rows.Rows {
					people[one.Citizen] = true
				}

				if c.OfPeople() {
					n = len(people)
				}

				if n != int(v.Number) {
					t.Errorf("%v %v: %s is %v, behind it are %d", by, row.Keys, c.Key, v.Number, n)
				}

				opened++
			}
		}
	}

	if opened < 200 {
		t.Errorf("only %d figures were opened", opened)
	}
}

// TestCallListsOverlap imports the same file, an overlapping one, and undoes them.
func TestCallListsOverlap(t *testing.T) {
	t.Parallel()

	r := newRig(t, withViewcare)
	r.until(on(10, 0))

	told := func() int {
		t.Helper()

		got, err := r.Statistics(t.Context(), leader(), scheduler.StatisticsQuery{From: theDay, To: theDay})
		must(t, err)

		return int(got.Value(got.Total, "calls").Number)
	}
	rows := randersCalls()
	first := callList(rows[:3]...)
	a := r.importCalls(leader(), first)

	if again := r.importCalls(leader(), first); again.ID != a.ID || told() != 3 {
		t.Errorf("the same file again: import %s and %s, %d calls", a.ID, again.ID, told())
	}

	preview, err := r.PreviewCalls(t.Context(), leader(), "viewcare", first)
	must(t, err)

	if preview.Standing.ID != a.ID || preview.New != 0 || preview.Known != 3 {
		t.Errorf("preview of the same file: %+v", preview)
	}

	b := r.importCalls(leader(), callList(rows[1:4]...))
	if b.New != 1 || b.Known != 2 || told() != 4 {
		t.Errorf("an overlapping file: %+v, %d calls", b, told())
	}

	// Rows without an id are the same when they are alike.
	bare := []string{";23-11-2026 08:05;00:10:00;Besvaret;;oest;MSK;251248-9996;", ";23-11-2026 08:05;00:10:00;Besvaret;;oest;MSK;251248-9996;", ";23-11-2026 08:06;60;Besvaret;;oest;MSK;;", ";23-11-2026 08:06;60;Besvaret;;oest;MSK;;"}
	if c := r.importCalls(leader(), callList(bare...)); c.New != 3 {
		t.Errorf("two rows of one call and two calls to nobody: %+v", c)
	}

	if d := r.importCalls(leader(), callList(append([]string{";23-11-2026 07:00;60;Besvaret;;oest;MSK;;"}, bare...)...)); d.New != 1 || told() != 8 {
		t.Errorf("the same rows in another file: %+v, %d calls", d, told())
	}

	must(t, r.UndoCalls(t.Context(), leader(), a.ID))

	if told() != 7 { // only v1 was in the first alone
		t.Errorf("%d calls after the first import is undone", told())
	}

	refused(t, r.UndoCalls(t.Context(), leader(), a.ID), care.Conflict)
	refused(t, r.UndoCalls(t.Context(), leader(), "nobody"), care.NotFound)

	if again := r.importCalls(leader(), first); again.ID == a.ID || again.New != 1 || told() != 8 {
		t.Errorf("imported again after undo: %+v", again)
	}

	r.fiveImports()
}

// fiveImports checks the history of TestCallListsOverlap.
func (r *rig) fiveImports() {
	t := r.tb
	t.Helper()

	imports, err := r.CallImports(t.Context(), leader())
	must(t, err)

	if len(imports) != 5 || imports[0].SourceName != "Viewcare" || imports[4].MayUndo || !imports[0].MayUndo {
		t.Errorf("imports %+v", imports)
	}

	if diff := cmp.Diff([]int{5, 1}, []int{len(r.auditOf("import_calls")), len(r.auditOf("undo_calls"))}); diff != "" {
		t.Errorf("audit (-want +got):\n%s", diff)
	}
}

// TestCallListsOfUnits: who has a say in a unit imports its calls, and only whole files of them.
func TestCallListsOfUnits(t *testing.T) {
	t.Parallel()

	r := newRig(t, withViewcare)
	r.until(on(10, 0))

	rows := randersCalls()
	east := callList(rows[:3]...)

	for name, test := range map[string]struct {
		who    care.Actor
		source string
		file   ehr.File
		want   care.Kind
	}{
		"own unit":       {planner("oest"), "viewcare", east, 0},
		"another unit":   {planner("vest"), "viewcare", east, care.Forbidden},
		"no unit":        {planner("oest"), "viewcare", callList(rows[3]), care.Forbidden},
		"caregiver":      {caregiver("MSK"), "viewcare", east, care.Forbidden},
		"no such source": {leader(), "vitacomm", east, care.Invalid},
		"no source":      {leader(), "", east, care.Invalid},
		"no file":        {leader(), "viewcare", ehr.File{Name: "x.csv"}, care.Invalid},
		"driving list":   {leader(), "viewcare", list(nancy), care.Invalid},
	} {
		_, err := r.PreviewCalls(t.Context(), test.who, test.source, test.file)
		if test.want == 0 {
			must(t, err)
		} else if care.KindOf(err) != test.want {
			t.Errorf("%s: %v", name, err)
		}
	}

	in := r.importCalls(planner("oest"), east)
	refused(t, r.UndoCalls(t.Context(), actor("VEST", care.Planner, "vest"), in.ID), care.Forbidden)
	refused(t, r.UndoCalls(t.Context(), caregiver("MSK"), in.ID), care.Forbidden)

	_, err := r.CallImports(t.Context(), caregiver("MSK"))
	refused(t, err, care.Forbidden)

	for _, upload := range []string{"", "opkald", "opkald~viewcare~0000", "../x", strings.Repeat("a", 32)} {
		_, err := r.PreviewCallUpload(t.Context(), leader(), upload)
		refused(t, err, care.NotFound)

		_, err = r.ImportCalls(t.Context(), leader(), upload)
		refused(t, err, care.NotFound)
	}

	if got := r.CallSources(caregiver("MSK")); got != nil {
		t.Errorf("a caregiver imports %v", got)
	}

	must(t, r.UndoCalls(t.Context(), planner("oest"), in.ID))

	empty, err := r.PreviewCalls(t.Context(), leader(), "viewcare", callList(rows[5]))
	must(t, err)

	if empty.Calls != 0 || empty.File.Faults() != 1 {
		t.Errorf("a file with nothing but the future: %+v", empty)
	}

	_, err = r.ImportCalls(t.Context(), leader(), empty.Upload)
	refused(t, err, care.Invalid)
}

// TestCallPreviewIsInOrder: what is wrong in a file stands in the order of its rows, whoever found it, and
// calls of no unit of ours stand below the units.
func TestCallPreviewIsInOrder(t *testing.T) {
	t.Parallel()

	r := newRig(t, withViewcare)
	r.until(on(10, 0))

	rows := randersCalls()
	got, err := r.PreviewCalls(t.Context(), leader(), "viewcare", callList(rows[3], rows[5], "v8;23-11-2026 08:25;60;Sovet;Borgeropkald;oest;MSK;;", rows[0]))
	must(t, err)

	var lines []int
	for _, p := range got.File.Problems {
		lines = append(lines, p.Line)
	}

	if diff := cmp.Diff([]int{2, 3, 4}, lines); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}

	if u := got.Units; len(u) != 2 || u[0].Unit.ID != "oest" || u[1].Unit != (care.Unit{}) {
		t.Errorf("units %+v", u)
	}
}

// TestLongCallList imports a year of calls, and twice is still one.
func TestLongCallList(t *testing.T) {
	t.Parallel()

	r := newRig(t, withViewcare)
	r.until(on(10, 0))

	var rows []string

	for i := range 3000 {
		at := on(9, 0).In(care.Zone()).Add(-time.Duration(i*100) * time.Minute)
		rows = append(rows, fmt.Sprintf("y%d;%s;%d;Besvaret;Borgeropkald;oest;MSK;;B-%d", i, at.Format("02-01-2006 15:04"), 30+i%900, i%70))
	}

	if in := r.importCalls(leader(), callList(rows...)); in.New != 3000 {
		t.Errorf("import %+v", in)
	}

	got, err := r.Statistics(t.Context(), leader(), scheduler.StatisticsQuery{From: theDay.Add(-364), To: theDay, By: []measure.Dimension{measure.BySource, measure.ByMonth}})
	must(t, err)

	if n := got.Value(got.Total, "answered").Number; n != 3000 || len(got.Rows) < 6 || got.Rows[0].Labels[0] != "Viewcare" {
		t.Errorf("%v answered in %d rows", n, len(got.Rows))
	}
}
