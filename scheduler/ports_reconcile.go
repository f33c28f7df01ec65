package scheduler

import (
	"context"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// RunID names one reconciliation.
type RunID string

// RunKind is why a reconciliation was made. The zero value is invalid.
type RunKind string

// The kinds.
const (
	NightRun  RunKind = "night"
	ShiftRun  RunKind = "shift"  // before a shift
	PollRun   RunKind = "poll"   // looks what people changed meanwhile
	ManualRun RunKind = "manual" // somebody asked for it
)

// RunState is how far a reconciliation is. The zero value is invalid.
type RunState string

// The states: wanted → running → done · incomplete. An incomplete one without DoneAt is tried again.
const (
	RunWanted     RunState = "wanted"
	RunRunning    RunState = "running"
	RunIncomplete RunState = "incomplete" // somebody did not answer; nothing was concluded from that
	RunDone       RunState = "done"
)

// Run is one reconciliation of record, platform and our own book. Times are UTC.
type Run struct {
	ID       RunID
	Kind     RunKind
	Window   care.Interval // of the visits' planned starts
	State    RunState
	Step     int            // grows with every change; guards against two workers
	Cursor   care.CitizenID // those up to here were looked at, in order of id
	Citizens int            // to look at
	Looked   int
	Visits   int // looked at
	// Missing are citizens about whom somebody did not answer; they are looked at again.
	Missing []care.CitizenID
	Refused int // citizens whom the record refuses to show
	Found   int // differences seen
	Auto    int // repairs that were begun by rule
	Text    string
	Counts  []CategoryCount
	Tries   int    // passes that were broken off
	By      string // employee id or "system"
	AskedAt time.Time
	BegunAt time.Time // zero while wanted
	NextTry time.Time // zero: it is not waiting
	DoneAt  time.Time // zero while it goes on
}

// Active reports whether the run goes on, or will.
func (r Run) Active() bool { return r.DoneAt.IsZero() }

// CategoryCount is how many visits of a day and unit have a category, by our book and by the record
// (K68). A visit whose state was not told, or whose entry is still on its way, is in neither number.
type CategoryCount struct {
	Day      care.Day
	Unit     care.UnitID
	Category string
	Own      int
	Record   int
	// Visits are those about which the two do not agree, at most countedVisits. A visit that the record
	// has under another category is named in both lines.
	Visits []care.VisitID
	// Unknown are visits among Record to which our book never gave a category.
	Unknown int
}

// Differs reports whether there is anything in the list of differences.
func (c CategoryCount) Differs() bool { return c.Own != c.Record || len(c.Visits) > 0 || c.Unknown > 0 }

// FindingChange is a finding that is new, with a zero Before, or changed since it was read as Before.
type FindingChange struct{ Before, After care.Finding }

// FindingQuery narrows Findings; zero fields do not narrow.
type FindingQuery struct {
	IDs    []care.FindingID
	Visits []care.VisitID
	Units  []care.UnitID
	Kinds  []care.DriftKind
	States []care.FindingState
	Day    care.Day  // of the visit
	Live   bool      // open, mending or accepted
	Since  time.Time // closed after it, or live
	Limit  int       // 0: no limit
}

// Reconciliations stores runs and findings.
type Reconciliations interface {
	// AskRun stores a run with its effects, in one transaction. When one with its ID exists, or another
	// one is active, nothing is stored, and that one is returned with fresh false.
	AskRun(ctx context.Context, r Run, effects Effects) (active Run, fresh bool, err error)
	// SaveRun stores how far a run is, what was found and the effects, in one transaction. Conflict:
	// the run's Step is another one, or a finding was changed since it was read.
	SaveRun(ctx context.Context, r Run, findings []FindingChange, effects Effects) error
	// Run reads one. NotFound.
	Run(ctx context.Context, id RunID) (Run, error)
	// RecentRuns reads the newest of the kinds, newest first; no kinds: of all.
	RecentRuns(ctx context.Context, limit int, kinds ...RunKind) ([]Run, error)
	// Findings reads those that match, worst and newest first.
	Findings(ctx context.Context, q FindingQuery) ([]care.Finding, error)
	// CountFindings counts those that match, without Limit.
	CountFindings(ctx context.Context, q FindingQuery) (int, error)
	// SaveFinding stores a changed finding with its effects. Conflict: its state or repair is no longer
	// what before has.
	SaveFinding(ctx context.Context, before, after care.Finding, effects Effects) error
	// PurgeRuns removes runs that ended before, and findings that were closed before.
	PurgeRuns(ctx context.Context, before time.Time) error
}
