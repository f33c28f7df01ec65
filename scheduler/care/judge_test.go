package care_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/scheduler/care"
)

// stay is a leg in seconds after the start; left < 0 means that the person is still there.
type stay struct {
	role         care.LegRole
	joined, left int
	room         care.RoomRef
}

func legs(stays ...stay) []care.Leg {
	var out []care.Leg

	for i, s := range stays {
		l := care.Leg{ID: string(rune('a' + i)), Room: s.room, Role: s.role, Joined: start.Add(time.Duration(s.joined) * time.Second)}
		if s.left >= 0 {
			l.Left = start.Add(time.Duration(s.left) * time.Second)
		}

		out = append(out, l)
	}

	return out
}

// judged weighs legs of a visit that is planned at start, for ten minutes, now being 1000 s later.
// A citizen who was in the room was let in.
func judged(minimum time.Duration, all []care.Leg) care.Verdict {
	e := care.Evidence{
		Legs: all, Planned: care.Interval{Start: start, End: start.Add(10 * time.Minute)}, Minimum: minimum,
		Wait: 2 * time.Minute, Complete: true, Now: start.Add(1000 * time.Second),
	}

	hosts := slices.ContainsFunc(all, func(l care.Leg) bool { return l.Role == care.AsHost })
	if hosts && slices.ContainsFunc(all, func(l care.Leg) bool { return l.Role == care.AsGuest }) {
		e.LetInAt = start
	}

	return care.Judge(e)
}

// TestJudge is the table of what evidence says of simple stays. Times are seconds. The cases of
// home care are in testdata/calls of the scheduler.
func TestJudge(t *testing.T) {
	t.Parallel()

	const host, guest = care.AsHost, care.AsGuest

	completed := func(from, to, together int, grade care.Grade) care.Outcome {
		return care.Outcome{
			Kind: care.ResultCompleted, Delivery: care.Screen, Grade: grade, Together: time.Duration(together) * time.Second,
			Actual: care.Interval{Start: start.Add(time.Duration(from) * time.Second), End: start.Add(time.Duration(to) * time.Second)},
		}
	}
	not := func(reason care.ReasonCode) care.Outcome {
		return care.Outcome{Kind: care.ResultNotCompleted, Reason: reason, Delivery: care.Screen, Grade: care.Certain}
	}
	open := care.Outcome{Grade: care.Missing}

	for name, c := range map[string]struct {
		stays   []stay
		minimum int
		want    care.Outcome
	}{
		"nobody":                    {want: open},
		"together":                  {stays: []stay{{host, 0, 300, "r"}, {guest, 60, 300, "r"}}, want: completed(60, 300, 240, care.Certain)},
		"guest waited alone first":  {stays: []stay{{guest, 0, 400, "r"}, {host, 350, 400, "r"}}, want: completed(350, 400, 50, care.Certain)},
		"exactly the minimum":       {stays: []stay{{host, 0, 130, "r"}, {guest, 100, 200, "r"}}, want: completed(100, 130, 30, care.Certain)},
		"a second less":             {stays: []stay{{host, 0, 129, "r"}, {guest, 100, 200, "r"}}, want: not(care.TooShort)},
		"reconnects add up":         {stays: []stay{{host, 0, 500, "r"}, {guest, 0, 10, "r"}, {guest, 20, 30, "r"}, {guest, 40, 50, "r"}}, want: completed(0, 50, 30, care.Certain)},
		"two tabs count once":       {stays: []stay{{host, 0, 500, "r"}, {guest, 0, 20, "r"}, {guest, 0, 20, "r"}}, want: not(care.TooShort)},
		"two tabs that overlap":     {stays: []stay{{host, 0, 500, "r"}, {guest, 0, 20, "r"}, {guest, 10, 40, "r"}}, want: completed(0, 40, 40, care.Certain)},
		"two hosts":                 {stays: []stay{{host, 0, 20, "r"}, {host, 20, 50, "r"}, {guest, 0, 50, "r"}}, want: completed(0, 50, 50, care.Certain)},
		"only the host":             {stays: []stay{{host, 0, 500, "r"}}, want: not(care.CitizenAbsent)},
		"only the guest":            {stays: []stay{{guest, 0, 500, "r"}}, want: not(care.EmployeeAbsent)},
		"one after the other":       {stays: []stay{{guest, 0, 100, "r"}, {host, 100, 200, "r"}}, want: open},
		"both still there":          {stays: []stay{{host, 0, -1, "r"}, {guest, 900, -1, "r"}}, want: completed(900, 1000, 100, care.Certain)},
		"guest still there":         {stays: []stay{{host, 0, 950, "r"}, {guest, 900, -1, "r"}}, want: completed(900, 950, 50, care.Certain)},
		"came just now":             {stays: []stay{{host, 0, -1, "r"}, {guest, 1000, -1, "r"}}, want: open},
		"comes in the future":       {stays: []stay{{host, 0, -1, "r"}, {guest, 2000, -1, "r"}}, want: open},
		"different rooms":           {stays: []stay{{host, 0, 500, "old"}, {guest, 0, 500, "new"}}, want: open},
		"together in both rooms":    {stays: []stay{{host, 0, 20, "old"}, {guest, 0, 20, "old"}, {host, 100, 120, "new"}, {guest, 100, 130, "new"}}, want: completed(0, 120, 40, care.Certain)},
		"two rooms at once":         {stays: []stay{{host, 0, 20, "old"}, {guest, 0, 20, "old"}, {host, 0, 20, "new"}, {guest, 0, 20, "new"}}, want: not(care.TooShort)},
		"a blink":                   {stays: []stay{{host, 0, 500, "r"}, {guest, 100, 100, "r"}}, want: open},
		"left before coming":        {stays: []stay{{host, 0, 500, "r"}, {guest, 100, 50, "r"}}, want: open},
		"damaged, but together too": {stays: []stay{{host, 0, 500, "r"}, {guest, 100, 50, "r"}, {guest, 200, 300, "r"}}, want: completed(200, 300, 100, care.Probable)},
		"somebody without a role":   {stays: []stay{{host, 0, 500, "r"}, {"", 0, 500, "r"}}, want: open},
		"no minimum, no overlap":    {stays: []stay{{host, 0, 500, "r"}}, minimum: -1, want: not(care.CitizenAbsent)},
		"out of order":              {stays: []stay{{guest, 300, 400, "r"}, {host, 350, 420, "r"}, {guest, 0, 100, "r"}, {host, 50, 120, "r"}}, want: completed(50, 400, 100, care.Certain)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			minimum := 30 * time.Second
			if c.minimum < 0 {
				minimum = 0
			}

			got := judged(minimum, legs(c.stays...))
			if got.Text() == "" || got.Decided != (c.want.Kind != "") || got.Rule != care.RuleVersion {
				t.Errorf("decided %t: %q", got.Decided, got.Why)
			}

			if diff := cmp.Diff(c.want, got.Outcome); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestJudgeWhateverTheOrder: evidence says the same in whatever order it comes.
func TestJudgeWhateverTheOrder(t *testing.T) {
	t.Parallel()

	all := legs(stay{care.AsHost, 0, 40, "a"}, stay{care.AsGuest, 10, 60, "a"}, stay{care.AsHost, 50, 90, "a"}, stay{care.AsGuest, 70, 200, "b"})
	want := judged(30*time.Second, all)

	for i := range all {
		turned := append(append([]care.Leg{}, all[i:]...), all[:i]...)
		if diff := cmp.Diff(want, judged(30*time.Second, turned)); diff != "" {
			t.Errorf("turned by %d: %s", i, diff)
		}
	}
}
