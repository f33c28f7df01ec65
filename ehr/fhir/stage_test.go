package fhir_test

import (
	"net/url"
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

func withStages(c *fhir.Config) { c.Stages = true }

// staged is a planned visit's stage, a minute early and at its start.
func staged(c ehr.Change, stage care.Stage) ehr.Change {
	c.Stage, c.At, c.Key = stage, c.Planned.Start.Add(-time.Minute), c.Key+"/"+string(stage)
	if stage == care.StageStarted {
		c.At = c.Planned.Start
	}

	return c
}

func mustStage(t *testing.T, j ehr.StageJournal, c ehr.Change) {
	t.Helper()

	if err := j.Stage(t.Context(), c); err != nil {
		t.Fatalf("%s: %v", c.Key, err)
	}
}

// standing is what the record shows of a visit: the statuses, and the Encounter's past ones with their times.
func standing(t *testing.T, sim *fhirsim.Server, c ehr.Change) string {
	t.Helper()

	visit := visitOf(t, sim, c)
	out := []string{visit.Appointments[0].Status, visit.Encounters[0].Status}

	versions := sim.Versions(visit.Encounters[0].Ref)
	history, _ := versions[len(versions)-1]["statusHistory"].([]any)

	for _, one := range history {
		past, _ := one.(map[string]any)
		status, _ := past["status"].(string)
		span, _ := past["period"].(map[string]any)
		out = append(out, status+" "+clockOf(t, span["start"])+"-"+clockOf(t, span["end"]))
	}

	return strings.Join(out, ", ")
}

func clockOf(t *testing.T, text any) string {
	t.Helper()

	if text == nil {
		return ""
	}

	s, _ := text.(string)

	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}

	return at.UTC().Format("15:04:05")
}

// visits are an Appointment of ours and one of the record's own.
func stagedVisits(t *testing.T) (testBundle, map[string]ehr.Change) {
	t.Helper()

	b, refs := sampled(t, fhirsim.Options{Calm: true, Strict: true}, fhir.ByLocation, withStages)

	return b, map[string]ehr.Change{"own": planned(t, 0), "borrowed": borrowedChanges(t, b, refs, 3)[2]}
}

// TestStages takes a visit through its stages: each is told once, in its order, and the result is the
// last word with the times of all.
func TestStages(t *testing.T) {
	t.Parallel()

	for _, whose := range []string{"own", "borrowed"} {
		t.Run(whose, func(t *testing.T) {
			t.Parallel()

			b, all := stagedVisits(t)
			c := all[whose]
			c.Planned.Start = c.Planned.Start.UTC()
			start := c.Planned.Start.Format("15:04:05")
			early := c.Planned.Start.Add(-time.Minute).Format("15:04:05")

			mustApply(t, b.journal, c)

			done := ehrtest.Completed(c)
			end := done.Actual.End.UTC().Format("15:04:05")

			for i, step := range []struct {
				stage care.Stage
				want  string
			}{
				{care.StageArrived, "arrived, arrived, planned -" + early},
				{care.StageArrived, "arrived, arrived, planned -" + early},
				{care.StageStarted, "arrived, in-progress, planned -" + early + ", arrived " + early + "-" + start},
				{care.StageStarted, "arrived, in-progress, planned -" + early + ", arrived " + early + "-" + start},
				{care.StageArrived, "arrived, in-progress, planned -" + early + ", arrived " + early + "-" + start}, // late
				{"", "fulfilled, finished, planned -" + early + ", arrived " + early + "-" + start + ", in-progress " + start + "-" + end},
				{care.StageStarted, "fulfilled, finished, planned -" + early + ", arrived " + early + "-" + start + ", in-progress " + start + "-" + end},
				{care.StageArrived, "fulfilled, finished, planned -" + early + ", arrived " + early + "-" + start + ", in-progress " + start + "-" + end},
			} {
				if step.stage == "" {
					mustApply(t, b.journal, done)
				} else {
					mustStage(t, b.journal, staged(c, step.stage))
				}

				if diff := cmp.Diff(step.want, standing(t, b.sim, c)); diff != "" {
					t.Errorf("step %d (-want +got):\n%s", i+1, diff)
				}
			}

			if n := len(b.sim.Versions(visitOf(t, b.sim, c).Encounters[0].Ref)); n != 4 {
				t.Errorf("the Encounter was written %d times", n)
			}

			if leaks := b.sim.Leaks(); len(leaks) != 0 {
				t.Errorf("leaks %v", leaks)
			}
		})
	}
}

