package api

import (
	"context"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Caregiver is what the caregiver's routes call. The host link is not among it: it opens a room,
// so the page gives it as a redirect to a person who presses a button.
type Caregiver interface {
	MyDay(ctx context.Context, actor care.Actor, day care.Day) (scheduler.DayView, error)
	Lobby(ctx context.Context, actor care.Actor, id care.VisitID) (scheduler.VisitView, error)
	Admit(ctx context.Context, actor care.Actor, id care.VisitID, admission care.AdmissionID, recognised bool) error
	Refuse(ctx context.Context, actor care.Actor, id care.VisitID, admission care.AdmissionID) error
	Vouch(ctx context.Context, actor care.Actor, id care.VisitID, admission care.AdmissionID, way care.StaffWay) error
	Conclude(ctx context.Context, actor care.Actor, id care.VisitID, req scheduler.ConcludeRequest) error
}

type admission struct {
	ID           care.AdmissionID    `json:"id"`
	Participant  care.ParticipantID  `json:"participant,omitempty"`
	State        care.AdmissionState `json:"state"`
	Method       care.IdentityMethod `json:"method,omitempty"`
	MethodText   string              `json:"method_text,omitempty"`
	Provider     string              `json:"provider,omitempty"`
	Level        string              `json:"level,omitempty"`
	Check        care.IdentityCheck  `json:"check,omitempty"`
	IdentifiedBy care.EmployeeID     `json:"identified_by,omitempty"`
	Outage       bool                `json:"outage,omitempty"`
	AskedHelpAt  string              `json:"asked_help_at,omitempty"`
	CameAt       string              `json:"came_at"`
	IdentifiedAt string              `json:"identified_at,omitempty"`
	Recognised   bool                `json:"recognised"`
	DecidedBy    care.EmployeeID     `json:"decided_by,omitempty"`
	DecidedAt    string              `json:"decided_at,omitempty"`
}

// verdict is what the platform's evidence says so far.
type verdict struct {
	Decided bool     `json:"decided"`
	Why     []string `json:"why"`
	Outcome *outcome `json:"outcome,omitempty"`
}

type lobby struct {
	Visit      visit       `json:"visit"`
	Admissions []admission `json:"admissions"`
	People     []attendee  `json:"people"`
	Address    string      `json:"address,omitempty"`
	Verdict    verdict     `json:"verdict"`
}

// myDay tells the caller's own visits of a day.
func (a api) myDay(c *gin.Context) error {
	if err := parameters(c, "day"); err != nil {
		return err
	}

	day, err := dayOf(c, "day")
	if err != nil {
		return err
	}

	view, err := a.MyDay(c.Request.Context(), route.Actor(c), day)
	if err != nil {
		return err
	}

	return ok(c, dayViewOf(view))
}

// lobby tells who waits, how they were identified, and what the platform has seen.
func (a api) lobby(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}

	view, err := a.Lobby(c.Request.Context(), route.Actor(c), care.VisitID(id))
	if err != nil {
		return err
	}

	return ok(c, lobby{
		Visit: visitOf(view), Admissions: each(view.Visit.Admissions, admissionOf),
		People: each(view.People, attendeeOf), Address: view.Address,
		Verdict: verdictOf(view.Verdict),
	})
}

func verdictOf(v care.Verdict) verdict {
	return verdict{Decided: v.Decided, Why: append([]string{}, v.Why...), Outcome: outcomeOf(v.Outcome)}
}

func admissionOf(a care.Admission) admission {
	out := admission{
		ID: a.ID, Participant: a.Participant, State: a.State, Method: a.Method, CameAt: stamp(a.CameAt), IdentifiedAt: stamp(a.IdentifiedAt),
		Recognised: a.Recognised, DecidedBy: a.DecidedBy, DecidedAt: stamp(a.DecidedAt),
	}

	out.MethodText = a.Identity()
	out.Provider, out.Check, out.IdentifiedBy, out.Outage, out.AskedHelpAt = a.Provider, a.Check, a.IdentifiedBy, a.Outage, stamp(a.AskedHelp)
	out.Level = assuranceWord(a.Level)

	return out
}

// assuranceWord is the word of a level of assurance; empty when none is known.
func assuranceWord(a care.Assurance) string {
	switch a {
	case care.NoAssurance:
	case care.LowAssurance:
		return "low"
	case care.Substantial:
		return "substantial"
	case care.HighAssurance:
		return "high"
	}

	return ""
}

type admitRequest struct {
	Recognised bool `json:"recognised"`
}

// admit lets a waiting citizen in.
func (a api) admit(c *gin.Context) error {
	id, waiting, err := visitAndAdmission(c)
	if err != nil {
		return err
	}

	var body admitRequest
	if err := decode(c, &body); err != nil {
		return err
	}

	if !body.Recognised {
		return care.NewError(care.Invalid, "Luk kun en borger ind, som er genkendt: »recognised« skal være true.")
	}

	if err := a.Admit(c.Request.Context(), route.Actor(c), id, waiting, body.Recognised); err != nil {
		return err
	}

	return done(c)
}

