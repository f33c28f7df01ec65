package care_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/sluse/sluse/scheduler/care"
)

func TestSurrogateID(t *testing.T) {
	t.Parallel()

	id, err := care.ParseSurrogateID("file", " B-17/a_1.x ")
	if err != nil || id.Shown() != "B-17/a_1.x" || id.System() != "file" {
		t.Fatalf("%s of %s: %v", id.Shown(), id.System(), err)
	}

	coded, err := json.Marshal(id)
	if text := fmt.Sprintf("%v %+v %#v %s", id, care.CitizenKey{Surrogate: id}, id, coded); err != nil || strings.Contains(text, "B-17") {
		t.Errorf("it prints as %s, %v", text, err)
	}

	other, err := care.ParseSurrogateID("nexus", id.Shown())
	if err != nil || other == id {
		t.Errorf("the same id of two systems is one: %v", err)
	}

	for _, bad := range []string{"", "ukendt", "2512489996", "251248-9996", "8512489996", "B 17", "=B17", strings.Repeat("1", 41), "B17\x00"} {
		if _, err := care.ParseSurrogateID("file", bad); care.KindOf(err) != care.Invalid || bad != "" && strings.Contains(care.MessageOf(err), bad) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func FuzzSurrogateID(f *testing.F) {
	for _, seed := range []string{"B-17", "4711", "251248-9996", "\xff1", ""} {
		f.Add(seed)
	}

	f.Fuzz(func(t *testing.T, text string) {
		id, err := care.ParseSurrogateID("file", text)
		if err != nil {
			return
		}

		again, err := care.ParseSurrogateID("file", id.Shown())
		if err != nil || again != id {
			t.Errorf("%q is read back as %q: %v", id.Shown(), again.Shown(), err)
		}
	})
}
