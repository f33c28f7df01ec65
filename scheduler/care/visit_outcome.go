package care

import (
	"slices"
	"time"
)

// Verdict returns what the evidence said last; zero when nobody asked it yet.
func (s Snapshot) Verdict() Verdict {
	if n := len(s.Verdicts); n > 0 {
		return s.Verdicts[n-1]
	}

	return Verdict{}
}

// Concluded reports whether the visit ended with an outcome that evidence or a person gave.
func (s VisitState) Concluded() bool { return s == Completed || s == NotCompleted }

// Testify stores what the evidence says, unless it says what it said before, and puts who should
// not have been in the room on the exception list. It reports whether the evidence says
// something new.
func (v *Visit) Testify(verdict Verdict) bool {
	fresh := len(v.s.Verdicts) == 0 || !v.s.Verdict().Says(verdict)
	if fresh {
		v.s.Verdicts = append(v.s.Verdicts, verdict)
	}

	for _, a := range verdict.Alarms {
		told := func(e Exception) bool { return e.Kind == PersonTrouble && e.About == string(a) }
		if !slices.ContainsFunc(v.s.Exceptions, told) { // once; whoever settled it knows
			v.Raise(PersonTrouble, string(a), a.Danish(), false, verdict.At)
		}
	}

	return fresh
}

// Conclude ends the visit with what took place. The room is closed, messages that have not
// left are dropped, and the result is due in the care record.
func (v *Visit) Conclude(o Outcome) error {
	next, err := o.state()
	if err != nil {
		return err
	}

	if v.s.lacksIdentity(o) {
		return NewError(Conflict, v.s.WhyUnknown())
	}

	called := v.s.ToCall()
	if err := v.to(next, v.concludable(o)...); err != nil {
		return err
	}

	if called && !v.s.heldOnScreen(o) {
		o.Delivery = ByPhone
	}

	v.s.Outcome, v.s.Delivery = o, o.Delivery
	v.release(o.At)
	v.resolveKind(OutcomeTrouble, o.By, o.At)
	v.due(EntryResult, o.At)

	return nil
}

// Correct gives a concluded visit another outcome and keeps the one it had. The record is
// told again.
func (v *Visit) Correct(o Outcome) error {
	next, err := o.state()
	if err != nil {
		return err
	}

	if v.s.lacksIdentity(o) {
		return NewError(Conflict, v.s.WhyUnknown())
	}

	if err := v.to(next, Completed, NotCompleted); err != nil {
		return err
	}

	v.s.Former = append(v.s.Former, v.s.Outcome)
	v.s.Outcome, v.s.Delivery = o, o.Delivery
	v.resolveKind(OutcomeTrouble, o.By, o.At)

	for i := range v.s.Entries { // one that is on its way with the old outcome must not be the last word
		if e := &v.s.Entries[i]; e.Kind == EntryResult && (e.State == EntryDue || e.State == EntryRejected) {
			e.State = EntrySuperseded
			v.resolve(EntryTrouble, string(e.ID), o.At)
		}
	}

	v.due(EntryResult, o.At)

	return nil
}

// Confirm takes over how sure an outcome is now that fuller evidence says the same. It changes
// nothing that the record was told.
func (v *Visit) Confirm(grade Grade) {
	if v.s.State.Concluded() {
		v.s.Outcome.Grade = grade
	}
}

// Time takes over the times of a visit by screen that a person had concluded before the platform told
// them. Fuller times replace those that came late, never those that were known with the outcome.
func (v *Visit) Time(told Outcome, at time.Time) {
	o := &v.s.Outcome
	known := o.Actual.Valid() && o.TimedAt.IsZero()

	if !v.s.State.Concluded() || known || !told.Actual.Valid() || !o.Alike(told) || o.Delivery != Screen {
		return
	}

	o.Actual, o.Together, o.TimedAt = told.Actual, told.Together, at
}

// state is the one in which a visit with this outcome is.
func (o Outcome) state() (VisitState, error) {
	switch {
	case o.Kind == ResultCompleted && (o.Delivery == Screen || o.Delivery == ByPhone):
		return Completed, nil
	case o.Kind == ResultNotCompleted && o.Reason != "":
		return NotCompleted, nil
	}

	return "", NewError(Invalid, "Vælg, om besøget blev gennemført, og hvorfor hvis det ikke blev.")
}

// Contradict puts on the exception list that the platform's full record says otherwise than the
// person who gave the outcome.
func (v *Visit) Contradict(verdict Verdict) {
	v.Raise(OutcomeTrouble, byPlatform, "Videoplatformens fulde oplysninger siger noget andet end det, der er registreret. "+
		verdict.Text()+" Ret resultatet, eller markér punktet som løst, hvis det registrerede passer.", false, verdict.At)
}

// Weaken puts on the exception list that the platform's full record no longer bears the outcome
// that the system gave.
func (v *Visit) Weaken(verdict Verdict) {
	v.Raise(OutcomeTrouble, byPlatform, "Videoplatformens fulde oplysninger gør resultatet usikkert. "+
		verdict.Text()+" Ret resultatet, eller markér punktet som løst, hvis det registrerede passer.", false, verdict.At)
}

// byPlatform is what an exception is about that the platform's later record raised.
const byPlatform = "platform"

// closedRooms returns when the rooms of a visit ended, by key; rooms that may still live are not in it.
func (s Snapshot) closedRooms() map[RoomRef]time.Time {
	out := map[RoomRef]time.Time{}

	for _, r := range s.Rooms {
		if r.State == RoomClosed && !r.ClosedAt.IsZero() {
			out[r.Ref] = r.ClosedAt
		}
	}

	return out
}

// Witnessed returns the legs as they can be judged: who is said to be in a room that has ended
// left when it did.
func (s Snapshot) Witnessed() []Leg {
	closed := s.closedRooms()
	legs := slices.Clone(s.Legs)

	for i := range legs {
		at, over := closed[legs[i].Room]
		if over && legs[i].Left.IsZero() && at.After(legs[i].Joined) {
			legs[i].Left, legs[i].Ending = later(at, legs[i].Entered), EndedForAll
		}
	}

	return legs
}