// TestStageOnly tells that the call began to a record that was never told that the citizen came.
func TestStageOnly(t *testing.T) {
	t.Parallel()

	b, all := stagedVisits(t)
	c := all["own"]
	mustApply(t, b.journal, c)
	mustStage(t, b.journal, staged(c, care.StageStarted))

	if got := standing(t, b.sim, c); got != "arrived, in-progress, planned -07:30:00" {
		t.Errorf("the record shows %s", got)
	}

	missed := ehrtest.NotCompleted(c)
	missed.At = c.Planned.End
	mustApply(t, b.journal, missed)

	if got := standing(t, b.sim, c); !strings.HasSuffix(got, "cancelled, planned -07:30:00, in-progress 07:30:00-07:45:00") {
		t.Errorf("the record shows %s", got)
	}
}

// TestStageMissed tells that the call began while the record still has to be told that the citizen came: it
// is told of both, in their order.
func TestStageMissed(t *testing.T) {
	t.Parallel()

	b, all := stagedVisits(t)

	for _, c := range all {
		mustApply(t, b.journal, c)

		started := staged(c, care.StageStarted)
		started.Arrived = staged(c, care.StageArrived).At

		for range 2 {
			mustStage(t, b.journal, started)
		}

		mustStage(t, b.journal, staged(c, care.StageArrived)) // late

		early, start := started.Arrived.UTC().Format("15:04:05"), started.At.UTC().Format("15:04:05")
		if got := standing(t, b.sim, c); got != "arrived, in-progress, planned -"+early+", arrived "+early+"-"+start {
			t.Errorf("%s: the record shows %s", c.Key, got)
		}
	}
}

// TestStagesUndone puts a visit of the record back as it was, in the middle of its stages.
func TestStagesUndone(t *testing.T) {
	t.Parallel()

	b, all := stagedVisits(t)
	c := all["borrowed"]
	before := theirs(t, appointmentOf(t, b.sim, c))

	mustApply(t, b.journal, c)
	mustStage(t, b.journal, staged(c, care.StageArrived))
	mustApply(t, b.journal, ehrtest.Restored(c, ""))

	if diff := cmp.Diff(before, theirs(t, appointmentOf(t, b.sim, c))); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}

	mustStage(t, b.journal, staged(c, care.StageStarted)) // late: it is no visit of ours any more

	if diff := cmp.Diff(before, theirs(t, appointmentOf(t, b.sim, c))); diff != "" {
		t.Errorf("after a late stage (-before +after):\n%s", diff)
	}
}

// TestStageAmongOthers leaves alone what people did in the record, looks again after a 412, and does
// not disturb a result that is written at the same moment.
func TestStageAmongOthers(t *testing.T) {
	t.Parallel()

	for _, whose := range []string{"own", "borrowed"} {
		t.Run(whose, func(t *testing.T) {
			t.Parallel()

			b, all := stagedVisits(t)
			c := all[whose]
			mustApply(t, b.journal, c)

			visit := visitOf(t, b.sim, c)
			appointment, encounter := visit.Appointments[0].Ref, visit.Encounters[0].Ref

			b.sim.BeforeNext(fhirsim.OpUpdate, func() error { // 412
				return b.sim.Edit(appointment, func(body map[string]any) { body["patientInstruction"] = "Ring på." })
			})
			mustStage(t, b.journal, staged(c, care.StageArrived))

			versions := b.sim.Versions(appointment)
			if now := versions[len(versions)-1]; now["status"] != "arrived" || now["patientInstruction"] != "Ring på." {
				t.Errorf("after a 412: %v", now)
			}

			b.sim.BeforeNext(fhirsim.OpUpdate, func() error { return b.journal.Stage(t.Context(), staged(c, care.StageStarted)) })
			mustApply(t, b.journal, ehrtest.Completed(c))

			if got := standing(t, b.sim, c); !strings.HasPrefix(got, "fulfilled, finished") {
				t.Errorf("with a stage in between the record shows %s", got)
			}

			b.sim.BeforeNext(fhirsim.OpUpdate, func() error { return nil })

			if err := b.sim.Edit(encounter, func(body map[string]any) { body["status"] = "entered-in-error" }); err != nil {
				t.Fatal(err)
			}

			mustStage(t, b.journal, staged(c, care.StageStarted))

			if got := standing(t, b.sim, c); !strings.HasPrefix(got, "fulfilled, entered-in-error") {
				t.Errorf("a stage overwrote a mistake: %s", got)
			}
		})
	}
}

