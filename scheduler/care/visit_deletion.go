package care

import (
	"slices"
	"strings"
	"time"
)

// DeletionRule says why the personal data of a visit may go. The zero value is invalid.
type DeletionRule string

// The rules.
const (
	ByReceipt DeletionRule = "receipt" // the record took every entry (V17)
	ByOrigin  DeletionRule = "list"    // it was never given by screen: the record has it, because it came from there
	ByCourse  DeletionRule = "course"  // the citizen's course ended; the record can't be told of the visit (C13)
)

// Danish returns the wording shown on screens.
func (r DeletionRule) Danish() string {
	switch r {
	case ByReceipt:
		return "Journalen har kvitteret"
	case ByOrigin:
		return "Fysisk besøg fra kørelisten"
	case ByCourse:
		return "Borgerens forløb er afsluttet"
	}

	return string(r)
}

// Tombstone is what stays of a visit whose personal data was deleted here. Proof is a keyed hash of
// TombstoneText: whoever has the municipality's key and the record can make it anew.
type Tombstone struct {
	Visit     VisitID
	Rule      DeletionRule
	KeepDays  int // how long the data was kept after Rule was met
	Unit      UnitID
	Day       Day
	Source    SourceRef // the visit in the record
	Receipts  []Entry   // what the record took, oldest first
	Proof     string
	DeletedAt time.Time // UTC
}

// Hold is somebody's word that nothing of a visit may be deleted, for example while a complaint is open.
type Hold struct {
	By  EmployeeID
	At  time.Time // UTC
	Why string    // the employee's own words; stored encrypted
}

// HoldBack keeps the visit's data until LetGo. Gone: it is deleted already.
func (v *Visit) HoldBack(h Hold) error {
	if v.s.Deleted() {
		return Forgotten()
	}

	v.s.Hold = h

	return nil
}

// LetGo ends a hold.
func (v *Visit) LetGo() error {
	if v.s.Hold.By == "" {
		return NewError(Conflict, "Sletning af besøget er ikke sat på hold.")
	}

	v.s.Hold = Hold{}

	return nil
}

// Forgotten is what every change of a deleted visit is answered. Gone.
func Forgotten() error {
	return NewError(Gone, "Besøgets oplysninger er slettet her. De findes i journalen.")
}

// standIn is the beginning of the id of somebody who stands for a citizen at visits that were deleted.
const standIn = "slettet-"

// StandIn makes the id of who stands for a citizen at deleted visits. The text is a keyed hash of the
// citizen's id, so that statistics go on counting people, and nobody else can tell whom.
func StandIn(hash string) CitizenID { return CitizenID(standIn + hash) }

// IsStandIn reports whether nobody is behind the id.
func (id CitizenID) IsStandIn() bool { return strings.HasPrefix(string(id), standIn) }

// Deleted reports whether the personal data of the visit is gone.
func (s Snapshot) Deleted() bool { return !s.DeletedAt.IsZero() }

// Untold reports whether the municipality's rule has no way of telling the record how a visit by screen
// went, so that no receipt will ever come.
func (s Snapshot) Untold() bool {
	for _, e := range slices.Backward(s.Entries) {
		if e.Kind != EntryPlanned && e.State != EntrySuperseded {
			return e.State == EntryOmitted
		}
	}

	return false
}

// Through tells since when nothing is left to be done for the visit, by which rule, or in Danish why
// that is not so. Whether the record reports something else, or people hold it back, is not known here.
func (s Snapshot) Through(now time.Time) (since time.Time, rule DeletionRule, why string) {
	switch {
	case s.Deleted():
		return time.Time{}, "", "Oplysningerne er slettet."
	case s.State.Active(), s.ToCall(), s.Facts.Planned.End.After(now):
		return time.Time{}, "", "Besøget er ikke afsluttet."
	case s.Hold.By != "":
		return time.Time{}, "", "Sletning er sat på hold."
	case slices.ContainsFunc(s.FollowUps, func(f FollowUp) bool { return f.EndedAt.IsZero() }):
		return time.Time{}, "", "Opfølgningen på besøget er ikke afsluttet."
	case s.NeedsPerson():
		return time.Time{}, "", "Besøget kræver handling."
	}

	since, rule = s.Facts.Planned.End, ByOrigin
	if s.Outcome.At.After(since) {
		since = s.Outcome.At
	}

	for _, e := range s.Entries {
		switch e.State {
		case EntryDue, EntryRejected:
			return time.Time{}, "", "Journalen har ikke kvitteret for alle poster."
		case EntryWritten:
			if rule = ByReceipt; e.WrittenAt.After(since) {
				since = e.WrittenAt
			}
		case EntrySuperseded, EntryOmitted:
		}
	}

	switch {
	case s.Untold():
		rule = ByCourse
	case s.State.Concluded() && s.Generation > 0 && !s.resultTold():
		return time.Time{}, "", "Journalen har ikke kvitteret for resultatet."
	}

	return since, rule, ""
}

