package pexipsim

import (
	"net/http"
	"strings"
)

// command serves the section command (§3). The two disconnects answer 200, the others 202.
func (s *Server) command(x *exchange, to route) reply {
	if x.r.Method != http.MethodPost {
		return notAllowed()
	}
	if len(to.parts) != 2 || (to.parts[0] != "conference" && to.parts[0] != "participant") {
		return unbuilt("command " + strings.Join(to.parts, "/"))
	}
	in, refused := x.object()
	if refused != nil {
		return *refused
	}
	act := to.parts[1]
	if to.parts[0] == "conference" {
		return s.onConference(x, act, in)
	}
	if act == "dial" {
		return s.dial(x, in)
	}
	return s.onParticipant(x, act, in)
}

// failedToFind is the 400 for an unknown id, as production code has seen it.
func failedToFind(act, member, what string) reply {
	text := "Failed to find " + what + "."
	out := jsonReply(http.StatusBadRequest, map[string]any{act: complaints{member: {text}}})
	out.detail = text
	return out
}

func done(status int, data any) reply {
	return jsonReply(status, map[string]any{"status": "success", "data": data})
}

func (s *Server) onConference(x *exchange, act string, in map[string]any) reply {
	id, _ := in["conference_id"].(string)
	c := s.world.instances[id]
	known := c != nil && c.ended.IsZero()
	lock := func(locked bool) {
		c.locked = locked
		s.world.conferenceChanged(c, x.now)
		if !locked && c.hosted {
			s.world.admitWaiting(c, x.now)
		}
	}
	mute := func(muted bool) {
		c.guestsMuted = muted
		s.world.conferenceChanged(c, x.now)
	}
	status := http.StatusAccepted
	acts := map[string]func(){
		"disconnect":       func() { status = http.StatusOK; s.world.end(c, x.now, ReasonAdminEnded) },
		"lock":             func() { lock(true) },
		"unlock":           func() { lock(false) },
		"mute_guests":      func() { mute(true) },
		"unmute_guests":    func() { mute(false) },
		"transform_layout": func() {},
	}
	do := acts[act]
	switch {
	case do == nil:
		return unbuilt("command conference/" + act)
	case !known:
		return failedToFind(act, "conference_id", "conference")
	}
	do()
	return done(status, nil)
}

func (s *Server) onParticipant(x *exchange, act string, in map[string]any) reply {
	id, _ := in["participant_id"].(string)
	l := s.world.legs[id]
	known := l != nil && l.left.IsZero()
	status := http.StatusAccepted
	mute := func(muted bool) {
		l.muted = muted
		s.world.hub.emitLeg(l, eventUpdated, x.now)
	}
	acts := map[string]func(){
		"disconnect": func() { status = http.StatusOK; s.world.leave(l.person(), x.now, ReasonAdminPutOut) },
		"mute":       func() { mute(true) },
		"unmute":     func() { mute(false) },
		"unlock":     func() { s.world.letIn(l, x.now) },
	}
	if act == "role" {
		role, _ := in["role"].(string)
		if role != string(RoleHost) && role != string(RoleGuest) {
			return s.invalid(x, "role", complaints{"role": {"Select a valid choice."}})
		}
		acts[act] = func() { s.world.changeRole(l, Role(role), x.now) }
	}
	do := acts[act]
	switch {
	case do == nil:
		return unbuilt("command participant/" + act)
	case !known:
		return failedToFind(act, "participant_id", "participant")
	}
	do()
	return done(status, nil)
}

// dial calls out: a person on a telephone or a meeting room, or with streaming a recorder.
func (s *Server) dial(x *exchange, in map[string]any) reply {
	alias, _ := in["conference_alias"].(string)
	destination, _ := in["destination"].(string)
	streaming, _ := in["streaming"].(string)
	role, _ := in["role"].(string)
	room, version, n := s.world.roomAt(alias, "", x.now)
	if room == nil || destination == "" {
		return s.invalid(x, "dial", complaints{"conference_alias": {"Failed to find conference."}})
	}
	protocol := protoSIP
	if streaming == "yes" || strings.HasPrefix(destination, "rtmp") {
		protocol = protoRTMP
	}
	kind := RoleGuest
	if role == string(RoleHost) {
		kind = RoleHost
	}
	l := s.world.dialOut(room, version, n, destination, protocol, kind, x.now)
	return done(http.StatusAccepted, map[string]any{"participant_id": l.id, "participant_ids": []string{l.id}})
}
