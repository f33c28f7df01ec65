package video_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sluse/sluse/connector/video"
)

var began = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// marks reads "a1@0 a2@1": node a, number 1, second 0.
func marks(tb testing.TB, text string) []video.Mark {
	tb.Helper()

	var out []video.Mark

	for word := range strings.FieldsSeq(text) {
		var (
			m       video.Mark
			seconds int
		)

		if _, err := fmt.Sscanf(word[1:], "%d@%d", &m.Seq, &seconds); err != nil {
			tb.Fatal(err)
		}

		m.Node, m.At = word[:1], began.Add(time.Duration(seconds)*time.Second)
		m.Received = m.At.Add(time.Second)
		out = append(out, m)
	}

	return out
}

func words(gaps []video.Gap) string {
	var out []string

	for _, g := range gaps {
		after := "-"
		if !g.After.IsZero() {
			after = strconv.Itoa(int(g.After.Sub(began).Seconds()))
		}

		out = append(out, fmt.Sprintf("%s%d-%d(%s,%d)", g.Node, g.First, g.Last, after, int(g.Before.Sub(began).Seconds())))
	}

	return strings.Join(out, " ")
}

func TestGaps(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct{ marks, want string }{
		"none":                       {"", ""},
		"all came":                   {"a1@0 a2@1 a3@1", ""},
		"came in another order":      {"a3@2 a1@0 a2@1", ""},
		"one is missing":             {"a1@0 a3@2", "a2-2(0,2)"},
		"the first are missing":      {"a4@5", "a1-3(-,5)"},
		"several":                    {"a1@0 a3@2 a7@6", "a2-2(0,2) a4-6(2,6)"},
		"restarted":                  {"a1@0 a2@1 a1@9 a2@10", ""},
		"restarted after a gap":      {"a1@0 a3@1 a1@9 a2@10", "a2-2(0,1)"},
		"restarted, first lost":      {"a1@0 a2@1 a3@2 a2@9", "a1-1(-,9)"},
		"two nodes":                  {"a1@0 b1@0 a2@1 b3@2", "b2-2(0,2)"},
		"clock set back":             {"a1@0 a2@5 a4@4 a3@6", ""},
		"a run of a gap came":        {"a1@0 a9@8 a4@9", "a2-3(0,8) a5-8(0,8)"},
		"without a number of itself": {"a0@0 a1@1", ""},
		"before what is asked for":   {"a4@-9 a6@-5 a7@1 a9@2", "a8-8(1,2)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if got := words(video.Gaps(marks(t, c.marks), began)); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// TestGapsAreWhatIsMissing takes events away and holds the answer against what was taken,
// whatever order the rest came in.
func TestGapsAreWhatIsMissing(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(t *rapid.T) {
		var kept []video.Mark

		missing := map[string]bool{}

		for _, node := range []string{"a", "b"} {
			at, high := began, int64(rapid.IntRange(1, 60).Draw(t, "events"))

			for seq := int64(1); seq <= high; seq++ {
				at = at.Add(time.Duration(rapid.IntRange(1, 5).Draw(t, "pause")) * time.Second)

				if seq < high && rapid.IntRange(0, 4).Draw(t, "lost") == 0 {
					missing[fmt.Sprint(node, seq)] = true
				} else {
					kept = append(kept, video.Mark{Node: node, Seq: seq, At: at, Received: at})
				}
			}
		}

		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 0))
		random.Shuffle(len(kept), func(i, j int) { kept[i], kept[j] = kept[j], kept[i] })

		for _, g := range video.Gaps(kept, began) {
			for seq := g.First; seq <= g.Last; seq++ {
				if !missing[fmt.Sprint(g.Node, seq)] {
					t.Fatalf("%s%d is no gap", g.Node, seq)
				}

				delete(missing, fmt.Sprint(g.Node, seq))
			}
		}

		if len(missing) > 0 {
			t.Fatalf("not told: %v", missing)
		}
	})
}
