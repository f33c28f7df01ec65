package nexus_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/nexus"
	"github.com/sluse/sluse/ehr/nexus/nexussim"
	"github.com/sluse/sluse/ehr/pulled"
	"github.com/sluse/sluse/scheduler/care"
)

// ref finds a list by its name among those that may be read.
func (b *testBundle) ref(t *testing.T, name string) ehr.ListRef {
	t.Helper()

	lists, err := b.nexus.Lists(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	for _, l := range lists {
		if l.Name == name {
			return l
		}
	}

	t.Fatalf("no list %q among %v", name, lists)

	return ehr.ListRef{}
}

func (b *testBundle) read(t *testing.T, name string, period care.Interval) ehr.DrivingList {
	t.Helper()

	got, err := b.nexus.Read(t.Context(), b.ref(t, name), period)
	if err != nil {
		t.Fatal(err)
	}

	return got
}

// wholeDay is the local day of the clocks.
func wholeDay() care.Interval { return care.DayOf(today()).Bounds() }

// TestLists: driving lists alone, not the aids depot's list of the same name.
func TestLists(t *testing.T) {
	t.Parallel()

	names := func(b *testBundle) []string {
		lists, err := b.nexus.Lists(t.Context())
		if err != nil {
			t.Fatal(err)
		}

		var out []string
		for _, l := range lists {
			out = append(out, l.Name)
		}

		slices.Sort(out)

		return out
	}

	if diff := cmp.Diff([]string{"Vest dag", "Øst aften", "Øst dag", "Øst nat"}, names(setup(t))); diff != "" {
		t.Errorf("lists (-want +got):\n%s", diff)
	}

	some := setup(t, func(_ *nexussim.Options, c *nexus.Config) { c.Lists = []string{"øst *", "Køreliste"} })
	if diff := cmp.Diff([]string{"Øst aften", "Øst dag", "Øst nat"}, names(some)); diff != "" {
		t.Errorf("lists by pattern (-want +got):\n%s", diff)
	}

	bare := setup(t)
	bare.sim.TakeAway("preferences")

	if _, err := bare.nexus.Lists(t.Context()); !connector.Is(err, connector.Unsupported) || !strings.Contains(care.MessageOf(err), "ikke givet adgang") {
		t.Errorf("without the rel: %v %q", err, care.MessageOf(err))
	}
}

// TestRead takes over what a list tells, and nothing that is protected.
func TestRead(t *testing.T) {
	t.Parallel()

	b := setup(t, func(o *nexussim.Options, _ *nexus.Config) { o.Quirks.CalendarDelay = 5 * time.Minute })
	refs := b.load(
		t, list,
		nexussim.NewVisit{CPR: []string{nancy}, Comment: "Nøgleboks"},
		nexussim.NewVisit{CPR: []string{bruno}, Service: "Personlig pleje", Law: "SEL §83", Category: "Videobesøg (Nexus Video)"},
		nexussim.NewVisit{CPR: []string{kaja}},
		nexussim.NewVisit{CPR: []string{niels}},
		nexussim.NewVisit{CPR: []string{bo}},
		nexussim.NewVisit{CPR: []string{nancy, bruno}},
		nexussim.NewVisit{Service: "Pause"},
	)

	for cpr, edit := range map[string]func(*nexussim.Citizen){
		nancy: func(c *nexussim.Citizen) { c.AllowVideo, c.Mobile = true, "20000001" },
		bruno: func(c *nexussim.Citizen) {
			c.AllowVideo, c.Mobile, c.RestrictedPhones, c.Address.Restricted = false, "20000002", true, true
		},
		kaja:  func(c *nexussim.Citizen) { c.State = nexussim.Hospitalised },
		niels: func(c *nexussim.Citizen) { c.State = nexussim.Dead },
		bo:    func(c *nexussim.Citizen) { c.Hidden = true },
	} {
		if err := b.sim.EditCitizen(cpr, edit); err != nil {
			t.Fatal(err)
		}
	}

	if err := b.sim.Cancel(refs[2]); err != nil {
		t.Fatal(err)
	}

	got := b.read(t, list, wholeDay())

	type row struct {
		ID, Day, Employee, Service, Category, Comment, Status, Phone, Suitable string
		Law                                                                    care.LegalBasis
		Shift                                                                  care.Shift
		HasAddress, Protected                                                  bool
		Version                                                                string
	}

	var rows []row
	for _, r := range got.Rows {
		rows = append(rows, row{
			ID: r.Source.ID, Day: r.Source.Occurrence, Employee: string(r.Employee), Service: r.Service, Category: r.Category, Comment: r.Comment,
			Status: r.Status, Phone: r.Phone.Reveal(), Suitable: string(r.Suitable), Law: r.Law, Shift: r.Shift, HasAddress: r.Address != "", Protected: r.Protected, Version: r.Version,
		})

		if r.CPRVerdict != care.CPRValid || r.ListName != list || !r.Planned.Valid() || r.Name == "" || r.Source.System != nexus.System {
			t.Errorf("row %d is incomplete", r.Line)
		}
	}

	id := func(i int) string { return strconv.Itoa(refs[i].ID) }
	phone := func(i int) string { return got.Rows[i].Phone.Reveal() }
	want := []row{
		{ID: id(0), Day: "2026-11-23", Employee: "MSK", Service: "Medicinadministration", Category: "Planlagt besøg", Comment: "Nøgleboks", Phone: "+4520000001", Suitable: "egnet", Law: care.SUL138, Shift: care.DayShift, HasAddress: true, Version: "1"},
		{ID: id(1), Day: "2026-11-23", Employee: "MSK", Service: "Personlig pleje", Category: "Videobesøg (Nexus Video)", Suitable: "ukendt", Law: care.SEL83, Shift: care.DayShift, Protected: true, Version: "1"},
		{ID: id(2), Day: "2026-11-23", Employee: "MSK", Service: "Medicinadministration", Category: "Aflyst besøg", Status: "Aflyst", Phone: phone(2), Suitable: rows[2].Suitable, Law: care.SUL138, Shift: care.DayShift, HasAddress: true, Version: "2"},
		{ID: id(3), Day: "2026-11-23", Employee: "MSK", Service: "Medicinadministration", Category: "Planlagt besøg", Status: "Død", Phone: phone(3), Suitable: rows[3].Suitable, Law: care.SUL138, Shift: care.DayShift, HasAddress: true, Version: "1"},
	}

	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}

	if got.Total != 6 {
		t.Errorf("%d rows in all, want 6: the break is no visit", got.Total)
	}

	var told []string
	for _, p := range got.Problems {
		told = append(told, fmt.Sprint(p.Line, " ", p.Severity, " ", p.Text))
	}

	for _, part := range []string{"2 1 Borgerens telefonnumre er beskyttet", "5 2 Borgeren kan ikke læses i Nexus.", "6 2 Besøget er hos flere borgere"} {
		if !slices.ContainsFunc(told, func(s string) bool { return strings.HasPrefix(s, part) }) {
			t.Errorf("no problem %q in %q", part, told)
		}
	}
}

