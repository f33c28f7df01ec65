package care

import (
	"slices"
	"time"
)

// CancelAsRecorded ends a visit that the record itself has cancelled: as Cancel does, but the record is
// told nothing, because it knows.
func (v *Visit) CancelAsRecorded(reason ReasonCode, by string, channel Channel, at time.Time) error {
	before := len(v.s.Entries)

	if err := v.Cancel(reason, by, channel, at); err != nil {
		return err
	}

	for i := before; i < len(v.s.Entries); i++ {
		if e := &v.s.Entries[i]; e.State == EntryDue {
			e.State = EntrySuperseded
		}
	}

	return nil
}

// RewriteEntry makes what an entry said due in the record once more, because the record does not say
// it any more. Seen is the category that somebody saw there and agreed to overwrite; empty: none.
// When an entry by the same means waits already, nothing happens: it says what holds now.
func (v *Visit) RewriteEntry(id EntryID, seen string, at time.Time) error {
	e, ok := v.s.EntryOf(id)
	if !ok {
		return NewError(NotFound, "Posten findes ikke på besøget.")
	}

	for i := range v.s.Entries {
		if w := &v.s.Entries[i]; w.Means == e.Means && w.State == EntryDue {
			return nil
		}
	}

	for i := range v.s.Entries {
		if w := &v.s.Entries[i]; w.Means == e.Means && w.State == EntryRejected {
			w.State = EntrySuperseded
			v.resolve(EntryTrouble, string(w.ID), at)
		}
	}

	v.enter(Entry{Kind: e.Kind, Means: e.Means, State: EntryDue, Seen: seen, DueAt: at})

	return nil
}

// RoomFound takes up at what time the platform has a room, so that it is moved to the visit's.
func (v *Visit) RoomFound(ref RoomRef, planned Interval) error {
	r, err := v.room(ref)
	if err != nil {
		return err
	}

	if r.Live() && r.stood() {
		r.Planned = planned
	}

	return nil
}

// LastWord returns the newest entry by a means that was not overtaken.
func (s Snapshot) LastWord(m Means) (Entry, bool) {
	for _, e := range slices.Backward(s.Entries) {
		if e.Means == m && e.State != EntrySuperseded {
			return e, true
		}
	}

	return Entry{}, false
}

// Serve records that something else is to be given.
func (v *Visit) Serve(service string) { v.s.Facts.Service = service }

// CloseStray has a room closed that stands although the visit does not need it.
func (v *Visit) CloseStray(ref RoomRef) error {
	r, err := v.room(ref)
	if err != nil {
		return err
	}

	if live, ok := v.s.LiveRoom(); ok && live.Ref == ref && v.s.State.Active() {
		return NewError(Conflict, "Rummet bruges igen af besøget.")
	}

	if r.Live() || r.State == RoomClosed || r.State == RoomFailed {
		r.State = RoomClosing
	}

	return nil
}
