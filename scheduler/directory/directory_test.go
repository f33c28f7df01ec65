package directory_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/directory"
)

func TestGrantsAreTheUnion(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	login := care.Grant{Unit: "vest", Role: care.Planner}

	// An empty directory takes nothing away (ADR 6).
	if got, active := r.may("MSK", login); got != "vest:planner" || !active {
		t.Errorf("%s, %t", got, active)
	}

	r.bring(directory.ImportEmployees, heading,
		"MSK;Mona Skov;msk@testby.invalid;oest;Medarbejder;;",
		"MSK;Mona Skov;msk@testby.invalid;Hjemmeplejen;Leder;;",
		"NYE;Nye Folk;;vest;medarbejder;24-11-2026;",
		"SLU;Slut Nu;;vest;caregiver;01-01-2026;23-11-2026")

	for id, want := range map[care.EmployeeID]string{
		"MSK": "vest:planner hjemmeplejen:leader oest:leader vest:leader oest:caregiver", "NYE": "", "SLU": "vest:planner vest:caregiver", "XYZ": "vest:planner",
	} {
		if got, active := r.may(id, login); got != want || active != (want != "") {
			t.Errorf("%s: %s, %t; want %s", id, got, active, want)
		}
	}

	// At midnight one begins and one ends, without anybody doing anything.
	r.clock.to("2026-11-24", 0)

	if got, active := r.may("NYE"); got != "vest:caregiver" || !active {
		t.Errorf("%s, %t", got, active)
	}

	if got, active := r.may("SLU", login); got != "" || active {
		t.Errorf("%s, %t", got, active)
	}

	if r.one("SLU").Active != true {
		t.Error("marked too early for the test")
	}

	must(t, r.RetireLeavers(t.Context()))
	must(t, r.RetireLeavers(t.Context()))

	if e := r.one("SLU"); e.Active || e.Version != 2 || e.History[0].By != "system" {
		t.Errorf("%+v", e)
	}
}

// TestGrantsAreOneRead counts what a request costs.
func TestGrantsAreOneRead(t *testing.T) {
	t.Parallel()

	counted := &counting{}
	r := newRig(t, func(d *directory.Deps) { counted.Store, d.Store = d.Store, counted })
	r.bring(directory.ImportEmployees, heading, "MSK;Mona Skov;;oest;Medarbejder;;")

	counted.reads = 0

	for range 3 {
		r.may("MSK")
	}

	if counted.reads != 3 {
		t.Errorf("%d reads for three requests", counted.reads)
	}
}

func TestImportTellsAndThenDoes(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	first := []string{
		heading, "MSK;Mona Skov;;oest;Medarbejder;;", "AOJ;Åse Øster;;vest;Planlægger;;", "BNI;Bo Nielsen;bni@testby.invalid;alle;Systemforvalter;;",
	}

	if p := r.bring(directory.ImportEmployees, first...); p.Count(directory.ChangeNew) != 3 || len(p.Problems) != 0 {
		t.Fatalf("%+v", p)
	}

	if p := r.bring(directory.ImportEmployees, first...); len(p.Lines) != 0 || p.Unchanged != 3 {
		t.Fatalf("the same file again: %+v", p)
	}

	if e := r.one("MSK"); e.Version != 1 || len(e.History) != 1 {
		t.Errorf("the same file wrote something: %+v", e)
	}

	p := r.bring(directory.ImportEmployees, heading, "MSK;Mona Skov Lund;;oest;Medarbejder;;", "MSK;Mona Skov Lund;;vest;Leder;;", "BNI;Bo Nielsen;bni@testby.invalid;alle;Systemforvalter;;", "NYE;Nye Folk;;vest;Leder;;")

	want := []directory.Line{
		{Kind: directory.ChangeGone, ID: "AOJ", Name: "Åse Øster"},
		{Kind: directory.ChangeNew, ID: "NYE", Name: "Nye Folk"},
		{Kind: directory.ChangeChanged, ID: "MSK", Name: "Mona Skov Lund", What: []string{"nyt navn", "nye roller"}},
	}
	if diff := cmp.Diff(want, p.Lines); diff != "" || p.Unchanged != 1 {
		t.Error(diff, p.Unchanged)
	}

	if got, active := r.may("AOJ", care.Grant{Unit: "vest", Role: care.Planner}); got != "" || active {
		t.Errorf("the leaver may %s", got)
	}

	// Who is in the file again is back.
	r.bring(directory.ImportEmployees, first...)

	if got, active := r.may("AOJ"); got != "vest:planner" || !active {
		t.Errorf("%s, %t", got, active)
	}
}

