package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

var _ scheduler.HealthLog = (*Store)(nil)

type hourRow struct {
	Role   string `gorm:"primaryKey"`
	System string `gorm:"primaryKey"`
	Hour   int64  `gorm:"primaryKey"`
	Good   int
	Failed int
	UpMs   int64
	DownMs int64
}

// TableName names the table for gorm.
func (hourRow) TableName() string { return "availability" }

type healthRow struct {
	Process string `gorm:"primaryKey"`
	Role    string `gorm:"primaryKey"`
	System  string `gorm:"primaryKey"`
	SeenAt  int64
	Body    string
}

// TableName names the table for gorm.
func (healthRow) TableName() string { return "system_health" }

// healthBody is connector.Health as it is stored.
type healthBody struct {
	Role        connector.Role        `json:"role"`
	System      string                `json:"system"`
	State       connector.HealthState `json:"state"`
	Since       time.Time             `json:"since"`
	NextTry     time.Time             `json:"next_try"`
	InFlight    int                   `json:"in_flight"`
	Waiting     int                   `json:"waiting"`
	Limit       int                   `json:"limit"`
	Agreed      int                   `json:"agreed"`
	Rate        float64               `json:"rate"`
	LastSuccess time.Time             `json:"last_success"`
	LastError   time.Time             `json:"last_error"`
	ErrorKind   connector.Kind        `json:"error_kind"`
	ErrorOp     string                `json:"error_op"`
	ErrorStatus int                   `json:"error_status"`
	ErrorText   string                `json:"error_text,omitempty"`
	Calls       int                   `json:"calls"`
	Failures    int                   `json:"failures"`
	P50         time.Duration         `json:"p50_ns"`
	P95         time.Duration         `json:"p95_ns"`
}

// AddHours implements scheduler.HealthLog.
func (s *Store) AddHours(ctx context.Context, hours []scheduler.SystemHour) error {
	if len(hours) == 0 {
		return nil
	}

	add := clause.OnConflict{Columns: []clause.Column{{Name: "role"}, {Name: "system"}, {Name: "hour"}}, DoUpdates: clause.Assignments(map[string]any{
		"good":    gorm.Expr("availability.good + excluded.good"),
		"failed":  gorm.Expr("availability.failed + excluded.failed"),
		"up_ms":   gorm.Expr("availability.up_ms + excluded.up_ms"),
		"down_ms": gorm.Expr("availability.down_ms + excluded.down_ms"),
	})}

	return s.change(ctx, func(tx *gorm.DB) error {
		for _, h := range hours { // one by one: an hour may be there twice
			row := hourRow{
				Role: string(h.Role), System: h.System, Hour: micros(h.Hour), Good: h.Good, Failed: h.Failed,
				UpMs: h.Up.Milliseconds(), DownMs: h.Down.Milliseconds(),
			}

			if err := tx.Clauses(add).Create(&row).Error; err != nil {
				return fmt.Errorf("add an hour: %w", err)
			}
		}

		return nil
	})
}

// Hours implements scheduler.HealthLog.
func (s *Store) Hours(ctx context.Context, window care.Interval) ([]scheduler.SystemHour, error) {
	var rows []hourRow

	err := s.read.WithContext(ctx).Where("hour >= ? AND hour < ?", micros(window.Start), micros(window.End)).
		Order("role, system, hour").Find(&rows).Error
	if err != nil {
		return nil, translate(err)
	}

	out := make([]scheduler.SystemHour, 0, len(rows))
	for _, r := range rows {
		out = append(out, scheduler.SystemHour{Role: connector.Role(r.Role), System: r.System, HourCount: connector.HourCount{
			Hour: instant(r.Hour), Good: r.Good, Failed: r.Failed,
			Up: time.Duration(r.UpMs) * time.Millisecond, Down: time.Duration(r.DownMs) * time.Millisecond,
		}})
	}

	return out, nil
}

// forgotten is after how long a process that says nothing is not remembered any more.
const forgotten = time.Hour

// SaveHealth implements scheduler.HealthLog.
func (s *Store) SaveHealth(ctx context.Context, process string, at time.Time, known []connector.Health) error {
	rows := make([]healthRow, 0, len(known))

	for _, h := range known {
		body, err := json.Marshal(healthBody(h))
		if err != nil {
			return translate(fmt.Errorf("health: %w", err))
		}

		rows = append(rows, healthRow{Process: process, Role: string(h.Role), System: h.System, SeenAt: micros(at), Body: string(body)})
	}

	return s.change(ctx, func(tx *gorm.DB) error {
		if err := tx.Where("process = ? OR seen_at < ?", process, micros(at.Add(-forgotten))).Delete(&healthRow{}).Error; err != nil {
			return fmt.Errorf("forget health: %w", err)
		}

		return insert(tx, rows)
	})
}

// HealthSince implements scheduler.HealthLog.
func (s *Store) HealthSince(ctx context.Context, since time.Time) ([]scheduler.ProcessHealth, error) {
	var rows []healthRow
	if err := s.read.WithContext(ctx).Where("seen_at >= ?", micros(since)).Order("process, role, system").Find(&rows).Error; err != nil {
		return nil, translate(err)
	}

	out := make([]scheduler.ProcessHealth, 0, len(rows))

	for _, r := range rows {
		var body healthBody
		if err := json.Unmarshal([]byte(r.Body), &body); err != nil {
			continue // another version of the program says it in words that we don't know
		}

		out = append(out, scheduler.ProcessHealth{Process: r.Process, SeenAt: instant(r.SeenAt), Health: connector.Health(body)})
	}

	return out, nil
}
