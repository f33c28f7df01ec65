package ui

import (
	"context"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Approver is what the page of a conversion that waits for a second employee calls. Errors are
// *care.Error.
type Approver interface {
	Approval(ctx context.Context, actor care.Actor, id care.BatchID) (scheduler.Approval, error)
	Approve(ctx context.Context, actor care.Actor, id care.BatchID) (care.Batch, error)
	RefuseConversion(ctx context.Context, actor care.Actor, id care.BatchID, reason string) error
	WithdrawConversion(ctx context.Context, actor care.Actor, id care.BatchID) error
}

// approveRoutes are what can be done about a conversion that waits.
func (p *Pages) approveRoutes() []route.Route {
	post, access := http.MethodPost, route.Needs(care.Convert)

	return []route.Route{
		{Method: post, Path: "/omlaegninger/:id/godkend", Access: access, Handle: p.approve, Limit: route.Limit{Class: route.Mass}},
		{Method: post, Path: "/omlaegninger/:id/afvis", Access: access, Handle: p.refuseConversion},
		{Method: post, Path: "/omlaegninger/:id/traek-tilbage", Access: access, Handle: p.withdrawConversion},
	}
}

// approvalPage is a conversion that needs another employee's yes.
type approvalPage struct {
	scheduler.Approval

	Reason string
	Error  string
}

// Waiting reports whether somebody can still decide.
func (b approvalPage) Waiting() bool { return b.State == care.BatchWaiting }

// askedOf returns the conversions of others that the reader may be able to approve.
func (p *Pages) askedOf(ctx context.Context, actor care.Actor) ([]care.Batch, error) {
	if !actor.MayAnywhere(care.Convert) {
		return nil, nil
	}

	all, err := p.UseCases.Batches(ctx, actor)
	if err != nil {
		return nil, err
	}

	var out []care.Batch

	for _, b := range all {
		if b.State == care.BatchWaiting && b.Batch.By != actor.Employee {
			out = append(out, b.Batch)
		}
	}

	return out, nil
}

func (p *Pages) showApproval(c *gin.Context, status int, problem string) error {
	approval, err := p.UseCases.Approval(c.Request.Context(), route.Actor(c), care.BatchID(c.Param("id")))
	if err != nil {
		return err
	}

	return p.showStatus(c, status, "godkendelse", "Omlægning", approvalPage{Approval: approval, Reason: short(c.PostForm("begrundelse")), Error: problem})
}

// approve lets a conversion begin.
func (p *Pages) approve(c *gin.Context) error {
	_, err := p.UseCases.Approve(c.Request.Context(), route.Actor(c), care.BatchID(c.Param("id")))

	return p.decided(c, err, "godkendt")
}

// refuseConversion ends a conversion that waits, and tells why.
func (p *Pages) refuseConversion(c *gin.Context) error {
	err := p.UseCases.RefuseConversion(c.Request.Context(), route.Actor(c), care.BatchID(c.Param("id")), c.PostForm("begrundelse"))

	return p.decided(c, err, "ikke-godkendt")
}

// withdrawConversion ends a conversion that waits, by who asked for it.
func (p *Pages) withdrawConversion(c *gin.Context) error {
	err := p.UseCases.WithdrawConversion(c.Request.Context(), route.Actor(c), care.BatchID(c.Param("id")))

	return p.decided(c, err, "tilbage")
}

// decided leads to the conversion, with what the reader can do something about.
func (p *Pages) decided(c *gin.Context, err error, key string) error {
	if kind := care.KindOf(err); kind == care.Invalid {
		return p.showApproval(c, http.StatusUnprocessableEntity, care.MessageOf(err))
	}

	return p.after(c, err, "/omlaegninger/"+url.PathEscape(c.Param("id"))+"?besked="+key)
}
