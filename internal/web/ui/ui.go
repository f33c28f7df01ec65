package ui

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/page"
	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/measure"
)

//go:embed all:templates
var templates embed.FS

// Planner is what the planner's pages call. Errors are *care.Error.
type Planner interface {
	Day(ctx context.Context, actor care.Actor, q scheduler.DayQuery) (scheduler.DayView, error)
	Visit(ctx context.Context, actor care.Actor, id care.VisitID) (scheduler.VisitView, error)
	Troubles(ctx context.Context, actor care.Actor, day care.Day) ([]scheduler.TroubleView, error)
	Retry(ctx context.Context, actor care.Actor, id care.VisitID, ex care.ExceptionID) error
	Settle(ctx context.Context, actor care.Actor, id care.VisitID, ex care.ExceptionID) error
	MoveVisit(ctx context.Context, actor care.Actor, id care.VisitID, planned care.Interval) error
	CancelVisit(ctx context.Context, actor care.Actor, id care.VisitID, reason care.ReasonCode) error
	MakePhysical(ctx context.Context, actor care.Actor, id care.VisitID) error
	CallInstead(ctx context.Context, actor care.Actor, id care.VisitID) error
	Outages(ctx context.Context, actor care.Actor) ([]scheduler.Outage, error)
	FallbackPlan(ctx context.Context, actor care.Actor, chosen []care.VisitID) ([]scheduler.VisitView, error)
	FallBack(ctx context.Context, actor care.Actor, req scheduler.FallbackRequest) (care.Batch, error)
}

// Importer is what the import pages call.
type Importer interface {
	PreviewList(ctx context.Context, actor care.Actor, up scheduler.Upload) (scheduler.Preview, error)
	PreviewUpload(ctx context.Context, actor care.Actor, upload care.ListID) (scheduler.Preview, error)
	ImportList(ctx context.Context, actor care.Actor, upload care.ListID) (scheduler.ListRecord, error)
	RecentLists(ctx context.Context, actor care.Actor) ([]scheduler.ListRecord, error)
	Fetchable() bool
	AskLists(ctx context.Context, actor care.Actor, day care.Day) error
	Fetches(ctx context.Context, actor care.Actor, day care.Day) ([]scheduler.Fetch, error)
}

// Converter is what the conversion pages call.
type Converter interface {
	DryRun(ctx context.Context, actor care.Actor, ids []care.VisitID) (scheduler.Plan, error)
	Convert(ctx context.Context, actor care.Actor, req scheduler.ConvertRequest) (care.Batch, error)
	Batches(ctx context.Context, actor care.Actor) ([]scheduler.Progress, error)
	Progress(ctx context.Context, actor care.Actor, id care.BatchID) (scheduler.Progress, error)
	Undo(ctx context.Context, actor care.Actor, id care.BatchID) error
}

// Caregiver is what "Min dag" calls.
type Caregiver interface {
	MyDay(ctx context.Context, actor care.Actor, day care.Day) (scheduler.DayView, error)
	Lobby(ctx context.Context, actor care.Actor, id care.VisitID) (scheduler.VisitView, error)
	HostLink(ctx context.Context, actor care.Actor, id care.VisitID) (care.HostLink, error)
	Admit(ctx context.Context, actor care.Actor, id care.VisitID, admission care.AdmissionID, recognised bool) error
	Refuse(ctx context.Context, actor care.Actor, id care.VisitID, admission care.AdmissionID) error
	Conclude(ctx context.Context, actor care.Actor, id care.VisitID, req scheduler.ConcludeRequest) error
	Evidence(ctx context.Context, actor care.Actor, id care.VisitID) (scheduler.EvidenceView, error)
	Correct(ctx context.Context, actor care.Actor, id care.VisitID, req scheduler.CorrectRequest) error
}

// Leader is what the statistics call.
type Leader interface {
	ReportUnits(actor care.Actor) []care.Unit
	KLGatewayReport(ctx context.Context, actor care.Actor, q scheduler.StatisticsQuery) (scheduler.ReportFile, error)
	Statistics(ctx context.Context, actor care.Actor, q scheduler.StatisticsQuery) (scheduler.Statistics, error)
	StatisticsRows(ctx context.Context, actor care.Actor, q scheduler.StatisticsQuery, cell scheduler.StatisticsCell, first int) (scheduler.StatisticsRows, error)
	EachVisit(ctx context.Context, actor care.Actor, q scheduler.StatisticsQuery, tell func(measure.Fact) error) error
}

