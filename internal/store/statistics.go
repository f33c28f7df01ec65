package store

import (
	"context"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

type countRow struct {
	LocalDay      string
	Unit          string
	Employee      string
	Law           string
	Shift         string
	State         string
	Delivery      string
	OutcomeReason string
	Visits        int
	TogetherNs    int64
}

const groupColumns = "local_day, unit, employee, law, shift, state, delivery, outcome_reason"

// CountVisits implements scheduler.Visits.
func (s *Store) CountVisits(ctx context.Context, q scheduler.CountQuery) ([]scheduler.CountRow, error) {
	var c conditions

	if q.From != "" {
		c.add("local_day >= ?", q.From)
	}

	if q.To != "" {
		c.add("local_day <= ?", q.To)
	}

	if len(q.Units) > 0 {
		c.add("unit IN ?", q.Units)
	}

	var rows []countRow

	err := c.apply(s.read.WithContext(ctx).Model(&visitRow{})).
		Select(groupColumns+", COUNT(*) AS visits, SUM(CASE WHEN state = ? AND delivery = ? THEN outcome_together_ns ELSE 0 END) AS together_ns",
			care.Completed, care.Screen).
		Group(groupColumns).Order(groupColumns).Find(&rows).Error
	if err != nil {
		return nil, translate(err)
	}

	out := make([]scheduler.CountRow, 0, len(rows))
	for _, r := range rows {
		out = append(out, scheduler.CountRow{
			Day: care.Day(r.LocalDay), Unit: care.UnitID(r.Unit), Employee: care.EmployeeID(r.Employee),
			Law: care.LegalBasis(r.Law), Shift: care.Shift(r.Shift), State: care.VisitState(r.State),
			Delivery: care.Delivery(r.Delivery), Reason: care.ReasonCode(r.OutcomeReason),
			Count: r.Visits, Together: time.Duration(r.TogetherNs),
		})
	}

	return out, nil
}
