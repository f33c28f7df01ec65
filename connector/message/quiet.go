package message

import (
	"errors"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// Quiet are the hours of every night, local time, in which no SMS leaves (ux.md §6.3). The zero
// value is the practice of the field: from 21.00 until 08.00.
type Quiet struct {
	From, Until time.Duration // since local midnight, whole minutes; both zero: 21.00 and 08.00
	Never       bool          // messages leave at every hour
}

// The hours that hold when nobody chose others.
const (
	usualFrom  = 21 * time.Hour
	usualUntil = 8 * time.Hour
)

// ParseQuiet reads two local times such as "21:00" and "08:00". Two equal times mean that
// messages leave at every hour.
func ParseQuiet(from, until string) (Quiet, error) {
	begin, err := time.Parse("15:04", from)
	if err != nil {
		return Quiet{}, errors.New("quiet_from: must be a time like 21:00")
	}

	end, err := time.Parse("15:04", until)
	if err != nil {
		return Quiet{}, errors.New("quiet_until: must be a time like 08:00")
	}

	sinceMidnight := func(t time.Time) time.Duration {
		return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
	}

	return Quiet{From: sinceMidnight(begin), Until: sinceMidnight(end), Never: begin.Equal(end)}, nil
}

// SendAt tells when an SMS that is ready now may leave: now, or when the night ends. A visit that
// begins in the same night, or as the night ends, is no secret to the citizen's sleep: its
// messages leave at once, because later they would be of no use. One-time codes are asked for by
// the citizen and e-mails wake nobody: neither is held back. Both times may be in any zone; the
// result is UTC.
func (q Quiet) SendAt(now, planned time.Time) time.Time {
	if q.Never {
		return now.UTC()
	}

	if q.From == q.Until {
		q.From, q.Until = usualFrom, usualUntil
	}

	for _, daysAgo := range []int{1, 0} { // the night may have begun yesterday
		begin, end := q.night(now, daysAgo)
		if now.Before(begin) || !now.Before(end) {
			continue
		}

		if !planned.Before(begin) && !planned.After(end) {
			return now.UTC()
		}

		return end.UTC()
	}

	return now.UTC()
}

// night returns the quiet hours that begin so many days before the local day of now. Clock times
// and not durations, so that they hold when the clocks change.
func (q Quiet) night(now time.Time, daysAgo int) (begin, end time.Time) {
	y, m, d := now.In(care.Zone()).Date()
	d -= daysAgo

	at := func(day int, t time.Duration) time.Time {
		return time.Date(y, m, day, int(t.Hours()), int(t.Minutes())%60, 0, 0, care.Zone())
	}

	if q.From < q.Until {
		return at(d, q.From), at(d, q.Until)
	}

	return at(d, q.From), at(d+1, q.Until)
}
