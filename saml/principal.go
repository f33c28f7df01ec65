package saml

import (
	"log/slog"
	"time"
)

// Level is a level of assurance of NSIS (National Standard for Identiteters
// Sikringsniveauer). The zero value means that the provider stated none. Levels compare
// with <.
type Level int

// The levels of NSIS 2.0, in rising order.
const (
	LevelNone Level = iota
	LevelLow
	LevelSubstantial
	LevelHigh
)

// String returns the level as in the nsis/loa attribute, or "none".
func (l Level) String() string {
	switch l {
	case LevelNone:
		return "none"
	case LevelLow:
		return "Low"
	case LevelSubstantial:
		return "Substantial"
	case LevelHigh:
		return "High"
	}
	return "none"
}

// parseLevel reads the value of the nsis/loa attribute, exactly as OIOSAML writes it.
func parseLevel(s string) (Level, bool) {
	switch s {
	case "Low":
		return LevelLow, true
	case "Substantial":
		return LevelSubstantial, true
	case "High":
		return LevelHigh, true
	}
	return LevelNone, false
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

// Principal is an employee whose login was verified.
type Principal struct {
	// Subject is the stable key of the person at this provider: the persistent NameID,
	// or the employee ID where the NameID changes from login to login.
	Subject string
	// IDP is the entity ID of the provider that vouches for the person.
	IDP string
	// NameID and SessionIndex name the provider's session, for logout.
	NameID       NameID
	SessionIndex string
	// EmployeeID is the identifier the driving lists know, such as initials. Never empty.
	EmployeeID string
	// Name and Email may be empty.
	Name  string
	Email string
	// Groups are the directory groups or roles as the provider sends them, unmapped.
	Groups []string
	// Level is the level of assurance the provider stated, LevelNone for none.
	Level Level
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
		slog.String("level", p.Level.String()),
		slog.Time("authenticated_at", p.AuthenticatedAt),
		slog.Time("expires_at", p.ExpiresAt),
	)
}
