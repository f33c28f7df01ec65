package nexus_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/ehrtest"
	"github.com/sluse/sluse/ehr/nexus"
	"github.com/sluse/sluse/ehr/nexus/nexussim"
	"github.com/sluse/sluse/scheduler/care"
)

func byIntervention(c ehr.Change) ehr.Change {
	c.Means, c.Name, c.Key = care.ByIntervention, "Skærmbesøg SUL", c.Key+"/intervention"
	c.Category, c.Comment = "", ""

	return c
}

func byTask(c ehr.Change) ehr.Change {
	c.Means, c.Name, c.Key = care.ByTask, "Registrér skærmbesøg", c.Key+"/task"
	c.Title, c.Text, c.Team = "Registrér skærmbesøg kl. 14", "Sæt besøgstypen til »Planlagt skærmbesøg«.", "Planlægning Øst"
	c.DueAt, c.Author = today().Add(8*time.Hour), "Mona Skov, planlægger"
	c.Category, c.Comment = "", ""

	return c
}

func byNote(c ehr.Change) ehr.Change {
	c.Means, c.Name, c.Key = care.ByNote, "Omsorgsnotat", c.Key+"/note"
	c.Text, c.Author = "Skærmbesøg gennemført.", "Mona Skov, SOSU-assistent"
	c.Fields = []ehr.Field{
		{Label: "Emne", Value: "Skærmbesøg"},
		{Label: "Egnet til skærmbesøg", Value: "Ja"},
		{Label: "Skærm i hjemmet", Value: "Egen tablet"},
		{Label: "Aftalt med", Value: "Borger"},
		{Label: "Vurderet den", Value: "2026-11-23"},
	}
	c.Category, c.Comment = "", ""

	return c
}

// ours are a citizen's active screen interventions.
func (b *testBundle) ours(cpr string) []nexussim.Grant {
	return slices.DeleteFunc(b.sim.Grants(cpr), func(g nexussim.Grant) bool { return g.Name != "Skærmbesøg SUL" || !g.Active })
}

func mustApply(t *testing.T, j ehr.Journal, c ehr.Change) ehr.Receipt {
	t.Helper()

	receipt, err := j.Apply(t.Context(), c)
	if err != nil {
		t.Fatalf("Apply(%s, %s): %v", c.Key, c.Means, err)
	}

	if receipt.ID == "" {
		t.Fatalf("Apply(%s): no receipt", c.Key)
	}

	return receipt
}

// TestIntervention: one intervention for all of a citizen's screen visits, made by the first and
// ended with the last.
func TestIntervention(t *testing.T) {
	t.Parallel()

	b := setup(t)
	refs := b.load(t, list, nexussim.NewVisit{CPR: []string{nancy}}, nexussim.NewVisit{CPR: []string{nancy}})
	first, second := byIntervention(b.planned(t, refs[0])), byIntervention(b.planned(t, refs[1]))

	receipt := mustApply(t, b.nexus, first)
	if again := mustApply(t, b.open(t, b.config), first); again != receipt {
		t.Errorf("a repeat returned %v, want %v", again, receipt)
	}

	if mustApply(t, b.nexus, second).ID != receipt.ID {
		t.Error("the second visit has an intervention of its own")
	}

	made := b.ours(nancy)
	if len(made) != 1 || made[0].State != "Bestilt" {
		t.Fatalf("interventions: %+v", made)
	}

	mustApply(t, b.nexus, taken(first))
	mustApply(t, b.nexus, taken(first))

	if left := b.ours(nancy); len(left) != 1 {
		t.Fatalf("the intervention was ended while there is a screen visit: %+v", left)
	}

	mustApply(t, b.nexus, taken(second))

	if left := b.ours(nancy); len(left) != 0 {
		t.Errorf("the intervention is active without any screen visit: %+v", left)
	}

	mustApply(t, b.nexus, taken(second))

	again := second
	again.Key += "/2"
	mustApply(t, b.nexus, again)

	if made := b.ours(nancy); len(made) != 1 {
		t.Errorf("after planning again: %+v", made)
	}
}

