package api

import (
	"context"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Exceptions is what the routes about things that need a person call.
type Exceptions interface {
	Troubles(ctx context.Context, actor care.Actor, day care.Day) ([]scheduler.TroubleView, error)
	Retry(ctx context.Context, actor care.Actor, id care.VisitID, ex care.ExceptionID) error
	Settle(ctx context.Context, actor care.Actor, id care.VisitID, ex care.ExceptionID) error
}

// trouble is an exception with its visit.
type trouble struct {
	exception

	Visit visit `json:"visit"`
}

// exceptions tells what needs a person on a day.
func (a api) exceptions(c *gin.Context) error {
	if err := parameters(c, "day"); err != nil {
		return err
	}

	day, err := dayOf(c, "day")
	if err != nil {
		return err
	}

	list, err := a.Troubles(c.Request.Context(), route.Actor(c), day)
	if err != nil {
		return err
	}

	return ok(c, items[trouble]{each(list, func(t scheduler.TroubleView) trouble {
		return trouble{exception: exceptionOf(t.Exception), Visit: visitOf(t.Visit)}
	})})
}

// retry tries again what the exception is about.
func (a api) retry(c *gin.Context) error { return about(c, a.Retry) }

// settle takes an exception off the list.
func (a api) settle(c *gin.Context) error { return about(c, a.Settle) }

func about(c *gin.Context, do func(context.Context, care.Actor, care.VisitID, care.ExceptionID) error) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}

	exception, err := pathID(c, "exception")
	if err != nil {
		return err
	}

	if err := do(c.Request.Context(), route.Actor(c), care.VisitID(id), care.ExceptionID(exception)); err != nil {
		return err
	}

	return done(c)
}
