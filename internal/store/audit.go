package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/sluse/sluse/scheduler"
)

// auditRow has no id here: the database numbers the rows.
type auditRow struct {
	At        int64
	Actor     string
	Action    string
	VisitID   string
	CitizenID string
	Detail    string
}

// TableName names the table for gorm.
func (auditRow) TableName() string { return "audit" }

func (s *Store) writeAudit(tx *gorm.DB, rows []scheduler.AuditRow) error {
	out := make([]auditRow, 0, len(rows))

	for _, r := range rows {
		at := r.At
		if at.IsZero() {
			at = s.clock()
		}

		out = append(out, auditRow{
			At: micros(at), Actor: r.Actor, Action: r.Action, VisitID: string(r.Visit), CitizenID: string(r.Citizen), Detail: r.Detail,
		})
	}

	return insert(tx, out)
}

// Record implements scheduler.Batches.
func (s *Store) Record(ctx context.Context, rows []scheduler.AuditRow) error {
	if len(rows) == 0 {
		return nil
	}

	return s.change(ctx, func(tx *gorm.DB) error { return s.writeAudit(tx, rows) })
}
