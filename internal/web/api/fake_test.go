package api_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// now is a Monday morning in Danish winter time.
var now = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)

// secrets are what the fake use cases hold of things that no answer may tell.
var secrets = []string{
	"0104909989", "010490-9989", "9989", // CPR number of the official test citizen
	"20000000", "torre@example.dk", // how to reach the citizen
	"487261", "93817", "hostlink", "guestlink", "https://video.example.dk", // the room; its dial-in address stands in the lobby alone
	"20000032", "bruno@borger.example", // how to reach a contact
	"f00dfeed", "beefcafe", "provider-77", // session, locator, provider's key
	"record-55", "Nøgleboks", "Østergade 47", // the record
}

// fake answers with one of everything and remembers what it was asked.
type fake struct {
	tb  testing.TB
	err error

	mu    sync.Mutex
	asked []string
	actor care.Actor
	files []ehr.File
}

func newFake(tb testing.TB) *fake { //nolint:thelper // a constructor
	return &fake{tb: tb}
}

func (f *fake) note(actor care.Actor, format string, args ...any) error {
	f.mu.Lock()
	defer f.mu.Unlock()

	f.asked, f.actor = append(f.asked, fmt.Sprintf(format, args...)), actor

	return f.err
}

func (f *fake) takeAsked() []string {
	f.mu.Lock()
	defer f.mu.Unlock()

	out := f.asked
	f.asked = nil

	return out
}

func (f *fake) PreviewList(_ context.Context, actor care.Actor, up scheduler.Upload) (scheduler.Preview, error) {
	f.mu.Lock()
	f.files = append(f.files, up.File)
	f.mu.Unlock()

	return preview(up.File.Name), f.note(actor, "PreviewList %s", up.File.Name)
}

func (f *fake) ImportList(_ context.Context, actor care.Actor, id care.ListID) (scheduler.ListRecord, error) {
	return record(), f.note(actor, "ImportList %s", id)
}

func (f *fake) RecentLists(_ context.Context, actor care.Actor) ([]scheduler.ListRecord, error) {
	return []scheduler.ListRecord{record(), {ID: "list-0", At: now}}, f.note(actor, "RecentLists")
}

func (f *fake) Day(_ context.Context, actor care.Actor, q scheduler.DayQuery) (scheduler.DayView, error) {
	return scheduler.DayView{
		Day: q.Day, Units: []care.Unit{{ID: "oest", Name: "Øst"}}, Employees: []care.EmployeeID{"AØJ", "MSK"},
		Visits: []scheduler.VisitView{fullVisit(), bareVisit()}, Troubles: 1, All: 2,
	}, f.note(actor, "Day %s unit=%s employee=%s level=%d status=%s", q.Day, q.Unit, q.Employee, int(q.Level), q.Status)
}

func (f *fake) Visit(_ context.Context, actor care.Actor, id care.VisitID) (scheduler.VisitView, error) {
	return fullVisit(), f.note(actor, "Visit %s", id)
}

func (f *fake) MoveVisit(_ context.Context, actor care.Actor, id care.VisitID, planned care.Interval) error {
	return f.note(actor, "MoveVisit %s %s %s", id, planned.Start.Format(time.RFC3339), planned.End.Format(time.RFC3339))
}

func (f *fake) CancelVisit(_ context.Context, actor care.Actor, id care.VisitID, reason care.ReasonCode) error {
	return f.note(actor, "CancelVisit %s %s", id, reason)
}

func (f *fake) MakePhysical(_ context.Context, actor care.Actor, id care.VisitID) error {
	return f.note(actor, "MakePhysical %s", id)
}

