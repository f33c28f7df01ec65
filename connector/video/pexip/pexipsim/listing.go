package pexipsim

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	defaultLimit = 20
	highestLimit = 10_000
)

// record is one object on its way into a list: what filters compare, and how to write it once
// it is on the page that was asked for. Values are text, int, float64, bool, nil or time.Time.
type record struct {
	value func(field string) any
	write func() map[string]any
}

// list filters, orders and pages (§1.7).
func (s *Server) list(x *exchange, sp *spec, all []record) reply {
	q := x.r.URL.Query()
	kept, why := sp.filter(all, q, s.opts.Strict)
	if why != "" {
		return badRequest(why)
	}
	if why = sp.order(kept, q.Get("order_by")); why != "" {
		return badRequest(why)
	}
	return s.page(x, kept, q)
}

// control are the parameters that are no filters.
func control(name string) bool {
	return name == "limit" || name == "offset" || name == "order_by" || name == "format"
}

// filter keeps the records that every filter lets through. As the framework does, a name that
// is no field is ignored, and a filter that the field does not allow is an error.
func (s *spec) filter(all []record, q url.Values, strict bool) (kept []record, why string) {
	kept = all
	for name, values := range q {
		if control(name) {
			continue
		}
		fieldName, op, _ := strings.Cut(name, "__")
		f := s.byName[fieldName]
		if op == "" {
			op = "exact"
		}
		switch {
		case f == nil && strict:
			return nil, "Strict mode: unknown filter " + name
		case f == nil:
			continue
		case len(f.ops) == 0:
			return nil, fmt.Sprintf("The '%s' field does not allow filtering.", fieldName)
		case !slices.Contains(f.ops, op):
			return nil, fmt.Sprintf("'%s' is not an allowed filter on the '%s' field.", op, fieldName)
		}
		test, why := f.test(op, values[0])
		if why != "" {
			return nil, why
		}
		kept = slices.DeleteFunc(slices.Clone(kept), func(r record) bool { return !test(r.value(fieldName)) })
	}
	return kept, ""
}

// test makes the comparison of one filter.
func (f *field) test(op, want string) (func(any) bool, string) {
	switch f.kind {
	case kindTime:
		t, ok := parseTime(want)
		if !ok {
			return nil, fmt.Sprintf("Invalid value for %s: %s", f.name, want)
		}
		return ordered(op, func(v any) (int, bool) { have, ok := v.(time.Time); return have.Compare(t), ok }), ""
	case kindInteger, kindFloat:
		if op == "in" {
			return among(want), ""
		}
		n, err := strconv.ParseFloat(want, 64)
		if err != nil {
			return nil, fmt.Sprintf("Invalid value for %s: %s", f.name, want)
		}
		return ordered(op, func(v any) (int, bool) { have, ok := number(v); return cmp.Compare(have, n), ok }), ""
	case kindBool:
		truth := strings.EqualFold(want, "true") || want == "1"
		return func(v any) bool { return v == truth }, ""
	case kindRelated: // by URI or by the id in it
		want = strings.Trim(want, "/")
		want = want[strings.LastIndexByte(want, '/')+1:]
		return func(v any) bool { return fmt.Sprint(v) == want }, ""
	}
	return textTest(op, want)
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

func among(want string) func(any) bool {
	some := strings.Split(want, ",")
	return func(v any) bool { return v != nil && slices.Contains(some, fmt.Sprint(v)) }
}

func ordered(op string, compare func(any) (int, bool)) func(any) bool {
	return func(v any) bool {
		n, ok := compare(v)
		if !ok {
			return false
		}
		switch op {
		case "gt":
			return n > 0
		case "gte":
			return n >= 0
		case "lt":
			return n < 0
		case "lte":
			return n <= 0
		}
		return n == 0
	}
}

func textTest(op, want string) (func(any) bool, string) {
	lower := strings.ToLower(want)
	tests := map[string]func(string) bool{
		"exact":       func(s string) bool { return s == want },
		"iexact":      func(s string) bool { return strings.EqualFold(s, want) },
		"contains":    func(s string) bool { return strings.Contains(s, want) },
		"icontains":   func(s string) bool { return strings.Contains(strings.ToLower(s), lower) },
		"startswith":  func(s string) bool { return strings.HasPrefix(s, want) },
		"istartswith": func(s string) bool { return strings.HasPrefix(strings.ToLower(s), lower) },
		"endswith":    func(s string) bool { return strings.HasSuffix(s, want) },
		"iendswith":   func(s string) bool { return strings.HasSuffix(strings.ToLower(s), lower) },
	}
	test := tests[op]
	switch op {
	case "in":
		return among(want), ""
	case "regex", "iregex":
		if op == "iregex" {
			want = "(?i)" + want
		}
		pattern, err := regexp.Compile(want)
		if err != nil || len(want) > 500 {
			return nil, "Invalid regular expression."
		}
		test = pattern.MatchString
	}
	return func(v any) bool {
		s, ok := v.(string)
		return ok && test(s)
	}, ""
}

// order sorts by one field, "-" for descending; the stored order otherwise.
func (s *spec) order(list []record, by string) (why string) {
	if by == "" {
		return ""
	}
	name := strings.TrimPrefix(by, "-")
	f := s.byName[name]
	if f == nil {
		return fmt.Sprintf("No matching '%s' field for ordering on.", name)
	}
	if !f.sortable {
		return fmt.Sprintf("The '%s' field does not allow ordering.", name)
	}
	slices.SortStableFunc(list, func(a, b record) int {
		n := compareValues(a.value(name), b.value(name))
		if strings.HasPrefix(by, "-") {
			return -n
		}
		return n
	})
	return ""
}

// compareValues orders two values of one field; null comes first.
func compareValues(a, b any) int {
	if a == nil || b == nil {
		switch {
		case a != nil:
			return 1
		case b != nil:
			return -1
		}
		return 0
	}
	if t, ok := a.(time.Time); ok {
		other, _ := b.(time.Time)
		return t.Compare(other)
	}
	if n, ok := number(a); ok {
		other, _ := number(b)
		return cmp.Compare(n, other)
	}
	return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
}

// page cuts limit and offset out and writes meta and objects; limit=0 is everything.
func (s *Server) page(x *exchange, list []record, q url.Values) reply {
	limit, okLimit := whole(q.Get("limit"), defaultLimit)
	offset, okOffset := whole(q.Get("offset"), 0)
	if !okLimit || !okOffset {
		return badRequest("Invalid limit or offset provided. Please provide a positive integer.")
	}
	if limit == 0 || limit > highestLimit {
		limit = highestLimit
	}
	from := min(offset, len(list))
	to := min(from+limit, len(list))
	objects := make([]map[string]any, 0, to-from)
	for _, r := range list[from:to] {
		objects = append(objects, r.write())
	}
	link := func(at int, there bool) any {
		if !there {
			return nil
		}
		next := maps.Clone(q)
		next.Set("limit", strconv.Itoa(limit))
		next.Set("offset", strconv.Itoa(at))
		address := x.r.URL.Path + "?" + next.Encode()
		if s.opts.WrongNextHost {
			address = "http://mgmt.pexip.internal" + address
		}
		return address
	}
	return jsonReply(http.StatusOK, map[string]any{
		"meta": map[string]any{
			"limit": limit, "offset": offset, "total_count": len(list),
			"next": link(offset+limit, to < len(list)), "previous": link(max(offset-limit, 0), offset > 0),
		},
		"objects": objects,
	})
}

// whole reads a number from 0 on.
func whole(s string, fallback int) (int, bool) {
	if s == "" {
		return fallback, true
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= 0
}
