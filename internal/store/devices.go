package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/sluse/sluse/migrations"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

type deviceRow struct {
	ID            string `gorm:"primaryKey"`
	Version       int
	Kind          string
	CitizenID     string
	ContactID     string
	LabelSealed   []byte
	TokenHash     *string
	CodeSalt      []byte
	CodeHash      []byte
	PasskeySealed []byte
	Failures      int
	UnitID        string
	PublicKey     []byte
	AnswerForm    string
	AnswerBy      string
	AnswerAt      *int64
	EnrolSelector *string
	EnrolHash     string
	EnrolUntil    *int64
	EnrolTries    int
	RingVisit     string
	RingAt        *int64
	MadeAt        int64
	MadeBy        string
	SeenAt        *int64
	EndedAt       *int64
	EndedWhy      string
	EndedBy       string
}

// TableName names the table for gorm.
func (deviceRow) TableName() string { return "devices" }

// orNull returns nil, stored as NULL, for an empty text: unique columns hold many of those.
func orNull(text string) *string {
	if text == "" {
		return nil
	}

	return &text
}

func orEmpty(text *string) string {
	if text == nil {
		return ""
	}

	return *text
}

func (k *Keys) deviceToRow(d care.Device) (deviceRow, error) {
	seal := sealer{keys: k, table: "devices", row: string(d.ID)}
	row := deviceRow{
		ID: string(d.ID), Version: d.Version, Kind: string(d.Kind), CitizenID: string(d.Holder.Citizen), ContactID: string(d.Holder.Contact),
		LabelSealed: seal.seal("label", d.Label), TokenHash: orNull(d.TokenHash), CodeSalt: d.CodeSalt, CodeHash: d.CodeHash,
		PasskeySealed: seal.sealBytes("passkey", d.Passkey), Failures: d.Failures, UnitID: string(d.Unit), PublicKey: d.Key,
		AnswerForm: string(d.AutoAnswer.Form), AnswerBy: string(d.AutoAnswer.By), AnswerAt: microsOrNull(d.AutoAnswer.At),
		EnrolSelector: orNull(d.Enrolment.Selector), EnrolHash: d.Enrolment.Hash, EnrolUntil: microsOrNull(d.Enrolment.Until), EnrolTries: d.Enrolment.Tries,
		RingVisit: string(d.Ring.Visit), RingAt: microsOrNull(d.Ring.At), MadeAt: micros(d.MadeAt), MadeBy: string(d.MadeBy),
		SeenAt: microsOrNull(d.SeenAt), EndedAt: microsOrNull(d.EndedAt), EndedWhy: string(d.End), EndedBy: string(d.EndedBy),
	}

	return row, seal.err
}

func (k *Keys) deviceFromRow(row deviceRow) (care.Device, error) {
	seal := sealer{keys: k, table: "devices", row: row.ID}
	d := care.Device{
		ID: care.DeviceID(row.ID), Version: row.Version, Kind: care.DeviceKind(row.Kind),
		Holder: care.Holder{Citizen: care.CitizenID(row.CitizenID), Contact: care.ContactID(row.ContactID)},
		Label:  seal.open("label", row.LabelSealed), TokenHash: orEmpty(row.TokenHash), CodeSalt: row.CodeSalt, CodeHash: row.CodeHash,
		Passkey: seal.openBytes("passkey", row.PasskeySealed), Failures: row.Failures, Unit: care.UnitID(row.UnitID), Key: row.PublicKey,
		AutoAnswer: care.Consent{Form: care.ConsentForm(row.AnswerForm), By: care.EmployeeID(row.AnswerBy), At: instantOrZero(row.AnswerAt)},
		Enrolment:  care.Enrolment{Selector: orEmpty(row.EnrolSelector), Hash: row.EnrolHash, Until: instantOrZero(row.EnrolUntil), Tries: row.EnrolTries},
		Ring:       care.Ring{Visit: care.VisitID(row.RingVisit), At: instantOrZero(row.RingAt)},
		MadeAt:     instant(row.MadeAt), MadeBy: care.EmployeeID(row.MadeBy), SeenAt: instantOrZero(row.SeenAt),
		EndedAt: instantOrZero(row.EndedAt), End: care.DeviceEnd(row.EndedWhy), EndedBy: care.EmployeeID(row.EndedBy),
	}

	return d, seal.err
}

