package scheduler_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/message"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/connector/video/vdx"
	"github.com/sluse/sluse/scheduler/care"
)

// fault is what becomes of a call.
type fault string

const (
	lostAnswer fault = "lost answer" // done, but nobody knows
	noAnswer   fault = "no answer"   // not done, but nobody knows
	outOfOrder fault = "unavailable" // not done
	died       fault = "died"        // done, and the process died before it could write that down
	diedBefore fault = "died before" // the process died before it called
	slowEffect fault = "slow effect" // nobody knows; done a minute later
	refusal    fault = "refused"     // not done, and it never will be
	wrongRoom  fault = "wrong room"  // it exists, and must not be used
)

// errDied stands for the end of a process: the queue runs the job again, counting a try.
var errDied = errors.New("the process died")

// latePeer is a platform as an own Pexip is one (pexip.md §0.3): rooms have no time, are made late,
// and may come back for a while after they were closed. It checks what it is asked.
type latePeer struct {
	mutex    sync.Mutex
	clock    *clock
	lead     time.Duration
	every    time.Duration // between looks
	standing map[care.RoomRef]video.Spec
	coming   map[care.RoomRef]coming
	calls    map[string]int // by operation
	asked    map[care.RoomRef]int
	polls    map[care.RoomRef][]time.Time
	faults   []fault
	foreign  []care.RoomRef // of another installation
	wrong    []string       // what should not have been asked
}

// coming is a room that will stand at a time.
type coming struct {
	at   time.Time
	spec video.Spec
}

var (
	_ video.Late      = (*latePeer)(nil)
	_ video.Mover     = (*latePeer)(nil)
	_ video.Lingering = (*latePeer)(nil)
	_ video.Sweeper   = (*latePeer)(nil)
	_ video.Poller    = (*latePeer)(nil)
	_ video.Receiver  = (*latePeer)(nil)
	_ video.Observer  = (*latePeer)(nil)
)

// onLate puts a rig on a late platform, with an SMS service of its own.
func onLate(peer **latePeer) change {
	return func(s *setup) {
		if s.clock == nil {
			s.clock = &clock{at: eve()}
		}

		*peer = &latePeer{
			clock: s.clock, lead: 30 * time.Minute, standing: map[care.RoomRef]video.Spec{}, coming: map[care.RoomRef]coming{},
			calls: map[string]int{}, asked: map[care.RoomRef]int{}, polls: map[care.RoomRef][]time.Time{},
		}
		s.wrap = func(*vdx.Platform) video.Platform { return *peer }
		s.sms = &shortMessages{}
		s.set.EventSilence = 10 * time.Minute
	}
}

func (p *latePeer) err(op string, kind connector.Kind) error {
	return &connector.Error{System: "late", Op: op, Kind: kind}
}

// begin counts a call and takes the next fault.
func (p *latePeer) begin(op string) fault {
	p.calls[op]++

	for ref, c := range p.coming {
		if p.clock.Now().Before(c.at) {
			continue
		}

		if _, stands := p.standing[ref]; !stands { // names are unique
			p.standing[ref] = c.spec
		}

		delete(p.coming, ref)
	}

	if len(p.faults) == 0 {
		return ""
	}

	f := p.faults[0]
	p.faults = p.faults[1:]

	return f
}

// outcome does what the fault lets be done, and returns what the caller hears.
func (p *latePeer) outcome(op string, f fault, effect func()) error {
	switch f {
	case lostAnswer:
		effect()

		return p.err(op, connector.Unknown)
	case died:
		effect()

		return errDied
	case diedBefore:
		return errDied
	case noAnswer, slowEffect:
		return p.err(op, connector.Unknown)
	case outOfOrder:
		return p.err(op, connector.Unavailable)
	case refusal:
		return p.err(op, connector.Rejected)
	case wrongRoom:
		effect()

		return p.err(op, connector.Conflict)
	}

	effect()

	return nil
}

func (p *latePeer) booking(ref care.RoomRef, spec video.Spec) video.Booking {
	b := video.Booking{
		Ref: ref, Status: video.Ready, Planned: spec.Planned, Address: "room-" + string(ref), HostPIN: spec.HostPIN, GuestPIN: spec.GuestPIN,
	}
	b.HostLink, _ = care.NewHostLink("https://late.example/" + string(ref) + "/host")

	for seat := range video.Seats(spec.MaxParticipants) {
		link, _ := care.NewGuestLink(fmt.Sprintf("https://late.example/%s/seat-%c", ref, 'a'+seat), spec.HostPIN)
		b.SeatLinks = append(b.SeatLinks, link)
	}

	b.GuestLink = b.SeatLinks[0]

	return b
}

// Lead implements video.Late.
func (p *latePeer) Lead() time.Duration { return p.lead }

// Reserve implements video.Late.
func (p *latePeer) Reserve(ref care.RoomRef, spec video.Spec) (video.Booking, error) {
	b := p.booking(ref, spec)
	b.Status = video.Awaiting

	return b, nil
}

