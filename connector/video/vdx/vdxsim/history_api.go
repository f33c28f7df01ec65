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

// The history API is closed source and its schema is not public: everything in this file is
// PROVISIONAL and follows Pexip's management history API, whose path and filters the one
// documented call shows (§5; for Pexip: meta and objects, UTC times without a suffix).

const (
	historyDefaultLimit = 20
	historyMaxLimit     = 1000
	historyPath         = "/apikey/history/v1/"
)

func (s *Server) routeHistory(mux *http.ServeMux, prefix string, who authenticator) {
	query := func(x *exchange) string { return x.r.URL.RawQuery }
	base := "GET " + prefix + historyPath
	mux.HandleFunc(base+"conference", s.endpoint(apiHistory, OpHistoryConference, query, s.history(who, s.conferences)))
	mux.HandleFunc(base+"participant", s.endpoint(apiHistory, OpHistoryParticipant, query, s.history(who, s.participants)))
}

// optional takes a caller without a credential; one that is sent must be good.
func (s *Server) optional(x *exchange) *reply {
	if x.rec.Authorization == "" && x.r.Header.Get(s.opts.SessionHeader) == "" {
		return nil
	}
	return s.either(x)
}

// record is one row on its way out: what filters compare, and how to write it once it is on
// the page that was asked for.
type record struct {
	start, end time.Time
	text       func(field string) (string, bool)
	write      func() map[string]any
}

// history asks who calls, checks the key, then filters, orders and pages what rows gives.
func (s *Server) history(who authenticator, rows func(*exchange, string) []record) action {
	return func(x *exchange) reply {
		if refused := who(x); refused != nil {
			return *refused
		}
		org, ok := s.keyHolder(x.r.Header.Get("X-Api-Key"))
		if !ok {
			return jsonReply(http.StatusUnauthorized, "application/json", map[string]any{"error": "Missing or unknown X-API-KEY"})
		}
		q := x.r.URL.Query()
		s.mu.Lock()
		for _, r := range s.world.rooms {
			s.world.advance(r, x.now)
		}
		all := rows(x, org)
		s.mu.Unlock()
		kept, why := filterRecords(all, q, s.opts.Strict)
		if why != "" {
			return jsonReply(http.StatusBadRequest, "application/json", map[string]any{"error": why})
		}
		orderRecords(kept, q.Get("order_by"))
		return page(x, kept, q)
	}
}

func (s *Server) keyHolder(key string) (string, bool) {
	if key == "" {
		return "", false
	}
	for _, org := range s.opts.Organisations {
		if org.HistoryAPIKey == key {
			return org.Code, true
		}
	}
	return "", false
}

// historyTime is Pexip's form: UTC without a suffix, with or without a fraction.
func historyTime(t time.Time) string {
	t = t.UTC()
	if t.Nanosecond()/1000 == 0 {
		return t.Format("2006-01-02T15:04:05")
	}
	return t.Format("2006-01-02T15:04:05.000000")
}

// conferences are the ended calls of the key's organisation tree, after the lag.
func (s *Server) conferences(x *exchange, org string) []record {
	var out []record
	for _, c := range s.world.calls {
		if s.shown(c, org, x.now) {
			out = append(out, record{
				start: c.started, end: c.ended,
				text:  func(field string) (string, bool) { return conferenceText(c, field) },
				write: func() map[string]any { return encodeConference(c) },
			})
		}
	}
	return out
}

func (s *Server) shown(c *call, org string, now time.Time) bool {
	return !c.ended.IsZero() && !now.Before(c.ended.Add(s.opts.HistoryLag)) &&
		s.world.below(org, c.room.organisation)
}

// participants are the legs of the ended calls: who was in, when, in which role.
func (s *Server) participants(x *exchange, org string) []record {
	var out []record
	for _, c := range s.world.calls {
		if !s.shown(c, org, x.now) {
			continue
		}
		for _, l := range c.legs {
			out = append(out, record{
				start: l.joined, end: l.left,
				text:  func(field string) (string, bool) { return participantText(l, field) },
				write: func() map[string]any { return s.encodeParticipant(l) },
			})
		}
	}
	return out
}

// An ended call and its legs never change, so they are read without the lock.

func conferenceText(c *call, field string) (string, bool) {
	switch field {
	case "id":
		return c.id, true
	case "name":
		return c.room.uriWithDomain, true
	case "service_type":
		return "conference", true
	case "tag":
		return "", true
	}
	return "", false
}

func participantText(l *leg, field string) (string, bool) {
	switch field {
	case "id":
		return l.id, true
	case "conference":
		return l.call.id, true
	case "conference_name", "local_alias":
		return l.room.uriWithDomain, true
	case "display_name":
		return l.name, true
	case "role":
		return string(l.role), true
	case "service_type":
		return "conference", true
	}
	return "", false
}

func encodeConference(c *call) map[string]any {
	uris := make([]string, 0, len(c.legs))
	for _, l := range c.legs {
		uris = append(uris, historyPath+"participant/"+l.id+"/")
	}
	return map[string]any{
		"id": c.id, "name": c.room.uriWithDomain, "service_type": "conference", "tag": "",
		"start_time": historyTime(c.started), "end_time": historyTime(c.ended),
		"duration": int(c.ended.Sub(c.started) / time.Second), "participant_count": len(c.legs),
		"participants": uris, "instant_message_count": 0, "resource_uri": historyPath + "conference/" + c.id + "/",
	}
}

func (s *Server) encodeParticipant(l *leg) map[string]any {
	return map[string]any{
		"id": l.id, "conference": historyPath + "conference/" + l.call.id + "/", "conference_name": l.room.uriWithDomain,
		"display_name": l.name, "role": string(l.role), "protocol": "WebRTC", "call_direction": "in",
		"local_alias": l.room.uriWithDomain, "remote_alias": l.name, "has_media": true, "is_streaming": false,
		"start_time": historyTime(l.joined), "end_time": historyTime(l.left),
		"duration": int(l.left.Sub(l.joined) / time.Second), "disconnect_reason": l.reason,
		"service_type": "conference", "call_quality": "1_good", "license_type": "port",
		"vendor": "vdxsim", "media_streams": []any{}, "call_uuid": s.dice.uuid("callid", l.id),
	}
}

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
	known := []string{"id", "name", "tag", "conference", "conference_name", "local_alias", "display_name", "role", "service_type"}
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
