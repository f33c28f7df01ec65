package scheduler

import (
	"context"
	"errors"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// JobKind says what a job does. The zero value is invalid.
type JobKind string

// The kinds of work.
const (
	BookRoomJob   JobKind = "book_room"    // Ref: the room
	MoveRoomJob   JobKind = "move_room"    // Ref: the room
	WatchRoomJob  JobKind = "watch_room"   // Ref: the room; from shortly before the start until people can enter
	CloseRoomJob  JobKind = "close_room"   // Ref: the room
	MakeRoomJob   JobKind = "make_room"    // Ref: the room; keeps the promise of a late one
	EndRoomJob    JobKind = "end_room"     // Ref: the room; when the time of a late one is over
	CloseAgainJob JobKind = "close_again"  // Ref: the room; where a closed one may come back
	PollRoomJob   JobKind = "poll_room"    // Ref: the room; looks who is in it, again and again
	SweepRoomsJob JobKind = "sweep_rooms"  // no visit; finds rooms that stand although nobody needs them
	SendJob       JobKind = "send_message" // Ref: the invitation
	TrackJob      JobKind = "track_message"
	SendCodeJob   JobKind = "send_code" // Ref: the admission
	WriteEntryJob JobKind = "write_entry"
	RemindJob     JobKind = "remind"   // queues a reminder when one is still wanted
	ConcludeJob   JobKind = "conclude" // after the end and the grace
	// VerifyOutcomeJob reads the platform's record again after a conclusion. Ref: which look.
	VerifyOutcomeJob JobKind = "verify_outcome"
	UndoVisitJob     JobKind = "undo_visit"      // one visit of a batch that is being undone
	KeepListJob      JobKind = "keep_list"       // Ref: the list; hands the file to the record system
	TellOldNumberJob JobKind = "tell_old_number" // Ref: the notice
	// FollowContactJob makes visits follow what is known of a contact. Ref: the contact.
	FollowContactJob JobKind = "follow_contact"
	// FollowCitizenJob makes visits follow a citizen's new telephone number. Ref: the citizen.
	FollowCitizenJob JobKind = "follow_citizen"
	FetchListsJob    JobKind = "fetch_lists" // Ref: the reading of a day's lists
	FetchListJob     JobKind = "fetch_list"  // Ref: the reading of one list
	FollowUpJob      JobKind = "follow_up"   // Ref: the follow-up; when its time comes
	// TellFollowUpJob sends somebody a letter that a follow-up waits. Ref: which letter.
	TellFollowUpJob JobKind = "tell_follow_up"
	ReconcileJob    JobKind = "reconcile"  // Ref: the run
	MendJob         JobKind = "mend"       // Ref: the finding; repairs a difference
	WriteNoteJob    JobKind = "write_note" // Ref: the note about a citizen
	TellStageJob    JobKind = "tell_stage" // Ref: the stage
)

// JobKinds lists every kind.
func JobKinds() []JobKind {
	return []JobKind{BookRoomJob, MoveRoomJob, WatchRoomJob, CloseRoomJob, MakeRoomJob, EndRoomJob, CloseAgainJob, PollRoomJob, SweepRoomsJob, SendJob, TrackJob, SendCodeJob, WriteEntryJob, RemindJob, ConcludeJob, VerifyOutcomeJob, UndoVisitJob, KeepListJob, FollowContactJob, FollowCitizenJob, TellOldNumberJob, FetchListsJob, FetchListJob, FollowUpJob, TellFollowUpJob, ReconcileJob, MendJob, WriteNoteJob, TellStageJob}
}

// Job is one piece of work. It carries keys only, never personal data.
type Job struct {
	Kind  JobKind
	Visit care.VisitID
	Ref   string
	At    time.Time // not before; zero: at once
	// Attempt is set by the queue: 1 the first time. From 2 on the use case looks up before it repeats.
	Attempt int
	// Urgent says that somebody waits for it at this moment: it goes before all other work of its
	// queue.
	Urgent bool
}

// AuditRow tells who did what with whose data, when. It is append-only.
type AuditRow struct {
	At      time.Time
	Actor   string // employee id, "system", "citizen" or "participant"
	Action  string // snake_case verb, for example "convert", "admit", "open_host_link"
	Visit   care.VisitID
	Citizen care.CitizenID
	// Citizens are those whose data a list showed; empty where Citizen or Visit says it.
	Citizens []care.CitizenID
	Detail   string // no personal data
	Reason   string // the actor's own words, where they were asked for them; stored encrypted
	// Origin is where it came from. The store takes it from the context when it is zero.
	Origin Origin
	// Admission is the session of a citizen or participant who did it; its level and method go into
	// the origin. It is not stored itself.
	Admission care.AdmissionID
}

// Effects are stored in the same transaction as the change that they belong to.
type Effects struct {
	Jobs    []Job
	Audit   []AuditRow
	Numbers []NumberNotice
	// Consents are inserted, or ended when they are stored already.
	Consents []care.ConsentRecord
	// Tombstones are inserted.
	Tombstones []care.Tombstone
	// Notes are appended to their citizens' notes, which numbers them. One whose Key is there already is
	// left out.
	Notes []care.CitizenNote
}

// ErrSkip is returned by the function of UpdateVisits for a visit that is to be left alone.
var ErrSkip = errors.New("scheduler: leave this visit alone")

// ChangeVisit changes a visit and tells what else belongs into the transaction. It may be run
// more than once and does nothing but change the visit. An error rolls everything back.
type ChangeVisit func(v *care.Visit) (Effects, error)

// Visits stores visits with everything that hangs on them. Errors are *care.Error.
type Visits interface {
	// OverdueFollowUps counts the open follow-ups of units whose deadline has passed.
	OverdueFollowUps(ctx context.Context, units []care.UnitID, now time.Time) (int, error)
	// UpdateVisit loads, changes and stores one visit in a transaction. When somebody else was
	// first it runs change again on the newer state, a few times, then returns Conflict.
	UpdateVisit(ctx context.Context, id care.VisitID, change ChangeVisit) error
	// UpdateVisits does the same for many visits, all or none. change returns ErrSkip for a visit
	// that is to be left as it is. When batch is not nil it is stored with Visits = changed visits; one
	// with a Decision was stored by AskBatch, and is Conflict when it was decided already.
	// Unknown ids are skipped. It returns the ids that were changed.
	UpdateVisits(ctx context.Context, ids []care.VisitID, batch *care.Batch, change ChangeVisit) ([]care.VisitID, error)
	// Visit reads one visit. NotFound.
	Visit(ctx context.Context, id care.VisitID) (care.Snapshot, error)
	// Visits reads the visits that match, in order of planned start, then id.
	Visits(ctx context.Context, q VisitQuery) ([]care.Snapshot, error)
	// VisitByLocator finds a visit by the hash of a link's locator, whatever became of the
	// invitation. NotFound.
	VisitByLocator(ctx context.Context, hash string) (care.Snapshot, care.InvitationID, error)
	// VisitByReceipt finds a visit by the key that a channel gave to a message; the newest message,
	// should two have the same. NotFound.
	VisitByReceipt(ctx context.Context, receipt string) (care.Snapshot, care.InvitationID, error)
	// VisitBySession finds a visit by the hash of a citizen's session token. NotFound.
	VisitBySession(ctx context.Context, hash string) (care.Snapshot, care.AdmissionID, error)
	// VisitsBySource returns the visits that have one of the given sources.
	VisitsBySource(ctx context.Context, refs []care.SourceRef) ([]care.Snapshot, error)
	// CodesSent counts the one-time codes that a citizen asked for since a time, at all visits.
	CodesSent(ctx context.Context, citizen care.CitizenID, since time.Time) (int, error)
	// CodesSentTo counts those that participants of any visit asked for to a telephone number.
	CodesSentTo(ctx context.Context, phone care.Phone, since time.Time) (int, error)
	// AddVisit stores a visit that came from no list. Conflict: its source is stored already.
	AddVisit(ctx context.Context, v *care.Visit, effects Effects) error
	// Links tells which units visit which citizens by their driving lists, or have them by a register,
	// in order of citizen, then unit. Visits of our own and those that were taken off a list do not
	// count.
	Links(ctx context.Context, q LinkQuery) ([]Link, error)
}

// LinkQuery narrows Links. Window is on the planned start; no Units means none at all.
type LinkQuery struct {
	Window   care.Interval
	Units    []care.UnitID
	Citizens []care.CitizenID // empty: all
}

// Link is a citizen whom a unit visits.
type Link struct {
	Citizen care.CitizenID
	Unit    care.UnitID
	Visits  int
	First   time.Time       // planned start of the first visit in the window
	Last    time.Time       // planned start of the last one
	Law     care.LegalBasis // of the visits; LawUnknown when they differ
}

// Contacts stores the contact networks of citizens.
type Contacts interface {
	// Contact reads one contact, removed or not. NotFound.
	Contact(ctx context.Context, id care.ContactID) (care.Contact, error)
	// ContactsOf reads the contacts of a citizen that stand, in the order in which they were added.
	ContactsOf(ctx context.Context, citizen care.CitizenID) ([]care.Contact, error)
	// SaveContact inserts a contact with Version 0, or updates one that still has its Version;
	// otherwise Conflict.
	SaveContact(ctx context.Context, c care.Contact, effects Effects) error
	// ConsentsOf reads every consent that a citizen ever gave to a contact, the newest first.
	ConsentsOf(ctx context.Context, citizen care.CitizenID) ([]care.ConsentRecord, error)
}

// VisitQuery narrows Visits; zero fields do not narrow. Window is on the planned start.
type VisitQuery struct {
	IDs      []care.VisitID
	Window   care.Interval
	Units    []care.UnitID
	Employee care.EmployeeID
	Citizens []care.CitizenID
	Batch    care.BatchID
	// ListName and System narrow to the visits that came from lists of that name.
	ListName string
	System   string
	Rooms    []care.RoomRef // visits that have, or had, one of these
	State    care.VisitState
	// Categories narrows to visits that have one of these in the record, as the newest list has it.
	Categories []string
	Troubled   bool // with an open exception
	// Screened leaves out the visits that were physical all the time: never chosen for the screen, without a
	// room and without an entry in the record.
	Screened bool
	// FollowedUp narrows to visits with a follow-up that is open, or ended at this time or later.
	FollowedUp time.Time
	Limit      int // 0: no limit
}

// ListRecord is one import of a file.
type ListRecord struct {
	ID care.ListID // of this import
	// Kept is the list's own name, under which the record's journal keeps its file: the same when
	// the list is exported and imported anew.
	Kept     care.ListID
	FirstDay care.Day
	LastDay  care.Day
	FileName string
	By       care.EmployeeID
	At       time.Time
	Rows     int // data rows in the file
	Faults   int // rows that were not taken
	New      int
	Moved    int
	Changed  int
	Gone     int
	Same     int
	Problems []ehr.Problem
}

// Import is everything that one import writes, all or none.
type Import struct {
	Record   ListRecord
	File     ehr.File // the raw file, stored encrypted; empty when the import changes nothing
	Rows     []ehr.RowRef
	Citizens []care.Citizen // inserted or updated by id; their ids are those that visits use
	New      []*care.Visit
	Changed  []*care.Visit // with the version they were read with; a newer one in the store is Conflict
	Effects  Effects
}

// Lists stores driving lists and citizens.
type Lists interface {
	// SaveImport writes an import. Conflict when a visit or citizen was changed or made meanwhile.
	SaveImport(ctx context.Context, in Import) error
	// List reads one import without its file. NotFound.
	List(ctx context.Context, id care.ListID) (ListRecord, error)
	// ListFile reads the newest raw file of a list by its Kept name, and where its rows stand. NotFound.
	ListFile(ctx context.Context, kept care.ListID) (ehr.File, []ehr.RowRef, error)
	// KeepUpload stores a file between its preview and its import, encrypted, for a day.
	KeepUpload(ctx context.Context, id care.ListID, file ehr.File, by care.EmployeeID, at time.Time) error
	// Upload reads such a file and who uploaded it. NotFound.
	Upload(ctx context.Context, id care.ListID) (ehr.File, care.EmployeeID, error)
	// RecentLists reads the newest imports, newest first.
	RecentLists(ctx context.Context, limit int) ([]ListRecord, error)
	// CitizensByKey finds citizens by keyed hash of their CPR number or surrogate id.
	CitizensByKey(ctx context.Context, keys []care.CitizenKey) (map[care.CitizenKey]care.Citizen, error)
	// NumberCitizen gives a citizen who has none a CPR number. The surrogate id stays. Conflict: the
	// citizen has one, or somebody else has it.
	NumberCitizen(ctx context.Context, id care.CitizenID, cpr care.CPR, verdict care.CPRVerdict, effects Effects) error
	// SetRisk puts a citizen into a risk group; empty: into none. Conflict: there is no such citizen.
	SetRisk(ctx context.Context, id care.CitizenID, risk care.Risk, effects Effects) error
	// Citizens reads citizens by id.
	Citizens(ctx context.Context, ids []care.CitizenID) (map[care.CitizenID]care.Citizen, error)
}

// Batches stores conversions.
type Batches interface {
	Batch(ctx context.Context, id care.BatchID) (care.Batch, error)
	RecentBatches(ctx context.Context, limit int) ([]care.Batch, error)
	// BatchCounts tells what the batch's visits look like now.
	BatchCounts(ctx context.Context, id care.BatchID) (care.Counts, error)
	// AskBatch stores a batch that waits for an approval, with its visits.
	AskBatch(ctx context.Context, b care.Batch, visits []care.VisitID, effects Effects) error
	// AskedVisits reads the visits of a batch that waits; none once it was decided.
	AskedVisits(ctx context.Context, id care.BatchID) ([]care.VisitID, error)
	// DecideBatch stores a decision against a batch. Conflict when it was decided already.
	DecideBatch(ctx context.Context, b care.Batch, effects Effects) error
	// UndoBatch marks the batch and stores one undo job per visit of it, once; a second call changes nothing.
	UndoBatch(ctx context.Context, id care.BatchID, by care.EmployeeID, at time.Time) error
	// Record appends audit rows that belong to no change, for example reading a citizen's data.
	Record(ctx context.Context, rows []AuditRow) error
}

// Events keeps what the video platform tells of what happens in its rooms.
type Events interface {
	video.EventLog
	// Marks returns the numbers of the events since a time by their nodes' clocks, and of each
	// node's last one before, in no order.
	Marks(ctx context.Context, since time.Time) ([]video.Mark, error)
	// LastHeard returns when the newest event of any node was received, to within some seconds;
	// zero: never.
	LastHeard(ctx context.Context) (time.Time, error)
}

// NoticeKind is what a notice is about. The zero value is invalid.
type NoticeKind string

// Notice tells something that concerns the whole municipality, not one visit. It is open until it
// is resolved; there is one of each kind about each thing.
type Notice struct {
	Kind     NoticeKind
	About    string          // tells notices of a kind apart; may be empty; nothing personal
	Level    connector.Level // Notice or Failing
	Text     string          // Danish sentences; nothing personal
	RaisedAt time.Time       // UTC
}

// Notices stores them.
type Notices interface {
	// RaiseNotice opens a notice and stores the effects with it, in one transaction. When it is open
	// already only its level and text change, nothing else is stored, and fresh is false.
	RaiseNotice(ctx context.Context, n Notice, effects Effects) (fresh bool, err error)
	// ResolveNotice closes a notice and stores the effects with it, in one transaction. When it is not
	// open nothing is stored, and that is no error.
	ResolveNotice(ctx context.Context, kind NoticeKind, about string, at time.Time, effects Effects) error
	// OpenNotices reads the notices that are open, newest first.
	OpenNotices(ctx context.Context) ([]Notice, error)
}

// Chores keeps apart what several processes would do at the same time.
type Chores interface {
	// BeginChore reports whether a chore is to be done now, because nobody began it after notSince.
	// If so it notes now as when it was begun, and stores the effects, in one transaction.
	BeginChore(ctx context.Context, name string, notSince, now time.Time, effects Effects) (begun bool, err error)
}

// Store is one municipality's database.
type Store interface {
	Visits
	Lists
	Batches
	Events
	Notices
	Chores
	Contacts
	Audits
	EmployeeLinks
	Devices
	Identities
	Registers
	EidLogins
	LoginWatch
	Fetches
	Deletions
	Courses
	Notes
	Reconciliations
	Measures
}
