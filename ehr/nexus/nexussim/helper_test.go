package nexussim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/ehr/nexus/nexussim"
)

const (
	nancy = "2512489996"
	bruno = "2509479989"
	torre = "0104909989"
)

// bundle is a started record and a caller of it that follows rels.
type bundle struct {
	t      *testing.T
	sim    *nexussim.Server
	urls   nexussim.URLs
	token  string
	mu     sync.Mutex
	waited []time.Duration
}

// noon is the simulators' time: a winter day in Denmark.
func noon() time.Time { return time.Date(2026, 11, 23, 11, 0, 0, 0, time.UTC) }

func setup(t *testing.T, o nexussim.Options) *bundle {
	t.Helper()
	b := &bundle{t: t}
	if o.Clock == nil {
		o.Clock = noon
	}
	o.Calm = true
	o.Seed = orDefault(o.Seed, 7)
	o.Wait = func(_ context.Context, d time.Duration) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.waited = append(b.waited, d)
	}
	sim, err := nexussim.New(o)
	if err != nil {
		t.Fatal(err)
	}
	b.sim = sim
	if b.urls, err = sim.Start(t.Context(), "127.0.0.1:0", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
	})
	b.login()
	return b
}

// held tells whether the record held a call back for d.
func (b *bundle) held(d time.Duration) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Contains(b.waited, d)
}

func orDefault(n, fallback uint64) uint64 {
	if n == 0 {
		return fallback
	}
	return n
}

func (b *bundle) login() {
	b.t.Helper()
	got := b.form(url.Values{"grant_type": {"client_credentials"}, "client_id": {"sluse"}, "client_secret": {"test-sluse"}})
	b.token = str(got.body, "access_token")
	if got.status != http.StatusOK || b.token == "" {
		b.t.Fatalf("no token: %d %v", got.status, got.body)
	}
}

func (b *bundle) form(values url.Values) answer {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.urls.Token, strings.NewReader(values.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(req)
}

// send makes a call on a connection of its own.
func (b *bundle) send(req *http.Request) (*http.Response, error) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	return client.Do(req)
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   map[string]any
	list   []any
	raw    string
}

func (b *bundle) do(req *http.Request) answer {
	b.t.Helper()
	resp, err := b.send(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	got := answer{status: resp.StatusCode, header: resp.Header, raw: string(raw)}
	var value any
	if json.Unmarshal(raw, &value) == nil {
		got.body, _ = value.(map[string]any)
		got.list, _ = value.([]any)
	}
	return got
}

func (b *bundle) request(method, href string, body any, headers ...string) *http.Request {
	b.t.Helper()
	var reader io.Reader = http.NoBody
	if text, is := body.(string); is {
		reader = strings.NewReader(text)
	} else if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			b.t.Fatal(err)
		}
		reader = bytes.NewReader(data)
	}
	base, err := url.Parse(b.urls.API)
	if err != nil {
		b.t.Fatal(err)
	}
	target, err := base.Parse(href)
	if err != nil {
		b.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(b.t.Context(), method, target.String(), reader)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+b.token)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return req
}

// call makes a call and checks its status.
func (b *bundle) call(want int, method, href string, body any, headers ...string) answer {
	b.t.Helper()
	got := b.do(b.request(method, href, body, headers...))
	if got.status != want {
		b.t.Fatalf("%s %s: %d, want %d: %s", method, href, got.status, want, got.raw)
	}
	return got
}

func (b *bundle) get(href string) answer {
	b.t.Helper()
	return b.call(http.StatusOK, http.MethodGet, href, nil)
}

// rel is the href of a rel, or empty.
func rel(o map[string]any, name string) string {
	links, _ := o["_links"].(map[string]any)
	link, _ := links[name].(map[string]any)
	return str(link, "href")
}

func str(o map[string]any, name string) string {
	s, _ := o[name].(string)
	return s
}

// named is the entry of a list whose member is value.
func named(t *testing.T, list []any, member, value string) map[string]any {
	t.Helper()
	for _, one := range list {
		if o, is := one.(map[string]any); is && str(o, member) == value {
			return o
		}
	}
	t.Fatalf("no entry with %s %q in %v", member, value, list)
	return nil
}

func items(o map[string]any, name string) []any {
	list, _ := o[name].([]any)
	return list
}

func (b *bundle) home() map[string]any { return b.get(b.urls.API).body }

// patient finds a citizen by number.
func (b *bundle) patient(cpr string) map[string]any {
	b.t.Helper()
	got := b.call(http.StatusOK, http.MethodPost, rel(b.home(), "patientDetailsSearch"), map[string]any{"businessKey": cpr, "keyType": "CPR"})
	p, _ := got.body["patient"].(map[string]any)
	return p
}

// visit loads one visit for Nancy and returns it.
func (b *bundle) visit(change func(*nexussim.NewVisit)) nexussim.Ref {
	b.t.Helper()
	v := nexussim.NewVisit{
		CPR: []string{nancy}, Start: noon().Add(2 * time.Hour), End: noon().Add(2*time.Hour + 15*time.Minute),
		Employee: "MSK", Service: "Medicinadministration", Law: "SUL §138", Comment: "Nøgleboks ved dør",
	}
	if change != nil {
		change(&v)
	}
	refs, err := b.sim.Load(nexussim.Day{List: "Øst dag", Visits: []nexussim.NewVisit{v}})
	if err != nil {
		b.t.Fatal(err)
	}
	return refs[0]
}

// list reads a driving list for the day of the simulators' time.
func (b *bundle) list(name string, from time.Time) answer {
	b.t.Helper()
	prefs := b.get(rel(b.home(), "preferences")).body
	pref := named(b.t, items(prefs, "CROSS_CITIZEN_CALENDAR"), "name", name)
	id, _ := pref["id"].(float64)
	at := from.UTC().Format("2006-01-02T15:04:05.000Z")
	query := url.Values{
		"calendarMode": {"PLANNING_MODE"}, "from": {at}, "to": {at}, "plannedGrantStatuses": {""}, "registeredGrantStatuses": {""},
		"showPermanentResources": {"false"}, "showResourcesWithEvents": {"true"}, "showResourcesWithShifts": {"false"},
	}
	href := "calendar/events/criteria/EVENT/" + json.Number(jsonInt(id)).String() + "?" + query.Encode()
	return b.call(http.StatusOK, http.MethodPost, href, nil)
}

func jsonInt(n float64) string {
	data, _ := json.Marshal(int(n)) //nolint:errchkjson // a number
	return string(data)
}

// event reads the full object of the first visit of the day's list.
func (b *bundle) event() answer {
	b.t.Helper()
	events := items(b.list("Øst dag", midnight()).body, "eventResources")
	half, _ := events[0].(map[string]any)
	return b.get(rel(half, "self"))
}

// midnight is the start of the simulators' day in Denmark.
func midnight() time.Time { return time.Date(2026, 11, 22, 23, 0, 0, 0, time.UTC) }

// choose gives an event a type by its name.
func (b *bundle) choose(event map[string]any, name string) {
	b.t.Helper()
	event["eventType"] = named(b.t, b.get(rel(event, "availableEventTypes")).list, "name", name)
}
