package scheduler_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// made are the runs of the kinds by the local day and hour at which they were asked for.
func (r *rig) made(kinds ...scheduler.RunKind) []string {
	r.tb.Helper()

	runs, err := r.store.RecentRuns(r.tb.Context(), 1000, kinds...)
	must(r.tb, err)

	out := make([]string, 0, len(runs))
	for _, run := range slices.Backward(runs) {
		out = append(out, fmt.Sprintf("%s %s %s", run.Kind, run.AskedAt.In(care.Zone()).Format("2/1 15:04"), run.State))
	}

	return out
}

// TestRunsByTheClock: one run before each shift and one at night, also in the nights when the clock
// changes; one that was missed while the program was away is made when it is back, unless too late.
func TestRunsByTheClock(t *testing.T) {
	t.Parallel()

	local := func(text string) time.Time {
		at, err := time.ParseInLocation("2006-01-02 15:04", text, care.Zone())
		must(t, err)

		return at.UTC()
	}

	for name, c := range map[string]struct {
		shifts   []time.Duration
		night    time.Duration
		from, to string
		away     [2]string
		want     []string
	}{
		"usual": {
			shifts: []time.Duration{6*time.Hour + 30*time.Minute, 22*time.Hour + 30*time.Minute}, night: 3*time.Hour + 30*time.Minute, from: "2026-12-01 20:00", to: "2026-12-02 23:00",
			want: []string{"shift 1/12 22:30 done", "night 2/12 03:30 done", "shift 2/12 06:30 done", "shift 2/12 22:30 done"},
		},
		"spring": {
			shifts: []time.Duration{2*time.Hour + 30*time.Minute}, night: 3 * time.Hour, from: "2027-03-27 23:00", to: "2027-03-28 12:00",
			want: []string{"night 28/3 03:00 done", "shift 28/3 03:30 done"}, // there is no half past two
		},
		"autumn": {
			shifts: []time.Duration{2*time.Hour + 30*time.Minute}, night: 3 * time.Hour, from: "2027-10-30 23:00", to: "2027-10-31 12:00",
			want: []string{"shift 31/10 02:30 done", "night 31/10 03:00 done"}, // half past two is twice
		},
		"missed at night": {
			shifts: []time.Duration{6 * time.Hour}, night: 3 * time.Hour, from: "2026-12-01 20:00", to: "2026-12-02 12:00", away: [2]string{"2026-12-02 02:00", "2026-12-02 08:00"},
			want: []string{"shift 2/12 08:00 done"}, // it looks at all that the nightly one would have
		},
		"missed, only at night": {
			night: 3 * time.Hour, from: "2026-12-01 20:00", to: "2026-12-02 12:00", away: [2]string{"2026-12-02 02:00", "2026-12-02 08:00"},
			want: []string{"night 2/12 08:00 done"},
		},
		"missed over midnight": {
			shifts: []time.Duration{23 * time.Hour}, from: "2026-12-01 20:00", to: "2026-12-02 12:00", away: [2]string{"2026-12-01 22:00", "2026-12-02 01:00"},
			want: []string{"shift 2/12 01:00 done"},
		},
		"missed for long": {
			shifts: []time.Duration{6 * time.Hour}, from: "2026-12-01 20:00", to: "2026-12-02 14:00", away: [2]string{"2026-12-02 02:00", "2026-12-02 09:30"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := newTown(t, 1, func(s *setup) { s.set.Reconcile.Shifts, s.set.Reconcile.Night = c.shifts, c.night })
			r.until(local(c.from))

			for end := local(c.to); r.clock.Now().Before(end); r.until(r.clock.Now().Truncate(10 * time.Minute).Add(10 * time.Minute)) {
				now := r.clock.Now()
				if c.away[0] != "" && now.After(local(c.away[0])) && now.Before(local(c.away[1])) {
					continue
				}

				must(t, r.AutoReconcile(t.Context()))
			}

			if diff := cmp.Diff(c.want, r.made(scheduler.ShiftRun, scheduler.NightRun)); diff != "" && (len(c.want) > 0 || len(r.made()) > 0) {
				t.Errorf("runs (-want +got):\n%s", diff)
			}
		})
	}
}

// TestManyAskForOneRun: processes and people who ask at one moment get one run.
func TestManyAskForOneRun(t *testing.T) {
	t.Parallel()

	r := newTown(t, 1, func(s *setup) {
		s.set.Reconcile.Shifts, s.set.Reconcile.Poll = []time.Duration{6 * time.Hour}, 5*time.Minute
	})
	r.until(on(6, 1))

	var all sync.WaitGroup

	for i := range 8 {
		all.Go(func() {
			if i%4 == 3 {
				if _, err := r.AskRun(t.Context(), planner()); err != nil {
					t.Error(err)
				}

				return
			}

			if err := r.AutoReconcile(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}

	all.Wait()

	if made := r.made(); len(made) != 1 {
		t.Errorf("runs: %v", made)
	}

	r.work()

	for range 3 { // and when it has ended nobody makes it once more
		must(t, r.AutoReconcile(t.Context()))
	}

	if made := r.made(scheduler.ShiftRun, scheduler.ManualRun); len(made) != 1 {
		t.Errorf("runs: %v", made)
	}
}
