package message

import (
	"fmt"
	"strings"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// weekday returns the Danish name of a day of the week.
func weekday(d time.Weekday) string {
	return [...]string{"søndag", "mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag"}[d]
}

// month returns the Danish name of a month.
func month(m time.Month) string {
	return [...]string{
		"januar", "februar", "marts", "april", "maj", "juni",
		"juli", "august", "september", "oktober", "november", "december",
	}[m-1]
}

// shortTime writes day and time in local time for SMS, as in the template tests.
func shortTime(t time.Time) string {
	t = t.In(care.Zone())

	m := month(t.Month())
	if len(m) > 4 {
		m = m[:3] + "."
	}

	return fmt.Sprintf("%s %d. %s kl. %s", weekday(t.Weekday()), t.Day(), m, t.Format("15.04"))
}

// longTime writes day, date with year and time in local time for e-mails.
func longTime(t time.Time) string {
	t = t.In(care.Zone())

	return fmt.Sprintf("%s den %d. %s %d kl. %s", weekday(t.Weekday()), t.Day(), month(t.Month()), t.Year(), t.Format("15.04"))
}

// localNumber returns a Danish number without country code and blanks: eight digits, or
// a short number of three to six.
func localNumber(s string) (string, bool) {
	s = strings.NewReplacer(" ", "", "\u00a0", "", "-", "").Replace(s)
	s = strings.TrimPrefix(strings.TrimPrefix(s, "+45"), "0045")
	plain := s != "" && strings.Trim(s, "0123456789") == ""

	return s, plain && (len(s) == 8 || (len(s) >= 3 && len(s) <= 6))
}

// spaced puts a blank after every n digits: "483 921", "87 87 87 87".
func spaced(digits string, n int) string {
	var parts []string

	for len(digits) > n {
		parts, digits = append(parts, digits[:n]), digits[n:]
	}

	return strings.Join(append(parts, digits), " ")
}
