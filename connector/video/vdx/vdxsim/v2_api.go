package vdxsim

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// videoV2 is the gate of every v2 call, in the service's order (§1.1): CORS, token,
// organisation, user data; the action itself then parses, checks the role and works.
func (s *Server) videoV2(do func(*exchange) (reply, *problem)) action {
	return func(x *exchange) reply {
		if x.r.Header.Get("Origin") != "" {
			return reply{status: http.StatusForbidden, kind: "text/plain", body: []byte("Invalid CORS request"), detail: "Origin header"}
		}
		if s.opts.Strict {
			if p := strictHeaders(x); p != nil {
				return x.fail(p)
			}
		}
		if refused := s.bearer(x); refused != nil {
			return *refused
		}
		if p := s.knownCaller(x); p != nil {
			return x.fail(p)
		}
		out, p := do(x)
		if p != nil {
			return x.fail(p)
		}
		return out
	}
}

// knownCaller: an unknown organisation is 403, missing user data 401, except for a pure
// provisioner (§1.1).
func (s *Server) knownCaller(x *exchange) *problem {
	s.mu.Lock()
	org := s.world.organisations[x.by.organisation]
	s.mu.Unlock()
	switch {
	case x.by.only(RoleProvisioner):
		return nil
	case x.by.organisation == "" || x.by.email == "":
		return &problem{status: http.StatusUnauthorized, v2: "11", text: "The user has no organisation or no e-mail"}
	case org == nil:
		return forbidden("The organisation of the user is unknown")
	}
	return nil
}

func strictHeaders(x *exchange) *problem {
	if x.rec.RequestID == "" {
		return pedantic("header x-request-id is missing")
	}
	if len(x.body) > 0 {
		kind, _, _ := strings.Cut(x.rec.ContentType, ";")
		if strings.TrimSpace(kind) != "application/json" {
			p := pedantic("content type is " + x.rec.ContentType + ", want application/json")
			p.status = http.StatusUnsupportedMediaType
			return p
		}
	}
	return nil
}

// strictQuery refuses query parameters that the operation does not have.
func (s *Server) strictQuery(q url.Values, known ...string) *problem {
	if !s.opts.Strict {
		return nil
	}
	for name := range q {
		if !slices.Contains(known, name) {
			return pedantic("unknown query parameter " + name)
		}
	}
	return nil
}

func allow(x *exchange, roles []string) *problem {
	if !x.by.hasAny(roles) {
		return forbidden("Access Denied")
	}
	return nil
}

// pathUUID reads the last path segment.
func pathUUID(x *exchange) (string, *problem) {
	id, ok := parseUUID(x.r.PathValue("uuid"))
	if !ok {
		return "", unreadable("path: not a UUID")
	}
	return id, nil
}

// meetingAt finds a readable meeting and lets time pass for its room. Unknown is 404, a
// foreign one 403: existence leaks (§2.8).
func (s *Server) meetingAt(x *exchange, id string) (*meeting, *problem) {
	m := s.world.byUUID[id]
	if m == nil {
		return nil, notFound("Meeting")
	}
	s.world.advance(m.room, x.now)
	return m, mayRead(x.by, m)
}

func (s *Server) createMeeting(x *exchange) (reply, *problem) {
	in, p := decodeCreate(x.body, s.opts.Strict)
	if p != nil {
		return reply{}, p
	}
	if p = allow(x, writers()); p != nil {
		return reply{}, p
	}
	in.baseURL = x.base
	s.mu.Lock()
	defer s.mu.Unlock()
	m, p := s.world.create(x.by, in, x.now)
	if p != nil {
		return reply{}, p
	}
	x.rec.Key = m.uuid
	return s.ok(x, s.encodeMeeting(x, m)), nil
}

func (s *Server) getMeeting(x *exchange) (reply, *problem) {
	id, p := pathUUID(x)
	if p != nil {
		return reply{}, p
	}
	if p = allow(x, readers()); p != nil {
		return reply{}, p
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, p := s.meetingAt(x, id)
	if p != nil {
		return reply{}, p
	}
	return s.ok(x, s.encodeMeeting(x, m)), nil
}

// changeMeeting is PUT and PATCH; they differ in how the body is read.
func (s *Server) changeMeeting(decode func([]byte, bool) (change, *problem)) func(*exchange) (reply, *problem) {
	return func(x *exchange) (reply, *problem) {
		id, p := pathUUID(x)
		if p != nil {
			return reply{}, p
		}
		c, p := decode(x.body, s.opts.Strict)
		if p != nil {
			return reply{}, p
		}
		if p = allow(x, writers()); p != nil {
			return reply{}, p
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		m, p := s.meetingAt(x, id)
		if p != nil {
			return reply{}, p
		}
		if p = s.world.update(x.by, m, c, x.now); p != nil {
			return reply{}, p
		}
		return s.ok(x, s.encodeMeeting(x, m)), nil
	}
}

func (s *Server) deleteMeeting(x *exchange) (reply, *problem) {
	id, p := pathUUID(x)
	if p != nil {
		return reply{}, p
	}
	if p = allow(x, writers()); p != nil {
		return reply{}, p
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, p := s.meetingAt(x, id)
	if p != nil {
		return reply{}, p
	}
	if p = s.world.remove(m, x.now); p != nil {
		return reply{}, p
	}
	return reply{status: http.StatusNoContent}, nil
}

// searchMeetings is GET /v2/meetings with the fixed priority of §1.4: the first parameter
// present decides, lower ones are ignored.
func (s *Server) searchMeetings(x *exchange) (reply, *problem) {
	q := x.r.URL.Query()
	from, to, p := window(q, "from-start-time", "to-start-time")
	if p != nil {
		return reply{}, p
	}
	if q.Has("short-id") && javaLength(q.Get("short-id")) != 12 {
		return reply{}, invalid("shortId", "size must be between 12 and 12")
	}
	if p = s.strictQuery(q, "short-id", "label", "subject", "organizedBy", "search",
		"from-start-time", "to-start-time", "uriWithDomain"); p != nil {
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
	shuffle(s.dice, itoa(int(x.now.UnixNano()&0xffff)), found, func(m *meeting) string { return m.uuid })
	list := make([]map[string]any, 0, len(found))
	for _, m := range found {
		s.world.advance(m.room, x.now)
		list = append(list, s.encodeMeeting(x, m))
	}
	return s.ok(x, list), nil
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

// window reads two optional ISO times.
func window(q url.Values, names ...string) (from, to *time.Time, p *problem) {
	out := make([]*time.Time, len(names))
	for i, name := range names {
		if !q.Has(name) {
			continue
		}
		t, ok := parseISO(q.Get(name))
		if !ok {
			return nil, nil, unreadable("query parameter " + name + " is not an offset date-time")
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
		s.world.advance(m.room, x.now)
		return s.ok(x, s.encodeMeeting(x, m)), nil
	}
}
