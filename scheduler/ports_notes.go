package scheduler

import (
	"context"

	"github.com/sluse/sluse/scheduler/care"
)

// ChangeNote changes a note about a citizen. It may be run more than once and does nothing but change the
// note. ErrSkip leaves it as it is; any other error rolls everything back.
type ChangeNote func(n *care.CitizenNote) (Effects, error)

// Notes stores what people judged of citizens, and the notes about citizens that the care record gets.
// Errors are *care.Error.
type Notes interface {
	// SetJudgement stores what an employee judged, instead of an earlier judgement. Conflict: there is
	// no such citizen.
	SetJudgement(ctx context.Context, citizen care.CitizenID, j care.Judgement, effects Effects) error
	// CitizenNote reads one note. NotFound.
	CitizenNote(ctx context.Context, id care.NoteID) (care.CitizenNote, error)
	// CitizenNotes reads the notes of a citizen, the newest first.
	CitizenNotes(ctx context.Context, citizen care.CitizenID) ([]care.CitizenNote, error)
	// UpdateCitizenNote loads, changes and stores one note in a transaction. NotFound.
	UpdateCitizenNote(ctx context.Context, id care.NoteID, change ChangeNote) error
	// NotesWaiting counts the notes that the record rejected, or holds twice, and that nobody has settled.
	NotesWaiting(ctx context.Context) (int, error)
}
