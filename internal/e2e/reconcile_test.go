package e2e_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/internal/world"
	"github.com/sluse/sluse/scheduler/care"
)

// reconciled is a record with its database, and whether somebody sits at a browser.
type reconciled struct {
	record   world.RecordKind
	postgres bool
	browser  bool
}

// TestReconciliation: what people change in the record appears after "Afstem nu", is repaired by one
// click, is not repaired twice by a second, and the next comparison says that all is well.
func TestReconciliation(t *testing.T) {
	t.Parallel()

	for name, o := range map[string]reconciled{
		"nexus/sqlite":   {record: world.NexusRecord},
		"nexus/postgres": {record: world.NexusRecord, postgres: true, browser: true},
		"fhir/sqlite":    {record: world.FHIRRecord, browser: true},
		"fhir/postgres":  {record: world.FHIRRecord, postgres: true},
		"file/sqlite":    {record: world.FileRecord},
		"file/postgres":  {record: world.FileRecord, postgres: true, browser: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reconcile(t, o)
		})
	}
}

func reconcile(t *testing.T, o reconciled) {
	t.Helper()

	d := &desk{at: "/afstemning"}

	var browser context.Context
	if o.browser {
		browser = chromium(t)
	}

	const converted = 5

	rows := severalVisits(t, converted+1)
	rows[converted].Category = ownCategory // people typed it, and there is nothing else about the visit

	c := found(t, terms{record: o.record, postgres: o.postgres, planned: rows})
	d.leader = c.leader(c.serve("all"))

	people := c.peopleAt(rows)
	people.bring(d.leader)

	ids := d.leader.visits(c.day)
	if len(ids) != len(rows) {
		t.Fatalf("the day has %d visits", len(ids))
	}

	d.leader.watch(d.leader.convert(ids[:converted]))
	c.settle()

	if browser != nil {
		d.tab = newTab(browser, t, c.base).logIn("LEDER", "/afstemning")
		d.accessible()
	}

	d.says("Der er ikke afstemt endnu")
	c.reconcile(d)
	d.says("Alt stemmer")
	people.meddle(d.leader)
	c.settle()
	c.reconcile(d)
	d.says(fmt.Sprintf("%d forskelle at tage stilling til", len(people.kinds)))
	d.accessible()

	open := d.leader.findings()
	if diff := cmp.Diff(slices.Sorted(slices.Values(people.kinds)), slices.Sorted(maps.Keys(open))); diff != "" {
		t.Fatalf("the differences are other than people made (-want +got):\n%s", diff)
	}

	for _, k := range people.kinds {
		c.repair(d, open[k], k)
	}

	c.settle()
	people.right()
	c.again(d.leader, people, open)
	c.reconcile(d)
	d.says("Alt stemmer")
	c.checkMessages(people.texts, people.live, converted)

	d.at = "/afstemning?tilstand=afsluttede"
	d.says("af LEDER: " + people.kinds[0].Terms().Do)
	d.accessible()

	d.at = "/afstemning/optaelling"
	d.says("1 besøg i journalen har fået typen af andre end Sluse.")
	d.accessible()
}

// checkMessages asserts how many messages citizens got, and how many rooms stand of those that were made.
func (c *town) checkMessages(texts, live, ever int) {
	c.tb.Helper()

	if n := len(c.Texts()); n != texts {
		c.tb.Errorf("%d messages were sent, want %d", n, texts)
	}

	if rooms := c.Counts(); rooms.RoomsLive != live || rooms.RoomsEver != ever || rooms.DuplicateRooms+rooms.TextsAfterCancel != 0 {
		c.tb.Errorf("%+v, want %d rooms ever and %d that stand", rooms, ever, live)
	}
}

// desk is a team leader at the page of reconciliations: in a browser, or else through the API.
type desk struct {
	leader *person
	tab    *tab   // nil: no browser
	at     string // the page that says reads
}

func (d *desk) says(text string) {
	if d.tab != nil {
		d.tab.open(d.at, "main")
		d.tab.says(text, true)

		return
	}

	d.leader.tb.Helper()

	if page := d.leader.do(http.MethodGet, d.at, "", nil).body; !bytes.Contains(page, []byte(text)) {
		d.leader.tb.Errorf("%q is not on the page:\n%.4000s", text, page)
	}
}

func (d *desk) accessible() {
	if d.tab != nil {
		d.tab.accessible()
	}
}

// preview is the link to a list that was read from the record.
var preview = regexp.MustCompile(`<a href="(/import/[^"/]+)">Se hvad der sker`)

