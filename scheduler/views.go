package scheduler

import (
	"time"

	"github.com/sluse/sluse/connector/eid"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// VisitView is a visit as a page or the API needs it.
type VisitView struct {
	Visit      care.Snapshot
	Citizen    care.Citizen
	Unit       care.Unit
	Assessment care.Assessment
	Status     Status
	// Verdict is what the platform's evidence says so far; only with one visit, not in lists.
	Verdict care.Verdict
	// People are the citizen and the participants; only with one visit. Address is what room systems
	// dial (SIP or H.323, K23); only in the lobby.
	People  []Person
	Address string
	// Guardian is the name of who stands in for a citizen that is a minor or under guardianship; only in
	// the lobby.
	Guardian string
	// Ways are how an employee can say that they know the citizen, when the visit can't be completed
	// by screen before somebody does; only with one visit.
	Ways []care.StaffWay
	// Writings are what the record is told, whatever comes; only with one visit that has not ended.
	Writings []Writing
	// Deletion tells when its data goes, or that it went; only with one visit.
	Deletion DeletionView
}

// Status is the one word that tells how a visit stands, for chips and filters.
type Status string

// The statuses, in the order of a visit's life (ux.md §6.4).
const (
	StatusPhysical  Status = "fysisk"
	StatusToCall    Status = "ring"
	StatusBooking   Status = "bookes"
	StatusPlanned   Status = "planlagt"
	StatusInvited   Status = "inviteret"
	StatusOpened    Status = "aabnet"
	StatusWaiting   Status = "venter"
	StatusRunning   Status = "i_gang"
	StatusCompleted Status = "gennemfoert"
	StatusPhone     Status = "telefon"
	StatusNot       Status = "ikke_gennemfoert"
	StatusCancelled Status = "aflyst"
	StatusTrouble   Status = "kraever_handling"
)

// Danish returns the wording of a chip.
func (s Status) Danish() string {
	switch s {
	case StatusPhysical:
		return "Fysisk besøg"
	case StatusToCall:
		return "Ring i stedet"
	case StatusBooking:
		return "Bookes"
	case StatusPlanned:
		return "Planlagt skærmbesøg"
	case StatusInvited:
		return "Inviteret"
	case StatusOpened:
		return "Åbnet"
	case StatusWaiting:
		return "Venter"
	case StatusRunning:
		return "I gang"
	case StatusCompleted:
		return "Gennemført"
	case StatusPhone:
		return "Gennemført på telefon"
	case StatusNot:
		return "Ikke gennemført"
	case StatusCancelled:
		return "Aflyst"
	case StatusTrouble:
		return "Kræver handling"
	}

	return string(s)
}

// DayQuery asks for a planner's or leader's day.
type DayQuery struct {
	Day      care.Day
	Unit     care.UnitID     // empty: every unit that the actor may see
	Employee care.EmployeeID // empty: everybody
	Level    care.Level      // 0: every level
	Status   Status          // empty: every status
}

// DayView is one local day.
type DayView struct {
	Day       care.Day
	Units     []care.Unit       // those that the actor may see
	Employees []care.EmployeeID // those with visits that day, sorted
	Visits    []VisitView       // in order of time
	Troubles  int               // open exceptions that day
	Untold    int               // visits by screen that the record can't be told of
	All       int               // visits that day before the filters
	Night     bool              // the day is a night list's: noon to noon
}

// TroubleView is one line of the exception list.
type TroubleView struct {
	Exception care.Exception
	Visit     VisitView
}

// Upload is a file that somebody wants to import.
type Upload struct {
	File ehr.File
}

// ChangeKind says what a newer list does to a visit. The zero value is invalid.
type ChangeKind string

// The kinds of change.
const (
	ChangeNew   ChangeKind = "new"
	ChangeMoved ChangeKind = "moved"
	ChangeOther ChangeKind = "changed"
	ChangeGone  ChangeKind = "gone"
	ChangeNone  ChangeKind = "unchanged"
)

// RowChange is one visit in the diff between the store and a file.
type RowChange struct {
	Kind     ChangeKind
	Line     int // 0 when gone
	Visit    care.VisitID
	Employee care.EmployeeID
	Name     string // the citizen's
	Key      care.CitizenKey
	Service  string
	Planned  care.Interval
	Before   care.Interval // with ChangeMoved
	Screen   bool          // the visit is given by screen now
	What     []string      // Danish: what changes, for example "medarbejder MSK → VIK"
	Effect   string        // Danish: what we will do, for example "Rummet flyttes, og borgeren får besked."
}

// PerDay counts a file's rows.
type PerDay struct {
	Day      care.Day
	Employee care.EmployeeID
	Rows     int
}

// Preview is what an import would do.
type Preview struct {
	Upload   care.ListID // names the file until it is imported
	FileName string
	List     ehr.DrivingList
	PerDay   []PerDay
	Changes  []RowChange
	Counts   map[ChangeKind]int
	Faults   int  // rows that can't be taken
	Known    bool // this very file was imported before
}

// Plan is a dry run of a conversion.
type Plan struct {
	Items   []PlanItem
	Rooms   int  // rooms that will be booked
	SMS     int  // messages by SMS
	Mails   int  // messages by e-mail
	Entries int  // entries in the record
	Skipped int  // chosen, but not possible
	Waits   bool // so many that another employee has to say yes first
}

// PlanItem is what will be done for one visit.
type PlanItem struct {
	View    VisitView
	Convert bool
	Why     string // Danish, when not
	Room    string // Danish: "Rum fra kl. 07.55 til 08.10"
	Message string // the text that will be sent, with the link left out
	Channel care.Channel
	Writes  []string // Danish sentences: what is written in the record when the room is booked
}

// ConvertRequest asks for a conversion.
type ConvertRequest struct {
	Visits []care.VisitID
	// RedReason is why visits against the rules are converted all the same; needed for them.
	RedReason string
}

// Progress is how far a conversion is.
type Progress struct {
	Batch  care.Batch
	State  care.BatchState
	Counts care.Counts
	// Done and Total count steps (room, message, entry per visit), for a progress bar.
	Done, Total int
	// Left is the estimated time to the end; 0 when done or not known yet.
	Left time.Duration
}

// CitizenStage is which page the citizen sees.
type CitizenStage string

// The stages (ux.md §6.2, §6.5).
const (
	StageEarly    CitizenStage = "early"    // the door opens later
	StageIdentify CitizenStage = "identify" // ask for a code
	StageCode     CitizenStage = "code"     // a code was sent, type it
	StageTerms    CitizenStage = "terms"    // identified; a participant reads the terms and answers
	StageDeclined CitizenStage = "declined" // said no to the terms
	StageWaiting  CitizenStage = "waiting"  // identified, wait to be let in
	StageAdmitted CitizenStage = "admitted" // go to the room
	StageRefused  CitizenStage = "refused"  // turned away, or another device took over
	StageEnded    CitizenStage = "ended"    // 410
	StageWrong    CitizenStage = "wrong"    // a link that does not work; the same answer for every reason
	StageLanding  CitizenStage = "landing"  // neutral page behind the link, before the first press
)

// CitizenView is what the citizen's page needs. It holds no name.
type CitizenView struct {
	Stage     CitizenStage
	Opens     time.Time // when the door opens, UTC
	Planned   care.Interval
	PhoneHint string // "•• •• •• 12", where codes go
	CodeLeft  int    // codes that may still be asked for now
	Visit     care.VisitID
	// Language is the citizen's own, with the stages before a session; empty: not known, or a participant.
	Language care.Language
	// Guest is what a participant is in the visit; empty for the citizen.
	Guest care.ParticipantKind
	// Methods are those by which the reader can identify themselves, the strongest first, and
	// Providers at which of them one logs in; with the stages before identity.
	Methods   []care.IdentityMethod
	Providers []eid.Info
	// LoginsDown are the names of identity providers that do not work now.
	LoginsDown []string
	// AskedHelp: the reader said that they can't identify themselves; the caregiver rings them.
	AskedHelp bool
	// Leave is the provider at which the reader's login may have left a session; zero: none.
	Leave eid.Info
}

// Entered is a fresh citizen session.
type Entered struct {
	Token   care.SessionToken
	Expires time.Time
	// Language is the citizen's own; empty: not known, or a participant.
	Language care.Language
}

// ConcludeRequest is the caregiver's word on how the visit went.
type ConcludeRequest struct {
	Kind     care.ResultKind
	Delivery care.Delivery   // Screen or ByPhone, with completed
	Reason   care.ReasonCode // with not completed
	// Known is how the employee knows that it was the citizen, with a visit completed by screen whose
	// citizen was not identified otherwise; zero: not told.
	Known care.StaffWay
	// Physical: the visit goes back on the list as a physical one.
	Physical bool
}
