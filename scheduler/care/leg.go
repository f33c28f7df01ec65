package care

import "time"

// LegRole is the role of a person in a room. The zero value is invalid.
type LegRole string

// The roles. A platform that can't tell leaves the role empty; such a leg proves nothing.
const (
	AsHost  LegRole = "host"
	AsGuest LegRole = "guest"
	// AsRecorder is a machine that records or streams. It is nobody, and forbidden (R15).
	AsRecorder LegRole = "recorder"
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

// Danish returns the wording of a witness.
func (w Witness) Danish() string {
	switch w {
	case FromHistory:
		return "historik"
	case FromEvents:
		return "hændelser"
	case FromBoth:
		return "historik og hændelser"
	case FromLooking:
		return "løbende opslag"
	}

	return string(w)
}

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

// InRoom reports whether the person is in the room itself now: not before its door, not without
// picture and sound, not gone.
func (l Leg) InRoom() bool {
	return l.Left.IsZero() && !l.outside() && l.Media != NoMedia && (l.Role == AsHost || l.Role == AsGuest)
}

// damaged reports whether a leg can't be true as it stands: somebody without a role, without a
// beginning, or who left before they came or before they entered.
func (l Leg) damaged() bool {
	return l.Role != AsHost && l.Role != AsGuest && l.Role != AsRecorder ||
		l.Joined.IsZero() || !l.Left.IsZero() && (l.Left.Before(l.Joined) || l.Left.Before(l.Entered))
}

// outside reports whether the person came to the room's door but never in.
func (l Leg) outside() bool {
	return l.Ending == NoHostCame || l.Ending == RoomFull || l.Ending == NeverThrough
}

// entered is when the person was in the room itself, as far as the platform tells.
func (l Leg) entered() time.Time { return later(l.Joined, l.Entered) }