// fetchAll reads tomorrow's lists from the record and imports those that are not as they were read before,
// as a planner does.
func (c *town) fetchAll(p *person) {
	c.tb.Helper()

	limit, cancel := context.WithTimeout(c.tb.Context(), patience)
	defer cancel()

	read := func() (lists []string, page []byte) {
		page = p.do(http.MethodGet, "/import/hent?dato="+c.day, "", http.NoBody).body
		for _, l := range preview.FindAllSubmatch(page, -1) {
			lists = append(lists, string(l[1]))
		}

		return lists, page
	}

	before, _ := read()
	p.do(http.MethodPost, "/import/hent", form, strings.NewReader("dato="+c.day))

	for {
		lists, page := read()
		lists = slices.DeleteFunc(lists, func(l string) bool { return slices.Contains(before, l) })

		if len(lists) > 0 && !bytes.Contains(page, []byte("Hentes")) {
			for _, l := range lists {
				p.do(http.MethodPost, l, form, http.NoBody)
			}

			return
		}

		if !c.anyRequest(limit) {
			c.tb.Fatalf("the lists did not come:\n%s", page)
		}
	}
}

// reconcile presses "Afstem nu" and waits until that is over.
func (c *town) reconcile(d *desk) {
	c.tb.Helper()

	if d.tab == nil {
		c.awaitRun(d.leader, d.leader.askRun())

		return
	}

	d.tab.open("/afstemning", "main")
	d.tab.press("Afstem nu", "main")
	d.tab.do(waitFor("main:not(:has([data-events]))"))
}

// comparison is a run as the API tells it.
type comparison struct {
	ID       string `json:"id"`
	State    string `json:"state"`
	NextTry  string `json:"next_try"` // empty: it goes on, or is over
	Active   bool   `json:"active"`
	Citizens int    `json:"citizens"`
	Looked   int    `json:"looked"`
	Found    int    `json:"found"`
}

func (p *person) askRun() string {
	p.tb.Helper()

	var asked comparison

	p.call(http.MethodPost, "/api/v1/reconciliation/runs", nil, &asked)

	return asked.ID
}

// run is how far a comparison is.
func (p *person) run(id string) comparison {
	p.tb.Helper()

	var now comparison

	p.call(http.MethodGet, "/api/v1/reconciliation/runs/"+id, nil, &now)

	return now
}

// awaitRun waits until a comparison is over. Somebody asks again when it waits because a peer was silent.
func (c *town) awaitRun(p *person, id string) comparison {
	c.tb.Helper()

	limit, cancel := context.WithTimeout(c.tb.Context(), patience)
	defer cancel()

	for {
		now := p.run(id)
		if !now.Active {
			return now
		}

		if now.NextTry != "" {
			c.is("the comparison that goes on", p.askRun(), id)
		}

		if !c.anyRequest(limit) {
			c.tb.Fatalf("the comparison does not end: %+v", now)
		}
	}
}

// repair presses a difference's own button, and waits until the page, which asks by itself, says that it
// is no longer open or being repaired.
func (c *town) repair(d *desk, finding string, kind care.DriftKind) {
	c.tb.Helper()

	if d.tab == nil {
		d.leader.repair(finding)

		return
	}

	d.tab.open("/afstemning", "main")
	d.tab.says(kind.Terms().Do, true)

	if kind.Terms().Remedy.Overwrites() {
		d.tab.fill("#o-"+finding, "ja")
	}

	d.tab.press(fmt.Sprintf("css:#f-%s form[action$='/ret'] button", finding), "main")
	d.tab.do(waitFor(fmt.Sprintf("main:not(:has(#f-%[1]s[hx-get])):not(:has(#f-%[1]s form))", finding)))
}

// repair asks for a repair, with the word that it may overwrite.
func (p *person) repair(finding string) {
	p.tb.Helper()
	p.call(http.MethodPost, "/api/v1/reconciliation/findings/"+finding+"/repair", map[string]any{"overwrite": true}, nil)
}

// again asks for every repair a second time: nothing is written and nothing is changed.
func (c *town) again(leader *person, people people, findings map[care.DriftKind]string) {
	c.tb.Helper()

	everything := func() string {
		return fmt.Sprintf("%s, %d messages, %d rooms", people.effects(), len(c.Texts()), len(c.Rooms()))
	}
	before := everything()

	for _, id := range findings {
		leader.repair(id)
	}

	c.settle()

	if after := everything(); after != before {
		c.tb.Errorf("a second click changed something: %s, then %s", before, after)
	}
}

// findings are the open differences by kind, of which there is one of each.
func (p *person) findings() map[care.DriftKind]string {
	p.tb.Helper()

	out := make(map[care.DriftKind]string)

	for kind, all := range p.allFindings() {
		if out[kind] = all[0]; len(all) > 1 {
			p.tb.Fatalf("%d differences are %s", len(all), kind)
		}
	}

	return out
}

// allFindings are the open differences by kind.
func (p *person) allFindings() map[care.DriftKind][]string {
	p.tb.Helper()

	var answer struct {
		Items []struct {
			ID   string
			Kind care.DriftKind
		}
	}

	p.call(http.MethodGet, "/api/v1/reconciliation/findings", nil, &answer)

	out := make(map[care.DriftKind][]string)
	for _, f := range answer.Items {
		out[f.Kind] = append(out[f.Kind], f.ID)
	}

	return out
}
