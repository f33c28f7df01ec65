package care

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// GrantSource says where an entry of the directory comes from. The zero value is invalid.
type GrantSource string

// The sources. Each source changes and withdraws only what came from itself.
const (
	FromCSV  GrantSource = "csv"    // an import of a file
	FromSCIM GrantSource = "scim"   // the municipality's own directory, over SCIM 2.0
	FromHand GrantSource = "manual" // typed by an administrator
)

// Danish returns the wording shown on screens.
func (s GrantSource) Danish() string {
	switch s {
	case FromCSV:
		return "Fil"
	case FromSCIM:
		return "SCIM"
	case FromHand:
		return "Manuelt"
	}

	return string(s)
}

// Assignment is a role in a unit that the directory gives, and who says so.
type Assignment struct {
	Grant

	Source GrantSource
}

// Employee is one person in the directory of employees. Name, mail, login and the identifier of
// the outside directory are stored encrypted.
type Employee struct {
	ID         EmployeeID // as in driving lists and logins, for example "MSK"; never changes
	Version    int        // counts the changes; 0: not stored yet
	Source     GrantSource
	Name       string
	Email      Email
	Login      string // SCIM's userName; empty: none
	ExternalID string // SCIM's externalId; empty: none
	Active     bool   // false: marked as left
	StartsOn   Day    // first local day of work; empty: since ever
	EndsOn     Day    // last local day of work; empty: no end is known
	Grants     []Assignment
	CreatedAt  time.Time // UTC
	ChangedAt  time.Time // UTC
	LeftAt     time.Time // UTC, when the person was marked as left; zero while active
	// LeftBy is who marked the person as left. What a hand marked only a hand takes back, so that
	// tonight's file does not let somebody in who was shut out today. Empty while active.
	LeftBy GrantSource
}

// EmployedOn reports whether the person works here on the day: not marked as left, and within
// the days of the employment.
func (e Employee) EmployedOn(d Day) bool {
	return e.Active && (e.StartsOn == "" || d >= e.StartsOn) && (e.EndsOn == "" || d <= e.EndsOn)
}

// Leave returns the employee as one who left; one who left before stays as it is.
func (e Employee) Leave(by GrantSource, at time.Time) Employee {
	if e.Active {
		e.Active, e.LeftAt, e.LeftBy = false, at, by
	}

	return e
}

// Return returns the employee as one who works here. What a hand marked only a hand takes back.
func (e Employee) Return(by GrantSource) Employee {
	if !e.Active && (by == FromHand || e.LeftBy != FromHand) {
		e.Active, e.LeftAt, e.LeftBy = true, time.Time{}, ""
	}

	return e
}

// GrantsFrom returns the roles that a source gives.
func (e Employee) GrantsFrom(source GrantSource) []Grant {
	var out []Grant

	for _, a := range e.Grants {
		if a.Source == source {
			out = append(out, a.Grant)
		}
	}

	return out
}

// WithGrants returns the employee with the roles that a source gives replaced, in one order and
// each once. What other sources give stays.
func (e Employee) WithGrants(source GrantSource, grants []Grant) Employee {
	kept := slices.DeleteFunc(slices.Clone(e.Grants), func(a Assignment) bool { return a.Source == source })
	for _, g := range grants {
		kept = append(kept, Assignment{Grant: g, Source: source})
	}

	slices.SortFunc(kept, compareAssignments)
	e.Grants = slices.Compact(kept)

	return e
}

func compareAssignments(a, b Assignment) int {
	return cmp.Or(cmp.Compare(a.Unit, b.Unit), cmp.Compare(a.Role, b.Role), cmp.Compare(a.Source, b.Source))
}

// Same reports whether two states of an employee say the same, versions and times aside.
func (e Employee) Same(o Employee) bool {
	return e.ID == o.ID && e.Source == o.Source && e.Name == o.Name && e.Email.Reveal() == o.Email.Reveal() && e.Login == o.Login &&
		e.ExternalID == o.ExternalID && e.Active == o.Active && e.LeftBy == o.LeftBy && e.StartsOn == o.StartsOn && e.EndsOn == o.EndsOn && slices.Equal(e.Grants, o.Grants)
}

// Longest texts of the directory, in characters.
const (
	maxEmployeeName = 120
	maxLogin        = 254
)

// employeeID is what an identifier looks like: initials, a number, a UPN or a UUID.
//
//nolint:gochecknoglobals // compiled once, never changed
var employeeID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}._@-]{0,63}$`) })

// Check tells in Danish what is wrong with an employee; nil when nothing is. Kind Invalid.
func (e Employee) Check() error {
	switch {
	case !employeeID().MatchString(string(e.ID)):
		return NewError(Invalid, "Skriv medarbejderens initialer eller nummer, som de står i kørelisten: højst 64 bogstaver, tal, punktum, bindestreg eller @.")
	case looksLikeCPR(string(e.ID)):
		return NewError(Invalid, "Et personnummer kan ikke bruges som medarbejderens id. Brug initialer eller tjenestenummer.")
	case strings.TrimSpace(e.Name) == "" || len([]rune(e.Name)) > maxEmployeeName:
		return NewError(Invalid, "Skriv medarbejderens navn, højst 120 tegn.")
	case len(e.Login) > maxLogin || len(e.ExternalID) > maxLogin:
		return NewError(Invalid, "Login og eksternt id må højst være 254 tegn.")
	case e.StartsOn != "" && e.EndsOn != "" && e.EndsOn < e.StartsOn:
		return NewError(Invalid, "Slutdatoen ligger før startdatoen. Ret en af dem.")
	}

	for _, a := range e.Grants {
		if a.Unit == "" || !slices.Contains(Roles(), a.Role) {
			return NewError(Invalid, "Vælg både rolle og enhed.")
		}
	}

	return nil
}

// looksLikeCPR reports whether a text is a CPR number that somebody put into a wrong column.
func looksLikeCPR(text string) bool {
	_, verdict, padded := ParseCPR(text)

	return verdict != CPRMalformed && !padded
}

// EmployeeLinkID identifies one link between a citizen and an employee.
type EmployeeLinkID string

// LinkProof says why a link between a citizen and an employee may stand. The zero value is invalid.
type LinkProof string

// The proofs (V10).
const (
	ProvenByVisit LinkProof = "visit"    // the unit visits the citizen by its driving lists
	ByOverride    LinkProof = "override" // an administrator's word, with a reason
)

// EmployeeLink ties an employee to a citizen for some days (V09).
type EmployeeLink struct {
	ID       EmployeeLinkID
	Version  int // counts the changes; 0: not stored yet
	Citizen  CitizenID
	Employee EmployeeID
	Unit     UnitID // in which the employee sees the citizen
	From     Day    // first local day
	To       Day    // last local day; empty: no end is known
	Proof    LinkProof
	Reason   string // with ByOverride; stored encrypted
	MadeBy   EmployeeID
	MadeAt   time.Time  // UTC
	EndedBy  EmployeeID // who ended it before its time; empty: nobody
	EndedAt  time.Time  // UTC
}

// ActiveOn reports whether the link holds on the day.
func (l EmployeeLink) ActiveOn(d Day) bool {
	return l.EndedAt.IsZero() && d >= l.From && (l.To == "" || d <= l.To)
}
