package lexicon

import (
	"strings"
	"unicode"

	"github.com/sluse/sluse/scheduler/care"
)

// ShiftNamed reads the shift layer from words in the name of a list. A place whose name
// only begins like one (Naturstien, Dagmarsvej) does not count.
func ShiftNamed(name string) (care.Shift, bool) {
	for _, word := range strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) }) {
		switch {
		case word == "nat" || word == "natten" || word == "nathold" || word == "natteam" || strings.HasPrefix(word, "natte"):
			return care.NightShift, true
		case strings.HasPrefix(word, "aften"):
			return care.EveningShift, true
		case word == "dag" || word == "dagen" || word == "daghold" || word == "dagvagt" || word == "dagteam":
			return care.DayShift, true
		}
	}

	return "", false
}

// ShiftAt is the usual layer of a local hour of the day, 0 to 23: day 7–15, evening 15–23, night.
func ShiftAt(hour int) care.Shift {
	switch {
	case hour >= 7 && hour < 15:
		return care.DayShift
	case hour >= 15 && hour < 23:
		return care.EveningShift
	default:
		return care.NightShift
	}
}