// TestReadHalfObjects: a list that tells less is read all the same.
func TestReadHalfObjects(t *testing.T) {
	t.Parallel()

	b := setup(t, func(o *nexussim.Options, _ *nexus.Config) { o.Quirks.HalfLists = true })
	b.load(t, list, nexussim.NewVisit{CPR: []string{nancy}, Comment: "Nøgleboks"})

	if got := b.read(t, list, wholeDay()); len(got.Rows) != 1 {
		t.Errorf("rows: %+v, problems: %+v", got.Rows, got.Problems)
	}
}

// TestReadOccurrences: a repeated visit is another one every day, and two of one day are two.
func TestReadOccurrences(t *testing.T) {
	t.Parallel()

	b := setup(t)
	start := today().Add(time.Hour)
	b.load(t, list, nexussim.NewVisit{CPR: []string{nancy}, Start: start, Repeat: []time.Time{start.Add(4 * time.Hour), start.AddDate(0, 0, 1)}})

	week := care.Interval{Start: wholeDay().Start, End: wholeDay().Start.AddDate(0, 0, 7)}
	first, again := b.read(t, list, week), b.read(t, list, week)

	seen := map[care.SourceRef]bool{}
	for _, r := range first.Rows {
		seen[r.Source] = true

		// What was read can be written to.
		c := b.planned(t, b.sim.Visits()[0].Ref)
		c.Source, c.Planned, c.Key = r.Source, r.Planned, r.Source.ID+r.Source.Occurrence
		mustApply(t, b.nexus, c)
	}

	if len(seen) != 3 || len(first.Rows) != 3 {
		t.Errorf("%d rows with %d identities, want 3: %+v", len(first.Rows), len(seen), first.Problems)
	}

	for _, v := range b.sim.Visits() {
		if v.Category != "Planlagt skærmbesøg" {
			t.Errorf("the visit at %v is %q", v.Start, v.Category)
		}
	}

	for i := range again.Rows {
		if again.Rows[i].Source != first.Rows[i].Source {
			t.Errorf("a second reading names %v %v", first.Rows[i].Source, again.Rows[i].Source)
		}
	}
}

