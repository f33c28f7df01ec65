package emergency

import (
	"context"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Stored is an employee's code as the store keeps it.
type Stored struct {
	Employee  care.EmployeeID
	Name      string // as it was when the code was made
	Hash      string // slow and salted; see hashCode
	MadeAt    time.Time
	ExpiresAt time.Time
}

// Store keeps the codes of one municipality. Errors are *care.Error.
type Store interface {
	// EmergencyCode reads an employee's code, expired or not. NotFound.
	EmergencyCode(ctx context.Context, employee care.EmployeeID) (Stored, error)
	// SaveEmergencyCode stores a code in place of the employee's older one.
	SaveEmergencyCode(ctx context.Context, code Stored, audit []scheduler.AuditRow) error
	// RemoveEmergencyCode removes an employee's code. One that is gone is no error.
	RemoveEmergencyCode(ctx context.Context, employee care.EmployeeID, audit []scheduler.AuditRow) error
	// UseEmergencyCodes removes both codes, opens the notice and writes the rows, all or nothing.
	// Conflict when one of the codes is not the stored one any more.
	UseEmergencyCodes(ctx context.Context, codes [2]Stored, notice scheduler.Notice, audit []scheduler.AuditRow) error
	// ResolveNotice closes a notice and stores the effects with it. When it is not open nothing is
	// stored, and that is no error.
	ResolveNotice(ctx context.Context, kind scheduler.NoticeKind, about string, at time.Time, effects scheduler.Effects) error
	// OpenNotices reads the notices that are open, newest first.
	OpenNotices(ctx context.Context) ([]scheduler.Notice, error)
	// Record appends audit rows.
	Record(ctx context.Context, rows []scheduler.AuditRow) error
}

// Directory says what an employee may do; *directory.Service satisfies it. Errors are *care.Error.
type Directory interface {
	Grants(ctx context.Context, employee care.EmployeeID, fromLogin []care.Grant) (grants []care.Grant, active bool, err error)
}
