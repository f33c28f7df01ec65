package pexip

import (
	"strconv"
	"strings"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// stay is one leg as the witnesses tell it, before it is decided what it proves.
type stay struct {
	id, call, conversation string // the witness's own id, the id of the call, that of the conversation

	role   care.LegRole // as the platform says; empty: it does not yet know
	seat   int          // 1 + the guest's seat; 0: unknown
	byHost bool         // came by the employee's link

	joined, left, entered time.Time
	seen                  time.Time // when a witness last saw it

	protocol string // lower case
	phase    string // the last service type
	media    truth
	streams  care.Media // as the streams tell
	recorder bool
	reason   string
	node     string
	witness  care.Witness
}

// stayOf translates one record. A witness's clock is that of the node.
func (p *Platform) stayOf(w *participantWire, witness care.Witness) stay {
	s := stay{
		id: first(w.UUID, w.ID), call: first(w.CallUUID, w.CallID), conversation: string(w.Conversation),
		role: roleOf(string(w.Role)), protocol: strings.ToLower(string(w.Protocol)), phase: w.phase(), media: w.HasMedia,
		streams: mediaOf(w.Streams), reason: string(w.Reason), node: first(w.SignalNode, w.MediaNode), witness: witness,
		joined: w.ConnectTime.Time, left: w.EndTime.Time,
	}

	if witness == care.FromHistory {
		s.joined = w.StartTime.Time
	}

	s.recorder = w.IsStreaming == isTrue || w.IsRecording == isTrue || w.IsTranscribed == isTrue || s.protocol == "rtmp"

	if seat, host, ok := p.seatOf(first(w.LocalAlias, w.Destination)); ok {
		s.byHost = host

		if !host {
			s.seat = seat + 1
		}
	}

	return s
}

func first(texts ...text) string {
	for _, t := range texts {
		if t != "" {
			return string(t)
		}
	}

	return ""
}

// phase is the service type by either of its names (pexip.md §4.4).
func (w *participantWire) phase() string {
	return strings.ToLower(first(w.CurrentType, w.ServiceType))
}

// roleOf translates the names of a role; "unknown" is none.
func roleOf(name string) care.LegRole {
	switch strings.ToLower(name) {
	case "chair", "host":
		return care.AsHost
	case "guest":
		return care.AsGuest
	}

	return ""
}

// mediaOf reads the streams of a leg; MediaUnknown when none are told. A stream that carried
// nothing either way does not count.
func mediaOf(streams []streamWire) care.Media {
	media := care.MediaUnknown

	for _, s := range streams {
		if s.Received == "0" && s.Sent == "0" {
			continue
		}

		switch strings.ToLower(string(s.Type)) {
		case "video":
			return care.Video
		case "audio":
			media = care.AudioOnly
		}
	}

	return media
}

// inside reports whether a phase is in the room itself (pexip.md §11.2).
func inside(phase string) bool {
	return phase == "conference" || phase == "lecture" || phase == "gateway"
}

// was returns the role that counts: of somebody who never got in, the platform knows less than
// the link tells.
func (s *stay) was(outside bool) care.LegRole {
	switch {
	case s.recorder:
		return care.AsRecorder
	case s.role != "" && !outside:
		return s.role
	case s.byHost:
		return care.AsHost
	case s.seat > 0:
		return care.AsGuest
	default:
		return s.role
	}
}

// person is the same for stays of one person: of one link, or else of one call.
func (s *stay) person() string {
	switch {
	case s.recorder:
		return "recorder " + s.id
	case s.byHost:
		return "host"
	case s.seat > 0:
		return "seat " + strconv.Itoa(s.seat)
	default:
		return "call " + s.callKey()
	}
}

// callKey is the call that the stay belongs to, by the best name that there is.
func (s *stay) callKey() string {
	if s.conversation != "" {
		return s.conversation
	}

	return s.key()
}

// key is the name of the leg by which all witnesses know it (pexip.md §4.5): the call's, but of
// somebody who dials in from outside, the leg's own.
func (s *stay) key() string {
	switch s.protocol {
	case "webrtc", "api", "rtmp", "":
		if s.call != "" {
			return s.call
		}
	}

	return s.id
}

// ending is why it ended. Nobody who was still outside at the end has been in the room.
func (s *stay) ending() care.Ending {
	ending := endingOf(s.reason)

	switch {
	case !s.entered.IsZero() || inside(s.phase) || s.phase == "":
		return ending
	case s.left.IsZero():
		return care.Usual
	case ending == care.NoHostCame || ending == care.RoomFull || ending == care.NeverThrough:
		return ending
	case s.phase == "waiting_room":
		return care.NoHostCame
	default:
		return care.NeverThrough
	}
}

// real reports whether the stay carried sound or picture in the room, as far as is told.
func (s *stay) real() bool {
	return s.protocol != "api" && s.media != isFalse && (!s.entered.IsZero() || inside(s.phase) || s.phase == "") && !isOutside(s.ending())
}

func isOutside(e care.Ending) bool {
	return e == care.NoHostCame || e == care.RoomFull || e == care.NeverThrough
}

// leg is what the stay proves.
func (s *stay) leg(room care.RoomRef) care.Leg {
	ending := s.ending()
	leg := care.Leg{
		ID: s.key(), Room: room, Role: s.was(isOutside(ending)), Joined: s.joined, Left: s.left, Call: s.callKey(), Seat: s.seat,
		Ending: ending, Witness: s.witness, Node: s.node,
	}

	switch {
	case !s.real():
		leg.Media = care.NoMedia
	case s.streams != care.MediaUnknown:
		leg.Media = s.streams
	}

	// The witnesses' clocks may differ a little; somebody enters between coming and going.
	if !s.entered.IsZero() && !isOutside(ending) {
		leg.Entered = s.entered
		if leg.Entered.Before(leg.Joined) {
			leg.Entered = leg.Joined
		}

		if !leg.Left.IsZero() && leg.Entered.After(leg.Left) {
			leg.Entered = leg.Left
		}
	}

	return leg
}