// TestReadNights: a night runs from noon to noon, over both clock changes, and every visit is read
// once whatever the period.
func TestReadNights(t *testing.T) {
	t.Parallel()

	for _, date := range []string{"2026-03-28", "2026-10-24", "2026-11-23"} {
		t.Run(date, func(t *testing.T) {
			t.Parallel()

			b := setup(t)
			night := care.Day(date)
			evening := night.Bounds().End.Add(-time.Hour)
			b.load(
				t, "Øst nat",
				nexussim.NewVisit{CPR: []string{nancy}, Start: evening},
				nexussim.NewVisit{CPR: []string{bruno}, Start: evening.Add(4 * time.Hour)},
				nexussim.NewVisit{CPR: []string{kaja}, Start: night.Add(1).Bounds().End.Add(-time.Hour)},
			)

			for name, test := range map[string]struct {
				period care.Interval
				want   int
			}{
				"the day":    {night.Bounds(), 1},
				"the next":   {night.Add(1).Bounds(), 2},
				"noon, noon": {care.Interval{Start: night.Bounds().Start.Add(12 * time.Hour), End: night.Add(1).Bounds().Start.Add(11 * time.Hour)}, 2},
				"both":       {care.Interval{Start: night.Bounds().Start, End: night.Add(1).Bounds().End}, 3},
			} {
				if got := b.read(t, "Øst nat", test.period); len(got.Rows) != test.want || len(got.Problems) != 0 {
					t.Errorf("%s: %d rows, want %d; %+v", name, len(got.Rows), test.want, got.Problems)
				}
			}
		})
	}
}

// TestReadAgainCostsLess: the laws of interventions are remembered, citizens are not.
func TestReadAgainCostsLess(t *testing.T) {
	t.Parallel()

	b := setup(t)
	b.load(t, list, nexussim.NewVisit{CPR: []string{nancy}}, nexussim.NewVisit{CPR: []string{bruno}}, nexussim.NewVisit{CPR: []string{nancy}})

	first := b.read(t, list, wholeDay())
	if calls := b.sim.Calls(); calls[nexussim.OpPatientRead] != 2 || calls[nexussim.OpGrantRead] == 0 {
		t.Errorf("calls of the first reading: %v", calls)
	}

	b.sim.ForgetRequests()

	again := b.read(t, list, wholeDay())
	if calls := b.sim.Calls(); calls[nexussim.OpPatientRead] != 2 || calls[nexussim.OpGrantRead] != 0 {
		t.Errorf("calls of the second reading: %v", calls)
	}

	for i := range again.Rows {
		if again.Rows[i].Law != care.SUL138 || first.Rows[i].Law != care.SUL138 {
			t.Errorf("row %d has the law %s, then %s", i, first.Rows[i].Law, again.Rows[i].Law)
		}
	}
}

