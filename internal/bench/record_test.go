package bench_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/sluse/sluse/internal/app"
	"github.com/sluse/sluse/internal/world"
	"github.com/sluse/sluse/internal/world/recordday"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// agreedCalls is how many calls at once platform and record have each agreed to.
const agreedCalls = 8

// slowRecord is a record that is as slow as the video platform.
type slowRecord struct {
	kind world.RecordKind
	name string
	m    int // calls for a planned entry, at most
}

// records are those with a list of their own. Nexus is navigated by links: the citizen is searched for,
// read, and their calendar with the visit, which is written and read back.
func records() []slowRecord {
	return []slowRecord{{world.FHIRRecord, "FHIR", 3}, {world.NexusRecord, "Nexus", 8}}
}

// BenchmarkConversionIntoRecord is rows 1 and 2 with the record in the path: it answers after 120 ms as
// the video platform does, and visits come from its own list.
func BenchmarkConversionIntoRecord(b *testing.B) {
	for _, record := range records() {
		for _, kind := range databases() {
			b.Run(fmt.Sprintf("%s/%s", record.kind, kind), func(b *testing.B) {
				for b.Loop() {
					convertInto(b, record, kind)
				}
			})
		}
	}
}

func convertInto(b *testing.B, record slowRecord, kind string) {
	b.Helper()

	address := database(b, kind)
	noteDurability(b, address)

	r := recordWorld(b, record, address, latency, conversions)
	visits := r.visits(b)
	k, before := perRoom, r.world.RecordCalls()

	r.world.VDX.ClearRequests()

	bySMS := len(r.world.Texts())
	ideal := latency * time.Duration(max(k, record.m)*conversions/agreedCalls)
	_, rooms, all := r.watchConversion(b, visits, ideal)

	platform, told := 0, r.world.RecordCalls()-before
	for _, n := range r.requests() {
		platform += n
	}

	m := float64(told) / conversions
	limit := conversions * (k + record.m + 1) // and an SMS
	label := fmt.Sprintf("1 conversion of %d into %s, C = %d, %s", conversions, record.name, agreedCalls, kind)
	longest := max(float64(k), m)
	bound := time.Duration(longest * float64(latency) * conversions / agreedCalls)

	report(row{label + ": all", "≤ 1.05 × ideal", seconds(all), "ideal " + seconds(bound), times(all, bound), all <= bound*105/100})
	report(row{
		label + ": calls", "≤ k·N + m·N", strconv.Itoa(platform + told), fmt.Sprintf("%d (k = %d, m = %d, one SMS)", limit, k, record.m),
		fmt.Sprintf("%.2f", float64(platform+told)/float64(limit)), platform+told <= limit,
	})
	note("Row 1 into %s, %s: rooms after %s; m = %.2f calls to the record for each planned entry, %d calls to the platform and %d SMS.",
		record.name, kind, seconds(rooms), m, platform, len(r.world.Texts())-bySMS)

	if n := r.world.Counts().DuplicateRooms; n > 0 {
		b.Errorf("%d doubled rooms", n)
	}

	r.secondRunInto(b, record, kind, visits)
}

// recordWorld is a municipality whose record plans the visits, imported and ready to be converted.
func recordWorld(b *testing.B, record slowRecord, address string, delay time.Duration, count int) *rig {
	b.Helper()

	rows, err := recordday.Read(b.Context(), list(count))
	if err != nil {
		b.Fatal(err)
	}

	r := newWorld(b, world.Options{
		Clock: shifted(afternoonBefore()), Concurrency: agreedCalls, Latency: delay, AnyHour: true, Record: record.kind, Planned: rows,
		Municipalities: []world.Municipality{{ID: municipality, Name: "Testby Kommune", Host: "127.0.0.1", Database: address}},
	})
	r.start(b, app.All)
	r.fetchDay(b)

	return r
}

// fetchDay has the lists of the day read from the record and imported.
func (r *rig) fetchDay(b *testing.B) (unchanged int) {
	b.Helper()

	if err := r.service().AskLists(b.Context(), planner(), listDay); err != nil {
		b.Fatal(err)
	}

	if err := r.app.Site(municipality).Queue().WaitIdle(b.Context()); err != nil {
		b.Fatal(err)
	}

	fetched, err := r.service().Fetches(b.Context(), planner(), listDay)
	if err != nil {
		b.Fatal(err)
	}

	for _, f := range fetched[1:] { // the first is the question which lists there are
		if f.State != scheduler.FetchReady {
			b.Fatalf("%s is %s: %s", f.List.Name, f.State, f.Text)
		}

		if f.Visits == 0 {
			continue
		}

		imported, err := r.service().ImportList(b.Context(), planner(), f.Upload)
		if err != nil {
			b.Fatal(err)
		}

		unchanged += imported.Same
	}

	return unchanged
}

// secondRunInto imports the record's unchanged list and converts the same visits again.
func (r *rig) secondRunInto(b *testing.B, record slowRecord, kind string, visits []care.VisitID) {
	b.Helper()

	queue := r.app.Site(municipality).Queue()
	if err := queue.WaitIdle(b.Context()); err != nil {
		b.Fatal(err)
	}

	r.world.VDX.ClearRequests()

	told, sent := r.recordWrites(), len(r.world.Texts())
	same := r.fetchDay(b)

	begun := time.Now()

	if _, err := r.service().Convert(b.Context(), planner(), scheduler.ConvertRequest{Visits: visits}); care.KindOf(err) != care.Conflict {
		b.Errorf("a second conversion: %v", err)
	}

	if err := queue.WaitIdle(b.Context()); err != nil {
		b.Fatal(err)
	}

	if same != conversions {
		b.Errorf("%d of %d visits unchanged", same, conversions)
	}

	writes := r.recordWrites() - told + len(r.world.Texts()) - sent
	report(row{
		fmt.Sprintf("2 second run, %d visits of %s's own list, %s", conversions, record.name, kind), "0 writes, < 1 s besides reading the list",
		fmt.Sprintf("%d writes, %s", writes, seconds(time.Since(begun))), "–", "–", writes == 0 && time.Since(begun) < time.Second,
	})
}

// recordWrites counts what the record was told, by its own history.
func (r *rig) recordWrites() int {
	if r.world.Nexus != nil {
		t := r.world.Nexus.Totals()

		return t.Planned + t.Results + t.Restored + t.Duplicates + t.Grants + t.Notes + t.Tasks
	}

	t := r.world.FHIR.Totals()

	return t.Planned + t.Results + t.Restored + t.DuplicateEntries + t.DuplicateResources
}
