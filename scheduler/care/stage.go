package care

import "time"

// Stage is how far a visit by screen has come between its plan and its result, for records that want to
// know while it goes on (eoj.md §3.1). The zero value is invalid.
type Stage string

// The stages, in their order.
const (
	StageArrived Stage = "arrived" // the citizen was let in
	StageStarted Stage = "started" // employee and citizen are in the room together
)

// ArrivedAt is when the citizen was let in first, UTC; zero: not yet.
func (s Snapshot) ArrivedAt() time.Time {
	var at time.Time

	for _, a := range s.Admissions {
		if a.Participant == "" && a.State == AdmissionAdmitted && (at.IsZero() || a.DecidedAt.Before(at)) {
			at = a.DecidedAt
		}
	}

	return at
}

// StartedAt is when employee and citizen were in the room together first, as far as the legs tell, UTC;
// zero: they were not.
func (s Snapshot) StartedAt() time.Time {
	var at time.Time

	for _, host := range s.Legs {
		for _, guest := range s.Legs {
			if host.Role != AsHost || guest.Role != AsGuest || guest.Room != host.Room || !meet(host, guest) {
				continue
			}

			both := host.Joined
			if guest.Joined.After(both) {
				both = guest.Joined
			}

			if at.IsZero() || both.Before(at) {
				at = both
			}
		}
	}

	return at
}

// meet reports whether two stays overlap. One that has not ended goes on.
func meet(a, b Leg) bool {
	return (a.Left.IsZero() || a.Left.After(b.Joined)) && (b.Left.IsZero() || b.Left.After(a.Joined))
}
