package fhir

import (
	"encoding/json"
	"reflect"
)

// ownedProperties are compared as a whole. Of identifier, comment, extension and
// participant only a part is ours.
func ownedProperties() []string {
	return []string{
		"status", "cancelationReason", "serviceType", "description", "start", "end", "minutesDuration",
		"class", "type", "subject", "period", "length", "appointment",
	}
}

// sameOurs reports whether two versions of a resource agree in everything that we write.
func (e *entry) sameOurs(a, b resource) bool {
	properties := ownedProperties()
	if e.mapper.borrows() && a.text("resourceType") == kindAppointment {
		properties = borrowedProperties()
	}

	for _, name := range properties {
		var x, y any

		a.get(name, &x)
		b.get(name, &y)

		if e.mapper.isStep(name, a, b) {
			continue // another process told how far the visit has come
		}

		if !reflect.DeepEqual(x, y) {
			return false
		}
	}

	return reflect.DeepEqual(e.keys(a), e.keys(b)) && ownComment(a) == ownComment(b) &&
		hasToken(a.text("comment"), ownComment(a)) == hasToken(b.text("comment"), ownComment(b)) &&
		(e.mapper.borrows() || reflect.DeepEqual(e.ownParticipants(a), e.ownParticipants(b)))
}

func (e *entry) ownParticipants(r resource) []any {
	var own []any

	for _, raw := range r.list("participant") {
		if !e.mapper.isOwnParticipant(raw) {
			continue
		}

		var one any
		if json.Unmarshal(raw, &one) == nil {
			own = append(own, one)
		}
	}

	return own
}
