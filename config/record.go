package config

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// RecordRule is how the record is told of a screen visit.
type RecordRule struct {
	Means        []care.Means `yaml:"means" doc:"Ways in which the record is told, which may be combined: list (category and comment of the visit), intervention (an intervention of its own), note (a care note), task (a task for people), journal (a note in the case journal); default list. The kind of record must have them. []: the record can't be told; impossible says why."`
	Impossible   string       `yaml:"impossible" doc:"Danish: why the record can't be told; shown at every such visit. Required with means: [], and only then."`
	Planned      string       `yaml:"planned" doc:"With list: category of a planned screen visit; empty: the category is left alone."`
	Completed    string       `yaml:"completed" doc:"With list: category of a completed screen visit."`
	NotCompleted string       `yaml:"not_completed" doc:"With list: category of a screen visit that did not take place."`
	Phone        string       `yaml:"phone" doc:"With list: category of a visit that was turned into a phone call."`
	Comment      string       `yaml:"comment" doc:"With list: word that is added to the comment while the visit is by screen; empty: none."`
	Intervention string       `yaml:"intervention" doc:"With intervention: its name in the record's catalogue."`
	Note         NoteRule     `yaml:"note" doc:"With note: the form that is filled in."`
	Task         TaskRule     `yaml:"task" doc:"With task: what the planners get."`
	Journal      string       `yaml:"journal" doc:"With journal: type of the note in the journal's own words."`
}

// NoteRule is a form of the record.
type NoteRule struct {
	Form   string      `yaml:"form" doc:"Title of the form, for example Omsorgsnotat; required with note."`
	Fields []NoteField `yaml:"fields" doc:"Its fields by their labels."`
}

// NoteField is a field of a form.
type NoteField struct {
	Label string `yaml:"label" doc:"The field's label."`
	Value string `yaml:"value" doc:"What is filled in. It may hold {dato}, {planlagt}, {start}, {slut}, {minutter}, {resultat}, {årsag}, {ydelse} and {medarbejder}; never a user name, a code or a link."`
}

// TaskRule is a task in the record.
type TaskRule struct {
	Type   string        `yaml:"type" doc:"Name of the type of task; required with task."`
	Team   string        `yaml:"team" doc:"Name of the group that does it; required with task."`
	Within time.Duration `yaml:"within" doc:"How long after the visit's planned start it is due; 0s to 720h, default 24h."`
}

// ServiceRule is a RecordRule for some services.
type ServiceRule struct {
	Services []string          `yaml:"services" doc:"Patterns of the services' names, for example Medicin*; case does not matter; empty: every one."`
	Laws     []care.LegalBasis `yaml:"laws" doc:"Laws; empty: every one."`
	Rule     RecordRule        `yaml:"rule" doc:"How the record is told."`
}

// Fetch is what is read from the record without a person.
type Fetch struct {
	Every  time.Duration `yaml:"every" doc:"How often the driving lists are read; 5m to 24h, 0 (default): only when a planner asks for it."`
	Days   int           `yaml:"days" doc:"Today's lists and those of so many days more; 0 to 14, default 0."`
	Import bool          `yaml:"import" doc:"Import what was read: visits by screen that moved are moved, and those that are gone come on the exception list. Default false: a planner looks at it first."`
}

func (f Fetch) validate(k checker, can bool) {
	k.bad(f.Every != 0 && (f.Every < 5*time.Minute || f.Every > 24*time.Hour), "every", "must be 5m to 24h, or 0")
	k.bad(f.Every != 0 && !can, "every", "needs a record that shows its driving lists")
	k.number("days", f.Days, 0, 14)
}

// HasLists reports whether driving lists can be read from the record itself.
func (r Record) HasLists() bool {
	switch r.Kind {
	case "fhir":
		return len(r.FHIR.Lists.Named) > 0 || r.FHIR.Lists.By != ""
	default:
		return r.Kind == "nexus"
	}
}

// defaultWithin is how long people have for a task.
const defaultWithin = 24 * time.Hour

func (r *RecordRule) setDefaults() {
	if r.Means == nil {
		r.Means = []care.Means{care.OnList}
	}

	or(&r.Task.Within, defaultWithin)
}

