package nexus_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/nexus"
	"github.com/sluse/sluse/ehr/nexus/nexussim"
	"github.com/sluse/sluse/scheduler/care"
)

// meeting lets calls of a kind through only when two have come, once: two processes have both looked, and
// found nothing, before either writes.
type meeting struct {
	at    *regexp.Regexp
	mutex sync.Mutex
	came  int
	both  chan struct{}
}

func (m *meeting) over(record http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && m.at.MatchString(r.URL.Path) {
			m.mutex.Lock()
			if m.came++; m.came == 2 {
				close(m.both)
			}
			m.mutex.Unlock()

			select {
			case <-m.both:
			case <-r.Context().Done():
			}
		}

		record.ServeHTTP(w, r)
	})
}

// TestBothLookedBeforeEitherWrote: two processes that have both found nothing write the same. Whoever looks last
// sees both: of tasks and interventions one stays, and a double note, which the record can't take
// back, is told.
func TestBothLookedBeforeEitherWrote(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		at   string
		make func(ehr.Change) ehr.Change
		left func(sim *nexussim.Server) (live int)
		told bool // the record can't take one back
	}{
		"task": {at: `/tasks/types/`, make: byTask, left: func(sim *nexussim.Server) int {
			return len(slices.DeleteFunc(sim.Tasks(nancy), func(k nexussim.Task) bool { return k.Closed }))
		}},
		"note":         {at: `/forms/[^/]+/save/`, make: byNote, left: func(sim *nexussim.Server) int { return len(sim.Notes(nancy)) }, told: true},
		"intervention": {at: `/bulk$`, make: byIntervention, left: func(sim *nexussim.Server) int { return len((&testBundle{sim: sim}).ours(nancy)) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := setup(t)
			m := &meeting{at: regexp.MustCompile(c.at), both: make(chan struct{})}

			api := httptest.NewServer(m.over(b.sim.Handler()))
			t.Cleanup(api.Close)

			config := b.config
			config.APIURL = api.URL
			change := c.make(b.planned(t, b.load(t, list, nexussim.NewVisit{CPR: []string{nancy}})[0]))

			if name == "note" {
				change.Kind, change.Result, change.Actual = care.EntryResult, care.ResultCompleted, change.Planned
			}

			receipts, errs := atOnce(t, change, b.open(t, config), b.open(t, config))

			for i, err := range errs {
				if err != nil {
					t.Errorf("process %d: %v", i, err)
				}
			}

			again, err := b.nexus.Apply(t.Context(), change)
			if err != nil || receipts[0].ID != again.ID && receipts[1].ID != again.ID {
				t.Errorf("a repeat says %v, %v; before %v", again, err, receipts)
			}

			left, told := c.left(b.sim), receipts[0].Doubles+receipts[1].Doubles > 0 && again.Doubles == 1
			if told != c.told || (left == 1) == c.told {
				t.Errorf("%d left, receipts %v, then %v", left, receipts, again)
			}

			if m.came < 2 {
				t.Errorf("the processes did not meet: %d", m.came)
			}
		})
	}
}

// atOnce applies a change by two adapters at the same time.
func atOnce(t *testing.T, change ehr.Change, both ...*nexus.Nexus) (receipts [2]ehr.Receipt, errs [2]error) {
	t.Helper()

	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()

	var all sync.WaitGroup

	for i, n := range both {
		all.Go(func() { receipts[i], errs[i] = n.Apply(ctx, change) })
	}

	all.Wait()

	return receipts, errs
}

// TestDoubleTaskIsTakenBack: the task that was closed as a double is not found as the visit's any more,
// and taking the visit back closes the other one.
func TestDoubleTaskIsTakenBack(t *testing.T) {
	t.Parallel()

	b := setup(t)
	m := &meeting{at: regexp.MustCompile(`/tasks/types/`), both: make(chan struct{})}

	api := httptest.NewServer(m.over(b.sim.Handler()))
	t.Cleanup(api.Close)

	config := b.config
	config.APIURL = api.URL
	change := byTask(b.planned(t, b.load(t, list, nexussim.NewVisit{CPR: []string{nancy}})[0]))

	if _, errs := atOnce(t, change, b.open(t, config), b.open(t, config)); errs[0] != nil || errs[1] != nil {
		t.Fatal(errs)
	}

	mustApply(t, b.nexus, taken(change))

	for _, task := range b.sim.Tasks(nancy) {
		if !task.Closed || !strings.Contains(task.Text, "Taget tilbage af Sluse") {
			t.Errorf("task: %+v", task)
		}
	}
}
