package nexussim_test

import (
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/ehr/nexus/nexussim"
)

func TestDrivingList(t *testing.T) {
	t.Parallel()
	b := setup(t, nexussim.Options{Strict: true, Quirks: nexussim.Quirks{CalendarDelay: 300 * time.Second}})
	b.visit(nil)
	b.visit(func(v *nexussim.NewVisit) { v.Start, v.End = v.Start.AddDate(0, 0, 1), v.End.AddDate(0, 0, 1) })
	b.visit(func(v *nexussim.NewVisit) { v.CPR, v.Service, v.Law, v.Employee = nil, "Frokost", "", "" })

	got := b.list("Øst dag", midnight()).body
	events := items(got, "eventResources")
	if len(events) != 2 {
		t.Fatalf("%d events, want the visit and the break of the day", len(events))
	}
	visit := named(t, events, "title", "Medicinadministration")
	if rel(visit, "self") == "" || rel(visit, "update") != "" || visit["description"] != nil {
		t.Errorf("no half object: %v", visit)
	}
	if str(visit, "resourceId") == "" || len(items(visit, "patientResourceList")) != 1 {
		t.Errorf("visit: %v", visit)
	}
	if pause := named(t, events, "title", "Frokost"); pause["resourceId"] != nil || str(pause, "type") != "PROFESSIONAL_EVENT" {
		t.Errorf("break: %v", pause)
	}
	columns, _ := got["columnResource"].(map[string]any)
	named(t, items(columns, "resources"), "initials", "MSK")
	if !b.held(300 * time.Second) {
		t.Error("the slow calendar was not waited for")
	}
	b.call(http.StatusBadRequest, http.MethodPost, "calendar/events/criteria/EVENT/"+jsonInt(b.listID("Øst dag"))+"?from=2026-11-23", nil)
	b.call(http.StatusNotFound, http.MethodPost, "calendar/events/criteria/EVENT/"+jsonInt(b.listID("Køreliste"))+"?from=2026-11-23", nil)
}

func (b *bundle) listID(name string) float64 {
	prefs := b.get(rel(b.home(), "preferences")).body
	group := "CROSS_CITIZEN_CALENDAR"
	if name == "Køreliste" {
		group = "HCL_ORDER"
	}
	id, _ := named(b.t, items(prefs, group), "name", name)["id"].(float64)
	return id
}

func TestNightListBeginsAtNoon(t *testing.T) {
	t.Parallel()
	b := setup(t, nexussim.Options{})
	night := time.Date(2026, 3, 28, 22, 0, 0, 0, time.UTC) // the night in which summer time begins
	visits := []nexussim.NewVisit{}
	for _, at := range []time.Duration{-12 * time.Hour, 0, 3 * time.Hour, 11*time.Hour + 59*time.Minute, 12 * time.Hour} {
		visits = append(visits, nexussim.NewVisit{
			CPR: []string{bruno}, Start: night.Add(at), End: night.Add(at + 10*time.Minute), Service: "Tilsyn", Law: "SEL §83",
		})
	}
	if _, err := b.sim.Load(nexussim.Day{List: "Øst nat", Visits: visits}); err != nil {
		t.Fatal(err)
	}
	noon := time.Date(2026, 3, 28, 11, 0, 0, 0, time.UTC)
	if n := len(items(b.list("Øst nat", noon).body, "eventResources")); n != 3 {
		t.Errorf("%d visits of the night, want 3: this one has 23 hours to noon", n)
	}
}

func TestChangeOfOneVisit(t *testing.T) {
	t.Parallel()
	b := setup(t, nexussim.Options{Strict: true})
	ref := b.visit(nil)
	read := b.event()
	event := read.body
	b.choose(event, "Planlagt skærmbesøg")
	event["comments"] = "Nøgleboks ved dør [skærmbesøg]"
	got := b.call(http.StatusOK, http.MethodPut, rel(event, "update"), event, "If-Match", read.header.Get("Etag"))
	if str(got.body, "statusColor") != "CFE8FF" || got.header.Get("Etag") == read.header.Get("Etag") {
		t.Errorf("answer: %s", got.raw)
	}
	v, err := b.sim.Visit(ref)
	if err != nil {
		t.Fatal(err)
	}
	if v.Category != "Planlagt skærmbesøg" || v.Version != 2 || len(v.Changes) != 1 || v.Changes[0].By != "sluse" || v.Changes[0].Bearer == "" {
		t.Errorf("visit: %+v", v)
	}
	var touched []string
	for _, f := range v.Changes[0].Fields {
		touched = append(touched, f.Name)
	}
	if diff := cmp.Diff([]string{"background", "comments", "eventType", "statusColor"}, touched); diff != "" {
		t.Error(diff)
	}
	b.restore(ref)
}

