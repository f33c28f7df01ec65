package obs_test

import (
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/internal/obs"
)

var update = flag.Bool("update", false, "write the golden file anew")

// TestMetricNames compares names, kinds and labels with a golden file: dashboards and alarms
// hang on them.
func TestMetricNames(t *testing.T) {
	t.Parallel()

	m := obs.NewMetrics()
	m.Call("testby", "vdx", "create_meeting", "ok", 0.2)
	m.Call("testby", "vdx", "create_meeting", "unavailable", 30)
	m.Job("testby", "book_room", "done", 300*time.Millisecond)
	m.Waiting("testby", "video", 3)

	rec := httptest.NewRecorder()
	m.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))

	var lines []string

	for line := range strings.Lines(rec.Body.String()) {
		if strings.HasPrefix(line, "# HELP sluse_") || strings.HasPrefix(line, "# TYPE sluse_") ||
			strings.HasPrefix(line, "sluse_") && !strings.Contains(line, "_bucket") && !strings.Contains(line, "_sum") {
			lines = append(lines, line)
		}
	}

	const path = "testdata/metrics.txt"

	got := strings.Join(slices.Compact(lines), "")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}

	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}

	for _, name := range regexp.MustCompile(`(?m)^sluse_[a-z_]+`).FindAllString(got, -1) {
		if !regexp.MustCompile(`_(seconds_count|jobs_waiting)$`).MatchString(name) {
			t.Errorf("%s has no unit", name)
		}
	}
}

func TestOthersMetricsAreServed(t *testing.T) {
	t.Parallel()

	// Every process has a registry of its own: two in one test do not meet.
	if obs.NewMetrics().Registry() == obs.NewMetrics().Registry() {
		t.Error("two programs share a registry")
	}
}
