package pexipsim

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// The resources of the sections status and history: §2.1 and §2.2.

func gettable() []string { return []string{"get"} }

// liveSpecs are the resources of the section status.
func liveSpecs(without []string) map[string]*spec {
	return indexed(without,
		newSpec(sectionStatus, "conference", statusConferenceFields()).methods(gettable(), gettable()),
		newSpec(sectionStatus, "conference_shard", append(statusConferenceFields(),
			text("node", 100), text("system_location", 250), flag("is_direct", false), flag("transcoding_enabled", true))).
			methods(gettable(), gettable()),
		newSpec(sectionStatus, "participant", statusParticipantFields()).methods(gettable(), gettable()),
		newSpec(sectionStatus, "alarm", []field{
			text("id", 250), integer("identifier", 0, 0, 0), text("instance", 250), oneOf("level", "", "info", "warning", "error", "critical"),
			text("name", 250), text("details", 250), text("node", 250), at("time_raised"), text("resource_uri", 0).nofind(),
		}).methods(gettable(), gettable()),
	)
}

func indexed(without []string, list ...*spec) map[string]*spec {
	out := make(map[string]*spec, len(list))
	for _, sp := range list {
		sp.index(without)
		out[sp.name] = sp
	}
	return out
}

func statusConferenceFields() []field {
	return []field{
		text("id", 36), text("name", 250), text("service_type", 250), at("start_time"), flag("is_started", false),
		flag("is_locked", false), flag("guests_muted", false), flag("direct_media_available", false), text("tag", 250),
		text("resource_uri", 0).nofind(),
	}
}

// legFields are what status and history tell of a leg alike.
func legFields() []field {
	var fields []field
	for _, name := range []string{
		"id", "call_uuid", "conversation_id", "display_name", "role", "protocol", "service_type", "service_tag", "call_tag",
		"call_direction", "idp_uuid", "remote_address", "media_node", "signalling_node", "proxy_node", "system_location",
		"encryption", "call_quality", "license_type", "vendor", "parent_id",
	} {
		fields = append(fields, text(name, 250))
	}
	for _, name := range []string{"has_media", "is_streaming", "is_idp_authenticated", "is_direct", "transcoding_enabled"} {
		fields = append(fields, flag(name, false))
	}
	for _, name := range []string{"remote_port", "bandwidth", "rx_bandwidth", "tx_bandwidth", "license_count"} {
		fields = append(fields, integer(name, 0, 0, 0))
	}
	return append(fields, text("resource_uri", 0).nofind())
}

func statusParticipantFields() []field {
	fields := append(legFields(), text("conference", 250), at("connect_time"), text("source_alias", 250),
		text("destination_alias", 250), text("participant_alias", 250))
	for _, name := range []string{"is_on_hold", "is_muted", "is_client_muted", "is_presenting", "is_recording", "is_transcribing"} {
		fields = append(fields, flag(name, false))
	}
	return fields
}

// status serves the section status: live state, read only (§2.1).
func (s *Server) status(x *exchange, to route) reply {
	sp := s.live[to.resource]
	return s.readOnly(x, to, sp, func() []record { return s.statusRecords(to.resource) })
}

// readOnly serves a resource that is read: list, one object, schema.
func (s *Server) readOnly(x *exchange, to route, sp *spec, all func() []record) reply {
	switch {
	case sp == nil:
		return unbuilt("resource " + to.resource)
	case x.r.Method != http.MethodGet:
		return notAllowed()
	case to.schema:
		return jsonReply(http.StatusOK, sp.schema())
	case len(to.parts) == 1:
		return s.list(x, sp, all())
	case len(to.parts) == 2:
		for _, r := range all() {
			if r.value("id") == to.id {
				return jsonReply(http.StatusOK, r.write())
			}
		}
	}
	return notFound()
}

