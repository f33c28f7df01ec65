package directory

import (
	"slices"
	"strings"

	"github.com/sluse/sluse/scheduler/care"
)

// The columns of a file of employees. An employee with several roles has several rows.
func employeeColumns() []Column {
	return []Column{
		{Name: "Initialer", Aliases: []string{"Medarbejder", "Medarbejderinitialer", "Medarbejder-id", "Brugernavn", "Tjenestenummer"}},
		{Name: "Navn", Aliases: []string{"Medarbejdernavn", "Fulde navn"}},
		{Name: "E-mail", Aliases: []string{"Mail", "E-post", "Mailadresse"}},
		{Name: "Enhed", Aliases: []string{"Enheds-id", "Afdeling", "Team"}},
		{Name: "Rolle", Aliases: []string{"Funktion"}},
		{Name: "Startdato", Aliases: []string{"Ansat fra", "Fra"}, Day: true},
		{Name: "Slutdato", Aliases: []string{"Ansat til", "Til", "Fratrådt"}, Day: true},
	}
}

// everyUnit is how a file says that a role holds in all units.
const everyUnit = "alle"

// roleOf reads a role in Danish or as the configuration writes it.
func roleOf(text string) (care.Role, bool) {
	for _, r := range care.Roles() {
		if strings.EqualFold(text, r.Danish()) || strings.EqualFold(text, string(r)) {
			return r, true
		}
	}

	return "", false
}

// unitOf reads a unit by its id or its name.
func (s *Service) unitOf(text string) (care.UnitID, bool) {
	if text == string(care.EveryUnit) || strings.EqualFold(text, everyUnit) {
		return care.EveryUnit, true
	}

	units := s.Units()

	for _, same := range []func(Unit) bool{
		func(u Unit) bool { return string(u.ID) == text },
		func(u Unit) bool { return strings.EqualFold(string(u.ID), text) || strings.EqualFold(u.Name, text) },
	} {
		if i := slices.IndexFunc(units, same); i >= 0 {
			return units[i].ID, true
		}
	}

	return "", false
}

// entry is what the rows of a file say of one employee.
type entry struct {
	row    Row // the first one
	e      care.Employee
	grants []care.Grant
}

// planEmployees compares a file of all employees with the stored ones. Whoever came from a file
// and is missing now has left. What SCIM or a hand gave stays.
func (s *Service) planEmployees(sheet Sheet, stored []care.Employee) *plan {
	p := &plan{Preview: Preview{Kind: ImportEmployees}}
	p.without(sheet, employeeColumns()[1], employeeColumns()[3], employeeColumns()[4])

	entries := s.readEntries(p, sheet)
	if len(entries) == 0 && !p.Faulty() {
		p.Problems = append(p.Problems, Problem{Text: "Filen har ingen medarbejdere. En tom fil ville lukke alle ude.", Fault: true})
	}

	old := make(map[care.EmployeeID]care.Employee, len(stored))
	for _, e := range stored {
		old[e.ID] = e
	}

	named := make(map[care.EmployeeID]bool, len(entries))

	for _, in := range entries {
		named[in.e.ID] = true
		s.planEntry(p, *in, old[in.e.ID])
	}

	for _, e := range stored {
		if e.Source == care.FromCSV && e.Active && !named[e.ID] {
			p.line(ChangeGone, string(e.ID), e.Name)
			p.put(e, e.Leave(care.FromCSV, s.now()))
		}
	}

	return p
}

// put adds an employee to the change.
func (p *plan) put(before, after care.Employee) {
	p.change.Employees = append(p.change.Employees, after)
	p.loses = p.loses || loses(before, after)
}

func (s *Service) planEntry(p *plan, in entry, before care.Employee) {
	after := in.e

	switch {
	case before.Version == 0:
		after.Source, after.CreatedAt = care.FromCSV, s.now()
	case before.Source == care.FromCSV:
		after.Version, after.Source, after.CreatedAt, after.Grants = before.Version, before.Source, before.CreatedAt, before.Grants
		after.Login, after.ExternalID = before.Login, before.ExternalID
		after.Active, after.LeftAt, after.LeftBy = before.Active, before.LeftAt, before.LeftBy
	default: // whoever came by SCIM or by hand keeps name and days; the file adds roles
		after = before
	}

	after = after.WithGrants(care.FromCSV, in.grants)
	after = s.employment(p, in, before, after)

	if err := after.Check(); err != nil {
		p.fault(in.row, "", care.MessageOf(err))

		return
	}

	switch what := differences(before, after); {
	case before.Version == 0:
		p.line(ChangeNew, string(after.ID), after.Name)
	case len(what) == 0:
		p.Unchanged++

		return
	case before.Active && !after.Active:
		p.line(ChangeGone, string(after.ID), after.Name, what...)
	default:
		p.line(ChangeChanged, string(after.ID), after.Name, what...)
	}

	p.put(before, after)
}

