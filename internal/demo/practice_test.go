package demo

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sluse/sluse/ehr/nexus/nexussim"
	"github.com/sluse/sluse/internal/world"
	"github.com/sluse/sluse/scheduler/care"
)

// fourVisits are two visits of each of two laws. The first of each is held, the second is undone.
const fourVisits = `Dato;Start;Slut;Besøgs-id;Medarbejder;Rute;CPR;Borger;Mobil;Indsats;Lovgrundlag;Besøgstype;Bemærkning
24-11-2026;09:00;09:20;P-1;LBH;Øst dag;0212159995;Bo Vestergaard;20000011;Ernæringsvejledning;SUL §138;Planlagt besøg;Ring på hos naboen
24-11-2026;09:00;09:20;P-2;AØJ;Øst dag;0504909989;Rasmus Lauridsen;20000012;Tilsyn/omsorg;SEL §83;Planlagt besøg;"Nøgleboks; kode hos vagten"
24-11-2026;10:00;10:20;P-3;LBH;Øst dag;0504909995;Magnus Lauridsen;20000013;Ernæringsvejledning;SUL §138;Planlagt besøg;
24-11-2026;10:30;10:50;P-4;AØJ;Øst dag;0107729995;Max Berggren;20000014;Tilsyn/omsorg;SEL §83;Planlagt besøg;Hund i haven
`

// practice is a municipality as docs/examples configures it, with four visits on its list.
type practice struct {
	*walk

	tb testing.TB
}

// municipalityOf starts a municipality with the four visits.
func municipalityOf(t *testing.T, rules world.Practice, record world.RecordKind) *practice {
	t.Helper()

	return townOf(t, fourVisits, Options{Record: record, Practice: rules})
}

// townOf starts a municipality with a driving list.
func townOf(t *testing.T, list string, o Options) *practice {
	t.Helper()

	o.Addr, o.List = "127.0.0.1:0", filepath.Join(t.TempDir(), "oest.csv")
	if err := os.WriteFile(o.List, []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}

	d, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})

	return &practice{walk: &walk{Demo: d, out: io.Discard, staff: map[string]*person{}}, tb: t}
}

