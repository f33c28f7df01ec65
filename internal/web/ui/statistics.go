package ui

import (
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/figures"
	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/measure"
)

// statisticsWindow is how many days back the figures go when nobody says otherwise.
const statisticsWindow = 28

// othersUnit stands for all units side by side in the field "enhed".
const othersUnit = "*"

// statisticsRoutes are the pages and files of figures.
func (p *Pages) statisticsRoutes() []route.Route {
	get := http.MethodGet
	see := route.Needs(care.SeeStatistics)

	return []route.Route{
		{Method: get, Path: "/statistik", Access: see, Handle: p.statistics},
		{Method: get, Path: "/statistik.csv", Access: see, Handle: p.statisticsCSV},
		{Method: get, Path: "/statistik.xlsx", Access: see, Handle: p.statisticsXLSX},
		{Method: get, Path: "/statistik/besoeg", Access: see, Handle: p.statisticsRows},
		{Method: get, Path: "/statistik/besoeg.csv", Access: see, Handle: p.visitsCSV},
		{Method: get, Path: "/statistik/besoeg.json", Access: see, Handle: p.visitsJSON},
	}
}

// statisticsPage is the leader's start page.
type statisticsPage struct {
	scheduler.Statistics

	Dimensions []measure.Dimension
	Second     []measure.Dimension
	Shown      measure.Group // which columns the table has
	Groups     []measure.Group
	Chart      chart
	Terms      []string
	Error      string
	Empty      bool
	Imports    bool // the reader may import call lists of other vendors

	query url.Values
}

// statistics shows how many screen visits were held, and why not.
func (p *Pages) statistics(c *gin.Context) error {
	q, err := p.statisticsQuery(c)
	problem := ""

	if err != nil {
		problem = care.MessageOf(err)
		q = p.defaultQuery()
	}

	s, err := p.UseCases.Statistics(c.Request.Context(), route.Actor(c), q)
	if care.KindOf(err) == care.Invalid && problem == "" {
		problem = care.MessageOf(err)
		q = p.defaultQuery()
		s, err = p.UseCases.Statistics(c.Request.Context(), route.Actor(c), q)
	}

	if err != nil {
		return err
	}

	body := newStatisticsPage(s, measure.Group(c.Query("tal")), problem)
	body.Imports = len(s.Sources) > 0 && len(p.UseCases.CallSources(route.Actor(c))) > 0

	return p.show(c, "statistik", "Statistik", body)
}

func newStatisticsPage(s scheduler.Statistics, shown measure.Group, problem string) statisticsPage {
	if !slices.Contains(measure.Groups(), shown) {
		shown = measure.Visits
	}

	body := statisticsPage{
		Statistics: s, Dimensions: measure.Dimensions(), Shown: shown, Groups: measure.Groups(),
		Chart: newChart(s.Table), Terms: figures.Terms(s), Error: problem, query: queryOf(s.Query),
	}
	body.Second = body.Dimensions

	empty := true
	for _, key := range []string{"planned", "completed", "calls", "listed"} {
		v := s.Value(s.Total, key)
		empty = empty && !v.Hidden && v.Number == 0
	}

	body.Empty = empty

	return body
}

// queryOf is a question as it stands in an address.
func queryOf(q scheduler.StatisticsQuery) url.Values {
	out := url.Values{"fra": {string(q.From)}, "til": {string(q.To)}}

	unit := string(q.Unit)
	if q.Others {
		unit = othersUnit
	}

	if unit != "" {
		out.Set("enhed", unit)
	}

	for i, key := range []string{"opdel", "og"} {
		if i < len(q.By) {
			out.Set(key, string(q.By[i]))
		}
	}

	if len(q.By) == 0 {
		out.Set("opdel", "ingen")
	}

	for _, source := range q.Without {
		out.Add("uden", source)
	}

	if q.Leaving {
		out.Set("skjul", "1")
	}

	return out
}

// With returns the page's own address with another group of columns.
func (b statisticsPage) With(g measure.Group) string {
	v := url.Values{}
	maps.Copy(v, b.query)
	v.Set("tal", string(g))

	return "/statistik?" + v.Encode() + "#tabel"
}

// File returns the address of the same figures as a file.
func (b statisticsPage) File(ending string) string {
	return "/statistik" + ending + "?" + b.query.Encode()
}

// VisitFile returns the address of the visits as a file.
func (b statisticsPage) VisitFile(ending string) string {
	return "/statistik/besoeg" + ending + "?" + b.query.Encode()
}

// Left is the source that is left out of the figures.
func (b statisticsPage) Without(key string) bool { return slices.Contains(b.Query.Without, key) }

// Chosen is the dimension by which the figures are divided first or second; empty: none.
func (b statisticsPage) Chosen(i int) measure.Dimension {
	if i < len(b.By) {
		return b.By[i]
	}

	return ""
}

// Cards are the figures at the top of the page.
func (b statisticsPage) Cards() []statisticsCard {
	var out []statisticsCard

	for _, c := range []struct{ key, beside, tone string }{
		{"planned", "share", ""},
		{"completed", "completion", "ok"},
		{"not_completed", "", "bad"},
		{"phone", "", "info"},
		{"citizens", "", ""},
		{"conversion_week", "conversion_fortnight", ""},
		{"median", "p90", ""},
		{"record_share", "record_failed", ""},
		{"saved_minutes", "saved_km", ""},
	} {
		card := statisticsCard{Figure: b.figure(b.Total, c.key), Tone: c.tone}
		if c.beside != "" {
			beside := b.figure(b.Total, c.beside)
			card.Beside = &beside
		}

		out = append(out, card)
	}

	return out
}