func (f *fake) DryRun(_ context.Context, actor care.Actor, ids []care.VisitID) (scheduler.Plan, error) {
	return scheduler.Plan{
		Rooms: 1, SMS: 1, Entries: 1, Skipped: 1,
		Items: []scheduler.PlanItem{
			{
				View: fullVisit(), Convert: true, Room: "Rum kl. 09.15 til 09.30", Message: "Testby Kommune: Du får skærmbesøg. http://127.0.0.1:8080/b/…",
				Channel: care.SMS, Writes: []string{"På kørelisten: kategorien bliver »Planlagt skærmbesøg«."},
			},
			{View: bareVisit(), Why: "Borgeren er indlagt."},
		},
	}, f.note(actor, "DryRun %s", joined(ids))
}

func joined(ids []care.VisitID) string { return strings.Trim(fmt.Sprint(ids), "[]") }

func (f *fake) Convert(_ context.Context, actor care.Actor, req scheduler.ConvertRequest) (care.Batch, error) {
	return care.Batch{ID: "b-1", Visits: max(1, len(req.Visits))}, f.note(actor, "Convert %s %s", joined(req.Visits), req.RedReason)
}

func (f *fake) Batches(_ context.Context, actor care.Actor) ([]scheduler.Progress, error) {
	undone := progress("b-0")
	undone.State, undone.Left, undone.Batch.Unit = care.BatchUndone, 0, "oest"
	undone.Batch.UndoneAt, undone.Batch.UndoneBy = now, "LBH"

	refused := progress("b-2")
	refused.State, refused.Left, refused.Done, refused.Total, refused.Counts = care.BatchRefused, 0, 0, 0, care.Counts{}
	refused.Batch.ExpiresAt, refused.Batch.Decision, refused.Batch.DecidedBy, refused.Batch.DecidedAt, refused.Batch.Answer = now, care.Refused, "LBH", now, "For mange"

	return []scheduler.Progress{progress("b-1"), undone, refused}, f.note(actor, "Batches")
}

func (f *fake) Approve(_ context.Context, actor care.Actor, id care.BatchID) (care.Batch, error) {
	return care.Batch{ID: id, Visits: 60, ExpiresAt: now, Decision: care.Approved}, f.note(actor, "Approve %s", id)
}

func (f *fake) RefuseConversion(_ context.Context, actor care.Actor, id care.BatchID, reason string) error {
	return f.note(actor, "RefuseConversion %s: %s", id, reason)
}

func (f *fake) WithdrawConversion(_ context.Context, actor care.Actor, id care.BatchID) error {
	return f.note(actor, "WithdrawConversion %s", id)
}

func (f *fake) Progress(_ context.Context, actor care.Actor, id care.BatchID) (scheduler.Progress, error) {
	return progress(id), f.note(actor, "Progress %s", id)
}

func (f *fake) Undo(_ context.Context, actor care.Actor, id care.BatchID) error {
	return f.note(actor, "Undo %s", id)
}

func (f *fake) Troubles(_ context.Context, actor care.Actor, day care.Day) ([]scheduler.TroubleView, error) {
	v := fullVisit()

	return []scheduler.TroubleView{{Exception: v.Visit.Exceptions[0], Visit: v}}, f.note(actor, "Troubles %s", day)
}

func (f *fake) Retry(_ context.Context, actor care.Actor, id care.VisitID, ex care.ExceptionID) error {
	return f.note(actor, "Retry %s %s", id, ex)
}

func (f *fake) Settle(_ context.Context, actor care.Actor, id care.VisitID, ex care.ExceptionID) error {
	return f.note(actor, "Settle %s %s", id, ex)
}

func (f *fake) MyDay(_ context.Context, actor care.Actor, day care.Day) (scheduler.DayView, error) {
	return scheduler.DayView{Day: day, Visits: []scheduler.VisitView{fullVisit()}, All: 1}, f.note(actor, "MyDay %s", day)
}

func (f *fake) Lobby(_ context.Context, actor care.Actor, id care.VisitID) (scheduler.VisitView, error) {
	v := fullVisit()
	v.Address = v.Visit.Rooms[0].Address
	v.People = []scheduler.Person{
		{Role: "Borger", Name: v.Citizen.Name, Message: v.Visit.Invitations[0], Admission: v.Visit.Admissions[0], Here: true, Came: now},
		{Participant: "p-1", Role: "Tolk", Name: "Bruno Elmer", Seat: 1, Removed: true},
	}

	return v, f.note(actor, "Lobby %s", id)
}

