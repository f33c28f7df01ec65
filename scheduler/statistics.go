package scheduler

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/sluse/sluse/scheduler/calls"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/measure"
)

// MaxStatisticsDays bounds one question to a leap year.
const MaxStatisticsDays = 366

// StatisticsSettings are what statistics go by. They come from the configuration.
type StatisticsSettings struct {
	measure.Terms

	// Sources are the other vendors' products whose calls are imported, in the order in which they
	// are shown.
	Sources []calls.Source
	// Services are names of services that describe nobody: visits keep them when their personal data is
	// deleted.
	Services []string
}

// CallSource is another vendor's product.
type CallSource struct {
	Key  string
	Name string
}

// StatisticsQuery asks for figures. Days are local, To inclusive.
type StatisticsQuery struct {
	From, To care.Day
	Unit     care.UnitID         // empty: every unit that the actor may see
	By       []measure.Dimension // at most two
	// Without are sources whose calls are left out.
	Without []string
	// Leaving hides small cells, as they are hidden in all that leaves the unit.
	Leaving bool
	// Others asks for all units of the municipality side by side, in one calendar month that is over: By is
	// the unit. Small cells of units that are not the actor's own are hidden.
	Others bool
}

// Statistics are the leader's figures.
type Statistics struct {
	measure.Table

	Query   StatisticsQuery
	Units   []care.Unit // which the actor may ask for
	Sources []CallSource
	Terms   measure.Terms
}

// Statistics counts visits by the report set of eoj.md §6. Needs SeeStatistics in the unit; with
// Others in any unit. Invalid: the period is longer than a leap year, or the dimensions can't be
// combined.
func (s *Service) Statistics(ctx context.Context, actor care.Actor, q StatisticsQuery) (Statistics, error) {
	units, err := s.counted(actor, q)
	if err != nil {
		return Statistics{}, err
	}

	question := measure.Question{Period: measure.Span{From: q.From, To: q.To}, By: q.By}
	counter := measure.NewCounter(question, s.set.Statistics.Terms)
	facts := s.factQuery(actor, q, units)
	facts.Days = counter.Days()

	if err := s.store.EachFact(ctx, facts, func(f measure.Fact) error {
		counter.Add(s.judged(f))

		return nil
	}); err != nil {
		return Statistics{}, err
	}

	for _, level := range counter.Levels(q.Leaving || q.Others) {
		groups, err := s.store.CountListed(ctx, ListedQuery{Units: units, Buckets: level.Buckets, By: level.By})
		if err != nil {
			return Statistics{}, err
		}

		for _, g := range groups {
			g.Keys = level.Keys(g.Bucket, g.Keys)
			counter.AddListed(level, g.Listed)
		}
	}

	out := Statistics{
		Table: counter.Table(s.statisticsNames()), Query: q, Units: s.unitsFor(actor, care.SeeStatistics),
		Sources: s.callSources(), Terms: s.set.Statistics.Terms,
	}

	switch {
	case q.Others:
		out.Table = out.Leaving(func(u care.UnitID) bool { return actor.May(care.SeeStatistics, u) })
	case q.Leaving:
		out.Table = out.Leaving(nil)
	}

	return out, nil
}

// counted checks a question and returns the units whose visits it counts.
func (s *Service) counted(actor care.Actor, q StatisticsQuery) ([]care.UnitID, error) {
	units, err := s.scope(actor, care.SeeStatistics, q.Unit)
	if err != nil {
		return nil, err
	}

	if q.To < q.From || q.From.Add(MaxStatisticsDays) <= q.To {
		return nil, care.NewError(care.Invalid, "Vælg en periode på højst et år, med slutdato efter startdato.")
	}

	if err := (measure.Question{By: q.By}).Check(); err != nil {
		return nil, err
	}

	if !q.Others {
		return ids(units), nil
	}

	if err := sideBySide(q, care.DayOf(s.now())); err != nil {
		return nil, err
	}

	var all []care.UnitID
	for _, rule := range s.units() {
		all = append(all, rule.Unit.ID)
	}

	return all, nil
}

