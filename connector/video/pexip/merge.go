package pexip

import (
	"cmp"
	"encoding/json"
	"time"

	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/scheduler/care"
)

// justCame is how long somebody may have been there before the live state shows it.
const justCame = time.Minute

// fold replays the events of a room in their order. What an event does not say stays as it was:
// some hold only what has changed (pexip.md §4.4).
func (p *Platform) fold(ref care.RoomRef, events []video.Event) []stay {
	var (
		order []string
		known = map[string]*stay{}
	)

	note := func(w *participantWire, e video.Event, witness care.Witness) {
		s := p.stayOf(w, witness)
		if s.id == "" || witness == care.FromEvents && string(w.Conference) != p.name(ref) {
			return
		}

		if e.Node != "" {
			s.node = e.Node
		}

		old := known[s.id]
		if old == nil {
			old = &stay{id: s.id, witness: witness}
			known[s.id] = old
			order = append(order, s.id)
		}

		old.learn(s, e)
	}

	for _, e := range events {
		if e.Kind == kindLook {
			var look struct {
				Participants []participantWire `json:"participants"`
			}

			_ = json.Unmarshal(e.Body, &look) // our own writing; what can't be read says nothing

			for _, w := range look.Participants {
				note(&w, e, care.FromLooking)
			}

			continue
		}

		var w struct {
			Data participantWire `json:"data"`
		}

		if json.Unmarshal(e.Body, &w) == nil && isAboutPerson(e.Kind) {
			note(&w.Data, e, care.FromEvents)
		}
	}

	stays := make([]stay, 0, len(order))
	for _, id := range order {
		stays = append(stays, *known[id])
	}

	return stays
}

const personLeft = "participant_disconnected"

func isAboutPerson(kind string) bool {
	return kind == "participant_connected" || kind == "participant_updated" || kind == personLeft
}

// learn adds what an event tells to what is known of a stay.
func (s *stay) learn(news stay, e video.Event) {
	waited := s.phase != "" && !inside(s.phase)
	s.know(news)

	if s.joined.IsZero() {
		s.joined = news.joined
	}

	left := e.Kind == personLeft

	// The switch to the room is sometimes told only when the person leaves, and who is in the room
	// at the first look may have been for a while: then nobody knows when it was.
	if s.entered.IsZero() && !left && inside(s.phase) && (news.witness == care.FromEvents || waited) && s.real() {
		s.entered = e.At
	}

	if e.At.After(s.seen) {
		s.seen = e.At
	}

	if s.joined.IsZero() || left && s.joined.After(e.At) {
		s.joined = e.At
	}

	if left {
		s.left = cmp.Or(news.left, e.At)
	}
}

// know adds who and how, but not when.
func (s *stay) know(news stay) {
	keep(&s.call, news.call)
	keep(&s.conversation, news.conversation)
	keep(&s.node, news.node)
	keep(&s.reason, news.reason)
	keep(&s.streams, news.streams)

	// A guest whom the host makes a host later is still the guest.
	if s.role == "" {
		s.role = news.role
	}

	if s.seat == 0 && !s.byHost {
		s.seat, s.byHost = news.seat, news.byHost
	}

	// The protocol may begin as API and become WebRTC under the same id.
	keep(&s.protocol, news.protocol)

	s.recorder = s.recorder || news.recorder

	if news.media == isTrue || s.media == unsaid {
		s.media = news.media
	}

	keep(&s.phase, news.phase)

	if s.witness == care.FromLooking && news.witness == care.FromEvents {
		s.witness = care.FromEvents
	}
}

func keep[T ~string](old *T, news T) {
	if news != "" {
		*old = news
	}
}

// merge lays the history over what was told. The history knows who was there and when; the
// events know what they did at the door.
func merge(told, past []stay) []stay {
	used := make([]bool, len(told))
	all := make([]stay, 0, len(told)+len(past))

	for _, h := range past {
		if i := h.match(told, used); i >= 0 {
			used[i] = true
			h.confirm(told[i])
		}

		all = append(all, h)
	}

	for i, s := range told {
		if !used[i] {
			all = append(all, s)
		}
	}

	return all
}

// match finds the same stay among others: by its own id, or by the call's (pexip.md §4.5); of
// several, the one that began nearest.
func (s *stay) match(others []stay, used []bool) int {
	best, distance := -1, time.Duration(0)

	for i, o := range others {
		if used[i] {
			continue
		}

		if o.id == s.id {
			return i
		}

		far := o.joined.Sub(s.joined).Abs()
		if s.call != "" && o.call == s.call && (o.protocol == "api") == (s.protocol == "api") && (best < 0 || far < distance) {
			best, distance = i, far
		}
	}

	return best
}

// confirm adds to a stay of the history what was told of it.
func (s *stay) confirm(told stay) {
	s.entered = told.entered
	s.recorder = s.recorder || told.recorder
	s.witness = care.FromHistory

	if told.witness == care.FromEvents {
		s.witness = care.FromBoth
	}

	if told.role != "" {
		s.role = told.role
	}

	if s.media != isTrue && told.media == isTrue {
		s.media = isTrue
	}

	if s.seat == 0 && !s.byHost {
		s.seat, s.byHost = told.seat, told.byHost
	}

	// Somebody whom the events saw in the room was there, whatever the record of the end says.
	if !inside(s.phase) && inside(told.phase) {
		s.phase = told.phase
	}

	keep(&s.call, cmp.Or(s.call, told.call))
	keep(&s.conversation, cmp.Or(s.conversation, told.conversation))
	keep(&s.node, told.node)
	keep(&s.reason, cmp.Or(s.reason, told.reason))

	if s.streams == care.MediaUnknown {
		s.streams = told.streams
	}
}

// present compares with the people who are there now: who is not there any more has left when he
// was last seen, until the history tells better.
func (p *Platform) present(stays []stay, live []participantWire) []stay {
	var (
		found = make([]bool, len(stays))
		fresh []stay
	)

	for _, w := range live {
		s := p.stayOf(&w, care.FromLooking)

		i := s.match(stays, found)
		if i < 0 {
			fresh = append(fresh, s)

			continue
		}

		found[i] = true

		if stays[i].left.IsZero() {
			stays[i].update(s)
		}
	}

	now := p.now()

	for i := range stays {
		s := &stays[i]
		if !found[i] && s.left.IsZero() && now.Sub(s.joined) > justCame {
			s.left = cmp.Or(s.seen, s.joined)
		}
	}

	return append(stays, fresh...)
}

// update adds what is seen now to a stay that goes on.
func (s *stay) update(seen stay) {
	keep(&s.phase, seen.phase)
	keep(&s.protocol, seen.protocol)

	if seen.media != unsaid {
		s.media = seen.media
	}

	s.recorder = s.recorder || seen.recorder
}