func TestImportTellsEveryProblem(t *testing.T) {
	t.Parallel()

	r := newRig(t)

	p, err := r.PreviewFile(t.Context(), boss(), directory.ImportEmployees, upload("Initialer;Navn;E-mail;Enhed;Rolle;Slutdato;Løntrin",
		"MSK;Mona Skov;mona;oest;Medarbejder;;",
		"0104909989;Torre;;oest;Medarbejder;;",
		"AOJ;;;nord;Chef;i morgen;",
		"BNI;Bo Nielsen;;oest;Leder;;",
		"BNI;Bo Hansen;;vest;Leder;;",
		"BNI;Bo Nielsen;;oest;Leder;;",
	))
	must(t, err)

	type found struct {
		Line   int
		Column string
		Fault  bool
	}

	got := make([]found, 0, len(p.Problems))
	for _, x := range p.Problems {
		got = append(got, found{x.Line, x.Column, x.Fault})
	}

	want := []found{
		{0, "", false},
		{2, "E-mail", true},
		{3, "Initialer", true},
		{4, "Slutdato", true},
		{4, "Enhed", true},
		{4, "Rolle", true},
		{6, "Initialer", true},
		{7, "Rolle", false},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	if !p.Faulty() {
		t.Fatal("a file with faults is taken")
	}

	_, err = r.ImportUpload(t.Context(), boss(), p.Upload, false)
	wantKind(t, err, care.Invalid)

	for name, f := range map[string]directory.File{
		"no column": upload("Initialer;Navn", "MSK;Mona"), "nobody": upload(heading), "not a table": upload("hej"), "empty": {Name: "x.csv"},
	} {
		p, err := r.PreviewFile(t.Context(), boss(), directory.ImportEmployees, f)
		if care.KindOf(err) != care.Invalid && !p.Faulty() {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}

	if list, err := r.Employees(t.Context(), boss(), directory.Search{}); err != nil || len(list) != 0 {
		t.Errorf("%d employees, %v", len(list), err)
	}
}

// TestHandStays: what an administrator did by hand outlives the nightly file.
func TestHandStays(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	night := []string{heading, "MSK;Mona Skov;;oest;Medarbejder;;", "BNI;Bo Nielsen;;vest;Leder;;"}
	r.bring(directory.ImportEmployees, night...)

	must(t, r.SaveEmployee(t.Context(), boss(), directory.EmployeeRequest{ID: "MSK", Version: 1, Name: "Mona Skov", Grants: []care.Grant{{Unit: "vest", Role: care.Planner}}}))
	must(t, r.SaveEmployee(t.Context(), boss(), directory.EmployeeRequest{ID: "VIK", Name: "Vikar", Grants: []care.Grant{{Unit: "vest", Role: care.Caregiver}}}))
	must(t, r.MarkLeft(t.Context(), boss(), "BNI", 1))

	p := r.bring(directory.ImportEmployees, night...)
	if len(p.Lines) != 0 || len(p.Problems) != 1 {
		t.Errorf("%+v", p)
	}

	for id, want := range map[care.EmployeeID]string{"MSK": "oest:caregiver vest:planner", "VIK": "vest:caregiver", "BNI": ""} {
		if got, _ := r.may(id); got != want {
			t.Errorf("%s may %s", id, got)
		}
	}

	must(t, r.MarkBack(t.Context(), boss(), "BNI", 2))

	if got, _ := r.may("BNI"); got != "vest:leader" {
		t.Errorf("BNI may %s", got)
	}

	// Undo of the first manual change; the file's roles stay.
	must(t, r.Undo(t.Context(), boss(), "MSK", 2, 2))

	if got, _ := r.may("MSK"); got != "oest:caregiver" {
		t.Errorf("MSK may %s", got)
	}

	wantKind(t, r.Undo(t.Context(), boss(), "MSK", 3, 2), care.Conflict) // changed since
	wantKind(t, r.SaveEmployee(t.Context(), boss(), directory.EmployeeRequest{ID: "MSK", Version: 1, Name: "M"}), care.Conflict)
	wantKind(t, r.SaveEmployee(t.Context(), boss(), directory.EmployeeRequest{ID: "VIK", Name: "En til"}), care.Invalid)
}

func TestLastAdministratorStays(t *testing.T) {
	t.Parallel()

	r := newRig(t, func(d *directory.Deps) { d.LoginAdministers = false })
	r.bring(directory.ImportEmployees, heading, "ADM;Anna Dam;;alle;Systemforvalter;;", "MSK;Mona Skov;;oest;Medarbejder;;", "TEM;Temp;;alle;Systemforvalter;;31-12-2026")

	_, err := r.Import(t.Context(), directory.ImportEmployees, upload(heading, "MSK;Mona Skov;;oest;Medarbejder;;"), false, false)
	wantKind(t, err, care.Conflict)
	wantKind(t, r.MarkLeft(t.Context(), boss(), "ADM", 1), care.Conflict)
	wantKind(t, r.SaveEmployee(t.Context(), boss(), directory.EmployeeRequest{ID: "ADM", Version: 1, Name: "Anna Dam", EndsOn: "2027-01-01"}), care.Conflict)

	if got, active := r.may("ADM"); got != "*:administrator" || !active {
		t.Errorf("%s, %t", got, active)
	}

	self := care.Actor{Employee: "ADM", Grants: []care.Grant{{Unit: "*", Role: care.Administrator}}}
	wantKind(t, r.MarkLeft(t.Context(), self, "ADM", 1), care.Conflict)

	must(t, r.SaveEmployee(t.Context(), boss(), directory.EmployeeRequest{ID: "NY", Name: "Ny", Grants: []care.Grant{{Unit: "*", Role: care.Administrator}}}))
	must(t, r.MarkLeft(t.Context(), boss(), "ADM", 1))
}

func TestAdministratorOfOneUnit(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	r.bring(directory.ImportEmployees, heading, "MSK;Mona Skov;;oest;Medarbejder;;", "MSK;Mona Skov;;vest;Leder;;", "BNI;Bo Nielsen;;vest;Leder;;", "AOJ;Åse Øster;;oest;Medarbejder;;")

	east := care.Actor{Employee: "EST", Grants: []care.Grant{{Unit: "oest", Role: care.Administrator}}}

	list, err := r.Employees(t.Context(), east, directory.Search{})
	must(t, err)

	if len(list) != 2 {
		t.Errorf("sees %d employees", len(list))
	}

	_, err = r.Employee(t.Context(), east, "BNI")
	wantKind(t, err, care.NotFound)
	wantKind(t, r.MarkLeft(t.Context(), east, "BNI", 1), care.NotFound)
	wantKind(t, r.MarkLeft(t.Context(), east, "MSK", 1), care.Forbidden) // works in the west, too
	must(t, r.MarkLeft(t.Context(), east, "AOJ", 1))
	must(t, r.SaveEmployee(t.Context(), east, directory.EmployeeRequest{ID: "MSK", Version: 1, Name: "Mona Skov", Grants: []care.Grant{{Unit: "oest", Role: care.Planner}}}))
	wantKind(t, r.SaveEmployee(t.Context(), east, directory.EmployeeRequest{ID: "MSK", Version: 2, Name: "Mona Skov", Grants: []care.Grant{{Unit: "*", Role: care.Administrator}}}), care.Forbidden)
	wantKind(t, r.SaveEmployee(t.Context(), east, directory.EmployeeRequest{ID: "NY", Name: "Ny"}), care.Forbidden)

	_, err = r.PreviewFile(t.Context(), east, directory.ImportUnits, upload("x"))
	wantKind(t, err, care.Forbidden)

	_, err = r.Employees(t.Context(), care.Actor{Employee: "P", Grants: []care.Grant{{Unit: "*", Role: care.Planner}}}, directory.Search{})
	wantKind(t, err, care.Forbidden)
}

func TestUnitsByFile(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	twin, err := directory.New(r.deps)
	must(t, err)

	lines := []string{"Enheds-id;Navn;Overordnet;Kørelister;Skærmbesøg fra", "oest-1;Øst 1;oest;Øst 1*, Ø1;23-11-2026", "natten;Natholdet;;Nat*;"}
	p := r.bring(directory.ImportUnits, lines...)

	if p.Count(directory.ChangeNew) != 2 || len(p.Problems) != 0 {
		t.Fatalf("%+v", p)
	}

	must(t, twin.Refresh(t.Context())) // as every process does

	for _, s := range []*directory.Service{r.Service, twin} {
		got, active, err := s.Grants(t.Context(), "X", []care.Grant{{Unit: "hjemmeplejen", Role: care.Leader}})
		must(t, err)

		if diff := cmp.Diff([]care.Grant{{Unit: "hjemmeplejen", Role: care.Leader}, {Unit: "oest", Role: care.Leader}, {Unit: "oest-1", Role: care.Leader}, {Unit: "vest", Role: care.Leader}}, got); diff != "" || !active {
			t.Error(diff)
		}
	}

	views, err := r.UnitTree(t.Context(), boss())
	must(t, err)

	i := 2 // hjemmeplejen, oest, oest-1
	if v := views[i]; v.ID != "oest-1" || v.Depth != 2 || v.Configured || v.LiveFrom != "2026-11-23" || !cmp.Equal(v.Lists, []string{"Øst 1*", "Ø1"}) {
		t.Errorf("%+v", v)
	}

	if p := r.bring(directory.ImportUnits, lines...); len(p.Lines) != 0 || p.Unchanged != 2 {
		t.Errorf("%+v", p)
	}

	if p := r.bring(directory.ImportUnits, lines[0], "oest-1;Øst 1;vest;Øst 1*;23-11-2026"); p.Count(directory.ChangeChanged) != 1 || p.Count(directory.ChangeGone) != 1 {
		t.Errorf("%+v", p)
	}

	bad, err := r.PreviewFile(t.Context(), boss(), directory.ImportUnits, upload(lines[0],
		"oest;Vores;;x;", "a;A;b;x;", "b;B;a;x;", "c;C;nowhere;x;", "d e;D;;x;", "f;;;x;", "g;G;;[;", "h;H;;x;snart", "h;H;;x;", "h;H;;x;"))
	must(t, err)

	var at []int
	for _, x := range bad.Problems {
		at = append(at, x.Line)
	}

	if diff := cmp.Diff([]int{2, 3, 5, 6, 7, 8, 9, 11}, at, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}
