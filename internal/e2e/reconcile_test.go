package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/nexus/nexussim"
	"github.com/sluse/sluse/internal/world"
	"github.com/sluse/sluse/internal/world/recordday"
	"github.com/sluse/sluse/scheduler/care"
)

// threeVisits are rows of tomorrow's list, of three citizens, whose service may be given by screen.
func threeVisits(t *testing.T) []ehr.Row {
	t.Helper()

	rows, err := recordday.Read(t.Context(), ehr.File{Name: "koreliste.csv", Data: listOf(t, care.DayOf(time.Now()).Add(1))})
	if err != nil {
		t.Fatal(err)
	}

	var out []ehr.Row

	for _, r := range rows {
		known := func(o ehr.Row) bool { return o.CPR == r.CPR || o.Employee == r.Employee }
		if r.Service != "Personlig hjælp og pleje" && len(out) < 3 && !r.Phone.IsZero() && !slices.ContainsFunc(out, known) {
			out = append(out, r)
		}
	}

	if len(out) != 3 {
		t.Fatalf("the list has %d such visits", len(out))
	}

	return out
}

// TestReconciliation: what people change in Nexus appears on the page after "Afstem nu", is repaired by
// one click, is not repaired twice by a second, and the next comparison says that all is well.
func TestReconciliation(t *testing.T) {
	t.Parallel()

	browser := chromium(t)
	rows := threeVisits(t)
	c := found(t, terms{record: world.NexusRecord, planned: rows})
	leader := c.leader(c.serve("all"))

	c.fetchAll(leader)

	ids := leader.visits(c.day)
	if len(ids) != len(rows) {
		t.Fatalf("the day has %d visits", len(ids))
	}

	leader.watch(leader.convert(ids))
	c.settle()

	desk := newTab(browser, t, c.base).logIn("LEDER", "/afstemning")
	desk.says("Der er ikke afstemt endnu", true)
	desk.accessible()
	c.reconcile(desk)
	desk.says("Alt stemmer", true)

	moved, typed, off := c.inNexus(rows[0]), c.inNexus(rows[1]), c.inNexus(rows[2])
	if err := errors.Join(
		c.Nexus.Move(moved.Ref, moved.Start.Add(2*time.Hour), moved.End.Add(2*time.Hour)),
		c.Nexus.Categorise(typed.Ref, "Planlagt telefonopkald"), c.Nexus.Cancel(off.Ref),
	); err != nil {
		t.Fatal(err)
	}

	c.reconcile(desk)

	for _, title := range []string{"Besøget er flyttet i journalen", "Besøgstypen er ændret i hånden", "Besøget er aflyst i journalen", "3 forskelle at tage stilling til"} {
		desk.says(title, true)
	}

	desk.accessible()

	findings := leader.findings()
	for _, kind := range []care.DriftKind{care.DriftMoved, care.DriftCancelled} {
		c.repair(desk, findings[kind], kind.Terms().Do)
	}

	category := findings[care.DriftCategory]
	desk.fill("#o-"+category, "ja")
	desk.press(fmt.Sprintf("css:#f-%s form[action$='/ret'] button", category), "main")
	c.repaired(desk, category)
	c.settle()

	if got := c.inNexus(rows[1]).Category; got != typed.Category {
		t.Errorf("the category is %q again, not %q", got, typed.Category)
	}

	if got := c.inNexus(rows[2]).Meaning; got != nexussim.Cancelled {
		t.Errorf("what was cancelled in the record is %v", got)
	}

	c.again(leader, findings)
	c.reconcile(desk)
	desk.says("Alt stemmer", true)

	desk.open("/afstemning?tilstand=afsluttede", "main")
	desk.says("af LEDER: Flyt skærmbesøget til journalens tid", true)
	desk.accessible()
}

// preview is the link to a list that was read from the record.
var preview = regexp.MustCompile(`<a href="(/import/[^"/]+)">Se hvad der sker`)

// fetchAll reads tomorrow's lists from the record and imports them, as a planner does.
func (c *town) fetchAll(p *person) {
	c.tb.Helper()

	const form = "application/x-www-form-urlencoded"

	limit, cancel := context.WithTimeout(c.tb.Context(), patience)
	defer cancel()

	p.do(http.MethodPost, "/import/hent", form, strings.NewReader("dato="+c.day))

	for {
		page := p.do(http.MethodGet, "/import/hent?dato="+c.day, "", http.NoBody).body
		if lists := preview.FindAllSubmatch(page, -1); lists != nil && !bytes.Contains(page, []byte("Hentes")) {
			for _, l := range lists {
				p.do(http.MethodPost, string(l[1]), form, http.NoBody)
			}

			return
		}

		if !c.anyRequest(limit) {
			c.tb.Fatalf("the lists did not come:\n%s", page)
		}
	}
}

// reconcile presses "Afstem nu" and waits until that is over.
func (c *town) reconcile(p *tab) {
	c.tb.Helper()

	p.open("/afstemning", "main")
	p.press("Afstem nu", "main")
	p.do(waitFor("main:not(:has([data-events]))"))
}

// inNexus is how a row's visit stands in the record.
func (c *town) inNexus(r ehr.Row) nexussim.Visit {
	c.tb.Helper()

	all := c.Nexus.Visits()

	i := slices.IndexFunc(all, func(v nexussim.Visit) bool { return slices.Contains(v.CPR, r.CPR.Reveal()) })
	if i < 0 {
		c.tb.Fatal("the record has no such visit")
	}

	return all[i]
}

// repair presses a difference's own button, and waits until it says that it is repaired.
func (c *town) repair(p *tab, finding, do string) {
	c.tb.Helper()

	p.says(do, true)
	p.press(fmt.Sprintf("css:#f-%s form[action$='/ret'] button", finding), "main")
	c.repaired(p, finding)
}

// repaired waits until a difference is no longer open or being repaired: the page itself asks.
func (c *town) repaired(p *tab, finding string) {
	c.tb.Helper()
	p.do(waitFor(fmt.Sprintf("main:not(:has(#f-%[1]s[hx-get])):not(:has(#f-%[1]s form))", finding)))
}

// again asks for every repair a second time: nothing is written and nothing is changed.
func (c *town) again(leader *person, findings map[care.DriftKind]string) {
	c.tb.Helper()

	c.settle()
	before := c.effectsInNexus()

	for _, id := range findings {
		leader.call(http.MethodPost, "/api/v1/reconciliation/findings/"+id+"/repair", map[string]any{"overwrite": true}, nil)
	}

	c.settle()

	if after := c.effectsInNexus(); after != before {
		c.tb.Errorf("a second click changed the record: %d versions, then %d", before, after)
	}
}

func (c *town) effectsInNexus() int {
	n := 0
	for _, v := range c.Nexus.Visits() {
		n += v.Version
	}

	return n
}

// findings are the open differences by kind.
func (p *person) findings() map[care.DriftKind]string {
	p.tb.Helper()

	var answer struct {
		Items []struct {
			ID   string
			Kind care.DriftKind
		}
	}

	p.call(http.MethodGet, "/api/v1/reconciliation/findings", nil, &answer)

	out := make(map[care.DriftKind]string)
	for _, f := range answer.Items {
		out[f.Kind] = f.ID
	}

	return out
}
