package file

import (
	"slices"
	"strings"
	"time"

	"github.com/sluse/sluse/scheduler/calls"
)

// maxCall is how long a call may be.
const maxCall = 24 * time.Hour

// moment is a point on a clock: an instant, or a day and a time of day whose zone the layout tells.
type moment struct {
	instant time.Time // set: the file names the zone
	on      date      // zero: a time of day alone
	seconds int
}

// instants are those at which clocks in a zone show the moment: two in the hour that runs twice.
func (m moment) instants(zone *time.Location) (all []time.Time, skipped bool) {
	if !m.instant.IsZero() {
		return []time.Time{m.instant.UTC()}, false
	}

	return wallIn(zone, m.on, m.seconds)
}

// parseCallTime reads a moment, or a time of day alone.
func (t *table) parseCallTime(text string) (moment, bool) {
	text = strings.TrimSpace(text)

	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02 15:04:05 Z07:00", "2006-01-02 15:04:05 MST"} {
		if strings.HasSuffix(layout, "MST") && !strings.HasSuffix(text, " UTC") {
			continue // other abbreviations are not unique
		}

		if at, err := time.Parse(layout, text); err == nil && at.Year() >= 2000 && at.Year() < 2100 {
			return moment{instant: at.Truncate(time.Second)}, true
		}
	}

	text = withoutFraction(text)

	if on, seconds, ok := parseMoment(text, t.date1904); ok && seconds < daySeconds {
		return moment{on: on, seconds: seconds}, true
	}

	seconds, ok := parseTime(text, t.serials)

	return moment{seconds: seconds}, ok && seconds < daySeconds
}

// withoutFraction cuts fractions of a second off.
func withoutFraction(text string) string {
	i := strings.LastIndexAny(text, ".,")
	if i < 0 || strings.Count(text[:i], ":") != 2 || !isDigits(text[i+1:]) {
		return text
	}

	return text[:i]
}

// times reads when the call was and how long.
func (r *callReader) times(row record, said became, out *calls.Row) bool {
	from, ok := r.start(row)
	if !ok {
		return false
	}

	length, told, ok := r.length(row)
	if !ok {
		return false
	}

	starts, skipped := from.instants(r.source.Layout.Zone)
	if skipped {
		r.warn(row, calls.Start, "Tiden findes ikke den nat, uret stilles frem. Opkaldet er lagt en time senere.")
	}

	ends, ok := r.ends(row, from)
	if !ok {
		return false
	}

	out.Began = starts[0]

	if len(starts) > 1 {
		if told && len(ends) == 1 {
			starts = fitting(starts, ends[0], length)
			out.Began = starts[0]
		}

		if len(starts) > 1 {
			r.warn(row, calls.Start, "Tiden kommer to gange den nat, uret stilles tilbage. Den er regnet som første gang.")
		}
	}

	if !told && len(ends) > 0 {
		i := slices.IndexFunc(ends, func(end time.Time) bool { return !end.Before(out.Began) })
		if i < 0 {
			r.fault(row, calls.End, "Sluttiden ligger før starttiden.")

			return false
		}

		length, told = ends[i].Sub(out.Began), true
	}

	return r.lasted(row, said, told, length, out)
}

// lasted puts together what the status and the times say of the length.
func (r *callReader) lasted(row record, said became, told bool, length time.Duration, out *calls.Row) bool {
	switch {
	case length > maxCall:
		r.fault(row, calls.Length, "Opkaldet er længere end 24 timer.")

		return false
	case said == wasUnanswered, !told && said == notSaid && r.timed():
		out.Length = 0 // it may have rung that long
	case !told:
		r.fault(row, calls.Length, "Rækken har hverken varighed eller sluttidspunkt.")

		return false
	case said == wasAnswered && length == 0:
		r.warn(row, calls.Length, "Opkaldet er besvaret, men varede 0 sekunder. Det tælles som ubesvaret.")
	default:
		out.Length = length
	}

	return true
}

// timed: the file has a column for lengths, so that an empty cell says that there was none.
func (r *callReader) timed() bool { return r.has(calls.Length) || r.has(calls.End) }

func (r *callReader) start(row record) (moment, bool) {
	text := r.cell(row, calls.Start)
	if text == "" {
		r.fault(row, calls.Start, "Starttiden mangler.")

		return moment{}, false
	}

	from, ok := r.t.parseCallTime(text)
	if !ok {
		r.fault(row, calls.Start, "Starttiden kan ikke læses. Skriv den som dag, måned, år og klokkeslæt, for eksempel 16-11-2026 08:30.")

		return moment{}, false
	}

	if !from.instant.IsZero() || !from.on.IsZero() {
		return from, true
	}

	day, ok := parseDate(r.cell(row, calls.Date), r.t.date1904)
	if !ok {
		r.fault(row, calls.Date, "Datoen mangler eller kan ikke læses.")

		return moment{}, false
	}

	from.on = day

	return from, true
}

// ends are the instants at which the call may have ended; none: it is not told. A time of day that is
// before the start is on the next day.
func (r *callReader) ends(row record, from moment) ([]time.Time, bool) {
	text := r.cell(row, calls.End)
	if text == "" {
		return nil, true
	}

	to, ok := r.t.parseCallTime(text)
	if !ok {
		r.fault(row, calls.End, "Sluttiden kan ikke læses.")

		return nil, false
	}

	if to.instant.IsZero() && to.on.IsZero() {
		if !from.instant.IsZero() {
			local := from.instant.In(r.source.Layout.Zone)
			from.on, from.seconds = date{time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)}, local.Hour()*3600+local.Minute()*60+local.Second()
		}

		to.on = from.on
		if to.seconds < from.seconds {
			to.on = to.on.add(1)
		}
	}

	all, _ := to.instants(r.source.Layout.Zone)

	return all, true
}

// length reads the column of lengths; told is false when the cell is empty.
func (r *callReader) length(row record) (length time.Duration, told, ok bool) {
	text := r.cell(row, calls.Length)
	if text == "" {
		return 0, false, true
	}

	length, ok = r.t.parseCallLength(text, r.source.Layout)
	if !ok {
		r.fault(row, calls.Length, "Varigheden kan ikke læses. Skriv den som sekunder, minutter eller tt:mm:ss.")
	}

	return length.Truncate(time.Second), true, ok
}

func (t *table) parseCallLength(text string, l calls.Layout) (time.Duration, bool) {
	s := strings.ToLower(strings.TrimSpace(text))

	if n, ok := number(s); ok && t.serials && n > 0 && n < 1 { // a time of day in a workbook
		return time.Duration(roundSeconds(n)) * time.Second, true
	}

	for _, word := range []string{"sekunder", "seconds", "sek.", "sek", "sec", "s"} {
		if rest, ok := strings.CutSuffix(s, word); ok {
			return parseDuration(strings.TrimSpace(rest), false, time.Second)
		}
	}

	if l.MinutesFirst && strings.Count(s, ":") == 1 {
		s = "0:" + s
	}

	return parseDuration(withoutFraction(s), false, l.Bare)
}
