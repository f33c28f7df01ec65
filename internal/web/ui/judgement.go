package ui

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Judge is what the pages of suitability and of notes in the record call.
type Judge interface {
	Judge(ctx context.Context, actor care.Actor, id care.CitizenID, req scheduler.JudgementRequest) error
	PreviewJudgement(ctx context.Context, actor care.Actor, id care.CitizenID, req scheduler.JudgementRequest) (scheduler.NotePreview, error)
	Telling() bool
	RetryNote(ctx context.Context, actor care.Actor, citizen care.CitizenID, id care.NoteID) error
	SettleNote(ctx context.Context, actor care.Actor, citizen care.CitizenID, id care.NoteID) error
}

func (p *Pages) judgeRoutes() []route.Route {
	judge, notes := route.Needs(care.JudgeSuitability), route.Needs(care.JudgeSuitability, care.HandleTrouble)

	return []route.Route{
		{Method: http.MethodGet, Path: "/borgere/:id/egnethed", Access: judge, Handle: p.judgement},
		{Method: http.MethodPost, Path: "/borgere/:id/egnethed", Access: judge, Handle: p.judge},
		{Method: http.MethodPost, Path: "/borgere/:id/notater/:notat/proev-igen", Access: notes, Handle: p.retryNote},
		{Method: http.MethodPost, Path: "/borgere/:id/notater/:notat/klaret", Access: notes, Handle: p.settleNote},
	}
}

// judgementPage is the form in which somebody judges a citizen's suitability.
type judgementPage struct {
	Card     scheduler.CitizenCard
	Verdicts []care.Suitability
	Form     scheduler.JudgementRequest
	Today    care.Day
	Telling  bool                   // the record is told
	Preview  *scheduler.NotePreview // what it gets; nil: not asked yet
	Error    string
}

func (p *Pages) judgement(c *gin.Context) error {
	return p.showJudgement(c, http.StatusOK, judgementPage{})
}

func (p *Pages) showJudgement(c *gin.Context, status int, body judgementPage) error {
	card, err := p.UseCases.CitizenCard(c.Request.Context(), route.Actor(c), care.CitizenID(c.Param("id")))
	if err != nil {
		return err
	}

	body.Card, body.Telling, body.Today = card, p.UseCases.Telling(), care.DayOf(p.Now())
	body.Verdicts = []care.Suitability{care.Suitable, care.Unsuitable, care.ToBeJudged}

	return p.showStatus(c, status, "egnethed", "Egnethed til skærmbesøg", body)
}

// judge shows what the record would get, and stores the judgement when that was seen.
func (p *Pages) judge(c *gin.Context) error {
	ctx, actor, citizen := c.Request.Context(), route.Actor(c), care.CitizenID(c.Param("id"))
	body := judgementPage{Form: scheduler.JudgementRequest{
		Verdict: care.Suitability(c.PostForm("vurdering")), Why: c.PostForm("begrundelse"), Again: care.Day(c.PostForm("revurderes")),
	}}

	var err error

	if c.PostForm("trin") == "se" {
		var preview scheduler.NotePreview
		preview, err = p.UseCases.PreviewJudgement(ctx, actor, citizen, body.Form)
		body.Preview = &preview

		if err == nil {
			return p.showJudgement(c, http.StatusOK, body)
		}
	} else {
		err = p.UseCases.Judge(ctx, actor, citizen, body.Form)
	}

	if care.KindOf(err) == care.Invalid {
		body.Error, body.Preview = care.MessageOf(err), nil

		return p.showJudgement(c, http.StatusUnprocessableEntity, body)
	}

	return p.after(c, err, citizenURL(citizen)+"?besked=vurderet")
}

func (p *Pages) retryNote(c *gin.Context) error {
	citizen := care.CitizenID(c.Param("id"))
	err := p.UseCases.RetryNote(c.Request.Context(), route.Actor(c), citizen, care.NoteID(c.Param("notat")))

	return p.after(c, err, citizenURL(citizen)+"?besked=notat-igen#notater")
}

func (p *Pages) settleNote(c *gin.Context) error {
	citizen := care.CitizenID(c.Param("id"))
	err := p.UseCases.SettleNote(c.Request.Context(), route.Actor(c), citizen, care.NoteID(c.Param("notat")))

	return p.after(c, err, citizenURL(citizen)+"?besked=notat-klaret#notater")
}

// noteState is how far a note about a citizen is.
func noteState(n care.CitizenNote) mark {
	switch {
	case n.Doubled() && n.SettledBy == "":
		return mark{"Står dobbelt", "warn", "warning"}
	case n.SettledBy != "" && !n.Doubled():
		return mark{"Skrevet i hånden", "calm", "check"}
	}

	return entryState(n.State)
}