func (f *fake) MyCitizens(_ context.Context, actor care.Actor) ([]scheduler.KnownCitizen, error) {
	return []scheduler.KnownCitizen{{Citizen: citizen(), Units: []care.Unit{{ID: "oest", Name: "Øst"}}, MayCall: true}}, f.note(actor, "MyCitizens")
}

func (f *fake) CitizenCard(_ context.Context, actor care.Actor, id care.CitizenID) (scheduler.CitizenCard, error) {
	past := scheduler.CardVisit{
		VisitView: fullVisit(), StartedBy: "MSK", Identity: []string{"Borger: Engangskode"}, With: []string{"Tolk"}, End: "Gennemført",
	}

	judged := citizen()
	judged.Judged = care.Judgement{Verdict: care.ToBeJudged, Why: "Hører dårligt.", Again: "2027-02-01", By: "MSK", At: now}

	return scheduler.CitizenCard{
		Notes: judgedNotes(), Citizen: judged, Units: []care.Unit{{ID: "oest", Name: "Øst"}}, Contacts: []care.Contact{contact(), {ID: "k-2", Kind: care.Authority, Name: "Lægen"}},
		Next: []scheduler.CardVisit{{VisitView: fullVisit()}}, Past: []scheduler.CardVisit{past},
		Can: scheduler.CardActions{CallWhy: "Borgeren har intet mobilnummer.", Live: "v-1", Contacts: true, Invite: true},
	}, f.note(actor, "CitizenCard %s", id)
}

func contact() care.Contact {
	return care.Contact{
		ID: "k-1", Citizen: "c-1", Kind: care.Relative, Name: "Bruno Elmer", Phone: care.NewPhone("+4520000032"), Email: care.NewEmail("bruno@borger.example"),
		Consent: care.Consent{Form: care.Orally, By: "MSK", At: now},
	}
}

func callView() scheduler.CallView {
	return scheduler.CallView{
		VisitView: fullVisit(), Stage: scheduler.CallQueued, Text: "Alle rum er i brug lige nu.", Waited: 1500 * time.Millisecond, MayEnd: true,
	}
}

func (f *fake) CallNow(_ context.Context, actor care.Actor, id care.CitizenID) (scheduler.CallView, error) {
	return callView(), f.note(actor, "CallNow %s", id)
}

func (f *fake) Call(_ context.Context, actor care.Actor, id care.VisitID) (scheduler.CallView, error) {
	return callView(), f.note(actor, "Call %s", id)
}

func (f *fake) EndCall(_ context.Context, actor care.Actor, id care.VisitID, byPhone bool) error {
	return f.note(actor, "EndCall %s %t", id, byPhone)
}

func (f *fake) AddContact(_ context.Context, actor care.Actor, id care.CitizenID, req scheduler.ContactRequest) (care.Contact, error) {
	return contact(), f.note(actor, "AddContact %s %v", id, req)
}

func (f *fake) ChangeContact(_ context.Context, actor care.Actor, id care.CitizenID, contact care.ContactID, req scheduler.ContactRequest) error {
	return f.note(actor, "ChangeContact %s %s %v", id, contact, req)
}

func (f *fake) GiveNumber(_ context.Context, actor care.Actor, id care.CitizenID, req scheduler.NumberRequest) error {
	return f.note(actor, "GiveNumber %s %s %s", id, req.Number, req.Reason)
}

func (f *fake) RemoveContact(_ context.Context, actor care.Actor, id care.CitizenID, contact care.ContactID) error {
	return f.note(actor, "RemoveContact %s %s", id, contact)
}

func (f *fake) AddParticipant(_ context.Context, actor care.Actor, id care.VisitID, req scheduler.ParticipantRequest) (care.ParticipantID, error) {
	return "p-1", f.note(actor, "AddParticipant %s %v", id, req)
}

