package file

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sluse/sluse/ehr/lexicon"
	"github.com/sluse/sluse/scheduler/care"
)

const (
	noon = daySeconds / 2
	// The longest planned length that is believed.
	maxVisit = 24 * time.Hour
	// The longest visit that is believed when its end is before its start and
	// so must be after midnight.
	maxCrossing = 4 * time.Hour
)

// chain names the rows that are given one after the other: a list's rows of one employee.
type chain struct {
	list     string
	employee care.EmployeeID
}

// rollNights finds lists that write a whole night under one date: rows of one employee that
// go from the evening to the small hours without changing the date. The hours before noon
// then belong to the next day, because a night runs from noon to noon (eoj.md §5.4). A list
// in which anybody goes from morning to evening under that date uses calendar days.
func (r *reading) rollNights(drafts []*draft) {
	type night struct {
		list string
		date date
	}

	last := map[night]map[care.EmployeeID]int{}
	rolls := map[night]bool{}
	calendar := map[night]bool{}

	for _, d := range drafts {
		if d.faulty || !d.late || d.start >= daySeconds {
			continue
		}

		n := night{d.row.ListName, d.date}
		if last[n] == nil {
			last[n] = map[care.EmployeeID]int{}
		}

		if before, ok := last[n][d.row.Employee]; ok {
			rolls[n] = rolls[n] || before >= noon && d.start < noon
			calendar[n] = calendar[n] || before < noon && d.start >= noon
		}

		last[n][d.row.Employee] = d.start
	}

	for _, d := range drafts {
		n := night{d.row.ListName, d.date}
		if d.faulty || !d.late || d.start >= noon || !rolls[n] || calendar[n] {
			continue
		}

		d.roll = 1
		r.doubt(d, fieldStart, "Listen skriver hele natten under én dato. Tiden er regnet til næste dags morgen. Kontrollér dagen.")
	}
}

// resolve turns dates and times of day into instants.
func (r *reading) resolve(drafts []*draft) {
	last := map[chain]time.Time{}

	for _, d := range drafts {
		if d.faulty {
			continue
		}

		r.crossMidnight(d)

		if d.faulty {
			continue
		}

		c := chain{d.row.ListName, d.row.Employee}
		r.place(d, last[c])
		last[c] = d.row.Planned.Start

		if d.row.Shift == "" {
			d.row.Shift = lexicon.ShiftAt(d.start % daySeconds / 3600)
		}
	}
}

// crossMidnight believes an end before the start only when the visit begins in the evening
// or at night and is short; else one of the two is wrong.
func (r *reading) crossMidnight(d *draft) {
	if !d.hasEnd {
		return
	}

	if d.end < d.start && (d.late || d.start >= 18*3600) && d.end < noon {
		if length := time.Duration(d.end+daySeconds-d.start) * time.Second; length <= maxCrossing {
			d.end += daySeconds
		}
	}

	switch {
	case d.end == d.start:
		r.fault(d, fieldEnd, "Sluttiden er den samme som starttiden. Ret en af dem i journalen.")
	case d.end < d.start:
		r.fault(d, fieldEnd, "Sluttiden ligger før starttiden. Ret en af dem i journalen.")
	case time.Duration(d.end-d.start)*time.Second > maxVisit:
		r.fault(d, fieldEnd, "Besøget er længere end 24 timer. Ret sluttiden i journalen.")
	}
}

// place sets the planned interval. In the hour that the clock runs twice in October, the
// reading is taken in which the visit is as long as it is written, and which does not come
// before the same employee's visit above; without either, the first.
func (r *reading) place(d *draft, above time.Time) {
	on := d.date.add(d.roll)
	starts, skipped := wall(on, d.start)
	length := d.length

	if d.hasEnd {
		length = time.Duration(d.end-d.start) * time.Second
	}

	if skipped {
		r.doubt(d, fieldStart, "Tiden findes ikke den nat, uret stilles frem. Besøget er lagt en time senere. Ret tiden i journalen.")
	}

	if len(starts) == 1 {
		d.row.Planned = care.Interval{Start: starts[0], End: r.endOf(d, on, starts[0], length, skipped)}

		return
	}

	fits := starts
	if d.hasEnd {
		if ends, _ := wall(on, d.end); len(ends) == 1 {
			fits = fitting(starts, ends[0], length)
		}
	}

	start, which := fits[0], "første"
	if len(fits) > 1 && above.After(start) {
		start = fits[1]
	}

	if start.Equal(starts[1]) {
		which = "anden"
	}

	r.doubt(d, fieldStart, "Tiden kommer to gange den nat, uret stilles tilbage. Den er regnet som "+which+" gang. Kontrollér tiden.")
	d.row.Planned = care.Interval{Start: start, End: start.Add(length)}
}

