package care

import (
	"cmp"
	"slices"
	"time"
)

// part is one leg as evidence sees it: what it was good for, and when the person was in the room
// (or at its door, for one who never came in).
type part struct {
	leg Leg
	use Use
	in  Interval
}

// scene is the evidence with every leg sorted out.
type scene struct {
	e      Evidence
	parts  []part
	clocks int // different clocks that the counted legs are told by
}

func look(e Evidence) scene {
	s := scene{e: e}
	nodes := map[string]bool{}

	for _, l := range e.Legs {
		p := part{leg: l, use: e.use(l), in: Interval{Start: l.entered(), End: l.Left}}

		if l.outside() {
			p.in.Start = l.Joined
		}

		if l.Left.IsZero() {
			p.in.End = e.Now
		}

		if in := clip([]Interval{p.in}, e.Window); p.use != LegDamaged && len(in) == 1 {
			p.in = in[0]
		} else {
			p.in = Interval{}
		}

		if p.use == LegCounted {
			nodes[l.Node] = true
		}

		s.parts = append(s.parts, p)
	}

	s.clocks = len(nodes)
	slices.SortFunc(s.parts, func(a, b part) int {
		return cmp.Or(a.in.Start.Compare(b.in.Start), cmp.Compare(a.leg.Room, b.leg.Room), cmp.Compare(a.leg.ID, b.leg.ID))
	})

	return s
}

// use sorts a leg out. What comes first weighs most.
func (e Evidence) use(l Leg) Use {
	switch {
	case l.damaged():
		return LegDamaged
	case !e.Window.Start.IsZero() && !l.Left.IsZero() && !l.Left.After(e.Window.Start), !e.Window.End.IsZero() && !l.Joined.Before(e.Window.End):
		return LegOutside
	case l.Role == AsRecorder:
		return LegRecorder
	case l.Role == AsGuest && l.Seat > citizenSeat && !slices.Contains(e.Seats, l.Seat):
		return LegStranger
	case l.Role == AsGuest && l.Seat > citizenSeat:
		return LegOther
	case l.outside():
		return LegNotIn
	case l.Media == NoMedia:
		return LegSilent
	case l.Role == AsGuest && l.Ending == TurnedAway:
		return LegTurnedAway
	default:
		return LegCounted
	}
}

// citizenSeat is the citizen's seat as a leg tells it: 1 + seat 0.
const citizenSeat = 1

// What a part may be asked.
func counts(p part) bool         { return p.use == LegCounted }
func damaged(p part) bool        { return p.use == LegDamaged }
func other(p part) bool          { return p.use == LegOther }
func stranger(p part) bool       { return p.use == LegStranger }
func pictured(p part) bool       { return counts(p) && p.leg.Media != AudioOnly }
func withSilent(p part) bool     { return counts(p) || p.use == LegSilent }
func withTurnedAway(p part) bool { return counts(p) || p.use == LegTurnedAway }
func seatUnknown(p part) bool    { return counts(p) && p.leg.Seat == 0 }
func known(p part) bool          { return counts(p) && p.leg.Witness != FromLooking }
func relevant(p part) bool       { return p.use != LegOutside && p.use != LegRecorder }
func isHost(p part) bool         { return p.leg.Role == AsHost && relevant(p) }

// present: in the room, whatever it was good for.
func present(p part) bool { return withSilent(p) || p.use == LegTurnedAway }

// citizens: the citizen's own doing, as far as the platform can tell.
func citizens(p part) bool { return relevant(p) && !other(p) && !stranger(p) }

// came: the citizen was in the room or waited for it. Who did not get through was not there.
func came(p part) bool {
	return citizens(p) && (p.use != LegNotIn || p.leg.Ending == NoHostCame)
}

func cameAtAll(p part) bool { return came(p) || other(p) || stranger(p) }

func exactly(Leg) time.Duration { return 0 }

func (s scene) any(is func(part) bool) bool { return slices.ContainsFunc(s.parts, is) }

// guest reports whether there is a leg of a guest of which something holds.
func (s scene) guest(is func(part) bool) bool {
	return s.any(func(p part) bool { return p.leg.Role == AsGuest && is(p) })
}

func (s scene) enough(d time.Duration) bool { return d > 0 && d >= s.e.Minimum }

// stays are the merged times of a role, in whatever room.
func (s scene) stays(role LegRole, is func(part) bool) []Interval {
	var all []Interval

	for _, p := range s.parts {
		if p.leg.Role == role && is(p) && p.in.Valid() {
			all = append(all, p.in)
		}
	}

	return merge(all, 0)
}

// meet returns when a host and a guest were in one room. Each room is looked at by itself: a host
// in one and a guest in another were not together. Stretch moves both ends of a stay outwards.
func (s scene) meet(is func(part) bool, stretch func(Leg) time.Duration) []Interval {
	hosts, guests := map[RoomRef][]Interval{}, map[RoomRef][]Interval{}

	for _, p := range s.parts {
		by := stretch(p.leg)
		in := Interval{Start: p.in.Start.Add(-by), End: p.in.End.Add(by)}

		if !is(p) || !p.in.Valid() || !in.Valid() {
			continue
		}

		if p.leg.Role == AsHost {
			hosts[p.leg.Room] = append(hosts[p.leg.Room], in)
		} else {
			guests[p.leg.Room] = append(guests[p.leg.Room], in)
		}
	}

	var both []Interval
	for room, in := range hosts {
		both = append(both, overlap(merge(in, 0), merge(guests[room], 0))...)
	}

	return merge(both, 0)
}

