package web_test

import (
	"context"
	"encoding/csv"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/internal/web"
	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// The fakes play one municipality with the visits of testdata/visits.csv: a morning, half of it
// converted, seen at 08.20.

const testDay = care.Day("2026-11-23")

func testNow() time.Time { return time.Date(2026, 11, 23, 7, 20, 0, 0, time.UTC) }

type fakeUse struct {
	mu    sync.Mutex
	rows  []scheduler.VisitView
	calls []string
	fail  error // every use case returns it when set

	batchState care.BatchState
	citizen    scheduler.CitizenView
	codeErr    error
	hostLink   string
	guestLink  string
	verdict    care.Verdict
	known      map[string]bool // locators and tokens that are ours
}

func newFakeUse(t *testing.T) *fakeUse {
	t.Helper()

	f := &fakeUse{
		batchState: care.BatchRunning, hostLink: "https://video.example.dk/vaert", guestLink: "https://video.example.dk/gaest",
		citizen: scheduler.CitizenView{Stage: scheduler.StageLanding}, known: map[string]bool{},
	}
	f.rows = readVisits(t)

	return f
}

func readVisits(t *testing.T) []scheduler.VisitView {
	t.Helper()

	file, err := os.Open("testdata/visits.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()

	r := csv.NewReader(file)
	r.Comma = ';'

	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}

	var out []scheduler.VisitView
	for i, line := range lines {
		out = append(out, visitOf(t, i, line))
	}

	slices.SortStableFunc(out, func(a, b scheduler.VisitView) int {
		return a.Visit.Facts.Planned.Start.Compare(b.Visit.Facts.Planned.Start)
	})

	return out
}

func clock(t *testing.T, s string) time.Time {
	t.Helper()

	at, err := time.ParseInLocation("2006-01-02 15:04", string(testDay)+" "+s, care.Zone())
	if err != nil {
		t.Fatal(err)
	}

	return at.UTC()
}

func visitOf(t *testing.T, i int, line []string) scheduler.VisitView {
	t.Helper()

	cpr, verdict, _ := care.ParseCPR(line[4])
	laws := map[string]care.LegalBasis{"SUL §138": care.SUL138, "SEL §83": care.SEL83, "SEL §85": care.SEL85, "SEL §83a": care.SEL83A, "Ældreloven": care.AEL}
	planned := care.Interval{Start: clock(t, line[0]), End: clock(t, line[1])}
	v := scheduler.VisitView{
		Unit:    care.Unit{ID: "oest", Name: "Øst", LiveFrom: "2026-01-01"},
		Citizen: care.Citizen{ID: care.CitizenID("c" + line[2]), CPR: cpr, Verdict: verdict, Name: line[5], Address: line[6], Phone: care.NewPhone("+45" + line[7])},
		Visit: care.Snapshot{
			ID: care.VisitID(strings.ToLower(line[2])), Version: 1, State: care.Listed, Delivery: care.Physical,
			Facts: care.Facts{
				List: "l1", ListName: "Øst dag", Line: i + 2, Unit: "oest", Citizen: care.CitizenID("c" + line[2]), Employee: care.EmployeeID(line[3]),
				Service: line[8], Law: laws[line[9]], Category: line[10], Comment: line[11], Shift: care.DayShift, Planned: planned,
			},
		},
		Status: scheduler.StatusPhysical, Assessment: care.Assessment{Level: care.Green, Possible: true},
	}

	switch line[8] {
	case "Personlig hjælp og pleje":
		v.Assessment = care.Assessment{Level: care.Red, Possible: true, Reasons: []care.Reason{{Code: "service_physical", Level: care.Red, Text: "Indsatsen kan ikke gives på skærm: Personlig hjælp og pleje."}}}
	case "Tilsyn/omsorg":
		v.Assessment = care.Assessment{Level: care.Yellow, Possible: true, Reasons: []care.Reason{{Code: "suitability_unknown", Level: care.Yellow, Text: "Borgeren er ikke vurderet til skærmbesøg endnu."}, {Code: "employee_clash", Level: care.Yellow, Text: "Medarbejderen har et andet besøg på samme tid."}}}
	default:
		live(&v, i)
	}

	return v
}

// live gives every third fitting visit a life of its own.
func live(v *scheduler.VisitView, i int) {
	life := []scheduler.Status{
		scheduler.StatusCompleted, scheduler.StatusPhysical, scheduler.StatusPhysical, scheduler.StatusWaiting, scheduler.StatusInvited,
		scheduler.StatusPhysical, scheduler.StatusRunning, scheduler.StatusNot, scheduler.StatusTrouble, scheduler.StatusPhysical, scheduler.StatusBooking, scheduler.StatusOpened,
	}
	if v.Status = life[i%len(life)]; v.Status == scheduler.StatusPhysical {
		return
	}

	p := v.Visit.Facts.Planned
	v.Assessment = care.Assessment{Level: care.Red, Reasons: []care.Reason{{Code: "already_screen", Level: care.Red, Text: "Besøget er allerede omlagt til skærmbesøg."}}}
	v.Visit.State, v.Visit.Delivery, v.Visit.Batch, v.Visit.Generation = care.RoomIsBooked, care.Screen, "b1", 1
	v.Visit.Rooms = []care.Room{{Ref: care.RoomRef("r-" + v.Visit.ID), State: care.RoomProvisioned, Planned: p, WantedAt: testNow().Add(-time.Hour), BookedAt: testNow().Add(-59 * time.Minute)}}
	v.Visit.Invitations = []care.Invitation{{ID: "i1", Kind: care.Invite, Channel: care.SMS, State: care.InvitationDelivered, QueuedAt: testNow().Add(-time.Hour), SentAt: testNow().Add(-58 * time.Minute), OpenedAt: testNow().Add(-5 * time.Minute)}}
	v.Visit.Entries = []care.Entry{{ID: care.EntryID(v.Visit.ID + "-e1"), Kind: care.EntryPlanned, State: care.EntryWritten, WrittenAt: testNow().Add(-50 * time.Minute)}}

	switch v.Status {
	case scheduler.StatusWaiting:
		v.Visit.Admissions = []care.Admission{
			{ID: "a1", State: care.AdmissionIdentified, Method: care.ByCode, CameAt: testNow().Add(-4 * time.Minute), IdentifiedAt: testNow().Add(-3 * time.Minute)},
			{ID: "a2", State: care.AdmissionWaiting, CameAt: testNow().Add(-time.Minute)},
		}
	case scheduler.StatusRunning:
		v.Visit.State, v.Visit.OpenedAt = care.Open, testNow().Add(-5*time.Minute)
		v.Visit.Admissions = []care.Admission{{ID: "a1", State: care.AdmissionAdmitted, Method: care.ByCode, CameAt: testNow().Add(-9 * time.Minute), IdentifiedAt: testNow().Add(-8 * time.Minute), DecidedAt: testNow().Add(-5 * time.Minute), DecidedBy: "MSK", Recognised: true}}
	case scheduler.StatusCompleted:
		v.Visit.State = care.Completed
		v.Visit.Outcome = care.Outcome{Kind: care.ResultCompleted, Delivery: care.Screen, Actual: p, Together: p.Duration(), Grade: care.Certain, By: "system", At: p.End}
	case scheduler.StatusNot:
		v.Visit.State = care.NotCompleted
		v.Visit.Outcome = care.Outcome{Kind: care.ResultNotCompleted, Reason: care.CitizenAbsent, Delivery: care.Screen, Grade: care.Certain, By: "system", At: p.End}
	case scheduler.StatusTrouble:
		v.Visit.Invitations[0].State, v.Visit.Invitations[0].Failure = care.InvitationBounced, "Nummeret findes ikke."
		v.Visit.Exceptions = []care.Exception{{ID: care.ExceptionID(v.Visit.ID + "-x1"), Kind: care.MessageTrouble, About: "i1", Text: "SMS'en til borgeren kom ikke frem: nummeret findes ikke. Ring til borgeren, eller gør besøget fysisk.", Retry: true, RaisedAt: testNow().Add(-30 * time.Minute)}}
	case scheduler.StatusPhysical, scheduler.StatusBooking, scheduler.StatusPlanned, scheduler.StatusInvited, scheduler.StatusOpened, scheduler.StatusPhone, scheduler.StatusCancelled:
	}
}

func (f *fakeUse) call(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()

	f.calls = append(f.calls, name)

	return f.fail
}

func (f *fakeUse) called(name string) int {
	f.mu.Lock()
	defer f.mu.Unlock()

	n := 0

	for _, c := range f.calls {
		if c == name {
			n++
		}
	}

	return n
}

func (f *fakeUse) find(id care.VisitID) (scheduler.VisitView, error) {
	for _, v := range f.rows {
		if v.Visit.ID == id {
			return v, nil
		}
	}

	return scheduler.VisitView{}, care.NewError(care.NotFound, "Besøget findes ikke.")
}

func (f *fakeUse) day(actor care.Actor, q scheduler.DayQuery, own bool) scheduler.DayView {
	out := scheduler.DayView{Day: q.Day, Units: []care.Unit{{ID: "oest", Name: "Øst"}, {ID: "vest", Name: "Vest"}}}
	if q.Day != testDay {
		return out
	}

	for _, v := range f.rows {
		facts := v.Visit.Facts
		if own && facts.Employee != actor.Employee {
			continue
		}

		out.All++

		if v.Visit.NeedsPerson() {
			out.Troubles++
		}

		if !slices.Contains(out.Employees, facts.Employee) {
			out.Employees = append(out.Employees, facts.Employee)
		}

		if (q.Employee == "" || q.Employee == facts.Employee) && (q.Level == 0 || q.Level == v.Assessment.Level) && (q.Status == "" || q.Status == v.Status) && (q.Unit == "" || q.Unit == facts.Unit) {
			out.Visits = append(out.Visits, v)
		}
	}

	slices.Sort(out.Employees)

	return out
}

func (f *fakeUse) Day(_ context.Context, actor care.Actor, q scheduler.DayQuery) (scheduler.DayView, error) {
	return f.day(actor, q, false), f.call("Day")
}

func (f *fakeUse) MyDay(_ context.Context, actor care.Actor, day care.Day) (scheduler.DayView, error) {
	return f.day(actor, scheduler.DayQuery{Day: day}, true), f.call("MyDay")
}

func (f *fakeUse) Visit(_ context.Context, _ care.Actor, id care.VisitID) (scheduler.VisitView, error) {
	if err := f.call("Visit"); err != nil {
		return scheduler.VisitView{}, err
	}

	return f.find(id)
}

func (f *fakeUse) Lobby(_ context.Context, _ care.Actor, id care.VisitID) (scheduler.VisitView, error) {
	if err := f.call("Lobby"); err != nil {
		return scheduler.VisitView{}, err
	}

	v, err := f.find(id)
	v.Verdict = f.verdict

	return v, err
}

func (f *fakeUse) Troubles(_ context.Context, _ care.Actor, day care.Day) ([]scheduler.TroubleView, error) {
	var out []scheduler.TroubleView

	for _, v := range f.rows {
		for _, e := range v.Visit.Exceptions {
			if e.Open() && day == testDay {
				out = append(out, scheduler.TroubleView{Exception: e, Visit: v})
			}
		}
	}

	return out, f.call("Troubles")
}

func (f *fakeUse) Retry(context.Context, care.Actor, care.VisitID, care.ExceptionID) error {
	return f.call("Retry")
}

func (f *fakeUse) Settle(context.Context, care.Actor, care.VisitID, care.ExceptionID) error {
	return f.call("Settle")
}

func (f *fakeUse) MoveVisit(context.Context, care.Actor, care.VisitID, care.Interval) error {
	return f.call("MoveVisit")
}

func (f *fakeUse) CancelVisit(_ context.Context, _ care.Actor, _ care.VisitID, reason care.ReasonCode) error {
	if reason == "" {
		return care.NewError(care.Invalid, "Vælg en årsag.")
	}

	return f.call("CancelVisit")
}

func (f *fakeUse) MakePhysical(context.Context, care.Actor, care.VisitID) error {
	return f.call("MakePhysical")
}

func (f *fakeUse) PreviewList(_ context.Context, _ care.Actor, up scheduler.Upload) (scheduler.Preview, error) {
	if err := f.call("PreviewList"); err != nil {
		return scheduler.Preview{}, err
	}

	if strings.HasPrefix(string(up.File.Data), "hej") {
		return scheduler.Preview{}, care.NewError(care.Invalid, "Filen er ikke en køreliste: vi kan ikke finde kolonnerne CPR-nr. og Starttid.")
	}

	return f.preview(), nil
}

func (f *fakeUse) PreviewUpload(context.Context, care.Actor, care.ListID) (scheduler.Preview, error) {
	return f.preview(), f.call("PreviewUpload")
}

func (f *fakeUse) preview() scheduler.Preview {
	a, b, c := f.rows[0], f.rows[3], f.rows[5]

	return scheduler.Preview{
		Upload: "up1", FileName: "koreliste-dag-aendret.csv", Faults: 1,
		List: ehr.DrivingList{
			Encoding: "UTF-8", Total: 60, Rows: make([]ehr.Row, 59),
			Columns: []ehr.Column{{Header: "Dato", Field: "Dato"}, {Header: "Starttid", Field: "Starttid"}, {Header: "CPR-nr.", Field: "Personnummer"}, {Header: "Postnr"}, {Header: "Indsats", Field: "Indsats"}},
			Problems: []ehr.Problem{
				{Line: 14, Column: "Sluttid", Severity: ehr.Fault, Text: "Sluttiden ligger før starttiden. Ret tiden i omsorgsjournalen, og hent listen igen."},
				{Line: 22, Column: "Mobil", Severity: ehr.Warning, Text: "Mobilnummeret har kun 7 cifre. Borgeren kan ikke få SMS, før det er rettet."},
			},
		},
		PerDay: []scheduler.PerDay{{Day: testDay, Employee: "MSK", Rows: 12}, {Day: testDay, Employee: "LBH", Rows: 12}, {Day: testDay, Employee: "", Rows: 1}},
		Counts: map[scheduler.ChangeKind]int{scheduler.ChangeNew: 1, scheduler.ChangeMoved: 1, scheduler.ChangeGone: 1, scheduler.ChangeOther: 1, scheduler.ChangeNone: 55},
		Changes: []scheduler.RowChange{
			{Kind: scheduler.ChangeNew, Line: 60, Name: a.Citizen.Name, CPR: a.Citizen.CPR, Service: a.Visit.Facts.Service, Employee: "VIK", Planned: a.Visit.Facts.Planned, Effect: "Besøget kommer på dagen som fysisk besøg."},
			{Kind: scheduler.ChangeMoved, Line: 9, Visit: b.Visit.ID, Name: b.Citizen.Name, CPR: b.Citizen.CPR, Service: b.Visit.Facts.Service, Employee: "TKR", Before: b.Visit.Facts.Planned, Planned: c.Visit.Facts.Planned, Screen: true, What: []string{"07.00–07.20 → 07.50–08.20"}, Effect: "Rummet flyttes, og borgeren får besked."},
			{Kind: scheduler.ChangeGone, Visit: c.Visit.ID, Name: c.Citizen.Name, CPR: c.Citizen.CPR, Service: c.Visit.Facts.Service, Employee: "LBH", Before: c.Visit.Facts.Planned, Screen: true, Effect: "Besøget kommer på listen Kræver handling. Det aflyses ikke af sig selv."},
			{Kind: scheduler.ChangeOther, Line: 12, Name: b.Citizen.Name, CPR: b.Citizen.CPR, Service: b.Visit.Facts.Service, Employee: "VIK", Planned: b.Visit.Facts.Planned, What: []string{"medarbejder MSK → VIK"}, Effect: "Rettes."},
			{Kind: scheduler.ChangeNone},
		},
	}
}

func (f *fakeUse) record() scheduler.ListRecord {
	return scheduler.ListRecord{ID: "l2", FileName: "koreliste-dag.csv", By: "PLA", At: testNow(), Rows: 60, New: 58, Faults: 2, Problems: f.preview().List.Problems}
}

func (f *fakeUse) ImportList(context.Context, care.Actor, care.ListID) (scheduler.ListRecord, error) {
	return f.record(), f.call("ImportList")
}

func (f *fakeUse) RecentLists(context.Context, care.Actor) ([]scheduler.ListRecord, error) {
	return []scheduler.ListRecord{f.record()}, f.call("RecentLists")
}

func (f *fakeUse) DryRun(_ context.Context, _ care.Actor, ids []care.VisitID) (scheduler.Plan, error) {
	plan := scheduler.Plan{}

	for i, id := range ids {
		v, err := f.find(id)
		if err != nil {
			return scheduler.Plan{}, err
		}

		item := scheduler.PlanItem{
			View: v, Convert: v.Assessment.Possible, Room: "Rum fra kl. 07.55 til 08.10", Channel: care.SMS, Category: "Planlagt skærmbesøg", Comment: "SKÆRM",
			Message: "Testby Kommune: Du har en aftale på skærm kl. 07.55. Gå ind her: … Kan ikke besvares",
		}
		if i == 1 {
			item.Convert, item.Why = false, "Tidspunktet er passeret."
		}

		plan.Items = append(plan.Items, item)

		if item.Convert {
			plan.Rooms, plan.SMS, plan.Entries = plan.Rooms+1, plan.SMS+1, plan.Entries+1
		} else {
			plan.Skipped++
		}
	}

	return plan, f.call("DryRun")
}

func (f *fakeUse) Convert(_ context.Context, _ care.Actor, req scheduler.ConvertRequest) (care.Batch, error) {
	for _, id := range req.Visits {
		if v, err := f.find(id); err == nil && v.Assessment.Level == care.Red && v.Assessment.Possible && req.RedReason == "" {
			return care.Batch{}, care.NewError(care.Invalid, "Skriv en begrundelse for de besøg, der er imod reglerne.")
		}
	}

	return care.Batch{ID: "b1"}, f.call("Convert")
}

func (f *fakeUse) progress() scheduler.Progress {
	p := scheduler.Progress{
		Batch:  care.Batch{ID: "b1", By: "PLA", ByName: "Pia Planlægger", Visits: 24, MadeAt: testNow().Add(-2 * time.Minute)},
		State:  f.batchState,
		Counts: care.Counts{Total: 24, Booked: 17, Invited: 12, Recorded: 9, Troubled: 1, Active: 24}, Done: 38, Total: 72, Left: 40 * time.Second,
	}

	switch f.batchState {
	case care.BatchRunning:
	case care.BatchDone, care.BatchPartlyFailed:
		p.Counts, p.Done, p.Left = care.Counts{Total: 24, Booked: 24, Invited: 23, Recorded: 24, Troubled: 1, Active: 24}, 72, 0
	case care.BatchUndoing, care.BatchUndone:
		p.Batch.UndoneAt, p.Batch.UndoneBy, p.Counts.Reverted, p.Left = testNow(), "PLA", 24, 0
	}

	return p
}

func (f *fakeUse) Batches(context.Context, care.Actor) ([]scheduler.Progress, error) {
	return []scheduler.Progress{f.progress()}, f.call("Batches")
}

func (f *fakeUse) Progress(context.Context, care.Actor, care.BatchID) (scheduler.Progress, error) {
	return f.progress(), f.call("Progress")
}

func (f *fakeUse) Undo(context.Context, care.Actor, care.BatchID) error { return f.call("Undo") }

func (f *fakeUse) HostLink(context.Context, care.Actor, care.VisitID) (care.HostLink, error) {
	if err := f.call("HostLink"); err != nil {
		return care.HostLink{}, err
	}

	return care.NewHostLink(f.hostLink)
}

func (f *fakeUse) Admit(_ context.Context, _ care.Actor, _ care.VisitID, _ care.AdmissionID, recognised bool) error {
	if !recognised {
		return care.NewError(care.Invalid, "Sæt kryds ved »genkendt«, før du lukker borgeren ind.")
	}

	return f.call("Admit")
}

func (f *fakeUse) Refuse(context.Context, care.Actor, care.VisitID, care.AdmissionID) error {
	return f.call("Refuse")
}

func (f *fakeUse) Conclude(context.Context, care.Actor, care.VisitID, scheduler.ConcludeRequest) error {
	return f.call("Conclude")
}

func (f *fakeUse) Statistics(_ context.Context, _ care.Actor, q scheduler.StatisticsQuery) (scheduler.Statistics, error) {
	s := scheduler.Statistics{
		Query: q, Units: []care.Unit{{ID: "oest", Name: "Øst"}},
		Total: scheduler.Figures{Label: "I alt", All: 12480, Planned: 2210, Completed: 1876, Phone: 74, Not: 148, Cancelled: 72, Waiting: 40, Minutes: 15008},
		ByLaw: []scheduler.Figures{
			{Key: "SUL_138", Label: "SUL § 138", All: 6100, Planned: 1420, Completed: 1240, Phone: 31, Not: 92, Cancelled: 37, Waiting: 20, Minutes: 9920},
			{Key: "AEL", Label: "Ældreloven", All: 6380, Planned: 790, Completed: 636, Phone: 43, Not: 56, Cancelled: 35, Waiting: 20, Minutes: 5088},
		},
		ByEmployee: []scheduler.Figures{{Key: "MSK", Label: "MSK", All: 520, Planned: 96, Completed: 88, Not: 5, Phone: 3, Minutes: 704}, {Key: "=cmd", Label: "=cmd|'/C calc'!A0", All: 1}},
		ByReason:   []scheduler.Figures{{Key: "udeblevet", Label: "Borgeren udeblev", Not: 96}, {Key: "teknisk_fejl", Label: "Teknisk fejl", Not: 52}},
	}
	for i, n := range []int{310, 402, 455, 520, 523} {
		s.ByWeek = append(s.ByWeek, scheduler.Figures{Label: []string{"Uge 43", "Uge 44", "Uge 45", "Uge 46", "Uge 47"}[i], All: 2500, Planned: n, Completed: n * 85 / 100, Phone: n / 30, Not: n / 15, Cancelled: n / 30, Waiting: i, Minutes: n * 7})
	}

	return s, f.call("Statistics")
}

func (f *fakeUse) mine(secret string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()

	return f.known[secret]
}

func (f *fakeUse) Landing(_ context.Context, l care.Locator) (scheduler.CitizenView, error) {
	if err := f.call("Landing"); err != nil {
		return scheduler.CitizenView{}, err
	}

	if !f.mine(l.Reveal()) {
		return scheduler.CitizenView{Stage: scheduler.StageWrong}, nil
	}

	return scheduler.CitizenView{Stage: scheduler.StageLanding}, nil
}

func (f *fakeUse) Enter(_ context.Context, l care.Locator) (scheduler.Entered, error) {
	if err := f.call("Enter"); err != nil {
		return scheduler.Entered{}, err
	}

	if !f.mine(l.Reveal()) {
		return scheduler.Entered{}, care.NewError(care.NotFound, "Linket virker ikke.")
	}

	f.mu.Lock()
	defer f.mu.Unlock()

	token := "session-" + l.Reveal()
	f.known[token] = true

	return scheduler.Entered{Token: care.NewSessionToken(token), Expires: testNow().Add(time.Hour)}, nil
}

func (f *fakeUse) Lounge(_ context.Context, token care.SessionToken) (scheduler.CitizenView, error) {
	if err := f.call("Lounge"); err != nil {
		return scheduler.CitizenView{}, err
	}

	if !f.mine(token.Reveal()) {
		return scheduler.CitizenView{Stage: scheduler.StageWrong}, nil
	}

	f.mu.Lock()
	defer f.mu.Unlock()

	return f.citizen, nil
}

func (f *fakeUse) AskCode(context.Context, care.SessionToken) error { return f.call("AskCode") }

func (f *fakeUse) EnterCode(_ context.Context, _ care.SessionToken, code care.Code) error {
	if err := f.call("EnterCode"); err != nil {
		return err
	}

	if code.Reveal() != "483921" {
		return care.NewError(care.Invalid, "Koden er ikke rigtig. Prøv igen.")
	}

	return f.codeErr
}

func (f *fakeUse) GuestLink(_ context.Context, token care.SessionToken) (care.GuestLink, error) {
	if err := f.call("GuestLink"); err != nil {
		return care.GuestLink{}, err
	}

	if !f.mine(token.Reveal()) || f.citizen.Stage != scheduler.StageAdmitted {
		return care.GuestLink{}, care.NewError(care.Conflict, "Medarbejderen har ikke lukket dig ind endnu.")
	}

	pin, err := care.NewHostPIN("918273")
	if err != nil {
		return care.GuestLink{}, err
	}

	return care.NewGuestLink(f.guestLink, pin)
}

// fakeSessions is a session store in memory.
type fakeSessions struct {
	mu   sync.Mutex
	rows map[string]web.Session
}

func newFakeSessions() *fakeSessions { return &fakeSessions{rows: map[string]web.Session{}} }

func (f *fakeSessions) SaveSession(_ context.Context, hash string, s web.Session) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rows[hash] = s

	return nil
}

