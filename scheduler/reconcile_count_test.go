package scheduler_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/ehr/file"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// counted tells the numbers of the newest run, and the visits that each line names by their numbers.
func (r *rig) counted(actor care.Actor) []string {
	r.tb.Helper()

	lines, run, err := r.CategoryCounts(r.tb.Context(), actor, "")
	must(r.tb, err)

	if run.ID == "" {
		return nil
	}

	var out []string

	for _, c := range lines {
		words := []string{fmt.Sprintf("%s %s %s: %d of %d", c.Day, c.Unit, c.Category, c.Own, c.Record)}
		for _, id := range c.Visits {
			words = append(words, r.visitByID(id).Source.ID)
		}

		line := strings.Join(words, " ")

		if c.Unknown > 0 {
			line += fmt.Sprintf(" and %d unknown", c.Unknown)
		}

		if c.Differs() != (len(c.Visits) > 0 || c.Unknown > 0) {
			r.tb.Errorf("%s: the numbers and the list of differences do not agree", line)
		}

		out = append(out, line)
	}

	return out
}

// TestCountsAreTheRecords: the number of visits in each category is the record's own, and what differs is
// named (K68): a category by hand, a visit on another day, one that is gone, and one that we do not know.
func TestCountsAreTheRecords(t *testing.T) {
	t.Parallel()

	r := newTown(t, 5)
	if got := r.counted(planner()); got != nil {
		t.Errorf("before any run: %v", got)
	}

	r.compare()

	if diff := cmp.Diff([]string{"2026-11-23 oest Planlagt skærmbesøg: 5 of 5"}, r.counted(planner())); diff != "" {
		t.Errorf("all is well (-want +got):\n%s", diff)
	}

	must(t, r.nexus.Categorise(r.refs[0], "Planlagt telefonopkald"))
	must(t, r.nexus.Delete(r.refs[1]))
	must(t, r.nexus.Move(r.refs[2], on(12+24, 0), on(12+24, 15)))

	_, err := r.nexus.Double(r.refs[3])
	must(t, err)
	r.compare()

	id := r.sources()
	want := []string{
		fmt.Sprintf("2026-11-23 oest Planlagt skærmbesøg: 5 of 3 %s %s and 1 unknown", id[0], id[1]),
		"2026-11-23 oest Planlagt telefonopkald: 0 of 1 " + id[0],
		"2026-11-24 oest Planlagt skærmbesøg: 0 of 1 " + id[2],
	}

	got := r.counted(planner())
	for i := range got { // in whatever order the citizens have
		if i < len(want) && len(got[i]) == len(want[i]) && slices.Equal(letters(got[i]), letters(want[i])) {
			got[i] = want[i]
		}
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	if got := r.counted(planner("vest")); len(got) != 0 {
		t.Errorf("another unit sees %v", got)
	}

	_, _, err = r.CategoryCounts(t.Context(), caregiver("MSK"), "")
	refused(t, err, care.Forbidden)
}

func letters(s string) []byte {
	b := []byte(s)
	slices.Sort(b)

	return b
}

// TestCountsOfOtherRecords: the same of a FHIR record that gets its lists as files, whose own statistics
// are asked, and of the file that is handed over.
func TestCountsOfOtherRecords(t *testing.T) {
	t.Parallel()

	for name, use := range map[string]change{"fhir": nil, "file": intoFile(new(*file.Journal))} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var changes []change
			if use != nil {
				changes = append(changes, use)
			}

			r := newRig(t, changes...)
			r.load(list(nancy, bruno, vester))
			r.convert("A-1", "A-2")
			r.work()

			if run := r.compare(); run.State != scheduler.RunDone || run.Found != 0 {
				t.Errorf("%+v: %+v", run, drifts(r.differences()))
			}

			if diff := cmp.Diff([]string{"2026-11-23 oest Planlagt skærmbesøg: 2 of 2"}, r.counted(planner())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}

			if r.fhir == nil {
				return
			}

			if n := r.fhir.Categories()["Planlagt skærmbesøg"]; n != 2 {
				t.Errorf("the record itself counts %d", n)
			}
		})
	}
}

// TestCountsWhatPeopleTypedOnOtherVisits: a category of ours on a visit that was never converted, of a
// citizen without any visit by screen, is counted and named as the newest list has it (K68).
func TestCountsWhatPeopleTypedOnOtherVisits(t *testing.T) {
	t.Parallel()

	const typed = "Planlagt skærmbesøg"

	r := newRig(t, intoFile(new(*file.Journal)))
	r.load(list(nancy, bruno, vester, kaja))
	r.convert("A-1", "A-2")
	r.work()

	// Somebody transferred what we wrote.
	nancy, bruno := with(nancy, colType, typed), with(bruno, colType, typed)

	for _, step := range []struct {
		name string
		rows []string
		want []string
	}{
		{"by hand", []string{nancy, bruno, with(vester, colType, typed), kaja}, []string{"2026-11-23 oest Planlagt skærmbesøg: 2 of 3 A-5 and 1 unknown"}},
		{"under a law without categories of ours", []string{nancy, bruno, vester, with(kaja, colType, typed)}, []string{"2026-11-23 oest Planlagt skærmbesøg: 2 of 2"}},
		{"off", []string{nancy, bruno, with(with(vester, colType, typed), colStatus, "Aflyst"), kaja}, []string{"2026-11-23 oest Planlagt skærmbesøg: 2 of 2"}},
		{"put right", []string{nancy, bruno, vester, kaja}, []string{"2026-11-23 oest Planlagt skærmbesøg: 2 of 2"}},
	} {
		r.load(list(step.rows...))
		r.compare()

		if diff := cmp.Diff(step.want, r.counted(planner())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, diff)
		}
	}
}

// TestCountsWhatBothTellOnce: another visit of a citizen that the record tells of, and the list as well, is
// one visit.
func TestCountsWhatBothTellOnce(t *testing.T) {
	t.Parallel()

	r := newTown(t, 3)

	twin, err := r.nexus.Double(r.refs[1])
	must(t, err)
	must(t, r.nexus.Move(twin, on(14, 0), on(14, 15)))
	r.compare()

	if diff := cmp.Diff([]string{"2026-11-23 oest Planlagt skærmbesøg: 3 of 4 and 1 unknown"}, r.counted(planner())); diff != "" {
		t.Errorf("nobody has read the list (-want +got):\n%s", diff)
	}

	r.importFetched()
	r.compare()

	want := fmt.Sprintf("2026-11-23 oest Planlagt skærmbesøg: 3 of 4 %d and 1 unknown", twin.ID)
	if diff := cmp.Diff([]string{want}, r.counted(planner())); diff != "" {
		t.Errorf("the list was read (-want +got):\n%s", diff)
	}
}
