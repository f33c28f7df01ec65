package fhir_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/ehrtest"
	"github.com/sluse/sluse/ehr/fhir"
	"github.com/sluse/sluse/ehr/fhir/fhirsim"
	"github.com/sluse/sluse/scheduler/care"
)

// borrowedChanges are planned entries of the sample day's visits as their list told them.
func borrowedChanges(t *testing.T, b testBundle, refs fhirsim.SampleRefs, n int) []ehr.Change {
	t.Helper()

	list := readList(t, b.journal, ehr.ListRef{ID: refs.Location, Name: "Øst"})
	all := make([]ehr.Change, 0, n)

	for i, row := range list.Rows[:n] {
		c := planned(t, i)
		c.Key, c.Source, c.Citizen, c.Planned = row.Source.ID+"/planned", row.Source, row.Key(), row.Planned
		all = append(all, c)
	}

	return all
}

// TestBorrowedConformance runs the port's suite on the record's own Appointments.
func TestBorrowedConformance(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		options fhirsim.Options
		change  func(*fhir.Config)
	}{
		"Weak":    {},
		"Strong":  {fhirsim.Options{ETag: fhirsim.StrongETags}, func(c *fhir.Config) { c.ETag = fhir.ETagStrong }},
		"Minimal": {options: fhirsim.Options{MinimalReturn: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			ehrtest.RunJournal(t, func(t *testing.T) ehrtest.Record {
				t.Helper()

				options := test.options
				options.Calm, options.Strict = true, true

				b, refs := sampled(t, options, fhir.ByLocation, test.change)
				t.Cleanup(func() { noHarm(t, b.sim) })

				r := record(t, b)
				r.Planned = borrowedChanges(t, b, refs, 4)
				r.Unknown = r.Planned[0]
				r.Unknown.Source.ID, r.Unknown.Key = "nobody", "nobody/planned"
				r.State = func(t *testing.T, c ehr.Change) ehrtest.State {
					t.Helper()

					body := appointmentOf(t, b.sim, c)
					types, _ := body["serviceType"].([]any)
					first, _ := types[0].(map[string]any)
					category, _ := first["text"].(string)
					comment, _ := body["comment"].(string)

					return ehrtest.State{Category: category, Comment: comment}
				}

				return r
			})
		})
	}
}

func appointmentOf(t *testing.T, sim *fhirsim.Server, c ehr.Change) map[string]any {
	t.Helper()

	versions := sim.Versions("Appointment/" + c.Source.ID)
	if len(versions) == 0 {
		t.Fatalf("no Appointment %s", c.Source.ID)
	}

	return versions[len(versions)-1]
}

// theirs is an Appointment without what the server counts and without our identifiers.
func theirs(t *testing.T, body map[string]any) string {
	t.Helper()

	delete(body, "meta")

	all, _ := body["identifier"].([]any)

	all = slices.DeleteFunc(all, func(one any) bool {
		i, _ := one.(map[string]any)
		system, _ := i["system"].(string)

		return strings.HasPrefix(system, "urn:x-sluse:")
	})
	if body["identifier"] = all; len(all) == 0 {
		delete(body, "identifier")
	}

	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}

	return string(text)
}

// TestRestoredByteForByte takes a visit of the record through every entry and back.
func TestRestoredByteForByte(t *testing.T) {
	t.Parallel()

	extras := func(body map[string]any) {
		body["comment"] = "Nøgle hos <nabo> & ring\n"
		body["extension"] = []any{map[string]any{"url": "http://x.example/e", "valueDecimal": json.Number("1.50")}}
		body["identifier"] = []any{map[string]any{"system": "http://x.example/id", "value": "77"}}
		body["serviceType"] = []any{
			map[string]any{"coding": []any{map[string]any{"system": "urn:x-journal:besoegstype", "code": "14", "display": "Planlagt besøg"}}},
			map[string]any{"text": "Anden type"},
		}
	}

	for name, entries := range map[string][]func(ehr.Change) ehr.Change{
		"Planned":      nil,
		"Completed":    {ehrtest.Completed},
		"NotCompleted": {ehrtest.NotCompleted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b, refs := sampled(t, fhirsim.Options{Calm: true, Strict: true}, fhir.ByLocation)
			change := borrowedChanges(t, b, refs, 1)[0]

			if err := b.sim.Edit("Appointment/"+change.Source.ID, extras); err != nil {
				t.Fatal(err)
			}

			before := theirs(t, appointmentOf(t, b.sim, change))
			mustApply(t, b.journal, change)

			for _, next := range entries {
				mustApply(t, b.journal, next(change))
			}

			during := appointmentOf(t, b.sim, change)
			if during["start"] == nil || during["description"] != "Besøg i hjemmet" || theirs(t, appointmentOf(t, b.sim, change)) == before {
				t.Errorf("between the entries: %v", during)
			}

			mustApply(t, b.journal, ehrtest.Restored(change, "Planlagt besøg"))

			if diff := cmp.Diff(before, theirs(t, appointmentOf(t, b.sim, change))); diff != "" {
				t.Errorf("after restoring (-before +after):\n%s", diff)
			}
		})
	}
}

