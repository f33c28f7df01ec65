package ui

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Linker is what the page of a citizen's employees calls. Errors are *care.Error.
type Linker interface {
	EmployeeLinks(ctx context.Context, actor care.Actor, citizen care.CitizenID) (scheduler.EmployeeLinkList, error)
	LinkUnits(ctx context.Context, actor care.Actor) ([]care.Unit, error)
	LinkEmployee(ctx context.Context, actor care.Actor, req scheduler.LinkRequest) error
	EndEmployeeLink(ctx context.Context, actor care.Actor, citizen care.CitizenID, id care.EmployeeLinkID) error
}

// linkRoutes are the pages of who is linked with a citizen.
func (p *Pages) linkRoutes() []route.Route {
	return []route.Route{
		{Method: http.MethodGet, Path: "/borgere/:id/medarbejdere", Access: route.Needs(care.LinkEmployees, care.HostVisits, care.SeeDay), Handle: p.links},
		{Method: http.MethodPost, Path: "/borgere/:id/medarbejdere", Access: route.Needs(care.LinkEmployees), Handle: p.link},
		{Method: http.MethodPost, Path: "/borgere/:id/medarbejdere/:tilknytning/afslut", Access: route.Needs(care.LinkEmployees), Handle: p.endLink},
	}
}

// linksPage is who is linked with a citizen.
type linksPage struct {
	scheduler.EmployeeLinkList

	Units []care.Unit // in which the reader may link people; empty: nowhere
	Form  scheduler.LinkRequest
	Error string
}

// URL is the page.
func (b linksPage) URL() string { return linksURL(b.Citizen.ID) }

func linksURL(id care.CitizenID) string { return citizenURL(id) + "/medarbejdere" }

// links shows who is linked with a citizen.
func (p *Pages) links(c *gin.Context) error {
	return p.showLinks(c, http.StatusOK, scheduler.LinkRequest{}, "")
}

func (p *Pages) showLinks(c *gin.Context, status int, typed scheduler.LinkRequest, problem string) error {
	ctx, actor := c.Request.Context(), route.Actor(c)
	body := linksPage{Form: typed, Error: problem}

	var err error
	if body.EmployeeLinkList, err = p.UseCases.EmployeeLinks(ctx, actor, care.CitizenID(c.Param("id"))); err != nil {
		return err
	}

	if body.Units, err = p.UseCases.LinkUnits(ctx, actor); err != nil {
		return err
	}

	return p.showStatus(c, status, "tilknytninger", "Tilknyttede medarbejdere", body)
}

// link ties an employee to a citizen.
func (p *Pages) link(c *gin.Context) error {
	req := scheduler.LinkRequest{
		Citizen: care.CitizenID(c.Param("id")), Employee: care.EmployeeID(short(c.PostForm("medarbejder"))), Unit: care.UnitID(c.PostForm("enhed")),
		From: short(c.PostForm("fra")), To: short(c.PostForm("til")), Reason: c.PostForm("grund"),
	}

	err := p.UseCases.LinkEmployee(c.Request.Context(), route.Actor(c), req)
	if kind := care.KindOf(err); kind == care.Invalid || kind == care.Conflict {
		return p.showLinks(c, http.StatusUnprocessableEntity, req, care.MessageOf(err))
	}

	return p.after(c, err, linksURL(req.Citizen)+"?besked=knyttet")
}

// endLink ends a link.
func (p *Pages) endLink(c *gin.Context) error {
	citizen := care.CitizenID(c.Param("id"))
	err := p.UseCases.EndEmployeeLink(c.Request.Context(), route.Actor(c), citizen, care.EmployeeLinkID(c.Param("tilknytning")))

	return p.after(c, err, linksURL(citizen)+"?besked=tilknytning-slut")
}

// linkedOf is whether a link holds.
func linkedOf(l scheduler.EmployeeLinkView) mark {
	switch {
	case l.Active:
		return mark{"Ja", "ok", "check"}
	case l.Coming:
		return mark{"Senere", "warn", "time"}
	default:
		return mark{"Nej", "calm", "minus"}
	}
}