// sideBySide: what is told of other units divides by nothing, and is of one month that is over and of
// all sources. Two periods that overlap, two sources or two ways to divide would tell a small count as
// the difference of two large ones.
func sideBySide(q StatisticsQuery, today care.Day) error {
	if q.Unit != "" || len(q.By) != 1 || q.By[0] != measure.ByUnit || len(q.Without) > 0 {
		return care.NewError(care.Invalid, "Enheder kan sammenlignes hver for sig, uden yderligere opdeling og med alle kilder.")
	}

	if span := measure.MonthOf(q.To); q.From != span.From || q.To != span.To || q.To >= today {
		return care.NewError(care.Invalid, "Enheder kan sammenlignes for en hel kalendermåned, der er slut. Vælg fra den første til den sidste i måneden.")
	}

	return nil
}

func (s *Service) factQuery(actor care.Actor, q StatisticsQuery, units []care.UnitID) FactQuery {
	out := FactQuery{
		Days: measure.Span{From: q.From, To: q.To}, Units: units, Own: !slices.Contains(q.Without, OwnSource), By: q.By,
		NoUnit: q.Unit == "" && actor.May(care.SeeStatistics, care.EveryUnit),
	}

	for _, source := range s.set.Statistics.Sources {
		if !slices.Contains(q.Without, source.Key) {
			out.Sources = append(out.Sources, source.Key)
		}
	}

	return out
}

// OwnSource names our own visits among the sources that a question may leave out.
const OwnSource = "sluse"

// judged: a vendor's call that lasted long enough counts as a visit that was held (measure 2).
func (s *Service) judged(f measure.Fact) measure.Fact {
	if f.Foreign() && f.Actual >= max(s.set.Together, time.Second) {
		f.State = care.Completed
	}

	return f
}

func (s *Service) statisticsNames() measure.Names {
	names := measure.Names{Units: make(map[care.UnitID]string), Sources: make(map[string]string)}

	for _, rule := range s.units() {
		names.Units[rule.Unit.ID] = rule.Unit.Name
	}

	for _, source := range s.set.Statistics.Sources {
		names.Sources[source.Key] = source.Name
	}

	return names
}

// StatisticsCell names one figure of a table.
type StatisticsCell struct {
	Keys   []string // of the row; none: the total
	Column string   // key
}

// StatisticsRow is one visit, or one call of another vendor, behind a figure.
type StatisticsRow struct {
	measure.Fact

	UnitName string
	// Name is the citizen's; empty for who may not see the unit's day, and for a vendor's call.
	Name string
	Open bool // the reader may open the visit
}

// StatisticsRows are the rows behind a figure.
type StatisticsRows struct {
	Query StatisticsQuery
	// Sources are the names of the other vendors' products among the rows.
	Sources []CallSource
	Column  measure.Column
	Labels  []string // of the figure's row
	Rows    []StatisticsRow
	Total   int // all of them
	First   int // the number of the first one that is in Rows, from 0
}

// maxStatisticsRows are on one page.
const maxStatisticsRows = 200

// StatisticsRows returns the rows behind a figure in order of time, from first on, at most 200. Needs
// SeeStatistics in the unit; names only where the actor has SeeDay. Whose data were shown is audited.
// Invalid: there is no such figure, or it can't be opened.
func (s *Service) StatisticsRows(ctx context.Context, actor care.Actor, q StatisticsQuery, cell StatisticsCell, first int) (StatisticsRows, error) {
	q.Others = false

	facts, column, labels, err := s.behindFigure(ctx, actor, q, cell)
	if err != nil {
		return StatisticsRows{}, err
	}

	out := StatisticsRows{Query: q, Sources: s.callSources(), Column: column, Labels: labels, Total: len(facts), First: max(0, min(first, len(facts)))}
	facts = facts[out.First:min(len(facts), out.First+maxStatisticsRows)]

	if out.Rows, err = s.statisticsRows(ctx, actor, facts); err != nil {
		return StatisticsRows{}, err
	}

	row := AuditRow{At: s.now(), Actor: string(actor.Employee), Action: "see_statistics_rows", Detail: fmt.Sprintf("%s, %s to %s", column.Key, q.From, q.To)}

	for _, r := range out.Rows {
		if r.Name != "" && !slices.Contains(row.Citizens, care.CitizenID(r.Citizen)) {
			row.Citizens = append(row.Citizens, care.CitizenID(r.Citizen))
		}
	}

	return out, s.store.Record(ctx, []AuditRow{row})
}

