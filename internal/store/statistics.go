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

func counted(q scheduler.CountQuery) conditions {
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

	return c
}

// CountVisits implements scheduler.Visits.
func (s *Store) CountVisits(ctx context.Context, q scheduler.CountQuery) ([]scheduler.CountRow, error) {
	c := counted(q)

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

type wayRow struct {
	State      string
	Delivery   string
	Method     string
	Channel    string
	Surrogate  bool
	Visits     int
	TogetherNs int64
}

// How a visit's citizen was identified and reached; the newest counts.
const (
	methodOf = "COALESCE((SELECT a.method FROM admissions a WHERE a.visit_id = visits.id AND a.participant_id = '' AND a.recognised AND a.method <> '' " +
		"ORDER BY a.seq DESC LIMIT 1), '')"
	channelOf = "COALESCE((SELECT i.channel FROM invitations i WHERE i.visit_id = visits.id AND i.participant_id = '' AND i.kind IN ('invite', 'changed') " +
		"AND i.state IN ('sent', 'delivered') ORDER BY i.seq DESC LIMIT 1), '')"
	surrogateOf = "COALESCE((SELECT c.surrogate FROM citizens c WHERE c.id = visits.citizen_id), false)"
)

// CountWays implements scheduler.Visits.
func (s *Store) CountWays(ctx context.Context, q scheduler.CountQuery) ([]scheduler.WayRow, error) {
	c := counted(q)
	c.add("(state IN ? OR state = 'cancelled' AND delivery = 'screen')", []care.VisitState{
		care.Chosen, care.BookingRoom, care.RoomIsBooked, care.Open, care.Completed, care.NotCompleted,
	})

	ways := c.apply(s.read.WithContext(ctx).Model(&visitRow{})).
		Select("state, delivery, outcome_together_ns, " + methodOf + " AS method, " + channelOf + " AS channel, " + surrogateOf + " AS surrogate")

	var rows []wayRow

	err := s.read.WithContext(ctx).Table("(?) AS ways", ways).
		Select("state, delivery, method, channel, surrogate, COUNT(*) AS visits, SUM(CASE WHEN state = ? AND delivery = ? THEN outcome_together_ns ELSE 0 END) AS together_ns",
			care.Completed, care.Screen).
		Group("state, delivery, method, channel, surrogate").Order("state, delivery, method, channel, surrogate").Find(&rows).Error
	if err != nil {
		return nil, translate(err)
	}

	out := make([]scheduler.WayRow, 0, len(rows))
	for _, r := range rows {
		out = append(out, scheduler.WayRow{
			CountRow: scheduler.CountRow{State: care.VisitState(r.State), Delivery: care.Delivery(r.Delivery), Count: r.Visits, Together: time.Duration(r.TogetherNs)},
			Method:   care.IdentityMethod(r.Method), Channel: care.Channel(r.Channel), Surrogate: r.Surrogate,
		})
	}

	return out, nil
}
