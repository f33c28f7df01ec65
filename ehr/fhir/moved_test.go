package fhir_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/ehrtest"
	"github.com/sluse/sluse/ehr/fhir"
	"github.com/sluse/sluse/ehr/fhir/fhirsim"
	"github.com/sluse/sluse/scheduler/care"
)

// TestMovedToAnotherDay: the record's people move an Appointment to another day, on which it is another visit
// of the list. What becomes of the visit that it was must not be written on it: it would take the other one
// off the record.
func TestMovedToAnotherDay(t *testing.T) {
	t.Parallel()

	next := 24 * time.Hour

	for _, test := range []struct {
		name string
		then func(ehr.Change) ehr.Change
		want connector.Kind
	}{
		{"Cancelled", ehrtest.NotCompleted, connector.Conflict},
		{"Completed", ehrtest.Completed, connector.Conflict},
		{"Restored", func(c ehr.Change) ehr.Change { return ehrtest.Restored(c, "Planlagt besøg") }, 0},
		{"FollowedHere", func(c ehr.Change) ehr.Change {
			c = ehrtest.Completed(c)
			c.Planned, c.Actual = shifted(c.Planned, next), shifted(c.Actual, next)

			return c
		}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()

			b, refs := sampled(t, fhirsim.Options{Calm: true, Strict: true}, fhir.ByLocation)
			change := borrowedChanges(t, b, refs, 1)[0]
			before := theirs(t, appointmentOf(t, b.sim, change))
			mustApply(t, b.journal, change)

			moveTo(t, b, change, shifted(change.Planned, next))

			was := theirs(t, appointmentOf(t, b.sim, change))

			_, err := b.journal.Apply(t.Context(), test.then(change))
			if got := connector.KindOf(err); got != test.want || got != 0 && care.KindOf(err) != care.Conflict {
				t.Fatalf("error %v, want kind %v", err, test.want)
			}

			if diff := cmp.Diff(was, theirs(t, appointmentOf(t, b.sim, change))); test.want != 0 && diff != "" {
				t.Errorf("the other visit is changed:\n%s", diff)
			}

			if test.name == "Restored" && len(before) != len(theirs(t, appointmentOf(t, b.sim, change))) {
				t.Errorf("our marks are left: %s", theirs(t, appointmentOf(t, b.sim, change)))
			}
		})
	}

	t.Run("OnScreenThereToo", func(t *testing.T) {
		t.Parallel()

		b, refs := sampled(t, fhirsim.Options{Calm: true, Strict: true}, fhir.ByLocation)
		change := borrowedChanges(t, b, refs, 1)[0]
		mustApply(t, b.journal, change)

		other := change
		other.Key, other.Planned = "other/planned", shifted(change.Planned, next)
		other.Source.Occurrence = string(care.DayOf(other.Planned.Start))

		moveTo(t, b, change, other.Planned)
		mustApply(t, b.journal, other)
		was := appointmentOf(t, b.sim, change)
		mustApply(t, b.journal, ehrtest.Restored(change, "Planlagt besøg"))

		if diff := cmp.Diff(was, appointmentOf(t, b.sim, change)); diff != "" {
			t.Errorf("the other screen visit is changed (-was +now):\n%s", diff)
		}

		mustApply(t, b.journal, ehrtest.Completed(other))
	})
}

// TestMovedStaysTheVisit: people move an Appointment that is given by screen to another day. The list of that
// day shows the same visit: as a new one it would get a second room.
func TestMovedStaysTheVisit(t *testing.T) {
	t.Parallel()

	b, refs := sampled(t, fhirsim.Options{Calm: true, Strict: true}, fhir.ByLocation)
	change := borrowedChanges(t, b, refs, 1)[0]
	there := shifted(change.Planned, 24*time.Hour)

	mustApply(t, b.journal, change)
	moveTo(t, b, change, there)

	source := func() care.SourceRef {
		list, err := b.journal.Read(t.Context(), ehr.ListRef{ID: refs.Location, Name: "Øst"}, care.DayOf(there.Start).Bounds())
		if err != nil {
			t.Fatal(err)
		}

		i := slices.IndexFunc(list.Rows, func(r ehr.Row) bool { return r.Source.ID == change.Source.ID })
		if i < 0 || !list.Rows[i].Planned.Equal(there) {
			t.Fatalf("the Appointment is not on the list of the day it was moved to: %v", list.Rows)
		}

		return list.Rows[i].Source
	}

	if got := source(); got != change.Source {
		t.Errorf("the list has %v, want %v", got, change.Source)
	}

	back := ehrtest.Restored(change, "Planlagt besøg")
	back.Planned = there
	mustApply(t, b.journal, back)

	if got := source(); got != change.Source {
		t.Errorf("taken back, the list has %v, want %v", got, change.Source)
	}
}

// moveTo gives the Appointment another time, as the record's people do.
func moveTo(t *testing.T, b testBundle, change ehr.Change, there care.Interval) {
	t.Helper()

	err := b.sim.Edit("Appointment/"+change.Source.ID, func(body map[string]any) {
		body["start"], body["end"] = there.Start.In(care.Zone()).Format(time.RFC3339), there.End.In(care.Zone()).Format(time.RFC3339)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func shifted(i care.Interval, by time.Duration) care.Interval {
	return care.Interval{Start: i.Start.Add(by), End: i.End.Add(by)}
}
