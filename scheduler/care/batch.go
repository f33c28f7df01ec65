package care

import "time"

// BatchState is how far a conversion is. The zero value is invalid.
type BatchState string

// The states: running → done · partly failed → undone.
const (
	BatchRunning      BatchState = "running"
	BatchDone         BatchState = "done"
	BatchPartlyFailed BatchState = "partly_failed"
	BatchUndoing      BatchState = "undoing"
	BatchUndone       BatchState = "undone"
)

// BatchKind is what a batch does to its visits. The zero value is a conversion.
type BatchKind string

// The kinds.
const (
	Conversion   BatchKind = ""
	ToPhone      BatchKind = "phone"    // called instead
	BackPhysical BatchKind = "physical" // given in person instead
)

// Fallback reports whether the batch takes visits away from the screen.
func (k BatchKind) Fallback() bool { return k == ToPhone || k == BackPhysical }

// Batch is many visits changed in one go: a conversion, or a fallback while a system is down.
type Batch struct {
	ID       BatchID
	Kind     BatchKind
	By       EmployeeID
	ByName   string
	Unit     UnitID // empty when the visits are of several units
	Visits   int    // how many visits were chosen
	MadeAt   time.Time
	UndoneAt time.Time // when undo was asked for; zero otherwise
	UndoneBy EmployeeID
}

// Counts are what the visits of a batch look like now.
type Counts struct {
	Total     int // visits of the batch
	Booked    int // rooms that the platform has or had
	Invited   int // messages that left
	Recorded  int // planned entries that the record took
	Troubled  int // visits with an open exception
	Active    int // visits still on their way to be given by screen
	Ended     int // visits completed, not completed or cancelled
	Reverted  int // visits that are physical again
	Closing   int // rooms that are still to be closed
	Restoring int // restored entries that are still to be written
	Pending   int // visits that still wait for a room, message or entry, and for no person
}

// State tells how far the batch is.
func (b Batch) State(c Counts) BatchState {
	switch {
	case b.Kind.Fallback() && b.UndoneAt.IsZero() && c.Closing+c.Restoring > 0:
		return BatchRunning
	case b.Kind.Fallback() && b.UndoneAt.IsZero():
		return BatchDone
	case b.Kind.Fallback() && c.Pending > 0:
		return BatchUndoing
	case b.Kind.Fallback():
		return BatchUndone
	case !b.UndoneAt.IsZero() && c.Active == 0 && c.Closing == 0 && c.Restoring == 0:
		return BatchUndone
	case !b.UndoneAt.IsZero():
		return BatchUndoing
	case c.Pending > 0:
		return BatchRunning
	case c.Troubled > 0:
		return BatchPartlyFailed
	default:
		return BatchDone
	}
}
