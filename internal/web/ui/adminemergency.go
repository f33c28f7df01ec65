package ui

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/emergency"
)

// Emergency is what the pages of emergency codes call; *emergency.Service satisfies it.
type Emergency interface {
	Mine(ctx context.Context, actor care.Actor) (emergency.Code, error)
	Usable(ctx context.Context, actor care.Actor) (bool, error)
	Make(ctx context.Context, actor care.Actor) (care.Secret, error)
	Revoke(ctx context.Context, actor care.Actor) error
	Unsigned(ctx context.Context, actor care.Actor) ([]scheduler.Notice, error)
	SignOff(ctx context.Context, actor care.Actor, about string) error
}

// emergencyRoutes are the pages of one's own code, and of what the administrators sign off.
func (p *Pages) emergencyRoutes() []route.Route {
	get, post := http.MethodGet, http.MethodPost
	own, manage := route.Staff().Fresh(), route.Needs(care.ManageDirectory).Fresh()

	return []route.Route{
		{Method: get, Path: "/mine-logins/noedkode", Access: own, Handle: p.myCode},
		{Method: post, Path: "/mine-logins/noedkode", Access: own, Handle: p.makeCode, Limit: route.Limit{Class: route.Emergency}},
		{Method: post, Path: "/mine-logins/noedkode/slet", Access: own, Handle: p.revokeCode},
		{Method: get, Path: "/administration/noedadgang", Access: manage, Handle: p.emergencies},
		{Method: post, Path: "/administration/noedadgang/kvitter", Access: manage, Handle: p.signOff},
	}
}

// codePage is an employee's own emergency code.
type codePage struct {
	emergency.Code

	Has    bool
	Usable bool   // the employee is in the directory
	Secret string // the code itself, in the one answer that shows it
}

func (p *Pages) myCode(c *gin.Context) error {
	mine, err := p.Emergency.Mine(c.Request.Context(), route.Actor(c))
	if err != nil && care.KindOf(err) != care.NotFound {
		return err
	}

	usable, wrong := p.Emergency.Usable(c.Request.Context(), route.Actor(c))
	if wrong != nil {
		return wrong
	}

	return p.show(c, "noedkode", "Min nødkode", codePage{Code: mine, Has: err == nil, Usable: usable})
}

// makeCode answers with the code itself: there is no address at which it could be shown again.
func (p *Pages) makeCode(c *gin.Context) error {
	ctx, actor := c.Request.Context(), route.Actor(c)

	code, err := p.Emergency.Make(ctx, actor)
	if err != nil {
		return err
	}

	mine, err := p.Emergency.Mine(ctx, actor)
	if err != nil {
		return err
	}

	return p.show(c, "noedkode", "Min nødkode", codePage{Code: mine, Has: true, Secret: code.Reveal()})
}

func (p *Pages) revokeCode(c *gin.Context) error {
	if err := p.Emergency.Revoke(c.Request.Context(), route.Actor(c)); err != nil {
		return err
	}

	return goTo(c, "/mine-logins/noedkode?besked=noedkode-slettet")
}

// emergencies shows the uses of emergency access that nobody has signed off.
func (p *Pages) emergencies(c *gin.Context) error {
	open, err := p.Emergency.Unsigned(c.Request.Context(), route.Actor(c))
	if err != nil {
		return err
	}

	return p.show(c, "noedadgange", "Nødadgang", open)
}

func (p *Pages) signOff(c *gin.Context) error {
	if err := p.Emergency.SignOff(c.Request.Context(), route.Actor(c), c.PostForm("brug")); err != nil {
		return err
	}

	return goTo(c, "/administration/noedadgang?besked=kvitteret")
}
