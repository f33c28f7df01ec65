package fhir_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/ehrtest"
	"github.com/sluse/sluse/ehr/fhir"
	"github.com/sluse/sluse/ehr/fhir/fhirsim"
	"github.com/sluse/sluse/scheduler/care"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGoldenBodies freezes what is written for every kind of entry, as the record got it.
func TestGoldenBodies(t *testing.T) {
	t.Parallel()

	phone := func(c ehr.Change) ehr.Change {
		c = ehrtest.Completed(c)
		c.Delivery, c.Category = care.ByPhone, "Telefonisk kontakt"

		return c
	}
	unmeasured := func(c ehr.Change) ehr.Change {
		c = ehrtest.Completed(c)
		c.Actual = care.Interval{}

		return c
	}
	technical := func(c ehr.Change) ehr.Change {
		c = ehrtest.NotCompleted(c)
		c.Reason = care.TechnicalFault

		return c
	}
	restored := func(c ehr.Change) ehr.Change { return ehrtest.Restored(c, "Planlagt besøg") }

	for _, test := range []struct {
		name   string
		then   func(ehr.Change) ehr.Change
		config func(*fhir.Config)
	}{
		{"planned", nil, nil},
		{"planned-vr", nil, func(c *fhir.Config) { c.Class = fhir.ClassVR }},
		{"completed", ehrtest.Completed, nil},
		{"completed-phone", phone, nil},
		{"completed-unmeasured", unmeasured, nil},
		{"not-completed-absent", ehrtest.NotCompleted, nil},
		{"not-completed-technical", technical, nil},
		{"restored", restored, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()

			b := setup(t, fhirsim.Options{Calm: true, Strict: true}, test.config)
			change := planned(t, 0)
			mustApply(t, b.journal, change)

			if test.then != nil {
				b.sim.ForgetRequests()
				mustApply(t, b.journal, test.then(change))
			}

			golden(t, "testdata/golden/"+test.name+".json", writes(t, b.sim))
		})
	}
}

// writes shows the writing requests with their conditions; server-made ids are numbered.
func writes(t *testing.T, sim *fhirsim.Server) []byte {
	t.Helper()

	var out bytes.Buffer

	for _, r := range sim.Requests() {
		if r.Body == "" {
			continue
		}

		out.WriteString(r.Method + " " + r.URL + "\n")

		for _, h := range r.Headers {
			if strings.HasPrefix(h, "If-") || strings.HasPrefix(h, "Prefer") || strings.HasPrefix(h, "Content-Type") {
				out.WriteString(h + "\n")
			}
		}

		if err := json.Indent(&out, []byte(r.Body), "", "  "); err != nil {
			t.Fatal(err)
		}

		out.WriteString("\n\n")
	}

	text := regexp.MustCompile(`(Appointment|Encounter)/[0-9a-f]{12}`).ReplaceAllString(out.String(), "$1/ID")
	text = regexp.MustCompile(`"id": "[0-9a-f]{12}"`).ReplaceAllString(text, `"id": "ID"`)

	return regexp.MustCompile(`"lastUpdated": "[^"]+"`).ReplaceAll([]byte(text), []byte(`"lastUpdated": "WHEN"`))
}

func golden(t *testing.T, path string, got []byte) {
	t.Helper()

	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}

		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}

	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// TestStatuses is the table of eoj.md §3.1 as the record sees it.
func TestStatuses(t *testing.T) {
	t.Parallel()

	for _, reason := range care.Reasons() {
		t.Run(string(reason), func(t *testing.T) {
			t.Parallel()

			b := setup(t, fhirsim.Options{Calm: true, Strict: true})
			change := planned(t, 0)
			mustApply(t, b.journal, change)

			missed := ehrtest.NotCompleted(change)
			missed.Reason = reason
			mustApply(t, b.journal, missed)

			want := "cancelled"
			if reason == care.CitizenAbsent {
				want = "noshow"
			}

			visit := visitOf(t, b.sim, change)
			if visit.Appointments[0].Status != want || visit.Encounters[0].Status != "cancelled" {
				t.Errorf("Appointment %s, Encounter %s", visit.Appointments[0].Status, visit.Encounters[0].Status)
			}

			if last := visit.Entries[len(visit.Entries)-1]; last.Kind != fhirsim.Result || last.Reason != string(reason) {
				t.Errorf("entry %+v", last)
			}
		})
	}
}

