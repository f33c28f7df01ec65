package ehr

import "context"

// StageJournal is implemented by a journal that can tell the record how far a visit has come while it
// goes on (eoj.md §3.1).
type StageJournal interface {
	// TellsStages reports whether the municipality wants it.
	TellsStages() bool
	// Stage tells that the visit has reached change.Stage at change.At; the rest of the change is that
	// of the visit's planned entry, which was written before. A record that missed the stage before is
	// told of that first. It is safe to repeat. One that comes late is dropped without an error: the record
	// has gone on, or people changed the visit there.
	// Errors are *connector.Error; Unknown: it may have arrived, and the same call finds out.
	Stage(ctx context.Context, change Change) error
}
