package file_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/ehrtest"
	"github.com/sluse/sluse/ehr/file"
	"github.com/sluse/sluse/scheduler/care"
)

func glanceOf(c ehr.Change) ehr.Glance {
	return ehr.Glance{Source: c.Source, List: c.List, Planned: c.Planned, Written: []ehr.Written{{Change: c}}}
}

func lookAt(tb testing.TB, j *file.Journal, c ehr.Change) ehr.Sight {
	tb.Helper()

	seen, err := j.Look(tb.Context(), c.Citizen, []ehr.Glance{glanceOf(c)})
	if err != nil {
		tb.Fatal(err)
	}

	if seen.Standing != "" || seen.HasPhone || len(seen.Others) != 0 {
		tb.Errorf("a file does not tell of citizens: %+v", seen)
	}

	return seen.Visits[0]
}

const looksLike = "Besøgs-id;Dato;Start;Slut;CPR;Navn;Medarbejder;Indsats;Rute;Besøgstype;Bemærkning\r\n" +
	"A-1;23-11-2026;09:00;09:15;251248-9996;Nancy Ann Berggren;MSK;Medicin;Øst dag;Planlagt besøg;\r\n" +
	"A-2;23-11-2026;10:00;10:15;010858-9995;Bruno Elmer;MSK;Medicin;Øst dag;Planlagt besøg;\r\n"

// TestLook: what a newer file of the list says is what people see; before there is one it is what we hand
// over; and the original category may as well mean that nobody has transferred ours yet.
func TestLook(t *testing.T) {
	t.Parallel()

	there := []ehr.Trace{{Told: true, Copies: 1}}

	for _, test := range []struct {
		name        string
		old, fresh  string // replaced in the next file
		next        func(ehr.Change) ehr.Change
		noNewerFile bool
		unwritten   bool
		want        ehr.Sight
	}{
		{name: "handed over", noNewerFile: true, want: ehr.Sight{Presence: ehr.Present, Category: "Planlagt skærmbesøg", Entries: there}},
		{name: "not written", noNewerFile: true, unwritten: true, want: ehr.Sight{Presence: ehr.Present, Category: "Planlagt besøg", Entries: []ehr.Trace{{Told: true}}}},
		{name: "taken back", noNewerFile: true, next: func(c ehr.Change) ehr.Change { return ehrtest.Restored(c, "Planlagt besøg") }, want: ehr.Sight{Presence: ehr.Present, Category: "Planlagt besøg", Entries: there}},
		{name: "not transferred yet", old: "Bruno Elmer", fresh: "Bruno E.", want: ehr.Sight{Presence: ehr.Present, Entries: there}},
		{name: "transferred", old: "Planlagt besøg", fresh: "Planlagt skærmbesøg", want: ehr.Sight{Presence: ehr.Present, Category: "Planlagt skærmbesøg", Entries: there}},
		{name: "category by hand", old: "Planlagt besøg", fresh: "Tilsyn", want: ehr.Sight{Presence: ehr.Present, Category: "Tilsyn", Entries: there}},
		{name: "gone from the list", old: "A-1;", fresh: "A-9;", want: ehr.Sight{Presence: ehr.Absent, Entries: there}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()

			j := journal(t, t.TempDir())
			input := ehr.File{Name: "oest.csv", Data: []byte(looksLike)}
			change := planned(keep(t, j, input).Rows[0])
			change.Means = care.OnList

			if !test.unwritten {
				apply(t, j, change)
			}

			if test.next != nil {
				change = test.next(change)
				apply(t, j, change)
			}

			if !test.noNewerFile {
				keep(t, j, ehr.File{Name: "oest.csv", Data: bytes.Replace(input.Data, []byte(test.old), []byte(test.fresh), 1)})
			}

			if diff := cmp.Diff(test.want, lookAt(t, j, change), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("seen (-want +got):\n%s", diff)
			}
		})
	}
}

// TestLookTellsNothing: of a list that was never kept, of visits on no list, and of strangers nothing is
// said; a folder that is away or damaged is an error, and tells nothing of the others either.
func TestLookTellsNothing(t *testing.T) {
	t.Parallel()

	dir := filepath.Join(t.TempDir(), "mount")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}

	j := journal(t, dir)
	change := planned(keep(t, j, ehr.File{Name: "oest.csv", Data: []byte(looksLike)}).Rows[0])
	change.Means = care.OnList
	apply(t, j, change)

	stranger := change
	stranger.Source.ID = "A-77"

	if s := lookAt(t, j, stranger); s.Presence != "" || s.Category != "" {
		t.Errorf("a stranger: %+v", s)
	}

	none := change
	none.List = ""

	if s := lookAt(t, j, none); s.Presence != "" || s.Entries[0].Told {
		t.Errorf("on no list: %+v", s)
	}

	away := dir + ".away"
	if err := os.Rename(dir, away); err != nil {
		t.Fatal(err)
	}

	seen, err := journal(t, dir).Look(t.Context(), change.Citizen, []ehr.Glance{glanceOf(none), glanceOf(change)})
	if connector.KindOf(err) == 0 || len(seen.Visits) != 0 {
		t.Errorf("the folder is away: %+v, %v", seen, err)
	}
}
