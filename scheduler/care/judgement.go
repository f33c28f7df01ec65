package care

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Judgement is what an employee decided about a citizen and screen visits (K63). The zero value:
// nobody has.
type Judgement struct {
	Verdict Suitability // Suitable, Unsuitable or ToBeJudged
	Why     string      // the employee's own words; stored encrypted
	Again   Day         // by when the citizen is to be judged anew; empty: not decided
	By      EmployeeID
	At      time.Time // UTC
}

// Given reports whether somebody has judged.
func (j Judgement) Given() bool { return j.Verdict != "" }

// Over reports whether the citizen should have been judged anew before a day.
func (j Judgement) Over(on Day) bool { return j.Given() && j.Again != "" && on > j.Again }

// Check refuses what can't be stored or must not stand in a care record. The error is of kind Invalid.
func (j Judgement) Check(today Day) error {
	why := strings.TrimSpace(j.Why)

	switch {
	case j.Verdict != Suitable && j.Verdict != Unsuitable && j.Verdict != ToBeJudged:
		return NewError(Invalid, "Vælg, om borgeren er egnet, ikke er egnet eller skal vurderes.")
	case why == "":
		return NewError(Invalid, "Skriv begrundelsen for vurderingen.")
	case utf8.RuneCountInString(why) > MaxBecause:
		return NewError(Invalid, "Begrundelsen er for lang. Den må højst fylde 500 tegn.")
	case j.Again != "" && j.Again < today:
		return NewError(Invalid, "Datoen for den næste vurdering er passeret. Vælg en dag, der kommer.")
	}

	if _, err := ParseDay(string(j.Again)); j.Again != "" && err != nil {
		return err
	}

	return CheckNoteText(why)
}

// Fit returns whether the citizen is fit for screen visits: as a person judged, else as a list or the
// record hints.
func (c Citizen) Fit() Suitability {
	if c.Judged.Given() {
		return c.Judged.Verdict
	}

	return c.Suitability
}

// Doubted reports whether a list or the record hints something else than a person judged.
func (c Citizen) Doubted() bool {
	return c.Judged.Given() && c.Suitability != "" && c.Suitability != SuitabilityUnknown && c.Suitability != c.Judged.Verdict
}

// Danish returns the wording shown on screens and written into records.
func (s Suitability) Danish() string {
	switch s {
	case Suitable:
		return "Egnet"
	case Unsuitable:
		return "Ikke egnet"
	case ToBeJudged:
		return "Skal vurderes"
	case SuitabilityUnknown:
		return "Ikke vurderet"
	}

	return string(s)
}
