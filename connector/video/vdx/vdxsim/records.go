package vdxsim

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sort"
	"time"
)

// RoomRecord is one room as the simulator remembers it, deleted ones included. Times are
// UTC; a zero time means "not yet" or "never".
type RoomRecord struct {
	UUID         string   `json:"uuid"`
	ExternalID   string   `json:"external_id"`
	ShortID      string   `json:"short_id"`
	Organisation string   `json:"organisation"`
	Organizer    string   `json:"organizer"`
	Subject      string   `json:"subject"`
	Description  string   `json:"description"`
	ProjectCode  string   `json:"project_code"`
	Labels       []string `json:"labels"`
	// URIWithDomain is the room's address, the name in history records.
	URIWithDomain string `json:"uri_with_domain"`
	// HostPIN and GuestPIN are 0 for none.
	HostPIN  int `json:"host_pin"`
	GuestPIN int `json:"guest_pin"`
	// PortalLink and ShortLink are as the API gives them.
	PortalLink string `json:"portal_link"`
	ShortLink  string `json:"short_link"`
	// Created, Start and End are the booking's; Start is the room's own start.
	Created time.Time `json:"created"`
	Start   time.Time `json:"start"`
	End     time.Time `json:"end"`
	// ProvisionedAt is when the room became usable.
	ProvisionedAt time.Time `json:"provisioned_at,omitzero"`
	// Deleted is when DELETE removed it.
	Deleted time.Time `json:"deleted,omitzero"`
	// Ended is when its end time was reached, or was moved into the past.
	Ended time.Time `json:"ended,omitzero"`
	// Cancelled is when it was deleted, or cut short by an update to an end not in the future.
	Cancelled time.Time `json:"cancelled,omitzero"`
	// Status and StatusText are provisionStatus and its description.
	Status     ProvisionStatus `json:"status"`
	StatusText string          `json:"status_text"`
	// MaxParticipants is 0 for unlimited.
	MaxParticipants int `json:"max_participants"`
	// Pooled tells that the room came from a pool.
	Pooled bool `json:"pooled"`
	// Refused counts people whom the door turned away (wrong PIN, full).
	Refused int `json:"refused"`
	// Legs are everybody who was in, oldest first.
	Legs []LegRecord `json:"legs"`
}

// Live tells whether the booking stood at t: created, not deleted, not past its end.
func (r RoomRecord) Live(t time.Time) bool {
	return !t.Before(r.Created) && (r.Deleted.IsZero() || t.Before(r.Deleted)) && (r.Ended.IsZero() || t.Before(r.Ended))
}

// LegRecord is one person's stay in a room.
type LegRecord struct {
	ID       string `json:"id"`
	RoomUUID string `json:"room_uuid"`
	CallID   string `json:"call_id"`
	Name     string `json:"name"`
	Role     Role   `json:"role"`
	// Joined and Left bound the stay, UTC; Left is zero while the person is present. Entered is
	// when they came into the room itself, zero while (or if for ever) waiting for a host.
	Joined  time.Time `json:"joined"`
	Entered time.Time `json:"entered,omitzero"`
	Left    time.Time `json:"left,omitzero"`
	Reason  string    `json:"reason"`
	Device  Device    `json:"device,omitempty"`
}

// SMSRecord is one accepted message.
type SMSRecord struct {
	ID         string `json:"id"`
	RoomUUID   string `json:"room_uuid"`
	ExternalID string `json:"external_id"`
	Sender     string `json:"sender"`
	To         string `json:"to"`
	// Message is the text as the client sent it, Text with %meeting_url% replaced.
	Message string `json:"message"`
	Text    string `json:"text"`
	// Sent is when it was accepted, Status and StatusAt what became of it by now, UTC.
	Sent     time.Time `json:"sent"`
	Status   string    `json:"status"`
	StatusAt time.Time `json:"status_at"`
	// AfterCancel tells that the room was already cancelled (RoomRecord.Cancelled).
	AfterCancel bool `json:"after_cancel"`
}

// Rooms is every room ever made, oldest first.
func (s *Server) Rooms() []RoomRecord {
	now := s.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]RoomRecord, 0, len(s.world.rooms))
	for _, r := range s.world.rooms {
		s.world.advance(r, now)
		out = append(out, r.record())
	}
	return out
}

// Room is the room of an undeleted meeting.
func (s *Server) Room(uuid string) (RoomRecord, bool) {
	now := s.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.world.byUUID[uuid]
	if m == nil {
		return RoomRecord{}, false
	}
	s.world.advance(m.room, now)
	return m.room.record(), true
}

