package message

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sluse/sluse/scheduler/care"
)

// Limits of texts.
const (
	MaxSMS     = 160  // GSM-7 characters of one SMS
	maxSubject = 100  // characters
	maxMail    = 4000 // characters
)

// Finding is one rule that a text breaks. It never repeats the text.
type Finding string

// The findings.
const (
	FindingCPR         Finding = "cpr"         // looks like a CPR number or a replacement number
	FindingDigits      Finding = "digits"      // four or more digits that are not ours: may be a PIN
	FindingName        Finding = "name"        // the name of a person of the visit
	FindingService     Finding = "service"     // a service, a diagnosis or a place of care
	FindingGSM         Finding = "gsm"         // a character outside GSM-7 in an SMS
	FindingLength      Finding = "length"      // too long for the channel
	FindingEnding      Finding = "ending"      // an SMS that does not say that it can't be answered
	FindingPlaceholder Finding = "placeholder" // a placeholder is left, ours or the SMS service's
)

// Danish returns the sentence shown to the planner.
func (f Finding) Danish() string {
	switch f {
	case FindingCPR:
		return "Teksten ligner noget med et personnummer."
	case FindingDigits:
		return "Teksten har et tal, der kan være en pinkode."
	case FindingName:
		return "Teksten nævner en person ved navn."
	case FindingService:
		return "Teksten nævner en ydelse."
	case FindingGSM:
		return "Teksten har tegn, der ikke kan være i en SMS."
	case FindingLength:
		return "Teksten er for lang."
	case FindingEnding:
		return "Teksten siger ikke, at den ikke kan besvares."
	case FindingPlaceholder:
		return "Teksten er ikke udfyldt."
	}

	return string(f)
}

// LintError lists what Lint found in a text.
type LintError struct{ Findings []Finding }

// Error names the rules that are broken.
func (e *LintError) Error() string {
	names := make([]string, len(e.Findings))
	for i, f := range e.Findings {
		names[i] = string(f)
	}

	return "message text breaks rules: " + strings.Join(names, ", ")
}

// Rules is what Lint holds a text against.
type Rules struct {
	Channel  care.Channel
	Names    []string // full names of people; each part of a name is looked for
	Services []string // service names of the visit or of the municipality
	Own      []string // pieces that we put in ourselves: link, code, number to call, date, municipality
}

// cprPattern matches ten digits, however they are grouped, and electronic replacement
// numbers (eoj.md §3.6). Dates are not checked: whatever has the form is refused.
var cprPattern = regexp.MustCompile(`(?i)(?:\d[\s\x{a0}\-.\x{2010}-\x{2015}]*){7}(?:\d[\s\x{a0}\-.\x{2010}-\x{2015}]*\d|[a-z][\s\x{a0}\-]*[a-z])[\s\x{a0}\-.\x{2010}-\x{2015}]*\d`)

// digitsPattern matches four digits or more, also when they are grouped.
var digitsPattern = regexp.MustCompile(`\d(?:[ \-]?\d){3,}`)

// placeholderPattern matches our placeholders and the SMS service's %meeting_url%, which
// would put the room's link into the message (vdx.md §8).
var placeholderPattern = regexp.MustCompile(`(?i)\{\pL*\}|%[a-z_]+%`)

// Lint returns every rule that a text breaks, in a fixed order (identity.md §6, row SMS).
// It is a guard against what data and configuration may bring into our fixed texts; words
// of the texts themselves are never taken for a person's name.
func Lint(text string, r Rules) []Finding {
	foreign := text
	for _, piece := range longestFirst(r.Own) {
		foreign = strings.ReplaceAll(foreign, piece, " | ")
	}

	var found []Finding

	add := func(f Finding, broken bool) {
		if broken {
			found = append(found, f)
		}
	}

	add(FindingCPR, cprPattern.MatchString(foreign))
	add(FindingDigits, digitsPattern.MatchString(foreign))
	add(FindingName, namesPerson(foreign, r.Names))
	add(FindingService, namesService(foreign, r.Services))
	add(FindingPlaceholder, placeholderPattern.MatchString(text))

	if r.Channel == care.SMS {
		n, ok := GSMLength(text)
		add(FindingGSM, !ok)
		add(FindingLength, n > MaxSMS)
		add(FindingEnding, !strings.HasSuffix(withoutOrigin(text), smsEnding))
	} else {
		add(FindingLength, utf8.RuneCountInString(text) > maxMail)
	}

	return found
}

// lintSubject holds the subject of an e-mail to the same rules in one line.
func lintSubject(subject string, r Rules) []Finding {
	found := Lint(subject, r)
	if utf8.RuneCountInString(subject) > maxSubject || strings.ContainsAny(subject, "\r\n") {
		found = append(found, FindingLength)
	}

	return found
}

// withoutOrigin cuts the last line that binds a code to a host: "@host #code".
func withoutOrigin(text string) string {
	if i := strings.LastIndexByte(text, '\n'); i >= 0 && strings.HasPrefix(text[i+1:], "@") {
		return text[:i]
	}

	return text
}

// namesPerson looks for every part of every name as a whole word. A part that is a word of
// our own texts ("Maj", "Dag") tells nothing and would block that person's messages.
func namesPerson(text string, names []string) bool {
	have, own := words(text), ownWords()

	for _, name := range names {
		for _, part := range words(name) {
			if utf8.RuneCountInString(part) > 1 && !slices.Contains(own, part) && slices.Contains(have, part) {
				return true
			}
		}
	}

	return false
}

// namesService looks for the services given, as phrases, and for stems that tell of care
// whatever the service is called.
func namesService(text string, services []string) bool {
	lower := strings.ToLower(text)
	for _, stem := range careStems() {
		if strings.Contains(lower, stem) {
			return true
		}
	}

	have, own := " "+strings.Join(words(text), " ")+" ", ownWords()

	for _, service := range services {
		parts := words(service)
		telling := slices.ContainsFunc(parts, func(w string) bool { return !slices.Contains(own, w) })

		if telling && strings.Contains(have, " "+strings.Join(parts, " ")+" ") {
			return true
		}
	}

	return false
}

// careStems are beginnings of words that tell of health or social care. A municipality's
// name may stand in a message, the name of a place of care may not (identity.md §6).
func careStems() []string {
	return []string{
		"alkohol", "bostøtte", "bostoette", "demens", "diagnos", "genoptræn", "genoptraen", "handicap", "herberg",
		"hospice", "insulin", "kræft", "kraeft", "medicin", "misbrug", "omsorg", "pleje", "psykiatr", "rusmid", "sindslid", "sygdom",
	}
}

// ownWords are the words of our fixed texts and of dates.
//
//nolint:gochecknoglobals // computed once from constants, never changed
var ownWords = sync.OnceValue(func() []string {
	var own []string
	for _, t := range allTemplates() {
		own = append(own, words(t)...)
	}

	for d := range time.Weekday(7) {
		own = append(own, weekday(d))
	}

	for m := time.January; m <= time.December; m++ {
		own = append(own, month(m), month(m)[:3])
	}

	return own
})

func words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) })
}

// longestFirst orders pieces so that a piece inside another does not break it up. A piece
// of one or two characters is left out: cutting it from the text would hide words.
func longestFirst(pieces []string) []string {
	pieces = slices.DeleteFunc(slices.Clone(pieces), func(p string) bool { return utf8.RuneCountInString(p) < 3 })
	slices.SortStableFunc(pieces, func(a, b string) int { return len(b) - len(a) })

	return pieces
}
