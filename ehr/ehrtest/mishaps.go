package ehrtest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// Mishap is one way in which telling a record goes wrong. Each is armed for the next write of a
// change, and is over with Record.Heal.
type Mishap string

// The mishaps. "Before" means that the write had no effect, "after" that it had its full effect.
const (
	Gone            Mishap = "gone"        // nobody answers at all: no connection, no folder
	LostBefore      Mishap = "lost before" // the connection breaks
	LostAfter       Mishap = "lost after"  // the one that makes double entries
	TimeoutBefore   Mishap = "time-out before"
	TimeoutAfter    Mishap = "time-out after"
	ErrorBefore     Mishap = "5xx before" // 500 or 502
	ErrorAfter      Mishap = "5xx after"
	Unavailable     Mishap = "503"
	TooMany         Mishap = "429"               // with Retry-After
	TokenEnded      Mishap = "401 once"          // a new token helps
	Unauthorized    Mishap = "401 again"         // it does not
	BrokenBody      Mishap = "broken body"       // the right status with half an answer
	HalfObjects     Mishap = "half objects"      // lists that leave members out
	SomebodyElse    Mishap = "somebody else"     // another user changes what is written, between read and write: 409, 412
	ReadOnly        Mishap = "read-only"         // the record does not let it be changed
	NotPermitted    Mishap = "not permitted"     // we lack the right: an absent rel, 403
	RefusedByRecord Mishap = "refused by record" // it says no, for a reason of its own
)

// Mishaps are all of them.
func Mishaps() []Mishap {
	return []Mishap{
		Gone, LostBefore, LostAfter, TimeoutBefore, TimeoutAfter, ErrorBefore, ErrorAfter, Unavailable, TooMany,
		TokenEnded, Unauthorized, BrokenBody, HalfObjects, SomebodyElse, ReadOnly, NotPermitted, RefusedByRecord,
	}
}

// Arm makes a mishap happen.
type Arm struct {
	Mishap Mishap
	// Do prepares the mishap for the next write of the change.
	Do func(t *testing.T, change ehr.Change)
	// Without tells why the record can't meet the mishap; Do is nil.
	Without string
}

// Without excuses a record from mishaps.
func Without(why string, mishaps ...Mishap) []Arm {
	arms := make([]Arm, len(mishaps))
	for i, m := range mishaps {
		arms[i] = Arm{Mishap: m, Without: why}
	}

	return arms
}

// Network are the mishaps of a record that is behind HTTP, and that one has not which is a folder.
func Network() []Mishap {
	return []Mishap{LostBefore, TimeoutBefore, TimeoutAfter, ErrorBefore, ErrorAfter, Unavailable, TooMany, TokenEnded, Unauthorized, HalfObjects}
}

// arm finds how the record meets a mishap.
func (r Record) arm(t *testing.T, m Mishap) Arm {
	t.Helper()

	i := slices.IndexFunc(r.Arms, func(a Arm) bool { return a.Mishap == m })
	if i < 0 || (r.Arms[i].Do == nil) == (r.Arms[i].Without == "") {
		t.Fatalf("the record must either have the mishap %q or say why not", m)
	}

	return r.Arms[i]
}

// none is the "kind" of no error at all in verdicts.
const none connector.Kind = 0

// verdicts are the kinds with which a try may end. Those that had an effect must never be called
// Unavailable: the queue may forget such a job.
func verdicts(m Mishap) []connector.Kind {
	switch m {
	case Gone, Unavailable:
		return []connector.Kind{none, connector.Unavailable}
	case LostBefore, TimeoutBefore, ErrorBefore:
		return []connector.Kind{none, connector.Unavailable, connector.Unknown}
	case LostAfter, TimeoutAfter, ErrorAfter, BrokenBody:
		return []connector.Kind{none, connector.Unknown, connector.Malformed, connector.Pending}
	case TooMany:
		return []connector.Kind{connector.RateLimited}
	case TokenEnded, HalfObjects:
		return []connector.Kind{none}
	case Unauthorized:
		return []connector.Kind{connector.Unauthorized}
	case SomebodyElse:
		return []connector.Kind{none, connector.Conflict}
	case ReadOnly, RefusedByRecord:
		return []connector.Kind{connector.Rejected, connector.Conflict}
	case NotPermitted:
		return []connector.Kind{connector.Rejected, connector.Unauthorized}
	}

	return nil
}

