package momentum_test

import (
	"testing"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr/momentum/momentumsim"
)

// TestReplacementNumber finds a citizen whose replacement number has letters.
func TestReplacementNumber(t *testing.T) {
	t.Parallel()

	const letters = "2512481AB6"

	b := setup(t, momentumsim.Options{})
	if _, err := b.Apply(t.Context(), change(letters, "v1/result/1.1")); err != nil || len(b.sim.Journal(letters)) != 1 {
		t.Errorf("%v, %v", b.sim.Journal(letters), err)
	}

	if _, err := b.Apply(t.Context(), change("2512481AC6", "v2/result/1.1")); !connector.Is(err, connector.NotFound) {
		t.Errorf("another number: %v", err)
	}
}
