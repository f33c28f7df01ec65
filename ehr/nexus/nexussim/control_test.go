package nexussim_test

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/ehr/nexus/nexussim"
)

func TestRefusesToListenBeyondLoopback(t *testing.T) {
	t.Parallel()
	sim, err := nexussim.New(nexussim.Options{Clock: noon})
	if err != nil {
		t.Fatal(err)
	}
	for _, pair := range [][2]string{{"0.0.0.0:0", ""}, {":0", ""}, {"192.0.2.1:0", ""}, {"127.0.0.1:0", "[::]:0"}, {"nonsense", ""}} {
		if _, err := sim.Start(t.Context(), pair[0], pair[1]); err == nil {
			t.Errorf("%v was taken", pair)
		}
	}
	if err := sim.Close(); err != nil {
		t.Error(err)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]nexussim.Options{
		"no clock":         {},
		"negative latency": {Clock: noon, Latency: -1},
		"unknown right":    {Clock: noon, Clients: []nexussim.Client{{ID: "a", Rights: []nexussim.Right{"all"}}}},
		"stale status":     {Clock: noon, Quirks: nexussim.Quirks{StaleStatus: 404}},
		"long delay":       {Clock: noon, Quirks: nexussim.Quirks{CalendarDelay: time.Hour}},
		"hrefs":            {Clock: noon, Quirks: nexussim.Quirks{Hrefs: "odd"}},
		"cpr":              {Clock: noon, Quirks: nexussim.Quirks{CPR: "odd"}},
		"rates":            {Clock: noon, Faults: nexussim.Faults{Slow: 2}},
	} {
		if _, err := nexussim.New(o); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestScriptedFaults(t *testing.T) {
	t.Parallel()
	for kind, want := range map[nexussim.FaultKind]struct {
		status  int // 0: the connection breaks
		written bool
	}{
		nexussim.FaultResetBefore: {0, false}, nexussim.FaultResetAfter: {0, true},
		nexussim.FaultTimeoutBefore: {0, false}, nexussim.FaultTimeoutAfter: {0, true},
		nexussim.FaultUnauthorized: {401, false}, nexussim.FaultTooMany: {429, false},
		nexussim.FaultServerError: {500, false}, nexussim.FaultServerErrorAfter: {500, true},
		nexussim.FaultBadGatewayBefore: {502, false}, nexussim.FaultBadGatewayAfter: {502, true},
		nexussim.FaultUnavailable: {503, false}, nexussim.FaultBrokenBody: {200, true}, nexussim.FaultSlow: {200, true},
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			b := setup(t, nexussim.Options{})
			ref := b.visit(nil)
			event := b.event().body
			event["comments"] = "skærmbesøg"
			if err := b.sim.Script(nexussim.Fault{Kind: kind, Op: nexussim.OpEventUpdate, Subject: ref.Occurrence}); err != nil {
				t.Fatal(err)
			}
			resp, err := b.send(b.request(http.MethodPut, rel(event, "update"), event))
			switch {
			case err == nil && resp.StatusCode != want.status:
				t.Errorf("status %d, want %d", resp.StatusCode, want.status)
			case err != nil && want.status != 0:
				t.Error(err)
			}
			if err == nil {
				_ = resp.Body.Close()
			}
			v, err := b.sim.Visit(ref)
			if err != nil || (v.Comment == "skærmbesøg") != want.written {
				t.Errorf("comment %q %v", v.Comment, err)
			}
			last := b.sim.Requests(nexussim.OpEventUpdate)
			if len(last) != 1 || last[0].Fault != kind || last[0].Subject != ref.Occurrence || last[0].Status != want.status {
				t.Errorf("history: %v", last)
			}
		})
	}
}

