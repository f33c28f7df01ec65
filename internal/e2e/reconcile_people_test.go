package e2e_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/fhir/fhirsim"
	"github.com/sluse/sluse/ehr/nexus/nexussim"
	"github.com/sluse/sluse/internal/world"
	"github.com/sluse/sluse/internal/world/recordday"
	"github.com/sluse/sluse/scheduler/care"
)

// severalVisits are rows of tomorrow's list before noon, of as many citizens, whose service may be given by
// screen and is told to the record by category, in the order of the day. The last begins after the others.
func severalVisits(t *testing.T, n int) []ehr.Row {
	t.Helper()

	rows, err := recordday.Read(t.Context(), ehr.File{Name: "koreliste.csv", Data: listOf(t, care.DayOf(time.Now()).Add(1))})
	if err != nil {
		t.Fatal(err)
	}

	var out []ehr.Row

	for _, r := range rows {
		known := func(o ehr.Row) bool { return o.CPR == r.CPR || o.Phone == r.Phone }
		suits := r.Law == care.SUL138 && r.Service != "Sårbehandling" && r.Planned.Start.In(care.Zone()).Hour() < 12
		if suits && len(out) < n && !r.Phone.IsZero() && !slices.ContainsFunc(out, known) {
			out = append(out, r)
		}
	}

	slices.SortStableFunc(out, func(a, b ehr.Row) int { return a.Planned.Start.Compare(b.Planned.Start) })

	if len(out) != n || !out[n-1].Planned.Start.After(out[n-2].Planned.Start) {
		t.Fatalf("the list has %d such visits, or the last two begin at the same time", len(out))
	}

	return out
}

const (
	typedByHand = "Planlagt telefonopkald" // a category that people chose
	ownCategory = "Planlagt skærmbesøg"
)

// people work in a care record, and change there what was agreed here.
type people struct {
	bring  func(leader *person) // the day's list comes to the program
	meddle func(leader *person)
	kinds  []care.DriftKind // that a comparison has to find then
	right  func()           // checks the record after the repairs
	// effects is everything that the record was ever told and shows.
	effects func() string
	texts   int // messages to citizens in the end
	live    int // rooms that stand in the end
}

// peopleAt are the people of the town's record, with five visits that are converted and one that is not.
func (c *town) peopleAt(rows []ehr.Row) people {
	switch c.Record {
	case world.NexusRecord:
		return c.peopleAtNexus(rows)
	case world.FHIRRecord:
		return c.peopleAtFHIR(rows)
	case world.FileRecord:
	}

	return c.peopleWithFiles(rows)
}

func (c *town) peopleAtNexus(rows []ehr.Row) people {
	return people{
		bring: c.fetchAll,
		kinds: []care.DriftKind{care.DriftMoved, care.DriftCategory, care.DriftCancelled, care.DriftDeleted, care.DriftUndone},
		texts: 5 + 1 + 3, live: 2,
		meddle: func(*person) {
			gone, undone := c.inNexus(rows[3]).Ref, c.inNexus(rows[4]).Ref
			c.must(errors.Join(
				c.movedByPeople(rows[0]), c.typedByPeople(rows[1]), c.cancelledByPeople(rows[2]), c.Nexus.Delete(gone),
				c.Nexus.Categorise(undone, rows[4].Category), c.Nexus.Remark(undone, rows[4].Comment),
			))
		},
		right: func() {
			c.is("the category", c.inNexus(rows[1]).Category, ownCategory)
			c.is("what was cancelled", string(c.inNexus(rows[2]).Meaning), string(nexussim.Cancelled))
			c.is("what people made physical", c.inNexus(rows[4]).Category, rows[4].Category)
			c.roomAt(c.inNexus(rows[0]).Start)
		},
		effects: func() string {
			n := 0
			for _, v := range c.Nexus.Visits() {
				n += v.Version
			}

			return fmt.Sprintf("%d versions by %d writes", n, c.Nexus.Calls()[nexussim.OpEventUpdate])
		},
	}
}

// inNexus is how a row's visit stands in the record.
func (c *town) inNexus(r ehr.Row) nexussim.Visit {
	c.tb.Helper()

	all := c.Nexus.Visits()

	i := slices.IndexFunc(all, func(v nexussim.Visit) bool { return slices.Contains(v.CPR, r.CPR.Reveal()) })
	if i < 0 {
		c.tb.Fatal("the record has no such visit")
	}

	return all[i]
}