func (f *fake) RemoveParticipant(_ context.Context, actor care.Actor, id care.VisitID, participant care.ParticipantID) error {
	return f.note(actor, "RemoveParticipant %s %s", id, participant)
}

func (f *fake) Admit(_ context.Context, actor care.Actor, id care.VisitID, admission care.AdmissionID, recognised bool) error {
	return f.note(actor, "Admit %s %s %t", id, admission, recognised)
}

func (f *fake) Vouch(_ context.Context, actor care.Actor, id care.VisitID, admission care.AdmissionID, way care.StaffWay) error {
	return f.note(actor, "Vouch %s %s %v", id, admission, way)
}

func (f *fake) Refuse(_ context.Context, actor care.Actor, id care.VisitID, admission care.AdmissionID) error {
	return f.note(actor, "Refuse %s %s", id, admission)
}

func (f *fake) Conclude(_ context.Context, actor care.Actor, id care.VisitID, req scheduler.ConcludeRequest) error {
	return f.note(actor, "Conclude %s %v", id, req)
}

func (f *fake) CallInstead(_ context.Context, actor care.Actor, id care.VisitID) error {
	return f.note(actor, "CallInstead %s", id)
}

func (f *fake) FallBack(_ context.Context, actor care.Actor, req scheduler.FallbackRequest) (care.Batch, error) {
	return care.Batch{ID: "b-2", Visits: len(req.Visits)}, f.note(actor, "FallBack %s %s", joined(req.Visits), req.Delivery)
}

func (f *fake) Outages(_ context.Context, actor care.Actor) ([]scheduler.Outage, error) {
	return []scheduler.Outage{
		{Role: connector.VideoRole, Name: "Videoplatformen", Since: minutes(-7), NextTry: minutes(1), Text: "Videoplatformen har ikke svaret.", Visits: []care.VisitID{"v-1"}, Soon: 1},
		{Role: connector.RecordRole, Name: "Omsorgsjournalen", Since: minutes(-3), Text: "Omsorgsjournalen har ikke svaret."},
	}, f.note(actor, "Outages")
}

func (f *fake) Connections(_ context.Context, actor care.Actor) (scheduler.ConnectionsView, error) {
	down := connector.Health{
		Role: connector.VideoRole, System: "vdx", State: connector.Down, Since: minutes(-7), NextTry: minutes(1), InFlight: 1, Waiting: 2, Limit: 1, Agreed: 8,
		Rate: 2.5, LastSuccess: minutes(-8), LastError: minutes(-1), ErrorKind: connector.Unavailable, ErrorOp: "book", ErrorStatus: 503, Calls: 20, Failures: 12,
		P50: 120 * time.Millisecond, P95: time.Second,
	}

	return scheduler.ConnectionsView{
		At: now,
		Systems: []scheduler.ConnectionView{
			{Health: down, Name: "Videoplatformen", State: "Svarer ikke", Text: "Har ikke svaret.", Advice: "Kontakt leverandøren.", Problem: "Intet svar"},
			{Health: connector.Health{Role: connector.SMSRole, System: "sms", State: connector.Unused}, Name: "SMS", State: "Ikke brugt", Text: "Der har ikke været kald endnu."},
		},
		Queues: []scheduler.Backlog{{Queue: "video", Due: 3, Running: 1, Later: 40, Oldest: minutes(-2), Next: minutes(1)}, {Queue: "work"}},
	}, f.note(actor, "Connections")
}

func (f *fake) Availability(_ context.Context, actor care.Actor, month care.Day) ([]scheduler.AvailabilityView, error) {
	return []scheduler.AvailabilityView{
		{Role: connector.VideoRole, System: "vdx", Name: "Videoplatformen", Good: 4000, Failed: 12, Up: 99 * time.Hour, Down: time.Hour, Share: 0.99, Watched: true},
		{Role: connector.LoginRole, System: "saml", Name: "Login", Good: 3},
	}, f.note(actor, "Availability %s", month)
}

