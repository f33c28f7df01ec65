package scheduler_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/handover"
	"github.com/sluse/sluse/scheduler/care"
)

// TestAnUnreadableReceiptOfWhatWasUndone: the robot may have typed the plan of a visit that was turned back
// meanwhile, and its receipt says neither yes nor no. Nobody but a person can see what stands in the record.
func TestAnUnreadableReceiptOfWhatWasUndone(t *testing.T) {
	t.Parallel()

	root := t.TempDir()
	config := handover.Config{Queue: filepath.Join(root, "q"), Receipts: filepath.Join(root, "r"), Sent: filepath.Join(root, "s")}
	config.SetDefaults()

	for _, dir := range []string{config.Queue, config.Receipts, config.Sent} {
		must(t, os.Mkdir(dir, 0o700))
	}

	r := newRig(t, func(s *setup) {
		s.journal = func(tb testing.TB, c *clock) ehr.Journal {
			tb.Helper()

			j, err := handover.New(config, handover.Options{Now: c.Now})
			must(tb, err)
			tb.Cleanup(j.Close)

			return j
		}
	})
	r.load(list(nancy))
	r.convert("A-1")
	must(t, r.MakePhysical(t.Context(), planner(), r.visit("A-1").ID))

	queued, err := os.ReadDir(config.Queue)
	must(t, err)

	if len(queued) != 1 {
		t.Fatalf("%d files in the queue", len(queued))
	}

	must(t, os.WriteFile(filepath.Join(config.Receipts, queued[0].Name()), []byte(`{"schema":1,"key":"of another"}`), 0o600))
	r.until(r.clock.Now().Add(10 * time.Minute))
	r.trouble("A-1", care.EntryTrouble)
}
