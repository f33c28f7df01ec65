package ehr

import (
	"context"

	"github.com/sluse/sluse/scheduler/care"
)

// Looker is implemented by a journal that can tell how visits stand in the record now. Looking changes
// nothing.
type Looker interface {
	// Look reads how one citizen's visits stand, and the citizen. The answer has a Sight for each
	// Glance, in order. Errors are *connector.Error; a citizen or visit that the record says it does
	// not have is no error but an answer. A record that needs minutes is waited for, so it is never
	// called while a page waits.
	Look(ctx context.Context, citizen care.CitizenKey, glances []Glance) (Seen, error)
}

// Glance is one visit that is looked for.
type Glance struct {
	Source  care.SourceRef
	List    care.ListID
	Planned care.Interval // as we have it, UTC
	Rooms   []care.RoomRef
	Written []Written // our last word by each means
}

// Written is an entry that the record took.
type Written struct {
	Change  Change
	Receipt Receipt
}

// Seen is what the record says of a citizen.
type Seen struct {
	Standing Standing
	Phone    care.Phone // with HasPhone; zero: the record has none
	HasPhone bool       // the record told the number
	Visits   []Sight
	// Others are visits of the citizen about the same time that we did not ask for and that are to
	// take place.
	Others []Other
}

// Standing is how a citizen is, as the record says. The zero value: it can't tell.
type Standing string

// The standings.
const (
	AtHome     Standing = "home"
	InHospital Standing = "hospital"
	Dead       Standing = "dead"
	Inactive   Standing = "inactive" // not known there any more, or ended
)

// Presence is whether a visit is in the record. The zero value: it can't tell.
type Presence string

// The presences.
const (
	Present Presence = "present"
	Absent  Presence = "absent"
)

// Sight is how one visit stands in the record. What the record can't tell is the zero value.
type Sight struct {
	Presence   Presence
	Planned    care.Interval // UTC
	Cancelled  bool
	Delivered  bool // registered as given
	ReadOnly   bool
	OtherVideo bool // another video product has it
	Employee   care.EmployeeID
	Service    string
	Category   string
	Mark       Mark
	Entries    []Trace // one for each Written, in order
	Version    string
}

// Mark is whether our part of a visit's comment is there. The zero value: none is expected, or the
// record can't tell.
type Mark string

// The marks.
const (
	MarkThere Mark = "there"
	MarkGone  Mark = "gone"
)

// Trace is what the record has of an entry. The zero value: it can't tell.
type Trace struct {
	Told    bool   // the record can tell
	Copies  int    // how many there are
	Differs string // Danish: what stands there otherwise than we wrote it; empty: nothing
}

// Other is a visit that stands beside those that were asked for.
type Other struct {
	Planned  care.Interval
	Category string
	// Employee is who has it; empty: nobody yet, or the record can't tell. Two employees who visit a
	// citizen together each have a visit of their own at the same time.
	Employee care.EmployeeID
}