func (f *fakeSessions) Session(_ context.Context, hash string) (web.Session, error) {
	f.mu.Lock()
	defer f.mu.Unlock()

	s, ok := f.rows[hash]
	if !ok {
		return web.Session{}, care.NewError(care.NotFound, "Sessionen findes ikke.")
	}

	return s, nil
}

func (f *fakeSessions) TouchSession(_ context.Context, hash string, at time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()

	if s, ok := f.rows[hash]; ok {
		s.SeenAt = at
		f.rows[hash] = s
	}

	return nil
}

func (f *fakeSessions) EndSession(_ context.Context, hash string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.rows, hash)

	return nil
}

func (f *fakeSessions) EndSessionsOf(_ context.Context, name saml.NameID, indexes []string) error {
	f.mu.Lock()
	defer f.mu.Unlock()

	for hash, s := range f.rows {
		if s.NameID == name && (len(indexes) == 0 || slices.Contains(indexes, s.Index)) {
			delete(f.rows, hash)
		}
	}

	return nil
}

// fakeLogin plays the identity provider: the posted "user" field says who comes back.
type fakeLogin struct{ mark string }

func (f *fakeLogin) Login(_ context.Context, handle, returnTo string) (string, error) {
	if handle == "" {
		return "", care.NewError(care.Internal, "no handle")
	}

	return "https://idp.example.dk/sso?til=" + returnTo, nil
}

func (f *fakeLogin) Callback(r *http.Request, handle string) (saml.Principal, string, error) {
	if err := r.ParseForm(); err != nil || handle == "" {
		return saml.Principal{}, "", &saml.Error{Kind: saml.KindWrongBrowser}
	}

	user := r.PostForm.Get("user")
	if user == "" {
		return saml.Principal{}, "", &saml.Error{Kind: saml.KindDenied}
	}

	return saml.Principal{
		Subject: user, EmployeeID: user, Name: "Test " + user, Groups: strings.Fields(r.PostForm.Get("groups")),
		NameID: saml.NameID{Value: f.mark + user}, SessionIndex: "s1",
	}, "/", nil
}

func (f *fakeLogin) Logout(context.Context, string, saml.Principal, string) (string, error) {
	return "https://idp.example.dk/slo", nil
}

func (f *fakeLogin) HandleLogout(r *http.Request, _ string) (saml.LogoutMessage, error) {
	return saml.LogoutMessage{Requested: true, NameID: saml.NameID{Value: r.URL.Query().Get("who")}, RedirectURL: "https://idp.example.dk/done"}, nil
}

func (f *fakeLogin) Metadata() ([]byte, error) { return []byte("<EntityDescriptor/>"), nil }
