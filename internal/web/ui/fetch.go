package ui

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// fetchPage tells how far the reading of a day's driving lists is.
type fetchPage struct {
	Day   care.Day
	Lists []scheduler.Fetch
	Asked *scheduler.Fetch // the look-up of the lists; nil: nobody asked for the day
}

// Waits reports whether something is still to come.
func (b fetchPage) Waits() bool {
	return b.Asked != nil && b.Asked.State == scheduler.FetchWanted ||
		slices.ContainsFunc(b.Lists, func(f scheduler.Fetch) bool { return f.State == scheduler.FetchWanted })
}

// fetch has the lists of a day read from the record.
func (p *Pages) fetch(c *gin.Context) error {
	day, err := care.ParseDay(c.PostForm("dato"))
	if err == nil {
		err = p.UseCases.AskLists(c.Request.Context(), route.Actor(c), day)
	}

	switch {
	case care.KindOf(err) == care.Invalid:
		return p.showImport(c, http.StatusUnprocessableEntity, care.MessageOf(err))
	case err != nil:
		return err
	}

	return goTo(c, "/import/hent?dato="+url.QueryEscape(string(day)))
}

// fetched shows how far it is.
func (p *Pages) fetched(c *gin.Context) error {
	day, err := care.ParseDay(c.Query("dato"))
	if err != nil {
		return err
	}

	all, err := p.UseCases.Fetches(c.Request.Context(), route.Actor(c), day)
	if err != nil {
		return err
	}

	body := fetchPage{Day: day}

	for i, f := range all {
		if f.List.ID == "" {
			body.Asked = &all[i]
		} else {
			body.Lists = append(body.Lists, f)
		}
	}

	return p.show(c, "hent", "Hent kørelister", body)
}

func fetchState(s scheduler.FetchState) mark {
	switch s {
	case scheduler.FetchWanted:
		return mark{"Hentes", "info", "sync"}
	case scheduler.FetchReady:
		return mark{"Klar", "ok", "success"}
	case scheduler.FetchImported:
		return mark{"Importeret", "ok", "success"}
	case scheduler.FetchFailed:
		return mark{"Kunne ikke hentes", "bad", "error"}
	}

	return mark{string(s), "calm", "help"}
}
