package ui

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/internal/web/page"
	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// connectionsPage is the panel "Forbindelser".
type connectionsPage struct {
	scheduler.ConnectionsView

	Notices []scheduler.Notice
	Months  monthSwitch
	Known   []scheduler.AvailabilityView
	MayOpen bool // the reader may open the ways of an outage
	// MayReconcile: the reader may see what the systems say differently.
	MayReconcile bool
}

// monthSwitch leads from one month of the availability table to another.
type monthSwitch struct{ Day, This care.Day }

// Prev is a day of the month before.
func (m monthSwitch) Prev() care.Day { return m.move(-1) }

// Next is a day of the month after; empty when that has not begun.
func (m monthSwitch) Next() care.Day {
	if next := m.move(1); next <= m.This {
		return next
	}

	return ""
}

// Name is the month in words.
func (m monthSwitch) Name() string { return page.MonthOf(m.Day) }

func (m monthSwitch) move(months int) care.Day {
	t, err := time.ParseInLocation(time.DateOnly, string(m.Day), care.Zone())
	if err != nil {
		return m.This
	}

	return care.Day(time.Date(t.Year(), t.Month()+time.Month(months), 1, 0, 0, 0, 0, care.Zone()).Format(time.DateOnly))
}

// PrevName is the month before in words.
func (m monthSwitch) PrevName() string { return page.MonthOf(m.Prev()) }

// NextName is the month after in words.
func (m monthSwitch) NextName() string { return page.MonthOf(m.Next()) }

// connections shows how the outside systems are, and how they were in a month.
func (p *Pages) connections(c *gin.Context) error {
	body, err := p.loadConnections(c)
	if err != nil {
		return err
	}

	body.MayOpen = route.Actor(c).MayAnywhere(care.OpenOutageWays)
	body.MayReconcile = route.Actor(c).MayAnywhere(care.HandleTrouble) || route.Actor(c).MayAnywhere(care.HandleRooms)
	body.Months = monthSwitch{Day: p.today(), This: p.today()}

	if s := c.Query("maaned"); s != "" {
		if body.Months.Day, err = care.ParseDay(s); err != nil {
			return err
		}
	}

	if body.Known, err = p.UseCases.Availability(c.Request.Context(), route.Actor(c), body.Months.Day); err != nil {
		return err
	}

	f := p.frame(c, "Forbindelser", body)
	f.Refresh = 20

	return p.set.Show(c, http.StatusOK, "forbindelser", f)
}

// connectionsNow sends the part of the panel that changes from second to second.
func (p *Pages) connectionsNow(c *gin.Context) error {
	body, err := p.loadConnections(c)
	if err != nil {
		return err
	}

	return p.set.Part(c, "forbindelser", "now", body)
}

func (p *Pages) loadConnections(c *gin.Context) (connectionsPage, error) {
	ctx, actor := c.Request.Context(), route.Actor(c)

	view, err := p.UseCases.Connections(ctx, actor)
	if err != nil {
		return connectionsPage{}, err
	}

	notices, err := p.UseCases.Notices(ctx, actor)

	return connectionsPage{ConnectionsView: view, Notices: notices}, err
}

// Fine reports whether there is nothing to look at.
func (b connectionsPage) Fine() bool {
	for _, s := range b.Systems {
		if state := s.Health.State; state != connector.Healthy && state != connector.Unused {
			return false
		}
	}

	return len(b.Notices) == 0
}

// connectionState is how a system is, with a colour and an icon.
func connectionState(v scheduler.ConnectionView) mark {
	m := mark{Text: v.State, Tone: "calm", Icon: "help"}

	switch v.Health.State {
	case connector.Unused:
		m.Icon = "minus"
	case connector.Healthy:
		m.Tone, m.Icon = "ok", "success"
	case connector.Slow:
		m.Tone, m.Icon = "warn", "warning"
	case connector.Limited:
		m.Tone, m.Icon = "warn", "hourglass"
	case connector.Refused:
		m.Tone, m.Icon = "bad", "lock"
	case connector.Down:
		m.Tone, m.Icon = "bad", "error"
	}

	return m
}

// queueName is what waits in a queue.
func queueName(name string) string {
	switch name {
	case "video":
		return "Videorum"
	case "message":
		return "Beskeder til borgere"
	case "record":
		return "Poster i omsorgsjournalen"
	case "work":
		return "Afslutning og oprydning"
	}

	return name
}

// swift writes how long an answer takes: "0,35 s".
func swift(d time.Duration) string {
	switch {
	case d <= 0:
		return "–"
	case d < 10*time.Millisecond:
		return "under 0,01 s"
	}

	return strings.Replace(strconv.FormatFloat(d.Seconds(), 'f', 2, 64), ".", ",", 1) + " s"
}

// share writes a share of time with as many digits as an agreement on it has: "99,95 %".
func share(part float64) string {
	return strings.Replace(fmt.Sprintf("%.2f %%", 100*part), ".", ",", 1)
}

// spell writes a longer time: "2 t. 05 min.", "12 min.", "under 1 min.".
func spell(d time.Duration) string {
	switch minutes := int(d / time.Minute); {
	case d <= 0:
		return "0 min."
	case minutes < 1:
		return "under 1 min."
	case minutes < 60:
		return strconv.Itoa(minutes) + " min."
	default:
		return fmt.Sprintf("%s t. %02d min.", page.Number(minutes/60), minutes%60)
	}
}
