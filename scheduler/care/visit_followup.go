package care

import (
	"fmt"
	"slices"
	"time"
)

// OpenFollowUp returns the follow-up that is open. There is never more than one.
func (s Snapshot) OpenFollowUp() (FollowUp, bool) {
	i := slices.IndexFunc(s.FollowUps, func(f FollowUp) bool { return f.Stage.Open() })
	if i < 0 {
		return FollowUp{}, false
	}

	return s.FollowUps[i], true
}

// FollowUpOf returns the follow-up with the given id.
func (s Snapshot) FollowUpOf(id FollowUpID) (FollowUp, bool) {
	i := slices.IndexFunc(s.FollowUps, func(f FollowUp) bool { return f.ID == id })
	if i < 0 {
		return FollowUp{}, false
	}

	return s.FollowUps[i], true
}

func (v *Visit) openFollowUp() *FollowUp {
	for i := range v.s.FollowUps {
		if f := &v.s.FollowUps[i]; f.Stage.Open() {
			return f
		}
	}

	return nil
}

// stillOpen returns the follow-up with the id while somebody has to do something.
func (v *Visit) stillOpen(id FollowUpID) (*FollowUp, error) {
	f := v.openFollowUp()
	if f == nil || f.ID != id {
		return nil, NewError(Conflict, "Opfølgningen er afsluttet. Opdatér siden.")
	}

	return f, nil
}

// Miss records that a visit by screen, or the telephone call in its place, did not take place, and
// has it given in another way: by telephone while that was not tried, else in person. The outcome is
// the follow-up's cause, not the visit's: the record never holds a result of a visit that is yet to
// be given. Nobody is sent a message: somebody calls or comes.
func (v *Visit) Miss(o Outcome, plan FollowUpPlan) error {
	if next, err := o.state(); err != nil || next != NotCompleted {
		return NewError(Invalid, "Vælg, hvorfor besøget ikke blev gennemført.")
	}

	if v.s.AdHoc() {
		return NewError(Conflict, "Et opkald står ikke på en køreliste og har ingen opfølgning.")
	}

	called := v.s.ToCall()
	if !called && !v.s.State.Active() {
		return NewError(Conflict, forbidden(v.s.State))
	}

	f := v.openFollowUp()
	if f == nil {
		f = v.follow(o, plan)
	}

	switch {
	case called || plan.CallBy.IsZero() && !plan.Ask:
		return v.sendBack(f, o.By, o.At)
	case plan.Ask:
		v.resolveKind(OutcomeTrouble, o.By, o.At) // the follow-up asks now

		return nil
	}

	return v.turnToCall(o.At)
}

func (v *Visit) follow(o Outcome, plan FollowUpPlan) *FollowUp {
	v.s.FollowUps = append(v.s.FollowUps, FollowUp{
		ID:    FollowUpID(fmt.Sprintf("%s-f%d", v.s.ID, len(v.s.FollowUps)+1)),
		Stage: FollowUpAsked, Cause: o.Reason, Grade: o.Grade, CausedBy: o.By, OpenedAt: o.At,
		Automatic: plan.Automatic, CallBy: plan.CallBy, VisitBy: plan.VisitBy,
	})

	return &v.s.FollowUps[len(v.s.FollowUps)-1]
}

// turnToCall has the visit given by telephone, without a message to anybody.
func (v *Visit) turnToCall(at time.Time) error {
	if err := v.to(Reverted, Chosen, BookingRoom, RoomIsBooked, Open); err != nil {
		return err
	}

	v.clearScreen(ByPhone, at)
	v.removeEverybody(at)
	v.tellCalls(at)

	return nil
}

// sendBack makes the visit physical again, without a message to anybody.
func (v *Visit) sendBack(f *FollowUp, by string, at time.Time) error {
	if !v.s.ToCall() {
		if err := v.to(Reverted, Chosen, BookingRoom, RoomIsBooked, Open); err != nil {
			return err
		}
	} else {
		f.TriedAt, f.TriedBy = at, by
	}

	v.clearScreen(Physical, at)
	v.removeEverybody(at)
	v.supersedeDue()
	v.takeBack(EntryRestored, at)
	f.untake()

	return nil
}

