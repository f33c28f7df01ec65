package scheduler_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/ehr/file"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/directory"
)

// register is the citizens that a rig knows, with the reader of files of them.
type register struct {
	*rig

	files *directory.Service
}

func registerOf(r *rig) register {
	r.tb.Helper()

	var units []directory.Unit
	for _, u := range r.Settings().Units {
		units = append(units, directory.Unit{Unit: u.Unit, Lists: u.Lists})
	}

	files, err := directory.New(directory.Deps{
		Store: r.store.Directory(), Sheets: file.Sheets{}, Citizens: r.Service, Configured: units, LoginAdministers: true,
		Groups: func([]string) []care.Grant { return nil }, Now: r.clock.Now,
	})
	must(r.tb, err)

	return register{r, files}
}

func citizenFile(rows ...string) directory.File {
	const head = "Navn;CPR-nummer;Erstatnings-id;Telefon;E-mail;Enhed;Sprog;Beskyttet adresse;Identifikation;Pårørende;Pårørendes telefon;Værge"

	return directory.File{Name: "borgere.csv", Data: []byte(head + "\n" + strings.Join(rows, "\n") + "\n")}
}

// preview tells what a file would do, as "kind name: what".
func (r register) preview(rows ...string) (directory.Preview, []string) {
	r.tb.Helper()

	p, err := r.files.PreviewFile(r.tb.Context(), administrator(), directory.ImportCitizens, citizenFile(rows...))
	must(r.tb, err)

	var out []string
	for _, l := range p.Lines {
		out = append(out, fmt.Sprintf("%s %s: %s", l.Kind, l.Name, strings.Join(l.What, ", ")))
	}

	return p, out
}

// bring imports a file.
func (r register) bring(endMissing bool, rows ...string) {
	r.tb.Helper()

	p, _ := r.preview(rows...)

	_, err := r.files.ImportUpload(r.tb.Context(), administrator(), p.Upload, endMissing)
	must(r.tb, err)
}

// one reads a citizen by name.
func (r register) one(name string) care.RegisterEntry {
	r.tb.Helper()

	all, err := r.Registered(r.tb.Context(), nil)
	must(r.tb, err)

	i := slices.IndexFunc(all, func(e care.RegisterEntry) bool { return e.Citizen.Name == name })
	if i < 0 {
		r.tb.Fatalf("%s is not in the register", name)
	}

	return all[i]
}

const (
	kajaRow  = "Kaja Hansen;2103009996;;20000030;;oest;polsk;;;;;"
	nielsRow = "Niels Vendelboe;300174-9995;;20 00 00 35;;Hjemmeplejen Vest;;ja;kun MitID, kode uden link;;;"
	childRow = "Max Berggren;0107729995;;;max@borger.example;oest;;;;Nancy Ann Berggren;20000033;ja"
	guestRow = "Ole Uden Nummer;;B-1001;20000036;;oest;;;;;;"
)

// TestCitizensFromAFile: everything of the rows is stored, the team finds the citizens, and the same
// file again changes nothing.
func TestCitizensFromAFile(t *testing.T) {
	t.Parallel()

	r := registerOf(newRig(t))
	rows := []string{kajaRow, nielsRow, childRow, guestRow}

	p, lines := r.preview(rows...)
	if p.Faulty() || p.Count(directory.ChangeNew) != 4 || !slices.Contains(lines, "new Niels Vendelboe: beskyttet adresse, kun MitID, kode uden link, i Hjemmeplejen Vest") {
		t.Fatalf("%q, %+v", lines, p.Problems)
	}

	for _, l := range p.Lines {
		if strings.Contains(l.ID, "9996") || strings.Contains(l.ID, "9995") {
			t.Errorf("a CPR number in the preview: %s", l.ID)
		}
	}

	r.bring(false, rows...)

	r.asTheRowsSay()

	mine, err := r.MyCitizens(t.Context(), caregiverIn("MSK", "oest"))
	must(t, err)

	if len(mine) != 3 {
		t.Errorf("the team sees %d citizens", len(mine))
	}

	if p, lines := r.preview(rows...); len(lines) != 0 || p.Unchanged != 4 {
		t.Errorf("the same file again: %q", lines)
	}

	before := len(r.auditOf("import_citizens"))
	r.bring(true, rows...)

	if after := len(r.auditOf("import_citizens")); before != 1 || after != 1 {
		t.Errorf("audit rows: %d, then %d", before, after)
	}
}

