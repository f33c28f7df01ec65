package care

import (
	"strings"
	"time"
)

// CPRVerdict is the outcome of looking at what stands in a CPR column.
type CPRVerdict int

// The three outcomes (eoj.md §4). Modulus 11 is never used: numbers without it have been
// issued since 1 October 2007.
const (
	CPRMalformed   CPRVerdict = iota + 1 // can't be a person number
	CPRValid                             // six digits of a real date and four digits
	CPRReplacement                       // a plausible replacement number (erstatningspersonnummer or eCPR)
)

// CPR is a national identity number or a replacement for one: ten characters without
// hyphen. It prints masked; Mask shows the birth date part.
type CPR struct{ secret }

// ParseCPR reads a number with or without hyphen or blanks. A nine-digit number has lost
// its leading zero in a spreadsheet: it is padded, and padded is true so that the caller
// can warn.
func ParseCPR(text string) (cpr CPR, verdict CPRVerdict, padded bool) {
	s := strings.ToUpper(strings.NewReplacer("-", "", " ", "", "\u00a0", "").Replace(strings.TrimSpace(text)))
	if len(s) == 9 && allDigits(s) {
		s, padded = "0"+s, true
	}

	if len(s) != 10 || !allDigits(s[:6]) {
		return CPR{}, CPRMalformed, false
	}

	switch {
	case allDigits(s) && isDate(s, 0):
		return CPR{secret{s}}, CPRValid, padded
	case allDigits(s) && isDate(s, 60): // the CPR office's rule: 6 is added to the day's first digit
		return CPR{secret{s}}, CPRReplacement, padded
	case isElectronicReplacement(s):
		return CPR{secret{s}}, CPRReplacement, padded
	}

	return CPR{}, CPRMalformed, false
}

// isDate reports whether the first six digits are a date in the century that digit seven
// tells, after dayOffset is taken from the day.
func isDate(s string, dayOffset int) bool {
	day := int(s[0]-'0')*10 + int(s[1]-'0') - dayOffset
	month := int(s[2]-'0')*10 + int(s[3]-'0')
	year := century(s[6], int(s[4]-'0')*10+int(s[5]-'0'))
	d := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)

	return day >= 1 && month >= 1 && d.Day() == day && int(d.Month()) == month
}

// century applies the table of digit seven (eoj.md §4).
func century(seventh byte, yy int) int {
	switch {
	case seventh <= '3':
		return 1900 + yy
	case seventh == '4' || seventh == '9':
		if yy <= 36 {
			return 2000 + yy
		}

		return 1900 + yy
	case yy <= 57:
		return 2000 + yy
	default:
		return 1800 + yy
	}
}

// isElectronicReplacement recognises X-eCPR and D-eCPR: ddmmyy, a digit, two letters, a
// digit (eoj.md §3.6).
func isElectronicReplacement(s string) bool {
	letter := func(b byte) bool { return b >= 'A' && b <= 'Z' }

	return strings.IndexByte("01567", s[6]) >= 0 && letter(s[7]) && letter(s[8]) && s[9] >= '0' && s[9] <= '9' &&
		isDate(s[:6]+"0000", 0)
}

// Mask shows the birth date and hides the serial: "251248-••••".
func (c CPR) Mask() string {
	if len(c.plain) != 10 {
		return masked
	}

	return c.plain[:6] + "-••••"
}
