package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

func checkImport(t *testing.T, b Bench) {
	t.Helper()

	in := scheduler.Import{
		Record: scheduler.ListRecord{
			ID: "list-9", Kept: "kept-9", FirstDay: "2026-06-15", LastDay: "2026-06-16", FileName: "køreliste.csv", By: "PLA", At: Now(), Rows: 4, Faults: 1, New: 3, Moved: 1, Changed: 2, Gone: 3, Same: 4,
			Problems: []ehr.Problem{{Line: 3, Column: "CPR", Severity: ehr.Fault, Text: "Nummeret er for kort."}, {Severity: ehr.Warning, Text: "Ingen enhed."}},
		},
		File:     ehr.File{Name: "køreliste.csv", Data: []byte("CPR;Navn\r\n0104909989;Torre\r\n")},
		Citizens: []care.Citizen{citizen(t, 0)},
		New:      []*care.Visit{visit(t, 0)},
		Effects:  scheduler.Effects{Audit: []scheduler.AuditRow{{At: Now(), Actor: "PLA", Action: "import"}}},
	}

	for i := range 300 {
		in.Rows = append(in.Rows, ehr.RowRef{Line: i + 2, Source: care.SourceRef{System: "file", ID: strconv.Itoa(i), Occurrence: "2026-06-15"}})
	}

	must(t, b.Store.SaveImport(t.Context(), in))

	record, err := b.Twin.List(t.Context(), "list-9")
	must(t, err)
	same(t, "list", in.Record, record)

	file, rows, err := b.Twin.ListFile(t.Context(), "kept-9")
	must(t, err)
	same(t, "file", in.File, file)
	same(t, "rows", in.Rows, rows)

	// A second list: one citizen changed, one visit new, one changed.
	relisted := care.Restore(read(t, b.Store, visit(t, 0).ID()))
	moved := facts(0)
	moved.List, moved.Planned.Start = "list-10", moved.Planned.Start.Add(-time.Hour)
	relisted.Relist(moved, Now())

	changed := citizen(t, 0)
	changed.Hospitalised, changed.Phone = true, care.Phone{}
	second := scheduler.Import{
		Record:   scheduler.ListRecord{ID: "list-10", Kept: "kept-9", At: Now().Add(time.Minute)},
		File:     ehr.File{Name: "igen.csv", Data: []byte("CPR;Navn\r\n")},
		Citizens: []care.Citizen{changed, citizen(t, 1)}, New: []*care.Visit{visit(t, 1)}, Changed: []*care.Visit{relisted},
	}
	must(t, b.Store.SaveImport(t.Context(), second))

	want := relisted.Snapshot()
	want.Version = 2
	same(t, "relisted visit", want, read(t, b.Store, want.ID))

	file, _, err = b.Twin.ListFile(t.Context(), "kept-9")
	must(t, err)
	same(t, "the newest file of the list", second.File, file)

	stored, err := b.Store.Citizens(t.Context(), []care.CitizenID{changed.ID})
	must(t, err)
	same(t, "changed citizen", changed, stored[changed.ID])

	recent, err := b.Store.RecentLists(t.Context(), 5)
	must(t, err)

	if len(recent) != 2 || recent[0].ID != "list-10" {
		t.Fatalf("recent lists are %v, want the newest first", recent)
	}

	// The same list twice: the second is refused as a whole.
	wantKind(t, b.Store.SaveImport(t.Context(), in), care.Conflict)
}

// checkImportRace imports one list from several processes at once: one set of visits.
func checkImportRace(t *testing.T, b Bench) {
	t.Helper()

	const rows = 60

	var (
		group   sync.WaitGroup
		results [4]error
	)

	for i := range results {
		in := scheduler.Import{Record: scheduler.ListRecord{ID: care.ListID(fmt.Sprint("list-", i)), At: Now()}}
		for c := range numbers() {
			person := citizen(t, c)
			person.ID = care.CitizenID(fmt.Sprintf("%s-%d", person.ID, i))
			in.Citizens = append(in.Citizens, person)
		}

		for r := range rows {
			f := facts(r)
			f.Citizen = care.CitizenID(fmt.Sprintf("%s-%d", f.Citizen, i))

			v, err := care.NewVisit(care.VisitID(fmt.Sprintf("visit-%d-%d", i, r)), visit(t, r).Snapshot().Source, f)
			must(t, err)

			in.New = append(in.New, v)
		}

		store := []scheduler.Store{b.Store, b.Twin}[i%2]

		group.Go(func() { results[i] = store.SaveImport(t.Context(), in) })
	}

	group.Wait()

	won := 0

	for _, err := range results {
		if err == nil {
			won++

			continue
		}

		wantKind(t, err, care.Conflict)
	}

	found, err := b.Store.Visits(t.Context(), scheduler.VisitQuery{})
	must(t, err)

	lists, err := b.Store.RecentLists(t.Context(), 10)
	must(t, err)

	if won != 1 || len(found) != rows || len(lists) != 1 {
		t.Fatalf("%d imports won, %d visits and %d lists are stored; want 1, %d and 1", won, len(found), len(lists), rows)
	}
}

