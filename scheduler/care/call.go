package care

import "time"

// OwnSystem is the source system of visits that began here and stand on no driving list: calls.
const OwnSystem = "sluse"

// CallService is the service of a call. It says nothing about the citizen.
const CallService = "Opkald"

// AdHoc reports whether the visit is a call that an employee made on the spot.
func (s Snapshot) AdHoc() bool { return s.Source.System == OwnSystem }

// NewCall makes a visit that an employee gives by screen now, with its room wanted. Key is the
// same for two presses of one button, so that the store refuses the second visit.
func NewCall(id VisitID, key string, facts Facts, recording Recording, room RoomRef, at time.Time) (*Visit, error) {
	v, err := NewVisit(id, SourceRef{System: OwnSystem, ID: key, Occurrence: string(DayOf(facts.Planned.Start))}, facts)
	if err != nil {
		return nil, err
	}

	if err := v.Choose("", recording); err != nil {
		return nil, err
	}

	return v, v.StartBooking(room, at)
}

// Begin sets the time of a call that had to wait for its room.
func (v *Visit) Begin(planned Interval, at time.Time) {
	if v.s.AdHoc() && v.s.State == BookingRoom && planned.Valid() {
		v.s.Facts.Planned = planned
		v.resolveKind(PoolTrouble, "system", at)
	}
}

// concludable lists the states in which a visit can end with the outcome. A call that got no room
// may have been made by telephone instead.
func (v *Visit) concludable(o Outcome) []VisitState {
	if v.s.AdHoc() && o.Kind == ResultCompleted && o.Delivery == ByPhone {
		return []VisitState{BookingRoom, RoomIsBooked, Open}
	}

	// What was missed as far as we knew, and took place after all, ends as it was.
	if _, open := v.s.OpenFollowUp(); open && v.s.heldOnScreen(o) {
		return []VisitState{RoomIsBooked, Open, Reverted}
	}

	if v.s.ToCall() && (o.Kind != ResultCompleted || o.Delivery == ByPhone) {
		return []VisitState{Reverted}
	}

	return []VisitState{RoomIsBooked, Open}
}

// ShiftAt returns the usual shift layer of an instant, local time: day from 7 to 15, evening from
// 15 to 23.
func ShiftAt(t time.Time) Shift {
	switch hour := t.In(Zone()).Hour(); {
	case hour >= 7 && hour < 15:
		return DayShift
	case hour >= 15 && hour < 23:
		return EveningShift
	default:
		return NightShift
	}
}
