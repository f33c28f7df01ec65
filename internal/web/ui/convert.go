package ui

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/page"
	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// progressEvery is how often a watched batch is looked at.
const progressEvery = time.Second

// planPage is the dry run.
type planPage struct {
	Plan   scheduler.Plan
	IDs    []care.VisitID
	Reds   int
	Go     int // visits that will be converted
	Day    care.Day
	Reason string
	Error  string
}

// dryRun shows what a conversion would do. It is a post because of the number of ids; it
// changes nothing.
func (p *Pages) dryRun(c *gin.Context) error { return p.showPlan(c, http.StatusOK, "", "") }

func (p *Pages) showPlan(c *gin.Context, status int, reason, problem string) error {
	ids := visitIDs(c)
	if len(ids) == 0 {
		return care.NewError(care.Invalid, "Sæt kryds ved mindst ét besøg, før du omlægger.")
	}

	plan, err := p.UseCases.DryRun(c.Request.Context(), route.Actor(c), ids)
	if err != nil {
		return err
	}

	slices.SortStableFunc(plan.Items, func(a, b scheduler.PlanItem) int {
		return a.View.Visit.Facts.Planned.Start.Compare(b.View.Visit.Facts.Planned.Start)
	})

	body := planPage{Plan: plan, IDs: ids, Day: p.today(), Reason: reason, Error: problem}

	for _, item := range plan.Items {
		body.Day = care.DayOf(item.View.Visit.Facts.Planned.Start)

		if !item.Convert {
			continue
		}

		body.Go++

		if item.View.Assessment.Level == care.Red {
			body.Reds++
		}
	}

	return p.showStatus(c, status, "plan", "Det sker der", body)
}

// convert starts the conversion.
func (p *Pages) convert(c *gin.Context) error {
	req := scheduler.ConvertRequest{Visits: visitIDs(c), RedReason: short(c.PostForm("begrundelse"))}

	batch, err := p.UseCases.Convert(c.Request.Context(), route.Actor(c), req)
	if care.KindOf(err) == care.Invalid {
		return p.showPlan(c, http.StatusUnprocessableEntity, req.RedReason, care.MessageOf(err))
	}

	if err != nil {
		return err
	}

	return goTo(c, "/omlaegninger/"+url.PathEscape(string(batch.ID)))
}

func visitIDs(c *gin.Context) []care.VisitID {
	var ids []care.VisitID
	for _, id := range c.PostFormArray("id") {
		ids = append(ids, care.VisitID(id))
	}

	return ids
}

// batches lists the newest conversions.
func (p *Pages) batches(c *gin.Context) error {
	list, err := p.UseCases.Batches(c.Request.Context(), route.Actor(c))
	if err != nil {
		return err
	}

	return p.show(c, "omlaegninger", "Omlægninger", list)
}

// batchPage is one conversion.
type batchPage struct {
	scheduler.Progress

	MayUndo bool
	Outages []scheduler.Outage // what holds it up; while something still moves
}

// Waits tells why nothing moves; empty in good times.
func (b batchPage) Waits() string {
	words := make([]string, 0, len(b.Outages))
	for _, o := range b.Outages {
		words = append(words, o.Text)
	}

	return strings.Join(words, " ")
}

// Unbooked reports whether the conversion waits for another employee's yes, or did not get it.
func (b batchPage) Unbooked() bool {
	return slices.Contains([]care.BatchState{care.BatchWaiting, care.BatchRefused, care.BatchWithdrawn, care.BatchExpired}, b.State)
}

// Percent is how far it is, 0 to 100.
func (b batchPage) Percent() int { return percentDone(b.Progress) }

// Live reports whether anything still moves.
func (b batchPage) Live() bool {
	return b.State == care.BatchRunning || b.State == care.BatchUndoing
}

func percentDone(p scheduler.Progress) int {
	if p.Total == 0 {
		return 0
	}

	return min(100, 100*p.Done/p.Total)
}

// batch shows a conversion; without JavaScript it loads itself again while it runs.
func (p *Pages) batch(c *gin.Context) error {
	body, err := p.loadBatch(c)
	if err != nil {
		return err
	}

	if body.Unbooked() {
		return p.showApproval(c, http.StatusOK, "")
	}

	f := p.frame(c, "Omlægning", body)
	if body.Live() {
		f.Refresh = 3
	}

	return p.set.Show(c, http.StatusOK, "omlaegning", f)
}

func (p *Pages) loadBatch(c *gin.Context) (batchPage, error) {
	return p.readBatch(c.Request.Context(), route.Actor(c), care.BatchID(c.Param("id")))
}

func (p *Pages) readBatch(ctx context.Context, actor care.Actor, id care.BatchID) (batchPage, error) {
	progress, err := p.UseCases.Progress(ctx, actor, id)
	if err != nil {
		return batchPage{}, err
	}

	b := batchPage{Progress: progress, MayUndo: progress.Batch.UndoneAt.IsZero() && actor.MayAnywhere(care.Undo)}
	b.MayUndo = b.MayUndo && !b.Unbooked()

	if b.Live() && actor.MayAnywhere(care.HandleTrouble) {
		b.Outages, err = p.UseCases.Outages(ctx, actor)
	}

	return b, err
}

// progressEvent is what the page's script puts in place.
type progressEvent struct {
	Percent  int    `json:"percent"`
	Booked   int    `json:"booked"`
	Invited  int    `json:"invited"`
	Recorded int    `json:"recorded"`
	Troubled int    `json:"troubled"`
	Reverted int    `json:"reverted"`
	Left     string `json:"left"`
	Waits    string `json:"waits"`
	State    string `json:"state"`
	Live     bool   `json:"live"`
}

// batchEvents tells how far a conversion is until nothing moves any more.
func (p *Pages) batchEvents(c *gin.Context) error {
	actor, id := route.Actor(c), care.BatchID(c.Param("id"))

	return route.Stream(c, progressEvery, p.Stop, func(ctx context.Context) (route.Event, bool, error) {
		b, err := p.readBatch(ctx, actor, id)
		if err != nil {
			return route.Event{}, false, err
		}

		counts := b.Counts

		return route.Event{Name: "progress", Data: progressEvent{
			Percent: b.Percent(), Booked: counts.Booked, Invited: counts.Invited, Recorded: counts.Recorded,
			Troubled: counts.Troubled, Reverted: counts.Reverted, Left: b.Remaining(), Waits: b.Waits(), State: batchState(b.State).Text, Live: b.Live(),
		}}, !b.Live(), nil
	})
}

func left(p scheduler.Progress) string {
	if p.Left <= 0 {
		return ""
	}

	return "Cirka " + page.Lasts(p.Left) + " tilbage"
}

// Remaining is the estimate in words; empty when there is none.
func (b batchPage) Remaining() string { return left(b.Progress) }

// askUndo shows what undoing means before it is done.
func (p *Pages) askUndo(c *gin.Context) error {
	body, err := p.loadBatch(c)
	if err != nil {
		return err
	}

	return p.show(c, "fortryd", "Fortryd omlægning", body)
}

// undo starts to take a conversion back.
func (p *Pages) undo(c *gin.Context) error {
	id := care.BatchID(c.Param("id"))
	if err := p.UseCases.Undo(c.Request.Context(), route.Actor(c), id); err != nil {
		return err
	}

	return goTo(c, "/omlaegninger/"+url.PathEscape(string(id))+"?besked=fortrudt")
}
