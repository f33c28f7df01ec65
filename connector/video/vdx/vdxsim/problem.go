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

// Codes that belong to no rule.
const (
	codeInvalid = "10"
	codeGeneric = "11"
	codeStrict  = "strict"
)

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
	ruleRequiredNull
	ruleOneBound
	ruleURIRange
	ruleGuestPINRange
	ruleHostPINRange
	ruleSecondPoolTemplate
	ruleUnknownOrganisation
	ruleNotPoolEnabled
	ruleUnknownTemplate
	ruleForeignTemplate
)

// rulings is the table of §1.11: 406 for state, 400 for uniqueness and content.
func rulings() map[rule]problem {
	const na, bad = http.StatusNotAcceptable, http.StatusBadRequest
	return map[rule]problem{
		ruleUpdateState: {status: na, v1: 10, v2: "12", text: "Meeting must have status AWAITS_PROVISION (0) or PROVISIONED_OK (3) in order to be updated"},
		ruleDeleteState: {status: na, v1: 11, v2: "13", text: "Meeting must have status AWAITS_PROVISION (0) in order to be deleted"},
		ruleURIRange:    {status: na, v1: 20, v2: "14", text: "uriNumberRangeLow must be less than uriNumberRangeHigh"},
		ruleNoFreeURI:   {status: na, v1: 21, v2: "15", text: "The system was not able to generate a new unused uri"},

		ruleGuestPINRange:      {status: na, v1: 30, v2: "16", text: "The guest pin range is not valid"},
		ruleHostPINRange:       {status: na, v1: 31, v2: "17", text: "The host pin range is not valid"},
		ruleSecondPoolTemplate: {status: na, v1: 32, v2: "18", text: "The organisation has a pool template already"},

		ruleNoPool:              {status: bad, v1: 10, v2: "19", text: "Organisation does not have a meeting pool"},
		rulePoolEmpty:           {status: bad, v1: 11, v2: "20", text: "No unused room in the pool of the organisation"},
		ruleExternalIDTaken:     {status: bad, v1: 12, v2: "21", text: "externalId is not unique within the organisation"},
		ruleUnknownOrganisation: {status: bad, v1: 13, v2: "22", text: "organizationId is unknown"},
		ruleNotPoolEnabled:      {status: bad, v1: 14, v2: "23", text: "The organisation is not pool enabled"},
		// The text blames the short id for a duplicate uuid as well (§2.6).
		ruleShortIDOrUUIDTaken: {status: bad, v1: 20, v2: "24", text: "Unable to generate a unique short id. Try again"},
		ruleYear:               {status: bad, v1: 30, v2: "25", text: "Date format is wrong, year must only have 4 digits"},
		ruleUnknownTemplate:    {status: bad, v1: 40, v2: "26", text: "The scheduling template was not found"},
		ruleForeignTemplate:    {status: bad, v1: 41, v2: "27", text: "The scheduling template belongs to another organisation"},
		ruleOneBound:           {status: bad, v1: 50, v2: "28", text: "Both from-start-time and to-start-time must be provided or none of them"},
		ruleReservation:        {status: bad, v1: 60, v2: "29", text: "Scheduling info reservation is unknown or already used"},
		ruleRequiredNull:       {status: bad, v1: 70, v2: "30", text: "A required field must not be null"},

		ruleCustomURIForbidden:  {status: bad, v1: 80, v2: "31", text: "Organisation is not allowed to choose uriWithoutDomain"},
		ruleCustomURITaken:      {status: bad, v1: 90, v2: "32", text: "uriWithoutDomain is already in use"},
		ruleCustomURICharacters: {status: bad, v1: 100, v2: "33", text: "uriWithoutDomain may only hold letters and digits"},
		ruleReservationWithPINs: {status: bad, v1: 110, v2: "34", text: "Reservation can not be combined with guest pin or host pin"},
		ruleDuplicateInfoKey:    {status: bad, v1: 120, v2: "35", text: "additionalInformation has a duplicate key"},
		ruleNoFilter:            {status: bad, v2: "36", text: "At least one search parameter is required"},
	}
}

// breach is the refusal that a broken rule brings.
func breach(r rule) *problem {
	p, ok := rulings()[r]
	if !ok {
		return crash("unknown rule")
	}
	return &p
}

// notFound and forbidden share the generic code "11"; only the status tells them apart.
func notFound(what string) *problem {
	return &problem{status: http.StatusNotFound, v2: codeGeneric, text: what + " not found"}
}

func forbidden(why string) *problem {
	return &problem{status: http.StatusForbidden, v2: codeGeneric, text: why}
}

// crash is what the service answers where it runs into an exception of its own.
func crash(why string) *problem {
	return &problem{status: http.StatusInternalServerError, v2: codeGeneric, text: why}
}

// invalid is a bean-validation error (§1.11: "field: message").
func invalid(field, why string) *problem {
	return &problem{status: http.StatusBadRequest, v2: codeInvalid, text: field + ": " + why}
}

// unreadable is a body, enum value, date or path that the framework can't parse: no code.
func unreadable(why string) *problem {
	return &problem{status: http.StatusBadRequest, text: why, plain: true}
}

// pedantic is an error that only strict mode gives; its code is foreign on purpose.
func pedantic(why string) *problem {
	return &problem{status: http.StatusBadRequest, v2: codeStrict, text: "strict mode: " + why}
}
