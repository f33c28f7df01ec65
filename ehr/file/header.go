package file

import (
	"iter"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// field is one thing that a column may tell. The zero value is no field.
type field int

const (
	fieldDate field = iota + 1
	fieldStart
	fieldEnd
	fieldDuration
	fieldCitizen
	fieldFirstName
	fieldLastName
	fieldCPR
	fieldAddress
	fieldPostcode
	fieldTown
	fieldPhone
	fieldEmail
	fieldService
	fieldCategory
	fieldLaw
	fieldEmployee
	fieldList
	fieldShift
	fieldComment
	fieldStatus
	fieldActualStart
	fieldActualEnd
	fieldVisitID
	fieldSuitable
	fieldSurrogate
	fieldProtected
	fieldRisk
	fieldLast = fieldRisk
)

// sheetColumns is the number of the first column of a table that is no driving list; its other
// columns follow.
const sheetColumns = 1000

// fields yields every field.
func fields() iter.Seq[field] {
	return func(yield func(field) bool) {
		for f := fieldDate; f <= fieldLast; f++ {
			if !yield(f) {
				return
			}
		}
	}
}

// aliases returns the field's Danish name and its other names, the more telling first
// (eoj.md §5.3).
//
//nolint:cyclop // one case per field, no logic
func (f field) aliases() []string {
	switch f {
	case fieldDate:
		return []string{"Dato", "Besøgsdato", "Planlagt dato", "Dag"}
	case fieldStart:
		return []string{"Starttid", "Start", "Planlagt start", "Planlagt starttid", "Starttidspunkt", "Fra", "Kl.", "Klokkeslæt", "Tidspunkt", "Tid"}
	case fieldEnd:
		return []string{"Sluttid", "Slut", "Planlagt slut", "Planlagt sluttid", "Sluttidspunkt", "Til"}
	case fieldDuration:
		return []string{"Varighed (min)", "Varighed", "Planlagt varighed", "Varighed i minutter", "Minutter", "Planlagt tid (min)"}
	case fieldCitizen:
		return []string{"Borger", "Borger (Navn)", "Borgernavn", "Borgerens navn", "Navn"}
	case fieldFirstName:
		return []string{"Fornavn", "Fornavne"}
	case fieldLastName:
		return []string{"Efternavn"}
	case fieldCPR:
		return []string{"CPR-nr.", "CPR", "CPR-nummer", "Personnummer", "Personnr.", "Borger CPR"}
	case fieldAddress:
		return []string{"Adresse", "Vej", "Gade", "Borgeradresse"}
	case fieldPostcode:
		return []string{"Postnr", "Postnummer"}
	case fieldTown:
		return []string{"By", "Postdistrikt"}
	case fieldPhone:
		return []string{"Mobil", "Mobilnr.", "Mobilnummer", "Mobiltelefon", "Telefon", "Telefonnr.", "Telefonnummer", "Tlf.", "Tlf.nr."}
	case fieldEmail:
		return []string{"E-mail", "Mail", "E-post", "Mailadresse", "E-mailadresse"}
	case fieldService:
		return []string{"Indsats", "Ydelse", "Indsatsnavn", "Ydelsesnavn", "Opgave"}
	case fieldCategory:
		return []string{"Besøgstype", "Kategori", "Besøgskategori", "Type"}
	case fieldLaw:
		return []string{"Lovgrundlag", "Paragraf", "Lov", "Lovgivning"}
	case fieldEmployee:
		return []string{"Medarbejder", "Ansvarlig", "Medarbejderinitialer", "Initialer", "Udføres af"}
	case fieldList:
		return []string{"Køreliste", "Rute", "Rutenavn", "Kørelistenavn"}
	case fieldShift:
		return []string{"Vagtlag", "Vagt"}
	case fieldComment:
		return []string{"Bemærkning", "Bemærkninger", "Kommentar", "Kommentarer", "Note"}
	case fieldStatus:
		return []string{"Status", "Besøgsstatus"}
	case fieldActualStart:
		return []string{"Faktisk start", "Faktisk starttid"}
	case fieldActualEnd:
		return []string{"Faktisk slut", "Faktisk sluttid"}
	case fieldVisitID:
		return []string{"Besøgs-id", "Besøg id", "Besøgsnr.", "Besøgsnummer"}
	case fieldSuitable:
		return []string{"Egnet til skærmbesøg", "Egnet", "Skærmegnet", "Skærmbesøg egnet"}
	case fieldSurrogate:
		return []string{"Erstatnings-id", "Borger-id", "Borgernummer", "Borgernr.", "Borgerens id"}
	case fieldProtected:
		return []string{"Beskyttet adresse", "Adressebeskyttelse", "Navne- og adressebeskyttelse", "Navnebeskyttelse", "Adresse beskyttet", "Hemmelig adresse"}
	case fieldRisk:
		return []string{"Risikogruppe", "Risiko", "Risikovurdering"}
	}

	return nil
}

// String returns the field's Danish name.
func (f field) String() string {
	if names := f.aliases(); len(names) > 0 {
		return names[0]
	}

	return ""
}

// normalise makes column names comparable: case, blanks and punctuation do not count, æøå
// may be written ae, oe, aa.
func normalise(header string) string {
	var b strings.Builder

	for _, r := range norm.NFC.String(header) {
		switch r = unicode.ToLower(r); {
		case r == 'æ':
			b.WriteString("ae")
		case r == 'ø':
			b.WriteString("oe")
		case r == 'å':
			b.WriteString("aa")
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
		}
	}

	return b.String()
}

// alias is a known column name: its field, and how telling it is (0 is best).
type alias struct {
	field field
	rank  int
}

// aliasTable returns every known column name, normalised. A municipality's own names are
// more telling than ours.
func aliasTable(extra map[string][]string) map[string]alias {
	table := make(map[string]alias)
	byName := make(map[string]field)

	for f := range fields() {
		byName[normalise(f.String())] = f

		for rank, name := range f.aliases() {
			table[normalise(name)] = alias{field: f, rank: rank}
		}
	}

	for name, names := range extra {
		f, ok := byName[normalise(name)]
		if !ok {
			continue
		}

		for i, own := range names {
			table[normalise(own)] = alias{field: f, rank: i - len(names)}
		}
	}

	return table
}

// header says which column tells what.
type header struct {
	columns []field         // per column; 0 when it tells nothing
	best    map[field][]int // the columns of a field, the most telling first
}

// readHeader recognises the cells of a header row. Of several columns for one field the most
// telling is used; telephone numbers fall back on the next, and protection may stand in any.
func readHeader(cells []string, table map[string]alias) header {
	h := header{columns: make([]field, len(cells)), best: make(map[field][]int)}
	ranks := make([]int, len(cells))

	for i, cell := range cells {
		found, ok := table[normalise(cell)]
		if !ok {
			continue
		}

		ranks[i] = found.rank
		best := slices.Concat(h.best[found.field], []int{i})

		for j := len(best) - 1; j > 0 && ranks[best[j]] < ranks[best[j-1]]; j-- {
			best[j], best[j-1] = best[j-1], best[j]
		}

		h.best[found.field] = best
	}

	for f, best := range h.best {
		if f != fieldPhone && f != fieldProtected {
			best = best[:1]
			h.best[f] = best
		}

		for _, i := range best {
			h.columns[i] = f
		}
	}

	return h
}

// has reports whether there is a column for the field.
func (h header) has(f field) bool { return len(h.best[f]) > 0 }

// column returns the index of the field's column, or -1.
func (h header) column(f field) int {
	if best := h.best[f]; len(best) > 0 {
		return best[0]
	}

	return -1
}

// score is how many fields a row of names recognises.
func (h header) score() int { return len(h.best) }

// plausible reports whether the row can be the header of a driving list, or of the table that is
// looked for.
func (h header) plausible() bool {
	return h.score() >= 4 || h.score() >= 2 && (h.has(fieldCPR) || h.has(fieldSurrogate) || h.has(field(sheetColumns)))
}
