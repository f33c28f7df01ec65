package care

import (
	"fmt"
	"slices"
	"time"
)

// VisitState is how far a visit is. The zero value is invalid.
type VisitState string

// The states: listed → chosen → booking → booked → open → completed · not completed ·
// cancelled · reverted to physical. They are drawn in docs/visit-lifecycle.md.
const (
	Listed       VisitState = "listed"        // a row of a driving list, physical
	Chosen       VisitState = "chosen"        // picked for conversion
	BookingRoom  VisitState = "booking"       // the room's key is fixed, the platform is being asked
	RoomIsBooked VisitState = "booked"        // the platform has the room
	Open         VisitState = "open"          // the citizen was let in
	Completed    VisitState = "completed"     // final
	NotCompleted VisitState = "not_completed" // final, with a reason
	Cancelled    VisitState = "cancelled"     // final
	Reverted     VisitState = "reverted"      // physical again; may be chosen anew
)

// States lists every state in the order of a visit's life.
func States() []VisitState {
	return []VisitState{Listed, Chosen, BookingRoom, RoomIsBooked, Open, Completed, NotCompleted, Cancelled, Reverted}
}

// Facts are what the driving list says of a visit.
type Facts struct {
	List     ListID
	ListName string
	Line     int // row in the list's file
	Unit     UnitID
	Citizen  CitizenID
	Employee EmployeeID
	Service  string
	Law      LegalBasis
	Category string // as it stood when the list was read; restored on undo
	Comment  string // people's own text; we never change it
	Shift    Shift
	Planned  Interval
	Status   string // the list's own word: "Aflyst", "Indlagt", …
}

// Snapshot is a visit's whole state: the only way into and out of storage. Version is the
// store's; 0 means never stored.
type Snapshot struct {
	ID           VisitID
	Version      int
	Source       SourceRef
	Facts        Facts
	Delivery     Delivery
	State        VisitState
	Batch        BatchID   // the conversion that chose it; empty when listed
	Generation   int       // how often it was chosen
	Recording    Recording // zero until it was chosen
	OpenedAt     time.Time
	Outcome      Outcome // zero until concluded
	Rooms        []Room
	Invitations  []Invitation
	Admissions   []Admission
	Entries      []Entry
	Exceptions   []Exception
	Legs         []Leg
	Verdicts     []Verdict // what the evidence said, oldest first; the last one holds
	Former       []Outcome // outcomes that were corrected, oldest first
	Participants []Participant
	FollowUps    []FollowUp // of screen visits that did not take place, oldest first; at most one is open
	Hold         Hold       // zero: nobody holds deletion back
	DeletedAt    time.Time  // when the personal data was deleted, see Forget; zero: it is here
}

// Visit is one row of a driving list and everything that hangs on it. It is the unit of
// change: a visit and its rooms, messages, admissions, entries and exceptions are stored together.
type Visit struct{ s Snapshot }

// NewVisit makes a listed, physical visit.
func NewVisit(id VisitID, source SourceRef, facts Facts) (*Visit, error) {
	if id == "" || source.System == "" || source.ID == "" || !facts.Planned.Valid() || facts.Citizen == "" {
		return nil, NewError(Invalid, "Besøget mangler id, kilde, borger eller gyldige tider.")
	}

	return &Visit{Snapshot{ID: id, Source: source, Facts: facts, Delivery: Physical, State: Listed}}, nil
}

// Restore makes a visit from a stored snapshot.
func Restore(s Snapshot) *Visit { return &Visit{s.clone()} }

// Snapshot returns a copy of the visit's state.
func (v *Visit) Snapshot() Snapshot { return v.s.clone() }

func (s Snapshot) clone() Snapshot {
	s.Recording.Means = slices.Clone(s.Recording.Means)
	s.Rooms = slices.Clone(s.Rooms)
	s.Invitations = slices.Clone(s.Invitations)
	s.Admissions = slices.Clone(s.Admissions)
	s.Entries = slices.Clone(s.Entries)
	s.Exceptions = slices.Clone(s.Exceptions)
	s.Legs = slices.Clone(s.Legs)
	s.Verdicts = slices.Clone(s.Verdicts)
	s.Former = slices.Clone(s.Former)
	s.Participants = slices.Clone(s.Participants)
	s.FollowUps = slices.Clone(s.FollowUps)

	return s
}

// ID returns the visit's id.
func (v *Visit) ID() VisitID { return v.s.ID }

// State returns the visit's state.
func (v *Visit) State() VisitState { return v.s.State }

// Planned returns the planned time, UTC.
func (v *Visit) Planned() Interval { return v.s.Facts.Planned }

// Active reports whether the visit is on its way to be given by screen.
func (s VisitState) Active() bool {
	return s == Chosen || s == BookingRoom || s == RoomIsBooked || s == Open
}

// Final reports whether nothing leaves the state.
func (s VisitState) Final() bool { return s == Completed || s == NotCompleted || s == Cancelled }

// LiveRoom returns the room that exists or may exist at the platform.
func (s Snapshot) LiveRoom() (Room, bool) {
	for _, r := range s.Rooms {
		if r.Live() {
			return r, true
		}
	}

	return Room{}, false
}