func citizen() care.Citizen {
	cpr, verdict, _ := care.ParseCPR("0104909989")

	return care.Citizen{
		ID: "c-1", CPR: cpr, Verdict: verdict, Name: "Torre Mosebryggersen", Address: "Østergade 47, 9999 Testby",
		Phone: care.NewPhone("+4520000000"), Email: care.NewEmail("torre@example.dk"), Suitability: care.Suitable, UpdatedAt: now,
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}

	return v
}

func minutes(n int) time.Time { return now.Add(time.Duration(n) * time.Minute) }

// fullVisit has a value in every field, secrets among them.
func fullVisit() scheduler.VisitView {
	hostPIN := must(care.NewHostPIN("487261"))
	planned := care.Interval{Start: minutes(75), End: minutes(90)}
	room := care.Room{
		Ref: "731955", State: care.RoomProvisioned, Planned: planned, Address: "731955@video.example.dk", HostPIN: hostPIN,
		GuestPIN: must(care.NewGuestPIN("93817")), HostLink: must(care.NewHostLink("https://video.example.dk/hostlink")),
		GuestLink: must(care.NewGuestLink("https://video.example.dk/guestlink", hostPIN)), WantedAt: minutes(-60), BookedAt: minutes(-59),
	}
	result := care.Outcome{Kind: care.ResultCompleted, Delivery: care.Screen, Actual: planned, Together: 14 * time.Minute, Grade: care.Certain}
	concluded := result
	concluded.By, concluded.At = "MSK", minutes(91)

	return scheduler.VisitView{
		Citizen: citizen(), Unit: care.Unit{ID: "oest", Name: "Øst", Phone: "+4599999999"}, Status: scheduler.StatusTrouble,
		Assessment: care.Assessment{Level: care.Red, Reasons: []care.Reason{{Code: "already_screen", Level: care.Red, Text: "Besøget er allerede omlagt til skærmbesøg."}}},
		Verdict:    care.Verdict{Decided: true, Outcome: result, Why: []string{"Medarbejder og borger var i rummet samtidig."}},
		Visit: care.Snapshot{
			ID: "v-1", Version: 7, Source: care.SourceRef{System: "file", ID: "KL-1000", Occurrence: "2026-11-23"},
			Facts: care.Facts{
				List: "list-1", ListName: "Øst dag", Line: 2, Unit: "oest", Citizen: "c-1", Employee: "MSK", Service: "Medicinadministration",
				Law: care.SUL138, Category: "Planlagt besøg", Comment: "Nøgleboks ved dør, ring 20000000", Shift: care.DayShift, Planned: planned, Status: "Planlagt",
			},
			Delivery: care.Screen, State: care.Open, Batch: "b-1", Generation: 1, OpenedAt: minutes(76), Outcome: concluded,
			Rooms: []care.Room{room, {Ref: "2", State: care.RoomWanted, WantedAt: now}},
			Invitations: []care.Invitation{
				{ID: "v-1-i1", Kind: care.Invite, Channel: care.SMS, State: care.InvitationDelivered, LocatorHash: "beefcafe", ProviderID: "provider-77", QueuedAt: now, SentAt: minutes(1), OpenedAt: minutes(70)},
				{ID: "v-1-i2", Kind: care.Reminder, Channel: care.Mail, State: care.InvitationQueued, QueuedAt: now},
			},
			Admissions: []care.Admission{
				{ID: "a-1", State: care.AdmissionIdentified, SessionHash: "f00dfeed", Method: care.ByCode, CameAt: minutes(70), IdentifiedAt: minutes(72)},
				{ID: "a-2", State: care.AdmissionRefused, SessionHash: "f00dfeed", CameAt: minutes(60), DecidedBy: "MSK", DecidedAt: minutes(61)},
			},
			Entries: []care.Entry{
				{ID: "v-1-e1", Kind: care.EntryPlanned, State: care.EntryWritten, Key: "k", RecordID: "record-55", DueAt: now, WrittenAt: minutes(1)},
				{ID: "v-1-e2", Kind: care.EntryResult, State: care.EntryDue, DueAt: now},
			},
			Exceptions: []care.Exception{
				{ID: "v-1-x1", Kind: care.RoomTrouble, About: "731955", Text: "Rummet kunne ikke bookes. Prøv igen.", Retry: true, RaisedAt: now},
				{ID: "v-1-x2", Kind: care.EntryTrouble, Text: "Løst.", RaisedAt: now, ResolvedAt: now, ResolvedBy: "MSK"},
			},
			Legs: []care.Leg{{ID: "leg", Room: "731955", Role: care.AsHost, Joined: now}},
		},
	}
}

