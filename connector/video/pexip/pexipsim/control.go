package pexipsim

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Errors of the control plane.
var (
	// ErrUnknownRoom: no room ever had that name or tag.
	ErrUnknownRoom = errors.New("pexipsim: unknown room")
	// ErrUnknownNode: no node has that address.
	ErrUnknownNode = errors.New("pexipsim: unknown node")
)

// locked runs f on an up-to-date world.
func (s *Server) locked(f func(now time.Time) error) error {
	now := s.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.world.advance(now)
	return f(now)
}

// withLeg runs f on a connected leg.
func (s *Server) withLeg(id string, f func(l *leg, now time.Time) error) error {
	return s.locked(func(now time.Time) error {
		l := s.world.legs[id]
		if l == nil || !l.left.IsZero() {
			return ErrNoLeg
		}
		return f(l, now)
	})
}

// withRoom runs f on the last room with a name or tag.
func (s *Server) withRoom(key string, f func(room *vmr, now time.Time) error) error {
	return s.locked(func(now time.Time) error {
		room := s.world.find(key)
		if room == nil {
			return fmt.Errorf("%w %q", ErrUnknownRoom, key)
		}
		return f(room, now)
	})
}

// Replicate makes every node know now how the room with this name or tag is.
func (s *Server) Replicate(key string) error {
	return s.withRoom(key, func(room *vmr, _ time.Time) error {
		room.last().everywhere = true
		return nil
	})
}

// ReplicateAll makes every node know now how every room is.
func (s *Server) ReplicateAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, room := range s.world.ever {
		room.last().everywhere = true
	}
}

// Join is a person who dials an alias and enters a PIN. A browser with a wrong PIN leaves no
// trace; a telephone is connected all the same, and then both its leg and the error are
// returned (see EnterPIN). The errors are ErrNoRoom, ErrPINRequired, ErrWrongPIN, ErrBlocked
// and ErrFull.
func (s *Server) Join(alias string, p Person) (LegRecord, error) {
	var out LegRecord
	err := s.locked(func(now time.Time) error {
		l, err := s.world.join(alias, p, now)
		if l != nil {
			out = l.record()
		}
		return err
	})
	return out, err
}

// Enter lets somebody in by role: with that role's PIN, over the first alias for a host and
// the second, when there is one, for a guest. The room is found by name or tag.
func (s *Server) Enter(key string, role Role, name string) (LegRecord, error) {
	var out LegRecord
	err := s.withRoom(key, func(room *vmr, now time.Time) error {
		v := room.standing()
		if len(v.aliases) == 0 {
			return ErrNoRoom
		}
		alias, pin := v.aliases[0], v.pin
		if role == RoleGuest {
			alias, pin = v.aliases[min(1, len(v.aliases)-1)], v.guestPIN
		}
		l, err := s.world.join(alias, Person{Name: name, PIN: pin}, now)
		if l != nil {
			out = l.record()
		}
		return err
	})
	return out, err
}

// EnterPIN is a caller who types a PIN on a telephone. The third wrong one ends the call.
func (s *Server) EnterPIN(legID, pin string) error {
	return s.withLeg(legID, func(l *leg, now time.Time) error { return s.world.enterPIN(l, pin, now) })
}

// EnterWrongPIN is n people at browsers who try a PIN that opens nothing, and returns what the
// last one was told.
func (s *Server) EnterWrongPIN(alias string, n int) error {
	var err error
	for range n {
		_, err = s.Join(alias, Person{Name: "Ukendt", PIN: "0000000000"})
	}
	return err
}

// Leave ends a stay by its leg id; ErrNoLeg when nobody with it is connected.
func (s *Server) Leave(legID string) error {
	return s.withLeg(legID, func(l *leg, now time.Time) error {
		s.world.leave(l.person(), now, ReasonUsual)
		return nil
	})
}

// Crash is a browser that dies: its leg stays until the platform notices (Options.TokenExpiry).
func (s *Server) Crash(legID string) error {
	return s.withLeg(legID, func(l *leg, now time.Time) error {
		s.world.crash(l.person(), now)
		return nil
	})
}

// Reconnect is a person who comes again: a new leg with the same conversation_id. The old leg
// ends now; one that crashed ends when the platform notices.
func (s *Server) Reconnect(legID string) (LegRecord, error) {
	var out LegRecord
	err := s.locked(func(now time.Time) error {
		l := s.world.legs[legID]
		if l == nil {
			return ErrNoLeg
		}
		fresh, err := s.world.again(l.person(), now)
		if fresh != nil {
			out = fresh.record()
		}
		return err
	})
	return out, err
}

// Promote is a host who makes a guest a host.
func (s *Server) Promote(legID string) error {
	return s.withLeg(legID, func(l *leg, now time.Time) error {
		s.world.changeRole(l, RoleHost, now)
		return nil
	})
}

// LetIn is a host who admits one person from the waiting room.
func (s *Server) LetIn(legID string) error {
	return s.withLeg(legID, func(l *leg, now time.Time) error {
		s.world.letIn(l, now)
		return nil
	})
}

// PutOut is a host who removes one person.
func (s *Server) PutOut(legID string) error {
	return s.withLeg(legID, func(l *leg, now time.Time) error {
		s.world.leave(l.person(), now, ReasonHostPutOut)
		return nil
	})
}

// EndForAll is a host who ends the conference of a leg for everybody.
func (s *Server) EndForAll(legID string) error {
	return s.withLeg(legID, func(l *leg, now time.Time) error {
		s.world.end(l.instance, now, ReasonHostEnded)
		return nil
	})
}

