package api

import (
	"context"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// FollowUps is what the routes about screen visits that did not take place call.
type FollowUps interface {
	FollowUps(ctx context.Context, actor care.Actor) (scheduler.FollowUpList, error)
	FollowUp(ctx context.Context, actor care.Actor, req scheduler.FollowUpRequest) error
}

type followUp struct {
	ID        care.FollowUpID            `json:"id"`
	Visit     care.VisitID               `json:"visit"`
	Stage     care.FollowUpStage         `json:"stage"`
	StageText string                     `json:"stage_text"`
	Unit      unit                       `json:"unit"`
	Employee  care.EmployeeID            `json:"employee"`
	Card      followUpCard               `json:"card"`
	OpenedAt  string                     `json:"opened_at"`
	Due       string                     `json:"due,omitempty"`
	Late      bool                       `json:"late"`
	BackAt    string                     `json:"back_at,omitempty"`
	TakenBy   care.EmployeeID            `json:"taken_by,omitempty"`
	GivenBy   care.EmployeeID            `json:"given_by,omitempty"`
	EndedAt   string                     `json:"ended_at,omitempty"`
	Actions   []scheduler.FollowUpAction `json:"actions"`
	Next      *nextStep                  `json:"next,omitempty"`
	Openings  []opening                  `json:"openings"`
}

// followUpCard is what somebody who takes over has to know, and nothing else (C07).
type followUpCard struct {
	Name    string          `json:"name"`
	Cause   care.ReasonCode `json:"cause"`
	Phone   string          `json:"phone,omitempty"` // absent: none, or the citizen is protected
	Risk    care.Risk       `json:"risk,omitempty"`
	Planned interval        `json:"planned"`
}

type nextStep struct {
	Who   string `json:"who"`
	Phone string `json:"phone,omitempty"`
	At    string `json:"at"`
}

type opening struct {
	Employee care.EmployeeID `json:"employee"`
	ListName string          `json:"list_name"`
	Gap      interval        `json:"gap"`
}

// followUps lists those that are open, and those that ended during the last hours.
func (a api) followUps(c *gin.Context) error {
	if err := parameters(c); err != nil {
		return err
	}

	list, err := a.FollowUps(c.Request.Context(), route.Actor(c))
	if err != nil {
		return err
	}

	of := func(v scheduler.FollowUpView) followUp { return followUpOf(v, list) }

	return ok(c, items[followUp]{append(each(list.Open, of), each(list.Ended, of)...)})
}

func followUpOf(v scheduler.FollowUpView, list scheduler.FollowUpList) followUp {
	out := followUp{
		ID: v.ID, Visit: v.Visit, Stage: v.Stage, StageText: v.Stage.Danish(), Unit: unitOf(v.Unit), Employee: v.Employee,
		Card:     followUpCard{Name: v.Card.Name, Cause: v.Card.Cause, Phone: dialled(v.Card.Phone), Risk: v.Card.Risk, Planned: span(v.Card.Planned)},
		OpenedAt: stamp(v.OpenedAt), Late: v.Late(list.Now), BackAt: stamp(v.BackAt), TakenBy: v.TakenBy, GivenBy: v.GivenBy, EndedAt: stamp(v.EndedAt),
		Actions: append([]scheduler.FollowUpAction{}, v.Actions...),
		Openings: each(v.Openings, func(o scheduler.Opening) opening {
			return opening{Employee: o.Employee, ListName: o.ListName, Gap: span(o.Gap)}
		}),
	}

	if v.Stage.Open() {
		out.Due = stamp(v.Due())
	}

	if v.Next != nil {
		out.Next = &nextStep{Who: v.Next.Who, Phone: v.Next.Phone, At: stamp(v.Next.At)}
	}

	return out
}

// dialled writes a number with its country code apart, so that it is never taken for a CPR number.
func dialled(p care.Phone) string {
	if local, danish := strings.CutPrefix(p.Reveal(), "+45"); danish {
		return "+45 " + local
	}

	return p.Reveal()
}

type followUpRequest struct {
	Action   scheduler.FollowUpAction `json:"action"`
	Employee care.EmployeeID          `json:"employee"`
}

// followUp does one thing about a follow-up.
func (a api) followUp(c *gin.Context) error {
	if err := parameters(c); err != nil {
		return err
	}

	id, err := pathID(c, "id")
	if err != nil {
		return err
	}

	about, err := pathID(c, "followup")
	if err != nil {
		return err
	}

	var body followUpRequest
	if err := decode(c, &body); err != nil {
		return err
	}

	req := scheduler.FollowUpRequest{Visit: care.VisitID(id), FollowUp: care.FollowUpID(about), Action: body.Action, Employee: body.Employee}
	if err := a.FollowUp(c.Request.Context(), route.Actor(c), req); err != nil {
		return err
	}

	return done(c)
}