// valid is when being together counts: once we let the citizen in, or else from the planned
// start, because before it employees try the room out.
func (s scene) valid() Interval {
	if !s.e.LetInAt.IsZero() {
		return Interval{Start: s.e.LetInAt.Add(-s.e.Skew)}
	}

	return Interval{Start: s.e.Planned.Start}
}

// counted is when employee and citizen were together, by the times as they are told. A time that
// began too early and went on is told as a whole.
func (s scene) counted() []Interval {
	return slices.DeleteFunc(s.meet(counts, exactly), func(i Interval) bool { return len(clip([]Interval{i}, s.valid())) == 0 })
}

// bounds returns how long they were together at least and at most, whatever the clocks of the
// platform's nodes and the edges that nobody saw.
func (s scene) bounds() (least, most time.Duration) {
	skew := time.Duration(0)
	if s.clocks > 1 {
		skew = s.e.Skew / 2 // each of two clocks may be off by half of what they are apart
	}

	edge := func(l Leg) time.Duration { return skew + s.rough(l) }
	least = total(clip(s.meet(counts, func(l Leg) time.Duration { return -edge(l) }), s.valid()))
	most = total(clip(s.meet(counts, edge), s.valid()))

	// Times by one clock are right among each other.
	for _, p := range s.parts {
		same := func(q part) bool { return counts(q) && q.leg.Node == p.leg.Node }
		if counts(p) && s.clocks > 1 {
			least = max(least, total(clip(s.meet(same, func(l Leg) time.Duration { return -s.rough(l) }), s.valid())))
		}
	}

	return least, most
}

func (s scene) rough(l Leg) time.Duration {
	if l.Witness == FromLooking {
		return s.e.Rough
	}

	return 0
}

// blur is how much longer a single stay may be told than it was.
func (s scene) blur() time.Duration {
	if s.clocks > 1 {
		return s.e.Skew
	}

	return 0
}

// inDue is how long a role was there in the planned time.
func (s scene) inDue(role LegRole, is func(part) bool) time.Duration {
	return total(clip(s.stays(role, is), s.e.Planned))
}

// first is when a role came for the first time; zero: never.
func (s scene) first(role LegRole, is func(part) bool) time.Time {
	var at time.Time

	for _, p := range s.parts {
		if p.leg.Role == role && is(p) && (at.IsZero() || p.leg.Joined.Before(at)) {
			at = p.leg.Joined
		}
	}

	return at
}

// before reports whether something happened, and before the planned end.
func (s scene) before(at time.Time) bool {
	return !at.IsZero() && (s.e.Planned.End.IsZero() || at.Before(s.e.Planned.End))
}

// brokeOff reports whether the last time together ended because somebody lost contact.
func (s scene) brokeOff(both []Interval) bool {
	end := bounds(both).End

	return s.any(func(p part) bool {
		return counts(p) && p.leg.Ending == LostContact && !p.leg.Left.IsZero() && within(p.in.End, end, noticeable)
	})
}

func within(a, b time.Time, d time.Duration) bool { return a.Sub(b).Abs() <= d }

// failed reports whether a side tried to get in during the visit and could not.
func (s scene) failed(role LegRole) bool {
	return s.any(func(p part) bool {
		gone := p.leg.Ending == NeverThrough || p.leg.Ending == RoomFull || p.leg.Ending == LostContact || p.use == LegSilent

		return p.leg.Role == role && gone && citizens(p) && s.before(p.leg.Joined)
	})
}

// forgottenTab reports whether the employee's side stayed long after the citizen's had gone.
func (s scene) forgottenTab() bool {
	host, guest := bounds(s.stays(AsHost, counts)), bounds(s.stays(AsGuest, counts))

	return host.End.Sub(guest.End) >= forgotten
}

// apart reports whether employee and citizen were at once in different rooms.
func (s scene) apart() bool {
	return len(overlap(s.stays(AsHost, counts), s.stays(AsGuest, counts))) > 0
}

func (s scene) basis() []Basis {
	out := make([]Basis, 0, len(s.parts))
	for _, p := range s.parts {
		out = append(out, Basis{Room: p.leg.Room, Leg: p.leg.ID, Use: p.use})
	}

	slices.SortFunc(out, func(a, b Basis) int {
		return cmp.Or(cmp.Compare(a.Room, b.Room), cmp.Compare(a.Leg, b.Leg), cmp.Compare(a.Use, b.Use))
	})

	return out
}

func (s scene) alarms() []Alarm {
	var out []Alarm

	if s.any(func(p part) bool { return stranger(p) && !p.leg.outside() }) {
		out = append(out, StrangerInRoom)
	}

	if s.any(func(p part) bool { return p.use == LegRecorder }) {
		out = append(out, RecorderInRoom)
	}

	return out
}
