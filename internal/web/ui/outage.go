package ui

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// outagePage lists the visits that wait for a system that is down, before they are given in another
// way.
type outagePage struct {
	System scheduler.Outage
	Visits []scheduler.VisitView
	Up     bool // the system answers again
	Error  string
}

// Ticked is how many visits are chosen to begin with: a conversation that is going on is left alone.
func (b outagePage) Ticked() int {
	n := 0

	for _, v := range b.Visits {
		if v.Status != scheduler.StatusRunning {
			n++
		}
	}

	return n
}

// outage shows what one system that is down holds up.
func (p *Pages) outage(c *gin.Context) error {
	return p.showOutage(c, http.StatusOK, connector.Role(c.Param("system")), "")
}

func (p *Pages) showOutage(c *gin.Context, status int, role connector.Role, problem string) error {
	ctx, actor := c.Request.Context(), route.Actor(c)

	all, err := p.UseCases.Outages(ctx, actor)
	if err != nil {
		return err
	}

	body := outagePage{Error: problem}

	i := slices.IndexFunc(all, func(o scheduler.Outage) bool { return o.Role == role })
	if body.Up = i < 0; !body.Up {
		body.System = all[i]
	}

	if body.Visits, err = p.UseCases.FallbackPlan(ctx, actor, body.System.Visits); err != nil {
		return err
	}

	return p.showStatus(c, status, "nedbrud", "Nedbrud", body)
}

// fallBack has the chosen visits given by telephone or in person.
func (p *Pages) fallBack(c *gin.Context) error {
	req := scheduler.FallbackRequest{Visits: visitIDs(c), Delivery: deliveryOf(c.PostForm("maade"))}

	batch, err := p.UseCases.FallBack(c.Request.Context(), route.Actor(c), req)
	if care.KindOf(err) == care.Invalid {
		return p.showOutage(c, http.StatusUnprocessableEntity, connector.Role(c.PostForm("system")), care.MessageOf(err))
	}

	return p.after(c, err, "/omlaegninger/"+url.PathEscape(string(batch.ID)))
}

func deliveryOf(word string) care.Delivery {
	switch word {
	case endedPhone:
		return care.ByPhone
	case endedPhysical:
		return care.Physical
	}

	return ""
}

// callInstead has one visit given by telephone.
func (p *Pages) callInstead(c *gin.Context) error {
	id := care.VisitID(c.Param("id"))

	return p.after(c, p.UseCases.CallInstead(c.Request.Context(), route.Actor(c), id), visitURL(id, "ring"))
}
