package e2e_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/momentum/momentumsim"
	"github.com/sluse/sluse/ehr/nexus/nexussim"
	"github.com/sluse/sluse/internal/world"
	"github.com/sluse/sluse/scheduler/care"
)

// TestNotesAboutCitizens judges a citizen and gives the citizen a tablet, with three records that lose
// answers, while the service dies between the record's writing and its receipt: the record holds each
// note once, in order, word by word as it was shown, and nothing of what was taken back. A note in Nexus
// takes a dozen calls, of which any that fails begins it anew, later and later: so of these only the
// writing itself fails, once for each note.
func TestNotesAboutCitizens(t *testing.T) {
	t.Parallel()

	rows := severalVisits(t, 3)

	for name, o := range map[string]terms{
		"nexus":    {record: world.NexusRecord, practice: world.Holbaek, faults: nexusFaults, planned: rows},
		"momentum": {record: world.FileRecord, practice: world.Varde, faults: 0.2, citizens: []care.CPR{rows[0].CPR}},
		"handover": {record: world.FileRecord},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			both(t, func(t *testing.T, postgres bool) {
				t.Helper()

				mine := o // the other database's is another
				mine.postgres = postgres

				d := &noteDesk{town: found(t, mine), citizen: rows[0]}
				d.connect()
				d.judgeAndLend(t, !postgres)
			})
		})
	}
}

// nexusFaults is the share of calls that fail in Nexus while its lists are read.
const nexusFaults = 0.05

// noteDesk is a leader who tells the record of one citizen.
type noteDesk struct {
	*town
	*person

	robot   *robot // nil with another record
	citizen ehr.Row
	page    string // the citizen's
	api     string
	unit    string
}

func (d *noteDesk) tb() testing.TB { return d.town.tb }

// connect says how the record is told of citizens: in Nexus as the practice's example does it.
func (d *noteDesk) connect() {
	d.tb().Helper()

	if d.Nexus != nil {
		return
	}

	notes := map[string]any{
		"suitability": map[string]any{"means": "journal", "journal": "Egnethed"}, "device": map[string]any{"means": "journal", "journal": "Tavle"},
	}

	if d.Momentum == nil {
		d.robot = newRobot(d.town, false)
		notes = map[string]any{
			"suitability": map[string]any{"means": "note", "form": "Omsorgsnotat", "fields": []noteField{{"Egnet", "{egnethed}"}, {"Igen", "{revurderes}"}}},
			"device":      map[string]any{"means": "note", "form": "Omsorgsnotat", "fields": []noteField{{"Skærm", "{hændelse}"}}},
		}
	}

	d.reconfigure(func(m map[string]any) {
		record, _ := m["record"].(map[string]any)
		record["notes"] = notes
	})
}

// judgeAndLend is the course of the test; looking, people look at it in a browser too.
func (d *noteDesk) judgeAndLend(t *testing.T, looking bool) {
	t.Helper()

	p := d.serve("all")
	d.person = d.leader(p)

	if d.Nexus != nil {
		d.fetchAll(d.person)
	} else {
		d.imported(d.person)
	}

	d.find()

	first := judgement{Verdict: "egnet", Reason: "Kan selv betjene tavlen"}
	shown := d.preview(first)
	d.holds("a preview") // nothing
	d.refuses()

	died := d.hang()
	d.judge(first)
	d.until("the record's writing", func() bool { return len(d.held()) == 1 || d.handed() })
	p.kill()
	died()
	d.through(d.serve("all"))
	d.written(1)
	d.holds("the first judgement", shown)

	if d.Nexus != nil && looking {
		d.looks(newTab(chromium(t), t, d.town.base).logIn("LEDER", d.page))
	}

	second := judgement{Verdict: "ikke_egnet", Reason: "Ser dårligt.", Again: string(care.DayOf(time.Now()).Add(60))}
	then := d.preview(second)
	d.judge(second)
	d.written(2)
	d.holds("the second judgement", shown, then)
	d.hinted()

	lent, back := d.lend()
	d.written(4)
	d.holds("the tablet", shown, then, lent, back)
}

