package care

import "time"

// ToCall reports whether the visit is to be given by telephone: it was on its way to a screen, and
// somebody decided to call instead. Its state is Reverted, so that it may be chosen for a screen anew.
func (s Snapshot) ToCall() bool { return s.State == Reverted && s.Delivery == ByPhone }

// CallInstead has the visit given by telephone: the room is closed, the citizen told that it is not
// on screen, and the record that somebody calls.
func (v *Visit) CallInstead(channel Channel, at time.Time) error {
	if v.s.AdHoc() {
		return NewError(Conflict, "Et opkald kan ikke laves om. Afslut det som gennemført på telefon, eller aflys det.")
	}

	if err := v.to(Reverted, Chosen, BookingRoom, RoomIsBooked, Open); err != nil {
		return err
	}

	v.leaveScreen(ByPhone, channel, at)
	v.tellCalls(at)

	return nil
}

// tellCalls makes due what the record is to know of a visit that is given by telephone.
func (v *Visit) tellCalls(at time.Time) {
	v.supersedeDue()

	for _, m := range v.s.Recording.Means {
		v.tellCall(m, at)
	}
}

// tellCall makes due what the record is to know by one means of a visit that is given by telephone:
// an intervention for screen visits no longer holds it, and the list and the task tell of the call.
func (v *Visit) tellCall(m Means, at time.Time) {
	switch {
	case m == ByIntervention && v.written(m, EntryPlanned):
		v.dueBy(m, EntryRestored, at)
	case m != ByIntervention && m.Tells(EntryPlanned):
		v.dueBy(m, EntryPlanned, at)
	}
}

// BackToScreen has a visit that was reverted given by screen all the same, as it was before.
func (v *Visit) BackToScreen(ref RoomRef, at time.Time) error {
	if v.s.State != Reverted {
		return &Error{Kind: Conflict, Message: forbidden(v.s.State)}
	}

	if err := v.Choose(v.s.Batch, v.s.Recording); err != nil {
		return err
	}

	return v.StartBooking(ref, at)
}

// FallBack has the visit given in another way than by screen, as one of a batch that may be undone.
func (v *Visit) FallBack(batch BatchID, delivery Delivery, channel Channel, at time.Time) (err error) {
	switch delivery { //nolint:exhaustive // a screen is what they fall back from
	case ByPhone:
		err = v.CallInstead(channel, at)
	case Physical:
		err = v.Revert(channel, at)
	default:
		err = NewError(Invalid, "Vælg, om besøgene skal være fysiske eller på telefon.")
	}

	if err == nil {
		v.s.Batch = batch
	}

	return err
}
