package care

import (
	"cmp"
	"slices"
	"time"
)

// DriftKind is a way in which record, platform and our own book may say different things of one visit
// (M4). The zero value is invalid.
type DriftKind string

// The kinds.
const (
	DriftMoved          DriftKind = "record_moved"          // the record has another time
	DriftCancelled      DriftKind = "record_cancelled"      // the record has the visit cancelled
	DriftDeleted        DriftKind = "record_deleted"        // the record has no such visit any more
	DriftDelivered      DriftKind = "record_delivered"      // the record has it delivered before we have
	DriftEmployee       DriftKind = "record_employee"       // somebody else has it
	DriftService        DriftKind = "record_service"        // something else is to be given
	DriftCategory       DriftKind = "record_category"       // the category was changed by hand
	DriftComment        DriftKind = "record_comment"        // our part of the comment is gone
	DriftUndone         DriftKind = "record_undone"         // somebody made it a physical visit there
	DriftOtherVideo     DriftKind = "record_other_video"    // another video product has it
	DriftLocked         DriftKind = "record_locked"         // it can only be read while an entry waits
	DriftTwice          DriftKind = "record_active_twice"   // the citizen has two visits at the time
	DriftDoneCancelled  DriftKind = "record_done_cancelled" // completed here, cancelled there
	DriftPlannedMissing DriftKind = "entry_planned_missing" // our planned entry is gone
	DriftResultMissing  DriftKind = "entry_result_missing"  // our result is gone
	DriftEntryDoubled   DriftKind = "entry_doubled"         // our entry stands there twice
	DriftEntryDiffers   DriftKind = "entry_differs"         // our entry says something else than we wrote
	DriftEntryStuck     DriftKind = "entry_stuck"           // our entry was refused or waits too long
	DriftHospital       DriftKind = "citizen_hospitalised"
	DriftDead           DriftKind = "citizen_dead"
	DriftInactive       DriftKind = "citizen_inactive"
	DriftPhone          DriftKind = "citizen_phone" // the record has another telephone number
	DriftRoomGone       DriftKind = "room_gone"
	DriftRoomMoved      DriftKind = "room_moved"    // the room is planned for another time
	DriftRoomOrphan     DriftKind = "room_orphan"   // the room stands although nobody needs it
	DriftRoomTwo        DriftKind = "room_two"      // a second room stands beside the visit's own
	DriftRoomEnded      DriftKind = "room_ended"    // the room was ended too early
	DriftRoomChanged    DriftKind = "room_settings" // the room has other codes than we gave out
	DriftUnlisted       DriftKind = "own_unlisted"  // no driving list has the visit any more
)

// DriftKinds lists every kind in the order in which they are shown.
func DriftKinds() []DriftKind {
	return []DriftKind{
		DriftDead, DriftHospital, DriftInactive, DriftCancelled, DriftDeleted, DriftDelivered, DriftMoved, DriftUndone, DriftOtherVideo, DriftTwice, DriftDoneCancelled,
		DriftRoomGone, DriftRoomEnded, DriftRoomMoved, DriftRoomTwo, DriftRoomChanged, DriftRoomOrphan,
		DriftUnlisted, DriftEmployee, DriftPhone, DriftCategory, DriftComment, DriftService, DriftLocked,
		DriftPlannedMissing, DriftResultMissing, DriftEntryDoubled, DriftEntryDiffers, DriftEntryStuck,
	}
}

// EntryDrifts lists the kinds in which the record says something else of a visit than we wrote.
func EntryDrifts() []DriftKind {
	return []DriftKind{DriftPlannedMissing, DriftResultMissing, DriftEntryDoubled, DriftEntryDiffers, DriftCategory}
}

// DriftSide is who says something else than our book. Nothing is concluded from a side that was
// silent. The zero value is invalid.
type DriftSide string

// The sides.
const (
	RecordSide   DriftSide = "record"
	PlatformSide DriftSide = "platform"
	OwnSide      DriftSide = "own"
)

// Gravity is how much a drift matters. The zero value is invalid.
type Gravity int

// The gravities, worst first.
const (
	Pressing  Gravity = iota + 1 // a citizen or colleague waits in vain, or the record is wrong about care
	Important                    // to be settled the same day
	Small                        // nobody is let down by it
)

// Gravities lists every gravity, worst first.
func Gravities() []Gravity { return []Gravity{Pressing, Important, Small} }

// Danish returns the word that stands beside the icon.
func (g Gravity) Danish() string {
	switch g {
	case Pressing:
		return "Haster"
	case Important:
		return "Vigtigt"
	case Small:
		return "Mindre"
	}

	return "Ukendt"
}

// String returns the gravity's name for the API.
func (g Gravity) String() string {
	switch g {
	case Pressing:
		return "pressing"
	case Important:
		return "important"
	case Small:
		return "small"
	}

	return "invalid"
}

