package handover

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

var _ ehr.NoteWriter = (*Journal)(nil)

// noteFile is one note about a citizen for the robot (docs/record-systems.md). It has no visit.
type noteFile struct {
	Schema  int     `json:"schema"`
	Key     string  `json:"key"`
	Entry   string  `json:"entry"` // citizen_note
	Topic   string  `json:"topic"` // suitability, device
	Means   string  `json:"means"`
	Citizen citizen `json:"citizen"`
	At      string  `json:"at"`
	Name    string  `json:"name,omitempty"`
	Fields  []field `json:"fields,omitempty"`
	Title   string  `json:"title"`
	Text    string  `json:"text"`
	Author  string  `json:"author,omitempty"`
}

// NoteMeans are a form and a journal note: what a robot can do is a matter of the rules.
func (j *Journal) NoteMeans() []care.Means { return []care.Means{care.ByNote, care.ByJournal} }

// WriteNote hands a note about a citizen over, or tells what became of it. Errors are as those of Apply.
func (j *Journal) WriteNote(ctx context.Context, note ehr.Note) (ehr.Receipt, error) {
	told := []string{note.Title, note.Text, note.Author}
	for _, f := range note.Fields {
		told = append(told, f.Label, f.Value)
	}

	switch {
	case !slices.Contains(j.NoteMeans(), note.Means):
		return ehr.Receipt{}, failure("check", connector.Unsupported, care.NewError(care.Invalid, "Notater om borgere kan ikke afleveres på denne måde. Skriv notatet i hånden."))
	case note.Key == "" || note.Citizen.IsZero() || note.At.IsZero():
		return ehr.Receipt{}, failure("check", connector.Rejected, care.NewError(care.Invalid, "Notatet mangler borger, tid eller nøgle. Skriv det i journalen i hånden."))
	case slices.ContainsFunc(told, func(s string) bool { return outbound.HasSecret(s) || care.CheckNoteText(s) != nil }):
		return ehr.Receipt{}, failure("check", connector.Rejected, care.NewError(care.Invalid, "Teksten til journalen indeholder et link, en kode eller et personnummer. Skriv notatet i hånden."))
	}

	return j.deliver(ctx, note.Key, func() ([]byte, error) { return encodeNote(note) })
}

func encodeNote(n ehr.Note) ([]byte, error) {
	file := noteFile{
		Schema: schemaVersion, Key: n.Key, Entry: "citizen_note", Topic: string(n.Topic), Means: string(n.Means),
		Citizen: citizen{CPR: n.Citizen.CPR.Reveal(), LocalID: n.Citizen.Surrogate.Reveal()}, At: instant(n.At),
		Name: n.Name, Title: n.Title, Text: n.Text, Author: n.Author,
	}

	for _, f := range n.Fields {
		file.Fields = append(file.Fields, field{Label: f.Label, Value: f.Value})
	}

	return json.MarshalIndent(file, "", "  ") //nolint:wrapcheck // the caller says what it is of
}