// restore takes the change back and asks for every byte.
func (b *bundle) restore(ref nexussim.Ref) {
	b.t.Helper()
	event := b.event().body
	b.choose(event, "Planlagt besøg")
	event["comments"] = "Nøgleboks ved dør"
	b.call(http.StatusOK, http.MethodPut, rel(event, "update"), event)
	b.call(http.StatusConflict, http.MethodPut, rel(event, "update"), event) // stale now
	v, err := b.sim.Visit(ref)
	if err != nil {
		b.t.Fatal(err)
	}
	same, err := b.sim.Compare(ref)
	if err != nil || len(same.Differ) != 0 || same.Before != same.Now {
		b.t.Errorf("not restored: %v %v", same.Differ, err)
	}
	kinds := []nexussim.Kind{}
	for _, e := range v.Entries {
		kinds = append(kinds, e.Kind)
	}
	if diff := cmp.Diff([]nexussim.Kind{nexussim.Planned, nexussim.Restored}, kinds); diff != "" {
		b.t.Error(diff)
	}
	versions := b.sim.Versions(ref)
	if len(versions) != 3 || versions[0].Document != versions[2].Document {
		b.t.Errorf("versions: %v", versions)
	}
}

func TestRefusedChanges(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		load   func(*nexussim.NewVisit)
		change func(map[string]any)
		quirks nexussim.Quirks
		header string
		strict bool
		want   int
	}{
		"another event":         {change: func(e map[string]any) { e["id"] = 1 }, want: 400},
		"no version":            {change: func(e map[string]any) { delete(e, "version") }, want: 409},
		"stale version, 412":    {change: func(e map[string]any) { e["version"] = 0 }, quirks: nexussim.Quirks{StaleStatus: 412}, want: 412},
		"stale ETag":            {header: `"77"`, want: 409},
		"stale, a plain 500":    {change: func(e map[string]any) { e["version"] = 0 }, quirks: nexussim.Quirks{StaleStatus: 500}, want: 500},
		"everything is a 500":   {change: func(e map[string]any) { e["id"] = 1 }, quirks: nexussim.Quirks{Errors500: true}, want: 500},
		"delivered":             {load: func(v *nexussim.NewVisit) { v.Delivered = true }, want: 400},
		"read-only":             {load: func(v *nexussim.NewVisit) { v.ReadOnly = true }, want: 400},
		"locked on its start":   {load: func(v *nexussim.NewVisit) { v.LockedOnStart = true }, change: moved, want: 400},
		"unknown type":          {change: func(e map[string]any) { e["eventType"] = map[string]any{"id": 1} }, want: 400},
		"strategy not offered":  {change: func(e map[string]any) { e["changeStrategy"] = "ALL" }, want: 400},
		"no end":                {change: func(e map[string]any) { delete(e, "end") }, want: 400},
		"repeated, no strategy": {load: repeated, want: 400},
		"sparse, strict":        {change: func(e map[string]any) { delete(e, "description") }, strict: true, want: 400},
		"unknown, strict":       {change: func(e map[string]any) { e["mine"] = 1 }, strict: true, want: 400},
		"colour set, strict":    {change: func(e map[string]any) { e["statusColor"] = "00FF00" }, strict: true, want: 400},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, nexussim.Options{Strict: test.strict, Quirks: test.quirks})
			ref := b.visit(test.load)
			event := b.event().body
			update := rel(event, "update")
			if test.load != nil && update == "" {
				update = rel(event, "self") // read-only: absent, and refused all the same
			}
			if test.change != nil {
				test.change(event)
			}
			b.call(test.want, http.MethodPut, update, event, "If-Match", test.header)
			if v, err := b.sim.Visit(ref); err != nil || v.Version != 1 || len(v.Changes) != 0 {
				t.Errorf("something was changed: %+v %v", v, err)
			}
		})
	}
}

