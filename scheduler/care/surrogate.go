package care

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxSurrogate is the longest surrogate id, in characters.
const maxSurrogate = 40

// SurrogateID names a citizen who has no CPR number (C01) by the source system's own id. It means
// something within that system only. It prints masked.
type SurrogateID struct {
	secret

	system string
}

// ParseSurrogateID reads the id by which a system names a citizen: at most 40 letters, digits, and
// "-", ".", "_", "/", with a digit among them. What can be a CPR number is refused, because it belongs
// into the column for that. Errors are Invalid with a Danish sentence that does not quote the id.
func ParseSurrogateID(system, text string) (SurrogateID, error) {
	text = strings.TrimSpace(text)

	strange := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-._/", r)
	}

	if _, verdict, _ := ParseCPR(text); verdict != CPRMalformed {
		return SurrogateID{}, NewError(Invalid, "Borgerens erstatnings-id ligner et CPR-nummer. Skriv det i kolonnen for CPR-nummer.")
	}

	if system == "" || strings.ContainsFunc(text, strange) || !strings.ContainsFunc(text, unicode.IsDigit) || utf8.RuneCountInString(text) > maxSurrogate {
		return SurrogateID{}, NewError(Invalid, "Borgerens erstatnings-id kan ikke bruges. Det skal have mindst ét ciffer og højst 40 tegn: bogstaver, tal, bindestreg, punktum, understreg og skråstreg.")
	}

	return SurrogateID{secret{text}, system}, nil
}

// System returns the system within which the id means something.
func (s SurrogateID) System() string { return s.system }

// Shown returns the whole id: by it employees find the citizen in the care record.
func (s SurrogateID) Shown() string { return s.plain }

// CitizenKey is by what a citizen is found again: the CPR number, or the surrogate id of somebody who
// has none. Just one of them is set.
type CitizenKey struct {
	CPR       CPR
	Surrogate SurrogateID
}

// KeyOf returns the key of somebody with a CPR number, a surrogate id, or both: then the number
// counts.
func KeyOf(cpr CPR, surrogate SurrogateID) CitizenKey {
	if cpr.IsZero() {
		return CitizenKey{Surrogate: surrogate}
	}

	return CitizenKey{CPR: cpr}
}

// IsZero reports whether neither is set.
func (k CitizenKey) IsZero() bool { return k.CPR.IsZero() && k.Surrogate.IsZero() }

// Shown is the key as employees see it: the birth date of a CPR number, or the whole surrogate id.
func (k CitizenKey) Shown() string {
	if k.CPR.IsZero() && !k.Surrogate.IsZero() {
		return "Uden CPR-nr. · id " + k.Surrogate.plain
	}

	return k.CPR.Mask()
}
