package fhirsim_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/ehr/fhir/fhirsim"
)

const condition = "identifier=urn%3Ax-sluse%3Aid%3Avisit%7Cfile%3Aa%3A2026-11-24"

type testBundle struct {
	sim *fhirsim.Server
	url string
}

func setup(t *testing.T, o fhirsim.Options) testBundle {
	t.Helper()

	o.Clock = time.Now

	sim, err := fhirsim.New(o)
	if err != nil {
		t.Fatal(err)
	}

	server := httptest.NewServer(sim.Handler())
	t.Cleanup(server.Close)

	return testBundle{sim, server.URL}
}

// appointment is a valid resource with the given changes; nil removes a property.
func appointment(changes map[string]any) map[string]any {
	body := map[string]any{
		"resourceType": "Appointment", "status": "booked",
		"identifier": []any{
			map[string]any{"system": fhirsim.DefaultVisitSystem, "value": "file:a:2026-11-24"},
			map[string]any{"system": fhirsim.DefaultEntrySystem, "value": "k1"},
		},
		"start": "2026-11-24T08:30:00+01:00", "end": "2026-11-24T08:45:00+01:00", "minutesDuration": 15,
		"serviceType": []any{map[string]any{"text": "Planlagt skærmbesøg"}},
		"participant": []any{map[string]any{
			"actor":  map[string]any{"type": "Patient", "identifier": map[string]any{"value": "2512489996"}},
			"status": "accepted",
		}},
	}

	for name, value := range changes {
		if body[name] = value; value == nil {
			delete(body, name)
		}
	}

	return body
}

// reply is what a test looks at besides the body.
type reply struct {
	StatusCode int
	Header     http.Header
}

func (b testBundle) send(t *testing.T, method, path string, body any, headers ...string) (reply, map[string]any) {
	t.Helper()

	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}

	request, err := http.NewRequestWithContext(t.Context(), method, b.url+path, strings.NewReader(string(data)))
	if err != nil {
		t.Fatal(err)
	}

	request.Header.Set("Content-Type", "application/fhir+json")

	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}

	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()

	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}

	decoded := map[string]any{}
	if strings.HasPrefix(response.Header.Get("Content-Type"), "application/fhir+json") && len(answer) > 0 {
		if err := json.Unmarshal(answer, &decoded); err != nil {
			t.Fatalf("%s %s: %s", method, path, answer)
		}
	}

	return reply{response.StatusCode, response.Header}, decoded
}

func TestValidation(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		changes map[string]any
		want    string // part of the diagnostics; empty: accepted
	}{
		"Good":              {nil, ""},
		"App1":              {map[string]any{"participant": []any{map[string]any{"status": "accepted"}}}, "app-1"},
		"App2":              {map[string]any{"end": nil, "status": "cancelled"}, "app-2"},
		"App3":              {map[string]any{"end": nil, "start": nil}, "app-3"},
		"App3Proposed":      {map[string]any{"end": nil, "start": nil, "status": "proposed"}, ""},
		"App4":              {map[string]any{"cancelationReason": map[string]any{"text": "x"}}, "app-4"},
		"App4NoShow":        {map[string]any{"cancelationReason": map[string]any{"text": "x"}, "status": "noshow"}, ""},
		"TwoLs":             {map[string]any{"cancellationReason": map[string]any{"text": "x"}, "status": "noshow"}, "unknown property"},
		"VirtualService":    {map[string]any{"virtualService": []any{map[string]any{}}}, "unknown property"},
		"UnknownInside":     {map[string]any{"serviceType": []any{map[string]any{"name": "x"}}}, "unknown property"},
		"Status":            {map[string]any{"status": "completed"}, "value set"},
		"NoStatus":          {map[string]any{"status": nil}, "required"},
		"NoParticipant":     {map[string]any{"participant": nil}, "required"},
		"EmptyList":         {map[string]any{"serviceType": []any{}}, "at least one"},
		"NotAList":          {map[string]any{"serviceType": map[string]any{"text": "x"}}, "must be a list"},
		"EmptyText":         {map[string]any{"comment": ""}, "is no string"},
		"NoZone":            {map[string]any{"start": "2026-11-24T08:30:00"}, "is no instant"},
		"WrongOrder":        {map[string]any{"end": "2026-11-24T08:15:00+01:00"}, "per-1"},
		"ZeroMinutes":       {map[string]any{"minutesDuration": 0}, "is no positiveInt"},
		"Extension":         {map[string]any{"extension": []any{map[string]any{"url": "urn:x", "valueString": "y"}}}, ""},
		"ExtensionNoURL":    {map[string]any{"extension": []any{map[string]any{"valueString": "y"}}}, "required"},
		"PrimitiveExtended": {map[string]any{"_comment": map[string]any{"id": "c"}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := setup(t, fhirsim.Options{Calm: true, Strict: true})
			response, body := b.send(t, http.MethodPost, "/fhir/Appointment", appointment(test.changes))

			if test.want == "" {
				if response.StatusCode != http.StatusCreated {
					t.Errorf("status %d: %v", response.StatusCode, body)
				}

				return
			}

			if response.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(fmt.Sprint(body), test.want) {
				t.Errorf("status %d: %v, want %q", response.StatusCode, body, test.want)
			}
		})
	}
}

