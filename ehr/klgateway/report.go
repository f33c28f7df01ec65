package klgateway

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/sluse/sluse/scheduler/care"
)

// space is the name space of our resources' ids; it never changes.
const space = "5f0c7a53-6a0b-5c55-9c43-1d6c1f7f3a10"

// Reporter makes reports. It is safe for concurrent use and keeps nothing.
type Reporter struct {
	config   Config
	space    uuid.UUID
	services map[string]string // by lower-case name
}

// New returns a Reporter for one municipality. Every problem of the config is reported at once.
func New(config Config) (*Reporter, error) {
	if err := errors.Join(config.Validate()...); err != nil {
		return nil, err
	}

	name, err := uuid.Parse(space)
	if err != nil {
		return nil, fmt.Errorf("name space: %w", err)
	}

	services := make(map[string]string, len(config.Services))
	for service, code := range config.Services {
		services[fold(service)] = code
	}

	return &Reporter{config: config, space: name, services: services}, nil
}

func fold(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// Report is one citizen's Bundle as a line of JSON, made at the time. The visits are the citizen's;
// those that never were screen visits are left out. False: there is nothing to report, or the
// citizen has no CPR number, which the profile demands.
func (r *Reporter) Report(citizen care.Citizen, visits []care.Snapshot, at time.Time) ([]byte, bool, error) {
	if citizen.Verdict != care.CPRValid || citizen.CPR.IsZero() {
		return nil, false, nil
	}

	m := mapper{reporter: r, citizen: citizen}
	if m.add(visits); len(m.encounters) == 0 {
		return nil, false, nil
	}

	var line bytes.Buffer

	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)

	if err := encoder.Encode(m.bundle(at)); err != nil {
		return nil, false, fmt.Errorf("encode the report: %w", err)
	}

	return line.Bytes(), true, nil
}

// id is the stable id of one of our things.
func (r *Reporter) id(kind string, parts ...string) string {
	return uuid.NewSHA1(r.space, []byte(kind+"\x1f"+strings.Join(parts, "\x1f"))).String()
}

// mapper makes one citizen's Bundle.
type mapper struct {
	reporter   *Reporter
	citizen    care.Citizen
	encounters []encounter
	plans      []carePlan
}

func (m *mapper) add(visits []care.Snapshot) {
	visits = slices.Clone(visits)
	slices.SortFunc(visits, func(a, b care.Snapshot) int {
		return cmp.Or(a.Facts.Planned.Start.Compare(b.Facts.Planned.Start), cmp.Compare(a.ID, b.ID))
	})

	for i := range visits {
		if status, class, ok := judge(visits[i]); ok {
			m.encounters = append(m.encounters, m.encounter(visits[i], status, class))
		}
	}
}

// judge says what a visit is in the report; false: it never was a screen visit.
func judge(v care.Snapshot) (status string, class coding, ok bool) {
	switch v.State {
	case care.Listed:
		return "", coding{}, false
	case care.Chosen, care.BookingRoom, care.RoomIsBooked, care.Open:
		return "planned", classOf(v.Delivery), true
	case care.Completed:
		return "finished", classOf(v.Outcome.Delivery), true
	case care.Reverted:
		return "planned", classOf(v.Delivery), true // physical, or to be called by telephone
	case care.NotCompleted, care.Cancelled: // one that was physical again by then was reported, too
		return "entered-in-error", classOf(v.Delivery), v.Delivery != care.Physical || v.Generation > 0
	}

	return "", coding{}, false
}

// classOf is how the citizen was met. A call that fell back to the telephone is Telefonisk. Digital
// delivery is no class and no screen visit.
func classOf(d care.Delivery) coding {
	switch d {
	case care.ByPhone:
		return coding{System: systemCareSocial, Code: codePhone, Display: "Telefonisk"}
	case care.Physical:
		return coding{System: systemActCode, Code: "HH", Display: "home health"}
	case care.Screen:
	}

	return coding{System: systemCareSocial, Code: codeScreenVisit, Display: "Skærmbesøg"}
}

func (m *mapper) encounter(v care.Snapshot, status string, class coding) encounter {
	kind := coding{System: systemCareSocial, Code: codePlannedVisit, Display: "udførelse af planlagt indsats"}
	if v.Facts.List == "" { // a call on the spot stands on no list
		kind = coding{System: systemCareSocial, Code: codeNotGranted, Display: "ikke-bevilget"}
	}

	e := encounter{
		ResourceType: "Encounter", ID: m.reporter.id("visit", string(v.ID)), Meta: profile("klgateway-care-general-encounter"),
		Status: status, Class: class, Type: []concept{{Coding: []coding{kind}}}, Subject: m.subject(), Period: periodOf(v, status),
	}

	if code := m.reporter.services[fold(v.Facts.Service)]; code != "" && v.Facts.List != "" {
		e.Extension = []extension{{URL: extensionBasedOn, Value: reference{Reference: urn(m.plan(v, code))}}}
	}

	return e
}

// periodOf is the time. Of a visit that took place without anybody knowing when, the day alone is
// told.
func periodOf(v care.Snapshot, status string) period {
	planned, actual := v.Facts.Planned, v.Outcome.Actual

	switch {
	case status == "finished" && actual.Valid():
		return period{Start: instant(actual.Start), End: instant(actual.End)}
	case status == "finished":
		return period{Start: string(care.DayOf(planned.Start))}
	}

	return period{Start: instant(planned.Start), End: instant(planned.End)}
}

func instant(t time.Time) string { return t.In(care.Zone()).Format("2006-01-02T15:04:05-07:00") }

// plan is the id of the intervention that a visit delivers; visits are added in order of time, so
// it begins with its first one.
func (m *mapper) plan(v care.Snapshot, code string) string {
	id := m.reporter.id("intervention", string(m.citizen.ID), code)
	if slices.ContainsFunc(m.plans, func(p carePlan) bool { return p.ID == id }) {
		return id
	}

	m.plans = append(m.plans, carePlan{
		ResourceType: "CarePlan", ID: id, Meta: profile("klgateway-care-planned-intervention"),
		Status: "unknown", Intent: "plan", Subject: m.subject(), Period: period{Start: string(care.DayOf(v.Facts.Planned.Start))},
		Activity: []activity{{Detail: detail{Code: concept{Coding: []coding{{System: systemFSIII, Code: code}}}, Status: "unknown"}}},
	})

	return id
}

func (m *mapper) patientID() string { return m.reporter.id("citizen", string(m.citizen.ID)) }

func (m *mapper) subject() reference { return reference{Reference: urn(m.patientID())} }

func urn(id string) string { return "urn:uuid:" + id }

func (m *mapper) bundle(at time.Time) bundle {
	organisation := identifier{Use: "official", System: systemSOR, Value: m.reporter.config.Organisation}
	b := bundle{
		ResourceType: "Bundle", Meta: profile("klgateway-care-delivery-report"), Type: "collection", Timestamp: instant(at),
		Entry: []entry{{FullURL: urn(m.patientID()), Resource: patient{
			ResourceType: "Patient", ID: m.patientID(), Meta: profile("klgateway-care-citizen"), Active: true,
			Identifier: []identifier{{Use: "official", System: systemCPR, Value: m.citizen.CPR.Reveal()}},
			Managing:   reference{Identifier: &organisation},
		}}},
	}

	for _, p := range m.plans {
		b.Entry = append(b.Entry, entry{FullURL: urn(p.ID), Resource: p})
	}

	for _, e := range m.encounters {
		b.Entry = append(b.Entry, entry{FullURL: urn(e.ID), Resource: e})
	}

	return b
}
