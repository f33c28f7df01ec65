package scheduler

import (
	"slices"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// FollowUpMode says who sends a citizen whose screen visit did not take place help in another way.
// The zero value: nobody; such a visit ends as not completed.
type FollowUpMode string

// The modes.
const (
	NoFollowUp        FollowUpMode = ""
	AskFollowUp       FollowUpMode = "ask"       // a person presses one button
	AutomaticFollowUp FollowUpMode = "automatic" // the program does, and people do what only they can
)

// maxLate is how long after its planned end a visit is still followed up: later it is of no use, and
// only its outcome counts.
const maxLate = 12 * time.Hour

// FollowUpRule is what is done about a screen visit that did not take place (K51, M3).
type FollowUpRule struct {
	Mode        FollowUpMode
	Causes      []care.ReasonCode // of which it is done
	CallWithin  time.Duration     // until somebody should have called; 0: nobody is to call
	VisitWithin time.Duration     // until the physical visit is back on the list
	Tell        []care.Email      // who is told when a follow-up opens
}

// FollowUpSettings are a municipality's rules of follow-ups and of their escalation.
type FollowUpSettings struct {
	Default FollowUpRule
	First   []FollowUpServiceRule // the first that matches holds, before Default
	Ladders []Ladder              // the first that matches holds; none: planners see it on their list
	Travel  time.Duration         // what a suggested gap in a route has besides the visit, for the road
	// Holiday returns the name of the holiday that a local day is, or empty; nil: there are none.
	Holiday func(care.Day) string
}

// FollowUpServiceRule is a FollowUpRule for some services, or for some services under some laws.
type FollowUpServiceRule struct {
	Services []string          // as in ServiceRule
	Laws     []care.LegalBasis // as in ServiceRule
	Rule     FollowUpRule
}

// rule returns what is done about a visit.
func (f FollowUpSettings) rule(facts care.Facts) FollowUpRule {
	for _, r := range f.First {
		if (ServiceRule{Services: r.Services, Laws: r.Laws}).matches(facts) {
			return r.Rule
		}
	}

	return f.Default
}

// follows reports whether an outcome is followed up instead of being the visit's last word.
func (r FollowUpRule) follows(v care.Snapshot, o care.Outcome) bool {
	if r.Mode == NoFollowUp || o.Kind != care.ResultNotCompleted || v.AdHoc() || o.At.After(v.Facts.Planned.End.Add(maxLate)) {
		return false
	}

	return slices.Contains(r.Causes, o.Reason) && (v.ToCall() || v.State.Active())
}

// plan fixes the deadlines. Who can't be called gets the physical visit at once. A person's own
// word is the click that a rule which asks waits for.
func (r FollowUpRule) plan(o care.Outcome, callable bool) care.FollowUpPlan {
	p := care.FollowUpPlan{
		Ask: r.Mode == AskFollowUp && o.By == bySystem, Automatic: r.Mode == AutomaticFollowUp,
		VisitBy: o.At.Add(r.VisitWithin),
	}

	if callable && r.CallWithin > 0 {
		p.CallBy = o.At.Add(r.CallWithin)
	}

	return p
}

// concludeOrFollow ends a visit, or has it followed up where the municipality's rule says so.
func (s *Service) concludeOrFollow(v *care.Visit, o care.Outcome, citizen care.Citizen) error {
	seen := v.Snapshot()

	rule := s.set.FollowUp.rule(seen.Facts)
	if !rule.follows(seen, o) {
		return v.Conclude(o)
	}

	return v.Miss(o, rule.plan(o, !citizen.Phone.IsZero()))
}

// DayKind is what a local day is for those who are on duty. The zero value is invalid.
type DayKind string

// The kinds. A holiday is none of the others.
const (
	Workday  DayKind = "workday"
	Saturday DayKind = "saturday"
	Sunday   DayKind = "sunday"
	Holiday  DayKind = "holiday"
)

// DayKinds lists every kind.
func DayKinds() []DayKind { return []DayKind{Workday, Saturday, Sunday, Holiday} }

// KindOf returns what the local day of an instant is. After midnight it is the new day, also for the
// night shift.
func (f FollowUpSettings) KindOf(t time.Time) DayKind {
	if f.Holiday != nil && f.Holiday(care.DayOf(t)) != "" {
		return Holiday
	}

	switch t.In(care.Zone()).Weekday() { //nolint:exhaustive // the others are workdays
	case time.Saturday:
		return Saturday
	case time.Sunday:
		return Sunday
	default:
		return Workday
	}
}

// Ladder is whom a follow-up goes on to when its deadline has passed: at certain hours, in certain
// units (C05, C08, M26).
type Ladder struct {
	Units  []care.UnitID // none: every one
	Shifts []care.Shift  // none: every one
	Days   []DayKind     // none: every one
	Steps  []EscalationStep
}

// EscalationStep is one of them.
type EscalationStep struct {
	After time.Duration // after the deadline; 0: at once
	Who   string        // Danish: "Vagttelefonen"
	Phone string        // their telephone number; may be empty
	Mail  []care.Email  // they are told there is one, and nothing of it
}

// Steps returns whom a follow-up of a unit goes on to whose deadline is due: the ladder of that hour
// holds to its end, so that a change of shift loses none. There is always one step, which puts it on
// the planners' list.
func (f FollowUpSettings) Steps(unit care.UnitID, due time.Time) []EscalationStep {
	shift, kind := care.ShiftAt(due), f.KindOf(due)

	for _, l := range f.Ladders {
		if allowed(l.Units, unit) && allowed(l.Shifts, shift) && allowed(l.Days, kind) && len(l.Steps) > 0 {
			return l.Steps
		}
	}

	return []EscalationStep{{Who: "Planlæggerne"}}
}

func allowed[T comparable](some []T, one T) bool { return len(some) == 0 || slices.Contains(some, one) }

// nextStep is the next step of the escalation of an open follow-up, and when it is taken; false: all were.
func (f FollowUpSettings) nextStep(unit care.UnitID, u care.FollowUp) (EscalationStep, time.Time, bool) {
	due := u.Due()
	steps := f.Steps(unit, due)

	n := u.Steps()
	if n >= len(steps) {
		return EscalationStep{}, time.Time{}, false
	}

	return steps[n], due.Add(steps[n].After), true
}

// wake is when an open follow-up is looked at again without a person; zero: never.
func (f FollowUpSettings) wake(unit care.UnitID, u care.FollowUp) time.Time {
	wake := u.GoesBackAt()

	if _, at, ok := f.nextStep(unit, u); ok && (wake.IsZero() || at.Before(wake)) {
		wake = at
	}

	return wake
}
