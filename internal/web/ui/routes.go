package ui

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/page"
	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// maxUpload is the largest driving list: a week of a large municipality is about 2 MB.
const maxUpload = 20 << 20

// maxSelection is the largest form of chosen visits: 2,000 ids of 36 characters with names.
const maxSelection = 256 << 10

// Routes is the table of the staff pages and what each demands.
func (p *Pages) Routes() []route.Route {
	get, post := http.MethodGet, http.MethodPost
	mass := route.Limit{Class: route.Mass}

	pages := []route.Route{
		{Method: get, Path: "/", Access: route.Staff(), Handle: p.front},

		{Method: get, Path: "/dagen", Access: route.Needs(care.SeeDay), Handle: p.day},
		{Method: get, Path: "/dagen/status", Access: route.Needs(care.SeeDay), Handle: p.dayStatus},
		{Method: get, Path: "/kraever-handling", Access: route.Needs(care.HandleTrouble), Handle: p.troubles},
		{Method: get, Path: "/nedbrud/:system", Access: route.Needs(care.HandleTrouble), Handle: p.outage},
		{Method: post, Path: "/nedbrud", Access: route.Needs(care.HandleTrouble), Handle: p.fallBack, Body: maxSelection, Limit: mass},

		{Method: get, Path: "/besoeg/:id", Access: route.Needs(care.SeeDay), Handle: p.visit},
		{Method: post, Path: "/besoeg/:id/flyt", Access: route.Needs(care.Convert), Handle: p.move},
		{Method: post, Path: "/besoeg/:id/aflys", Access: route.Needs(care.Convert), Handle: p.cancel},
		{Method: post, Path: "/besoeg/:id/fysisk", Access: route.Needs(care.Convert), Handle: p.physical},
		{Method: post, Path: "/besoeg/:id/ring", Access: route.Needs(care.Convert), Handle: p.callInstead},
		{Method: post, Path: "/besoeg/:id/afslut", Access: route.Needs(care.HandleTrouble), Handle: p.concludeFor},
		{Method: post, Path: "/besoeg/:id/ret", Access: route.Needs(care.HandleTrouble), Handle: p.correct},
		{Method: post, Path: "/besoeg/:id/problem/:ex/proev-igen", Access: route.Needs(care.HandleTrouble), Handle: p.retry},
		{Method: post, Path: "/besoeg/:id/problem/:ex/klaret", Access: route.Needs(care.HandleTrouble), Handle: p.settle},

		{Method: post, Path: "/omlaeg", Access: route.Needs(care.Convert), Handle: p.dryRun, Body: maxSelection},
		{Method: post, Path: "/omlaegninger", Access: route.Needs(care.Convert), Handle: p.convert, Body: maxSelection, Limit: mass},
		{Method: get, Path: "/omlaegninger", Access: route.Needs(care.Convert), Handle: p.batches},
		{Method: get, Path: "/omlaegninger/:id", Access: route.Needs(care.Convert), Handle: p.batch},
		{Method: get, Path: "/omlaegninger/:id/forloeb", Access: route.Needs(care.Convert), Handle: p.batchEvents, Stream: true},
		{Method: get, Path: "/omlaegninger/:id/fortryd", Access: route.Needs(care.Undo), Handle: p.askUndo},
		{Method: post, Path: "/omlaegninger/:id/fortryd", Access: route.Needs(care.Undo), Handle: p.undo},

		{Method: get, Path: "/import", Access: route.Needs(care.ImportLists), Handle: p.imports},
		{Method: post, Path: "/import", Access: route.Needs(care.ImportLists), Handle: p.upload, Body: maxUpload, Limit: mass},
		{Method: post, Path: "/import/hent", Access: route.Needs(care.ImportLists), Handle: p.fetch},
		{Method: get, Path: "/import/hent", Access: route.Needs(care.ImportLists), Handle: p.fetched},
		{Method: get, Path: "/import/:list", Access: route.Needs(care.ImportLists), Handle: p.preview},
		{Method: post, Path: "/import/:list", Access: route.Needs(care.ImportLists), Handle: p.commit},
		{Method: get, Path: "/import/:list/resultat", Access: route.Needs(care.ImportLists), Handle: p.imported},

		{Method: get, Path: "/min-dag", Access: route.Needs(care.HostVisits), Handle: p.myDay},
		{Method: get, Path: "/min-dag/status", Access: route.Needs(care.HostVisits), Handle: p.myDayStatus},
		{Method: get, Path: "/min-dag/:id", Access: route.Needs(care.HostVisits), Handle: p.lobby},
		{Method: get, Path: "/min-dag/:id/venter", Access: route.Needs(care.HostVisits), Handle: p.lobbyWaiting},
		{Method: post, Path: "/min-dag/:id/start", Access: route.Needs(care.HostVisits), Handle: p.start},
		{Method: post, Path: "/min-dag/:id/luk-ind/:adm", Access: route.Needs(care.HostVisits), Handle: p.admit},
		{Method: post, Path: "/min-dag/:id/afvis/:adm", Access: route.Needs(care.HostVisits), Handle: p.refuse},
		{Method: post, Path: "/min-dag/:id/afslut", Access: route.Needs(care.HostVisits), Handle: p.conclude},
		{Method: post, Path: "/min-dag/:id/ret", Access: route.Needs(care.HostVisits), Handle: p.correctOwn},

		{Method: get, Path: "/min-dag/:id/deltagere", Access: route.Needs(care.HostVisits), Handle: p.lobbyGuests},
		{Method: post, Path: "/min-dag/:id/deltagere", Access: route.Needs(care.InviteOthers), Handle: p.invite},
		{Method: post, Path: "/min-dag/:id/deltagere/:deltager/fjern", Access: route.Needs(care.InviteOthers), Handle: p.uninvite},
		{Method: post, Path: "/besoeg/:id/deltagere", Access: route.Needs(care.InviteOthers), Handle: p.inviteFor},
		{Method: post, Path: "/besoeg/:id/deltagere/:deltager/fjern", Access: route.Needs(care.InviteOthers), Handle: p.uninviteFor},

		{Method: get, Path: "/borgere", Access: route.Needs(care.CallCitizens, care.SeeDay), Handle: p.citizens},
		{Method: get, Path: "/borgere/:id", Access: route.Needs(care.HostVisits, care.SeeDay), Handle: p.citizen},
		{Method: post, Path: "/borgere/:id/ring", Access: route.Needs(care.CallCitizens), Handle: p.callNow},
		{Method: get, Path: "/borgere/:id/kontakter/ny", Access: route.Needs(care.ManageContacts), Handle: p.contact},
		{Method: post, Path: "/borgere/:id/kontakter", Access: route.Needs(care.ManageContacts), Handle: p.addContact},
		{Method: get, Path: "/borgere/:id/kontakter/:kontakt", Access: route.Needs(care.ManageContacts), Handle: p.contact},
		{Method: post, Path: "/borgere/:id/kontakter/:kontakt", Access: route.Needs(care.ManageContacts), Handle: p.changeContact},
		{Method: post, Path: "/borgere/:id/kontakter/:kontakt/traek-samtykke", Access: route.Needs(care.ManageContacts), Handle: p.withdrawConsent},
		{Method: post, Path: "/borgere/:id/kontakter/:kontakt/fjern", Access: route.Needs(care.ManageContacts), Handle: p.removeContact},

		{Method: get, Path: "/opkald/:id", Access: route.Needs(care.HostVisits), Handle: p.call},
		{Method: get, Path: "/opkald/:id/nyt", Access: route.Needs(care.HostVisits), Handle: p.callNews},
		{Method: post, Path: "/opkald/:id/slut", Access: route.Needs(care.HostVisits), Handle: p.endCall},

		{Method: get, Path: "/rapporter", Access: route.Needs(care.ExportReports), Handle: p.reports},
		{Method: get, Path: "/rapporter/klgateway", Access: route.Needs(care.ExportReports), Handle: p.klGateway},

		{Method: get, Path: "/forbindelser", Access: route.Needs(care.SeeConnections), Handle: p.connections},
		{Method: get, Path: "/forbindelser/nu", Access: route.Needs(care.SeeConnections), Handle: p.connectionsNow},
	}

	return slices.Concat(pages, p.statisticsRoutes(), p.callRoutes(), p.adminRoutes(), p.directoryRoutes(), p.deviceRoutes(), p.identityRoutes(), p.outageRoutes(), p.approveRoutes(), p.followUpRoutes(), p.reconcileRoutes(), p.deletionRoutes(), p.judgeRoutes())
}

