package scheduler

import (
	"context"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// ForgetQuery asks for visits whose data may be deleted, in order of planned end, then id.
type ForgetQuery struct {
	Before time.Time // ended, and were told to the record, before
	// After is the last visit of the page before; zero: the first page.
	AfterEnd time.Time
	AfterID  care.VisitID
	Limit    int
}

// TombstoneQuery narrows tombstones. Days are of the deletion, local, To inclusive; zero fields do not
// narrow. They come newest first.
type TombstoneQuery struct {
	From, To care.Day
	Units    []care.UnitID // empty: all
	Skip     int
	Limit    int // 0: no limit
}

// Deletions finds and deletes what is no longer needed here. Errors are *care.Error.
type Deletions interface {
	// ToForget reads visits for which nothing in the database speaks against deletion;
	// care.Snapshot.Through has the last word.
	ToForget(ctx context.Context, q ForgetQuery) ([]care.Snapshot, error)
	// StandIn returns who stands for a citizen at deleted visits, always the same for a citizen, and
	// makes that row when it is not there.
	StandIn(ctx context.Context, citizen care.CitizenID) (care.CitizenID, error)
	// Prove returns the hash of a text under the municipality's own key, in hex.
	Prove(text string) (string, error)
	// ListsToForget returns lists by their Kept names whose files no visit needs any more.
	ListsToForget(ctx context.Context, before time.Time, limit int) ([]care.ListID, error)
	// ForgetList removes the files, names and problems of a list's imports.
	ForgetList(ctx context.Context, kept care.ListID) error
	// ForgetRest removes uploads that nobody imported, and reasons of conversions whose visits are all
	// deleted.
	ForgetRest(ctx context.Context, before time.Time) error
	// ForgetCitizens removes citizens whom nothing needs, with everything that is known of them, and
	// tells how many.
	ForgetCitizens(ctx context.Context, before time.Time, limit int) (int, error)
	// Tombstone reads what stays of a visit. NotFound.
	Tombstone(ctx context.Context, visit care.VisitID) (care.Tombstone, error)
	// Tombstones reads those that match, the newest first.
	Tombstones(ctx context.Context, q TombstoneQuery) ([]care.Tombstone, error)
}

// EndedCourse says that a citizen's course is over.
type EndedCourse struct {
	Citizen care.CitizenID
	Why     string // the employee's own words; stored encrypted
	By      care.EmployeeID
	At      time.Time // UTC
}

// Courses stores which citizens' courses ended. Errors are *care.Error.
type Courses interface {
	// EndCourse stores that a course ended. Conflict: it ended already.
	EndCourse(ctx context.Context, c EndedCourse, effects Effects) error
	// ReopenCourse takes that back. NotFound.
	ReopenCourse(ctx context.Context, citizen care.CitizenID, effects Effects) error
	// EndedCourses reads those of citizens.
	EndedCourses(ctx context.Context, citizens []care.CitizenID) (map[care.CitizenID]EndedCourse, error)
}
