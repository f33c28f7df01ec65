package directory

import (
	"context"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// Unit is a unit with the names of the driving lists that belong to it.
type Unit struct {
	care.Unit

	Lists      []string // patterns of path.Match on the list's name, for example "Øst*"; compared without case
	Configured bool     // it stands in the configuration; else in the store
}

// Standing is what decides what an employee may do.
type Standing struct {
	Employee care.EmployeeID
	Left     bool
	StartsOn care.Day // empty: since ever
	EndsOn   care.Day // empty: no end is known
	Grants   []care.Grant
	Groups   []string // names of the SCIM groups that the employee is a member of
}

// At reports whether the employee works here on the local day.
func (s Standing) At(d care.Day) bool {
	return care.Employee{Active: !s.Left, StartsOn: s.StartsOn, EndsOn: s.EndsOn}.EmployedOn(d)
}

// Query narrows a list of employees; zero fields do not narrow.
type Query struct {
	IDs        []care.EmployeeID
	Login      string // SCIM's userName, compared without case
	ExternalID string // SCIM's externalId
	Source     care.GrantSource
	EndedBy    care.Day // active, with a last day before this one
}

// Group is a SCIM group. Its name is mapped to roles as the groups of a login are.
type Group struct {
	ID         string // random
	Version    int    // counts the changes; 0: not stored yet
	Name       string // SCIM's displayName
	ExternalID string
	Members    []care.EmployeeID // in order
	CreatedAt  time.Time         // UTC
	ChangedAt  time.Time         // UTC
}

// Revision is one state of an employee that was, or is.
type Revision struct {
	Employee care.Employee
	By       string // employee id, "scim" or "system"
	At       time.Time
}

// AuditRow tells who changed what in the directory. It is append-only.
type AuditRow struct {
	At     time.Time
	Actor  string // employee id, "scim" or "system"
	Action string // snake_case verb
	Detail string // employee and unit ids, never names
}

// Change is everything that one change writes, all or none.
type Change struct {
	// Employees are inserted with Version 0, else updated when they still have their Version.
	Employees []care.Employee
	// Units are inserted or replaced by id; UnitsGone are removed.
	Units     []Unit
	UnitsGone []care.UnitID
	// Groups are inserted with Version 0, else updated when they still have their Version.
	Groups     []Group
	GroupsGone []string
	// Guard, when set, judges the standings of everybody before and after the change; an error of
	// it rolls the change back and is returned as it is.
	Guard func(before, after []Standing) error
	By    string
	At    time.Time
	Audit []AuditRow
}

// File is an uploaded file.
type File struct {
	Name string // the base name, for messages
	Data []byte
}

// Reader asks the directory. Errors are *care.Error.
type Reader interface {
	// Standing reads what decides what one employee may do, in one read by keys. NotFound.
	Standing(ctx context.Context, id care.EmployeeID) (Standing, error)
	// Employees reads the employees that match, in order of id.
	Employees(ctx context.Context, q Query) ([]care.Employee, error)
	// History reads the states of an employee, the newest first.
	History(ctx context.Context, id care.EmployeeID, limit int) ([]Revision, error)
	// Units reads the stored units in order of id, and the directory's version, which every
	// change raises.
	Units(ctx context.Context) ([]Unit, int, error)
	// Version reads the directory's version alone.
	Version(ctx context.Context) (int, error)
	// Groups reads the SCIM groups in order of name.
	Groups(ctx context.Context) ([]Group, error)
}

// Store is one municipality's directory. Errors are *care.Error.
type Store interface {
	Reader
	// Save writes a change in a transaction of its own; changes come one after another. Conflict
	// when something was changed since it was read, or a login or group name is taken.
	Save(ctx context.Context, c Change) error
	// KeepUpload stores a file between its preview and its import, encrypted, for a day.
	KeepUpload(ctx context.Context, id string, file File, by care.EmployeeID, at time.Time) error
	// Upload reads such a file. NotFound.
	Upload(ctx context.Context, id string) (File, error)
	// Record appends audit rows that belong to no change.
	Record(ctx context.Context, rows []AuditRow) error
}

// Row is one line of a file.
type Row struct {
	Line  int               // 1-based line or sheet row
	Cells map[string]string // by the column's own name in the request; trimmed; missing: empty
}

// Sheet is what a file holds.
type Sheet struct {
	Columns  map[string]string // the wanted columns that the file has, by our name, as they stand in it
	Unknown  []string          // columns of the file that nobody asked for
	Rows     []Row             // in file order, empty ones left out
	Broken   []int             // lines that can't be divided into cells
	Encoding string            // "UTF-8", "Windows-1252", "XLSX"
}

// Column is a wanted column: its Danish name and other names by which it goes.
type Column struct {
	Name    string
	Aliases []string
	Day     bool // its cells are days; those that can be read come as 2006-01-02
}

// Sheets reads tables that people exported. A row with column names has the first of the columns
// and at least one more. A file that is no such table is *connector.Error of
// kind Rejected or Malformed whose cause is a *care.Error with a Danish sentence.
type Sheets interface {
	ReadSheet(ctx context.Context, f File, columns []Column) (Sheet, error)
	// System names the source whose surrogate ids stand in the tables.
	System() string
}
