package care_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sluse/sluse/scheduler/care"
)

// anyLeg draws a leg around the visit: mostly one that can be, with few values each, so that legs
// touch, meet and contradict each other.
func anyLeg(t *rapid.T) care.Leg {
	steps := func(label string, from, to int) time.Duration {
		return time.Duration(rapid.IntRange(from, to).Draw(t, label)) * 10 * time.Second
	}
	rare := func(label string) bool { return rapid.IntRange(0, 24).Draw(t, label) == 0 }

	l := care.Leg{
		ID: rapid.StringMatching("[a-f]{3}").Draw(t, "id"), Room: care.RoomRef(rapid.SampledFrom([]string{"a", "a", "a", "b"}).Draw(t, "room")),
		Role:    rapid.SampledFrom([]care.LegRole{care.AsHost, care.AsGuest}).Draw(t, "role"),
		Joined:  start.Add(steps("joined", -100, 200)),
		Media:   rapid.SampledFrom([]care.Media{care.MediaUnknown, care.Video, care.Video, care.Video, care.AudioOnly, care.NoMedia}).Draw(t, "media"),
		Ending:  rapid.SampledFrom([]care.Ending{care.Usual, care.Usual, care.Usual, care.Usual, care.Usual, care.LostContact, care.NoHostCame, care.RoomFull, care.EndedForAll, care.TurnedAway, care.NeverThrough}).Draw(t, "ending"),
		Witness: rapid.SampledFrom([]care.Witness{care.FromHistory, care.FromEvents, care.FromBoth, care.FromLooking}).Draw(t, "witness"),
		Node:    rapid.SampledFrom([]string{"", "", "n1", "n2"}).Draw(t, "node"), Seat: rapid.IntRange(0, 3).Draw(t, "seat"),
	}

	if !rare("stays") {
		l.Left = l.Joined.Add(steps("left", 0, 60))
	}

	if rare("broken") {
		l.Role = rapid.SampledFrom([]care.LegRole{care.AsRecorder, ""}).Draw(t, "no role")
	}

	if rare("upside down") {
		l.Left = l.Joined.Add(-time.Minute)
	}

	if rare("enters") {
		l.Entered = l.Joined.Add(time.Duration(rapid.IntRange(0, 600).Draw(t, "entered")) * time.Second)
	}

	return l
}

func anyEvidence(t *rapid.T) care.Evidence {
	e := care.Evidence{
		Legs: rapid.SliceOfN(rapid.Custom(anyLeg), 0, 4).Draw(t, "legs"), Planned: care.Interval{Start: start, End: start.Add(15 * time.Minute)},
		Window:  care.Interval{Start: start.Add(-15 * time.Minute), End: start.Add(time.Hour)},
		Minimum: 30 * time.Second, Bridge: 2 * time.Minute, Wait: 2 * time.Minute, Skew: 4 * time.Second, Rough: time.Minute,
		Complete: rapid.IntRange(0, 4).Draw(t, "complete") > 0, Now: start.Add(2 * time.Hour),
	}

	if rapid.IntRange(0, 3).Draw(t, "a conversation") > 0 { // otherwise hardly anybody ever meets
		from := start.Add(time.Duration(rapid.IntRange(0, 60).Draw(t, "from")) * 10 * time.Second)
		to := from.Add(time.Duration(rapid.IntRange(1, 60).Draw(t, "for")) * 5 * time.Second)
		e.Legs = append(
			e.Legs, care.Leg{ID: "host", Room: "a", Role: care.AsHost, Joined: start, Left: to, Media: care.Video},
			care.Leg{ID: "guest", Room: "a", Role: care.AsGuest, Joined: from, Left: to.Add(time.Minute), Media: care.Video, Seat: rapid.IntRange(0, 2).Draw(t, "their seat")},
		)
	}

	if rapid.Bool().Draw(t, "let in") {
		e.LetInAt = start.Add(time.Duration(rapid.IntRange(-10, 20).Draw(t, "let in at")) * time.Minute)
	}

	if rapid.Bool().Draw(t, "came") {
		e.CameAt = start.Add(-time.Minute)
	}

	if rapid.Bool().Draw(t, "invited") {
		e.Seats = []int{2}
	}

	return e
}

// sharedTime is how long some host and some guest were in one room by the plainest reading of the
// legs, second by second: the oracle that knows nothing of the rule.
func sharedTime(e care.Evidence) time.Duration {
	there := func(l care.Leg, role care.LegRole, room care.RoomRef, at time.Time) bool {
		return l.Role == role && l.Room == room && !at.Before(l.Joined) && (l.Left.IsZero() || at.Before(l.Left)) && l.Media != care.NoMedia
	}

	total := time.Duration(0)

	for at := e.Window.Start; at.Before(e.Window.End); at = at.Add(time.Second) {
		met := false

		for _, room := range []care.RoomRef{"a", "b"} {
			host, guest := false, false

			for _, l := range e.Legs {
				host = host || there(l, care.AsHost, room, at)
				guest = guest || there(l, care.AsGuest, room, at)
			}

			met = met || host && guest
		}

		if met {
			total += time.Second
		}
	}

	return total
}

