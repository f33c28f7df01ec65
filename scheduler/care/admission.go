package care

import (
	"strings"
	"time"
)

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
	case a.Level != NoAssurance && a.Name != "":
		return a.Method.Danish() + ", sikringsniveau " + a.Level.Danish() + ". " + a.Name.Danish()
	case a.Level != NoAssurance:
		return a.Method.Danish() + ", sikringsniveau " + a.Level.Danish()
	case a.Check != "":
		return a.Method.Danish() + " (" + lowerFirst(a.Check.Danish()) + ")"
	default:
		return a.Method.Danish()
	}
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// Identified reports whether the session's person counts as identified: by a method, and with the
// codewords said where they were asked for.
func (a Admission) Identified() bool {
	return a.Method != "" && (!a.CodewordDue || a.CodewordsSaid())
}

// CodewordsSaid reports whether both directions of the codeword were ticked.
func (a Admission) CodewordsSaid() bool {
	return !a.CodewordTold.IsZero() && !a.CodewordAnswered.IsZero()
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
	Provider     string        // key of the identity provider that the person logged in at
	Level        Assurance     // that the login had
	IdentifiedBy EmployeeID    // whose word it is, with the staff's methods
	Check        IdentityCheck // what that employee did
	Outage       bool          // the person could not log in anywhere, and was identified otherwise
	Name         NameMatch     // of a participant who logged in
	Strangers    int           // logins of somebody else in this session
	// AskedHelp is when the person said that they can't identify themselves; zero: they did not.
	AskedHelp time.Time
	// CodewordDue: the rule of the time asked for the codewords beside the method.
	CodewordDue bool
	// CodewordTold and CodewordAnswered are when the caregiver ticked that they said their word, and
	// that the person answered with theirs.
	CodewordTold     time.Time
	CodewordAnswered time.Time
	CodeCount        int       // codes asked for by this session; part of what a code is made from
	CodeSentAt       time.Time // of the newest code; zero when none
	CodeTries        int       // wrong tries at the newest code
	CodeUsed         bool      // the newest code was used; it never works again
	Failures         int       // wrong tries in all
	Recognised       bool      // the caregiver ticked "genkendt"
	DecidedBy        EmployeeID
	CameAt           time.Time
	IdentifiedAt     time.Time
	DecidedAt        time.Time
}