func (s *Server) statusRecords(resource string) []record {
	var out []record
	for _, in := range s.world.running() {
		switch resource {
		case "conference":
			out = append(out, built(in.statusData(in.started)))
		case "conference_shard":
			for i, n := range in.nodes {
				data := in.statusData(n.clock(in.since[i]))
				data["node"], data["system_location"] = n.Address, n.Location
				data["is_direct"], data["transcoding_enabled"] = false, true
				data["id"] = s.dice.uuid("shard", in.id, n.Address)
				data["resource_uri"] = "/api/admin/status/v1/conference_shard/" + s.dice.uuid("shard", in.id, n.Address) + "/"
				out = append(out, built(data))
			}
		case "participant":
			for _, l := range in.people {
				out = append(out, built(l.statusData()))
			}
		}
	}
	if resource == "alarm" {
		for i, a := range s.hub.alarms {
			out = append(out, built(map[string]any{
				"id": a.id, "identifier": 40 + i, "instance": "event sink", "level": "error", "name": a.name, "details": a.details,
				"node": a.node, "time_raised": a.raised, "resource_uri": "/api/admin/status/v1/alarm/" + a.id + "/",
			}))
		}
	}
	return out
}

// built is a record whose members are all there.
func built(data map[string]any) record {
	return record{
		value: func(field string) any { return data[field] },
		write: func() map[string]any {
			for k, v := range data {
				if t, ok := v.(time.Time); ok {
					data[k] = wireTime(t)
				}
			}
			return data
		},
	}
}

// running are the conferences that run, oldest first.
func (w *world) running() []*instance {
	out := slices.Collect(maps.Values(w.live))
	slices.SortFunc(out, func(a, b *instance) int {
		return cmp.Or(a.started.Compare(b.started), strings.Compare(a.id, b.id))
	})
	return out
}

func (in *instance) statusData(start time.Time) map[string]any {
	return map[string]any{
		"id": in.id, "name": in.name, "service_type": in.serviceType, "start_time": start, "is_started": in.hosted,
		"is_locked": in.locked, "guests_muted": in.guestsMuted, "direct_media_available": false, "tag": in.tag,
		"resource_uri": "/api/admin/status/v1/conference/" + in.id + "/",
	}
}

// data are the members that status and history share.
func (l *leg) data() map[string]any {
	in := l.instance
	return map[string]any{
		"id": l.id, "call_uuid": l.callID, "conversation_id": l.conversation, "display_name": l.name, "role": string(l.role),
		"protocol": l.protocol, "service_type": l.serviceType(), "service_tag": in.tag, "call_tag": l.callTag,
		"call_direction": l.direction, "has_media": l.media, "is_streaming": l.streaming, "is_idp_authenticated": false,
		"idp_uuid": "", "is_direct": false, "transcoding_enabled": true, "remote_address": "192.0.2.10", "remote_port": 49_152,
		"media_node": l.node.Address, "signalling_node": l.node.Address, "proxy_node": l.proxy,
		"system_location": l.node.Location, "encryption": "On", "bandwidth": l.bandwidth(), "rx_bandwidth": l.bandwidth(),
		"tx_bandwidth": l.bandwidth(), "call_quality": l.quality, "license_count": 1, "license_type": "port",
		"vendor": l.vendor, "parent_id": "",
	}
}

func (l *leg) statusData() map[string]any {
	data := l.data()
	data["conference"] = l.instance.name
	data["connect_time"] = l.node.clock(l.connected)
	data["source_alias"], data["destination_alias"], data["participant_alias"] = l.remote, l.alias, l.remote
	for _, name := range []string{"is_on_hold", "is_client_muted", "is_presenting", "is_transcribing"} {
		data[name] = false
	}
	data["is_muted"], data["is_recording"] = l.muted, l.recording
	data["resource_uri"] = "/api/admin/status/v1/participant/" + l.id + "/"
	data["is_summarised"] = false // unknown to the contract, as members of later versions are
	return data
}
