package nexussim

import "slices"

// Right is something that an API user may do. What it may not do has no rel, and the path
// behind it answers 403.
type Right string

// The rights.
const (
	ReadLists     Right = "read-lists"     // driving lists
	ReadCitizens  Right = "read-citizens"  // search, patients and their preferences
	ReadCalendars Right = "read-calendars" // a citizen's calendar
	WriteVisits   Right = "write-visits"   // PUT of one visit
	ReadGrants    Right = "read-grants"    // interventions
	WriteGrants   Right = "write-grants"   // their workflow
	ReadForms     Right = "read-forms"
	WriteForms    Right = "write-forms"
	UseTasks      Right = "use-tasks"
	ReadActivity  Right = "read-activity" // activity lists and citizen lists
	ReadStaff     Right = "read-staff"    // professionals
	StopSeries    Right = "stop-series"   // end repeated events
	always        Right = ""              // needs nothing but a token
)

// AllRights are the rights of a user that may do everything.
func AllRights() []Right {
	return []Right{
		ReadLists, ReadCitizens, ReadCalendars, WriteVisits, ReadGrants, WriteGrants, ReadForms, WriteForms,
		UseTasks, ReadActivity, ReadStaff, StopSeries,
	}
}

// may tells whether the caller has a right.
func (c *call) may(need Right) bool {
	return need == always || c.client.Rights == nil || slices.Contains(c.client.Rights, need)
}
