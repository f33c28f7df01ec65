package scheduler_test

import (
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler"
)

// TestListFromBeforeTheRestore: a list that was read while a visit stood by screen and is imported after
// it was turned back shows our own category and word. What the record gets back is what it had.
func TestListFromBeforeTheRestore(t *testing.T) {
	t.Parallel()

	p := nexusPeer(1)
	r := newRig(t, p.use)
	visits := numbered(1)
	p.load(r, visits)

	ctx, source := t.Context(), visits[0].source()
	before := r.days(1)[source]

	_, err := r.Convert(ctx, leader(), scheduler.ConvertRequest{Visits: some(r.days(1), source), RedReason: "Aftalt"})
	must(t, err)
	r.until(eve().Add(2 * time.Hour))

	must(t, r.AskLists(ctx, planner(), theDay))
	r.work()

	read, err := r.Fetches(ctx, planner(), theDay)
	must(t, err)

	p.set(absent)
	must(t, r.MakePhysical(ctx, planner(), before.ID))
	r.work()

	for _, f := range read[1:] {
		if f.Visits > 0 {
			_, err := r.ImportList(ctx, planner(), f.Upload)
			must(t, err)
		}
	}

	p.set(fair)
	r.until(eve().Add(12 * time.Hour))
	r.importDays(visits[:1])

	after := r.days(1)[source]
	if after.Facts.Category != before.Facts.Category || after.Facts.Comment != before.Facts.Comment {
		t.Errorf("the record shows %q and %q, before us %q and %q", after.Facts.Category, after.Facts.Comment, before.Facts.Category, before.Facts.Comment)
	}
}
