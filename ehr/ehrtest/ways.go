package ehrtest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// Way is one way in which a record is told of screen visits, and how the suite looks at it.
type Way struct {
	Means care.Means
	// Of makes one of Record.Planned, or what the suite derives from it, into the same change by
	// this means. Nil: it is one already. Of must not touch the key.
	Of func(c ehr.Change) ehr.Change
	// Quiet are kinds of entries that may leave the record as it is.
	Quiet []care.EntryKind
	// Told is what the record was told of a visit by this means, oldest first. It reads the record
	// (a file, the simulator's history), never the journal's memory, and leaves out what two
	// records of which the same is told do not share, as ids. Nothing may vanish from it.
	Told func(t *testing.T, visit ehr.Change) []string
	// Wrong are edits of a change that the record must refuse with a Danish sentence, by name.
	Wrong map[string]func(c ehr.Change) ehr.Change
}

// OpenSeeded makes an empty record for one test, whose dice fall by the seed, and cleans it up with
// t.Cleanup.
type OpenSeeded func(t *testing.T, seed uint64) Record

// RunWays runs the part of the suite that goes through every means of a record: chains of entries,
// refusals, each mishap at each entry, and ten seeds of a record that fails at random.
func RunWays(t *testing.T, open OpenSeeded) {
	t.Helper()

	first := open(t, 0)
	first.complete(t)

	for _, w := range first.Ways {
		t.Run(string(w.Means), func(t *testing.T) {
			t.Parallel()

			for name, steps := range chains(w) {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					chain(t, open(t, 0), w.Means, steps)
				})
			}

			for name := range w.Wrong {
				t.Run("wrong "+name, func(t *testing.T) {
					t.Parallel()
					wrong(t, open(t, 0), w.Means, name)
				})
			}

			for _, m := range Mishaps() {
				t.Run(string(m), func(t *testing.T) {
					t.Parallel()
					mishap(t, open, w.Means, m)
				})
			}
		})
	}

	t.Run("storm", func(t *testing.T) {
		t.Parallel()
		storms(t, open)
	})
}

// complete checks that the record under test lets the suite look at each of its means, and either
// has each mishap or says why it can't.
func (r Record) complete(t *testing.T) {
	t.Helper()

	var looked []care.Means
	for _, w := range r.Ways {
		looked = append(looked, w.Means)
	}

	if diff := cmp.Diff(r.Journal.Means(), looked); diff != "" {
		t.Fatalf("the suite must look at all means of the record (-means +ways):\n%s", diff)
	}

	if len(r.Planned) < minVisits || r.Storm == nil || r.Heal == nil {
		t.Fatalf("ehrtest.Record is incomplete: %d of %d visits, Storm and Heal", len(r.Planned), minVisits)
	}

	for _, m := range Mishaps() {
		r.arm(t, m)
	}
}

// way returns the record's own Way of a means: each record that is opened has others.
func (r Record) way(t *testing.T, m care.Means) Way {
	t.Helper()

	i := slices.IndexFunc(r.Ways, func(w Way) bool { return w.Means == m })
	if i < 0 {
		t.Fatalf("the record has no means %s", m)
	}

	return r.Ways[i]
}

// step derives an entry from the planned one.
type step func(planned ehr.Change, original string) ehr.Change

func plan(c ehr.Change, _ string) ehr.Change { return c }

func again(c ehr.Change, _ string) ehr.Change {
	c.Key += "/2"

	return c
}

// move plans the visit anew, half an hour later: a new generation of the entry.
func move(c ehr.Change, _ string) ehr.Change {
	c.Key += "/moved"
	c.Planned = care.Interval{Start: c.Planned.Start.Add(30 * time.Minute), End: c.Planned.End.Add(30 * time.Minute)}

	return c
}

func completed(c ehr.Change, _ string) ehr.Change    { return Completed(c) }
func notCompleted(c ehr.Change, _ string) ehr.Change { return NotCompleted(c) }
func phoned(c ehr.Change, _ string) ehr.Change       { return Phoned(c) }
func takenBack(c ehr.Change, o string) ehr.Change    { return Restored(c, o) }

func completedMoved(c ehr.Change, o string) ehr.Change { return Completed(move(c, o)) }