func TestConditionalCreate(t *testing.T) {
	t.Parallel()

	b := setup(t, fhirsim.Options{Calm: true, Strict: true})

	first, body := b.send(t, http.MethodPost, "/fhir/Appointment", appointment(nil), "If-None-Exist", condition)
	if first.StatusCode != http.StatusCreated || first.Header.Get("ETag") != `W/"1"` || first.Header.Get("Server") != fhirsim.ServerHeader {
		t.Errorf("first: %d %v", first.StatusCode, first.Header)
	}

	second, same := b.send(t, http.MethodPost, "/fhir/Appointment", appointment(nil), "If-None-Exist", condition)
	if second.StatusCode != http.StatusOK || same["id"] != body["id"] {
		t.Errorf("second: %d, id %v and %v", second.StatusCode, same["id"], body["id"])
	}

	b.send(t, http.MethodPost, "/fhir/Appointment", appointment(nil)) // a careless client

	third, _ := b.send(t, http.MethodPost, "/fhir/Appointment", appointment(nil), "If-None-Exist", condition)
	if third.StatusCode != http.StatusPreconditionFailed {
		t.Errorf("third: %d", third.StatusCode)
	}

	totals := b.sim.Totals()
	if totals.DuplicateResources != 1 || totals.DuplicateEntries != 1 || totals.Planned != 2 {
		t.Errorf("the oracle missed the double: %+v", totals)
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()

	for form, tags := range map[fhirsim.ETagForm][2]string{
		fhirsim.WeakETags: {`W/"1"`, `"1"`}, fhirsim.StrongETags: {`"1"`, `W/"1"`},
	} {
		t.Run(string(form), func(t *testing.T) {
			t.Parallel()

			b := setup(t, fhirsim.Options{Calm: true, Strict: true, ETag: form})
			_, body := b.send(t, http.MethodPost, "/fhir/Appointment", appointment(nil))
			path := "/fhir/Appointment/" + body["id"].(string)
			body["comment"] = "x"

			for _, step := range []struct {
				tag  string
				want int
			}{{"", 412}, {tags[1], 412}, {tags[0], 200}, {tags[0], 412}} {
				headers := []string{}
				if step.tag != "" {
					headers = []string{"If-Match", step.tag}
				}

				if response, _ := b.send(t, http.MethodPut, path, body, headers...); response.StatusCode != step.want {
					t.Errorf("If-Match %s: %d, want %d", step.tag, response.StatusCode, step.want)
				}
			}

			for suffix, want := range map[string]int{"": 200, "/_history": 200, "/_history/1": 200, "/_history/9": 404, "/x": 501} {
				if response, _ := b.send(t, http.MethodGet, path+suffix, nil); response.StatusCode != want {
					t.Errorf("GET %s: %d, want %d", suffix, response.StatusCode, want)
				}
			}
		})
	}
}

func TestUnbuilt(t *testing.T) {
	t.Parallel()

	b := setup(t, fhirsim.Options{Calm: true, Strict: true})
	for path, want := range map[string]int{
		"GET /fhir/metadata": 200, "GET /fhir/Observation": 501, "DELETE /fhir/Appointment/1": 501, "GET /fhir/Appointment/1": 404,
		"GET /fhir/Appointment?reason=1": 400, "POST /fhir/Encounter": 400,
	} {
		method, address, _ := strings.Cut(path, " ")
		if response, _ := b.send(t, method, address, nil); response.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, response.StatusCode, want)
		}
	}
}

func TestDanglingReference(t *testing.T) {
	t.Parallel()

	b := setup(t, fhirsim.Options{Calm: true})

	response, _ := b.send(t, http.MethodPost, "/fhir/Encounter", map[string]any{
		"resourceType": "Encounter", "status": "planned", "class": map[string]any{"code": "VR"},
		"appointment": []any{map[string]any{"reference": "Appointment/nowhere"}},
	})
	if response.StatusCode != http.StatusBadRequest {
		t.Errorf("status %d", response.StatusCode)
	}
}

func TestLeaks(t *testing.T) {
	t.Parallel()

	b := setup(t, fhirsim.Options{Calm: true})
	b.send(t, http.MethodPost, "/fhir/Appointment", appointment(nil))

	if leaks := b.sim.Leaks(); len(leaks) != 0 {
		t.Errorf("leaks %v", leaks)
	}

	b.send(t, http.MethodGet, "/fhir/Appointment?identifier=2512489996", nil)

	if leaks := b.sim.Leaks(); len(leaks) != 1 {
		t.Errorf("leaks %v, want one", leaks)
	}
}

