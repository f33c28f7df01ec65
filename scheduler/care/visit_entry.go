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

// EarlierEntryDue reports whether an entry by the same means before id still waits: they go in order.
func (s Snapshot) EarlierEntryDue(id EntryID) bool {
	this, _ := s.EntryOf(id)

	for _, e := range s.Entries {
		if e.ID == id {
			return false
		}

		if e.State == EntryDue && e.Means == this.Means {
			return true
		}
	}

	return false
}

// due makes an entry of the kind due by every means of the visit that has such entries. Where none
// has, that is an entry too: nobody shall look for it in the record.
func (v *Visit) due(kind EntryKind, at time.Time) {
	told := false

	for _, m := range v.s.Recording.Means {
		if m.Tells(kind) {
			v.dueBy(m, kind, at)

			told = true
		}
	}

	if told {
		return
	}

	for i := range v.s.Entries {
		if e := &v.s.Entries[i]; e.Kind == kind && e.State == EntryOmitted {
			e.State = EntrySuperseded
		}
	}

	v.enter(Entry{Kind: kind, State: EntryOmitted, Failure: v.s.Recording.whyOmitted(kind), DueAt: at})
}

func (r Recording) whyOmitted(kind EntryKind) string {
	switch {
	case len(r.Means) == 0 && r.Why != "":
		return r.Why
	case kind == EntryPlanned && len(r.Means) > 0:
		return "Journalen får først besked, når besøget er afsluttet."
	default:
		return "Kommunens regler skriver ikke dette i journalen."
	}
}

func (v *Visit) dueBy(m Means, kind EntryKind, at time.Time) {
	v.enter(Entry{Kind: kind, Means: m, State: EntryDue, DueAt: at})
}

// enter appends an entry. Its key holds the generation, so that a second conversion of the same
// visit is a second entry, while a repeated write of this one is not.
func (v *Visit) enter(e Entry) {
	n := len(v.s.Entries) + 1
	e.ID = EntryID(fmt.Sprintf("%s-e%d", v.s.ID, n))
	e.Key = fmt.Sprintf("%s/%s/%d.%d", v.s.ID, e.Kind, v.s.Generation, n)
	v.s.Entries = append(v.s.Entries, e)
}

// takeBack makes due what follows in the record by every means that said planned: the entry of the
// kind, or, where the means has no such entries, that the plan is gone.
func (v *Visit) takeBack(kind EntryKind, at time.Time) {
	for _, m := range AllMeans() {
		if v.written(m, EntryPlanned) {
			v.followPlan(m, kind, at)
		}
	}
}

func (v *Visit) followPlan(m Means, kind EntryKind, at time.Time) {
	if !m.Tells(kind) {
		kind = EntryRestored
	}

	v.dueBy(m, kind, at)
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

// LaterEntry returns the newest entry by the same means after id that was not overtaken itself.
func (s Snapshot) LaterEntry(id EntryID) (Entry, bool) {
	this, _ := s.EntryOf(id)

	for _, e := range slices.Backward(s.Entries) {
		if e.ID == id {
			break
		}

		if e.State != EntrySuperseded && e.Means == this.Means {
			return e, true
		}
	}

	return Entry{}, false
}

// written reports whether the last word of the means in the record is an entry of the kind.
func (v *Visit) written(m Means, kind EntryKind) bool {
	for _, e := range slices.Backward(v.s.Entries) {
		if e.State == EntryWritten && e.Means == m {
			return e.Kind == kind
		}
	}

	return false
}

// ListIsOurs reports whether category and comment on the driving list may be ours: while the visit is by
// screen or to be called, and until the record has taken back what we wrote.
func (s Snapshot) ListIsOurs() bool {
	if s.State.Active() || s.ToCall() {
		return true
	}

	for _, e := range slices.Backward(s.Entries) {
		if e.Means == OnList && (e.State == EntryWritten || e.Kind == EntryRestored && e.State != EntrySuperseded) {
			return e.Kind != EntryRestored || e.State != EntryWritten
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

	overtaken, kind, means := e.State == EntrySuperseded, e.Kind, e.Means
	e.State, e.RecordID, e.RecordVer, e.WrittenAt, e.Failure = EntryWritten, recordID, recordVersion, at, ""
	v.resolve(EntryTrouble, string(id), at)

	if overtaken {
		v.putRight(id, kind, means, at)
	}

	return nil
}

// putRight has the record told once more what an overtaken entry, which arrived all the same, undid.
func (v *Visit) putRight(id EntryID, kind EntryKind, means Means, at time.Time) {
	later, more := v.s.LaterEntry(id)

	switch {
	case kind == EntryPlanned && v.s.ToCall():
		v.tellCall(means, at)
	case kind == EntryPlanned && (v.s.State == Reverted || v.s.State == Listed || v.s.State == Cancelled && v.s.Outcome.Delivery == Physical):
		v.dueBy(means, EntryRestored, at)
	case kind == EntryPlanned && v.s.State == Cancelled:
		v.followPlan(means, EntryResult, at)
	case more && later.State == EntryWritten && (means == OnList || means == ByIntervention): // the others only add
		v.dueBy(means, later.Kind, at)
	}
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
