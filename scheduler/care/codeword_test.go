package care_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sluse/sluse/scheduler/care"
)

// TestCodewords draws many pairs: no two alike in a row, words that can be said, and never in print.
func TestCodewords(t *testing.T) {
	t.Parallel()

	w := care.Codewords{Citizen: "c1", Unit: "oest"}
	seen := map[string]bool{}

	for range 3000 {
		fresh := w.Renew("PLA", start)
		staff, reply := fresh.Staff.Reveal(), fresh.Reply.Reveal()

		if staff == reply || w.Made() && staff == w.Staff.Reveal() || staff[:2] == reply[:2] || !utf8.ValidString(staff) {
			t.Fatalf("%s, %s after %s", staff, reply, w.Staff.Reveal())
		}

		if n := utf8.RuneCountInString(reply); n < 3 || n > 12 || reply != strings.ToLower(reply) {
			t.Fatalf("%q can't be said easily", reply)
		}

		if text := fmt.Sprintf("%v %+v", fresh, fresh.Staff); strings.Contains(text, staff+" ") {
			t.Fatalf("printed: %s", text)
		}

		seen[staff], seen[reply] = true, true
		w = fresh
	}

	if len(seen) < 900 {
		t.Errorf("only %d words are ever drawn", len(seen))
	}

	if w.Due(0) || w.Due(1) {
		t.Error("fresh words are due")
	}

	w.Uses = 10
	if !w.Due(10) || w.Due(11) || (care.Codewords{}).Due(1) {
		t.Error("when words are due")
	}
}
