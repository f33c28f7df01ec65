package directory

import (
	"context"
	"slices"
	"strings"

	"github.com/sluse/sluse/scheduler/care"
)

// Citizens are the use cases of citizens that an import calls. Errors are *care.Error.
type Citizens interface {
	// Registered returns the citizens with one of the keys, and everybody who belongs to a unit by a
	// register.
	Registered(ctx context.Context, keys []care.CitizenKey) ([]care.RegisterEntry, error)
	// Register takes over what a register says, all or none; each entry as it was read with what is
	// new about it, or without an id. Conflict when something was changed meanwhile.
	Register(ctx context.Context, by string, list []care.RegisterEntry) error
}

// The names of the columns of a file of citizens that messages mention.
const (
	columnCPR       = "CPR-nummer"
	columnSurrogate = "Erstatnings-id"
	columnPhone     = "Telefon"
	columnLanguage  = "Sprog"
	columnProtected = "Beskyttet adresse"
	columnRule      = "Identifikation"
	columnRelative  = "Pårørende"
	columnRelPhone  = "Pårørendes telefon"
	columnRelEmail  = "Pårørendes e-mail"
	columnGuardian  = "Værge"
)

// The columns of a file of citizens. A citizen with several units or relatives has several rows.
func citizenColumns() []Column {
	return []Column{
		{Name: "Navn", Aliases: []string{"Borger", "Borgernavn", "Borgerens navn", "Fulde navn"}},
		{Name: columnCPR, Aliases: []string{"CPR", "CPR-nr.", "CPR nr", "Personnummer"}},
		{Name: columnSurrogate, Aliases: []string{"Borger-id", "Borgernummer", "Borgernr.", "Borgerens id"}},
		{Name: columnPhone, Aliases: []string{"Mobil", "Mobilnummer", "Telefonnummer", "Tlf.", "Tlf"}},
		{Name: "E-mail", Aliases: []string{"Mail", "E-post", "Mailadresse"}},
		{Name: "Enhed", Aliases: []string{"Enheds-id", "Afdeling", "Team", "Distrikt"}},
		{Name: columnLanguage},
		{Name: columnProtected, Aliases: []string{"Adressebeskyttelse", "Navne- og adressebeskyttelse", "Adresse beskyttet", "Hemmelig adresse"}},
		{Name: columnRule, Aliases: []string{"Identitet", "Særlige hensyn"}},
		{Name: columnRelative, Aliases: []string{"Pårørendes navn", "Kontaktperson", "Nærmeste pårørende"}},
		{Name: columnRelPhone, Aliases: []string{"Pårørende telefon", "Kontaktpersons telefon"}},
		{Name: columnRelEmail, Aliases: []string{"Pårørende e-mail", "Kontaktpersons e-mail"}},
		{Name: columnGuardian, Aliases: []string{"Er værge", "Forælder eller værge"}},
	}
}

// citizenRows is what the rows of a file say of one citizen.
type citizenRows struct {
	row Row // the first one
	e   care.RegisterEntry
}

// keysOf are all keys by which a citizen is found.
func keysOf(c care.Citizen) []care.CitizenKey {
	var out []care.CitizenKey

	if !c.CPR.IsZero() {
		out = append(out, care.CitizenKey{CPR: c.CPR})
	}

	if !c.Surrogate.IsZero() {
		out = append(out, care.CitizenKey{Surrogate: c.Surrogate})
	}

	return out
}

func (r citizenRows) keys() []care.CitizenKey { return keysOf(r.e.Citizen) }

// knownAs finds the citizen of the rows among those who are known; the zero value for somebody new.
// A file gives nobody a CPR number: that is an employee's deed, as with driving lists (C01).
func (r citizenRows) knownAs(p *plan, known map[care.CitizenKey]care.RegisterEntry) care.RegisterEntry {
	for _, k := range r.keys() {
		was, ok := known[k]
		if !ok {
			continue
		}

		if was.Citizen.CPR.IsZero() && !r.e.Citizen.CPR.IsZero() {
			p.warn(r.row, columnCPR, "Borgeren står hos os uden CPR-nummer. Nummeret i filen bruges ikke. Er det borgerens, så giv borgeren nummeret på borgerens egen side.")
		}

		return was
	}

	return care.RegisterEntry{}
}

// planCitizens compares a file with the citizens that are known. An empty cell changes nothing, and
// a file lifts no protection: what is taken away is taken away by an employee.
func (s *Service) planCitizens(ctx context.Context, sheet Sheet) (*plan, error) {
	p := &plan{Preview: Preview{Kind: ImportCitizens}}
	p.without(sheet, citizenColumns()[0])

	if sheet.Columns[columnCPR] == "" && sheet.Columns[columnSurrogate] == "" {
		p.Problems = append(p.Problems, Problem{Column: columnCPR, Text: "Kolonnen " + columnCPR + " mangler i filen. Har ingen af borgerne et CPR-nummer, så skriv kolonnen " + columnSurrogate + ".", Fault: true})
	}

	rows := s.readCitizens(p, sheet)

	var keys []care.CitizenKey
	for _, r := range rows {
		keys = append(keys, r.keys()...)
	}

	stored, err := s.citizens.Registered(ctx, keys)
	if err != nil {
		return nil, err
	}

	known := make(map[care.CitizenKey]care.RegisterEntry, len(stored))
	for _, e := range stored {
		for _, k := range keysOf(e.Citizen) {
			known[k] = e
		}
	}

	named := make(map[care.CitizenID]bool, len(rows))

	for _, r := range rows {
		was := r.knownAs(p, known)
		named[was.Citizen.ID] = true

		s.planCitizen(p, *r, was)
	}

	for _, e := range stored {
		if len(e.Units) == 0 || named[e.Citizen.ID] {
			continue
		}

		p.line(ChangeGone, e.Citizen.Key().Shown(), e.Citizen.Name, s.unitWords("ikke længere i ", e.Units)...)
		e.Units = nil
		p.ended = append(p.ended, e)
	}

	return p, nil
}

