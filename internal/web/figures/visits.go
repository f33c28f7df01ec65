package figures

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/measure"
)

// VisitColumn is a column of the files of visits (K38).
type VisitColumn struct {
	Key     string
	Name    string // Danish
	Explain string // Danish, whole sentences

	value func(measure.Fact) string
}

// Value returns the cell of a visit. Spreadsheets in Danish take 7.5 for a day in May.
func (c VisitColumn) Value(f measure.Fact) string {
	if strings.HasSuffix(c.Key, "_minutes") {
		return strings.Replace(c.value(f), ".", ",", 1)
	}

	return Safe(c.value(f))
}

// Plain returns the value without the guard that spreadsheets need.
func (c VisitColumn) Plain(f measure.Fact) string { return c.value(f) }

// VisitColumns are the columns of the files of visits, in order. None of them names the citizen.
func VisitColumns() []VisitColumn {
	return []VisitColumn{
		{"id", "Id", "Besøgets id i Sluse; for et importeret opkald en nøgle, der er lavet af rækken.", func(f measure.Fact) string { return f.ID }},
		{"source", "Kilde", "sluse, eller nøglen for det system, som opkaldet er importeret fra.", func(f measure.Fact) string { return cmp.Or(f.Source, "sluse") }},
		{"date", "Dato", "Besøgets planlagte danske dato; for et importeret opkald dagen, det begyndte.", func(f measure.Fact) string { return string(f.Day) }},
		{"week", "Uge", "ISO-uge, år-uge.", func(f measure.Fact) string { return measure.WeekOf(f.Day).Key() }},
		{"start", "Start", "Planlagt start i dansk tid; for et importeret opkald, da det begyndte.", func(f measure.Fact) string { return local(f.Start) }},
		{"planned_minutes", "Planlagt varighed", "Minutter; tom, når besøget ikke var planlagt.", func(f measure.Fact) string { return minutes(f.Planned) }},
		{"unit", "Enhed", "Enhedens nøgle.", func(f measure.Fact) string { return string(f.Unit) }},
		{"employee", "Medarbejder", "Medarbejderens initialer eller nummer.", func(f measure.Fact) string { return string(f.Employee) }},
		{"law", "Lovgrundlag", "SUL_138, SEL_83, SEL_83A, SEL_85, SEL_OTHER, AEL eller UNKNOWN.", func(f measure.Fact) string { return string(f.Law) }},
		{"shift", "Vagtlag", "dag, aften eller nat.", func(f measure.Fact) string { return string(f.Shift) }},
		{"service", "Ydelse", "Ydelsen eller indsatsen, som kørelisten kalder den.", func(f measure.Fact) string { return f.Service }},
		{"on_list", "På køreliste", "ja, når besøget står på en importeret køreliste.", func(f measure.Fact) string { return yes(f.Listed) }},
		{"state", "Status", "listed, chosen, booking, booked, open, completed, not_completed, cancelled eller reverted.", func(f measure.Fact) string { return string(f.State) }},
		{"delivery", "Leveret som", "screen, phone eller physical.", func(f measure.Fact) string { return string(f.Delivery) }},
		{"reason", "Årsag", "Hvorfor besøget ikke blev gennemført.", func(f measure.Fact) string { return string(f.Why()) }},
		{"grade", "Vished", "sikker og sandsynlig: videoplatformen viser det. medarbejder: en medarbejder har afgjort det. mangler: ingen oplysninger.", func(f measure.Fact) string { return string(f.Grade) }},
		{"actual_minutes", "Faktisk varighed", "Minutter, hvor begge sider var til stede samtidig; tom, når det ikke vides.", func(f measure.Fact) string { return minutes(f.Actual) }},
		{"ended", "Samtalen sluttede", "Dansk tid; tom, når det ikke vides.", func(f measure.Fact) string { return local(f.Ended) }},
		{"concluded", "Afsluttet", "Hvornår resultatet blev givet, i dansk tid.", func(f measure.Fact) string { return local(f.Concluded) }},
		{"journalled", "Journalført", "Hvornår journalen havde resultatet, i dansk tid.", func(f measure.Fact) string { return local(f.Written) }},
		{"record", "Registreret i journalen", "confirmed, pending, failed, differs eller omitted; tom, når intet skal skrives.", func(f measure.Fact) string { return string(f.Record) }},
	}
}

// VisitHeader are the keys of the columns.
func VisitHeader() []string {
	var out []string
	for _, c := range VisitColumns() {
		out = append(out, c.Key)
	}

	return out
}

// VisitLine is a visit in a CSV file.
func VisitLine(columns []VisitColumn, f measure.Fact) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = c.Value(f)
	}

	return out
}

// local writes an instant in Danish time as a spreadsheet reads it; empty for the zero time.
func local(t time.Time) string {
	if t.IsZero() {
		return ""
	}

	return t.In(care.Zone()).Format("2006-01-02 15:04:05")
}

func minutes(d time.Duration) string {
	if d == 0 {
		return ""
	}

	return strconv.FormatFloat(Rounded(measure.Minutes, d.Minutes()), 'f', 1, 64)
}

func yes(b bool) string {
	if b {
		return "ja"
	}

	return "nej"
}
