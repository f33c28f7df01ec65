package care

import (
	"sync"
	"time"
	_ "time/tzdata" // so that a bare container knows Europe/Copenhagen
)

//nolint:gochecknoglobals // the zone is read once from embedded data and never changes
var zone = sync.OnceValue(func() *time.Location {
	loc, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		return time.UTC // unreachable: the zone data are embedded
	}

	return loc
})

// Zone returns Europe/Copenhagen.
func Zone() *time.Location { return zone() }

// Day is a local calendar day in Europe/Copenhagen, written 2006-01-02.
type Day string

// DayOf returns the local day of t.
func DayOf(t time.Time) Day { return Day(t.In(Zone()).Format(time.DateOnly)) }

// ParseDay reads 2006-01-02.
func ParseDay(s string) (Day, error) {
	if _, err := time.ParseInLocation(time.DateOnly, s, Zone()); err != nil {
		return "", &Error{Kind: Invalid, Message: "Datoen skal skrives som 2026-11-23.", Err: err}
	}

	return Day(s), nil
}

// Bounds returns the instants of local midnight at both ends: 23, 24 or 25 hours apart.
func (d Day) Bounds() Interval {
	t, err := time.ParseInLocation(time.DateOnly, string(d), Zone())
	if err != nil {
		return Interval{}
	}

	return Interval{
		Start: time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, Zone()).UTC(),
		End:   time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, Zone()).UTC(),
	}
}

// Add returns the day n calendar days later.
func (d Day) Add(n int) Day {
	t, err := time.ParseInLocation(time.DateOnly, string(d), Zone())
	if err != nil {
		return d
	}

	return Day(time.Date(t.Year(), t.Month(), t.Day()+n, 12, 0, 0, 0, Zone()).Format(time.DateOnly))
}

// Interval is a span of time, Start inclusive, End exclusive, both UTC.
type Interval struct{ Start, End time.Time }

// Duration returns End − Start.
func (i Interval) Duration() time.Duration { return i.End.Sub(i.Start) }

// Overlaps reports whether the two spans share an instant.
func (i Interval) Overlaps(o Interval) bool { return i.Start.Before(o.End) && o.Start.Before(i.End) }

// Equal reports whether both ends are the same instants.
func (i Interval) Equal(o Interval) bool { return i.Start.Equal(o.Start) && i.End.Equal(o.End) }

// Valid reports whether both ends are set and the end is after the start.
func (i Interval) Valid() bool { return !i.Start.IsZero() && i.End.After(i.Start) }
