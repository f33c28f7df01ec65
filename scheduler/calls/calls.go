// Package calls holds what is known of the call lists that other vendors' products export (M24): how
// their columns and words are to be read, and what was read. Readers of files make a File of them.
package calls

import (
	"maps"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// Field is what a column of a call list tells. The zero value is invalid.
type Field string

// The fields.
const (
	CallID   Field = "call_id"  // the vendor's own id of the call
	Date     Field = "date"     // the day, where the start is a time of day alone
	Start    Field = "start"    // when it began
	End      Field = "end"      // when it ended
	Length   Field = "length"   // how long both were there
	Status   Field = "status"   // a word for what became of it
	Kind     Field = "kind"     // a word for who called whom
	Unit     Field = "unit"     // the unit of the employee who called
	Employee Field = "employee" // initials or a number
	CPR      Field = "cpr"
	Citizen  Field = "citizen" // the vendor's own id of the citizen
	Law      Field = "law"
	Shift    Field = "shift"
	Service  Field = "service"
)

// Fields lists every field; Start is the first, for a list without it is no call list.
func Fields() []Field {
	return []Field{Start, Date, End, Length, CallID, Status, Kind, Unit, Employee, CPR, Citizen, Law, Shift, Service}
}

// Danish returns the word that people see.
func (f Field) Danish() string {
	switch f {
	case CallID:
		return "Opkaldets id"
	case Date:
		return "Dato"
	case Start:
		return "Start"
	case End:
		return "Slut"
	case Length:
		return "Varighed"
	case Status:
		return "Status"
	case Kind:
		return "Slags"
	case Unit:
		return "Enhed"
	case Employee:
		return "Medarbejder"
	case CPR:
		return "CPR-nummer"
	case Citizen:
		return "Borgerens id"
	case Law:
		return "Lovgrundlag"
	case Shift:
		return "Vagtlag"
	case Service:
		return "Ydelse"
	}

	return string(f)
}

// Layout says how a vendor's call list is read. Names and words are compared without regard to case,
// blanks and punctuation.
type Layout struct {
	// Columns are the names by which a field goes, the most telling first.
	Columns map[Field][]string
	// Zone is that of times which do not name their own.
	Zone *time.Location
	// Bare is the unit of a length that is a bare number: a second or a minute.
	Bare time.Duration
	// MinutesFirst reads a length of two parts, 12:34, as minutes and seconds; else as hours and minutes.
	MinutesFirst bool
	// Answered, Unanswered and LeftOut are words of the column Status. LeftOut calls are not counted.
	Answered, Unanswered, LeftOut []string
	// Kinds are the words of the column Kind for a call from an employee to a citizen. Others are left
	// out. None: every call is one.
	Kinds []string
	// Units are words of the column Unit that are no name of one of our units.
	Units map[string]care.UnitID
}

// Source is another vendor's product whose call lists are imported.
type Source struct {
	Key    string // of configuration, files and API: lower-case letters, digits and hyphens
	Name   string
	Layout Layout
}

// Row is one call of a file.
type Row struct {
	Line     int    // 1-based line or sheet row
	ID       string // the vendor's own; empty: not told
	Began    time.Time
	Length   time.Duration // 0: it was not answered
	Unit     string        // as it stands in the file
	Employee care.EmployeeID
	Citizen  care.CitizenKey // zero: not told
	Law      care.LegalBasis
	Shift    care.Shift
	Service  string
}

// Problem is one thing wrong in a file, told so that a person can mend it.
type Problem struct {
	Line   int    // 0: the file as a whole
	Column string // Danish, or empty
	Text   string // Danish: what is wrong and what to do; nothing of what the cell holds
	Fault  bool   // the row is not taken; else look at it
}

// Column is a column of the file.
type Column struct {
	Header string
	Field  Field // empty: it is not used
}

// File is what was read of a call list.
type File struct {
	Encoding string // "UTF-8", "Windows-1252", "XLSX"
	Total    int    // data rows
	LeftOut  int    // rows that are no calls from an employee to a citizen
	Columns  []Column
	Rows     []Row
	Problems []Problem
}

// Faults returns how many rows are not taken.
func (f File) Faults() int {
	n := 0

	for _, p := range f.Problems {
		if p.Fault && p.Line > 0 {
			n++
		}
	}

	return n
}

// Over puts a municipality's own words on top of a layout: a field or a list of words that is given
// replaces the other's.
func (l Layout) Over(base Layout) Layout {
	out := base
	out.Columns = maps.Clone(base.Columns)

	if out.Columns == nil {
		out.Columns = make(map[Field][]string, len(l.Columns))
	}

	for f, names := range l.Columns {
		if len(names) > 0 {
			out.Columns[f] = names
		}
	}

	if l.Zone != nil {
		out.Zone = l.Zone
	}

	if l.Bare > 0 {
		out.Bare, out.MinutesFirst = l.Bare, l.MinutesFirst
	}

	for _, words := range []struct{ into, from *[]string }{
		{&out.Answered, &l.Answered}, {&out.Unanswered, &l.Unanswered}, {&out.LeftOut, &l.LeftOut}, {&out.Kinds, &l.Kinds},
	} {
		if len(*words.from) > 0 {
			*words.into = *words.from
		}
	}

	if len(l.Units) > 0 {
		out.Units = l.Units
	}

	return out
}