func moved(e map[string]any) { e["start"] = "2026-11-23T12:59:00.000Z" }

func repeated(v *nexussim.NewVisit) {
	v.Repeat = []time.Time{v.Start.AddDate(0, 0, 1), v.Start.AddDate(0, 0, 2), v.Start.Add(3 * time.Hour)}
}

func TestSparseBodyLosesWhatItLeavesOut(t *testing.T) {
	t.Parallel()
	b := setup(t, nexussim.Options{Quirks: nexussim.Quirks{NoETag: true, NoContent: true}})
	ref := b.visit(func(v *nexussim.NewVisit) { v.Description = "Tekst" })
	read := b.event()
	if read.header.Get("Etag") != "" {
		t.Error("an ETag in spite of NoETag")
	}
	event := read.body
	delete(event, "description")
	b.call(http.StatusNoContent, http.MethodPut, rel(event, "update"), event)
	if c, err := b.sim.Compare(ref); err != nil || !slices.Equal(c.Differ, []string{"description"}) {
		t.Errorf("differs in %v %v", c.Differ, err)
	}
}

func TestRepeatedEvent(t *testing.T) {
	t.Parallel()
	for _, strategy := range []string{"THIS", "ALL"} {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			b := setup(t, nexussim.Options{Strict: true, Quirks: nexussim.Quirks{OnlySeries: strategy == "ALL"}})
			first := b.visit(repeated)
			event := b.event().body
			if offered := len(items(event, "changeStrategies")); (offered == 1) != (strategy == "ALL") {
				t.Errorf("offered: %v", event["changeStrategies"])
			}
			b.choose(event, "Planlagt skærmbesøg")
			event["changeStrategy"] = strategy
			got := b.call(http.StatusOK, http.MethodPut, rel(event, "update"), event).body
			if (got["variationId"] != nil) != (strategy == "THIS") {
				t.Errorf("variationId %v", got["variationId"])
			}
			changed, starts := 0, map[time.Time]bool{}
			for _, v := range b.sim.Visits() {
				if v.Ref.ID != first.ID {
					t.Errorf("another id: %v", v.Ref)
				}
				starts[v.Start] = true
				if v.Category == "Planlagt skærmbesøg" {
					changed++
				}
			}
			if want := map[string]int{"THIS": 1, "ALL": 4}[strategy]; changed != want || len(starts) != 4 {
				t.Errorf("%d of %d changed, want %d of 4", changed, len(starts), want)
			}
		})
	}
}

func TestOneOfManyChangesWins(t *testing.T) {
	t.Parallel()
	b := setup(t, nexussim.Options{})
	ref := b.visit(nil)
	event := b.event().body
	statuses := make(chan int, 8)
	var all sync.WaitGroup
	for range cap(statuses) {
		req := b.request(http.MethodPut, rel(event, "update"), event)
		all.Go(func() {
			resp, err := b.send(req)
			if err != nil {
				statuses <- 0
				return
			}
			_ = resp.Body.Close()
			statuses <- resp.StatusCode
		})
	}
	all.Wait()
	close(statuses)
	got := map[int]int{}
	for status := range statuses {
		got[status]++
	}
	if got[http.StatusOK] != 1 || got[http.StatusConflict] != 7 {
		t.Errorf("statuses: %v", got)
	}
	if v, err := b.sim.Visit(ref); err != nil || v.Version != 2 || len(v.Entries) != 1 || !v.Entries[0].Duplicate {
		t.Errorf("a change of nothing is a duplicate: %+v %v", v, err)
	}
}

func TestStopEvents(t *testing.T) {
	t.Parallel()
	b := setup(t, nexussim.Options{})
	b.visit(repeated)
	calendar := b.calendar(nancy)
	stop := b.get(rel(calendar, "getEventsToStop") + "?stopDate=2026-11-24").body
	if len(items(stop, "events")) != 1 {
		t.Fatalf("events to stop: %v", stop)
	}
	one, _ := items(stop, "events")[0].(map[string]any)["event"].(map[string]any)
	b.call(http.StatusNoContent, http.MethodPost, rel(stop, "stopEvents"), []any{one["id"]})
	if n := len(b.sim.Visits()); n != 2 {
		t.Errorf("%d visits left, want those of the first day", n)
	}
	if resp, err := b.send(b.request(http.MethodPost, rel(stop, "stopEvents"), []any{})); err == nil {
		_ = resp.Body.Close()
		t.Error("an empty array was answered")
	}
	if !b.held(300 * time.Second) {
		t.Error("no hang")
	}
}

