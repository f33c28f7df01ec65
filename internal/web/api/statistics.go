package api

import (
	"context"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Leader is what the statistics call.
type Leader interface {
	KLGatewayReport(ctx context.Context, actor care.Actor, q scheduler.StatisticsQuery) (scheduler.ReportFile, error)
	Statistics(ctx context.Context, actor care.Actor, q scheduler.StatisticsQuery) (scheduler.Statistics, error)
}

type figures struct {
	Key          string `json:"key"`
	Label        string `json:"label"`
	All          int    `json:"all"`
	Planned      int    `json:"planned"`
	Completed    int    `json:"completed"`
	Phone        int    `json:"phone"`
	NotCompleted int    `json:"not_completed"`
	Cancelled    int    `json:"cancelled"`
	Waiting      int    `json:"waiting"`
	Minutes      int    `json:"minutes"`
}

type statistics struct {
	From       care.Day    `json:"from"`
	To         care.Day    `json:"to"`
	Unit       care.UnitID `json:"unit,omitempty"`
	Units      []unit      `json:"units"`
	Total      figures     `json:"total"`
	ByLaw      []figures   `json:"by_law"`
	ByEmployee []figures   `json:"by_employee"`
	ByWeek     []figures   `json:"by_week"`
	ByReason   []figures   `json:"by_reason"`
	// Small figures are hidden in these.
	ByMethod  []wayFigures `json:"by_method"`
	ByChannel []wayFigures `json:"by_channel"`
	ByNumber  []wayFigures `json:"by_number"`
}

// wayFigures are figures of which some are not told: null.
type wayFigures struct {
	Key          string `json:"key"`
	Label        string `json:"label"`
	Planned      *int   `json:"planned"`
	Completed    *int   `json:"completed"`
	Phone        *int   `json:"phone"`
	NotCompleted *int   `json:"not_completed"`
	Cancelled    *int   `json:"cancelled"`
	Waiting      *int   `json:"waiting"`
	Minutes      *int   `json:"minutes"`
}

// statistics counts visits of a period.
func (a api) statistics(c *gin.Context) error {
	if err := parameters(c, "from", "to", "unit"); err != nil {
		return err
	}

	from, err := dayOf(c, "from")
	if err != nil {
		return err
	}

	to, err := dayOf(c, "to")
	if err != nil {
		return err
	}

	s, err := a.Statistics(c.Request.Context(), route.Actor(c), scheduler.StatisticsQuery{From: from, To: to, Unit: care.UnitID(c.Query("unit"))})
	if err != nil {
		return err
	}

	return ok(c, statistics{
		From: s.Query.From, To: s.Query.To, Unit: s.Query.Unit, Units: each(s.Units, unitOf), Total: figuresOf(s.Total),
		ByLaw: each(s.ByLaw, figuresOf), ByEmployee: each(s.ByEmployee, figuresOf),
		ByWeek: each(s.ByWeek, figuresOf), ByReason: each(s.ByReason, figuresOf),
		ByMethod: ways(s.ByMethod), ByChannel: ways(s.ByChannel), ByNumber: ways(s.ByNumber),
	})
}

func figuresOf(f scheduler.Figures) figures {
	return figures{
		Key: f.Key, Label: f.Label, All: f.All, Planned: f.Planned, Completed: f.Completed, Phone: f.Phone,
		NotCompleted: f.Not, Cancelled: f.Cancelled, Waiting: f.Waiting, Minutes: f.Minutes,
	}
}

func ways(group []scheduler.Figures) []wayFigures {
	shown := func(n int) *int {
		if n == scheduler.Hidden {
			return nil
		}

		return &n
	}

	return each(scheduler.HideSmall(group), func(f scheduler.Figures) wayFigures {
		return wayFigures{
			Key: f.Key, Label: f.Label, Planned: shown(f.Planned), Completed: shown(f.Completed), Phone: shown(f.Phone), NotCompleted: shown(f.Not),
			Cancelled: shown(f.Cancelled), Waiting: shown(f.Waiting), Minutes: shown(f.Minutes),
		}
	})
}