// TestNeverCompletedWithoutMeeting: whatever the platform tells, nobody is said to have been
// visited who was not with an employee for the minimum, and nobody to have stayed away on a
// record with gaps.
func TestNeverCompletedWithoutMeeting(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(t *rapid.T) {
		e := anyEvidence(t)
		v := care.Judge(e)

		switch {
		case v.Outcome.Kind == care.ResultCompleted && sharedTime(e) < e.Minimum:
			t.Fatalf("completed after %s together: %q", sharedTime(e), v.Why)
		case v.Outcome.Kind == care.ResultNotCompleted && !e.Complete:
			t.Fatalf("%s on a record with gaps: %q", v.Outcome.Reason, v.Why)
		case v.Decided != (v.Outcome.Kind != "") || !v.Decided && v.Outcome.Grade != care.Missing || len(v.Why) == 0 || len(v.Basis) != len(e.Legs):
			t.Fatalf("%+v", v)
		case v.Outcome.Kind == care.ResultCompleted && (!v.Outcome.Actual.Valid() || v.Outcome.Together < e.Minimum || v.Outcome.Together > v.Outcome.Actual.Duration()):
			t.Fatalf("%+v", v.Outcome)
		}
	})
}

// TestJudgeWhateverTheOrderOfLegs: also the sentences and the basis are the same.
func TestJudgeWhateverTheOrderOfLegs(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(t *rapid.T) {
		e := anyEvidence(t)
		for i := range e.Legs {
			e.Legs[i].ID += string(rune('0' + i)) // a platform's keys differ
		}

		turned := e
		turned.Legs = rapid.Permutation(e.Legs).Draw(t, "turned")

		if diff := cmp.Diff(care.Judge(e), care.Judge(turned)); diff != "" {
			t.Fatal(diff)
		}
	})
}

// TestAThirdPersonTakesNothingAway: whoever else looks in turns no visit into one that was not.
func TestAThirdPersonTakesNothingAway(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(t *rapid.T) {
		e := anyEvidence(t)

		v := care.Judge(e)
		if v.Outcome.Kind != care.ResultCompleted {
			return
		}

		third := anyLeg(t)
		third.ID, third.Role, third.Seat = "third", rapid.SampledFrom([]care.LegRole{care.AsGuest, care.AsRecorder}).Draw(t, "third"), 2
		e.Legs = append(e.Legs, third)

		if after := care.Judge(e); after.Outcome.Kind != care.ResultCompleted {
			t.Fatalf("%q, and then %q", v.Why, after.Why)
		}
	})
}

// TestNothingHangsOnTheClocks: moving one node's clock by less than the skew never turns one
// decision into another.
func TestNothingHangsOnTheClocks(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(t *rapid.T) {
		e := anyEvidence(t)
		for i := range e.Legs { // by two clocks that were seen by history, in the middle of the visit
			e.Legs[i].Node, e.Legs[i].Witness = []string{"n1", "n2"}[i%2], care.FromHistory
			e.Legs[i].Joined = e.Legs[i].Joined.Add(time.Duration(rapid.IntRange(0, 19).Draw(t, "second")) * time.Second)
		}

		v := care.Judge(e)

		by := time.Duration(rapid.IntRange(-2000, 2000).Draw(t, "skew")) * time.Millisecond
		moved := e
		moved.Legs = append([]care.Leg{}, e.Legs...)

		for i := range moved.Legs {
			l := &moved.Legs[i]
			if l.Node != "n1" {
				continue
			}

			l.Joined = l.Joined.Add(by)
			if !l.Left.IsZero() {
				l.Left = l.Left.Add(by)
			}

			if !l.Entered.IsZero() {
				l.Entered = l.Entered.Add(by)
			}
		}

		after := care.Judge(moved)
		if v.Outcome.Kind == care.ResultCompleted && after.Outcome.Kind == care.ResultNotCompleted || v.Outcome.Kind == care.ResultNotCompleted && after.Outcome.Kind == care.ResultCompleted {
			t.Fatalf("moved by %s: %q, and then %q", by, v.Why, after.Why)
		}
	})
}

// FuzzJudge: bytes that become legs never end in a panic, or in a visit that nobody saw.
func FuzzJudge(f *testing.F) {
	f.Add([]byte{0, 0, 10, 1, 5, 20})
	f.Fuzz(rapid.MakeFuzz(func(t *rapid.T) {
		e := anyEvidence(t)
		if v := care.Judge(e); v.Outcome.Kind == care.ResultCompleted && sharedTime(e) < e.Minimum {
			t.Fatalf("completed after %s together: %q", sharedTime(e), v.Why)
		}
	}))
}
