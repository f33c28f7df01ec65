package e2e_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/ehr/fhir/fhirsim"
	"github.com/sluse/sluse/internal/world"
)

// TestStagesInRecord takes three visits from the waiting room to their end, while a FHIR record that
// wants to know of each step fails with a fifth of the calls, and the service is killed in the middle of
// telling. Where the platform sends events the record also shows that the call goes on; where it tells
// afterwards only, it does not.
func TestStagesInRecord(t *testing.T) {
	t.Parallel()

	all := []string{"planned", "arrived", "in-progress", "finished"}
	afterwards := []string{"planned", "arrived", "finished"}

	for _, one := range []struct {
		name     string
		video    world.VideoKind
		postgres bool
		want     []string
	}{
		{"Pexip, sqlite", world.Pexip, false, all},
		{"Pexip, postgres", world.Pexip, true, all},
		{"VDX, sqlite", world.VDX2, false, afterwards},
		{"VDX, postgres", world.VDX2, true, afterwards},
	} {
		t.Run(one.name, func(t *testing.T) {
			t.Parallel()

			c := found(t, terms{video: one.video, postgres: one.postgres, prompt: true})
			c.reconfigure(func(m map[string]any) {
				part(part(m, "record"), "fhir")["stages"] = true
				part(m, "times")["together"] = "5s"
			})
			c.stages(one.want)
		})
	}
}

// part is a section of a configuration.
func part(of map[string]any, key string) map[string]any {
	found, _ := of[key].(map[string]any)
	if found == nil {
		found = map[string]any{}
		of[key] = found
	}

	return found
}

// stages plays the visits and compares what the record's Encounters went through.
func (c *town) stages(want []string) {
	c.tb.Helper()

	p := c.serve("all")
	first, second, third, _, _ := guests()
	everybody := []guest{first, second, third}
	links, visits := c.doors(c.leader(p), everybody...)

	faults := fhirsim.Spread(0.2)
	faults.TimeoutBefore, faults.TimeoutAfter, faults.Hang = 0, 0, hang

	if err := c.FHIR.SetFaults(faults); err != nil {
		c.tb.Fatal(err)
	}

	if err := c.FHIR.Script(fhirsim.Fault{Kind: fhirsim.FaultTimeoutAfter, Op: fhirsim.OpUpdate}); err != nil {
		c.tb.Fatal(err)
	}

	var calls []*played
	for _, g := range everybody {
		calls = append(calls, c.comesIn(g, links[g.phone], visits[g.phone], p))
	}

	c.until("the first word of an arrival hangs", func() bool {
		return slices.ContainsFunc(c.FHIR.Requests(), func(r fhirsim.Request) bool { return r.Fault == fhirsim.FaultTimeoutAfter })
	})
	p.kill()
	c.serve("all")

	for _, one := range calls {
		one.enter()
	}

	c.until("the record shows the stages", func() bool {
		c.Tick(c.tb.Context())

		return c.shows(want[len(want)-2]) == len(calls) && time.Since(calls[len(calls)-1].met) > 6*time.Second
	})

	for _, one := range calls {
		one.end()
	}

	c.until("the record has the results", func() bool { return c.shows("finished") == len(calls) })
	c.settle()

	if visits := c.FHIR.Visits(); len(visits) != len(calls) {
		c.tb.Errorf("the record has %d visits", len(visits))
	}

	for _, one := range calls {
		one.check(want)
	}
}

// shows is how many Encounters have a status now.
func (c *town) shows(status string) int {
	n := 0

	for _, v := range c.FHIR.Visits() {
		for _, e := range v.Encounters {
			if e.Status == status {
				n++
			}
		}
	}

	return n
}

// played is a visit with its two people.
type played struct {
	town          *town
	visit, source string
	citizen, host *person
	legs          []string // rooms' names of who is in there

	asked, in, met, over, done time.Time // before and after it was let in; both in the room; before and after they left
}

