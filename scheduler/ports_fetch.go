package scheduler

import (
	"context"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// FetchID names the reading of one driving list for one day, or of the day's lists.
type FetchID string

// FetchState is how far a reading is. The zero value is invalid.
type FetchState string

// The states.
const (
	FetchWanted   FetchState = "wanted"   // waits for the record, or for its turn
	FetchReady    FetchState = "ready"    // may be looked at and imported
	FetchImported FetchState = "imported" // was imported without a person
	FetchFailed   FetchState = "failed"   // Text says why
)

// Fetch is a driving list that is read from the record itself, for one day.
type Fetch struct {
	ID      FetchID
	Day     care.Day
	List    ehr.ListRef // zero: the day's lists are looked up
	State   FetchState
	Upload  care.ListID // when ready or imported: names the file
	Visits  int
	Text    string // Danish: why it waits or failed
	Auto    bool   // imported without a person
	By      care.EmployeeID
	AskedAt time.Time // UTC
	DoneAt  time.Time // UTC; zero while wanted
}

// Fetches stores readings.
type Fetches interface {
	// AskFetch stores a reading that is wanted, with its effects, in one transaction. When it is wanted
	// already nothing is stored, and fresh is false.
	AskFetch(ctx context.Context, f Fetch, effects Effects) (fresh bool, err error)
	// SetFetch stores how far a reading is, with its effects, in one transaction. NotFound.
	SetFetch(ctx context.Context, f Fetch, effects Effects) error
	// Fetch reads one. NotFound.
	Fetch(ctx context.Context, id FetchID) (Fetch, error)
	// FetchesOf reads those of a day, by the lists' names, the look-up of the lists first.
	FetchesOf(ctx context.Context, day care.Day) ([]Fetch, error)
	// PurgeFetches removes those that were asked for before.
	PurgeFetches(ctx context.Context, before time.Time) error
}
