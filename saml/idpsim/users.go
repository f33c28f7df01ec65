package idpsim

import (
	"crypto/sha256"
	"fmt"
	"strings"
)

// The NSIS levels, as the attribute writes them.
const (
	LevelLow         = "Low"
	LevelSubstantial = "Substantial"
	LevelHigh        = "High"
)

// User is somebody who can log in.
type User struct {
	// ID is the employee's identifier in the driving lists, such as initials, or a
	// citizen's CPR number.
	ID string
	// Title is the line on the login page, such as the job.
	Title string
	Name  string
	Email string
	// FirstName and LastName are sent for citizens.
	FirstName, LastName string
	// CPR makes the user a citizen. Official test persons only.
	CPR string
	// Groups are the directory groups.
	Groups []string
	// Privileges are the groups of OIO-BPP that KOMBIT and OIOSAML 2 send.
	Privileges []PrivilegeGroup
	// Level is the NSIS level: Low, Substantial or High.
	Level string
	// UUID is the stable key in OIOSAML; it is derived from ID when empty.
	UUID string
}

// Citizen reports whether the user logs in as a private person.
func (u User) Citizen() bool { return u.CPR != "" }

// PrivilegeGroup is one group of the OIO Basic Privilege Profile: roles that hold within a
// scope and under constraints.
type PrivilegeGroup struct {
	// Scope is a URN such as urn:dk:gov:saml:cvrNumberIdentifier:29189846.
	Scope string
	// Roles are the URIs of user-system roles with their version.
	Roles []string
	// Constraints narrow the roles, such as to units.
	Constraints []Constraint
}

// Constraint narrows the roles of its group.
type Constraint struct{ Name, Value string }

// DefaultUsers are a planner, a leader, an administrator and the five employees of the
// sample driving list koreliste-dag.csv. The names are made up from the identifiers.
func DefaultUsers() []User {
	users := []User{
		staff("PLAN", "Planlægger", "sluse-planner"),
		staff("LEDER", "Teamleder", "sluse-leader", "sluse-planner"),
		staff("ADMIN", "Systemforvalter", "sluse-administrator"),
	}
	for _, id := range []string{"AØJ", "LBH", "MSK", "PÆN", "TKR"} {
		users = append(users, staff(id, "Medarbejder", "sluse-caregiver"))
	}
	return users
}

// RoleURI is the user-system role that the default users of KOMBIT have for a group of
// theirs, such as sluse-planner.
func RoleURI(group string) string { return "http://sluse.example/roles/usersystemrole/" + group + "/1" }

func staff(id, title string, groups ...string) User {
	mail := strings.NewReplacer("æ", "ae", "ø", "oe", "å", "aa").Replace(strings.ToLower(id))
	return User{
		ID: id, Title: title, Name: title + " " + id, Email: mail + "@testkommunen.example",
		Groups: groups, Level: LevelSubstantial,
	}
}

func uuidOf(u User) string {
	if u.UUID != "" {
		return u.UUID
	}
	sum := sha256.Sum256([]byte("idpsim user " + u.ID))
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}
