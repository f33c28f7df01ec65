package saml

import (
	"log/slog"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// Audience is the kind of people who log in. The zero value is invalid.
type Audience string

// The audiences.
const (
	// Professional is an employee who acts for an organisation.
	Professional Audience = "professional"
	// Person is somebody who acts for themselves, such as a citizen.
	Person Audience = "person"
)

// Privilege is one role of the Basic Privilege Profile, together with the limits of its
// own group.
type Privilege struct {
	// Role is the role's whole URI with its version.
	Role string
	// CVR is the organisation in which the role holds: eight digits.
	CVR string
	// Constraints hold all at once; none means that the role is not limited. Whoever
	// cannot honour one of them has to ignore the privilege.
	Constraints []Constraint
}

// Constraint limits a Privilege to some values of a dimension. Values is never empty.
type Constraint struct {
	// Name is the dimension's URI.
	Name string
	// Values are the admitted ones, as they were sent.
	Values []string
}

// NameID is the provider's name for a person in one session. All four parts are needed
// to ask for logout.
type NameID struct {
	Value           string
	Format          string
	NameQualifier   string
	SPNameQualifier string
}

// String hides the value, which may be a mail address.
func (NameID) String() string { return "‹name id›" }

// Principal is somebody whose login was verified.
type Principal struct {
	// Kind says whether it is an employee or a person.
	Kind Audience
	// Subject is the stable key of the person at this provider: the persistent NameID,
	// or the employee ID where the NameID changes from login to login.
	Subject string
	// IDP is the entity ID of the provider that vouches for the person.
	IDP string
	// NameID and SessionIndex name the provider's session, for logout.
	NameID       NameID
	SessionIndex string
	// EmployeeID is the identifier the driving lists know, such as initials. Never empty
	// for a professional, always for a person.
	EmployeeID string
	// CPR is the person's number, of a person only. It must not be stored.
	CPR care.CPR
	// Name and Email may be empty.
	Name  string
	Email string
	// Groups are the directory groups or roles as the provider sends them, unmapped.
	Groups []string
	// Privileges are those of the Basic Privilege Profile that concern our organisation.
	Privileges []Privilege
	// PrivilegesIgnored counts the groups of privileges that were left out, because they
	// concern another organisation or have an empty constraint.
	PrivilegesIgnored int
	// Level is the level of assurance the provider stated, care.NoAssurance for none.
	Level care.Assurance
	// AuthenticatedAt is when the person proved their identity to the provider, in UTC.
	AuthenticatedAt time.Time
	// ExpiresAt is when the provider wants the session to end, in UTC; zero when it sets
	// no end. The caller's own limits apply besides.
	ExpiresAt time.Time
}

// String hides who it is.
func (Principal) String() string { return "‹principal›" }

// LogValue logs the provider, the level and the times, not the person.
func (p Principal) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("idp", p.IDP),
		slog.String("kind", string(p.Kind)),
		slog.String("level", levelName(p.Level)),
		slog.Int("privileges_ignored", p.PrivilegesIgnored),
		slog.Time("authenticated_at", p.AuthenticatedAt),
		slog.Time("expires_at", p.ExpiresAt),
	)
}