// checkImportConflict imports a change that was worked out from a state that is no longer.
func checkImportConflict(t *testing.T, b Bench) {
	t.Helper()

	ids := seed(t, b.Store, 1)
	stale := care.Restore(read(t, b.Store, ids[0]))

	must(t, b.Store.UpdateVisit(t.Context(), ids[0], func(v *care.Visit) (scheduler.Effects, error) {
		return scheduler.Effects{}, v.Choose("batch-1", care.OnListOnly())
	}))

	f := facts(0)
	f.Employee = "NEW"
	stale.Relist(f, Now())

	in := scheduler.Import{
		Record: scheduler.ListRecord{ID: "list-2", At: Now()}, Changed: []*care.Visit{stale},
		Effects: scheduler.Effects{Jobs: []scheduler.Job{{Kind: scheduler.MoveRoomJob, Visit: ids[0]}}},
	}
	wantKind(t, b.Store.SaveImport(t.Context(), in), care.Conflict)

	if got := read(t, b.Store, ids[0]); got.State != care.Chosen || got.Facts.Employee != "MSK" {
		t.Fatalf("the import went through: %s, %s", got.State, got.Facts.Employee)
	}

	jobs, err := b.Jobs(t.Context())
	must(t, err)

	_, listed := b.Store.List(t.Context(), "list-2")
	if len(jobs) != 0 || care.KindOf(listed) != care.NotFound {
		t.Fatalf("%d jobs and list %v stayed of a refused import", len(jobs), listed)
	}
}

func checkUploads(t *testing.T, b Bench) {
	t.Helper()

	file := ehr.File{Name: "liste.xlsx", Data: bytes.Repeat([]byte{0, 1, 2, 255}, 5000)}
	must(t, b.Store.KeepUpload(t.Context(), "upload-1", file, "PLA", Now()))

	got, by, err := b.Twin.Upload(t.Context(), "upload-1")
	must(t, err)
	same(t, "upload", file, got)
	same(t, "uploader", care.EmployeeID("PLA"), by)

	must(t, b.Store.KeepUpload(t.Context(), "upload-0", file, "PLA", Now().Add(-25*time.Hour)))

	_, _, err = b.Store.Upload(t.Context(), "upload-0")
	wantKind(t, err, care.NotFound)

	must(t, b.Store.KeepUpload(t.Context(), "upload-1", file, "ABC", Now()))

	_, by, err = b.Store.Upload(t.Context(), "upload-1")
	must(t, err)
	same(t, "uploader of the same file", care.EmployeeID("ABC"), by)
}

func checkCitizens(t *testing.T, b Bench) {
	t.Helper()

	seed(t, b.Store, 1)

	first, third := citizen(t, 0), citizen(t, 2)
	unknown, _, _ := care.ParseCPR("0505109990")

	byKey, err := b.Twin.CitizensByKey(t.Context(), []care.CitizenKey{first.Key(), third.Key(), {CPR: unknown}, first.Key()})
	must(t, err)
	same(t, "citizens by key", map[care.CitizenKey]care.Citizen{first.Key(): first, third.Key(): third}, byKey)

	checkSurrogates(t, b, first)

	byID, err := b.Twin.Citizens(t.Context(), []care.CitizenID{third.ID, "nobody", first.ID})
	must(t, err)
	same(t, "citizens by id", map[care.CitizenID]care.Citizen{first.ID: first, third.ID: third}, byID)

	// Somebody else's id for a CPR number that is known: made meanwhile.
	again := citizen(t, 0)
	again.ID = "another"
	wantKind(t, b.Store.SaveImport(t.Context(), scheduler.Import{Record: scheduler.ListRecord{ID: "l", At: Now()}, Citizens: []care.Citizen{again}}), care.Conflict)
}

