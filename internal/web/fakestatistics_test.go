package web_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/measure"
)

// statisticsFacts are visits of five weeks, made by a rule.
func statisticsFacts(tell func(measure.Fact) error) error {
	services := []string{"Medicinadministration", "Tilsyn og omsorg", "Ernæring, vejledning", "Psykisk støtte"}
	employees := []care.EmployeeID{"MSK", "KIR", "BOH", "=cmd|'/C calc'!A0"}
	laws := []care.LegalBasis{care.SUL138, care.AEL, care.SUL138, care.SEL85}

	n := 0

	for day := care.Day("2026-10-19"); day <= "2026-11-23"; day = day.Add(1) {
		for i := range 12 + n/90 {
			n++
			start := day.Bounds().Start.Add(7*time.Hour + time.Duration(i*20)*time.Minute)
			f := measure.Fact{
				ID: fmt.Sprint("f", n), Day: day, Start: start, Unit: "oest", Employee: employees[n%len(employees)], Citizen: fmt.Sprint("c", n%37), Law: laws[n%len(laws)],
				Shift: care.DayShift, Service: services[n%len(services)], Listed: true, Screened: true, State: care.Completed, Delivery: care.Screen, Grade: care.Certain,
				Planned: 10 * time.Minute, Actual: time.Duration(5+n%9)*time.Minute + time.Duration(n%7)*6*time.Second, Record: measure.Confirmed, Method: care.ByMitID, Channel: care.SMS,
			}
			f.Ended = start.Add(f.Actual)
			f.Concluded, f.Written = f.Ended.Add(4*time.Second), f.Ended.Add(time.Duration(9+n%20)*time.Second)

			switch n % 20 {
			case 3:
				f.State, f.Reason, f.Actual, f.Written = care.NotCompleted, care.CitizenAbsent, 0, time.Time{}
			case 8:
				f.Delivery = care.ByPhone
			case 13:
				f.State, f.Reason, f.CancelledEarly = care.Cancelled, care.CancelledCitizen, true
			case 17:
				f.State, f.Reason, f.Record = care.NotCompleted, care.TurnedPhysical, measure.Pending
			}

			if n > 470 {
				f.State = care.RoomIsBooked
			}

			if err := tell(f); err != nil {
				return err
			}
		}
	}

	return nil
}

// viewcareFacts are calls of an imported call list, of a week.
func viewcareFacts(tell func(measure.Fact) error) error {
	for day := care.Day("2026-11-09"); day <= "2026-11-15"; day = day.Add(1) {
		for i := range 9 {
			f := measure.Fact{
				ID: fmt.Sprint("w", day, i), Source: "viewcare", Day: day, Start: day.Bounds().Start.Add(time.Duration(8*60+i*10) * time.Minute), Unit: "oest",
				Employee: "MSK", Citizen: fmt.Sprint("v", i%8), Law: care.SUL138, Shift: care.DayShift, Screened: true, State: care.Completed, Delivery: care.Screen,
				Actual: time.Duration(3+i) * time.Minute,
			}

			if err := tell(f); err != nil {
				return err
			}
		}
	}

	return nil
}

func (f *fakeUse) Statistics(_ context.Context, _ care.Actor, q scheduler.StatisticsQuery) (scheduler.Statistics, error) {
	terms := measure.Terms{FullLists: true, Savings: measure.Savings{Road: 12 * time.Minute, Kilometres: 4, GramsPerKm: 120}}
	counter := measure.NewCounter(measure.Question{Period: measure.Span{From: q.From, To: q.To}, By: q.By}, terms)

	if q.From < "2026-12-24" { // a day without visits
		count := func(f measure.Fact) error {
			counter.Add(f)

			return nil
		}

		if !slices.Contains(q.Without, scheduler.OwnSource) {
			_ = statisticsFacts(count)
		}

		if !slices.Contains(q.Without, "viewcare") {
			_ = viewcareFacts(count)
		}

		for _, level := range counter.Levels(q.Leaving) {
			seen := map[string]bool{}

			for _, b := range level.Buckets {
				if key := string(b.Part) + b.Key; !seen[key] && len(level.By) == 0 {
					seen[key] = true
					counter.AddListed(level, measure.Listed{Part: b.Part, Keys: level.Keys(b.Key, nil), Visits: 740, Citizens: 310, Planned: 200 * time.Hour})
				}
			}
		}
	}

	out := scheduler.Statistics{
		Table: counter.Table(measure.Names{Units: map[care.UnitID]string{"oest": "Øst"}}), //nolint:exhaustive // the only unit
		Query: q, Units: []care.Unit{{ID: "oest", Name: "Øst"}}, Terms: terms,
		Sources: []scheduler.CallSource{{Key: "viewcare", Name: "Viewcare"}},
	}
	if q.Leaving || q.Others {
		out.Table = out.Leaving(nil)
	}

	return out, f.call("Statistics")
}

func (f *fakeUse) StatisticsRows(_ context.Context, _ care.Actor, q scheduler.StatisticsQuery, cell scheduler.StatisticsCell, first int) (scheduler.StatisticsRows, error) {
	column, ok := measure.ColumnOf(cell.Column)
	if !ok {
		return scheduler.StatisticsRows{}, care.NewError(care.Invalid, "Tallet findes ikke, eller det kan ikke åbnes.")
	}

	out := scheduler.StatisticsRows{Query: q, Column: column, First: first}
	row := measure.OpenRow(measure.Question{Period: measure.Span{From: q.From, To: q.To}, By: q.By}, cell.Keys, measure.Names{})
	out.Labels = row.Labels

	_ = statisticsFacts(func(fact measure.Fact) error {
		if row.Has(column, fact) {
			if out.Total++; out.Total > first && len(out.Rows) < 20 {
				out.Rows = append(out.Rows, scheduler.StatisticsRow{Fact: fact, UnitName: "Øst", Name: "Nancy Ann Test Berggren", Open: true})
			}
		}

		return nil
	})

	return out, f.call("StatisticsRows")
}

func (f *fakeUse) EachVisit(_ context.Context, _ care.Actor, _ scheduler.StatisticsQuery, tell func(measure.Fact) error) error {
	if err := f.call("EachVisit"); err != nil {
		return err
	}

	return statisticsFacts(tell)
}