// comesIn has the citizen come through the link with MitID, and the employee let them in.
func (c *town) comesIn(g guest, link, visit string, p *process) *played {
	c.tb.Helper()

	one := &played{town: c, visit: visit, source: "I-" + g.phone, citizen: newPerson(c.tb, c.base, p.addr), host: newPerson(c.tb, c.base, p.addr).login(c.World, g.employee)}

	one.citizen.post(link, nil)

	sent := one.citizen.post("/b/eid/"+world.MitIDKey, nil)

	back, err := c.LogIn(c.tb.Context(), world.MitIDKey, sent.location, g.cpr)
	if err != nil {
		c.tb.Fatal(err)
	}

	one.citizen.post(back.URL, back.Form)

	var lobby struct {
		Admissions []struct{ ID, State string }
	}

	one.host.call(http.MethodGet, "/api/v1/visits/"+visit+"/lobby", nil, &lobby)

	if len(lobby.Admissions) != 1 || lobby.Admissions[0].State != "identified" {
		c.tb.Fatalf("in the waiting room is %+v", lobby)
	}

	one.asked = time.Now()
	one.host.call(http.MethodPost, "/api/v1/visits/"+visit+"/admissions/"+lobby.Admissions[0].ID+"/admit", map[string]any{"recognised": true}, nil)
	one.in = time.Now()

	return one
}