// TestReadAgain reads a list onto which we have written: it tells what the record had, so that
// nothing of ours is taken for the record's.
func TestReadAgain(t *testing.T) {
	t.Parallel()

	b, refs := sampled(t, fhirsim.Options{Calm: true, Strict: true}, fhir.ByLocation)
	list := ehr.ListRef{ID: refs.Location, Name: "Øst"}
	before := readList(t, b.journal, list)
	change := borrowedChanges(t, b, refs, 1)[0]

	mustApply(t, b.journal, change)
	mustApply(t, b.journal, ehrtest.NotCompleted(change))
	mustApply(t, b.journal, planned(t, 5)) // from a file: an Appointment of ours in the same record

	after := readList(t, b.journal, list)
	if len(after.Problems) != 0 || len(after.Rows) != len(before.Rows) {
		t.Fatalf("%d rows, problems %+v", len(after.Rows), after.Problems)
	}

	after.Rows[0].Version = before.Rows[0].Version
	if after.Rows[0] != before.Rows[0] {
		t.Errorf("row is %+v, was %+v", after.Rows[0], before.Rows[0])
	}
}

// TestBorrowedConflicts are the cases that a person has to decide.
func TestBorrowedConflicts(t *testing.T) {
	t.Parallel()

	status := func(s string) func(map[string]any) { return func(body map[string]any) { body["status"] = s } }
	category := func(body map[string]any) { body["serviceType"] = []any{map[string]any{"text": "Andet"}} }
	instruct := func(body map[string]any) { body["patientInstruction"] = "Hav medicinen klar" }
	move := func(body map[string]any) {
		body["start"], body["end"] = "2026-11-24T12:00:00+01:00", "2026-11-24T12:15:00+01:00"
	}
	restored := func(c ehr.Change) ehr.Change { return ehrtest.Restored(c, "Planlagt besøg") }
	agreed := func(next func(ehr.Change) ehr.Change) func(ehr.Change) ehr.Change {
		return func(c ehr.Change) ehr.Change {
			c = next(c)
			c.Expected = []string{"Planlagt besøg", "Planlagt skærmbesøg", "Andet"} // a person saw it

			return c
		}
	}

	for _, test := range []struct {
		name   string
		before func(map[string]any) // before the planned entry
		after  func(map[string]any) // between the planned entry and the next
		during func(map[string]any) // between reading and writing of the next
		next   func(ehr.Change) ehr.Change
		want   connector.Kind
	}{
		{name: "Cancelled", before: status("cancelled"), want: connector.Conflict},
		{name: "Done", before: status("fulfilled"), want: connector.Conflict},
		{name: "Mistake", before: status("entered-in-error"), want: connector.Conflict},
		{name: "CancelledSince", after: status("cancelled"), next: ehrtest.Completed, want: connector.Conflict},
		{name: "CategoryByHand", after: category, next: ehrtest.Completed, want: connector.Conflict},
		{name: "CategoryBack", after: func(b map[string]any) {
			b["serviceType"] = []any{map[string]any{"text": "Planlagt besøg", "coding": []any{map[string]any{"system": "urn:x-journal:besoegstype", "code": "14"}}}}
		}, next: ehrtest.Completed},
		{name: "RestoreOverHand", after: category, next: restored, want: connector.Conflict},
		{name: "RestoreOverHandAgreed", after: category, next: agreed(restored)},
		{name: "RestoreOverHandMeanwhile", during: category, next: restored, want: connector.Conflict},
		{name: "RestoreOverStatus", after: status("cancelled"), next: restored},
		{name: "CompletedAgreed", after: category, next: agreed(ehrtest.Completed)},
		{name: "AgreedToAnother", after: category, next: func(c ehr.Change) ehr.Change {
			c = ehrtest.Completed(c)
			c.Expected = []string{"Planlagt besøg", "Planlagt skærmbesøg", "Noget tredje"}

			return c
		}, want: connector.Conflict},
		{name: "OtherFieldMeanwhile", during: instruct, next: ehrtest.Completed},
		{name: "MovedMeanwhile", during: move, next: ehrtest.Completed},
		{name: "CategoryMeanwhile", during: category, next: ehrtest.Completed, want: connector.Conflict},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()

			b, refs := sampled(t, fhirsim.Options{Calm: true, Strict: true}, fhir.ByLocation)
			change := borrowedChanges(t, b, refs, 1)[0]
			edit := func(how func(map[string]any)) {
				if how == nil {
					return
				}

				if err := b.sim.Edit("Appointment/"+change.Source.ID, how); err != nil {
					t.Fatal(err)
				}
			}

			edit(test.before)

			_, err := b.journal.Apply(t.Context(), change)
			if test.next != nil {
				edit(test.after)

				if test.during != nil {
					b.sim.BeforeNext(fhirsim.OpUpdate, func() error { return b.sim.Edit("Appointment/"+change.Source.ID, test.during) })
				}

				_, err = b.journal.Apply(t.Context(), test.next(change))
			}

			if got := connector.KindOf(err); got != test.want || (got != 0 && care.KindOf(err) != care.Conflict) {
				t.Fatalf("error %v, want kind %v", err, test.want)
			}

			body := theirs(t, appointmentOf(t, b.sim, change))

			switch test.name {
			case "RestoreOverHand", "RestoreOverHandMeanwhile", "AgreedToAnother":
				if !strings.Contains(body, `"Andet"`) {
					t.Errorf("what people set is gone: %s", body)
				}
			case "RestoreOverHandAgreed":
				if strings.Contains(body, `"Andet"`) || strings.Contains(body, "extension:original") || !strings.Contains(body, `"Planlagt besøg"`) {
					t.Errorf("it is not as before us: %s", body)
				}
			case "CompletedAgreed":
				if strings.Contains(body, `"Andet"`) || !strings.Contains(body, ehrtest.Completed(change).Category) {
					t.Errorf("our word is not there: %s", body)
				}
			case "RestoreOverStatus":
				if !strings.Contains(body, `"cancelled"`) {
					t.Errorf("it is no longer cancelled: %s", body)
				}
			}
		})
	}
}