// behindFigure finds the facts that a figure is made of.
func (s *Service) behindFigure(ctx context.Context, actor care.Actor, q StatisticsQuery, cell StatisticsCell) ([]measure.Fact, measure.Column, []string, error) {
	column, ok := measure.ColumnOf(cell.Column)
	if !ok || !column.Open() || len(cell.Keys) != 0 && len(cell.Keys) != len(q.By) {
		return nil, column, nil, care.NewError(care.Invalid, "Tallet findes ikke, eller det kan ikke åbnes.")
	}

	units, err := s.counted(actor, q)
	if err != nil {
		return nil, column, nil, err
	}

	opened := measure.OpenRow(measure.Question{Period: measure.Span{From: q.From, To: q.To}, By: q.By}, cell.Keys, s.statisticsNames())
	query := s.factQuery(actor, q, units)
	query.Days, query.Listed = opened.Days(column), column.OfLists()
	query.Own = query.Own || query.Listed // the lists are counted whatever is left out

	var facts []measure.Fact

	err = s.store.EachFact(ctx, query, func(f measure.Fact) error {
		if f = s.judged(f); opened.Has(column, f) {
			facts = append(facts, f)
		}

		return nil
	})

	facts = opened.Rest(column, facts)
	slices.SortFunc(facts, func(a, b measure.Fact) int { return a.Before(b) })

	return facts, column, opened.Labels, err
}

func (s *Service) statisticsRows(ctx context.Context, actor care.Actor, facts []measure.Fact) ([]StatisticsRow, error) {
	var people []care.CitizenID

	for _, f := range facts {
		if !f.Foreign() && actor.May(care.SeeDay, f.Unit) {
			people = append(people, care.CitizenID(f.Citizen))
		}
	}

	citizens, err := s.store.Citizens(ctx, people)
	if err != nil {
		return nil, err
	}

	out := make([]StatisticsRow, 0, len(facts))

	for _, f := range facts {
		row := StatisticsRow{Fact: f, UnitName: s.unit(f.Unit).Name}

		if !f.Foreign() && actor.May(care.SeeDay, f.Unit) {
			row.Name, row.Open = citizens[care.CitizenID(f.Citizen)].Name, true
		}

		out = append(out, row)
	}

	return out, nil
}

// EachVisit tells every visit of a period that was ever meant to be by screen, and every imported call,
// in order of time, without anybody's name, for files (K38). Needs SeeStatistics in the unit. It stops
// with the error that tell returns.
func (s *Service) EachVisit(ctx context.Context, actor care.Actor, q StatisticsQuery, tell func(measure.Fact) error) error {
	q.By, q.Others = nil, false

	units, err := s.counted(actor, q)
	if err != nil {
		return err
	}

	row := AuditRow{At: s.now(), Actor: string(actor.Employee), Action: "export_visits", Detail: string(q.From) + " – " + string(q.To)}
	if err := s.store.Record(ctx, []AuditRow{row}); err != nil {
		return err
	}

	for day := q.From; day <= q.To; day = day.Add(1) {
		query := s.factQuery(actor, q, units)
		query.Days = measure.Span{From: day, To: day}

		var facts []measure.Fact

		if err := s.store.EachFact(ctx, query, func(f measure.Fact) error {
			facts = append(facts, s.judged(f))

			return nil
		}); err != nil {
			return err
		}

		slices.SortFunc(facts, func(a, b measure.Fact) int { return a.Before(b) })

		for _, f := range facts {
			if err := tell(f); err != nil {
				return err
			}
		}
	}

	return nil
}
