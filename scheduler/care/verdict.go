package care

import (
	"slices"
	"strings"
	"time"
)

// RuleVersion names the rule of Judge. It is stored with every verdict and grows when the same
// legs would be judged otherwise. Version 1 was the rule before verdicts were stored.
const RuleVersion = 2

// Verdict is what evidence alone says, before anybody confirms. A stored one tells why an outcome
// was given, and stands beside the word of a person who says otherwise.
type Verdict struct {
	Decided bool    // false: a person must decide
	Outcome Outcome // without By, At and Because; grade Missing when not decided
	// Why are Danish sentences, each whole: who was where when, and what follows from it. They
	// hold no name.
	Why []string
	// Host and Guest are from the first coming in to the last going out of the employee's and the
	// citizen's side; zero when nobody was seen.
	Host, Guest Interval
	Basis       []Basis // every leg that was looked at, by room and id
	Alarms      []Alarm
	Complete    bool // the platform's record was complete, as far as one can know
	Rule        int  // RuleVersion
	At          time.Time
}

// Says reports whether two verdicts come to the same, whatever they rest on.
func (v Verdict) Says(o Verdict) bool {
	return v.Decided == o.Decided && v.Outcome == o.Outcome && v.Complete == o.Complete && v.Rule == o.Rule &&
		slices.Equal(v.Alarms, o.Alarms) && slices.Equal(v.Why, o.Why) && slices.Equal(v.Basis, o.Basis)
}

// Text is the whole account in one line.
func (v Verdict) Text() string { return strings.Join(v.Why, " ") }

// Use is what a leg was good for. The zero value is invalid.
type Use string

// The uses.
const (
	LegCounted    Use = "counted"
	LegDamaged    Use = "damaged"     // it can't be true as it stands
	LegOutside    Use = "outside"     // long before or after the visit
	LegRecorder   Use = "recorder"    // a machine
	LegSilent     Use = "silent"      // connected without picture and sound
	LegNotIn      Use = "not_in"      // never past the door of the room
	LegTurnedAway Use = "turned_away" // put out by somebody
	LegOther      Use = "other"       // an invited person who is neither employee nor citizen
	LegStranger   Use = "stranger"    // a seat that nobody holds
)

// Basis is one leg that a verdict rests on, and what it was good for.
type Basis struct {
	Room RoomRef
	Leg  string
	Use  Use
}

// Alarm is something about the people in a room that somebody must know of. The zero value is
// invalid.
type Alarm string

// The alarms.
const (
	StrangerInRoom Alarm = "stranger" // R13: somebody with a link that was given to nobody
	RecorderInRoom Alarm = "recorder" // R15: recording is forbidden
)

// Danish returns what an employee reads.
func (a Alarm) Danish() string {
	switch a {
	case StrangerInRoom:
		return "En person, som ikke var inviteret, var i rummet. Find ud af, hvem det var."
	case RecorderInRoom:
		return "Noget, der optager eller streamer, var i rummet. Det er ikke tilladt. Meld det som en hændelse."
	}

	return string(a)
}
