package ui

import (
	"context"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/calls"
	"github.com/sluse/sluse/scheduler/care"
)

// Calls is what the pages of other vendors' call lists call.
type Calls interface {
	CallSources(actor care.Actor) []scheduler.CallSource
	PreviewCalls(ctx context.Context, actor care.Actor, source string, file ehr.File) (scheduler.CallPreview, error)
	PreviewCallUpload(ctx context.Context, actor care.Actor, upload string) (scheduler.CallPreview, error)
	ImportCalls(ctx context.Context, actor care.Actor, upload string) (scheduler.CallImport, error)
	CallImports(ctx context.Context, actor care.Actor) ([]scheduler.CallImportView, error)
	UndoCalls(ctx context.Context, actor care.Actor, id string) error
}

// callsPath is where call lists of other vendors are imported.
const callsPath = "/statistik/opkald"

// callRoutes are the pages of other vendors' call lists.
func (p *Pages) callRoutes() []route.Route {
	get, post := http.MethodGet, http.MethodPost
	needs := route.Needs(care.ImportLists)

	return []route.Route{
		{Method: get, Path: callsPath, Access: needs, Handle: p.callLists},
		{Method: post, Path: callsPath, Access: needs, Handle: p.uploadCalls, Body: maxUpload, Limit: route.Limit{Class: route.Mass}},
		{Method: get, Path: callsPath + "/:id", Access: needs, Handle: p.callPreview},
		{Method: post, Path: callsPath + "/:id", Access: needs, Handle: p.importCalls},
		{Method: post, Path: callsPath + "/:id/fortryd", Access: needs, Handle: p.undoCalls},
	}
}

// callListsPage is the upload form with what was imported.
type callListsPage struct {
	Sources []scheduler.CallSource
	Imports []scheduler.CallImportView
	Done    *scheduler.CallImportView // just imported
	Chosen  string
	Error   string
}

func (p *Pages) callLists(c *gin.Context) error { return p.showCallLists(c, http.StatusOK, "") }

func (p *Pages) showCallLists(c *gin.Context, status int, problem string) error {
	actor := route.Actor(c)

	imports, err := p.UseCases.CallImports(c.Request.Context(), actor)
	if err != nil {
		return err
	}

	body := callListsPage{Sources: p.UseCases.CallSources(actor), Imports: imports, Chosen: c.PostForm("kilde"), Error: problem}

	for i, in := range imports {
		if in.ID == c.Query("import") && in.UndoneAt.IsZero() {
			body.Done = &imports[i]
		}
	}

	return p.showStatus(c, status, "opkaldslister", "Opkald fra andre systemer", body)
}

// uploadCalls takes a file and leads to its preview. Nothing is imported yet.
func (p *Pages) uploadCalls(c *gin.Context) error {
	file, err := readUpload(c)
	if err == nil {
		var preview scheduler.CallPreview
		if preview, err = p.UseCases.PreviewCalls(c.Request.Context(), route.Actor(c), c.PostForm("kilde"), file); err == nil {
			return goTo(c, callsPath+"/"+url.PathEscape(preview.Upload))
		}
	}

	if care.KindOf(err) == care.Invalid {
		return p.showCallLists(c, http.StatusUnprocessableEntity, care.MessageOf(err))
	}

	return err
}

// maxProblems are shown of each sort.
const maxProblems = 100

// callPreviewPage tells what an import of calls would do.
type callPreviewPage struct {
	scheduler.CallPreview

	Faults   []calls.Problem // rows that are not taken; at most 100
	Warnings []calls.Problem
	Whole    []calls.Problem // of the file
	More     int             // faults that are not shown
	Error    string
}

func (p *Pages) callPreview(c *gin.Context) error { return p.showCallPreview(c, http.StatusOK, "") }

func (p *Pages) showCallPreview(c *gin.Context, status int, problem string) error {
	preview, err := p.UseCases.PreviewCallUpload(c.Request.Context(), route.Actor(c), c.Param("id"))
	if err != nil {
		return err
	}

	body := callPreviewPage{CallPreview: preview, Error: problem}

	for _, x := range preview.File.Problems {
		switch {
		case x.Line == 0 && x.Fault:
			body.Whole = append(body.Whole, x)
		case !x.Fault:
			body.Warnings = append(body.Warnings, x)
		case len(body.Faults) < maxProblems:
			body.Faults = append(body.Faults, x)
		default:
			body.More++
		}
	}

	return p.showStatus(c, status, "opkaldsliste", "Opkald: det sker der", body)
}

func (p *Pages) importCalls(c *gin.Context) error {
	done, err := p.UseCases.ImportCalls(c.Request.Context(), route.Actor(c), c.Param("id"))
	if care.KindOf(err) == care.Invalid {
		return p.showCallPreview(c, http.StatusUnprocessableEntity, care.MessageOf(err))
	}

	if err != nil {
		return err
	}

	return goTo(c, callsPath+"?import="+url.QueryEscape(done.ID))
}

func (p *Pages) undoCalls(c *gin.Context) error {
	err := p.UseCases.UndoCalls(c.Request.Context(), route.Actor(c), c.Param("id"))
	if care.KindOf(err) == care.Conflict {
		return p.showCallLists(c, http.StatusConflict, care.MessageOf(err))
	}

	return p.after(c, err, callsPath+"?besked=opkald-fortrudt")
}
