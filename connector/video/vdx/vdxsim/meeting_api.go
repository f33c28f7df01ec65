package vdxsim

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
	in, p := decodeCreate(x.body, x.dialect, s.opts.Strict)
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
func (s *Server) changeMeeting(decode func([]byte, dialect, bool) (change, *problem)) func(*exchange) (reply, *problem) {
	return func(x *exchange) (reply, *problem) {
		id, p := pathUUID(x)
		if p != nil {
			return reply{}, p
		}
		c, p := decode(x.body, x.dialect, s.opts.Strict)
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
		out := s.encodeMeeting(x, m)
		if x.dialect == v1 && !c.put {
			out["shortLink"], out["shortlink"] = nil, nil // a defect of v1 PATCH (§1.7)
		}
		return s.ok(x, out), nil
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
	return x.deleted(), nil
}