// TestCalls holds the number of calls per entry down: they cost the planner's time.
func TestCalls(t *testing.T) {
	t.Parallel()

	b := setup(t, fhirsim.Options{Calm: true, Strict: true})
	change := planned(t, 0)

	for _, step := range []struct {
		change ehr.Change
		calls  map[string]int
	}{
		{change, map[string]int{"create": 2}},
		{change, map[string]int{"create": 2}}, // a repeat looks and writes nothing
		{ehrtest.Completed(change), map[string]int{"search": 1, "update": 2}},
		{ehrtest.Restored(change, ""), map[string]int{"search": 1, "update": 2}},
		{ehrtest.Completed(change), map[string]int{"search": 1}}, // overtaken
	} {
		b.sim.ForgetRequests()
		mustApply(t, b.journal, step.change)

		if diff := cmp.Diff(step.calls, b.sim.Calls()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.change.Key, diff)
		}
	}
}

// TestMove moves a visit: the same resources get the new time and room.
func TestMove(t *testing.T) {
	t.Parallel()

	b := setup(t, fhirsim.Options{Calm: true, Strict: true})
	change := planned(t, 0)
	mustApply(t, b.journal, change)

	moved := change
	moved.Key += "/2"
	moved.Planned.Start = moved.Planned.Start.Add(time.Hour)
	moved.Planned.End = moved.Planned.End.Add(time.Hour)
	moved.Room, moved.Employee = "7d4c2f0e-6f5e-4a7b-9a51-3f5a0c1b7c99", "AKP"
	mustApply(t, b.journal, moved)

	visit := visitOf(t, b.sim, change)
	if got := visit.Appointments[0].Start; len(visit.Appointments) != 1 || got != "2026-11-24T09:30:00+01:00" {
		t.Errorf("start is %s in %d appointments", got, len(visit.Appointments))
	}

	if visit.Meeting != string(moved.Room) {
		t.Errorf("room is %s", visit.Meeting)
	}

	body, err := json.Marshal(visit.Appointments[0].Body)
	if err != nil {
		t.Fatal(err)
	}

	if strings.Contains(string(body), "MSK") || !strings.Contains(string(body), "AKP") || strings.Contains(string(body), string(change.Room)) {
		t.Error("the employee or room of before is still there")
	}
}

// TestCorrection turns a result around after it was written.
func TestCorrection(t *testing.T) {
	t.Parallel()

	b := setup(t, fhirsim.Options{Calm: true, Strict: true}, func(c *fhir.Config) { c.SkipPlannedEncounter = true })
	change := planned(t, 0)
	mustApply(t, b.journal, change)
	mustApply(t, b.journal, ehrtest.Completed(change))

	missed := ehrtest.NotCompleted(change)
	missed.Key += "/2"
	mustApply(t, b.journal, missed)

	visit := visitOf(t, b.sim, change)
	if a, e := visit.Appointments[0], visit.Encounters[0]; a.Status != "noshow" || e.Status != "cancelled" || e.Start != "" {
		t.Errorf("Appointment %s, Encounter %s %s", a.Status, e.Status, e.Start)
	}
}