// TestImportedAsAFile: what is read is kept and read again as lists are, whatever is wrong in it.
func TestImportedAsAFile(t *testing.T) {
	t.Parallel()

	b := setup(t)
	b.load(
		t, list,
		nexussim.NewVisit{CPR: []string{nancy}, Comment: "Nøgleboks"}, nexussim.NewVisit{CPR: []string{nancy, bruno}}, nexussim.NewVisit{CPR: []string{kaja}},
	)

	file, err := pulled.Fetcher{From: b.nexus}.Fetch(t.Context(), b.ref(t, list), wholeDay())
	if err != nil {
		t.Fatal(err)
	}

	got, err := pulled.Source{}.Read(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}

	if len(got.Rows) != 2 || got.Total != 3 || got.Encoding != "KMD Nexus" || got.Covers.System != nexus.System {
		t.Errorf("%d rows of %d, %q, %+v", len(got.Rows), got.Total, got.Encoding, got.Covers)
	}
}

// TestReadErrors: what is wrong with the whole list is an error.
func TestReadErrors(t *testing.T) {
	t.Parallel()

	b := setup(t)
	b.load(t, list, nexussim.NewVisit{CPR: []string{nancy}})

	long := care.Interval{Start: today(), End: today().AddDate(0, 0, 9)}
	if _, err := b.nexus.Read(t.Context(), b.ref(t, list), long); !connector.Is(err, connector.Rejected) {
		t.Errorf("nine days: %v", err)
	}

	if _, err := b.nexus.Read(t.Context(), ehr.ListRef{ID: "1/../2", Name: list}, wholeDay()); !connector.Is(err, connector.Rejected) {
		t.Errorf("a path for an id: %v", err)
	}

	if _, err := b.nexus.Read(t.Context(), ehr.ListRef{ID: "1", Name: list}, wholeDay()); !connector.Is(err, connector.NotFound) {
		t.Errorf("an unknown list: %v", err)
	}

	for _, kind := range []nexussim.FaultKind{nexussim.FaultServerError, nexussim.FaultBrokenBody, nexussim.FaultResetAfter} {
		if err := b.sim.Script(nexussim.Fault{Kind: kind, Op: nexussim.OpListRead, Count: 2}); err != nil {
			t.Fatal(err)
		}

		if _, err := b.nexus.Read(t.Context(), b.ref(t, list), wholeDay()); !connector.Is(err, connector.Unavailable) {
			t.Errorf("%s: %v", kind, err)
		}

		b.sim.Calm()
	}

	for times, want := range map[int]bool{2: true, 20: false} { // one that fails in passing is read again
		if err := b.sim.Script(nexussim.Fault{Kind: nexussim.FaultServerError, Op: nexussim.OpPatientRead, Count: times}); err != nil {
			t.Fatal(err)
		}

		if _, err := b.nexus.Read(t.Context(), b.ref(t, list), wholeDay()); (err == nil) != want || err != nil && !connector.Is(err, connector.Unavailable) {
			t.Errorf("a citizen that can't be read %d times: %v", times, err)
		}

		b.sim.Calm()
	}
}

// TestCutAnswers: an answer that was cut off, of whatever call, says nothing about the lists, and the
// next try helps.
func TestCutAnswers(t *testing.T) {
	t.Parallel()

	for op, times := range map[string]int{
		nexussim.OpToken: 1, nexussim.OpHome: 1, nexussim.OpPreferences: 1, nexussim.OpListRead: 1, nexussim.OpPatientRead: 3, nexussim.OpGrantRead: 3,
	} {
		t.Run(op, func(t *testing.T) {
			t.Parallel()

			b := setup(t)
			b.load(t, list, nexussim.NewVisit{CPR: []string{nancy}, Law: "SUL §138"})

			if err := b.sim.Script(nexussim.Fault{Kind: nexussim.FaultBrokenBody, Op: op, Count: times}); err != nil {
				t.Fatal(err)
			}

			read := func() error {
				lists, err := b.nexus.Lists(t.Context())
				for _, l := range lists {
					if err == nil && l.Name == list {
						_, err = b.nexus.Read(t.Context(), l, wholeDay())
					}
				}

				return err
			}

			if err := read(); !connector.Is(err, connector.Unavailable) {
				t.Errorf("cut: %v", err)
			}

			if err := read(); err != nil {
				t.Errorf("then: %v", err)
			}
		})
	}
}
