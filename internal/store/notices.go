package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/scheduler"
)

type noticeRow struct {
	Kind       string `gorm:"primaryKey"`
	About      string `gorm:"primaryKey"`
	Level      string
	Sentence   string
	RaisedAt   int64
	ResolvedAt *int64
}

// TableName names the table for gorm.
func (noticeRow) TableName() string { return "notices" }

// RaiseNotice implements scheduler.Notices.
func (s *Store) RaiseNotice(ctx context.Context, n scheduler.Notice, e scheduler.Effects) (fresh bool, err error) {
	row := noticeRow{Kind: string(n.Kind), About: n.About, Level: string(n.Level), Sentence: n.Text, RaisedAt: micros(n.RaisedAt)}

	err = s.change(ctx, func(tx *gorm.DB) error {
		if fresh, err = openNotice(tx, row); err != nil || !fresh {
			return err
		}

		return s.writeEffects(tx, e)
	})

	return fresh && err == nil, err
}

// openNotice inserts a notice or opens it again. One that is open already only changes its words.
func openNotice(tx *gorm.DB, row noticeRow) (fresh bool, err error) {
	done := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
	if done.Error != nil || done.RowsAffected == 1 {
		return done.Error == nil, done.Error
	}

	same := func() *gorm.DB { return tx.Model(&noticeRow{}).Where("kind = ? AND about = ?", row.Kind, row.About) }

	done = same().Where("resolved_at IS NOT NULL").Select("level", "sentence", "raised_at", "resolved_at").Updates(row)
	if done.Error != nil || done.RowsAffected == 1 {
		return done.Error == nil, done.Error
	}

	return false, same().Where("sentence <> ? OR level <> ?", row.Sentence, row.Level).Select("level", "sentence").Updates(row).Error
}

// ResolveNotice implements scheduler.Notices.
func (s *Store) ResolveNotice(ctx context.Context, kind scheduler.NoticeKind, about string, at time.Time, e scheduler.Effects) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		done := tx.Model(&noticeRow{}).Where("kind = ? AND about = ? AND resolved_at IS NULL", kind, about).Update("resolved_at", micros(at))
		if done.Error != nil || done.RowsAffected == 0 {
			return done.Error
		}

		return s.writeEffects(tx, e)
	})
}

// OpenNotices implements scheduler.Notices.
func (s *Store) OpenNotices(ctx context.Context) ([]scheduler.Notice, error) {
	var rows []noticeRow
	if err := s.read.WithContext(ctx).Where("resolved_at IS NULL").Order("raised_at DESC, kind, about").Find(&rows).Error; err != nil {
		return nil, translate(err)
	}

	out := make([]scheduler.Notice, 0, len(rows))
	for _, r := range rows {
		out = append(out, scheduler.Notice{
			Kind: scheduler.NoticeKind(r.Kind), About: r.About, Level: connector.Level(r.Level), Text: r.Sentence, RaisedAt: instant(r.RaisedAt),
		})
	}

	return out, nil
}

// PurgeNotices removes notices that were resolved before a time.
func (s *Store) PurgeNotices(ctx context.Context, before time.Time) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		return tx.Where("resolved_at < ?", micros(before)).Delete(&noticeRow{}).Error
	})
}

type choreRow struct {
	Name    string `gorm:"primaryKey"`
	BegunAt int64
}

// TableName names the table for gorm.
func (choreRow) TableName() string { return "chores" }

// BeginChore implements scheduler.Chores.
func (s *Store) BeginChore(ctx context.Context, name string, notSince, now time.Time, e scheduler.Effects) (begun bool, err error) {
	err = s.change(ctx, func(tx *gorm.DB) error {
		done := tx.Clauses(clause.OnConflict{
			UpdateAll: true,
			Where:     clause.Where{Exprs: []clause.Expression{clause.Expr{SQL: "chores.begun_at <= ?", Vars: []any{micros(notSince)}}}},
		}).Create(&choreRow{Name: name, BegunAt: micros(now)})
		if done.Error != nil {
			return fmt.Errorf("begin a chore: %w", done.Error)
		}

		if begun = done.RowsAffected == 1; !begun {
			return nil
		}

		return s.writeEffects(tx, e)
	})

	return begun && err == nil, err
}
