package api

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// ndjson is the media type of a file with a FHIR resource a line.
const ndjson = "application/fhir+ndjson"

// leftOut says in a header how many citizens are not in a report.
const leftOut = "Sluse-Left-Out"

// klGateway hands out the report of KL's Gateway for control. It holds CPR numbers, so nobody may
// keep it on the way.
func (a api) klGateway(c *gin.Context) error {
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

	q := scheduler.StatisticsQuery{From: from, To: to, Unit: care.UnitID(c.Query("unit"))}

	file, err := a.KLGatewayReport(c.Request.Context(), route.Actor(c), q)
	if err != nil {
		return err
	}

	c.Header("Cache-Control", "no-store")
	c.Header("Content-Disposition", fmt.Sprintf(`attachment; filename="klgateway-%s-%s.ndjson"`, from, to))
	c.Header(leftOut, strconv.Itoa(file.LeftOut))
	c.Data(http.StatusOK, ndjson, file.Data)

	return nil
}