// RoomOf returns the room with the given key.
func (s Snapshot) RoomOf(ref RoomRef) (Room, bool) {
	i := slices.IndexFunc(s.Rooms, func(r Room) bool { return r.Ref == ref })
	if i < 0 {
		return Room{}, false
	}

	return s.Rooms[i], true
}

// NeedsPerson reports whether an exception is open.
func (s Snapshot) NeedsPerson() bool { return slices.ContainsFunc(s.Exceptions, Exception.Open) }

func (v *Visit) to(next VisitState, from ...VisitState) error {
	if !slices.Contains(from, v.s.State) {
		return &Error{Kind: Conflict, Message: forbidden(v.s.State), Err: fmt.Errorf("visit %s: %s → %s", v.s.ID, v.s.State, next)}
	}

	v.s.State = next

	return nil
}

func forbidden(s VisitState) string {
	switch s {
	case Listed, Reverted:
		return "Besøget er et fysisk besøg. Omlæg det først."
	case Chosen, BookingRoom:
		return "Besøget er ved at blive omlagt. Vent et øjeblik og prøv igen."
	case RoomIsBooked:
		return "Besøget er allerede omlagt til skærmbesøg."
	case Open:
		return "Besøget er i gang."
	case Completed, NotCompleted:
		return "Besøget er afsluttet."
	case Cancelled:
		return "Besøget er aflyst."
	}

	return "Besøgets status tillader det ikke."
}

// Choose picks a physical visit for conversion in a batch, and fixes how the record is told of it.
func (v *Visit) Choose(batch BatchID, recording Recording) error {
	if err := v.to(Chosen, Listed, Reverted); err != nil {
		return err
	}

	v.s.Batch, v.s.Recording, v.s.Delivery, v.s.Outcome, v.s.OpenedAt = batch, recording, Screen, Outcome{}, time.Time{}
	v.s.Generation++

	return nil
}

// StartBooking fixes the key under which the room will be booked.
func (v *Visit) StartBooking(ref RoomRef, at time.Time) error {
	if err := v.to(BookingRoom, Chosen); err != nil {
		return err
	}

	v.s.Rooms = append(v.s.Rooms, Room{Ref: ref, State: RoomWanted, WantedAt: at})

	return nil
}

// Open records that the citizen was let in.
func (v *Visit) Open(at time.Time) error {
	if v.s.State == Open {
		return nil
	}

	if err := v.to(Open, RoomIsBooked); err != nil {
		return err
	}

	v.s.OpenedAt = at

	return nil
}

// Cancel ends the visit altogether: the citizen is told, the room closed, and the record
// says not completed with the reason when it already said planned.
func (v *Visit) Cancel(reason ReasonCode, by string, channel Channel, at time.Time) error {
	expected := v.s.State.Active() || v.s.ToCall()
	if err := v.to(Cancelled, Listed, Chosen, BookingRoom, RoomIsBooked, Open, Reverted); err != nil {
		return err
	}

	v.s.Outcome = Outcome{Kind: ResultNotCompleted, Reason: reason, Delivery: v.s.Delivery, Grade: Manual, By: by, At: at}
	if !expected {
		return nil
	}

	v.release(at)
	v.resolveKind(OutcomeTrouble, by, at)
	v.withdraw(channel, at)

	v.supersedeDue()
	v.takeBack(EntryResult, at)

	return nil
}

// Revert makes the visit physical again: the citizen is told, the room closed, the record
// restored. It is what undo does.
func (v *Visit) Revert(channel Channel, at time.Time) error {
	if v.s.AdHoc() {
		return NewError(Conflict, "Et opkald står ikke på en køreliste og kan ikke gøres fysisk. Aflys det i stedet.")
	}

	if !v.s.ToCall() {
		if err := v.to(Reverted, Chosen, BookingRoom, RoomIsBooked, Open); err != nil {
			return err
		}
	}

	v.leaveScreen(Physical, channel, at)

	v.supersedeDue()
	v.takeBack(EntryRestored, at)

	return nil
}

// leaveScreen ends everything that a visit by screen needs, and tells the citizen.
func (v *Visit) leaveScreen(delivery Delivery, channel Channel, at time.Time) {
	v.clearScreen(delivery, at)
	v.withdraw(channel, at)
	v.removeEverybody(at)
}

// clearScreen ends everything that a visit by screen needs.
func (v *Visit) clearScreen(delivery Delivery, at time.Time) {
	v.s.Delivery, v.s.Outcome = delivery, Outcome{At: at} // statistics ask whether that was in time
	v.release(at)
	v.resolveKind(OutcomeTrouble, "system", at)
}

// removeEverybody takes out who takes part besides the citizen.
func (v *Visit) removeEverybody(at time.Time) {
	for i := range v.s.Participants { // another conversion begins without them
		if p := &v.s.Participants[i]; p.Present() {
			p.RemovedBy, p.RemovedAt = "system", at
		}
	}
}

