package store

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/directory"
)

type employeeRow struct {
	ID             string `gorm:"primaryKey"`
	Version        int
	Source         string
	NameSealed     []byte
	EmailSealed    []byte
	LoginSealed    []byte
	LoginHash      string
	ExternalSealed []byte
	ExternalHash   string
	StartsOn       string
	EndsOn         string
	MadeAt         int64 `gorm:"column:created_at"`
	ChangedAt      int64
	LeftAt         *int64
	LeftBy         string
}

// TableName names the table for gorm.
func (employeeRow) TableName() string { return "employees" }

type grantRow struct {
	EmployeeID string `gorm:"primaryKey"`
	Unit       string `gorm:"primaryKey"`
	Role       string `gorm:"primaryKey"`
	Source     string `gorm:"primaryKey"`
}

// TableName names the table for gorm.
func (grantRow) TableName() string { return "employee_grants" }

type revisionRow struct {
	EmployeeID string `gorm:"primaryKey"`
	Version    int    `gorm:"primaryKey"`
	ChangedBy  string
	ChangedAt  int64
	BodySealed []byte
}

// TableName names the table for gorm.
func (revisionRow) TableName() string { return "employee_history" }

type unitRow struct {
	ID        string `gorm:"primaryKey"`
	Name      string
	Parent    string
	Lists     string
	LiveFrom  string
	ChangedAt int64
}

// TableName names the table for gorm.
func (unitRow) TableName() string { return "units" }

type groupRow struct {
	ID         string `gorm:"primaryKey"`
	Version    int
	Name       string
	ExternalID string
	MadeAt     int64 `gorm:"column:created_at"`
	ChangedAt  int64
}

// TableName names the table for gorm.
func (groupRow) TableName() string { return "scim_groups" }

type memberRow struct {
	EmployeeID string `gorm:"primaryKey"`
	GroupID    string `gorm:"primaryKey"`
}

// TableName names the table for gorm.
func (memberRow) TableName() string { return "scim_members" }

// Purposes keep the hashes of an employee's columns apart from other hashes.
const (
	loginPurpose    = "employees.login"
	externalPurpose = "employees.external"
)

// find returns the keyed hash by which a text is found; empty for none.
func (k *Keys) find(purpose, text string) (string, error) {
	if text == "" {
		return "", nil
	}

	return k.hash(purpose, text)
}

func (k *Keys) employeeToRow(e care.Employee) (employeeRow, error) {
	login, err := k.find(loginPurpose, strings.ToLower(e.Login))
	if err != nil {
		return employeeRow{}, err
	}

	external, err := k.find(externalPurpose, e.ExternalID)
	if err != nil {
		return employeeRow{}, err
	}

	seal := sealer{keys: k, table: "employees", row: string(e.ID)}
	row := employeeRow{
		ID: string(e.ID), Version: e.Version, Source: string(e.Source), NameSealed: seal.seal("name", e.Name),
		EmailSealed: seal.seal("email", e.Email.Reveal()), LoginSealed: seal.seal("login", e.Login), LoginHash: login,
		ExternalSealed: seal.seal("external", e.ExternalID), ExternalHash: external, StartsOn: string(e.StartsOn), EndsOn: string(e.EndsOn),
		MadeAt: micros(e.CreatedAt), ChangedAt: micros(e.ChangedAt), LeftAt: microsOrNull(e.LeftAt), LeftBy: string(e.LeftBy),
	}

	return row, seal.err
}

func (k *Keys) employeeFromRow(row employeeRow) (care.Employee, error) {
	seal := sealer{keys: k, table: "employees", row: row.ID}
	e := care.Employee{
		ID: care.EmployeeID(row.ID), Version: row.Version, Source: care.GrantSource(row.Source), Name: seal.open("name", row.NameSealed),
		Login: seal.open("login", row.LoginSealed), ExternalID: seal.open("external", row.ExternalSealed), Active: row.LeftAt == nil,
		StartsOn: care.Day(row.StartsOn), EndsOn: care.Day(row.EndsOn), CreatedAt: instant(row.MadeAt), ChangedAt: instant(row.ChangedAt),
		LeftAt: instantOrZero(row.LeftAt), LeftBy: care.GrantSource(row.LeftBy),
	}
	e.Email = seal.email(row.EmailSealed)

	return e, seal.err
}