func TestPage(t *testing.T) {
	t.Parallel()

	b := setup(t, fhirsim.Options{Calm: true})
	b.send(t, http.MethodPost, "/fhir/Appointment", appointment(map[string]any{"comment": "<script>"}))

	page := b.page(t, "/")

	for _, want := range []string{"Omsorgsjournal", "Planlagt skærmbesøg", "24.11.2026 kl. 08.30–08.45", "251248-••••", "&lt;script&gt;"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}

	if strings.Contains(page, "2512489996") || strings.Contains(page, "<script") {
		t.Error("the page shows a person number or a script")
	}
}

func TestControl(t *testing.T) {
	t.Parallel()

	b := setup(t, fhirsim.Options{Calm: true})
	control := httptest.NewServer(b.sim.ControlHandler())
	t.Cleanup(control.Close)

	plane := testBundle{b.sim, control.URL}

	for _, step := range []struct {
		path string
		body any
		want int
	}{
		{"/reject", map[string]any{"visit": "file:a:2026-11-24", "count": 1}, 204},
		{"/reject", map[string]any{"status": 200}, 400},
		{"/script", []any{map[string]any{"kind": "429", "op": "create"}}, 204},
		{"/script", []any{map[string]any{"kind": "odd"}}, 400},
		{"/faults", map[string]any{"unavailable": 1.5}, 400},
		{"/faults", map[string]any{"odd": 1}, 400},
		{"/advance", map[string]any{"seconds": 60}, 204},
	} {
		if response, _ := plane.send(t, http.MethodPost, step.path, step.body); response.StatusCode != step.want {
			t.Errorf("%s %v: %d, want %d", step.path, step.body, response.StatusCode, step.want)
		}
	}

	for _, want := range []int{429, 422, 201} {
		if response, _ := b.send(t, http.MethodPost, "/fhir/Appointment", appointment(nil)); response.StatusCode != want {
			t.Errorf("create: %d, want %d", response.StatusCode, want)
		}
	}

	_, totals := plane.send(t, http.MethodGet, "/totals", nil)
	if totals["planned"] != 1.0 || totals["requests"] != 3.0 {
		t.Errorf("totals %v", totals)
	}

	for _, path := range []string{"/calm", "/forgive", "/forget"} {
		if response, _ := plane.send(t, http.MethodPost, path, nil); response.StatusCode != http.StatusNoContent {
			t.Errorf("%s: %d", path, response.StatusCode)
		}
	}

	if n := len(b.sim.Requests()); n != 0 {
		t.Errorf("%d requests are not forgotten", n)
	}
}

func TestStart(t *testing.T) {
	t.Parallel()

	sim, err := fhirsim.New(fhirsim.Options{Clock: time.Now, Calm: true, Clients: []fhirsim.Client{{ID: "a", Secret: "b"}}})
	if err != nil {
		t.Fatal(err)
	}

	for _, address := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "x"} {
		if _, err := sim.Start(t.Context(), address, ""); err == nil {
			t.Errorf("it listens on %s", address)
		}
	}

	urls, err := sim.Start(t.Context(), "127.0.0.1:0", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	b := testBundle{sim, ""}
	for address, want := range map[string]int{urls.FHIR + "/Appointment": 401, urls.FHIR + "/metadata": 200, urls.Control + "/totals": 200} {
		if response, _ := b.send(t, http.MethodGet, address, nil); response.StatusCode != want {
			t.Errorf("%s: %d, want %d", address, response.StatusCode, want)
		}
	}

	if err := sim.Close(); err != nil {
		t.Error(err)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()

	for name, o := range map[string]fhirsim.Options{
		"NoClock": {}, "ETag": {Clock: time.Now, ETag: "odd"}, "Rates": {Clock: time.Now, Faults: fhirsim.Faults{Slow: 2}},
		"Latency": {Clock: time.Now, Latency: -1},
	} {
		if _, err := fhirsim.New(o); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// FuzzCreate sends anything as a resource: no panic, and nothing invalid is stored.
func FuzzCreate(f *testing.F) {
	good, err := json.Marshal(appointment(nil))
	if err != nil {
		f.Fatal(err)
	}

	f.Add(good)
	f.Add([]byte(`{"resourceType":"Appointment","participant":[null],"identifier":[1],"meta":7}`))
	f.Add([]byte(`null`))

	sim, err := fhirsim.New(fhirsim.Options{Clock: time.Now, Calm: true, RequestLimit: 10})
	if err != nil {
		f.Fatal(err)
	}

	f.Fuzz(func(t *testing.T, body []byte) {
		w := httptest.NewRecorder()
		sim.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/fhir/Appointment", strings.NewReader(string(body))))

		if w.Code == http.StatusCreated && !json.Valid(body) {
			t.Error("it stored what is no JSON")
		}
	})
}