// Contacts is what the pages of citizens and participants call.
type Contacts interface {
	MyCitizens(ctx context.Context, actor care.Actor) ([]scheduler.KnownCitizen, error)
	CitizenCard(ctx context.Context, actor care.Actor, id care.CitizenID) (scheduler.CitizenCard, error)
	AddContact(ctx context.Context, actor care.Actor, citizen care.CitizenID, req scheduler.ContactRequest) (care.Contact, error)
	ChangeContact(ctx context.Context, actor care.Actor, citizen care.CitizenID, id care.ContactID, req scheduler.ContactRequest) error
	RemoveContact(ctx context.Context, actor care.Actor, citizen care.CitizenID, id care.ContactID) error
	WithdrawConsent(ctx context.Context, actor care.Actor, citizen care.CitizenID, id care.ContactID) error
	AddParticipant(ctx context.Context, actor care.Actor, id care.VisitID, req scheduler.ParticipantRequest) (care.ParticipantID, error)
	RemoveParticipant(ctx context.Context, actor care.Actor, id care.VisitID, participant care.ParticipantID) error
}

// Caller is what the pages of calls on the spot call.
type Caller interface {
	CallNow(ctx context.Context, actor care.Actor, id care.CitizenID) (scheduler.CallView, error)
	Call(ctx context.Context, actor care.Actor, id care.VisitID) (scheduler.CallView, error)
	EndCall(ctx context.Context, actor care.Actor, id care.VisitID, byPhone bool) error
}

// Operator is what the panel "Forbindelser" calls.
type Operator interface {
	Connections(ctx context.Context, actor care.Actor) (scheduler.ConnectionsView, error)
	Availability(ctx context.Context, actor care.Actor, month care.Day) ([]scheduler.AvailabilityView, error)
	Notices(ctx context.Context, actor care.Actor) ([]scheduler.Notice, error)

	OutageWays
}

// UseCases are all that the staff pages call.
type UseCases interface {
	// LoginAlarm is what to tell above every page while logins do not work; empty: nothing.
	LoginAlarm(ctx context.Context) string
	Planner
	Follower
	Reconciler
	Importer
	Converter
	Approver
	Caregiver
	Leader
	Calls
	Contacts
	Caller
	Linker
	Finder
	Operator
	Auditor
	Deleter
	Judge
	Devices
	Identity
}

// Options are what the pages are made of.
type Options struct {
	UseCases UseCases
	Logins   Logins
	// Directory is nil where no employees are kept.
	Directory Directory
	// Emergency is nil where there is no emergency access.
	Emergency Emergency
	Site      page.Site
	Now       func() time.Time
	Stop      <-chan struct{} // closed when streams have to end
}

// Pages are the staff pages of one municipality.
type Pages struct {
	Options

	set *page.Set
}

// pageSet are the parsed templates.
//
//nolint:gochecknoglobals // read once from embedded files, never changed, the same for every municipality
var pageSet = sync.OnceValues(func() (*page.Set, error) {
	return page.Parse(templates, template.FuncMap{
		"chip": chipOf, "tag": tagOf, "room": roomState, "message": messageState, "messageKind": messageKind,
		"admission": admissionState, "entryKind": entryKind, "fetchState": fetchState, "trouble": troubleKind,
		"change": changeKind, "batch": batchState, "verdict": verdictDanish, "grade": gradeOf, "channel": channelDanish,
		"suitability": suitabilityOf, "note": noteState, "closing": closingWord, "covers": consentCovers, "connection": connectionState, "device": deviceState, "tablet": tabletState, "queue": queueName, "swift": swift, "share": share, "spell": spell,
		"gravity": gravityOf, "differs": findingState, "runState": runState, "runWhy": runWhy, "runMissing": runMissing,
		"phone": phoneShown, "phoneLink": phoneLink,
		"who": whoDanish, "action": actionDanish, "detail": detailDanish, "works": worksOf, "record": recordChange, "indent": indent, "linked": linkedOf, "unitName": unitName, "figure": figureText,
	})
})

// New reads the templates.
func New(o Options) (*Pages, error) {
	set, err := pageSet()
	if err != nil {
		return nil, fmt.Errorf("ui: %w", err)
	}

	return &Pages{Options: o, set: set}, nil
}

// today is the local day now.
func (p *Pages) today() care.Day { return care.DayOf(p.Now()) }

// show writes a page in the employee's frame.
func (p *Pages) show(c *gin.Context, name, title string, body any) error {
	return p.showStatus(c, http.StatusOK, name, title, body)
}

func (p *Pages) showStatus(c *gin.Context, status int, name, title string, body any) error {
	f := p.frame(c, title, body)

	return p.set.Show(c, status, name, f)
}

func (p *Pages) frame(c *gin.Context, title string, body any) page.Frame {
	actor := route.Actor(c)

	return page.Frame{
		Title: title, Lang: page.Danish, Site: p.Site, Actor: actor, Menu: menu(actor, c.FullPath(), p.badges(c)),
		Notice: notice(c.Query("besked")), Alarm: cmp.Or(alarm(c), p.UseCases.LoginAlarm(c.Request.Context())), Body: body,
	}
}

// goTo ends a successful post: the browser loads the page with a fixed notice on it.
func goTo(c *gin.Context, path string) error {
	c.Redirect(http.StatusSeeOther, path)

	return nil
}

// notice is the fixed list of what a page may tell after an action. Free text in an address
// would let others put words into our mouth.
func notice(key string) string { return notices()[key] }

