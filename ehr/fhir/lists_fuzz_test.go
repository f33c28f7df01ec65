package fhir

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// FuzzAppointmentToRow feeds one Appointment of a list, as a strange server may send it.
func FuzzAppointmentToRow(f *testing.F) {
	f.Add([]byte(`{"resourceType":"Appointment","id":"1","status":"booked","start":"2026-11-24T08:30:00+01:00","end":"2026-11-24T08:45:00+01:00","participant":[{"actor":{"type":"Patient","identifier":{"system":"urn:oid:1.2.208.176.1.2","value":"2512489996"}},"status":"accepted"}]}`))
	f.Add([]byte(`{"resourceType":"Appointment","id":"1","start":7,"contained":[{},null,{"id":"p","resourceType":"Patient"}],"extension":[{"url":"urn:x-sluse:extension:original","valueString":"{\"status\":{\"was\":1}}"}],"identifier":[{"system":"urn:x-sluse:id:visit","value":"fhir:1:2026-11-24"}]}`))

	config := Config{Lists: Lists{NoInpatient: true}}
	config.SetDefaults()

	f.Fuzz(func(t *testing.T, data []byte) {
		r := &reading{
			journal: &Journal{config: config, base: &url.URL{Scheme: "https", Host: "ehr.example", Path: "/fhir"}},
			period:  care.Interval{Start: time.Unix(0, 0), End: time.Unix(1<<33, 0)},
			people:  make(map[string]resource), seen: make(map[string]bool),
		}

		if err := r.take(data); err != nil {
			t.Fatal(err)
		}

		for _, one := range r.appointments {
			d := r.draft(one)
			if d == nil || d.patient.Reference != "" || len(d.plan.actors(kindPractitioner)) > 0 {
				continue // another call would be made
			}

			if d.patient.Identifier != nil {
				r.people[d.patient.Identifier.System+"|"+d.patient.Identifier.Value] = nil
			}

			if err := r.complete(t.Context(), d); err != nil {
				t.Fatal(err)
			}

			if !d.faulty && (d.row.Key().IsZero() || !d.row.Planned.Valid()) {
				t.Errorf("a row without citizen or time: %+v", d.row)
			}

			for _, p := range r.problems {
				if p.Severity == ehr.Fault && !d.faulty {
					t.Error("a fault and a row")
				}
			}
		}
	})
}

// FuzzWithin gives addresses of next pages: none may lead out of the base.
func FuzzWithin(f *testing.F) {
	for _, s := range []string{"/fhir?_getpages=1", "https://ehr.example:443/fhir/Appointment?x=1", "https://ehr.example@evil/fhir", "//evil/fhir", "/fhirx", "/fhir/../admin", "/fhir/%2e%2e/admin", "https://EHR.example/fhir"} {
		f.Add(s)
	}

	f.Fuzz(func(t *testing.T, address string) {
		j := &Journal{base: &url.URL{Scheme: "https", Host: "ehr.example", Path: "/fhir"}}

		path, _, err := j.within(address)
		if err != nil {
			return
		}

		for _, segment := range path {
			if segment == "" || segment == "." || segment == ".." {
				t.Errorf("%q leads to %q", address, path)
			}
		}

		u, err := url.Parse(address)
		if err != nil || (u.Host != "" && !strings.EqualFold(strings.TrimSuffix(u.Host, ":443"), "ehr.example") && u.Host != "ehr.example:") {
			t.Errorf("%q leads to another host", address)
		}
	})
}
