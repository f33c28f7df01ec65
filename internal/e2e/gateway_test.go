package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/ehr/fhir/fhirpeer"
	"github.com/sluse/sluse/scheduler/care"
)

// TestGatewayReport: a leader downloads the report of KL's Gateway while a day is planned, and again
// when it has ended: who it tells of stays, with the same ids; what they are told of is what became of
// the visits; nobody else gets it; it is audited, and an empty period says so on the page.
func TestGatewayReport(t *testing.T) {
	t.Parallel()

	both(t, func(t *testing.T, postgres bool) {
		t.Helper()

		c := found(t, terms{postgres: postgres})
		c.rewrite(c.ConfigFile, c.ConfigFile, `    emergency`, "    emergency: \"1813\"\n    klgateway: {organisation: \"123456789012345\", services: {Medicinadministration: G5.19, Tilsyn/omsorg: G1.20}}")
		c.rewrite(c.ConfigFile, c.ConfigFile, `    times`, "    times: {door: 1h, grace: 15m, hard_cap: 1h, together: 30s, room_check: 3m}")

		p := c.serve("all")
		leader := c.leader(p)
		visits := c.soon(leader, 8)
		leader.watch(leader.convert(visits[:6]))
		undone := leader.convert(visits[6:7]) // the last one stays a physical visit, and is never told
		leader.watch(undone)
		c.settle()

		planned := c.gateway(leader)
		if diff := cmp.Diff(map[string]int{"planned Skærmbesøg": 7}, planned.fates()); diff != "" {
			t.Errorf("while it is planned (-want +got):\n%s", diff)
		}

		c.end(leader, visits)
		leader.call(http.MethodPost, "/api/v1/conversions/"+undone+"/undo", nil, nil)
		leader.watch(undone)
		c.settle()

		ended := c.gateway(leader)

		want := map[string]int{
			"finished Skærmbesøg": 1, "finished Telefonisk": 1, "planned HH": 2, "entered-in-error Skærmbesøg": 2, "entered-in-error HH": 1,
		}
		if diff := cmp.Diff(want, ended.fates()); diff != "" {
			t.Errorf("when it has ended (-want +got):\n%s", diff)
		}

		if diff := cmp.Diff(planned.ids(), ended.ids()); diff != "" {
			t.Errorf("ids (-planned +ended):\n%s", diff)
		}

		if postgres { // each of what takes long, once
			found := fhirpeer.Validate(t, map[string][]byte{"planned": planned.lines[0], "ended": bytes.TrimSpace(ended.lines[len(ended.lines)-1])})
			if len(found) != 0 {
				t.Errorf("the validators: %v", found)
			}
		} else {
			c.emptyPeriod(newTab(chromium(t), t, c.base).logIn("LEDER", "/rapporter"))
		}

		c.parts(leader, ended)
		c.whoMay(p)
		ended.unspoken(p)
	})
}

// end lets the visits end in every way.
func (c *town) end(leader *person, visits []string) {
	c.tb.Helper()

	for i, end := range []struct {
		path string
		body map[string]any
	}{
		{"conclude", map[string]any{"kind": "completed", "delivery": "screen", "known": string(care.KnownToStaff) + "/called"}},
		{"conclude", map[string]any{"kind": "completed", "delivery": "phone"}},
		{"physical", nil},
		{"cancel", map[string]any{"reason": care.CancelledCitizen}},
		{"conclude", map[string]any{"kind": "not_completed", "reason": care.CitizenAbsent}},
		{"physical", nil},
	} {
		var body any
		if end.body != nil {
			body = end.body
		}

		leader.call(http.MethodPost, "/api/v1/visits/"+visits[i]+"/"+end.path, body, nil)
	}

	c.settle()
	leader.call(http.MethodPost, "/api/v1/visits/"+visits[5]+"/cancel", map[string]any{"reason": care.CancelledStaff}, nil)
}

// gatewayReport is a file of the report, read as its receiver would.
type gatewayReport struct {
	tb      testing.TB
	lines   [][]byte
	bundles []gatewayBundle
}

type gatewayBundle struct {
	ResourceType string
	Type         string
	Meta         struct{ Profile []string }
	Entry        []struct {
		FullURL  string
		Resource map[string]any
	}
}

// period is yesterday until tomorrow, as the form sends it.
func (c *town) period() string {
	today := care.DayOf(time.Now())

	return fmt.Sprintf("?fra=%s&til=%s", today.Add(-1), today.Add(1))
}

// gateway downloads the report from the page, and checks what is common to every report.
func (c *town) gateway(p *person) gatewayReport {
	c.tb.Helper()

	file := p.do(http.MethodGet, "/rapporter/klgateway"+c.period(), "", http.NoBody)
	if file.status != http.StatusOK {
		c.tb.Fatalf("the report: %d %s", file.status, file.body)
	}

	r := readReport(c.tb, file.body)
	for _, b := range r.bundles {
		r.check(b, c.list)
	}

	return r
}

func readReport(tb testing.TB, file []byte) gatewayReport {
	tb.Helper()

	r := gatewayReport{tb: tb, lines: slices.Collect(bytes.Lines(file))}

	for _, line := range r.lines {
		var b gatewayBundle
		if err := json.Unmarshal(line, &b); err != nil { //nolint:musttag // the names differ in case alone
			tb.Fatal(err)
		}

		r.bundles = append(r.bundles, b)
	}

	return r
}