type statisticsCard struct {
	Figure statisticsFigure
	Beside *statisticsFigure
	Tone   string
}

// statisticsFigure is one figure with what explains it.
type statisticsFigure struct {
	measure.Column

	Text string
	URL  string // of the rows behind it; empty: it can't be opened
}

func (b statisticsPage) figure(r measure.Row, key string) statisticsFigure {
	for i, c := range b.Columns {
		if c.Key == key {
			return b.figureAt(r, i)
		}
	}

	return statisticsFigure{}
}

func (b statisticsPage) figureAt(r measure.Row, i int) statisticsFigure {
	c, v := b.Columns[i], r.Values[i]
	out := statisticsFigure{Column: c, Text: figures.Shown(c, v)}

	if c.Open() && v.Known && v.Number != 0 && !b.Left {
		query := url.Values{"maal": {c.Key}}
		maps.Copy(query, b.query)

		for _, key := range r.Keys {
			query.Add("gruppe", key)
		}

		out.URL = "/statistik/besoeg?" + query.Encode()
	}

	return out
}

// Head are the columns of the table.
func (b statisticsPage) Head() []measure.Column { return b.Figures(b.Shown) }

// Cells are the figures of a row of the table.
func (b statisticsPage) Cells(r measure.Row) []statisticsFigure { return b.cells(r, b.Shown) }

// Of are the figures of a group in total.
func (b statisticsPage) Of(g measure.Group) []statisticsFigure { return b.cells(b.Total, g) }

func (b statisticsPage) cells(r measure.Row, g measure.Group) []statisticsFigure {
	var out []statisticsFigure

	for i, c := range b.Columns {
		if c.Group == g {
			out = append(out, b.figureAt(r, i))
		}
	}

	return out
}

// Rest are the labels of a row after the first.
func (b statisticsPage) Rest(r measure.Row) []string { return r.Labels[min(1, len(r.Labels)):] }

// SumSpan is how many columns the words of the total take.
func (b statisticsPage) SumSpan() int { return max(1, len(b.By)) }

func (p *Pages) defaultQuery() scheduler.StatisticsQuery {
	return scheduler.StatisticsQuery{From: p.today().Add(-statisticsWindow), To: p.today(), By: []measure.Dimension{measure.ByWeek}}
}

func (p *Pages) statisticsQuery(c *gin.Context) (scheduler.StatisticsQuery, error) {
	q := p.defaultQuery()

	for _, f := range []struct {
		key  string
		into *care.Day
	}{{"fra", &q.From}, {"til", &q.To}} {
		if s := c.Query(f.key); s != "" {
			day, err := care.ParseDay(s)
			if err != nil {
				return q, err
			}

			*f.into = day
		}
	}

	if q.To < q.From || q.From.Add(scheduler.MaxStatisticsDays) <= q.To {
		return q, care.NewError(care.Invalid, "Slutdatoen skal være efter startdatoen, og perioden må højst være et år.")
	}

	if by := c.Query("opdel"); by != "" {
		q.By = nil

		for _, d := range []string{by, c.Query("og")} {
			if d != "" && d != "ingen" {
				q.By = append(q.By, measure.Dimension(d))
			}
		}
	}

	q.Unit, q.Without, q.Leaving = care.UnitID(c.Query("enhed")), c.QueryArray("uden"), c.Query("skjul") != ""

	if q.Unit == othersUnit {
		month := measure.MonthOf(q.To)
		if month.To >= p.today() {
			month = measure.MonthOf(month.From.Add(-1))
		}

		// Of other units a month that is over is told, and nothing that would take it apart.
		q = scheduler.StatisticsQuery{From: month.From, To: month.To, By: []measure.Dimension{measure.ByUnit}, Leaving: q.Leaving, Others: true}
	}

	return q, measure.Question{By: q.By}.Check()
}

// leaving counts what a file holds: small cells are hidden in it.
func (p *Pages) leaving(c *gin.Context) (scheduler.Statistics, error) {
	q, err := p.statisticsQuery(c)
	if err != nil {
		return scheduler.Statistics{}, err
	}

	q.Leaving = true

	return p.UseCases.Statistics(c.Request.Context(), route.Actor(c), q)
}

func (p *Pages) statisticsCSV(c *gin.Context) error {
	s, err := p.leaving(c)
	if err != nil {
		return err
	}

	data, err := figures.CSV(s)
	if err != nil {
		return err
	}

	return download(c, figures.Name(s.Query)+".csv", "text/csv; charset=utf-8", data)
}

func (p *Pages) statisticsXLSX(c *gin.Context) error {
	s, err := p.leaving(c)
	if err != nil {
		return err
	}

	data, err := figures.XLSX(s)
	if err != nil {
		return err
	}

	return download(c, figures.Name(s.Query)+".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", data)
}

func download(c *gin.Context, name, kind string, data []byte) error {
	c.Header("Content-Disposition", fmt.Sprintf(`attachment; filename="%s"`, name))
	c.Data(http.StatusOK, kind, data)

	return nil
}

// figureText marks a figure that is not told for those who only hear it.
func figureText(text string) template.HTML {
	switch text {
	case figures.Hidden:
		return `<span class="muted">skjult</span>`
	case figures.Unknown:
		return `<span aria-hidden="true">–</span><span class="sr-only">kan ikke beregnes</span>`
	}

	return template.HTML(template.HTMLEscapeString(text)) //nolint:gosec // it was escaped
}

func pageNumber(c *gin.Context, key string) int {
	n, err := strconv.Atoi(c.Query(key))
	if err != nil {
		return 0
	}

	return max(0, n)
}
