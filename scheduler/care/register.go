package care

import (
	"slices"
	"strings"
	"time"
)

// RegisterEntry is a citizen as a municipality's register has them: who it is, which units they belong
// to beyond what driving lists say, how they may be identified, and whom to reach in their place.
type RegisterEntry struct {
	Citizen  Citizen
	Units    []UnitID // in order, each once
	Setting  IdentitySetting
	Contacts []Contact
	// Seen is when the citizen was changed last as it was read, UTC; a change since then is a
	// conflict. Zero for a citizen whom nobody knew.
	Seen time.Time
}

// Language is a language that a citizen reads, as a code of ISO 639-1. The zero value is: not known,
// so Danish.
type Language string

// Languages lists the languages of the citizens' pages.
func Languages() []Language { return []Language{"da", "en", "ar", "tr", "pl", "uk", "so", "kl"} }

// Danish returns the wording shown to employees; empty when none is known.
func (l Language) Danish() string {
	switch l {
	case "da":
		return "Dansk"
	case "en":
		return "Engelsk"
	case "ar":
		return "Arabisk"
	case "tr":
		return "Tyrkisk"
	case "pl":
		return "Polsk"
	case "uk":
		return "Ukrainsk"
	case "so":
		return "Somali"
	case "kl":
		return "Grønlandsk"
	}

	return string(l)
}

// ParseLanguage reads a language by its code or its Danish name, in any case.
func ParseLanguage(text string) (Language, bool) {
	text = strings.TrimSpace(text)

	i := slices.IndexFunc(Languages(), func(l Language) bool {
		return strings.EqualFold(text, string(l)) || strings.EqualFold(text, l.Danish())
	})
	if i < 0 {
		return "", false
	}

	return Languages()[i], true
}
