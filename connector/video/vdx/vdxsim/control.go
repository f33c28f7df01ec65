package vdxsim

import (
	"errors"
	"fmt"
	"time"
)

// ErrUnknownRoom is what control calls answer for a uuid without an undeleted meeting.
var ErrUnknownRoom = errors.New("vdxsim: unknown room")

// withRoom runs f on an up-to-date room.
func (s *Server) withRoom(uuid string, f func(r *room, now time.Time) error) error {
	now := s.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.world.byUUID[uuid]
	if m == nil {
		return fmt.Errorf("%w %s", ErrUnknownRoom, uuid)
	}
	s.world.advance(m.room, now)
	return f(m.room, now)
}

// FinishProvisioning makes a room PROVISIONED_OK now, whatever its state was.
func (s *Server) FinishProvisioning(uuid string) error {
	return s.withRoom(uuid, func(r *room, now time.Time) error {
		r.stuck, r.failWith = false, ""
		s.world.setStatus(r, ProvisionedOK, now)
		return nil
	})
}

// FailProvisioning lets provisioning end in PROVISION_PROBLEMS with a description: at once
// when it has begun, otherwise when its time comes.
func (s *Server) FailProvisioning(uuid, description string) error {
	return s.withRoom(uuid, func(r *room, now time.Time) error {
		r.failWith = description
		if r.status == StartingToProvision {
			s.world.setStatus(r, ProvisionProblems, now)
		}
		return nil
	})
}

// HoldProvisioning keeps a room in its state until FinishProvisioning or ReleaseProvisioning.
func (s *Server) HoldProvisioning(uuid string) error {
	return s.withRoom(uuid, func(r *room, _ time.Time) error {
		r.stuck = true
		return nil
	})
}

// ReleaseProvisioning ends HoldProvisioning.
func (s *Server) ReleaseProvisioning(uuid string) error {
	return s.withRoom(uuid, func(r *room, now time.Time) error {
		r.stuck, r.considerFrom = false, now
		s.world.advance(r, now)
		return nil
	})
}

// FailDeprovisioning lets closing end in DEPROVISION_PROBLEMS with a description.
func (s *Server) FailDeprovisioning(uuid, description string) error {
	return s.withRoom(uuid, func(r *room, _ time.Time) error {
		r.closeFailWith = description
		return nil
	})
}

// SetStatus puts a room into a state as PUT scheduling-info would: no transition is
// forbidden (§2.2).
func (s *Server) SetStatus(uuid string, status ProvisionStatus) error {
	return s.withRoom(uuid, func(r *room, now time.Time) error {
		s.world.setStatus(r, status, now)
		return nil
	})
}

// EndMeeting moves the end of a meeting to now, as an operator would in VDX Management.
func (s *Server) EndMeeting(uuid string) error {
	return s.withRoom(uuid, func(r *room, now time.Time) error {
		r.meeting.end = now
		r.considerFrom = now
		s.world.advance(r, now)
		return nil
	})
}

// Join lets somebody in by role, without a PIN but with the door's other rules: the room is
// open and not full. The errors are ErrNotOpen, ErrClosed, ErrFull and ErrUnknownRoom.
func (s *Server) Join(uuid, name string, role Role) (LegRecord, error) {
	var out LegRecord
	err := s.withRoom(uuid, func(r *room, now time.Time) error {
		l, err := s.world.join(r, name, role, guise{}, now)
		if err == nil {
			out = l.record()
		}
		return err
	})
	return out, err
}

// Leave ends a stay by its leg id; ErrNoLeg when nobody with it is inside.
func (s *Server) Leave(legID string) error {
	now := s.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.leaveLeg(legID, now)
}

func (s *Server) leaveLeg(legID string, now time.Time) error {
	l := s.world.legs[legID]
	if l == nil {
		return ErrNoLeg
	}
	s.world.advance(l.room, now)
	if !l.left.IsZero() {
		return ErrNoLeg
	}
	s.world.leave(l, now, ReasonUsual)
	return nil
}

// Clear throws everybody out of a room.
func (s *Server) Clear(uuid string) error {
	return s.withRoom(uuid, func(r *room, now time.Time) error {
		s.world.clear(r, now, ReasonPutOut)
		return nil
	})
}

// Attendance is one scripted person's stay.
type Attendance struct {
	// Name is shown to others and in the history.
	Name string `json:"name"`
	// Role is used when PIN is 0 and UsePIN is false.
	Role Role `json:"role,omitempty"`
	// PIN is tried at the door when UsePIN is set; a wrong one is turned away.
	PIN    int  `json:"pin,omitempty"`
	UsePIN bool `json:"use_pin,omitempty"`
	// Join and Leave are instants by the simulator's clock; a zero Leave stays to the end.
	Join  time.Time `json:"join"`
	Leave time.Time `json:"leave,omitzero"`
	// Reason is why the stay ends; empty is ReasonUsual. ReasonLost is a broken connection.
	Reason string `json:"reason,omitempty"`
	// Device is DeviceBrowser or DevicePhone.
	Device Device `json:"device,omitempty"`
	// Conversation makes one conversation_id of all stays in the room with the same text, as
	// after a reconnect without a new page. Empty is a conversation of its own: a second tab.
	Conversation string `json:"conversation,omitempty"`
	// Node is the platform's node that the call came in at; see HistoryShape.Skew.
	Node string `json:"node,omitempty"`
	// NoMedia is a call without picture and sound.
	NoMedia bool `json:"no_media,omitempty"`
}

// Schedule plans stays. They happen at their times, between provisioning steps in the right
// order, even when the clock jumps over them. Several stays of one name are reconnects, or tabs
// beside each other.
func (s *Server) Schedule(uuid string, stays ...Attendance) error {
	return s.withRoom(uuid, func(r *room, now time.Time) error {
		for _, a := range stays {
			if a.Name == "" || a.Join.IsZero() {
				return errors.New("vdxsim: a stay needs a name and a time to join")
			}
			p := &stay{Attendance: a}
			r.plan(scripted{a.Join, p.arrive})
			if !a.Leave.IsZero() {
				r.plan(scripted{a.Leave, p.depart})
			}
		}
		s.world.advance(r, now)
		return nil
	})
}

// AddUndeliverable makes future messages to a number end as FAILED.
func (s *Server) AddUndeliverable(numbers ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range numbers {
		s.sms.undeliverable[digits(n)] = true
	}
}

// AddClient registers one more service account.
func (s *Server) AddClient(c Client) error {
	if c.ID == "" || c.Secret == "" {
		return errors.New("vdxsim: a client needs an id and a secret")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, had := range s.opts.Clients {
		if had.ID == c.ID {
			return fmt.Errorf("vdxsim: client %q exists", c.ID)
		}
	}
	s.opts.Clients = append(s.opts.Clients, c)
	return nil
}
