package scheduler_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/file"
	"github.com/sluse/sluse/ehr/pulled"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// shownLists is a record that shows its driving lists.
type shownLists struct {
	mutex sync.Mutex
	rows  map[string][]ehr.Row
	err   error
	reads int
}

func (l *shownLists) System() string { return "nexus" }

func (l *shownLists) Lists(context.Context) ([]ehr.ListRef, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()

	var out []ehr.ListRef
	for name := range l.rows {
		out = append(out, ehr.ListRef{ID: "list/" + name, Name: name})
	}

	return out, l.err
}

func (l *shownLists) Read(_ context.Context, list ehr.ListRef, period care.Interval) (ehr.DrivingList, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()

	l.reads++

	var out ehr.DrivingList

	for _, r := range l.rows[list.Name] {
		if !r.Planned.Start.Before(period.Start) && r.Planned.Start.Before(period.End) {
			out.Rows = append(out.Rows, r)
		}
	}

	out.Total = len(out.Rows)

	return out, l.err
}

// change alters the rows of a list.
func (l *shownLists) change(name string, how func([]ehr.Row) []ehr.Row) {
	l.mutex.Lock()
	defer l.mutex.Unlock()

	l.rows[name] = how(l.rows[name])
}

func (l *shownLists) fail(err error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()

	l.err = err
}

// shown is a record with the sample day, its lists by name.
func shown(t *testing.T) *shownLists {
	t.Helper()

	list, err := file.NewSource(file.Config{}, newKeys(t).Fingerprint).Read(t.Context(), sample(t, "koreliste-dag.csv"))
	must(t, err)

	out := &shownLists{rows: map[string][]ehr.Row{}}

	for _, r := range list.Rows {
		r.Source.System = out.System()
		out.rows[r.ListName] = append(out.rows[r.ListName], r)
	}

	return out
}

// fetched asks for a day's lists and waits until they are read.
func (r *rig) fetched(day care.Day) []scheduler.Fetch {
	r.tb.Helper()

	must(r.tb, r.AskLists(r.tb.Context(), planner(), day))
	r.work()

	all, err := r.Fetches(r.tb.Context(), planner(), day)
	must(r.tb, err)

	return all[1:]
}

// importFetched imports every list of the sample day that is ready and adds up what they say.
func (r *rig) importFetched() figures { return r.importFetchedOn(theDay) }

func (r *rig) importFetchedOn(day care.Day) (sum figures) {
	r.tb.Helper()

	for _, f := range r.fetched(day) {
		if f.State != scheduler.FetchReady {
			r.tb.Fatalf("%s is %s: %s", f.List.Name, f.State, f.Text)
		}

		if f.Visits == 0 {
			continue
		}

		record, err := r.ImportList(r.tb.Context(), planner(), f.Upload)
		must(r.tb, err)

		got := figuresOf(record)
		sum.New, sum.Moved, sum.Gone, sum.Same = sum.New+got.New, sum.Moved+got.Moved, sum.Gone+got.Gone, sum.Same+got.Same
	}

	r.work()

	return sum
}

// TestListsOfTheRecord reads the lists from the record, imports them, and follows what changes there.
func TestListsOfTheRecord(t *testing.T) {
	t.Parallel()

	record := shown(t)
	r := newRig(t, func(s *setup) { s.lists = pulled.Fetcher{From: record} })

	if got := r.importFetched(); got != (figures{New: 60}) {
		t.Fatalf("first: %+v", got)
	}

	if got := r.importFetched(); got != (figures{Same: 60}) {
		t.Fatalf("again: %+v", got)
	}

	screen := r.all()[0]
	r.convert(screen.Source.ID)

	name := screen.Facts.ListName
	without := func(rows []ehr.Row) []ehr.Row {
		return slices.DeleteFunc(rows, func(row ehr.Row) bool { return row.Source == screen.Source })
	}
	record.change(name, without)

	if got := r.importFetched(); got.Gone != 1 {
		t.Fatalf("one is gone: %+v", got)
	}

	open := r.visit(screen.Source.ID).Exceptions
	if len(open) == 0 || open[len(open)-1].Kind != care.SourceGone {
		t.Fatalf("the planner was not told: %+v", open)
	}

	// What was decided holds on, whatever else changes on the list.
	must(t, r.Settle(t.Context(), planner(), screen.ID, open[len(open)-1].ID))
	record.change(name, func(rows []ehr.Row) []ehr.Row { rows[0].Version = "17"; return rows })

	if got := r.importFetched(); got.Gone != 0 || r.visit(screen.Source.ID).NeedsPerson() {
		t.Errorf("told again: %+v", got)
	}
}