// practised starts a municipality whose four visits were converted: two that will be held, two that
// will be undone.
func practised(t *testing.T, rules world.Practice, record world.RecordKind) *practice {
	t.Helper()

	p := municipalityOf(t, rules, record)
	p.do(p.importLists)

	all, err := p.day(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	slices.SortStableFunc(all, byStart)

	if len(all) != 4 {
		t.Fatalf("%d visits, want 4", len(all))
	}

	p.visits = p.converted(all[:2], meets)
	p.back.visits = p.converted(all[2:], undone)

	return p
}

func (p *practice) do(step func(context.Context) error) {
	p.tb.Helper()

	if err := step(p.tb.Context()); err != nil {
		p.tb.Fatal(err)
	}
}

// converted converts visits in one batch.
func (p *practice) converted(visits []*visit, as role) []*visit {
	p.tb.Helper()

	ids := make([]string, 0, len(visits))
	for _, v := range visits {
		ids = append(ids, v.ID)
	}

	batch, err := p.commit(p.tb.Context(), ids)
	if err != nil {
		p.tb.Fatal(err)
	}

	p.back.batch = batch // the last one is undone

	taken, err := p.takeUp(p.tb.Context(), batch)
	if err != nil || len(taken) != len(visits) {
		p.tb.Fatalf("%d of %d visits taken: %v", len(taken), len(visits), err)
	}

	for _, v := range taken {
		v.role = as
	}

	slices.SortStableFunc(taken, byStart)

	return taken
}

// undo takes the last batch back; hold lets the visits of the first take place, and the day end.
func (p *practice) undo() { p.tb.Helper(); p.do(p.turnBack) }

func (p *practice) hold() {
	p.tb.Helper()
	p.do(p.playDays)
	p.do(p.finish)

	for _, v := range p.visits {
		if v.state != string(care.Completed) {
			p.tb.Errorf("the visit that was held is %q", v.state)
		}
	}
}

// of returns the visit of a law among some.
func (p *practice) of(visits []*visit, law care.LegalBasis) *visit {
	p.tb.Helper()

	for _, v := range visits {
		if v.Law == law {
			return v
		}
	}

	p.tb.Fatalf("no visit under %s", law)

	return nil
}

// onList is a visit as it stands on the list in Nexus, and what differs from how it stood there first.
func (p *practice) onList(v *visit) (nexussim.Visit, []string) {
	p.tb.Helper()

	for _, seen := range p.World.Nexus.Visits() {
		if !slices.Contains(seen.CPR, v.row.CPR.Reveal()) || !seen.Start.Equal(v.row.Planned.Start) {
			continue
		}

		c, err := p.World.Nexus.Compare(seen.Ref)
		if err != nil {
			p.tb.Fatal(err)
		}

		if (c.Before == c.Now) != (len(c.Differ) == 0) {
			p.tb.Errorf("the record's bytes and members disagree: %v", c.Differ)
		}

		return seen, c.Differ
	}

	p.tb.Fatal("the visit is gone from the record's list")

	return nexussim.Visit{}, nil
}

// interventions are the citizen's with the name that the example has.
func (p *practice) interventions(v *visit) (active, ended int) {
	for _, g := range p.World.Nexus.Grants(v.row.CPR.Reveal()) {
		switch {
		case g.Name != "Skærmbesøg SUL":
		case g.Active:
			active++
		default:
			ended++
		}
	}

	return active, ended
}

// entries are what the visit's page says about the record.
func (p *practice) entries(v *visit) []string {
	p.tb.Helper()

	var seen struct {
		Entries []struct {
			Kind, State, Why string
		} `json:"entries"`
	}

	if err := p.planner.call(p.tb.Context(), http.MethodGet, "/api/v1/visits/"+v.ID, nil, &seen); err != nil {
		p.tb.Fatal(err)
	}

	var out []string
	for _, e := range seen.Entries {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s", e.Kind, e.State, e.Why)))
	}

	return out
}

// TestViborg: under the Health Act the visit becomes an intervention and the list is left alone; under
// the Social Services Act the list gets a comment and no intervention is made.
func TestViborg(t *testing.T) {
	t.Parallel()

	p := practised(t, world.Viborg, world.NexusRecord)

	health := func(when string, v *visit, wantActive, wantEnded int) {
		t.Helper()

		if _, differ := p.onList(v); len(differ) > 0 {
			t.Errorf("%s: the list says something else under the Health Act: %v", when, differ)
		}

		if active, ended := p.interventions(v); active != wantActive || ended != wantEnded {
			t.Errorf("%s: %d active and %d ended interventions, want %d and %d", when, active, ended, wantActive, wantEnded)
		}
	}

	social := func(when string, v *visit, want ...string) {
		t.Helper()

		seen, differ := p.onList(v)
		if !slices.Equal(differ, want) || seen.Category != "Planlagt besøg" || strings.Contains(seen.Comment, "skærmbesøg") != (len(want) > 0) {
			t.Errorf("%s: %v differ on the list: %q, %q", when, differ, seen.Category, seen.Comment)
		}

		if !strings.HasPrefix(seen.Comment, v.row.Comment) {
			t.Errorf("%s: the staff's remark is gone: %q", when, seen.Comment)
		}

		if active, ended := p.interventions(v); active+ended > 0 {
			t.Errorf("%s: %d interventions under the Social Services Act", when, active+ended)
		}
	}

	for _, visits := range [][]*visit{p.visits, p.back.visits} {
		health("planned", p.of(visits, care.SUL138), 1, 0)
		social("planned", p.of(visits, care.SEL83), "comments")
	}

	p.undo()
	health("undone", p.of(p.back.visits, care.SUL138), 0, 1)
	social("undone", p.of(p.back.visits, care.SEL83))

	p.hold()
	health("held", p.of(p.visits, care.SUL138), 1, 0)
	social("held", p.of(p.visits, care.SEL83), "comments")

	if n := p.World.Nexus.Totals(); n.Duplicates != 0 || n.Notes != 0 || n.Tasks != 0 {
		t.Errorf("the record holds more than the rules ask for: %+v", n)
	}
}

// TestViborgWithoutInterventions: where the record has none, the visit says so, nothing is written
// instead, and the other law's comment is written all the same.
func TestViborgWithoutInterventions(t *testing.T) {
	t.Parallel()

	p := practised(t, world.Viborg, world.FHIRRecord)
	why := "Journalen kan ikke få indsatsen »Skærmbesøg SUL« herfra. Registrér den i journalen i hånden."

	p.undo()
	p.hold()

	health, social := p.of(p.visits, care.SUL138), p.of(p.visits, care.SEL83)

	if got := p.World.Told(health.row, care.OnList); got.Planned+got.Results+got.Restored != 0 || !p.World.Exact(health.row) {
		t.Errorf("the list was told under the Health Act: %+v", got)
	}

	if said := p.entries(health); len(said) == 0 || slices.ContainsFunc(said, func(s string) bool { return !strings.HasSuffix(s, string(care.EntryOmitted)+" "+why) }) {
		t.Errorf("the visit says %q", said)
	}

	if got := p.World.Told(social.row, care.OnList); got.Planned != 1 || got.Results != 1 || got.Doubled != 0 || got.Outcome != care.ResultCompleted {
		t.Errorf("under the Social Services Act the record has %+v", got)
	}

	for _, v := range p.back.visits {
		if !p.World.Exact(v.row) {
			t.Errorf("%s: not as before it was undone", v.Law)
		}
	}
}

// TestHolbaek: another category with its own colour and a word in the comment, whatever the law, and a
// care note when the visit has ended. What is undone stands as before, byte for byte.
func TestHolbaek(t *testing.T) {
	t.Parallel()

	p := practised(t, world.Holbaek, world.NexusRecord)

	looks := func(v *visit, category, colour string) {
		t.Helper()

		seen, differ := p.onList(v)
		if seen.Category != category || seen.Color != colour || !slices.Equal(differ, []string{"background", "comments", "eventType", "statusColor"}) {
			t.Errorf("%q in colour %q; %v differ", seen.Category, seen.Color, differ)
		}

		if !strings.HasPrefix(seen.Comment, v.row.Comment) || !strings.Contains(seen.Comment, "skærmbesøg") {
			t.Errorf("the comment is %q", seen.Comment)
		}
	}

	for _, v := range slices.Concat(p.visits, p.back.visits) {
		looks(v, "Planlagt skærmbesøg", "CFE8FF")
	}

	p.undo()

	for _, v := range p.back.visits {
		if seen, differ := p.onList(v); len(differ) > 0 || seen.Color != "FFFFFF" || seen.Comment != v.row.Comment {
			t.Errorf("not as before: %v differ, colour %s, comment %q", differ, seen.Color, seen.Comment)
		}
	}

	if n := p.World.Nexus.Totals().Notes; n != 0 {
		t.Errorf("%d care notes before any visit has ended", n)
	}

	p.hold()

	for _, v := range p.visits {
		looks(v, "Udført skærmbesøg", "BFE6C5")

		notes := p.World.Nexus.Notes(v.row.CPR.Reveal())
		if len(notes) != 1 || notes[0].Title != "Omsorgsnotat" || !strings.HasPrefix(notes[0].Fields["Emne"], "Gennemført") {
			t.Errorf("the citizen's care notes are %+v", notes)
		}
	}

	p.judge(p.visits[0])

	if n := p.World.Nexus.Totals(); n.Notes != len(p.visits)+1 || n.Duplicates != 0 {
		t.Errorf("the record holds %+v", n)
	}
}

// judge has the employee of a visit say that its citizen is fit for screen visits: a care note says so too.
func (p *practice) judge(v *visit) {
	p.tb.Helper()

	p.do(func(ctx context.Context) error {
		employee, err := p.caregiver(ctx, v.Employee)
		if err != nil {
			return err
		}

		return employee.call(ctx, http.MethodPost, "/api/v1/citizens/"+v.Citizen.ID+"/suitability", map[string]any{"verdict": "egnet", "reason": "Kan selv betjene skærmen"}, nil)
	})
	p.do(p.Settle)

	notes := p.World.Nexus.Notes(v.row.CPR.Reveal())
	if last := notes[len(notes)-1]; len(notes) != 2 || last.Fields["Egnet til skærmbesøg"] != "Ja" || !strings.Contains(last.Fields["Notat"], "Kan selv betjene skærmen") {
		p.tb.Errorf("the citizen's care notes are %+v", notes)
	}
}

// TestVarde: the list is left alone from beginning to end; the case journal gets one note when a visit
// has ended, and none for a visit that was undone.
func TestVarde(t *testing.T) {
	t.Parallel()

	p := practised(t, world.Varde, world.FileRecord)

	notes := func(when string, want map[*visit]int) {
		t.Helper()

		for _, v := range slices.Concat(p.visits, p.back.visits) {
			found := p.World.Momentum.Journal(v.row.CPR.Reveal())
			if len(found) != want[v] {
				t.Errorf("%s: %d notes, want %d", when, len(found), want[v])
			}

			for _, n := range found {
				if n.Type != "Skærmbesøg" || !strings.HasPrefix(n.Title, "Gennemført") {
					t.Errorf("%s: a note of type %q: %q", when, n.Type, n.Title)
				}
			}

			if !p.World.Exact(v.row) {
				t.Errorf("%s: the list was written into", when)
			}
		}
	}

	notes("planned", nil)
	p.undo()
	notes("undone", nil)
	p.hold()
	notes("held", map[*visit]int{p.visits[0]: 1, p.visits[1]: 1})
}

// TestListsAreAskedForAgain: the record's answer about its lists is cut short, and then that about one list:
// both are asked for again, and the planner gets whole lists.
func TestListsAreAskedForAgain(t *testing.T) {
	t.Parallel()

	p := municipalityOf(t, world.Plain, world.NexusRecord)

	for _, op := range []string{nexussim.OpPreferences, nexussim.OpListRead} {
		if err := p.World.Nexus.Script(nexussim.Fault{Kind: nexussim.FaultBrokenBody, Op: op}); err != nil {
			t.Fatal(err)
		}
	}

	p.do(p.importLists)

	if p.rows != 4 {
		t.Errorf("%d rows were imported, want 4", p.rows)
	}
}