// bareVisit is a physical visit of a list that no unit claims, with as little as there can be.
func bareVisit() scheduler.VisitView {
	return scheduler.VisitView{
		Citizen: care.Citizen{ID: "c-2"}, Status: scheduler.StatusPhysical, Assessment: care.Assessment{Level: care.Green, Possible: true},
		Visit: care.Snapshot{
			ID: "v-2", State: care.Listed, Delivery: care.Physical,
			Facts: care.Facts{Citizen: "c-2", Law: care.LawUnknown, Planned: care.Interval{Start: minutes(100), End: minutes(110)}},
		},
	}
}

func preview(name string) scheduler.Preview {
	cpr, _, _ := care.ParseCPR("0104909989")
	planned := care.Interval{Start: minutes(75), End: minutes(90)}

	return scheduler.Preview{
		Upload: "list-1", FileName: name, Faults: 1, Known: true,
		List: ehr.DrivingList{
			Columns: []ehr.Column{{Header: "Dato", Field: "Dato"}, {Header: "Xyz"}}, Total: 3, Encoding: "UTF-8",
			Problems: []ehr.Problem{
				{Line: 3, Column: "CPR-nr.", Severity: ehr.Fault, Text: "CPR-nummeret er ikke gyldigt."},
				{Severity: ehr.Warning, Text: "Kolonnen »Xyz« kendes ikke."},
			},
		},
		PerDay: []scheduler.PerDay{{Day: "2026-11-23", Employee: "MSK", Rows: 2}},
		Changes: []scheduler.RowChange{
			{
				Kind: scheduler.ChangeMoved, Line: 2, Visit: "v-1", Employee: "MSK", Name: "Torre Mosebryggersen", Key: care.CitizenKey{CPR: cpr}, Service: "Medicinadministration",
				Planned: planned, Before: care.Interval{Start: minutes(60), End: minutes(75)}, Screen: true, What: []string{"medarbejder: LBH → MSK"}, Effect: "Rummet flyttes, og borgeren får besked.",
			},
			{Kind: scheduler.ChangeGone, Visit: "v-2", Planned: planned},
			{Kind: scheduler.ChangeNew, Line: 4, Planned: planned},
		},
		Counts: map[scheduler.ChangeKind]int{scheduler.ChangeMoved: 1, scheduler.ChangeGone: 1, scheduler.ChangeNew: 1, scheduler.ChangeOther: 0, scheduler.ChangeNone: 0},
	}
}

func record() scheduler.ListRecord {
	return scheduler.ListRecord{
		ID: "list-1", FileName: "koreliste.csv", By: "MSK", At: now, Rows: 3, Faults: 1, New: 1, Moved: 1, Gone: 1,
		Problems: preview("").List.Problems,
	}
}

func progress(id care.BatchID) scheduler.Progress {
	return scheduler.Progress{
		Batch: care.Batch{ID: id, By: "MSK", ByName: "Mette Skov", Visits: 2, MadeAt: now}, State: care.BatchRunning,
		Counts: care.Counts{Total: 2, Booked: 1, Invited: 1, Active: 2}, Done: 2, Total: 6, Left: 1500 * time.Millisecond,
	}
}
