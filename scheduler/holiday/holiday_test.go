package holiday_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/holiday"
)

func calendar(t *testing.T, extras ...holiday.Extra) *holiday.Calendar {
	t.Helper()

	c, err := holiday.New(extras...)
	if err != nil {
		t.Fatal(err)
	}

	return c
}

func of(c *holiday.Calendar, year int) map[care.Day]string {
	out := map[care.Day]string{}

	for day := care.Day(time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)); day < care.Day(time.Date(year+1, 1, 1, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)); day = day.Add(1) {
		if name := c.On(day); name != "" {
			out[day] = name
		}
	}

	return out
}

// TestHolidaysOfAYear names every holiday of a year, as the almanac has them.
func TestHolidaysOfAYear(t *testing.T) {
	t.Parallel()

	c := calendar(t)

	want := map[care.Day]string{
		"2026-01-01": "Nytårsdag", "2026-04-02": "Skærtorsdag", "2026-04-03": "Langfredag", "2026-04-05": "Påskedag", "2026-04-06": "Anden påskedag",
		"2026-05-14": "Kristi Himmelfartsdag", "2026-05-24": "Pinsedag", "2026-05-25": "Anden Pinsedag", "2026-12-25": "Juledag", "2026-12-26": "Anden juledag",
	}
	if diff := cmp.Diff(want, of(c, 2026)); diff != "" {
		t.Error(diff)
	}

	if c.On("2023-05-05") != "Store bededag" || c.On("2024-04-26") != "" {
		t.Error("store bededag was held until 2023 and is none since")
	}

	all := calendar(t, holiday.Extras()...)
	if all.On("2026-06-05") != "Grundlovsdag" || all.On("2026-12-24") != "Juleaften" || all.On("2026-12-31") != "Nytårsaften" || len(of(all, 2026)) != len(want)+3 {
		t.Errorf("with all that may count: %v", of(all, 2026))
	}

	if c.On("soon") != "" {
		t.Error("what is no day is no holiday")
	}

	if _, err := holiday.New("fastelavn"); err == nil {
		t.Error("an unknown day was taken")
	}
}

// easter is the Sunday by the Gregorian computus of Meeus, Jones and Butcher: not the library's way.
func easter(year int) time.Time {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114

	return time.Date(year, time.Month(n/31), n%31+1, 0, 0, 0, 0, time.UTC)
}

// TestTenYears: every year from 2024 has ten holidays, each where Easter or the date puts it.
func TestTenYears(t *testing.T) {
	t.Parallel()

	c := calendar(t)

	for year := 2024; year <= 2034; year++ {
		sunday := easter(year)

		var want []care.Day
		for _, offset := range []int{-3, -2, 0, 1, 39, 49, 50} {
			want = append(want, care.Day(sunday.AddDate(0, 0, offset).Format(time.DateOnly)))
		}

		for _, date := range []string{"-01-01", "-12-25", "-12-26"} {
			want = append(want, care.Day(sunday.Format("2006")+date))
		}

		slices.Sort(want)

		var got []care.Day
		for day := range of(c, year) {
			got = append(got, day)
		}

		slices.Sort(got)

		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d: %s", year, diff)
		}
	}
}