// asTheRowsSay fails when what is stored of the citizens is not what the rows say.
func (r register) asTheRowsSay() {
	r.tb.Helper()

	kaja, niels, child, guest := r.one("Kaja Hansen"), r.one("Niels Vendelboe"), r.one("Max Berggren"), r.one("Ole Uden Nummer")

	if kaja.Citizen.Language != "pl" || kaja.Citizen.Phone.Reveal() != "+4520000030" || !slices.Equal(kaja.Units, []care.UnitID{"oest"}) {
		r.tb.Errorf("%+v", kaja)
	}

	if s := niels.Setting; !niels.Citizen.Protected || !s.Protected || !s.MitIDOnly || !s.CodeOnly || s.NoSMS || s.By != "ADM" || s.Reason == "" {
		r.tb.Errorf("%+v", niels)
	}

	if c := child.Contacts; len(c) != 1 || !c[0].Guardian || c[0].Consent.Given() || c[0].Phone.Reveal() != "+4520000033" {
		r.tb.Errorf("%+v", child)
	}

	if !guest.Citizen.CPR.IsZero() || guest.Citizen.Surrogate.Reveal() != "B-1001" {
		r.tb.Errorf("%+v", guest)
	}
}

func caregiverIn(id care.EmployeeID, unit care.UnitID) care.Actor {
	return actor(id, care.Caregiver, unit)
}

// TestAFileTakesNothingAway: empty cells, a protection that the file does not have, citizens who are
// missing; only who is asked for leaves the unit.
func TestAFileTakesNothingAway(t *testing.T) {
	t.Parallel()

	r := registerOf(newRig(t))
	r.bring(false, kajaRow, nielsRow, childRow)

	_, lines := r.preview("Niels Vendelboe;3001749995;;;;;;nej;;;;", "Max Berggren;0107729995;;;;;;;;Nancy Ann Berggren;20000044;")
	want := []string{"gone Kaja Hansen: ikke længere i Hjemmeplejen Øst", "changed Max Berggren: pårørende ændret"}

	if !slices.Equal(lines, want) {
		t.Errorf("got %q, want %q", lines, want)
	}

	r.bring(false, "Niels Vendelboe;3001749995;;;;;;nej;;;;")

	if niels := r.one("Niels Vendelboe"); !niels.Citizen.Protected || niels.Citizen.Phone.IsZero() || len(niels.Units) != 1 {
		t.Errorf("%+v", niels)
	}

	r.one("Kaja Hansen")
	r.bring(true, "Niels Vendelboe;3001749995;;;;;;nej;;;;")

	left, err := r.Registered(t.Context(), nil)
	must(t, err)

	if len(left) != 1 {
		t.Errorf("in units: %d", len(left))
	}

	key, _, _ := care.ParseCPR("2103009996")

	if gone, err := r.Registered(t.Context(), []care.CitizenKey{{CPR: key}}); err != nil || len(gone) != 2 || !slices.ContainsFunc(gone, func(e care.RegisterEntry) bool {
		return e.Citizen.Name == "Kaja Hansen" && len(e.Units) == 0 && !e.Citizen.Phone.IsZero()
	}) {
		t.Errorf("who left the unit is not there any more: %+v, %v", gone, err)
	}
}

