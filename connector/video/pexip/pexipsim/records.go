package pexipsim

import (
	"slices"
	"sort"
	"time"
)

// RoomRecord is one Virtual Meeting Room as the simulator remembers it, deleted ones included.
// Times are UTC by the simulator's clock, without any node's skew; a zero time means "not yet"
// or "never".
type RoomRecord struct {
	// ID is the number in the conference's URI.
	ID int `json:"id"`
	// Name, Tag, Description and Aliases are as configured last.
	Name        string   `json:"name"`
	Tag         string   `json:"tag"`
	Aliases     []string `json:"aliases"`
	PIN         string   `json:"pin"`
	GuestPIN    string   `json:"guest_pin"`
	AllowGuests bool     `json:"allow_guests"`
	// Limit is participant_limit, -1 for none.
	Limit int `json:"limit"`
	// Created and Deleted are when the Management Node was told.
	Created time.Time `json:"created"`
	Deleted time.Time `json:"deleted,omitzero"`
	// Known tells that at least one node lets people in now; Everywhere that all do.
	Known      bool `json:"known"`
	Everywhere bool `json:"everywhere"`
	// Running tells that a conference is on, which outlives the room's deletion.
	Running bool `json:"running"`
	// Refused counts people whom the door turned away; BlockedUntil is break-in defence.
	Refused      int       `json:"refused"`
	BlockedUntil time.Time `json:"blocked_until,omitzero"`
	// Conferences are the instances, oldest first.
	Conferences []ConferenceRecord `json:"conferences"`
}

// ConferenceRecord is one conference in a room.
type ConferenceRecord struct {
	ID      string    `json:"id"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended,omitzero"`
	// Hosted tells that a host with media has been there (is_started).
	Hosted bool     `json:"hosted"`
	Locked bool     `json:"locked"`
	Nodes  []string `json:"nodes"`
	// Legs are all legs, API legs and recorders too, in order of connection.
	Legs []LegRecord `json:"legs"`
}

// LegRecord is one connection. A browser often has two: an API leg and one with media.
type LegRecord struct {
	ID           string `json:"id"`
	CallID       string `json:"call_id"`
	Conversation string `json:"conversation"`
	Room         string `json:"room"`
	ConferenceID string `json:"conference_id"`
	Name         string `json:"name"`
	Alias        string `json:"alias"`
	Role         Role   `json:"role"`
	Protocol     string `json:"protocol"`
	// Phase is connecting, ivr, waiting_room or conference.
	Phase string `json:"phase"`
	Node  string `json:"node"`
	// Connected, Admitted (into the conference itself) and Left bound the stay.
	Connected time.Time `json:"connected"`
	Admitted  time.Time `json:"admitted,omitzero"`
	Left      time.Time `json:"left,omitzero"`
	Reason    string    `json:"reason,omitempty"`
	// Media tells that sound or picture went through at some time.
	Media     bool `json:"media"`
	AudioOnly bool `json:"audio_only,omitempty"`
	Streaming bool `json:"streaming,omitempty"`
}

// Person tells whether the leg is somebody's: no API leg, no recorder, let into the conference.
func (l LegRecord) Person() bool {
	return l.Protocol != protoAPI && !l.Streaming && !l.Admitted.IsZero()
}

// Legs are the legs of every conference of the room.
func (r RoomRecord) Legs() []LegRecord {
	var out []LegRecord
	for _, c := range r.Conferences {
		out = append(out, c.Legs...)
	}
	return out
}

// Standing tells whether the room is configured at t: created and not deleted.
func (r RoomRecord) Standing(t time.Time) bool {
	return !t.Before(r.Created) && (r.Deleted.IsZero() || t.Before(r.Deleted))
}

// Live tells whether people can be in it or get into it: it stands, or a conference runs.
func (r RoomRecord) Live(t time.Time) bool { return r.Standing(t) || r.Running }

func (w *world) record(room *vmr, now time.Time) RoomRecord {
	v := room.standing()
	out := RoomRecord{
		ID: room.id, Name: v.name, Tag: v.tag, Aliases: slices.Clone(v.aliases), PIN: v.pin, GuestPIN: v.guestPIN,
		AllowGuests: v.allowGuests, Limit: v.limit, Created: room.created.UTC(), Deleted: room.deleted.UTC(),
		Everywhere: true, Running: w.live[v.name] != nil && w.live[v.name].room == room, Refused: room.refused,
		BlockedUntil: room.blockedUntil.UTC(),
	}
	for _, n := range w.mediaNodes() {
		knows := n.knows(room, now) != nil
		out.Known, out.Everywhere = out.Known || knows, out.Everywhere && knows
	}
	for _, in := range room.instances {
		c := ConferenceRecord{ID: in.id, Started: in.started.UTC(), Ended: in.ended.UTC(), Hosted: in.hosted, Locked: in.locked}
		for _, n := range in.nodes {
			c.Nodes = append(c.Nodes, n.Address)
		}
		for _, l := range in.legs {
			c.Legs = append(c.Legs, l.record())
		}
		out.Conferences = append(out.Conferences, c)
	}
	return out
}

