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
	Units []care.Unit
	Empty string // why there is no file
	Error string
}

// reports shows what can be downloaded, and what is wrong with what was asked for.
func (p *Pages) reports(c *gin.Context) error {
	q, err := p.reportQuery(c)
	if err != nil {
		return p.showReports(c, reportsPage{Query: p.lastWeek(), Error: care.MessageOf(err)})
	}

	return p.showReports(c, reportsPage{Query: q})
}

func (p *Pages) showReports(c *gin.Context, body reportsPage) error {
	body.Units = p.UseCases.ReportUnits(route.Actor(c))

	return p.show(c, "rapporter", "Rapporter", body)
}

func (p *Pages) lastWeek() scheduler.StatisticsQuery {
	return scheduler.StatisticsQuery{From: p.today().Add(-reportDays), To: p.today().Add(-1)}
}

func (p *Pages) reportQuery(c *gin.Context) (scheduler.StatisticsQuery, error) {
	q := p.lastWeek()
	q.Unit = care.UnitID(c.Query("enhed"))

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

		file, err = p.UseCases.KLGatewayReport(c.Request.Context(), route.Actor(c), q)
		if err == nil && file.Citizens == 0 {
			return p.showReports(c, reportsPage{Query: q, Empty: nothingReported(file)})
		}

		if err == nil {
			c.Header("Cache-Control", "no-store")
			c.Header("Content-Disposition", fmt.Sprintf(`attachment; filename="klgateway-%s-%s.ndjson"`, q.From, q.To))
			c.Data(http.StatusOK, "application/fhir+ndjson", file.Data)

			return nil
		}
	}

	if care.KindOf(err) != care.Invalid {
		return err
	}

	return p.showReports(c, reportsPage{Query: q, Error: care.MessageOf(err)})
}

// nothingReported says why a report would be empty.
func nothingReported(file scheduler.ReportFile) string {
	switch {
	case file.LeftOut == 1:
		return "Der er ingen fil at hente: Den ene borger, der har skærmbesøg i perioden, har intet gyldigt personnummer."
	case file.LeftOut > 1:
		return fmt.Sprintf("Der er ingen fil at hente: De %d borgere, der har skærmbesøg i perioden, har intet gyldigt personnummer.", file.LeftOut)
	}

	return "Der er ingen fil at hente: Ingen borgere har skærmbesøg i perioden. Vælg en anden periode eller enhed."
}