// TestStagesByHand leaves alone an Appointment that people have moved on by hand.
func TestStagesByHand(t *testing.T) {
	t.Parallel()

	for _, status := range []string{"checked-in", "cancelled", "noshow"} {
		b, all := stagedVisits(t)
		c := all["borrowed"]
		mustApply(t, b.journal, c)

		ref := visitOf(t, b.sim, c).Appointments[0].Ref
		if err := b.sim.Edit(ref, func(body map[string]any) { body["status"] = status }); err != nil {
			t.Fatal(err)
		}

		mustStage(t, b.journal, staged(c, care.StageArrived))

		if got := standing(t, b.sim, c); !strings.HasPrefix(got, status) {
			t.Errorf("%s: the record shows %s", status, got)
		}
	}
}

// TestStageOff: without the setting nothing is told, and a setting that can't work is refused.
func TestStageOff(t *testing.T) {
	t.Parallel()

	b := setup(t, fhirsim.Options{Calm: true, Strict: true})
	if err := b.journal.Stage(t.Context(), staged(planned(t, 0), care.StageArrived)); b.journal.TellsStages() || !connector.Is(err, connector.Unsupported) {
		t.Errorf("%v", err)
	}

	if len(b.sim.Requests()) != 0 {
		t.Error("the record was asked")
	}

	c := fhir.Config{BaseURL: b.url, Stages: true, SkipPlannedEncounter: true}
	c.SetDefaults()

	if problems := c.Validate(); len(problems) != 1 || !strings.HasPrefix(problems[0].Error(), "stages") {
		t.Errorf("%v", problems)
	}
}

// TestStagesInBadWeather tells all stages to a record that fails at random: in the end each visit is where it
// would be with a calm one.
func TestStagesInBadWeather(t *testing.T) {
	t.Parallel()

	b, refs := sampled(t, fhirsim.Options{Calm: true, Strict: true, Seed: 7}, fhir.ByLocation, withStages)
	visits := append(plannedMany(t, 5), borrowedChanges(t, b, refs, 3)...)

	faults := fhirsim.Spread(0.3)
	faults.Hang, faults.RetryAfter = time.Millisecond, time.Millisecond

	if err := b.sim.SetFaults(faults); err != nil {
		t.Fatal(err)
	}

	again := func(try func() error) {
		t.Helper()

		for range 200 {
			if err := try(); err == nil {
				return
			} else if k := connector.KindOf(err); k == connector.Rejected || k == connector.Conflict {
				t.Fatalf("%v", err)
			}
		}

		t.Fatal("it never succeeded")
	}

	for _, c := range visits {
		again(func() error { _, err := b.journal.Apply(t.Context(), c); return err })
		again(func() error { return b.journal.Stage(t.Context(), staged(c, care.StageArrived)) })
		again(func() error { return b.journal.Stage(t.Context(), staged(c, care.StageStarted)) })
		again(func() error { _, err := b.journal.Apply(t.Context(), ehrtest.Completed(c)); return err })

		if got := standing(t, b.sim, c); !strings.HasPrefix(got, "fulfilled, finished, planned") || strings.Count(got, ",") != 4 {
			t.Errorf("%s: %s", c.Key, got)
		}
	}
}

// medplumStages takes a visit through its stages in Medplum.
func medplumStages(t *testing.T, base string) {
	t.Helper()

	config := fhir.Config{BaseURL: base, Stages: true}
	config.SetDefaults()

	j := open(t, config)
	c := planned(t, 0)
	c.Key, c.Source.ID = "stages-"+c.Key, "stages-"+c.Source.ID

	mustApply(t, j, c)
	mustStage(t, j, staged(c, care.StageArrived))
	mustStage(t, j, staged(c, care.StageStarted))
	mustStage(t, j, staged(c, care.StageArrived)) // late
	mustApply(t, j, ehrtest.Completed(c))
	mustStage(t, j, staged(c, care.StageStarted)) // late

	for kind, want := range map[string]string{"Appointment": "fulfilled", "Encounter": "finished planned arrived in-progress"} {
		var found struct {
			Entry []struct {
				Resource struct {
					Status        string
					StatusHistory []struct{ Status string }
				}
			}
		}

		getJSON(t, base+"/"+kind+"?identifier="+url.QueryEscape("urn:x-sluse:id:visit|"+fhir.VisitIdentifier(c.Source)), &found)

		if len(found.Entry) != 1 {
			t.Fatalf("%d of %s", len(found.Entry), kind)
		}

		all := []string{found.Entry[0].Resource.Status}
		for _, h := range found.Entry[0].Resource.StatusHistory {
			all = append(all, h.Status)
		}

		if got := strings.Join(all, " "); got != want {
			t.Errorf("%s: %s, want %s", kind, got, want)
		}
	}
}