func (r *Record) setRuleDefaults() {
	r.Default.setDefaults()

	for law, rule := range r.ByLaw {
		rule.setDefaults()
		r.ByLaw[law] = rule
	}

	for i := range r.ByService {
		r.ByService[i].Rule.setDefaults()
	}
}

// means lists the ways that the kind of record has.
func (r Record) means() []care.Means {
	out := []care.Means{care.OnList}
	switch r.Kind {
	case "nexus":
		out = r.Nexus.Means()
	case "handover":
		return care.AllMeans()
	}

	if r.Momentum != nil && r.Momentum.Write {
		out = append(out, care.ByJournal)
	}

	return out
}

func (r Record) validateRules(k checker, laws []care.LegalBasis) {
	r.Fetch.validate(k.in("fetch"), r.HasLists())
	k.number("keep_after_receipt", r.KeepAfterReceipt, 0, 3650)
	r.Reconcile.validate(k.in("reconcile"))
	r.Notes.Suitability.validate(k.in("notes").in("suitability"), care.SuitabilityNote, r.noteMeans())
	r.Notes.Device.validate(k.in("notes").in("device"), care.DeviceNote, r.noteMeans())
	r.Default.validate(k, "default.", r.means())

	for _, law := range slices.Sorted(maps.Keys(r.ByLaw)) {
		r.ByLaw[law].validate(k, "by_law."+string(law)+".", r.means())
	}

	for i, s := range r.ByService {
		at := fmt.Sprintf("by_service[%d].", i)

		k.bad(len(s.Services)+len(s.Laws) == 0, at+"services", "or laws must be given; what holds for all stands in default")

		for j, pattern := range s.Services {
			_, err := path.Match(pattern, "")
			k.bad(pattern == "" || err != nil, fmt.Sprintf("%sservices[%d]", at, j), "is no pattern")
		}

		for j, law := range s.Laws {
			k.bad(!slices.Contains(laws, law), fmt.Sprintf("%slaws[%d]", at, j), "is no law")
		}

		s.Rule.validate(k, at+"rule.", r.means())
	}
}

func (r RecordRule) validate(k checker, at string, can []care.Means) {
	for i, m := range r.Means {
		key := fmt.Sprintf("%smeans[%d]", at, i)

		k.bad(!slices.Contains(care.AllMeans(), m), key, "is no way of telling; use list, intervention, note, task or journal")
		k.bad(slices.Contains(care.AllMeans(), m) && !slices.Contains(can, m), key, "%s is not possible with this kind of record", m)
		k.bad(slices.Contains(r.Means[:i], m), key, "stands there twice")
	}

	has := func(m care.Means) bool { return slices.Contains(r.Means, m) }

	k.bad((len(r.Means) == 0) != (r.Impossible != ""), at+"impossible", "must be given with means: [], and only then")
	k.bad(has(care.ByIntervention) && r.Intervention == "", at+"intervention", "must name an intervention of the record's catalogue")
	k.bad(has(care.ByNote) && r.Note.Form == "", at+"note.form", "must name a form of the record")
	k.bad(has(care.ByTask) && r.Task.Type == "", at+"task.type", "must name a type of task")
	k.bad(has(care.ByTask) && r.Task.Team == "", at+"task.team", "must name the group that does it")
	k.bad(has(care.ByJournal) && r.Journal == "", at+"journal", "must name the type of the note")
	k.bad(r.Task.Within < 0 || r.Task.Within > 720*time.Hour, at+"task.within", "must be 0s to 720h")

	for i, f := range r.Note.Fields {
		key := fmt.Sprintf("%snote.fields[%d].", at, i)
		k.bad(f.Label == "", key+"label", "must be a label of the form")
		k.text(key+"value", f.Value)
	}

	k.text(at+"comment", r.Comment)
	k.text(at+"journal", r.Journal)
}

// text refuses what must never stand in a care record.
func (c checker) text(key, text string) {
	err := care.CheckRecordText(text)
	c.bad(err != nil, key, "%s", care.MessageOf(err))
}
