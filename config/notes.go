package config

import (
	"fmt"
	"maps"
	"slices"

	"github.com/sluse/sluse/scheduler/care"
)

// Notes are how the record is told of citizens apart from visits.
type Notes struct {
	Suitability CitizenNote `yaml:"suitability" doc:"When an employee judges whether a citizen is fit for screen visits. Texts may hold {dato}, {egnethed}, {årsag}, {revurderes} and {medarbejder}."`
	Device      CitizenNote `yaml:"device" doc:"When a tablet is set up at a citizen's, handed back, lost or closed. Texts may hold {dato}, {hændelse}, {serienummer} and {medarbejder}."`
}

// CitizenNote is one of them.
type CitizenNote struct {
	Means      care.Means        `yaml:"means" doc:"note (a care note by a form of the record) or journal (a note in the case journal); empty (default): the record is not told. The record must have it."`
	Impossible string            `yaml:"impossible" doc:"Danish: why the record can't be told, instead of means; the text is then shown on the citizen's page for whoever writes it by hand."`
	Form       string            `yaml:"form" doc:"With note: title of the form, for example Omsorgsnotat."`
	Journal    string            `yaml:"journal" doc:"With journal: type of the note in the journal's own words."`
	Fields     []NoteField       `yaml:"fields" doc:"With note: the form's fields by their labels. One whose value turns out empty is left out."`
	Words      map[string]string `yaml:"words" doc:"What {egnethed} or {hændelse} becomes in fields, where the form has words of its own: egnet, ikke_egnet, skal_vurderes; assigned, returned, lost, closed."`
	Text       string            `yaml:"text" doc:"The note's text; default: a Danish sentence with all that the placeholders hold. Never a user name, a code or a link."`
}

// Off reports whether the record is not told.
func (n CitizenNote) Off() bool { return n.Means == "" && n.Impossible == "" }

// noteMeans lists the ways of writing notes about citizens that the kind of record has.
func (r Record) noteMeans() []care.Means {
	var out []care.Means

	switch {
	case r.Kind == "handover":
		return []care.Means{care.ByNote, care.ByJournal}
	case r.Kind == "nexus" && r.Nexus.Note.TextLabel != "":
		out = append(out, care.ByNote)
	}

	if r.Momentum != nil && r.Momentum.Write {
		out = append(out, care.ByJournal)
	}

	return out
}

func (n CitizenNote) validate(k checker, topic care.NoteTopic, can []care.Means) {
	known := n.Means == care.ByNote || n.Means == care.ByJournal

	k.bad(n.Means != "" && !known, "means", "must be note or journal")
	k.bad(known && !slices.Contains(can, n.Means), "means", "%s is not possible with this kind of record; say why under impossible instead", n.Means)
	k.bad(n.Means != "" && n.Impossible != "", "impossible", "must be given without means, and only then")
	k.bad(n.Means == care.ByNote && n.Form == "", "form", "must name a form of the record")
	k.bad(n.Means == care.ByJournal && n.Journal == "", "journal", "must name the type of the note")
	k.bad(n.Means != care.ByNote && len(n.Fields) > 0, "fields", "are of a form; use them with means: note")

	places := care.NotePlaceholders(topic)
	check := func(key, text string) {
		err := care.CheckNoteText(text, places...)
		k.bad(err != nil, key, "%s", care.MessageOf(err))
	}

	for i, f := range n.Fields {
		key := fmt.Sprintf("fields[%d].", i)
		k.bad(f.Label == "", key+"label", "must be a label of the form")
		check(key+"value", f.Value)
	}

	words := []string{string(care.Suitable), string(care.Unsuitable), string(care.ToBeJudged)}
	if topic == care.DeviceNote {
		words = nil
		for _, e := range care.DeviceEvents() {
			words = append(words, string(e))
		}
	}

	for _, word := range slices.Sorted(maps.Keys(n.Words)) {
		k.bad(!slices.Contains(words, word), "words."+word, "is no word of this topic")
		check("words."+word, n.Words[word])
	}

	check("text", n.Text)
	check("impossible", n.Impossible)
	check("form", n.Form)
	check("journal", n.Journal)
}
