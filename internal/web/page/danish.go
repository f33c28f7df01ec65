package page

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// Lang is the language of a page as in the lang attribute. The zero value is Danish.
type Lang string

// The languages.
const (
	Danish  Lang = "da"
	English Lang = "en"
)

func monthsDanish() [12]string {
	return [12]string{"januar", "februar", "marts", "april", "maj", "juni", "juli", "august", "september", "oktober", "november", "december"}
}

func weekdaysDanish() [7]string {
	return [7]string{"søndag", "mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag"}
}

// Clock returns the local time of day, "09.45", or "–" for the zero time.
func Clock(t time.Time) string {
	if t.IsZero() {
		return "–"
	}

	return t.In(care.Zone()).Format("15.04")
}

// At returns the local time of day with "kl." before it (ux.md §6.2).
func At(t time.Time) string { return "kl. " + Clock(t) }

// Span returns the local times of an interval: "09.45–10.00".
func Span(i care.Interval) string { return Clock(i.Start) + "–" + Clock(i.End) }

// Date returns the local date of t with the month in words, as in ux.md §6.2.
func Date(t time.Time) string {
	l := t.In(care.Zone())

	return fmt.Sprintf("%d. %s %d", l.Day(), monthsDanish()[l.Month()-1], l.Year())
}

// DateOf returns a day like Date; a text that is no day comes back as it is.
func DateOf(d care.Day) string {
	t, err := time.ParseInLocation(time.DateOnly, string(d), care.Zone())
	if err != nil {
		return string(d)
	}

	return Date(t)
}

// WeekdayOf returns a day like Date with the weekday before it.
func WeekdayOf(d care.Day) string {
	t, err := time.ParseInLocation(time.DateOnly, string(d), care.Zone())
	if err != nil {
		return string(d)
	}

	return weekdaysDanish()[t.Weekday()] + " " + Date(t)
}

// MonthOf returns the month of a day in words, "november 2026"; a text that is no day comes back as
// it is.
func MonthOf(d care.Day) string {
	t, err := time.ParseInLocation(time.DateOnly, string(d), care.Zone())
	if err != nil {
		return string(d)
	}

	return fmt.Sprintf("%s %d", monthsDanish()[t.Month()-1], t.Year())
}

// Stamp returns date and time of day, or a dash for the zero time.
func Stamp(t time.Time) string {
	if t.IsZero() {
		return "–"
	}

	return Date(t) + " " + At(t)
}

// AtIn returns a time of day in the page's language.
func AtIn(l Lang, t time.Time) string {
	if l == English {
		return t.In(care.Zone()).Format("15:04")
	}

	return At(t)
}

// DateIn returns a date in the page's language.
func DateIn(l Lang, t time.Time) string {
	if l == English {
		return t.In(care.Zone()).Format("2 January 2006")
	}

	return Date(t)
}

// Lasts returns a length of time in words, rounded up: "40 sekunder", "3 minutter".
func Lasts(d time.Duration) string {
	switch s := int((d + time.Second - 1) / time.Second); {
	case s <= 0:
		return "0 sekunder"
	case s == 1:
		return "1 sekund"
	case s < 60:
		return strconv.Itoa(s) + " sekunder"
	case s <= 90:
		return "1 minut"
	default:
		return strconv.Itoa((s+59)/60) + " minutter"
	}
}

// Minutes returns the whole minutes of an interval, abbreviated.
func Minutes(i care.Interval) string {
	return strconv.Itoa(int(i.Duration()/time.Minute)) + " min."
}

// Count returns a number with the noun that fits: Count(1, "besøg", "besøg").
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}

	return Number(n) + " " + many
}

// Number returns n with a full stop between thousands: "12.345".
func Number(n int) string {
	s := strconv.Itoa(n)
	sign := ""

	if n < 0 {
		sign, s = "-", s[1:]
	}

	var b strings.Builder

	for i, r := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteByte('.')
		}

		b.WriteRune(r)
	}

	return sign + b.String()
}

// Percent returns part of whole: "42 %", or "–" when there is no whole.
func Percent(part, whole int) string {
	if whole == 0 {
		return "–"
	}

	return strconv.Itoa((100*part+whole/2)/whole) + " %"
}