func (c *town) peopleAtFHIR(rows []ehr.Row) people {
	return people{
		bring: c.fetchAll,
		kinds: []care.DriftKind{care.DriftMoved, care.DriftCategory, care.DriftCancelled, care.DriftDeleted, care.DriftPlannedMissing},
		texts: 5 + 1 + 2, live: 3,
		meddle: func(*person) {
			c.must(errors.Join(
				c.movedByPeople(rows[0]), c.typedByPeople(rows[1]), c.cancelledByPeople(rows[2]),
				c.FHIR.Delete(c.inFHIR(rows[3]).Ref), c.FHIR.Edit(c.inFHIR(rows[4]).Ref, withoutEntries),
			))
		},
		right: func() {
			c.is("the category", c.inFHIR(rows[1]).Category, ownCategory)
			c.is("what was cancelled", c.inFHIR(rows[2]).Status, "cancelled")

			if n := keysIn(c.inFHIR(rows[4]).Body); n != 1 {
				c.tb.Errorf("the entry stands %d times where it was missing", n)
			}

			start, err := time.Parse(time.RFC3339, c.inFHIR(rows[0]).Start)
			c.must(err)
			c.roomAt(start)
		},
		effects: func() string {
			calls := c.FHIR.Calls()

			return fmt.Sprintf("%d entries by %d writes", c.FHIR.Totals().Planned, calls[fhirsim.OpCreate]+calls[fhirsim.OpUpdate])
		},
	}
}

// inFHIR is how a row's Appointment stands in the record.
func (c *town) inFHIR(r ehr.Row) fhirsim.Resource {
	c.tb.Helper()

	for _, v := range c.FHIR.Visits() {
		for _, a := range v.Appointments {
			if c.isOf(a.Body, r.CPR) {
				return a
			}
		}
	}

	c.tb.Fatal("the record has no such Appointment")

	return fhirsim.Resource{}
}

// isOf reports whether the citizen takes part in an Appointment.
func (c *town) isOf(appointment map[string]any, number care.CPR) bool {
	all, _ := appointment["participant"].([]any)

	return slices.ContainsFunc(all, func(one any) bool {
		participant, _ := one.(map[string]any)
		actor, _ := participant["actor"].(map[string]any)
		ref, _ := actor["reference"].(string)

		return strings.HasPrefix(ref, "Patient/") && strings.Contains(fmt.Sprint(c.FHIR.Versions(ref)), number.Reveal())
	})
}

func (c *town) movedByPeople(r ehr.Row) error {
	if c.Nexus != nil {
		v := c.inNexus(r)

		return c.Nexus.Move(v.Ref, v.Start.Add(2*time.Hour), v.End.Add(2*time.Hour))
	}

	return c.FHIR.Edit(c.inFHIR(r).Ref, later(2*time.Hour))
}

func (c *town) typedByPeople(r ehr.Row) error {
	if c.Nexus != nil {
		return c.Nexus.Categorise(c.inNexus(r).Ref, typedByHand)
	}

	return c.FHIR.Edit(c.inFHIR(r).Ref, func(b map[string]any) { b["serviceType"] = []any{map[string]any{"text": typedByHand}} })
}

func (c *town) cancelledByPeople(r ehr.Row) error {
	if c.Nexus != nil {
		return c.Nexus.Cancel(c.inNexus(r).Ref)
	}

	return c.FHIR.Edit(c.inFHIR(r).Ref, func(b map[string]any) { b["status"] = "cancelled" })
}

// later moves an Appointment.
func later(by time.Duration) func(map[string]any) {
	return func(b map[string]any) {
		for _, key := range []string{"start", "end"} {
			text, _ := b[key].(string)
			if at, err := time.Parse(time.RFC3339, text); err == nil {
				b[key] = at.Add(by).Format(time.RFC3339)
			}
		}
	}
}

func isKey(identifier any) bool {
	one, _ := identifier.(map[string]any)

	return one["system"] == fhirsim.DefaultEntrySystem
}

// withoutEntries takes the keys of our entries off an Appointment, as a program that knows nothing of
// them does.
func withoutEntries(b map[string]any) {
	all, _ := b["identifier"].([]any)
	b["identifier"] = slices.DeleteFunc(slices.Clone(all), isKey)
}

