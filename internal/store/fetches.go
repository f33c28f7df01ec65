package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

type fetchRow struct {
	ID       string `gorm:"primaryKey"`
	LocalDay string
	ListRef  string
	ListName string
	State    string
	UploadID string
	Visits   int
	Sentence string
	Auto     bool
	AskedBy  string
	AskedAt  int64
	DoneAt   *int64
}

// TableName names the table for gorm.
func (fetchRow) TableName() string { return "fetches" }

func fetchToRow(f scheduler.Fetch) fetchRow {
	return fetchRow{
		ID: string(f.ID), LocalDay: string(f.Day), ListRef: f.List.ID, ListName: f.List.Name, State: string(f.State), UploadID: string(f.Upload),
		Visits: f.Visits, Sentence: f.Text, Auto: f.Auto, AskedBy: string(f.By), AskedAt: micros(f.AskedAt), DoneAt: microsOrNull(f.DoneAt),
	}
}

func fetchFromRow(r fetchRow) scheduler.Fetch {
	return scheduler.Fetch{
		ID: scheduler.FetchID(r.ID), Day: care.Day(r.LocalDay), List: ehr.ListRef{ID: r.ListRef, Name: r.ListName}, State: scheduler.FetchState(r.State),
		Upload: care.ListID(r.UploadID), Visits: r.Visits, Text: r.Sentence, Auto: r.Auto, By: care.EmployeeID(r.AskedBy),
		AskedAt: instant(r.AskedAt), DoneAt: instantOrZero(r.DoneAt),
	}
}

// AskFetch implements scheduler.Fetches.
func (s *Store) AskFetch(ctx context.Context, f scheduler.Fetch, e scheduler.Effects) (fresh bool, err error) {
	row := fetchToRow(f)

	err = s.change(ctx, func(tx *gorm.DB) error {
		done := tx.Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "id"}}, UpdateAll: true,
			Where: clause.Where{Exprs: []clause.Expression{clause.Expr{SQL: "fetches.state <> ?", Vars: []any{string(scheduler.FetchWanted)}}}},
		}).Create(&row)
		if done.Error != nil {
			return fmt.Errorf("ask for a list: %w", done.Error)
		}

		if fresh = done.RowsAffected > 0; !fresh {
			return nil
		}

		return s.writeEffects(tx, e)
	})

	return fresh && err == nil, err
}

// SetFetch implements scheduler.Fetches.
func (s *Store) SetFetch(ctx context.Context, f scheduler.Fetch, e scheduler.Effects) error {
	row := fetchToRow(f)

	return s.change(ctx, func(tx *gorm.DB) error {
		done := tx.Model(&fetchRow{}).Where("id = ?", row.ID).Select("*").Updates(row)
		if done.Error != nil {
			return fmt.Errorf("how far a list is: %w", done.Error)
		}

		if done.RowsAffected == 0 {
			return gorm.ErrRecordNotFound
		}

		return s.writeEffects(tx, e)
	})
}

// Fetch implements scheduler.Fetches.
func (s *Store) Fetch(ctx context.Context, id scheduler.FetchID) (scheduler.Fetch, error) {
	var row fetchRow
	if err := s.read.WithContext(ctx).Where("id = ?", id).Take(&row).Error; err != nil {
		return scheduler.Fetch{}, translate(err)
	}

	return fetchFromRow(row), nil
}

// FetchesOf implements scheduler.Fetches.
func (s *Store) FetchesOf(ctx context.Context, day care.Day) ([]scheduler.Fetch, error) {
	var rows []fetchRow
	if err := s.read.WithContext(ctx).Where("local_day = ?", day).Order("list_name, id").Find(&rows).Error; err != nil {
		return nil, translate(err)
	}

	out := make([]scheduler.Fetch, len(rows))
	for i, r := range rows {
		out[i] = fetchFromRow(r)
	}

	return out, nil
}

// PurgeFetches implements scheduler.Fetches.
func (s *Store) PurgeFetches(ctx context.Context, before time.Time) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		return tx.Where("asked_at < ?", micros(before)).Delete(&fetchRow{}).Error
	})
}
