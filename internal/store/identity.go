package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

type identitySettingRow struct {
	CitizenID    string `gorm:"primaryKey"`
	Version      int
	MitidOnly    bool
	NoSms        bool
	Methods      string
	ReasonSealed []byte
	SetBy        string
	SetAt        int64
}

// TableName names the table for gorm.
func (identitySettingRow) TableName() string { return "identity_settings" }

func (k *Keys) identitySettingToRow(s care.IdentitySetting) (identitySettingRow, error) {
	seal := sealer{keys: k, table: "identity_settings", row: string(s.Citizen)}

	methods := make([]string, len(s.Methods))
	for i, m := range s.Methods {
		methods[i] = string(m)
	}

	row := identitySettingRow{
		CitizenID: string(s.Citizen), Version: s.Version, MitidOnly: s.MitIDOnly, NoSms: s.NoSMS, Methods: strings.Join(methods, ","),
		ReasonSealed: seal.seal("reason", s.Reason), SetBy: string(s.By), SetAt: micros(s.At),
	}

	return row, seal.err
}

func (k *Keys) identitySettingFromRow(row identitySettingRow) (care.IdentitySetting, error) {
	seal := sealer{keys: k, table: "identity_settings", row: row.CitizenID}
	s := care.IdentitySetting{
		Citizen: care.CitizenID(row.CitizenID), Version: row.Version, MitIDOnly: row.MitidOnly, NoSMS: row.NoSms,
		Reason: seal.open("reason", row.ReasonSealed), By: care.EmployeeID(row.SetBy), At: instant(row.SetAt),
	}

	if row.Methods != "" {
		for m := range strings.SplitSeq(row.Methods, ",") {
			s.Methods = append(s.Methods, care.IdentityMethod(m))
		}
	}

	return s, seal.err
}

// IdentitySetting implements scheduler.Identities.
func (s *Store) IdentitySetting(ctx context.Context, citizen care.CitizenID) (care.IdentitySetting, error) {
	var row identitySettingRow

	err := s.read.WithContext(ctx).Where("citizen_id = ?", citizen).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return care.IdentitySetting{Citizen: citizen}, nil
	}

	if err != nil {
		return care.IdentitySetting{}, translate(err)
	}

	out, err := s.keys.identitySettingFromRow(row)

	return out, translate(err)
}

// SaveIdentitySetting implements scheduler.Identities.
func (s *Store) SaveIdentitySetting(ctx context.Context, setting care.IdentitySetting, effects scheduler.Effects) error {
	before := setting.Version
	setting.Version++

	row, err := s.keys.identitySettingToRow(setting)
	if err != nil {
		return translate(err)
	}

	return s.change(ctx, func(tx *gorm.DB) error {
		if err := putVersion(tx, row, before, "citizen_id = ?", row.CitizenID); err != nil {
			return err
		}

		return s.writeEffects(tx, effects)
	})
}

// putVersion inserts a row whose version was 0, or updates the one that still has its version.
// Somebody else was first: Conflict.
func putVersion[R any](tx *gorm.DB, row R, before int, key string, values ...any) error {
	if before == 0 {
		return once(insert(tx, []R{row}))
	}

	done := tx.Model(new(R)).Where(key, values...).Where("version = ?", before).Select("*").Updates(row)
	if done.Error != nil {
		return fmt.Errorf("write a version: %w", done.Error)
	}

	if done.RowsAffected != 1 {
		return once(errMoved)
	}

	return nil
}
