package care

import (
	"slices"
	"time"
)

// LegRole is the role of a person in a room. The zero value is invalid.
type LegRole string

// The roles.
const (
	AsHost  LegRole = "host"
	AsGuest LegRole = "guest"
)

// Media is what a person sent and saw in a room. The zero value is: the platform does not say.
type Media string

// The kinds of media.
const (
	MediaUnknown Media = ""
	NoMedia      Media = "none"  // connected, but neither picture nor sound
	AudioOnly    Media = "audio" // dialled in by phone, or without picture on purpose
	Video        Media = "video"
)

// Witness is where a leg is known from. The zero value is: from the platform's history.
type Witness string

// The witnesses.
const (
	FromHistory Witness = ""
	FromEvents  Witness = "events"
	FromBoth    Witness = "both"   // events and history agree that it was
	FromLooking Witness = "status" // we looked now and then; its edges are as rough as that
)

// Ending is why a leg ended, as far as evidence cares. The zero value is: in the usual way, or
// not said.
type Ending string

// The endings.
const (
	Usual        Ending = ""
	LostContact  Ending = "lost"        // network or device failed
	NoHostCame   Ending = "no_host"     // waited for a host until the platform gave up
	RoomFull     Ending = "full"        // no place, licence or capacity
	EndedForAll  Ending = "ended"       // somebody, perhaps we, ended the room for everybody
	TurnedAway   Ending = "turned_away" // put out by a person
	NeverThrough Ending = "not_through" // failed before it was in the room, for example by a wrong PIN
)

// Leg is one stay of one person in one room, as the platform tells it.
type Leg struct {
	ID     string // the platform's key; the same leg keeps it
	Room   RoomRef
	Role   LegRole
	Joined time.Time // when the call reached the platform
	Left   time.Time // zero while the person is in the room
	// Entered is when the person came from PIN prompt or waiting room into the room itself; zero
	// when the platform does not tell, so that Joined has to do.
	Entered time.Time
	// Call is the same for legs of one person that follow each other in one call; empty: unknown.
	Call string
	// Seat is 1 + the seat whose link was used; 0 when the platform can't tell.
	Seat    int
	Media   Media
	Ending  Ending
	Witness Witness
	Node    string // the platform's node by whose clock the times are; empty: one clock for all
}

// ResultKind is what became of a visit. The zero value is invalid.
type ResultKind string

// The results.
const (
	ResultCompleted    ResultKind = "completed"
	ResultNotCompleted ResultKind = "not_completed"
)

// ReasonCode says why a visit was not completed. The zero value is invalid with
// ResultNotCompleted. No national code exists for it (eoj.md §3.4).
type ReasonCode string

// The reasons.
const (
	CitizenAbsent    ReasonCode = "udeblevet"
	EmployeeAbsent   ReasonCode = "medarbejder_udeblev"
	TechnicalFault   ReasonCode = "teknisk_fejl"
	CancelledCitizen ReasonCode = "aflyst_af_borger"
	CancelledStaff   ReasonCode = "aflyst_af_personale"
	Hospitalised     ReasonCode = "indlagt"
	TooShort         ReasonCode = "for_kort"
	TurnedPhysical   ReasonCode = "fysisk_besoeg"
)

// Reasons lists every reason in the order in which they are offered.
func Reasons() []ReasonCode {
	return []ReasonCode{CitizenAbsent, EmployeeAbsent, TechnicalFault, TooShort, CancelledCitizen, CancelledStaff, Hospitalised, TurnedPhysical}
}

// Danish returns the wording of a reason.
func (r ReasonCode) Danish() string {
	switch r {
	case CitizenAbsent:
		return "Borgeren udeblev"
	case EmployeeAbsent:
		return "Medarbejderen kom ikke ind"
	case TechnicalFault:
		return "Teknisk fejl"
	case CancelledCitizen:
		return "Aflyst af borgeren"
	case CancelledStaff:
		return "Aflyst af personalet"
	case Hospitalised:
		return "Borgeren er indlagt"
	case TooShort:
		return "Samtalen var for kort"
	case TurnedPhysical:
		return "Ændret til fysisk besøg"
	}

	return string(r)
}

// Grade says how sure an outcome is. The zero value is invalid.
type Grade string

// The grades.
const (
	Certain  Grade = "sikker"      // the platform shows host and guest together, and nothing speaks against it
	Probable Grade = "sandsynlig"  // the platform's record is thin, or a person says otherwise than it
	Missing  Grade = "mangler"     // there is no evidence; a person must decide
	Manual   Grade = "medarbejder" // a person decided
)