// Record starts a recording or stream of the room with this name or tag: a leg without a
// person. ErrNoRoom when no node knows the room.
func (s *Server) Record(key string) (LegRecord, error) {
	var out LegRecord
	err := s.withRoom(key, func(room *vmr, now time.Time) error {
		for _, n := range s.world.mediaNodes() {
			if v := n.knows(room, now); v != nil {
				out = s.world.dialOut(room, v, n, "rtmps://recorder.example/live", protoRTMP, RoleGuest, now).record()
				return nil
			}
		}
		return ErrNoRoom
	})
	return out, err
}

// Clear ends the conference of the room with this name or tag, as an administrator would.
func (s *Server) Clear(key string) error {
	return s.withRoom(key, func(room *vmr, now time.Time) error {
		for _, in := range room.instances {
			s.world.end(in, now, ReasonAdminEnded)
		}
		return nil
	})
}

// Attendance is one scripted person's stay. Names tell people of one room apart.
type Attendance struct {
	// Person is who comes. With an empty PIN and a Role, the role's PIN is used.
	Person
	// Alias is what the person dials; empty: the first alias for a host, the second for a guest.
	Alias string `json:"alias,omitempty"`
	Role  Role   `json:"role,omitempty"`
	// Join and Leave are instants by the simulator's clock; a zero Leave stays (a forgotten tab).
	Join  time.Time `json:"join"`
	Leave time.Time `json:"leave,omitzero"`
	// Crash makes the end a crash, which the platform notices later.
	Crash bool `json:"crash,omitempty"`
	// Again continues the conversation of this person's stay before, as a reconnect does.
	Again bool `json:"again,omitempty"`
}

// Schedule plans stays in the room with this name or tag. They happen at their own times,
// between everything else that falls due, even when the clock jumps over them.
func (s *Server) Schedule(key string, stays ...Attendance) error {
	return s.withRoom(key, func(room *vmr, now time.Time) error {
		for _, a := range stays {
			if a.Name == "" || a.Join.IsZero() {
				return errors.New("pexipsim: a stay needs a name and a time to join")
			}
		}
		talks := make(map[string]string) // name → conversation
		for _, a := range stays {
			s.world.after(a.Join, 0, func(t time.Time) { s.world.attend(room, a, talks, t) })
		}
		s.world.advance(now)
		return nil
	})
}

// attend is one scripted stay.
func (w *world) attend(room *vmr, a Attendance, talks map[string]string, t time.Time) {
	v := room.standing()
	p, alias := a.Person, a.Alias
	if p.PIN == "" && a.Role == RoleHost {
		p.PIN = v.pin
	} else if p.PIN == "" && a.Role == RoleGuest {
		p.PIN = v.guestPIN
	}
	if alias == "" && len(v.aliases) > 0 {
		alias = v.aliases[0]
		if a.Role == RoleGuest {
			alias = v.aliases[min(1, len(v.aliases)-1)]
		}
	}
	if a.Again {
		p.conversation = talks[a.Name]
	}
	l, err := w.join(alias, p, t)
	if l == nil || (err != nil && l.phase != phaseIVR) {
		return
	}
	talks[a.Name] = l.conversation
	if a.Leave.IsZero() {
		return
	}
	w.after(a.Leave, 0, func(t time.Time) {
		if a.Crash {
			w.crash(l, t)
			return
		}
		w.leave(l, t, ReasonUsual)
	})
}

// AddSink makes an event sink and attaches it to every location, as an administrator would.
func (s *Server) AddSink(sink EventSink) error {
	if err := loopbackURL(sink.URL); err != nil {
		return fmt.Errorf("pexipsim: event sink %q: %w", sink.Name, err)
	}
	return s.locked(func(now time.Time) error { return s.config.addSink(sink, len(s.config.all(resSink)), now) })
}

// RestartSinks restarts every publisher, as an administrator would: seq begins again at 1, and
// what waited comes in a flood.
func (s *Server) RestartSinks() {
	_ = s.locked(func(now time.Time) error { // nothing in it can fail
		for _, o := range s.config.all(resSink) {
			s.config.change(resSink, o, map[string]any{"restart_date": now})
		}
		s.config.attach(now)
		return nil
	})
}

// HoldEvents keeps the events of one node back until ReleaseEvents, so that those of others
// overtake them.
func (s *Server) HoldEvents(node string) error { return s.hold(node, true) }

// ReleaseEvents ends HoldEvents.
func (s *Server) ReleaseEvents(node string) error { return s.hold(node, false) }

func (s *Server) hold(address string, held bool) error {
	return s.locked(func(time.Time) error {
		if !slices.ContainsFunc(s.world.nodes, func(n *node) bool { return n.Address == address }) {
			return fmt.Errorf("%w %q", ErrUnknownNode, address)
		}
		for _, p := range s.hub.publishers {
			if p.node.Address == address {
				p.held = held
			}
		}
		return nil
	})
}

// SetGlobal changes global settings (§1.5), as an administrator would.
func (s *Server) SetGlobal(settings map[string]any) error {
	return s.locked(func(time.Time) error {
		for name, v := range settings {
			f := s.config.specs[resGlobal].byName[name]
			if f == nil || f.readonly {
				return fmt.Errorf("pexipsim: no global setting %q", name)
			}
			accepted, why := f.accept(v)
			if why != "" {
				return fmt.Errorf("pexipsim: %s: %s", name, why)
			}
			s.config.single(resGlobal).values[name] = accepted
		}
		return nil
	})
}
