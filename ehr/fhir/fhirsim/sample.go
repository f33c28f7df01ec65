package fhirsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Sample is a day's driving lists, made of official test citizens alone.
type Sample struct {
	Day       string // local, 2006-01-02
	Employees int    // 1 to 50, each with a Practitioner and a Schedule
	Visits    int    // per employee, 1 to 30, a quarter of an hour apart from 07:30
	// EmployeeSystem is the identifier system of employees' initials.
	EmployeeSystem string
	// Contained puts every third citizen into the Appointment itself.
	Contained bool
}

// SampleRefs are the references of what LoadSample stored, for searches.
type SampleRefs struct {
	Location      string   `json:"location"`
	Practitioners []string `json:"practitioners"`
	Schedules     []string `json:"schedules"`
	Patients      []string `json:"patients"`
	Appointments  []string `json:"appointments"`
}

// citizens are test citizens of dk-core (eoj.md §4).
func citizens() []struct{ number, given, family, mobile string } {
	return []struct{ number, given, family, mobile string }{
		{"2512489996", "Nancy Ann", "Berggren", "20000001"},
		{"0108589995", "Bruno", "Elmer", "20000002"},
		{"0201609995", "Karla", "Testgaard", "20000003"},
		{"0201609996", "Inger", "Testsen", "20000004"},
		{"3001749995", "Poul", "Prøve", "20000005"},
		{"2103009996", "Ellen", "Eksempel", "20000006"},
	}
}

// LoadSample stores the lists of a day as a record holds them: a Location, and per employee a
// Practitioner, a Schedule and the Appointments with their Slots.
func (s *Server) LoadSample(o Sample) (SampleRefs, error) {
	day, err := time.ParseInLocation(time.DateOnly, o.Day, time.UTC)
	if err != nil || o.Employees < 1 || o.Employees > 50 || o.Visits < 1 || o.Visits > 30 {
		return SampleRefs{}, errors.New("fhirsim: a sample needs a day, 1 to 50 employees and 1 to 30 visits each")
	}

	zone, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		return SampleRefs{}, fmt.Errorf("fhirsim: %w", err)
	}

	l := loader{server: s, sample: o, system: orElse(o.EmployeeSystem, defaultEmployeeSystem)}
	l.refs.Location = l.seed(map[string]any{"resourceType": "Location", "status": "active", "name": "Hjemmeplejen Øst"})

	for _, c := range citizens() {
		l.refs.Patients = append(l.refs.Patients, l.seed(patient(c.number, c.given, c.family, c.mobile)))
	}

	for i := range o.Employees {
		l.employee(i, time.Date(day.Year(), day.Month(), day.Day(), 7, 30, 0, 0, zone))
	}

	return l.refs, l.err
}

// patient is a Patient as dk-core has it.
func patient(number, given, family, mobile string) map[string]any {
	return map[string]any{
		"resourceType": "Patient", "active": true,
		"identifier": []any{map[string]any{"use": "official", "system": cprSystem, "value": number}},
		"name":       []any{map[string]any{"use": "official", "given": []any{given}, "family": family}},
		"telecom":    []any{map[string]any{"system": "phone", "use": "mobile", "value": mobile}},
		"address": []any{map[string]any{
			"use": "home", "line": []any{"Testgade 1"}, "postalCode": "9999", "city": "Testby",
		}},
	}
}

// loader stores one resource after the other until one fails.
type loader struct {
	server *Server
	sample Sample
	system string
	refs   SampleRefs
	err    error
}

func (l *loader) seed(body map[string]any) string {
	if l.err != nil {
		return ""
	}

	var ref string

	// Through JSON, so that the simulator sees numbers as a client would have sent them.
	data, err := json.Marshal(body)
	if err == nil {
		if body, err = decodeObject(data); err == nil {
			ref, err = l.server.Seed(body)
		}
	}

	l.err = err

	return ref
}

func (l *loader) employee(i int, from time.Time) {
	initials := "M" + strconv.Itoa(i+1)
	practitioner := l.seed(map[string]any{
		"resourceType": "Practitioner", "active": true, "name": []any{map[string]any{"text": "Medarbejder " + initials}},
		"identifier": []any{map[string]any{"system": l.system, "value": initials}},
	})
	schedule := l.seed(map[string]any{
		"resourceType": "Schedule", "active": true,
		"actor": []any{map[string]any{"reference": practitioner, "display": "Øst dag, rute " + strconv.Itoa(i+1)}},
	})
	l.refs.Practitioners = append(l.refs.Practitioners, practitioner)
	l.refs.Schedules = append(l.refs.Schedules, schedule)

	for k := range l.sample.Visits {
		l.visit(practitioner, schedule, i*l.sample.Visits+k, from.Add(time.Duration(k)*15*time.Minute))
	}
}

func (l *loader) visit(practitioner, schedule string, n int, start time.Time) {
	const minutes = 15

	end := start.Add(minutes * time.Minute)
	slot := l.seed(map[string]any{
		"resourceType": "Slot", "status": "busy", "schedule": map[string]any{"reference": schedule},
		"start": start.Format(time.RFC3339), "end": end.Format(time.RFC3339),
	})
	person := map[string]any{"reference": l.refs.Patients[n%len(l.refs.Patients)]}

	body := map[string]any{
		"resourceType": "Appointment", "status": "booked", "start": start.Format(time.RFC3339), "end": end.Format(time.RFC3339),
		"minutesDuration": minutes, "description": "Besøg i hjemmet",
		"serviceType":     []any{map[string]any{"text": "Planlagt besøg", "coding": []any{map[string]any{"system": "urn:x-journal:besoegstype", "code": "14"}}}},
		"serviceCategory": []any{map[string]any{"text": "SUL § 138"}},
		"reasonCode":      []any{map[string]any{"text": "Medicinadministration"}},
		"slot":            []any{map[string]any{"reference": slot}},
	}

	if l.sample.Contained && n%3 == 0 {
		c := citizens()[n%len(citizens())]
		own := patient(c.number, c.given, c.family, c.mobile)
		own["id"] = "borger"
		body["contained"], person = []any{own}, map[string]any{"reference": "#borger"}
	}

	body["participant"] = []any{
		map[string]any{"actor": person, "status": "accepted"},
		map[string]any{"actor": map[string]any{"reference": practitioner}, "status": "accepted"},
		map[string]any{"actor": map[string]any{"reference": l.refs.Location}, "status": "accepted"},
	}
	l.refs.Appointments = append(l.refs.Appointments, l.seed(body))
}
