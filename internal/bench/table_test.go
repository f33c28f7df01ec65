package bench_test

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// row is one line of the table.
type row struct {
	what, target, measured, baseline, ratio string
	met                                     bool
}

// table is filled by the benchmarks in the order in which they run.
var table struct {
	sync.Mutex

	rows  []row
	notes []string
}

func report(r row) {
	table.Lock()
	defer table.Unlock()

	table.rows = append(table.rows, r)
}

// note adds a line below the table, once.
func note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)

	table.Lock()
	defer table.Unlock()

	if !slices.Contains(table.notes, text) {
		table.notes = append(table.notes, text)
	}
}

func TestMain(m *testing.M) {
	before := load()
	code := m.Run()

	if len(table.rows) > 0 {
		_, _ = os.Stdout.WriteString(render(before))
	}

	os.Exit(code)
}

// render writes the table as Markdown, so that it can be put into docs/performance.md.
func render(before string) string {
	var out strings.Builder

	fmt.Fprintf(&out, "\n%s, %d cores, %s, %s; load before the run: %s\n\n", time.Now().Format(time.DateOnly), runtime.NumCPU(), runtime.Version(), processor(), before)

	lines := [][]string{{"what", "target", "measured", "baseline", "ratio", "met"}, {"---", "---", "---", "---", "---", "---"}}

	for _, r := range table.rows {
		met := "no"
		if r.met {
			met = "yes"
		}

		lines = append(lines, []string{r.what, r.target, r.measured, r.baseline, r.ratio, met})
	}

	width := make([]int, len(lines[0]))

	for _, line := range lines {
		for i, cell := range line {
			width[i] = max(width[i], len([]rune(cell)))
		}
	}

	for n, line := range lines {
		for i, cell := range line {
			fill := " "
			if n == 1 {
				fill = "-"
			}

			fmt.Fprintf(&out, "| %s%s ", cell, strings.Repeat(fill, width[i]-len([]rune(cell))))
		}

		out.WriteString("|\n")
	}

	for _, n := range table.notes {
		fmt.Fprintf(&out, "\n%s\n", n)
	}

	return out.String()
}

// load is the machine's load average over one, five and fifteen minutes, or nothing where the
// system does not tell.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}

	return strings.Join(strings.Fields(string(text))[:3], " ")
}

func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}

	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}

	return runtime.GOARCH
}

func seconds(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}

	return fmt.Sprintf("%.2f s", d.Seconds())
}

func times(a, b time.Duration) string { return fmt.Sprintf("%.2f", a.Seconds()/b.Seconds()) }