// TestMovedToAnotherDaysList: a visit by screen that people move to the next day in the record is the same visit
// there, gets no second room, and is not missed on the day that it has left.
func TestMovedToAnotherDaysList(t *testing.T) {
	t.Parallel()

	record := shown(t)
	r := newRig(t, func(s *setup) { s.lists = pulled.Fetcher{From: record} })
	r.importFetched()

	screen := r.all()[0]
	r.convert(screen.Source.ID)

	next := screen.Facts.Planned
	next.Start, next.End = next.Start.Add(24*time.Hour), next.End.Add(24*time.Hour)
	record.change(screen.Facts.ListName, func(rows []ehr.Row) []ehr.Row {
		rows[slices.IndexFunc(rows, func(row ehr.Row) bool { return row.Source == screen.Source })].Planned = next

		return rows
	})

	if got := r.importFetchedOn(theDay.Add(1)); got != (figures{Moved: 1}) {
		t.Fatalf("the next day's list: %+v", got)
	}

	for range 2 {
		if got := r.importFetched(); got.Gone != 0 || got.New != 0 {
			t.Errorf("the list of the day that it has left: %+v", got)
		}
	}

	there, err := r.store.Visits(t.Context(), scheduler.VisitQuery{Window: theDay.Add(1).Bounds()})
	must(t, err)

	if len(there) != 1 || there[0].ID != screen.ID || !there[0].Facts.Planned.Equal(next) || there[0].NeedsPerson() || len(there[0].Rooms) != 1 || len(r.all()) != 59 {
		t.Errorf("the day after has %+v, the day that it has left %d visits", there, len(r.all()))
	}
}

// TestAutomaticLists reads the lists at fixed times, by whichever process is first, and imports them.
// A list that is empty now takes its visits with it.
func TestAutomaticLists(t *testing.T) {
	t.Parallel()

	record := shown(t)
	r := newRig(t, func(s *setup) {
		s.lists, s.set.Fetch = pulled.Fetcher{From: record}, scheduler.FetchSettings{Every: time.Hour, Days: 1, Auto: true}
	})

	round := func() {
		t.Helper()

		for range 3 {
			must(t, r.AutoFetch(t.Context()))
		}

		r.work()
	}

	round()

	if n := len(r.all()); n != 60 {
		t.Fatalf("%d visits", n)
	}

	screen := r.all()[0]
	r.convert(screen.Source.ID)
	record.change(screen.Facts.ListName, func([]ehr.Row) []ehr.Row { return nil })
	r.clock.to(r.clock.Now().Add(time.Hour))

	reads := record.reads
	round()

	if got := record.reads - reads; got != 2*len(record.rows) {
		t.Errorf("%d lists were read, want those of two days once", got)
	}

	if got := r.visit(screen.Source.ID); !got.Missed() {
		t.Errorf("a visit by screen of an empty list: %+v", got.Exceptions)
	}
}

// TestListsThatCantBeRead: an outage is waited for and told, a refusal ends the reading, and asking
// again is possible.
func TestListsThatCantBeRead(t *testing.T) {
	t.Parallel()

	record := shown(t)
	r := newRig(t, func(s *setup) { s.lists = pulled.Fetcher{From: record} })
	state := func() scheduler.Fetch {
		t.Helper()

		all, err := r.Fetches(t.Context(), planner(), theDay)
		must(t, err)

		return all[0]
	}

	record.fail(&connector.Error{System: "nexus", Op: "lists", Kind: connector.Unavailable})
	must(t, r.AskLists(t.Context(), planner(), theDay))
	r.work()

	if got := state(); got.State != scheduler.FetchWanted || got.Text == "" {
		t.Errorf("during an outage: %+v", got)
	}

	must(t, r.AskLists(t.Context(), planner(), theDay)) // changes nothing
	record.fail(nil)
	r.until(r.clock.Now().Add(time.Hour))

	if got := state(); got.State != scheduler.FetchReady || got.Visits != len(record.rows) {
		t.Errorf("after it: %+v", got)
	}

	record.fail(&connector.Error{System: "nexus", Op: "lists", Kind: connector.Rejected, Err: care.NewError(care.Invalid, "Ingen adgang til kørelister.")})
	must(t, r.AskLists(t.Context(), planner(), theDay))
	r.work()

	if got := state(); got.State != scheduler.FetchFailed || got.Text != "Ingen adgang til kørelister." {
		t.Errorf("refused: %+v", got)
	}

	for _, day := range []care.Day{"2026-11-21", "2026-12-25"} {
		if err := r.AskLists(t.Context(), planner(), day); care.KindOf(err) != care.Invalid {
			t.Errorf("%s: %v", day, err)
		}
	}

	if err := r.AskLists(t.Context(), caregiver("MSK"), theDay); care.KindOf(err) != care.Forbidden {
		t.Errorf("caregiver: %v", err)
	}
}
