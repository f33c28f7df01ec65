package ui

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Identity is what the pages about who somebody is call.
type Identity interface {
	AtTheDoor(ctx context.Context, actor care.Actor, id care.VisitID, admission care.AdmissionID) (scheduler.AtTheDoor, error)
	Vouch(ctx context.Context, actor care.Actor, id care.VisitID, admission care.AdmissionID, way care.StaffWay) error
	Codewords(ctx context.Context, actor care.Actor, id care.VisitID) (scheduler.CodewordsView, error)
	TickCodeword(ctx context.Context, actor care.Actor, id care.VisitID, admission care.AdmissionID, answered bool) error
	MakeCodewords(ctx context.Context, actor care.Actor, citizen care.CitizenID, unit care.UnitID) error
	CodewordCard(ctx context.Context, actor care.Actor, citizen care.CitizenID, unit care.UnitID) (scheduler.CodewordCard, error)
	CitizenIdentity(ctx context.Context, actor care.Actor, id care.CitizenID) (care.IdentitySetting, error)
	SetIdentity(ctx context.Context, actor care.Actor, id care.CitizenID, req scheduler.IdentityRequest) error
	StopAccess(ctx context.Context, actor care.Actor, id care.CitizenID, req scheduler.StopRequest) error
	SendNewLinks(ctx context.Context, actor care.Actor, id care.CitizenID) error
	SendCodes(ctx context.Context, actor care.Actor, id care.CitizenID) error
	SetRisk(ctx context.Context, actor care.Actor, id care.CitizenID, risk care.Risk) error
	GiveNumber(ctx context.Context, actor care.Actor, id care.CitizenID, req scheduler.NumberRequest) error
	RevealContact(ctx context.Context, actor care.Actor, id care.CitizenID, reason string) (care.Citizen, error)
}

// identityRoutes are the routes of these pages.
func (p *Pages) identityRoutes() []route.Route {
	get, post := http.MethodGet, http.MethodPost

	return []route.Route{
		{Method: get, Path: "/min-dag/:id/identitet/:adm", Access: route.Needs(care.HostVisits), Handle: p.atTheDoor},
		{Method: post, Path: "/min-dag/:id/identitet/:adm", Access: route.Needs(care.HostVisits), Handle: p.vouch},
		{Method: get, Path: "/min-dag/:id/kodeord", Access: route.Needs(care.HostVisits), Handle: p.codewords},
		{Method: post, Path: "/min-dag/:id/kodeord/:adm", Access: route.Needs(care.HostVisits), Handle: p.tickCodeword},

		{Method: get, Path: "/borgere/:id/adgang", Access: route.Needs(care.HostVisits, care.SeeDay, care.StopAccess), Handle: p.citizenAccess},
		{Method: post, Path: "/borgere/:id/adgang", Access: route.Needs(care.SetIdentity), Handle: p.setIdentity},
		{Method: post, Path: "/borgere/:id/cpr", Access: route.Needs(care.SetIdentity), Handle: p.giveNumber},
		{Method: post, Path: "/borgere/:id/risiko", Access: route.Needs(care.SetIdentity), Handle: p.setRisk},
		{Method: post, Path: "/borgere/:id/nummer", Access: route.Needs(care.HostVisits, care.SeeDay), Handle: p.revealContact},
		{Method: post, Path: "/borgere/:id/stop", Access: route.Needs(care.StopAccess), Handle: p.stopAccess},
		{Method: post, Path: "/borgere/:id/nye-links", Access: route.Needs(care.SetIdentity), Handle: p.sendNewLinks},
		{Method: post, Path: "/borgere/:id/koder", Access: route.Needs(care.SetIdentity), Handle: p.sendCodes},
		{Method: post, Path: "/borgere/:id/kodeord/:enhed", Access: route.Needs(care.SetIdentity), Handle: p.makeCodewords},
		{Method: get, Path: "/borgere/:id/kodeord/:enhed", Access: route.Needs(care.SetIdentity), Handle: p.codewordCard},
	}
}

// doorPage is somebody who waits, and how the caregiver can say who it is.
type doorPage struct {
	scheduler.AtTheDoor

	Guest waitingGuest
	Ways  []way
	Error string
}

// way is one answer to how somebody is known.
type way struct {
	Value  string
	Text   string
	Chosen bool
}

// newWays makes answers of what the rule allows; chosen is the value that was picked before.
func newWays(ways []care.StaffWay, chosen string) []way {
	out := make([]way, len(ways))

	for i, w := range ways {
		out[i] = way{Value: string(w.Method) + "/" + string(w.Check), Text: w.Method.Danish() + ": " + strings.ToLower(w.Check.Danish()[:1]) + w.Check.Danish()[1:]}
		out[i].Chosen = out[i].Value == chosen
	}

	return out
}

// wayOf reads an answer; the zero value when there is none.
func wayOf(value string) care.StaffWay {
	method, check, _ := strings.Cut(value, "/")

	return care.StaffWay{Method: care.IdentityMethod(method), Check: care.IdentityCheck(check)}
}

// atTheDoor asks the caregiver who it is that waits.
func (p *Pages) atTheDoor(c *gin.Context) error { return p.showDoor(c, http.StatusOK, "") }

func (p *Pages) showDoor(c *gin.Context, status int, problem string) error {
	door, err := p.UseCases.AtTheDoor(c.Request.Context(), route.Actor(c), care.VisitID(c.Param("id")), care.AdmissionID(c.Param("adm")))
	if err != nil {
		return err
	}

	body := doorPage{AtTheDoor: door, Guest: newWaitingGuest(door.VisitView, door.Admission), Ways: newWays(door.Rule.StaffWays(), c.PostForm("kendt")), Error: problem}

	return p.showStatus(c, status, "identitet", "Hvem er det", body)
}

// vouch records how the caregiver knows who waits.
func (p *Pages) vouch(c *gin.Context) error {
	id := care.VisitID(c.Param("id"))

	err := p.UseCases.Vouch(c.Request.Context(), route.Actor(c), id, care.AdmissionID(c.Param("adm")), wayOf(c.PostForm("kendt")))
	if care.KindOf(err) == care.Invalid {
		return p.showDoor(c, http.StatusUnprocessableEntity, care.MessageOf(err))
	}

	return p.after(c, err, "/min-dag/"+url.PathEscape(string(id))+"?besked=identificeret")
}
