package pexipsim

import (
	"math"
	"time"
)

// Names of events (§4.4).
const (
	eventSinkStarted       = "eventsink_started"
	eventSinkUpdated       = "eventsink_updated"
	eventSinkEnded         = "eventsink_ended"
	eventSinkStopped       = "eventsink_stopped"
	eventBulk              = "eventsink_bulk"
	eventConferenceStarted = "conference_started"
	eventConferenceUpdated = "conference_updated"
	eventConferenceEnded   = "conference_ended"
	eventConnected         = "participant_connected"
	eventUpdated           = "participant_updated"
	eventDisconnected      = "participant_disconnected"
	eventWindow            = "participant_media_stream_window"
	eventStreamsDestroyed  = "participant_media_streams_destroyed"
)

// seconds is a Unix time as a float with microseconds (§4.2).
func seconds(t time.Time) float64 { return math.Round(float64(t.UnixMicro())) / 1e6 }

// emitConference tells of a conference's part on one node.
func (h *hub) emitConference(in *instance, n *node, event string, t time.Time) {
	start := in.started
	for i, have := range in.nodes {
		if have == n {
			start = in.since[i]
		}
	}
	data := map[string]any{
		"name": in.name, "service_type": in.serviceType, "tag": in.tag, "start_time": seconds(n.clock(start)),
		"is_started": in.hosted, "is_locked": in.locked, "guests_muted": in.guestsMuted,
	}
	if event == eventConferenceEnded {
		data["end_time"] = seconds(n.clock(in.ended))
	}
	h.emit(n, t, event, func(int) map[string]any { return data })
}

// emitLeg tells of a leg. What is gone in version 2 comes in an event of its own.
func (h *hub) emitLeg(l *leg, event string, t time.Time) {
	if event == eventDisconnected && l.hadMedia {
		h.emitVersion2(l.node, t, eventStreamsDestroyed, func() map[string]any {
			return map[string]any{"uuid": l.eventID(), "media_streams": l.streams(2)}
		})
	}
	h.emit(l.node, t, event, func(version int) map[string]any {
		data := l.eventData(event)
		if event == eventDisconnected {
			data["disconnect_reason"] = l.reason
			data["duration"] = l.left.Sub(l.connected).Seconds()
			data["end_time"] = seconds(l.node.clock(l.left))
			if version == 1 {
				data["media_streams"] = l.streams(version)
			}
		}
		return data
	})
}

// emitWindow tells that the quality of a call changed; version 2 only.
func (h *hub) emitWindow(l *leg, was, now string, t time.Time) {
	h.emitVersion2(l.node, t, eventWindow, func() map[string]any {
		at := seconds(l.node.clock(t))
		return map[string]any{
			"uuid": l.eventID(), "call_quality_was": was, "call_quality_now": now,
			"packet_loss_history": []any{map[string]any{
				"stream_id": "0", "stream_type": "audio", "time": at, "time_delta": 0, "tx_packets_sent": 100,
				"tx_packets_lost": 0, "rx_packets_received": 100, "rx_packets_lost": 0,
			}},
			"recent_quality": []any{map[string]any{
				"time": at, "time_delta": 0, "quality": int(now[0] - '0'), "audio": int(now[0] - '0'), "video": nil,
				"presentation": nil, "applicationsharing": nil,
			}},
		}
	})
}

// eventData are the members that every event about a leg has (§4.4).
func (l *leg) eventData(event string) map[string]any {
	in := l.instance
	data := map[string]any{
		"uuid": l.eventID(), "call_id": l.callID, "conversation_id": l.conversation, "related_uuids": l.related(),
		"conference": in.name, "display_name": l.name, "role": string(l.role), "protocol": l.protocol,
		"service_type": l.serviceType(), "service_tag": in.tag, "call_tag": l.callTag, "call_direction": l.direction,
		"connect_time": seconds(l.node.clock(l.connected)), "source_alias": l.remote, "destination_alias": l.alias,
		"has_media": l.media, "is_presenting": false, "is_streaming": l.streaming, "is_muted": l.muted,
		"is_client_muted": false, "is_idp_authenticated": false, "encryption": "On", "media_node": l.node.Address,
		"signalling_node": l.node.Address, "proxy_node": l.proxy, "remote_address": "192.0.2.10",
		"system_location": l.node.Location, "rx_bandwidth": l.bandwidth(), "tx_bandwidth": l.bandwidth(), "vendor": l.vendor,
	}
	if l.phase == phaseConnecting && event == eventConnected && l.protocol == protoAPI {
		data["connect_time"] = nil // not connected yet (§4.4)
	}
	if l.direction == "out" {
		data["source_alias"], data["destination_alias"] = l.alias, l.remote
	}
	return data
}

// eventID is uuid in events. How it maps to status and history differs (§4.5): a browser's is
// the call_uuid there, a telephone's the id.
func (l *leg) eventID() string {
	if l.protocol == protoWebRTC || l.protocol == protoAPI {
		return l.callID
	}
	return l.id
}

func (l *leg) related() []string {
	if l.sibling == "" {
		return []string{}
	}
	return []string{l.sibling}
}

// serviceType is the phase, by the conference's own kind once inside.
func (l *leg) serviceType() string {
	if l.phase == phaseInside && l.instance.serviceType != "" {
		return l.instance.serviceType
	}
	return l.phase
}

func (l *leg) bandwidth() int {
	switch {
	case !l.media:
		return 0
	case l.audioOnly:
		return 64
	}
	return 1722
}

// streams are the media streams of a leg: sound, and picture unless it sends none. The number
// of a stream is a number in version 1 and a text in version 2 (§4.4).
func (l *leg) streams(version int) []any {
	list := []any{}
	if !l.hadMedia {
		return list
	}
	kinds := []string{"audio", "video"}
	if l.audioOnly {
		kinds = kinds[:1]
	}
	end := l.left
	for i, kind := range kinds {
		stream := map[string]any{
			"stream_type": kind, "node": l.node.Address, "start_time": seconds(l.node.clock(l.admitted)),
			"end_time": seconds(l.node.clock(end)), "rx_bitrate": 32, "rx_codec": "opus", "rx_fps": 0, "rx_resolution": "",
			"rx_packets_received": 1977, "rx_packets_lost": 0, "rx_packet_loss": 0, "tx_bitrate": 32, "tx_codec": "opus",
			"tx_fps": 0, "tx_resolution": "", "tx_packets_sent": 2020, "tx_packets_lost": 0, "tx_packet_loss": 0,
		}
		if kind == "video" {
			stream["rx_bitrate"], stream["rx_codec"], stream["rx_fps"], stream["rx_resolution"] = 1405, "VP8", 30, "1280x720"
		}
		stream["stream_id"] = any(i)
		if version == 2 {
			stream["stream_id"] = string(rune('0' + i))
		}
		list = append(list, stream)
	}
	return list
}
