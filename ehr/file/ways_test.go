package file_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/ehrtest"
	"github.com/sluse/sluse/ehr/file"
	"github.com/sluse/sluse/scheduler/care"
)

// TestWays runs the port's suite on a folder that goes away now and then.
func TestWays(t *testing.T) {
	t.Parallel()
	ehrtest.RunWays(t, func(t *testing.T, seed uint64) ehrtest.Record {
		t.Helper()

		input := sample(t, "koreliste-dag.csv")
		dir := filepath.Join(t.TempDir(), "mount")
		w := &weather{dir: dir}
		r := ehrtest.Record{}
		j := journal(t, dir)

		for _, row := range keep(t, j, input).Rows[:5] {
			r.Planned = append(r.Planned, planned(row))
		}

		r.Journal = under{j, w}
		r.Another = func(t *testing.T) ehr.Journal { t.Helper(); return under{journal(t, dir), w} }
		r.State = func(t *testing.T, visit ehr.Change) ehrtest.State {
			t.Helper()

			rows := read(t, output(t, dir, input)).Rows
			i := slices.IndexFunc(rows, func(row ehr.Row) bool { return row.Source == visit.Source })

			return ehrtest.State{Category: rows[i].Category, Comment: rows[i].Comment}
		}
		r.Ways = []ehrtest.Way{{
			Means: care.OnList, Told: func(t *testing.T, visit ehr.Change) []string { t.Helper(); return told(t, j, visit) },
			Wrong: map[string]func(ehr.Change) ehr.Change{
				"row":  func(c ehr.Change) ehr.Change { c.Source.ID = "findes-ikke"; return c },
				"list": func(c ehr.Change) ehr.Change { c.List = "findes-ikke"; return c },
			},
		}}
		r.Storm = func(*testing.T) { w.set(rand.New(rand.NewPCG(seed, 2))) }
		r.Heal = func(t *testing.T) {
			t.Helper()
			w.set(nil)
			w.back()

			// The files under ud/ follow, as after a start.
			if err := j.Recover(t.Context()); err != nil {
				t.Error(err)
			}
		}
		r.Arms = slices.Concat([]ehrtest.Arm{{Mishap: ehrtest.Gone, Do: func(*testing.T, ehr.Change) { w.away() }}},
			ehrtest.Without("there is no network", ehrtest.Network()...),
			ehrtest.Without("there is no answer that could be lost: TestDiskFull", ehrtest.LostAfter, ehrtest.BrokenBody),
			ehrtest.Without("the list is ours: nobody else says what may be written in it",
				ehrtest.SomebodyElse, ehrtest.ReadOnly, ehrtest.NotPermitted, ehrtest.RefusedByRecord))

		return r
	})
}

func told(t *testing.T, j *file.Journal, visit ehr.Change) []string {
	t.Helper()

	var told []string

	for _, e := range history(t, j) {
		if e.Source == visit.Source {
			told = append(told, fmt.Sprint(e.Key, e.Kind, e.Category, e.Comment, e.Result, e.Actual))
		}
	}

	return told
}

// weather is over a folder on a share: the whole share may be away, or what people read may be locked.
type weather struct {
	dir string

	mu   sync.Mutex
	dice *rand.Rand
}

func (w *weather) set(dice *rand.Rand) {
	w.mu.Lock()
	defer w.mu.Unlock()

	w.dice = dice
}

func (w *weather) away() { _ = os.Rename(w.dir, w.dir+".away") }
func (w *weather) back() { _ = os.Rename(w.dir+".away", w.dir) }

// under is a journal under the weather.
type under struct {
	*file.Journal

	weather *weather
}

// Apply implements ehr.Journal. While one try has bad weather, others are on their way.
func (u under) Apply(ctx context.Context, c ehr.Change) (ehr.Receipt, error) {
	w := u.weather
	w.mu.Lock()

	if w.dice == nil || w.dice.IntN(10) < 3 {
		w.mu.Unlock()

		return u.Journal.Apply(ctx, c)
	}

	defer w.mu.Unlock()

	if w.dice.IntN(2) == 0 {
		w.away()
		defer w.back()

		return u.Journal.Apply(ctx, c)
	}

	out := filepath.Join(w.dir, string(listID), "ud")
	_ = os.Rename(out, out+".laast")

	defer func() { _ = os.Rename(out+".laast", out) }()

	return u.Journal.Apply(ctx, c)
}
