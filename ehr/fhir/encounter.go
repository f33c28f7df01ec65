package fhir

import (
	"encoding/json"

	"github.com/sluse/sluse/scheduler/care"
)

// encounter returns base with everything of ours as the change wants it. A nil base is a
// new resource; appointment is "Appointment/…".
func (m *mapper) encounter(base resource, appointment string) resource {
	r := base.next(kindEncounter)
	r["identifier"] = m.identifiers(base, false)
	m.setStatus(base, r, m.encounterStatus(), m.changed(base))
	r["appointment"] = m.appointments(base, appointment)

	citizen := m.citizen()
	r["subject"] = citizen

	if m.change.Category != "" {
		r["type"] = m.types(base)
	}

	if m.change.Service != "" {
		r["serviceType"] = concept{Text: m.change.Service}
	}

	if base == nil || m.change.Kind == care.EntryPlanned {
		r.put("participant", m.attendees(base))
	}

	if base == nil || m.change.Kind == care.EntryPlanned || m.isCompleted() {
		r["class"] = m.class()
	}

	m.setPeriod(r)

	return r
}

func (m *mapper) isCompleted() bool {
	return m.change.Kind == care.EntryResult && m.change.Result == care.ResultCompleted
}

// encounterStatus is the column Encounter of eoj.md §3.1.
func (m *mapper) encounterStatus() string {
	switch {
	case m.change.Kind == care.EntryPlanned:
		return "planned"
	case m.isCompleted():
		return "finished"
	}

	return "cancelled"
}

// class says how the citizen was met. A call that fell back to the telephone is Telefonisk,
// never Skærmbesøg (eoj.md §3.3).
func (m *mapper) class() coding {
	switch {
	case m.change.Delivery == care.Physical:
		return coding{System: systemActCode, Code: "HH", Display: "home health"}
	case m.config.Class == ClassVR:
		return coding{System: systemActCode, Code: "VR", Display: "virtual"}
	case m.change.Delivery == care.ByPhone:
		return coding{System: systemCareSocial, Code: codePhone, Display: "Telefonisk"}
	}

	return coding{System: systemCareSocial, Code: codeScreenVisit, Display: "Skærmbesøg"}
}

// setPeriod writes the actual times of a completed visit. When nobody knows them, the day
// alone is written, as KL's profile allows; an Encounter that did not take place has none.
func (m *mapper) setPeriod(r resource) {
	delete(r, "period")
	delete(r, "length")

	if !m.isCompleted() {
		return
	}

	if !m.change.Actual.Valid() {
		r["period"] = period{Start: string(care.DayOf(m.change.Planned.Start))}

		return
	}

	r["period"] = period{
		Start: instant(m.change.Actual.Start, care.Zone()), End: instant(m.change.Actual.End, care.Zone()),
	}
	r["length"] = quantity{Value: minutes(m.change.Actual), Unit: "min", System: systemUnits, Code: "min"}
}

// attendees are our employee and then those that people added.
func (m *mapper) attendees(base resource) []any {
	var all []any

	if employee, ok := m.employee(); ok {
		all = append(all, attendee{Individual: &employee})
	}

	for _, raw := range base.list("participant") {
		var one attendee
		if json.Unmarshal(raw, &one) != nil || one.Individual == nil || !m.isOwnEmployee(one.Individual) {
			all = append(all, raw)
		}
	}

	return all
}

// types puts the category into the first type and leaves the others alone.
func (m *mapper) types(base resource) []any {
	all := []any{concept{Text: m.change.Category}}

	for i, raw := range base.list("type") {
		if i > 0 {
			all = append(all, raw)
		}
	}

	return all
}

// appointments keeps what is there and sees to ours.
func (m *mapper) appointments(base resource, own string) []any {
	all := []any{reference{Reference: own}}

	for _, raw := range base.list("appointment") {
		var one reference
		if json.Unmarshal(raw, &one) == nil && one.Reference == own {
			continue
		}

		all = append(all, raw)
	}

	return all
}