func (l *leg) record() LegRecord {
	return LegRecord{
		ID: l.id, CallID: l.callID, Conversation: l.conversation, Room: l.instance.name, ConferenceID: l.instance.id,
		Name: l.name, Alias: l.alias, Role: l.role, Protocol: l.protocol, Phase: l.phase, Node: l.node.Address,
		Connected: l.connected.UTC(), Admitted: l.admitted.UTC(), Left: l.left.UTC(), Reason: l.reason, Media: l.hadMedia,
		AudioOnly: l.audioOnly, Streaming: l.streaming,
	}
}

// Rooms is every room ever made, oldest first.
func (s *Server) Rooms() []RoomRecord {
	now := s.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.world.advance(now)
	out := make([]RoomRecord, 0, len(s.world.ever))
	for _, room := range s.world.ever {
		out = append(out, s.world.record(room, now))
	}
	return out
}

// Room is the last room with this name or tag, deleted or not.
func (s *Server) Room(key string) (RoomRecord, bool) {
	now := s.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.world.advance(now)
	room := s.world.find(key)
	if room == nil {
		return RoomRecord{}, false
	}
	return s.world.record(room, now), true
}

// Ever counts the rooms that were ever made with this name or tag, and Live those that stand
// or in which a conference runs.
func (s *Server) Ever(key string) int {
	return s.count(key, func(RoomRecord) bool { return true })
}

// Live counts the rooms with this name or tag that stand or in which a conference runs.
func (s *Server) Live(key string) int {
	now := s.Now()
	return s.count(key, func(r RoomRecord) bool { return r.Live(now) })
}

func (s *Server) count(key string, which func(RoomRecord) bool) int {
	now := s.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.world.advance(now)
	n := 0
	for _, room := range s.world.ever {
		if v := room.standing(); (v.name == key || v.tag == key) && which(s.world.record(room, now)) {
			n++
		}
	}
	return n
}

// MaxLive is, per key, the most rooms that ever stood at the same time. Rooms with an empty
// key are left out. ByTag is the usual key.
func (s *Server) MaxLive(key func(RoomRecord) string) map[string]int {
	type edge struct {
		at    time.Time
		delta int
	}
	edges := make(map[string][]edge)
	for _, r := range s.Rooms() {
		k := key(r)
		if k == "" {
			continue
		}
		edges[k] = append(edges[k], edge{r.Created, 1})
		if !r.Deleted.IsZero() {
			edges[k] = append(edges[k], edge{r.Deleted, -1})
		}
	}
	out := make(map[string]int, len(edges))
	for k, list := range edges {
		// At one instant the end of the old room counts before the start of the new one.
		sort.SliceStable(list, func(i, j int) bool {
			if list[i].at.Equal(list[j].at) {
				return list[i].delta < list[j].delta
			}
			return list[i].at.Before(list[j].at)
		})
		live := 0
		for _, e := range list {
			live += e.delta
			out[k] = max(out[k], live)
		}
	}
	return out
}

// ByTag keys rooms by their tag, or by name where there is none.
func ByTag(r RoomRecord) string {
	if r.Tag == "" {
		return r.Name
	}
	return r.Tag
}

// Overlap is the total time, up to now, in which a host and a guest were in the conference
// itself at once, by the simulator's clock.
func (r RoomRecord) Overlap(now time.Time) time.Duration {
	legs := slices.DeleteFunc(r.Legs(), func(l LegRecord) bool { return !l.Person() || !l.Media })
	var cuts []time.Time
	for _, l := range legs {
		cuts = append(cuts, l.Admitted, l.until(now))
	}
	slices.SortFunc(cuts, time.Time.Compare)
	var total time.Duration
	for i := 1; i < len(cuts); i++ {
		if presentAt(legs, RoleHost, cuts[i-1], cuts[i], now) && presentAt(legs, RoleGuest, cuts[i-1], cuts[i], now) {
			total += cuts[i].Sub(cuts[i-1])
		}
	}
	return total
}

func presentAt(legs []LegRecord, role Role, from, to, now time.Time) bool {
	return slices.ContainsFunc(legs, func(l LegRecord) bool {
		return l.Role == role && !l.Admitted.After(from) && !l.until(now).Before(to)
	})
}

func (l LegRecord) until(now time.Time) time.Time {
	if l.Left.IsZero() {
		return now
	}
	return l.Left
}
