package fhir_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/ehrtest"
	"github.com/sluse/sluse/ehr/fhir"
	"github.com/sluse/sluse/ehr/fhir/fhirpeer"
	"github.com/sluse/sluse/ehr/fhir/fhirsim"
	"github.com/sluse/sluse/scheduler/care"
)

// TestValidators shows every version of every resource that we write, in all lives that a visit can
// have, to two validators that others wrote.
func TestValidators(t *testing.T) {
	t.Parallel()

	resources := map[string][]byte{
		"wrong status":    []byte(`{"resourceType":"Appointment","status":"virtual","participant":[{"actor":{"display":"x"},"status":"accepted"}]}`),
		"wrong property":  []byte(`{"resourceType":"Appointment","status":"booked","virtualService":[],"participant":[{"status":"accepted"}]}`),
		"wrong encounter": []byte(`{"resourceType":"Encounter","status":"done","class":{"code":"VR"}}`),
	}
	wrong := len(resources)

	for _, class := range []fhir.Class{fhir.ClassKL, fhir.ClassVR} {
		b, refs := sampled(t, fhirsim.Options{Calm: true, Strict: true}, fhir.ByLocation, func(c *fhir.Config) { c.Class, c.Stages = class, true })

		changes := append(borrowedChanges(t, b, refs, 3), plannedMany(t, 3)...)
		for i, change := range changes {
			lives(t, b, change, i%3)

			visit := visitOf(t, b.sim, change)
			for _, one := range append(visit.Appointments, visit.Encounters...) {
				for n, body := range b.sim.Versions(one.Ref) {
					data, err := json.Marshal(body)
					if err != nil {
						t.Fatal(err)
					}

					resources[fmt.Sprintf("%s %s version %d", class, one.Ref, n+1)] = data
				}
			}
		}
	}

	found := fhirpeer.Validate(t, resources)
	for name, errors := range found {
		if _, bad := map[string]bool{"wrong status": true, "wrong property": true, "wrong encounter": true}[name]; !bad {
			t.Errorf("%s: %v\n%s", name, errors, resources[name])
		}
	}

	if len(found) < wrong {
		t.Errorf("the validators find fault with %d resources, want %d", len(found), wrong)
	}

	if len(resources) < 30 {
		t.Errorf("only %d versions were shown", len(resources))
	}
}

// lives writes one of the lives of a visit.
func lives(t *testing.T, b testBundle, change ehr.Change, which int) {
	t.Helper()

	mustApply(t, b.journal, change)
	mustStage(t, b.journal, staged(change, care.StageArrived))
	mustStage(t, b.journal, staged(change, care.StageStarted))

	switch which {
	case 0:
		mustApply(t, b.journal, ehrtest.Completed(change))
	case 1:
		missed := ehrtest.NotCompleted(change)
		missed.Reason = care.TechnicalFault
		mustApply(t, b.journal, missed)
	default:
		phone := ehrtest.Completed(change)
		phone.Delivery, phone.Category = care.ByPhone, "Telefonisk kontakt"
		mustApply(t, b.journal, phone)
	}

	mustApply(t, b.journal, ehrtest.Restored(change, "Planlagt besøg"))
}
