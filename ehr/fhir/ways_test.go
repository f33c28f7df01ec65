package fhir_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/ehrtest"
	"github.com/sluse/sluse/ehr/fhir"
	"github.com/sluse/sluse/ehr/fhir/fhirsim"
	"github.com/sluse/sluse/scheduler/care"
)

// TestWays runs the port's suite with HL7's class and with KL's, and on the record's own Appointments.
func TestWays(t *testing.T) {
	t.Parallel()

	for name, class := range map[string]fhir.Class{"plain": fhir.ClassVR, "kl-class": fhir.ClassKL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ehrtest.RunWays(t, func(t *testing.T, seed uint64) ehrtest.Record {
				t.Helper()

				b := setup(t, waysOptions(seed), func(c *fhir.Config) { c.Class = class })
				r := record(t, b)
				b.addWays(&r, false)

				return r
			})
		})
	}

	t.Run("borrowed", func(t *testing.T) {
		t.Parallel()
		ehrtest.RunWays(t, func(t *testing.T, seed uint64) ehrtest.Record {
			t.Helper()

			b, refs := sampled(t, waysOptions(seed), fhir.ByLocation)
			r := record(t, b)
			r.Planned = borrowedChanges(t, b, refs, 4)
			r.State = func(t *testing.T, _ ehr.Change) ehrtest.State {
				t.Helper()

				return ehrtest.State{Category: "Planlagt besøg"} // every visit of the sample
			}
			b.addWays(&r, true)

			return r
		})
	})
}

func waysOptions(seed uint64) fhirsim.Options {
	return fhirsim.Options{Calm: true, Strict: true, Seed: seed + 3, Clients: []fhirsim.Client{{ID: "sluse", Secret: "test-sluse"}}}
}

// addWays completes a record for the suite. Borrowed: the Appointments are the record's own.
func (b testBundle) addWays(r *ehrtest.Record, borrowed bool) {
	onList := func(c ehr.Change) ehr.Change { c.Means = care.OnList; return c }
	r.Ways = []ehrtest.Way{{Means: care.OnList, Of: onList, Told: b.told, Wrong: map[string]func(ehr.Change) ehr.Change{
		"comment":  func(c ehr.Change) ehr.Change { c.Comment = "Pinkode: 4711"; return c },
		"category": func(c ehr.Change) ehr.Change { c.Category = "251248-9996"; return c },
	}}}
	r.Storm = func(t *testing.T) {
		t.Helper()

		faults := fhirsim.Spread(0.25)
		faults.Hang, faults.RetryAfter = time.Millisecond, time.Millisecond

		if err := b.sim.SetFaults(faults); err != nil {
			t.Fatal(err)
		}
	}
	r.Heal = func(t *testing.T) {
		t.Helper()
		b.sim.Calm()
		b.sim.Forgive()
	}
	r.Arms = slices.Concat(b.mishaps(borrowed),
		ehrtest.Without("a server that answers writes without a body is one of TestConformance", ehrtest.HalfObjects),
		ehrtest.Without("Appointments that may not be changed any more are TestBorrowedConflicts", ehrtest.ReadOnly))
}

// told are the Appointment's entries, and every version of the Encounters.
func (b testBundle) told(t *testing.T, c ehr.Change) []string {
	t.Helper()

	visit, ok := b.sim.Visit(fhir.VisitIdentifier(c.Source))
	if !ok {
		return nil
	}

	var told []string
	for _, e := range visit.Entries {
		told = append(told, fmt.Sprint(e.Kind, e.Status, e.Reason, e.Category, e.Comment, e.Duplicate))
	}

	for _, e := range visit.Encounters {
		for _, version := range b.sim.Versions(e.Ref) {
			class, err := json.Marshal(version["class"])
			if err != nil {
				t.Fatal(err)
			}

			told = append(told, fmt.Sprint(version["status"], string(class), version["period"]))
		}
	}

	return told
}

func (b testBundle) mishaps(borrowed bool) []ehrtest.Arm {
	fault := func(kind fhirsim.FaultKind, count int) func(*testing.T, ehr.Change) {
		return func(t *testing.T, c ehr.Change) {
			t.Helper()

			op := fhirsim.OpUpdate
			if c.Kind == care.EntryPlanned && !borrowed {
				op = fhirsim.OpCreate
			}

			if kind == fhirsim.FaultResetBefore && count > 1 {
				op = fhirsim.OpAny
			}

			if err := b.sim.Script(fhirsim.Fault{Kind: kind, Op: op, Count: count}); err != nil {
				t.Fatal(err)
			}
		}
	}
	refuse := func(status int, code string) func(*testing.T, ehr.Change) {
		return func(t *testing.T, _ ehr.Change) {
			t.Helper()

			if err := b.sim.Reject(fhirsim.Refusal{Status: status, Code: code, Text: "Nancy Ann Berggren 251248-9996"}); err != nil {
				t.Fatal(err)
			}
		}
	}

	somebodyElse := func(t *testing.T, c ehr.Change) {
		t.Helper()

		visit, ok := b.sim.Visit(fhir.VisitIdentifier(c.Source))
		if !ok || len(visit.Appointments) == 0 {
			return // nobody can change what is not there yet
		}

		b.sim.BeforeNext(fhirsim.OpUpdate, func() error {
			return b.sim.Edit(visit.Appointments[0].Ref, func(body map[string]any) { body["patientInstruction"] = "Hav medicinen klar" })
		})
	}

	return []ehrtest.Arm{
		{Mishap: ehrtest.Gone, Do: fault(fhirsim.FaultResetBefore, 100)},
		{Mishap: ehrtest.LostBefore, Do: fault(fhirsim.FaultResetBefore, 1)},
		{Mishap: ehrtest.LostAfter, Do: fault(fhirsim.FaultResetAfter, 1)},
		{Mishap: ehrtest.TimeoutBefore, Do: fault(fhirsim.FaultTimeoutBefore, 1)},
		{Mishap: ehrtest.TimeoutAfter, Do: fault(fhirsim.FaultTimeoutAfter, 1)},
		{Mishap: ehrtest.ErrorBefore, Do: fault(fhirsim.FaultServerError, 1)},
		{Mishap: ehrtest.ErrorAfter, Do: fault(fhirsim.FaultBadGatewayAfter, 1)},
		{Mishap: ehrtest.Unavailable, Do: fault(fhirsim.FaultUnavailable, 1)},
		{Mishap: ehrtest.TooMany, Do: fault(fhirsim.FaultTooMany, 1)},
		{Mishap: ehrtest.TokenEnded, Do: fault(fhirsim.FaultUnauthorized, 1)},
		{Mishap: ehrtest.Unauthorized, Do: fault(fhirsim.FaultUnauthorized, 2)},
		{Mishap: ehrtest.BrokenBody, Do: fault(fhirsim.FaultBrokenBody, 1)},
		{Mishap: ehrtest.NotPermitted, Do: refuse(http.StatusForbidden, "forbidden")},
		{Mishap: ehrtest.RefusedByRecord, Do: refuse(0, "")},
		{Mishap: ehrtest.SomebodyElse, Do: somebodyElse},
	}
}
