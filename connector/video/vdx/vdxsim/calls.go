package vdxsim

import (
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

// leg is one person's stay; a reconnect is a new leg.
type leg struct {
	id, name string
	role     Role
	call     *call
	room     *room
	joined   time.Time
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

// scripted is one planned act of a person, in order of time.
type scripted struct {
	at    time.Time
	join  bool
	name  string
	role  Role
	pin   int
	byPIN bool
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

// join lets a person in, by the door's rules.
func (w *world) join(r *room, name string, role Role, t time.Time) (*leg, error) {
	if err := r.open(t); err != nil {
		return nil, err
	}
	if r.maxParticipants > 0 && len(r.people) >= r.maxParticipants {
		r.refused++
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
		name: name, role: role, call: current, room: r, joined: t,
	}
	current.legs = append(current.legs, l)
	r.people = append(r.people, l)
	w.legs[l.id] = l
	return l, nil
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

// act lets a scripted person do their part at its time.
func (w *world) act(r *room, s scripted) {
	if !s.join {
		for _, l := range slices.Clone(r.people) {
			if l.name == s.name {
				w.leave(l, s.at, "Call disconnected")
			}
		}
		return
	}
	role := s.role
	if s.byPIN {
		found, err := r.roleOf(s.pin)
		if err != nil {
			r.refused++
			return
		}
		role = found
	}
	if _, err := w.join(r, s.name, role, s.at); err != nil && !errors.Is(err, ErrFull) {
		r.refused++
	}
}

// plan enters scripted acts in order of time.
func (r *room) plan(acts ...scripted) {
	r.script = append(r.script, acts...)
	sort.SliceStable(r.script, func(i, j int) bool { return r.script[i].at.Before(r.script[j].at) })
}
