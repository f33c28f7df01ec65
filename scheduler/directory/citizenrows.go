package directory

import (
	"slices"
	"strings"

	"github.com/sluse/sluse/scheduler/care"
)

// maxCitizenName is the longest name of a citizen, in characters.
const maxCitizenName = 120

// readCitizens reads the rows, those of one citizen together, in file order.
func (s *Service) readCitizens(p *plan, sheet Sheet) []*citizenRows {
	var out []*citizenRows

	at := make(map[care.CitizenKey]*citizenRows)

	for _, row := range sheet.Rows {
		read, ok := s.readCitizen(p, row)
		if !ok {
			continue
		}

		key := read.Citizen.Key()

		in, known := at[key]
		if !known {
			in = &citizenRows{row: row, e: read}
			at[key] = in
			out = append(out, in)

			continue
		}

		if in.e.Citizen != read.Citizen || !sameRule(in.e.Setting, read.Setting) {
			p.fault(row, "Navn", "Borgeren står på flere rækker med forskellige oplysninger. Gør rækkerne ens, så kun enhed og pårørende er forskellige.")

			continue
		}

		in.add(p, row, read)
	}

	for _, r := range out {
		slices.Sort(r.e.Units)
	}

	return out
}

// add takes over the unit and the relative of a further row.
func (r *citizenRows) add(p *plan, row Row, more care.RegisterEntry) {
	twice := true

	for _, u := range more.Units {
		if !slices.Contains(r.e.Units, u) {
			r.e.Units = append(r.e.Units, u)
			twice = false
		}
	}

	for _, c := range more.Contacts {
		if before := len(r.e.Contacts); len(withRelative(slices.Clone(r.e.Contacts), c)) > before {
			r.e.Contacts = append(r.e.Contacts, c)
			twice = false
		}
	}

	if twice {
		p.warn(row, "Navn", "Borgeren står der allerede med samme enhed og pårørende. Rækken tæller ikke med.")
	}
}

func sameRule(a, b care.IdentitySetting) bool {
	return a.MitIDOnly == b.MitIDOnly && a.NoSMS == b.NoSMS && a.CodeOnly == b.CodeOnly
}

// rowReader reads the cells of one row and notes what is wrong.
type rowReader struct {
	p   *plan
	row Row
	bad bool
}

func (r *rowReader) cell(column string) string { return r.row.Cells[column] }

func (r *rowReader) fault(column, text string) {
	r.p.fault(r.row, column, text)
	r.bad = true
}

func (s *Service) readCitizen(p *plan, row Row) (care.RegisterEntry, bool) {
	r := &rowReader{p: p, row: row}

	var e care.RegisterEntry

	r.readKey(&e.Citizen, s.sheets.System())
	r.readPerson(&e.Citizen)
	r.readRule(&e.Setting)
	r.readRelative(&e)

	if text := r.cell("Enhed"); text != "" {
		unit, known := s.unitOf(text)
		if !known || unit == care.EveryUnit {
			r.fault("Enhed", "Enheden findes ikke. Brug et id eller et navn fra siden Enheder.")
		}

		e.Units = []care.UnitID{unit}
	}

	return e, !r.bad
}

// readKey reads by what the citizen is found: the CPR number, else the record's own id.
func (r *rowReader) readKey(c *care.Citizen, system string) {
	number, id := strings.TrimSuffix(r.cell(columnCPR), ".0"), r.cell(columnSurrogate)

	if id != "" && strings.Trim(number, "0 -") == "" { // some records write 000000-0000 for no number
		number = ""
	}

	c.Verdict = care.CPRMalformed

	if number == "" && id == "" {
		r.fault(columnCPR, "Rækken har hverken CPR-nummer eller erstatnings-id. Slå borgeren op i journalen, og skriv et af dem.")
	}

	if number != "" {
		r.readCPR(c, number)
	}

	if id == "" {
		return
	}

	surrogate, err := care.ParseSurrogateID(system, id)

	switch {
	case err == nil:
		c.Surrogate = surrogate
	case number == "":
		r.fault(columnSurrogate, care.MessageOf(err))
	}
}

