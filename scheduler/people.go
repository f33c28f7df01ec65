package scheduler

import (
	"slices"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// Person is somebody who is invited to a visit, and what became of it: invited, at the door, in
// the room (R13).
type Person struct {
	Participant care.ParticipantID // empty: the citizen
	Role        string             // Danish: Borger, Pårørende, Tolk, Anden myndighed
	Name        string
	Seat        int  // 0: the citizen
	Removed     bool // no longer invited
	Terms       care.TermsAnswer
	Consent     care.Consent    // that covers a participant
	Secrecy     care.Secrecy    // why somebody from another authority may be there
	Message     care.Invitation // the newest that told of the visit; zero when there is none
	Admission   care.Admission  // the furthest session of the newest ones; zero when nobody came
	Here        bool            // in the room now, as far as the platform tells people apart
	Came        time.Time       // when first in the room; zero: never seen there
}

// LetIn reports whether the person was let in and may be in the room.
func (p Person) LetIn() bool { return !p.Admission.DecidedAt.IsZero() && p.Admission.Recognised }

// people joins the invited with their messages, sessions and legs, the citizen first, then by
// seat; those who were removed come last.
func people(v care.Snapshot, citizen care.Citizen) []Person {
	out := []Person{{Role: "Borger", Name: citizen.Name}}
	for _, p := range v.Participants {
		out = append(out, Person{Participant: p.ID, Role: p.Kind.Danish(), Name: p.Name, Seat: p.Seat, Removed: !p.Present(), Terms: p.Terms, Consent: p.Consent, Secrecy: p.Secrecy})
	}

	for i := range out {
		p := &out[i]

		for _, m := range v.Invitations {
			if m.To == p.Participant && (m.Kind == care.Invite || m.Kind == care.Changed) {
				p.Message = m
			}
		}

		p.Admission = furthest(v.Admissions, p.Participant)

		for _, l := range v.Witnessed() {
			if l.Role == care.AsGuest && l.Seat > 0 && whose(v, l) == p.Participant {
				p.Here = p.Here || l.Left.IsZero()

				if p.Came.IsZero() || l.Joined.Before(p.Came) {
					p.Came = l.Joined
				}
			}
		}
	}

	slices.SortStableFunc(out, func(a, b Person) int {
		switch {
		case a.Removed != b.Removed && a.Removed:
			return 1
		case a.Removed != b.Removed:
			return -1
		default:
			return a.Seat - b.Seat
		}
	})

	return out
}

// whose returns who had the seat of a leg when it began; "unknown" for a seat that nobody had.
func whose(v care.Snapshot, l care.Leg) care.ParticipantID {
	if l.Seat == 1 {
		return "" // seat 0 is the citizen's
	}

	if p, ok := v.Sitting(l.Seat-1, l.Joined); ok {
		return p.ID
	}

	return "unknown"
}

// furthest returns the session of a person that got furthest; of several the newest.
func furthest(all []care.Admission, who care.ParticipantID) care.Admission {
	rank := []care.AdmissionState{care.AdmissionRefused, care.AdmissionWaiting, care.AdmissionIdentified, care.AdmissionAdmitted}

	var best care.Admission

	for _, a := range all {
		if a.Participant == who && slices.Index(rank, a.State) >= slices.Index(rank, best.State) {
			best = a
		}
	}

	return best
}
