package pexip

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/scheduler/care"
)

const (
	// A stay counts when it overlaps the window, but the history is asked for by its beginning.
	historyBefore = 24 * time.Hour
	// After the window a conversation may go on for so long at most (the hard cap of a
	// municipality); afterwards the history knows all.
	stillRunning = 6 * time.Hour
	// Somebody who came just now may not be in the live state yet.
	justCame = time.Minute
	// historyTime is UTC without a zone (pexip.md §2.2).
	historyTime = "2006-01-02T15:04:05"
)

// Legs returns the stays in the room that overlap the window, by time of joining, brought
// together from events, looks and history. Of one person, stays without media are left out when
// there are others; a person who never got picture and sound has one leg with NoMedia. When the
// history does not answer but every event has come, the events speak alone.
func (p *Platform) Legs(ctx context.Context, observed video.Observed) ([]care.Leg, error) {
	if err := checkRef("legs", observed.Ref); err != nil {
		return nil, err
	}

	if !observed.Window.Valid() {
		return nil, rejected("legs", errors.New("a window is needed"))
	}

	told, complete, err := p.told(ctx, observed)
	if err != nil {
		return nil, err
	}

	past, err := p.past(ctx, observed)
	if err != nil && (!complete || !connector.Is(err, connector.Unavailable)) {
		return nil, err
	}

	stays := merge(told, past)

	running := slices.ContainsFunc(stays, func(s stay) bool { return s.left.IsZero() })
	if running || !complete && p.now().Before(observed.Window.End.Add(stillRunning)) {
		live, err := p.look(ctx, observed.Ref)

		switch {
		case err == nil:
			stays = p.present(stays, live)
		case !complete || !connector.Is(err, connector.Unavailable):
			return nil, err
		}
	}

	return chosen(stays, observed), nil
}

// told reads the events and looks that were kept; complete says that no event is missing.
func (p *Platform) told(ctx context.Context, observed video.Observed) (stays []stay, complete bool, err error) {
	if p.events == nil {
		return nil, false, nil
	}

	events, err := p.events.EventsOf(ctx, p.name(observed.Ref))
	if err != nil {
		return nil, false, notKept("legs", err)
	}

	if p.config.Events == EventsSink {
		if complete, err = p.events.Complete(ctx, observed.Window.Start); err != nil {
			return nil, false, notKept("legs", err)
		}
	}

	return p.fold(observed.Ref, events), complete, nil
}

// past reads the history of the room.
func (p *Platform) past(ctx context.Context, observed video.Observed) ([]stay, error) {
	value := p.name(observed.Ref)

	filter := p.schema.historyFilter()
	if filter == filterByTag {
		value = string(observed.Ref)
	}

	found, err := list[participantWire](ctx, p.api, call{
		op: "history", path: resource(historyAPI, "participant"), query: url.Values{
			filter: {value}, "start_time__gte": {observed.Window.Start.Add(-historyBefore).UTC().Format(historyTime)},
		},
	})
	if err != nil {
		return nil, err
	}

	var stays []stay

	for _, w := range found {
		if string(w.ConferenceOf) == p.name(observed.Ref) && w.ID != "" {
			stays = append(stays, p.stayOf(&w, care.FromHistory))
		}
	}

	return stays, nil
}

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
	if news.protocol != "" {
		s.protocol = news.protocol
	}

	s.recorder = s.recorder || news.recorder

	if s.joined.IsZero() {
		s.joined = news.joined
	}

	if news.media == isTrue || s.media == unsaid {
		s.media = news.media
	}

	if news.phase != "" {
		s.phase = news.phase
	}

	left := e.Kind == personLeft

	// The switch to the room is sometimes told only when the person leaves: then nobody knows
	// when it was.
	if s.entered.IsZero() && !left && inside(s.phase) && s.media != isFalse && s.protocol != "api" {
		s.entered = e.At
	}

	if e.At.After(s.seen) {
		s.seen = e.At
	}

	if s.witness == care.FromLooking && news.witness == care.FromEvents {
		s.witness = care.FromEvents
	}

	switch {
	case s.joined.IsZero():
		s.joined = e.At
	case left && s.joined.After(e.At):
		s.joined = e.At
	}

	if left {
		s.left = cmp.Or(news.left, e.At)
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
	found := make([]bool, len(stays))

	for _, w := range live {
		s := p.stayOf(&w, care.FromLooking)

		if i := s.match(stays, found); i >= 0 {
			found[i] = true

			if stays[i].left.IsZero() {
				stays[i].update(s)
			}

			continue
		}

		if inside(s.phase) && s.protocol != "api" && s.media != isFalse {
			s.entered = time.Time{} // nobody saw when
		}

		stays, found = append(stays, s), append(found, true)
	}

	now := p.now()

	for i := range stays {
		s := &stays[i]
		if !found[i] && s.left.IsZero() && now.Sub(s.joined) > justCame {
			s.left = cmp.Or(s.seen, s.joined)
		}
	}

	return stays
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

// chosen turns the stays in the window into legs.
func chosen(stays []stay, observed video.Observed) []care.Leg {
	stays = slices.DeleteFunc(stays, func(s stay) bool {
		return s.joined.IsZero() || !s.left.IsZero() && s.left.Before(s.joined) ||
			!s.joined.Before(observed.Window.End) || !s.left.IsZero() && !s.left.After(observed.Window.Start)
	})
	slices.SortStableFunc(stays, func(a, b stay) int { return cmp.Or(a.joined.Compare(b.joined), cmp.Compare(a.id, b.id)) })

	var (
		legs  []care.Leg
		times = map[string]int{}
	)

	for _, s := range proving(stays) {
		leg := s.leg(observed.Ref)
		if leg.Role == "" {
			continue
		}

		// Several stays may belong to one call; the first keeps the call's name.
		if times[leg.ID]++; times[leg.ID] > 1 {
			leg.ID += "#" + strconv.Itoa(times[leg.ID])
		}

		legs = append(legs, leg)
	}

	return legs
}

// proving leaves out what proves nothing: of every person the stays with media if there are any,
// else the longest of those without.
func proving(stays []stay) []stay {
	var (
		media = map[string]bool{}
		best  = map[string]int{}
		out   []stay
	)

	for i, s := range stays {
		who := s.person()
		media[who] = media[who] || s.real()

		if old, ok := best[who]; !ok || s.provesMore(stays[old]) {
			best[who] = i
		}
	}

	for i, s := range stays {
		if who := s.person(); s.recorder || s.real() || !media[who] && best[who] == i {
			out = append(out, s)
		}
	}

	return out
}

// provesMore compares two stays without media: a real client before the session that precedes
// it, one that goes on before one that ended, then the longer one.
func (s *stay) provesMore(other stay) bool {
	switch {
	case (s.protocol == "api") != (other.protocol == "api"):
		return s.protocol != "api"
	case s.left.IsZero() != other.left.IsZero():
		return s.left.IsZero()
	default:
		return s.left.Sub(s.joined) > other.left.Sub(other.joined)
	}
}
