package api

import (
	"context"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/figures"
	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/measure"
)

// Leader is what the statistics call.
type Leader interface {
	KLGatewayReport(ctx context.Context, actor care.Actor, q scheduler.StatisticsQuery) (scheduler.ReportFile, error)
	Statistics(ctx context.Context, actor care.Actor, q scheduler.StatisticsQuery) (scheduler.Statistics, error)
	StatisticsRows(ctx context.Context, actor care.Actor, q scheduler.StatisticsQuery, cell scheduler.StatisticsCell, first int) (scheduler.StatisticsRows, error)
	EachVisit(ctx context.Context, actor care.Actor, q scheduler.StatisticsQuery, tell func(measure.Fact) error) error
}

// statistics are figures that leave the unit: small ones are hidden.
type statistics struct {
	From    care.Day           `json:"from"`
	To      care.Day           `json:"to"`
	Unit    care.UnitID        `json:"unit,omitempty"`
	Others  bool               `json:"others"`
	By      []string           `json:"by"`
	Without []string           `json:"without"`
	Units   []unit             `json:"units"`
	Sources []statisticsSource `json:"sources"`
	Terms   []string           `json:"terms"`
	Columns []statisticsColumn `json:"columns"`
	Rows    []statisticsRow    `json:"rows"`
	Total   statisticsRow      `json:"total"`
}

type statisticsSource struct {
	Key  string `json:"key"`
	Name string `json:"name"`
}

type statisticsColumn struct {
	Key      string `json:"key"`
	Name     string `json:"name"`
	Unit     string `json:"unit"`
	Group    string `json:"group"`
	Measure  int    `json:"measure,omitempty"`
	Formula  string `json:"formula"`
	Decimals int    `json:"decimals"`
}

type statisticsRow struct {
	Keys      []string            `json:"keys"`
	Labels    []string            `json:"labels"`
	Week      *statisticsSpan     `json:"week,omitempty"`
	Fortnight *statisticsSpan     `json:"fortnight,omitempty"`
	Values    map[string]*float64 `json:"values"`
	Hidden    []string            `json:"hidden"`
}

type statisticsSpan struct {
	From care.Day `json:"from"`
	To   care.Day `json:"to"`
}

// statistics counts visits of a period.
func (a api) statistics(c *gin.Context) error {
	q, err := statisticsQuery(c)
	if err != nil {
		return err
	}

	s, err := a.Statistics(c.Request.Context(), route.Actor(c), q)
	if err != nil {
		return err
	}

	return ok(c, statisticsOf(s))
}

// visitsFile hands out the visits of a period as CSV.
func (a api) visitsFile(c *gin.Context) error { return a.sendVisits(c, figures.AsCSV) }

// visitsList hands out the visits of a period as JSON.
func (a api) visitsList(c *gin.Context) error { return a.sendVisits(c, figures.AsJSON) }

func (a api) sendVisits(c *gin.Context, as figures.Format) error {
	q, err := statisticsQuery(c)
	if err != nil {
		return err
	}

	return figures.Send(c, q, as, func(tell func(measure.Fact) error) error {
		return a.EachVisit(c.Request.Context(), route.Actor(c), q, tell)
	})
}

// statisticsQuery reads the question; more are parameters beside it.
func statisticsQuery(c *gin.Context, more ...string) (scheduler.StatisticsQuery, error) {
	q := scheduler.StatisticsQuery{Leaving: true}

	if err := parameters(c, append(more, "from", "to", "unit", "by", "without", "others")...); err != nil {
		return q, err
	}

	var err error
	if q.From, err = dayOf(c, "from"); err != nil {
		return q, err
	}

	if q.To, err = dayOf(c, "to"); err != nil {
		return q, err
	}

	switch c.Query("others") {
	case "", "false":
	case "true":
		q.Others = true
	default:
		return q, care.NewError(care.Invalid, "Feltet »others« skal være true eller false.")
	}

	q.Unit = care.UnitID(c.Query("unit"))
	q.Without = slices.DeleteFunc(strings.Split(c.Query("without"), ","), func(s string) bool { return s == "" })

	for d := range strings.SplitSeq(c.Query("by"), ",") {
		if d != "" {
			q.By = append(q.By, measure.Dimension(d))
		}
	}

	return q, nil
}

func statisticsOf(s scheduler.Statistics) statistics {
	return statistics{
		From: s.Query.From, To: s.Query.To, Unit: s.Query.Unit, Others: s.Query.Others,
		By: each(s.By, func(d measure.Dimension) string { return string(d) }), Without: each(s.Query.Without, func(s string) string { return s }),
		Units:   each(s.Units, unitOf),
		Sources: each(s.Sources, func(s scheduler.CallSource) statisticsSource { return statisticsSource(s) }),
		Terms:   figures.Terms(s),
		Columns: each(s.Columns, func(c measure.Column) statisticsColumn {
			return statisticsColumn{
				Key: c.Key, Name: c.Name, Unit: string(c.Kind), Group: string(c.Group), Measure: c.Measure, Formula: c.Formula, Decimals: c.Kind.Decimals(),
			}
		}),
		Rows:  each(s.Rows, func(r measure.Row) statisticsRow { return statisticsRowOf(s, r) }),
		Total: statisticsRowOf(s, s.Total),
	}
}

func statisticsRowOf(s scheduler.Statistics, r measure.Row) statisticsRow {
	same := func(s string) string { return s }
	out := statisticsRow{
		Keys: each(r.Keys, same), Labels: each(r.Labels, same), Week: spanOf(r.Week), Fortnight: spanOf(r.Fortnight),
		Values: make(map[string]*float64, len(s.Columns)), Hidden: []string{},
	}

	for i, c := range s.Columns {
		out.Values[c.Key] = nil

		switch v := r.Values[i]; {
		case v.Hidden:
			out.Hidden = append(out.Hidden, c.Key)
		case v.Known:
			n := figures.Rounded(c.Kind, v.Number)
			out.Values[c.Key] = &n
		}
	}

	return out
}

func spanOf(s measure.Span) *statisticsSpan {
	if s == (measure.Span{}) {
		return nil
	}

	return &statisticsSpan{From: s.From, To: s.To}
}
