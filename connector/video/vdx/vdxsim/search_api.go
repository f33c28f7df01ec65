package vdxsim

import (
	"bytes"
	"net/url"
	"time"
)

// searchMeetings is GET /v2/meetings with the fixed priority of §1.4: the first parameter
// present decides, lower ones are ignored.
func (s *Server) searchMeetings(x *exchange) (reply, *problem) {
	q := x.r.URL.Query()
	from, to, p := window(x, "from-start-time", "to-start-time")
	if p != nil {
		return reply{}, p
	}
	if q.Has("short-id") && javaLength(q.Get("short-id")) != 12 {
		return reply{}, invalid("shortId", "size must be between 12 and 12")
	}
	if p = s.strictQuery(q, searchParameters()...); p != nil {
		return reply{}, p
	}
	if p = allow(x, readers()); p != nil {
		return reply{}, p
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found, p := s.find(x.by, q, from, to)
	if p != nil {
		return reply{}, p
	}
	return s.meetingList(x, found), nil
}

func searchParameters() []string {
	return []string{
		"short-id", "label", "subject", "organizedBy", "search", "uriWithDomain", "from-start-time", "to-start-time",
	}
}

// meetingList writes meetings in an order that no client can rely on.
func (s *Server) meetingList(x *exchange, found []*meeting) reply {
	shuffle(s.dice, itoa(int(x.now.UnixNano()&0xffff)), found, func(m *meeting) string { return m.uuid })
	list := make([]map[string]any, 0, len(found))
	for _, m := range found {
		s.world.advance(m.room, x.now)
		list = append(list, s.linked(x, m))
	}
	return s.list(x, "meetingDtoList", list)
}

// searchMeetingsV1 is GET /meetings: every filter is a handler of its own, chosen by the
// parameter that is present; two at once are ambiguous to the framework (§1.4).
func (s *Server) searchMeetingsV1(x *exchange) (reply, *problem) {
	q := x.r.URL.Query()
	filter, p := filterV1(q)
	if p != nil {
		return reply{}, p
	}
	var from, to *time.Time
	if filter == "" || filter == "search" {
		if from, to, p = window(x, "from-start-time", "to-start-time"); p != nil {
			return reply{}, p
		}
	}
	if p = s.strictQuery(q, searchParameters()...); p != nil {
		return reply{}, p
	}
	if p = allow(x, readers()); p != nil {
		return reply{}, p
	}
	switch {
	case filter == "" && (from == nil || to == nil):
		return reply{}, unreadable("Required request parameter 'from-start-time' or 'to-start-time' is not present")
	case (from == nil) != (to == nil):
		return reply{}, breach(ruleOneBound)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found, p := s.find(x.by, q, from, to)
	if p != nil {
		return reply{}, p
	}
	if filter == "short-id" {
		return s.single(x, found[0]), nil
	}
	return s.meetingList(x, found), nil
}

// filterV1 is the one filter of a v1 search, or none.
func filterV1(q url.Values) (string, *problem) {
	filter := ""
	for _, name := range searchParameters()[:6] {
		if !q.Has(name) {
			continue
		}
		if filter != "" {
			return "", crash("Ambiguous handler methods mapped for '/meetings'")
		}
		filter = name
	}
	return filter, nil
}

// linked is a meeting as searches write it: in v1 only they have the second link (§1.7).
func (s *Server) linked(x *exchange, m *meeting) map[string]any {
	out := s.encodeMeeting(x, m)
	out["_links"] = s.meetingLinks(x, m, true)
	return out
}

// single is one meeting of a v1 look-up. Its resource is wrapped twice, so _links may occur
// twice in the object (§7, defect 13); here it does for about half of the meetings.
func (s *Server) single(x *exchange, m *meeting) reply {
	s.world.advance(m.room, x.now)
	out := s.ok(x, s.linked(x, m))
	if x.dialect == v1 && s.dice.share("links", m.uuid) < 0.5 {
		self := `,"_links":{"self":{"href":"` + s.prefix(x) + `/meetings"}}}`
		out.body = append(bytes.TrimSuffix(out.body, []byte("}")), self...)
	}
	return out
}

func (s *Server) find(by principal, q url.Values, from, to *time.Time) ([]*meeting, *problem) {
	w := s.world
	switch {
	case q.Has("short-id"):
		m, p := w.byShort(by, q.Get("short-id"))
		if p != nil {
			return nil, p
		}
		return []*meeting{m}, nil
	case q.Has("label"):
		return w.visible(by, func(m *meeting) bool { return has(m.labels, q.Get("label")) }), nil
	case q.Has("subject"):
		return w.visible(by, func(m *meeting) bool { return m.subject == q.Get("subject") }), nil
	case q.Has("organizedBy"):
		if !by.onlyUser() && javaLength(q.Get("organizedBy")) > 100 {
			return nil, crash("Data too long for column 'email'") // it becomes a user row (§7)
		}
		return w.visible(by, func(m *meeting) bool { return m.organizedBy.email == q.Get("organizedBy") }), nil
	case (from == nil) != (to == nil):
		// Declared as 400 code "28"; the wrong exception type makes it a 500 (§1.4).
		return nil, crash("Both from-start-time and to-start-time must be provided or none of them")
	case q.Has("search"):
		return w.search(by, q.Get("search"), from, to)
	case from != nil:
		return w.visible(by, func(m *meeting) bool { return !m.start.Before(*from) && !m.start.After(*to) }), nil
	case q.Has("uriWithDomain"):
		return w.atAddress(by, q.Get("uriWithDomain")), nil
	}
	return nil, breach(ruleNoFilter)
}

// atAddress: PROVISIONER_USER sees all organisations, any set with USER only own meetings,
// others the organisation (§1.4).
func (w *world) atAddress(by principal, uri string) []*meeting {
	var found []*meeting
	for _, r := range w.byFullURI[uri] {
		m := r.meeting
		switch {
		case by.has(RoleProvisionerUser):
		case by.has(RoleUser) && m.organizedBy.email != by.email:
			continue
		case m.organisation != by.organisation:
			continue
		}
		found = append(found, m)
	}
	return found
}

// window reads two optional times: ISO in v2, RFC 822 in v1 (§1.10).
func window(x *exchange, names ...string) (from, to *time.Time, p *problem) {
	q, parse := x.r.URL.Query(), parseISO
	if x.dialect == v1 {
		parse = parseQueryDateV1
	}
	out := make([]*time.Time, len(names))
	for i, name := range names {
		if !q.Has(name) {
			continue
		}
		t, ok := parse(q.Get(name))
		if !ok {
			return nil, nil, unreadable("query parameter " + name + " is not a date-time")
		}
		out[i] = &t
	}
	return out[0], out[1], nil
}

// findByURI is the pair of findByUri… look-ups: a single object.
func (s *Server) findByURI(look func(*world, principal, string) (*meeting, *problem)) func(*exchange) (reply, *problem) {
	return func(x *exchange) (reply, *problem) {
		q := x.r.URL.Query()
		if !q.Has("uri") {
			return reply{}, unreadable("query parameter uri is missing")
		}
		if p := allow(x, readers()); p != nil {
			return reply{}, p
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		m, p := look(s.world, x.by, q.Get("uri"))
		if p != nil {
			return reply{}, p
		}
		return s.single(x, m), nil
	}
}
