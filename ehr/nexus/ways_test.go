package nexus_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/ehrtest"
	"github.com/sluse/sluse/ehr/nexus"
	"github.com/sluse/sluse/ehr/nexus/nexussim"
	"github.com/sluse/sluse/scheduler/care"
)

// TestWays runs the port's suite for every means of Nexus.
func TestWays(t *testing.T) {
	t.Parallel()
	ehrtest.RunWays(t, waysRecord)
}

func waysRecord(t *testing.T, seed uint64) ehrtest.Record {
	t.Helper()

	b := setup(t, func(o *nexussim.Options, c *nexus.Config) {
		o.Seed = seed + 11
		c.Timeout, c.CalendarTimeout = 700*time.Millisecond, 700*time.Millisecond
	})
	refs := b.load(t, list,
		nexussim.NewVisit{CPR: []string{nancy}, Comment: "Nøgleboks ved dør "}, nexussim.NewVisit{CPR: []string{bruno}},
		nexussim.NewVisit{CPR: []string{kaja}, Comment: "Ring først\nHund"}, nexussim.NewVisit{CPR: []string{niels}},
	)

	r := ehrtest.Record{
		Journal: b.nexus,
		Another: func(t *testing.T) ehr.Journal { t.Helper(); return b.open(t, b.config) },
		State:   func(t *testing.T, c ehr.Change) ehrtest.State { t.Helper(); return b.state(t, b.refOf(t, c)) },
		Storm: func(t *testing.T) {
			t.Helper()

			faults := nexussim.Spread(0.2)
			faults.Hang, faults.RetryAfter = time.Millisecond, time.Millisecond

			if err := b.sim.SetFaults(faults); err != nil {
				t.Fatal(err)
			}
		},
	}

	for _, ref := range refs {
		r.Planned = append(r.Planned, b.planned(t, ref))
	}

	b.addWays(&r)
	b.addMishaps(&r)

	return r
}

func (b *testBundle) addWays(r *ehrtest.Record) {
	named := func(name string) func(ehr.Change) ehr.Change {
		return func(c ehr.Change) ehr.Change { c.Name = name; return c }
	}

	r.Ways = []ehrtest.Way{
		{Means: care.OnList, Of: nexusType, Told: b.toldOnList, Wrong: map[string]func(ehr.Change) ehr.Change{
			"type":    func(c ehr.Change) ehr.Change { c.Category = "Findes ikke"; return c },
			"retired": func(c ehr.Change) ehr.Change { c.Category = "Skærmbesøg (gammel)"; return c },
			"comment": func(c ehr.Change) ehr.Change { c.Comment = "kode 1234"; return c },
		}},
		{
			Means: care.ByIntervention, Of: byIntervention, Told: b.toldByIntervention,
			Quiet: []care.EntryKind{care.EntryPlanned}, // the one that is there stands for the new time, too
			Wrong: map[string]func(ehr.Change) ehr.Change{"grant": named("Findes ikke"), "no grant": named("")},
		},
		{Means: care.ByNote, Of: byNote, Told: b.toldByNote, Wrong: map[string]func(ehr.Change) ehr.Change{
			"form": named("Findes ikke"),
			"label": func(c ehr.Change) ehr.Change {
				c.Fields = append(c.Fields[:0:0], ehr.Field{Label: "Findes ikke", Value: "Ja"})
				return c
			},
		}},
		{Means: care.ByTask, Of: byTask, Told: b.toldByTask, Wrong: map[string]func(ehr.Change) ehr.Change{
			"type": named("Findes ikke"),
			"team": func(c ehr.Change) ehr.Change { c.Team = "Findes ikke"; return c },
		}},
	}
}

// nexusType gives a change a type that the simulator's municipality has.
func nexusType(c ehr.Change) ehr.Change {
	if c.Delivery == care.ByPhone {
		c.Category = "Telefonopkald"
	}

	return c
}

// toldOnList are the changes that we made to a visit.
func (b *testBundle) toldOnList(t *testing.T, c ehr.Change) []string {
	t.Helper()

	visit, err := b.sim.Visit(b.refOf(t, c))
	if err != nil {
		t.Fatal(err)
	}

	var told []string

	for _, change := range visit.Changes {
		if change.By == "staff" {
			continue
		}

		fields := map[string]string{}
		for _, f := range change.Fields {
			if f.Name == "eventType" || f.Name == "comments" {
				fields[f.Name] = plain(f.After)
			}
		}

		told = append(told, fmt.Sprint(change.Strategy, fields))
	}

	return told
}

var (
	numberLike = regexp.MustCompile(`"(?:id|href|version)":("[^"]*"|[0-9]+),?|"_links":\{.*?\}\}?,?`)
	tagsLike   = regexp.MustCompile(`#[a-z2-7]{5}`)
)

// plain is a text of the record without what differs between two records.
func plain(text string) string {
	return numberLike.ReplaceAllString(tagsLike.ReplaceAllString(text, "#"), "")
}

func cprIn(c ehr.Change) string { return c.Citizen.CPR.Reveal() }

func (b *testBundle) toldByIntervention(t *testing.T, c ehr.Change) []string {
	t.Helper()

	var told []string

	for i, g := range b.sim.Grants(cprIn(c)) {
		if g.Name != "Skærmbesøg SUL" {
			continue
		}

		for _, change := range g.Changes {
			told = append(told, fmt.Sprint(i, change.Transition, change.State))
		}
	}

	return told
}