// taken is the entry that takes c back.
func taken(c ehr.Change) ehr.Change {
	back := ehrtest.Restored(c, "")
	back.Title, back.Text = "Ret registrering af skærmbesøg", "Besøget er fysisk igen. Ret besøgstypen."

	return back
}

// TestInterventionOfPeople: one that was there is shared, its text comes out byte for byte, and it
// is never ended by us.
func TestInterventionOfPeople(t *testing.T) {
	t.Parallel()

	b := setup(t)
	refs := b.load(t, list, nexussim.NewVisit{CPR: []string{bruno}, Service: "Skærmbesøg SUL", Law: "SUL §138"})
	before := b.ours(bruno)

	c := byIntervention(b.planned(t, refs[0]))
	mustApply(t, b.nexus, c)

	joined := b.ours(bruno)
	if len(joined) != 1 || !strings.Contains(joined[0].Supplementary, "[Sluse #") {
		t.Fatalf("interventions: %+v", joined)
	}

	mustApply(t, b.nexus, taken(c))

	after := b.ours(bruno)
	if len(after) != 1 || after[0].Supplementary != before[0].Supplementary || after[0].State != before[0].State {
		t.Errorf("after taking back: %+v, before: %+v", after, before)
	}
}

// TestNote fills in a form by its labels, once.
func TestNote(t *testing.T) {
	t.Parallel()

	b := setup(t)
	refs := b.load(t, list, nexussim.NewVisit{CPR: []string{nancy}})
	c := byNote(ehrtest.Completed(b.planned(t, refs[0])))

	receipt := mustApply(t, b.nexus, c)
	if again := mustApply(t, b.open(t, b.config), c); again != receipt {
		t.Errorf("a repeat returned %v, want %v", again, receipt)
	}

	notes := b.sim.Notes(nancy)
	if len(notes) != 1 {
		t.Fatalf("%d notes", len(notes))
	}

	got := notes[0].Fields
	got["Notat"] = tagLike.ReplaceAllString(got["Notat"], " #")
	want := map[string]string{
		"Emne": "Skærmbesøg", "Egnet til skærmbesøg": "Ja", "Skærm i hjemmet": "Egen tablet", "Aftalt med": "Borger",
		"Vurderet den": "2026-11-22T23:00:00.000Z",
		"Notat":        "Skærmbesøg gennemført.\nSkrevet for Mona Skov, SOSU-assistent. [Sluse #]",
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the note (-want +got):\n%s", diff)
	}
}

// TestNoteFailsLoudly names what the form lacks, and writes nothing.
func TestNoteFailsLoudly(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		edit func(*ehr.Change)
		want string
	}{
		"label":    {func(c *ehr.Change) { c.Fields[1].Label = "Egnet" }, "»Egnet«"},
		"value":    {func(c *ehr.Change) { c.Fields[1].Value = "Måske" }, "»Måske«"},
		"required": {func(c *ehr.Change) { c.Fields = c.Fields[1:] }, "»Emne«"},
		"form":     {func(c *ehr.Change) { c.Name = "Plejenotat" }, "»Plejenotat«"},
		"date":     {func(c *ehr.Change) { c.Fields[4].Value = "i går" }, "dato"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := setup(t)
			c := byNote(ehrtest.Completed(b.planned(t, b.load(t, list, nexussim.NewVisit{CPR: []string{nancy}})[0])))
			test.edit(&c)

			_, err := b.nexus.Apply(t.Context(), c)
			if !connector.Is(err, connector.Rejected) || !strings.Contains(care.MessageOf(err), test.want) {
				t.Errorf("error %v says %q, want %q in it", err, care.MessageOf(err), test.want)
			}

			if n := len(b.sim.Notes("")); n != 0 {
				t.Errorf("%d notes", n)
			}
		})
	}
}

