package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/sluse/sluse/scheduler"
)

// auditRow has no id here: the database numbers the rows.
type auditRow struct {
	At           int64
	Actor        string
	Action       string
	VisitID      string
	CitizenID    string
	Detail       string
	Address      string
	Session      string
	Level        int
	Method       string
	ReasonSealed []byte
}

// TableName names the table for gorm.
func (auditRow) TableName() string { return "audit" }

// numberedRow is an audit row with the number that the database gave it.
type numberedRow struct {
	auditRow `gorm:"embedded"`

	ID int64 `gorm:"primaryKey;autoIncrement"`
}

// TableName names the table for gorm.
func (numberedRow) TableName() string { return "audit" }

// auditCitizenRow says that a list showed a citizen.
type auditCitizenRow struct {
	CitizenID string `gorm:"primaryKey"`
	AuditID   int64  `gorm:"primaryKey;autoIncrement:false"`
}

// TableName names the table for gorm.
func (auditCitizenRow) TableName() string { return "audit_citizens" }

// reasonSealer binds a reason to its row, which has no key before it is stored: to when, who, what.
func (k *Keys) reasonSealer(r auditRow) *sealer {
	return &sealer{keys: k, table: "audit", row: fmt.Sprintf("%d\x00%s\x00%s", r.At, r.Actor, r.Action)}
}

func (s *Store) auditToRow(tx *gorm.DB, r scheduler.AuditRow) (auditRow, error) {
	at, origin := r.At, r.Origin
	if at.IsZero() {
		at = s.clock()
	}

	if origin == (scheduler.Origin{}) {
		origin = scheduler.OriginOf(tx.Statement.Context)
	}

	row := auditRow{
		At: micros(at), Actor: r.Actor, Action: r.Action, VisitID: string(r.Visit), CitizenID: string(r.Citizen), Detail: r.Detail,
		Address: origin.Address, Session: origin.Session, Level: int(origin.Level), Method: origin.Method,
	}

	seal := s.keys.reasonSealer(row)
	row.ReasonSealed = seal.seal("reason", r.Reason)

	return row, seal.err
}

func (s *Store) writeAudit(tx *gorm.DB, rows []scheduler.AuditRow) error {
	out := make([]auditRow, 0, len(rows))

	for _, r := range rows {
		row, err := s.auditToRow(tx, r)
		if err != nil {
			return err
		}

		if len(r.Citizens) == 0 {
			out = append(out, row)

			continue
		}

		if err := writeList(tx, row, r); err != nil {
			return err
		}
	}

	return insert(tx, out)
}

// writeList stores the row of a list with the citizens that it showed.
func writeList(tx *gorm.DB, row auditRow, r scheduler.AuditRow) error {
	numbered := numberedRow{auditRow: row}
	if err := tx.Create(&numbered).Error; err != nil {
		return fmt.Errorf("insert rows: %w", err)
	}

	shown := make([]auditCitizenRow, 0, len(r.Citizens))
	for _, id := range r.Citizens {
		shown = append(shown, auditCitizenRow{CitizenID: string(id), AuditID: numbered.ID})
	}

	return insert(tx, shown)
}

// Record implements scheduler.Batches.
func (s *Store) Record(ctx context.Context, rows []scheduler.AuditRow) error {
	if len(rows) == 0 {
		return nil
	}

	return s.change(ctx, func(tx *gorm.DB) error { return s.writeAudit(tx, rows) })
}
