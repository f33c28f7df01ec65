package store

import (
	"context"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// overdue is care.FollowUp.Due in SQL: few follow-ups are open at a time, and an index has them.
const overdue = `follow_ups.ended_at IS NULL AND
	CASE WHEN follow_ups.stage <> 'returning' AND follow_ups.taken_by = '' AND follow_ups.call_by IS NOT NULL THEN follow_ups.call_by ELSE follow_ups.visit_by END < ?`

// OverdueFollowUps implements scheduler.Visits.
func (s *Store) OverdueFollowUps(ctx context.Context, units []care.UnitID, now time.Time) (int, error) {
	if len(units) == 0 {
		return 0, nil
	}

	var n int64

	err := s.read.WithContext(ctx).Table("follow_ups").Joins("JOIN visits ON visits.id = follow_ups.visit_id").
		Where(overdue, micros(now)).Where("visits.unit IN ?", units).Count(&n).Error

	return int(n), translate(err)
}
