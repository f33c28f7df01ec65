package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

type identitySettingRow struct {
	CitizenID    string `gorm:"primaryKey"`
	Version      int
	MitidOnly    bool
	NoSms        bool
	CodeOnly     bool
	Protected    bool
	Methods      string
	ReasonSealed []byte
	SetBy        string
	SetAt        int64
	Stopped      bool
	StoppedAt    *int64
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
		CitizenID: string(s.Citizen), Version: s.Version, MitidOnly: s.MitIDOnly, NoSms: s.NoSMS, CodeOnly: s.CodeOnly, Protected: s.Protected, Methods: strings.Join(methods, ","),
		ReasonSealed: seal.seal("reason", s.Reason), SetBy: string(s.By), SetAt: micros(s.At),
		Stopped: s.Stopped, StoppedAt: microsOrNull(s.StoppedAt),
	}

	return row, seal.err
}

func (k *Keys) identitySettingFromRow(row identitySettingRow) (care.IdentitySetting, error) {
	seal := sealer{keys: k, table: "identity_settings", row: row.CitizenID}
	s := care.IdentitySetting{
		Citizen: care.CitizenID(row.CitizenID), Version: row.Version, MitIDOnly: row.MitidOnly, NoSMS: row.NoSms, CodeOnly: row.CodeOnly, Protected: row.Protected,
		Reason: seal.open("reason", row.ReasonSealed), By: care.EmployeeID(row.SetBy), At: instant(row.SetAt),
		Stopped: row.Stopped, StoppedAt: instantOrZero(row.StoppedAt),
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

	// A driving list protects too: what holds stands with the citizen.
	var protected []bool

	err := s.read.WithContext(ctx).Model(&citizenRow{}).Where("id = ?", citizen).Pluck("protected", &protected).Error
	if err != nil {
		return care.IdentitySetting{}, translate(err)
	}

	out := care.IdentitySetting{Citizen: citizen}

	err = s.read.WithContext(ctx).Where("citizen_id = ?", citizen).Take(&row).Error
	if err == nil {
		out, err = s.keys.identitySettingFromRow(row)
	}

	if err != nil && !errors.Is(err, gorm.ErrRecordNotFound) {
		return care.IdentitySetting{}, translate(err)
	}

	out.Protected = slices.Contains(protected, true)

	return out, nil
}

// SaveIdentitySetting implements scheduler.Identities.
func (s *Store) SaveIdentitySetting(ctx context.Context, setting care.IdentitySetting, effects scheduler.Effects) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		if err := s.saveSetting(tx, setting); err != nil {
			return err
		}

		return s.writeEffects(tx, effects)
	})
}

