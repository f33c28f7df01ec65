package file

import (
	"strings"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/lexicon"
	"github.com/sluse/sluse/scheduler/care"
)

// draft is a row on its way to a visit: what stands in its cells, before the rows around it
// have been asked which night it belongs to.
type draft struct {
	row      ehr.Row
	faulty   bool
	date     date          // as written
	start    int           // seconds since midnight of date; may be beyond 24 hours
	end      int           // the same; only with hasEnd
	hasEnd   bool          // else length counts
	length   time.Duration // planned length without an end
	roll     int           // days to add to date, found from the rows around
	late     bool          // an evening or night list: hours may run past midnight
	nativeID string
}

// draft reads the cells of one row. Every fault of a row is told, not only the first.
func (r *reading) draft(row record) *draft {
	d := &draft{row: ehr.Row{Line: row.line}}
	if row.broken {
		r.fault(d, 0, "Rækken kan ikke deles i celler: et anførselstegn mangler, eller der er flere felter end kolonner. Ret rækken i filen, eller eksportér igen.")

		return d
	}

	r.readTexts(d, row)
	r.readShift(d, row)
	r.readTimes(d, row)
	r.readCitizen(d, row)
	r.readContact(d, row)
	r.readJudgements(d, row)

	return d
}

// fault marks the row as not taken and says why.
func (r *reading) fault(d *draft, f field, text string) {
	d.faulty = true
	r.problems = append(r.problems, ehr.Problem{Line: d.row.Line, Column: r.name(f), Severity: ehr.Fault, Text: text})
}

// doubt warns about a row that is taken.
func (r *reading) doubt(d *draft, f field, text string) { r.warn(d.row.Line, r.name(f), text) }

// get returns the trimmed content of the field's column.
func (r *reading) get(row record, f field) string { return row.cell(r.header.column(f)) }

func (r *reading) readTexts(d *draft, row record) {
	d.nativeID = plainNumber(r.get(row, fieldVisitID))
	d.row.ListName = r.get(row, fieldList)
	d.row.Employee = care.EmployeeID(plainNumber(r.get(row, fieldEmployee)))
	d.row.Name = r.get(row, fieldCitizen)
	d.row.Service = r.get(row, fieldService)
	d.row.Category = r.get(row, fieldCategory)
	d.row.Comment = r.get(row, fieldComment)
	d.row.Status = r.get(row, fieldStatus)

	if d.row.Name == "" {
		d.row.Name = strings.TrimSpace(r.get(row, fieldFirstName) + " " + r.get(row, fieldLastName))
	}

	town := strings.TrimSpace(plainNumber(r.get(row, fieldPostcode)) + " " + r.get(row, fieldTown))
	d.row.Address = strings.Trim(r.get(row, fieldAddress)+", "+town, ", ")

	if d.row.Employee == "" && r.header.has(fieldEmployee) {
		r.doubt(d, fieldEmployee, "Medarbejder mangler. Besøget kan ikke gives på skærm, før der står en medarbejder på listen.")
	}

	if strings.HasPrefix(d.row.Name, "=") {
		r.doubt(d, fieldCitizen, "Navnet er en formel og ikke en tekst. Den bliver ikke regnet ud. Ret cellen i journalen.")
	}

	if d.row.Status != "" && !knownStatus(d.row.Status) {
		r.doubt(d, fieldStatus, "Status kendes ikke. Kontrollér, om besøget skal gennemføres.")
	}
}

// readShift finds the shift layer: from its column, else from the name of the list. The time
// of day comes last, and does not make a list one that runs past midnight.
func (r *reading) readShift(d *draft, row record) {
	text := r.get(row, fieldShift)
	shift, ok := care.Shift(""), false

	if text != "" {
		if shift, ok = parseShift(text); !ok {
			r.doubt(d, fieldShift, "Vagtlaget kendes ikke. Skriv dag, aften eller nat. Vagtlaget er fundet ud fra listens navn eller tiden.")
		}
	}

	if !ok {
		shift, ok = lexicon.ShiftNamed(d.row.ListName)
	}

	d.row.Shift = shift
	d.late = ok && shift != care.DayShift
}

