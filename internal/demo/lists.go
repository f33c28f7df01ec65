package demo

import (
	"context"
	_ "embed" // the demo's own driving lists
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/internal/world/recordday"
	"github.com/sluse/sluse/scheduler/care"
)

//go:embed koreliste-dag.csv
var ownList []byte

//go:embed koreliste-vest.csv
var westList []byte

// staffList is a file of employees for the directory: emergency access is for those who stand there,
// because nobody logs in then.
//
//go:embed medarbejdere.csv
var staffList []byte

// staffName is the name of that file.
const staffName = "medarbejdere.csv"

// readLists reads the driving lists and sets the clock by the first day.
func (d *Demo) readLists(ctx context.Context, o Options) error {
	if o.List == "" {
		d.File = ehr.File{Name: "koreliste-dag.csv", Data: ownList}
		d.others = []ehr.File{{Name: "koreliste-vest.csv", Data: westList}}
	} else {
		data, err := os.ReadFile(o.List)
		if err != nil {
			return fmt.Errorf("read list: %w", err)
		}

		d.File = ehr.File{Name: filepath.Base(o.List), Data: data}
	}

	for _, f := range d.lists() {
		if err := d.readList(ctx, f); err != nil {
			return err
		}
	}

	if len(d.Days) == 0 {
		return errors.New("the list has no row that can be imported")
	}

	slices.Sort(d.Days)
	slices.SortStableFunc(d.rows, func(a, b ehr.Row) int { return a.Planned.Start.Compare(b.Planned.Start) })
	d.clock.set(d.Days[0].Add(-1).Bounds().Start.Add(planningHour * time.Hour))

	return nil
}

// lists are all driving lists, that of the walk first.
func (d *Demo) lists() []ehr.File { return append([]ehr.File{d.File}, d.others...) }

// files are what a person can import.
func (d *Demo) files() []ehr.File {
	return append(d.lists(), ehr.File{Name: staffName, Data: staffList})
}

func (d *Demo) readList(ctx context.Context, f ehr.File) error {
	rows, err := recordday.Read(ctx, f)
	if err != nil {
		return err
	}

	d.rows = append(d.rows, rows...)

	for _, row := range rows {
		if f.Name == d.File.Name {
			d.main[row.ListName] = true
		}

		if owner, known := d.owners[row.Phone]; known && owner != row.CPR {
			d.owners[row.Phone] = care.CPR{}
		} else if !known {
			d.owners[row.Phone] = row.CPR
		}

		if day := care.DayOf(row.Planned.Start); !slices.Contains(d.Days, day) {
			d.Days = append(d.Days, day)
		}

		if initials := string(row.Employee); !slices.Contains(d.employees, initials) {
			d.employees = append(d.employees, initials)
		}
	}

	return nil
}

// writeLists puts the driving lists where a person can upload them from, whatever their names apart
// from the world's own files.
func (d *Demo) writeLists() error {
	if err := os.Mkdir(d.listDir(), 0o700); err != nil {
		return fmt.Errorf("write lists: %w", err)
	}

	for _, f := range d.files() {
		if err := os.WriteFile(filepath.Join(d.listDir(), f.Name), f.Data, 0o600); err != nil {
			return fmt.Errorf("write lists: %w", err)
		}
	}

	return nil
}

// listDir is where the driving lists lie.
func (d *Demo) listDir() string { return filepath.Join(d.World.Dir, "import") }
