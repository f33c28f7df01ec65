package outbound

import (
	"slices"
	"time"

	"github.com/sluse/sluse/connector"
)

// What the ledger looks back at.
const (
	recentTime  = 5 * time.Minute
	recentCalls = 512 // at most
)

// ledger remembers what became of the calls to a peer: the last ones, and counts by the hour until
// somebody fetches them. Its owner's lock guards it.
type ledger struct {
	recent []exchange // a ring
	next   int

	success time.Time
	failure time.Time
	kind    connector.Kind
	op      string
	status  int
	text    string

	hours   map[time.Time]*connector.HourCount
	counted time.Time // up to when the time is counted as up or down
}

// exchange is one call.
type exchange struct {
	at     time.Time
	took   time.Duration
	failed bool
}

func (l *ledger) hour(at time.Time) *connector.HourCount {
	begins := at.UTC().Truncate(time.Hour)

	count, ok := l.hours[begins]
	if !ok {
		if l.hours == nil {
			l.hours = make(map[time.Time]*connector.HourCount)
		}

		count = &connector.HourCount{Hour: begins}
		l.hours[begins] = count
	}

	return count
}

func (l *ledger) add(e exchange) {
	if len(l.recent) < recentCalls {
		l.recent = append(l.recent, e)

		return
	}

	l.recent[l.next] = e
	l.next = (l.next + 1) % recentCalls
}

// answered takes note of an answer; kind is 0 when it was a good one.
func (l *ledger) answered(now time.Time, o outcome) {
	l.add(exchange{at: now, took: o.took})
	l.hour(now).Good++

	if o.kind == connector.Unauthorized || o.kind == connector.Malformed {
		l.wrong(now, o)
	} else {
		l.success = now
	}
}

// failed takes note of a call without an answer.
func (l *ledger) failed(now time.Time, o outcome) {
	l.add(exchange{at: now, took: o.took, failed: true})
	l.hour(now).Failed++
	l.wrong(now, o)
}

func (l *ledger) wrong(now time.Time, o outcome) {
	l.failure, l.kind, l.op, l.status, l.text = now, o.kind, o.op, o.status, o.text
}

// watched counts the time up to now, by the hour, as one in which the peer was down or was not. A
// clock that jumps back is not counted again.
func (l *ledger) watched(now time.Time, down bool) {
	for l.counted.Before(now) {
		count := l.hour(l.counted)

		to := count.Hour.Add(time.Hour)
		if to.After(now) {
			to = now
		}

		if spent := to.Sub(l.counted); down {
			count.Down += spent
		} else {
			count.Up += spent
		}

		l.counted = to
	}
}

// fetch returns the counts since it was called last, by the hour.
func (l *ledger) fetch() []connector.HourCount {
	out := make([]connector.HourCount, 0, len(l.hours))
	for _, count := range l.hours {
		out = append(out, *count)
	}

	l.hours = nil

	slices.SortFunc(out, func(a, b connector.HourCount) int { return a.Hour.Compare(b.Hour) })

	return out
}

// sum puts the last minutes into a report.
func (l *ledger) sum(now time.Time, h *connector.Health) {
	h.LastSuccess, h.LastError, h.ErrorKind, h.ErrorOp, h.ErrorStatus, h.ErrorText = l.success, l.failure, l.kind, l.op, l.status, l.text

	var times []time.Duration

	for _, e := range l.recent {
		if now.Sub(e.at) > recentTime || e.at.After(now) {
			continue
		}

		h.Calls++

		if e.failed {
			h.Failures++
		} else {
			times = append(times, e.took)
		}
	}

	if n := len(times); n > 0 {
		slices.Sort(times)
		h.P50, h.P95 = times[(n-1)/2], times[(n-1)*95/100]
	}
}