// release closes rooms, drops waiting messages and ends the citizens' sessions.
func (v *Visit) release(at time.Time) {
	for i := range v.s.Rooms {
		if v.s.Rooms[i].Live() {
			v.s.Rooms[i].State = RoomClosing
		}
	}

	for i := range v.s.Invitations {
		if v.s.Invitations[i].Waiting() {
			v.s.Invitations[i].State = InvitationRecalled
		}
	}

	for i := range v.s.Admissions {
		if a := &v.s.Admissions[i]; a.State == AdmissionWaiting || a.State == AdmissionIdentified {
			a.State, a.DecidedAt = AdmissionRefused, at
		}
	}

	for i := range v.s.Exceptions {
		if e := &v.s.Exceptions[i]; e.Open() && e.Kind != EntryTrouble && e.Kind != OutcomeTrouble && e.Kind != PersonTrouble {
			e.ResolvedAt, e.ResolvedBy = at, "system"
		}
	}
}

// ByList marks, as who did it, a cancellation that came from the list alone, so that a row that comes back
// brings the visit back.
const ByList = "list"

// Drop records that the visit is gone from the driving list, as a file named list tells. A
// physical one is cancelled; one that is given by screen, or to be called, goes on the exception
// list, once per file, and nothing else happens to it.
func (v *Visit) Drop(list ListID, at time.Time) {
	switch {
	case v.s.ToCall():
		if !v.s.MissedIn(list) {
			v.resolveKind(SourceGone, "system", at)
			v.Raise(SourceGone, string(list), "Besøget er ikke længere på kørelisten, men der skal ringes til borgeren. Ring alligevel, gør det fysisk, eller aflys det.", false, at)
		}
	case v.s.State == Listed || v.s.State == Reverted:
		v.s.State = Cancelled
		v.s.Outcome = Outcome{Kind: ResultNotCompleted, Reason: CancelledStaff, Delivery: Physical, Grade: Manual, By: ByList, At: at}
	case v.s.State.Active() && !v.s.MissedIn(list):
		v.resolveKind(SourceGone, "system", at)
		v.Raise(SourceGone, string(list), "Besøget er ikke længere på kørelisten. Aflys det, gør det fysisk, eller behold det som skærmbesøg.", false, at)
	}
}

// MissedIn reports whether the exception list already tells that the visit is gone from this file.
func (s Snapshot) MissedIn(list ListID) bool {
	return (s.State.Active() || s.ToCall()) && slices.ContainsFunc(s.Exceptions, func(e Exception) bool { return e.Kind == SourceGone && e.About == string(list) })
}

// Missed reports whether it is open what to do with a visit that was gone from the list.
func (s Snapshot) Missed() bool {
	return slices.ContainsFunc(s.Exceptions, func(e Exception) bool { return e.Kind == SourceGone && e.Open() })
}

// Dropped reports whether the visit was cancelled because it was gone from the list.
func (s Snapshot) Dropped() bool { return s.State == Cancelled && s.Outcome.By == ByList }

// Relist takes over what a newer list says. It reports whether the planned time changed for
// a visit whose room has to follow. A visit that has ended keeps its facts. What can't be
// followed without harm is left as it is and goes on the exception list: another citizen on a
// visit that somebody was invited to, and another time for one that is going on.
func (v *Visit) Relist(facts Facts, at time.Time) (moved bool) {
	if v.s.Deleted() {
		return false
	}

	if v.s.Dropped() {
		v.s.State, v.s.Outcome = Listed, Outcome{}
	}

	if v.s.State.Final() {
		return false
	}

	old := v.s.Facts
	v.resolveKind(SourceGone, "system", at)

	if v.s.State.Active() && facts.Citizen != old.Citizen {
		v.Raise(ChangeTrouble, "citizen", "Kørelisten har en anden borger på besøget, end den der er inviteret. Aflys skærmbesøget, eller gør det fysisk, og importér listen igen.", false, at)

		return false
	}

	if v.s.State == Open && !facts.Planned.Equal(old.Planned) {
		v.Raise(ChangeTrouble, "time", "Kørelisten har et nyt tidspunkt, men besøget er i gang. Aftal det nye tidspunkt med borgeren, hvis det er et besøg mere.", false, at)
		facts.Planned = old.Planned
	}

	ours := v.s.ListIsOurs()
	facts.Category, facts.Comment = keep(ours, old.Category, facts.Category), keep(ours, old.Comment, facts.Comment)
	v.s.Facts = facts

	return v.s.State.Active() && !old.Planned.Equal(facts.Planned)
}

// Reschedule gives a visit that has not begun a new planned time by a planner's hand. It reports
// whether a room has to follow.
func (v *Visit) Reschedule(planned Interval) (moved bool, err error) {
	if v.s.State.Final() || v.s.State == Open {
		return false, NewError(Conflict, "Besøget er i gang eller afsluttet og kan ikke flyttes.")
	}

	old := v.s.Facts.Planned
	v.s.Facts.Planned = planned

	return v.s.State.Active() && !old.Equal(planned), nil
}

// keep holds on to the original text while the list shows our own.
func keep(ours bool, old, fresh string) string {
	if ours {
		return old
	}

	return fresh
}

// Reassign records that another employee has the visit.
func (v *Visit) Reassign(e EmployeeID) { v.s.Facts.Employee = e }
