// Package holiday knows the days on which Denmark is off work. The law's holidays come from the
// library of calendars: store bededag is none since 2024 (act no. 214 of 2023). Grundlovsdag, 24 and
// 31 December are no holidays by law, but free in many municipalities' agreements: they count where
// the municipality says so.
package holiday

import (
	"fmt"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/dk"

	"github.com/sluse/sluse/scheduler/care"
)

// Extra is a day that counts as a holiday where a municipality says so. The zero value is invalid.
type Extra string

// The days.
const (
	ConstitutionDay Extra = "grundlovsdag" // 5 June
	ChristmasEve    Extra = "juleaften"    // 24 December
	NewYearsEve     Extra = "nytaarsaften" // 31 December
)

// Extras lists every day that may count.
func Extras() []Extra { return []Extra{ConstitutionDay, ChristmasEve, NewYearsEve} }

// Calendar knows a municipality's holidays. It is safe for concurrent use.
type Calendar struct{ days []*cal.Holiday }

// New returns a calendar of the law's holidays and of those that count besides. It refuses an Extra
// that is none.
func New(extras ...Extra) (*Calendar, error) {
	c := &Calendar{days: []*cal.Holiday{
		dk.Nytaarsdag, dk.Skaertorsdag, dk.Langfredag, easterDay(), dk.AndenPaaskedag, dk.StoreBededag,
		dk.KristiHimmelfartsdag, whitSunday(), dk.AndenPinsedag, dk.Juledag, dk.AndenJuledag,
	}}

	for _, e := range extras {
		switch e {
		case ConstitutionDay:
			c.days = append(c.days, dk.Grundlovsdag)
		case ChristmasEve:
			c.days = append(c.days, dayOf("Juleaften", time.December, 24))
		case NewYearsEve:
			c.days = append(c.days, dayOf("Nytårsaften", time.December, 31))
		default:
			return nil, fmt.Errorf("holiday: %q is no day that may count as one", e)
		}
	}

	return c, nil
}

// On returns the Danish name of the holiday that a local day is; empty: it is none.
func (c *Calendar) On(day care.Day) string {
	t, err := time.Parse(time.DateOnly, string(day))
	if err != nil {
		return ""
	}

	for _, h := range c.days {
		if _, month, date := dateOf(h, t.Year()); month == t.Month() && date == t.Day() {
			return h.Name
		}
	}

	return ""
}

// dateOf is when a holiday is in a year; zero where it is not held.
func dateOf(h *cal.Holiday, year int) (int, time.Month, int) {
	actual, _ := h.Calc(year)
	if actual.IsZero() {
		return 0, 0, 0
	}

	return actual.Date()
}

// easterDay and whitSunday are Sundays, which the library leaves out.
func easterDay() *cal.Holiday { return afterEaster("Påskedag", 0) }

func whitSunday() *cal.Holiday { return afterEaster("Pinsedag", 49) }

func afterEaster(name string, days int) *cal.Holiday {
	return &cal.Holiday{Name: name, Type: cal.ObservancePublic, Offset: days, Func: cal.CalcEasterOffset}
}

func dayOf(name string, month time.Month, day int) *cal.Holiday {
	return &cal.Holiday{Name: name, Type: cal.ObservanceOther, Month: month, Day: day, Func: cal.CalcDayOfMonth}
}
