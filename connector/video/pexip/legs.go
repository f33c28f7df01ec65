package pexip

import (
	"cmp"
	"context"
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
)

// The form of times in questions to the history: UTC without a zone (pexip.md §2.2).
const historyTime = "2006-01-02T15:04:05"

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

// proving leaves out what proves nothing: the session that precedes a client's call. Of a person
// of whom nothing else is known, the one stay that proves most is kept. A client without picture
// and sound is kept beside one with them, because it tells of a technical fault.
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
		if who := s.person(); s.recorder || s.real() || media[who] && s.protocol != "api" || !media[who] && best[who] == i {
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