// judgement is what is judged, in the words of the API.
type judgement struct {
	Verdict string `json:"verdict"`
	Reason  string `json:"reason"`
	Again   string `json:"reassess_on,omitempty"`
}

// note is what stands, or is to stand, in the record.
type note struct {
	Fields map[string]string
	Text   string // with whose it is
}

// told is a note as the API tells it.
type told struct {
	State, Failure string
	Fields         []noteField
	Text, Author   string
}

// noteField is a field of the record's form.
type noteField struct {
	Label string `json:"label" yaml:"label"`
	Value string `json:"value" yaml:"value"`
}

func (n told) note() note {
	out := note{Fields: map[string]string{}, Text: n.Text}
	for _, f := range n.Fields {
		out.Fields[f.Label] = f.Value
	}

	if n.Author != "" {
		out.Text += "\nSkrevet for " + n.Author + "."
	}

	return out
}

// find finds the citizen by a visit of the day.
func (d *noteDesk) find() {
	d.tb().Helper()

	var answer struct {
		Visits []struct {
			Citizen struct{ ID, Name string }
			Unit    struct{ ID string }
		}
	}

	d.call(http.MethodGet, "/api/v1/visits?day="+d.day, nil, &answer)

	for _, v := range answer.Visits {
		if v.Citizen.Name == d.citizen.Name {
			d.page, d.api, d.unit = "/borgere/"+v.Citizen.ID, "/api/v1/citizens/"+v.Citizen.ID, v.Unit.ID
		}
	}

	if d.page == "" {
		d.tb().Fatal("the citizen has no visit")
	}
}

// preview asks page and API what the record would get; they say the same.
func (d *noteDesk) preview(j judgement) note {
	d.tb().Helper()

	var shown told

	d.call(http.MethodPost, d.api+"/suitability/preview", j, &shown)

	page := d.sent("/egnethed", url.Values{"vurdering": {j.Verdict}, "begrundelse": {j.Reason}, "revurderes": {j.Again}, "trin": {"se"}})
	text := plain(page.body)

	for _, f := range shown.Fields {
		if !strings.Contains(text, f.Label+" "+f.Value) {
			d.tb().Errorf("the page does not show %s: %s", f.Label, f.Value)
		}
	}

	for _, part := range []string{shown.Text, "Skrevet for " + shown.Author + "."} {
		if page.status != http.StatusOK || !strings.Contains(text, part) {
			d.tb().Errorf("the page (%d) does not show %q:\n%.2000s", page.status, part, text)
		}
	}

	return shown.note()
}

// sent sends a form of the citizen's pages.
func (d *noteDesk) sent(path string, values url.Values) answer {
	d.tb().Helper()

	return d.do(http.MethodPost, d.page+path, form, strings.NewReader(values.Encode()))
}

func (d *noteDesk) judge(j judgement) {
	d.tb().Helper()

	done := d.sent("/egnethed", url.Values{"vurdering": {j.Verdict}, "begrundelse": {j.Reason}, "revurderes": {j.Again}, "trin": {"gem"}})
	if done.status != http.StatusSeeOther {
		d.tb().Fatalf("judgement: %d %.2000s", done.status, plain(done.body))
	}
}

// refuses has reasons refused that must never stand in a record.
func (d *noteDesk) refuses() {
	d.tb().Helper()

	for _, why := range []string{"Brugernavn: nancy, adgangskode: hemmelig1", "Tavlens pin er 4711", "Se " + d.town.base + "/b/x", "Er " + d.citizen.CPR.Reveal()} {
		for _, step := range []string{"se", "gem"} {
			done := d.sent("/egnethed", url.Values{"vurdering": {"egnet"}, "begrundelse": {why}, "trin": {step}})
			if done.status != http.StatusUnprocessableEntity {
				d.tb().Errorf("%q: %d", why, done.status)
			}
		}
	}

	d.holds("what was refused")
}

