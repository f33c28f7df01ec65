package callscript_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler/callscript"
	"github.com/sluse/sluse/scheduler/care"
)

// corpus reads the calls that people labelled.
func corpus(tb testing.TB) []callscript.Call {
	tb.Helper()

	calls, err := callscript.ReadAll(os.DirFS("../testdata/calls"))
	if err != nil {
		tb.Fatal(err)
	}

	return calls
}

// settings are those of a municipality that changed nothing, with nodes whose clocks are kept.
func settings() care.Evidence {
	return care.Evidence{Minimum: 30 * time.Second, Bridge: 2 * time.Minute, Wait: 2 * time.Minute, Skew: 5 * time.Second, Rough: time.Minute}
}

func judge(c callscript.Call) care.Verdict {
	return care.Judge(c.Evidence(settings(), 15*time.Minute, 75*time.Minute))
}

// TestCorpus judges every labelled call. No call that was none may be called completed, nothing
// may be decided wrongly, and of the calls that evidence can tell, hardly any may need a person.
func TestCorpus(t *testing.T) {
	t.Parallel()

	calls := corpus(t)

	var decidable, decided, asked, dared, falsely, wrongly int

	for _, c := range calls {
		v := judge(c)
		got := callscript.LabelOf(v)
		where := fmt.Sprintf("%s:%d %s: %s, labelled %s because %s\n\t%s", c.File, c.Line, c.Name, got, c.Expect, c.Because, v.Text())

		if c.Decide {
			decidable++
		} else {
			asked++
		}

		held := c.Expect == callscript.Completed || c.Expect == callscript.Phone

		switch {
		case v.Outcome.Kind == care.ResultCompleted && !held:
			falsely++

			t.Errorf("falsely completed: %s", where)
		case v.Decided && got != c.Expect:
			wrongly++

			t.Errorf("wrongly decided: %s", where)
		case v.Decided && c.Decide:
			decided++
		case v.Decided:
			dared++

			t.Logf("decided although a person was thought needed: %s", where)
		case c.Decide:
			t.Logf("a person is asked: %s", where)
		}
	}

	share := 100 * float64(decided) / float64(decidable)
	t.Logf("%d calls: %d that evidence can tell, %d of them decided (%.1f %%); %d for a person, %d of them decided; falsely completed %d, wrongly decided %d",
		len(calls), decidable, decided, share, asked, dared, falsely, wrongly)

	if len(calls) < 200 || share < 98 {
		t.Errorf("%d calls, %.1f %% decided; want 200 and 98 %%", len(calls), share)
	}
}

// TestNamesAreKept: a call is found by its name, so no two have the same.
func TestNamesAreKept(t *testing.T) {
	t.Parallel()

	seen := map[string]string{}

	for _, c := range corpus(t) {
		if seen[c.Name] != "" {
			t.Errorf("%s is in %s and %s", c.Name, seen[c.Name], c.File)
		}

		seen[c.Name] = c.File
	}
}

// TestLabelsOfTheCorpus writes down every label, so that one that changes is seen in review.
func TestLabelsOfTheCorpus(t *testing.T) {
	t.Parallel()

	var b strings.Builder
	for _, c := range corpus(t) {
		fmt.Fprintf(&b, "%s %s %t\n", c.Name, c.Expect, c.Decide)
	}

	want, err := os.ReadFile("testdata/labels.golden")
	if *update {
		err = os.WriteFile("testdata/labels.golden", []byte(b.String()), 0o600)
		want = []byte(b.String())
	}

	if err != nil {
		t.Fatal(err)
	}

	if got := b.String(); got != string(want) {
		t.Errorf("the labels changed; look at them again and run with -update:\n%s", got)
	}
}

// TestEveryVerdictIsTold: several whole sentences that name no label and no id, for every call.
func TestEveryVerdictIsTold(t *testing.T) {
	t.Parallel()

	for _, c := range corpus(t) {
		v := judge(c)

		for _, s := range v.Why {
			if !strings.HasSuffix(s, ".") || strings.Contains(s, c.Name) || strings.ToUpper(s[:1]) != s[:1] && !strings.HasPrefix(s, "å") {
				t.Errorf("%s: %q is no sentence for a caregiver", c.Name, s)
			}
		}

		if len(v.Why) == 0 || len(v.Basis) != len(c.Stays) || slices.ContainsFunc(v.Basis, func(b care.Basis) bool { return b.Use == "" }) {
			t.Errorf("%s: %q on %v", c.Name, v.Why, v.Basis)
		}
	}
}
