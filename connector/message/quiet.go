package message

import (
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// The hours, local time, in which no SMS leaves (ux.md §6.3).
const (
	quietFrom  = 21
	quietUntil = 8
)

// SendAt tells when an SMS that is ready now may leave: now, or at the coming 08.00 local
// time when now is between 21.00 and 07.59. A visit that begins in the same night, or as
// the night ends, is no secret to the citizen's sleep: its messages leave at once, because
// later they would be of no use. One-time codes are asked for by the citizen and e-mails
// wake nobody: neither is held back. Both times may be in any zone; the result is UTC.
func SendAt(now, planned time.Time) time.Time {
	local := now.In(care.Zone())
	y, m, d := local.Date()

	var begin, end time.Time

	switch h := local.Hour(); {
	case h >= quietFrom:
		begin, end = time.Date(y, m, d, quietFrom, 0, 0, 0, care.Zone()), time.Date(y, m, d+1, quietUntil, 0, 0, 0, care.Zone())
	case h < quietUntil:
		begin, end = time.Date(y, m, d-1, quietFrom, 0, 0, 0, care.Zone()), time.Date(y, m, d, quietUntil, 0, 0, 0, care.Zone())
	default:
		return now.UTC()
	}

	if !planned.Before(begin) && !planned.After(end) {
		return now.UTC()
	}

	return end.UTC()
}
