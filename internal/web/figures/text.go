package figures

import (
	"math"
	"strconv"
	"strings"

	"github.com/sluse/sluse/internal/web/page"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/measure"
)

// Hidden is written in place of a figure that is not told.
const Hidden = "skjult"

// Unknown is shown in place of a figure that there is nothing to make of; in files it is empty.
const Unknown = "–"

// Shown returns a figure as people read it, with its unit where it is not a count: "1.234",
// "12,5 %", "skjult", "–".
func Shown(c measure.Column, v measure.Value) string {
	switch {
	case v.Hidden:
		return Hidden
	case !v.Known:
		return Unknown
	}

	text := number(c.Kind, v)
	if whole, rest, _ := strings.Cut(text, ","); len(strings.TrimLeft(whole, "-")) > 3 {
		n, err := strconv.Atoi(whole)
		if err == nil {
			text = page.Number(n)
		}

		if rest != "" {
			text += "," + rest
		}
	}

	switch c.Kind {
	case measure.Percent:
		return text + " %"
	case measure.Points:
		return signed(v, text) + " pp."
	case measure.Minutes:
		return text + " min."
	case measure.Hours:
		return text + " timer"
	case measure.Seconds:
		return text + " sek."
	case measure.Kilometres:
		return text + " km"
	case measure.Kilograms:
		return text + " kg"
	case measure.Ratio:
		if strings.HasSuffix(c.Key, "_change") {
			return signed(v, text)
		}
	case measure.Count:
	}

	return text
}

func signed(v measure.Value, text string) string {
	if v.Number > 0 && strings.Trim(text, "0,") != "" {
		return "+" + text
	}

	return text
}

// number writes a figure with a comma before its decimals.
func number(k measure.Kind, v measure.Value) string {
	text := strconv.FormatFloat(Rounded(k, v.Number), 'f', k.Decimals(), 64)

	return strings.Replace(text, ".", ",", 1)
}

// Rounded is a figure as it is told everywhere, half away from zero.
func Rounded(k measure.Kind, n float64) float64 {
	unit := math.Pow10(k.Decimals())

	rounded := math.Round(n*unit) / unit
	if rounded == 0 {
		return 0 // never minus nothing
	}

	return rounded
}

// cell is a figure in a CSV file.
func cell(c measure.Column, v measure.Value) string {
	switch {
	case v.Hidden:
		return Hidden
	case !v.Known:
		return ""
	default:
		return number(c.Kind, v)
	}
}

// Safe keeps a spreadsheet from running a text as a formula (OWASP: CSV injection; eoj.md §5.3).
func Safe(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n", rune(s[0])) {
		return "'" + s
	}

	return s
}

// Terms tells by what the figures were made, one sentence each.
func Terms(s scheduler.Statistics) []string {
	out := []string{"Danske datoer; uger er ISO-uger fra mandag til søndag."}

	if s.Total.Week != (measure.Span{}) {
		out = append(out, "Omlægningsgrad, anvendelsesgrad og måltal i alt er for "+measure.WeekOf(s.Total.Week.From).Danish()+" ("+days(s.Total.Week)+"); omlægningsgrad over 14 dage er for "+days(s.Total.Fortnight)+".")
	} else {
		out = append(out, "Perioden har ingen hel ISO-uge, så omlægningsgrad, anvendelsesgrad og måltal kan ikke vises i alt.")
	}

	if !s.Terms.FullLists {
		out = append(out, "Andel skærmbesøg og omlægningsgrad vises ikke: kommunen importerer ikke hele kørelister (statistics.partial_lists).")
	}

	if t := s.Terms.Savings; t.Road > 0 || t.Kilometres > 0 {
		out = append(out, "Skøn over sparet kørsel regner med "+decimal(t.Road.Minutes())+" minutters køretid og "+decimal(t.Kilometres)+" km pr. besøg og "+decimal(t.GramsPerKm)+" g CO₂ pr. km. Tallene er kommunens egne.")
	} else {
		out = append(out, "Kommunen har ikke sat tal for sparet kørsel op.")
	}

	if s.Left {
		out = append(out, "Tal fra 1 til 4 er skjult, og så mange andre, at de ikke kan regnes ud. Giv ikke flere udtræk af de samme tal med forskellige afgrænsninger videre sammen.")
	}

	return out
}

func decimal(n float64) string {
	return strings.Replace(strconv.FormatFloat(n, 'f', -1, 64), ".", ",", 1)
}

func days(s measure.Span) string {
	return page.DateOf(s.From) + " – " + page.DateOf(s.To)
}

// Period returns the days of a question: "2026-11-01–2026-11-30".
func Period(from, to care.Day) string { return string(from) + "–" + string(to) }