// Device implements scheduler.Devices.
func (s *Store) Device(ctx context.Context, id care.DeviceID) (care.Device, error) {
	return s.device(ctx, "id = ?", string(id))
}

// DeviceBySelector implements scheduler.Devices.
func (s *Store) DeviceBySelector(ctx context.Context, selector string) (care.Device, error) {
	return s.device(ctx, "enrol_selector = ?", selector)
}

func (s *Store) device(ctx context.Context, condition, key string) (care.Device, error) {
	var row deviceRow
	if err := s.read.WithContext(ctx).Where(condition, key).Take(&row).Error; err != nil {
		return care.Device{}, translate(err)
	}

	d, err := s.keys.deviceFromRow(row)

	return d, translate(err)
}

// DevicesByToken implements scheduler.Devices.
func (s *Store) DevicesByToken(ctx context.Context, hashes []string) ([]care.Device, error) {
	if len(hashes) == 0 {
		return nil, nil
	}

	return s.devices(s.read.WithContext(ctx).Where("token_hash IN ?", hashes).Order("made_at DESC, id"))
}

// DevicesOf implements scheduler.Devices.
func (s *Store) DevicesOf(ctx context.Context, citizen care.CitizenID) ([]care.Device, error) {
	return s.devices(s.read.WithContext(ctx).Where("citizen_id = ?", string(citizen)).Order("made_at DESC, id"))
}

// LiveDevices implements scheduler.Devices.
func (s *Store) LiveDevices(ctx context.Context, kind care.DeviceKind) ([]care.Device, error) {
	return s.devices(s.read.WithContext(ctx).Where("kind = ? AND ended_at IS NULL", string(kind)).Order("unit_id, made_at, id"))
}

func (s *Store) devices(q *gorm.DB) ([]care.Device, error) {
	var rows []deviceRow
	if err := q.Find(&rows).Error; err != nil {
		return nil, translate(err)
	}

	out := make([]care.Device, 0, len(rows))

	for _, row := range rows {
		d, err := s.keys.deviceFromRow(row)
		if err != nil {
			return nil, translate(err)
		}

		out = append(out, d)
	}

	return out, nil
}

// AddDevice implements scheduler.Devices.
func (s *Store) AddDevice(ctx context.Context, d care.Device, effects scheduler.Effects) error {
	d.Version = 1

	row, err := s.keys.deviceToRow(d)
	if err != nil {
		return translate(err)
	}

	return s.change(ctx, func(tx *gorm.DB) error {
		if err := insert(tx, []deviceRow{row}); err != nil {
			return err
		}

		return s.writeEffects(tx, effects)
	})
}

// UpdateDevice implements scheduler.Devices.
func (s *Store) UpdateDevice(ctx context.Context, id care.DeviceID, change scheduler.ChangeDevice) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		n, err := s.updateDevices(tx, tx.Where("id = ?", string(id)), change)
		if err == nil && n == 0 {
			return notFound()
		}

		return err
	})
}

// UpdateDevicesOf implements scheduler.Devices.
func (s *Store) UpdateDevicesOf(ctx context.Context, citizen care.CitizenID, change scheduler.ChangeDevice) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		_, err := s.updateDevices(tx, tx.Where("citizen_id = ? AND ended_at IS NULL", string(citizen)), change)

		return err
	})
}

// updateDevices changes the devices that q finds and returns how many those were.
func (s *Store) updateDevices(tx, q *gorm.DB, change scheduler.ChangeDevice) (int, error) {
	if s.base.Dialect == migrations.Postgres {
		q = q.Clauses(clause.Locking{Strength: "UPDATE"}) // SQLite has one writer at a time
	}

	var rows []deviceRow
	if err := q.Order("id").Find(&rows).Error; err != nil {
		return 0, fmt.Errorf("find devices: %w", err)
	}

	for _, row := range rows {
		d, err := s.keys.deviceFromRow(row)
		if err != nil {
			return 0, err
		}

		effects, err := change(&d)
		if errors.Is(err, scheduler.ErrSkip) {
			continue
		}

		if err != nil {
			return 0, &refusal{err}
		}

		if err := s.writeDevice(tx, d); err != nil {
			return 0, err
		}

		if err := s.writeEffects(tx, effects); err != nil {
			return 0, err
		}
	}

	return len(rows), nil
}