func TestSeededFaultsAreTheSame(t *testing.T) {
	t.Parallel()
	fates := func(seed uint64) (kinds []nexussim.FaultKind) {
		b := setup(t, nexussim.Options{Seed: seed})
		if err := b.sim.SetFaults(nexussim.Faults{ServerError: 0.3, TooMany: 0.3, Unauthorized: 0.1}); err != nil {
			t.Fatal(err)
		}
		for range 30 {
			b.do(b.request(http.MethodGet, b.urls.API, nil))
		}
		b.sim.Calm()
		b.home()
		for _, r := range b.sim.Requests(nexussim.OpHome) {
			kinds = append(kinds, r.Fault)
		}
		return kinds
	}
	one := fates(3)
	if !slices.Equal(one, fates(3)) || slices.Equal(one, fates(4)) {
		t.Errorf("fates: %v", one)
	}
	if !slices.Contains(one, nexussim.FaultServerError) || !slices.Contains(one, nexussim.FaultTooMany) || one[30] != "" {
		t.Errorf("fates: %v", one)
	}
	sim, err := nexussim.New(nexussim.Options{Clock: noon})
	if err != nil {
		t.Fatal(err)
	}
	if sim.SetFaults(nexussim.Faults{Slow: -1}) == nil || sim.Script(nexussim.Fault{Kind: "fire"}) == nil {
		t.Error("wrong faults were taken")
	}
}

func TestBeforeNext(t *testing.T) {
	t.Parallel()
	b := setup(t, nexussim.Options{})
	ref := b.visit(nil)
	event := b.event().body
	b.sim.BeforeNext(nexussim.OpEventUpdate, func() error { return b.sim.Remark(ref, "en anden var her") })
	b.call(http.StatusConflict, http.MethodPut, rel(event, "update"), event)
	b.sim.BeforeNext(nexussim.OpEventRead, func() error { return errors.New("stop") })
	b.call(http.StatusInternalServerError, http.MethodGet, rel(event, "self"), nil)
	if err := b.sim.AwaitRequests(t.Context(), 3); err != nil {
		t.Error(err)
	}
	b.sim.ForgetRequests()
	if n := len(b.sim.Requests()); n != 0 {
		t.Errorf("%d requests kept", n)
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t, nexussim.Options{})
	good := nexussim.NewVisit{CPR: []string{nancy}, Start: noon(), End: noon().Add(time.Hour), Service: "Tilsyn", Law: "SEL §83"}
	for name, spoil := range map[string]func(*nexussim.NewVisit){
		"no length":   func(v *nexussim.NewVisit) { v.End = v.Start },
		"no service":  func(v *nexussim.NewVisit) { v.Service = "" },
		"no type":     func(v *nexussim.NewVisit) { v.Category = "Ukendt" },
		"old type":    func(v *nexussim.NewVisit) { v.Category = "Skærmbesøg (gammel)" },
		"no citizen":  func(v *nexussim.NewVisit) { v.CPR = []string{"0101010101"} },
		"id is taken": func(v *nexussim.NewVisit) { v.ID = b.visit(nil).ID },
	} {
		v := good
		spoil(&v)
		before := len(b.sim.Visits())
		if _, err := b.sim.Load(nexussim.Day{List: "Øst dag", Visits: []nexussim.NewVisit{good, v}}); err == nil || len(b.sim.Visits()) != before {
			t.Errorf("%s was loaded: %v", name, err)
		}
	}
}

// control makes a call of the control plane.
func (b *bundle) control(want int, method, path string, body any) answer {
	b.t.Helper()
	got := b.do(b.request(method, b.urls.Control+path, body))
	if got.status != want {
		b.t.Fatalf("%s %s: %d, want %d: %s", method, path, got.status, want, got.raw)
	}
	return got
}

