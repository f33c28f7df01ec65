package fhir

import (
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// TestInstants: a time names its offset, also in the hour that comes twice, and when it is written late.
func TestInstants(t *testing.T) {
	t.Parallel()

	for utc, want := range map[string]string{
		"2026-03-29T00:30:00Z": "2026-03-29T01:30:00+01:00",
		"2026-03-29T01:00:00Z": "2026-03-29T03:00:00+02:00",
		"2026-10-25T00:30:00Z": "2026-10-25T02:30:00+02:00",
		"2026-10-25T01:30:00Z": "2026-10-25T02:30:00+01:00",
	} {
		at, err := time.Parse(time.RFC3339, utc)
		if err != nil {
			t.Fatal(err)
		}

		if got := instant(at, care.Zone()); got != want {
			t.Errorf("%s is written as %s, want %s", utc, got, want)
		}
	}
}