// endOf returns the instant of the end when the start is certain.
func (r *reading) endOf(d *draft, on date, start time.Time, length time.Duration, skipped bool) time.Time {
	if !d.hasEnd || skipped {
		return start.Add(length)
	}

	ends, _ := wall(on, d.end)
	for _, end := range ends {
		if end.Sub(start) == length {
			return end
		}
	}

	if end := ends[0]; end.After(start) {
		return end
	}

	return start.Add(length)
}

// fitting returns the starts from which the visit is as long as it is written, or all.
func fitting(starts []time.Time, end time.Time, length time.Duration) []time.Time {
	for _, start := range starts {
		if end.Sub(start) == length {
			return []time.Time{start}
		}
	}

	return starts
}

// wall returns the instants at which clocks in Denmark show the time, UTC: two in the hour
// that runs twice. A time that clocks skip is returned an hour later, with skipped set.
func wall(on date, seconds int) (instants []time.Time, skipped bool) {
	return wallIn(care.Zone(), on, seconds)
}

// wallIn is wall for clocks elsewhere.
func wallIn(zone *time.Location, on date, seconds int) (instants []time.Time, skipped bool) {
	at := func(seconds int) time.Time {
		return time.Date(on.Year(), on.Month(), on.Day(), 0, 0, seconds, 0, zone)
	}
	shown := func(t time.Time) string { return t.In(zone).Format(time.DateTime) }

	want := on.Add(time.Duration(seconds) * time.Second).Format(time.DateTime)
	t := at(seconds)

	if shown(t) != want {
		return []time.Time{at(seconds + 3600).UTC()}, true
	}

	for _, other := range []time.Time{t.Add(-time.Hour), t.Add(time.Hour)} {
		if shown(other) == want {
			if other.Before(t) {
				return []time.Time{other.UTC(), t.UTC()}, false
			}

			return []time.Time{t.UTC(), other.UTC()}, false
		}
	}

	return []time.Time{t.UTC()}, false
}

// identify gives every good row its identity, and refuses a visit id that stands twice.
func (r *reading) identify(drafts []*draft) {
	lines := map[care.SourceRef]int{}
	times := map[string]int{}

	for _, d := range drafts {
		if d.faulty {
			continue
		}

		ref := care.SourceRef{System: System, ID: d.nativeID, Occurrence: d.date.String()}
		if ref.ID == "" {
			ref.ID = r.stableKey(d)
			times[ref.ID]++

			// Two employees at one visit make two rows that are else alike.
			if n := times[ref.ID]; n > 1 {
				ref.ID += fmt.Sprintf("-%d", n)
				r.doubt(d, fieldStart, "En anden række har samme borger, tid og indsats. Begge er taget med. Slet den ene, hvis det er en fejl.")
			}
		} else if line, doubled := lines[ref]; doubled {
			r.fault(d, fieldVisitID, fmt.Sprintf("Besøgs-id'et står også i linje %d samme dag. Ret id'et, eller slet den ene række.", line))

			continue
		}

		lines[ref] = d.row.Line
		d.row.Source = ref
	}
}

// stableKey makes an identity from what the same visit has in every export: list, day,
// planned start, citizen and service (eoj.md §5.3). The employee is not part of it, so that
// a visit keeps its identity when another employee takes it.
func (r *reading) stableKey(d *draft) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{
		normalise(d.row.ListName), d.date.String(), strconv.Itoa(d.start), r.citizenKey(d.row.Key()), normalise(d.row.Service),
	}, "\x1f")))

	return stablePrefix + hex.EncodeToString(sum[:16])
}

// stablePrefix begins an identity that was made from the row.
const stablePrefix = "r-"

// isStableKey reports whether the identity was made from the row; people can't look it up.
func isStableKey(id string) bool {
	return strings.HasPrefix(id, stablePrefix) && len(id) >= len(stablePrefix)+32
}
