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
// not walk. SLUSE_SEEDS=10 walks with ten seeds on every platform and both databases, and a fifth
// of the calls goes wrong.
func TestWalks(t *testing.T) {
	t.Parallel()

	seeds, faults := uint64(1), 0.0

	if given := os.Getenv("SLUSE_SEEDS"); given != "" {
		n, err := strconv.ParseUint(given, 10, 16)
		if err != nil {
			t.Fatalf("SLUSE_SEEDS: %v", err)
		}

		seeds, faults = n, 0.2
	}

	for seed := uint64(1); seed <= seeds; seed++ {
		databases, platforms := []bool{false}, []world.VideoKind{world.VDX1Header}
		if faults > 0 {
			databases, platforms = []bool{false, true}, world.VideoKinds()
		}

		for _, postgres := range databases {
			for _, video := range platforms {
				t.Run(fmt.Sprintf("%s, seed %d, postgres %t", video, seed, postgres), func(t *testing.T) {
					t.Parallel()

					w := newWalk(t, postgres, demo.Options{Seed: seed, Faults: faults, Video: video})
					w.walk()
				})
			}
		}
	}
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
