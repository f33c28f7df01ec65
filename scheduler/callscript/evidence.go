package callscript

import (
	"fmt"
	"slices"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// Room is the key of a call's room; the first has the number 1.
func (c Call) Room(number int) care.RoomRef {
	return care.RoomRef(fmt.Sprintf("%s/%d", c.Name, number))
}

// Legs are the stays as a platform would tell them: by the clocks of its nodes.
func (c Call) Legs() []care.Leg {
	legs := make([]care.Leg, 0, len(c.Stays))

	for i, s := range c.Stays {
		told := func(t time.Time) time.Time {
			if t.IsZero() {
				return t
			}

			return t.Add(s.Clock)
		}

		legs = append(legs, care.Leg{
			ID: fmt.Sprintf("%s-%d", s.Name, i+1), Room: c.Room(s.Room), Role: s.Role, Call: s.Name,
			Joined: told(s.Joined), Left: told(s.Left), Entered: told(s.Entered),
			Seat: s.Seat, Media: s.Media, Ending: s.Ending, Witness: s.Witness, Node: s.Node,
		})
	}

	return legs
}

// Evidence puts the call into a municipality's settings: minimum, bridge, wait, skew and roughness
// are taken from them, and the window by door before the start and after past the end.
func (c Call) Evidence(settings care.Evidence, door, after time.Duration) care.Evidence {
	e := settings
	e.Legs, e.Planned, e.CameAt, e.LetInAt, e.Seats, e.Called = c.Legs(), c.Planned, c.Came, c.LetIn, c.Invited, c.Off
	e.Window = care.Interval{Start: c.Planned.Start.Add(-door), End: c.Planned.End.Add(after)}
	e.Complete = !c.Incomplete

	if e.Now = c.Now; c.Now.IsZero() {
		e.Now = e.Window.End
	}

	return e
}

// LabelOf is a verdict in the words of a script; Unknown when a person must decide.
func LabelOf(v care.Verdict) Label {
	switch o := v.Outcome; {
	case !v.Decided:
		return Unknown
	case o.Kind == care.ResultCompleted && o.Delivery == care.ByPhone:
		return Phone
	case o.Kind == care.ResultCompleted:
		return Completed
	default:
		return labelOf(o.Reason)
	}
}

func labelOf(reason care.ReasonCode) Label {
	switch reason {
	case care.CitizenAbsent:
		return CitizenAbsent
	case care.EmployeeAbsent:
		return EmployeeAbsent
	case care.TechnicalFault:
		return Technical
	case care.TooShort:
		return TooShort
	case care.CancelledCitizen, care.CancelledStaff, care.Hospitalised, care.TurnedPhysical:
		return CalledOff
	}

	return Unknown
}

// Plain reports whether any video platform can play the call as it stands: people who come with
// picture and sound, or with one of the given media, into the one room, by the one clock, and go
// again while the room stands.
func (c Call) Plain(stands care.Interval, media ...care.Media) bool {
	if c.Off != "" || c.Incomplete || !c.Now.IsZero() || len(c.Invited) > 0 {
		return false
	}

	return !slices.ContainsFunc(c.Stays, func(s Stay) bool {
		return !s.plain() || s.Media != care.Video && !slices.Contains(media, s.Media) || s.Joined.Before(stands.Start) || !s.Left.Before(stands.End)
	})
}

func (s Stay) plain() bool {
	return (s.Role == care.AsHost || s.Role == care.AsGuest) && s.Ending == care.Usual && s.Node == "" && s.Room == 1 && s.Seat <= 1 &&
		s.Left.After(s.Joined) && s.Entered.IsZero() && s.Witness == care.FromHistory
}
