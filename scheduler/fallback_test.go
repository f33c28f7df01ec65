package scheduler_test

import (
	"slices"
	"testing"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// TestFallbackIsPlannedAndUndone: the plan names what the fallback takes from the screen and no
// more; the batch counts as done when rooms and entries have followed, in both directions.
func TestFallbackIsPlannedAndUndone(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{bruno, kaja, niels}, []string{"A-2", "A-3"})
	all := r.ids("A-2", "A-3", "A-4") // the last one is physical

	plan := func() []care.VisitID {
		views, err := r.FallbackPlan(t.Context(), planner(), all)
		must(t, err)

		out := make([]care.VisitID, len(views))
		for i, v := range views {
			out[i] = v.Visit.ID
		}

		return out
	}

	if got := plan(); !slices.Equal(got, r.ids("A-2", "A-3")) {
		t.Errorf("plan %v", got)
	}

	if views, err := r.FallbackPlan(t.Context(), planner(), nil); err != nil || len(views) != 0 {
		t.Errorf("plan of nothing: %v %v", views, err)
	}

	_, err := r.FallbackPlan(t.Context(), planner("vest"), all)
	refused(t, err, care.Forbidden)

	batch, err := r.FallBack(t.Context(), planner(), scheduler.FallbackRequest{Visits: r.ids("A-2"), Delivery: care.ByPhone})
	must(t, err)

	progress := func() scheduler.Progress {
		p, err := r.Progress(t.Context(), planner(), batch.ID)
		must(t, err)

		return p
	}

	if p := progress(); p.State != care.BatchRunning || p.Total != 1 || p.Done != 0 {
		t.Errorf("just begun: %+v", p)
	}

	r.work()

	if p := progress(); p.State != care.BatchDone || p.Done != p.Total {
		t.Errorf("done: %+v", p)
	}

	if got := plan(); !slices.Equal(got, r.ids("A-3")) {
		t.Errorf("what is to be called is on no screen: %v", got)
	}

	must(t, r.Undo(t.Context(), planner(), batch.ID))
	r.work()

	if p := progress(); p.State != care.BatchUndone || p.Done != p.Total || r.visit("A-2").State != care.RoomIsBooked {
		t.Errorf("undone: %+v, visit %s", p, r.visit("A-2").State)
	}
}
