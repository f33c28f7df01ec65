package pexipsim

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

func fuzzServer(f *testing.F) *Server {
	f.Helper()
	now := time.Unix(1_800_000_000, 0)
	s, err := New(Options{Clock: func() time.Time { return now }, Seed: 1, Calm: true, Strict: true})
	if err != nil {
		f.Fatal(err)
	}
	return s
}

// FuzzWrite: no foreign body may panic a write, and what is accepted holds its limits.
func FuzzWrite(f *testing.F) {
	f.Add("conference", []byte(`{"name":"a","aliases":[{"alias":"b"}],"pin":"123456","participant_limit":4}`))
	f.Add("conference", []byte(`{"name":null,"aliases":null,"participant_limit":1e99,"ivr_theme":"x"}`))
	f.Add("conference", []byte(`{"objects":[{"name":"x"},{"resource_uri":"/"}],"deleted_objects":[1]}`))
	f.Add("event_sink", []byte(`{"name":"s","url":"http://127.0.0.1:1/","events":[{"name":1},2]}`))
	f.Add("system_location", []byte(`{"name":"x","event_sinks":["y"]}`))
	f.Add("conference_alias", []byte(`[]{`))
	s := fuzzServer(f)
	f.Fuzz(func(t *testing.T, resource string, body []byte) {
		s.mu.Lock()
		defer s.mu.Unlock()
		sp := s.config.specs[resource]
		if sp == nil || sp.singleton {
			return
		}
		in, err := decode(body)
		if err != nil {
			return
		}
		d, wrong := s.config.accept(sp, nil, in, false, false)
		name, _ := d.values["name"].(string)
		pin, _ := d.values["pin"].(string)
		if wrong == nil && (len([]rune(name)) > 250 || len(pin) > 20 || (pin != "" && len(pin) < 6)) {
			t.Errorf("accepted %v", d.values)
		}
		for _, method := range []string{http.MethodPost, http.MethodPatch} {
			x := &exchange{
				r:    httptest.NewRequest(method, sp.path(), http.NoBody),
				body: body, now: s.Now(), rec: &RequestRecord{ContentType: "application/json"},
			}
			if out := s.onCollection(x, sp); out.status < 200 || out.status >= 500 {
				t.Errorf("%s %s: %d", method, resource, out.status)
			}
		}
		s.deleteAll(&exchange{now: s.Now()}, sp)
	})
}

// FuzzQuery: no query may panic the filters or page out of bounds.
func FuzzQuery(f *testing.F) {
	f.Add("start_time__gte=2026-01-01T00:00:00Z&limit=1&offset=1&order_by=-end_time")
	f.Add("name__in=a,b&limit=-1&offset=99999999999")
	f.Add("name__regex=(a%2B)%2B$&duration__gt=x&conference=//")
	s := fuzzServer(f)
	in := &instance{id: "i", name: "a", started: time.Unix(1, 0), ended: time.Unix(2, 0)}
	rows := []record{{value: in.pastValue, write: in.pastData}, {value: in.pastValue, write: in.pastData}}
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		x := &exchange{r: &http.Request{URL: &url.URL{Path: "/x/", RawQuery: q.Encode()}}, rec: &RequestRecord{}}
		if out := s.list(x, s.past["conference"], rows); out.status != http.StatusOK && out.status != http.StatusBadRequest {
			t.Errorf("%d %s", out.status, out.detail)
		}
	})
}

// FuzzAssertion: no foreign token may panic the token endpoint or be trusted.
func FuzzAssertion(f *testing.F) {
	f.Add("e30.e30.AA")
	f.Add("eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOjF9." + strings.Repeat("A", 86))
	f.Add(`eyJhbGciOiJFUzI1NiJ9.eyJpYXQiOjFlMzAwfQ.` + strings.Repeat("A", 86))
	s := fuzzServer(f)
	f.Fuzz(func(t *testing.T, token string) {
		x := &exchange{r: httptest.NewRequest(http.MethodPost, tokenPath, http.NoBody), now: s.Now(), rec: &RequestRecord{}}
		if by, why := s.trust(x, token); why == "" {
			t.Errorf("trusted %q as %v", token, by)
		}
	})
}