// employment decides whether the person works here: as the file says, but what a hand marked stays.
func (s *Service) employment(p *plan, in entry, before, after care.Employee) care.Employee {
	switch {
	case after.EndsOn != "" && after.EndsOn < care.DayOf(s.now()):
		return after.Leave(care.FromCSV, s.now())
	case before.Source == care.FromCSV:
		after = after.Return(care.FromCSV)
	}

	if !after.Active && after.LeftBy == care.FromHand {
		p.warn(in.row, "Initialer", "Medarbejderen er markeret som fratrådt af en systemforvalter og får ikke adgang af filen. Giv adgang på medarbejderens egen side.")
	}

	return after
}

// differences tells in Danish what an import changes about an employee.
func differences(before, after care.Employee) []string {
	var out []string

	note := func(differs bool, what string) {
		if differs {
			out = append(out, what)
		}
	}

	note(before.Name != after.Name, "nyt navn")
	note(before.Email.Reveal() != after.Email.Reveal(), "ny e-mail")
	note(before.StartsOn != after.StartsOn || before.EndsOn != after.EndsOn, "nye ansættelsesdatoer")
	note(!slices.Equal(before.Grants, after.Grants), "nye roller")
	note(!before.Active && after.Active, "får adgang igen")
	note(before.Active && !after.Active, "mister adgang")

	return out
}

func (s *Service) readEntries(p *plan, sheet Sheet) []*entry {
	var out []*entry

	at := make(map[care.EmployeeID]*entry)

	for _, row := range sheet.Rows {
		read, grant, ok := s.readEntry(p, row)
		if !ok {
			continue
		}

		in, known := at[read.ID]
		if !known {
			in = &entry{row: row, e: read}
			at[read.ID] = in
			out = append(out, in)
		}

		if !in.e.Same(read) {
			p.fault(row, "Initialer", "Medarbejderen står på flere rækker med forskelligt navn, e-mail eller datoer. Gør rækkerne ens, så kun enhed og rolle er forskellig.")

			continue
		}

		if slices.Contains(in.grants, grant) {
			p.warn(row, "Rolle", "Samme rolle i samme enhed står to gange. Den tæller én gang.")
		}

		in.grants = append(in.grants, grant)
	}

	return out
}

func (s *Service) readEntry(p *plan, row Row) (care.Employee, care.Grant, bool) {
	ok := true
	fault := func(column, text string) {
		p.fault(row, column, text)
		ok = false
	}

	e := care.Employee{ID: care.EmployeeID(row.Cells["Initialer"]), Name: row.Cells["Navn"], Active: true}

	var err error
	if e.Email, err = readEmail(row.Cells["E-mail"]); err != nil {
		fault("E-mail", care.MessageOf(err))
	}

	if e.StartsOn, err = readDay(row.Cells["Startdato"]); err != nil {
		fault("Startdato", "Datoen kan ikke læses. Skriv den som 23-11-2026, eller lad feltet stå tomt.")
	}

	if e.EndsOn, err = readDay(row.Cells["Slutdato"]); err != nil {
		fault("Slutdato", "Datoen kan ikke læses. Skriv den som 23-11-2026, eller lad feltet stå tomt.")
	}

	if err := e.Check(); err != nil && ok {
		column := "Initialer"
		if strings.Contains(care.MessageOf(err), "navn") {
			column = "Navn"
		}

		fault(column, care.MessageOf(err))
	}

	unit, known := s.unitOf(row.Cells["Enhed"])
	if !known {
		fault("Enhed", "Enheden findes ikke. Brug et id eller et navn fra siden Enheder, eller »alle«.")
	}

	role, known := roleOf(row.Cells["Rolle"])
	if !known {
		fault("Rolle", "Rollen findes ikke. Skriv Planlægger, Medarbejder, Leder, Systemforvalter, Revisor eller Servicedesk.")
	}

	return e, care.Grant{Unit: unit, Role: role}, ok
}
