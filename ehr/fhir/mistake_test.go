package fhir_test

import (
	"testing"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/ehrtest"
	"github.com/sluse/sluse/ehr/fhir"
	"github.com/sluse/sluse/ehr/fhir/fhirsim"
)

// TestDoubleMarkedAsMistake goes on with the one Appointment and Encounter that are left when people have
// marked their doubles as mistakes, which is what they are asked to do: a record seldom lets them delete.
func TestDoubleMarkedAsMistake(t *testing.T) {
	t.Parallel()

	for name, change := range map[string]func(*fhir.Config){
		"Plain":     nil,
		"OneByOne":  func(c *fhir.Config) { c.NoRevinclude = true },
		"LookFirst": func(c *fhir.Config) { c.LookFirst = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := setup(t, fhirsim.Options{Calm: true, Strict: true}, change)
			first := planned(t, 0)
			mustApply(t, b.journal, first)

			visit := visitOf(t, b.sim, first)
			for _, one := range []fhirsim.Resource{visit.Appointments[0], visit.Encounters[0]} {
				one.Body["status"] = "entered-in-error"

				if _, err := b.sim.Seed(one.Body); err != nil {
					t.Fatal(err)
				}
			}

			moved := first
			moved.Key += "/2"

			for _, c := range []ehr.Change{moved, ehrtest.Completed(first)} {
				mustApply(t, b.journal, c)
			}

			for _, kind := range []string{visit.Appointments[0].Ref, visit.Encounters[0].Ref} {
				versions := b.sim.Versions(kind)
				if got := versions[len(versions)-1]["status"]; got != "fulfilled" && got != "finished" {
					t.Errorf("%s is %v", kind, got)
				}
			}
		})
	}
}
