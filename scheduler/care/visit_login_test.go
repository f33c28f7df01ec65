package care_test

import (
	"testing"

	"github.com/sluse/sluse/scheduler/care"
)

func TestMatchNames(t *testing.T) {
	t.Parallel()

	for _, test := range []struct {
		known, proved string
		want          care.NameMatch
	}{
		{"Bruno Elmer", "Bruno Elmer", care.NameSame},
		{"Bruno Elmer", "BRUNO ÅSE ELMER", care.NameSame},
		{"Åge Berggren", "Aage Berggren", care.NameSame},
		{"Anne-Grethe Sørensen", "Anne Grethe Soerensen", care.NameSame},
		{"Bruno Elmer", "Bruno Jensen", care.NamePartly},
		{"Elmer", "Bruno Elmer", care.NamePartly},
		{"Bruno", "Bruno Elmer", care.NamePartly},
		{"Bruno Elmer", "Nancy Berggren", care.NameDiffers},
		{"B. Elmer", "B. Jensen", care.NameDiffers},
		{"Bruno Elmer", "", care.NameDiffers},
		{"", "", care.NameDiffers},
	} {
		if got := care.MatchNames(test.known, test.proved); got != test.want {
			t.Errorf("%q and %q: %s, want %s", test.known, test.proved, got, test.want)
		}
	}
}
