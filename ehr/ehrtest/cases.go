package ehrtest

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

func writesOnce(t *testing.T, r Record) {
	t.Helper()

	visit := r.Planned[0]
	apply(t, r.Journal, visit)
	apply(t, r.Journal, Completed(visit))

	want := []care.EntryKind{care.EntryPlanned, care.EntryResult}
	if diff := cmp.Diff(want, r.Entries(t, visit)); diff != "" {
		t.Errorf("entries in the record (-want +got):\n%s", diff)
	}

	if r.State != nil {
		if got := r.state(t, visit).Category; got != Completed(visit).Category {
			t.Errorf("category is %q, want %q", got, Completed(visit).Category)
		}
	}
}

func repeats(t *testing.T, r Record) {
	t.Helper()

	visit := r.Planned[0]
	first := apply(t, r.Journal, visit)

	for _, j := range []ehr.Journal{r.Journal, r.second(t)} {
		if again := apply(t, j, visit); again != first {
			t.Errorf("repeat returned %+v, want the first receipt %+v", again, first)
		}
	}

	if n := r.count(t, visit, care.EntryPlanned); n != 1 {
		t.Errorf("%d planned entries after three tries, want 1", n)
	}
}

func lateRepeat(t *testing.T, r Record) {
	t.Helper()

	visit := r.Planned[0]
	apply(t, r.Journal, visit)
	apply(t, r.Journal, NotCompleted(visit))

	before := r.state(t, visit)
	entries := r.Entries(t, visit)

	apply(t, r.second(t), visit)

	if diff := cmp.Diff(before, r.state(t, visit)); diff != "" {
		t.Errorf("a late repeat changed the record (-before +after):\n%s", diff)
	}

	if diff := cmp.Diff(entries, r.Entries(t, visit)); diff != "" {
		t.Errorf("a late repeat wrote an entry (-before +after):\n%s", diff)
	}
}

func restores(t *testing.T, r Record) {
	t.Helper()

	visit := r.Planned[0]
	original := r.state(t, visit)

	apply(t, r.Journal, visit)

	if r.State != nil && r.state(t, visit) == original {
		t.Error("the planned entry is not to be seen in the record")
	}

	apply(t, r.Journal, Restored(visit, original.Category))

	if diff := cmp.Diff(original, r.state(t, visit)); diff != "" {
		t.Errorf("after restoring (-original +now):\n%s", diff)
	}

	if n := r.count(t, visit, care.EntryRestored); n != 1 {
		t.Errorf("%d restored entries, want 1", n)
	}
}

func generations(t *testing.T, r Record) {
	t.Helper()

	visit := r.Planned[0]
	original := r.state(t, visit)
	apply(t, r.Journal, visit)

	planned := r.state(t, visit)
	apply(t, r.Journal, Restored(visit, original.Category))

	again := visit
	again.Key = visit.Key + "/2"
	apply(t, r.Journal, again)
	apply(t, r.Journal, again)

	if diff := cmp.Diff(planned, r.state(t, visit)); diff != "" {
		t.Errorf("after planning again (-first time +now):\n%s", diff)
	}

	want := []care.EntryKind{care.EntryPlanned, care.EntryRestored, care.EntryPlanned}
	if diff := cmp.Diff(want, r.Entries(t, visit)); diff != "" {
		t.Errorf("entries in the record (-want +got):\n%s", diff)
	}
}

func independent(t *testing.T, r Record) {
	t.Helper()

	other := r.Planned[1]
	before := r.state(t, other)
	apply(t, r.Journal, r.Planned[0])

	if diff := cmp.Diff(before, r.state(t, other)); diff != "" {
		t.Errorf("another visit changed (-before +after):\n%s", diff)
	}

	if entries := r.Entries(t, other); len(entries) != 0 {
		t.Errorf("another visit has entries %v", entries)
	}
}

func sameAtOnce(t *testing.T, r Record) {
	t.Helper()

	const tries = 12

	visit := r.Planned[0]
	journals := []ehr.Journal{r.Journal, r.second(t)}
	receipts := make([]ehr.Receipt, tries)

	var group sync.WaitGroup
	for i := range tries {
		group.Go(func() { receipts[i] = retry(t, journals[i%2], visit) })
	}

	group.Wait()

	for _, receipt := range receipts {
		if receipt != receipts[0] {
			t.Errorf("receipts differ: %+v and %+v", receipt, receipts[0])
		}
	}

	if n := r.count(t, visit, care.EntryPlanned); n != 1 {
		t.Errorf("%d planned entries after %d tries at once, want 1", n, tries)
	}
}

func differentAtOnce(t *testing.T, r Record) {
	t.Helper()

	journals := []ehr.Journal{r.Journal, r.second(t)}

	var group sync.WaitGroup
	for i, visit := range r.Planned {
		group.Go(func() {
			retry(t, journals[i%2], visit)
			retry(t, journals[(i+1)%2], Completed(visit))
		})
	}

	group.Wait()

	want := []care.EntryKind{care.EntryPlanned, care.EntryResult}

	for i, visit := range r.Planned {
		if diff := cmp.Diff(want, r.Entries(t, visit)); diff != "" {
			t.Errorf("visit %d (-want +got):\n%s", i, diff)
		}
	}
}

// retry does what the queue does: it repeats after a conflict or an unknown outcome.
func retry(t *testing.T, j ehr.Journal, change ehr.Change) ehr.Receipt {
	t.Helper()

	var last error

	for range 20 {
		receipt, err := j.Apply(t.Context(), change)
		if err == nil {
			return receipt
		}

		last = err
		if k := connector.KindOf(err); k != connector.Conflict && k != connector.Unknown && k != connector.Unavailable {
			break
		}
	}

	t.Errorf("Apply(%s): %v", change.Key, last)

	return ehr.Receipt{}
}

func unknown(t *testing.T, r Record) {
	t.Helper()

	if r.Unknown.Key == "" {
		t.Skip("this record takes any visit")
	}

	_, err := r.Journal.Apply(t.Context(), r.Unknown)
	refusal(t, err)

	if cpr := r.Unknown.Citizen.CPR.Reveal(); cpr != "" && strings.Contains(err.Error(), cpr) {
		t.Error("the error shows a CPR number")
	}
}

func cancelled(t *testing.T, r Record) {
	t.Helper()

	ctx, cancel := context.WithCancel(t.Context())
	cancel()

	visit := r.Planned[0]
	if _, err := r.Journal.Apply(ctx, visit); err != nil && connector.KindOf(err) == 0 {
		t.Errorf("error %v is no *connector.Error", err)
	}

	// Whatever became of it, the next try leaves exactly one entry.
	retry(t, r.Journal, visit)

	if n := r.count(t, visit, care.EntryPlanned); n != 1 {
		t.Errorf("%d planned entries, want 1", n)
	}
}
