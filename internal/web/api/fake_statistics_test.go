package api_test

import (
	"context"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/measure"
)

func statisticsFacts(day care.Day) []measure.Fact {
	var out []measure.Fact

	for i := range 12 {
		f := measure.Fact{
			ID: "v-" + string(rune('a'+i)), Day: day, Start: day.Bounds().Start.Add(time.Duration(8+i) * time.Hour), Unit: "oest", Employee: "MSK", Citizen: string(rune('a' + i%7)), Law: care.SUL138,
			Shift: care.DayShift, Service: "Medicin", Listed: true, Screened: true, State: care.Completed, Delivery: care.Screen, Grade: care.Certain, Planned: 10 * time.Minute, Actual: 9 * time.Minute, Record: measure.Confirmed,
		}
		if i == 3 {
			f.State, f.Reason = care.NotCompleted, care.CitizenAbsent
		}

		if i > 9 {
			f.Law = care.AEL
		}

		out = append(out, f)
	}

	return out
}

func (f *fake) Statistics(_ context.Context, actor care.Actor, q scheduler.StatisticsQuery) (scheduler.Statistics, error) {
	counter := measure.NewCounter(measure.Question{Period: measure.Span{From: q.From, To: q.To}, By: q.By}, measure.Terms{FullLists: true})
	for _, fact := range statisticsFacts(q.From) {
		counter.Add(fact)
	}

	table := counter.Table(measure.Names{})
	if q.Leaving {
		table = table.Leaving(nil)
	}

	return scheduler.Statistics{Table: table, Query: q, Units: []care.Unit{{ID: "oest", Name: "Øst"}}, Sources: []scheduler.CallSource{{Key: "viewcare", Name: "Viewcare"}}},
		f.note(actor, "Statistics %s %s %s %v %v %t", q.From, q.To, q.Unit, q.By, q.Without, q.Others)
}

func (f *fake) EachVisit(_ context.Context, actor care.Actor, q scheduler.StatisticsQuery, tell func(measure.Fact) error) error {
	if err := f.note(actor, "EachVisit %s %s %s", q.From, q.To, q.Unit); err != nil {
		return err
	}

	for _, fact := range statisticsFacts(q.From)[:2] {
		fact.Service = "=1+1"
		if err := tell(fact); err != nil {
			return err
		}
	}

	return nil
}
