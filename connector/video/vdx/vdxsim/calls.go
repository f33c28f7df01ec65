package vdxsim

import (
	"cmp"
	"errors"
	"slices"
	"sort"
	"strconv"
	"time"
)

// Role is what a PIN makes of a person, by the names of the history records.
type Role string

// The two roles of a leg.
const (
	// RoleHost is a person with the host PIN ("chair" in the history API).
	RoleHost Role = "chair"
	// RoleGuest is a person with the guest PIN.
	RoleGuest Role = "guest"
)

// Errors of joining a room, each with its own page and status code.
var (
	// ErrNoRoom: no live room has that address.
	ErrNoRoom = errors.New("vdxsim: no such room")
	// ErrNotOpen: the room is not provisioned yet.
	ErrNotOpen = errors.New("vdxsim: the room is not open yet")
	// ErrClosed: the meeting is over or the room is gone.
	ErrClosed = errors.New("vdxsim: the room is closed")
	// ErrWrongPIN: the PIN opens nothing.
	ErrWrongPIN = errors.New("vdxsim: wrong PIN")
	// ErrFull: maxParticipants people are in the room.
	ErrFull = errors.New("vdxsim: the room is full")
	// ErrNoLeg: nobody with that leg is in a room.
	ErrNoLeg = errors.New("vdxsim: no such leg")
)

// Reasons for the end of a stay, in Pexip's words where those are public.
const (
	ReasonUsual    = "Call disconnected"
	ReasonNoHost   = "Timeout waiting for conference host to join or permit access to locked conference"
	ReasonEnded    = "Conference terminated by an administrator"
	ReasonPutOut   = "Disconnected by an administrator"
	ReasonLost     = "ICE failure"
	ReasonFull     = "Participant limit reached"
	ReasonWrongPIN = "Invalid PIN entered"
)

// hostTimeout is how long a guest waits for a host: Pexip's default.
const hostTimeout = 15 * time.Minute

// Device is what somebody joins with.
type Device string

// The devices. The zero value is a browser.
const (
	DeviceBrowser Device = ""
	DevicePhone   Device = "phone" // dials in, sound only
)

// Stages of a stay, by the names of the history records' service_type.
const (
	stageRoom    = "conference"
	stageWaiting = "waiting_room"
	stagePIN     = "ivr"
)

// guise is what the history tells of a person beside name, role and times.
type guise struct {
	device       Device
	conversation string // equal text: one conversation; empty: one of its own
	node         string
	noMedia      bool
}

// leg is one person's stay; a reconnect is a new leg.
type leg struct {
	id, name string
	role     Role // empty for somebody who never got past the PIN
	guise    guise
	stage    string
	call     *call // nil for somebody who was turned away while nobody was in
	room     *room
	joined   time.Time
	entered  time.Time // zero while waiting for a host
	left     time.Time // zero while present
	reason   string
}

// call is one conference instance: from the first person in to the last one out.
type call struct {
	id      string
	room    *room
	started time.Time
	ended   time.Time // zero while somebody is present
	legs    []*leg
}

// scripted is one planned act, in order of time: a stay that begins, ends, or has waited long
// enough for a host.
type scripted struct {
	at  time.Time
	act func(w *world, r *room, at time.Time)
}

// stay is a scripted person; leg is nil until they are in.
type stay struct {
	Attendance
	leg *leg
}

// roleOf says what a PIN makes of its bearer. Without a guest PIN an empty PIN is a guest;
// without any PIN everybody is a host.
func (r *room) roleOf(pin int) (Role, error) {
	switch {
	case r.hostPIN == 0 && r.guestPIN == 0:
		return RoleHost, nil
	case pin != 0 && pin == r.hostPIN:
		return RoleHost, nil
	case pin != 0 && pin == r.guestPIN, pin == 0 && r.guestPIN == 0:
		return RoleGuest, nil
	}
	return "", ErrWrongPIN
}

// open tells whether people may come in at t.
func (r *room) open(t time.Time) error {
	switch {
	case !r.deletedAt.IsZero(), !t.Before(r.end()):
		return ErrClosed
	}
	switch r.status {
	case ProvisionedOK:
		return nil
	case AwaitsProvision, StartingToProvision, ProvisionProblems:
		return ErrNotOpen
	case StartingToDeprovision, DeprovisionProblems, DeprovisionOK:
		return ErrClosed
	}
	return ErrClosed
}

