package care

import "time"

// AdmissionState is how far a citizen's browser session is. The zero value is invalid.
type AdmissionState string

// The states: waiting → identified → admitted · refused.
const (
	AdmissionWaiting    AdmissionState = "waiting"    // came through the link, not identified
	AdmissionIdentified AdmissionState = "identified" // proved who they are, in the waiting room
	AdmissionAdmitted   AdmissionState = "admitted"   // let in by the caregiver; may have the guest link
	AdmissionRefused    AdmissionState = "refused"    // turned away, or replaced by another session
)

// Identity tells in Danish how the person of a session was identified; empty when they were not.
func (a Admission) Identity() string {
	switch {
	case a.Method == "":
		return ""
	case a.Method == ByCode && a.Participant != "":
		return "Engangskode på SMS til deltagerens eget nummer"
	default:
		return a.Method.Danish()
	}
}

// Limits of one-time codes (identity.md §5.2).
const (
	CodeLife        = 5 * time.Minute
	CodeTries       = 5 // wrong tries for one code
	CodesPerVisit   = 3 // codes to one person for one visit in CodeWindow
	CodeWindow      = 15 * time.Minute
	CodesPerPhone   = 10 // codes to one phone number in a local day
	CodeLockFailure = 5  // wrong tries of one person in all that lock their SMS path at the visit
)

// Admission is one browser session of a citizen or a participant at a visit. A link may be used
// from several devices, but only one session of a person at a time is identified.
type Admission struct {
	ID           AdmissionID
	Participant  ParticipantID // empty: the citizen
	State        AdmissionState
	SessionHash  string // hex SHA-256 of the cookie's token
	Method       IdentityMethod
	CodeCount    int       // codes asked for by this session; part of what a code is made from
	CodeSentAt   time.Time // of the newest code; zero when none
	CodeTries    int       // wrong tries at the newest code
	CodeUsed     bool      // the newest code was used; it never works again
	Failures     int       // wrong tries in all
	Recognised   bool      // the caregiver ticked "genkendt"
	DecidedBy    EmployeeID
	CameAt       time.Time
	IdentifiedAt time.Time
	DecidedAt    time.Time
}
