package vdxsim

import (
	"net/http"
	"net/url"
	"testing"
	"time"
)

// FuzzDecode: no foreign body may panic a decoder, and what is accepted holds its limits.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"subject":"s","startTime":"2026-09-14T08:30:00Z","endTime":"2026-09-14T09:00:00+02:00","guestPin":1000,"labels":["a"]}`))
	f.Add([]byte(`{"labels":null,"additionalInformation":[{"key":null}],"maxParticipants":1e99}`))
	f.Add([]byte(`[]`))
	f.Add([]byte(`{"startTime":"99999-01-01T00:00:00Z"}{`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		for i := range 4 {
			d, strict := dialect(i/2), i%2 == 1
			in, p := decodeCreate(raw, d, strict)
			if p == nil && (javaLength(in.subject) > 100 || in.guestPIN != 0 && in.guestPIN < 1000) {
				t.Errorf("accepted %+v", in)
			}
			if _, p = decodePut(raw, d, strict); p != nil && p.status < http.StatusBadRequest {
				t.Errorf("put: %d", p.status)
			}
			if _, p = decodePatch(raw, d, strict); p != nil && p.status < http.StatusBadRequest {
				t.Errorf("patch: %d", p.status)
			}
		}
	})
}

// FuzzHistoryFilter: no query may panic the history filters or page out of bounds.
func FuzzHistoryFilter(f *testing.F) {
	f.Add("start_time__gte=2026-01-01T00:00:00Z&limit=1&offset=1&order_by=-end_time")
	f.Add("name__in=a,b&limit=-1&offset=99999999999")
	row := func(name string, start int64) record {
		return record{
			start: time.Unix(start, 0), end: time.Unix(start+1, 0),
			text:  func(string) (string, bool) { return name, true },
			write: func() map[string]any { return map[string]any{"name": name} },
		}
	}
	rows := []record{row("a", 1), row("b", 3)}
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		kept, why := filterRecords(rows, q, false)
		if why != "" {
			return
		}
		orderRecords(kept, q.Get("order_by"))
		x := &exchange{r: &http.Request{URL: &url.URL{Path: "/x"}}}
		if out := page(x, kept, q); out.status != http.StatusOK {
			t.Errorf("page: %d %s", out.status, out.detail)
		}
	})
}

// FuzzWildcard compares the wildcard matcher with a plain recursive one.
func FuzzWildcard(f *testing.F) {
	f.Add("100%ro", "har 100 pct. ro")
	f.Add("_", "")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 8 || len(text) > 12 {
			return
		}
		if got, want := wild(pattern, text), slow(pattern, text); got != want {
			t.Errorf("wild(%q, %q) = %v", pattern, text, got)
		}
	})
}

func slow(pattern, text string) bool {
	if pattern == "" {
		return text == ""
	}
	if pattern[0] == '%' {
		return slow(pattern[1:], text) || (text != "" && slow(pattern, text[1:]))
	}
	return text != "" && (pattern[0] == '_' || pattern[0] == text[0]) && slow(pattern[1:], text[1:])
}
