package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/directory"
)

// fakePeople plays a directory of three employees in three units.
type fakePeople struct {
	mu    sync.Mutex
	saved []directory.EmployeeRequest
	calls []string
	err   error // of every change
}

func (f *fakePeople) note(what string) error {
	f.mu.Lock()
	defer f.mu.Unlock()

	f.calls = append(f.calls, what)

	return f.err
}

func people() []directory.EmployeeView {
	view := func(id care.EmployeeID, name string, active bool, source care.GrantSource) directory.EmployeeView {
		e := care.Employee{ID: id, Version: 2, Name: name, Active: active, Source: source, ChangedAt: testNow(), Email: care.NewEmail("mona@testby.example")}
		e = e.WithGrants(source, []care.Grant{{Unit: "oest", Role: care.Caregiver}}).WithGrants(care.FromHand, []care.Grant{{Unit: "vest", Role: care.Leader}})
		before := e
		before.Version = 1

		return directory.EmployeeView{
			Employee: e, Works: active, By: []care.Grant{{Unit: "*", Role: care.Auditor}},
			History: []directory.Revision{{Employee: e, By: "SYS", At: testNow()}, {Employee: before, By: "system", At: testNow()}},
		}
	}

	return []directory.EmployeeView{view("MSK", "Mona Skov", true, care.FromCSV), view("BNI", "Bo Nielsen", false, care.FromHand), view("AOJ", "Åse Øster", true, care.FromSCIM)}
}

func (f *fakePeople) Employees(_ context.Context, _ care.Actor, q directory.Search) ([]directory.EmployeeView, error) {
	var out []directory.EmployeeView

	for _, e := range people() {
		if e.Active != q.Left && strings.Contains(strings.ToLower(e.Name), strings.ToLower(q.Text)) {
			out = append(out, e)
		}
	}

	return out, nil
}

func (f *fakePeople) Employee(_ context.Context, _ care.Actor, id care.EmployeeID) (directory.EmployeeView, error) {
	for _, e := range people() {
		if e.ID == id {
			return e, nil
		}
	}

	return directory.EmployeeView{}, care.NewError(care.NotFound, "Medarbejderen findes ikke i kartoteket.")
}

func (f *fakePeople) SaveEmployee(_ context.Context, _ care.Actor, req directory.EmployeeRequest) error {
	f.mu.Lock()
	f.saved = append(f.saved, req)
	f.mu.Unlock()

	return f.note("SaveEmployee")
}

func (f *fakePeople) MarkLeft(_ context.Context, _ care.Actor, _ care.EmployeeID, _ int) error {
	return f.note("MarkLeft")
}

func (f *fakePeople) MarkBack(_ context.Context, _ care.Actor, _ care.EmployeeID, _ int) error {
	return f.note("MarkBack")
}

func (f *fakePeople) Undo(_ context.Context, _ care.Actor, _ care.EmployeeID, _, _ int) error {
	return f.note("Undo")
}

func (f *fakePeople) UnitTree(context.Context, care.Actor) ([]directory.UnitView, error) {
	return []directory.UnitView{
		{Unit: directory.Unit{Unit: care.Unit{ID: "hjemmeplejen", Name: "Hjemmeplejen"}, Configured: true}, Employees: 2},
		{Unit: directory.Unit{Unit: care.Unit{ID: "oest", Name: "Øst", Parent: "hjemmeplejen", LiveFrom: "2026-01-01"}, Lists: []string{"Øst*", "Ø1"}, Configured: true}, Depth: 1},
		{Unit: directory.Unit{Unit: care.Unit{ID: "vest", Name: "Vest", Parent: "hjemmeplejen"}}, Depth: 1},
	}, nil
}