// join lets a person in, by the door's rules. With Options.Lobby a guest waits until a host is
// in, and for no longer than hostTimeout.
func (w *world) join(r *room, name string, role Role, g guise, t time.Time) (*leg, error) {
	if err := r.open(t); err != nil {
		return nil, err
	}
	if r.maxParticipants > 0 && len(r.people) >= r.maxParticipants {
		w.turnAway(r, name, role, g, t, ReasonFull)
		return nil, ErrFull
	}
	current := r.currentCall()
	if current == nil {
		n := strconv.Itoa(len(r.calls))
		current = &call{id: w.dice.uuid("call", r.uuid, n), room: r, started: t}
		r.calls = append(r.calls, current)
		w.calls = append(w.calls, current)
	}
	l := &leg{
		id:   w.dice.uuid("leg", r.uuid, strconv.Itoa(len(r.calls)), strconv.Itoa(len(current.legs))),
		name: name, role: role, guise: g, call: current, room: r, joined: t, stage: stageRoom, entered: t,
	}
	current.legs = append(current.legs, l)
	if w.opts.Lobby && role == RoleGuest && !r.hasHost() {
		l.stage, l.entered = stageWaiting, time.Time{}
		r.plan(scripted{at: t.Add(hostTimeout), act: func(w *world, _ *room, at time.Time) { w.giveUp(l, at) }})
	}
	r.people = append(r.people, l)
	if role == RoleHost {
		r.letIn(t)
	}
	w.legs[l.id] = l
	return l, nil
}

func (r *room) hasHost() bool {
	return slices.ContainsFunc(r.people, func(l *leg) bool { return l.role == RoleHost })
}

// letIn ends the waiting of everybody in the lobby.
func (r *room) letIn(t time.Time) {
	for _, l := range r.people {
		if l.stage == stageWaiting {
			l.stage, l.entered = stageRoom, t
		}
	}
}

// giveUp ends the stay of somebody who still waits for a host.
func (w *world) giveUp(l *leg, t time.Time) {
	if l.stage == stageWaiting {
		w.leave(l, t, ReasonNoHost)
	}
}

// turnAway counts somebody who did not get in, and keeps them for the history.
func (w *world) turnAway(r *room, name string, role Role, g guise, t time.Time, reason string) {
	r.refused++
	stage := stageRoom
	if role == "" {
		stage = stagePIN
	}
	w.turnedAway = append(w.turnedAway, &leg{
		id:   w.dice.uuid("refused", r.uuid, strconv.Itoa(r.refused)),
		name: name, role: role, guise: g, call: r.currentCall(), room: r, stage: stage, joined: t, left: t.Add(time.Second), reason: reason,
	})
}

func (r *room) currentCall() *call {
	if n := len(r.calls); n > 0 && r.calls[n-1].ended.IsZero() {
		return r.calls[n-1]
	}
	return nil
}

// leave ends a stay; the last one out ends the call.
func (w *world) leave(l *leg, t time.Time, reason string) {
	if !l.left.IsZero() {
		return
	}
	l.left, l.reason = latest(t, l.joined), reason
	r := l.room
	r.people = slices.DeleteFunc(r.people, func(p *leg) bool { return p == l })
	if len(r.people) == 0 {
		l.call.ended = l.left
	}
}

// clear throws everybody out.
func (w *world) clear(r *room, t time.Time, reason string) {
	for _, l := range slices.Clone(r.people) {
		w.leave(l, t, reason)
	}
}

// plan enters scripted acts in order of time.
func (r *room) plan(acts ...scripted) {
	r.script = append(r.script, acts...)
	sort.SliceStable(r.script, func(i, j int) bool { return r.script[i].at.Before(r.script[j].at) })
}

// arrive lets a scripted person try the door.
func (p *stay) arrive(w *world, r *room, at time.Time) {
	role, g := p.Role, p.guise()
	if p.UsePIN {
		found, err := r.roleOf(p.PIN)
		if err != nil {
			w.turnAway(r, p.Name, "", g, at, ReasonWrongPIN)
			return
		}
		role = found
	}
	l, err := w.join(r, p.Name, role, g, at)
	if err != nil && !errors.Is(err, ErrFull) {
		r.refused++
	}
	p.leg = l
}

// depart ends the stay, if there was one.
func (p *stay) depart(w *world, _ *room, at time.Time) {
	if p.leg != nil {
		w.leave(p.leg, at, cmp.Or(p.Reason, ReasonUsual))
	}
}

func (a Attendance) guise() guise {
	return guise{device: a.Device, conversation: a.Conversation, node: a.Node, noMedia: a.NoMedia}
}