func (s *Store) writeDevice(tx *gorm.DB, d care.Device) error {
	before := d.Version
	d.Version++

	row, err := s.keys.deviceToRow(d)
	if err != nil {
		return err
	}

	done := tx.Model(&deviceRow{}).Where("id = ? AND version = ?", row.ID, before).Select("*").Omit("id").Updates(row)
	if done.Error != nil {
		return fmt.Errorf("write device: %w", done.Error)
	}

	if done.RowsAffected != 1 {
		return errMoved
	}

	return nil
}

type deviceTokenRow struct {
	Hash       string `gorm:"primaryKey"`
	Purpose    string
	BoundTo    string
	BodySealed []byte
	ExpiresAt  int64
}

// TableName names the table for gorm.
func (deviceTokenRow) TableName() string { return "device_tokens" }

// KeepToken implements scheduler.Devices.
func (s *Store) KeepToken(ctx context.Context, t scheduler.DeviceToken) error {
	seal := sealer{keys: s.keys, table: "device_tokens", row: t.Hash}
	row := deviceTokenRow{Hash: t.Hash, Purpose: string(t.Purpose), BoundTo: t.Bound, BodySealed: seal.sealBytes("body", t.Body), ExpiresAt: micros(t.Expires)}

	if seal.err != nil {
		return translate(seal.err)
	}

	return s.change(ctx, func(tx *gorm.DB) error { return insert(tx, []deviceTokenRow{row}) })
}

// Token implements scheduler.Devices.
func (s *Store) Token(ctx context.Context, hash string, p scheduler.DevicePurpose, now time.Time) (scheduler.DeviceToken, error) {
	t, err := s.token(s.read.WithContext(ctx), hash, p, now)

	return t, translate(err)
}

func (s *Store) token(tx *gorm.DB, hash string, p scheduler.DevicePurpose, now time.Time) (scheduler.DeviceToken, error) {
	var row deviceTokenRow
	if err := tx.Where("hash = ? AND purpose = ? AND expires_at > ?", hash, string(p), micros(now)).Take(&row).Error; err != nil {
		return scheduler.DeviceToken{}, err
	}

	seal := sealer{keys: s.keys, table: "device_tokens", row: row.Hash}
	t := scheduler.DeviceToken{Hash: row.Hash, Purpose: p, Bound: row.BoundTo, Body: seal.openBytes("body", row.BodySealed), Expires: instant(row.ExpiresAt)}

	return t, seal.err
}

// TakeToken implements scheduler.Devices.
func (s *Store) TakeToken(ctx context.Context, hash string, p scheduler.DevicePurpose, now time.Time) (t scheduler.DeviceToken, err error) {
	err = s.change(ctx, func(tx *gorm.DB) error {
		if t, err = s.token(tx, hash, p, now); err != nil {
			return err
		}

		done := tx.Where("hash = ?", hash).Delete(&deviceTokenRow{})
		if done.Error == nil && done.RowsAffected != 1 {
			return notFound() // somebody else took it
		}

		return done.Error
	})
	if err != nil {
		return scheduler.DeviceToken{}, err
	}

	return t, nil
}

// ForgetTokens implements scheduler.Devices.
func (s *Store) ForgetTokens(ctx context.Context, bound string) error {
	return s.change(ctx, func(tx *gorm.DB) error { return tx.Where("bound_to = ?", bound).Delete(&deviceTokenRow{}).Error })
}

// PurgeDevices implements scheduler.Devices.
func (s *Store) PurgeDevices(ctx context.Context, now, ended time.Time) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		if err := tx.Where("expires_at <= ?", micros(now)).Delete(&deviceTokenRow{}).Error; err != nil {
			return fmt.Errorf("remove tokens: %w", err)
		}

		return tx.Where("ended_at < ?", micros(ended)).Delete(&deviceRow{}).Error
	})
}