// post sends a form, which leads to another page.
func (p *person) post(path string, form url.Values) answer {
	p.tb.Helper()

	a := p.do(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
	if a.status != http.StatusSeeOther {
		p.tb.Fatalf("POST %s: %d", path, a.status)
	}

	return a
}

// enter has the employee and then the citizen enter the room through the platform's page.
func (one *played) enter() {
	c := one.town
	c.tb.Helper()

	for _, who := range []struct {
		*person
		path string
	}{{one.host, "/min-dag/" + one.visit + "/start"}, {one.citizen, "/b/ind"}} {
		target, form, err := c.Door(who.post(who.path, nil).location)
		if err != nil {
			c.tb.Fatal(err)
		}

		form.Set("name", "Test")

		var leg struct{ Leg string }

		c.atPlatform(target, form, &leg)
		one.legs = append(one.legs, leg.Leg)
	}

	one.met = time.Now()
}

// atPlatform sends a form to the platform's page, as its own program does, until it is taken: a platform
// opens a room after some seconds.
func (c *town) atPlatform(target string, form url.Values, out any) {
	c.tb.Helper()

	visitor := newPerson(c.tb, c.base, mustURL(c.tb, target).Host)

	c.until("the platform lets somebody through", func() bool {
		c.Tick(c.tb.Context())

		a := visitor.program(target, form)
		if a.status == http.StatusOK && out != nil {
			visitor.read(target, a, out)
		}

		return a.status == http.StatusOK
	})
}

// program sends a form and wants JSON.
func (p *person) program(target string, form url.Values) answer {
	p.tb.Helper()

	req, err := http.NewRequestWithContext(p.tb.Context(), http.MethodPost, target, strings.NewReader(form.Encode()))
	if err != nil {
		p.tb.Fatal(err)
	}

	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")

	got, err := p.send(req)
	if err != nil {
		p.tb.Fatal(err)
	}

	return got
}

// end has both leave, and the employee say how it went as soon as the page tells that they have: whoever is
// faster than the platform gives the visit no times.
func (one *played) end() {
	c := one.town
	c.tb.Helper()

	one.over = time.Now()

	for _, leg := range one.legs {
		target, form := c.Leave(leg)
		c.atPlatform(target, form, nil)
	}

	c.until("the waiting room tells that they have left", func() bool {
		c.Tick(c.tb.Context())

		var lobby struct{ Verdict struct{ Decided bool } }

		one.host.call(http.MethodGet, "/api/v1/visits/"+one.visit+"/lobby", nil, &lobby)

		return lobby.Verdict.Decided
	})

	one.done = time.Now()
	one.host.call(http.MethodPost, "/api/v1/visits/"+one.visit+"/conclude", map[string]any{"kind": "completed", "delivery": "screen"}, nil)
}

// version is what one version of an Encounter says of the visit's course.
type version struct {
	Status  string        `json:"status"`
	Period  span          `json:"period"`
	History []statusSince `json:"statusHistory"`
}

type statusSince struct {
	Status string `json:"status"`
	Period span   `json:"period"`
}

// span is a time in the record; the zero time: it does not say.
type span struct {
	Start time.Time `json:"start,omitzero"`
	End   time.Time `json:"end,omitzero"`
}

// check asserts that the visit's Encounter went through the statuses, each once, and says of each from when
// to when it held, and its Appointment likewise.
func (one *played) check(want []string) {
	c := one.town
	c.tb.Helper()

	all := c.FHIR.Visits()

	i := slices.IndexFunc(all, func(v fhirsim.Visit) bool { return strings.Contains(v.Identifier, one.source) })
	if i < 0 || len(all[i].Appointments) != 1 || len(all[i].Encounters) != 1 {
		c.tb.Fatalf("%s: the record has %+v", one.source, all)
	}

	appointment, encounter := c.versions(all[i].Appointments[0].Ref), c.versions(all[i].Encounters[0].Ref)

	if diff := cmp.Diff([]string{"booked", "arrived", "fulfilled"}, statuses(appointment)); diff != "" {
		c.tb.Errorf("%s: the Appointment (-want +got):\n%s", one.source, diff)
	}

	if diff := cmp.Diff(want, statuses(encounter)); diff != "" {
		c.tb.Errorf("%s: the Encounter (-want +got):\n%s", one.source, diff)

		return
	}

	one.checkTimes(encounter[len(encounter)-1])

	if n := len(encounter) - 2; want[n] == "in-progress" && !within(encounter[n].Period.Start, one.in, one.met) {
		c.tb.Errorf("%s: it shows that the call began at %s", one.source, encounter[n].Period.Start)
	}
}

// checkTimes asserts what the finished Encounter says: when they talked, and until when each status held.
func (one *played) checkTimes(last version) {
	tb := one.town.tb
	tb.Helper()

	if !within(last.Period.Start, one.in, one.met) || !within(last.Period.End, one.over, one.done) {
		tb.Errorf("%s: they talked from %s to %s, and not from about %s to %s", one.source, last.Period.Start, last.Period.End, one.met, one.done)
	}

	for n, h := range last.History {
		ended := span{one.asked, one.in} // planned: when the citizen was let in

		switch h.Status {
		case "arrived":
			ended = span{one.in, one.met}
		case "in-progress":
			ended = span{one.over, one.done}
		}

		if !within(h.Period.End, ended.Start, ended.End) {
			tb.Errorf("%s: it was %s until %s, want between %s and %s", one.source, h.Status, h.Period.End, ended.Start, ended.End)
		}

		if n > 0 && !h.Period.Start.Equal(last.History[n-1].Period.End) {
			tb.Errorf("%s: it was %s from %s, but %s until %s", one.source, h.Status, h.Period.Start, last.History[n-1].Status, last.History[n-1].Period.End)
		}
	}
}

// within reports whether a time in whole seconds lies between two others.
func within(at, from, to time.Time) bool {
	return !at.Before(from.Truncate(time.Second)) && !at.After(to.Add(time.Second))
}

// versions are those of a resource, oldest first.
func (c *town) versions(ref string) []version {
	c.tb.Helper()

	var out []version

	for _, body := range c.FHIR.Versions(ref) {
		var v version

		text, err := json.Marshal(body)
		if err == nil {
			err = json.Unmarshal(text, &v)
		}

		if err != nil {
			c.tb.Fatal(err)
		}

		out = append(out, v)
	}

	return out
}

func statuses(all []version) []string {
	var out []string
	for _, v := range all {
		out = append(out, v.Status)
	}

	return out
}
