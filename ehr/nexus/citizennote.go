package nexus

import (
	"context"
	"slices"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

var _ ehr.NoteWriter = (*Nexus)(nil)

// NoteMeans is the form of a care note, when the settings turn it on.
func (n *Nexus) NoteMeans() []care.Means {
	if n.config.Note.TextLabel == "" {
		return nil
	}

	return []care.Means{care.ByNote}
}

// WriteNote writes a care note about a citizen. Receipt and errors are as those of Apply.
func (n *Nexus) WriteNote(ctx context.Context, note ehr.Note) (ehr.Receipt, error) {
	if !slices.Contains(n.NoteMeans(), note.Means) {
		return ehr.Receipt{}, fail("check", connector.Unsupported, care.NewError(care.Invalid,
			"Nexus er ikke sat op til notater om borgere. Skriv notatet i Nexus i hånden, eller ret opsætningen."))
	}

	if problem := checkNote(note); problem != nil {
		return ehr.Receipt{}, fail("check", connector.Rejected, problem)
	}

	patient, err := n.citizen(ctx, note.Citizen)
	if err != nil {
		return ehr.Receipt{}, err
	}

	leave, err := n.citizens.enter(ctx, patient.id())
	if err != nil {
		return ehr.Receipt{}, err
	}
	defer leave()

	return n.tellByNote(ctx, patient, ehr.Change{
		Key: note.Key, Means: note.Means, Citizen: note.Citizen, Name: note.Name, Fields: note.Fields, Text: note.Text, Author: note.Author,
		Planned: care.Interval{Start: note.At, End: note.At},
	})
}

// checkNote refuses a note before anything is sent.
func checkNote(note ehr.Note) *care.Error {
	told := []string{note.Name, note.Title, note.Text, note.Author}
	for _, f := range note.Fields {
		told = append(told, f.Label, f.Value)
	}

	switch {
	case note.Key == "" || note.At.IsZero():
		return care.NewError(care.Invalid, "Notatet mangler en nøgle og kan ikke skrives i Nexus. Skriv det i hånden.")
	case note.Citizen.IsZero():
		return care.NewError(care.Invalid, "Borgerens personnummer mangler. Skriv notatet i Nexus i hånden.")
	case slices.ContainsFunc(told, func(s string) bool { return outbound.HasSecret(s) || care.CheckNoteText(s) != nil }):
		return care.NewError(care.Invalid, "Teksten til Nexus indeholder et link, en kode eller et personnummer. Skriv notatet i hånden.")
	}

	return nil
}