// TestTask makes one task, and takes it back: an open one is closed, a closed one was acted upon
// and is followed by a task to correct.
func TestTask(t *testing.T) {
	t.Parallel()

	b := setup(t)
	refs := b.load(t, list, nexussim.NewVisit{CPR: []string{nancy}}, nexussim.NewVisit{CPR: []string{bruno}})
	c := byTask(b.planned(t, refs[0]))

	receipt := mustApply(t, b.nexus, c)
	if again := mustApply(t, b.open(t, b.config), c); again != receipt {
		t.Errorf("a repeat returned %v, want %v", again, receipt)
	}

	tasks := b.sim.Tasks(nancy)
	if len(tasks) != 1 || tasks[0].Title != c.Title || tasks[0].Group != "Planlægning Øst" || tasks[0].Due != "2026-11-23" ||
		!strings.Contains(tasks[0].Text, "Skrevet for Mona Skov, planlægger.") {
		t.Fatalf("tasks: %+v", tasks)
	}

	mustApply(t, b.nexus, taken(c))
	mustApply(t, b.nexus, taken(c))

	if tasks = b.sim.Tasks(nancy); len(tasks) != 1 || !tasks[0].Closed {
		t.Errorf("after taking back: %+v", tasks)
	}

	again := c
	again.Key += "/2"
	mustApply(t, b.nexus, again)
	mustApply(t, b.nexus, again)

	if tasks = b.sim.Tasks(nancy); len(tasks) != 2 || tasks[1].Closed {
		t.Errorf("after planning again: %+v", tasks)
	}
}

// TestRefusals: what must not be written is refused in Danish before anything is sent.
func TestRefusals(t *testing.T) {
	t.Parallel()

	start := today().Add(2 * time.Hour)

	for name, test := range map[string]struct {
		visit nexussim.NewVisit
		edit  func(*testBundle, *ehr.Change)
		kind  connector.Kind
		want  string
	}{
		"read-only":    {visit: nexussim.NewVisit{ReadOnly: true}, kind: connector.Rejected, want: "kun læses"},
		"delivered":    {visit: nexussim.NewVisit{Delivered: true}, kind: connector.Rejected, want: "leveret"},
		"series only":  {visit: nexussim.NewVisit{Strategies: []string{"ALL"}, Repeat: []time.Time{start.AddDate(0, 0, 1)}}, kind: connector.Rejected, want: "hele rækken"},
		"no type":      {edit: func(_ *testBundle, c *ehr.Change) { c.Category = "Skærm" }, kind: connector.Rejected, want: "»Skærm«"},
		"retired type": {edit: func(_ *testBundle, c *ehr.Change) { c.Category = "Skærmbesøg (gammel)" }, kind: connector.Rejected, want: "gammel"},
		"no right":     {edit: func(b *testBundle, _ *ehr.Change) { b.sim.TakeAway("update") }, kind: connector.Rejected, want: "ikke givet adgang"},
		"no calendar":  {edit: func(b *testBundle, _ *ehr.Change) { b.sim.TakeAway("events") }, kind: connector.Rejected, want: "ikke givet adgang"},
		"another list": {edit: func(_ *testBundle, c *ehr.Change) { c.Source.System = "file" }, kind: connector.Unsupported, want: "køreliste i Nexus"},
		"hidden": {edit: func(b *testBundle, _ *ehr.Change) {
			_ = b.sim.EditCitizen(nancy, func(c *nexussim.Citizen) { c.Hidden = true })
		}, kind: connector.Rejected, want: "skjult"},
		"stranger":      {edit: func(_ *testBundle, c *ehr.Change) { c.Citizen.CPR, _, _ = care.ParseCPR("0101010101") }, kind: connector.NotFound, want: "findes ikke"},
		"secret":        {edit: func(_ *testBundle, c *ehr.Change) { c.Comment = "kode 1234" }, kind: connector.Rejected, want: "personnummer"},
		"bracket":       {edit: func(_ *testBundle, c *ehr.Change) { c.Comment = "[x]" }, kind: connector.Rejected, want: "["},
		"journal":       {edit: func(_ *testBundle, c *ehr.Change) { c.Means = care.ByJournal }, kind: connector.Unsupported, want: "ikke sat op"},
		"note planned":  {edit: func(_ *testBundle, c *ehr.Change) { c.Means = care.ByNote }, kind: connector.Unsupported, want: "ikke sat op"},
		"stranger host": {edit: func(b *testBundle, _ *ehr.Change) { b.sim.Plant("update", "https://thief.example") }, kind: connector.Rejected, want: "anden server"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := setup(t)
			test.visit.CPR = []string{nancy}
			ref := b.load(t, list, test.visit)[0]
			c := b.planned(t, ref)

			if test.edit != nil {
				test.edit(b, &c)
			}

			_, err := b.nexus.Apply(t.Context(), c)
			if !connector.Is(err, test.kind) || !strings.Contains(care.MessageOf(err), test.want) {
				t.Errorf("error %v says %q, want %v with %q in it", err, care.MessageOf(err), test.kind, test.want)
			}

			if n := len(b.sim.Requests(nexussim.OpEventUpdate)); n != 0 {
				t.Errorf("%d writes were sent", n)
			}
		})
	}
}

