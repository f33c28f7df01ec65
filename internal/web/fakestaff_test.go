package web_test

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

func (f *fakeUse) call(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()

	f.calls = append(f.calls, name)

	if f.boom != nil {
		panic(f.boom)
	}

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
	if id == "slettet" || id == "beholdt" {
		id = care.VisitID((&served{use: f}).withStatus(scheduler.StatusCompleted))
	}

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

	v, err := f.find(id)
	v.People = peopleOf(v)

	return deletion(v, id), err
}

func (f *fakeUse) Lobby(_ context.Context, _ care.Actor, id care.VisitID) (scheduler.VisitView, error) {
	if err := f.call("Lobby"); err != nil {
		return scheduler.VisitView{}, err
	}

	v, err := f.find(id)
	v.Verdict = f.verdict
	v.People = peopleOf(v)

	if v.Visit.State.Active() {
		v.Address, v.Guardian = "482913@video.example.dk", "Karla Datter"
	}

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
			{Kind: scheduler.ChangeNew, Line: 60, Name: a.Citizen.Name, Key: a.Citizen.Key(), Service: a.Visit.Facts.Service, Employee: "VIK", Planned: a.Visit.Facts.Planned, Effect: "Besøget kommer på dagen som fysisk besøg."},
			{Kind: scheduler.ChangeMoved, Line: 9, Visit: b.Visit.ID, Name: b.Citizen.Name, Key: b.Citizen.Key(), Service: b.Visit.Facts.Service, Employee: "TKR", Before: b.Visit.Facts.Planned, Planned: c.Visit.Facts.Planned, Screen: true, What: []string{"07.00–07.20 → 07.50–08.20"}, Effect: "Rummet flyttes, og borgeren får besked."},
			{Kind: scheduler.ChangeGone, Visit: c.Visit.ID, Name: c.Citizen.Name, Key: c.Citizen.Key(), Service: c.Visit.Facts.Service, Employee: "LBH", Before: c.Visit.Facts.Planned, Screen: true, Effect: "Besøget kommer på listen Kræver handling. Det aflyses ikke af sig selv."},
			{Kind: scheduler.ChangeOther, Line: 12, Name: b.Citizen.Name, Key: b.Citizen.Key(), Service: b.Visit.Facts.Service, Employee: "VIK", Planned: b.Visit.Facts.Planned, What: []string{"medarbejder MSK → VIK"}, Effect: "Rettes."},
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
			View: v, Convert: v.Assessment.Possible, Room: "Rum fra kl. 07.55 til 08.10", Channel: care.SMS, Writes: []string{"På kørelisten: kategorien bliver »Planlagt skærmbesøg«, og bemærkningen får »SKÆRM«."},
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
	f.mu.Lock()
	defer f.mu.Unlock()

	p := scheduler.Progress{
		Batch:  care.Batch{ID: "b1", By: "PLA", ByName: "Pia Planlægger", Visits: 24, MadeAt: testNow().Add(-2 * time.Minute)},
		State:  f.batchState,
		Counts: care.Counts{Total: 24, Booked: 17, Invited: 12, Recorded: 9, Troubled: 1, Active: 24}, Done: 38, Total: 72, Left: 40 * time.Second,
	}

	switch f.batchState {
	case care.BatchRunning, care.BatchWaiting, care.BatchRefused, care.BatchWithdrawn, care.BatchExpired:
	case care.BatchDone, care.BatchPartlyFailed:
		p.Counts, p.Done, p.Left = care.Counts{Total: 24, Booked: 24, Invited: 23, Recorded: 24, Troubled: 1, Active: 24}, 72, 0
	case care.BatchUndoing, care.BatchUndone:
		p.Batch.UndoneAt, p.Batch.UndoneBy, p.Counts.Reverted, p.Left = testNow(), "PLA", 24, 0
	}

	return p
}

func (f *fakeUse) Batches(context.Context, care.Actor) ([]scheduler.Progress, error) {
	return []scheduler.Progress{f.progress(), {Batch: waiting("b3"), State: care.BatchWaiting}}, f.call("Batches")
}

func (f *fakeUse) Progress(_ context.Context, _ care.Actor, id care.BatchID) (scheduler.Progress, error) {
	p := f.progress()
	if slices.Contains([]care.BatchID{"b3", "b4", "b5"}, id) {
		return scheduler.Progress{Batch: waiting(id), State: care.BatchWaiting}, f.call("Progress")
	}

	if id == "b2" { // by telephone instead
		p.Batch.ID, p.Batch.Kind, p.Batch.UndoneAt, p.State = id, care.ToPhone, time.Time{}, care.BatchRunning
		p.Counts, p.Done, p.Total = care.Counts{Total: 24, Closing: 3, Restoring: 7, Reverted: 24}, 14, 24
	}

	return p, f.call("Progress")
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
