package care

import (
	"strings"
	"time"
	"unicode/utf8"
)

// BatchState is how far a conversion is. The zero value is invalid.
type BatchState string

// The states: waiting → running · refused · withdrawn · expired; running → done · partly failed →
// undone.
const (
	BatchWaiting      BatchState = "waiting"   // for another employee's yes; nothing is booked
	BatchRefused      BatchState = "refused"   // by another employee
	BatchWithdrawn    BatchState = "withdrawn" // by who asked
	BatchExpired      BatchState = "expired"   // nobody decided in time
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

	Reason    string    // why visits against the rules are converted; stored encrypted
	ExpiresAt time.Time // waits until then for another employee's yes; zero: it needs none
	Decision  Decision
	DecidedBy EmployeeID
	DecidedAt time.Time
	Answer    string // why it was decided so; stored encrypted
}

// Decision is what became of a conversion that needed another employee's yes. The zero value is:
// nothing yet.
type Decision string

// The decisions.
const (
	Approved  Decision = "approved"
	Refused   Decision = "refused"
	Retracted Decision = "withdrawn"
)

// Unbooked returns the state of a batch of which nothing was booked, because it waits for another
// employee's yes or did not get it; false for every other.
func (b Batch) Unbooked(now time.Time) (BatchState, bool) {
	switch {
	case b.ExpiresAt.IsZero() || b.Decision == Approved:
		return "", false
	case b.Decision == Refused:
		return BatchRefused, true
	case b.Decision == Retracted:
		return BatchWithdrawn, true
	case !now.Before(b.ExpiresAt):
		return BatchExpired, true
	default:
		return BatchWaiting, true
	}
}

// BegunAt is when the batch began to run, UTC: when it was made, or approved.
func (b Batch) BegunAt() time.Time {
	if b.Decision == Approved {
		return b.DecidedAt
	}

	return b.MadeAt
}

// Approve lets a batch that waits begin. Who asked for it can't: Forbidden. Conflict when it does not
// wait any more.
func (b Batch) Approve(by EmployeeID, at time.Time) (Batch, error) {
	if by == b.By {
		return b, NewError(Forbidden, "Du kan ikke godkende din egen omlægning. Bed en kollega om det.")
	}

	return b.decide(Approved, by, "", at)
}

// Refuse ends a batch that waits. The answer tells why, at most MaxBecause characters. Who asked for
// it withdraws it instead: Forbidden. Invalid without an answer; Conflict when it does not wait any
// more.
func (b Batch) Refuse(by EmployeeID, answer string, at time.Time) (Batch, error) {
	answer = strings.TrimSpace(answer)

	switch {
	case by == b.By:
		return b, NewError(Forbidden, "Du kan ikke afvise din egen omlægning. Træk den tilbage i stedet.")
	case answer == "" || utf8.RuneCountInString(answer) > MaxBecause:
		return b, NewError(Invalid, "Skriv hvorfor, med højst 500 tegn.")
	}

	return b.decide(Refused, by, answer, at)
}

// Withdraw ends a batch that waits. Only who asked for it can: Forbidden. Conflict when it does not
// wait any more.
func (b Batch) Withdraw(by EmployeeID, at time.Time) (Batch, error) {
	if by != b.By {
		return b, NewError(Forbidden, "Kun den, der har bedt om omlægningen, kan trække den tilbage.")
	}

	return b.decide(Retracted, by, "", at)
}

func (b Batch) decide(d Decision, by EmployeeID, answer string, at time.Time) (Batch, error) {
	state, ok := b.Unbooked(at)

	switch {
	case !ok:
		return b, NewError(Conflict, "Omlægningen venter ikke på godkendelse.")
	case state == BatchExpired:
		return b, NewError(Conflict, "Fristen er udløbet. Vælg besøgene på dagen, og bed om omlægningen igen.")
	case state != BatchWaiting:
		return b, NewError(Conflict, "Der er allerede taget stilling til omlægningen.")
	}

	b.Decision, b.DecidedBy, b.DecidedAt, b.Answer = d, by, at, answer

	return b, nil
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