func checkBatches(t *testing.T, b Bench) {
	t.Helper()

	ids := seed(t, b.Store, 5)
	batch := care.Batch{ID: "batch-1", By: "PLA", ByName: "Pia Planlægger", Unit: "oest", MadeAt: Now()}

	_, err := b.Store.UpdateVisits(t.Context(), ids, &batch, func(v *care.Visit) (scheduler.Effects, error) {
		return scheduler.Effects{}, errors.Join(v.Choose("batch-1", care.OnListOnly()), v.StartBooking(care.RoomRef("room-"+string(v.ID())), Now()))
	})
	must(t, err)

	batch.Visits = 5
	stored, err := b.Twin.Batch(t.Context(), "batch-1")
	must(t, err)
	same(t, "batch", batch, stored)

	counts, err := b.Store.BatchCounts(t.Context(), "batch-1")
	must(t, err)
	same(t, "counts at first", care.Counts{Total: 5, Active: 5, Pending: 5}, counts)

	done := func(i int, fn func(v *care.Visit) error) {
		t.Helper()
		must(t, b.Store.UpdateVisit(t.Context(), ids[i], func(v *care.Visit) (scheduler.Effects, error) { return scheduler.Effects{}, fn(v) }))
	}
	booked := func(v *care.Visit) error {
		v.Invite(care.SMS, Now())
		v.RecordPlanned(Now())

		return v.Booked(care.RoomRef("room-"+string(v.ID())), care.BookedRoom{Planned: v.Planned()}, Now())
	}

	for i := range 4 {
		done(i, booked)
	}

	done(0, func(v *care.Visit) error { return v.MessageSent("visit-0000-i1", "p", "h", Now()) })
	done(0, func(v *care.Visit) error { return v.EntryDone("visit-0000-e1", "r", "1", Now()) })
	done(0, func(v *care.Visit) error { return v.Revert(care.SMS, Now()) })
	done(1, func(v *care.Visit) error { return v.EntryRefused("visit-0001-e1", "Afvist.", true, Now()) })
	done(2, func(v *care.Visit) error {
		return v.Conclude(care.Outcome{Kind: care.ResultNotCompleted, Reason: care.CitizenAbsent, Delivery: care.Screen, At: Now()})
	})

	counts, err = b.Store.BatchCounts(t.Context(), "batch-1")
	must(t, err)
	same(t, "counts later", care.Counts{
		Total: 5, Booked: 4, Invited: 1, Recorded: 1, Troubled: 1, Active: 3, Ended: 1, Reverted: 1, Closing: 2, Restoring: 1, Pending: 2,
	}, counts)

	must(t, second(t, b, ids[4:]))

	recent, err := b.Store.RecentBatches(t.Context(), 1)
	must(t, err)

	if len(recent) != 1 || recent[0].ID != "batch-2" {
		t.Fatalf("recent batches are %v, want the newest", recent)
	}
}

func second(t *testing.T, b Bench, ids []care.VisitID) error {
	t.Helper()

	_, err := b.Store.UpdateVisits(t.Context(), ids, &care.Batch{ID: "batch-2", MadeAt: Now().Add(time.Second)}, nothing)

	return err
}

// checkUndoOnce asks for undo from many places at once: one job per visit, whoever asks.
func checkUndoOnce(t *testing.T, b Bench) {
	t.Helper()

	ids := seed(t, b.Store, 20)

	_, err := b.Store.UpdateVisits(t.Context(), ids[:15], &care.Batch{ID: "batch-1", MadeAt: Now()}, func(v *care.Visit) (scheduler.Effects, error) {
		return scheduler.Effects{}, v.Choose("batch-1", care.OnListOnly())
	})
	must(t, err)

	var (
		group   sync.WaitGroup
		results [6]error
	)

	for i := range results {
		group.Go(func() {
			results[i] = []scheduler.Store{b.Store, b.Twin}[i%2].UndoBatch(t.Context(), "batch-1", care.EmployeeID(fmt.Sprint("E", i)), Now())
		})
	}

	group.Wait()
	must(t, errors.Join(results[:]...))

	jobs, err := b.Jobs(t.Context())
	must(t, err)

	undone := map[care.VisitID]int{}

	for _, j := range jobs {
		if j.Kind != scheduler.UndoVisitJob {
			t.Errorf("job %v, want undo", j.Kind)
		}

		undone[j.Visit]++
	}

	if len(jobs) != 15 || len(undone) != 15 {
		t.Fatalf("%d jobs for %d visits, want one for each of 15", len(jobs), len(undone))
	}

	batch, err := b.Store.Batch(t.Context(), "batch-1")
	must(t, err)

	if !batch.UndoneAt.Equal(Now()) || batch.UndoneBy == "" {
		t.Fatalf("batch is marked %v by %q", batch.UndoneAt, batch.UndoneBy)
	}
}