func notices() map[string]string {
	return map[string]string{
		"niveau":             "Du er logget ind på et lavere sikringsniveau, end nogle af dine roller kræver. Dem har du ikke nu. Log af, og log ind på det højere niveau, hvis du skal bruge dem.",
		"vurderet":           "Vurderingen er gemt.",
		"notat-igen":         "Notatet bliver skrevet igen.",
		"notat-klaret":       "Noteret: Det står i journalen, skrevet i hånden.",
		"enhed-lukket":       "Enheden er lukket. Den kan ikke bruges mere.",
		"tavle-lukket":       "Tavlen er lukket. Den sletter sig selv inden for et minut, når den er på nettet.",
		"noedkode-slettet":   "Din nødkode er slettet.",
		"kvitteret":          "Der er kvitteret.",
		"noedmaader-til":     "Nødmåderne er slået til. De slutter af sig selv.",
		"noedmaader-fra":     "Nødmåderne er slået fra.",
		"login-slut":         "Loginnet er afsluttet.",
		"logins-slut":        "Alle dine andre logins er afsluttet.",
		"talt":               "Besøget er registreret som givet på telefon.",
		"tilbage-paa-listen": "Det fysiske besøg sendes tilbage på kørelisten. Sørg for, at nogen tager det.",
		"ring-op":            "Besøget gives på telefon. Ring til borgeren.",
		"taget":              "Du har taget opfølgningen.",
		"givet-fri":          "Opfølgningen er fri igen.",
		"afstemmer":          "Afstemningen er i gang.",
		"rettes":             "Det bliver rettet nu.",
		"i-orden":            "Det er noteret, at det er i orden.",
		"aaben-igen":         "Forskellen er åben igen.",
		"aflyst":             "Besøget er aflyst. Borgeren får besked.",
		"flyttet":            "Besøget er flyttet. Rummet følger med, og borgeren får besked.",
		"fysisk":             "Besøget er igen et fysisk besøg. Borgeren får besked.",
		"ring":               "Besøget gives på telefon. Borgeren får besked.",
		"proevet":            "Vi prøver igen. Status opdateres om lidt.",
		"klaret":             "Punktet er taget af listen.",
		"afsluttet":          "Besøget er afsluttet, og resultatet skrives i omsorgsjournalen.",
		"lukket-ind":         "Borgeren er lukket ind.",
		"identitet":          "Det er gemt. Det gælder fra nu af.",
		"cpr":                "CPR-nummeret er taget i brug. Borgeren kan nu også logge ind med MitID, hvor kommunen tillader det.",
		"stoppet":            "Al adgang er stoppet. Ingen links virker længere.",
		"nye-links":          "Der er åbnet igen, og nye links er på vej til borgeren.",
		"koder":              "Nye beskeder med kode er på vej. De gamle links virker ikke længere.",
		"identificeret":      "Det er noteret. Sæt kryds ved »genkendt«, og luk personen ind.",
		"afvist":             "Personen er afvist.",
		"kontakt":            "Kontakten er gemt.",
		"kontakt-fjernet":    "Kontakten er fjernet.",
		"samtykke-trukket":   "Samtykket er trukket tilbage, og links til kontakten virker ikke længere.",
		"inviteret":          "Personen er inviteret og får en SMS.",
		"deltager-fjernet":   "Personen er ikke længere inviteret. Linket virker ikke mere.",
		"opkald-annulleret":  "Opkaldet er annulleret.",
		"opkald-telefon":     "Opkaldet er noteret som en telefonsamtale.",
		"rettet":             "Resultatet er rettet, og omsorgsjournalen får det nye.",
		"medarbejder":        "Medarbejderen er gemt. Det gælder med det samme.",
		"fratraadt":          "Medarbejderen er markeret som fratrådt og har ikke længere adgang.",
		"adgang":             "Medarbejderen har adgang igen.",
		"indlaest":           "Filen er indlæst. Det gælder med det samme.",
		"knyttet":            "Medarbejderen er knyttet til borgeren.",
		"tilknytning-slut":   "Tilknytningen er afsluttet.",
		"godkendt":           "Omlægningen er godkendt og går i gang.",
		"ikke-godkendt":      "Omlægningen er ikke godkendt. Intet er booket eller sendt.",
		"tilbage":            "Omlægningen er trukket tilbage. Intet er booket eller sendt.",
		"beholdt":            "Besøgets oplysninger bliver ikke slettet, før holdet er ophævet.",
		"sluppet":            "Holdet er ophævet. Besøgets oplysninger slettes efter kommunens regel.",
		"forloeb-afsluttet":  "Forløbet er afsluttet.",
		"forloeb-genoptaget": "Forløbet er genoptaget. Intet slettes, før det afsluttes igen.",
		"opkald-fortrudt":    "Importen er fortrudt. Opkaldene tæller ikke med længere.",
		"fortrudt":           "Omlægningen fortrydes. Rummene lukkes, og borgerne får besked.",
	}
}
