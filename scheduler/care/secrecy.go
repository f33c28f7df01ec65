package care

import (
	"slices"
	"strings"
	"time"
)

// SecrecyBasis is the rule by which somebody from another authority may hear what is said in a visit.
// The zero value is: none was chosen.
type SecrecyBasis string

// The bases: paragraphs of sundhedsloven (health act), the General Data Protection Regulation, and
// retsplejeloven (administration of justice act).
const (
	HealthConsent   SecrecyBasis = "sul_41_1"
	HealthNeeded    SecrecyBasis = "sul_41_2"
	OtherConsent    SecrecyBasis = "sul_43_1"
	OtherNeeded     SecrecyBasis = "sul_43_2"
	ExplicitConsent SecrecyBasis = "gdpr_9_2_a"
	PoliceAndSocial SecrecyBasis = "rpl_115"
	AnotherRule     SecrecyBasis = "other" // Secrecy.Note names it
)

// SecrecyBases lists every basis in the order in which they are offered.
func SecrecyBases() []SecrecyBasis {
	return []SecrecyBasis{HealthConsent, HealthNeeded, OtherConsent, OtherNeeded, ExplicitConsent, PoliceAndSocial, AnotherRule}
}

// Danish returns the wording shown on screens: the rule, and what it is for.
func (b SecrecyBasis) Danish() string {
	switch b {
	case HealthConsent:
		return "Sundhedsloven § 41, stk. 1: sundhedsperson, behandling, med samtykke"
	case HealthNeeded:
		return "Sundhedsloven § 41, stk. 2: sundhedsperson, behandling, uden samtykke"
	case OtherConsent:
		return "Sundhedsloven § 43, stk. 1: andre formål end behandling, med samtykke"
	case OtherNeeded:
		return "Sundhedsloven § 43, stk. 2: andre formål end behandling, uden samtykke"
	case ExplicitConsent:
		return "Databeskyttelsesforordningen artikel 9, stk. 2, litra a: udtrykkeligt samtykke"
	case PoliceAndSocial:
		return "Retsplejeloven § 115: samarbejde med politiet (SSP, PSP)"
	case AnotherRule:
		return "En anden regel"
	}

	return string(b)
}

// MaxSecrecyNote is the longest note on a rule, in characters.
const MaxSecrecyNote = 200

// Secrecy is an employee's word that they weighed the duty of secrecy before somebody from another
// authority was invited, and the rule that allows it (R22). The zero value is: nobody did.
type Secrecy struct {
	Basis SecrecyBasis
	Note  string // the rule with AnotherRule, else a remark or empty; stored encrypted
	By    EmployeeID
	At    time.Time // UTC
}

// Weighed reports whether an employee gave their word and chose a rule.
func (s Secrecy) Weighed() bool { return s.Check() == nil && s.By != "" && !s.At.IsZero() }

// Check returns what is wrong with a rule as somebody chose it, Invalid.
func (s Secrecy) Check() error {
	switch {
	case !slices.Contains(SecrecyBases(), s.Basis):
		return NewError(Invalid, "Vælg den regel, som gør, at den anden myndighed må være med.")
	case s.Basis == AnotherRule && strings.TrimSpace(s.Note) == "":
		return NewError(Invalid, "Skriv, hvilken regel der gør, at den anden myndighed må være med.")
	case len([]rune(s.Note)) > MaxSecrecyNote || strings.ContainsFunc(s.Note, isControl):
		return NewError(Invalid, "Skriv højst 200 tegn om reglen.")
	}

	return nil
}

// Text returns in Danish the rule and the note.
func (s Secrecy) Text() string {
	switch {
	case s.Basis == AnotherRule:
		return s.Note
	case s.Note != "":
		return s.Basis.Danish() + ". " + s.Note
	default:
		return s.Basis.Danish()
	}
}
