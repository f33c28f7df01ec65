package config

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/scheduler/care"
)

// TestReconcileTimes reads times of day as people write them.
func TestReconcileTimes(t *testing.T) {
	t.Parallel()

	r := Reconcile{Shifts: []string{"06:30", " 14:45 ", "00:00", "x"}, Night: "03:30"}

	if diff := cmp.Diff([]time.Duration{6*time.Hour + 30*time.Minute, 14*time.Hour + 45*time.Minute, 0}, r.ShiftTimes()); diff != "" || r.NightTime() != 3*time.Hour+30*time.Minute {
		t.Errorf("night %v, shifts (-want +got):\n%s", r.NightTime(), diff)
	}

	if none := (Reconcile{}); len(none.ShiftTimes()) != 0 || none.NightTime() != 0 {
		t.Errorf("of nothing: %v, %v", none.ShiftTimes(), none.NightTime())
	}
}

// TestDefaultRules: what is repaired without a person when nothing is set is what the documentation says,
// and never what people wrote.
func TestDefaultRules(t *testing.T) {
	t.Parallel()

	var auto []string

	for _, k := range care.DriftKinds() {
		terms := k.Terms()
		if terms.Policy == care.DriftAuto {
			auto = append(auto, string(k))
		}

		if terms.Policy == care.DriftAuto && !terms.MayAuto() || !slices.Contains(care.Policies(), terms.Policy) {
			t.Errorf("%s is %s when nothing is set", k, terms.Policy)
		}
	}

	slices.Sort(auto)

	if diff := cmp.Diff([]string{"record_employee", "room_ended", "room_gone", "room_moved", "room_orphan", "room_settings", "room_two"}, auto); diff != "" {
		t.Errorf("auto by default (-want +got):\n%s", diff)
	}
}

func rules(p care.DriftPolicy, kinds ...care.DriftKind) map[care.DriftKind]care.DriftPolicy {
	out := make(map[care.DriftKind]care.DriftPolicy, len(kinds))
	for _, k := range kinds {
		out[k] = p
	}

	return out
}

// TestReconcileProblems: each setting that can't be meant is told with its key.
func TestReconcileProblems(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		r    Reconcile
		want []string
	}{
		"empty": {},
		"usual": {r: Reconcile{
			Shifts: []string{"06:30", "22:30"}, Night: "03:30", Poll: 15 * time.Minute, Days: 14, Most: 500,
			Rules: rules(care.DriftAsk, care.DriftRoomGone, care.DriftCategory),
		}},
		"times":         {r: Reconcile{Shifts: []string{"6.30"}, Night: "24:00"}, want: []string{"shifts", "night"}},
		"midnight":      {r: Reconcile{Night: "00:00"}, want: []string{"night"}},
		"too often":     {r: Reconcile{Poll: time.Minute, Days: 15, Most: 501}, want: []string{"poll", "days", "most_repairs"}},
		"too rare":      {r: Reconcile{Poll: 25 * time.Hour, Days: -1, Most: -1}, want: []string{"poll", "days", "most_repairs"}},
		"strange rules": {r: Reconcile{Rules: rules("måske", "besked")}, want: []string{"rules", "rules"}},
		"over people":   {r: Reconcile{Rules: rules(care.DriftAuto, care.DriftCategory, care.DriftEntryDiffers, care.DriftComment, care.DriftTwice)}, want: []string{"rules", "rules", "rules", "rules"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var (
				out ProblemsError
				got []string
			)

			test.r.validate(checker{out: &out})

			for _, problem := range out {
				got = append(got, problem.Key)
			}

			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%v (-want +got):\n%s", out, diff)
			}
		})
	}
}