// calendar is a citizen's Borgerkalender.
func (b *bundle) calendar(cpr string) map[string]any {
	b.t.Helper()
	prefs := b.get(rel(b.patient(cpr), "patientPreferences")).body
	return b.get(rel(named(b.t, items(prefs, "CITIZEN_CALENDAR"), "name", "Borgerkalender"), "self")).body
}

func TestCitizensCalendar(t *testing.T) {
	t.Parallel()
	b := setup(t, nexussim.Options{Quirks: nexussim.Quirks{HalfLists: true}})
	b.visit(nil)
	href := rel(b.calendar(nancy), "events") + "?from=2026-11-23T00:00:00.000Z&to=2026-11-24T00:00:00.000Z"
	events := items(b.get(href).body, "eventResources")
	if len(events) != 1 {
		t.Fatalf("%d events", len(events))
	}
	half, _ := events[0].(map[string]any)
	if _, there := half["comments"]; there {
		t.Error("comments in a half object")
	}
	grants := items(items(half, "patientResourceList")[0].(map[string]any), "grants")
	grant := b.get(rel(named(t, grants, "name", "Medicinadministration"), "self")).body
	law, _ := named(t, items(grant, "currentElements"), "type", "paragraph")["paragraph"].(map[string]any)
	if str(law, "name") != "Sundhedsloven" || str(law, "section") != "§ 138" {
		t.Errorf("law: %v", law)
	}
}

func TestChangesByStaff(t *testing.T) {
	t.Parallel()
	b := setup(t, nexussim.Options{})
	ref := b.visit(nil)
	other := noon().Add(5 * time.Hour)
	for name, act := range map[string]func() error{
		"move": func() error { return b.sim.Move(ref, other, other.Add(time.Hour)) }, "assign": func() error { return b.sim.Assign(ref, "LBH") },
		"remark": func() error { return b.sim.Remark(ref, "Ring først") },
	} {
		if err := act(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	v, err := b.sim.Visit(ref)
	if err != nil || !v.Start.Equal(other) || v.Employee != "LBH" || v.Comment != "Ring først" || v.Version != 4 || !v.Active || len(v.Entries) != 0 {
		t.Errorf("visit: %+v %v", v, err)
	}
	twin, err := b.sim.Double(ref)
	if err != nil {
		t.Fatal(err)
	}
	if active, err := b.sim.Active(nancy, other, other.Add(time.Minute)); err != nil || len(active) != 2 {
		t.Errorf("active: %v %v", active, err)
	}
	if err := b.sim.Cancel(ref); err != nil {
		t.Fatal(err)
	}
	if err := b.sim.Delete(twin); err != nil {
		t.Fatal(err)
	}
	if err := b.sim.Move(twin, other, other.Add(time.Hour)); err == nil {
		t.Error("a deleted visit was moved")
	}
	counts := []int{}
	for _, c := range b.sim.ActiveCounts() {
		counts = append(counts, c.Count)
	}
	if diff := cmp.Diff([]int{1, 1, 1, 2, 1, 0}, counts); diff != "" {
		t.Error(diff)
	}
	if events := items(b.list("Øst dag", midnight()).body, "eventResources"); len(events) != 1 || events[0].(map[string]any)["eventType"].(map[string]any)["name"] != "Aflyst besøg" {
		t.Errorf("list: %v", events)
	}
}

func TestHospitalShowsOnTheList(t *testing.T) {
	t.Parallel()
	b := setup(t, nexussim.Options{})
	b.visit(nil)
	if err := b.sim.Admit(nancy); err != nil {
		t.Fatal(err)
	}
	event := b.event().body
	if got := str(event, "dashboardDescription"); got != "Nancy Ann Berggren (indlagt på sygehus), Medicinadministration" {
		t.Error(got)
	}
	state, _ := b.get(rel(event, "patient")).body["patientState"].(map[string]any)
	if str(state, "name") != "Indlagt" {
		t.Errorf("state: %v", state)
	}
}
