package vdxsim

import (
	"cmp"
	"net/http"
	"strconv"
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

// keyHolder is the organisation whose key it is.
func (s *Server) keyHolder(key string) (string, bool) {
	if key == "" {
		return "", false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, org := range s.world.organisations {
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
			out = append(out, s.participant(l, ""))
			if s.opts.History.APILegs && l.guise.device == DeviceBrowser {
				out = append(out, s.participant(l, protocolAPI))
			}
		}
	}
	if !s.opts.History.Refused {
		return out
	}
	for _, l := range s.world.turnedAway {
		if !x.now.Before(l.left.Add(s.opts.HistoryLag)) && s.world.below(org, l.room.organisation) {
			out = append(out, s.participant(l, ""))
		}
	}
	return out
}

// protocolAPI is the protocol of the leg that a browser's page has beside its media.
const protocolAPI = "API"

// participant is the record of a leg, or with a protocol of the leg beside it.
func (s *Server) participant(l *leg, protocol string) record {
	skew := s.opts.History.Skew[l.guise.node]
	p := participant{leg: l, protocol: protocol, id: l.id, start: l.joined.Add(skew), end: l.left.Add(skew), server: s}
	if protocol == protocolAPI {
		p.id = s.dice.uuid("api leg", l.id)
	}
	return record{start: p.start, end: p.end, text: p.text, write: p.encode}
}

// participant is a record on its way out.
type participant struct {
	*leg
	id, protocol string
	start, end   time.Time
	server       *Server
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

func (p participant) text(field string) (string, bool) {
	switch field {
	case "id":
		return p.id, true
	case "conference":
		return p.conferenceID(), true
	case "conference_name", "local_alias":
		return p.room.uriWithDomain, true
	case "display_name":
		return p.name, true
	case "role":
		return p.roleName(), true
	case "service_type":
		return p.stage, true
	case "conversation_id":
		return p.conversationID(), true
	}
	return "", false
}

func (p participant) conferenceID() string {
	if p.call == nil {
		return ""
	}
	return p.call.id
}

func (p participant) roleName() string { return cmp.Or(string(p.role), "unknown") }

func (p participant) conversationID() string {
	return p.server.dice.uuid("conversation", p.room.uuid, cmp.Or(p.guise.conversation, p.leg.id))
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

func (p participant) encode() map[string]any {
	protocol, alias := cmp.Or(p.protocol, "WebRTC"), p.name
	if p.guise.device == DevicePhone {
		protocol = "SIP"
	}
	conference := any(nil)
	if p.call != nil {
		conference = historyPath + "conference/" + p.call.id + "/"
	}
	streams := p.streams()
	return map[string]any{
		"id": p.id, "conference": conference, "conference_name": p.room.uriWithDomain,
		"display_name": p.name, "role": p.roleName(), "protocol": protocol, "call_direction": "in",
		"local_alias": p.room.uriWithDomain, "remote_alias": alias, "has_media": len(streams) > 0, "is_streaming": false,
		"start_time": historyTime(p.start), "end_time": historyTime(p.end),
		"duration": int(p.end.Sub(p.start) / time.Second), "disconnect_reason": p.reason,
		"service_type": p.stage, "call_quality": "1_good", "license_type": "port", "vendor": "vdxsim",
		"media_streams": streams, "media_node": p.guise.node, "signalling_node": p.guise.node,
		"conversation_id": p.conversationID(), "call_uuid": p.server.dice.uuid("callid", p.id),
	}
}

// streams are what was sent: nothing before the room itself, no picture from a telephone.
func (p participant) streams() []map[string]any {
	kinds := []string{"audio", "video"}
	switch {
	case p.protocol == protocolAPI || p.guise.noMedia || p.entered.IsZero():
		kinds = nil
	case p.guise.device == DevicePhone:
		kinds = kinds[:1]
	}
	out := []map[string]any{}
	for i, kind := range kinds {
		out = append(out, map[string]any{
			"id": p.id + "." + strconv.Itoa(i), "stream_id": strconv.Itoa(i), "stream_type": kind,
			"start_time": historyTime(p.start), "end_time": historyTime(p.end),
		})
	}
	return out
}
