package care

import "time"

// FollowUpID names a follow-up: its visit's id and a number.
type FollowUpID string

// FollowUpStage is how far the follow-up of a screen visit is that did not take place (eoj.md §3.1,
// M3). The zero value is invalid.
type FollowUpStage string

// The stages: asked → calling → returning; each of them may end.
const (
	FollowUpAsked     FollowUpStage = "asked"     // a person says how it goes on; the record still has the screen visit
	FollowUpCalling   FollowUpStage = "calling"   // somebody calls the citizen; the record has the visit as one by telephone
	FollowUpReturning FollowUpStage = "returning" // the physical visit goes back on the list, and somebody has to have it
	FollowUpTalked    FollowUpStage = "talked"    // ended: the visit was given by telephone
	FollowUpPlaced    FollowUpStage = "placed"    // ended: the physical visit is on the list, and somebody has it
	FollowUpDropped   FollowUpStage = "dropped"   // ended: none was needed, or the visit went another way
)

// Danish returns the wording of a stage.
func (s FollowUpStage) Danish() string {
	switch s {
	case FollowUpAsked:
		return "Vælg, hvordan besøget gives"
	case FollowUpCalling:
		return "Ring til borgeren"
	case FollowUpReturning:
		return "Fysisk besøg skal på en rute"
	case FollowUpTalked:
		return "Talt i telefon"
	case FollowUpPlaced:
		return "Fysisk besøg er taget"
	case FollowUpDropped:
		return "Afsluttet uden opfølgning"
	}

	return string(s)
}

// Open reports whether somebody still has to do something.
func (s FollowUpStage) Open() bool {
	return s == FollowUpAsked || s == FollowUpCalling || s == FollowUpReturning
}

// FollowUp sees to it that a citizen whose screen visit did not take place gets the help in another
// way: by telephone, else in person. It is the same visit all the way, so the record never has two.
// Times are UTC.
type FollowUp struct {
	ID       FollowUpID
	Stage    FollowUpStage
	Cause    ReasonCode // why the screen visit did not take place
	Grade    Grade      // how sure that is
	CausedBy string     // employee id or "system"
	OpenedAt time.Time
	// Automatic: the physical visit goes back on the list by itself in time, also when nobody acts.
	Automatic bool
	CallBy    time.Time // when somebody should have called; zero: nobody is to call
	VisitBy   time.Time // when the physical visit is to be back on the list
	TriedAt   time.Time // when the citizen could not be reached by telephone; zero: nobody said so
	TriedBy   string    // employee id, or "system" when nobody called in time
	BackAt    time.Time // when the record had the physical visit again; zero: not yet
	TakenBy   EmployeeID
	TakenAt   time.Time
	GivenBy   EmployeeID // who drives; empty: nobody said so
	Level     int        // steps of the escalation that were taken for RaisedFor
	RaisedFor time.Time  // the deadline for which Level counts
	RaisedAt  time.Time  // when the newest step was taken; zero: none was
	WakeAt    time.Time  // when to look at it again without a person; zero: never
	EndedAt   time.Time  // zero while it is open
	EndedBy   string     // employee id or "system"
}

// Due is the deadline that counts now: the call's while nobody has taken it, else the visit's.
func (f FollowUp) Due() time.Time {
	if f.Stage != FollowUpReturning && f.TakenBy == "" && !f.CallBy.IsZero() {
		return f.CallBy
	}

	return f.VisitBy
}

// Steps is how many steps of the escalation were taken for the deadline that counts now.
func (f FollowUp) Steps() int {
	if !f.RaisedFor.Equal(f.Due()) {
		return 0
	}

	return f.Level
}

// GoesBackAt is when the physical visit goes back on the list without a person; zero: it does not.
// It is before the deadline, so that a record that is slow still makes it: ten minutes, or half of
// what is left after the call's deadline when that is less.
func (f FollowUp) GoesBackAt() time.Time {
	if !f.Automatic || f.Stage != FollowUpAsked && f.Stage != FollowUpCalling {
		return time.Time{}
	}

	from := f.CallBy
	if from.IsZero() {
		from = f.OpenedAt
	}

	return f.VisitBy.Add(-min(backReserve, f.VisitBy.Sub(from)/2))
}

// backReserve is how long before its deadline a physical visit goes back on the list by itself.
const backReserve = 10 * time.Minute

// FollowUpPlan is what a municipality's rule wants for one visit.
type FollowUpPlan struct {
	Ask       bool      // a person says how it goes on; until then the visit stays as it is
	Automatic bool      // see FollowUp
	CallBy    time.Time // zero: nobody is to call
	VisitBy   time.Time
}

// Risk is how much it matters that a citizen gets the help in time, as planners judge it (C07). The
// zero value: nobody judged.
type Risk string

// The risk groups.
const (
	LowRisk    Risk = "lav"
	MediumRisk Risk = "middel"
	HighRisk   Risk = "hoej"
)

// Risks lists the groups, the highest first.
func Risks() []Risk { return []Risk{HighRisk, MediumRisk, LowRisk} }

// Valid reports whether it is one of the groups.
func (r Risk) Valid() bool { return r == LowRisk || r == MediumRisk || r == HighRisk }

// Danish returns the wording of a group.
func (r Risk) Danish() string {
	switch r {
	case LowRisk:
		return "Lav"
	case MediumRisk:
		return "Middel"
	case HighRisk:
		return "Høj"
	}

	return "Ikke vurderet"
}