// Remedy is what the machine can do about a drift. The zero value: nothing; a person does it in the
// record, and we look again.
type Remedy string

// The remedies. Each is safe to repeat.
const (
	ByHand         Remedy = ""
	MoveHere       Remedy = "move"        // the visit gets the record's time
	CancelHere     Remedy = "cancel"      // the visit by screen is cancelled
	ReassignHere   Remedy = "reassign"    // the visit gets the record's employee
	ServiceHere    Remedy = "service"     // the visit gets the record's service
	PhoneHere      Remedy = "phone"       // the citizen gets the record's telephone number
	PhysicalHere   Remedy = "physical"    // the visit is physical here too
	WriteAgain     Remedy = "write_again" // our entry is written anew over what stands there
	WriteMissing   Remedy = "write"       // our entry is written where it is missing
	RetryWrite     Remedy = "retry_entry" // a refused entry is tried again
	NewRoom        Remedy = "new_room"    // another room is booked and this one ended
	MoveRoomBack   Remedy = "move_room"   // the room gets the visit's time
	CloseStrayRoom Remedy = "close_room"
)

// Overwrites reports whether the remedy may replace what people wrote in the record: never without a
// person's word.
func (r Remedy) Overwrites() bool { return r == WriteAgain }

// DriftPolicy is what is done about a kind. The zero value is invalid.
type DriftPolicy string

// The policies.
const (
	DriftAuto DriftPolicy = "auto" // repaired at once, and told
	DriftAsk  DriftPolicy = "ask"  // a person decides
	DriftOff  DriftPolicy = "off"  // not looked for
)

// Policies lists every policy.
func Policies() []DriftPolicy { return []DriftPolicy{DriftAuto, DriftAsk, DriftOff} }

// DriftTerms tell a kind to people.
type DriftTerms struct {
	Side    DriftSide
	Gravity Gravity
	Title   string // Danish
	Why     string // Danish: what it means, in a planner's words
	Remedy  Remedy
	Do      string // Danish: what the button does, or what a person has to do by hand
	Policy  DriftPolicy
}

// MayAuto reports whether the kind may be repaired without a person.
func (t DriftTerms) MayAuto() bool { return t.Remedy != ByHand && !t.Remedy.Overwrites() }

// Known reports whether the kind is one of DriftKinds.
func (k DriftKind) Known() bool { return slices.Contains(DriftKinds(), k) }

// Terms tells the kind to people.
func (k DriftKind) Terms() DriftTerms {
	for _, terms := range []func() map[DriftKind]DriftTerms{recordDrifts, entryDrifts, citizenDrifts, roomDrifts} {
		if t, ok := terms()[k]; ok {
			return t
		}
	}

	return DriftTerms{Side: OwnSide, Gravity: Small, Title: string(k), Policy: DriftOff}
}

const (
	lookAgain = " Vi ser efter igen."
	cancelIt  = "Aflys skærmbesøget"
)