// TestSwitch: what is turned off is no way of telling.
func TestSwitch(t *testing.T) {
	t.Parallel()

	b := setup(t, func(_ *nexussim.Options, c *nexus.Config) {
		c.WriteVisitType, c.Intervention.Placement, c.Note.TextLabel, c.Task.Off = false, "", "", true
	})
	if means := b.nexus.Means(); len(means) != 0 {
		t.Errorf("means %v, want none", means)
	}

	if diff := cmp.Diff([]care.Means{care.OnList, care.ByIntervention, care.ByNote, care.ByTask}, setup(t).nexus.Means()); diff != "" {
		t.Errorf("means (-want +got):\n%s", diff)
	}
}

// TestConflicts: somebody changes the visit while we write.
func TestConflicts(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		quirks nexussim.Quirks
		people func(*nexussim.Server, nexussim.Ref) error
		kind   connector.Kind // 0: written all the same
	}{
		"comment of people": {people: func(s *nexussim.Server, r nexussim.Ref) error { return s.Remark(r, "Ring på") }},
		"other employee, 412": {quirks: nexussim.Quirks{StaleStatus: 412}, people: func(s *nexussim.Server, r nexussim.Ref) error {
			return s.Assign(r, "LBH")
		}},
		"category": {people: func(s *nexussim.Server, r nexussim.Ref) error { return s.Categorise(r, "Telefonopkald") }, kind: connector.Conflict},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := setup(t, func(o *nexussim.Options, _ *nexus.Config) { o.Quirks = test.quirks })
			ref := b.load(t, list, nexussim.NewVisit{CPR: []string{nancy}})[0]
			b.sim.BeforeNext(nexussim.OpEventUpdate, func() error { return test.people(b.sim, ref) })

			_, err := b.nexus.Apply(t.Context(), b.planned(t, ref))
			if connector.KindOf(err) != test.kind {
				t.Fatalf("error %v, want kind %v", err, test.kind)
			}

			visit, _ := b.sim.Visit(ref)
			if written := visit.Category == "Planlagt skærmbesøg"; written != (test.kind == 0) {
				t.Errorf("the visit is %q %q", visit.Category, visit.Comment)
			}
		})
	}
}

// TestServerErrors: a 500 after the effect is seen by reading back.
func TestServerErrors(t *testing.T) {
	t.Parallel()

	for _, kind := range []nexussim.FaultKind{nexussim.FaultServerErrorAfter, nexussim.FaultResetAfter, nexussim.FaultBrokenBody} {
		b := setup(t)
		ref := b.load(t, list, nexussim.NewVisit{CPR: []string{nancy}})[0]

		if err := b.sim.Script(nexussim.Fault{Kind: kind, Op: nexussim.OpEventUpdate}); err != nil {
			t.Fatal(err)
		}

		mustApply(t, b.nexus, b.planned(t, ref))

		if got := b.entries(t, ref); len(got) != 1 {
			t.Errorf("%s: entries %v", kind, got)
		}
	}
}