func (f *FollowUp) untake() { f.TakenBy, f.TakenAt, f.GivenBy = "", time.Time{}, "" }

// FollowByPhone has somebody call who was only asked how the visit goes on.
func (v *Visit) FollowByPhone(id FollowUpID, at time.Time) error {
	f, err := v.stillOpen(id)
	if err != nil {
		return err
	}

	if f.Stage != FollowUpAsked {
		return NewError(Conflict, "Besøget er allerede ændret. Opdatér siden.")
	}

	return v.turnToCall(at)
}

// FollowInPerson sends the physical visit back on the list: the citizen was not reached, or nobody
// called in time.
func (v *Visit) FollowInPerson(id FollowUpID, by string, at time.Time) error {
	f, err := v.stillOpen(id)
	if err != nil {
		return err
	}

	if f.Stage == FollowUpReturning {
		return NewError(Conflict, "Besøget er allerede sendt tilbage på listen.")
	}

	return v.sendBack(f, by, at)
}

// CallAgain takes back that the citizen was not reached: somebody pressed the wrong button, or the
// citizen called back.
func (v *Visit) CallAgain(id FollowUpID, by EmployeeID, at time.Time) error {
	f, err := v.stillOpen(id)
	if err != nil {
		return err
	}

	if f.Stage != FollowUpReturning || v.s.State != Reverted {
		return NewError(Conflict, "Der er ikke noget at fortryde. Opdatér siden.")
	}

	v.s.Delivery = ByPhone
	v.tellCalls(at)

	f.TriedAt, f.TriedBy, f.BackAt = time.Time{}, "", time.Time{}
	f.untake()
	f.TakenBy, f.TakenAt = by, at // who takes it back has it now

	f.Stage = FollowUpCalling
	if back := f.GoesBackAt(); !back.IsZero() && !at.Before(back) {
		f.Automatic = false // it would go back again at once; from here on only people send it back
	}

	return nil
}

// TakeFollowUp records that an employee sees to it; given is who drives, where that is known.
func (v *Visit) TakeFollowUp(id FollowUpID, by, given EmployeeID, at time.Time) error {
	f, err := v.stillOpen(id)
	if err != nil {
		return err
	}

	if f.TakenBy != "" && f.TakenBy != by && given == "" {
		return NewError(Conflict, "En kollega har taget den. Opdatér siden.")
	}

	f.TakenBy, f.TakenAt = by, at
	if f.Stage == FollowUpReturning {
		f.GivenBy = given
	}

	return nil
}

// ReleaseFollowUp takes back that somebody sees to it. One that had ended with that is open again, and
// the escalation begins anew: nobody else looks at what was taken.
func (v *Visit) ReleaseFollowUp(id FollowUpID) error {
	i := slices.IndexFunc(v.s.FollowUps, func(f FollowUp) bool { return f.ID == id })
	if i < 0 || i != len(v.s.FollowUps)-1 {
		return NewError(Conflict, "Der er ikke noget at fortryde. Opdatér siden.")
	}

	f := &v.s.FollowUps[i]
	back := f.Stage == FollowUpPlaced && v.s.State == Reverted && v.s.Delivery == Physical

	if f.TakenBy == "" || !f.Stage.Open() && !back {
		return NewError(Conflict, "Der er ikke noget at fortryde. Opdatér siden.")
	}

	if back {
		f.Stage, f.EndedAt, f.EndedBy = FollowUpReturning, time.Time{}, ""
	}

	f.Level, f.RaisedFor = 0, time.Time{}
	f.untake()

	return nil
}

// DropFollowUp ends a follow-up that is not needed, with the outcome that the screen visit had.
func (v *Visit) DropFollowUp(id FollowUpID, by string, at time.Time) error {
	f, err := v.stillOpen(id)
	if err != nil {
		return err
	}

	if f.Stage == FollowUpReturning {
		return NewError(Conflict, "Det fysiske besøg står på listen igen. Aflys besøget, hvis det ikke skal gives.")
	}

	if v.s.State != RoomIsBooked && v.s.State != Open && !v.s.ToCall() {
		return NewError(Conflict, forbidden(v.s.State))
	}

	return v.Conclude(Outcome{Kind: ResultNotCompleted, Reason: f.Cause, Delivery: Screen, Grade: Manual, By: by, At: at})
}