// saveSetting writes a setting that still has its version, and lets the citizen follow.
func (s *Store) saveSetting(tx *gorm.DB, setting care.IdentitySetting) error {
	before := setting.Version
	setting.Version++

	row, err := s.keys.identitySettingToRow(setting)
	if err != nil {
		return err
	}

	if err := putVersion(tx, row, before, "citizen_id = ?", row.CitizenID); err != nil {
		return err
	}

	done := tx.Model(&citizenRow{}).Where("id = ?", row.CitizenID).Updates(map[string]any{"protected": row.Protected})
	if done.Error != nil {
		return fmt.Errorf("protect citizen: %w", done.Error)
	}

	return nil
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

type codewordRow struct {
	CitizenID     string `gorm:"primaryKey"`
	Unit          string `gorm:"primaryKey"`
	Version       int
	StaffSealed   []byte
	CitizenSealed []byte
	Uses          int
	MadeBy        string
	MadeAt        int64
}

// TableName names the table for gorm.
func (codewordRow) TableName() string { return "codewords" }

func (k *Keys) codewordsToRow(w care.Codewords) (codewordRow, error) {
	seal := sealer{keys: k, table: "codewords", row: string(w.Citizen) + "/" + string(w.Unit)}

	row := codewordRow{
		CitizenID: string(w.Citizen), Unit: string(w.Unit), Version: w.Version, Uses: w.Uses, MadeBy: string(w.By), MadeAt: micros(w.At),
		StaffSealed: seal.seal("staff", w.Staff.Reveal()), CitizenSealed: seal.seal("citizen", w.Reply.Reveal()),
	}

	return row, seal.err
}

func (k *Keys) codewordsFromRow(row codewordRow) (care.Codewords, error) {
	seal := sealer{keys: k, table: "codewords", row: row.CitizenID + "/" + row.Unit}

	w := care.Codewords{
		Citizen: care.CitizenID(row.CitizenID), Unit: care.UnitID(row.Unit), Version: row.Version, Uses: row.Uses,
		By: care.EmployeeID(row.MadeBy), At: instant(row.MadeAt),
		Staff: care.NewSecret(seal.open("staff", row.StaffSealed)), Reply: care.NewSecret(seal.open("citizen", row.CitizenSealed)),
	}

	return w, seal.err
}

// Codewords implements scheduler.Identities.
func (s *Store) Codewords(ctx context.Context, citizen care.CitizenID, unit care.UnitID) (care.Codewords, error) {
	var row codewordRow

	err := s.read.WithContext(ctx).Where("citizen_id = ? AND unit = ?", citizen, unit).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return care.Codewords{Citizen: citizen, Unit: unit}, nil
	}

	if err != nil {
		return care.Codewords{}, translate(err)
	}

	out, err := s.keys.codewordsFromRow(row)

	return out, translate(err)
}

// SaveCodewords implements scheduler.Identities.
func (s *Store) SaveCodewords(ctx context.Context, w care.Codewords, effects scheduler.Effects) error {
	before := w.Version
	w.Version++

	row, err := s.keys.codewordsToRow(w)
	if err != nil {
		return translate(err)
	}

	return s.change(ctx, func(tx *gorm.DB) error {
		if err := putVersion(tx, row, before, "citizen_id = ? AND unit = ?", row.CitizenID, row.Unit); err != nil {
			return err
		}

		return s.writeEffects(tx, effects)
	})
}

type numberNoticeRow struct {
	ID          string `gorm:"primaryKey"`
	CitizenID   string
	PhoneSealed []byte
	QueuedAt    int64
	SentAt      *int64
	Failure     string
}

// TableName names the table for gorm.
func (numberNoticeRow) TableName() string { return "number_notices" }

func (s *Store) writeNumbers(tx *gorm.DB, notices []scheduler.NumberNotice) error {
	rows := make([]numberNoticeRow, 0, len(notices))

	for _, n := range notices {
		seal := sealer{keys: s.keys, table: "number_notices", row: n.ID}
		row := numberNoticeRow{ID: n.ID, CitizenID: string(n.Citizen), PhoneSealed: seal.seal("phone", n.Phone.Reveal()), QueuedAt: micros(s.clock())}

		if seal.err != nil {
			return seal.err
		}

		rows = append(rows, row)
	}

	return insert(tx, rows)
}

// NumberNotice implements scheduler.Identities.
func (s *Store) NumberNotice(ctx context.Context, id string) (scheduler.NumberNotice, error) {
	var row numberNoticeRow
	if err := s.read.WithContext(ctx).Where("id = ?", id).Take(&row).Error; err != nil {
		return scheduler.NumberNotice{}, translate(err)
	}

	seal := sealer{keys: s.keys, table: "number_notices", row: row.ID}
	n := scheduler.NumberNotice{ID: row.ID, Citizen: care.CitizenID(row.CitizenID), Phone: seal.phone(row.PhoneSealed)}

	return n, translate(seal.err)
}

// NumberNoticeDone implements scheduler.Identities.
func (s *Store) NumberNoticeDone(ctx context.Context, id string, at time.Time, failure string) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		done := tx.Model(&numberNoticeRow{}).Where("id = ?", id).Updates(map[string]any{"phone_sealed": nil, "sent_at": micros(at), "failure": failure})
		if done.Error != nil {
			return fmt.Errorf("number notice: %w", done.Error)
		}

		return nil
	})
}
