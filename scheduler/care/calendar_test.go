package care_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// TestDaysOfTenYears: days follow each other without a gap from 2024 to 2034, each of them as long as
// Danish clocks make it, and every instant belongs to the day whose bounds hold it.
func TestDaysOfTenYears(t *testing.T) {
	t.Parallel()

	lengths := map[int]int{} // in hours
	day := care.Day("2024-01-01")

	for day != "2034-01-01" {
		bounds, next := day.Bounds(), day.Add(1)
		lengths[int(bounds.Duration().Hours())]++

		if !next.Bounds().Start.Equal(bounds.End) || next.Add(-1) != day {
			t.Fatalf("%s ends at %v, %s begins at %v", day, bounds.End, next, next.Bounds().Start)
		}

		local, err := time.ParseInLocation(time.DateOnly, string(day), care.Zone())
		if err != nil {
			t.Fatal(err)
		}

		want := 24 * time.Hour

		// Clocks change on the last Sundays of March and October (Directive 2000/84/EC).
		if local.Weekday() == time.Sunday && local.Day() > 24 {
			switch local.Month() { //nolint:exhaustive // the others are ordinary
			case time.March:
				want = 23 * time.Hour
			case time.October:
				want = 25 * time.Hour
			}
		}

		if bounds.Duration() != want {
			t.Errorf("%s has %v, want %v", day, bounds.Duration(), want)
		}

		for at := bounds.Start; at.Before(bounds.End); at = at.Add(30 * time.Minute) {
			if care.DayOf(at) != day || care.DayOf(at.Add(30*time.Minute-1)) != day {
				t.Fatalf("%v is not of %s", at, day)
			}
		}

		day = next
	}

	if lengths[23] != 10 || lengths[25] != 10 || lengths[24] != 3653-20 {
		t.Errorf("lengths of days: %v", lengths)
	}
}

// TestDayArithmetic adds days at random, forth and back.
func TestDayArithmetic(t *testing.T) {
	t.Parallel()

	for seed := range uint64(10) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()

			dice := rand.New(rand.NewPCG(seed, 3))

			for range 500 {
				start := care.Day("2024-01-01").Add(dice.IntN(3653))
				n, m := dice.IntN(800)-400, dice.IntN(800)-400

				if there := start.Add(n); there.Add(-n) != start || start.Add(n+m) != there.Add(m) {
					t.Fatalf("%s and %d, %d days: %s, %s", start, n, m, there, there.Add(m))
				}
			}
		})
	}
}
