package ui

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// OutageWays is what the page of the ways of an outage calls.
type OutageWays interface {
	LoginSwitches(ctx context.Context, actor care.Actor) ([]scheduler.LoginSwitch, error)
	OpenOutageWays(ctx context.Context, actor care.Actor, req scheduler.SwitchRequest) error
	CloseOutageWays(ctx context.Context, actor care.Actor, audience scheduler.LoginAudience) error
}

const pathOutageWays = "/forbindelser/noedmaader"

// outageRoutes are the page on which an administrator says that logins do not work.
func (p *Pages) outageRoutes() []route.Route {
	manage := route.Needs(care.OpenOutageWays).Fresh()

	return []route.Route{
		{Method: http.MethodGet, Path: pathOutageWays, Access: manage, Handle: p.outageWays},
		{Method: http.MethodPost, Path: pathOutageWays, Access: manage, Handle: p.openOutageWays},
		{Method: http.MethodPost, Path: pathOutageWays + "/slut", Access: manage, Handle: p.closeOutageWays},
	}
}

// outageWaysPage is the page, with what was typed when it could not be taken.
type outageWaysPage struct {
	Switches []scheduler.LoginSwitch
	Typed    scheduler.SwitchRequest
	Error    string
}

// Hours are the lengths to choose from.
func (outageWaysPage) Hours() []int {
	var out []int
	for _, d := range scheduler.SwitchHours() {
		out = append(out, int(d/time.Hour))
	}

	return out
}

// Chosen reports whether a length is the one that was chosen for an audience; the shortest at first.
func (b outageWaysPage) Chosen(audience scheduler.LoginAudience, hours int) bool {
	if b.Typed.Audience != audience {
		return hours == b.Hours()[0]
	}

	return b.Typed.For == time.Duration(hours)*time.Hour
}

// Whose names an audience in a heading.
func (outageWaysPage) Whose(audience scheduler.LoginAudience) string {
	if audience == scheduler.LoginOfStaff {
		return "Medarbejdernes login"
	}

	return "Borgernes login"
}

func (p *Pages) outageWays(c *gin.Context) error {
	return p.showOutageWays(c, http.StatusOK, outageWaysPage{})
}

func (p *Pages) showOutageWays(c *gin.Context, status int, body outageWaysPage) error {
	var err error
	if body.Switches, err = p.UseCases.LoginSwitches(c.Request.Context(), route.Actor(c)); err != nil {
		return err
	}

	return p.showStatus(c, status, "noedmaader", "Nødmåder", body)
}

func (p *Pages) openOutageWays(c *gin.Context) error {
	hours, err := strconv.Atoi(c.PostForm("timer"))
	if err != nil {
		hours = 0 // no length that is offered: the use case says so
	}

	req := scheduler.SwitchRequest{
		Audience: scheduler.LoginAudience(c.PostForm("hvem")), For: time.Duration(hours) * time.Hour, Reason: c.PostForm("begrundelse"),
	}

	err = p.UseCases.OpenOutageWays(c.Request.Context(), route.Actor(c), req)
	if care.KindOf(err) == care.Invalid {
		return p.showOutageWays(c, http.StatusUnprocessableEntity, outageWaysPage{Typed: req, Error: care.MessageOf(err)})
	}

	if err != nil {
		return err
	}

	return goTo(c, pathOutageWays+"?besked=noedmaader-til")
}

func (p *Pages) closeOutageWays(c *gin.Context) error {
	if err := p.UseCases.CloseOutageWays(c.Request.Context(), route.Actor(c), scheduler.LoginAudience(c.PostForm("hvem"))); err != nil {
		return err
	}

	return goTo(c, pathOutageWays+"?besked=noedmaader-fra")
}
