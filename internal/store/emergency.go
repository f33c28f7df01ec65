package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/emergency"
)

var _ emergency.Store = (*Store)(nil)

type emergencyCodeRow struct {
	Employee   string `gorm:"primaryKey"`
	NameSealed []byte
	CodeHash   string
	MadeAt     int64
	ExpiresAt  int64
}

// TableName names the table for gorm.
func (emergencyCodeRow) TableName() string { return "emergency_codes" }

func (s *Store) emergencySealer(employee string) *sealer {
	return &sealer{keys: s.keys, table: "emergency_codes", row: employee}
}

// EmergencyCode implements emergency.Store.
func (s *Store) EmergencyCode(ctx context.Context, employee care.EmployeeID) (emergency.Stored, error) {
	var row emergencyCodeRow
	if err := s.read.WithContext(ctx).Where("employee = ?", string(employee)).Take(&row).Error; err != nil {
		return emergency.Stored{}, translate(err)
	}

	seal := s.emergencySealer(row.Employee)
	out := emergency.Stored{
		Employee: care.EmployeeID(row.Employee), Name: seal.open("name", row.NameSealed), Hash: row.CodeHash,
		MadeAt: instant(row.MadeAt), ExpiresAt: instant(row.ExpiresAt),
	}

	return out, translate(seal.err)
}

// SaveEmergencyCode implements emergency.Store.
func (s *Store) SaveEmergencyCode(ctx context.Context, code emergency.Stored, audit []scheduler.AuditRow) error {
	seal := s.emergencySealer(string(code.Employee))
	row := emergencyCodeRow{
		Employee: string(code.Employee), NameSealed: seal.seal("name", code.Name), CodeHash: code.Hash,
		MadeAt: micros(code.MadeAt), ExpiresAt: micros(code.ExpiresAt),
	}

	if seal.err != nil {
		return translate(seal.err)
	}

	return s.change(ctx, func(tx *gorm.DB) error {
		if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
			return fmt.Errorf("save an emergency code: %w", err)
		}

		return s.writeAudit(tx, audit)
	})
}

// RemoveEmergencyCode implements emergency.Store.
func (s *Store) RemoveEmergencyCode(ctx context.Context, employee care.EmployeeID, audit []scheduler.AuditRow) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		if err := tx.Where("employee = ?", string(employee)).Delete(&emergencyCodeRow{}).Error; err != nil {
			return fmt.Errorf("remove an emergency code: %w", err)
		}

		return s.writeAudit(tx, audit)
	})
}

// UseEmergencyCodes implements emergency.Store.
func (s *Store) UseEmergencyCodes(ctx context.Context, codes [2]emergency.Stored, n scheduler.Notice, audit []scheduler.AuditRow) error {
	notice := noticeRow{Kind: string(n.Kind), About: n.About, Level: string(n.Level), Sentence: n.Text, RaisedAt: micros(n.RaisedAt)}

	return s.change(ctx, func(tx *gorm.DB) error {
		for _, code := range codes {
			done := tx.Where("employee = ? AND code_hash = ?", string(code.Employee), code.Hash).Delete(&emergencyCodeRow{})
			if done.Error != nil {
				return fmt.Errorf("use an emergency code: %w", done.Error)
			}

			if done.RowsAffected != 1 {
				return &refusal{care.NewError(care.Conflict, "Koden er brugt.")}
			}
		}

		if _, err := openNotice(tx, notice); err != nil {
			return err
		}

		return s.writeAudit(tx, audit)
	})
}

// PurgeEmergencyCodes removes codes that have expired.
func (s *Store) PurgeEmergencyCodes(ctx context.Context, now time.Time) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		return tx.Where("expires_at <= ?", micros(now)).Delete(&emergencyCodeRow{}).Error
	})
}
