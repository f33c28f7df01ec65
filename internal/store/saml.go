package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/scheduler/care"
)

type samlRequestRow struct {
	ID          string `gorm:"primaryKey"`
	Purpose     string
	Idp         string
	BrowserHash string
	RelayState  string
	ReturnTo    string
	ForceAuthn  bool
	MinLevel    int
	Person      bool
	Made        int64 `gorm:"column:created_at"` // not named CreatedAt: gorm would set it by itself
	ExpiresAt   int64
	CompletedAt *int64
}

// TableName names the table for gorm.
func (samlRequestRow) TableName() string { return "saml_requests" }

type samlReplayRow struct {
	MessageKey string `gorm:"primaryKey"`
	ExpiresAt  int64
}

// TableName names the table for gorm.
func (samlReplayRow) TableName() string { return "saml_replays" }

var _ saml.Store = (*Store)(nil)

// SaveRequest implements saml.Store.
func (s *Store) SaveRequest(ctx context.Context, r saml.Request) error {
	row := samlRequestRow{
		ID: r.ID, Purpose: string(r.Purpose), Idp: r.IDP, BrowserHash: r.BrowserHash, RelayState: r.RelayState,
		ReturnTo: r.ReturnTo, ForceAuthn: r.ForceAuthn, MinLevel: int(r.MinLevel), Person: r.Person, Made: micros(r.CreatedAt), ExpiresAt: micros(r.ExpiresAt),
	}

	return s.change(ctx, func(tx *gorm.DB) error { return insert(tx, []samlRequestRow{row}) })
}

// Request implements saml.Store.
func (s *Store) Request(ctx context.Context, id string) (saml.Request, error) {
	var row samlRequestRow

	err := s.read.WithContext(ctx).Where("id = ? AND completed_at IS NULL", id).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return saml.Request{}, saml.ErrNoRequest
	}

	if err != nil {
		return saml.Request{}, translate(err)
	}

	return saml.Request{
		ID: row.ID, Purpose: saml.Purpose(row.Purpose), IDP: row.Idp, BrowserHash: row.BrowserHash, RelayState: row.RelayState,
		ReturnTo: row.ReturnTo, ForceAuthn: row.ForceAuthn, MinLevel: care.Assurance(row.MinLevel), Person: row.Person, CreatedAt: instant(row.Made), ExpiresAt: instant(row.ExpiresAt),
	}, nil
}

// CompleteRequest implements saml.Store.
func (s *Store) CompleteRequest(ctx context.Context, id, messageKey string, expires time.Time) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		done := tx.Model(&samlRequestRow{}).Where("id = ? AND completed_at IS NULL", id).Update("completed_at", micros(s.clock()))
		if done.Error != nil {
			return fmt.Errorf("complete request: %w", done.Error)
		}

		if done.RowsAffected != 1 {
			return &refusal{saml.ErrUsed}
		}

		return remember(tx, messageKey, expires)
	})
}

// RememberMessage implements saml.Store.
func (s *Store) RememberMessage(ctx context.Context, messageKey string, expires time.Time) error {
	return s.change(ctx, func(tx *gorm.DB) error { return remember(tx, messageKey, expires) })
}

func remember(tx *gorm.DB, messageKey string, expires time.Time) error {
	done := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&samlReplayRow{MessageKey: messageKey, ExpiresAt: micros(expires)})
	if done.Error != nil {
		return fmt.Errorf("remember message: %w", done.Error)
	}

	if done.RowsAffected != 1 {
		return &refusal{saml.ErrUsed}
	}

	return nil
}