// TestBorrowedMeetsFaults writes through a record that fails, with ten seeds.
func TestBorrowedMeetsFaults(t *testing.T) {
	t.Parallel()

	for seed := range uint64(10) {
		b, refs := sampled(t, fhirsim.Options{Calm: true, Strict: true, Seed: seed}, fhir.ByLocation)
		change := borrowedChanges(t, b, refs, 1)[0]
		before := theirs(t, appointmentOf(t, b.sim, change))

		faults := fhirsim.Spread(.3)
		faults.Hang, faults.RetryAfter = 1, 1

		if err := b.sim.SetFaults(faults); err != nil {
			t.Fatal(err)
		}

		for _, c := range []ehr.Change{change, ehrtest.Completed(change), ehrtest.Restored(change, "Planlagt besøg")} {
			var err error
			for range 40 {
				if _, err = b.journal.Apply(t.Context(), c); err == nil {
					break
				}
			}

			if err != nil {
				t.Fatalf("seed %d: %s: %v", seed, c.Key, err)
			}
		}

		if diff := cmp.Diff(before, theirs(t, appointmentOf(t, b.sim, change))); diff != "" {
			t.Errorf("seed %d (-before +after):\n%s", seed, diff)
		}

		if totals := b.sim.Totals(); totals.DuplicateEntries+totals.DuplicateResources != 0 {
			t.Errorf("seed %d: %+v", seed, totals)
		}
	}
}