func (b *testBundle) toldByNote(t *testing.T, c ehr.Change) []string {
	t.Helper()

	var told []string

	for _, n := range b.sim.Notes(cprIn(c)) {
		words := []string{n.Title, n.State, strconv.Itoa(len(n.Changes))}
		for _, label := range slices.Sorted(maps.Keys(n.Fields)) {
			words = append(words, label+"="+plain(n.Fields[label]))
		}

		told = append(told, strings.Join(words, " "))
	}

	return told
}

// toldByTask is every task when it was made, and then those that were closed.
func (b *testBundle) toldByTask(t *testing.T, c ehr.Change) []string {
	t.Helper()

	var told, closed []string

	for _, task := range b.sim.Tasks(cprIn(c)) {
		text, _, _ := strings.Cut(task.Text, "\n")
		told = append(told, fmt.Sprint(task.Type, task.Title, task.Due, task.Group))

		if task.Closed {
			closed = append(closed, "closed "+text)
		}
	}

	return append(told, closed...)
}

func (b *testBundle) addMishaps(r *ehrtest.Record) {
	writes := func(c ehr.Change) string {
		switch c.Means {
		case care.ByIntervention:
			return nexussim.OpGrantSave
		case care.ByNote:
			return nexussim.OpNoteCreate
		case care.ByTask:
			return nexussim.OpTaskCreate
		case care.OnList, care.ByJournal:
		}

		return nexussim.OpEventUpdate
	}
	fault := func(kind nexussim.FaultKind, count int) func(*testing.T, ehr.Change) {
		return func(t *testing.T, c ehr.Change) {
			t.Helper()

			if err := b.sim.Script(nexussim.Fault{Kind: kind, Op: writes(c), Count: count}); err != nil {
				t.Fatal(err)
			}
		}
	}

	gone := func(t *testing.T, _ ehr.Change) {
		t.Helper()

		if err := b.sim.Script(nexussim.Fault{Kind: nexussim.FaultResetBefore, Op: nexussim.OpAny, Count: 100}); err != nil {
			t.Fatal(err)
		}
	}
	r.Arms = []ehrtest.Arm{
		{Mishap: ehrtest.Gone, Do: gone},
		{Mishap: ehrtest.LostBefore, Do: fault(nexussim.FaultResetBefore, 1)},
		{Mishap: ehrtest.LostAfter, Do: fault(nexussim.FaultResetAfter, 1)},
		{Mishap: ehrtest.TimeoutBefore, Do: fault(nexussim.FaultTimeoutBefore, 1)},
		{Mishap: ehrtest.TimeoutAfter, Do: fault(nexussim.FaultTimeoutAfter, 1)},
		{Mishap: ehrtest.ErrorBefore, Do: fault(nexussim.FaultServerError, 1)},
		{Mishap: ehrtest.ErrorAfter, Do: fault(nexussim.FaultServerErrorAfter, 1)},
		{Mishap: ehrtest.Unavailable, Do: fault(nexussim.FaultUnavailable, 1)},
		{Mishap: ehrtest.TooMany, Do: fault(nexussim.FaultTooMany, 1)},
		{Mishap: ehrtest.TokenEnded, Do: fault(nexussim.FaultUnauthorized, 1)},
		{Mishap: ehrtest.Unauthorized, Do: fault(nexussim.FaultUnauthorized, 2)},
		{Mishap: ehrtest.BrokenBody, Do: fault(nexussim.FaultBrokenBody, 1)},
		{Mishap: ehrtest.HalfObjects, Do: func(t *testing.T, _ ehr.Change) {
			t.Helper()
			b.quirk(t, nexussim.Quirks{HalfLists: true, NoETag: true})
		}},
		{Mishap: ehrtest.SomebodyElse, Do: b.somebodyElse},
		{Mishap: ehrtest.NotPermitted, Do: b.rights},
	}
	r.Arms = append(r.Arms, ehrtest.Without("visits alone can be read-only: TestRefusals", ehrtest.ReadOnly)...)
	r.Arms = append(r.Arms, ehrtest.Without("Nexus answers refusals with 500 or without a reason", ehrtest.RefusedByRecord)...)
	r.Heal = func(t *testing.T) {
		t.Helper()
		b.sim.Calm()
		b.quirk(t, nexussim.Quirks{})

		if err := b.sim.SetRights("sluse", nexussim.AllRights()...); err != nil {
			t.Fatal(err)
		}
	}
}

func (b *testBundle) quirk(t *testing.T, q nexussim.Quirks) {
	t.Helper()

	if err := b.sim.SetQuirks(q); err != nil {
		t.Fatal(err)
	}
}

// somebodyElse changes the visit, of which interventions, notes and tasks know nothing.
func (b *testBundle) somebodyElse(t *testing.T, c ehr.Change) {
	t.Helper()

	ref := b.refOf(t, c)
	b.sim.BeforeNext(nexussim.OpEventUpdate, func() error { return b.sim.Assign(ref, "LBH") })
}

// rights takes the right that the means needs, and with it the rel.
func (b *testBundle) rights(t *testing.T, c ehr.Change) {
	t.Helper()

	lost := nexussim.WriteVisits

	switch c.Means {
	case care.ByIntervention:
		lost = nexussim.WriteGrants
	case care.ByNote:
		lost = nexussim.WriteForms
	case care.ByTask:
		lost = nexussim.UseTasks
	case care.OnList, care.ByJournal:
	}

	if err := b.sim.SetRights("sluse", slices.DeleteFunc(nexussim.AllRights(), func(r nexussim.Right) bool { return r == lost })...); err != nil {
		t.Fatal(err)
	}
}