// Outcome is how a visit ended.
type Outcome struct {
	Kind     ResultKind
	Reason   ReasonCode // with ResultNotCompleted
	Delivery Delivery   // how it was given: Screen or ByPhone when completed
	Actual   Interval   // when host and guest were there together; zero when unknown
	Together time.Duration
	Grade    Grade
	By       string // employee id or "system"
	At       time.Time
}

// Verdict is what evidence alone says, before anybody confirms.
type Verdict struct {
	Decided bool // false: a person must decide
	Outcome Outcome
	Why     string // Danish sentence
}

// Judge weighs the legs of a visit's rooms: the time in which at least one host and one guest
// were in the same room at once. It never says completed without such an overlap of at least
// minimum (2 in the report set of eoj.md §6: 30 s by default), and it never says that somebody
// stayed away when the platform's record is damaged. Running legs end now.
func Judge(legs []Leg, minimum time.Duration, now time.Time) Verdict {
	together, actual := overlaps(legs, now)
	hosts, guests := count(legs, AsHost), count(legs, AsGuest)
	damaged := slices.ContainsFunc(legs, Leg.damaged)

	switch {
	case len(legs) == 0:
		return Verdict{Why: "Platformen har ingen oplysninger om, at nogen var i rummet."}
	case together > 0 && together >= minimum:
		grade := Certain
		if damaged {
			grade = Probable
		}

		return Verdict{
			Decided: true, Why: "Medarbejder og borger var i rummet samtidig.",
			Outcome: Outcome{Kind: ResultCompleted, Delivery: Screen, Actual: actual, Together: together, Grade: grade},
		}
	case damaged:
		return Verdict{Why: "Platformens oplysninger om, hvem der var i rummet, hænger ikke sammen."}
	case guests == 0:
		return notCompleted(CitizenAbsent, "Kun medarbejderen var i rummet.")
	case hosts == 0:
		return notCompleted(EmployeeAbsent, "Kun borgeren var i rummet.")
	case together > 0:
		return notCompleted(TooShort, "Medarbejder og borger var kun kort i rummet samtidig.")
	default:
		return Verdict{Why: "Medarbejder og borger var i rummet, men ikke på samme tid."}
	}
}

// damaged reports whether a leg can't be true as it stands: somebody without a role, without a
// beginning, or who left before they came.
func (l Leg) damaged() bool {
	return l.Role != AsHost && l.Role != AsGuest || l.Joined.IsZero() || !l.Left.IsZero() && l.Left.Before(l.Joined)
}

func count(legs []Leg, role LegRole) int {
	n := 0

	for _, l := range legs {
		if l.Role == role {
			n++
		}
	}

	return n
}

// overlaps looks at each room by itself, because a host in one room and a guest in another were
// not together.
func overlaps(legs []Leg, now time.Time) (total time.Duration, bounds Interval) {
	rooms := map[RoomRef][]Leg{}
	for _, l := range legs {
		rooms[l.Room] = append(rooms[l.Room], l)
	}

	var both []Interval
	for _, in := range rooms {
		both = append(both, overlap(spans(in, AsHost, now), spans(in, AsGuest, now))...)
	}

	for _, i := range merge(both) {
		total += i.Duration()
		bounds.End = i.End

		if bounds.Start.IsZero() {
			bounds.Start = i.Start
		}
	}

	return total, bounds
}

func notCompleted(reason ReasonCode, why string) Verdict {
	return Verdict{Decided: true, Why: why, Outcome: Outcome{Kind: ResultNotCompleted, Reason: reason, Delivery: Screen, Grade: Certain}}
}

// spans merges the stays of one role into disjoint intervals in order of time.
func spans(legs []Leg, role LegRole, now time.Time) []Interval {
	var all []Interval

	for _, l := range legs {
		left := l.Left
		if left.IsZero() {
			left = now
		}

		if l.Role == role && !l.damaged() && left.After(l.Joined) {
			all = append(all, Interval{Start: l.Joined, End: left})
		}
	}

	return merge(all)
}

// merge joins intervals that touch; the result is in order of time.
func merge(all []Interval) []Interval {
	slices.SortFunc(all, func(a, b Interval) int { return a.Start.Compare(b.Start) })

	var merged []Interval

	for _, i := range all {
		if n := len(merged); n > 0 && !i.Start.After(merged[n-1].End) {
			if i.End.After(merged[n-1].End) {
				merged[n-1].End = i.End
			}

			continue
		}

		merged = append(merged, i)
	}

	return merged
}

// overlap returns the times in which both lists have somebody.
func overlap(a, b []Interval) []Interval {
	var out []Interval

	for _, x := range a {
		for _, y := range b {
			if x.Overlaps(y) {
				out = append(out, Interval{Start: later(x.Start, y.Start), End: earlier(x.End, y.End)})
			}
		}
	}

	return out
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}

	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}

	return b
}