func keysIn(b map[string]any) (n int) {
	all, _ := b["identifier"].([]any)
	for _, one := range all {
		if isKey(one) {
			n++
		}
	}

	return n
}

// peopleWithFiles transfer what the program hands over, and export the list anew. Of the one that was
// moved the newer list itself tells.
func (c *town) peopleWithFiles(rows []ehr.Row) people {
	take := func(leader *person, list []byte, want int) {
		if got, faults := leader.importList("koreliste.csv", list); got != want || faults != 0 {
			c.tb.Fatalf("imported %d rows, %d with faults", got, faults)
		}
	}

	return people{
		bring: func(leader *person) {
			list := linesOf(listOf(c.tb, care.Day(c.day)), rows)
			list = edit(list, rows[5], func(cells []string) { cells[14] = rows[5].Category })
			take(leader, list, len(rows))
		},
		kinds: []care.DriftKind{care.DriftUnlisted, care.DriftCategory},
		texts: 5 + 1 + 1, live: 4,
		meddle: func(leader *person) {
			list := linesOf(c.handedOver(), append(slices.Clone(rows[:2]), rows[3:]...))
			list = edit(list, rows[0], func(cells []string) {
				cells[1], cells[2] = clockOf(rows[0].Planned.Start), clockOf(rows[0].Planned.End)
			})
			list = edit(list, rows[1], func(cells []string) { cells[14] = typedByHand })
			take(leader, list, len(rows)-1)
		},
		right: func() {
			out := string(c.handedOver())
			if !strings.Contains(lineOf(out, rows[1]), ";"+ownCategory+";") {
				c.tb.Errorf("handed over: %s", lineOf(out, rows[1]))
			}

			c.roomAt(rows[0].Planned.Start.Add(2 * time.Hour))
		},
		effects: func() string {
			told := 0
			for _, r := range rows {
				of := c.Told(r, care.OnList)
				told += of.Planned + of.Results + of.Restored + of.Doubled
			}

			return fmt.Sprintf("%d entries in %s", told, c.handedOver())
		},
	}
}

// handedOver is the list as it goes out.
func (c *town) handedOver() []byte {
	c.tb.Helper()

	files := slices.DeleteFunc(c.RecordFiles(), func(path string) bool { return filepath.Base(path) == world.WorkList })
	if len(files) != 1 {
		c.tb.Fatalf("%d lists go out", len(files))
	}

	data, err := os.ReadFile(files[0])
	c.must(err)

	return data
}

// clockOf is a time two hours later, as lists write it.
func clockOf(at time.Time) string { return at.Add(2 * time.Hour).In(care.Zone()).Format("15:04") }

// linesOf is a list with the head and the lines of these rows alone.
func linesOf(list []byte, rows []ehr.Row) []byte {
	var out []byte

	for i, line := range bytes.SplitAfter(list, []byte("\n")) {
		if i == 0 || slices.ContainsFunc(rows, func(r ehr.Row) bool { return isLine(string(line), r) }) {
			out = append(out, line...)
		}
	}

	return out
}

func isLine(line string, r ehr.Row) bool { return strings.Contains(line, ";"+r.Source.ID+";") }

func lineOf(list string, r ehr.Row) string {
	for line := range strings.Lines(list) {
		if isLine(line, r) {
			return line
		}
	}

	return ""
}

// edit changes the cells of a row's line.
func edit(list []byte, r ehr.Row, change func(cells []string)) []byte {
	line := lineOf(string(list), r)
	cells := strings.Split(line, ";")
	change(cells)

	return []byte(strings.Replace(string(list), line, strings.Join(cells, ";"), 1))
}

func (c *town) must(err error) {
	c.tb.Helper()

	if err != nil {
		c.tb.Fatal(err)
	}
}

func (c *town) is(what, got, want string) {
	c.tb.Helper()

	if got != want {
		c.tb.Errorf("%s is %q, want %q", what, got, want)
	}
}

// roomAt fails unless a room that stands begins then.
func (c *town) roomAt(start time.Time) {
	c.tb.Helper()

	for _, r := range c.VDX.Rooms() {
		if r.Live(c.VDX.Now()) && r.Start.Equal(start) {
			return
		}
	}

	c.tb.Errorf("no room stands at %s", start)
}