// check compares a Bundle with the profiles of the IG (eoj.md §3.3).
func (r gatewayReport) check(b gatewayBundle, list []byte) {
	r.tb.Helper()

	if b.ResourceType != "Bundle" || b.Type != "collection" || len(b.Meta.Profile) != 1 || !strings.HasSuffix(b.Meta.Profile[0], "klgateway-care-delivery-report") {
		r.tb.Errorf("a %s of type %s, profile %v", b.ResourceType, b.Type, b.Meta.Profile)
	}

	kinds := map[string]int{}

	for _, e := range b.Entry {
		kind, _ := e.Resource["resourceType"].(string)
		kinds[kind]++

		if id, _ := e.Resource["id"].(string); e.FullURL != "urn:uuid:"+id || len(id) != 36 {
			r.tb.Errorf("%s of a %s has the id %q", e.FullURL, kind, id)
		}

		for _, forbidden := range []string{
			"text", "name", "telecom", "address", "participant", "appointment", "serviceProvider", "location", "length", "serviceType", "reasonCode", "basedOn", "statusHistory",
		} {
			if _, there := e.Resource[forbidden]; there {
				r.tb.Errorf("%s.%s is forbidden", kind, forbidden)
			}
		}

		if _, there := e.Resource["identifier"]; there != (kind == "Patient") {
			r.tb.Errorf("%s.identifier is there: %v", kind, there)
		}
	}

	if kinds["Patient"] != 1 || kinds["Encounter"] != 1 || kinds["CarePlan"] > 1 || len(kinds) > 3 {
		r.tb.Errorf("a bundle of %v", kinds)
	}

	if number := r.number(b); len(number) != 10 || !bytes.Contains(list, []byte(number)) && !bytes.Contains(list, []byte(number[:6]+"-"+number[6:])) {
		r.tb.Error("a bundle is of nobody on the list")
	}
}

// number is the CPR number of whom a bundle is.
func (r gatewayReport) number(b gatewayBundle) string {
	var patient struct{ Identifier []struct{ Value string } }

	for _, e := range b.Entry {
		if e.Resource["resourceType"] == "Patient" {
			data, err := json.Marshal(e.Resource)
			if err == nil {
				err = json.Unmarshal(data, &patient) //nolint:musttag // the names differ in case alone
			}

			if err != nil || len(patient.Identifier) != 1 {
				r.tb.Fatalf("a patient with %d identifiers: %v", len(patient.Identifier), err)
			}
		}
	}

	return patient.Identifier[0].Value
}

// fates count the visits by status and class.
func (r gatewayReport) fates() map[string]int {
	classes := map[any]string{"124be95d-6924-4609-9d2a-e7c73ae3ab3d": "Skærmbesøg", "1b55a4b0-1156-4f58-b2df-b5c6014d9048": "Telefonisk", "HH": "HH"}
	out := map[string]int{}

	for _, b := range r.bundles {
		for _, e := range b.Entry {
			if class, ok := e.Resource["class"].(map[string]any); ok {
				out[fmt.Sprint(e.Resource["status"], " ", classes[class["code"]])]++
			}
		}
	}

	return out
}

// ids are those of the resources, by citizen.
func (r gatewayReport) ids() map[string][]string {
	out := map[string][]string{}

	for _, b := range r.bundles {
		number := r.number(b)
		for _, e := range b.Entry {
			out[number] = append(out[number], e.FullURL)
		}
	}

	return out
}

// unspoken fails when the program's log tells whom the report is about.
func (r gatewayReport) unspoken(p *process) {
	for number := range r.ids() {
		if strings.Contains(p.out.String(), number) {
			r.tb.Error("a CPR number is in the log")
		}
	}
}

// parts downloads the report unit by unit: together they are the whole.
func (c *town) parts(p *person, whole gatewayReport) {
	c.tb.Helper()

	parts := map[string][]string{}

	for _, unit := range []string{"oest", "vest", "nat"} {
		file := p.do(http.MethodGet, "/rapporter/klgateway"+c.period()+"&enhed="+unit, "", http.NoBody)
		if bytes.Contains(file.body, []byte("Ingen borgere har skærmbesøg i perioden")) {
			continue
		}

		maps.Copy(parts, readReport(c.tb, file.body).ids())
	}

	if diff := cmp.Diff(whole.ids(), parts); diff != "" {
		c.tb.Errorf("unit by unit (-whole +parts):\n%s", diff)
	}
}

// whoMay asks for the report as everybody else, and reads in the audit who got it.
func (c *town) whoMay(p *process) {
	c.tb.Helper()

	for _, user := range []string{"PLAN", "MSK", "REV", "DESK"} {
		who := newPerson(c.tb, c.base, p.addr).login(c.World, user)
		for _, path := range []string{"/rapporter", "/rapporter/klgateway" + c.period(), "/api/v1/exports/klgateway?from=" + c.day + "&to=" + c.day} {
			if got := who.do(http.MethodGet, path, "", http.NoBody); got.status != http.StatusForbidden {
				c.tb.Errorf("%s gets %s: %d", user, path, got.status)
			}
		}

		if user == "REV" {
			if page := who.do(http.MethodGet, "/revision?handling=export_klgateway", "", http.NoBody); !bytes.Contains(page.body, []byte("Hentede rapporten til KL Gateway")) {
				c.tb.Errorf("the audit: %d %s", page.status, page.body)
			}
		}
	}
}

// emptyPeriod asks on the page for days without visits, and for too many.
func (c *town) emptyPeriod(p *tab) {
	c.tb.Helper()

	p.says("Filen indeholder personnumre", true)
	p.accessible()
	p.fill("#fra", "2020-01-01")
	p.fill("#til", "2020-01-31")
	p.press("Hent filen", "main")
	p.says("Ingen borgere har skærmbesøg i perioden", true)
	p.accessible()
	p.fill("#til", "2020-03-01")
	p.press("Hent filen", "main")
	p.says("højst 31 dage", true)
	p.accessible()
}
