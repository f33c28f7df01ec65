package measure

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// Span is some local days, both ends inclusive. The zero value is none.
type Span struct{ From, To care.Day }

// Has reports whether the day is one of them.
func (s Span) Has(d care.Day) bool { return s.From != "" && s.From <= d && d <= s.To }

// Days returns how many they are.
func (s Span) Days() int {
	n := 0

	for d := s.From; s.From != "" && d <= s.To; d = d.Add(1) {
		n++
	}

	return n
}

// MonthOf returns the calendar month that has the day.
func MonthOf(d care.Day) Span {
	first := d[:8] + "01"

	return Span{From: first, To: (first.Add(31)[:8] + "01").Add(-1)}
}

// Week is an ISO week (ISO 8601): Monday to Sunday, named by the year that its Thursday is in.
type Week struct{ Year, Number int }

// WeekOf returns the ISO week of a local day.
func WeekOf(d care.Day) Week {
	year, n := noon(d).ISOWeek()

	return Week{Year: year, Number: n}
}

// Key returns 2026-09: it sorts by time.
func (w Week) Key() string { return fmt.Sprintf("%04d-%02d", w.Year, w.Number) }

// Span returns the week's days. Week 1 is the one with the fourth of January.
func (w Week) Span() Span {
	fourth := care.Day(fmt.Sprintf("%04d-01-04", w.Year))
	monday := fourth.Add(-weekday(fourth)).Add(7 * (w.Number - 1))

	return Span{From: monday, To: monday.Add(6)}
}

// parseWeek reads a key.
func parseWeek(key string) (Week, bool) {
	year, number, ok := strings.Cut(key, "-")
	y, err1 := strconv.Atoi(year)
	n, err2 := strconv.Atoi(number)

	return Week{Year: y, Number: n}, ok && err1 == nil && err2 == nil
}

// weekday counts from Monday, 0.
func weekday(d care.Day) int { return (int(noon(d).Weekday()) + 6) % 7 }

func noon(d care.Day) time.Time {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{}
	}

	return t.Add(12 * time.Hour)
}

// lastWeek returns the last ISO week that lies whole in a span; false: none does.
func lastWeek(s Span) (Week, bool) {
	sunday := s.To.Add(-((weekday(s.To) + 1) % 7))
	if s.From == "" || sunday.Add(-6) < s.From {
		return Week{}, false
	}

	return WeekOf(sunday), true
}

// windows returns the days for which a group's share of citizens is told: an ISO week, and the two
// weeks that end with it. A week has its own; anything else the last whole week in it. Zero: none.
func windows(d Dimension, key string, period Span) (week, fortnight Span) {
	w, ok := lastWeek(period)

	switch d { //nolint:exhaustive // the others are no part of the period
	case ByWeek:
		w, ok = parseWeek(key)
	case ByMonth:
		first := care.Day(key + "-01")
		last := (first.Add(31)[:7] + "-01").Add(-1)
		w, ok = lastWeek(Span{From: max(first, period.From), To: min(last, period.To)})
	}

	if !ok {
		return Span{}, Span{}
	}

	week = w.Span()

	return week, Span{From: week.From.Add(-7), To: week.To}
}

func weekLabel(key string) string {
	w, ok := parseWeek(key)
	if !ok {
		return key
	}

	return fmt.Sprintf("Uge %d, %d", w.Number, w.Year)
}

func monthLabel(key string) string {
	t, err := time.Parse("2006-01", key)
	if err != nil {
		return key
	}

	months := []string{"Januar", "Februar", "Marts", "April", "Maj", "Juni", "Juli", "August", "September", "Oktober", "November", "December"}

	return fmt.Sprintf("%s %d", months[t.Month()-1], t.Year())
}

// Danish returns "uge 9, 2026".
func (w Week) Danish() string { return fmt.Sprintf("uge %d, %d", w.Number, w.Year) }