// revisionBody is an employee as of a version. Its names are part of what is stored.
type revisionBody struct {
	Source   care.GrantSource  `json:"source"`
	Name     string            `json:"name"`
	Email    string            `json:"email,omitempty"`
	Login    string            `json:"login,omitempty"`
	External string            `json:"external,omitempty"`
	StartsOn care.Day          `json:"starts_on,omitempty"`
	EndsOn   care.Day          `json:"ends_on,omitempty"`
	LeftAt   int64             `json:"left_at,omitempty"` // microseconds; 0: works here
	LeftBy   care.GrantSource  `json:"left_by,omitempty"`
	MadeAt   int64             `json:"made_at"`
	Grants   []care.Assignment `json:"grants,omitempty"`
}

func (k *Keys) revisionToRow(e care.Employee, by string) (revisionRow, error) {
	body := revisionBody{
		Source: e.Source, Name: e.Name, Email: e.Email.Reveal(), Login: e.Login, External: e.ExternalID,
		StartsOn: e.StartsOn, EndsOn: e.EndsOn, LeftBy: e.LeftBy, MadeAt: micros(e.CreatedAt), Grants: e.Grants,
	}
	if !e.LeftAt.IsZero() {
		body.LeftAt = micros(e.LeftAt)
	}

	data, err := json.Marshal(body) //nolint:musttag // care.Assignment is stored by its field names, which are part of the format
	if err != nil {
		return revisionRow{}, fmt.Errorf("employee's history: %w", err)
	}

	seal := sealer{keys: k, table: "employee_history", row: fmt.Sprintf("%s/%d", e.ID, e.Version)}
	row := revisionRow{EmployeeID: string(e.ID), Version: e.Version, ChangedBy: by, ChangedAt: micros(e.ChangedAt), BodySealed: seal.sealBytes("body", data)}

	return row, seal.err
}

func (k *Keys) revisionFromRow(row revisionRow) (directory.Revision, error) {
	seal := sealer{keys: k, table: "employee_history", row: fmt.Sprintf("%s/%d", row.EmployeeID, row.Version)}

	data := seal.openBytes("body", row.BodySealed)
	if seal.err != nil {
		return directory.Revision{}, seal.err
	}

	var body revisionBody
	if err := json.Unmarshal(data, &body); err != nil { //nolint:musttag // as in revisionToRow
		return directory.Revision{}, fmt.Errorf("employee's history: %w", err)
	}

	e := care.Employee{
		ID: care.EmployeeID(row.EmployeeID), Version: row.Version, Source: body.Source, Name: body.Name, Login: body.Login, ExternalID: body.External,
		Active: body.LeftAt == 0, LeftBy: body.LeftBy, StartsOn: body.StartsOn, EndsOn: body.EndsOn, Grants: body.Grants, CreatedAt: instant(body.MadeAt), ChangedAt: instant(row.ChangedAt),
	}

	if body.LeftAt != 0 {
		e.LeftAt = instant(body.LeftAt)
	}

	if body.Email != "" {
		e.Email = care.NewEmail(body.Email)
	}

	return directory.Revision{Employee: e, By: row.ChangedBy, At: instant(row.ChangedAt)}, nil
}

func unitToRow(u directory.Unit, at int64) (unitRow, error) {
	lists, err := json.Marshal(append([]string{}, u.Lists...))
	if err != nil {
		return unitRow{}, fmt.Errorf("unit's lists: %w", err)
	}

	return unitRow{ID: string(u.ID), Name: u.Name, Parent: string(u.Parent), Lists: string(lists), LiveFrom: string(u.LiveFrom), ChangedAt: at}, nil
}

func unitFromRow(row unitRow) (directory.Unit, error) {
	u := directory.Unit{Unit: care.Unit{ID: care.UnitID(row.ID), Name: row.Name, Parent: care.UnitID(row.Parent), LiveFrom: care.Day(row.LiveFrom)}}
	if err := json.Unmarshal([]byte(row.Lists), &u.Lists); err != nil {
		return u, fmt.Errorf("unit's lists: %w", err)
	}

	return u, nil
}