// Book implements video.Platform.
func (p *latePeer) Book(_ context.Context, ref care.RoomRef, spec video.Spec) (video.Booking, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()

	if wait := spec.Planned.Start.Sub(p.clock.Now()); wait > p.lead {
		p.wrong = append(p.wrong, fmt.Sprintf("room %s is asked for %s ahead", ref, wait))
	}

	f := p.begin("book")
	p.asked[ref]++

	if f == slowEffect {
		p.coming[ref] = coming{p.clock.Now().Add(70 * time.Second), spec}
	}

	if _, stands := p.standing[ref]; f == refusal && stands {
		f = ""
	}

	err := p.outcome("book", f, func() {
		if _, stands := p.standing[ref]; !stands {
			p.standing[ref] = spec
		}
	})

	return p.booking(ref, p.standing[ref]), err
}

// Find implements video.Platform.
func (p *latePeer) Find(_ context.Context, ref care.RoomRef) (video.Booking, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()

	f := p.begin("find")
	if f == refusal || f == wrongRoom {
		f = ""
	}

	if err := p.outcome("find", f, func() {}); err != nil {
		return video.Booking{}, err
	}

	spec, stands := p.standing[ref]
	if !stands {
		return video.Booking{}, p.err("find", connector.NotFound)
	}

	return p.booking(ref, spec), nil
}

// Move implements video.Mover.
func (p *latePeer) Move(_ context.Context, ref care.RoomRef, planned care.Interval) (video.Booking, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()

	f := p.begin("move")
	if f == refusal || f == wrongRoom {
		f = ""
	}

	spec, stands := p.standing[ref]

	switch {
	case f == "" && !stands:
		return video.Booking{}, p.err("move", connector.NotFound)
	case f == "" && planned.Start.Sub(p.clock.Now()) > p.lead:
		return video.Booking{}, p.err("move", connector.Conflict)
	}

	spec.Planned = planned
	err := p.outcome("move", f, func() {
		if stands {
			p.standing[ref] = spec
		}
	})

	return p.booking(ref, spec), err
}

// Close implements video.Platform.
func (p *latePeer) Close(_ context.Context, ref care.RoomRef) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()

	if p.asked[ref] == 0 {
		p.wrong = append(p.wrong, fmt.Sprintf("room %s is closed, which nobody asked for", ref))
	}

	f := p.begin("close")
	if f == wrongRoom {
		f = ""
	}

	return p.outcome("close", f, func() { delete(p.standing, ref) })
}

// CloseAgain implements video.Lingering.
func (p *latePeer) CloseAgain() []time.Duration {
	return []time.Duration{2 * time.Minute, 5 * time.Minute}
}

// Rooms implements video.Sweeper.
func (p *latePeer) Rooms(context.Context) ([]care.RoomRef, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()

	f := p.begin("rooms")
	if f == refusal || f == wrongRoom {
		f = ""
	}

	if err := p.outcome("rooms", f, func() {}); err != nil {
		return nil, err
	}

	all := slices.Clone(p.foreign)
	for ref := range p.standing {
		all = append(all, ref)
	}

	return all, nil
}

// Poll implements video.Poller.
func (p *latePeer) Poll(_ context.Context, room video.Observed) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()

	p.begin("poll")
	p.polls[room.Ref] = append(p.polls[room.Ref], p.clock.Now())

	return nil
}

// Every implements video.Poller.
func (p *latePeer) Every() time.Duration { return p.every }

// Legs implements video.Observer.
func (p *latePeer) Legs(context.Context, video.Observed) ([]care.Leg, error) { return nil, nil }

// sentEvent is how the platform writes an event of its node.
type sentEvent struct {
	Seq int64     `json:"seq"`
	At  time.Time `json:"at"`
}

// Decode implements video.Receiver.
func (p *latePeer) Decode(body []byte) ([]video.Event, error) {
	var sent []sentEvent
	if err := json.Unmarshal(body, &sent); err != nil {
		return nil, &connector.Error{System: "late", Op: "decode", Kind: connector.Malformed, Err: err}
	}

	var events []video.Event
	for _, e := range sent {
		events = append(events, video.Event{Key: fmt.Sprint("a", e.Seq), Node: "a", Seq: e.Seq, At: e.At, Kind: "x", Room: "room"})
	}

	return events, nil
}

// stands reports whether the platform has the room now.
func (p *latePeer) stands(ref care.RoomRef) (video.Spec, bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()

	spec, ok := p.standing[ref]

	return spec, ok
}

// counted returns how often an operation was called.
func (p *latePeer) counted(op string) int {
	p.mutex.Lock()
	defer p.mutex.Unlock()

	return p.calls[op]
}

// shortMessages is an SMS service that needs no room.
type shortMessages struct {
	mutex sync.Mutex
	sent  []message.Message
}

// Send implements message.Sender.
func (s *shortMessages) Send(_ context.Context, m message.Message) (message.Receipt, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()

	s.sent = append(s.sent, m)

	return message.Receipt{ID: m.Key}, nil
}

// Find implements message.Finder.
func (s *shortMessages) Find(_ context.Context, m message.Message) (message.Receipt, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()

	if !slices.ContainsFunc(s.sent, func(o message.Message) bool { return o.Key == m.Key }) {
		return message.Receipt{}, &connector.Error{System: "sms", Op: "find", Kind: connector.NotFound}
	}

	return message.Receipt{ID: m.Key}, nil
}

// of returns the texts of a visit, oldest first.
func (s *shortMessages) of(v care.Snapshot) []string {
	s.mutex.Lock()
	defer s.mutex.Unlock()

	var out []string

	for _, m := range s.sent {
		if _, ok := v.RoomOf(m.Room); ok {
			out = append(out, m.Text)
		}
	}

	return out
}