func (r *reading) readTimes(d *draft, row record) {
	moment := r.readStart(d, row)

	switch text := r.get(row, fieldDate); {
	case text != "":
		on, ok := parseDate(text, r.table.date1904)
		if !ok {
			r.fault(d, fieldDate, "Datoen"+quotable(text)+" findes ikke eller kan ikke læses. Skriv den som 23-11-2026.")
		}

		if !moment.IsZero() && ok && !moment.isSame(on) && !d.late {
			r.fault(d, fieldStart, "Datoen i starttiden er en anden end i »"+r.name(fieldDate)+"«. Ret en af dem.")
		} else if moment.IsZero() {
			d.date = on
		}
	case moment.IsZero() && r.header.has(fieldDate):
		r.fault(d, fieldDate, "Dato mangler. Skriv den som 23-11-2026.")
	case moment.IsZero() && r.listDate.IsZero():
		r.fault(d, fieldStart, "Besøget har ingen dato. Tilføj en kolonne »Dato«.")
	case moment.IsZero():
		d.date = r.listDate
	}

	r.readEnd(d, row)
}

// readStart reads the planned start, and returns its day when the cell holds one.
func (r *reading) readStart(d *draft, row record) date {
	text := r.get(row, fieldStart)
	if text == "" {
		r.fault(d, fieldStart, "Starttid mangler. Skriv den som 08:30.")

		return date{}
	}

	if on, seconds, ok := parseMoment(text, r.table.date1904); ok {
		d.date, d.start = on, seconds

		return on
	}

	seconds, ok := parseTime(text, r.table.serials)
	if !ok || !d.allowed(seconds, false) {
		r.fault(d, fieldStart, "Starttiden"+quotable(text)+" findes ikke eller kan ikke læses. Skriv den som 08:30.")
	}

	d.start = seconds

	return date{}
}

// allowed reports whether a time of day can stand on this list. Evening and night lists may
// count on past midnight until the next noon; an end may be 24:00 everywhere.
func (d *draft) allowed(seconds int, end bool) bool {
	switch {
	case d.late:
		return seconds < daySeconds*3/2
	case end:
		return seconds <= daySeconds
	default:
		return seconds < daySeconds
	}
}

// readEnd reads the planned end, or the length when there is no end.
func (r *reading) readEnd(d *draft, row record) {
	text := r.get(row, fieldEnd)
	if text == "" {
		r.readLength(d, row)

		return
	}

	if on, seconds, ok := parseMoment(text, r.table.date1904); ok {
		if d.date.IsZero() {
			return // the day is already told to be a fault
		}

		days := int(on.Sub(d.date.Time).Hours() / 24)
		d.end, d.hasEnd = seconds+days*daySeconds, true

		if days < 0 || days > 1 {
			r.fault(d, fieldEnd, "Sluttiden ligger på en anden dag end starttiden. Ret den i journalen.")
		}

		return
	}

	seconds, ok := parseTime(text, r.table.serials)
	if !ok || !d.allowed(seconds, true) {
		r.fault(d, fieldEnd, "Sluttiden"+quotable(text)+" findes ikke eller kan ikke læses. Skriv den som 08:45.")
	}

	d.end, d.hasEnd = seconds, true
}

func (r *reading) readLength(d *draft, row record) {
	text := r.get(row, fieldDuration)
	if text == "" {
		f := fieldEnd
		if !r.header.has(f) {
			f = fieldDuration
		}

		r.fault(d, f, "Besøget har hverken sluttid eller varighed. Skriv en af dem.")

		return
	}

	unit := time.Minute
	if name := normalise(r.name(fieldDuration)); strings.HasSuffix(name, "timer") || strings.HasSuffix(name, "hours") {
		unit = time.Hour
	}

	length, ok := parseDuration(text, r.table.serials, unit)
	if !ok || length <= 0 || length > maxVisit {
		r.fault(d, fieldDuration, "Varigheden"+quotable(text)+" kan ikke læses, eller den er ikke mellem 0 og 24 timer. Skriv den i minutter, for eksempel 15.")
	}

	d.length = length
}

