package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// eidLoginLife is how long a login's row is kept: outages are seen by them, and the provider's
// session is ended with their help.
const eidLoginLife = 24 * time.Hour

type eidLoginRow struct {
	Hash          string `gorm:"primaryKey"`
	Provider      string
	VisitID       string
	AdmissionID   string
	KeptSealed    []byte
	SessionSealed []byte
	MinLevel      int
	BegunAt       int64
	EndsAt        int64
	EndedAt       *int64
	Outcome       string
	ExpiresAt     int64
}

// TableName names the table for gorm.
func (eidLoginRow) TableName() string { return "eid_logins" }

func (k *Keys) eidSealer(hash string) *sealer {
	return &sealer{keys: k, table: "eid_logins", row: hash}
}

// SaveEidLogin implements scheduler.EidLogins.
func (s *Store) SaveEidLogin(ctx context.Context, l scheduler.EidLogin) error {
	seal := s.keys.eidSealer(l.Hash)
	row := eidLoginRow{
		Hash: l.Hash, Provider: l.Provider, VisitID: string(l.Visit), AdmissionID: string(l.Admission), KeptSealed: seal.seal("kept", l.Keep.Reveal()),
		MinLevel: int(l.MinLevel), BegunAt: micros(l.BegunAt), EndsAt: micros(l.EndsAt), EndedAt: microsOrNull(l.EndedAt), Outcome: string(l.Outcome),
		ExpiresAt: micros(l.BegunAt.Add(eidLoginLife)),
	}

	if seal.err != nil {
		return translate(seal.err)
	}

	return s.change(ctx, func(tx *gorm.DB) error { return insert(tx, []eidLoginRow{row}) })
}

// EidLogin implements scheduler.EidLogins.
func (s *Store) EidLogin(ctx context.Context, hash string) (scheduler.EidLogin, error) {
	var row eidLoginRow
	if err := s.read.WithContext(ctx).Where("hash = ?", hash).Take(&row).Error; err != nil {
		return scheduler.EidLogin{}, translate(err)
	}

	seal := s.keys.eidSealer(row.Hash)
	l := scheduler.EidLogin{
		Hash: row.Hash, Provider: row.Provider, Visit: care.VisitID(row.VisitID), Admission: care.AdmissionID(row.AdmissionID),
		Keep: care.NewSecret(seal.open("kept", row.KeptSealed)), MinLevel: care.Assurance(row.MinLevel), BegunAt: instant(row.BegunAt),
		EndsAt: instant(row.EndsAt), EndedAt: instantOrZero(row.EndedAt), Outcome: scheduler.LoginOutcome(row.Outcome),
	}

	return l, translate(seal.err)
}

// EndEidLogin implements scheduler.EidLogins.
func (s *Store) EndEidLogin(ctx context.Context, hash string, outcome scheduler.LoginOutcome, session care.Secret, at time.Time) error {
	seal := s.keys.eidSealer(hash)
	sealed := seal.seal("session", session.Reveal())

	if seal.err != nil {
		return translate(seal.err)
	}

	return s.change(ctx, func(tx *gorm.DB) error {
		done := tx.Model(&eidLoginRow{}).Where("hash = ? AND ended_at IS NULL", hash).Updates(map[string]any{
			"ended_at": micros(at), "outcome": string(outcome), "kept_sealed": nil, "session_sealed": sealed,
		})
		if done.Error == nil && done.RowsAffected == 0 {
			return &refusal{care.NewError(care.Conflict, "Login er brugt.")}
		}

		return done.Error
	})
}

// EidLoginsOf implements scheduler.EidLogins.
func (s *Store) EidLoginsOf(ctx context.Context, admission care.AdmissionID, since time.Time) (int, error) {
	var n int64

	err := s.read.WithContext(ctx).Model(&eidLoginRow{}).Where("admission_id = ? AND begun_at >= ?", string(admission), micros(since)).Count(&n).Error

	return int(n), translate(err)
}

// TakeEidSession implements scheduler.EidLogins.
func (s *Store) TakeEidSession(ctx context.Context, admission care.AdmissionID) (provider string, session care.Secret, err error) {
	err = s.change(ctx, func(tx *gorm.DB) error {
		var row eidLoginRow

		err := tx.Where("admission_id = ? AND session_sealed IS NOT NULL", string(admission)).Order("begun_at DESC").Take(&row).Error
		if err != nil {
			return err
		}

		seal := s.keys.eidSealer(row.Hash)
		provider, session = row.Provider, care.NewSecret(seal.open("session", row.SessionSealed))

		if seal.err != nil {
			return seal.err
		}

		return tx.Model(&eidLoginRow{}).Where("hash = ?", row.Hash).Update("session_sealed", nil).Error
	})

	return provider, session, err
}

// PurgeEidLogins removes logins whose time is over.
func (s *Store) PurgeEidLogins(ctx context.Context, now time.Time) error {
	return s.change(ctx, func(tx *gorm.DB) error { return tx.Where("expires_at < ?", micros(now)).Delete(&eidLoginRow{}).Error })
}
