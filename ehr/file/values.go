package file

import (
	"net/mail"
	"strconv"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"

	"github.com/sluse/sluse/ehr/lexicon"
	"github.com/sluse/sluse/scheduler/care"
)

// maxPhoneText is the longest text that is looked at as a telephone number.
const maxPhoneText = 60

// denmark is the country's calling code.
const denmark = 45

// parsePhone reads a telephone number, Danish unless it says otherwise, and normalises it to
// E.164. Of several numbers in one cell the first good one counts.
func parsePhone(text string) (care.Phone, bool) {
	if len(text) > maxPhoneText {
		return care.Phone{}, false
	}

	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("/,;\n", r) }) {
		parsed, err := phonenumbers.Parse(strings.TrimSpace(part), "DK")
		if err == nil && dialable(parsed) {
			return care.NewPhone(phonenumbers.Format(parsed, phonenumbers.E164)), true
		}
	}

	return care.Phone{}, false
}

// dialable reports whether the number has the right length for its country and, in Denmark,
// a first digit that subscribers have. Whether its range has been handed out is not asked:
// the library's tables lag behind the numbering plan, and a good number must not be lost.
func dialable(n *phonenumbers.PhoneNumber) bool {
	if phonenumbers.IsPossibleNumberWithReason(n) != phonenumbers.IS_POSSIBLE {
		return false
	}

	return n.GetCountryCode() != denmark || n.GetNationalNumber() >= 20_000_000
}

// parseEmail reads a bare address.
func parseEmail(text string) (care.Email, bool) {
	address, err := mail.ParseAddress(text)
	if err != nil || address.Address != text || len(text) > 254 {
		return care.Email{}, false
	}

	return care.NewEmail(text), true
}

// parseSuitable reads the judgement of suitability.
func parseSuitable(text string) (care.Suitability, bool) {
	switch normalise(text) {
	case "", "ukendt", "vedikke", "ikkevurderet", "ikkeafklaret":
		return care.SuitabilityUnknown, true
	case "egnet", "ja", "j", "x", "1", "sand", "true", "velegnet", "egnettilskaermbesoeg":
		return care.Suitable, true
	case "ikkeegnet", "nej", "n", "0", "falsk", "false", "uegnet", "ikkeegnettilskaermbesoeg":
		return care.Unsuitable, true
	}

	return care.SuitabilityUnknown, false
}

// parseRisk reads the risk group; nothing is none.
func parseRisk(text string) (care.Risk, bool) {
	switch normalise(text) {
	case "", "ukendt", "ikkevurderet":
		return "", true
	case "lav", "groen", "1":
		return care.LowRisk, true
	case "middel", "mellem", "gul", "2":
		return care.MediumRisk, true
	case "hoej", "roed", "3":
		return care.HighRisk, true
	}

	return "", false
}

// parseProtected reads whether an address or a name is protected.
func parseProtected(text string) (protected, ok bool) {
	switch normalise(text) {
	case "", "nej", "n", "0", "falsk", "false", "ikkebeskyttet", "ingen", "ingenbeskyttelse":
		return false, true
	case "ja", "j", "x", "1", "sand", "true", "beskyttet", "hemmelig", "hemmeligadresse", "adressebeskyttet", "adressebeskyttelse",
		"navneogadressebeskyttelse", "navneogadressebeskyttet", "navnebeskyttet", "beskyttetadresse", "beskyttetnavnogadresse":
		return true, true
	}

	return false, false
}

// parseShift reads the shift layer from its own column.
func parseShift(text string) (care.Shift, bool) {
	s := normalise(text)

	switch {
	case s == "d" || strings.HasPrefix(s, "dag"):
		return care.DayShift, true
	case s == "a" || s == "av" || strings.HasPrefix(s, "aften"):
		return care.EveningShift, true
	case s == "n" || s == "nv" || strings.HasPrefix(s, "nat"):
		return care.NightShift, true
	}

	return lexicon.ShiftNamed(text)
}

// knownStatus reports whether the text is a status that records use (eoj.md §5.1).
func knownStatus(text string) bool {
	switch normalise(text) {
	case "planlagt", "bestilt", "bekraeftet", "igang", "aktiv", "aaben",
		"udfoert", "leveret", "gennemfoert", "afsluttet", "ikkeleveret", "ikkeudfoert", "ikkegennemfoert",
		"aflyst", "afmeldt", "afvist", "afvistafborger", "borgerikkehjemme", "ikkehjemme", "udeblevet", "indlagt", "pause", "flyttet":
		return true
	}

	return false
}

// plainNumber writes a number that a spreadsheet keeps as 2.0000001E7 or 20000001.0 with all
// its digits. Other texts stay.
func plainNumber(text string) string {
	if !strings.ContainsAny(text, ".eE") {
		return text
	}

	n, ok := number(text)
	if !ok || n != float64(int64(n)) || n > 1e15 {
		return text
	}

	return strconv.FormatInt(int64(n), 10)
}

// quotable returns the value in Danish quotation marks when it can only be a date or a time,
// so that a message may show it. Anything longer or with many digits may be a CPR number
// that stands in the wrong column.
func quotable(value string) string {
	digits := 0

	for _, r := range value {
		switch {
		case unicode.IsDigit(r):
			digits++
		case !strings.ContainsRune("-./: kl,", r):
			return ""
		}
	}

	if digits == 0 || digits > 8 || len(value) > 20 {
		return ""
	}

	return " »" + value + "«"
}
