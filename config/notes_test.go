package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/ehr/momentum"
	"github.com/sluse/sluse/ehr/nexus"
	"github.com/sluse/sluse/scheduler/care"
)

// TestNoteMeans: by what a record can be told of citizens, in each way in which it is set up.
func TestNoteMeans(t *testing.T) {
	t.Parallel()

	writes, reads := &momentum.Config{Write: true}, &momentum.Config{}

	for name, c := range map[string]struct {
		record Record
		want   []care.Means
	}{
		"handover":                {Record{Kind: "handover"}, []care.Means{care.ByNote, care.ByJournal}},
		"nexus with a text":       {Record{Kind: "nexus", Nexus: nexus.Config{Note: nexus.Note{TextLabel: "Notat"}}}, []care.Means{care.ByNote}},
		"nexus without":           {Record{Kind: "nexus"}, nil},
		"nexus and Momentum":      {Record{Kind: "nexus", Nexus: nexus.Config{Note: nexus.Note{TextLabel: "Notat"}}, Momentum: writes}, []care.Means{care.ByNote, care.ByJournal}},
		"fhir":                    {Record{Kind: "fhir"}, nil},
		"file and Momentum":       {Record{Kind: "file", Momentum: writes}, []care.Means{care.ByJournal}},
		"Momentum is only looked": {Record{Kind: "file", Momentum: reads}, nil},
	} {
		if diff := cmp.Diff(c.want, c.record.noteMeans()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestNotesAreChecked: every problem of a rule is told by its key, and a right one has none.
func TestNotesAreChecked(t *testing.T) {
	t.Parallel()

	both := []care.Means{care.ByNote, care.ByJournal}
	field := func(label, value string) []NoteField { return []NoteField{{Label: label, Value: value}} }

	for name, c := range map[string]struct {
		note  CitizenNote
		topic care.NoteTopic
		can   []care.Means
		want  []string // keys
	}{
		"off": {topic: care.SuitabilityNote},
		"note": {
			note:  CitizenNote{Means: care.ByNote, Form: "Omsorgsnotat", Fields: field("Egnet", "{egnethed} {dato}"), Words: map[string]string{"egnet": "Ja", "ikke_egnet": "Nej", "skal_vurderes": "Afventer"}, Text: "{årsag} {revurderes} {medarbejder}"},
			topic: care.SuitabilityNote, can: both,
		},
		"journal": {
			note:  CitizenNote{Means: care.ByJournal, Journal: "Tavle", Words: map[string]string{"assigned": "Ja", "returned": "Nej", "lost": "Nej", "closed": "Nej"}, Text: "{serienummer} {hændelse}"},
			topic: care.DeviceNote, can: both,
		},
		"impossible":             {note: CitizenNote{Impossible: "Skriv det i hånden."}, topic: care.DeviceNote},
		"no such means":          {note: CitizenNote{Means: care.ByTask}, topic: care.SuitabilityNote, can: both, want: []string{"means"}},
		"not with the record":    {note: CitizenNote{Means: care.ByNote, Form: "x"}, topic: care.SuitabilityNote, can: []care.Means{care.ByJournal}, want: []string{"means"}},
		"means and impossible":   {note: CitizenNote{Means: care.ByNote, Form: "x", Impossible: "y"}, topic: care.SuitabilityNote, can: both, want: []string{"impossible"}},
		"no form":                {note: CitizenNote{Means: care.ByNote}, topic: care.SuitabilityNote, can: both, want: []string{"form"}},
		"no type":                {note: CitizenNote{Means: care.ByJournal}, topic: care.SuitabilityNote, can: both, want: []string{"journal"}},
		"fields of a journal":    {note: CitizenNote{Means: care.ByJournal, Journal: "x", Fields: field("y", "z")}, topic: care.SuitabilityNote, can: both, want: []string{"fields"}},
		"no label":               {note: CitizenNote{Means: care.ByNote, Form: "x", Fields: field("", "z")}, topic: care.SuitabilityNote, can: both, want: []string{"fields[0].label"}},
		"another topic's word":   {note: CitizenNote{Means: care.ByNote, Form: "x", Words: map[string]string{"lost": "Nej"}}, topic: care.SuitabilityNote, can: both, want: []string{"words.lost"}},
		"another topic's place":  {note: CitizenNote{Means: care.ByNote, Form: "x", Text: "{serienummer}"}, topic: care.SuitabilityNote, can: both, want: []string{"text"}},
		"a visit's place":        {note: CitizenNote{Means: care.ByNote, Form: "x", Fields: field("y", "{planlagt}")}, topic: care.DeviceNote, can: both, want: []string{"fields[0].value"}},
		"a password":             {note: CitizenNote{Means: care.ByNote, Form: "x", Text: "Adgangskode: hemmelig1"}, topic: care.DeviceNote, can: both, want: []string{"text"}},
		"a link":                 {note: CitizenNote{Impossible: "Se https://journal.example/x"}, topic: care.DeviceNote, want: []string{"impossible"}},
		"a code as a word":       {note: CitizenNote{Means: care.ByNote, Form: "x", Words: map[string]string{"egnet": "pin 4711"}}, topic: care.SuitabilityNote, can: both, want: []string{"words.egnet"}},
		"a number as a form":     {note: CitizenNote{Means: care.ByNote, Form: "251248-9996"}, topic: care.SuitabilityNote, can: both, want: []string{"form"}},
		"everything at one time": {note: CitizenNote{Means: care.ByJournal, Impossible: "x", Fields: field("", "{x}"), Text: "{y}"}, topic: care.SuitabilityNote, want: []string{"means", "impossible", "journal", "fields", "fields[0].label", "fields[0].value", "text"}},
	} {
		var (
			problems ProblemsError
			keys     []string
		)

		c.note.validate(checker{out: &problems}, c.topic, c.can)

		for _, p := range problems {
			keys = append(keys, p.Key)
		}

		if diff := cmp.Diff(c.want, keys); diff != "" {
			t.Errorf("%s: keys (-want +got):\n%s", name, diff)
		}
	}
}
