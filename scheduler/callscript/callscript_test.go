package callscript_test

import (
	"flag"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/scheduler/callscript"
	"github.com/sluse/sluse/scheduler/care"
)

var update = flag.Bool("update", false, "write golden files")

const script = `# a remark

== et-navn
plan     23.50-24.10
came     23.48
let-in   23.51.30
invited  2
now      24.30
record   incomplete
host     natvagt 23.50-24.08 node=a clock=-2s room=2 witness=both
guest    borger 23.51.40- seat=1 media=audio entered=23.52 end=lost
recorder robot 23.55-24.00 media=none
expect   phone
decide   yes
because  that is how it was
`

func TestParse(t *testing.T) {
	t.Parallel()

	calls, err := callscript.Parse("x.calls", []byte(script))
	if err != nil {
		t.Fatal(err)
	}

	at := func(h, m, s int) time.Time { return time.Date(2026, 11, 23, h-1, m, s, 0, time.UTC) }
	want := []callscript.Call{{
		File: "x.calls", Name: "et-navn", Line: 3, Planned: care.Interval{Start: at(23, 50, 0), End: at(24, 10, 0)},
		Came: at(23, 48, 0), LetIn: at(23, 51, 30), Invited: []int{2}, Now: at(24, 30, 0), Incomplete: true,
		Expect: callscript.Phone, Decide: true, Because: "that is how it was",
		Stays: []callscript.Stay{
			{Name: "natvagt", Role: care.AsHost, Joined: at(23, 50, 0), Left: at(24, 8, 0), Media: care.Video, Node: "a", Clock: -2 * time.Second, Room: 2, Witness: care.FromBoth},
			{Name: "borger", Role: care.AsGuest, Joined: at(23, 51, 40), Entered: at(23, 52, 0), Seat: 1, Media: care.AudioOnly, Ending: care.LostContact, Room: 1},
			{Name: "robot", Role: care.AsRecorder, Joined: at(23, 55, 0), Left: at(24, 0, 0), Media: care.NoMedia, Room: 1},
		},
	}}

	if diff := cmp.Diff(want, calls); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	if legs := calls[0].Legs(); !legs[0].Joined.Equal(at(23, 49, 58)) || legs[0].Room == legs[1].Room || !legs[1].Left.IsZero() {
		t.Errorf("legs %+v", legs)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()

	for _, c := range []struct{ old, fresh, want string }{
		{"== et-navn\n", "", "begins with =="},
		{"== et-navn", "== et navn", "no name"},
		{"23.50-24.10", "23.50", "no span"},
		{"23.50-24.10", "23.50-23.50", "no planned time"},
		{"24.30", "48.00", "no time of day"},
		{"24.30", "24.3", "no time of day"},
		{"24.30", "24.60", "no time of day"},
		{"expect   phone", "expect   nice", "no label"},
		{"decide   yes", "decide   maybe", "neither yes nor person"},
		{"expect   phone", "expect   unknown", "can't be decided"},
		{"because  that is how it was", "", "because is missing"},
		{"media=audio", "media=smell", "media"},
		{"end=lost", "end=happy", "end"},
		{"witness=both", "witness=me", "witness"},
		{"seat=1", "seat=x", "invalid syntax"},
		{"seat=1", "chair=1", "unknown word"},
		{"came     23.48", "arrived  23.48", "unknown word"},
		{"record   incomplete", "off      nej", "no reason"},
		{"natvagt 23.50-24.08 node=a clock=-2s room=2 witness=both", "natvagt", "lacks"},
		{"natvagt 23.50-24.08", "natvagt 23.50", "no stay"},
		{"seat=1 media", "node=a media", "two clocks"},
	} {
		broken := strings.Replace(script, c.old, c.fresh, 1)
		if _, err := callscript.Parse("x.calls", []byte(broken)); err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "x.calls:") {
			t.Errorf("%q → %q: %v", c.old, c.fresh, err)
		}
	}
}

// FuzzParse: whatever stands in a file, reading it ends with calls or an error.
func FuzzParse(f *testing.F) {
	f.Add([]byte(script))
	f.Add([]byte("== a\nplan 09.00-09.15\nexpect completed\nbecause x"))
	f.Fuzz(func(t *testing.T, data []byte) {
		calls, err := callscript.Parse("f", data)
		if err != nil {
			return
		}

		for _, c := range calls {
			if v := judge(c); len(v.Why) == 0 {
				t.Errorf("%s is judged without a word", c.Name)
			}
		}
	})
}
