package measure

import (
	"cmp"
	"strings"

	"github.com/sluse/sluse/scheduler/care"
)

// Dimension is what figures are divided by. The zero value is invalid.
type Dimension string

// The dimensions.
const (
	ByWeek     Dimension = "week"
	ByMonth    Dimension = "month"
	ByUnit     Dimension = "unit"
	ByLaw      Dimension = "law"
	ByShift    Dimension = "shift"
	ByService  Dimension = "service"
	ByEmployee Dimension = "employee"
	BySource   Dimension = "source"
	ByMethod   Dimension = "method"
	ByChannel  Dimension = "channel"
	ByNumber   Dimension = "number"
)

// Dimensions lists every dimension in the order in which they are offered.
func Dimensions() []Dimension {
	return []Dimension{ByWeek, ByMonth, ByUnit, ByLaw, ByShift, ByService, ByEmployee, BySource, ByMethod, ByChannel, ByNumber}
}

// Danish returns the word that people see.
func (d Dimension) Danish() string {
	switch d {
	case ByWeek:
		return "Uge"
	case ByMonth:
		return "Måned"
	case ByUnit:
		return "Enhed"
	case ByLaw:
		return "Lovgrundlag"
	case ByShift:
		return "Vagtlag"
	case ByService:
		return "Ydelse"
	case ByEmployee:
		return "Medarbejder"
	case BySource:
		return "Kilde"
	case ByMethod:
		return "Identifikation"
	case ByChannel:
		return "Invitation"
	case ByNumber:
		return "CPR-nummer"
	}

	return string(d)
}

// Explained says in Danish what the dimension divides by.
func (d Dimension) Explained() string {
	switch d {
	case ByWeek:
		return "ISO-uge af besøgets danske dato: mandag til søndag; uge 1 er den uge, der har årets første torsdag."
	case ByMonth:
		return "Kalendermåned af besøgets danske dato."
	case ByUnit:
		return "Enheden, som kørelisten hører til, eller som er angivet i en anden leverandørs fil."
	case ByLaw:
		return "Lovgrundlaget, som kørelisten angiver: SUL § 138, SEL § 83, § 83 a, § 85, ældreloven eller ukendt."
	case ByShift:
		return "Vagtlaget: dag, aften eller nat."
	case ByService:
		return "Ydelsen eller indsatsen, som kørelisten kalder den."
	case ByEmployee:
		return "Medarbejderens initialer eller nummer på kørelisten."
	case BySource:
		return "Sluse selv, eller det system, som opkaldet er importeret fra."
	case ByMethod:
		return "Hvordan borgeren viste, hvem de er, den sidste gang de blev lukket ind. »Ikke identificeret på skærm« er besøg, hvor borgeren ikke kom ind, eller som blev givet på telefon."
	case ByChannel:
		return "Kanalen, som den nyeste invitation til borgeren er sendt på. »Uden besked« er borgere uden mobilnummer og e-mail, eller hvor beskeden ikke kom frem."
	case ByNumber:
		return "Om borgeren har et CPR-nummer."
	}

	return ""
}

// OnLists reports whether a driving list tells it, so that visits of all kinds can be counted by it.
func (d Dimension) OnLists() bool {
	switch d {
	case ByWeek, ByMonth, ByUnit, ByLaw, ByShift, ByService, ByEmployee:
		return true
	case BySource, ByMethod, ByChannel, ByNumber:
	}

	return false
}

// timely reports whether it is a part of the period.
func (d Dimension) timely() bool { return d == ByWeek || d == ByMonth }

// Key returns the group of a fact.
func (d Dimension) Key(f Fact) string {
	switch d {
	case ByWeek, ByMonth:
		return d.bucket(f.Day)
	case ByUnit:
		return string(f.Unit)
	case ByLaw:
		return string(f.Law)
	case ByShift:
		return string(f.Shift)
	case ByService:
		return f.Service
	case ByEmployee:
		return string(f.Employee)
	case BySource:
		return f.Source
	case ByMethod:
		return string(f.Method)
	case ByChannel:
		return string(f.Channel)
	case ByNumber:
		if f.Foreign() {
			return ""
		}

		return map[bool]string{true: "surrogate", false: "cpr"}[f.Surrogate]
	}

	return ""
}

// bucket returns the group of a day; empty for dimensions that are no part of the period.
func (d Dimension) bucket(day care.Day) string {
	switch d { //nolint:exhaustive // the others are no part of the period
	case ByWeek:
		return WeekOf(day).Key()
	case ByMonth:
		return string(day)[:7]
	}

	return ""
}

// Names are the words for keys that the municipality has chosen.
type Names struct {
	Units   map[care.UnitID]string
	Sources map[string]string
}

// Label returns what people read for a group.
func (d Dimension) Label(key string, names Names) string {
	switch d {
	case ByWeek:
		return weekLabel(key)
	case ByMonth:
		return monthLabel(key)
	case ByUnit:
		return cmp.Or(names.Units[care.UnitID(key)], key, "Uden enhed")
	case ByLaw:
		return cmp.Or(care.LegalBasis(key).Danish(), "Ukendt lov")
	case ByShift:
		return cmp.Or(capital(key), "Uden vagtlag")
	case ByService:
		return cmp.Or(key, "Uden ydelse")
	case ByEmployee:
		return cmp.Or(key, "Uden medarbejder")
	case BySource:
		if key == "" {
			return "Sluse"
		}

		return cmp.Or(names.Sources[key], key)
	case ByMethod:
		return cmp.Or(care.IdentityMethod(key).Danish(), "Ikke identificeret på skærm")
	case ByChannel:
		return channelLabel(care.Channel(key))
	case ByNumber:
		return map[string]string{"surrogate": "Borgere uden CPR-nummer", "cpr": "Borgere med CPR-nummer", "": "Fra andre systemer"}[key]
	}

	return key
}

func channelLabel(c care.Channel) string {
	switch c {
	case care.SMS:
		return "Inviteret på SMS"
	case care.Mail:
		return "Inviteret på e-mail"
	}

	return "Uden besked, aftalt på anden måde"
}

func capital(s string) string {
	if s == "" {
		return ""
	}

	return strings.ToUpper(s[:1]) + s[1:]
}
