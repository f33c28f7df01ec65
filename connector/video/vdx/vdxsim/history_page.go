package vdxsim

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// filterRecords applies Tastypie-style filters: field=value, and for times __gt __gte __lt
// __lte. Unknown filters are ignored, except in strict mode.
func filterRecords(all []record, q url.Values, strict bool) (kept []record, why string) {
	kept = all
	for name, values := range q {
		if slices.Contains([]string{"limit", "offset", "order_by", "format"}, name) {
			continue
		}
		field, op, _ := strings.Cut(name, "__")
		test, why := recordTest(field, op, values[0])
		switch {
		case why != "":
			return nil, why
		case test == nil && strict:
			return nil, "strict mode: unknown filter " + name
		case test == nil:
			continue
		}
		kept = slices.DeleteFunc(slices.Clone(kept), func(r record) bool { return !test(r) })
	}
	return kept, ""
}

func recordTest(field, op, want string) (func(record) bool, string) {
	if field == "start_time" || field == "end_time" {
		at, ok := parseHistoryTime(want)
		if !ok {
			return nil, "Invalid value for " + field + ": " + want
		}
		compare := timeTest(op, at)
		if compare == nil {
			return nil, ""
		}
		if field == "start_time" {
			return func(r record) bool { return compare(r.start) }, ""
		}
		return func(r record) bool { return compare(r.end) }, ""
	}
	switch op {
	case "":
		if field == "conference" { // named by its id or by its URI
			want = strings.TrimSuffix(strings.TrimPrefix(want, historyPath+"conference/"), "/")
		}
		return textTest(field, func(have string) bool { return have == want }), ""
	case "in":
		some := strings.Split(want, ",")
		return textTest(field, func(have string) bool { return slices.Contains(some, have) }), ""
	}
	return nil, ""
}

// textTest compares a text member; nil when neither kind of row has it.
func textTest(field string, equal func(string) bool) func(record) bool {
	known := []string{"id", "name", "tag", "conference", "conference_name", "conversation_id", "local_alias", "display_name", "role", "service_type"}
	if !slices.Contains(known, field) {
		return nil
	}
	return func(r record) bool {
		have, ok := r.text(field)
		return ok && equal(have)
	}
}

func timeTest(op string, at time.Time) func(time.Time) bool {
	switch op {
	case "gt":
		return func(t time.Time) bool { return t.After(at) }
	case "gte":
		return func(t time.Time) bool { return !t.Before(at) }
	case "lt":
		return func(t time.Time) bool { return t.Before(at) }
	case "lte":
		return func(t time.Time) bool { return !t.After(at) }
	case "":
		return func(t time.Time) bool { return t.Equal(at) }
	}
	return nil
}

// parseHistoryTime takes an ISO time with any offset, or without one as UTC.
func parseHistoryTime(s string) (time.Time, bool) {
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02"} {
		if t, err := time.Parse(form, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// orderRecords sorts by start_time or end_time, "-" for descending; by start otherwise.
func orderRecords(list []record, by string) {
	descending := strings.HasPrefix(by, "-")
	byEnd := strings.TrimPrefix(by, "-") == "end_time"
	sort.SliceStable(list, func(i, j int) bool {
		a, b := list[i], list[j]
		if descending {
			a, b = b, a
		}
		if byEnd {
			return a.end.Before(b.end)
		}
		return a.start.Before(b.start)
	})
}

// page cuts limit and offset out and writes meta and objects.
func page(x *exchange, list []record, q url.Values) reply {
	limit, offset := number(q.Get("limit"), historyDefaultLimit), number(q.Get("offset"), 0)
	if limit == 0 || limit > historyMaxLimit {
		limit = historyMaxLimit
	}
	from := min(offset, len(list))
	to := min(from+limit, len(list))
	objects := make([]map[string]any, 0, to-from)
	for _, r := range list[from:to] {
		objects = append(objects, r.write())
	}
	link := func(at int) any {
		if at < 0 || at >= len(list) || at == offset {
			return nil
		}
		next := maps.Clone(q)
		next.Set("limit", strconv.Itoa(limit))
		next.Set("offset", strconv.Itoa(at))
		return x.r.URL.Path + "?" + next.Encode()
	}
	previous := any(nil)
	if offset > 0 {
		previous = link(max(offset-limit, 0))
	}
	return jsonReply(http.StatusOK, "application/json", map[string]any{
		"meta": map[string]any{
			"limit": limit, "offset": offset, "total_count": len(list),
			"next": link(offset + limit), "previous": previous,
		},
		"objects": objects,
	})
}

func number(s string, fallback int) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return fallback
	}
	return n
}
