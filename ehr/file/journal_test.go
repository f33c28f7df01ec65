package file_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/ehrtest"
	"github.com/sluse/sluse/ehr/file"
	"github.com/sluse/sluse/scheduler/care"
)

func citizenKey(key care.CitizenKey) string {
	if key.CPR.IsZero() {
		return "key-of-" + key.Surrogate.Reveal()
	}

	return "key-of-" + key.CPR.Reveal()[4:]
}

func clock() time.Time { return time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC) }

func sample(tb testing.TB, name string) ehr.File {
	tb.Helper()

	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}

	return ehr.File{Name: name, Data: data}
}

func read(tb testing.TB, f ehr.File) ehr.DrivingList {
	tb.Helper()

	list, err := file.NewSource(file.Config{}, citizenKey).Read(tb.Context(), f)
	if err != nil {
		tb.Fatalf("Read(%s): %v", f.Name, err)
	}

	return list
}

func journal(tb testing.TB, dir string) *file.Journal {
	tb.Helper()

	j, err := file.New(file.Config{Dir: dir}, file.Options{Now: clock})
	if err != nil {
		tb.Fatal(err)
	}

	tb.Cleanup(func() {
		if err := j.Close(context.Background()); err != nil {
			tb.Error(err)
		}
	})

	return j
}

const listID = care.ListID("liste-1")

func keep(tb testing.TB, j *file.Journal, f ehr.File) ehr.DrivingList {
	tb.Helper()

	list := read(tb, f)

	var rows []ehr.RowRef
	for _, row := range list.Rows {
		rows = append(rows, ehr.RowRef{Line: row.Line, Source: row.Source})
	}

	if err := j.Keep(tb.Context(), listID, f, rows); err != nil {
		tb.Fatalf("Keep: %v", err)
	}

	return list
}

func planned(row ehr.Row) ehr.Change {
	return ehr.Change{
		Key: row.Source.ID + "/" + row.Source.Occurrence + "/planned/1", Kind: care.EntryPlanned,
		List: listID, Source: row.Source, Citizen: row.Key(), Employee: row.Employee, Unit: "Øst",
		Service: row.Service, Law: row.Law, Planned: row.Planned, Delivery: care.Screen,
		Category: "Planlagt skærmbesøg", Comment: "skærmbesøg",
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()

	for _, name := range []string{"koreliste-dag.csv", "koreliste-aften-excel.csv", "koreliste-uge.xlsx"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ehrtest.RunJournal(t, func(t *testing.T) ehrtest.Record {
				t.Helper()

				return record(t, sample(t, name))
			})
		})
	}
}

func record(t *testing.T, f ehr.File) ehrtest.Record {
	t.Helper()

	dir := t.TempDir()
	j := journal(t, dir)
	list := keep(t, j, f)

	var changes []ehr.Change
	for _, row := range list.Rows[:6] {
		changes = append(changes, planned(row))
	}

	unknown := changes[0]
	unknown.Key, unknown.Source.ID = "ukendt", "findes-ikke"

	return ehrtest.Record{
		Journal: j, Planned: changes, Unknown: unknown,
		Another: func(t *testing.T) ehr.Journal { t.Helper(); return journal(t, dir) },
		Entries: func(t *testing.T, visit ehr.Change) []care.EntryKind {
			t.Helper()

			var kinds []care.EntryKind

			for _, e := range history(t, j) {
				if e.Source == visit.Source {
					kinds = append(kinds, e.Kind)
				}
			}

			return kinds
		},
		State: func(t *testing.T, visit ehr.Change) ehrtest.State {
			t.Helper()

			out := output(t, dir, f)
			for _, row := range read(t, out).Rows {
				if row.Source == visit.Source {
					return ehrtest.State{Category: row.Category, Comment: row.Comment}
				}
			}

			t.Fatal("the visit is not in the output")

			return ehrtest.State{}
		},
	}
}

// output reads what a robot finds in the directory; before the first entry that is nothing.
func output(tb testing.TB, dir string, input ehr.File) ehr.File {
	tb.Helper()

	data, err := os.ReadFile(filepath.Join(dir, string(listID), "ud", input.Name))
	if os.IsNotExist(err) {
		return input
	} else if err != nil {
		tb.Fatal(err)
	}

	return ehr.File{Name: input.Name, Data: data}
}

func history(tb testing.TB, j *file.Journal) []file.Received {
	tb.Helper()

	entries, err := j.History(tb.Context(), listID)
	if err != nil {
		tb.Fatal(err)
	}

	return entries
}