// planCitizen puts what a file says of one citizen on top of what is known.
func (s *Service) planCitizen(p *plan, in citizenRows, was care.RegisterEntry) {
	after := s.merge(p, in, was)
	what := s.citizenWords(was, after)
	id, name := after.Citizen.Key().Shown(), after.Citizen.Name

	switch {
	case was.Citizen.ID == "":
		p.line(ChangeNew, id, name, what...)
	case len(what) == 0:
		p.Unchanged++

		return
	default:
		p.line(ChangeChanged, id, name, what...)
	}

	p.citizens = append(p.citizens, after)
}

func (s *Service) merge(p *plan, in citizenRows, was care.RegisterEntry) care.RegisterEntry {
	out, says := was, in.e
	if was.Citizen.ID == "" {
		key := says.Citizen.Key()
		out.Citizen = care.Citizen{CPR: key.CPR, Surrogate: key.Surrogate, Verdict: says.Citizen.Verdict, Suitability: care.SuitabilityUnknown}
	}

	c := &out.Citizen
	c.Name = says.Citizen.Name

	if !says.Citizen.Phone.IsZero() {
		c.Phone = says.Citizen.Phone
	}

	if !says.Citizen.Email.IsZero() {
		c.Email = says.Citizen.Email
	}

	if says.Citizen.Language != "" {
		c.Language = says.Citizen.Language
	}

	c.Protected = c.Protected || says.Citizen.Protected
	out.Setting.Protected = out.Setting.Protected || says.Citizen.Protected
	out.Setting.MitIDOnly = out.Setting.MitIDOnly || says.Setting.MitIDOnly
	out.Setting.NoSMS = out.Setting.NoSMS || says.Setting.NoSMS
	out.Setting.CodeOnly = out.Setting.CodeOnly || says.Setting.CodeOnly

	if out.Setting.Reason == "" && (says.Setting.Narrows() || says.Setting.CodeOnly || says.Citizen.Protected) {
		out.Setting.Reason = "Fra en fil med borgere"
	}

	if len(says.Units) > 0 {
		out.Units = says.Units
	}

	out.Contacts = slices.Clone(was.Contacts)
	for _, r := range says.Contacts {
		out.Contacts = withRelative(out.Contacts, r)
	}

	if c.Phone.IsZero() && c.Email.IsZero() {
		p.warn(in.row, columnPhone, "Borgeren har hverken mobilnummer eller e-mail og kan ikke få beskeder. Skriv et af dem, eller aftal skærmbesøg på en anden måde.")
	}

	return out
}

// withRelative adds a relative, or changes the one with the same name or telephone number. What the
// file does not tell stays, and so does the citizen's consent.
func withRelative(all []care.Contact, r care.Contact) []care.Contact {
	i := slices.IndexFunc(all, func(c care.Contact) bool {
		return c.Kind == care.Relative && (strings.EqualFold(c.Name, r.Name) || !r.Phone.IsZero() && c.Phone == r.Phone)
	})
	if i < 0 {
		return append(all, r)
	}

	c := &all[i]
	c.Name, c.Guardian = r.Name, c.Guardian || r.Guardian

	if !r.Phone.IsZero() {
		c.Phone = r.Phone
	}

	if !r.Email.IsZero() {
		c.Email = r.Email
	}

	return all
}

// citizenWords tells in Danish what a file changes about a citizen.
func (s *Service) citizenWords(was, is care.RegisterEntry) []string {
	var out []string

	note := func(differs bool, what string) {
		if differs {
			out = append(out, what)
		}
	}

	if was.Citizen.ID != "" {
		note(was.Citizen.Name != is.Citizen.Name, "nyt navn")
		note(was.Citizen.Phone != is.Citizen.Phone, "nyt telefonnummer")
		note(was.Citizen.Email != is.Citizen.Email, "ny e-mail")
		note(was.Citizen.Language != is.Citizen.Language, "nyt sprog")
	}

	note(!was.Citizen.Protected && is.Citizen.Protected || !was.Setting.Protected && is.Setting.Protected, "beskyttet adresse")
	note(!was.Setting.MitIDOnly && is.Setting.MitIDOnly, "kun MitID")
	note(!was.Setting.NoSMS && is.Setting.NoSMS, "ingen SMS")
	note(!was.Setting.CodeOnly && is.Setting.CodeOnly, "kode uden link")

	without := func(from, these []care.UnitID) []care.UnitID {
		return slices.DeleteFunc(slices.Clone(from), func(u care.UnitID) bool { return slices.Contains(these, u) })
	}
	out = append(out, s.unitWords("i ", without(is.Units, was.Units))...)
	out = append(out, s.unitWords("ikke længere i ", without(was.Units, is.Units))...)

	for i, c := range is.Contacts {
		switch {
		case c.ID == "":
			note(true, map[bool]string{true: "ny værge", false: "ny pårørende"}[c.Guardian])
		case c.Name != was.Contacts[i].Name || c.Phone != was.Contacts[i].Phone || c.Email != was.Contacts[i].Email || c.Guardian != was.Contacts[i].Guardian:
			note(true, "pårørende ændret")
		}
	}

	return out
}

func (s *Service) unitWords(before string, units []care.UnitID) []string {
	var out []string

	known := s.Units()

	for _, u := range units {
		name := string(u)
		if i := slices.IndexFunc(known, func(k Unit) bool { return k.ID == u }); i >= 0 {
			name = known[i].Name
		}

		out = append(out, before+name)
	}

	return out
}
