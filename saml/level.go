package saml

import (
	"strconv"

	"github.com/sluse/sluse/scheduler/care"
)

// levelReference is the start of the references to levels in requests.
const levelReference = "https://data.gov.dk/concept/core/nsis/loa/"

// oldLevelReference is the same of OIOSAML 2, before the level's number.
const oldLevelReference = "urn:dk:gov:saml:attribute:AssuranceLevel:"

// levelName returns the level as in the nsis/loa attribute, or "none".
func levelName(level care.Assurance) string {
	switch level {
	case care.NoAssurance:
	case care.LowAssurance:
		return "Low"
	case care.Substantial:
		return "Substantial"
	case care.HighAssurance:
		return "High"
	}
	return "none"
}

// parseLevel reads the value of the nsis/loa attribute, exactly as OIOSAML writes it.
func parseLevel(s string) (care.Assurance, bool) {
	switch s {
	case "Low":
		return care.LowAssurance, true
	case "Substantial":
		return care.Substantial, true
	case "High":
		return care.HighAssurance, true
	}
	return care.NoAssurance, false
}

// statedLevel returns what the assertion says about the level; the lower one where a
// provider of the older profiles says it in both ways.
func statedLevel(a *assertion, profile Profile) (care.Assurance, error) {
	text, err := a.single(attrLevel)
	if err != nil {
		return care.NoAssurance, err
	}
	level, known := parseLevel(text)
	if text != "" && !known {
		return care.NoAssurance, invalid("nsis/loa: unknown level")
	}
	if profile != ProfileOIOSAML2 && profile != ProfileKOMBIT {
		return level, nil
	}
	old, err := a.single(attrOldLevel)
	if err != nil || old == "" {
		return level, err
	}
	oldLevel, known := parseOldLevel(old)
	if !known {
		return care.NoAssurance, invalid("AssuranceLevel: unknown level")
	}
	if text == "" {
		return oldLevel, nil
	}
	return min(level, oldLevel), nil
}

// oldLevelNumber returns the level's number in OIOSAML 2.
func oldLevelNumber(level care.Assurance) string { return strconv.Itoa(int(level) + 1) }

// parseOldLevel reads the levels 1 to 4 of OIOSAML 2 as KOMBIT maps them to NSIS.
func parseOldLevel(s string) (care.Assurance, bool) {
	switch s {
	case "1":
		return care.NoAssurance, true
	case "2":
		return care.LowAssurance, true
	case "3":
		return care.Substantial, true
	case "4":
		return care.HighAssurance, true
	}
	return care.NoAssurance, false
}
