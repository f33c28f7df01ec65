package api

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Citizens is what the routes about citizens and calls to them call.
type Citizens interface {
	MyCitizens(ctx context.Context, actor care.Actor) ([]scheduler.KnownCitizen, error)
	CitizenCard(ctx context.Context, actor care.Actor, id care.CitizenID) (scheduler.CitizenCard, error)
	CallNow(ctx context.Context, actor care.Actor, id care.CitizenID) (scheduler.CallView, error)
	Call(ctx context.Context, actor care.Actor, id care.VisitID) (scheduler.CallView, error)
	EndCall(ctx context.Context, actor care.Actor, id care.VisitID, byPhone bool) error
	GiveNumber(ctx context.Context, actor care.Actor, id care.CitizenID, req scheduler.NumberRequest) error
}

type knownCitizen struct {
	Citizen person `json:"citizen"`
	Units   []unit `json:"units"`
	MayCall bool   `json:"may_call"`
}

// citizens tells whom the caller's units visit.
func (a api) citizens(c *gin.Context) error {
	if err := parameters(c); err != nil {
		return err
	}

	all, err := a.MyCitizens(c.Request.Context(), route.Actor(c))
	if err != nil {
		return err
	}

	return ok(c, items[knownCitizen]{each(all, func(k scheduler.KnownCitizen) knownCitizen {
		return knownCitizen{Citizen: personOf(k.Citizen), Units: each(k.Units, unitOf), MayCall: k.MayCall}
	})})
}

// actions is what the caller can do on a card now.
type actions struct {
	Call     bool         `json:"call"`
	CallWhy  string       `json:"call_why,omitempty"`
	LiveCall care.VisitID `json:"live_call,omitempty"`
	Contacts bool         `json:"contacts"`
	Invite   bool         `json:"invite"`
}

type cardVisit struct {
	Visit     visit    `json:"visit"`
	StartedBy string   `json:"started_by,omitempty"`
	Identity  []string `json:"identity"`
	With      []string `json:"with"`
	End       string   `json:"end,omitempty"`
	Outcome   *outcome `json:"outcome,omitempty"`
}

type card struct {
	Citizen     person           `json:"citizen"`
	Suitability care.Suitability `json:"suitability"`
	Hint        care.Suitability `json:"suitability_hint,omitempty"`
	Judgement   *judgement       `json:"judgement,omitempty"`
	Notes       []citizenNote    `json:"notes"`
	Units       []unit           `json:"units"`
	Contacts    []contact        `json:"contacts"`
	Next        []cardVisit      `json:"next"`
	Past        []cardVisit      `json:"past"`
	Can         actions          `json:"can"`
}

// citizen tells a citizen's card.
func (a api) citizen(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}

	view, err := a.CitizenCard(c.Request.Context(), route.Actor(c), care.CitizenID(id))
	if err != nil {
		return err
	}

	return ok(c, card{
		Citizen: personOf(view.Citizen), Suitability: view.Citizen.Fit(), Hint: view.Citizen.Suitability, Judgement: judgementOf(view.Citizen.Judged), Notes: each(view.Notes, citizenNoteOf), Units: each(view.Units, unitOf),
		Contacts: each(view.Contacts, contactOf), Next: each(view.Next, cardVisitOf), Past: each(view.Past, cardVisitOf),
		Can: actions{
			Call: view.Can.Call, CallWhy: view.Can.CallWhy, LiveCall: view.Can.Live, Contacts: view.Can.Contacts, Invite: view.Can.Invite,
		},
	})
}

func cardVisitOf(v scheduler.CardVisit) cardVisit {
	same := func(s string) string { return s }

	return cardVisit{
		Visit: visitOf(v.VisitView), StartedBy: v.StartedBy, Identity: each(v.Identity, same), With: each(v.With, same), End: v.End,
		Outcome: outcomeOf(v.Visit.Outcome),
	}
}

// call is how far a call is. The host link is not in it: the page gives it to whoever presses.
type call struct {
	Visit         visit               `json:"visit"`
	Stage         scheduler.CallStage `json:"stage"`
	Text          string              `json:"text"`
	WaitedSeconds int                 `json:"waited_seconds"`
	MayGo         bool                `json:"may_go"`
	Open          bool                `json:"open"`
	MayEnd        bool                `json:"may_end"`
}

func callOf(v scheduler.CallView) call {
	return call{
		Visit: visitOf(v.VisitView), Stage: v.Stage, Text: v.Text, WaitedSeconds: seconds(v.Waited), MayGo: v.MayGo, Open: v.Open, MayEnd: v.MayEnd,
	}
}

// callNow calls a citizen at once, or tells of the call that goes on.
func (a api) callNow(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}

	view, err := a.CallNow(c.Request.Context(), route.Actor(c), care.CitizenID(id))
	if err != nil {
		return err
	}

	c.Header("Location", Prefix+"/visits/"+string(view.Visit.ID)+"/call")
	c.JSON(http.StatusAccepted, callOf(view))

	return nil
}

// call tells how far a call is.
func (a api) call(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}

	view, err := a.Call(c.Request.Context(), route.Actor(c), care.VisitID(id))
	if err != nil {
		return err
	}

	return ok(c, callOf(view))
}

type endCallRequest struct {
	ByPhone *bool `json:"by_phone"`
}

// endCall gives a call up, or notes that it was made by telephone.
func (a api) endCall(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}

	var body endCallRequest
	if err := decode(c, &body); err != nil {
		return err
	}

	if body.ByPhone == nil {
		return care.NewError(care.Invalid, "Angiv »by_phone«: true, hvis samtalen blev holdt på telefon, ellers false.")
	}

	if err := a.EndCall(c.Request.Context(), route.Actor(c), care.VisitID(id), *body.ByPhone); err != nil {
		return err
	}

	return done(c)
}

// maxNumber is the longest CPR number as people type it, in characters.
const maxNumber = 14

type numberRequest struct {
	Number string `json:"cpr"`
	Reason string `json:"reason"`
}

// giveNumber takes a CPR number into use for a citizen who stood without one.
func (a api) giveNumber(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}

	var body numberRequest
	if err := decode(c, &body); err != nil {
		return err
	}

	switch {
	case body.Number == "" || len([]rune(body.Number)) > maxNumber:
		return care.NewError(care.Invalid, "Angiv »cpr«: borgerens CPR-nummer med ti cifre.")
	case body.Reason == "" || len([]rune(body.Reason)) > care.MaxBecause:
		return care.NewError(care.Invalid, "Angiv »reason«: hvordan du ved, at nummeret er borgerens, med højst 500 tegn.")
	}

	if err := a.GiveNumber(c.Request.Context(), route.Actor(c), care.CitizenID(id), scheduler.NumberRequest(body)); err != nil {
		return err
	}

	return done(c)
}