func recordDrifts() map[DriftKind]DriftTerms {
	return map[DriftKind]DriftTerms{ //nolint:exhaustive // the other kinds are in the maps beside it
		DriftMoved:         {RecordSide, Pressing, "Besøget er flyttet i journalen", "Journalen har en anden tid end skærmbesøget. Borgeren er inviteret til den gamle tid.", MoveHere, "Flyt skærmbesøget til journalens tid", DriftAsk},
		DriftCancelled:     {RecordSide, Pressing, "Besøget er aflyst i journalen", "Journalen har aflyst besøget, men borgeren er stadig inviteret på skærm.", CancelHere, cancelIt, DriftAsk},
		DriftDeleted:       {RecordSide, Pressing, "Besøget findes ikke længere i journalen", "Nogen har slettet besøget i journalen, men borgeren er stadig inviteret på skærm.", CancelHere, cancelIt, DriftAsk},
		DriftDelivered:     {RecordSide, Important, "Besøget står som leveret i journalen", "En medarbejder har registreret besøget som leveret, før skærmbesøget er afsluttet her. Måske er det givet fysisk.", ByHand, "Spørg medarbejderen, og afslut eller aflys besøget her." + lookAgain, DriftAsk},
		DriftEmployee:      {RecordSide, Important, "En anden medarbejder har besøget", "Journalen har givet besøget til en anden, så den forkerte ser det på Min dag.", ReassignHere, "Giv besøget til journalens medarbejder", DriftAuto},
		DriftService:       {RecordSide, Important, "Indsatsen er ændret i journalen", "Journalen har en anden indsats på besøget. Se, om den nye kan gives på skærm.", ServiceHere, "Brug journalens indsats", DriftAsk},
		DriftCategory:      {RecordSide, Important, "Besøgstypen er ændret i hånden", "Nogen har givet besøget en anden type i journalen, efter at vi skrev. Så tæller det ikke som skærmbesøg.", WriteAgain, "Skriv vores besøgstype igen", DriftAsk},
		DriftComment:       {RecordSide, Small, "Vores ord er væk fra bemærkningen", "Nogen har slettet eller rettet vores del af bemærkningen i journalen.", WriteAgain, "Skriv vores ord igen", DriftAsk},
		DriftUndone:        {RecordSide, Pressing, "Besøget er gjort fysisk i journalen", "Nogen har sat besøget tilbage til fysisk i journalen, men borgeren er stadig inviteret på skærm.", PhysicalHere, "Gør besøget fysisk her også", DriftAsk},
		DriftOtherVideo:    {RecordSide, Pressing, "Besøget holdes i et andet videosystem", "Journalen har gjort besøget til video i et andet system. Borgeren kan få to links.", ByHand, "Aftal, hvilket system der bruges, og fjern besøget i det andet." + lookAgain, DriftAsk},
		DriftLocked:        {RecordSide, Important, "Besøget er låst i journalen", "Besøget kan kun læses i journalen, så det, der venter, kan ikke skrives.", ByHand, "Lås besøget op i journalen, eller registrér det dér i hånden." + lookAgain, DriftAsk},
		DriftTwice:         {RecordSide, Important, "Borgeren har to besøg på samme tid", "Journalen har et besøg mere hos borgeren samtidig med skærmbesøget. Det ene skal nok væk.", ByHand, "Fjern det ene besøg i journalen." + lookAgain, DriftAsk},
		DriftDoneCancelled: {RecordSide, Important, "Gennemført her, men aflyst i journalen", "Samtalen er holdt, men journalen siger, at besøget er aflyst.", ByHand, "Ret besøget i journalen, eller ret resultatet her." + lookAgain, DriftAsk},
	}
}

func entryDrifts() map[DriftKind]DriftTerms {
	return map[DriftKind]DriftTerms{ //nolint:exhaustive // the other kinds are in the maps beside it
		DriftPlannedMissing: {RecordSide, Important, "Planlægningen mangler i journalen", "Det, vi skrev om det planlagte skærmbesøg, findes ikke længere i journalen.", WriteMissing, "Skriv det igen", DriftAsk},
		DriftResultMissing:  {RecordSide, Pressing, "Resultatet mangler i journalen", "Det, vi skrev om resultatet, findes ikke længere i journalen.", WriteMissing, "Skriv resultatet igen", DriftAsk},
		DriftEntryDoubled:   {RecordSide, Important, "Registreringen står to gange", "Samme besøg er registreret mere end én gang i journalen og tæller forkert.", ByHand, "Slet den ene i journalen." + lookAgain, DriftAsk},
		DriftEntryDiffers:   {RecordSide, Pressing, "Registreringen er ændret i journalen", "Journalen siger noget andet om besøget, end vi skrev.", WriteAgain, "Skriv vores registrering igen", DriftAsk},
		DriftEntryStuck:     {OwnSide, Important, "Registreringen er ikke skrevet", "Journalen har afvist registreringen, eller den har ventet længe.", RetryWrite, "Prøv at skrive igen", DriftAsk},
		DriftUnlisted:       {OwnSide, Pressing, "Besøget står ikke på nogen køreliste", "Den nyeste køreliste har ikke besøget, men borgeren er stadig inviteret på skærm.", CancelHere, cancelIt, DriftAsk},
	}
}

func citizenDrifts() map[DriftKind]DriftTerms {
	return map[DriftKind]DriftTerms{ //nolint:exhaustive // the other kinds are in the maps beside it
		DriftHospital: {RecordSide, Pressing, "Borgeren er indlagt", "Journalen siger, at borgeren er på sygehus, så ingen kommer til skærmbesøget.", CancelHere, cancelIt, DriftAsk},
		DriftDead:     {RecordSide, Pressing, "Borgeren er død", "Journalen siger, at borgeren er død. Der sendes ingen besked, når skærmbesøget aflyses.", CancelHere, cancelIt + " uden besked", DriftAsk},
		DriftInactive: {RecordSide, Pressing, "Borgeren er ikke aktiv i journalen", "Journalen kender ikke længere borgeren som aktiv.", CancelHere, cancelIt, DriftAsk},
		DriftPhone:    {RecordSide, Important, "Borgeren har et andet mobilnummer", "Journalen har et andet mobilnummer, så beskeder kan gå til den forkerte.", PhoneHere, "Brug journalens nummer, og invitér igen", DriftAsk},
	}
}