// chains are what may become of a visit, as far as there are entries of it.
func chains(w Way) map[string][]step {
	all := map[string][]step{
		"completed":           {plan, completed},
		"not completed":       {plan, notCompleted},
		"by telephone":        {plan, phoned},
		"turned back":         {plan, takenBack},
		"turned back at last": {plan, notCompleted, takenBack},
		"moved":               {plan, move, completedMoved},
		"planned again":       {plan, takenBack, again, completed},
	}

	for name, steps := range all {
		all[name] = slices.DeleteFunc(steps, func(s step) bool { return !w.Means.Tells(s(ehr.Change{Kind: care.EntryPlanned}, "").Kind) })
	}

	return all
}

// change is a step of a visit by the way's means.
func (w Way) change(s step, planned ehr.Change, original string) ehr.Change {
	c := s(planned, original)
	c.Means = w.Means

	if w.Of != nil {
		c = w.Of(c)
	}

	c.Key += "/" + string(w.Means)

	return c
}

// original is the category of the visit before anything was told.
func (r Record) original(t *testing.T, visit ehr.Change) string {
	t.Helper()

	return r.state(t, visit).Category
}

// chain tells one entry after the other, each three times and from two processes.
func chain(t *testing.T, r Record, m care.Means, steps []step) {
	t.Helper()

	w, planned := r.way(t, m), r.Planned[0]
	original := r.original(t, planned)
	before := w.Told(t, planned)

	for i, s := range steps {
		c := w.change(s, planned, original)
		receipt := apply(t, r.Journal, c)
		told := w.Told(t, planned)

		if len(told) <= len(before) && !slices.Contains(w.Quiet, c.Kind) {
			t.Errorf("step %d (%s): the record was told nothing: %q", i+1, c.Kind, told)
		}

		if !holds(told, before) {
			t.Errorf("step %d (%s): what was told before has changed: %q, was %q", i+1, c.Kind, told, before)
		}

		for _, j := range []ehr.Journal{r.Journal, r.second(t)} {
			if same := apply(t, j, c); same != receipt {
				t.Errorf("step %d (%s): a repeat returned %+v, want the first receipt %+v", i+1, c.Kind, same, receipt)
			}
		}

		if diff := cmp.Diff(told, w.Told(t, planned)); diff != "" {
			t.Errorf("step %d (%s): a repeat told the record more (-before +after):\n%s", i+1, c.Kind, diff)
		}

		before = told
	}

	for _, other := range r.Planned[1:] {
		if told := w.Told(t, other); len(told) != 0 && other.Source != planned.Source {
			t.Errorf("the record was told of another visit: %q", told)
		}
	}
}

// holds reports whether all of part is in all.
func holds(all, part []string) bool {
	left := slices.Clone(all)

	for _, one := range part {
		i := slices.Index(left, one)
		if i < 0 {
			return false
		}

		left = slices.Delete(left, i, i+1)
	}

	return true
}

// wrong tells something that the record does not take.
func wrong(t *testing.T, r Record, m care.Means, name string) {
	t.Helper()

	w, planned := r.way(t, m), r.Planned[0]
	good := w.change(w.usual()[0], planned, r.original(t, planned))

	_, err := r.Journal.Apply(t.Context(), w.Wrong[name](good))
	refusal(t, err)

	if told := w.Told(t, planned); len(told) != 0 {
		t.Errorf("the record was told %q", told)
	}

	apply(t, r.Journal, good) // once a person has put it right
}

// usual is the chain that most visits go through.
func (w Way) usual() []step { return chains(w)["completed"] }

// calm tells a calm record the chain and returns what it was told.
func calm(t *testing.T, open OpenSeeded, m care.Means, steps []step) []string {
	t.Helper()

	r := open(t, 0)
	w := r.way(t, m)
	original := r.original(t, r.Planned[0])

	for _, s := range steps {
		apply(t, r.Journal, w.change(s, r.Planned[0], original))
	}

	return w.Told(t, r.Planned[0])
}

// Phoned returns the result entry that follows planned when the visit was given by telephone.
func Phoned(planned ehr.Change) ehr.Change {
	c := Completed(planned)
	c.Delivery = care.ByPhone
	c.Category = "Telefonisk"

	return c
}

// passing reports whether the queue tries again by itself.
func passing(err error) bool {
	return slices.Contains([]connector.Kind{
		connector.Unavailable, connector.Unknown, connector.RateLimited, connector.Unauthorized, connector.Pending, connector.Malformed,
	}, connector.KindOf(err))
}