func preview(kind directory.ImportKind, faulty bool) directory.Preview {
	p := directory.Preview{
		Upload: string(kind) + "-1", FileName: "medarbejdere.csv", Kind: kind, Unchanged: 7,
		Lines: []directory.Line{
			{Kind: directory.ChangeGone, ID: "BNI", Name: "Bo Nielsen"},
			{Kind: directory.ChangeNew, ID: "NYE", Name: "Nye Folk"},
			{Kind: directory.ChangeChanged, ID: "MSK", Name: "Mona Skov", What: []string{"nyt navn", "nye roller"}},
		},
		Problems: []directory.Problem{{Text: "En kolonne bruges ikke: Løntrin."}},
	}

	if faulty {
		p.Problems = append(p.Problems, directory.Problem{Line: 4, Column: "Rolle", Text: "Rollen findes ikke.", Fault: true})
	}

	return p
}

func (f *fakePeople) PreviewFile(_ context.Context, _ care.Actor, kind directory.ImportKind, file directory.File) (directory.Preview, error) {
	if string(file.Data) == "x" {
		return directory.Preview{}, &care.Error{Kind: care.Invalid, Message: "Filen kan ikke læses.", Err: errors.New("x")}
	}

	return preview(kind, false), nil
}

func (f *fakePeople) PreviewUpload(_ context.Context, _ care.Actor, upload string) (directory.Preview, error) {
	kind, rest, _ := strings.Cut(upload, "-")

	return preview(directory.ImportKind(kind), rest == "fejl"), nil
}

func (f *fakePeople) ImportUpload(_ context.Context, _ care.Actor, upload string, _ bool) (directory.Preview, error) {
	kind, _, _ := strings.Cut(upload, "-")

	return preview(directory.ImportKind(kind), false), f.note("ImportUpload")
}

func (f *fakeUse) EmployeeLinks(context.Context, care.Actor, care.CitizenID) (scheduler.EmployeeLinkList, error) {
	link := care.EmployeeLink{ID: "l1", Employee: "MSK", Unit: "oest", From: "2026-11-01", To: "2026-12-01", Proof: care.ByOverride, Reason: "Fast kontaktperson", MadeBy: "LED"}
	later := care.EmployeeLink{ID: "l2", Employee: "LBH", Unit: "oest", From: "2026-12-01", Proof: care.ProvenByVisit, MadeBy: "LED"}

	return scheduler.EmployeeLinkList{Citizen: care.Citizen{ID: "c1", Name: "Sverre Mosebryggersen", CPR: fakeCPR()}, Links: []scheduler.EmployeeLinkView{{EmployeeLink: link, UnitName: "Øst", Active: true, CanEnd: true}, {EmployeeLink: later, UnitName: "Øst", Coming: true}, {EmployeeLink: later, UnitName: "Øst"}}}, f.call("EmployeeLinks")
}

func (f *fakeUse) LinkUnits(context.Context, care.Actor) ([]care.Unit, error) {
	return []care.Unit{{ID: "oest", Name: "Øst"}}, f.call("LinkUnits")
}

func (f *fakeUse) LinkEmployee(_ context.Context, _ care.Actor, req scheduler.LinkRequest) error {
	if req.Employee == "" {
		return care.NewError(care.Invalid, "Skriv medarbejderens initialer, som de står i kørelisten.")
	}

	return f.call("LinkEmployee")
}

func (f *fakeUse) EndEmployeeLink(context.Context, care.Actor, care.CitizenID, care.EmployeeLinkID) error {
	return f.call("EndEmployeeLink")
}