func (r *room) record() RoomRecord {
	m := r.meeting
	out := RoomRecord{
		UUID: m.uuid, ShortID: m.shortID, Organisation: m.organisation, Organizer: m.organizedBy.email,
		Subject: m.subject, Labels: slices.Clone(m.labels), URIWithDomain: r.uriWithDomain,
		HostPIN: r.hostPIN, GuestPIN: r.guestPIN, PortalLink: r.portalLink, ShortLink: shortLink(r.baseURL, m),
		Created: r.bornAt.UTC(), Start: r.start.UTC(), End: m.end.UTC(), ProvisionedAt: r.provisionedAt.UTC(),
		Deleted: r.deletedAt.UTC(), Ended: r.endedAt.UTC(), Cancelled: r.cancelledAt.UTC(),
		Status: r.status, StatusText: r.statusText, MaxParticipants: r.maxParticipants,
		Pooled: r.pooled, Refused: r.refused,
	}
	pick(&out.ExternalID, m.externalID)
	pick(&out.Description, m.description)
	pick(&out.ProjectCode, m.projectCode)
	for _, c := range r.calls {
		for _, l := range c.legs {
			out.Legs = append(out.Legs, l.record())
		}
	}
	return out
}

func (l *leg) record() LegRecord {
	return LegRecord{
		ID: l.id, RoomUUID: l.room.uuid, CallID: l.call.id, Name: l.name, Role: l.role,
		Joined: l.joined.UTC(), Entered: l.entered.UTC(), Left: l.left.UTC(), Reason: l.reason,
		Device: l.guise.device,
	}
}

// SMS is every accepted message, oldest first.
func (s *Server) SMS() []SMSRecord {
	now := s.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]SMSRecord, 0, len(s.sms.all))
	for _, m := range s.sms.all {
		name, since := m.status(now)
		rec := SMSRecord{
			ID: m.id, RoomUUID: m.meeting.uuid, Sender: m.sender, To: m.to, Message: m.text, Text: m.filled,
			Sent: m.at.UTC(), Status: name, StatusAt: since.UTC(), AfterCancel: m.late,
		}
		pick(&rec.ExternalID, m.meeting.externalID)
		out = append(out, rec)
	}
	return out
}

