package care

import (
	"fmt"
	"slices"
	"time"
)

// EntryOf returns the entry with the given id.
func (s Snapshot) EntryOf(id EntryID) (Entry, bool) {
	i := slices.IndexFunc(s.Entries, func(e Entry) bool { return e.ID == id })
	if i < 0 {
		return Entry{}, false
	}

	return s.Entries[i], true
}

// EarlierEntryDue reports whether an entry before id still waits: entries go in order.
func (s Snapshot) EarlierEntryDue(id EntryID) bool {
	for _, e := range s.Entries {
		if e.ID == id {
			return false
		}

		if e.State == EntryDue {
			return true
		}
	}

	return false
}

// due appends an entry. Its key holds the generation, so that a second conversion of the same
// visit is a second entry, while a repeated write of this one is not.
func (v *Visit) due(kind EntryKind, at time.Time) {
	n := len(v.s.Entries) + 1
	v.s.Entries = append(v.s.Entries, Entry{
		ID: EntryID(fmt.Sprintf("%s-e%d", v.s.ID, n)), Kind: kind, State: EntryDue,
		Key: fmt.Sprintf("%s/%s/%d.%d", v.s.ID, kind, v.s.Generation, n), DueAt: at,
	})
}

// RecordPlanned makes the planned screen visit due in the record, once per conversion and
// once more for every new time. One that is still due is overtaken: it may be on its way at this
// moment with the time that was.
func (v *Visit) RecordPlanned(at time.Time) {
	if v.s.AdHoc() {
		return // it was never planned; its result alone is written
	}

	for i := range v.s.Entries {
		if e := &v.s.Entries[i]; e.Kind == EntryPlanned && (e.State == EntryDue || e.State == EntryRejected) {
			e.State = EntrySuperseded
			v.resolve(EntryTrouble, string(e.ID), at)
		}
	}

	v.due(EntryPlanned, at)
}

// LaterEntry returns the newest entry after id that was not overtaken itself.
func (s Snapshot) LaterEntry(id EntryID) (Entry, bool) {
	for _, e := range slices.Backward(s.Entries) {
		if e.ID == id {
			break
		}

		if e.State != EntrySuperseded {
			return e, true
		}
	}

	return Entry{}, false
}

// written reports whether the record holds an entry of the kind for this conversion.
func (v *Visit) written(kind EntryKind) bool {
	for _, e := range slices.Backward(v.s.Entries) {
		if e.State == EntryWritten {
			return e.Kind == kind
		}
	}

	return false
}

// supersedeDue drops entries that were not written yet. One that is on its way right now is
// taken care of by EntryWritten.
func (v *Visit) supersedeDue() {
	for i := range v.s.Entries {
		if v.s.Entries[i].State == EntryDue || v.s.Entries[i].State == EntryRejected {
			v.s.Entries[i].State = EntrySuperseded
		}
	}

	for i := range v.s.Exceptions {
		if e := &v.s.Exceptions[i]; e.Kind == EntryTrouble && e.Open() {
			e.ResolvedAt, e.ResolvedBy = e.RaisedAt, "system"
		}
	}
}

// EntryDone records that the record took an entry. When the entry was overtaken while it was
// on its way, the record is put right by another one.
func (v *Visit) EntryDone(id EntryID, recordID, recordVersion string, at time.Time) error {
	i := slices.IndexFunc(v.s.Entries, func(e Entry) bool { return e.ID == id })
	if i < 0 {
		return NewError(NotFound, "Posten findes ikke på besøget.")
	}

	e := &v.s.Entries[i]
	if e.State == EntryWritten {
		return nil
	}

	overtaken, kind := e.State == EntrySuperseded, e.Kind
	e.State, e.RecordID, e.RecordVer, e.WrittenAt, e.Failure = EntryWritten, recordID, recordVersion, at, ""
	v.resolve(EntryTrouble, string(id), at)

	if overtaken && kind == EntryPlanned {
		switch {
		case v.s.ToCall():
			v.due(EntryPlanned, at)
		case v.s.State == Reverted, v.s.State == Listed, v.s.State == Cancelled && v.s.Outcome.Delivery == Physical:
			v.due(EntryRestored, at)
		case v.s.State == Cancelled:
			v.due(EntryResult, at)
		}
	}

	return nil
}

// EntryRefused records that the record refuses an entry; text is a Danish sentence. Again says
// whether another try can help.
func (v *Visit) EntryRefused(id EntryID, text string, again bool, at time.Time) error {
	i := slices.IndexFunc(v.s.Entries, func(e Entry) bool { return e.ID == id })
	if i < 0 {
		return NewError(NotFound, "Posten findes ikke på besøget.")
	}

	if e := &v.s.Entries[i]; e.State == EntryDue {
		e.State, e.Failure = EntryRejected, text
		v.Raise(EntryTrouble, string(id), text, again, at)
	}

	return nil
}

// RetryEntry makes a refused entry due again, under the same key. One that a later entry has
// overtaken is dropped instead: the record must not go back to what was.
func (v *Visit) RetryEntry(id EntryID, by string, at time.Time) error {
	i := slices.IndexFunc(v.s.Entries, func(e Entry) bool { return e.ID == id })
	if i < 0 {
		return NewError(NotFound, "Posten findes ikke på besøget.")
	}

	if e := &v.s.Entries[i]; e.State == EntryRejected {
		e.State, e.Failure = EntryDue, ""

		if later, ok := v.s.LaterEntry(id); ok && later.State == EntryWritten {
			e.State = EntrySuperseded
		}
	}

	v.resolveBy(EntryTrouble, string(id), by, at)

	return nil
}
