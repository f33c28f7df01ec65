package vdxsim

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"
)

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
	r := s.world.roomByUUID(id)
	if r == nil {
		return reply{}, notFound("Scheduling info")
	}
	if !s.world.mayReadRoom(x.by, r) {
		return reply{}, forbidden("The scheduling info belongs to another organisation")
	}
	s.world.advance(r, x.now)
	return s.ok(x, s.encodeRoom(x, r)), nil
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
	return s.roomList(x, found), nil
}

func (s *Server) roomList(x *exchange, found []*room) reply {
	shuffle(s.dice, itoa(int(x.now.UnixNano()&0xffff)), found, func(r *room) string { return r.uuid })
	list := make([]map[string]any, 0, len(found))
	for _, r := range found {
		list = append(list, s.encodeRoom(x, r))
	}
	return s.list(x, "schedulingInfoDtoList", list)
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

// pool lists the pools of classic organisations, so it may well be empty (§2.5). Its
// key is organizationId in v1 and organisationId in v2 (§1.9), whose other members are taken
// to be v1's.
func (s *Server) pool(x *exchange) (reply, *problem) {
	if p := allow(x, readers()); p != nil {
		return reply{}, p
	}
	spelling := "organisationId"
	if x.dialect == v1 {
		spelling = "organizationId"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []map[string]any{}
	for _, code := range slices.Sorted(maps.Keys(s.world.organisations)) {
		org := s.world.organisations[code]
		if org.PoolSize == 0 || !org.Classic {
			continue
		}
		rooms := []map[string]any{}
		for _, r := range org.pool {
			rooms = append(rooms, map[string]any{"uuid": r.uuid, "provisionStatus": r.status.String()})
		}
		list = append(list, map[string]any{
			spelling: org.Code, "desiredPoolSize": org.PoolSize, "availablePoolSize": len(s.world.idle(org, layoutWish{}, x.now)),
			"schedulingTemplate": s.encodeTemplate(x, s.world.poolTemplate(org.Code)), "schedulingInfoList": rooms,
		})
	}
	return s.list(x, "poolInfoDtoList", list), nil
}

func provisioners() []string { return []string{RoleProvisionerUser} }

// createRoom is POST /scheduling-info: one more room for a pool (§1.9).
func (s *Server) createRoom(x *exchange) (reply, *problem) {
	b, p := readBody(x.body, x.dialect)
	if p != nil {
		return reply{}, p
	}
	b.required("organizationId", "schedulingTemplateId")
	code, id := b.text("organizationId", 30), value[int64](b, "schedulingTemplateId")
	if p = b.verdict(s.opts.Strict); p != nil {
		return reply{}, p
	}
	if p = allow(x, provisioners()); p != nil {
		return reply{}, p
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	org, t := s.world.organisations[*code], s.world.template(*id)
	switch {
	case org == nil:
		return reply{}, breach(ruleUnknownOrganisation)
	case org.PoolSize == 0:
		return reply{}, breach(ruleNotPoolEnabled)
	case t == nil:
		return reply{}, breach(ruleUnknownTemplate)
	case t.organisation != org.Code:
		return reply{}, breach(ruleForeignTemplate)
	}
	r, p := s.world.addPoolRoom(org, t, x.now)
	if p != nil {
		return reply{}, p
	}
	r.createdBy = x.by.person()
	s.world.advance(r, x.now)
	return s.ok(x, s.encodeRoom(x, r)), nil
}

// putRoom is PUT /scheduling-info/{uuid}: any status may follow any other (§2.2).
func (s *Server) putRoom(x *exchange) (reply, *problem) {
	id, p := pathUUID(x)
	if p != nil {
		return reply{}, p
	}
	b, p := readBody(x.body, x.dialect)
	if p != nil {
		return reply{}, p
	}
	b.required("provisionStatus")
	name := b.oneOf("provisionStatus", statusNames()...)
	text, vmrID := b.text("provisionStatusDescription", 200), b.text("provisionVmrId", 50)
	if p = b.verdict(s.opts.Strict); p != nil {
		return reply{}, p
	}
	if p = allow(x, provisioners()); p != nil {
		return reply{}, p
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.world.roomByUUID(id)
	if r == nil {
		return reply{}, notFound("Scheduling info")
	}
	s.world.advance(r, x.now)
	status, _ := parseProvisionStatus(*name)
	s.world.setStatus(r, status, x.now)
	r.statusText, r.vmrID = "", ""
	pick(&r.statusText, text)
	pick(&r.vmrID, vmrID)
	r.updated, r.updatedBy = x.now.UTC().Truncate(time.Second), x.by.person()
	return s.ok(x, s.encodeRoom(x, r)), nil
}

func statusNames() []string {
	var out []string
	for st := AwaitsProvision; st <= DeprovisionOK; st++ {
		out = append(out, st.String())
	}
	return out
}

// toProvision and toDeprovision are the work lists of the polling provisioner; other
// organisations' rooms are never in them (§2.2).
func (s *Server) toProvision(x *exchange) (reply, *problem) {
	return s.workList(x, func(r *room) bool {
		return r.status == AwaitsProvision && !r.vmrStart().After(x.now) && !x.now.After(r.end())
	})
}

func (s *Server) toDeprovision(x *exchange) (reply, *problem) {
	return s.workList(x, func(r *room) bool { return r.status == ProvisionedOK && r.end().Before(x.now) })
}

func (s *Server) workList(x *exchange, due func(*room) bool) (reply, *problem) {
	if p := allow(x, provisioners()); p != nil {
		return reply{}, p
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []*room
	for _, r := range slices.Concat(s.world.rooms, slices.Collect(maps.Values(s.world.loose))) {
		if r.external && r.deletedAt.IsZero() && due(r) {
			found = append(found, r)
		}
	}
	return s.roomList(x, found), nil
}

// reserveRoom is GET /scheduling-info-reserve, which changes state: its parameters are filters
// with defaults (§1.9).
func (s *Server) reserveRoom(x *exchange) (reply, *problem) {
	q := x.r.URL.Query()
	asked := make(map[string]json.RawMessage, len(q))
	for name, values := range q {
		asked[name] = json.RawMessage(strconv.Quote(values[0]))
		if values[0] == "true" || values[0] == "false" {
			asked[name] = json.RawMessage(values[0])
		}
	}
	b := &body{dialect: x.dialect, members: asked}
	exact := decodeLayout(b).over(defaultLayout())
	if p := b.verdict(s.opts.Strict); p != nil {
		return reply{}, p
	}
	if p := allow(x, administrators()); p != nil {
		return reply{}, p
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, p := s.world.reserve(x.by, exact.exactly(), x.now)
	if p != nil {
		return reply{}, p
	}
	return s.ok(x, s.encodeRoom(x, r)), nil
}

func (s *Server) getReserved(x *exchange) (reply, *problem) {
	id, ok := parseUUID(x.r.PathValue("id"))
	if !ok {
		return reply{}, unreadable("path: not a UUID")
	}
	if p := allow(x, administrators()); p != nil {
		return reply{}, p
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.world.byReservation[id]
	if r == nil || r.organisation != x.by.organisation {
		return reply{}, notFound("Reservation")
	}
	return s.ok(x, s.encodeRoom(x, r)), nil
}