func roomDrifts() map[DriftKind]DriftTerms {
	return map[DriftKind]DriftTerms{ //nolint:exhaustive // the other kinds are in the maps beside it
		DriftRoomGone:    {PlatformSide, Pressing, "Videorummet er væk", "Videoplatformen har ikke længere rummet til besøget.", NewRoom, "Bestil et nyt rum", DriftAuto},
		DriftRoomMoved:   {PlatformSide, Pressing, "Videorummet har en anden tid", "Nogen har flyttet rummet på videoplatformen, så det ikke er åbent under besøget.", MoveRoomBack, "Flyt rummet til besøgets tid", DriftAuto},
		DriftRoomOrphan:  {PlatformSide, Small, "Et videorum står tilbage", "Besøget er ikke på skærm længere, men rummet står der endnu.", CloseStrayRoom, "Luk rummet", DriftAuto},
		DriftRoomTwo:     {PlatformSide, Important, "Besøget har to videorum", "Der står et rum mere til besøget. Nogen kan ende i det forkerte.", CloseStrayRoom, "Luk det, der ikke bruges", DriftAuto},
		DriftRoomEnded:   {PlatformSide, Pressing, "Videorummet er lukket for tidligt", "Videoplatformen har lukket rummet, før besøget er slut.", NewRoom, "Bestil et nyt rum", DriftAuto},
		DriftRoomChanged: {PlatformSide, Pressing, "Videorummet har andre koder", "Rummets koder er ændret på videoplatformen, så borgerens link ikke virker.", NewRoom, "Bestil et nyt rum", DriftAuto},
	}
}

// Drift is one difference that was found. Ours and Theirs are Danish words without names, numbers or
// codes.
type Drift struct {
	Kind   DriftKind
	Visit  VisitID
	About  string // id of the room or entry; empty for the visit as a whole
	Ours   string
	Theirs string
}

// FindingState is what became of a finding. The zero value is invalid.
type FindingState string

// The states: open → mending → mended; open → accepted; open, mending, accepted → gone. A mended or
// gone one that is seen again is open again; so is an accepted one that looks otherwise.
const (
	FindingOpen     FindingState = "open"
	FindingMending  FindingState = "mending"  // a repair is under way
	FindingMended   FindingState = "mended"   // repaired by us
	FindingAccepted FindingState = "accepted" // a person says that it may stay
	FindingGone     FindingState = "gone"     // was not there any more
)

// Live reports whether it still stands as far as we know.
func (s FindingState) Live() bool {
	return s == FindingOpen || s == FindingMending || s == FindingAccepted
}

// StrayRooms are the kinds about a room that nobody needs: whoever runs the platform can judge them
// without knowing whose they were.
func StrayRooms() []DriftKind { return []DriftKind{DriftRoomOrphan, DriftRoomTwo} }

// FindingID names a finding: one for each kind about each thing of a visit.
type FindingID string

// Finding is a drift with its history. Times are UTC.
type Finding struct {
	Drift

	ID        FindingID
	Unit      UnitID // of the visit
	Day       Day    // of the visit
	State     FindingState
	FirstSeen time.Time
	LastSeen  time.Time
	MendBy    string    // who asked for the repair: employee id or "system"
	MendAt    time.Time // zero: nobody did
	Note      string    // Danish: why a repair was not made; empty: nothing to tell
	ClosedAt  time.Time // zero while open or mending
	ClosedBy  string
	Reason    string // why it was accepted; a person's own words, stored encrypted
}

// WorstFirst compares two findings by gravity, then in the order of DriftKinds.
func WorstFirst(a, b Finding) int {
	place := func(f Finding) int { return slices.Index(DriftKinds(), f.Kind) }

	return cmp.Or(cmp.Compare(a.Kind.Terms().Gravity, b.Kind.Terms().Gravity), cmp.Compare(place(a), place(b)))
}

// Seen takes up that the drift was found once more. Word of a repair that is under way stays.
func (f Finding) Seen(d Drift, at time.Time) Finding {
	same := f.Ours == d.Ours && f.Theirs == d.Theirs
	f.Drift, f.LastSeen = d, at

	switch {
	case f.State == FindingMending && same, f.State == FindingAccepted && same:
		return f
	case f.State == FindingGone || f.State == FindingMended:
		f.FirstSeen = at
	}

	if f.State != FindingOpen || !same {
		f.State, f.MendBy, f.MendAt, f.Note = FindingOpen, "", time.Time{}, ""
		f.ClosedAt, f.ClosedBy, f.Reason = time.Time{}, "", ""
	}

	return f
}

// Gone takes up that the drift was not found any more.
func (f Finding) Gone(at time.Time) Finding {
	switch {
	case !f.State.Live():
		return f
	case f.State == FindingMending:
		f.State, f.ClosedBy = FindingMended, f.MendBy
	default:
		f.State, f.ClosedBy = FindingGone, "system"
	}

	f.ClosedAt = at

	return f
}