func TestControlPlane(t *testing.T) {
	t.Parallel()
	b := setup(t, nexussim.Options{})
	refs := b.control(200, http.MethodPost, "/load", map[string]any{"list": "Syd dag", "visits": []any{map[string]any{
		"cpr": []string{torre}, "start": noon(), "end": noon().Add(time.Hour), "service": "Bostøtte", "law": "SEL §85", "employee": "NYE",
	}}}).list
	key := str(refs[0].(map[string]any), "occurrence")
	visit := "/visits/" + url.PathEscape(key)
	for _, act := range []struct {
		name string
		body any
	}{
		{"move", map[string]any{"start": noon(), "end": noon().Add(time.Minute)}},
		{"assign", map[string]any{"employee": "LBH"}},
		{"category", map[string]any{"name": "Planlagt skærmbesøg"}},
		{"comment", map[string]any{"text": "skærmbesøg"}},
		{"double", nil},
		{"protect", nil},
		{"unprotect", nil},
		{"deliver", nil},
		{"cancel", nil},
	} {
		b.control(204, http.MethodPost, visit+"/"+act.name, act.body)
	}
	b.control(400, http.MethodPost, visit+"/fly", nil)
	if got := b.control(200, http.MethodGet, visit, nil).body; str(got, "category") != "Aflyst besøg" || str(got, "employee") != "LBH" {
		t.Errorf("visit: %v", got)
	}
	if n := len(b.control(200, http.MethodGet, visit+"/versions", nil).list); n != 9 {
		t.Errorf("%d versions", n)
	}
	b.control(200, http.MethodGet, visit+"/compare", nil)
	b.control(204, http.MethodPost, visit+"/delete", nil)
	b.control(404, http.MethodPost, visit+"/delete", nil)
	b.control(400, http.MethodGet, "/visits/nonsense", nil)

	b.control(204, http.MethodPut, "/quirks", map[string]any{"stale_status": 412})
	b.control(400, http.MethodPut, "/quirks", map[string]any{"stale_status": 1})
	b.control(204, http.MethodPut, "/rights", map[string]any{"client": "sluse", "rights": []string{"read-lists"}})
	for _, act := range []string{"take", "give", "plant"} {
		b.control(204, http.MethodPost, "/rels", map[string]any{"rel": "update", "act": act})
	}
	b.control(400, http.MethodPost, "/rels", map[string]any{"rel": "update", "act": "?"})
	b.control(204, http.MethodPost, "/clock", map[string]any{"advance": "10m"})
	b.control(400, http.MethodPost, "/clock", map[string]any{"advance": "soon"})
	b.control(204, http.MethodPost, "/types", map[string]any{"name": "Nyt", "color": "AABBCC", "meaning": "planned"})
	b.control(204, http.MethodPost, "/interventions", map[string]any{"folder": "Ny", "name": "Skærm", "law": "SUL §138"})
	b.control(204, http.MethodPost, "/tasktypes", map[string]any{"name": "Ny"})
	b.control(204, http.MethodPost, "/forms", map[string]any{"title": "Notat", "fields": []any{map[string]any{"label": "Tekst", "type": "text"}}})
	b.control(400, http.MethodPost, "/forms", map[string]any{"title": "Notat", "fields": []any{map[string]any{"label": "Tekst", "type": "odd"}}})
	b.control(204, http.MethodPost, "/faults", []any{map[string]any{"kind": "500"}})
	b.control(204, http.MethodPut, "/faults", map[string]any{"slow": 0.1})
	b.control(204, http.MethodDelete, "/faults", nil)
	for _, path := range []string{"/totals", "/visits", "/citizens", "/grants", "/notes", "/tasks", "/active", "/requests?op=home"} {
		if got := b.control(200, http.MethodGet, path, nil); got.body == nil && got.list == nil {
			t.Errorf("%s: %s", path, got.raw)
		}
	}
	b.controlCitizens()
	b.control(204, http.MethodPost, "/tokens/expire", nil)
	b.control(204, http.MethodDelete, "/requests", nil)
	b.login()
}

func (b *bundle) controlCitizens() {
	b.t.Helper()
	people := b.sim.Citizens()
	place := "/citizens/" + jsonInt(float64(people[0].ID))
	for _, act := range []string{"admit", "discharge", "dead", "hide", "show"} {
		b.control(204, http.MethodPost, place+"/"+act, nil)
	}
	b.control(404, http.MethodPost, place+"/fly", nil)
	people[1].Mobile = "20009999"
	b.control(204, http.MethodPost, "/citizens", people[1])
	if now := b.sim.Citizens(); now[0].State != nexussim.Dead || now[1].Mobile != "20009999" {
		b.t.Errorf("citizens: %+v", now[:2])
	}
	req := b.request(http.MethodPost, b.urls.Control+"/tokens/expire", nil, "Sec-Fetch-Site", "cross-site")
	if got := b.do(req); got.status != http.StatusForbidden {
		b.t.Errorf("a foreign page may control: %d", got.status)
	}
}

func TestServerHeader(t *testing.T) {
	t.Parallel()
	b := setup(t, nexussim.Options{})
	for _, address := range []string{b.urls.API, b.urls.Page, b.urls.Control + "/totals", b.urls.Token} {
		if got := b.do(b.request(http.MethodGet, address, nil)); !strings.Contains(got.header.Get("Server"), "simulator") {
			t.Errorf("%s: Server %q", address, got.header.Get("Server"))
		}
	}
}
