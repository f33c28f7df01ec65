package ui

import (
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

func TestInterval(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		day, start, end string
		want            time.Duration
	}{
		"plain": {"2026-11-23", "09:45", "10.00", 15 * time.Minute}, "over midnight": {"2026-11-23", "23:50", "00:10", 20 * time.Minute},
		"over the clock change": {"2026-10-25", "01:30", "03:30", 3 * time.Hour},
	} {
		got, err := interval(c.day, c.start, c.end)
		if err != nil || got.Duration() != c.want || got.Start.Location() != time.UTC {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
}

// FuzzInterval reads what anybody may post: never a panic, never an interval that is none.
func FuzzInterval(f *testing.F) {
	f.Add("2026-11-23", "09:45", "10.00")
	f.Add("", "24:00", "-1")
	f.Fuzz(func(t *testing.T, day, start, end string) {
		i, err := interval(day, start, end)
		if err == nil && (!i.Valid() || i.Duration() > 49*time.Hour) {
			t.Errorf("%v", i)
		}

		if err != nil && care.KindOf(err) != care.Invalid {
			t.Errorf("%v", err)
		}
	})
}

// TestGrid puts two visits at once side by side and gives a short one room to be read.
func TestGrid(t *testing.T) {
	t.Parallel()

	at := func(e care.EmployeeID, start, end string) dayRow {
		i, err := interval("2026-11-23", start, end)
		if err != nil {
			t.Fatal(err)
		}

		return dayRow{VisitView: scheduler.VisitView{Visit: care.Snapshot{Facts: care.Facts{Employee: e, Planned: i}}}}
	}

	g := newGrid([]dayRow{at("A", "07:10", "07:15"), at("A", "07:20", "07:50"), at("A", "07:30", "08:05"), at("", "09:00", "09:05")}, []care.EmployeeID{"A", "B"})
	if len(g.Columns) != 2 || g.Columns[0].Employee != "A" || g.Columns[1].Employee != "" || g.Span != "h36" || g.Whole != "h37" || len(g.Hours) != 3 {
		t.Fatalf("%+v", g)
	}

	for i, want := range []string{"r3 h2 l1", "r5 h6 l1", "r7 h7 l2"} {
		v := g.Columns[0].Visits[i]
		if got := v.Row + " " + v.Span + " " + v.Lane; got != want {
			t.Errorf("visit %d: %s, want %s", i, got, want)
		}
	}

	if got := g.Columns[1].Visits[0].Span; got != "h3" {
		t.Errorf("short visit: %s", got)
	}
}