// checkSurrogates keeps somebody without a CPR number apart from everybody else: the id means something
// in its own system only.
func checkSurrogates(t *testing.T, b Bench, numbered care.Citizen) {
	t.Helper()

	here, err := care.ParseSurrogateID("file", "B-17")
	must(t, err)

	there, err := care.ParseSurrogateID("other", "B-17")
	must(t, err)

	one, two := citizen(t, 0), citizen(t, 0)
	one.ID, one.CPR, one.Surrogate, one.Verdict = "without-1", care.CPR{}, here, care.CPRMalformed
	two.ID, two.CPR, two.Surrogate, two.Verdict = "without-2", care.CPR{}, there, care.CPRMalformed
	save := func(citizens ...care.Citizen) error {
		return b.Store.SaveImport(t.Context(), scheduler.Import{Record: scheduler.ListRecord{ID: care.ListID("s-" + citizens[0].ID), At: Now()}, Citizens: citizens})
	}
	must(t, save(one, two))

	found, err := b.Twin.CitizensByKey(t.Context(), []care.CitizenKey{one.Key(), two.Key(), numbered.Key()})
	must(t, err)
	same(t, "citizens by surrogate id", map[care.CitizenKey]care.Citizen{one.Key(): one, two.Key(): two, numbered.Key(): numbered}, found)

	again := one
	again.ID = "without-3"
	wantKind(t, save(again), care.Conflict)

	// Somebody says what number the citizen has: found by both from now on.
	cpr, verdict, _ := care.ParseCPR("0505109990")
	wantKind(t, b.Store.NumberCitizen(t.Context(), one.ID, numbered.CPR, numbered.Verdict, scheduler.Effects{}), care.Conflict)
	must(t, b.Store.NumberCitizen(t.Context(), one.ID, cpr, verdict, scheduler.Effects{}))
	wantKind(t, b.Store.NumberCitizen(t.Context(), one.ID, cpr, verdict, scheduler.Effects{}), care.Conflict)

	found, err = b.Twin.CitizensByKey(t.Context(), []care.CitizenKey{{CPR: cpr}, {Surrogate: here}})
	must(t, err)

	one.CPR, one.Verdict, one.UpdatedAt = cpr, verdict, found[care.CitizenKey{CPR: cpr}].UpdatedAt
	same(t, "a citizen with both", map[care.CitizenKey]care.Citizen{{CPR: cpr}: one, {Surrogate: here}: one}, found)
}

// checkProtection stores that a list protects a citizen, and that nothing lifts it by accident.
func checkProtection(t *testing.T, b Bench) {
	t.Helper()

	seed(t, b.Store, 1)

	save := func(list care.ListID, c care.Citizen) error {
		return b.Store.SaveImport(t.Context(), scheduler.Import{Record: scheduler.ListRecord{ID: list, At: Now()}, Citizens: []care.Citizen{c}})
	}
	before := citizen(t, 0)
	hidden := before
	hidden.Protected = true
	must(t, save("p-1", hidden))

	setting, err := b.Twin.IdentitySetting(t.Context(), hidden.ID)
	must(t, err)

	if !setting.Protected {
		t.Error("the setting does not tell what the list said")
	}

	// An import that read the citizen before is refused, and is made anew.
	wantKind(t, save("p-2", before), care.Conflict)

	setting.NoSMS, setting.At = true, Now()
	must(t, b.Store.SaveIdentitySetting(t.Context(), setting, scheduler.Effects{}))

	kept, err := b.Twin.Citizens(t.Context(), []care.CitizenID{hidden.ID})
	must(t, err)

	if !kept[hidden.ID].Protected {
		t.Error("another change of the setting lifted the protection")
	}
}
