package scheduler

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// maxStatisticsDays bounds one question to a leap year.
const maxStatisticsDays = 366

// Statistics counts visits by the report set of eoj.md §6: by law, employee, ISO week and reason.
// Needs SeeStatistics in the unit.
func (s *Service) Statistics(ctx context.Context, actor care.Actor, q StatisticsQuery) (Statistics, error) {
	units, err := s.scope(actor, care.SeeStatistics, q.Unit)
	if err != nil {
		return Statistics{}, err
	}

	if q.To < q.From || q.From.Add(maxStatisticsDays) < q.To {
		return Statistics{}, care.NewError(care.Invalid, "Vælg en periode på højst et år, med slutdato efter startdato.")
	}

	rows, err := s.store.CountVisits(ctx, CountQuery{From: q.From, To: q.To, Units: ids(units)})
	if err != nil {
		return Statistics{}, err
	}

	out := Statistics{Query: q, Units: s.unitsFor(actor, care.SeeStatistics), Total: Figures{Label: "I alt"}}
	laws, employees, weeks, reasons := groups{}, groups{}, groups{}, groups{}

	for _, r := range rows {
		out.Total.add(r)
		laws.of(string(r.Law), r.Law.Danish()).add(r)
		employees.of(string(r.Employee), cmp.Or(string(r.Employee), "Uden medarbejder")).add(r)

		key, label := week(r.Day)
		weeks.of(key, label).add(r)

		if r.State == care.NotCompleted {
			reasons.of(string(r.Reason), r.Reason.Danish()).add(r)
		}
	}

	if err := s.countWays(ctx, &out, units); err != nil {
		return Statistics{}, err
	}

	out.ByLaw, out.ByEmployee, out.ByWeek, out.ByReason = laws.sorted(), employees.sorted(), weeks.sorted(), reasons.sorted()

	return out, nil
}

// countWays tells whether citizens without a number, a login or a smartphone are served like the others.
func (s *Service) countWays(ctx context.Context, out *Statistics, units []care.Unit) error {
	rows, err := s.store.CountWays(ctx, CountQuery{From: out.Query.From, To: out.Query.To, Units: ids(units)})
	if err != nil {
		return err
	}

	methods, channels, numbers := groups{}, groups{}, groups{}

	for _, r := range rows {
		methods.of(cmp.Or(string(r.Method), "none"), cmp.Or(r.Method.Danish(), "Ikke identificeret på skærm")).add(r.CountRow)
		channels.of(channelFigures(r.Channel)).add(r.CountRow)
		numbers.of(numberFigures(r.Surrogate)).add(r.CountRow)
	}

	out.ByMethod, out.ByChannel, out.ByNumber = methods.sorted(), channels.sorted(), numbers.sorted()

	return nil
}

func channelFigures(c care.Channel) (key, label string) {
	switch c {
	case care.SMS:
		return "sms", "Inviteret på SMS"
	case care.Mail:
		return "mail", "Inviteret på e-mail"
	}

	return "none", "Uden besked, aftalt på anden måde"
}

func numberFigures(surrogate bool) (key, label string) {
	if surrogate {
		return "surrogate", "Borgere uden CPR-nummer"
	}

	return "cpr", "Borgere med CPR-nummer"
}

// week returns the ISO week of a local day: "2026-48" and "Uge 48, 2026".
func week(d care.Day) (key, label string) {
	t := d.Bounds().Start.In(care.Zone())
	year, n := t.ISOWeek()

	return fmt.Sprintf("%d-%02d", year, n), fmt.Sprintf("Uge %d, %d", n, year)
}

type groups map[string]*Figures

func (g groups) of(key, label string) *Figures {
	if g[key] == nil {
		g[key] = &Figures{Key: key, Label: label}
	}

	return g[key]
}

func (g groups) sorted() []Figures {
	out := make([]Figures, 0, len(g))
	for _, f := range g {
		out = append(out, *f)
	}

	slices.SortFunc(out, func(a, b Figures) int { return cmp.Compare(a.Key, b.Key) })

	return out
}

// add counts a group of visits. Planned are those that were given, or meant to be given, by screen.
func (f *Figures) add(r CountRow) {
	f.All += r.Count

	switch r.State {
	case care.Listed, care.Reverted:
	case care.Chosen, care.BookingRoom, care.RoomIsBooked, care.Open:
		f.Planned += r.Count
		f.Waiting += r.Count
	case care.Completed:
		f.Planned += r.Count
		f.Minutes += int(r.Together.Round(time.Minute) / time.Minute)

		if r.Delivery == care.ByPhone {
			f.Phone += r.Count
		} else {
			f.Completed += r.Count
		}
	case care.NotCompleted:
		f.Planned += r.Count
		f.Not += r.Count
	case care.Cancelled:
		if r.Delivery == care.Screen {
			f.Planned += r.Count
			f.Cancelled += r.Count
		}
	}
}
