package care_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sluse/sluse/scheduler/care"
)

func TestUnitTree(t *testing.T) {
	t.Parallel()

	tree, faults := care.NewUnitTree([]care.Unit{
		{ID: "nat", Name: "Nat"},
		{ID: "oest1", Parent: "oest"},
		{ID: "hjemmeplejen"},
		{ID: "oest", Parent: "hjemmeplejen"},
		{ID: "oest", Name: "igen"},
		{},
		{ID: "vest", Parent: "hjemmeplejen"},
		{ID: "lost", Parent: "nowhere"},
		{ID: "a", Parent: "b"},
		{ID: "b", Parent: "a"},
		{ID: "self", Parent: "self"},
	})

	want := []care.TreeFault{{Unit: "lost", Parent: "nowhere"}, {Unit: "a", Parent: "b", Cycle: true}, {Unit: "self", Parent: "self", Cycle: true}}
	if diff := cmp.Diff(want, faults); diff != "" {
		t.Error(diff)
	}

	var order []care.UnitID
	for _, u := range tree.Units() {
		order = append(order, u.ID)
	}

	if diff := cmp.Diff([]care.UnitID{"nat", "hjemmeplejen", "oest", "oest1", "vest", "lost", "a", "b", "self"}, order); diff != "" {
		t.Error(diff)
	}

	got := tree.Expand([]care.Grant{
		{Unit: "hjemmeplejen", Role: care.Leader}, {Unit: "oest", Role: care.Planner}, {Unit: "oest", Role: care.Leader}, {Unit: "*", Role: care.Auditor}, {Unit: "gone", Role: care.Caregiver},
	})
	if diff := cmp.Diff([]care.Grant{
		{Unit: "hjemmeplejen", Role: care.Leader},
		{Unit: "oest", Role: care.Leader},
		{Unit: "oest1", Role: care.Leader},
		{Unit: "vest", Role: care.Leader},
		{Unit: "oest", Role: care.Planner},
		{Unit: "oest1", Role: care.Planner},
		{Unit: "*", Role: care.Auditor},
		{Unit: "gone", Role: care.Caregiver},
	}, got); diff != "" {
		t.Error(diff)
	}

	if tree.Depth("oest1") != 2 || tree.Depth("nat") != 0 || !tree.Has("*") || tree.Has("gone") {
		t.Error("depths or units are wrong")
	}
}

// TestUnitTreeKeepsEverybody draws trees, broken ones too: every unit is in the tree once, below
// nobody who is not above it.
func TestUnitTreeKeepsEverybody(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 12).Draw(t, "units")
		units := make([]care.Unit, 0, n)

		for i := range n {
			u := care.Unit{ID: care.UnitID(fmt.Sprint("u", i))}
			if p := rapid.IntRange(-1, n).Draw(t, "parent"); p >= 0 {
				u.Parent = care.UnitID(fmt.Sprint("u", p))
			}

			units = append(units, u)
		}

		tree, faults := care.NewUnitTree(units)
		if len(tree.Units()) != n {
			t.Fatalf("%d of %d units", len(tree.Units()), n)
		}

		for _, u := range tree.Units() {
			if u.Parent != "" && (!slices.Contains(tree.Within(u.Parent), u.ID) || slices.Contains(tree.Within(u.ID), u.Parent)) {
				t.Fatalf("%s is not below %s alone; faults %+v", u.ID, u.Parent, faults)
			}
		}
	})
}

func TestEmployee(t *testing.T) {
	t.Parallel()

	e := care.Employee{ID: "MSK", Name: "Mona", Active: true, StartsOn: "2026-11-23", EndsOn: "2026-11-25"}

	for day, want := range map[care.Day]bool{"2026-11-22": false, "2026-11-23": true, "2026-11-25": true, "2026-11-26": false} {
		if e.EmployedOn(day) != want {
			t.Errorf("%s: not %t", day, want)
		}
	}

	e = e.WithGrants(care.FromCSV, []care.Grant{{Unit: "vest", Role: care.Leader}, {Unit: "oest", Role: care.Planner}, {Unit: "oest", Role: care.Planner}})
	e = e.WithGrants(care.FromHand, []care.Grant{{Unit: "oest", Role: care.Planner}})

	if len(e.Grants) != 3 || len(e.WithGrants(care.FromCSV, nil).Grants) != 1 || len(e.GrantsFrom(care.FromCSV)) != 2 {
		t.Errorf("%+v", e.Grants)
	}

	left := e.Leave(care.FromHand, time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC))
	if left.EmployedOn("2026-11-23") || left.Return(care.FromCSV).Active || !left.Return(care.FromHand).Active || !left.Return(care.FromHand).LeftAt.IsZero() {
		t.Error("what a hand marked is not a hand's")
	}

	if again := left.Leave(care.FromCSV, left.LeftAt.AddDate(1, 0, 0)); !again.Same(left) || !again.LeftAt.Equal(left.LeftAt) {
		t.Error("one leaves twice")
	}

	for name, change := range map[string]func(*care.Employee){
		"id":        func(e *care.Employee) { e.ID = "" },
		"blank":     func(e *care.Employee) { e.ID = "M SK" },
		"cpr":       func(e *care.Employee) { e.ID = "0104909989" },
		"name":      func(e *care.Employee) { e.Name = " " },
		"days":      func(e *care.Employee) { e.EndsOn = "2026-11-22" },
		"role":      func(e *care.Employee) { e.Grants = []care.Assignment{{Grant: care.Grant{Unit: "oest", Role: "boss"}}} },
		"no unit":   func(e *care.Employee) { e.Grants = []care.Assignment{{Grant: care.Grant{Role: care.Planner}}} },
		"long name": func(e *care.Employee) { e.Name = fmt.Sprintf("%121d", 1) },
	} {
		bad := e
		change(&bad)

		if err := bad.Check(); care.KindOf(err) != care.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}

	if err := e.Check(); err != nil {
		t.Error(err)
	}
}
