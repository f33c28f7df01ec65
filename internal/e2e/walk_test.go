package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"testing"

	"github.com/sluse/sluse/internal/demo"
	"github.com/sluse/sluse/internal/testenv/pg"
	"github.com/sluse/sluse/internal/world"
)

// TestWalks walks the whole main job, calm, on the video platform with which TestNothingLeaks does
// not walk, with Viborg's practice in a Nexus. SLUSE_SEEDS=10 walks with ten seeds in every record by
// three practices, on both databases, and a fifth of the calls goes wrong; the video platforms take turns.
func TestWalks(t *testing.T) {
	t.Parallel()

	given := os.Getenv("SLUSE_SEEDS")
	if given == "" {
		walkOnce(t, false, demo.Options{Seed: 1, Video: world.VDX1Header, Record: world.NexusRecord, Practice: world.Viborg})

		return
	}

	seeds, err := strconv.ParseUint(given, 10, 16)
	if err != nil {
		t.Fatalf("SLUSE_SEEDS: %v", err)
	}

	platforms := world.VideoKinds()
	turn := 0

	for seed := uint64(1); seed <= seeds; seed++ {
		for _, record := range world.RecordKinds() {
			for _, rules := range []world.Practice{world.Plain, world.Holbaek, world.Viborg} {
				turn++
				walkOnce(t, turn%2 == 0, demo.Options{Seed: seed, Faults: 0.2, Video: platforms[turn%len(platforms)], Record: record, Practice: rules})
			}
		}
	}
}

func walkOnce(t *testing.T, postgres bool, o demo.Options) {
	t.Helper()

	t.Run(fmt.Sprintf("%s, %s, %s, seed %d, postgres %t", o.Video, o.Record, o.Practice, o.Seed, postgres), func(t *testing.T) {
		t.Parallel()

		w := newWalk(t, postgres, o)
		w.walk()
	})
}

// walked is a demo in this process, and everything that it said.
type walked struct {
	*demo.Demo

	tb       testing.TB
	database string
	log, out bytes.Buffer
	report   []byte
}

func newWalk(t *testing.T, postgres bool, o demo.Options) *walked {
	t.Helper()

	w := &walked{tb: t}
	if postgres {
		w.database = pg.URL(t)
	}

	o.Addr, o.Database, o.Log, o.Level = "127.0.0.1:0", w.database, &w.log, slog.LevelDebug

	var err error
	if w.Demo, err = demo.Start(t.Context(), o); err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})

	return w
}

// walk walks, and fails when an invariant breaks.
func (w *walked) walk() {
	w.tb.Helper()

	report, err := w.Walk(w.tb.Context(), &w.out)
	if err != nil {
		w.tb.Fatalf("%v\n%s", err, w.out.String())
	}

	if w.report, err = json.Marshal(report); err != nil {
		w.tb.Fatal(err)
	}

	w.tb.Logf("%s", w.report)

	if report.Rows != 60 || report.Converted != 45 || report.Joined == 0 || report.NotCompleted == 0 {
		w.tb.Errorf("the walk did not tell the story: %s", w.report)
	}
}
