package ui

import (
	"maps"
	"net/url"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// The two ways to look at a day.
const (
	asColumns = "kolonner"
	asList    = "liste"
)

// dayPage is what the planner's day shows.
type dayPage struct {
	View     scheduler.DayView
	Query    scheduler.DayQuery
	As       string
	Rows     []dayRow
	Grid     grid
	Troubles []scheduler.TroubleView
	Differ   int // open differences with record and platform
	Outages  []scheduler.Outage
	Filters  dayFilters
	Filtered bool
	Today    care.Day
	Greens   int
	Chosen   int
	Convert  bool // the actor may convert
	Params   url.Values
}

// dayRow is one visit of the day.
type dayRow struct {
	scheduler.VisitView

	Pick    bool // may be ticked
	Checked bool
}

// dayFilters are the choices of the filter form.
type dayFilters struct {
	Units     []care.Unit
	Employees []care.EmployeeID
	Levels    []care.Level
	Statuses  []scheduler.Status
}

// day shows a local day of the units that the planner may see.
func (p *Pages) day(c *gin.Context) error {
	ctx, actor := c.Request.Context(), route.Actor(c)

	q, err := p.dayQuery(c)
	if err != nil {
		return err
	}

	view, err := p.UseCases.Day(ctx, actor, q)
	if err != nil {
		return err
	}

	troubles, err := p.UseCases.Troubles(ctx, actor, q.Day)
	if err != nil {
		return err
	}

	body := p.dayPage(actor, q, view, troubles, c)
	if body.Outages, err = p.UseCases.Outages(ctx, actor); err != nil {
		return err
	}

	if body.Differ, err = p.UseCases.Differences(ctx, actor, q.Day); err != nil {
		return err
	}

	f := p.frame(c, "Dagen", body)
	f.Wide = true

	return p.set.Show(c, 200, "dagen", f)
}

func (p *Pages) dayPage(actor care.Actor, q scheduler.DayQuery, view scheduler.DayView, troubles []scheduler.TroubleView, c *gin.Context) dayPage {
	body := dayPage{
		View: view, Query: q, As: asColumns, Troubles: troubles, Today: p.today(),
		Convert: actor.MayAnywhere(care.Convert), Params: dayParams(q, c.Query("vis")),
		Filtered: q.Unit != "" || q.Employee != "" || q.Level != 0 || q.Status != "",
		Filters:  dayFilters{Units: view.Units, Employees: view.Employees, Levels: []care.Level{care.Green, care.Yellow, care.Red}, Statuses: statuses()},
	}
	if c.Query("vis") == asList {
		body.As = asList
	}

	allGreen := c.Query("vaelg") == "egnede"

	for _, v := range view.Visits {
		row := dayRow{VisitView: v, Pick: mayPick(actor, v)}
		green := row.Pick && v.Assessment.Level == care.Green
		row.Checked = green && allGreen

		if green {
			body.Greens++
		}

		if row.Checked {
			body.Chosen++
		}

		body.Rows = append(body.Rows, row)
	}

	body.Grid = newGrid(body.Rows, view.Employees)

	return body
}

// mayPick reports whether a visit can be ticked. A red one needs a permission of its own.
func mayPick(actor care.Actor, v scheduler.VisitView) bool {
	unit := v.Visit.Facts.Unit

	return v.Assessment.Possible && actor.May(care.Convert, unit) && (v.Assessment.Level != care.Red || actor.May(care.ConvertRed, unit))
}

// dayStatus sends the chips of the day again, for htmx to put in place.
func (p *Pages) dayStatus(c *gin.Context) error {
	q, err := p.dayQuery(c)
	if err != nil {
		return err
	}

	view, err := p.UseCases.Day(c.Request.Context(), route.Actor(c), q)
	if err != nil {
		return err
	}

	return p.set.Part(c, "dagen", "chips", view)
}

// dayQuery reads the filters from the address.
func (p *Pages) dayQuery(c *gin.Context) (scheduler.DayQuery, error) {
	q := scheduler.DayQuery{
		Day: p.today(), Unit: care.UnitID(c.Query("enhed")), Employee: care.EmployeeID(c.Query("medarbejder")),
		Status: scheduler.Status(c.Query("status")),
	}

	if s := c.Query("dato"); s != "" {
		day, err := care.ParseDay(s)
		if err != nil {
			return q, err
		}

		q.Day = day
	}

	if s := c.Query("egnethed"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < int(care.Green) || n > int(care.Red) {
			return q, care.NewError(care.Invalid, "Vælg en egnethed fra listen.")
		}

		q.Level = care.Level(n)
	}

	if q.Status != "" && !slices.Contains(statuses(), q.Status) {
		return q, care.NewError(care.Invalid, "Vælg en status fra listen.")
	}

	return q, nil
}

func dayParams(q scheduler.DayQuery, as string) url.Values {
	v := url.Values{"dato": {string(q.Day)}}
	put := func(key, value string) {
		if value != "" {
			v.Set(key, value)
		}
	}

	put("enhed", string(q.Unit))
	put("medarbejder", string(q.Employee))
	put("status", string(q.Status))

	if q.Level != 0 {
		put("egnethed", strconv.Itoa(int(q.Level)))
	}

	if as == asList {
		put("vis", as)
	}

	return v
}

// URL returns the address of this day with one thing changed; an empty value takes it away.
func (d dayPage) URL(key, value string) string {
	v := url.Values{}
	maps.Copy(v, d.Params)

	if v.Set(key, value); value == "" {
		v.Del(key)
	}

	return "/dagen?" + v.Encode()
}

// Prev returns the day before.
func (d dayPage) Prev() care.Day { return d.Query.Day.Add(-1) }

// Next returns the day after.
func (d dayPage) Next() care.Day { return d.Query.Day.Add(1) }

// Feed is where the chips come from again.
func (d dayPage) Feed() string { return "/dagen/status?" + d.Params.Encode() }

// Screens counts the visits given by screen.
func (d dayPage) Screens() int {
	n := 0

	for _, r := range d.Rows {
		if r.Status != scheduler.StatusPhysical && r.Status != scheduler.StatusToCall && r.Status != scheduler.StatusCancelled {
			n++
		}
	}

	return n
}
