package care

import "time"

// NoteTopic is what a note about a citizen tells the care record, apart from any visit (K63). The
// zero value is invalid.
type NoteTopic string

// The topics.
const (
	SuitabilityNote NoteTopic = "suitability" // an employee judged whether the citizen is fit for screen visits
	DeviceNote      NoteTopic = "device"      // a tablet was put up at the citizen's, or is there no more
)

// Danish returns the wording shown on screens.
func (t NoteTopic) Danish() string {
	switch t {
	case SuitabilityNote:
		return "Egnethed"
	case DeviceNote:
		return "Tavle"
	}

	return string(t)
}

// DeviceEvent is what happened with a tablet of a citizen's. The zero value is invalid.
type DeviceEvent string

// The events.
const (
	TabletAssigned DeviceEvent = "assigned" // set up at the citizen's for the first time
	TabletReturned DeviceEvent = "returned" // handed back
	TabletLost     DeviceEvent = "lost"     // gone, broken or stolen
	TabletClosed   DeviceEvent = "closed"   // stands for nobody any more, for another reason
)

// DeviceEvents lists every event.
func DeviceEvents() []DeviceEvent {
	return []DeviceEvent{TabletAssigned, TabletReturned, TabletLost, TabletClosed}
}

// Danish returns the wording written into records, as in "Tavlen er sat op".
func (e DeviceEvent) Danish() string {
	switch e {
	case TabletAssigned:
		return "sat op hos borgeren"
	case TabletReturned:
		return "afleveret"
	case TabletLost:
		return "meldt bortkommet"
	case TabletClosed:
		return "lukket"
	}

	return string(e)
}

// EventOf is what an end of a tablet means for the record.
func EventOf(end DeviceEnd) DeviceEvent {
	switch end {
	case DeviceReturned:
		return TabletReturned
	case DeviceLost:
		return TabletLost
	case DeviceRevoked, DeviceForgotten, DeviceStopped, DeviceLocked, DeviceIdle, DeviceCloned, DeviceReplaced, DeviceUnused:
	}

	return TabletClosed
}

// NoteField is a field of the record's form, by its label there.
type NoteField struct{ Label, Value string }

// CitizenNote is one note about a citizen in the care record. The notes of a citizen are written in
// order of Seq. Its states are those of an Entry but for EntrySuperseded.
type CitizenNote struct {
	ID      NoteID
	Citizen CitizenID
	Topic   NoteTopic
	Seq     int // of the citizen's notes, from 1; the store's
	Means   Means
	State   EntryState
	Key     string // idempotency key: one note of one event

	// What is written, fixed when the note is made; the texts are gone once the record's receipt is old.
	Name   string      // the form's title, or the type of the journal note
	Fields []NoteField // with ByNote
	Title  string      // one Danish line; nothing personal
	Text   string      // Danish
	Author string      // name and role of the employee who decided; empty: nobody did
	About  time.Time   // UTC; when it happened

	RecordID  string // the record's key, when written
	RecordVer string // the record's version, when written
	Failure   string // Danish sentence, when rejected or omitted, or written twice
	DueAt     time.Time
	WrittenAt time.Time  // zero until written
	SettledBy EmployeeID // who said that what waited is done by hand; empty: nobody
	SettledAt time.Time
}

// Waits reports whether a person has to do something about the note.
func (n CitizenNote) Waits() bool {
	return (n.State == EntryRejected || n.State == EntryOmitted || n.Doubled()) && n.SettledBy == ""
}

// Doubled reports whether the record was seen to hold the note twice.
func (n CitizenNote) Doubled() bool { return n.State == EntryWritten && n.Failure != "" }

// Done records the record's receipt. A second one changes nothing.
func (n *CitizenNote) Done(id, version string, at time.Time) {
	if n.State == EntryDue {
		n.State, n.RecordID, n.RecordVer, n.WrittenAt, n.Failure = EntryWritten, id, version, at, ""
	}
}

// Refused records that the record will not take the note as it is.
func (n *CitizenNote) Refused(why string) {
	if n.State == EntryDue {
		n.State, n.Failure = EntryRejected, why
	}
}

// Retry makes a rejected note due again. Conflict in any other state.
func (n *CitizenNote) Retry(at time.Time) error {
	if n.State != EntryRejected || n.SettledBy != "" {
		return NewError(Conflict, "Notatet er ikke afvist. Opdatér siden.")
	}

	n.State, n.Failure, n.DueAt = EntryDue, "", at

	return nil
}

// Settle records that somebody has written a rejected or impossible note by hand, or deleted one of two.
// Conflict in any other state.
func (n *CitizenNote) Settle(by EmployeeID, at time.Time) error {
	if !n.Waits() {
		return NewError(Conflict, "Notatet venter ikke på nogen. Opdatér siden.")
	}

	n.SettledBy, n.SettledAt = by, at

	return nil
}

// Placeholders in a municipality's texts for notes about a citizen. Danish time; besides them
// PlaceDate, PlaceReason and PlaceEmployee.
const (
	PlaceVerdict = "{egnethed}"    // with SuitabilityNote
	PlaceAgain   = "{revurderes}"  // with SuitabilityNote: by when the citizen is judged anew, 24-11-2026
	PlaceSerial  = "{serienummer}" // with DeviceNote
	PlaceEvent   = "{hændelse}"    // with DeviceNote
)

// NotePlaceholders returns those of a topic.
func NotePlaceholders(t NoteTopic) []string {
	if t == DeviceNote {
		return []string{PlaceDate, PlaceEmployee, PlaceSerial, PlaceEvent}
	}

	return []string{PlaceDate, PlaceEmployee, PlaceReason, PlaceVerdict, PlaceAgain}
}