// resultTold reports whether every means that tells results has the result of this visit.
func (s Snapshot) resultTold() bool {
	for _, m := range s.Recording.Means {
		told := func(e Entry) bool { return e.Means == m && e.Kind == EntryResult && e.State == EntryWritten }
		if m.Tells(EntryResult) && !slices.ContainsFunc(s.Entries, told) {
			return false
		}
	}

	return len(s.Recording.Means) > 0
}

// Forget deletes everything personal. What stays tells that there was a visit, how it was given and how
// it ended, and what the record answered. Service is what stays of the service: a name of the
// municipality's that describes nobody, or nothing. Conflict: something is left to be done.
func (v *Visit) Forget(stands CitizenID, service string, at time.Time) error {
	if _, _, why := v.s.Through(at); why != "" {
		return NewError(Conflict, why)
	}

	s := &v.s
	s.DeletedAt, s.Hold = at, Hold{}
	s.Facts.Citizen, s.Facts.Line = stands, 0
	s.Facts.Service, s.Facts.Category, s.Facts.Comment, s.Facts.Status = service, "", "", ""
	s.Outcome.Because = ""
	s.Exceptions, s.Legs, s.Verdicts, s.Participants = nil, nil, nil, nil

	for i := range s.Former {
		s.Former[i].Because = ""
	}

	for i := range s.Entries {
		s.Entries[i].Failure, s.Entries[i].Seen = "", ""
	}

	for i, r := range s.Rooms {
		s.Rooms[i] = Room{Ref: r.Ref, State: r.State, Planned: r.Planned, Late: r.Late, WantedAt: r.WantedAt, BookedAt: r.BookedAt, MakingAt: r.MakingAt, MadeAt: r.MadeAt, ClosedAt: r.ClosedAt}
	}

	s.Invitations = slices.DeleteFunc(s.Invitations, func(i Invitation) bool { return i.To != "" })
	for i := range s.Invitations {
		m := &s.Invitations[i]
		m.LocatorHash, m.ProviderID, m.Failure = "", "", ""
	}

	s.Admissions = slices.DeleteFunc(s.Admissions, func(a Admission) bool { return a.Participant != "" })
	for i := range s.Admissions {
		a := &s.Admissions[i]
		a.SessionHash, a.Provider = standIn+string(a.ID), ""
	}

	return nil
}

// TombstoneText is what a tombstone's proof is made of: one line for each fact, so that it can be
// written down anew from the record. Times are UTC to the microsecond. It holds the citizen's number and is never
// stored or logged. Service is the list's word for it.
func TombstoneText(s Snapshot, citizen CitizenKey, service string) string {
	var b strings.Builder

	line := func(name string, values ...string) { b.WriteString(name + "=" + strings.Join(values, "|") + "\n") }
	stamp := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}

		return t.UTC().Truncate(time.Microsecond).Format("2006-01-02T15:04:05.000000Z")
	}

	line("sluse-tombstone", "1")
	line("visit", string(s.ID))
	line("source", s.Source.System, s.Source.ID, s.Source.Occurrence)

	if citizen.CPR.IsZero() {
		line("citizen", citizen.Surrogate.System(), citizen.Surrogate.Reveal())
	} else {
		line("citizen", "cpr", citizen.CPR.Reveal())
	}

	line("service", service)
	line("planned", stamp(s.Facts.Planned.Start), stamp(s.Facts.Planned.End))
	line("outcome", string(s.State), string(s.Outcome.Kind), string(s.Outcome.Reason), string(s.Outcome.Delivery), stamp(s.Outcome.Actual.Start), stamp(s.Outcome.Actual.End))

	for _, e := range s.Receipts() {
		line("receipt", string(e.Means), string(e.Kind), e.RecordID, e.RecordVer, stamp(e.WrittenAt))
	}

	return b.String()
}

// Receipts returns the entries that the record took, oldest first.
func (s Snapshot) Receipts() []Entry {
	return slices.DeleteFunc(slices.Clone(s.Entries), func(e Entry) bool { return e.State != EntryWritten })
}
