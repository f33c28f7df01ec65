// Package ehrtest is the conformance suite of the ehr port. An adapter's test hands over a
// factory of empty records; the suite drives the journal and asks the record itself, not the
// journal, what it received. RunJournal is about the visit on the list; RunWays goes through every
// means that the journal has, calm, with each mishap at each entry, and with ten seeds of faults.
package ehrtest

import (
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// minVisits is how many visits the suite needs.
const minVisits = 4

// Record is a care record under test with the journal that writes into it.
type Record struct {
	Journal ehr.Journal
	// Another opens one more journal on the same record, as a second process would have it.
	// Nil: the suite uses Journal alone.
	Another func(t *testing.T) ehr.Journal
	// Planned are at least four acceptable changes of kind EntryPlanned, each of another
	// visit. The suite derives results and restorations from them.
	Planned []ehr.Change
	// Unknown is a change of a visit that the record does not have. A zero Key: the record
	// takes any visit, and the suite leaves the test out.
	Unknown ehr.Change
	// Entries tells what the record received for the visit, oldest first. It reads the
	// record (a file, the simulator's history), never the journal's memory.
	Entries func(t *testing.T, visit ehr.Change) []care.EntryKind
	// State tells what the record shows for the visit now. Nil: it has no such texts.
	State func(t *testing.T, visit ehr.Change) State

	// Ways are the journal's means, in its order, and how the suite looks at each. RunWays needs
	// them and what follows.
	Ways []Way
	// Arms has every mishap.
	Arms []Arm
	// Storm makes the record fail at random from now on.
	Storm func(t *testing.T)
	// Heal ends mishap and storm.
	Heal func(t *testing.T)
}

// State is what people see at a visit in the record.
type State struct{ Category, Comment string }

// Open makes an empty record for one test and cleans it up with t.Cleanup.
type Open func(t *testing.T) Record

// RunJournal runs the suite for ehr.Journal.
func RunJournal(t *testing.T, open Open) {
	t.Helper()

	for _, test := range []struct {
		name string
		run  func(*testing.T, Record)
	}{
		{"WritesOnce", writesOnce},
		{"RepeatReturnsTheFirstReceipt", repeats},
		{"LateRepeatTurnsNothingBack", lateRepeat},
		{"RestoreBringsBackWhatWasThere", restores},
		{"GenerationsAreDifferentEntries", generations},
		{"VisitsDoNotTouchEachOther", independent},
		{"SameChangeAtOnce", sameAtOnce},
		{"DifferentChangesAtOnce", differentAtOnce},
		{"UnknownVisitIsRefused", unknown},
		{"CancelledContext", cancelled},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()

			record := open(t)
			if len(record.Planned) < minVisits || record.Journal == nil || record.Entries == nil {
				t.Fatalf("ehrtest.Record is incomplete: %d of %d visits", len(record.Planned), minVisits)
			}

			test.run(t, record)
		})
	}
}

// Completed returns the result entry that follows planned: held for its planned time.
func Completed(planned ehr.Change) ehr.Change {
	c := planned
	c.Key = planned.Key + "/result"
	c.Kind = care.EntryResult
	c.Delivery = care.Screen
	c.Category = "Gennemført skærmbesøg"
	c.Result = care.ResultCompleted
	c.Actual = care.Interval{Start: planned.Planned.Start.Add(time.Minute), End: planned.Planned.End}

	return c
}

// NotCompleted returns the result entry that follows planned when the citizen stayed away.
func NotCompleted(planned ehr.Change) ehr.Change {
	c := planned
	c.Key = planned.Key + "/result"
	c.Kind = care.EntryResult
	c.Category = "Ikke gennemført skærmbesøg"
	c.Result = care.ResultNotCompleted
	c.Reason = care.CitizenAbsent

	return c
}

// Restored returns the entry that takes planned back: the original category, no comment of ours.
func Restored(planned ehr.Change, original string) ehr.Change {
	c := planned
	c.Key = planned.Key + "/restored"
	c.Kind = care.EntryRestored
	c.Delivery = care.Physical
	c.Category = original
	c.Comment = ""
	c.Result, c.Reason, c.Actual = "", "", care.Interval{}

	return c
}

func apply(t *testing.T, j ehr.Journal, change ehr.Change) ehr.Receipt {
	t.Helper()

	receipt, err := j.Apply(t.Context(), change)
	if err != nil {
		t.Fatalf("Apply(%s): %v", change.Key, err)
	}

	if receipt.ID == "" {
		t.Fatalf("Apply(%s): the receipt has no id", change.Key)
	}

	return receipt
}

func (r Record) second(t *testing.T) ehr.Journal {
	t.Helper()

	if r.Another == nil {
		return r.Journal
	}

	return r.Another(t)
}

func (r Record) state(t *testing.T, visit ehr.Change) State {
	t.Helper()

	if r.State == nil {
		return State{}
	}

	return r.State(t, visit)
}

// count returns how many entries of a kind the record has for the visit.
func (r Record) count(t *testing.T, visit ehr.Change, kind care.EntryKind) int {
	t.Helper()

	n := 0

	for _, k := range r.Entries(t, visit) {
		if k == kind {
			n++
		}
	}

	return n
}

// refusal checks that err is a refusal with a Danish sentence.
func refusal(t *testing.T, err error) {
	t.Helper()

	if k := connector.KindOf(err); k != connector.Rejected && k != connector.NotFound {
		t.Fatalf("error %v has kind %v, want Rejected or NotFound", err, k)
	}

	if care.KindOf(err) == care.Internal {
		t.Errorf("the cause of %q is no *care.Error with a Danish sentence", err)
	}
}