// TestPeoplesWordsStay changes everything that is not ours and expects it back byte for byte.
func TestPeoplesWordsStay(t *testing.T) {
	t.Parallel()

	b := setup(t, fhirsim.Options{Calm: true, Strict: true})
	change := planned(t, 0)
	mustApply(t, b.journal, change)

	ref := visitOf(t, b.sim, change).Appointments[0].Ref
	edit := func(body map[string]any) {
		body["comment"] = "Nøgle hos nabo\n" + body["comment"].(string) + "\nRing <først> & bank på"
		body["priority"] = json.Number("3")
		body["patientInstruction"] = "Hav medicinen klar"
		body["extension"] = append(body["extension"].([]any), map[string]any{"url": "http://x.example/e", "valueDecimal": json.Number("1.50")})
		body["identifier"] = append(body["identifier"].([]any), map[string]any{"system": "http://x.example/id", "value": "77"})
		body["participant"] = append(body["participant"].([]any),
			map[string]any{"actor": map[string]any{"display": "Datter"}, "status": "tentative"})
	}

	if err := b.sim.Edit(ref, edit); err != nil {
		t.Fatal(err)
	}

	mustApply(t, b.journal, ehrtest.Completed(change))
	mustApply(t, b.journal, ehrtest.Restored(change, "Planlagt besøg"))

	now := visitOf(t, b.sim, change).Appointments[0].Body
	if got, want := now["comment"], "Nøgle hos nabo\nRing <først> & bank på"; got != want {
		t.Errorf("comment %q, want %q", got, want)
	}

	document, err := json.Marshal(now)
	if err != nil {
		t.Fatal(err)
	}

	for _, want := range []string{`"valueDecimal":1.50`, `"value":"77"`, `"display":"Datter"`, `"priority":3`, "Hav medicinen klar", "Planlagt besøg"} {
		if !strings.Contains(string(document), want) {
			t.Errorf("%s is gone", want)
		}
	}
}

// TestConflicts lets a person change the record between our read and our write.
func TestConflicts(t *testing.T) {
	t.Parallel()

	for _, test := range []struct {
		name string
		edit func(map[string]any)
		want connector.Kind
	}{
		{"NotOurs", func(r map[string]any) { r["patientInstruction"] = "Hav medicinen klar" }, 0},
		{"TheirComment", func(r map[string]any) { r["comment"] = "Nøgle hos nabo\n" + r["comment"].(string) }, 0},
		{"OurTime", func(r map[string]any) { r["end"] = "2026-11-24T09:00:00+01:00" }, connector.Conflict},
		{"OurToken", func(r map[string]any) { r["comment"] = "fysisk i dag" }, connector.Conflict},
		{"Mistake", func(r map[string]any) { r["status"] = "entered-in-error" }, connector.Conflict},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()

			b := setup(t, fhirsim.Options{Calm: true, Strict: true})
			change := planned(t, 0)
			mustApply(t, b.journal, change)
			ref := visitOf(t, b.sim, change).Appointments[0].Ref

			b.sim.BeforeNext(fhirsim.OpUpdate, func() error { return b.sim.Edit(ref, test.edit) })

			_, err := b.journal.Apply(t.Context(), ehrtest.Completed(change))
			if got := connector.KindOf(err); got != test.want {
				t.Fatalf("error %v, want kind %v", err, test.want)
			}

			if test.want != 0 && care.KindOf(err) != care.Conflict {
				t.Errorf("%v has no Danish sentence", err)
			}
		})
	}
}

// TestDuplicatesInTheRecord refuses to choose between two resources of one visit.
func TestDuplicatesInTheRecord(t *testing.T) {
	t.Parallel()

	b := setup(t, fhirsim.Options{Calm: true, Strict: true})
	change := planned(t, 0)
	mustApply(t, b.journal, change)

	if _, err := b.sim.Seed(visitOf(t, b.sim, change).Appointments[0].Body); err != nil {
		t.Fatal(err)
	}

	again := change
	again.Key += "/2"

	for _, c := range []ehr.Change{again, ehrtest.Completed(change)} {
		_, err := b.journal.Apply(t.Context(), c)
		if !connector.Is(err, connector.Conflict) || !strings.Contains(care.MessageOf(err), "flere poster") {
			t.Errorf("%s: %v", c.Key, err)
		}
	}
}

// TestResultWithoutPlanned writes the result of a visit that the record never heard of.
func TestResultWithoutPlanned(t *testing.T) {
	t.Parallel()

	b := setup(t, fhirsim.Options{Calm: true, Strict: true})
	mustApply(t, b.journal, ehrtest.Completed(planned(t, 0)))

	visit := visitOf(t, b.sim, planned(t, 0))
	if visit.Appointments[0].Status != "fulfilled" || visit.Encounters[0].Status != "finished" || visit.Meeting == "" {
		t.Errorf("%+v", visit)
	}
}
