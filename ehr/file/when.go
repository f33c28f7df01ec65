package file

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Serial days of 1 January 2000 and 2100 in Excel's calendar from 1900.
const (
	firstSerial = 36526
	lastSerial  = 73051
	days1904    = 1462 // what the calendar from 1904 is behind
)

const daySeconds = 24 * 60 * 60

// date is a calendar day without a zone: midnight UTC of that day. The zero value is no day.
type date struct{ time.Time }

func (d date) String() string     { return d.Format(time.DateOnly) }
func (d date) add(days int) date  { return date{d.AddDate(0, 0, days)} }
func (d date) isSame(o date) bool { return d.Equal(o.Time) }

type patterns struct {
	dayFirst, yearFirst, compact, spelled *regexp.Regexp
	clock, minutes, hoursMinutes          *regexp.Regexp
	plainName, oddLetter, person          *regexp.Regexp
	separator                             *regexp.Regexp
}

//nolint:gochecknoglobals // compiled once, never changed
var compiled = sync.OnceValue(func() patterns {
	return patterns{
		dayFirst:     regexp.MustCompile(`^(\d{1,2})[-./ ]{1,2}(\d{1,2})[-./ ]{1,2}(\d{4}|\d{2})$`),
		yearFirst:    regexp.MustCompile(`^(\d{4})[-./](\d{1,2})[-./](\d{1,2})$`),
		compact:      regexp.MustCompile(`^(20\d{2})(\d{2})(\d{2})$`),
		spelled:      regexp.MustCompile(`^(\d{1,2})\.? ?([a-zæøå]{3,9})\.? (\d{4})$`),
		clock:        regexp.MustCompile(`^(\d{1,2})(?:[:.,](\d{2})(?:[:.](\d{2})(?:\.0+)?)?)?$`),
		minutes:      regexp.MustCompile(`^([\d.,]+) ?(?:m|min|minut|minutter)?\.?$`),
		hoursMinutes: regexp.MustCompile(`^(\d{1,2}) ?(?:t|h|time|timer)\.?(?: ?(?:og )?(\d{1,2}) ?(?:m|min|minut|minutter)?\.?)?$`),
		plainName:    regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z_-]{0,63}$`),
		oddLetter:    regexp.MustCompile(`[^\p{L}\p{N}._ ()-]`),
		person:       regexp.MustCompile(`(^|\D)\d{6}[- ]?\d{4}(\D|$)`),
		separator:    regexp.MustCompile(`(?i)^"?sep=([;,\t|])"?\r?\n`),
	}
})

// parseDate reads a day in any of the forms that Danish exports use, or an Excel serial.
func parseDate(text string, date1904 bool) (date, bool) {
	s := stripWeekday(strings.ToLower(strings.Join(strings.Fields(text), " ")))
	p := compiled()

	if m := p.dayFirst.FindStringSubmatch(s); m != nil {
		return day(m[3], m[2], m[1])
	}

	if m := p.yearFirst.FindStringSubmatch(s); m != nil {
		return day(m[1], m[2], m[3])
	}

	if m := p.compact.FindStringSubmatch(s); m != nil {
		return day(m[1], m[2], m[3])
	}

	if m := p.spelled.FindStringSubmatch(s); m != nil {
		return day(m[3], monthNumber(m[2]), m[1])
	}

	if serial, ok := number(s); ok {
		d, _, ok := fromSerial(serial, date1904)

		return d, ok
	}

	// A whole instant in the date column: the day is what we want.
	if d, _, ok := parseMoment(s, date1904); ok {
		return d, true
	}

	return date{}, false
}

// parseMoment reads a day and a time of day in one cell. The seconds are since midnight.
func parseMoment(text string, date1904 bool) (date, int, bool) {
	s := strings.ToLower(strings.Join(strings.Fields(text), " "))

	if serial, ok := number(s); ok {
		return fromSerial(serial, date1904)
	}

	cut := strings.LastIndexAny(s, " t")
	if cut <= 0 {
		return date{}, 0, false
	}

	front := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSpace(s[:cut]), "kl."), "kl")
	seconds, ok := parseClock(strings.TrimSuffix(s[cut+1:], "z"))

	front = strings.TrimRight(front, " ,")
	if !ok || strings.ContainsAny(front, " t") && !compiled().spelled.MatchString(stripWeekday(front)) {
		return date{}, 0, false
	}

	d, ok := parseDate(front, date1904)

	return d, seconds, ok
}

// parseTime reads a time of day in seconds since midnight; beyond 24 hours is left to the
// caller. With serials, a number may be a fraction of a day.
func parseTime(text string, serials bool) (int, bool) {
	if serials {
		if n, ok := number(text); ok {
			return clockSerial(text, n)
		}
	}

	return parseClock(text)
}

// parseClock reads 8:30, 08.30, 8:30:00, kl. 8.30, 0830 or 8.
func parseClock(text string) (int, bool) {
	s := strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(strings.ToLower(text)), "kl"), "."))
	if len(s) == 4 && isDigits(s) {
		s = s[:2] + ":" + s[2:]
	}

	m := compiled().clock.FindStringSubmatch(s)
	if m == nil {
		return 0, false
	}

	h, mi, sec := atoi(m[1]), atoi(m[2]), atoi(m[3])
	if mi > 59 || sec > 59 {
		return 0, false
	}

	return h*3600 + mi*60 + sec, true
}

// clockSerial reads a number in a time column of a workbook: a fraction of a day, more than
// a day on lists that count on past midnight (25:31 is 1.063), or hours typed as a decimal
// (8.30 becomes the number 8.3).
func clockSerial(text string, n float64) (int, bool) {
	whole, fraction, _ := strings.Cut(text, ".")

	switch {
	case n < 0 || n >= 100 && len(text) != 4:
		return 0, false
	case n < 1 || n < 2 && len(fraction) > 2:
		return roundSeconds(n), true
	case len(fraction) == 1:
		return parseClock(whole + "." + fraction + "0")
	default:
		return parseClock(text)
	}
}

// fromSerial splits an Excel serial into its day and the seconds since midnight.
func fromSerial(serial float64, date1904 bool) (date, int, bool) {
	if date1904 {
		serial += days1904
	}

	if serial < firstSerial || serial >= lastSerial {
		return date{}, 0, false
	}

	whole := math.Floor(serial)
	seconds := roundSeconds(serial - whole)
	start := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	d := date{start.AddDate(0, 0, int(whole)-firstSerial)}

	return d, seconds, true
}

// roundSeconds turns a fraction of a day into seconds. Spreadsheets keep ten minutes as
// 0.00694…; whole minutes come out whole.
func roundSeconds(fraction float64) int { return int(math.Round(fraction * daySeconds)) }

// parseDuration reads a length of time: minutes ("15", "10,0", "15 min"), h:mm, "1 t 15 min".
// A bare number is in unit.
func parseDuration(text string, serials bool, unit time.Duration) (time.Duration, bool) {
	s := strings.ToLower(strings.Join(strings.Fields(text), " "))
	p := compiled()

	if serials {
		if n, ok := number(s); ok && n > 0 && n < 1 && unit == time.Minute {
			return time.Duration(roundSeconds(n)) * time.Second, true
		}
	}

	if strings.Contains(s, ":") {
		seconds, ok := parseClock(s)

		return time.Duration(seconds) * time.Second, ok
	}

	if m := p.hoursMinutes.FindStringSubmatch(s); m != nil {
		return time.Duration(atoi(m[1]))*time.Hour + time.Duration(atoi(m[2]))*time.Minute, true
	}

	m := p.minutes.FindStringSubmatch(s)
	if m == nil {
		return 0, false
	}

	n, ok := parseDecimal(m[1])
	if !ok || n > 100_000 {
		return 0, false
	}

	if m[0] != m[1] {
		unit = time.Minute
	}

	return time.Duration(math.Round(n*unit.Seconds())) * time.Second, true
}

// parseDecimal reads 1.234,5 in the Danish way and 10.5 in the English one. A point before
// exactly three digits separates thousands.
func parseDecimal(s string) (float64, bool) {
	if strings.Contains(s, ",") {
		s = strings.ReplaceAll(strings.ReplaceAll(s, ".", ""), ",", ".")
	} else if i := strings.IndexByte(s, '.'); i > 0 && len(s)-i == 4 {
		s = strings.Replace(s, ".", "", 1)
	}

	return number(s)
}

// number reads a plain number as spreadsheets store it.
func number(s string) (float64, bool) {
	if s == "" || strings.Trim(s, "0123456789.eE+-") != "" || s[0] < '0' || s[0] > '9' {
		return 0, false
	}

	n, err := strconv.ParseFloat(s, 64)

	return n, err == nil && !math.IsInf(n, 0)
}

// day checks that the date exists and lies in this century. Two digits are a year after 2000.
func day(year, month, dayOfMonth string) (date, bool) {
	y, m, d := atoi(year), atoi(month), atoi(dayOfMonth)
	if len(year) == 2 {
		y += 2000
	}

	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if m < 1 || m > 12 || t.Day() != d || int(t.Month()) != m || y < 2000 || y > 2099 {
		return date{}, false
	}

	return date{t}, true
}

// stripWeekday removes "mandag den", "man.", "d." in front of a date.
func stripWeekday(s string) string {
	for _, name := range []string{"mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag", "man", "tirs", "tir", "ons", "tors", "tor", "fre", "lør", "søn", "ma", "ti", "on", "to", "fr", "lø", "sø"} {
		if rest, ok := strings.CutPrefix(s, name); ok && rest != "" && strings.ContainsRune(" .,", rune(rest[0])) {
			s = strings.TrimLeft(rest, " .,")

			break
		}
	}

	for _, word := range []string{"den ", "d. ", "d."} {
		s = strings.TrimPrefix(s, word)
	}

	return s
}

// monthNumber returns the month of a Danish name or its first letters, "0" when it is none.
func monthNumber(name string) string {
	for i, month := range []string{"januar", "februar", "marts", "april", "maj", "juni", "juli", "august", "september", "oktober", "november", "december"} {
		if strings.HasPrefix(month, name) || name == "sept" && i == 8 {
			return strconv.Itoa(i + 1)
		}
	}

	return "0"
}

// atoi reads digits that a pattern has already found to be few.
func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}

	return n
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
