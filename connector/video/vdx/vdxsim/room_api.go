package vdxsim

import "net/http"

func (s *Server) getRoom(x *exchange) (reply, *problem) {
	id, p := pathUUID(x)
	if p != nil {
		return reply{}, p
	}
	if p = allow(x, readers()); p != nil {
		return reply{}, p
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.world.byUUID[id]
	if m == nil {
		return reply{}, notFound("Scheduling info")
	}
	if !s.world.mayReadRoom(x.by, m) {
		return reply{}, forbidden("The scheduling info belongs to another organisation")
	}
	s.world.advance(m.room, x.now)
	return s.ok(x, s.encodeRoom(x, m.room)), nil
}

func (s *Server) listRooms(x *exchange) (reply, *problem) {
	q := x.r.URL.Query()
	from, to, p := window(x, "from-start-time", "to-end-time")
	if p != nil {
		return reply{}, p
	}
	if from == nil || to == nil {
		return reply{}, unreadable("from-start-time and to-end-time are required")
	}
	status := AwaitsProvision
	if q.Has("provision-status") {
		var known bool
		if status, known = parseProvisionStatus(q.Get("provision-status")); !known {
			return reply{}, unreadable("provision-status is not one of the values accepted")
		}
	}
	if p = s.strictQuery(q, "from-start-time", "to-end-time", "provision-status"); p != nil {
		return reply{}, p
	}
	if p = allow(x, readers()); p != nil {
		return reply{}, p
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.world.rooms {
		s.world.advance(r, x.now)
	}
	found := s.world.roomsIn(x.by, *from, *to, status)
	shuffle(s.dice, itoa(int(x.now.UnixNano()&0xffff)), found, func(r *room) string { return r.meeting.uuid })
	list := make([]map[string]any, 0, len(found))
	for _, r := range found {
		list = append(list, s.encodeRoom(x, r))
	}
	return s.list(x, "schedulingInfoDtoList", list), nil
}

// info is a free object in v1 and a list of key and value in v2 (§1.9); git is the documented
// entry.
func (s *Server) info(x *exchange) (reply, *problem) {
	if p := allow(x, readers()); p != nil {
		return reply{}, p
	}
	git := map[string]any{"branch": "simulator", "commit": map[string]any{"id": "vdxsim"}}
	about := map[string]any{"name": "vdxsim", "models": "medcom-video-api 2.5.0"}
	if x.dialect == v1 {
		return s.ok(x, map[string]any{"git": git, "simulator": about}), nil
	}
	return s.ok(x, map[string]any{"info": []map[string]any{
		{"key": "git", "value": git}, {"key": "simulator", "value": about},
	}}), nil
}

// pool lists the pools that the caller's organisation can use. Member names beyond
// organisationId are provisional.
func (s *Server) pool(x *exchange) (reply, *problem) {
	if p := allow(x, readers()); p != nil {
		return reply{}, p
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []map[string]any{}
	for _, org := range s.world.organisations {
		if org.PoolSize > 0 {
			list = append(list, map[string]any{
				"organisationId": org.Code, "desiredPoolSize": org.PoolSize,
				"availablePoolSize": org.idle(x.now, s.opts.ProvisionDelay), "schedulingInfoList": []any{},
			})
		}
	}
	return s.ok(x, list), nil
}

// unbuilt answers operations that the service has and the simulator has not.
func (s *Server) unbuilt(x *exchange) (reply, *problem) {
	return reply{}, &problem{
		status: http.StatusNotImplemented, v2: codeGeneric,
		text: "the simulator does not build " + x.r.Method + " " + x.r.URL.Path,
	}
}