// card is the citizen's by the API.
func (d *noteDesk) card() (card struct {
	Suitability, Hint string
	Judgement         *judgement
	Notes             []told
},
) {
	d.tb().Helper()

	var got struct {
		Suitability string
		Hint        string `json:"suitability_hint"`
		Judgement   *judgement
		Notes       []told
	}

	d.call(http.MethodGet, d.api, nil, &got)
	card.Suitability, card.Hint, card.Judgement, card.Notes = got.Suitability, got.Hint, got.Judgement, got.Notes

	return card
}

// written waits until so many notes have the record's receipt.
func (d *noteDesk) written(want int) {
	d.tb().Helper()

	d.until(fmt.Sprintf("%d notes", want), func() bool {
		d.work()

		notes := d.card().Notes
		if i := slices.IndexFunc(notes, func(n told) bool { return n.Failure != "" }); i >= 0 {
			d.tb().Fatalf("a note is %s: %s", notes[i].State, notes[i].Failure)
		}

		return len(notes) == want && !slices.ContainsFunc(notes, func(n told) bool { return n.State != "written" })
	})
}

// work lets the robot work, where there is one.
func (d *noteDesk) work() {
	d.tb().Helper()

	if d.robot != nil {
		d.robot.work()
	}
}

// handed reports whether a change lies in the robot's queue.
func (d *noteDesk) handed() bool {
	d.tb().Helper()

	return d.robot != nil && len(d.robot.queued()) > 0
}

// hang has the record do the next note and never answer, until what it returns is called.
func (d *noteDesk) hang() (end func()) {
	d.tb().Helper()

	switch {
	case d.Nexus != nil:
		d.must(d.Nexus.SetFaults(nexussim.Faults{Hang: hang}))
		d.must(d.Nexus.Script(nexussim.Fault{Kind: nexussim.FaultTimeoutAfter, Op: nexussim.OpNoteCreate}))

		return func() {
			d.must(d.Nexus.SetFaults(nexussim.Faults{}))

			for _, kind := range []nexussim.FaultKind{nexussim.FaultResetAfter, nexussim.FaultServerErrorAfter, nexussim.FaultBrokenBody} {
				d.must(d.Nexus.Script(nexussim.Fault{Kind: kind, Op: nexussim.OpNoteCreate}))
			}
		}
	case d.Momentum != nil:
		d.Momentum.SetFaults(0)
		d.Momentum.Script(momentumsim.FaultTimeoutAfter)

		return func() { d.Momentum.SetFaults(0.2) }
	}

	return func() {}
}

func (d *noteDesk) must(err error) {
	d.tb().Helper()

	if err != nil {
		d.tb().Fatal(err)
	}
}

// mark is our sign in a note, by which it is found again.
var mark = regexp.MustCompile(`\s*(\[Sluse [a-z0-9]+\]|[\[(][^\[\]()]*#[0-9a-zA-Z]+[^\[\]()]*[\])])\s*$`)

// held are the citizen's notes as the record shows them, the oldest first.
func (d *noteDesk) held() []note {
	d.tb().Helper()

	number := d.citizen.CPR.Reveal()

	var out []note

	switch {
	case d.Nexus != nil:
		for _, n := range d.Nexus.Notes(number) {
			text := n.Fields["Notat"]
			delete(n.Fields, "Notat")
			out = append(out, note{n.Fields, mark.ReplaceAllString(text, "")})
		}
	case d.Momentum != nil:
		for _, n := range d.Momentum.Journal(number) {
			out = append(out, note{map[string]string{}, mark.ReplaceAllString(n.Body, "")})
		}
	default:
		for _, n := range d.robot.notes {
			if n.Citizen.CPR == number {
				out = append(out, told{Fields: n.Fields, Text: n.Text, Author: n.Author}.note())
			}
		}
	}

	return out
}

// holds asserts that the record holds precisely these notes, in order.
func (d *noteDesk) holds(after string, want ...note) {
	d.tb().Helper()

	if diff := cmp.Diff(want, d.held()); diff != "" {
		d.tb().Fatalf("in the record after %s (-want +got):\n%s", after, diff)
	}

	for i, n := range d.card().Notes { // the newest first
		if at := len(want) - 1 - i; at < 0 || !cmp.Equal(n.note(), want[at]) {
			d.tb().Errorf("the citizen's page shows %+v after %s", n, after)
		}
	}
}
