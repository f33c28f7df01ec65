// Package ehr is the port to the care record (EOJ): driving lists come from it and entries
// go back into it. Adapters are sub-directories; ehrtest is the conformance suite.
package ehr

import (
	"context"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// FileSource reads a driving list from a file that a person exported.
type FileSource interface {
	// Read decodes the file. A bad row becomes a Problem and never stops the good ones; a file
	// that is no driving list at all is *connector.Error of kind Rejected or Malformed whose
	// cause is a *care.Error with a Danish sentence.
	Read(ctx context.Context, file File) (DrivingList, error)
}

// ListSource reads driving lists from the record itself. Errors are *connector.Error; a record
// that needs minutes for a list is waited for, so it is never called while a page waits.
type ListSource interface {
	// System is what stands in the SourceRef of every row.
	System() string
	// Lists names the driving lists that may be read, in the record's order.
	Lists(ctx context.Context) ([]ListRef, error)
	// Read reads one list for a period of at most a week, as a file of it would be read: what is
	// wrong with a visit becomes a Problem and never stops the others.
	Read(ctx context.Context, list ListRef, period care.Interval) (DrivingList, error)
}

// Fetcher reads a driving list from the record as a file, which a FileSource can read: one way of
// previewing, importing and keeping lists, wherever they come from. Errors are *connector.Error.
type Fetcher interface {
	Lists(ctx context.Context) ([]ListRef, error)
	Fetch(ctx context.Context, list ListRef, period care.Interval) (File, error)
}

// ListRef names a driving list of the record.
type ListRef struct {
	ID   string // the record's own
	Name string // as people there call it
}

// Journal writes entries into the record. Errors are *connector.Error.
type Journal interface {
	// Means lists the ways of telling a screen visit that this journal has, as it is configured.
	Means() []care.Means
	// Apply makes one change by one of these ways. It is safe to repeat with the same Key: the
	// journal looks up before it writes and returns the first receipt. Unsupported: the way is not
	// among Means.
	Apply(ctx context.Context, change Change) (Receipt, error)
}

// NoteWriter is implemented by a journal that takes notes about a citizen, apart from any visit.
type NoteWriter interface {
	// NoteMeans lists the ways that the journal has for such notes, as it is configured.
	NoteMeans() []care.Means
	// WriteNote writes one note. It is safe to repeat with the same Key: the journal looks up before it
	// writes and returns the first receipt. Errors are as those of Apply.
	WriteNote(ctx context.Context, note Note) (Receipt, error)
}

// ListKeeper is implemented by a journal that writes into the imported file itself and so
// needs its bytes. Keep is safe to repeat; a later file for the same list id replaces it.
type ListKeeper interface {
	Keep(ctx context.Context, list care.ListID, file File, rows []RowRef) error
}

// ListForgetter is implemented by a journal that keeps files of lists. Forget removes everything that
// it has of one; a list that it does not know is no error.
type ListForgetter interface {
	Forget(ctx context.Context, list care.ListID) error
}

// File is an uploaded or picked-up file.
type File struct {
	Name string // the base name, for its extension and for messages
	Data []byte
}

// RowRef ties a row of a kept file to the visit it became.
type RowRef struct {
	Line   int // 1-based line or sheet row where the row begins
	Source care.SourceRef
}

// DrivingList is what a source found.
type DrivingList struct {
	Columns  []Column  // every column of the file, recognised or not, in file order
	Rows     []Row     // the good rows, in file order
	Problems []Problem // everything that a person should look at
	Total    int       // data rows in the file, good and bad, empty ones not counted
	Encoding string    // "UTF-8", "Windows-1252", "XLSX"; the record's name when it was read from there
	Covers   Coverage  // zero: what the rows themselves are about
}

// Coverage says what a list is the whole truth about: every visit of these driving lists that begins
// in the period. One that is not in the list is gone.
type Coverage struct {
	System string // as in care.SourceRef
	Lists  []string
	Period care.Interval
}

// Column says how a column of the file was understood.
type Column struct {
	Header string // as it stands in the file
	Field  string // the Danish name of the field it was recognised as; empty when it was not
}

// Row is one visit as the list tells it.
type Row struct {
	Line       int // 1-based line or sheet row
	Source     care.SourceRef
	ListName   string // Rute or Køreliste
	Employee   care.EmployeeID
	CPR        care.CPR // zero for who has none
	CPRVerdict care.CPRVerdict
	Surrogate  care.SurrogateID // the record's own id of the citizen, where the list tells it
	Name       string
	Address    string
	Phone      care.Phone // zero when there is none or it is no phone number
	Email      care.Email
	Planned    care.Interval
	Service    string
	Law        care.LegalBasis
	Category   string // Besøgstype as it stands in the file
	Comment    string
	Shift      care.Shift
	Status     string // as it stands in the file: "Aflyst", "Indlagt", …
	Suitable   care.Suitability
	Risk       care.Risk // empty: the list does not tell
	Version    string    // the record's version of the visit, for comparing; empty in a file
	Protected  bool      // the list says that the citizen's address or name is protected
}

// Key returns by what the row's citizen is found again.
func (r Row) Key() care.CitizenKey { return care.KeyOf(r.CPR, r.Surrogate) }

// Severity of a Problem. The zero value is invalid.
type Severity int

// The severities.
const (
	Warning Severity = iota + 1 // the row was taken, look at it
	Fault                       // the row was not taken
)

// Problem is one thing wrong in the file, told so that a planner can mend it.
type Problem struct {
	Line     int    // 1-based line or sheet row; 0 for the file as a whole
	Column   string // the header, or empty
	Severity Severity
	Text     string // Danish: what is wrong and what to do; no CPR number or name
}

// Change is one write to the record.
type Change struct {
	Key      string // idempotency key: visit + kind + generation
	Kind     care.EntryKind
	At       time.Time   // when what it tells came about, or was decided: UTC
	Stage    care.Stage  // with StageJournal alone
	Arrived  time.Time   // with StageStarted alone: when the citizen was let in, UTC; zero: not known
	Means    care.Means  // the way; the fields below that belong to another one are empty
	List     care.ListID // empty: the visit stands on no list; Unsupported where the record is the list
	Source   care.SourceRef
	Citizen  care.CitizenKey
	Employee care.EmployeeID
	Unit     string // the unit's name
	Service  string
	Law      care.LegalBasis
	Planned  care.Interval
	Room     care.RoomRef  // the platform's meeting id, for FHIR's vdx identifier
	Delivery care.Delivery // how the visit was or will be given
	Category string        // what the category must be afterwards; empty: leave it alone
	// Expected are the categories that the visit may have now: its own from before us, and those that
	// we write. Another one was set by people since: Conflict, and nothing is written. None: any.
	Expected []string
	Comment  string          // our comment token; empty: remove ours, leave people's text alone
	Result   care.ResultKind // with EntryResult
	Reason   care.ReasonCode // with ResultNotCompleted
	Actual   care.Interval   // with ResultCompleted: when both were in the room

	// Name is the record's local name of what is written: the intervention in its catalogue, the
	// form of a note, the type of a task, the document type of a journal note. Not with OnList.
	Name   string
	Fields []Field   // with ByNote: the form's fields by their labels
	Title  string    // with ByTask and ByJournal: one Danish line; no CPR number, PIN or link
	Text   string    // with ByNote (a form's free text), ByTask and ByJournal: Danish, as Title
	Team   string    // with ByTask: the record's name of the group that does it
	DueAt  time.Time // with ByTask: UTC
	Author string    // name and role of the employee on whose behalf it is written; empty: the system
}

// Note is one note about a citizen (K63). It never holds a user name, a code, a link or a CPR number.
type Note struct {
	Key     string // idempotency key
	Topic   care.NoteTopic
	Citizen care.CitizenKey
	Means   care.Means // care.ByNote or care.ByJournal
	Name    string     // the form's title, or the type of the journal note
	Fields  []Field    // with ByNote: the form's fields by their labels
	Title   string     // one Danish line
	Text    string     // Danish
	Author  string     // name and role of the employee on whose behalf it is written; empty: the system
	At      time.Time  // UTC; when what it tells took place
}

// Field is a field of a form, by its label there.
type Field struct{ Label, Value string }

// Receipt is the record's own key and version of what was written.
type Receipt struct {
	ID      string
	Version string
	// Doubles is how many more of the same the record holds, which two processes wrote at once and which
	// it has no way to take back: a person has to.
	Doubles int
}