// TestFaultsOfAFileOfCitizens are told with row, column and what to do; nothing of the cell.
func TestFaultsOfAFileOfCitizens(t *testing.T) {
	t.Parallel()

	r := registerOf(newRig(t))

	for row, column := range map[string]string{
		";2103009996;;20000030;;oest;;;;;;":                             "Navn",
		"Kaja Hansen;;;20000030;;oest;;;;;;":                            "CPR-nummer",
		"Kaja Hansen;9999999999;;20000030;;oest;;;;;;":                  "CPR-nummer",
		"Kaja Hansen;;uden;20000030;;oest;;;;;;":                        "Erstatnings-id",
		"Kaja Hansen;2103009996;;2000;;oest;;;;;;":                      "Telefon",
		"Kaja Hansen;2103009996;;;kaja;oest;;;;;;":                      "E-mail",
		"Kaja Hansen;2103009996;;20000030;;maanen;;;;;;":                "Enhed",
		"Kaja Hansen;2103009996;;20000030;;alle;;;;;;":                  "Enhed",
		"Kaja Hansen;2103009996;;20000030;;oest;klingonsk;;;;;":         "Sprog",
		"Kaja Hansen;2103009996;;20000030;;oest;;måske;;;;":             "Beskyttet adresse",
		"Kaja Hansen;2103009996;;20000030;;oest;;;pas;;;":               "Identifikation",
		"Kaja Hansen;2103009996;;20000030;;oest;;;;;20000031;":          "Pårørende",
		"Kaja Hansen;2103009996;;20000030;;oest;;;;Bo;;":                "Pårørende",
		"Kaja Hansen;2103009996;;20000030;;oest;;;;Bo;12;":              "Pårørendes telefon",
		kajaRow + "\nKaja Hansen;2103009996;;20000031;;vest;polsk;;;;;": "Navn",
	} {
		p, _ := r.preview(strings.Split(row, "\n")...)

		if !p.Faulty() || !slices.ContainsFunc(p.Problems, func(x directory.Problem) bool { return x.Fault && x.Column == column && x.Line > 1 }) {
			t.Errorf("%q: %+v", row, p.Problems)
		}

		for _, x := range p.Problems {
			if strings.Contains(x.Text, "2103009996") || strings.Contains(x.Text, "klingonsk") || strings.Contains(x.Text, "maanen") {
				t.Errorf("the problem repeats the cell: %s", x.Text)
			}
		}

		_, err := r.files.ImportUpload(t.Context(), administrator(), p.Upload, false)
		refused(t, err, care.Invalid)
	}

	if all, err := r.Registered(t.Context(), nil); err != nil || len(all) != 0 {
		t.Errorf("a file with faults was imported: %d, %v", len(all), err)
	}

	_, err := r.files.PreviewFile(t.Context(), actor("LED", care.Administrator, "oest"), directory.ImportCitizens, citizenFile(kajaRow))
	refused(t, err, care.Forbidden)
}

// TestANewNumberInAFile: the booked visit is told over the new number, the old link is dead, the old
// number hears of it; once, also when the job runs twice.
func TestANewNumberInAFile(t *testing.T) {
	t.Parallel()

	r := registerOf(booked(t, []string{nancy}, []string{"A-1"}))
	old := r.link("A-1")

	r.bring(false, "Nancy Ann Berggren;2512489996;;20000077;;oest;;;;;;")
	r.work()
	must(t, r.Run(t.Context(), scheduler.Job{Kind: scheduler.FollowCitizenJob, Ref: string(r.citizen("A-1"))}))
	r.until(on(8, 50))

	if n := len(r.textsTo("A-1", "+4520000077")); n != 1 {
		t.Errorf("%d messages to the new number", n)
	}

	if view, err := r.Landing(t.Context(), old); err != nil || view.Stage != scheduler.StageWrong {
		t.Errorf("the old link: %s, %v", view.Stage, err)
	}

	if n := len(r.auditOf("change_number")); n != 1 {
		t.Errorf("the number was changed %d times in the audit", n)
	}
}

// TestManyCitizens keeps far within D12: ten thousand rows in ten seconds.
func TestManyCitizens(t *testing.T) {
	t.Parallel()

	r := registerOf(newRig(t))
	rows := make([]string, 1000)

	for i := range rows {
		rows[i] = fmt.Sprintf("Borger %d;;B-%d;%d;;oest;;;;Pårørende %d;%d;", i, i, 20000000+i, i, 30000000+i)
	}

	begun := time.Now()
	r.bring(false, rows...)

	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("1,000 rows took %s", took)
	} else {
		t.Logf("1,000 rows took %s", took)
	}
}

// TestAFileGivesNobodyANumber: a citizen who stands without a CPR number stays so, and is the same
// citizen, when a file tells the number with the record's own id.
func TestAFileGivesNobodyANumber(t *testing.T) {
	t.Parallel()

	r := registerOf(newRig(t))
	r.bring(false, guestRow)

	p, lines := r.preview("Ole Uden Nummer;0107729995;B-1001;20000036;;oest;;;;;;")
	if len(lines) != 0 || p.Faulty() || len(p.Problems) != 1 || p.Problems[0].Column != "CPR-nummer" {
		t.Errorf("%q, %+v", lines, p.Problems)
	}
}
