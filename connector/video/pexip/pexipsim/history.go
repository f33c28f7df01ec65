package pexipsim

import (
	"slices"
	"time"
)

// pastSpecs are the resources of the section history (§2.2).
func pastSpecs(without []string) map[string]*spec {
	return indexed(without,
		newSpec(sectionHistory, "conference", []field{
			text("id", 36), text("name", 250), text("service_type", 250), text("tag", 250), at("start_time"), at("end_time"),
			integer("duration", 0, 0, 0), integer("participant_count", 0, 0, 0), links("participants", "participant"),
			integer("instant_message_count", 0, 0, 0), flag("direct_media_available", false), text("resource_uri", 0).nofind(),
		}).methods(gettable(), []string{"get", "delete"}),
		newSpec(sectionHistory, "participant", append(legFields(),
			link("conference", "conference"), text("conference_name", 250), at("start_time"), at("end_time"),
			integer("duration", 0, 0, 0), text("local_alias", 250), text("remote_alias", 250), text("disconnect_reason", 250),
			text("av_id", 36), text("presentation_id", 36), links("media_streams", "").nofind(),
		)).methods(gettable(), gettable()),
	)
}

// history serves the section history: conferences that have ended, and their legs (§2.2).
func (s *Server) history(x *exchange, to route) reply {
	sp := s.past[to.resource]
	return s.readOnly(x, to, sp, func() []record {
		if to.resource == "conference" {
			return s.pastConferences(x.now)
		}
		return s.pastLegs(x, len(to.parts) == 2)
	})
}

// kept are the ended conferences that history shows: after the lag, and not older than
// logs_max_age. The number of them was bounded when they ended.
func (s *Server) kept(now time.Time) []*instance {
	out := s.world.past
	for len(out) > 0 && out[len(out)-1].ended.Add(s.opts.HistoryLag).After(now) {
		out = out[:len(out)-1]
	}
	if days := s.config.setting("logs_max_age"); days > 0 {
		oldest := now.Add(-time.Duration(days) * 24 * time.Hour)
		out = slices.DeleteFunc(slices.Clone(out), func(in *instance) bool { return in.ended.Before(oldest) })
	}
	return out
}

func (s *Server) pastConferences(now time.Time) []record {
	kept := s.kept(now)
	out := make([]record, 0, len(kept))
	for _, in := range kept {
		out = append(out, record{value: in.pastValue, write: func() map[string]any { return built(in.pastData()).write() }})
	}
	return out
}

func (in *instance) pastValue(field string) any {
	switch field {
	case "id":
		return in.id
	case "name":
		return in.name
	case "tag":
		return in.tag
	case "start_time":
		return in.started
	case "end_time":
		return in.ended
	}
	return in.pastData()[field]
}

func (in *instance) pastData() map[string]any {
	uris := make([]string, 0, len(in.legs))
	for _, l := range in.legs {
		uris = append(uris, l.pastURI())
	}
	return map[string]any{
		"id": in.id, "name": in.name, "service_type": in.serviceType, "tag": in.tag, "start_time": in.started,
		"end_time": in.ended, "duration": wholeSeconds(in.started, in.ended), "participant_count": len(in.legs),
		"participants": uris, "instant_message_count": 0, "direct_media_available": false, "resource_uri": in.pastURI(),
	}
}

func wholeSeconds(from, to time.Time) int { return int(to.Sub(from) / time.Second) }

func (in *instance) pastURI() string { return "/api/admin/history/v1/conference/" + in.id + "/" }

func (l *leg) pastURI() string { return "/api/admin/history/v1/participant/" + l.id + "/" }

// pastLegs are the legs of ended conferences. A question about one conference needs no walk
// over all.
func (s *Server) pastLegs(x *exchange, detail bool) []record {
	name := x.r.URL.Query().Get("conference_name")
	tag := x.r.URL.Query().Get("service_tag")
	var out []record
	for _, in := range s.kept(x.now) {
		if (name != "" && in.name != name) || (tag != "" && in.tag != tag) {
			continue
		}
		for _, l := range in.legs {
			out = append(out, record{value: l.pastValue, write: func() map[string]any { return built(l.pastData(detail)).write() }})
		}
	}
	return out
}

func (l *leg) pastValue(field string) any {
	switch field {
	case "id":
		return l.id
	case "conference":
		return l.instance.id
	case "conference_name":
		return l.instance.name
	case "service_tag":
		return l.instance.tag
	case "start_time":
		return l.node.clock(l.connected)
	case "end_time":
		return l.node.clock(l.left)
	}
	return l.pastData(false)[field]
}

func (l *leg) pastData(detail bool) map[string]any {
	data := l.data()
	data["has_media"] = l.hadMedia
	data["conference"], data["conference_name"] = l.instance.pastURI(), l.instance.name
	data["start_time"], data["end_time"] = l.node.clock(l.connected), l.node.clock(l.left)
	data["duration"] = wholeSeconds(l.connected, l.left)
	data["local_alias"], data["remote_alias"] = l.alias, l.remote
	data["disconnect_reason"] = l.reason
	data["av_id"], data["presentation_id"] = l.id, ""
	data["resource_uri"] = l.pastURI()
	data["media_streams"] = l.pastStreams()
	if detail {
		data["bucketed_call_quality"], data["historic_call_quality"] = []int{0, 1, 0, 0, 0}, []int{1}
	}
	return data
}

// pastStreams are the media streams as history writes them: times as text.
func (l *leg) pastStreams() []any {
	list := l.streams(2)
	for _, item := range list {
		if stream, ok := item.(map[string]any); ok {
			stream["id"] = stream["stream_id"]
			delete(stream, "stream_id")
			stream["start_time"], stream["end_time"] = wireTime(l.node.clock(l.admitted)), wireTime(l.node.clock(l.left))
		}
	}
	return list
}
