package ui

import (
	"maps"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/figures"
	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/measure"
)

// statisticsRowsPage lists the visits behind a figure.
type statisticsRowsPage struct {
	scheduler.StatisticsRows

	Back       string
	Prev, Next string // addresses; empty: there is none
}

// statisticsRows opens a figure down to the visits that it is made of.
func (p *Pages) statisticsRows(c *gin.Context) error {
	q, err := p.statisticsQuery(c)
	if err != nil {
		return err
	}

	cell := scheduler.StatisticsCell{Keys: c.QueryArray("gruppe"), Column: c.Query("maal")}

	rows, err := p.UseCases.StatisticsRows(c.Request.Context(), route.Actor(c), q, cell, pageNumber(c, "fra-nr"))
	if err != nil {
		return err
	}

	body := statisticsRowsPage{StatisticsRows: rows, Back: "/statistik?" + queryOf(q).Encode()}
	at := func(n int) string {
		v := url.Values{"maal": {cell.Column}, "gruppe": cell.Keys, "fra-nr": {strconv.Itoa(n)}}
		maps.Copy(v, queryOf(q))

		return "/statistik/besoeg?" + v.Encode()
	}

	if rows.First > 0 {
		body.Prev = at(max(0, rows.First-len(rows.Rows)))
	}

	if end := rows.First + len(rows.Rows); end < rows.Total {
		body.Next = at(end)
	}

	return p.show(c, "statistik-besoeg", rows.Column.Name, body)
}

// Outcome is what became of a visit, in words.
func (b statisticsRowsPage) Outcome(r scheduler.StatisticsRow) string {
	switch {
	case r.Foreign() && r.Actual == 0:
		return "Ubesvaret opkald"
	case r.Foreign():
		return "Besvaret opkald"
	}

	switch r.State {
	case care.Completed:
		if r.Delivery == care.ByPhone {
			return "Gennemført på telefon"
		}

		return "Gennemført"
	case care.NotCompleted, care.Cancelled:
		word := "Ikke gennemført"
		if r.State == care.Cancelled {
			word = "Aflyst"
		}

		if r.Reason == "" {
			return word
		}

		return word + ": " + strings.ToLower(r.Reason.Danish()[:1]) + r.Reason.Danish()[1:]
	case care.Reverted:
		if r.Delivery == care.ByPhone {
			return "Skal gives på telefon"
		}

		return "Igen et fysisk besøg"
	case care.Listed:
		return "Fysisk besøg"
	case care.Chosen, care.BookingRoom, care.RoomIsBooked, care.Open:
	}

	return "Ikke afsluttet endnu"
}

// Source is the name of the system that a row comes from.
func (b statisticsRowsPage) Source(r scheduler.StatisticsRow) string {
	if !r.Foreign() {
		return "Sluse"
	}

	for _, source := range b.Sources {
		if source.Key == r.Source {
			return source.Name
		}
	}

	return r.Source
}

// Lasted is how long both sides were there.
func (b statisticsRowsPage) Lasted(r scheduler.StatisticsRow) string {
	if r.Actual == 0 {
		return figures.Unknown
	}

	return figures.Shown(measure.Column{Kind: measure.Minutes}, measure.Value{Number: r.Actual.Minutes(), Known: true})
}

// visitsCSV hands out the visits of a period, one a line, without anybody's name (K38).
func (p *Pages) visitsCSV(c *gin.Context) error { return p.visits(c, figures.AsCSV) }

// visitsJSON hands out the same as JSON.
func (p *Pages) visitsJSON(c *gin.Context) error { return p.visits(c, figures.AsJSON) }

func (p *Pages) visits(c *gin.Context, as figures.Format) error {
	q, err := p.statisticsQuery(c)
	if err != nil {
		return err
	}

	return figures.Send(c, q, as, func(tell func(measure.Fact) error) error {
		return p.UseCases.EachVisit(c.Request.Context(), route.Actor(c), q, tell)
	})
}