// refuse turns a waiting person away.
func (a api) refuse(c *gin.Context) error {
	id, waiting, err := visitAndAdmission(c)
	if err != nil {
		return err
	}

	if err := a.Refuse(c.Request.Context(), route.Actor(c), id, waiting); err != nil {
		return err
	}

	return done(c)
}

func visitAndAdmission(c *gin.Context) (care.VisitID, care.AdmissionID, error) {
	id, err := pathID(c, "id")
	if err != nil {
		return "", "", err
	}

	waiting, err := pathID(c, "admission")

	return care.VisitID(id), care.AdmissionID(waiting), err
}

type concludeRequest struct {
	Kind     string `json:"kind"`
	Delivery string `json:"delivery"`
	Reason   string `json:"reason"`
	Physical bool   `json:"physical"`
	Known    string `json:"known"`
}

// conclude ends a visit by the caller's word.
func (a api) conclude(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}

	var body concludeRequest
	if err := decode(c, &body); err != nil {
		return err
	}

	req, err := body.request()
	if err != nil {
		return err
	}

	if err := a.Conclude(c.Request.Context(), route.Actor(c), care.VisitID(id), req); err != nil {
		return err
	}

	return done(c)
}

// request checks that the fields fit together: what is without meaning is refused, not ignored.
func (r concludeRequest) request() (scheduler.ConcludeRequest, error) {
	none := scheduler.ConcludeRequest{}

	if r.Physical {
		if r.Kind != "" || r.Delivery != "" || r.Reason != "" || r.Known != "" {
			return none, care.NewError(care.Invalid, "Med »physical« må »kind«, »delivery«, »reason« og »known« ikke angives.")
		}

		return scheduler.ConcludeRequest{Physical: true}, nil
	}

	kind, err := word("kind", r.Kind, []care.ResultKind{care.ResultCompleted, care.ResultNotCompleted})
	if err != nil {
		return none, err
	}

	switch kind {
	case care.ResultCompleted:
		return r.completed()
	case care.ResultNotCompleted:
		return r.notCompleted()
	}

	return none, care.NewError(care.Invalid, "Angiv »kind«, eller »physical«: true.")
}

func (r concludeRequest) completed() (scheduler.ConcludeRequest, error) {
	delivery, err := word("delivery", r.Delivery, []care.Delivery{care.Screen, care.ByPhone})

	switch {
	case err != nil:
		return scheduler.ConcludeRequest{}, err
	case r.Reason != "":
		return scheduler.ConcludeRequest{}, care.NewError(care.Invalid, "»reason« hører til et besøg, der ikke blev gennemført.")
	case delivery == "":
		delivery = care.Screen
	}

	known, err := wayOf(r.Known)

	return scheduler.ConcludeRequest{Kind: care.ResultCompleted, Delivery: delivery, Known: known}, err
}

// wayOf reads how an employee knows somebody, "known_to_staff/called"; empty: not told.
func wayOf(text string) (care.StaffWay, error) {
	if text == "" {
		return care.StaffWay{}, nil
	}

	for _, way := range (care.IdentityRule{Methods: care.IdentityMethods()}).StaffWays() {
		if string(way.Method)+"/"+string(way.Check) == text {
			return way, nil
		}
	}

	return care.StaffWay{}, care.NewError(care.Invalid, "»known« er ikke en måde, som en medarbejder kan kende nogen på.")
}

type vouchRequest struct {
	Known string `json:"known"`
}

// vouch records that the caller knows who waits, and how.
func (a api) vouch(c *gin.Context) error {
	id, waiting, err := visitAndAdmission(c)
	if err != nil {
		return err
	}

	var body vouchRequest
	if err := decode(c, &body); err != nil {
		return err
	}

	if body.Known == "" {
		return care.NewError(care.Invalid, "Angiv som »known«, hvordan du kender personen.")
	}

	way, err := wayOf(body.Known)
	if err != nil {
		return err
	}

	if err := a.Vouch(c.Request.Context(), route.Actor(c), id, waiting, way); err != nil {
		return err
	}

	return done(c)
}

func (r concludeRequest) notCompleted() (scheduler.ConcludeRequest, error) {
	if r.Known != "" {
		return scheduler.ConcludeRequest{}, care.NewError(care.Invalid, "»known« hører til et besøg, der blev gennemført.")
	}

	if r.Delivery != "" {
		return scheduler.ConcludeRequest{}, care.NewError(care.Invalid, "»delivery« hører til et besøg, der blev gennemført.")
	}

	reason, err := reasonOf(r.Reason)
	if err != nil {
		return scheduler.ConcludeRequest{}, err
	}

	return scheduler.ConcludeRequest{Kind: care.ResultNotCompleted, Delivery: care.Screen, Reason: reason}, nil
}
