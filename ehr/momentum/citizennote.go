package momentum

import (
	"context"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

var _ ehr.NoteWriter = (*Journal)(nil)

// NoteMeans is the journal's note, once the municipality turned writing on.
func (j *Journal) NoteMeans() []care.Means { return j.Means() }

// WriteNote writes a note about a citizen, unless the journal has it already. Errors are as those of Apply.
func (j *Journal) WriteNote(ctx context.Context, note ehr.Note) (ehr.Receipt, error) {
	text := note.Text
	if note.Author != "" {
		text += "\nSkrevet for " + note.Author + "."
	}

	return j.Apply(ctx, ehr.Change{Key: note.Key, Means: note.Means, Citizen: note.Citizen, Name: note.Name, Title: note.Title, Text: text})
}