func TestDirectoryPages(t *testing.T) {
	t.Parallel()

	b := setup(t)
	boss := b.as(t, testby, "SYS", care.Administrator)

	for path, text := range map[string]string{
		"/administration/medarbejdere":                 "Mona Skov",
		"/administration/medarbejdere?navn=ingen":      "Ingen medarbejdere at vise",
		"/administration/medarbejdere?vis=fratraadte":  "Bo Nielsen",
		"/administration/medarbejdere/MSK":             "Leder i Vest",
		"/administration/medarbejdere/AOJ":             "Revisor i Alle enheder",
		"/administration/medarbejdere/BNI":             "Giv adgang igen",
		"/administration/ny-medarbejder":               "Som i kørelisten og i login",
		"/administration/enheder":                      "Øst*, Ø1",
		"/administration/filer/employees-1":            "Indlæs 3 ændringer",
		"/administration/filer/employees-fejl":         "Filen har fejl. Ret dem i filen",
		"/administration/medarbejdere?besked=indlaest": "Filen er indlæst.",
	} {
		if body := b.get(t, boss, path, http.StatusOK); !strings.Contains(body, text) {
			t.Errorf("%s does not say %q", path, text)
		}
	}

	b.get(t, boss, "/administration/medarbejdere/XYZ", http.StatusNotFound)

	for path, to := range map[string]string{
		"/administration/medarbejdere/MSK/fratraed":   "/administration/medarbejdere/MSK?besked=fratraadt",
		"/administration/medarbejdere/BNI/giv-adgang": "/administration/medarbejdere/BNI?besked=adgang",
		"/administration/medarbejdere/MSK/fortryd":    "/administration/medarbejdere/MSK?besked=medarbejder",
		"/administration/filer/units-1":               "/administration/enheder?besked=indlaest",
	} {
		if got := b.post(t, boss, path, url.Values{"version": {"2"}, "aendring": {"2"}}, http.StatusSeeOther).Header().Get("Location"); got != to {
			t.Errorf("%s leads to %s", path, got)
		}
	}
}

func TestEmployeeForm(t *testing.T) {
	t.Parallel()

	b := setup(t)
	boss := b.as(t, testby, "SYS", care.Administrator)
	fake := b.people[testby]

	b.post(t, boss, "/administration/medarbejdere/MSK", url.Values{
		"version": {"2"}, "navn": {"Mona"}, "mail": {"m@x.example"}, "fra": {"2026-01-01"}, "rolle": {"leader:vest"},
		"ny-rolle": {"planner", ""}, "ny-enhed": {"oest", ""},
	}, http.StatusSeeOther)
	b.post(t, boss, "/administration/medarbejdere", url.Values{"version": {"7"}, "initialer": {"NY"}, "navn": {"Ny"}}, http.StatusSeeOther)

	if len(fake.saved) != 2 || fake.saved[0].Version != 2 || fake.saved[0].ID != "MSK" || len(fake.saved[0].Grants) != 2 || fake.saved[1].Version != 0 {
		t.Errorf("%+v", fake.saved)
	}

	// In this order: what follows the loop goes on with the conflict.
	for _, refusal := range []struct {
		status int
		kind   care.Kind
	}{{http.StatusUnprocessableEntity, care.Invalid}, {http.StatusConflict, care.Conflict}} {
		fake.err = care.NewError(refusal.kind, "Skriv medarbejderens navn.")

		for _, path := range []string{"/administration/medarbejdere/MSK", "/administration/medarbejdere"} {
			if body := b.post(t, boss, path, url.Values{"navn": {"<b>Mona"}}, refusal.status).Body.String(); !strings.Contains(body, "Skriv medarbejderens navn.") || strings.Contains(body, "<b>Mona") {
				t.Errorf("%s: %s", path, body)
			}
		}
	}

	b.post(t, boss, "/administration/medarbejdere/MSK/fratraed", nil, http.StatusConflict)
	b.post(t, boss, "/administration/filer/employees-1", nil, http.StatusConflict)

	planner := b.as(t, testby, "PLA", care.Leader)
	b.post(t, planner, "/borgere/c1/medarbejdere", url.Values{"medarbejder": {"MSK"}, "enhed": {"oest"}}, http.StatusSeeOther)
	b.post(t, planner, "/borgere/c1/medarbejdere", nil, http.StatusUnprocessableEntity)
	b.post(t, planner, "/borgere/c1/medarbejdere/l1/afslut", nil, http.StatusSeeOther)
}
