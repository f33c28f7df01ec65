package ui

import (
	"slices"
	"strconv"
	"strings"

	"github.com/sluse/sluse/internal/web/page"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/directory"
)

// detailDanish tells what an audit row adds to its action. The audit stores keys, parted by ", ", so
// that it stays the same whatever pages call things; a part that has no words stays as it is. The
// reason of a conversion is what an employee wrote.
func detailDanish(e scheduler.AuditEntry) string {
	switch e.Action {
	case "convert":
		return e.Detail
	case "import_employees", "import_units": // what became of one line, and an id that may be a number
		kind, id, _ := strings.Cut(e.Detail, " ")

		return strings.ToLower(recordChange(directory.ChangeKind(kind)).Text) + " " + id
	}

	parts := strings.Split(e.Detail, ", ")
	for i, part := range parts {
		parts[i] = partDanish(part)
	}

	if _, known := detailWords()[e.Detail]; e.Action == "begin_login" && !known {
		parts[0] = "hos udbyderen " + parts[0] // by the key that the municipality gave it
	}

	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

// partDanish is one part: a word, a word with a value, or a word with a number.
func partDanish(part string) string {
	if text, ok := detailWords()[part]; ok {
		return text
	}

	if days, ok := daysDanish(strings.Fields(strings.NewReplacer("from ", "", " to ", " ", " – ", " ").Replace(part))); ok {
		return days
	}

	if text, rest, ok := startDanish(part); ok {
		values := strings.Fields(rest)
		for i, v := range values {
			values[i] = valueDanish(v)
		}

		return text + " " + strings.Join(values, " ")
	}

	key, value, _ := strings.Cut(part, " ")
	if words, ok := countWords()[key]; ok {
		if n, err := strconv.Atoi(value); err == nil {
			return page.Count(n, words[0], words[1])
		}
	}

	return part
}

// daysDanish tells a day, or two as a period.
func daysDanish(fields []string) (string, bool) {
	out := make([]string, len(fields))

	for i, f := range fields {
		day, err := care.ParseDay(f)
		if err != nil {
			return "", false
		}

		out[i] = page.DateOf(day)
	}

	return strings.Join(out, " til "), len(out) == 1 || len(out) == 2
}

// startDanish finds what a part begins with.
func startDanish(part string) (text, rest string, ok bool) {
	for key, text := range detailStarts() {
		if rest, ok = strings.CutPrefix(part, key+" "); ok {
			return text, rest, true
		}
	}

	return "", "", false
}

func valueDanish(v string) string {
	if text, ok := detailWords()[v]; ok {
		return text
	}

	if days, ok := daysDanish([]string{v}); ok {
		return days
	}

	return v
}

// detailStarts are the words that have a value. No key is the beginning of another.
func detailStarts() map[string]string {
	return map[string]string{
		"batch": "omlægning", "asked by": "bedt om af", "contact": "kontakt", "visit": "besøg", "until": "til og med",
		"employee": "medarbejder", "unit": "enhed", "by": "efter", "group": "gruppe", "session": "session", "of": "af", "level": "sikringsniveau",
		"subject": "pseudonym", "participant": "deltager", "version": "version", "actor": "medarbejder", "from": "fra", "to": "til",
		"device-authenticated": "tavle", string(care.TabletDevice): "tavle", string(care.PasskeyDevice): "adgangsnøgle", string(care.CodeDevice): "enhed med kode",
	}
}

// countWords are the words that have a number.
func countWords() map[string][2]string {
	return map[string][2]string{
		"visits": {"besøg", "besøg"}, "citizens": {"borger", "borgere"}, "new": {"ny", "nye"}, "moved": {"flyttet", "flyttede"},
		"changed": {"ændret", "ændrede"}, "gone": {"væk", "væk"}, "unchanged": {"uændret", "uændrede"}, "faults": {"fejl", "fejl"},
	}
}

// detailWords are the keys that say something by themselves, with the words that other pages use.
func detailWords() map[string]string {
	words := map[string]string{
		"found": "fundet", "not found": "ikke fundet", "secrecy weighed": "tavshedspligten vurderet", "every visit": "alle besøg", "none": "",
		string(scheduler.LoginOfStaff): "medarbejdernes login", string(scheduler.LoginOfCitizens): "borgernes login",
		string(care.ResultCompleted): "gennemført", string(care.ResultNotCompleted): "ikke gennemført",
		string(care.ProvenByVisit): "besøg på køreliste", string(care.ByOverride): "grund i stedet for besøg",
	}

	for _, m := range care.IdentityMethods() {
		words[string(m)] = m.Danish()
		for _, c := range m.Checks() {
			words[string(c)] = strings.ToLower(c.Danish())
		}
	}

	for _, a := range []care.Assurance{care.LowAssurance, care.Substantial, care.HighAssurance} {
		words[a.String()] = a.Danish()
	}

	for _, k := range care.ParticipantKinds() {
		words[string(k)] = strings.ToLower(k.Danish())
	}

	for _, f := range care.ConsentForms() {
		words[string(f)] = "samtykke " + strings.ToLower(f.Danish())
	}

	for _, r := range append(care.Reasons(), care.TooShort, care.TurnedPhysical) {
		words[string(r)] = strings.ToLower(r.Danish())
	}

	for _, l := range care.Languages() {
		words[string(l)] = strings.ToLower(l.Danish())
	}

	return moreDetailWords(words)
}

func moreDetailWords(words map[string]string) map[string]string {
	for _, d := range care.DeviceEnds() {
		words[string(d)] = strings.ToLower(d.Danish())
	}

	for _, k := range care.DriftKinds() {
		words[string(k)] = strings.ToLower(k.Terms().Title[:1]) + k.Terms().Title[1:]
	}

	for _, b := range care.SecrecyBases() {
		words[string(b)] = b.Danish()
	}

	return words
}