// mishap meets each entry of a visit in turn. Afterwards the record was told what a calm one is told.
func mishap(t *testing.T, open OpenSeeded, m care.Means, how Mishap) {
	t.Helper()

	r := open(t, 0)

	arm := r.arm(t, how)
	if arm.Do == nil {
		t.Skip(arm.Without)
	}

	w, planned := r.way(t, m), r.Planned[0]
	original := r.original(t, planned)

	for i, s := range w.usual() {
		c := w.change(s, planned, original)
		before := w.Told(t, planned)

		arm.Do(t, c)

		receipt, err := r.Journal.Apply(t.Context(), c)
		judge(t, how, err)

		r.Heal(t)

		if told := w.Told(t, planned); slices.Contains([]Mishap{ReadOnly, NotPermitted, RefusedByRecord}, how) && !slices.Equal(told, before) {
			t.Errorf("step %d: the record was told %q all the same", i+1, told)
		}

		final := persist(t, r.second(t), c)
		if err == nil && final != receipt {
			t.Errorf("step %d: a repeat returned %+v, want the first receipt %+v", i+1, final, receipt)
		}

		if same := apply(t, r.Journal, c); same != final {
			t.Errorf("step %d: a repeat returned %+v, want %+v", i+1, same, final)
		}
	}

	if diff := cmp.Diff(calm(t, open, m, w.usual()), w.Told(t, planned)); diff != "" {
		t.Errorf("what the record was told (-calm +after %s):\n%s", how, diff)
	}
}

// judge checks that a try ended as the mishap allows, in words that help.
func judge(t *testing.T, how Mishap, err error) {
	t.Helper()

	kind := connector.KindOf(err)
	if !slices.Contains(verdicts(how), kind) || (err != nil && kind == none) {
		t.Errorf("after %s: %v, want one of %v", how, err, verdicts(how))

		return
	}

	var failure *connector.Error

	if errors.As(err, &failure) && how == TooMany && failure.RetryAfter <= 0 {
		t.Errorf("after %s: it is not told when to try again: %v", how, err)
	}

	if kind == connector.Rejected || kind == connector.Conflict {
		if care.KindOf(err) == care.Internal {
			t.Errorf("after %s: the cause of %q is no *care.Error with a Danish sentence", how, err)
		}
	}
}

// persist repeats a change as the queue does, as long as the next try may help.
func persist(t *testing.T, j ehr.Journal, c ehr.Change) ehr.Receipt {
	t.Helper()

	var err error

	for range 200 {
		var receipt ehr.Receipt
		if receipt, err = j.Apply(t.Context(), c); err == nil {
			return receipt
		}

		if !passing(err) && !connector.Is(err, connector.Conflict) { // a conflict is tried again by a person
			break
		}
	}

	t.Errorf("Apply(%s): %v", c.Key, err)

	return ehr.Receipt{}
}

// storms lets all visits go through everything by all means at once, while the record fails at
// random. What it was told in the end is what a calm record is told.
func storms(t *testing.T, open OpenSeeded) {
	t.Helper()

	reference := open(t, 0)
	live(t, reference)

	for seed := range uint64(10) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()

			r := open(t, seed)
			r.Storm(t)
			live(t, r)
			r.Heal(t)

			for _, w := range r.Ways {
				for i, visit := range r.Planned {
					want := reference.way(t, w.Means).Told(t, reference.Planned[i])
					if diff := cmp.Diff(want, w.Told(t, visit)); diff != "" {
						t.Errorf("seed %d, visit %d, %s: what the record was told (-calm +storm):\n%s", seed, i, w.Means, diff)
					}
				}
			}
		})
	}
}

// live takes every visit through a chain, each entry from one process, then from another.
func live(t *testing.T, r Record) {
	t.Helper()

	ends := [][]step{{plan, completed}, {plan, notCompleted}, {plan, move, completedMoved}, {plan, takenBack}}
	second := r.second(t)

	var group sync.WaitGroup

	for i, visit := range r.Planned {
		original := r.original(t, visit)

		group.Go(func() {
			for _, w := range r.Ways {
				for n, s := range ends[i%len(ends)] {
					c := w.change(s, visit, original)
					if !w.Means.Tells(c.Kind) {
						continue
					}

					a, b := r.Journal, second
					if n%2 == 1 {
						a, b = b, a
					}

					if first, repeat := persist(t, a, c), persist(t, b, c); first != repeat {
						t.Errorf("%s: receipts %+v and %+v", c.Key, first, repeat)
					}
				}
			}
		})
	}

	group.Wait()
}
