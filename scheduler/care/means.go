package care

// Means is a way in which the care record is told of a screen visit (K59–K66). Which ones a visit
// needs is the municipality's rule for its law; each way has its own entries. The zero value is
// invalid.
type Means string

// The ways.
const (
	OnList         Means = "list"         // category and comment of the visit itself (Holbæk; Viborg's SEL)
	ByIntervention Means = "intervention" // an intervention of its own in the catalogue (Viborg's SUL)
	ByNote         Means = "note"         // a care note by the form's labels
	ByTask         Means = "task"         // a task for people: "Registrér skærmbesøg"
	ByJournal      Means = "journal"      // a note in the municipality's case journal (Varde)
)

// AllMeans returns every way in the order in which entries are made.
func AllMeans() []Means { return []Means{OnList, ByIntervention, ByNote, ByTask, ByJournal} }

// Recording is how the record is told of one visit: fixed when the visit is converted, so that a
// changed rule never leaves half of an entry behind.
type Recording struct {
	Means []Means
	Why   string // Danish: why the record can't be told of it; only without Means
}

// OnListOnly is the recording of a municipality that says nothing else.
func OnListOnly() Recording { return Recording{Means: []Means{OnList}} }

// Tells reports whether entries of the kind are made in this way. A note and a journal tell what
// took place and nothing before; an intervention is there or is not, whatever came of the visit.
func (m Means) Tells(kind EntryKind) bool {
	switch m {
	case OnList, ByTask:
		return true
	case ByIntervention:
		return kind != EntryResult
	case ByNote, ByJournal:
		return kind == EntryResult
	default:
		return false
	}
}

// Danish returns the wording shown on screens, as in "skrives på kørelisten"; empty for no means.
func (m Means) Danish() string {
	switch m {
	case OnList:
		return "på kørelisten"
	case ByIntervention:
		return "som indsats"
	case ByNote:
		return "som notat"
	case ByTask:
		return "som opgave"
	case ByJournal:
		return "som journalnotat"
	}

	return string(m)
}
