package ui

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Login is an employee's login in one browser, as pages show it.
type Login struct {
	ID        string // tells the logins of an employee apart; opens nothing
	Employee  care.EmployeeID
	Name      string
	Agent     string // browser and system in words
	Address   string // network address
	Level     care.Assurance
	Emergency bool // without the identity provider (C24)
	MadeAt    time.Time
	SeenAt    time.Time
	EndsAt    time.Time
	This      bool // the reader's own, in this browser
}

// Logins is what the pages of logins call. Errors are *care.Error.
type Logins interface {
	// LoginsOf returns the living logins of an employee, the last used first; with no employee the
	// last used ones of everybody. Others' need ManageAccess.
	LoginsOf(ctx context.Context, actor care.Actor, employee care.EmployeeID) ([]Login, error)
	// EndLogin ends one. NotFound. Others' need ManageAccess and are audited.
	EndLogin(ctx context.Context, actor care.Actor, employee care.EmployeeID, id string) error
	// EndOtherLogins ends all of the actor's own but the one that asks.
	EndOtherLogins(ctx context.Context, actor care.Actor) error
}

// adminRoutes are the pages of logins, emergency access and audit.
func (p *Pages) adminRoutes() []route.Route {
	get, post := http.MethodGet, http.MethodPost
	manage := route.Needs(care.ManageAccess).Fresh()

	pages := []route.Route{
		{Method: get, Path: "/administration", Access: route.Needs(care.ManageAccess, care.ManageDirectory), Handle: p.administration},
		{Method: get, Path: "/mine-logins", Access: route.Staff(), Handle: p.myLogins},
		{Method: post, Path: "/mine-logins/afslut", Access: route.Staff(), Handle: p.endMyLogin},
		{Method: post, Path: "/mine-logins/afslut-andre", Access: route.Staff(), Handle: p.endOtherLogins},
		{Method: get, Path: "/administration/logins", Access: manage, Handle: p.logins},
		{Method: post, Path: "/administration/logins/afslut", Access: manage, Handle: p.endLogin},
	}

	pages = append(pages, p.auditRoutes()...)

	if p.Emergency != nil {
		pages = append(pages, p.emergencyRoutes()...)
	}

	return pages
}

// myLogins shows where the reader is logged in.
func (p *Pages) myLogins(c *gin.Context) error {
	actor := route.Actor(c)

	all, err := p.Logins.LoginsOf(c.Request.Context(), actor, actor.Employee)
	if err != nil {
		return err
	}

	return p.show(c, "mine-logins", "Mine logins", all)
}

func (p *Pages) endMyLogin(c *gin.Context) error {
	actor := route.Actor(c)
	if err := p.Logins.EndLogin(c.Request.Context(), actor, actor.Employee, c.PostForm("login")); err != nil {
		return err
	}

	return goTo(c, "/mine-logins?besked=login-slut")
}

func (p *Pages) endOtherLogins(c *gin.Context) error {
	if err := p.Logins.EndOtherLogins(c.Request.Context(), route.Actor(c)); err != nil {
		return err
	}

	return goTo(c, "/mine-logins?besked=logins-slut")
}

// loginsPage is the administrator's view of logins.
type loginsPage struct {
	Search string // an employee's id
	All    []Login
}

// logins shows who is logged in, everybody or one employee.
func (p *Pages) logins(c *gin.Context) error {
	body := loginsPage{Search: short(strings.TrimSpace(c.Query("medarbejder")))}

	var err error
	if body.All, err = p.Logins.LoginsOf(c.Request.Context(), route.Actor(c), care.EmployeeID(body.Search)); err != nil {
		return err
	}

	return p.show(c, "logins", "Logins", body)
}

func (p *Pages) endLogin(c *gin.Context) error {
	employee := care.EmployeeID(c.PostForm("medarbejder"))
	if err := p.Logins.EndLogin(c.Request.Context(), route.Actor(c), employee, c.PostForm("login")); err != nil {
		return err
	}

	return goTo(c, "/administration/logins?"+url.Values{"medarbejder": {string(employee)}, "besked": {"login-slut"}}.Encode())
}

// alarm is the banner above every page of somebody who came in without the identity provider.
func alarm(c *gin.Context) string {
	if scheduler.OriginOf(c.Request.Context()).Method != scheduler.ByEmergency {
		return ""
	}

	return "Nødadgang: Du er inde uden login hos kommunen. Alt, hvad du gør, bliver skrevet i loggen som nødadgang, og systemforvalteren har fået besked. Adgangen slutter af sig selv efter højst en time."
}

// LevelName is the login's level in words.
func (l Login) LevelName() string { return cmp.Or(l.Level.Danish(), "Ikke oplyst") }
