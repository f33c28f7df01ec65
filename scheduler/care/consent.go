package care

import (
	"slices"
	"strings"
	"time"
)

// ConsentForm says how a citizen agreed. The zero value is: not at all.
type ConsentForm string

// The forms.
const (
	Orally    ConsentForm = "oral"
	InWriting ConsentForm = "written"
)

// ConsentForms lists every form.
func ConsentForms() []ConsentForm { return []ConsentForm{Orally, InWriting} }

// Danish returns the wording shown on screens.
func (f ConsentForm) Danish() string {
	switch f {
	case Orally:
		return "Mundtligt"
	case InWriting:
		return "Skriftligt"
	}

	return string(f)
}

// ConsentScope says which visits a citizen agreed to.
type ConsentScope string

// The scopes. The zero value is every visit until the citizen says no: that is what a consent meant
// before scopes were asked for.
const (
	EveryVisit ConsentScope = ""
	OneVisit   ConsentScope = "visit" // Consent.Visit alone
	UntilDay   ConsentScope = "until" // every visit that begins on Consent.Until or before
)

// ConsentScopes lists every scope, the narrowest first.
func ConsentScopes() []ConsentScope { return []ConsentScope{OneVisit, UntilDay, EveryVisit} }

// Danish returns the wording shown on screens.
func (s ConsentScope) Danish() string {
	switch s {
	case EveryVisit:
		return "Alle skærmbesøg, indtil borgeren siger fra"
	case OneVisit:
		return "Kun ét bestemt skærmbesøg"
	case UntilDay:
		return "Alle skærmbesøg til og med en dato"
	}

	return string(s)
}

// Limits of a consent.
const (
	MaxConsentAbout = 200     // characters
	maxConsentDays  = 2 * 366 // ahead, so that a mistyped year is seen
)

// Consent is the citizen's agreement that somebody takes part, what it covers, and who recorded it
// when (R14, R26). The zero value is: none, or taken back.
type Consent struct {
	ID    ConsentID // of its record; empty with a tablet's
	Form  ConsentForm
	Scope ConsentScope
	Visit VisitID // with OneVisit
	Until Day     // with UntilDay: the last local day
	// About is what the citizen limited it to, in plain words; empty: nothing. Nothing enforces it:
	// the caregiver reads it. Stored encrypted.
	About string
	By    EmployeeID // who recorded it
	At    time.Time  // when it was recorded, UTC
}

// Given reports whether the citizen has agreed to anything.
func (c Consent) Given() bool {
	return slices.Contains(ConsentForms(), c.Form) && c.By != "" && !c.At.IsZero()
}

// Covers reports whether the citizen agreed to a visit that is planned for a time.
func (c Consent) Covers(visit VisitID, planned Interval) bool {
	if !c.Given() {
		return false
	}

	switch c.Scope {
	case EveryVisit:
		return true
	case OneVisit:
		return c.Visit == visit
	case UntilDay:
		return DayOf(planned.Start) <= c.Until
	}

	return false
}

// Lapsed reports whether the consent covers nothing any more because its last day is over.
func (c Consent) Lapsed(now time.Time) bool { return c.Scope == UntilDay && DayOf(now) > c.Until }

// Same reports whether two consents say the same, whoever recorded them.
func (c Consent) Same(o Consent) bool {
	return c.Form == o.Form && c.Scope == o.Scope && c.Visit == o.Visit && c.Until == o.Until && c.About == o.About
}

// Check returns what is wrong with a consent as somebody typed it, Invalid. None at all is right.
func (c Consent) Check(now time.Time) error {
	switch {
	case c.Form == "":
		return nil
	case !slices.Contains(ConsentForms(), c.Form):
		return NewError(Invalid, "Vælg, om samtykket er givet mundtligt eller skriftligt.")
	case !slices.Contains(ConsentScopes(), c.Scope):
		return NewError(Invalid, "Vælg, hvilke skærmbesøg samtykket gælder.")
	case c.Scope == OneVisit && c.Visit == "":
		return NewError(Invalid, "Vælg det skærmbesøg, som samtykket gælder.")
	case c.Scope == UntilDay && (c.Until < DayOf(now) || c.Until > DayOf(now).Add(maxConsentDays)):
		return NewError(Invalid, "Vælg den sidste dag, som samtykket gælder: i dag eller senere, højst to år frem.")
	case len([]rune(c.About)) > MaxConsentAbout || strings.ContainsFunc(c.About, isControl):
		return NewError(Invalid, "Skriv højst 200 tegn om, hvad samtykket er begrænset til.")
	}

	return nil
}

// ConsentEnd says why a consent does not count any more. The zero value is: it still does.
type ConsentEnd string

// The ends.
const (
	ConsentWithdrawn ConsentEnd = "withdrawn" // the citizen took it back
	ConsentReplaced  ConsentEnd = "replaced"  // by another one
	ConsentForgotten ConsentEnd = "removed"   // the contact was taken away
)

// Danish returns the wording shown on screens.
func (e ConsentEnd) Danish() string {
	switch e {
	case ConsentWithdrawn:
		return "Trukket tilbage"
	case ConsentReplaced:
		return "Afløst af et nyt samtykke"
	case ConsentForgotten:
		return "Kontakten er fjernet"
	}

	return string(e)
}

// ConsentRecord is one consent of a citizen from the day it was recorded to its end, so that it can be
// shown later who agreed to what, and when it stopped. It holds no name.
type ConsentRecord struct {
	Consent

	Citizen CitizenID
	Contact ContactID
	End     ConsentEnd
	EndedBy EmployeeID
	EndedAt time.Time // zero while it counts
}
