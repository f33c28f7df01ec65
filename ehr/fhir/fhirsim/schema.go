package fhirsim

import "maps"

// The structure of R4's Appointment and Encounter with the data types they use, from
// hl7.org/fhir/R4/appointment.html, encounter.html and datatypes.html. Only these two
// resource types are served.

// property is one element of a type.
type property struct {
	kind     string   // a primitive, or the name of a type in the schema
	list     bool     // 0..* or 1..*
	required bool     // 1..1 or 1..*
	codes    []string // a required binding
}

type shape map[string]property

// schema is built once per Server.
type schema map[string]shape

func newSchema() schema {
	s := schema{
		"Appointment":             appointmentShape(),
		"Appointment.participant": appointmentParticipantShape(),
		"Encounter":               encounterShape(),
	}
	maps.Copy(s, encounterParts())
	maps.Copy(s, dataTypes())

	return s
}

func one(kind string) property  { return property{kind: kind} }
func many(kind string) property { return property{kind: kind, list: true} }

func need(p property) property {
	p.required = true

	return p
}

func codes(values ...string) property { return property{kind: "code", codes: values} }

// resource adds what every domain resource has.
func resource(s shape) shape {
	s["resourceType"] = need(one("code"))
	s["id"] = one("id")
	s["meta"] = one("Meta")
	s["implicitRules"] = one("uri")
	s["language"] = one("code")
	s["text"] = one("Narrative")
	s["contained"] = many("any")
	s["modifierExtension"] = many("Extension")

	return element(s)
}

// element adds what every element has.
func element(s shape) shape {
	if _, ok := s["id"]; !ok {
		s["id"] = one("string")
	}

	s["extension"] = many("Extension")

	return s
}

func appointmentShape() shape {
	return resource(shape{
		"identifier": many("Identifier"),
		"status": need(codes("proposed", "pending", "booked", "arrived", "fulfilled", "cancelled", "noshow",
			"entered-in-error", "checked-in", "waitlist")),
		"cancelationReason": one("CodeableConcept"), "serviceCategory": many("CodeableConcept"),
		"serviceType": many("CodeableConcept"), "specialty": many("CodeableConcept"),
		"appointmentType": one("CodeableConcept"), "reasonCode": many("CodeableConcept"),
		"reasonReference": many("Reference"), "priority": one("unsignedInt"), "description": one("string"),
		"supportingInformation": many("Reference"), "start": one("instant"), "end": one("instant"),
		"minutesDuration": one("positiveInt"), "slot": many("Reference"), "created": one("dateTime"),
		"comment": one("string"), "patientInstruction": one("string"), "basedOn": many("Reference"),
		"participant": need(many("Appointment.participant")), "requestedPeriod": many("Period"),
	})
}

func appointmentParticipantShape() shape {
	return element(shape{
		"modifierExtension": many("Extension"), "type": many("CodeableConcept"), "actor": one("Reference"),
		"required": codes("required", "optional", "information-only"),
		"status":   need(codes("accepted", "declined", "tentative", "needs-action")), "period": one("Period"),
	})
}

func encounterStatus() property {
	return need(codes("planned", "arrived", "triaged", "in-progress", "onleave", "finished", "cancelled",
		"entered-in-error", "unknown"))
}

func encounterShape() shape {
	return resource(shape{
		"identifier": many("Identifier"), "status": encounterStatus(),
		"statusHistory": many("Encounter.statusHistory"), "class": need(one("Coding")),
		"classHistory": many("Encounter.classHistory"), "type": many("CodeableConcept"),
		"serviceType": one("CodeableConcept"), "priority": one("CodeableConcept"), "subject": one("Reference"),
		"episodeOfCare": many("Reference"), "basedOn": many("Reference"),
		"participant": many("Encounter.participant"), "appointment": many("Reference"), "period": one("Period"),
		"length": one("Quantity"), "reasonCode": many("CodeableConcept"), "reasonReference": many("Reference"),
		"diagnosis": many("any"), "account": many("Reference"), "hospitalization": one("any"),
		"location": many("any"), "serviceProvider": one("Reference"), "partOf": one("Reference"),
	})
}

func encounterParts() map[string]shape {
	return map[string]shape{
		"Encounter.statusHistory": element(shape{"status": encounterStatus(), "period": need(one("Period"))}),
		"Encounter.classHistory":  element(shape{"class": need(one("Coding")), "period": need(one("Period"))}),
		"Encounter.participant": element(shape{
			"type": many("CodeableConcept"), "period": one("Period"), "individual": one("Reference"),
		}),
	}
}

func dataTypes() map[string]shape {
	return map[string]shape{
		"Identifier": element(shape{
			"use": codes("usual", "official", "temp", "secondary", "old"), "type": one("CodeableConcept"),
			"system": one("uri"), "value": one("string"), "period": one("Period"), "assigner": one("Reference"),
		}),
		"CodeableConcept": element(shape{"coding": many("Coding"), "text": one("string")}),
		"Coding": element(shape{
			"system": one("uri"), "version": one("string"), "code": one("code"), "display": one("string"),
			"userSelected": one("boolean"),
		}),
		"Reference": element(shape{
			"reference": one("string"), "type": one("uri"), "identifier": one("Identifier"), "display": one("string"),
		}),
		"Period": element(shape{"start": one("dateTime"), "end": one("dateTime")}),
		"Quantity": element(shape{
			"value": one("decimal"), "comparator": codes("<", "<=", ">=", ">"), "unit": one("string"),
			"system": one("uri"), "code": one("code"),
		}),
		"Meta": element(shape{
			"versionId": one("id"), "lastUpdated": one("instant"), "source": one("uri"), "profile": many("uri"),
			"security": many("Coding"), "tag": many("Coding"),
		}),
		"Narrative": element(shape{
			"status": need(codes("generated", "extensions", "additional", "empty")), "div": need(one("string")),
		}),
		"Extension": {"id": one("string"), "extension": many("Extension"), "url": need(one("uri"))},
	}
}