func (r *rowReader) readCPR(c *care.Citizen, text string) {
	var padded bool

	c.CPR, c.Verdict, padded = care.ParseCPR(text)

	switch {
	case c.Verdict == care.CPRMalformed:
		r.fault(columnCPR, "Det er ikke et CPR-nummer. Skriv ti cifre, eller brug kolonnen "+columnSurrogate+" for den, der ikke har et.")
	case padded:
		r.p.warn(r.row, columnCPR, "Der manglede et 0 forrest, og det er sat på. Gem kolonnen som tekst, næste gang filen laves.")
	}
}

// readPerson reads name, contact data, language and protection.
func (r *rowReader) readPerson(c *care.Citizen) {
	c.Name = r.cell("Navn")
	if c.Name == "" || len([]rune(c.Name)) > maxCitizenName || strings.ContainsFunc(c.Name, func(r rune) bool { return r < ' ' }) {
		r.fault("Navn", "Skriv borgerens navn, højst 120 tegn.")
	}

	c.Phone, c.Email = r.readPhone(columnPhone), r.readEmail("E-mail")

	if text := r.cell(columnLanguage); text != "" {
		var ok bool
		if c.Language, ok = care.ParseLanguage(text); !ok {
			r.fault(columnLanguage, "Sproget kendes ikke. Skriv dansk, engelsk, arabisk, tyrkisk, polsk, ukrainsk, somali eller grønlandsk, eller lad feltet stå tomt.")
		}
	}

	c.Protected = r.readYes(columnProtected)
}

func (r *rowReader) readPhone(column string) care.Phone {
	text := r.cell(column)
	if text == "" {
		return care.Phone{}
	}

	phone, ok := care.ParsePhone(text)
	if !ok {
		r.fault(column, "Telefonnummeret kan ikke læses. Skriv otte cifre, eller landekoden først, for eksempel +46 70 123 45 67.")
	}

	return phone
}

func (r *rowReader) readEmail(column string) care.Email {
	text := r.cell(column)
	if text == "" {
		return care.Email{}
	}

	email, ok := care.ParseEmail(text)
	if !ok {
		r.fault(column, "E-mailadressen er ikke rigtig. Skriv den som navn@eksempel.dk, eller lad feltet stå tomt.")
	}

	return email
}

// readYes reads a tick. What can't be read is a fault: it may be a protection.
func (r *rowReader) readYes(column string) bool {
	switch strings.ToLower(r.cell(column)) {
	case "ja", "j", "x", "1", "sand", "true", "yes":
		return true
	case "", "nej", "n", "0", "falsk", "false", "no":
	default:
		r.fault(column, "Skriv ja eller nej, eller lad feltet stå tomt.")
	}

	return false
}

// readRule reads how the citizen may be identified and reached, where it is less than others.
func (r *rowReader) readRule(s *care.IdentitySetting) {
	for part := range strings.FieldsFuncSeq(r.cell(columnRule), func(c rune) bool { return strings.ContainsRune(",;+/\n", c) }) {
		switch strings.ToLower(strings.TrimSpace(part)) {
		case "kun mitid":
			s.MitIDOnly = true
		case "ingen sms":
			s.NoSMS = true
		case "kode uden link", "kun kode", "uden link":
			s.CodeOnly = true
		case "", "alle":
		default:
			r.fault(columnRule, "Reglen kendes ikke. Skriv kun MitID, ingen SMS eller kode uden link, eller flere med komma imellem, eller lad feltet stå tomt.")

			return
		}
	}
}

// readRelative reads a relative. The citizen's consent never comes from a file: it is noted by whoever
// hears it.
func (r *rowReader) readRelative(e *care.RegisterEntry) {
	c := care.Contact{Kind: care.Relative, Name: r.cell(columnRelative), Phone: r.readPhone(columnRelPhone), Email: r.readEmail(columnRelEmail), Guardian: r.readYes(columnGuardian)}

	if c.Name == "" {
		if c.Guardian || !c.Phone.IsZero() || !c.Email.IsZero() {
			r.fault(columnRelative, "Skriv den pårørendes navn, eller lad alle felter om den pårørende stå tomme.")
		}

		return
	}

	if err := c.Check(); err != nil && !r.bad {
		r.fault(columnRelative, care.MessageOf(err))
	}

	e.Contacts = []care.Contact{c}
}