// menu is what the employee's roles give access to; a person with several roles sees all.
func menu(actor care.Actor, path string, counts scheduler.Badges) []page.Link {
	all := []struct {
		need []care.Permission // one of them
		link page.Link
	}{
		{[]care.Permission{care.HostVisits}, page.Link{Text: "Min dag", URL: "/min-dag", Icon: "videocam"}},
		{[]care.Permission{care.SeeDay}, page.Link{Text: "Dagen", URL: "/dagen", Icon: "calendar-month"}},
		{[]care.Permission{care.HandleTrouble}, page.Link{Text: "Kræver handling", URL: "/kraever-handling", Icon: "flag"}},
		{[]care.Permission{care.HandleTrouble, care.HostVisits}, page.Link{Text: "Opfølgning", URL: pathFollowUps, Icon: "refresh", Count: counts.FollowUps, Counts: "over fristen"}},
		{[]care.Permission{care.HandleTrouble, care.HandleRooms}, page.Link{Text: "Afstemning", URL: pathReconcile, Icon: "assignment", Count: counts.Differences, Counts: "der haster"}},
		{[]care.Permission{care.CallCitizens, care.SeeDay}, page.Link{Text: "Mine borgere", URL: "/borgere", Icon: "persons"}},
		{[]care.Permission{care.Convert}, page.Link{Text: "Omlægninger", URL: "/omlaegninger", Icon: "sync"}},
		{[]care.Permission{care.ImportLists}, page.Link{Text: "Import", URL: "/import", Icon: "upload"}},
		{[]care.Permission{care.SeeStatistics}, page.Link{Text: "Statistik", URL: "/statistik", Icon: "analytics"}},
		{[]care.Permission{care.ExportReports}, page.Link{Text: "Rapporter", URL: "/rapporter", Icon: "download"}},
		{[]care.Permission{care.SeeAudit}, page.Link{Text: "Log", URL: "/revision", Icon: "checklist"}},
		{[]care.Permission{care.SeeAudit}, page.Link{Text: "Sletninger", URL: "/sletninger", Icon: "document"}},
		{[]care.Permission{care.ManageAccess, care.ManageDirectory}, page.Link{Text: "Administration", URL: "/administration", Icon: "settings"}},
		{[]care.Permission{care.SeeConnections}, page.Link{Text: "Forbindelser", URL: "/forbindelser", Icon: "link"}},
	}

	var out []page.Link

	for _, m := range all {
		if slices.ContainsFunc(m.need, actor.MayAnywhere) {
			m.link.Current = path == m.link.URL || strings.HasPrefix(path, m.link.URL+"/")
			out = append(out, m.link)
		}
	}

	return out
}

// front leads to what the role is there for: the leader to the figures, the planner to the day,
// the caregiver to their own, the administrator to the systems.
func (p *Pages) front(c *gin.Context) error {
	actor := route.Actor(c)

	for _, to := range []struct {
		role care.Role
		path string
	}{{care.Leader, "/statistik"}, {care.Planner, "/dagen"}, {care.Caregiver, "/min-dag"}, {care.Administrator, "/forbindelser"}, {care.ServiceDesk, "/forbindelser"}, {care.Auditor, "/revision"}} {
		for _, g := range actor.Grants {
			if g.Role == to.role {
				return goTo(c, to.path)
			}
		}
	}

	return p.show(c, "velkommen", "Velkommen", nil)
}