// readCitizen finds by what the citizen is known: the CPR number, else the record's own id.
func (r *reading) readCitizen(d *draft, row record) {
	id := plainNumber(r.get(row, fieldSurrogate))
	number := strings.TrimSuffix(plainNumber(r.get(row, fieldCPR)), ".0")

	if id != "" && strings.Trim(number, "0 -") == "" { // some records write 000000-0000 for no number
		number = ""
	}

	if number != "" {
		r.readCPR(d, number)
	}

	switch surrogate, err := care.ParseSurrogateID(System, id); {
	case id == "" && number == "" && r.header.has(fieldSurrogate):
		r.fault(d, fieldSurrogate, "Rækken har hverken CPR-nummer eller erstatnings-id. Slå borgeren op i journalen, og skriv et af dem.")
	case id == "" && number == "":
		r.fault(d, fieldCPR, "CPR-nummer mangler. Slå det op i journalen, og skriv det i rækken.")
	case id == "":
	case err == nil:
		d.row.Surrogate = surrogate
	case number == "":
		r.fault(d, fieldSurrogate, care.MessageOf(err))
	}

	if number == "" && id != "" && d.row.Name == "" {
		r.fault(d, fieldCitizen, "Borgeren har intet CPR-nummer, så navnet skal stå i rækken. Skriv det.")
	}
}

func (r *reading) readCPR(d *draft, text string) {
	cpr, verdict, padded := care.ParseCPR(text)
	d.row.CPR, d.row.CPRVerdict = cpr, verdict

	switch {
	case verdict == care.CPRMalformed:
		r.fault(d, fieldCPR, "CPR-nummeret kan ikke være rigtigt. Det skal have ti cifre og begynde med en dato. Slå det op i journalen.")
	case padded:
		r.doubt(d, fieldCPR, "CPR-nummeret havde kun ni cifre; Excel har fjernet nullet forrest, og det er sat på igen. Kontrollér borgeren.")
	case verdict == care.CPRReplacement:
		r.doubt(d, fieldCPR, "Nummeret ligner et erstatnings-CPR. Rækken er taget med; kontrollér borgeren.")
	}
}

func (r *reading) readContact(d *draft, row record) {
	given := ""

	for _, i := range r.header.best[fieldPhone] {
		text := plainNumber(row.cell(i))
		if text == "" {
			continue
		}

		given = text

		if phone, ok := parsePhone(text); ok {
			d.row.Phone = phone

			break
		}
	}

	switch {
	case !d.row.Phone.IsZero():
	case given != "":
		r.doubt(d, fieldPhone, "Telefonnummeret er ikke et gyldigt nummer. Rækken er taget med uden telefon; ret nummeret i journalen.")
	case r.header.has(fieldPhone):
		r.doubt(d, fieldPhone, "Telefonnummer mangler. Borgeren kan ikke få en SMS.")
	}

	if text := r.get(row, fieldEmail); text != "" {
		email, ok := parseEmail(text)
		if !ok {
			r.doubt(d, fieldEmail, "E-mailadressen er ikke gyldig. Rækken er taget med uden e-mail; ret den i journalen.")
		}

		d.row.Email = email
	}
}

func (r *reading) readJudgements(d *draft, row record) {
	d.row.Law = care.LawUnknown

	if r.header.has(fieldLaw) {
		text := r.get(row, fieldLaw)
		if text == "" {
			r.doubt(d, fieldLaw, "Lovgrundlag mangler. Besøget tælles under ukendt lov.")
		} else if d.row.Law = lexicon.Law(text); d.row.Law == care.LawUnknown {
			r.doubt(d, fieldLaw, "Lovgrundlaget kendes ikke. Skriv det som SUL §138, SEL §83 eller Ældreloven. Besøget tælles under ukendt lov.")
		}
	}

	suitable, ok := parseSuitable(r.get(row, fieldSuitable))
	if !ok {
		r.doubt(d, fieldSuitable, "Egnethed kan ikke læses. Skriv egnet eller ikke egnet. Den regnes som ukendt.")
	}

	d.row.Suitable = suitable

	if d.row.Risk, ok = parseRisk(r.get(row, fieldRisk)); !ok {
		r.doubt(d, fieldRisk, "Risikogruppen kan ikke læses. Skriv lav, middel eller høj. Den ændres ikke.")
	}

	r.readProtected(d, row)
}

// readProtected reads whether the citizen's address is protected, from every column that tells. In
// doubt it is: a hidden address can be shown again, one that was told can't be taken back.
func (r *reading) readProtected(d *draft, row record) {
	for _, i := range r.header.best[fieldProtected] {
		protected, ok := parseProtected(row.cell(i))
		if !ok {
			r.warn(d.row.Line, r.table.head.cell(i), "Det kan ikke læses, om adressen er beskyttet. Skriv ja eller nej. Adressen regnes som beskyttet.")
		}

		d.row.Protected = d.row.Protected || protected || !ok
	}
}