// MaxLive is, per key, the most rooms that ever stood at the same time. Rooms with an empty
// key are left out. ByExternalID is the usual key; a caller whose external ids differ per
// attempt passes a function that finds the visit in them.
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
		if gone := earliest(r.Deleted, r.Ended); !gone.IsZero() {
			edges[k] = append(edges[k], edge{gone, -1})
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

// ByExternalID keys rooms by organisation and externalId, or by uuid where there is none.
func ByExternalID(r RoomRecord) string {
	if r.ExternalID == "" {
		return r.UUID
	}
	return r.Organisation + "/" + r.ExternalID
}

func earliest(times ...time.Time) time.Time {
	var out time.Time
	for _, t := range times {
		if !t.IsZero() && (out.IsZero() || t.Before(out)) {
			out = t
		}
	}
	return out
}

// Counts are the figures that invariants are made of.
type Counts struct {
	// RoomsEver is every room ever made, RoomsLive those standing now.
	RoomsEver int `json:"rooms_ever"`
	RoomsLive int `json:"rooms_live"`
	// RoomsCancelled were deleted or cut short.
	RoomsCancelled int `json:"rooms_cancelled"`
	// DuplicateRooms counts external ids that ever had two live rooms at once.
	DuplicateRooms int `json:"duplicate_rooms"`
	// RoomsJoined had at least one person in; RoomsWithBoth a host and a guest at the same time.
	RoomsJoined   int `json:"rooms_joined"`
	RoomsWithBoth int `json:"rooms_with_both"`
	// PeopleInside is the number of people in rooms now.
	PeopleInside int `json:"people_inside"`
	// SMS is every accepted message; SMSPerRoom by room uuid.
	SMS        int            `json:"sms"`
	SMSFailed  int            `json:"sms_failed"`
	SMSPerRoom map[string]int `json:"sms_per_room"`
	// SMSAfterCancel were accepted after their room was cancelled.
	SMSAfterCancel int `json:"sms_after_cancel"`
	// Requests by operation, of programs and people; RemoteCalls is the sum without the portal.
	Requests    map[string]int `json:"requests"`
	RemoteCalls int            `json:"remote_calls"`
	// Faults by kind in the kept history.
	Faults map[FaultKind]int `json:"faults"`
}

// Counts computes the figures over everything so far.
func (s *Server) Counts() Counts {
	now := s.Now()
	out := Counts{SMSPerRoom: map[string]int{}, Requests: map[string]int{}, Faults: make(map[FaultKind]int)}
	for _, r := range s.Rooms() {
		out.addRoom(r, now)
	}
	for _, n := range s.MaxLive(ByExternalID) {
		if n > 1 {
			out.DuplicateRooms++
		}
	}
	for _, m := range s.SMS() {
		out.SMS++
		out.SMSPerRoom[m.RoomUUID]++
		if m.Status == SMSFailed {
			out.SMSFailed++
		}
		if m.AfterCancel {
			out.SMSAfterCancel++
		}
	}
	s.ledger.mu.Lock()
	defer s.ledger.mu.Unlock()
	for op, n := range s.ledger.perOp {
		out.Requests[op] = n
		if op != OpPortal {
			out.RemoteCalls += n
		}
	}
	for _, rec := range s.ledger.kept {
		if rec.Fault != "" {
			out.Faults[rec.Fault]++
		}
	}
	return out
}

func (c *Counts) addRoom(r RoomRecord, now time.Time) {
	c.RoomsEver++
	if r.Live(now) {
		c.RoomsLive++
	}
	if !r.Cancelled.IsZero() {
		c.RoomsCancelled++
	}
	if len(r.Legs) > 0 {
		c.RoomsJoined++
	}
	if r.Overlap(now) > 0 {
		c.RoomsWithBoth++
	}
	for _, l := range r.Legs {
		if l.Left.IsZero() {
			c.PeopleInside++
		}
	}
}

// Overlap is the total time, up to now, in which a host and a guest were in at once.
func (r RoomRecord) Overlap(now time.Time) time.Duration {
	var cuts []time.Time
	for _, l := range r.Legs {
		cuts = append(cuts, l.Entered, l.until(now))
	}
	sort.Slice(cuts, func(i, j int) bool { return cuts[i].Before(cuts[j]) })
	var total time.Duration
	for i := 1; i < len(cuts); i++ {
		if r.presentAt(RoleHost, cuts[i-1], cuts[i], now) && r.presentAt(RoleGuest, cuts[i-1], cuts[i], now) {
			total += cuts[i].Sub(cuts[i-1])
		}
	}
	return total
}

func (r RoomRecord) presentAt(role Role, from, to, now time.Time) bool {
	return slices.ContainsFunc(r.Legs, func(l LegRecord) bool {
		return l.Role == role && !l.Entered.IsZero() && !l.Entered.After(from) && !l.until(now).Before(to)
	})
}

func (l LegRecord) until(now time.Time) time.Time {
	if l.Left.IsZero() {
		return now
	}
	return l.Left
}

// State is a dump of everything the simulator remembers, except the request history.
type State struct {
	Now           time.Time      `json:"now"`
	Seed          uint64         `json:"seed"`
	Clients       []Client       `json:"clients"`
	Organisations []Organisation `json:"organisations"`
	Rooms         []RoomRecord   `json:"rooms"`
	SMS           []SMSRecord    `json:"sms"`
	PendingFaults []Fault        `json:"pending_faults"`
	Counts        Counts         `json:"counts"`
}

// State dumps the simulator.
func (s *Server) State() State {
	s.mu.Lock()
	clients := slices.Clone(s.opts.Clients)
	orgs := make([]Organisation, 0, len(s.opts.Organisations))
	for _, code := range slices.Sorted(maps.Keys(s.world.organisations)) {
		orgs = append(orgs, s.world.organisations[code].Organisation)
	}
	s.mu.Unlock()
	return State{
		Now: s.Now().UTC(), Seed: s.opts.Seed, Clients: clients, Organisations: orgs, Rooms: s.Rooms(), SMS: s.SMS(),
		PendingFaults: s.PendingFaults(), Counts: s.Counts(),
	}
}

// AwaitRequests waits until at least count requests of the operations (all if none are
// named) are in the history, so that a test can act at a given moment.
func (s *Server) AwaitRequests(ctx context.Context, count int, ops ...string) error {
	for {
		s.ledger.mu.Lock()
		changed := s.ledger.changed
		have := 0
		for op, n := range s.ledger.perOp {
			if len(ops) == 0 || has(ops, op) {
				have += n
			}
		}
		s.ledger.mu.Unlock()
		if have >= count {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("vdxsim: %d of %d requests: %w", have, count, ctx.Err())
		}
	}
}