// RaiseFollowUp records that one more step of the escalation was taken for the deadline that counts now.
func (v *Visit) RaiseFollowUp(id FollowUpID, text string, at time.Time) error {
	f, err := v.stillOpen(id)
	if err != nil {
		return err
	}

	f.Level, f.RaisedFor, f.RaisedAt = f.Steps()+1, f.Due(), at
	v.Raise(FollowUpTrouble, string(id), text, false, at)

	return nil
}

// DoubtFollowUp puts on the exception list that the platform's later record shows that the visit, which
// is followed up because it was missed, took place on the screen after all.
func (v *Visit) DoubtFollowUp(verdict Verdict) {
	if v.openFollowUp() == nil {
		return
	}

	v.Raise(OutcomeTrouble, byPlatform, "Videoplatformens fulde oplysninger viser nu, at besøget blev holdt på skærm. "+
		verdict.Text()+" Tal med medarbejderen, før nogen ringer eller kører. Afslut besøget som gennemført på skærm, hvis det passer.", false, verdict.At)
}

// Doubt is why the open follow-up may be of no need: what the platform's later record shows. Empty:
// nothing speaks against it.
func (s Snapshot) Doubt() string {
	if _, open := s.OpenFollowUp(); !open {
		return ""
	}

	i := slices.IndexFunc(s.Exceptions, func(e Exception) bool { return e.Kind == OutcomeTrouble && e.About == byPlatform && e.Open() })
	if i < 0 {
		return ""
	}

	return s.Exceptions[i].Text
}

// heldOnScreen reports whether the evidence bears that the visit took place on the screen, whatever it
// was turned into since.
func (s Snapshot) heldOnScreen(o Outcome) bool {
	verdict := s.Verdict()

	return o.Delivery == Screen && verdict.Decided && verdict.Outcome.Kind == ResultCompleted
}

// WakeFollowUp says when the open follow-up is looked at again without a person; zero: never.
func (v *Visit) WakeFollowUp(at time.Time) {
	if f := v.openFollowUp(); f != nil {
		f.WakeAt = at
	}
}

// KeepFollowUp brings the open follow-up in line with what became of the visit, whoever changed it
// and why. It is called after every change, so that no way leaves one behind.
func (v *Visit) KeepFollowUp(by string, at time.Time) {
	f := v.openFollowUp()
	if f == nil {
		return
	}

	switch {
	case v.s.State == Completed && v.s.Delivery == ByPhone:
		f.end(FollowUpTalked, by, at)
	case v.s.State.Final(), v.s.State == Listed, v.s.State.Active() && f.Stage != FollowUpAsked:
		f.end(FollowUpDropped, by, at)
	case v.s.ToCall():
		f.Stage = FollowUpCalling
	case v.s.State == Reverted:
		f.Stage = FollowUpReturning
	}

	if f.Stage == FollowUpReturning && f.BackAt.IsZero() && !v.s.entryWaits() {
		f.BackAt = at
	}

	if f.Stage == FollowUpReturning && !f.BackAt.IsZero() && f.TakenBy != "" {
		f.end(FollowUpPlaced, string(f.TakenBy), at)
	}

	if !f.Stage.Open() || f.Steps() == 0 {
		v.resolve(FollowUpTrouble, string(f.ID), at)
	}
}

func (f *FollowUp) end(stage FollowUpStage, by string, at time.Time) {
	f.Stage, f.EndedAt, f.EndedBy, f.WakeAt = stage, at, by, time.Time{}
}

// entryWaits reports whether the record has yet to be told something.
func (s Snapshot) entryWaits() bool {
	return slices.ContainsFunc(s.Entries, func(e Entry) bool { return e.State == EntryDue || e.State == EntryRejected })
}
