package vdxsim

import "net/http"

// problem is a refused call. Both generations' codes travel together: v1 is the int
// errorCode, v2 the string detailed_error_code; empty v2 means the plain framework body
// without a code (§1.11).
type problem struct {
	status int
	v1     int
	v2     string
	text   string
	plain  bool
	header map[string]string
}

func (p *problem) Error() string { return p.text }

// rule names a business rule of §1.11 that a call can break.
type rule int

const (
	ruleUpdateState rule = iota
	ruleDeleteState
	ruleNoFreeURI
	ruleNoPool
	rulePoolEmpty
	ruleExternalIDTaken
	ruleShortIDOrUUIDTaken
	ruleYear
	ruleReservation
	ruleCustomURIForbidden
	ruleCustomURITaken
	ruleCustomURICharacters
	ruleReservationWithPINs
	ruleDuplicateInfoKey
	ruleNoFilter
)

// breach is the table of §1.11: 406 for state, 400 for uniqueness and content.
func breach(r rule) *problem {
	na, bad := http.StatusNotAcceptable, http.StatusBadRequest
	switch r {
	case ruleUpdateState:
		return &problem{status: na, v1: 10, v2: "12", text: "Meeting must have status AWAITS_PROVISION (0) or PROVISIONED_OK (3) in order to be updated"}
	case ruleDeleteState:
		return &problem{status: na, v1: 11, v2: "13", text: "Meeting must have status AWAITS_PROVISION (0) in order to be deleted"}
	case ruleNoFreeURI:
		return &problem{status: na, v1: 21, v2: "15", text: "The system was not able to generate a new unused uri"}
	case ruleNoPool:
		return &problem{status: bad, v1: 10, v2: "19", text: "Organisation does not have a meeting pool"}
	case rulePoolEmpty:
		return &problem{status: bad, v1: 11, v2: "20", text: "No unused room in the pool of the organisation"}
	case ruleExternalIDTaken:
		return &problem{status: bad, v1: 12, v2: "21", text: "externalId is not unique within the organisation"}
	case ruleShortIDOrUUIDTaken:
		// The text blames the short id for a duplicate uuid as well (§2.6).
		return &problem{status: bad, v1: 20, v2: "24", text: "Unable to generate a unique short id. Try again"}
	case ruleYear:
		return &problem{status: bad, v1: 30, v2: "25", text: "Date format is wrong, year must only have 4 digits"}
	case ruleReservation:
		return &problem{status: bad, v1: 60, v2: "29", text: "Scheduling info reservation is unknown or already used"}
	case ruleCustomURIForbidden:
		return &problem{status: bad, v1: 80, v2: "31", text: "Organisation is not allowed to choose uriWithoutDomain"}
	case ruleCustomURITaken:
		return &problem{status: bad, v1: 90, v2: "32", text: "uriWithoutDomain is already in use"}
	case ruleCustomURICharacters:
		return &problem{status: bad, v1: 100, v2: "33", text: "uriWithoutDomain may only hold letters and digits"}
	case ruleReservationWithPINs:
		return &problem{status: bad, v1: 110, v2: "34", text: "Reservation can not be combined with guest pin or host pin"}
	case ruleDuplicateInfoKey:
		return &problem{status: bad, v1: 120, v2: "35", text: "additionalInformation has a duplicate key"}
	case ruleNoFilter:
		return &problem{status: bad, v2: "36", text: "At least one search parameter is required"}
	}
	return crash("unknown rule")
}

// notFound and forbidden share the generic code "11"; only the status tells them apart.
func notFound(what string) *problem {
	return &problem{status: http.StatusNotFound, v2: "11", text: what + " not found"}
}

func forbidden(why string) *problem {
	return &problem{status: http.StatusForbidden, v2: "11", text: why}
}

// crash is what the service answers where it runs into an exception of its own.
func crash(why string) *problem {
	return &problem{status: http.StatusInternalServerError, v2: "11", text: why}
}

// invalid is a bean-validation error (§1.11: "field: message").
func invalid(field, why string) *problem {
	return &problem{status: http.StatusBadRequest, v2: "10", text: field + ": " + why}
}

// unreadable is a body, enum value, date or path that the framework can't parse: no code.
func unreadable(why string) *problem {
	return &problem{status: http.StatusBadRequest, text: why, plain: true}
}

// pedantic is an error that only strict mode gives; its code is foreign on purpose.
func pedantic(why string) *problem {
	return &problem{status: http.StatusBadRequest, v2: "strict", text: "strict mode: " + why}
}
