// Package directorytest is the conformance suite of directory.Store: what every store has to do,
// whatever database is below it. Each check gets a store of its own.
package directorytest

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/directory"
)

// Bench is a fresh store and what the suite needs to look behind it.
type Bench struct {
	Store directory.Store
	// Twin is a second store on the same database, as another process would have.
	Twin directory.Store
	// Raw returns all bytes that the database keeps, for a search for personal data.
	Raw func(ctx context.Context) ([]byte, error)
}

// Now is the suite's idea of the time, in UTC.
func Now() time.Time { return time.Date(2026, 6, 15, 6, 30, 0, 123456000, time.UTC) }

// Exercise runs the suite. With open it gets a store on an empty, migrated database.
func Exercise(t *testing.T, open func(t *testing.T) Bench) {
	t.Helper()

	for _, check := range []struct {
		name string
		run  func(t *testing.T, b Bench)
	}{
		{"employees", checkEmployees},
		{"versions", checkVersions},
		{"standing", checkStanding},
		{"logins", checkLogins},
		{"history", checkHistory},
		{"units", checkUnits},
		{"groups", checkGroups},
		{"guard", checkGuard},
		{"guard_at_once", checkGuardAtOnce},
		{"uploads", checkUploads},
		{"secrecy", checkSecrecy},
	} {
		t.Run(check.name, func(t *testing.T) {
			t.Parallel()
			check.run(t, open(t))
		})
	}
}

func same() cmp.Option {
	return cmp.Options{
		cmpopts.EquateEmpty(),
		cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) }),
		cmp.Comparer(func(a, b care.Email) bool { return a.Reveal() == b.Reveal() }),
	}
}

func employee(id care.EmployeeID) care.Employee {
	return care.Employee{
		ID: id, Source: care.FromCSV, Name: "Mona Kvistgaard", Email: care.NewEmail("mona@example.invalid"), Login: "Mona." + string(id) + "@testby.invalid",
		ExternalID: "ext-" + string(id), Active: true, StartsOn: "2026-01-01", EndsOn: "2026-12-31", CreatedAt: Now(), ChangedAt: Now(),
	}.WithGrants(care.FromCSV, []care.Grant{{Unit: "oest", Role: care.Caregiver}, {Unit: "vest", Role: care.Leader}}).
		WithGrants(care.FromHand, []care.Grant{{Unit: "oest", Role: care.Planner}})
}

func save(t *testing.T, s directory.Store, c directory.Change) {
	t.Helper()

	c.By, c.At = "SYS", Now()
	must(t, s.Save(t.Context(), c))
}

func must(t *testing.T, err error) {
	t.Helper()

	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t *testing.T, err error, kind care.Kind) {
	t.Helper()

	var e *care.Error
	if !errors.As(err, &e) || e.Kind != kind {
		t.Fatalf("error is %v, want kind %s", err, kind)
	}
}

func one(t *testing.T, s directory.Store, id care.EmployeeID) care.Employee {
	t.Helper()

	found, err := s.Employees(t.Context(), directory.Query{IDs: []care.EmployeeID{id}})
	must(t, err)

	if len(found) != 1 {
		t.Fatalf("%d employees %s", len(found), id)
	}

	return found[0]
}

