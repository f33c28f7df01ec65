package api

import (
	_ "embed"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler/care"
)

// Prefix is where version 1 of the API begins.
const Prefix = "/api/v1"

// Limits of request bodies in bytes.
const (
	maxFile      = 20 << 20         // a driving list: a week of a large municipality is about 2 MB
	maxUpload    = maxFile + 64<<10 // with the other parts and the boundaries
	maxSelection = 256 << 10        // 2,000 visit ids of 36 characters
	maxBody      = 16 << 10         // every other body
)

// UseCases are all that the API calls; *scheduler.Service satisfies it. Errors are *care.Error.
type UseCases interface {
	Lists
	Visits
	Conversions
	Exceptions
	FollowUps
	Reconciler
	Caregiver
	Leader
	Calls
	Evidence
	Systems
	Citizens
	Judge
	Participants
	Deleter
}

// Document is the OpenAPI description of the API, YAML.
//
//go:embed openapi.yaml
var document []byte

// api answers with what the use cases say.
type api struct{ UseCases }

// New returns the routes of the API and what each demands. The use case decides for the unit at
// hand.
func New(useCases UseCases) []route.Route {
	a := api{useCases}
	get, post := http.MethodGet, http.MethodPost
	mass := route.Limit{Class: route.Mass}

	return append([]route.Route{
		{Method: get, Path: Prefix + "/openapi.yaml", Access: route.Public(), Handle: description},

		{Method: post, Path: Prefix + "/driving-lists", Access: route.Needs(care.ImportLists), Handle: takes(multipartForm, a.upload), Body: maxUpload, Limit: mass},
		{Method: get, Path: Prefix + "/driving-lists", Access: route.Needs(care.ImportLists), Handle: a.recentLists},

		{Method: post, Path: Prefix + "/call-lists", Access: route.Needs(care.ImportLists), Handle: takes(multipartForm, a.uploadCalls), Body: maxUpload, Limit: mass},
		{Method: get, Path: Prefix + "/call-lists", Access: route.Needs(care.ImportLists), Handle: a.callImports},
		{Method: post, Path: Prefix + "/call-lists/:id/undo", Access: route.Needs(care.ImportLists), Handle: empty(a.undoCalls), Body: maxBody},

		{Method: get, Path: Prefix + "/visits", Access: route.Needs(care.SeeDay), Handle: a.day},
		{Method: get, Path: Prefix + "/visits/:id", Access: route.Needs(care.SeeDay, care.HostVisits), Handle: a.visit},
		{Method: post, Path: Prefix + "/visits/:id/move", Access: route.Needs(care.Convert), Handle: takes(jsonBody, a.move), Body: maxBody},
		{Method: post, Path: Prefix + "/visits/:id/cancel", Access: route.Needs(care.Convert), Handle: takes(jsonBody, a.cancel), Body: maxBody},
		{Method: post, Path: Prefix + "/visits/:id/physical", Access: route.Needs(care.Convert), Handle: empty(a.physical), Body: maxBody},
		{Method: post, Path: Prefix + "/visits/:id/phone", Access: route.Needs(care.Convert), Handle: empty(a.callInstead), Body: maxBody},

		{Method: post, Path: Prefix + "/conversions", Access: route.Needs(care.Convert), Handle: takes(jsonBody, a.convert), Body: maxSelection, Limit: mass},
		{Method: get, Path: Prefix + "/conversions", Access: route.Needs(care.Convert), Handle: a.recentConversions},
		{Method: get, Path: Prefix + "/conversions/:id", Access: route.Needs(care.Convert), Handle: a.conversion},
		{Method: post, Path: Prefix + "/conversions/:id/undo", Access: route.Needs(care.Undo), Handle: empty(a.undo), Body: maxBody},

		{Method: post, Path: Prefix + "/conversions/:id/approve", Access: route.Needs(care.Convert), Handle: empty(a.approve), Body: maxBody, Limit: mass},
		{Method: post, Path: Prefix + "/conversions/:id/refuse", Access: route.Needs(care.Convert), Handle: takes(jsonBody, a.refuseConversion), Body: maxBody},
		{Method: post, Path: Prefix + "/conversions/:id/withdraw", Access: route.Needs(care.Convert), Handle: empty(a.withdrawConversion), Body: maxBody},

		{Method: get, Path: Prefix + "/exceptions", Access: route.Needs(care.HandleTrouble), Handle: a.exceptions},
		{Method: post, Path: Prefix + "/visits/:id/exceptions/:exception/retry", Access: route.Needs(care.HandleTrouble), Handle: empty(a.retry), Body: maxBody},
		{Method: post, Path: Prefix + "/visits/:id/exceptions/:exception/settle", Access: route.Needs(care.HandleTrouble), Handle: empty(a.settle), Body: maxBody},

		{Method: get, Path: Prefix + "/follow-ups", Access: route.Needs(care.HandleTrouble, care.HostVisits), Handle: a.followUps},
		{Method: post, Path: Prefix + "/visits/:id/follow-ups/:followup", Access: route.Needs(care.HandleTrouble, care.HostVisits), Handle: takes(jsonBody, a.followUp), Body: maxBody},

		{Method: get, Path: Prefix + "/my-day", Access: route.Needs(care.HostVisits), Handle: a.myDay},
		{Method: get, Path: Prefix + "/visits/:id/lobby", Access: route.Needs(care.HostVisits), Handle: a.lobby},
		{Method: post, Path: Prefix + "/visits/:id/admissions/:admission/admit", Access: route.Needs(care.HostVisits), Handle: takes(jsonBody, a.admit), Body: maxBody},
		{Method: post, Path: Prefix + "/visits/:id/admissions/:admission/vouch", Access: route.Needs(care.HostVisits), Handle: takes(jsonBody, a.vouch), Body: maxBody},
		{Method: post, Path: Prefix + "/visits/:id/admissions/:admission/refuse", Access: route.Needs(care.HostVisits), Handle: empty(a.refuse), Body: maxBody},
		{Method: post, Path: Prefix + "/visits/:id/conclude", Access: route.Needs(care.HostVisits, care.HandleTrouble), Handle: takes(jsonBody, a.conclude), Body: maxBody},

		{Method: get, Path: Prefix + "/visits/:id/evidence", Access: route.Needs(care.HostVisits, care.HandleTrouble, care.SeeStatistics), Handle: a.evidence},
		{Method: post, Path: Prefix + "/visits/:id/correct", Access: route.Needs(care.HostVisits, care.HandleTrouble), Handle: takes(jsonBody, a.correct), Body: maxBody},
		{Method: get, Path: Prefix + "/evidence.csv", Access: route.Needs(care.SeeStatistics), Handle: a.evidenceCSV},
		{Method: get, Path: Prefix + "/connections", Access: route.Needs(care.SeeConnections), Handle: a.connections},
		{Method: get, Path: Prefix + "/availability", Access: route.Needs(care.SeeConnections), Handle: a.availability},
		{Method: get, Path: Prefix + "/availability.csv", Access: route.Needs(care.SeeConnections), Handle: a.availabilityCSV},
		{Method: get, Path: Prefix + "/outages", Access: route.Needs(care.HandleTrouble), Handle: a.outages},
		{Method: post, Path: Prefix + "/fallbacks", Access: route.Needs(care.HandleTrouble), Handle: takes(jsonBody, a.fallBack), Body: maxSelection, Limit: mass},

		{Method: get, Path: Prefix + "/citizens", Access: route.Needs(care.CallCitizens, care.SeeDay), Handle: a.citizens},
		{Method: get, Path: Prefix + "/citizens/:id", Access: route.Needs(care.HostVisits, care.SeeDay), Handle: a.citizen},
		{Method: post, Path: Prefix + "/citizens/:id/call", Access: route.Needs(care.CallCitizens), Handle: empty(a.callNow), Body: maxBody},
		{Method: post, Path: Prefix + "/citizens/:id/number", Access: route.Needs(care.SetIdentity), Handle: takes(jsonBody, a.giveNumber), Body: maxBody},
		{Method: post, Path: Prefix + "/citizens/:id/suitability", Access: route.Needs(care.JudgeSuitability), Handle: takes(jsonBody, a.judge), Body: maxBody},
		{Method: post, Path: Prefix + "/citizens/:id/suitability/preview", Access: route.Needs(care.JudgeSuitability), Handle: takes(jsonBody, a.previewJudgement), Body: maxBody},
		{Method: post, Path: Prefix + "/citizens/:id/notes/:note/retry", Access: route.Needs(care.JudgeSuitability, care.HandleTrouble), Handle: empty(a.retryNote), Body: maxBody},
		{Method: post, Path: Prefix + "/citizens/:id/notes/:note/settle", Access: route.Needs(care.JudgeSuitability, care.HandleTrouble), Handle: empty(a.settleNote), Body: maxBody},
		{Method: get, Path: Prefix + "/visits/:id/call", Access: route.Needs(care.HostVisits), Handle: a.call},
		{Method: post, Path: Prefix + "/visits/:id/call/end", Access: route.Needs(care.HostVisits), Handle: takes(jsonBody, a.endCall), Body: maxBody},
		{Method: post, Path: Prefix + "/citizens/:id/contacts", Access: route.Needs(care.ManageContacts), Handle: takes(jsonBody, a.addContact), Body: maxBody},
		{Method: post, Path: Prefix + "/citizens/:id/contacts/:contact", Access: route.Needs(care.ManageContacts), Handle: takes(jsonBody, a.changeContact), Body: maxBody},
		{Method: post, Path: Prefix + "/citizens/:id/contacts/:contact/remove", Access: route.Needs(care.ManageContacts), Handle: empty(a.removeContact), Body: maxBody},
		{Method: post, Path: Prefix + "/visits/:id/participants", Access: route.Needs(care.InviteOthers), Handle: takes(jsonBody, a.addParticipant), Body: maxBody},
		{Method: post, Path: Prefix + "/visits/:id/participants/:participant/remove", Access: route.Needs(care.InviteOthers), Handle: empty(a.removeParticipant), Body: maxBody},

		{Method: get, Path: Prefix + "/tombstones", Access: route.Needs(care.SeeAudit), Handle: a.tombstones},
		{Method: get, Path: Prefix + "/tombstones/:id", Access: route.Needs(care.SeeAudit), Handle: a.tombstone},

		{Method: get, Path: Prefix + "/exports/klgateway", Access: route.Needs(care.ExportReports), Handle: a.klGateway},
		{Method: get, Path: Prefix + "/statistics", Access: route.Needs(care.SeeStatistics), Handle: a.statistics},
		{Method: get, Path: Prefix + "/statistics/rows", Access: route.Needs(care.SeeStatistics), Handle: a.statisticsRows},
		{Method: get, Path: Prefix + "/statistics/visits", Access: route.Needs(care.SeeStatistics), Handle: a.visitsList},
		{Method: get, Path: Prefix + "/statistics/visits.csv", Access: route.Needs(care.SeeStatistics), Handle: a.visitsFile},
	}, a.reconcileRoutes()...)
}

// description serves the OpenAPI document (RFC 9512 names the type).
func description(c *gin.Context) error {
	if err := parameters(c); err != nil {
		return err
	}

	c.Data(http.StatusOK, "application/yaml", document)

	return nil
}
