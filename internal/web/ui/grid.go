package ui

import (
	"fmt"
	"slices"
	"time"

	"github.com/sluse/sluse/internal/web/page"
	"github.com/sluse/sluse/scheduler/care"
)

// slot is the grid's unit of time. The style sheet grid.css has a class for every row of a day.
const slot = 5 * time.Minute

// grid is the day with a column per employee and time downwards. Places are CSS classes, because
// the content policy allows no inline style.
type grid struct {
	Hours   []gridHour
	Columns []gridColumn
	Span    string // class: how many slots the day has
	Whole   string // class: the same with the head
}

type gridHour struct {
	Label string
	Row   string // class
}

type gridColumn struct {
	Employee care.EmployeeID
	Place    string // class of the column
	Visits   []gridVisit
}

type gridVisit struct {
	dayRow

	Row, Span, Lane string // classes
	from, to        time.Time
}

// newGrid lays the visits out from the full hour before the first to the full hour after the last.
func newGrid(rows []dayRow, employees []care.EmployeeID) grid {
	if len(rows) == 0 {
		return grid{}
	}

	start, end := bounds(rows)
	slots := int(end.Sub(start) / slot)
	g := grid{Span: fmt.Sprintf("h%d", slots), Whole: fmt.Sprintf("h%d", slots+1)}

	for t := start; t.Before(end); t = t.Add(time.Hour) {
		g.Hours = append(g.Hours, gridHour{Label: page.Clock(t), Row: rowClass(start, t)})
	}

	byEmployee := map[care.EmployeeID][]dayRow{}
	for _, r := range rows {
		byEmployee[r.Visit.Facts.Employee] = append(byEmployee[r.Visit.Facts.Employee], r)
	}

	for _, e := range columnsOf(rows, employees) {
		g.Columns = append(g.Columns, newColumn(e, len(g.Columns), byEmployee[e], start))
	}

	return g
}

// columnsOf lists the employees that have rows, in the order given, those without a name last.
func columnsOf(rows []dayRow, employees []care.EmployeeID) []care.EmployeeID {
	var out []care.EmployeeID

	has := func(e care.EmployeeID) bool {
		return slices.ContainsFunc(rows, func(r dayRow) bool { return r.Visit.Facts.Employee == e })
	}

	for _, e := range employees {
		if has(e) {
			out = append(out, e)
		}
	}

	for _, r := range rows {
		if !slices.Contains(out, r.Visit.Facts.Employee) {
			out = append(out, r.Visit.Facts.Employee)
		}
	}

	return out
}

func newColumn(e care.EmployeeID, n int, rows []dayRow, start time.Time) gridColumn {
	col := gridColumn{Employee: e, Place: fmt.Sprintf("c%d", n+2)}

	var busy []time.Time // until when each lane is taken

	for _, r := range rows {
		planned := r.Visit.Facts.Planned
		from, to := planned.Start.Truncate(slot), planned.End.Add(slot-1).Truncate(slot)

		lane := slices.IndexFunc(busy, func(t time.Time) bool { return !t.After(from) })
		if lane < 0 {
			lane = len(busy)
			busy = append(busy, time.Time{})
		}

		busy[lane] = to
		col.Visits = append(col.Visits, gridVisit{
			dayRow: r, from: from, to: to, Row: rowClass(start, from), Lane: fmt.Sprintf("l%d", min(lane, 5)+1),
		})
	}

	for i := range col.Visits {
		col.Visits[i].Span = fmt.Sprintf("h%d", room(col.Visits, i))
	}

	return col
}

// readable is how many slots a visit takes so that its text fits, where the next one leaves room.
const readable = 3

// room returns how many slots visit i takes: its own time, and a little more when it is short
// and the column is free after it.
func room(visits []gridVisit, i int) int {
	v := visits[i]
	slots := max(1, int(v.to.Sub(v.from)/slot))
	free := readable

	for _, next := range visits[i+1:] {
		free = min(free, max(slots, int(next.from.Sub(v.from)/slot)))
	}

	return max(slots, free)
}

// rowClass names the row of an instant below the head.
func rowClass(start, t time.Time) string { return fmt.Sprintf("r%d", int(t.Sub(start)/slot)+1) }

func bounds(rows []dayRow) (start, end time.Time) {
	for _, r := range rows {
		p := r.Visit.Facts.Planned
		if start.IsZero() || p.Start.Before(start) {
			start = p.Start
		}

		if p.End.After(end) {
			end = p.End
		}
	}

	return start.Truncate(time.Hour), end.Add(time.Hour - 1).Truncate(time.Hour)
}