func checkEmployees(t *testing.T, b Bench) {
	t.Helper()

	left := employee("AOJ")
	left.Source, left.Login, left.ExternalID, left.Email = care.FromHand, "", "", care.Email{}
	left = left.Leave(care.FromHand, Now())
	ended := employee("BNI")
	ended.EndsOn, ended.Login = "2026-06-14", ""
	save(t, b.Store, directory.Change{Employees: []care.Employee{employee("MSK"), left, ended}})

	want := employee("MSK")
	want.Version = 1

	if diff := cmp.Diff(want, one(t, b.Twin, "MSK"), same()); diff != "" {
		t.Error(diff)
	}

	for name, c := range map[string]struct {
		q    directory.Query
		want []care.EmployeeID
	}{
		"all":      {directory.Query{}, []care.EmployeeID{"AOJ", "BNI", "MSK"}},
		"ids":      {directory.Query{IDs: []care.EmployeeID{"MSK", "nobody", "AOJ"}}, []care.EmployeeID{"AOJ", "MSK"}},
		"login":    {directory.Query{Login: "MONA.msk@testby.INVALID"}, []care.EmployeeID{"MSK"}},
		"external": {directory.Query{ExternalID: "ext-BNI"}, []care.EmployeeID{"BNI"}},
		"source":   {directory.Query{Source: care.FromHand}, []care.EmployeeID{"AOJ"}},
		"ended":    {directory.Query{EndedBy: "2026-06-15"}, []care.EmployeeID{"BNI"}},
		"today":    {directory.Query{EndedBy: "2026-06-14"}, nil},
		"nobody":   {directory.Query{Login: "x"}, nil},
	} {
		found, err := b.Store.Employees(t.Context(), c.q)
		must(t, err)

		ids := make([]care.EmployeeID, 0, len(found))
		for _, e := range found {
			ids = append(ids, e.ID)
		}

		if diff := cmp.Diff(c.want, ids, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func checkVersions(t *testing.T, b Bench) {
	t.Helper()

	save(t, b.Store, directory.Change{Employees: []care.Employee{employee("MSK")}})

	first, second := one(t, b.Store, "MSK"), one(t, b.Twin, "MSK")
	before, err := b.Twin.Version(t.Context())
	must(t, err)

	first.Name = "Mona Berggren"
	first = first.WithGrants(care.FromCSV, nil)
	save(t, b.Store, directory.Change{Employees: []care.Employee{first}})

	second.Name = "Mona Hansen"
	wantKind(t, b.Twin.Save(t.Context(), directory.Change{Employees: []care.Employee{employee("NEW"), second}, At: Now()}), care.Conflict)
	wantKind(t, b.Store.Save(t.Context(), directory.Change{Employees: []care.Employee{employee("MSK")}, At: Now()}), care.Conflict)

	got := one(t, b.Twin, "MSK")
	if got.Version != 2 || got.Name != "Mona Berggren" || len(got.Grants) != 1 || got.Grants[0].Source != care.FromHand {
		t.Errorf("%+v", got)
	}

	if found, err := b.Store.Employees(t.Context(), directory.Query{}); err != nil || len(found) != 1 {
		t.Errorf("a change that failed left %d employees, %v", len(found), err)
	}

	if after, err := b.Twin.Version(t.Context()); err != nil || after != before+1 {
		t.Errorf("the directory's version went from %d to %d, %v", before, after, err)
	}
}

func checkStanding(t *testing.T, b Bench) {
	t.Helper()

	_, err := b.Store.Standing(t.Context(), "MSK")
	wantKind(t, err, care.NotFound)

	bare := employee("BNI")
	bare.Grants, bare.Login, bare.EndsOn = nil, "", ""
	save(t, b.Store, directory.Change{
		Employees: []care.Employee{employee("MSK"), bare},
		Groups:    []directory.Group{{ID: "g1", Name: "Planlæggere", Members: []care.EmployeeID{"BNI", "MSK"}, CreatedAt: Now(), ChangedAt: Now()}},
	})

	for id, want := range map[care.EmployeeID]directory.Standing{
		"MSK": {
			Employee: "MSK", StartsOn: "2026-01-01", EndsOn: "2026-12-31", Groups: []string{"Planlæggere"},
			Grants: []care.Grant{{Unit: "oest", Role: care.Caregiver}, {Unit: "oest", Role: care.Planner}, {Unit: "vest", Role: care.Leader}},
		},
		"BNI": {Employee: "BNI", StartsOn: "2026-01-01", Groups: []string{"Planlæggere"}},
	} {
		got, err := b.Twin.Standing(t.Context(), id)
		must(t, err)

		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.SortSlices(func(a, b care.Grant) bool { return a.Unit+care.UnitID(a.Role) < b.Unit+care.UnitID(b.Role) })); diff != "" {
			t.Errorf("%s: %s", id, diff)
		}
	}

	gone := one(t, b.Store, "MSK")
	gone = gone.Leave(care.FromHand, Now())
	save(t, b.Store, directory.Change{Employees: []care.Employee{gone}})

	if got, err := b.Twin.Standing(t.Context(), "MSK"); err != nil || !got.Left || got.At("2026-06-15") {
		t.Errorf("%+v, %v", got, err)
	}
}

func checkLogins(t *testing.T, b Bench) {
	t.Helper()

	save(t, b.Store, directory.Change{Employees: []care.Employee{employee("MSK")}})

	other := employee("BNI")
	other.Login = "MONA.MSK@testby.invalid"
	wantKind(t, b.Store.Save(t.Context(), directory.Change{Employees: []care.Employee{other}, At: Now()}), care.Conflict)
}

func checkHistory(t *testing.T, b Bench) {
	t.Helper()

	save(t, b.Store, directory.Change{Employees: []care.Employee{employee("MSK")}})

	next := one(t, b.Store, "MSK")
	next = next.Leave(care.FromHand, Now().Add(time.Hour))
	next.ChangedAt = Now().Add(time.Hour)
	save(t, b.Store, directory.Change{Employees: []care.Employee{next}})

	got, err := b.Twin.History(t.Context(), "MSK", 10)
	must(t, err)

	if len(got) != 2 || got[0].By != "SYS" || !got[0].At.Equal(Now().Add(time.Hour)) {
		t.Fatalf("%+v", got)
	}

	before, after := employee("MSK"), next
	before.Version, after.Version = 1, 2

	if diff := cmp.Diff([]care.Employee{after, before}, []care.Employee{got[0].Employee, got[1].Employee}, same()); diff != "" {
		t.Error(diff)
	}
}

func checkUnits(t *testing.T, b Bench) {
	t.Helper()

	_, before, err := b.Store.Units(t.Context())
	must(t, err)

	rule := directory.Unit{Unit: care.Unit{ID: "syd", Name: "Hjemmeplejen Syd", Parent: "hjemmeplejen", LiveFrom: "2026-11-01"}, Lists: []string{"Syd*", "S?"}}
	save(t, b.Store, directory.Change{Units: []directory.Unit{rule, {Unit: care.Unit{ID: "hjemmeplejen", Name: "Hjemmeplejen"}}}})

	got, version, err := b.Twin.Units(t.Context())
	must(t, err)

	if version != before+1 || len(got) != 2 {
		t.Fatalf("version %d after %d: %+v", version, before, got)
	}

	if diff := cmp.Diff(rule, got[1]); diff != "" {
		t.Error(diff)
	}

	rule.Name = "Syd"
	save(t, b.Store, directory.Change{Units: []directory.Unit{rule}, UnitsGone: []care.UnitID{"hjemmeplejen"}})

	if got, _, err = b.Store.Units(t.Context()); err != nil || len(got) != 1 || got[0].Name != "Syd" {
		t.Errorf("%+v, %v", got, err)
	}
}

func checkGroups(t *testing.T, b Bench) {
	t.Helper()

	group := directory.Group{ID: "g1", Name: "Planlæggere", ExternalID: "x-1", Members: []care.EmployeeID{"BNI", "MSK"}, CreatedAt: Now(), ChangedAt: Now()}
	other := employee("BNI")
	other.Login = ""
	save(t, b.Store, directory.Change{Employees: []care.Employee{employee("MSK"), other}, Groups: []directory.Group{group}})

	got, err := b.Twin.Groups(t.Context())
	must(t, err)

	group.Version = 1
	if diff := cmp.Diff([]directory.Group{group}, got, same()); diff != "" {
		t.Error(diff)
	}

	twin := group
	twin.ID, twin.Version = "g2", 0
	wantKind(t, b.Store.Save(t.Context(), directory.Change{Groups: []directory.Group{twin}, At: Now()}), care.Conflict)

	group.Members = []care.EmployeeID{"MSK"}
	save(t, b.Store, directory.Change{Groups: []directory.Group{group}})
	wantKind(t, b.Twin.Save(t.Context(), directory.Change{Groups: []directory.Group{group}, At: Now()}), care.Conflict)

	if st, err := b.Store.Standing(t.Context(), "BNI"); err != nil || len(st.Groups) != 0 {
		t.Errorf("%+v, %v", st, err)
	}

	save(t, b.Store, directory.Change{GroupsGone: []string{"g1"}})

	if st, err := b.Store.Standing(t.Context(), "MSK"); err != nil || len(st.Groups) != 0 {
		t.Errorf("%+v, %v", st, err)
	}
}

var errKept = errors.New("kept")

func checkGuard(t *testing.T, b Bench) {
	t.Helper()

	save(t, b.Store, directory.Change{Employees: []care.Employee{employee("MSK")}})

	gone := one(t, b.Store, "MSK")
	gone = gone.Leave(care.FromHand, Now())

	err := b.Store.Save(t.Context(), directory.Change{
		Employees: []care.Employee{gone}, At: Now(),
		Guard: func(before, after []directory.Standing) error {
			if len(before) != 1 || len(after) != 1 || before[0].Left || !after[0].Left || len(before[0].Grants) != 3 {
				t.Errorf("before %+v, after %+v", before, after)
			}

			return errKept
		},
	})
	if !errors.Is(err, errKept) || !one(t, b.Store, "MSK").Active {
		t.Errorf("the guard's word does not count: %v", err)
	}
}

// checkGuardAtOnce lets two processes each take away one of the last two administrators.
func checkGuardAtOnce(t *testing.T, b Bench) {
	t.Helper()

	first, second := employee("AAA"), employee("BBB")
	save(t, b.Store, directory.Change{Employees: []care.Employee{first, second}})

	guard := func(_, after []directory.Standing) error {
		for _, st := range after {
			if !st.Left {
				return nil
			}
		}

		return errKept
	}

	var (
		wait sync.WaitGroup
		errs [2]error
	)

	for i, s := range []directory.Store{b.Store, b.Twin} {
		gone := one(t, s, []care.EmployeeID{"AAA", "BBB"}[i])
		gone = gone.Leave(care.FromHand, Now())

		wait.Go(func() {
			errs[i] = s.Save(t.Context(), directory.Change{Employees: []care.Employee{gone}, Guard: guard, At: Now()})
		})
	}

	wait.Wait()

	if (errs[0] == nil) == (errs[1] == nil) {
		t.Errorf("%v, %v", errs[0], errs[1])
	}
}

func checkUploads(t *testing.T, b Bench) {
	t.Helper()

	file := directory.File{Name: "medarbejdere.csv", Data: []byte("Initialer;Navn\nMSK;Mona Kvistgaard\n")}
	must(t, b.Store.KeepUpload(t.Context(), "u1", file, "SYS", Now()))

	got, err := b.Twin.Upload(t.Context(), "u1")
	if diff := cmp.Diff(file, got); diff != "" || err != nil {
		t.Error(diff, err)
	}

	_, err = b.Store.Upload(t.Context(), "u2")
	wantKind(t, err, care.NotFound)
}

func checkSecrecy(t *testing.T, b Bench) {
	t.Helper()

	save(t, b.Store, directory.Change{Employees: []care.Employee{employee("MSK")}, Audit: []directory.AuditRow{{At: Now(), Actor: "SYS", Action: "save_employee", Detail: "MSK"}}})
	must(t, b.Store.Record(t.Context(), []directory.AuditRow{{At: Now(), Actor: "SYS", Action: "see_directory"}}))

	raw, err := b.Raw(t.Context())
	must(t, err)

	if !bytes.Contains(raw, []byte("save_employee")) || !bytes.Contains(raw, []byte("see_directory")) {
		t.Error("the change is not in the audit")
	}

	for _, secret := range []string{"Kvistgaard", "mona@", "testby.invalid", "ext-MSK"} {
		if bytes.Contains(raw, []byte(secret)) {
			t.Errorf("%q is stored in clear", secret)
		}
	}
}
