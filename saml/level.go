package saml

import "github.com/sluse/sluse/scheduler/care"

// levelReference is the start of the references to levels in requests.
const levelReference = "https://data.gov.dk/concept/core/nsis/loa/"

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
