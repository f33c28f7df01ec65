package ui

import (
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// reportDays is the period that is offered: a week.
const reportDays = 7

// reportsPage offers the files for authorities.
type reportsPage struct {
	Query scheduler.StatisticsQuery
	Error string
}

// reports shows what can be downloaded, and what is wrong with what was asked for.
func (p *Pages) reports(c *gin.Context) error {
	q, err := p.reportQuery(c)
	if err != nil {
		return p.show(c, "rapporter", "Rapporter", reportsPage{Query: p.lastWeek(), Error: care.MessageOf(err)})
	}

	return p.show(c, "rapporter", "Rapporter", reportsPage{Query: q})
}

func (p *Pages) lastWeek() scheduler.StatisticsQuery {
	return scheduler.StatisticsQuery{From: p.today().Add(-reportDays), To: p.today().Add(-1)}
}

func (p *Pages) reportQuery(c *gin.Context) (scheduler.StatisticsQuery, error) {
	q := p.lastWeek()

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

	return q, nil
}

// klGateway hands out the report of KL's Gateway for control. It holds CPR numbers, so nobody may
// keep it on the way. What is wrong with the period is told on the page.
func (p *Pages) klGateway(c *gin.Context) error {
	q, err := p.reportQuery(c)
	if err == nil {
		var file scheduler.ReportFile

		if file, err = p.UseCases.KLGatewayReport(c.Request.Context(), route.Actor(c), q); err == nil {
			c.Header("Cache-Control", "no-store")
			c.Header("Content-Disposition", fmt.Sprintf(`attachment; filename="klgateway-%s-%s.ndjson"`, q.From, q.To))
			c.Data(http.StatusOK, "application/fhir+ndjson", file.Data)

			return nil
		}
	}

	if care.KindOf(err) != care.Invalid {
		return err
	}

	return p.show(c, "rapporter", "Rapporter", reportsPage{Query: q, Error: care.MessageOf(err)})
}
