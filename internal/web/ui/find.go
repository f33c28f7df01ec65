package ui

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Finder is what the page on which a citizen is looked for calls. Errors are *care.Error.
type Finder interface {
	FindByName(ctx context.Context, actor care.Actor, text string) (found []scheduler.FoundCitizen, more bool, err error)
	FindByNumber(ctx context.Context, actor care.Actor, number, reason string) (scheduler.FoundCitizen, error)
}

// findPath is where citizens are looked for. What is looked for is posted: it stands in no address.
const findPath = "/borgere/find"

// findRoutes are the page on which a citizen is looked for.
func (p *Pages) findRoutes() []route.Route {
	find := route.Needs(care.LinkEmployees, care.HostVisits, care.CallCitizens, care.SeeDay)

	return []route.Route{
		{Method: http.MethodGet, Path: findPath, Access: find, Handle: p.findCitizen},
		{Method: http.MethodPost, Path: findPath, Access: find, Handle: p.findByName},
		{Method: http.MethodPost, Path: findPath + "/cpr", Access: find, Handle: p.findByNumber, Limit: route.Limit{Class: route.Mass}},
	}
}

// findPage is a search and what it found.
type findPage struct {
	Name   string
	Reason string
	Looked bool
	Found  []scheduler.FoundCitizen
	More   bool
	Error  string // of the search by name
	Wrong  string // of the search by number
	All    bool   // the reader finds everybody by number
	MayEnd bool   // end a citizen's course
}

func (p *Pages) showFind(c *gin.Context, status int, body findPage) error {
	body.All = route.Actor(c).MayAnywhere(care.LinkEmployees)
	body.MayEnd = route.Actor(c).MayAnywhere(care.ManageDeletion)

	return p.showStatus(c, status, "find-borger", "Find en borger", body)
}

// findCitizen asks whom to look for.
func (p *Pages) findCitizen(c *gin.Context) error { return p.showFind(c, http.StatusOK, findPage{}) }

// findByName shows the citizens of that name.
func (p *Pages) findByName(c *gin.Context) error {
	body := findPage{Name: short(c.PostForm("navn")), Looked: true}

	var err error

	body.Found, body.More, err = p.UseCases.FindByName(c.Request.Context(), route.Actor(c), body.Name)
	if care.KindOf(err) == care.Invalid {
		return p.showFind(c, http.StatusUnprocessableEntity, findPage{Name: body.Name, Error: care.MessageOf(err)})
	}

	if err != nil {
		return err
	}

	return p.showFind(c, http.StatusOK, body)
}

// findByNumber shows the citizen with a CPR number. The number is never shown again.
func (p *Pages) findByNumber(c *gin.Context) error {
	reason := short(c.PostForm("begrundelse"))

	found, err := p.UseCases.FindByNumber(c.Request.Context(), route.Actor(c), c.PostForm("cpr"), reason)
	if kind := care.KindOf(err); err != nil && (kind == care.Invalid || kind == care.NotFound) {
		return p.showFind(c, http.StatusUnprocessableEntity, findPage{Reason: reason, Wrong: care.MessageOf(err)})
	}

	if err != nil {
		return err
	}

	return p.showFind(c, http.StatusOK, findPage{Looked: true, Found: []scheduler.FoundCitizen{found}})
}

// CitizenURL is the citizen's card.
func (findPage) CitizenURL(f scheduler.FoundCitizen) string { return citizenURL(f.Citizen.ID) }

// LinksURL is where employees are linked with the citizen.
func (findPage) LinksURL(f scheduler.FoundCitizen) string { return linksURL(f.Citizen.ID) }
