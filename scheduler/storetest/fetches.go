package storetest

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// checkFetches: a reading is wanted once however many ask at once, tells how far it is, and may be
// asked for again when it is over.
func checkFetches(t *testing.T, b Bench) {
	t.Helper()

	f := scheduler.Fetch{
		ID: "2026-06-15-a", Day: "2026-06-15", List: ehr.ListRef{ID: "pref/17", Name: "Øst dag"}, State: scheduler.FetchWanted,
		Auto: true, By: "PLAN", AskedAt: Now(),
	}
	effects := scheduler.Effects{Jobs: []scheduler.Job{{Kind: scheduler.FetchListJob, Ref: string(f.ID)}}}

	var (
		group sync.WaitGroup
		fresh atomic.Int32
	)

	for i := range 8 {
		group.Go(func() {
			first, err := []scheduler.Store{b.Store, b.Twin}[i%2].AskFetch(t.Context(), f, effects)
			if err != nil {
				t.Errorf("ask: %v", err)
			}

			if first {
				fresh.Add(1)
			}
		})
	}

	group.Wait()

	jobs, err := b.Jobs(t.Context())
	must(t, err)

	if fresh.Load() != 1 || len(jobs) != 1 {
		t.Fatalf("asked for afresh %d times, %d jobs", fresh.Load(), len(jobs))
	}

	f.State, f.Upload, f.Visits, f.Text, f.DoneAt = scheduler.FetchReady, "upload-1", 12, "Nej.", Now().Add(time.Minute)
	must(t, b.Store.SetFetch(t.Context(), f, scheduler.Effects{}))

	day := scheduler.Fetch{ID: "2026-06-15", Day: "2026-06-15", State: scheduler.FetchWanted, AskedAt: Now()}
	_, err = b.Twin.AskFetch(t.Context(), day, scheduler.Effects{})
	must(t, err)

	got, err := b.Twin.FetchesOf(t.Context(), "2026-06-15")
	must(t, err)
	same(t, "readings of a day", []scheduler.Fetch{day, f}, got)

	one, err := b.Twin.Fetch(t.Context(), f.ID)
	must(t, err)
	same(t, "reading", f, one)

	again := f
	again.State, again.Upload, again.DoneAt, again.AskedAt = scheduler.FetchWanted, "", time.Time{}, Now().Add(time.Hour)

	if first, err := b.Twin.AskFetch(t.Context(), again, effects); err != nil || !first {
		t.Errorf("asked again: %t, %v", first, err)
	}

	must(t, b.Store.PurgeFetches(t.Context(), Now().Add(time.Second)))

	if got, err = b.Store.FetchesOf(t.Context(), "2026-06-15"); err != nil || len(got) != 1 {
		t.Errorf("after the old ones were removed: %v, %v", got, err)
	}

	if _, err := b.Store.Fetch(t.Context(), "none"); care.KindOf(err) != care.NotFound {
		t.Errorf("unknown reading: %v", err)
	}

	if err := b.Store.SetFetch(t.Context(), day, scheduler.Effects{}); care.KindOf(err) != care.NotFound {
		t.Errorf("removed reading: %v", err)
	}
}
