package care

import "time"

// ResultKind is what became of a visit. The zero value is invalid.
type ResultKind string

// The results.
const (
	ResultCompleted    ResultKind = "completed"
	ResultNotCompleted ResultKind = "not_completed"
)

// ReasonCode says why a visit was not completed. The zero value is invalid with
// ResultNotCompleted. No national code exists for it (eoj.md §3.4).
type ReasonCode string

// The reasons.
const (
	CitizenAbsent    ReasonCode = "udeblevet"
	EmployeeAbsent   ReasonCode = "medarbejder_udeblev"
	TechnicalFault   ReasonCode = "teknisk_fejl"
	CancelledCitizen ReasonCode = "aflyst_af_borger"
	CancelledStaff   ReasonCode = "aflyst_af_personale"
	Hospitalised     ReasonCode = "indlagt"
	TooShort         ReasonCode = "for_kort"
	TurnedPhysical   ReasonCode = "fysisk_besoeg"
)

// Reasons lists every reason in the order in which they are offered.
func Reasons() []ReasonCode {
	return []ReasonCode{CitizenAbsent, EmployeeAbsent, TechnicalFault, TooShort, CancelledCitizen, CancelledStaff, Hospitalised, TurnedPhysical}
}

// Danish returns the wording of a reason.
func (r ReasonCode) Danish() string {
	switch r {
	case CitizenAbsent:
		return "Borgeren udeblev"
	case EmployeeAbsent:
		return "Medarbejderen kom ikke ind"
	case TechnicalFault:
		return "Teknisk fejl"
	case CancelledCitizen:
		return "Aflyst af borgeren"
	case CancelledStaff:
		return "Aflyst af personalet"
	case Hospitalised:
		return "Borgeren er indlagt"
	case TooShort:
		return "Samtalen var for kort"
	case TurnedPhysical:
		return "Ændret til fysisk besøg"
	}

	return string(r)
}

// Grade says how sure an outcome is. The zero value is invalid.
type Grade string

// The grades.
const (
	Certain  Grade = "sikker"      // the platform shows host and guest together, and nothing speaks against it
	Probable Grade = "sandsynlig"  // the platform's record is thin, or a person says otherwise than it
	Missing  Grade = "mangler"     // there is no evidence; a person must decide
	Manual   Grade = "medarbejder" // a person decided
)

// MaxBecause is how long a person's reason for a correction may be, in characters.
const MaxBecause = 500

// Outcome is how a visit ended.
type Outcome struct {
	Kind     ResultKind
	Reason   ReasonCode // with ResultNotCompleted
	Delivery Delivery   // how it was given: Screen or ByPhone when completed
	Actual   Interval   // when host and guest were there together; zero when unknown
	Together time.Duration
	Grade    Grade
	By       string    // employee id or "system"
	At       time.Time // of a visit that was taken off the screen, with no Kind: when it was
	// TimedAt is when the platform told Actual and Together, where that was only after a person had given
	// the outcome; zero when they were known with it. They count in our own figures. The record is not told
	// again: a second note or task for some minutes helps nobody there.
	TimedAt time.Time
	// Because is why a person corrected what was there; empty otherwise. It is a person's own
	// text, so it is stored encrypted.
	Because string
}

// Alike reports whether two outcomes say the same: what became of the visit, why not, and how
// it was given. Times and grades may differ.
func (o Outcome) Alike(p Outcome) bool {
	return o.Kind == p.Kind && o.Reason == p.Reason && o.Delivery == p.Delivery
}
